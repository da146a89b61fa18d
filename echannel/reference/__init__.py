"""Facts about markets and currencies: a snapshot that comes with the package, and live sources when asked.

Nothing here is fetched unless somebody says so (``echannel reference refresh``, or the switch of
``reference.http``). Every figure carries its source, its year and its licence; what has none is not here.
"""

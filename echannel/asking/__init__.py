"""Ask your data: any question of an SME's own tables, by choosing or in SQL, kept by name.

What can be asked about is in :mod:`subjects`, how questions are answered in
:mod:`echannel.metrics.asking`, the read-only SQL box in :mod:`sql`, kept questions in :mod:`saved`.
"""

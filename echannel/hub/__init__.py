"""JupyterLab for consultants on a server: JupyterHub with the accounts, roles and firms of the dashboards.

``deploy/jupyterhub_config.py`` names :class:`~echannel.hub.authenticator.RegisterAuthenticator` and
:class:`~echannel.hub.spawner.FirmsSpawner`. Needs the extra ``hub``.
"""

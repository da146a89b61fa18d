# JupyterLab for consultants, with the accounts of the dashboards. See docs/serve.md.
# Needs: pip install "echannel[hub]", and configurable-http-proxy from npm.
import os
from pathlib import Path

from echannel.hub.authenticator import RegisterAuthenticator
from echannel.hub.spawner import LAB_ARGUMENTS, FirmsSpawner

c = get_config()  # noqa: F821 - given by JupyterHub

root = Path(os.environ["ECHANNEL_ROOT"])
state = Path(os.environ.get("ECHANNEL_HUB_STATE", root / "data" / "hub"))
state.mkdir(parents=True, exist_ok=True, mode=0o700)

# The reverse proxy of docs/serve.md stands before this address and speaks TLS.
c.JupyterHub.bind_url = os.environ.get("ECHANNEL_HUB_ADDRESS", "http://127.0.0.1:8000")
c.JupyterHub.hub_bind_url = os.environ.get("ECHANNEL_HUB_INSIDE", "http://127.0.0.1:8081")
c.JupyterHub.cookie_secret_file = str(state / "cookie_secret")
c.JupyterHub.db_url = os.environ.get("ECHANNEL_HUB_DATABASE", f"sqlite:///{state / 'hub.sqlite'}")
c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")
c.ConfigurableHTTPProxy.command = [os.environ.get("ECHANNEL_PROXY", "configurable-http-proxy")]
c.ConfigurableHTTPProxy.api_url = os.environ.get("ECHANNEL_PROXY_INSIDE", "http://127.0.0.1:8001")

c.JupyterHub.authenticator_class = RegisterAuthenticator
c.JupyterHub.spawner_class = FirmsSpawner
c.RegisterAuthenticator.root = str(root)
c.FirmsSpawner.root = str(root)
c.FirmsSpawner.homes = os.environ.get("ECHANNEL_HOMES", str(root / "data" / "homes"))

# A consultant's server that nobody uses ends after an hour, its kernels sooner.
c.FirmsSpawner.args = [
    *LAB_ARGUMENTS,
    "--ServerApp.shutdown_no_activity_timeout=3600",
    "--MappingKernelManager.cull_idle_timeout=1800",
]
c.JupyterHub.concurrent_spawn_limit = 5
c.JupyterHub.active_server_limit = 40

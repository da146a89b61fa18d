"""The dashboard server: Voilà on its own, on this machine only, with our pages and nothing else."""

from __future__ import annotations

import logging
import os
import socket
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tornado.web import RedirectHandler
from traitlets.config import Config
from voila.app import Voila
from voila.static_file_handler import AllowListFileHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler

from echannel.batch.pages import TEMPLATES
from echannel.batch.plan import find_notebook
from echannel.errors import UserError
from echannel.kernels import use_warm_kernels
from echannel.server.handlers import AssetHandler, DashboardHandler, HomeHandler
from echannel.workspace import Workspace

ADDRESS = "127.0.0.1"
PORT = 8866
_TEMPLATE = Path(__file__).parent / "template"
_IDLE_SECONDS = 20 * 60
# What draws widgets; other extensions of JupyterLab that happen to be installed are not a page's business.
_EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8")

# Pages take everything from here. Voilà's script needs eval for widgets, and inline scripts.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws://{host}; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


class Dashboards(Voila):
    """Voilà without its file browser, with our home page, our template, and pages for this machine only."""

    def setup_template_dirs(self) -> None:
        """Voilà's own search, then the frame that dashboards share with reports."""
        super().setup_template_dirs()
        self.template_paths.append(str(TEMPLATES))

    def init_settings(self) -> dict[str, Any]:
        """Answer only to this machine's own name: a foreign site that points at it gets nothing."""
        settings = super().init_settings()
        policy = _POLICY.format(host=f"{ADDRESS}:{self.port} ws://localhost:{self.port}")
        return {
            **settings,
            "allow_remote_access": False,
            "local_hostnames": ["localhost", ADDRESS],
            "headers": {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"},
        }

    def init_handlers(self) -> list[Any]:
        """Voilà's handlers without those that list or hand out files; ours first."""
        unwanted = (TornadoVoilaTreeHandler, AllowListFileHandler, VoilaContentsHandler)
        kept = []
        for handler in super().init_handlers():
            pattern, kind = handler[0], handler[1]
            if issubclass(kind, unwanted):
                continue
            ours = DashboardHandler if issubclass(kind, TornadoVoilaHandler) else kind
            kept.append((pattern, ours, *handler[2:]))
        return [
            (r"/", HomeHandler),
            (r"/favicon\.ico", RedirectHandler, {"url": "/echannel/favicon.svg"}),
            (r"/echannel/([\w.-]+)", AssetHandler, {"path": "/"}),
            *kept,
        ]


def serve(
    workspace: Workspace,
    address: str = ADDRESS,
    port: int = PORT,
    open_browser: bool = False,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the dashboards until interrupted.

    Parameters
    ----------
    address : only this machine's own, ``127.0.0.1``: there is no login yet.
    port : the first port to try; the next free one is taken when it is in use.
    ready : called with the address to open, just before the server starts to listen.

    Raises
    ------
    UserError
        For any other address, or when the notebooks are not found.
    """
    if address not in (ADDRESS, "localhost"):
        raise UserError("serve.error.address", value=address, allowed=ADDRESS)
    notebooks = find_notebook(workspace, "home").parent
    port = _free_port(port)
    _environment(workspace)
    use_warm_kernels()
    url = f"http://{ADDRESS}:{port}/"
    if ready:
        ready(url)
    if open_browser:
        webbrowser.open(url)
    Dashboards.launch_instance(argv=[], config=_config(notebooks, port))


def _free_port(first: int) -> int:
    for port in range(first, first + 50):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((ADDRESS, port))
            except OSError:
                continue
            return port
    raise UserError("serve.error.no_port", first=first, last=first + 49)


def _environment(workspace: Workspace) -> None:
    os.environ["ECHANNEL_ROOT"] = str(workspace.root)
    paths = [str(_TEMPLATE), *filter(None, [os.environ.get("JUPYTER_PATH")])]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(paths)
    # Set by JupyterLab for its own kernels; a dashboard started from its terminal is none of them.
    os.environ.pop("JPY_SESSION_NAME", None)


def _config(notebooks: Path, port: int) -> Config:
    config = Config()
    config.Voila.ip = ADDRESS
    config.Voila.port = port
    config.Voila.port_retries = 0
    config.Voila.open_browser = False
    config.Voila.root_dir = str(notebooks)
    config.Voila.config_file_paths = []  # what lies in some folder must not change what is served
    config.Voila.log_level = logging.WARNING
    config.VoilaConfiguration.template = "echannel"
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.allow_theme_override = "NO"
    config.VoilaConfiguration.show_tracebacks = False
    config.VoilaConfiguration.extension_allowlist = list(_EXTENSIONS)
    config.VoilaConfiguration.prelaunch_hook = DashboardHandler.put_frame
    config.MappingKernelManager.cull_idle_timeout = _IDLE_SECONDS
    config.MappingKernelManager.cull_interval = 60
    config.MappingKernelManager.cull_connected = False
    return config

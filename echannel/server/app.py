"""The dashboard server: Voilà on its own, with our pages, our login, and nothing else of Jupyter's."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import secrets
import socket
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.web import RedirectHandler, RequestHandler
from traitlets.config import Config
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from echannel.batch.pages import TEMPLATES
from echannel.batch.plan import find_notebook
from echannel.errors import UserError
from echannel.forking import can_fork
from echannel.kernels import use_warm_kernels
from echannel.register import existing_register, open_register
from echannel.register.signed_in import still_signed_in
from echannel.register.users import has_users
from echannel.server import opinions, reports
from echannel.server.assets import ROUTE
from echannel.server.authorizer import EndOwnKernel, OwnKernels, WidgetsOnly
from echannel.server.exporter import use_compiled_templates
from echannel.server.handlers import AssetHandler, DashboardHandler, HomeHandler, LibraryHandler, NothingHere
from echannel.server.headers import headers
from echannel.server.identity import EverybodyHere, SignedInPeople
from echannel.server.kernels_of import KernelsOfPeople
from echannel.server.login import LOGIN, LOGOUT, LinkHandler, LoginHandler, LogoutHandler
from echannel.server.reach import environment
from echannel.server.serving import ADDRESS, Serving, check_open_to_others
from echannel.views.places import OURS
from echannel.workspace import Workspace

log = logging.getLogger(__name__)
PORT = 8866
_TEMPLATE = Path(__file__).parent / "template"
_SWEEP_SECONDS = 5
# What draws widgets; other extensions of JupyterLab that happen to be installed are not a page's business.
_EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8")
# The only handlers of Voilà's own that answer; all others (files, trees, contents, queries) are left out.
_WANTED: dict[type, type] = {
    TornadoVoilaHandler: DashboardHandler,
    KernelHandler: KernelHandler,
    VoilaKernelWebsocketHandler: VoilaKernelWebsocketHandler,
    VoilaShutdownKernelHandler: EndOwnKernel,
}
_LIBRARIES = ("/voila/static/", "/voila/api/themes/", "/voila/labextensions/")


class Dashboards(Voila):
    """Voilà without its file browser, with our login, our home page and our template."""

    serving: Serving

    def setup_template_dirs(self) -> None:
        """Voilà's own search, then the frame that dashboards share with reports."""
        super().setup_template_dirs()
        self.template_paths.append(str(TEMPLATES))

    def init_settings(self) -> dict[str, Any]:
        """Answer to our own names only: a foreign site that points at this machine gets nothing."""
        settings = super().init_settings()
        serving, kernels = self.serving, self.kernel_manager
        kernels.workspace, kernels.register = serving.workspace, serving.register
        kernels.most, kernels.most_each = serving.kernels, serving.kernels_each
        if serving.register is not None:
            self.identity_provider.register = serving.register
            self.identity_provider.secure = serving.secure
        return {
            **settings,
            "serving": serving,
            "allow_remote_access": False,
            "local_hostnames": serving.host_names,
            "headers": headers(serving),
            # Poor lines: what a page holds is text, a sixth of its size when packed.
            "compress_response": True,
            "websocket_compression_options": {"compression_level": 6, "mem_level": 8},
            "login_url": LOGIN,
            "xsrf_cookie_kwargs": {"samesite": "Lax", "secure": serving.secure},
            "default_handler_class": NothingHere,
            "log_function": _log_refusal,
        }

    def init_handlers(self) -> list[Any]:
        """Those of Voilà's handlers that its pages need; ours first."""
        kept = []
        for pattern, kind, *more in super().init_handlers():
            if pattern.startswith(_LIBRARIES):
                kept.append((pattern, LibraryHandler.around(kind), *more))
            elif kind in _WANTED:
                kept.append((pattern, _WANTED[kind], *more))
        return [
            (r"/", HomeHandler),
            (r"/favicon\.ico", RedirectHandler, {"url": "/echannel/favicon.svg"}),
            (ROUTE, AssetHandler, {"path": "/"}),
            (reports.ASSETS, AssetHandler, {"path": "/"}),
            (reports.ROUTE, reports.ReportHandler),
            *(self._doors() if self.serving.login else ()),
            *kept,
        ]

    def _doors(self) -> list[Any]:
        shared = {"keeper": self.serving.keeper}
        return [
            (LOGIN, LoginHandler, shared),
            (LOGOUT, LogoutHandler, shared),
            (r"/(invite|reset)/([\w-]{20,64})", LinkHandler, shared),
            (opinions.ROUTE, opinions.OpinionsHandler),
        ]

    def listen(self) -> None:
        """Listen as told, until interrupted."""
        serving = self.serving
        tls = (
            {"certfile": str(serving.certificate), "keyfile": str(serving.key)}
            if serving.certificate
            else None
        )
        server = _Server(self.app, ssl_options=tls, xheaders=bool(serving.proxies), max_body_size=1 << 20)
        server.proxies = serving.proxies
        server.listen(serving.port, serving.address)
        self.ioloop = IOLoop.current()
        if serving.register is not None:
            PeriodicCallback(self._sweep, _SWEEP_SECONDS * 1000).start()
        try:
            self.ioloop.start()
        except KeyboardInterrupt:
            self.log.info("interrupted")
        finally:
            self.stop()

    async def _sweep(self) -> None:
        """End the dashboards of people who were signed out, removed or reset meanwhile."""
        register = self.serving.register
        assert register is not None
        try:
            still = await asyncio.to_thread(still_signed_in, register)
        except UserError:
            return  # the register is out of reach; the next sweep asks again
        await self.kernel_manager.end_all_but(still)


class _Server(HTTPServer):
    """Takes a proxy's word on who the visitor is, and nobody else's."""

    proxies: tuple[str, ...] = ()

    def start_request(self, server_conn: object, request_conn: Any) -> Any:
        """Begin a request."""
        peer = request_conn.context.address
        self.xheaders = bool(self.proxies) and isinstance(peer, tuple) and peer[0] in self.proxies
        return super().start_request(server_conn, request_conn)


def serve(
    workspace: Workspace,
    address: str = ADDRESS,
    port: int = PORT,
    open_browser: bool = False,
    ready: Callable[[str, bool], None] | None = None,
    url: str = "",
    **more: Any,
) -> None:
    """Serve the dashboards until interrupted.

    Without people in the register they are open to whoever sits at this machine, and to nobody else. With
    people, everybody signs in.

    Parameters
    ----------
    address : where to listen; other than this machine's own needs people, and TLS (``certificate`` and
        ``key``, or ``proxies``).
    port : the first port to try where no ``url`` says which; the next free one is taken when it is in use.
    ready : called with the address to open, and whether there is a login, before the server listens.
    url : the address that people use, where it differs from the one listened on.
    more : as in :class:`~echannel.server.serving.Serving`.

    Raises
    ------
    UserError
        When it would be open to others without a login or TLS, or when the notebooks are not found.
    """
    register = existing_register(workspace)
    register = open_register(workspace) if register is not None and has_users(register) else None
    notebooks = find_notebook(workspace, "home").parent
    address = ADDRESS if address == "localhost" else address
    given = Serving(workspace, register, address, port, url or f"http://{ADDRESS}:{port}", **more)
    check_open_to_others(given)
    if given.login and not can_fork():
        raise UserError("login.error.system")
    port = port if url else _free_port(address, port)
    serving = Serving(workspace, register, address, port, url or f"http://{ADDRESS}:{port}", **more)
    _environment(workspace)
    use_warm_kernels(environment(os.environ) if serving.login else None)
    use_compiled_templates()
    if ready:
        ready(f"{serving.url}/", serving.login)
    if open_browser:
        webbrowser.open(serving.url)
    Dashboards.serving = serving
    Dashboards.launch_instance(argv=[], config=_config(notebooks, serving))


def _log_refusal(handler: RequestHandler) -> None:
    """A line for what was refused or failed: no query, and no link that may still open a door."""
    if handler.get_status() >= 400:
        path = re.sub(r"^/(invite|reset)/.*", r"/\1/…", handler.request.path)
        log.warning("%d %s %s", handler.get_status(), handler.request.method, path)


def _free_port(address: str, first: int) -> int:
    for port in range(first, first + 50):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((address, port))
            except OSError:
                continue
            return port
    raise UserError("serve.error.no_port", first=first, last=first + 49)


def _environment(workspace: Workspace) -> None:
    os.environ["ECHANNEL_ROOT"] = str(workspace.root)
    os.environ[OURS] = "1"
    paths = [str(_TEMPLATE), *filter(None, [os.environ.get("JUPYTER_PATH")])]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(paths)
    # Set by JupyterLab for its own kernels; a dashboard started from its terminal is none of them.
    os.environ.pop("JPY_SESSION_NAME", None)


def _config(notebooks: Path, serving: Serving) -> Config:
    config = Config()
    config.Voila.ip = serving.address
    config.Voila.port = serving.port
    config.Voila.open_browser = False
    config.Voila.root_dir = str(notebooks)
    config.Voila.config_file_paths = []  # what lies in some folder must not change what is served
    config.Voila.log_level = logging.WARNING
    # Else every line that is not to be written is made, and left aside only then.
    config.Voila.logging_config = {"loggers": {Dashboards.__name__: {"level": "WARNING"}}}
    config.Voila.cookie_secret = _cookie_secret(serving)
    config.Voila.identity_provider_class = SignedInPeople if serving.login else EverybodyHere
    config.Voila.authorizer_class = OwnKernels
    config.Voila.kernel_websocket_connection_class = WidgetsOnly
    config.VoilaConfiguration.multi_kernel_manager_class = KernelsOfPeople
    config.VoilaConfiguration.template = "echannel"
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.allow_theme_override = "NO"
    config.VoilaConfiguration.show_tracebacks = False
    config.VoilaConfiguration.extension_allowlist = list(_EXTENSIONS)
    config.VoilaConfiguration.prelaunch_hook = DashboardHandler.put_frame
    config.MappingKernelManager.cull_idle_timeout = serving.idle_seconds
    config.MappingKernelManager.cull_interval = min(60, serving.idle_seconds)
    config.MappingKernelManager.cull_connected = serving.login
    config.MappingKernelManager.allow_tracebacks = not serving.login
    config.KernelManager.autorestart = False
    config.AsyncKernelManager.client_factory = "echannel.server.clients.PageClient"
    # A dashboard's widgets come in one message, however much it is; the limit would drop it.
    config.WidgetsOnly.limit_rate = False
    return config


def _cookie_secret(serving: Serving) -> bytes:
    """What signs the cookies; kept, so that a restart signs nobody out. Without a login: a new one."""
    if not serving.login:
        return secrets.token_bytes(32)
    path = serving.workspace.root / "data" / "server.key"
    try:
        with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(secrets.token_bytes(32))
    except FileExistsError:
        pass
    secret = path.read_bytes()
    if len(secret) < 32:
        raise UserError("login.error.server_key", file=str(path))
    return secret

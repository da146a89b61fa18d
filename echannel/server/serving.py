"""How one server was told to run."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from echannel.errors import UserError
from echannel.register import Register
from echannel.register.signed_in import IDLE
from echannel.server.login import Doorkeeper
from echannel.server.waiting import WaitingRoom
from echannel.workspace import Workspace

ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Serving:
    """Where a server listens, who may come in, and how much it takes on at once.

    ``register`` is None where there is no login. ``url`` is the address that people use; it decides which
    host names are answered and whether cookies are for TLS only.
    """

    workspace: Workspace
    register: Register | None
    address: str
    port: int
    url: str
    proxies: tuple[str, ...] = ()  # whose word on the visitor's address and on TLS is taken
    certificate: Path | None = None
    key: Path | None = None
    kernels: int = 40
    idle_seconds: int = int(IDLE.total_seconds() / 6)
    keeper: Doorkeeper = field(default_factory=Doorkeeper)
    waiting: WaitingRoom = field(default_factory=WaitingRoom)

    @property
    def login(self) -> bool:
        """Whether people have to sign in."""
        return self.register is not None

    @property
    def kernels_each(self) -> int:
        """How many dashboards one person may have open: six, and never more than half of all."""
        return min(6, max(1, self.kernels // 2))

    @property
    def secure(self) -> bool:
        """Whether people reach it by TLS."""
        return self.url.startswith("https:")

    @property
    def host(self) -> str:
        """The host, with its port where it has one, as browsers say it."""
        return urlsplit(self.url).netloc

    @property
    def host_names(self) -> list[str]:
        """The names that the server answers to; asked for under another one it says nothing."""
        return [name for name in ("localhost", ADDRESS, urlsplit(self.url).hostname) if name]


def is_here(address: str) -> bool:
    """Whether an address to listen on is this machine's own, out of reach of others."""
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def check_open_to_others(serving: Serving) -> None:
    """Refuses to listen where others can reach it without a login and without TLS.

    Raises
    ------
    UserError
        Says what is missing.
    """
    if is_here(serving.address):
        if serving.login or is_here(urlsplit(serving.url).hostname or ""):
            return
        raise UserError("serve.error.address", value=serving.url, allowed=ADDRESS)
    if not serving.login:
        raise UserError("serve.error.address", value=serving.address or "–", allowed=ADDRESS)
    if not (serving.secure and (serving.certificate or serving.proxies)):
        raise UserError("login.error.no_tls", value=serving.address)

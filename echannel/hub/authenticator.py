"""Who may open JupyterLab: consultants and coordinators of the register, by the dashboards' passwords."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyterhub.auth import Authenticator
from tornado.web import RequestHandler
from traitlets import Unicode, default

from echannel.errors import UserError
from echannel.register import Register, open_register
from echannel.register.users import Account, find_user
from echannel.server.login import Doorkeeper, network_of
from echannel.workspace import Workspace, find_workspace

ROLES = ("manager", "coordinator")


class RegisterAuthenticator(Authenticator):
    """Signs in whoever may see several firms; the others have their dashboards.

    Misses are slowed down by account and by address as on the dashboards' own page. Somebody who is
    removed from the register, or loses the role, is out at the next refresh.
    """

    root = Unicode().tag(config=True)  # the workspace's folder

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keeper = Doorkeeper()

    @default("allow_all")
    def _allow_all(self) -> bool:
        return True  # the register has said who may come in

    @default("auth_refresh_age")
    def _auth_refresh_age(self) -> int:
        return 60

    @default("refresh_pre_spawn")
    def _refresh_pre_spawn(self) -> bool:
        return True

    @default("root")
    def _root(self) -> str:
        return str(find_workspace().root)

    @property
    def register(self) -> Register:
        """The register that the dashboards use."""
        return open_register(Workspace(Path(self.root)))

    async def authenticate(self, handler: RequestHandler, data: Mapping[str, str]) -> str | None:
        """The account's address, or None: nobody is told which of the two was wrong."""
        email, password = data.get("username", "").strip().lower()[:254], data.get("password", "")
        place = network_of(handler.request.remote_ip or "")
        if self._keeper.wait(email, place):
            return None
        account = await self._keeper.account(self.register, email, password, place)
        return account.email if account is not None and account.role in ROLES else None

    async def refresh_user(self, user: Any, handler: RequestHandler | None = None, **_: Any) -> bool:
        """Whether the person may still come in."""
        account = await asyncio.to_thread(consultant, self.register, user.name)
        return account is not None


def consultant(register: Register, email: str) -> Account | None:
    """The account of somebody who may open JupyterLab; None for anybody else."""
    try:
        account = find_user(register, email)
    except UserError:
        return None
    return account if account.role in ROLES else None

"""Kernels that belong to somebody: each is started for one person and one SME, and opens that SME's only."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import socket
import uuid
from collections.abc import Coroutine, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_server._tz import utcnow
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from echannel.confine import landlock_version
from echannel.kernels import Confinement
from echannel.keys import KEPT
from echannel.near import bring_near, forget_older
from echannel.register import Register
from echannel.register.brokered import answer_kernel
from echannel.server.identity import Person
from echannel.server.reach import environment, of_its_firm, readable, root_of_links
from echannel.server.spares import Spare
from echannel.storage import RemotePath
from echannel.workspace import STORE_URL, Workspace

log = logging.getLogger(__name__)
_AFTER_A_PAGE = 1.0  # seconds


@dataclass(frozen=True)
class Grant:
    """Who asks for a kernel, and the SME it is for."""

    person: Person
    sme: str


_GRANT: ContextVar[Grant | None] = ContextVar("grant", default=None)


@contextlib.contextmanager
def granted(person: Person, sme: str) -> Iterator[None]:
    """Kernels started in here are this person's, for this SME."""
    token = _GRANT.set(Grant(person, sme))
    try:
        yield
    finally:
        _GRANT.reset(token)


class KernelsOfPeople(AsyncMappingKernelManager):
    """Starts kernels for whom it was told to (see :func:`granted`), and knows whose each one is.

    Without a login (``register`` is None) every kernel is everybody's, as on a laptop.
    """

    register: Register | None = None
    workspace: Workspace
    most = 40
    most_each = 6

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._grants: dict[str, Grant] = {}
        self._bringing: dict[str, asyncio.Lock] = {}
        self._answering: set[asyncio.Task[Any]] = set()
        self._spares: dict[str, Spare | None] = {}  # None: on its way

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """A kernel for the person and the SME that were granted; nobody else gets one."""
        if self.register is None:
            return await super().start_kernel(**kwargs)
        grant = _GRANT.get()
        if grant is None:
            raise PermissionError("a kernel is started for a person and an SME")
        await self._bring_near(grant.sme)
        spare = await self._taken(grant, environment(kwargs.get("env", {})))
        if spare:
            return spare
        ready = [kernel_id for kernel_id, spare in self._spares.items() if spare is not None]
        if self._room() <= 0 and ready:
            await self._end(ready[0])
        return await self._start(grant, self.register, kwargs)

    async def _taken(self, grant: Grant, env: dict[str, str]) -> str:
        """The spare of this very person, sign-in and SME, told the page's address; "" where there is none."""
        while any(spare is None and self._grants.get(one) == grant for one, spare in self._spares.items()):
            await asyncio.sleep(0.02)
        for kernel_id, spare in list(self._spares.items()):
            if spare is not None and spare.grant == grant and kernel_id in self:
                del self._spares[kernel_id]
                env.pop("ECHANNEL_ROOT", None)  # as it started with
                if await spare.take(env) and kernel_id in self:
                    return kernel_id
                await self._end(kernel_id)
        return ""

    def prepare_for(self, person: Person, sme: str, language: str, first: bool = False) -> None:
        """Have a kernel ready for the next page that a person opens of the SME, if there is room for one.

        It waits a moment, since the page that was just opened comes first; not for a person's ``first`` one.
        """
        if self.register is not None and sme:
            self._keep(self._spare(Grant(person, sme), language, first))

    async def _spare(self, grant: Grant, language: str, first: bool) -> None:
        await asyncio.sleep(0.0 if first else _AFTER_A_PAGE)
        while self._busy():
            await asyncio.sleep(0.25)
        await self._bring_near(grant.sme)
        who = grant.person.username
        own = {one: self._grants[one] for one in self._spares if self._grants[one].person.username == who}
        # Who signs out before the first page is seen to by the sweep of the server.
        there = first or any(one.person.signed_in == grant.person.signed_in for one in self._grants.values())
        if not there or grant in own.values() or self.register is None:
            return
        for other in own:
            await self._end(other)
        if self._room() <= 0 or len(self._spares) >= max(1, self.most // 4):
            return
        kernel_id = await self._start(grant, self.register, {"env": dict(os.environ), "path": ""}, spare=True)
        spare = self._spares.get(kernel_id)
        if spare is None or self._room() < 0:  # its reader has gone, or a page has come meanwhile
            await self._end(kernel_id)
        else:
            spare.work = self._keep(spare.prepare(grant.sme, language))

    def _keep(self, what: Coroutine[Any, Any, None]) -> asyncio.Task[Any]:
        task = asyncio.create_task(_quietly(what))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        return task

    async def _start(
        self, grant: Grant, register: Register, kwargs: dict[str, Any], spare: bool = False
    ) -> str:
        kernel_id = str(uuid.uuid4())
        home = self._home(kernel_id)
        home.mkdir(parents=True, mode=0o700)
        env = {**environment(kwargs.pop("env", {})), **of_its_firm(self.workspace, grant.sme)}
        confined = self._confinement(kernel_id, grant.sme, home, env)
        ours, theirs = socket.socketpair()
        self._grants[kernel_id] = grant
        if spare:
            self._spares[kernel_id] = None
        try:
            await super().start_kernel(
                kernel_id=kernel_id, env=env, confined=confined, given=theirs, **kwargs
            )
        except BaseException:
            ours.close()
            self._forget(kernel_id)
            raise
        finally:
            theirs.close()
        who = grant.person
        fixed = {"sme": grant.sme, "by": (who.name or "")[:128], "account": who.username}
        self._keep(answer_kernel(ours, register, fixed))
        if kernel_id in self._spares and kernel_id in self:
            self._spares[kernel_id] = Spare(kernel_id, grant, self.get_kernel(kernel_id).client(), self._busy)
        return kernel_id

    def _confinement(self, kernel_id: str, sme: str, home: Path, env: dict[str, str]) -> Confinement:
        own = Path(self.connection_dir) / f"kernel-{kernel_id}.json"
        enforced = landlock_version() > 0
        if not enforced:
            env["ECHANNEL_ROOT"] = str(root_of_links(self.workspace, sme, home / "root"))
        store, reads = self._near or self.workspace.store, readable(self.workspace, sme)
        if self.workspace.store_url:
            env[STORE_URL] = str(store)
        tables, writes = store / sme, store / sme
        if self._near:  # the server lays tables there itself
            reads, writes = (*reads, str(tables)), tables / KEPT
        return Confinement(reads, (str(home), str(own), str(writes), "/dev/null"), str(home), enforced)

    @property
    def _near(self) -> Path | None:
        """Where tables from object storage are brought; None where they lie in a folder anyway."""
        remote = isinstance(self.workspace.store, RemotePath)
        return Path(self.connection_dir) / "near" if remote else None

    async def _bring_near(self, sme: str) -> None:
        """Kernels have no credentials: a firm's tables as they stand now are laid where they read."""
        store = self.workspace.store
        if self._near and sme and isinstance(store, RemotePath):
            async with self._bringing.setdefault(sme, asyncio.Lock()):
                await asyncio.to_thread(bring_near, store / sme, self._near / sme)

    def _is_read(self, sme: str) -> bool:
        """Whether kernels of the firm are there, or its tables are being brought for one."""
        coming = sme in self._bringing and self._bringing[sme].locked()
        return coming or any(one.sme == sme for one in self._grants.values())

    def _home(self, kernel_id: str) -> Path:
        return Path(self.connection_dir) / "homes" / kernel_id

    def _forget(self, kernel_id: str) -> None:
        grant = self._grants.pop(kernel_id, None)
        if grant and self._near and not self._is_read(grant.sme):
            forget_older(self._near / grant.sme)
        if spare := self._spares.pop(kernel_id, None):
            spare.close()
        shutil.rmtree(self._home(kernel_id), ignore_errors=True)

    def remove_kernel(self, kernel_id: str) -> Any:
        """It has ended: nobody's any more."""
        self._forget(kernel_id)
        return super().remove_kernel(kernel_id)

    def is_of(self, kernel_id: str, person: Person | None) -> bool:
        """Whether a kernel is there and the person's; a spare is nobody's until it is taken."""
        if person is None or kernel_id not in self or kernel_id in self._spares:
            return False
        if self.register is None:
            return True
        grant = self._grants.get(kernel_id)
        return grant is not None and grant.person.username == person.username

    def free(self) -> int:
        """How many more kernels may be started: spares make room."""
        return self._room() + len(self._spares)

    def _busy(self) -> bool:
        """Whether a page computes just now."""
        pages = [self.get_kernel(one) for one in self.list_kernel_ids() if one not in self._spares]
        return any(getattr(one, "execution_state", "") in ("busy", "starting") for one in pages)

    def _room(self) -> int:
        return self.most - len(set(self.list_kernel_ids()) | set(self._grants))

    async def make_room_for(self, person: Person) -> None:
        """End what a person used longest ago, where they have as many pages open as one may."""
        own = [one for one, grant in self._grants.items() if grant.person.username == person.username]
        own = sorted((one for one in own if one in self and one not in self._spares), key=self._last_used)
        for kernel_id in own[: max(0, len(own) + 1 - self.most_each)]:
            await self._end(kernel_id)

    async def end_of(self, signed_in: str) -> None:
        """End what a browser has open."""
        for kernel_id in [one for one, grant in self._grants.items() if grant.person.signed_in == signed_in]:
            await self._end(kernel_id)

    async def end_all_but(self, still: set[str]) -> None:
        """End what belongs to browsers that are no longer signed in."""
        for over in {grant.person.signed_in for grant in self._grants.values()} - still:
            await self.end_of(over)

    def _last_used(self, kernel_id: str) -> Any:
        return getattr(self.get_kernel(kernel_id), "last_activity", None) or utcnow()

    async def _end(self, kernel_id: str) -> None:
        with contextlib.suppress(KeyError):
            await self.shutdown_kernel(kernel_id, now=True)
        self._forget(kernel_id)


async def _quietly(what: Coroutine[Any, Any, None]) -> None:
    """What is done beside a page must not be heard of when it fails, except in the log."""
    try:
        await what
    except Exception:
        log.exception("beside a page")

"""Kernels that belong to somebody: each is started for one person and one SME, and opens that SME's only."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import socket
import sys
import sysconfig
import uuid
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_server._tz import utcnow
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

import echannel
from echannel.confine import landlock_version
from echannel.kernels import Confinement
from echannel.register import Register
from echannel.register.brokered import answer_kernel
from echannel.server.identity import Person
from echannel.server.spares import Spare
from echannel.workspace import Workspace

SME = "ECHANNEL_SME"
# All that a kernel learns of the server's environment: no address, password or key is among it.
_KNOWN = (
    *(
        "PATH",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "PYTHONPATH",
        "PYTHONHASHSEED",
        "VIRTUAL_ENV",
        "JUPYTER_PATH",
    ),
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ECHANNEL_ROOT"),
    *("SCRIPT_NAME", "QUERY_STRING", "SERVER_SOFTWARE", "VOILA_BASE_URL", "VOILA_PREHEAT", "ECHANNEL_PAGE"),
)
_SYSTEM = (
    *("/usr", "/lib", "/lib64", "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat"),
    *("/sys/devices/system/cpu", "/sys/fs/cgroup", "/dev/zero", "/dev/random", "/dev/urandom"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/fonts", "/etc/mime.types"),
)
# What of a workspace every SME's pages read.
SHARED = (
    *("parameters/countries", "parameters/cohorts", "parameters/reference.yml"),
    *("data/reference", "data/seasons"),
)
log = logging.getLogger(__name__)


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


def environment(source: Mapping[str, str]) -> dict[str, str]:
    """What of an environment a kernel may know."""
    return {name: value for name, value in source.items() if name in _KNOWN}


def own_parts(sme: str) -> tuple[str, ...]:
    """What of a workspace belongs to one SME, besides its tables."""
    return f"parameters/smes/{sme}.yml", f"data/inbox/{sme}"


def link_parts(workspace: Workspace, parts: Iterable[str], root: Path) -> None:
    """Links below ``root`` to those of a workspace's ``parts`` that are there."""
    for part in parts:
        if (workspace.root / part).exists():
            (root / part).parent.mkdir(parents=True, exist_ok=True)
            (root / part).symlink_to(workspace.root / part)


def readable(workspace: Workspace, sme: str) -> tuple[str, ...]:
    """What a kernel may read: the programs, the shared reference data, and what belongs to its SME."""
    places = [
        *map(Path, _SYSTEM),
        *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        *(
            Path(prefix) / part
            for prefix in (sys.prefix, sys.base_prefix)
            for part in ("lib", "share", "etc")
        ),
        Path(sys.prefix) / "pyvenv.cfg",
        Path(echannel.__file__).parent,
        workspace.notebooks,
        *(workspace.root / part for part in (*SHARED, *own_parts(sme))),
    ]
    return tuple(dict.fromkeys(str(place) for place in places))


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
        self._answering: set[asyncio.Task[Any]] = set()
        self._spares: dict[str, Spare | None] = {}  # None: on its way

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """A kernel for the person and the SME that were granted; nobody else gets one."""
        if self.register is None:
            return await super().start_kernel(**kwargs)
        grant = _GRANT.get()
        if grant is None:
            raise PermissionError("a kernel is started for a person and an SME")
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

    def prepare_for(self, person: Person, sme: str, language: str, wait: float = 1.0) -> None:
        """Have a kernel ready for the next page that a person opens of the SME, if there is room for one.

        It waits a moment, since the page that was just opened comes first.
        """
        if self.register is not None and sme:
            self._keep(self._spare(Grant(person, sme), language, wait))

    async def _spare(self, grant: Grant, language: str, wait: float) -> None:
        await asyncio.sleep(wait)
        while self._busy():
            await asyncio.sleep(0.25)
        who = grant.person.username
        own = {one: self._grants[one] for one in self._spares if self._grants[one].person.username == who}
        there = any(one.person.signed_in == grant.person.signed_in for one in self._grants.values())
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
        env = {**environment(kwargs.pop("env", {})), SME: grant.sme}
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
            env["ECHANNEL_ROOT"] = str(_root_of_links(self.workspace, sme, home / "root"))
        writable = (str(home), str(own), str(self.workspace.store / sme), "/dev/null")
        return Confinement(readable(self.workspace, sme), writable, str(home), enforced)

    def _home(self, kernel_id: str) -> Path:
        return Path(self.connection_dir) / "homes" / kernel_id

    def _forget(self, kernel_id: str) -> None:
        self._grants.pop(kernel_id, None)
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


def _root_of_links(workspace: Workspace, sme: str, root: Path) -> Path:
    """A workspace that holds one SME's parts only, where the system itself keeps nothing apart."""
    link_parts(workspace, (*SHARED, *own_parts(sme), f"data/store/{sme}", "notebooks"), root)
    return root

"""Notebook kernels that start warm: forked from a process that has the libraries imported.

A cold kernel spends most of a report's time on imports. ``use_warm_kernels`` makes every kernel
that Jupyter starts in this process (papermill's, Voilà's) a fork of one nursery process. They are
ordinary kernels in all else: own process, own environment, own memory from then on. Where a
process cannot be forked safely (Windows, macOS), or the nursery is gone, kernels start cold; one that
is to be confined to some folders never does.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

from echannel.forking import can_fork

# What the notebooks of this project import, directly or not. None of it may start threads or open
# a store when imported: a fork would carry their locks, not their threads.
_LIBRARIES = (
    "IPython.core.interactiveshell",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipywidgets",
    "pandera.pandas",
    "scipy.optimize",
    "scipy.special",
    "scipy.stats",
    "echannel.views.page",
    "echannel.views.cards",
    "echannel.views.charts",
    "echannel.views.filters",
    "holidays.countries",
)

# What a kernel imports besides while it starts; a third of that time.
_OF_KERNELS = (
    "echannel.server.home",
    "IPython.core.completerlib",
    "IPython.core.debugger_backport",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "psutil",
    "tornado.platform.asyncio",
)


@dataclass(frozen=True)
class Confinement:
    """What one kernel may touch: the only folders that it can read, and read and write; a socket it is given.

    ``enforced``: the system itself holds the process to it (Landlock); else it is not held to anything.
    """

    read: tuple[str, ...]
    write: tuple[str, ...]
    home: str
    enforced: bool = True


class Nursery:
    """The warm process, and the way to ask it for a kernel."""

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        self._channel, theirs = socket.socketpair()
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-P", "-m", "echannel.kernels", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env=None if env is None else dict(env),
        )
        theirs.close()
        self._lock = threading.Lock()

    def kernel(
        self,
        command: list[str],
        env: dict[str, str] | None,
        cwd: str | None,
        confined: Confinement | None = None,
        given: socket.socket | None = None,
    ) -> int:
        """Fork a kernel that takes over ``command``'s arguments; its process id.

        ``given`` is a socket that the kernel finds under the number in ``ECHANNEL_REGISTER_FD``.

        Raises ``OSError`` when the nursery is gone.
        """
        rules = asdict(confined) if confined else None
        request = json.dumps({"argv": command, "env": env, "cwd": cwd, "confined": rules}).encode()
        with self._lock:
            files = [given.fileno()] if given else []
            socket.send_fds(self._channel, [struct.pack("!I", len(request))], files)
            self._channel.sendall(request)
            reply = _exactly(self._channel, 4)
        if not reply:
            raise BrokenPipeError("the nursery process ended")
        return int(struct.unpack("!I", reply)[0])


class ForkedKernel:
    """A kernel's process as Jupyter handles it (what it uses of ``subprocess.Popen``)."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """None while it lives. Its exit code stays with the nursery: an ended kernel counts as failed."""
        if self.returncode is None:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                self.returncode = 1
        return self.returncode

    def wait(self) -> int | None:
        """As :meth:`poll`; Jupyter calls it only once the process has ended."""
        return self.poll()

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class ForkedProvisioner(LocalProvisioner):
    """Starts a kernel as a fork of the nursery, or cold when that fails."""

    nursery: Nursery | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Launch the kernel that ``cmd`` describes; one that is to be confined is, or does not start."""
        confined, given = kwargs.pop("confined", None), kwargs.pop("given", None)
        if confined is None and (self.nursery is None or "ipykernel_launcher" not in cmd):
            return await super().launch_kernel(cmd, **kwargs)
        if self.nursery is None:
            raise OSError("a confined kernel needs the nursery")
        fork = self.nursery.kernel
        try:
            pid = await asyncio.to_thread(fork, cmd, kwargs.get("env"), kwargs.get("cwd"), confined, given)
        except (OSError, ValueError):
            if confined is not None:
                raise
            return await super().launch_kernel(cmd, **kwargs)
        self.process = ForkedKernel(pid)  # type: ignore[assignment]
        self.pid = self.pgid = pid
        return self.connection_info


class _Factory(KernelProvisionerFactory):
    """Hands out our provisioner for every kernel that runs on this machine."""

    def create_provisioner_instance(self, kernel_id: str, kernel_spec: Any, parent: Any) -> Any:
        """The provisioner of a new kernel."""
        return ForkedProvisioner(kernel_id=kernel_id, kernel_spec=kernel_spec, parent=parent)


def use_warm_kernels(env: Mapping[str, str] | None = None) -> None:
    """From now on, kernels started in this process are forks of one warm process, where that can be.

    ``env`` is all that the warm process knows of this one's environment: a fork can read what its parent
    was started with (``/proc/self/environ``).
    """
    if not can_fork() or ForkedProvisioner.nursery is not None:
        return
    KernelProvisionerFactory.clear_instance()
    _Factory.instance()
    ForkedProvisioner.nursery = Nursery(env)


def warm_up(*more: str) -> None:
    """Import what notebooks of this project use (and ``more`` modules), and make ready what is made once.

    Starts no thread and opens no store: the process may be forked afterwards.
    """
    import pandas as pd

    for name in (*_LIBRARIES, *_pages(), *more):
        # A library that is not there is missed where it is used, not here.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # pandas asks on import whether it is in a terminal, and makes its tables as wide as that.
    pd.options.display.max_columns = 20
    _warm_words()


def keep_for_forks() -> None:
    """What is there now stays: forks need not look through it for garbage, and share its memory longer."""
    gc.collect()
    gc.freeze()


def _nursery(channel: socket.socket) -> None:
    # The debugger's library complains of this interpreter when imported; nobody debugs here.
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    warm_up(*_OF_KERNELS)
    _warm_rules()
    keep_for_forks()
    # The system reaps ended kernels; nobody waits for their exit code.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while asked := _request(channel):
        request, given = asked
        pid = os.fork()
        if pid == 0:
            channel.close()
            _become_kernel(json.loads(request), given)
        for one in given:
            os.close(one)
        channel.sendall(struct.pack("!I", pid))


def _request(channel: socket.socket) -> tuple[bytes, list[int]] | None:
    """What the server asks for, and the files that come with it; None when the server is gone."""
    size, given, _, _ = socket.recv_fds(channel, 4, 1)
    size += _exactly(channel, 4 - len(size)) if size else b""
    return (_exactly(channel, struct.unpack("!I", size)[0]), given) if size else None


def _exactly(channel: socket.socket, size: int) -> bytes:
    """That many bytes; none at all when the other side is gone."""
    parts = bytearray()
    while len(parts) < size:
        part = channel.recv(size - len(parts))
        if not part:
            return b""
        parts += part
    return bytes(parts)


def _warm_words() -> None:
    from echannel.locale import LANGUAGES, Speaker, messages

    for language in LANGUAGES:
        messages(language)
        say = Speaker(language)
        say.number(1.5)
        say.month_name(1)


def _pages() -> list[str]:
    import echannel.views

    return [f"echannel.views.{module.name}" for module in pkgutil.iter_modules(echannel.views.__path__)]


def _warm_rules() -> None:
    """The rules of the countries are read once, not by each kernel."""
    from echannel.countries import country_codes, country_pack
    from echannel.errors import UserError
    from echannel.workspace import find_workspace

    with contextlib.suppress(UserError):
        workspace = find_workspace()
        for code in country_codes(workspace):
            country_pack(code, workspace)


def _become_kernel(request: dict[str, Any], given: list[int]) -> NoReturn:
    code = 1
    try:
        nursery = os.getppid()
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if request["env"] is not None:
            os.environ.clear()
            os.environ.update(request["env"])
        if request["cwd"]:
            os.chdir(request["cwd"])
        if given:
            os.environ["ECHANNEL_REGISTER_FD"] = str(given[0])
        if request["confined"]:
            _confine(Confinement(**request["confined"]))
        from ipykernel.kernelapp import IPKernelApp

        # [python, options…, -m, ipykernel_launcher, arguments…]; the kernel ends with the nursery.
        arguments = request["argv"][request["argv"].index("ipykernel_launcher") + 1 :]
        # Imported before there was a kernel, ipywidgets listens to no page: one that opens would have to
        # ask for each of its hundreds of models by itself.
        listening = "--IPKernelApp.extensions=ipywidgets"
        IPKernelApp.launch_instance(
            [*arguments, listening, f"--IPKernelApp.parent_handle={nursery}", "--IPKernelApp.log_level=50"]
        )
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _confine(rules: Confinement) -> None:
    """Move into a home of its own, and close the door."""
    os.environ.update(dict.fromkeys(("HOME", "TMPDIR", "IPYTHONDIR", "XDG_CACHE_HOME"), rules.home))
    tempfile.tempdir = None
    os.umask(0o077)
    if rules.enforced:
        from echannel.confine import confine

        confine(map(Path, rules.read), map(Path, rules.write))


if __name__ == "__main__":
    _nursery(socket.socket(fileno=int(sys.argv[1])))

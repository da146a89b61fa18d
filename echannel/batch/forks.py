"""Reports made by children of one warm process: each is forked for one report, and ends with it.

The warm process has imported everything and runs no thread, so that a fork carries no foreign lock.
It only forks, waits and passes results on; nothing that a report opens or breaks ever reaches it.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

from echannel.batch.workers import WorkerDied
from echannel.kernels import warm_up

Work = TypeVar("Work")
Done = TypeVar("Done")

# A fresh interpreter: nothing of the caller's threads and locks is carried over.
_CONTEXT = multiprocessing.get_context("spawn")
_WITHOUT_THREADS = {
    # numpy's libraries make their pools of threads on import.
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    # ipykernel's debugger complains of modules that it cannot step through; nobody debugs here.
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


class OutOfTime(Exception):
    """The work took longer than it may, and was stopped."""


@dataclass(frozen=True)
class Limits:
    """What one child may use: wall time, and memory of its own."""

    seconds: float
    memory: int


@dataclass
class _Child(Generic[Work]):
    number: int
    pid: int
    pipe: Connection
    deadline: float

    def result(self) -> object:
        """What it made; ``WorkerDied`` when it ended without a word."""
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            return WorkerDied()
        finally:
            self.end()

    def end(self) -> None:
        """Make sure that it is gone."""
        self.pipe.close()
        os.kill(self.pid, signal.SIGKILL)  # not reaped yet: still its own number
        os.waitpid(self.pid, 0)


@dataclass(frozen=True)
class _Request:
    """What the warm process is asked for, and the surroundings that its children take over."""

    function: Callable[[Any], Any]
    works: list[Any]
    count: int
    limits: Limits
    environment: dict[str, str]
    folder: str


def map_forked(
    function: Callable[[Work], Done], works: Sequence[Work], count: int, limits: Limits
) -> Iterator[tuple[Work, Done | WorkerDied | OutOfTime]]:
    """``function`` over ``works``, ``count`` at a time, each in a fork; each pair as soon as it is done.

    ``function`` must not raise. A child that is killed, crashes or takes too long costs its own work
    only: the pair then holds ``WorkerDied`` or ``OutOfTime``.
    """
    still_open = dict(enumerate(works))
    with _warm_process() as pipe:
        request = _Request(function, list(works), count, limits, dict(os.environ), str(Path.cwd()))
        with suppress(OSError):  # the process is gone: reading says so
            pipe.send(request)
        while still_open:
            try:
                number, done = pipe.recv()
            except (EOFError, OSError):
                break
            yield still_open.pop(number), done
    for work in still_open.values():
        yield work, WorkerDied()


class _Warm:
    """The warm process, kept for the next run: to start it takes longer than many a report."""

    spare: _Warm | None = None

    def __init__(self) -> None:
        self.pipe, theirs = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(target=_nursery, args=(theirs,), daemon=True)
        with _environment(_WITHOUT_THREADS):
            self.process.start()
        theirs.close()

    def end(self) -> None:
        """Let it go, with its children."""
        self.pipe.close()
        self.process.join(1)
        if self.process.is_alive():
            self.process.terminate()
            self.process.join()


@contextmanager
def _warm_process() -> Iterator[Connection]:
    """The way to a warm process that nobody else uses; it ends when the run does not come to its end."""
    warm, _Warm.spare = _Warm.spare, None
    if warm is None or not warm.process.is_alive():
        warm = _Warm()
    finished = False
    try:
        yield warm.pipe
        finished = True
    finally:
        if finished and _Warm.spare is None:
            _Warm.spare = warm
        else:
            warm.end()


@contextmanager
def _environment(settings: dict[str, str]) -> Iterator[None]:
    """Processes that start here have these variables."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _nursery(pipe: Connection) -> None:
    # Ctrl-C reaches the whole group; the caller decides what ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warm_up("echannel.batch.inprocess")
    while True:
        try:
            request = pipe.recv()
        except EOFError:  # the caller is gone
            return
        if not _answer(pipe, request):
            return


def _answer(pipe: Connection, request: _Request) -> bool:
    """Every work of the request, in children; False when nobody waits for it any more."""
    waiting = deque(enumerate(request.works))
    running: dict[Connection, _Child] = {}
    try:
        while waiting or running:
            while waiting and len(running) < request.count:
                child = _fork(pipe, request, *waiting.popleft())
                running[child.pipe] = child
            soonest = min(child.deadline for child in running.values())
            ready = wait([*running, pipe], max(0.0, soonest - time.monotonic()))
            if pipe in ready:
                return False
            for child in [running.pop(one) for one in ready]:  # type: ignore[call-overload]
                pipe.send((child.number, child.result()))
            for child in [one for one in running.values() if one.deadline <= time.monotonic()]:
                del running[child.pipe]
                child.end()
                pipe.send((child.number, OutOfTime()))
    finally:
        for child in running.values():
            child.end()
    return True


def _fork(caller: Connection, request: _Request, number: int, work: Any) -> _Child:
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        caller.close()
        ours.close()
        _work(request, work, theirs)
    theirs.close()
    return _Child(number, pid, ours, time.monotonic() + request.limits.seconds)


def _work(request: _Request, work: Any, pipe: Connection) -> NoReturn:
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(request.environment)
        os.chdir(request.folder)
        _bound_memory(request.limits.memory)
        _new_seeds()
        pipe.send(request.function(work))
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _bound_memory(most: int) -> None:
    """Memory that the process writes to; address space alone costs nothing."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _new_seeds() -> None:
    """Two children must not draw the same "random" numbers."""
    import numpy as np

    random.seed()
    np.random.seed(int.from_bytes(os.urandom(4), "little"))

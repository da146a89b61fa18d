"""Reports made by children of one warm process, which end with them.

The warm process has imported everything and runs no thread, so that a fork carries no foreign lock.
It only forks, waits and passes results on; nothing that a report opens or breaks ever reaches it
(``echannel.batch.children``).
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, TypeVar

from echannel.batch.workers import WorkerDied

Work = TypeVar("Work")
Done = TypeVar("Done")

# A fresh interpreter: nothing of the caller's threads and locks is carried over.
CONTEXT = multiprocessing.get_context("spawn")
_WITHOUT_THREADS = {
    # numpy's libraries make their pools of threads on import.
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    # The allocators that Arrow brings along may start one.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
# ipykernel's debugger complains of modules that it cannot step through; nobody debugs here.
_QUIET = {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}


class OutOfTime(Exception):
    """The work took longer than it may, and was stopped."""


@dataclass(frozen=True)
class Limits:
    """What one child may use: wall time, and memory of its own."""

    seconds: float
    memory: int


@dataclass(frozen=True)
class Families(Generic[Work, Done]):
    """Which works have something in common, so that it is done once for all of them.

    Works of one ``home`` are forked from a process in which ``prepare`` has run for one of them. Those of
    the same ``twin`` in it run one after the other in one process. When that process dies, whoever has not
    had a turn gets a process of its own; so does a work that ``failed`` where another had run before.
    """

    home: Callable[[Work], str]
    twin: Callable[[Work], str]
    prepare: Callable[[Work], None]
    failed: Callable[[Done], bool]


@dataclass(frozen=True)
class Request:
    """What the warm process is asked for, and the surroundings that its children take over."""

    function: Callable[[Any], Any]
    works: list[Any]
    count: int
    limits: Limits
    environment: dict[str, str]
    folder: str
    families: Families[Any, Any] | None = None


def map_forked(
    function: Callable[[Work], Done],
    works: Sequence[Work],
    count: int,
    limits: Limits,
    families: Families[Work, Done] | None = None,
) -> Iterator[tuple[Work, Done | WorkerDied | OutOfTime]]:
    """``function`` over ``works``, ``count`` at a time, each in a fork; each pair as soon as it is done.

    ``function`` must not raise. A child that is killed, crashes or takes too long costs its own work
    only: the pair then holds ``WorkerDied`` or ``OutOfTime``. Without ``families`` works share nothing.
    """
    still_open = dict(enumerate(works))
    with _warm_process() as pipe:
        around = {**_QUIET, **os.environ}, str(Path.cwd())
        request = Request(function, list(works), count, limits, *around, families)
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
        self.pipe, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=_nursery, args=(theirs,), daemon=True)
        with _environment({**_WITHOUT_THREADS, **_QUIET}):
            self.process.start()
        theirs.close()

    def end(self) -> None:
        """Let it go, with its children."""
        self.pipe.close()
        self.process.join(1)
        if self.process.is_alive():
            self.process.terminate()
            self.process.join()


def warm_ahead() -> None:
    """Start a warm process for the run that comes: it gets ready while the run is planned."""
    if _Warm.spare is None or not _Warm.spare.process.is_alive():
        _Warm.spare = _Warm()


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
    from echannel.batch.children import answer
    from echannel.batch.warm import warm_reports

    warm_reports()
    while True:
        try:
            request = pipe.recv()
        except EOFError:  # the caller is gone
            return
        if not answer(pipe, request):
            return

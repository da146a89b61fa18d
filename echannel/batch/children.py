"""Children of a process that forks: works that have something in common share a process in which it is done.

The warm process (``echannel.batch.forks``) forks a process for each home, where there are homes; that one
prepares what its works have in common. While other homes wait, it does its works itself, one after the
other; the last homes fork a process for each group of twins instead, so that free slots can be lent to
them. Whoever forks only forks, waits and passes results on.
"""

from __future__ import annotations

import gc
import os
import random
import signal
import sys
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import NoReturn

from echannel.batch.forks import CONTEXT, Limits, OutOfTime, Request
from echannel.batch.workers import WorkerDied

Twins = tuple[int, ...]

KNOWN_THREADS = 2
"""Of a process that may be forked: its own, and at most the one by which Arrow gives memory back."""

_ALONE = "alone"  # instead of a result: to be run again in a process of its own
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True)
class _Task:
    """What one child does: groups of twins, whether it is the home that they are forked from, and whether it
    prepares what they have in common."""

    groups: tuple[Twins, ...]
    home: bool = False
    prepares: bool = False

    @property
    def numbers(self) -> list[int]:
        """Its works, in the order of their turns."""
        return [number for group in self.groups for number in group]


@dataclass
class _Child:
    """A process, the works that it has not answered for yet, and until when it may be silent."""

    pid: int
    pipe: Connection
    task: _Task
    share: int
    patience: float
    open: list[int] = field(default_factory=list)
    deadline: float = 0.0

    def __post_init__(self) -> None:
        self.open = self.task.numbers
        self.heard()

    def heard(self) -> None:
        """It has given a sign of life."""
        self.deadline = time.monotonic() + self.patience

    def end(self) -> None:
        """Make sure that it is gone."""
        self.pipe.close()
        os.kill(self.pid, signal.SIGKILL)  # not reaped yet: still its own number
        os.waitpid(self.pid, 0)


def answer(caller: Connection, request: Request) -> bool:
    """Every work of the request, in children; False when nobody waits for it any more."""
    tasks = _tasks(request)
    share = max(1, request.count // max(1, len(tasks)))
    return _Pool(request, tasks, request.count, share, caller).run()


def _tasks(request: Request) -> list[_Task]:
    families = request.families
    if families is None:
        return [_Task(((number,),)) for number in range(len(request.works))]
    homes: dict[str, dict[str, list[int]]] = {}
    for number, work in enumerate(request.works):
        homes.setdefault(families.home(work), {}).setdefault(families.twin(work), []).append(number)
    groups = [tuple(map(tuple, twins.values())) for twins in homes.values()]
    spread = len(groups) - request.count  # the last ones
    return [
        _Task(of_home, home=place >= spread and len(of_home) > 1, prepares=len(of_home) > 1)
        for place, of_home in enumerate(groups)
    ]


class _Pool:
    """Tasks, so many at a time, in children of this process; the caller gets the results as they come.

    ``lent``: the caller is such a pool itself, and may lend slots that it has no other use for.
    """

    def __init__(
        self,
        request: Request,
        tasks: Iterable[_Task],
        slots: int,
        share: int,
        caller: Connection,
        lent: bool = False,
    ) -> None:
        self.request, self.slots, self.share = request, slots, share
        self.caller, self.lent = caller, lent
        self.waiting = deque(tasks)
        self.running: dict[Connection, _Child] = {}

    def run(self) -> bool:
        """Until all is told; False when the caller is gone, or asks for something else."""
        try:
            # A child that has told all may still be ending while the caller asks for the next thing.
            while self.waiting or any(child.open for child in self.running.values()):
                self._start()
                self._lend()
                soonest = min(child.deadline for child in self.running.values())
                ready = wait([*self.running, self.caller], max(0.0, soonest - time.monotonic()))
                if self.caller in ready and not self._borrow():
                    return False
                for pipe in ready:
                    if pipe in self.running:
                        self._listen(self.running[pipe])
                for child in [one for one in self.running.values() if one.deadline <= time.monotonic()]:
                    self._give_up(child, OutOfTime())
        finally:
            for child in self.running.values():
                child.end()
        return True

    def _start(self) -> None:
        while self.waiting and sum(child.share for child in self.running.values()) < self.slots:
            task = self.waiting.popleft()
            child = _fork(self.request, task, self.share if task.home else 1, [self.caller, *self.running])
            self.running[child.pipe] = child

    def _lend(self) -> None:
        """Slots that nobody waits for go to the home that has most left: the last ones leave no core idle."""
        free = self.slots - sum(child.share for child in self.running.values())
        homes = [child for child in self.running.values() if child.task.home and len(child.open) > 1]
        if free > 0 and homes and not self.waiting:
            most = max(homes, key=lambda child: len(child.open))
            most.share += free
            with suppress(OSError):  # it is gone: reading says so
                most.pipe.send(most.share)

    def _borrow(self) -> bool:
        """Hear how many slots there are now; False when the caller is gone, or is not one that lends."""
        if not self.lent:
            return False
        try:
            self.slots = self.caller.recv()
        except (EOFError, OSError):
            return False
        return True

    def _listen(self, child: _Child) -> None:
        try:
            number, done = child.pipe.recv()
        except (EOFError, OSError):
            self._give_up(child, WorkerDied())
            return
        child.heard()
        child.open.remove(number)
        if isinstance(done, str) and done == _ALONE:
            self.waiting.append(_Task(((number,),)))
        else:
            self.caller.send((number, done))

    def _give_up(self, child: _Child, why: Exception) -> None:
        """It is over with this child: the work that it was at bears it, the others get another."""
        del self.running[child.pipe]
        child.end()
        left = child.open
        first = len(left) == len(child.task.numbers)
        # Who follows another, or something prepared, may have died of that; who has no end has none alone.
        guilty = not child.task.prepares if first else isinstance(why, OutOfTime)
        if left and guilty and not child.task.home:
            self.caller.send((left.pop(0), why))
        self.waiting.extend(_Task(((number,),)) for number in left)


def _fork(
    request: Request,
    task: _Task,
    share: int,
    others: Iterable[Connection],
) -> _Child:
    ours, theirs = CONTEXT.Pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        for pipe in (ours, *others):
            pipe.close()
        _live(request, task, share, theirs, parent)
    theirs.close()
    # What is forked from a home is watched by it; to prepare takes its time as well.
    patience = request.limits.seconds * (2 if task.prepares else 1)
    return _Child(pid, ours, task, share, patience)


def _live(request: Request, task: _Task, share: int, pipe: Connection, parent: int) -> NoReturn:
    code = 1
    try:
        _settle_in(request, parent)
        if task.prepares and request.families is not None:
            with suppress(Exception):  # who misses it says so itself
                request.families.prepare(request.works[task.groups[0][0]])
        if task.home:
            _be_home(request, task, share, pipe)
        else:
            _be_twins(request, task, pipe)
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _settle_in(request: Request, parent: int) -> None:
    gc.set_threshold(20_000, 20, 20)  # it does not live long enough for garbage to matter
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _end_with(parent)
    os.environ.clear()
    os.environ.update(request.environment)
    os.chdir(request.folder)
    _bound_memory(request.limits)


def _be_home(request: Request, task: _Task, share: int, pipe: Connection) -> None:
    if _threads() > KNOWN_THREADS:
        return  # a fork would carry the locks of the others: the works do without a home
    _Pool(request, [_Task((group,)) for group in task.groups], share, 1, pipe, lent=True).run()


def _be_twins(request: Request, task: _Task, pipe: Connection) -> None:
    for place, number in enumerate(task.numbers):
        _new_seeds()
        done = request.function(request.works[number])
        alone = place > 0 and request.families is not None and request.families.failed(done)
        pipe.send((number, _ALONE if alone else done))


def _threads() -> int:
    """How many threads this process has, also those that Python does not know; 0 where that is not told."""
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        return 0


def _end_with(parent: int) -> None:
    """A child whose parent is killed ends too, where the system can be asked for it."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _bound_memory(limits: Limits) -> None:
    """Memory that the process writes to; address space alone costs nothing."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = limits.memory if hard == resource.RLIM_INFINITY else min(limits.memory, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _new_seeds() -> None:
    """Two works must not draw the same "random" numbers."""
    import numpy as np

    random.seed()
    np.random.seed(int.from_bytes(os.urandom(4), "little"))

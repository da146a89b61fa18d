"""Worker processes that outlive each other: one that dies fails its own job and is replaced."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar

from echannel.locale import Speaker

Work = TypeVar("Work")
Done = TypeVar("Done")

# A fresh interpreter per worker: nothing of the caller's threads and locks is carried over.
_CONTEXT = multiprocessing.get_context("spawn")


class WorkerDied(Exception):
    """The process that did the work was killed or crashed."""


class MachineLost(WorkerDied):
    """Another machine was to do the work: it stopped several times, or could not (``kind``)."""

    def __init__(self, kind: str = "") -> None:
        super().__init__(kind)
        self.kind = kind

    def reason(self, say: Speaker) -> str:
        """Why, in words for people."""
        if self.kind:
            return say("scale.reason.worker_failed", kind=self.kind)
        return say("scale.reason.worker_lost")


class _Worker(Generic[Work, Done]):
    def __init__(self, function: Callable[[Work], Done]) -> None:
        self.pipe, theirs = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(target=_serve, args=(function, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.work: Work | None = None

    def give(self, work: Work) -> None:
        self.work = work
        self.pipe.send(work)

    def stop(self) -> None:
        self.pipe.close()
        self.process.join(1)
        if self.process.is_alive():
            self.process.terminate()
            self.process.join()


def map_unordered(
    function: Callable[[Work], Done], works: Sequence[Work], count: int
) -> Iterator[tuple[Work, Done | WorkerDied]]:
    """``function`` over ``works`` in ``count`` processes; each pair as soon as it is done.

    ``function`` must not raise. When its process dies, the pair holds ``WorkerDied`` and a new
    process takes over the rest.
    """
    queue = deque(works)
    workers = [_Worker(function) for _ in range(min(count, len(queue)))]
    try:
        for worker in workers:
            worker.give(queue.popleft())
        while busy := {worker.pipe: worker for worker in workers if worker.work is not None}:
            for pipe in wait(list(busy)):
                worker = busy[pipe]  # type: ignore[index]
                work, done = worker.work, _receive(worker.pipe)
                worker.work = None
                if isinstance(done, WorkerDied):
                    worker.stop()
                    workers.remove(worker)
                    if queue:
                        worker = _Worker(function)
                        workers.append(worker)
                if queue:
                    worker.give(queue.popleft())
                yield work, done  # type: ignore[misc]
    finally:
        for worker in workers:
            worker.stop()


def _receive(pipe: Connection) -> object:
    try:
        return pipe.recv()
    except (EOFError, OSError):
        return WorkerDied()


def _serve(function: Callable[[Work], Done], pipe: Connection) -> None:
    # Ctrl-C reaches the whole group; the parent decides what ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            work = pipe.recv()
        except EOFError:
            return
        pipe.send(function(work))

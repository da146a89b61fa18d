"""Reports made on Dask's workers: the SME is the partition, and each worker makes an SME's reports in forks.

A worker has threads of its own, so nothing is forked from it: it starts one clean process, as a run on a
single machine does, and that one forks. A task whose worker is killed goes to another worker; what it had
made already is made again, each page whole. The scheduler never holds more than a few tasks per worker,
however many SMEs there are, so that its memory does not grow with them.

Nothing secret is sent: workers take credentials for storage from their own surroundings.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from echannel import __version__
from echannel.batch.workers import MachineLost
from echannel.errors import UserError

if TYPE_CHECKING:
    from distributed import Client, Future

    from echannel.batch.job import Job
    from echannel.batch.making import Made

PATIENCE = 20
"""Seconds for a scheduler to answer, and for a first worker to be there."""
AHEAD = 2
"""Tasks that the scheduler knows of per worker: one at work, one waiting, so that none is idle."""
LIVES = 3
"""How many workers a task may lose before it counts as failed."""

_one_at_a_time = threading.Lock()


def made_on(
    address: str, jobs: Sequence[Job], partition: Callable[[Job], str] | None = None
) -> Iterator[tuple[Job, Made]]:
    """Every job with what became of it, made on the cluster at ``address``.

    Parameters
    ----------
    address : ``local:4`` for so many workers on this machine, or a scheduler's (``tcp://…``, ``tls://…``).
    partition : jobs of the same name make one task; an SME's by default.

    Raises
    ------
    UserError
        Before anything runs: Dask is not installed, nobody answers, there are no workers, or one of them
        has another version or does not see the workspace.
    """
    if not jobs:
        return
    with _client(address) as client:
        _check_workers(client, jobs[0])
        tasks: dict[str, list[Job]] = {}
        for job in jobs:
            tasks.setdefault(partition(job) if partition else job.report.sme, []).append(job)
        yield from _settled(client, deque(tasks.values()))


def _settled(client: Client, waiting: deque[list[Job]]) -> Iterator[tuple[Job, Made]]:
    """Tasks are handed in as others end: as many as keep every worker busy, and no more."""
    from distributed import as_completed

    open_tasks: dict[object, list[Job]] = {}

    def submit() -> Future:
        jobs = waiting.popleft()
        future = client.submit(make_reports, jobs, pure=False, retries=0)
        open_tasks[future.key] = jobs
        return future

    def room() -> int:
        return min(len(waiting), max(1, AHEAD * _places(client)) - len(open_tasks))

    done = as_completed([submit() for _ in range(room())])
    for future in done:
        jobs = open_tasks.pop(future.key)
        for _ in range(room()):
            done.add(submit())
        yield from zip(jobs, _result(future, len(jobs)), strict=True)


def _result(future: Future, n: int) -> list[Made]:
    from distributed import KilledWorker

    failure = future.exception() if future.status != "finished" else None
    if failure is None:
        return future.result() if future.status == "finished" else [MachineLost()] * n
    return [MachineLost("" if isinstance(failure, KilledWorker) else type(failure).__name__)] * n


def make_reports(jobs: list[Job]) -> list[Made]:
    """What a worker does: one task's reports, in the order in which they were given.

    They are made one at a time: the cluster's size says how many run at once.
    """
    from echannel.batch.making import made_here

    with _one_at_a_time, _may_have_children():
        made = {job.report: done for job, done in made_here(jobs, 1)}
    return [made[job.report] for job in jobs]


@contextmanager
def _may_have_children() -> Iterator[None]:
    """Dask's nanny starts workers as daemons, which ``multiprocessing`` lets have no children."""
    settings: dict[str, Any] = multiprocessing.current_process()._config  # type: ignore[attr-defined]
    before = settings.pop("daemon", None)
    try:
        yield
    finally:
        if before is not None:
            settings["daemon"] = before


def _places(client: Client) -> int:
    # One each: a worker makes one task at a time, whatever threads it has.
    return len(client.scheduler_info(n_workers=-1)["workers"])


@contextmanager
def _client(address: str) -> Iterator[Client]:
    kind, _, rest = address.partition(":")
    local = kind == "local"
    if not (rest.isdigit() and int(rest) > 0 if local else address.startswith(("tcp://", "tls://"))):
        raise UserError("scale.error.cluster_form", value=address)
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise UserError("scale.error.not_installed") from None
    settings = {"distributed.scheduler.allowed-failures": LIVES}
    with dask.config.set(settings):
        if local:
            here = {"host": "127.0.0.1", "dashboard_address": None, "silence_logs": 50}
            # Reports have limits of their own, per process (echannel.batch.execute).
            with (
                LocalCluster(n_workers=int(rest), threads_per_worker=1, memory_limit=0, **here) as cluster,
                Client(cluster) as client,
            ):
                yield client
            return
        try:
            client = Client(address, timeout=PATIENCE)
        except (OSError, TimeoutError, ValueError):
            raise UserError("scale.error.no_scheduler", address=address) from None
        with client:
            try:
                client.wait_for_workers(1, timeout=PATIENCE)
            except TimeoutError:
                raise UserError("scale.error.no_workers", address=address) from None
            yield client


def _check_workers(client: Client, job: Job) -> None:
    """Every worker there is has this version and sees the notebooks: better told at once than per report."""
    seen = client.run(_about, str(job.notebook), str(job.root / "parameters"), on_error="return")
    for worker, about in sorted(seen.items()):
        version = about[0] if isinstance(about, tuple) else "–"
        if version != __version__:
            raise UserError("scale.error.worker_version", worker=worker, value=version, here=__version__)
        if about[1]:
            raise UserError("scale.error.worker_folder", worker=worker, folder=about[1])


def _about(*folders: str) -> tuple[str, str]:
    """This machine's version, and the first of the folders that it does not see."""
    return __version__, next((folder for folder in folders if not Path(folder).exists()), "")

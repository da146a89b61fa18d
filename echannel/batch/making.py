"""Reports made on this machine, several at a time; what they have in common is made once.

Whoever plans a run needs nothing of what makes a report: that is imported where one is made.
"""

from __future__ import annotations

from collections.abc import Iterator

from echannel.batch.forks import Families, Limits, OutOfTime, map_forked
from echannel.batch.job import OURS, REPORT_MEMORY, REPORT_SECONDS, Job
from echannel.batch.near import brought_near
from echannel.batch.records import Outcome
from echannel.batch.workers import WorkerDied, map_unordered

Made = tuple[Outcome, str] | WorkerDied | OutOfTime


def made_here(jobs: list[Job], workers: int) -> Iterator[tuple[Job, Made]]:
    """Every job with what became of it, as soon as it is known: on this machine."""
    own = {job.report: job for job in jobs}
    with brought_near(jobs) as near:
        for job, done in _made(near, workers):
            yield own[job.report], done


def _made(jobs: list[Job], workers: int) -> Iterator[tuple[Job, Made]]:
    if jobs and jobs[0].engine == OURS:
        limits = Limits(REPORT_SECONDS, REPORT_MEMORY)
        yield from map_forked(_make, jobs, workers, limits, FAMILIES)
    else:
        yield from map_unordered(_make, jobs, workers)


def _make(job: Job) -> tuple[Outcome, str]:
    from echannel.batch.execute import make_report

    return make_report(job)


def _prepare(job: Job) -> None:
    from echannel.batch.execute import prepare_home

    prepare_home(job)


def _home(job: Job) -> str:
    return job.report.sme


def _twin(job: Job) -> str:
    return job.report.tool


def _failed(made: tuple[Outcome, str]) -> bool:
    return made[0].status == "failed"


FAMILIES = Families(_home, _twin, _prepare, _failed)
"""An SME's tables are read and its sales counted once; languages share what a tool has computed."""

"""A cohort's run from plan to indexes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from echannel.batch.forks import OutOfTime, warm_ahead
from echannel.batch.index import (
    language_links,
    profile_or_none,
    tool_title,
    write_indexes,
)
from echannel.batch.job import OURS, REPORT_SECONDS, STANDARD, Job
from echannel.batch.making import Made, made_here
from echannel.batch.pages import ASSETS, BRAND, Frame, Link, Words, copy_assets, failure_page
from echannel.batch.plan import Report, find_notebook, plan_reports, tool_names
from echannel.batch.records import Outcome, record, recorded, write_whole
from echannel.batch.unchanged import name_of_all
from echannel.batch.workers import MachineLost, WorkerDied
from echannel.errors import UserError
from echannel.forking import can_fork
from echannel.locale import LANGUAGES, Speaker
from echannel.profiles import CohortProfile, SmeProfile, cohort_ids, load_cohort, load_sme
from echannel.storage import Place
from echannel.workspace import Workspace

LOG = "run.log"
WORKERS = 2

Progress = Callable[[Outcome, int, int], None]


@dataclass(frozen=True)
class RunSummary:
    """What a run did: the outcome of every report asked for, in the plan's order."""

    cohort: str
    outcomes: tuple[Outcome, ...]
    seconds: float
    index: Place
    log: Place

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The reports that could not be made."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")

    @property
    def exit_code(self) -> int:
        """0 when every report is there, 1 when one or more failed."""
        return 1 if self.failed else 0


def run_cohort(
    workspace: Workspace,
    cohort: str,
    tools: Sequence[str] | None = None,
    languages: Sequence[str] | None = None,
    resume: bool = False,
    only: Sequence[str] = (),
    progress: Progress | None = None,
    workers: int = WORKERS,
    engine: str | None = None,
    force: bool = False,
    cluster: str | None = None,
    also: Sequence[str] = (),
) -> RunSummary:
    """Make the reports of a cohort (or of one SME) and the index pages that lead to them.

    Parameters
    ----------
    cohort : id of a cohort, or of an SME, which then stands alone.
    tools, languages : all of them by default.
    resume : keep whatever reports an earlier run made, and make only what failed or is missing.
    force : make every report, even those that would come out the same.
    only : selection, entries like ``kent-gifts/growth/fr`` (see :func:`plan_reports`).
    progress : called with each outcome, how many are done, and how many there are.
    workers : how many reports are made at the same time, each in a process of its own.
    engine : name of a papermill engine. Ours (``echannel``) by default, which runs each notebook in a
        fork of one warm process; papermill's own (``nbclient``) where a process cannot be forked.
    cluster : make them on Dask's workers instead: ``local:4`` or a scheduler's address (see
        ``echannel.batch.cluster``); ``workers`` then says nothing.
    also : what to make beside each page: ``pdf``, ``xlsx`` (the tables behind it); the page leads to them.

    A report that rests on the same notebook, package, parameters, profile and tables as the page that is
    there is not made again. One report's failure never stops the others. A page appears whole or not at
    all, so that a run killed at any moment can be resumed.

    Raises
    ------
    UserError
        Before anything runs: unknown cohort, tool, language, selection or engine; no such cluster;
        a PDF asked for where there is nothing to print it with.
    """
    started = time.perf_counter()
    profile = cohort_or_sme(workspace, cohort)
    reports = plan_reports(workspace, profile, tools, languages, only)
    folder = workspace.reports / profile.id
    if "pdf" in also:
        from echannel.batch.printed import can_print, print_reports

        can_print(folder)
    copy_assets(folder)
    engine = _known_engine(engine or (OURS if can_fork() else STANDARD))
    known = recorded(folder, reports) if resume or not force else {}
    if engine == OURS and not cluster and any(_is_missing(report, known) for report in reports):
        warm_ahead()
    # Read once for all reports and indexes: a cohort of which nothing has changed is told so at once.
    profiles = {sme: profile_or_none(workspace, sme) for sme in profile.smes}
    there = tool_names(workspace)
    frames = {report: report_frame(profiles.get(report.sme), there, report) for report in reports}
    planned = [_job(workspace, frames[report], report, folder, engine, tuple(also)) for report in reports]
    outcomes = {job.report: kept for job in planned if (kept := _still_good(job, known, resume))}
    jobs = [job for job in planned if job.report not in outcomes]
    everything = plan_reports(workspace, profile)
    try:
        for job, done in _made_on(cluster, jobs) if cluster else made_here(jobs, workers):
            outcome = _settle(folder, job, done)
            outcomes[job.report] = outcome
            if progress:
                progress(outcome, len(outcomes), len(reports))
        if "pdf" in also:
            print_reports([job for job in planned if outcomes[job.report].status != "failed"])
    finally:
        write_indexes(profile, profiles, folder, sorted({*everything, *reports}, key=_in_order(everything)))
    return RunSummary(
        profile.id,
        tuple(outcomes[report] for report in reports),
        time.perf_counter() - started,
        folder / "index.html",
        folder / LOG,
    )


def _made_on(cluster: str, jobs: list[Job]) -> Iterator[tuple[Job, Made]]:
    from echannel.batch.cluster import made_on

    return made_on(cluster, jobs)


def cohort_or_sme(workspace: Workspace, name: str) -> CohortProfile:
    """The cohort of that id; failing that, the SME of that id as a cohort of one."""
    if name in cohort_ids(workspace) or not (workspace.parameters / "smes" / f"{name}.yml").is_file():
        return load_cohort(workspace, name)
    sme = load_sme(workspace, name)
    alone = {"id": sme.id, "name": dict.fromkeys(LANGUAGES, ""), "smes": [sme.id]}
    names = dict.fromkeys(LANGUAGES, sme.name)
    return CohortProfile.model_validate(
        {"id": sme.id, "name": names, "launch_pads": [sme.launch_pad], "groups": [alone]}
    )


def _in_order(reports: list[Report]) -> Callable[[Report], tuple[int, Report]]:
    places = {report: place for place, report in enumerate(reports)}
    return lambda report: (places.get(report, len(places)), report)


def _known_engine(name: str) -> str:
    if name in (OURS, STANDARD):
        return name
    from papermill.engines import papermill_engines

    known = [engine for engine in papermill_engines._engines if engine]
    if name not in known:
        raise UserError("batch.error.unknown_engine", value=name, known=", ".join(sorted(known)))
    return name


def _is_missing(report: Report, known: Mapping[Report, Outcome]) -> bool:
    return report not in known or known[report].status == "failed"


def _still_good(job: Job, known: Mapping[Report, Outcome], resume: bool) -> Outcome | None:
    """The page of an earlier run, where there is no need to make it again."""
    if _is_missing(job.report, known):
        return None
    earlier = known[job.report]
    if "xlsx" in job.also and not (job.folder / job.report.file("xlsx")).is_file():
        return None
    if resume or (job.made_from is not None and earlier.made_from == job.made_from):
        return replace(earlier, status="kept")
    return None


def _job(
    workspace: Workspace,
    frame: Frame,
    report: Report,
    folder: Place,
    engine: str,
    also: tuple[str, ...] = (),
) -> Job:
    job = Job(
        report=report,
        notebook=find_notebook(workspace, report.tool),
        folder=folder,
        root=workspace.root,
        frame=replace(frame, files=_files(report, also)),
        engine=engine,
        also=also,
        store_url=workspace.store_url,
    )
    return replace(job, made_from=name_of_all(workspace, job))


def _files(report: Report, also: Sequence[str]) -> tuple[Link, ...]:
    """The files beside a report's page that it leads to."""
    say = Speaker(report.language)
    return tuple(Link(say(f"batch.page.{kind}"), Path(report.file(kind)).name) for kind in sorted(also))


def report_frame(sme: SmeProfile | None, there: Sequence[str], report: Report) -> Frame:
    """What stands around a report: the SME's name, its other tools (of those there are), the languages."""
    say = Speaker(report.language)
    name = sme.name if sme else report.sme
    tools = dict.fromkeys(there)
    tools.setdefault(report.tool)
    return Frame(
        report.language,
        f"{name} · {tool_title(say, report.tool)} · {BRAND}",
        f"../{ASSETS}/",
        Words.of(say),
        Link(name, f"index.{report.language}.html"),
        tuple(
            Link(tool_title(say, tool), f"{tool}.{report.language}.html", tool == report.tool)
            for tool in tools
        ),
        language_links(report.language, f"{report.tool}.{{language}}.html"),
    )


def _settle(folder: Place, job: Job, done: Made) -> Outcome:
    if isinstance(done, WorkerDied | OutOfTime):
        say = Speaker(job.report.language)
        if isinstance(done, OutOfTime):
            reason = say("batch.reason.report_too_long", n=REPORT_SECONDS // 60)
        elif isinstance(done, MachineLost):
            reason = done.reason(say)
        elif job.engine == OURS:
            reason = say("batch.reason.kernel_died")
        else:
            reason = say("batch.reason.worker_died")
        outcome = Outcome(job.report, "failed", reason=reason)
        write_whole(folder / job.report.path, failure_page(job.frame, reason, None))
        record(folder, outcome)
        done = (outcome, repr(done))
    outcome, detail = done
    if detail:
        _log(folder / LOG, outcome, detail)
    return outcome


def _log(path: Place, outcome: Outcome, detail: str) -> None:
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    entry = f"{moment} {outcome.report.name} {outcome.status} after {outcome.seconds} s\n{detail}\n\n"
    if isinstance(path, Path):
        with path.open("a", encoding="utf-8") as log:
            log.write(entry)
    else:
        path.write_bytes((path.read_bytes() if path.is_file() else b"") + entry.encode())

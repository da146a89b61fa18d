"""The PDF beside each report, printed from its finished page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from echannel import storage
from echannel.batch.job import Job
from echannel.batch.printing import Printer, PrintFailed, Sheet, printer
from echannel.chromium import installed
from echannel.errors import UserError
from echannel.locale import Speaker
from echannel.storage import Place


def can_print(folder: Place) -> None:
    """Raises ``UserError`` where PDFs cannot be made: no browser, or pages that it cannot open."""
    if installed() is None:
        raise UserError("batch.error.no_chromium")
    if not isinstance(folder, Path):
        raise UserError("batch.error.pdf_remote", folder=str(folder))


def print_reports(jobs: Sequence[Job]) -> None:
    """Print every page that has no PDF, or an older one; one browser prints them all, unless it breaks.

    Raises ``UserError`` when a page cannot be printed by a fresh browser either; the others are printed.
    """
    waiting = [job for job in jobs if _is_due(job)]
    failed = _print_all(waiting)
    failed = [job for job in failed if _print_all([job])]
    if failed:
        raise UserError("batch.error.pdf_failed", report=failed[0].report.name)


def _is_due(job: Job) -> bool:
    page, printed = _paths(job)
    return not printed.is_file() or printed.stat().st_mtime_ns < page.stat().st_mtime_ns


def _print_all(jobs: Sequence[Job]) -> list[Job]:
    """Those that could not be printed; the browser that fails at one is not asked again."""
    if not jobs:
        return []
    with printer() as browser:
        for place, job in enumerate(jobs):
            try:
                _print(browser, job)
            except (PrintFailed, OSError):
                return list(jobs[place:])
    return []


def _print(browser: Printer, job: Job) -> None:
    page, printed = _paths(job)
    say = Speaker(job.report.language)
    made = pd.Timestamp(page.stat().st_mtime_ns)
    sheet = Sheet(job.frame.title, say.day(made), say("batch.page.number", page="{page}", pages="{pages}"))
    storage.write_whole(printed, browser.pdf(page, sheet))


def _paths(job: Job) -> tuple[Path, Path]:
    folder = Path(str(job.folder))
    return folder / job.report.path, folder / job.report.file("pdf")

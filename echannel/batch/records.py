"""What became of each report, kept beside the pages so that a killed run can be resumed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from echannel import storage
from echannel.batch.plan import Report
from echannel.storage import Place, RemotePath

RECORDS = ".records"


@dataclass(frozen=True)
class Outcome:
    """The end of one report.

    ``status``: ``ok`` (made in this run), ``failed``, or ``kept`` (made by an earlier run).
    ``made_from`` names all that the page was made from (see ``echannel.batch.unchanged``).
    ``cell`` is the failing cell's place in the notebook, from 1; ``reason`` says why in the
    report's language, for people; ``seconds`` is wall time.
    """

    report: Report
    status: Literal["ok", "failed", "kept"]
    seconds: float = 0.0
    cell: int | None = None
    reason: str | None = None
    made_from: str | None = None


def write_whole(path: Place, text: str) -> None:
    """Write a page so that a reader, or a run killed half-way, sees the old one or the new one whole."""
    storage.write_whole(path, text.encode("utf-8"))


def record(folder: Place, outcome: Outcome) -> None:
    """Keep an outcome under the cohort's folder; its page must be in place already."""
    write_whole(folder / _place(outcome.report), json.dumps(asdict(outcome), ensure_ascii=False))


def recorded(folder: Place, reports: Sequence[Report]) -> dict[Report, Outcome]:
    """What is known of reports from earlier runs; one that is missing, or whose page is, is left out.

    From object storage they are read many at a time.
    """
    if isinstance(folder, RemotePath):
        there = folder.below()
        names = {report: _place(report) for report in reports if report.path in there}
        kept = folder.read_many(name for name in names.values() if name in there)
        found = {report: _outcome(kept.get(name)) for report, name in names.items()}
    else:
        found = {
            report: _outcome(_bytes(folder / _place(report)))
            for report in reports
            if (folder / report.path).is_file()
        }
    return {report: outcome for report, outcome in found.items() if outcome}


def _bytes(path: Place) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _outcome(kept: bytes | None) -> Outcome | None:
    try:
        facts = json.loads(kept or b"")
        return Outcome(**{**facts, "report": Report(**facts["report"])})
    except (ValueError, TypeError, KeyError):
        return None


def _place(report: Report) -> str:
    return f"{RECORDS}/{report.sme}/{report.tool}.{report.language}.json"

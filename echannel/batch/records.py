"""What became of each report, kept beside the pages so that a killed run can be resumed."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from echannel.batch.plan import Report

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


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader, or a run killed half-way, sees the old one or the new one whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def record(folder: Path, outcome: Outcome) -> None:
    """Keep an outcome under the cohort's folder; its page must be in place already."""
    write_whole(_place(folder, outcome.report), json.dumps(asdict(outcome), ensure_ascii=False))


def recorded(folder: Path, report: Report) -> Outcome | None:
    """What is known of a report from earlier runs; ``None`` if it or its page is missing."""
    if not (folder / report.path).is_file():
        return None
    try:
        kept = json.loads(_place(folder, report).read_text(encoding="utf-8"))
        return Outcome(**{**kept, "report": Report(**kept["report"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _place(folder: Path, report: Report) -> Path:
    return folder / RECORDS / report.sme / f"{report.tool}.{report.language}.json"

"""A run on the command line: a bar while it lasts, a table at its end."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from echannel.batch.records import Outcome
from echannel.batch.run import RunSummary, run_cohort
from echannel.locale import Speaker
from echannel.workspace import Workspace


def run_with_bar(
    workspace: Workspace, cohort: str, say: Speaker, console: Console, **options: Any
) -> RunSummary:
    """:func:`run_cohort` with a progress bar on ``console``; ``options`` are those of ``run_cohort``."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(say("batch.run.starting"), total=None)

        def show(outcome: Outcome, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description=outcome.report.name)
            if outcome.status == "failed":
                bar.console.print(
                    Text(say("batch.run.failed_one", report=outcome.report.name, reason=outcome.reason or ""))
                )

        summary = run_cohort(workspace, cohort, progress=show, **options)
        bar.update(task, description=say("batch.run.finished"))
    return summary


def summary_table(summary: RunSummary, say: Speaker) -> Group:
    """What became of the run, SME by SME, then each failure with its cell and reason."""
    table = Table(box=None, pad_edge=False)
    for heading in ("sme", "made", "kept", "failed", "seconds"):
        table.add_column(say(f"batch.table.{heading}"), justify="left" if heading == "sme" else "right")
    for sme in dict.fromkeys(outcome.report.sme for outcome in summary.outcomes):
        own = [outcome for outcome in summary.outcomes if outcome.report.sme == sme]
        counts = Counter(outcome.status for outcome in own)
        seconds = sum(outcome.seconds for outcome in own if outcome.status != "kept")
        style = "red" if counts["failed"] else None
        cells = [counts["ok"], counts["kept"], counts["failed"]]
        table.add_row(sme, *(say.number(cell) for cell in cells), say.number(seconds, 1), style=style)
    counts = Counter(outcome.status for outcome in summary.outcomes)
    total = say(
        "batch.run.total",
        n=len(summary.outcomes) - counts["failed"],
        failed=counts["failed"],
        seconds=round(summary.seconds, 1),
    )
    parts: list[Any] = [table, Text(""), Text(total)]
    for outcome in summary.failed:
        where = say("batch.failure.cell", n=outcome.cell) if outcome.cell else ""
        parts.append(Text(f"{outcome.report.name}: {where} {outcome.reason or ''}".replace("  ", " ")))
    if summary.failed:
        parts.append(Text(say("batch.run.log", file=str(summary.log))))
    parts.append(Text(say("batch.run.index", file=str(summary.index))))
    return Group(*parts)

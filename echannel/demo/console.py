"""The demonstration cohort on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from echannel.demo.cohort import SEED, write_demo
from echannel.profiles import load_cohort
from echannel.workspace import Workspace

if TYPE_CHECKING:
    from echannel.spoken import Talk


def write_and_tell(workspace: Workspace, talk: Talk, seed: int | None = None) -> None:
    """Write the cohort's files under a progress bar and say what was written and what comes next.

    Raises
    ------
    UserError
        When the workspace has no profile of the demonstration cohort.
    """
    load_cohort(workspace, "demo")
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=talk.err, transient=True, disable=not talk.err.is_terminal) as bars:
        task = bars.add_task("", total=None)

        def progress(sme: str, done: int, total: int) -> None:
            text = talk.say("demo.cli.writing", sme=sme)
            bars.update(task, description=text, completed=done, total=total)

        summary = write_demo(workspace, progress, SEED if seed is None else seed)
    orders = sum(summary.orders.values())
    folder = str(workspace.inbox)
    talk.print(talk.say("demo.cli.done", n=orders, smes=len(summary.orders), folder=folder))
    talk.print(talk.say("demo.cli.next"))

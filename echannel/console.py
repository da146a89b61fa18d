"""Syncing on the command line: several SMEs at once, progress bars, a table at the end."""

from __future__ import annotations

import multiprocessing
import queue
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from echannel.errors import UserError
from echannel.locale import Speaker
from echannel.sync import Progress as Watcher
from echannel.sync import SyncReport, sync_sme
from echannel.workspace import Workspace

if TYPE_CHECKING:
    from echannel.spoken import Talk


_SME_WIDTH = 24


@dataclass(frozen=True)
class Outcome:
    """How the sync of one SME ended: its report, or what went wrong."""

    sme: str
    report: SyncReport | None = None
    error: UserError | None = None


def sync_all(
    workspace: Workspace, smes: Sequence[str], talk: Talk, workers: int = 2, again: bool = False
) -> bool:
    """Sync every SME, whatever happens to the others, and print how each went. True when all went well."""
    outcomes = []
    with _bars(talk) as bars:
        overall = bars.add_task(talk.say("cli.sync.all"), total=len(smes)) if len(smes) > 1 else None
        if workers == 1 or len(smes) == 1:
            running = _one_by_one(workspace, smes, again, bars)
        else:
            running = _side_by_side(workspace, smes, again, workers, bars)
        for outcome in running:
            outcomes.append(outcome)
            if overall is not None:
                bars.advance(overall)
    order = {sme: position for position, sme in enumerate(smes)}
    outcomes.sort(key=lambda outcome: order[outcome.sme])
    _print_outcomes(outcomes, talk)
    return all(outcome.error is None for outcome in outcomes)


def sync_one(workspace: Workspace, sme: str, progress: Watcher | None = None, again: bool = False) -> Outcome:
    """Sync one SME; what goes wrong is told, not raised, so that the others go on."""
    try:
        return Outcome(sme, report=sync_sme(workspace, sme, progress, again))
    except UserError as error:
        return Outcome(sme, error=error)


@contextmanager
def _bars(talk: Talk) -> Iterator[Progress]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=talk.err, transient=True, disable=not talk.err.is_terminal) as bars:
        yield bars


class _SmeBar:
    """The bar of one SME at work: which file, how far."""

    def __init__(self, bars: Progress) -> None:
        self.bars = bars
        self.tasks: dict[str, TaskID] = {}

    def show(self, sme: str, what: str, done: int, total: int) -> None:
        text = f"{sme}  {what}"
        if sme not in self.tasks:
            self.tasks[sme] = self.bars.add_task(text, total=total)
        self.bars.update(self.tasks[sme], description=text, completed=done, total=total)

    def close(self, sme: str) -> None:
        if sme in self.tasks:
            self.bars.remove_task(self.tasks.pop(sme))


def _one_by_one(workspace: Workspace, smes: Sequence[str], again: bool, bars: Progress) -> Iterator[Outcome]:
    bar = _SmeBar(bars)
    for sme in smes:
        yield sync_one(workspace, sme, partial(bar.show, sme), again)
        bar.close(sme)


_messages: Any = None


def _listen_to(messages: Any) -> None:
    global _messages
    _messages = messages


def _in_worker(workspace: Workspace, sme: str, again: bool) -> Outcome:
    return sync_one(workspace, sme, lambda *how_far: _messages.put((sme, *how_far)), again)


def _side_by_side(
    workspace: Workspace, smes: Sequence[str], again: bool, workers: int, bars: Progress
) -> Iterator[Outcome]:
    """In processes that start clean: a fork of this one would carry its threads' locks."""
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if "forkserver" in methods:
        context.set_forkserver_preload(["echannel.console"])
    messages = context.Queue()
    bar = _SmeBar(bars)
    with ProcessPoolExecutor(workers, context, _listen_to, (messages,)) as pool:
        waiting: dict[Future[Outcome], str] = {
            pool.submit(_in_worker, workspace, sme, again): sme for sme in smes
        }
        while waiting:
            _show_messages(messages, bar)
            for future in [future for future in waiting if future.done()]:
                sme = waiting.pop(future)
                bar.close(sme)
                yield _ended(sme, future)


def _show_messages(messages: Any, bar: _SmeBar) -> None:
    until = time.monotonic() + 0.1
    while (left := until - time.monotonic()) > 0:
        try:
            bar.show(*messages.get(timeout=left))
        except queue.Empty:
            return


def _ended(sme: str, future: Future[Outcome]) -> Outcome:
    """A worker that died (killed, out of memory) fails its SME only."""
    crash = future.exception()
    if crash is None:
        return future.result()
    return Outcome(sme, error=UserError("sync.error.crashed", sme=sme, what=type(crash).__name__))


def _print_outcomes(outcomes: Sequence[Outcome], talk: Talk) -> None:
    """Of one SME, all that happened; of several, a table and what went wrong."""
    if len(outcomes) > 1:
        talk.out.print(_table(outcomes, talk.say), soft_wrap=False)
    for outcome in outcomes:
        if outcome.error is not None:
            talk.error(outcome.error)
        elif outcome.report is not None and len(outcomes) == 1:
            for sentence in outcome.report.sentences(talk.say):
                talk.print(sentence)


def _table(outcomes: Sequence[Outcome], say: Speaker) -> Table:
    table = Table(title=say("cli.sync.title"), title_justify="left", box=None, pad_edge=False)
    widest = max(len(outcome.sme) for outcome in outcomes)
    table.add_column(say("cli.sync.column.sme"), overflow="fold", width=min(widest, _SME_WIDTH))
    for key in ("read", "kept", "refused", "changed", "seconds"):
        table.add_column(say(f"cli.sync.column.{key}"), justify="right", overflow="fold")
    table.add_column(say("cli.sync.column.outcome"))
    for outcome in outcomes:
        table.add_row(*_cells(outcome, say))
    return table


def _cells(outcome: Outcome, say: Speaker) -> list[Text]:
    report = outcome.report
    if report is None:
        return [Text(outcome.sme), *[Text("–")] * 5, Text(say("cli.sync.failed"), style="red")]
    numbers = (report.read, report.kept_rows, report.refused, sum(report.changed.values()))
    key = "cli.sync.first" if report.first else "cli.sync.new" if report.changed else "cli.sync.nothing_new"
    return [
        Text(outcome.sme),
        *(Text(say.number(number)) for number in numbers),
        Text(say.number(report.seconds, 1)),
        Text(say(key), style="green"),
    ]

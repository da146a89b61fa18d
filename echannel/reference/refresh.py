"""Fetching newer figures into the workspace, source by source; what cannot be had stays as shipped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import pandas as pd

from echannel.errors import UserError
from echannel.reference import comtrade, ecb, eurostat, fx, snapshot, uk_duties, world_bank
from echannel.reference.http import Live
from echannel.workspace import Workspace

_LAYOUT = ["market", "figure", "value", "year", "source", "caveat", "retrieved"]
_FEWEST_MARKETS = 20  # a source that suddenly knows fewer has changed, and replaces nothing


@dataclass(frozen=True)
class Step:
    """One thing to fetch: its name in the catalogue (``reference.step.<name>``) and how."""

    name: str
    run: Callable[[], object]


@dataclass(frozen=True)
class Done:
    """How a step went: None, or why the older figures stay."""

    step: Step
    failed: UserError | None = None


def steps(
    live: Live,
    today: date,
    hs_codes: Sequence[str] = (),
    uk_codes: Mapping[str, Sequence[str]] | None = None,
) -> list[Step]:
    """Everything there is to refresh; with ``hs_codes``, imports of these goods over the last years too.

    ``uk_codes``: by country of departure, customs codes whose duty the UK tariff is asked for.
    """
    made = [
        Step(name, lambda name=name: _keep(live.workspace, world_bank.figures(live, name, today.year)))  # type: ignore[misc]
        for name in world_bank.INDICATORS
    ]
    made.append(Step("online_buyers", lambda: _keep(live.workspace, eurostat.online_buyers(live))))
    made.append(Step("rates", lambda: ecb.refresh_rates(live)))
    for code in dict.fromkeys(filter(None, map(comtrade.hs6, hs_codes))):
        made.append(Step("imports", lambda code=code: comtrade.imports(live, code, trade_years(today))))  # type: ignore[misc]
    for departure, codes in (uk_codes or {}).items():
        made.append(Step("uk_duties", partial(uk_duties.fetch, live, codes, departure)))
    return made


def run(planned: Sequence[Step]) -> Iterator[Done]:
    """Runs the steps one after the other; one that fails stops no other."""
    for step in planned:
        try:
            step.run()
        except UserError as failed:
            yield Done(step, failed)
        else:
            yield Done(step)


def trade_years(today: date) -> list[int]:
    """The five years whose trade has been reported by most countries: up to the year before last."""
    return list(range(today.year - 6, today.year - 1))


def rates_day(workspace: Workspace, today: date) -> date | None:
    """The day of the newest exchange rates at hand."""
    return fx.rate("EUR", "USD", today, workspace).day


def _keep(workspace: Workspace, fetched: pd.DataFrame) -> None:
    """Puts fetched figures in the place of older fetched ones, in one step."""
    if fetched["market"].nunique() < _FEWEST_MARKETS:
        raise UserError("reference.error.too_few_markets", n=int(fetched["market"].nunique()))
    path = snapshot.fetched_path(workspace)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file():
        before = snapshot.read_figures(path)
        fetched = pd.concat([before, fetched], ignore_index=True)
    newest = fetched[_LAYOUT].drop_duplicates(["market", "figure", "year"], keep="last")
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    newest.sort_values(["market", "figure", "year"]).to_csv(beside, index=False, lineterminator="\n")
    beside.replace(path)

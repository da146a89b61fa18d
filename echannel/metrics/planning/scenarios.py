"""Scenarios: a cautious, an expected and an ambitious future, shocks, and the SME's own ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from echannel.metrics.planning.inputs import MarketEntry, PlanInputs, with_market_entry
from echannel.metrics.planning.levers import LEVERS, moved
from echannel.metrics.planning.monte_carlo import SEED, Forecast, around_plan, unforeseen
from echannel.metrics.planning.uncertainty import Spread

EXPECTED = "expected"
_PATHS = 2_000
_CAUTIOUS = 0.2  # of five futures, one is worse
_SCORE = 0.8416  # the normal score of 0.8: drivers move as far as one future in five has them
_HALFWAY = 0.5  # not all of them at once: each goes half of that way


@dataclass(frozen=True)
class Scenario:
    """One future: levers moved from the plan, and where the forecast comes out.

    ``turnover_at``: the share of futures in which less is sold by then (0.5: as forecast). ``name`` is a
    catalogue name ``planning.scenario.<name>``, or the SME's own words where ``own``. ``since``: months after
    the plan's first in which the levers begin.
    """

    name: str
    turnover_at: float = 0.5
    levers: Mapping[str, float] = field(default_factory=dict)
    drivers_at: float = 0.0
    since: int = 0
    entry: MarketEntry | None = None
    own: bool = False


SCENARIOS: tuple[Scenario, ...] = (
    Scenario("cautious", _CAUTIOUS, drivers_at=-_SCORE * _HALFWAY),
    Scenario(EXPECTED),
    Scenario("ambitious", 1 - _CAUTIOUS, drivers_at=_SCORE * _HALFWAY),
)
SHOCKS: tuple[Scenario, ...] = (
    Scenario("price_up", levers={"price": 1.03, "volume": 0.98}, since=1),
    Scenario("price_down", levers={"price": 0.95, "volume": 1.05}, since=1),
    Scenario("customers_late", levers={"days_to_pay": 30.0}, since=1),
    # Goods across the Channel dearer, slower and fewer, as small traders met it in 2021.
    Scenario(
        "border",
        levers={"purchase_cost": 1.04, "carriage": 1.15, "volume": 0.95, "stock_cover": 14.0},
        since=1,
    ),
)
"""Shocks of one kind each. The size of each is a round number to see what it does, not a forecast."""


def all_scenarios(
    own: Sequence[Scenario] = (), entries: Sequence[MarketEntry] = (), firms: bool = True
) -> dict[str, Scenario]:
    """Every scenario by name: the three, shocks, new markets, and the SME's own ones (which win).

    Without ``firms`` as customers nobody pays late.
    """
    markets = [Scenario(f"market_{one.country.lower()}", entry=one) for one in entries]
    shocks = [one for one in SHOCKS if firms or one.name != "customers_late"]
    return {one.name: one for one in (*SCENARIOS, *shocks, *markets, *own)}


def applied(
    inputs: PlanInputs,
    scenario: Scenario,
    levers: Mapping[str, float] | None = None,
    forecast: Forecast | None = None,
    spread: Spread | None = None,
) -> PlanInputs:
    """The inputs in a scenario, with a reader's own levers on top.

    The cautious turnover is what is sold by each month's end in the worst of five futures (quantile of the
    cumulated paths), not every month at its worst; other drivers go half the way to the same quantile: they
    do not all turn out badly at once. Goods are bought for the plan and by what the last months sold: a firm
    does not know its future.
    """
    changed = inputs if scenario.entry is None else with_market_entry(inputs, scenario.entry)
    if scenario.levers or scenario.turnover_at != 0.5 or scenario.drivers_at:
        changed = unforeseen(changed)
    if scenario.turnover_at != 0.5:
        changed = moved(changed, {"volume": _turnover(inputs, scenario.turnover_at, forecast)})
    if scenario.drivers_at and spread is not None:
        changed = moved(changed, drivers_at(spread, scenario.drivers_at))
    changed = moved(changed, _from(inputs, scenario))
    return moved(changed, levers or {})


def drivers_at(spread: Spread, score: float) -> dict[str, float]:
    """Each driver at a normal score: above 0 better for cash, below worse."""
    found = {}
    for one in spread.drivers:
        better = score if LEVERS[one.name].more_is_better else -score
        middle = float(one.at(np.array(0.0)))
        found[one.name] = float(one.at(np.array(better))) - middle + LEVERS[one.name].neutral
    return found


def _turnover(inputs: PlanInputs, level: float, forecast: Forecast | None) -> np.ndarray:
    """Turnover over the plan's by month, so that what is sold up to each month is at its quantile."""
    ratio = around_plan(inputs, forecast, _PATHS, SEED)
    planned = inputs.turnover[0]
    so_far = np.quantile(np.cumsum(ratio * planned, axis=1), level, axis=0)
    month = np.maximum(np.diff(so_far, prepend=0.0), 0.0)
    return np.divide(month, planned, out=np.ones_like(planned), where=planned > 0)[None, :]


def _from(inputs: PlanInputs, scenario: Scenario) -> dict[str, float | np.ndarray]:
    """The scenario's levers by month, from its first month on. Terms and stock cover hold all the time."""
    if not scenario.since:
        return dict(scenario.levers)
    started = np.arange(inputs.months) >= scenario.since
    found: dict[str, float | np.ndarray] = {}
    for name, value in scenario.levers.items():
        by_month = np.where(started, value, LEVERS[name].neutral)[None, :]
        found[name] = value if name in ("stock_cover", "supplier_days", "loan", "staff") else by_month
    return found

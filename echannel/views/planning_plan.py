"""What the planning page shows: the plan and its ten thousand versions, for what the reader tries.

What the SME's data and profile say is read once. A choice moves the inputs, and the plan is computed from
them anew; its versions are drawn again too, fewer of them while a reader turns sliders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from echannel import __version__
from echannel.errors import UserError
from echannel.kept import kept
from echannel.keys import KEPT, key_of
from echannel.market_entries import entries_of
from echannel.metrics.planning.drivers import drivers
from echannel.metrics.planning.engine import Plan, build_plan
from echannel.metrics.planning.history import monthly
from echannel.metrics.planning.inputs import Assumption, MarketEntry, PlanInputs
from echannel.metrics.planning.levers import LEVERS
from echannel.metrics.planning.monte_carlo import PATHS, SEED, Simulation, around_plan, simulate
from echannel.metrics.planning.rules import PlanRules
from echannel.metrics.planning.scenarios import Scenario, all_scenarios, applied
from echannel.metrics.planning.turnover_forecast import TurnoverForecast
from echannel.metrics.planning.uncertainty import Spread
from echannel.metrics.result import OK
from echannel.risks import spread_of
from echannel.sme import Sme
from echannel.views.context import View
from echannel.views.plan_choice import PlanChoice

FEWER = 1_000  # versions while a reader turns sliders: an answer within a third of a second
_NAME = "plan_versions"
_RANGE_PATHS = 2_000


@dataclass(frozen=True)
class Basis:
    """What a plan is made from, whatever the reader tries. ``reasons``: what is missing or odd."""

    inputs: PlanInputs
    rules: PlanRules
    assumptions: tuple[Assumption, ...]
    reasons: tuple[str, ...]
    forecast: TurnoverForecast | None
    spread: Spread
    scenarios: Mapping[str, Scenario]


def basis(view: View) -> Basis | None:
    """The plan's inputs from data and profile; None where nothing was sold and nothing is entered."""
    return view.once("plan basis", lambda: _basis(view))


def _basis(view: View) -> Basis | None:
    from echannel.plans import basis_of

    sme = view.sme
    found, forecast = basis_of(sme), sme.turnover_forecast
    if not found.inputs.turnover.any():
        return None
    entries = (*_saved_entries(sme), *found.entries)
    own = [
        Scenario(
            one.name,
            one.turnover_at,
            {name: value for name, value in one.levers.items() if name in LEVERS},
            since=one.since,
            own=True,
        )
        for one in sme.profile.planning.scenarios
    ]
    return Basis(
        found.inputs,
        found.rules,
        (*found.assumptions, *(made for entry in entries for made in entry.assumptions)),
        found.reasons,
        forecast if forecast.status == OK else None,
        spread_of(sme, found.inputs),
        all_scenarios(own, entries, any(one.kind == "b2b" for one in found.inputs.streams)),
    )


def _saved_entries(sme: Sme) -> tuple[MarketEntry, ...]:
    """Markets that the market page has handed over; none where its register is out of reach."""
    if sme.workspace is None:
        return ()
    try:
        return tuple(entries_of(sme).values())
    except UserError:
        return ()


def why_not(view: View) -> tuple[str, ...]:
    """Why there is no plan, as catalogue keys; () where there is one."""
    if basis(view) is not None:
        return ()
    return ("planning.turnover_zero" if len(view.sme.sales.orders) else "planning.nothing_sold",)


CASH_UNKNOWN = "reason.planning.cash_unknown"
COSTS_UNKNOWN = "reason.planning.no_fixed_costs"


def unsaid(view: View) -> tuple[str, ...]:
    """What is unknown without which cash cannot be told: the bank balance, the fixed costs; as reasons."""
    made = basis(view)
    return tuple(one for one in (CASH_UNKNOWN, COSTS_UNKNOWN) if made is not None and one in made.reasons)


def doubtful(view: View) -> bool:
    """Whether the books do not balance: then nothing reassuring is said of the plan."""
    made = basis(view)
    return made is not None and "reason.planning.ledger_unbalanced" in made.reasons


def plan_rules_of(view: View) -> PlanRules:
    """The country's rules on the plan's dates; only where there is a plan."""
    made = basis(view)
    assert made is not None
    return made.rules


def chosen_inputs(view: View) -> PlanInputs | None:
    """The inputs in the scenario and with the levers that the reader chose."""
    return view.kept("plan inputs", lambda: _chosen(view, view.choice.plan))


def planned(view: View) -> Plan | None:
    """The plan for what the reader tries; None where there is nothing to plan from."""
    if view.choice.plan == PlanChoice():
        return view.once("expected plan", lambda: _built(view, chosen_inputs(view)))
    return view.kept("plan", lambda: _built(view, chosen_inputs(view)))


def simulation(view: View) -> Simulation | None:
    """The plan's versions for what the reader tries: as planned they are kept on disk."""
    made, inputs = basis(view), chosen_inputs(view)
    if made is None or inputs is None:
        return None
    if view.choice.plan == PlanChoice():
        return view.once("plan versions", lambda: _kept_versions(view, made))
    return view.kept("versions", lambda: _versions(made, inputs, FEWER))


@dataclass(frozen=True)
class Outlook:
    """Cash as it may come, by month: what nine in ten versions exceed, the middle, what one in ten exceeds.

    ``chance``: of a month's end below zero by then; ``driver``: what goes most with the lowest cash.
    """

    low: np.ndarray
    middle: np.ndarray
    high: np.ndarray
    chance: np.ndarray
    here: np.ndarray
    drivers: tuple[str, ...]
    lowest: float
    paths: int

    def chance_within(self, months: int) -> float:
        """The chance that cash falls below zero in the first months."""
        return float(self.chance[:months][-1])


def outlook(view: View) -> Outlook | None:
    """What may come of cash, for what the reader tries."""
    return view.kept("outlook", lambda: _outlook(simulation(view)))


def _outlook(seen: Simulation | None) -> Outlook | None:
    if seen is None:
        return None
    cash, dry = seen.cash, seen.dry
    return Outlook(
        low=cash["p10"].to_numpy(),
        middle=cash["p50"].to_numpy(),
        high=cash["p90"].to_numpy(),
        chance=dry["value"].to_numpy(),
        here=dry["here"].to_numpy(),
        drivers=tuple(str(name) for name in dry["main_driver"]),
        lowest=float(np.quantile(seen.low_point["cash"], 0.1)),
        paths=len(seen.low_point),
    )


def _chosen(view: View, choice: PlanChoice) -> PlanInputs | None:
    made = basis(view)
    if made is None or choice == PlanChoice():
        return None if made is None else made.inputs
    scenario = made.scenarios.get(choice.scenario, made.scenarios[PlanChoice().scenario])
    return applied(made.inputs, scenario, dict(choice.levers), made.forecast, made.spread)


def _built(view: View, inputs: PlanInputs | None) -> Plan | None:
    made = basis(view)
    return None if made is None or inputs is None else build_plan(inputs, made.rules)


def _versions(made: Basis, inputs: PlanInputs, paths: int) -> Simulation:
    return simulate(inputs, made.rules, made.forecast, made.spread, paths, SEED)


def _kept_versions(view: View, made: Basis) -> Simulation:
    """The versions of the plan as it stands: computed once for the same inputs and code, then read."""

    def compute() -> Mapping[str, pd.DataFrame]:
        seen = _versions(made, made.inputs, PATHS)
        return {one.name: getattr(seen, one.name) for one in fields(seen)}

    frames = kept(view.sme.store.path / KEPT, _NAME, _key(made), compute)
    return Simulation(**frames)


def _key(made: Basis) -> str:
    """Everything that versions rest on: inputs, rules, forecast, spread and the code."""
    forecast = made.forecast
    learnt = () if forecast is None else (forecast.months, forecast.past, forecast.facts)
    parts = (made.inputs, made.rules, *learnt, made.spread)
    return key_of(PATHS, SEED, *map(_plain, parts), __version__, _code())


def _plain(value: Any) -> Any:
    """A value in full, as JSON can hold it: arrays print shortened else."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, pd.DataFrame):
        return value.to_dict("list")
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


@lru_cache
def _code() -> str:
    """The source of the plan's metrics: a change of theirs is a change of the result."""
    modules = sorted(files("echannel.metrics.planning").iterdir(), key=lambda one: one.name)
    return key_of(*(one.read_text(encoding="utf-8") for one in modules if one.name.endswith(".py")))


def turnover_range(view: View, months: int) -> tuple[float, float]:
    """Between which sums the turnover of the first months lies in eight cases of ten, as chosen."""
    made, inputs = basis(view), chosen_inputs(view)
    if made is None or inputs is None:
        return float("nan"), float("nan")

    def compute() -> np.ndarray:
        return around_plan(made.inputs, made.forecast, _RANGE_PATHS, SEED)

    ratio = view.once("turnover paths", compute)
    sums = (ratio * inputs.turnover)[:, :months].sum(axis=1)
    low, high = np.quantile(sums, [0.1, 0.9])
    return float(low), float(high)


def levers_of_history(view: View) -> pd.DataFrame:
    """What makes the turnover of each kind of customer, and how far each factor has moved before.

    ``kind``, ``name``, ``value``, ``low``, ``high`` (see ``metrics.planning.drivers``).
    """

    def compute() -> pd.DataFrame:
        frames = []
        for kind in view.kinds:
            levers = drivers(monthly(view.sme.sales, kind), kind).levers
            frames.append(levers[(levers["status"] == OK).to_numpy()].assign(kind=kind))
        return pd.concat(frames, ignore_index=True)

    return view.once("past levers", compute)

"""Risks: futures side by side, the chance of running dry, and what matters most for cash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.locale import Speaker
from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.levers import LEVERS
from echannel.metrics.planning.scenarios import EXPECTED, Scenario, applied
from echannel.metrics.planning.sensitivity import tornado
from echannel.metrics.planning.uncertainty import TURNOVER
from echannel.views import axes, charts, theme
from echannel.views.cards import Card, later
from echannel.views.context import View, on_paper_too
from echannel.views.frames import first_row
from echannel.views.planning_facts import YEAR, calendar, period_of, rows
from echannel.views.planning_plan import (
    Basis,
    basis,
    chosen_inputs,
    outlook,
    planned,
    simulation,
    unsaid,
    why_not,
)
from echannel.views.planning_words import as_tried, scenario_name
from echannel.views.tables import Column, Table

_COLOURS = {"cautious": theme.ALERT, EXPECTED: theme.MAIN, "ambitious": theme.SECOND}
_SHOWN = 8  # drivers of a chart
_HORIZONS = (6, 12, 24, 36)


@later
@on_paper_too
def scenarios(view: View) -> Card:
    """The same plan in other futures, side by side, with the sliders as the reader has them."""
    made = basis(view)
    if made is None:
        return Card("planning.scenarios", "", missing=why_not(view), term="scenario")
    found = view.kept("futures", lambda: _futures(view, made))
    named = {one.scenario.name: one for one in found}
    say = view.say
    words = {name: _lowest_words(say, named[name]) for name in _COLOURS}
    sentence = say("planning.say.scenarios", **words)
    worst = min(found, key=lambda one: one.lowest)
    if worst.lowest < 0 <= named[EXPECTED].lowest:
        sentence += " " + say("planning.say.scenario_worst", name=scenario_name(say, worst.scenario))
    figure = charts.over_months(
        say,
        calendar(made.inputs),
        [],
        [
            charts.Series(scenario_name(say, named[name].scenario), named[name].cash.tolist(), colour)
            for name, colour in _COLOURS.items()
        ],
        axes.whole_money(say),
        axes.short_money(say),
    )
    frame = pd.DataFrame(
        {
            "name": [scenario_name(say, one.scenario) for one in found],
            "turnover": [one.turnover for one in found],
            "profit": [one.profit for one in found],
            "lowest": [one.lowest for one in found],
            "month_shown": [period_of(one.month) for one in found],
            "end": [float(one.cash[-1]) for one in found],
        }
    )
    columns = (
        Column("name", "planning_scenario"),
        Column("turnover", "planning_turnover_year", "money"),
        Column("profit", "planning_profit_year", "money"),
        Column("lowest", "planning_lowest_cash", "money"),
        Column("month_shown", "planning_lowest_month", "month"),
        Column("end", "planning_cash_end", "money"),
    )
    table = Table("scenarios", frame, columns, say.currency)
    return Card(
        "planning.scenarios",
        sentence,
        rows(view),
        (figure,),
        table,
        unsaid(view),
        note=as_tried(view, scenario=False),
        term="scenario",
    )


@dataclass(frozen=True)
class _Future:
    """What becomes of the plan in one scenario: its first year, cash by month, lowest cash and when."""

    scenario: Scenario
    turnover: float
    profit: float
    cash: np.ndarray
    lowest: float
    month: int


def _futures(view: View, made: Basis) -> list[_Future]:
    levers = dict(view.choice.plan.levers)
    return [_future(made, one, levers) for one in made.scenarios.values()]


def _future(made: Basis, scenario: Scenario, levers: Mapping[str, float]) -> _Future:
    inputs = applied(made.inputs, scenario, levers, made.forecast, made.spread)
    plan = build_plan(inputs, made.rules, keep=("cash", "turnover", "net_profit"))
    cash = plan.line("cash")
    return _Future(
        scenario,
        float(plan.line("turnover")[:YEAR].sum()),
        float(plan.line("net_profit")[:YEAR].sum()),
        cash,
        float(cash.min()),
        made.inputs.start + int(cash.argmin()),
    )


def _lowest_words(say: Speaker, future: _Future) -> str:
    money = say.money(future.lowest, decimals=0)
    return say("planning.say.scenario_cash", money=money, month=period_of(future.month))


@on_paper_too
def running_dry(view: View) -> Card:
    """How likely cash is to run out by each month, and what decides about it."""
    say, made, ahead = view.say, planned(view), outlook(view)
    if made is None or ahead is None:
        return Card("planning.running_dry", "", missing=why_not(view), term="prob_cash_negative")
    months = calendar(made.inputs)
    told = [
        say("planning.say.dry_by", month=months[place], chance=say.percent(ahead.chance[place], 0))
        for place in _when_it_rises(ahead.chance)
    ]
    gaps = unsaid(view)
    if gaps:
        sentence = ""
    elif told:
        sentence = say("planning.say.dry", parts=say.enumeration(told))
        sentence += " " + say("planning.say.dry_driver", driver=_driver(say, ahead.drivers[-1]))
    else:
        sentence = say("planning.say.never_dry", n=ahead.paths)
    figure = charts.over_months(
        say,
        months,
        [charts.Series(say("planning.series.chance_by"), ahead.chance.tolist(), theme.ALERT)],
        [],
        axes.percents(say, 1),
        axes.percents(say),
        height=300,
    )
    frame = pd.DataFrame(
        {
            "month": months,
            "by": ahead.chance,
            "here": ahead.here,
            "driver": list(ahead.drivers),
            "low": ahead.low,
        }
    )
    columns = (
        Column("month", "month", "month"),
        Column("by", "planning_chance_by", "percent"),
        Column("here", "planning_chance_below", "percent"),
        Column("driver", "planning_decided_by", words=lambda name: _driver(say, name) if name else "–"),
        Column("low", "planning_cash_low", "money"),
    )
    return Card(
        "planning.running_dry",
        sentence,
        rows(view),
        (figure,) if told and not gaps else (),
        Table("running-dry", frame, columns, say.currency) if not gaps else None,
        gaps,
        note="" if gaps else say("planning.say.versions", n=ahead.paths),
        term="prob_cash_negative",
    )


def _when_it_rises(chance: np.ndarray) -> list[int]:
    """After half a year, one, two and three: the months by which the chance is a point more than before."""
    found, before = [], 0.0
    for place in sorted({min(one, len(chance)) - 1 for one in _HORIZONS}):
        if round(float(chance[place]), 2) > before:
            found.append(place)
            before = round(float(chance[place]), 2)
    return found


def _driver(say: Speaker, name: str) -> str:
    return say(f"planning.driver.{name}")


@later
@on_paper_too
def matters(view: View) -> Card:
    """What matters most for the lowest cash: each driver moved alone from bad to good."""
    made = basis(view)
    if made is None:
        return Card("planning.matters", "", missing=why_not(view), term="sensitivity")
    say = view.say
    inputs = chosen_inputs(view)
    assert inputs is not None
    found = view.kept("tornado", lambda: tornado(inputs, made.rules, made.forecast, made.spread))
    found = found[(found["output"] == "lowest_cash").to_numpy() & (found["value"] >= 0.5).to_numpy()]
    if found.empty:
        return Card("planning.matters", say("planning.say.nothing_matters"), rows(view), term="sensitivity")
    top = first_row(found)
    names = [_driver(say, name) for name in found["driver"]]
    sentence = say(
        "planning.say.matters",
        driver=names[0],
        bad=say.money(min(top["at_low"], top["at_high"]), decimals=0),
        good=say.money(max(top["at_low"], top["at_high"]), decimals=0),
        base=say.money(top["base"], decimals=0),
    )
    if top["driver"] == TURNOVER and top["at_high"] < top["at_low"]:
        sentence += " " + say("planning.say.growth_takes_cash")
    if len(names) > 2:
        sentence += " " + say("planning.say.matters_then", first=names[1], second=names[2])
    shown = found.head(_SHOWN)
    worse, better = (_side(shown, pick) for pick in (np.minimum, np.maximum))
    figure = _two_sided(say, names[: len(shown)], worse, better)
    frame = found.assign(
        driver_name=names,
        bad=[_lever_words(say, one, _end(one, bad=True)) for one in found.itertuples()],
        good=[_lever_words(say, one, _end(one, bad=False)) for one in found.itertuples()],
        at_bad=np.minimum(found["at_low"], found["at_high"]),
        at_good=np.maximum(found["at_low"], found["at_high"]),
        source=[_source(view, made, name) for name in found["driver"]],
        together=found["driver"].map(_with_lowest_cash(view)).to_numpy("float64"),
    )
    columns = (
        Column("driver_name", "planning_driver"),
        Column("bad", "planning_if_bad"),
        Column("good", "planning_if_good"),
        Column("at_bad", "planning_lowest_if_bad", "money"),
        Column("at_good", "planning_lowest_if_good", "money"),
        Column("together", "planning_rank_correlation", words=lambda one: say.number(one, 2, signed=True)),
        Column("source", "planning_range_source"),
    )
    table = Table("what-matters-most", frame, columns, say.currency)
    return Card(
        "planning.matters", sentence, rows(view), (figure,), table, note=as_tried(view), term="sensitivity"
    )


def _with_lowest_cash(view: View) -> pd.Series:
    """How far each driver's rank goes with that of the lowest cash, over all versions (Spearman)."""
    seen = simulation(view)
    return pd.Series(dtype="float64") if seen is None else seen.importance.set_index("driver")["value"]


def _side(shown: pd.DataFrame, pick: np.ufunc) -> list[float]:
    """What the lowest cash gains or loses against the plan, at a driver's worse or better end."""
    return (pick(shown["at_low"], shown["at_high"]) - shown["base"]).tolist()


def _two_sided(say: Speaker, names: list[str], worse: list[float], better: list[float]) -> charts.Figure:
    """Bars from the plan to both sides, the widest on top."""
    write = axes.whole_money(say)
    figure = charts.ranked(names, better, write, colour=theme.SECOND)
    other = charts.ranked(names, worse, write, colour=theme.ALERT)
    figure["data"].append(other["data"][0])
    low, high = min([0.0, *worse, *better]), max([0.0, *worse, *better])
    room = 0.3 * ((high - low) or 1.0)
    figure["layout"]["xaxis"]["range"] = [low - room, high + room]
    figure["layout"]["barmode"] = "overlay"
    figure["narrow"] = {"yaxis": figure["narrow"]["yaxis"]}
    return figure


def _end(row: object, bad: bool) -> float:
    low, high = row.low, row.high  # type: ignore[attr-defined]
    low_is_bad = row.at_low <= row.at_high  # type: ignore[attr-defined]
    return low if low_is_bad == bad else high


def _lever_words(say: Speaker, row: object, value: float) -> str:
    """A driver's end against the plan: a change in per cent, points or days."""
    return shift_in_words(say, row.driver, value)  # type: ignore[attr-defined]


def shift_in_words(say: Speaker, name: str, value: float) -> str:
    """How far a lever is from the plan."""
    unit = "factor" if name == TURNOVER else LEVERS[name].unit
    if unit == "factor":
        return say.percent(value - 1, 0 if abs(value - 1) >= 0.1 else 1, signed=True)
    if unit == "points":
        n = abs(round(100 * value, 1))
        return say("planning.points", n=n, points=say.number(100 * value, 1, signed=True))
    if unit == "money":
        return say.money(value, decimals=0)
    return say("planning.shift_days", n=abs(round(value)), days=say.number(value, 0, signed=True))


def _source(view: View, made: Basis, name: str) -> str:
    by = {one.name: one.made_by for one in made.spread.drivers}
    return view.say(f"planning.range_from.{by.get(name, 'forecast')}")

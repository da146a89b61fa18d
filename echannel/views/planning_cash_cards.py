"""Cash: month by month with what may come of it, and the plan of what comes in and goes out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from echannel.locale import Speaker
from echannel.metrics.planning.engine import Plan
from echannel.metrics.planning.layouts import CASH_FLOW, Line
from echannel.metrics.planning.reading import cash_reading
from echannel.views import axes, charts, curves, theme
from echannel.views.cards import Card
from echannel.views.context import View, on_paper_too
from echannel.views.planning_charts import Mark, money_ahead
from echannel.views.planning_facts import YEAR, calendar, line_in_words, months_table, period_of, rows
from echannel.views.planning_plan import CASH_UNKNOWN, Outlook, outlook, planned, unsaid, why_not
from echannel.views.tables import Column, Table

_IN = ("receipts", "loans_drawn", "grants_received", "capital_in")
_OUT = (
    ("goods", ("suppliers_paid", "carriage_paid"), theme.SECOND),
    ("people", ("staff_paid", "social_paid", "drawings", "dividends"), theme.THIRD),
    ("running", ("fees_paid", "marketing_paid", "rent_paid", "overheads_paid"), theme.SOFT),
    ("taxes", ("vat_paid", "tax_paid"), theme.ALERT),
    ("investing", ("capital_spending_paid", "loans_repaid", "interest_paid"), theme.NEUTRAL),
)
# Lines of the cash flow that take money away.
_TAKES = {name for line in CASH_FLOW for name in line.minus}


@on_paper_too
def cash(view: View) -> Card:
    """Will the cash last: month by month, as planned and as it may come."""
    say, made, ahead = view.say, planned(view), outlook(view)
    if made is None:
        return Card("planning.cash", "", missing=why_not(view), term="cash_low")
    held, months, gaps = made.line("cash"), calendar(made.inputs), unsaid(view)
    spreads = []
    if ahead is not None:
        spreads.append(curves.Spread(say("planning.series.likely"), ahead.low.tolist(), ahead.high.tolist()))
    figure = money_ahead(
        say,
        months,
        [charts.Series(say("planning.series.cash"), held.tolist(), theme.MAIN)],
        spreads,
        _marks(view, made),
    )
    came = _added(made, _IN)
    frame = pd.DataFrame(
        {
            "month": months,
            "in": came,
            "out": came - made.line("cash_change"),
            "cash": held,
            "low": ahead.low if ahead is not None else np.nan,
            "high": ahead.high if ahead is not None else np.nan,
            "chance": ahead.here if ahead is not None else np.nan,
        }
    )
    columns = (
        Column("month", "month", "month"),
        Column("in", "planning_money_in", "money"),
        Column("out", "planning_money_out", "money"),
        Column("cash", "planning_cash", "money"),
        Column("low", "planning_cash_low", "money"),
        Column("high", "planning_cash_high", "money"),
        Column("chance", "planning_chance_below", "percent"),
    )
    return Card(
        "planning.cash",
        " ".join(
            [
                cash_sentence(view, made),
                *(
                    []
                    if CASH_UNKNOWN in gaps
                    else [*runway_sentences(view, made), *chance_sentences(view, ahead)]
                ),
            ]
        ),
        rows(view),
        (figure,),
        Table("cash", frame, columns, say.currency),
        gaps,
        note=say("planning.say.reads_band", n=ahead.paths) if ahead is not None else "",
        term="cash_low",
    )


def cash_sentence(view: View, made: Plan) -> str:
    """When cash is lowest, how much that is, and when it first falls below zero."""
    say, held = view.say, made.line("cash")
    low, below = int(held.argmin()), np.flatnonzero(held < 0)
    money, month = say.money(held[low], decimals=0), period_of(made.start + low)
    if held[low] >= made.opening["cash"] > 0:
        return say(
            "planning.say.cash_grows",
            start=say.money(made.opening["cash"], decimals=0),
            end=say.money(held[-1], decimals=0),
            month=period_of(made.start + made.months - 1),
        )
    if not len(below):
        return say("planning.say.cash_lowest", money=money, month=month)
    first = period_of(made.start + int(below[0]))
    if below[0] == low:
        return say("planning.say.cash_below_at_once", first=first, money=money)
    return say("planning.say.cash_below", first=first, money=money, month=month)


def runway_sentences(view: View, made: Plan) -> list[str]:
    """How long the cash lasts at the pace of the first three months, where it goes down."""
    lasts = cash_reading(made).runway
    return [view.say("planning.say.runway", n=int(lasts))] if 1 <= lasts <= made.months else []


def chance_sentences(view: View, ahead: Outlook | None) -> list[str]:
    """How likely it is that cash runs out within a year, and what decides about it."""
    if ahead is None:
        return []
    say, chance = view.say, ahead.chance_within(YEAR)
    said = [say("planning.say.chance", chance=chance_in_words(say, chance))]
    driver = ahead.drivers[min(YEAR, len(ahead.drivers)) - 1]
    if driver:
        said.append(say("planning.say.driver", driver=say(f"planning.driver.{driver}")))
    return said


def chance_in_words(say: Speaker, chance: float) -> str:
    """A chance; below one in a hundred and above ninety-nine it is not pretended to be exact."""
    if chance < 0.01:
        return say("planning.less_than", share=say.percent(0.01, 0))
    if chance > 0.99:
        return say("planning.more_than", share=say.percent(0.99, 0))
    return say.percent(chance, 0)


def _marks(view: View, made: Plan) -> list[Mark]:
    say, held = view.say, made.line("cash")
    low, below = int(held.argmin()), np.flatnonzero(held < 0)
    words = say("planning.mark.lowest", money=say.money(held[low], decimals=0))
    marks = [Mark(low, float(held[low]), words)]
    if len(below) and below[0] != low:
        at = int(below[0])
        marks.append(Mark(at, float(held[at]), say("planning.mark.first_below"), theme.ALERT, "diamond"))
    return marks


@on_paper_too
def cash_plan(view: View) -> Card:
    """What comes in and goes out, month by month: the cash-flow forecast that a bank asks for."""
    say, made = view.say, planned(view)
    if made is None:
        return Card("planning.cash_plan", "", missing=why_not(view), term="cash_flow_plan")
    months = calendar(made.inputs)
    bars = [charts.Series(say("planning.series.in"), _added(made, _IN).tolist(), theme.MAIN)]
    for name, lines, colour in _OUT:
        paid = -_added(made, lines)
        if np.any(paid):
            bars.append(charts.Series(say(f"planning.series.{name}"), paid.tolist(), colour))
    figure = charts.over_months(
        say, months, bars, [], axes.whole_money(say), axes.short_money(say), stacked=True, height=380
    )
    totals = [line_in_words(say, one.name) for one in CASH_FLOW if one.is_sum]
    totals += [say("planning.line.cash_before"), say("planning.line.cash_after")]
    return Card(
        "planning.cash_plan",
        _heaviest(view, made),
        rows(view),
        (figure,),
        months_table(view, "cash-plan", _statement(say, made), made, "planning.basis.incl_vat", totals),
        term="cash_flow_plan",
    )


def _added(made: Plan, lines: Sequence[str]) -> np.ndarray:
    return np.sum([made.line(name) for name in lines], axis=0)


def _heaviest(view: View, made: Plan) -> str:
    """What comes in and goes out in twelve months, and the month that takes most."""
    say, change = view.say, made.line("cash_change")[:YEAR]
    came = float(sum(made.line(name)[:YEAR].sum() for name in _IN))
    said = say(
        "planning.say.in_and_out",
        came=say.money(came, decimals=0),
        went=say.money(came - change.sum(), decimals=0),
        n=len(change),
    )
    worst = int(change.argmin())
    if change[worst] >= 0:
        return said
    parts = {name: float(sum(made.line(line)[worst] for line in lines)) for name, lines, _ in _OUT}
    most = max(parts, key=lambda name: parts[name])
    return f"{said} " + say(
        "planning.say.worst_month",
        month=period_of(made.start + worst),
        money=say.money(-change[worst], decimals=0),
        part=say(f"planning.series.{most}"),
        part_money=say.money(parts[most], decimals=0),
    )


def _statement(say: Speaker, made: Plan) -> list[tuple[str, np.ndarray]]:
    """The lines of the cash flow with their signs, from the opening cash to the closing one."""
    held = made.line("cash")
    before = np.concatenate([[made.opening["cash"]], held[:-1]])
    lines = [(line_in_words(say, one.name), _signed(made, one)) for one in _shown(made, CASH_FLOW)]
    return [(say("planning.line.cash_before"), before), *lines, (say("planning.line.cash_after"), held)]


def _signed(made: Plan, line: Line) -> np.ndarray:
    values = made.line(line.name)
    return 0.0 - values if line.name in _TAKES else values


def _shown(made: Plan, layout: Sequence[Line]) -> list[Line]:
    """Lines with anything in them, and every sum."""
    return [line for line in layout if line.is_sum or np.any(made.line(line.name))]

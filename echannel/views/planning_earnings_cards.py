"""Earnings: by financial year in the country's form, by month, and when the year's costs are covered."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.planning.engine import Plan
from echannel.metrics.planning.layouts import PROFIT_AND_LOSS
from echannel.metrics.planning.reading import BreakEven, break_even
from echannel.metrics.planning.statements import statement
from echannel.metrics.result import OK
from echannel.metrics.turnover import as_date
from echannel.views import axes, charts, theme
from echannel.views.cards import NO_FIGURES, Card
from echannel.views.context import View, on_paper_too
from echannel.views.planning_charts import year_to_break_even
from echannel.views.planning_facts import (
    FiscalYear,
    by_year,
    calendar,
    fiscal_years,
    line_in_words,
    months_table,
    rows,
    told_years,
    year_name,
    years_table,
)
from echannel.views.planning_plan import COSTS_UNKNOWN, planned, unsaid, why_not
from echannel.views.tables import Column, Table


@on_paper_too
def earnings(view: View) -> Card:
    """The profit and loss account by financial year: soldes intermédiaires de gestion, or the UK format."""
    say, made = view.say, planned(view)
    if made is None:
        return Card("planning.earnings", "", missing=why_not(view), term="pnl_forecast")
    years = fiscal_years(made.inputs)
    frame = statement(made, [year.at for year in years])
    values = frame[list(range(len(years)))].to_numpy()
    lines = [
        (say(f"planning.statement.{name}"), values[at].tolist())
        for at, (name, subtotal) in enumerate(zip(frame["line"], frame["subtotal"], strict=True))
        if subtotal or values[at].any()
    ]
    totals = [say(f"planning.statement.{name}") for name in frame.loc[frame["subtotal"], "line"]]
    said = []
    turnover, profit = by_year(made.line("turnover"), years), by_year(made.line("net_profit"), years)
    for at in told_years(years):
        key = "planning.say.earns" if profit[at] >= 0 else "planning.say.loses"
        said.append(
            say(
                key,
                year=year_name(say, years[at]),
                turnover=say.money(turnover[at], decimals=0),
                profit=say.money(abs(profit[at]), decimals=0),
            )
        )
    return Card(
        "planning.earnings",
        " ".join(said),
        rows(view),
        NO_FIGURES,
        years_table(view, "profit-and-loss", lines, made, "planning.basis.ex_vat", totals),
        costs_missing(view),
        open_table=True,
        term="sig" if made.inputs.country == "FR" else "pnl_forecast",
    )


@on_paper_too
def months(view: View) -> Card:
    """Turnover and operating profit by month; behind the chart the whole account, line by line."""
    say, made = view.say, planned(view)
    if made is None:
        return Card("planning.earnings_months", "", missing=why_not(view), term="operating_profit")
    profit = made.line("operating_profit")
    figure = charts.over_months(
        say,
        calendar(made.inputs),
        [charts.Series(say("planning.series.turnover"), made.line("turnover").tolist(), theme.MAIN)],
        [charts.Series(say("planning.series.operating_profit"), profit.tolist(), theme.ALERT)],
        axes.whole_money(say),
        axes.short_money(say),
    )
    below, lacks = int((profit < 0).sum()), costs_missing(view)
    sentence = "" if lacks else say("planning.say.no_month_below")
    if below:
        sentence = say("planning.say.months_below", n=below, all=len(profit))
    lines = [
        (line_in_words(say, line.name), _signed(made, line.name))
        for line in PROFIT_AND_LOSS
        if line.is_sum or np.any(made.line(line.name))
    ]
    totals = [line_in_words(say, line.name) for line in PROFIT_AND_LOSS if line.is_sum]
    return Card(
        "planning.earnings_months",
        sentence,
        rows(view),
        (figure,),
        months_table(view, "profit-and-loss-by-month", lines, made, "planning.basis.ex_vat", totals),
        lacks,
        term="operating_profit",
    )


_COSTS = {name for line in PROFIT_AND_LOSS for name in line.minus}


def _signed(made: Plan, name: str) -> np.ndarray:
    values = made.line(name)
    return 0.0 - values if name in _COSTS else values


def costs_missing(view: View) -> tuple[str, ...]:
    """Said where no fixed cost is known: what is earned then looks better than it is."""
    return tuple(one for one in unsaid(view) if one == COSTS_UNKNOWN)


@on_paper_too
def break_even_point(view: View) -> Card:
    """How much must be sold to cover the year's costs, and on which day that is done."""
    say, made = view.say, planned(view)
    if made is None:
        return Card("planning.break_even", "", missing=why_not(view), term="break_even")
    years = fiscal_years(made.inputs)
    seen = [break_even(made, year.at.start, year.months) for year in years]
    first = shown_year(years)
    chosen, year = seen[first], years[first]
    lacks = costs_missing(view)
    frame = pd.DataFrame(
        {
            "year": [year_name(say, one) for one in years],
            "turnover": [one.turnover for one in seen],
            "variable": [one.turnover * (1 - one.rate) for one in seen],
            "rate": [one.rate for one in seen],
            "fixed": [one.fixed for one in seen],
            "amount": [one.amount for one in seen],
            "day": [day_of(one) for one in seen],
            "safety": [one.safety for one in seen],
            "why": ["" if one.day >= 0 else say("planning.tile.not_reached") for one in seen],
        }
    )
    columns = (
        Column("year", "planning_year"),
        Column("turnover", "planning_turnover", "money"),
        Column("variable", "planning_variable", "money"),
        Column("rate", "planning_contribution_rate", "percent"),
        Column("fixed", "planning_fixed", "money"),
        Column("amount", "planning_break_even", "money"),
        Column("day", "planning_break_even_day", "day", absent="why"),
        Column("safety", "planning_safety", "change"),
    )
    return Card(
        "planning.break_even",
        "" if lacks else break_even_sentence(view, year, chosen),
        rows(view),
        (_chart(view, made, year, chosen),) if chosen.status == OK and not lacks else NO_FIGURES,
        None if lacks else Table("break-even", frame, columns, say.currency),
        (*lacks, *(() if chosen.status == OK else (chosen.reason,))),
        term="break_even",
    )


def shown_year(years: list[FiscalYear]) -> int:
    """The first financial year that the plan has whole: half a year breaks even on other days."""
    return int(np.argmax([year.months for year in years]))


def day_of(seen: BreakEven) -> pd.Timestamp | None:
    """The break-even date; None where it does not come."""
    return as_date(seen.day) if seen.day >= 0 else None


def break_even_sentence(view: View, year: FiscalYear, seen: BreakEven) -> str:
    """When costs are covered, at which turnover, and how far above it the plan lies."""
    say, name = view.say, year_name(view.say, year)
    if seen.status != OK:
        return say("planning.say.break_even_never", year=name) if seen.turnover > 0 else ""
    amount, day = say.money(seen.amount, decimals=0), day_of(seen)
    if day is None:
        return say(
            "planning.say.break_even_not",
            year=name,
            money=amount,
            turnover=say.money(seen.turnover, decimals=0),
        )
    return say(
        "planning.say.break_even",
        year=name,
        day=day,
        money=amount,
        safety=say.percent(seen.turnover / seen.amount - 1, 0) if seen.amount > 0 else say("common.unknown"),
    )


def _chart(view: View, made: Plan, year: FiscalYear, seen: BreakEven) -> charts.Figure:
    say, day = view.say, day_of(seen)
    crossing = None
    if day is not None:
        first = calendar(made.inputs)[year.at.start].to_timestamp()
        crossing = (day.year - first.year) * 12 + day.month - first.month + (day.day - 1) / day.days_in_month
    return year_to_break_even(
        say,
        calendar(made.inputs)[year.at],
        made.line("contribution")[year.at].tolist(),
        seen.fixed,
        crossing,
        (
            say("planning.series.margin_so_far"),
            say("planning.series.fixed_costs"),
            say("planning.series.break_even", day=day) if day is not None else "",
        ),
    )

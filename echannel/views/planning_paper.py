"""What stands in the business plan on paper: the summary of its first page, its parts, its annexes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from echannel.foresight import history_of
from echannel.metrics.planning.assumed import SOURCES
from echannel.metrics.planning.engine import Plan
from echannel.views import (
    planning_assumption_cards,
    planning_cash_cards,
    planning_earnings_cards,
    planning_goal_cards,
    planning_needs_cards,
    planning_opening,
    planning_past_cards,
    planning_project_cards,
    planning_risk_cards,
    planning_sales_cards,
    planning_tax_cards,
)
from echannel.views.cards import Card
from echannel.views.context import View
from echannel.views.plan_choice import PlanChoice
from echannel.views.plan_document import Part, Printed, Summary, plan_pdf
from echannel.views.planning_facts import (
    YEAR,
    at_year_ends,
    by_year,
    fiscal_years,
    line_in_words,
    period_of,
    years_table,
)
from echannel.views.planning_plan import CASH_UNKNOWN, basis, planned
from echannel.views.planning_words import scenario_name
from echannel.views.tables import Table, worded

CardFunction = Callable[[View], Card | None]
_FOR_THE_OWNER = ("topic", "enter")  # columns of the assumptions that a bank has no use for
_YEAR_LINES = ("turnover", "gross_margin", "ebitda", "net_profit")
_PARTS: tuple[tuple[str, tuple[tuple[CardFunction, str], ...]], ...] = (
    (
        "money",
        (
            (planning_cash_cards.cash, "chart"),
            (planning_cash_cards.cash_plan, "year"),
            (planning_earnings_cards.earnings, "all"),
            (planning_earnings_cards.break_even_point, "all"),
            (planning_needs_cards.financing, "all"),
            (planning_needs_cards.debt, "all"),
            (planning_needs_cards.balance, "all"),
            (planning_needs_cards.tied_up, "words"),
        ),
    ),
    (
        "rests_on",
        (
            (planning_sales_cards.forecast, "chart"),
            (planning_sales_cards.sales_drivers, "words"),
            (planning_assumption_cards.assumptions, "all"),
        ),
    ),
    (
        "otherwise",
        (
            (planning_risk_cards.running_dry, "words"),
            (planning_risk_cards.scenarios, "all"),
            (planning_risk_cards.matters, "chart"),
            (planning_goal_cards.goals, "words"),
            (planning_project_cards.project, "all"),
        ),
    ),
    ("record", ((planning_tax_cards.tax_dates, "table"), (planning_past_cards.past_years, "table"))),
    ("annex_cash", ((planning_cash_cards.cash_plan, "annex"),)),
    ("annex_earnings", ((planning_earnings_cards.months, "annex"),)),
)


def plan_on_paper(view: View) -> bytes:
    """The plan as a PDF in the language of ``view``; only where there is a plan."""
    made = planned(view)
    assert made is not None
    cards: dict[CardFunction, Card | None] = {}
    parts = []
    for name, wanted in _PARTS:
        printed = []
        for make, how in wanted:
            if make not in cards:
                cards[make] = make(view)
            card = cards[make]
            if card is not None and not _empty(card):
                printed.append(_printed(card, how))
        parts.append(Part(view.say(f"planning.paper.part.{name}"), tuple(printed), name.startswith("annex")))
    return plan_pdf(view, summary_of(view, made), parts)


def _empty(card: Card) -> bool:
    """A card that only says what would be there if more were known."""
    return not card.sentence and card.table is None and not card.figures


def _printed(card: Card, how: str) -> Printed:
    if how == "annex":
        card = replace(card, sentence="", note="", missing=())  # said where the first year stands
    elif card.key == planning_assumption_cards.KEY and card.table is not None:
        columns = tuple(one for one in card.table.columns if one.field not in _FOR_THE_OWNER)
        card = replace(card, table=replace(card.table, columns=columns))  # room for the reasons
    return Printed(
        card,
        figures=how in ("all", "chart"),
        table=how not in ("chart", "words"),
        months=YEAR if how == "year" else None,
    )


def summary_of(view: View, made: Plan) -> Summary:
    """The first page: what a bank reads before it reads on."""
    heads = [view.say(head) for head in planning_opening.HEADS]
    return Summary(
        list(zip(heads, planning_opening.planning(view), strict=True)),
        planning_opening.tiles(view),
        [(view.say(f"planning.paper.fact.{name}"), text) for name, text in _facts(view, made) if text],
        _years(view, made),
        _assumed(view),
    )


def _facts(view: View, made: Plan) -> list[tuple[str, str]]:
    return [
        ("business", _business(view)),
        ("plan", _which_plan(view, made)),
        ("need", _need(view, made)),
        ("who", _who(view)),
    ]


def _business(view: View) -> str:
    """To whom the firm sells, and what the last twelve whole months brought."""
    say, history = view.say, history_of(view.sme)
    past = history.loc[history["complete"], "turnover"].tail(YEAR)
    customers = say(f"planning.paper.sells_to.{view.sme.profile.orientation}")
    if not len(past) or not np.isfinite(past).all():
        return customers
    money = say.money(float(past.sum()), decimals=0)
    return f"{customers} {say('planning.paper.sold', n=len(past), money=money)}"


def _which_plan(view: View, made: Plan) -> str:
    """Which months, in which scenario; and what entering a market is to bring, where that is planned."""
    say, found, tried = view.say, basis(view), view.choice.plan
    assert found is not None
    last = period_of(made.start + made.months - 1)
    said = [say("planning.paper.months", n=made.months, first=period_of(made.start), last=last)]
    if tried != PlanChoice():
        scenario = found.scenarios.get(tried.scenario, found.scenarios[PlanChoice().scenario])
        name = scenario_name(say, scenario)
        said.append(say("planning.paper.tried", scenario=name, n=len(tried.levers)))
    project = planning_project_cards.project(view)
    return " ".join([*said, project.sentence]).strip()


def _need(view: View, made: Plan) -> str:
    """How much money is missing at the lowest point, when, and what loans and capital bring already."""
    say, held = view.say, made.line("cash")
    low = int(held.argmin())
    found = basis(view)
    if found is not None and CASH_UNKNOWN in found.reasons:
        return say(CASH_UNKNOWN)
    if held[low] < 0:
        need = say(
            "planning.paper.needs",
            money=say.money(-held[low], decimals=0),
            month=period_of(made.start + low),
            first=period_of(made.start + int(np.flatnonzero(held < 0)[0])),
        )
    else:
        need = say("planning.paper.needs_nothing", money=say.money(held[low], decimals=0))
    drawn = float(made.line("loans_drawn").sum() + made.line("capital_in").sum())
    if drawn > 0:
        need += " " + say("planning.paper.planned_already", money=say.money(drawn, decimals=0))
    return need


def _who(view: View) -> str:
    """How many of the plan's assumptions each has made."""
    found = basis(view)
    assert found is not None
    made_by = [one.made_by for one in found.assumptions]
    counts = [(by, made_by.count(by)) for by in SOURCES if by in made_by]
    parts = [view.say(f"planning.paper.by.{by}", n=n) for by, n in counts]
    return view.say("planning.paper.who", parts=parts)


def _assumed(view: View) -> list[tuple[str, str, str]]:
    """Every assumption as the page lists it: what, its value, who made it."""
    table = planning_assumption_cards.assumptions(view).table
    if table is None:
        return []
    columns = {column.field: column for column in table.columns}
    texts = [worded(table, columns[name], view.say) for name in ("name", "value", "made_by")]
    return list(zip(*texts, strict=True))


def _years(view: View, made: Plan) -> Table:
    """The years in five lines."""
    years = fiscal_years(made.inputs)
    lines = [(line_in_words(view.say, name), by_year(made.line(name), years)) for name in _YEAR_LINES]
    lines.append((view.say("planning.line.cash_after"), at_year_ends(made.line("cash"), years)))
    return years_table(view, "years", lines, made, "planning.basis.money")

"""The planning page's first words: what happens to cash, why, what to do next; and its tiles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from echannel.metrics.planning.engine import Plan
from echannel.metrics.planning.financing import explained
from echannel.metrics.planning.reading import break_even
from echannel.views.context import View
from echannel.views.opening import Sentences
from echannel.views.planning_cash_cards import cash_sentence, chance_in_words, chance_sentences
from echannel.views.planning_earnings_cards import day_of, shown_year
from echannel.views.planning_facts import YEAR, fiscal_years, period_of, year_name
from echannel.views.planning_plan import (
    CASH_UNKNOWN,
    COSTS_UNKNOWN,
    basis,
    doubtful,
    outlook,
    planned,
    turnover_range,
    unsaid,
    why_not,
)
from echannel.views.tiles import Tile, Tiles

HEADS = ("planning.open.head.ahead", "planning.open.head.why", "planning.open.head.next")
"""What stands before the opening's three sentences, on the page and on paper."""

_TAKES = {
    "stock": "planning.open.stock_takes",
    "customers": "planning.open.customers_take",
    "suppliers": "planning.open.suppliers_take",
    "taxes": "planning.open.taxes_take",
    "invested": "planning.open.investment_takes",
    "loans": "planning.open.loans_take",
    "owners": "planning.open.owners_take",
}
_ODD = "_implausible"
_WORTH_SAYING = 0.1  # of the largest part


def planning(view: View) -> Sentences:
    """What happens to cash, why, and what to do next."""
    say, made = view.say, planned(view)
    if made is None:
        return say("planning.open.no_plan"), _no_turnover(view), say(why_not(view)[0])
    return _state(view, made), _cause(view, made), _next_step(view, made)


def _no_turnover(view: View) -> str:
    sold = len(view.sme.sales.orders)
    return view.say("planning.open.why_zero" if sold else "planning.open.why_no_plan")


def _state(view: View, made: Plan) -> str:
    say = view.say
    if CASH_UNKNOWN in unsaid(view):
        start = say("planning.open.starts_at_nothing", month=period_of(made.start))
        return f"{start} {cash_sentence(view, made)}"
    start = say(
        "planning.open.starts_at", month=period_of(made.start), money=_money(view, made.opening["cash"])
    )
    return " ".join([start, cash_sentence(view, made), *chance_sentences(view, outlook(view))[:1]])


def _cause(view: View, made: Plan) -> str:
    """What moves cash until its lowest point (or, where that is at once, over the whole plan)."""
    say, held = view.say, made.line("cash")
    low = int(held.argmin())
    until = low if low > 0 else made.months - 1
    parts = explained(made, until)
    earned = parts.pop("earned")
    said = [
        say("planning.open.earns", money=_money(view, earned))
        if earned >= 0
        else say("planning.open.costs_money", money=_money(view, -earned))
    ]
    takes = sorted((value, name) for name, value in parts.items() if name in _TAKES and value < 0)
    floor = _WORTH_SAYING * max(abs(earned), *(-value for value, _ in takes), 0.0)
    said += [say(_TAKES[name], money=_money(view, -value)) for value, name in takes[:2] if -value > floor]
    sentence = say("planning.open.until", month=period_of(made.start + until), parts=said)
    rate = _margin_rate(made)
    if rate < 0:
        sentence = f"{say('planning.open.negative_margin', rate=say.percent(rate, 0))} {sentence}"
    return sentence


def _margin_rate(made: Plan) -> float:
    turnover = made.line("turnover").sum()
    return float(made.line("gross_margin").sum() / turnover) if turnover > 0 else float("nan")


def _next_step(view: View, made: Plan) -> str:
    """Look at what can hardly be meant; find money, keep a reserve, or neither; check what nobody stated."""
    say, held, ahead = view.say, made.line("cash"), outlook(view)
    below, found = np.flatnonzero(held < 0), basis(view)
    assert found is not None
    odd = [reason for reason in found.reasons if reason.endswith(_ODD)]
    if odd:
        said = " ".join(say(reason) for reason in odd)
    elif missing := unsaid(view):
        said = " ".join(say(reason) for reason in missing)
    elif doubtful(view):
        said = say("reason.planning.ledger_unbalanced")
    elif len(below):
        said = say(
            "planning.open.find_money",
            money=_money(view, -held.min()),
            month=period_of(made.start + int(below[0])),
        )
    elif ahead is not None and ahead.lowest < 0:
        said = say("planning.open.reserve", money=_money(view, ahead.lowest))
    else:
        said = say("planning.open.room", money=_money(view, held.min() if ahead is None else ahead.lowest))
    assumed = sum(one.made_by == "default" for one in found.assumptions)
    return f"{said} {say('planning.open.check', n=assumed)}" if assumed else said


def tiles(view: View) -> Tiles:
    """Lowest cash, next year's turnover, break-even, the chance of running dry."""
    say, made = view.say, planned(view)
    name = say("planning.tiles")
    if made is None:
        labels = {
            "lowest": say("planning.tile.lowest"),
            "turnover": say("planning.tile.turnover"),
            "break_even": say.term("break_even_date"),
            "dry": say("planning.tile.dry"),
        }
        shown = {key: Tile(label, say("common.unknown"), known=False) for key, label in labels.items()}
    else:
        shown = {
            "lowest": _lowest(view, made),
            "turnover": _turnover(view, made),
            "break_even": _break_even(view, made),
            "dry": _dry(view, made),
        }
    return Tiles(name, tuple(replace(tile, help=f"views.help.planning.{key}") for key, tile in shown.items()))


def _lowest(view: View, made: Plan) -> Tile:
    say, held, ahead = view.say, made.line("cash"), outlook(view)
    low = int(held.argmin())
    month = period_of(made.start + low)
    under = (
        say("planning.tile.from_nothing", month=month)
        if CASH_UNKNOWN in unsaid(view)
        else say("planning.tile.lowest_when", month=month)
        if ahead is None
        else say("planning.tile.lowest_under", month=month, money=_money(view, ahead.lowest))
    )
    return Tile(say("planning.tile.lowest"), _money(view, held[low]), under)


def _turnover(view: View, made: Plan) -> Tile:
    say = view.say
    planned_year = float(made.line("turnover")[:YEAR].sum())
    low, high = turnover_range(view, YEAR)
    under = say("planning.tile.turnover_range", low=_money(view, low), high=_money(view, high))
    return Tile(say("planning.tile.turnover"), _money(view, planned_year), under)


def _break_even(view: View, made: Plan) -> Tile:
    say, years = view.say, fiscal_years(made.inputs)
    year = years[shown_year(years)]
    seen = break_even(made, year.at.start, year.months)
    label = say("planning.tile.break_even", year=year_name(say, year))
    if COSTS_UNKNOWN in unsaid(view):
        return Tile(label, say("common.unknown"), say("planning.tile.no_costs"), known=False)
    day = day_of(seen)
    under = say("planning.tile.break_even_under", money=_money(view, seen.amount)) if seen.amount > 0 else ""
    if day is None:
        return Tile(label, say("planning.tile.not_reached"), under, known=False)
    return Tile(label, say.day(day), under)


def _dry(view: View, made: Plan) -> Tile:
    say, ahead = view.say, outlook(view)
    label = say("planning.tile.dry")
    if ahead is None or unsaid(view):
        key = "planning.tile.no_balance" if CASH_UNKNOWN in unsaid(view) else "planning.tile.no_costs"
        return Tile(label, say("common.unknown"), say(key), known=False)
    often = np.flatnonzero(ahead.chance > 0.1)
    under = say("planning.tile.dry_under", month=period_of(made.start + int(often[0]))) if len(often) else ""
    return Tile(label, chance_in_words(say, ahead.chance_within(YEAR)), under)


def _money(view: View, amount: float) -> str:
    return view.say.money(amount, decimals=0)


def waits(view: View) -> str:
    """Said before the forecast is made for the first time; "" where it only has to be read."""
    from echannel.foresight import forecast_is_kept

    return "" if forecast_is_kept(view.sme) else view.say("planning.computing")

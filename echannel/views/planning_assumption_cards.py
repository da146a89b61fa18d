"""What the plan assumes, who made each assumption, and which to check first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from echannel.locale import Speaker
from echannel.metrics.periods import month_start
from echannel.metrics.planning.assumed import SOURCES
from echannel.metrics.planning.doubts import to_check, with_effects
from echannel.metrics.planning.inputs import Assumption
from echannel.metrics.turnover import as_date
from echannel.planning_profile import entered_as
from echannel.views.cards import NO_FIGURES, Card, steady
from echannel.views.context import View, on_paper_too
from echannel.views.planning_facts import rows
from echannel.views.planning_plan import basis, why_not
from echannel.views.tables import Column, Fold, Table

KEY = "planning.assumptions"
_FIRST = 3  # assumptions that the sentence names
_AT_ONCE = 6  # that stand open; the rest waits folded, by who made them
_TOPIC = {
    **dict.fromkeys(("turnover", "share", "margin_rate", "return_rate", "return_loss"), "sales"),
    **dict.fromkeys(("marketing", "marketing_rate"), "sales"),
    **dict.fromkeys(("carriage_rate", "supplier_days", "stock_cover_days"), "goods"),
    **dict.fromkeys(("opening_stock", "opening_payables"), "goods"),
    **dict.fromkeys(("customer_days", "payout_days", "marketplace_payout_days"), "paid"),
    **dict.fromkeys(("payment_fee_rate", "payment_fee_fixed", "marketplace_fee_rate"), "paid"),
    "opening_receivables": "paid",
    **dict.fromkeys(("ledger_gap", "overdraft_rate"), "money"),
    "vat_registered_from": "taxes",
    **dict.fromkeys(("rent", "platform", "e_invoicing", "other_overheads", "one_off"), "costs"),
    **dict.fromkeys(("staff", "drawings", "owner_charges", "opening_social"), "people"),
    **dict.fromkeys(("vat_rate", "local_taxes", "opening_vat", "opening_tax"), "taxes"),
    **dict.fromkeys(("profit_so_far", "tax_last_year", "losses"), "taxes"),
    **dict.fromkeys(("opening_cash", "opening_fixed_assets", "loan", "asset"), "money"),
    **dict.fromkeys(("grant", "dividend", "capital_in"), "money"),
}
_TOPICS = tuple(dict.fromkeys(_TOPIC.values()))


@steady
@on_paper_too
def assumptions(view: View) -> Card:
    """What does this plan assume: each value, who made it, what a tenth worse does to cash after a year."""
    say, made = view.say, basis(view)
    if made is None:
        return Card(KEY, "", missing=why_not(view))
    found = view.once(
        "checked assumptions", lambda: _ordered(with_effects(made.assumptions, made.inputs, made.rules))
    )
    weak = sum(one.made_by == "default" for one in found)
    sentence = say("planning.say.assumptions", n=len(found), weak=weak)
    if weak:
        first = [_named(say, one) for one in to_check(found) if one.made_by == "default"][:_FIRST]
        sentence = f"{sentence} {say('planning.say.check_first', names=first)}"
    frame = pd.DataFrame(
        {
            "name": [_named(say, one) for one in found],
            "topic": [_TOPIC.get(one.name, "other") for one in found],
            "value": [_of_day(say, one) for one in found],
            "made_by": [one.made_by for one in found],
            "reason": [one.reason for one in found],
            "enter": [_where(one) for one in found],
            "unmeasured": [_unmeasured(say, one) for one in found],
            "effect": [one.effect for one in found],
            "note": [one.note for one in found],
        }
    )
    columns = [
        Column("name", "assumption"),
        Column("topic", "assumption_topic", words=lambda topic: say(f"planning.topic.{topic}")),
        Column("value", "assumption_value"),
        Column("made_by", "made_by", words=lambda by: say(f"planning.made_by.{by}")),
        Column("effect", "effect_on_cash", "money", absent="unmeasured"),
        Column("reason", "why", words=lambda key: say(str(key)), long=True),
        Column("enter", "entered_as"),
    ]
    if any(one.note for one in found):
        columns.append(Column("note", "note", long=True))
    return Card(
        KEY,
        sentence,
        rows(view),
        NO_FIGURES,
        Table("assumptions", frame, tuple(columns), say.currency, folds=_folds(say, found)),
        missing=made.reasons,
        open_table=True,
    )


def _ordered(found: Sequence[Assumption]) -> list[Assumption]:
    """What weighs most first: what nobody entered, then by the effect; the rest by who made it and topic."""

    def weight(one: Assumption) -> tuple[bool, float]:
        nothing = one.made_by == "default" and not one.value
        return not nothing, -(0.0 if np.isnan(one.effect) else abs(one.effect))

    def place(one: Assumption) -> tuple[int, int]:
        topic = _TOPIC.get(one.name, "")
        return -SOURCES.index(one.made_by), _TOPICS.index(topic) if topic else len(_TOPICS)

    heaviest = sorted(found, key=weight)
    return [*heaviest[:_AT_ONCE], *sorted(heaviest[_AT_ONCE:], key=place)]


def _folds(say: Speaker, found: Sequence[Assumption]) -> tuple[Fold, ...]:
    """The assumptions that wait folded, by who made them."""
    rest = range(min(_AT_ONCE, len(found)), len(found))
    groups = []
    for by in reversed(SOURCES):
        rows = tuple(at for at in rest if found[at].made_by == by)
        if rows:
            groups.append(Fold(say(f"planning.also_made_by.{by}", n=len(rows)), rows))
    return tuple(groups)


def _named(say: Speaker, one: Assumption) -> str:
    """What is assumed, and of whom or what."""
    name = say(f"planning.assumption.{one.name}")
    if not one.about or one.about == "–":
        return name
    about = say(f"planning.stream.{one.about}") if one.about in _STREAMS else one.about
    if one.name.startswith("entry_"):
        about = str(say.locale.territories.get(one.about, one.about))
    return say("planning.assumption_about", name=name, about=about)


_STREAMS = {"b2c", "b2b", "marketplace", "abroad"}


def _where(one: Assumption) -> str:
    """Where in the profile the value is entered."""
    return " › ".join(entered_as(one.name, one.about)) or "–"


def _unmeasured(say: Speaker, one: Assumption) -> str:
    """Why nothing can be said of what a tenth more does."""
    where = _where(one)
    if one.made_by == "default" and not one.value and where != "–":
        return say("planning.effect.enter_first", where=where)
    return say("planning.effect.not_apart")


def _of_day(say: Speaker, one: Assumption) -> str:
    """The value, with the day that it is of."""
    if one.day is None:
        return _valued(say, one)
    return say("planning.assumption_of_day", value=_valued(say, one), day=say.day(as_date(one.day)))


def _valued(say: Speaker, one: Assumption) -> str:
    """The value as its unit is read."""
    value: Any = one.value
    if isinstance(value, str):
        return value
    # A default of nothing stands for what nobody knows: the reason says that it counts as nothing.
    if not np.isfinite(value) or (one.unit == "money" and one.made_by == "default" and not value):
        return say("common.unknown")
    match one.unit:
        case "money":
            return say.money(value, decimals=0)
        case "cents":
            return say.money(value, decimals=2)
        case "percent":
            return say.percent(value, 1)
        case "days":
            return say("planning.days", n=round(value))
        case "month":
            return say.month(as_date(month_start(int(value))).date())
    return say.number(value)

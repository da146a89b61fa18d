"""What the plan assumes, who made each assumption, and which to check first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from echannel.locale import Speaker
from echannel.metrics.planning.doubts import to_check, with_effects
from echannel.metrics.planning.inputs import Assumption
from echannel.views.cards import NO_FIGURES, Card, steady
from echannel.views.context import View
from echannel.views.planning_facts import rows
from echannel.views.planning_plan import basis, why_not
from echannel.views.tables import Column, Table

_FIRST = 3  # assumptions that the sentence names


@steady
def assumptions(view: View) -> Card:
    """What does this plan assume: each value, who made it, what a tenth worse does to cash after a year."""
    say, made = view.say, basis(view)
    if made is None:
        return Card("planning.assumptions", "", missing=why_not(view))
    found = view.once(
        "checked assumptions", lambda: to_check(with_effects(made.assumptions, made.inputs, made.rules))
    )
    weak = sum(one.made_by == "default" for one in found)
    sentence = say("planning.say.assumptions", n=len(found), weak=weak)
    if weak:
        first = [_named(say, one) for one in found if one.made_by == "default"][:_FIRST]
        sentence = f"{sentence} {say('planning.say.check_first', names=first)}"
    frame = pd.DataFrame(
        {
            "name": [_named(say, one) for one in found],
            "value": [_valued(say, one) for one in found],
            "made_by": [one.made_by for one in found],
            "reason": [one.reason for one in found],
            "effect": [one.effect for one in found],
            "note": [one.note for one in found],
        }
    )
    columns = [
        Column("name", "assumption"),
        Column("value", "assumption_value"),
        Column("made_by", "made_by", words=lambda by: say(f"planning.made_by.{by}")),
        Column("effect", "effect_on_cash", "money"),
        Column("reason", "why", words=lambda key: say(str(key)), long=True),
    ]
    if any(one.note for one in found):
        columns.append(Column("note", "note", long=True))
    return Card(
        "planning.assumptions",
        sentence,
        rows(view),
        NO_FIGURES,
        Table("assumptions", frame, tuple(columns), say.currency),
        missing=made.reasons,
        open_table=True,
    )


def _named(say: Speaker, one: Assumption) -> str:
    """What is assumed, and of whom or what."""
    name = say(f"planning.assumption.{one.name}")
    if not one.about or one.about == "–":
        return name
    about = say(f"planning.stream.{one.about}") if one.about in _STREAMS else one.about
    return say("planning.assumption_about", name=name, about=about)


_STREAMS = {"b2c", "b2b", "marketplace", "abroad"}


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
    return say.number(value)

"""Figures of markets in words: each with its unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from echannel.locale import Speaker


def in_a_sentence(name: str) -> str:
    """A heading inside a sentence: without its capital."""
    return name[:1].lower() + name[1:]


def band_words(say: Speaker, row: Any) -> str:
    """The places that a market may take, ``low`` to ``high``: nine draws in ten are no lower."""
    low, high = int(row["low"]), int(row["high"])
    return say("market.say.place", n=low) if low == high else say("market.say.places", low=low, high=high)


def figure_words(say: Speaker, criterion: str, value: Any) -> str:
    """A criterion's figure with its unit; that it is not known where it is not."""
    if value is None or not np.isfinite(value):
        return say("common.unknown")
    match criterion:
        case "traction":
            return say("market.unit.times", value=say.number(value, 1))
        case "size":
            return say("market.unit.billions", value=say.number(value / 1e9, 0))
        case "income":
            return say("market.unit.dollars_a_head", value=say.number(round(value, -2), 0))
        case "imports":
            return say("market.unit.millions", value=say.number(value / 1e6, 1))
        case "growth" | "imports_growth":
            return say("market.unit.a_year", value=say.percent(value, 1, signed=True))
        case "online_buyers" | "internet_users":
            return say.percent(value, 0)
        case "logistics":
            return say("market.unit.of_five", value=say.number(value, 1))
        case "distance":
            return say("market.unit.km", value=say.number(round(value, -1), 0))
        case "trade":
            return say(f"market.access.{_ACCESS_NAMES[round(value, 1)]}")
        case "language":
            return say("market.same_language.yes") if value > 0 else say("market.same_language.no")
    return say("market.same_currency.yes") if value > 0 else say("market.same_currency.no")


_ACCESS_NAMES = {1.0: "union", 0.7: "customs_union", 0.5: "agreement", 0.0: "none"}

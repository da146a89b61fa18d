"""Strengths, weaknesses, opportunities and threats: each entry says the figure that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from echannel.locale import Speaker
from echannel.metrics.market.sheet import QUADRANTS, swot
from echannel.metrics.result import OK
from echannel.reference import fx, snapshot
from echannel.views.cards import Card
from echannel.views.context import View
from echannel.views.market_competitor_cards import price_map
from echannel.views.market_duties_cards import duties_here, open_duties
from echannel.views.market_facts import country, home, market_of, own_traction, ranking, rules_day
from echannel.views.market_landed_facts import abroad, case, margins_at_home, margins_there
from echannel.views.market_sheet_cards import positions
from echannel.views.tables import Column, Table

_PERCENTS = {
    "margin_there",
    "margin_home",
    "price_index",
    "returns",
    "returns_home",
    "growth",
    "growth_middle",
    "fx_low",
    "fx_high",
}
_SIGNED = {"growth", "growth_middle", "fx_low", "fx_high"}
_ONE_DECIMAL = {"strength_low", "strength_high"}


def strengths_and_risks(view: View) -> Card | None:
    """A SWOT that starts from the data; nothing for the home market."""
    if market_of(view) == home(view):
        return None
    say, found = view.say, swot(facts(view))
    name = country(view, market_of(view))
    if found.empty:
        return Card("market.swot", say("market.say.swot_empty", market=name))
    frame = found.assign(
        words=[_entry_words(say, row["name"], row["values"]) for _, row in found.iterrows()],
        order=found["quadrant"].map(QUADRANTS.index),
    ).sort_values("order", kind="stable")
    counts = [int((found["quadrant"] == quadrant).sum()) for quadrant in QUADRANTS]
    values = dict(zip(("strengths", "weaknesses", "opportunities", "threats"), counts, strict=True))
    table = Table(
        "swot",
        frame.drop(columns="values"),
        (
            Column("quadrant", "sheet_quadrant", words=lambda one: say(f"market.quadrant.{one}")),
            Column("words", "sheet_entry", long=True),
        ),
    )
    return Card(
        "market.swot",
        say("market.say.swot", market=name, **values),
        table=table,
        open_table=True,
        note=say("market.say.swot_known_only"),
    )


def facts(view: View) -> dict[str, float]:
    """Every figure that an entry may rest on, by name; what is not known is not there."""
    found = {**_of_traction(view), **_of_ranking(view), **_of_figures(view), **_of_selling(view)}
    found["duties"], found["duties_open"] = float(len(duties_here(view))), float(len(open_duties(view)))
    return {name: float(value) for name, value in found.items() if pd.notna(value)}


def _of_traction(view: View) -> dict[str, Any]:
    frame, market = own_traction(view), market_of(view)
    if market not in frame.index:
        return {}
    here: Any = frame.loc[market]
    enough = here["status"] == OK
    sold = here["orders"] > 0
    return {
        "orders": here["orders"],
        "sessions": here["sessions"],
        "strength_low": here["strength_low"] if enough and sold else np.nan,
        "strength_high": here["strength_high"] if enough and sold else np.nan,
        "returns": here["return_rate"],
        "returns_home": frame["return_rate"].get(home(view), np.nan),
    }


def _of_ranking(view: View) -> dict[str, Any]:
    frame, market = ranking(view), market_of(view)
    if market not in frame.index:
        return {}
    here: Any = frame.loc[market]
    if not np.isfinite(here["rank"]):
        return {}
    return {"rank": here["rank"], "low": here["low"], "high": here["high"]}


def _of_figures(view: View) -> dict[str, Any]:
    frame: Any = positions(view).set_index("figure")
    return {
        "size_place": frame.loc["gdp", "rank"],
        "size_of": frame.loc["gdp", "n"],
        "growth": frame.loc["gdp_growth", "value"],
        "growth_middle": frame.loc["gdp_growth", "middle"],
        "online_place": frame.loc["online_buyers", "rank"],
        "online_of": frame.loc["online_buyers", "n"],
        "lpi_place": frame.loc["lpi", "rank"],
        "lpi_of": frame.loc["lpi", "n"],
        "distance": snapshot.distances(home(view)).get(market_of(view), np.nan),
    }


def _of_selling(view: View) -> dict[str, Any]:
    known: Any = snapshot.markets(view.sme.workspace)
    market, own = market_of(view), view.sme.profile.currency
    found: dict[str, Any] = {}
    if {market, home(view)} <= set(known.index):
        shared = set(known.loc[market, "languages"]) & set(known.loc[home(view), "languages"])
        found |= {"same_language": bool(shared), "same_currency": known.loc[market, "currency"] == own}
        band = fx.band(own, str(known.loc[market, "currency"]), rules_day(view), workspace=view.sme.workspace)
        if band.status == OK and band.rate.base != band.rate.quote:
            found |= {"fx_low": band.low, "fx_high": band.high}
    prices = price_map(view)[0]
    if len(prices):
        found["price_index"] = prices["index"].median()
    if abroad(view):
        there, at_home = margins_there(view).rate[:, 0], margins_at_home(view).rate[:, 0]
        both = np.isfinite(there) & np.isfinite(at_home)
        if both.any():
            found |= {"margin_there": there[both].mean(), "margin_home": at_home[both].mean()}
        found["rules_coming"] = len(case(view).route.rules.coming)
    return found


def _entry_words(say: Speaker, name: str, values: Mapping[str, float]) -> str:
    written = {fact: _written(say, fact, value) for fact, value in values.items()}
    return say(f"market.swot.{name}", **written)


def _written(say: Speaker, fact: str, value: float) -> str:
    if fact in _PERCENTS:
        shown = abs(value) if fact == "price_index" else value
        return say.percent(shown, 0 if fact not in _SIGNED else 1, signed=fact in _SIGNED)
    return say.number(value, 1 if fact in _ONE_DECIMAL else 0)

"""What a market is like beside home and the others, and a SWOT whose every entry rests on a figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from echannel.metrics.result import INPUT_MISSING, OK

# Figures of the sheet in their order; whether more is better for a seller (None: neither).
SHEET_FIGURES: dict[str, int | None] = {
    "population": 1,
    "gdp": 1,
    "gdp_growth": 1,
    "gdp_per_head_ppp": 1,
    "internet_users": 1,
    "online_buyers": 1,
    "lpi": 1,
    "lpi_2018": 1,
    "vat_standard": None,
}
QUADRANTS = ("strength", "weakness", "opportunity", "threat")

# What is clear enough to be said.
_MARGIN_STEP = 0.03  # of turnover
_RETURNS_TIMES = 1.25
_PRICE_STEP = 0.05
_TOP_THIRD, _LOW_THIRD = 1 / 3, 2 / 3
_WIDE_BAND = 10  # places
_CURRENCY_STEP = 0.08
_FAR_KM = 3000


def position(
    figures: pd.DataFrame, market: str, home: str, names: Mapping[str, object] = SHEET_FIGURES
) -> pd.DataFrame:
    """Each figure of a market beside home's, and its place among all markets of which it is known.

    ``figures`` is long (``market``, ``figure``, ``value``, ``year``, ``source``, ``caveat``); the newest year
    of each market counts, so years may differ between markets.

    Returns
    -------
    One row per figure: ``figure``, ``value``, ``year``, ``source``, ``caveat``, ``home`` (its value at home),
    ``middle`` (median of all known markets), ``rank`` (1: the largest; ties share the better place), ``n``
    (markets known), ``status``, ``reason``. What is not known of the market is NaN and says so.
    """
    newest = figures.sort_values("year", kind="stable").groupby(["figure", "market"]).tail(1)
    rows = []
    for name in names:
        known = newest[newest["figure"] == name].set_index("market")
        value = known["value"].get(market, np.nan)
        there = bool(np.isfinite(value))
        rows.append(
            {
                "figure": name,
                "value": value,
                "year": known["year"].get(market, pd.NA),
                "source": known["source"].get(market, ""),
                "caveat": known["caveat"].get(market, ""),
                "home": known["value"].get(home, np.nan),
                "middle": known["value"].median(),
                "rank": float((known["value"] > value).sum() + 1) if there else np.nan,
                "n": len(known),
                "status": OK if there else INPUT_MISSING,
                "reason": "" if there else "reason.no_source_for_market",
            }
        )
    return pd.DataFrame(rows)


class _Rule(NamedTuple):
    """An entry: where it stands, its name, which facts it needs, and when it holds."""

    quadrant: str
    name: str
    needs: tuple[str, ...]
    holds: Callable[..., bool]


_RULES = (
    _Rule("strength", "buys_more", ("strength_low",), lambda low: low > 1),
    _Rule("strength", "margin_better", ("margin_there", "margin_home"), lambda t, h: t - h >= _MARGIN_STEP),
    _Rule("strength", "cheaper", ("price_index",), lambda index: index <= -_PRICE_STEP),
    _Rule("strength", "same_language", ("same_language",), bool),
    _Rule("strength", "same_currency", ("same_currency",), bool),
    _Rule("weakness", "buys_less", ("strength_high",), lambda high: high < 1),
    _Rule("weakness", "no_orders", ("orders",), lambda orders: orders == 0),
    _Rule("weakness", "margin_worse", ("margin_there", "margin_home"), lambda t, h: h - t >= _MARGIN_STEP),
    _Rule("weakness", "dearer", ("price_index",), lambda index: index >= _PRICE_STEP),
    _Rule("weakness", "returns", ("returns", "returns_home"), lambda t, h: t > h * _RETURNS_TIMES),
    _Rule("weakness", "other_language", ("same_language",), lambda same: not same),
    _Rule("weakness", "duties_open", ("duties_open", "duties"), lambda open_, _: open_ > 0),
    _Rule("opportunity", "large", ("size_place", "size_of"), lambda at, of: at <= of * _TOP_THIRD),
    _Rule("opportunity", "growing", ("growth", "growth_middle"), lambda g, middle: g > max(middle, 0)),
    _Rule("opportunity", "buys_online", ("online_place", "online_of"), lambda at, of: at <= of * _TOP_THIRD),
    _Rule(
        "opportunity",
        "lookers",
        ("sessions", "orders"),
        lambda sessions, orders: sessions >= 50 > 0 == orders,
    ),
    _Rule("opportunity", "ranks_high", ("rank", "high"), lambda rank, high: high <= _WIDE_BAND),
    _Rule("threat", "unsure", ("low", "high"), lambda low, high: high - low > _WIDE_BAND),
    _Rule("threat", "currency", ("fx_low", "fx_high"), lambda a, b: max(-a, b) >= _CURRENCY_STEP),
    _Rule("threat", "shrinking", ("growth",), lambda growth: growth < 0),
    _Rule("threat", "logistics", ("lpi_place", "lpi_of"), lambda at, of: at >= of * _LOW_THIRD),
    _Rule("threat", "far", ("distance",), lambda km: km >= _FAR_KM),
    _Rule("threat", "rules_coming", ("rules_coming",), lambda n: n > 0),
)


def swot(facts: Mapping[str, float]) -> pd.DataFrame:
    """Strengths and weaknesses of the firm in the market, opportunities and threats of the market itself.

    ``facts`` are numbers by name (yes is 1); an entry whose facts are unknown is left out: nothing is said of
    what nobody knows. The thresholds are those of this module.

    Returns
    -------
    ``quadrant`` (of :data:`QUADRANTS`), ``name``, ``values`` (the facts that it rests on, by name).
    """
    rows: list[dict[str, Any]] = []
    for rule in _RULES:
        values = {name: facts.get(name, np.nan) for name in rule.needs}
        if np.isfinite(list(values.values())).all() and rule.holds(*values.values()):
            rows.append({"quadrant": rule.quadrant, "name": rule.name, "values": values})
    return pd.DataFrame(rows, columns=["quadrant", "name", "values"])

"""What markets are compared on: one figure per market and criterion, with its year and how sure it is.

Criteria (``CRITERIA``; directions, scales and spreads in ``criteria.yml``):

- ``traction``: own orders against what size and distance suggest, shrunk (``metrics.market.traction``);
- ``size``: people × income per head at purchasing power (international dollars); ``income``: the latter;
- ``growth``: of the economy, per year; ``online_buyers``, ``internet_users``: shares of people;
- ``imports``, ``imports_growth``: of the firm's goods (HS code), US dollars and fraction per year;
- ``logistics``: the World Bank's index, 1 to 5; ``distance``: km between capitals;
- ``trade``: 1 no border, 0.7 customs union, 0.5 agreement, 0 neither;
- ``language``: 1 where an official language is one that the firm writes; ``currency``: 1 where prices need no
  change.

The home market is left out. A figure that no source gives is NaN, and stays so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from echannel.yml import read_yaml

_FIGURES = {
    "income": "gdp_per_head_ppp",
    "growth": "gdp_growth",
    "online_buyers": "online_buyers",
    "internet_users": "internet_users",
    "logistics": "lpi",
}


@lru_cache
def _data() -> dict[str, Any]:
    text = files("echannel.metrics.market").joinpath("criteria.yml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = read_yaml(text)
    return loaded


CRITERIA: tuple[str, ...] = tuple(_data()["criteria"])
PRESETS: tuple[str, ...] = tuple(_data()["presets"])


@dataclass(frozen=True)
class Criteria:
    """Markets by criterion. ``figures`` in their own units; ``compared`` on the scale that they are compared
    on (logarithms where ``criteria.yml`` says so), with ``spread`` (standard deviations) and ``bounds``
    (``low``, ``high``, the same whichever markets are shown) on that scale; ``years`` that figures tell of
    (NaN: a fact, or none)."""

    figures: pd.DataFrame
    compared: pd.DataFrame
    spread: pd.DataFrame
    bounds: pd.DataFrame
    directions: dict[str, int]
    years: pd.DataFrame

    @property
    def absent(self) -> tuple[str, ...]:
        """Criteria of which nothing is known for any market."""
        empty = self.figures.isna().all()
        return tuple(name for name in CRITERIA if empty[name])


def preset(name: str) -> dict[str, float]:
    """The weights of a preset (``b2c``, ``b2b``), shares of 100."""
    return {key: float(value) for key, value in _data()["presets"][name].items()}


def matrix(
    markets: pd.DataFrame,
    home: str,
    languages: Sequence[str],
    currency: str,
    distances: pd.Series,
    access: Mapping[str, str | None],
    year: int,
    traction: pd.DataFrame | None = None,
    imports: pd.DataFrame | None = None,
) -> Criteria:
    """Every market but home on every criterion.

    Parameters
    ----------
    markets : facts and figures by ISO code, with ``<figure>_year`` (``reference.snapshot.markets``).
    languages, currency : what the firm writes (ISO 639-1) and prices in.
    distances : km from home, by market.
    access : how goods from home come in, by market: a name of ``access`` in ``criteria.yml`` or None.
    year : this year; figures are as old as it makes them.
    traction : ``strength`` and ``strength_sd`` by market; none: nothing is known of any.
    imports : ``imports``, ``imports_growth`` and ``year`` by market, where trade data is there.
    """
    there = markets[markets.index != home]
    values = pd.DataFrame(np.nan, there.index, list(CRITERIA))
    years = pd.DataFrame(np.nan, there.index, list(CRITERIA))
    values["size"] = there["population"] * there["gdp_per_head_ppp"]
    years["size"] = there[["population_year", "gdp_per_head_ppp_year"]].astype("Float64").min(axis=1)
    for name, figure in _FIGURES.items():
        values[name], years[name] = there[figure], there[f"{figure}_year"].astype("Float64")
    if imports is not None:
        for name in ("imports", "imports_growth"):
            values[name], years[name] = (
                imports[name].reindex(there.index),
                imports["year"].reindex(there.index),
            )
    values["distance"] = distances.reindex(there.index)
    values["trade"] = [_data()["access"].get(access.get(market), np.nan) for market in there.index]
    values["language"] = [float(bool(set(spoken) & set(languages))) for spoken in there["languages"]]
    values["currency"] = (there["currency"] == currency).astype("float64")
    own = None
    if traction is not None:
        values["traction"] = traction["strength"].reindex(there.index)
        own = traction["strength_sd"].reindex(there.index) / values["traction"]
    return _compared(values.astype("float64"), years.astype("float64"), year, own)


def _compared(values: pd.DataFrame, years: pd.DataFrame, year: int, own: pd.Series | None) -> Criteria:
    compared, spread, directions = values.copy(), values * np.nan, {}
    ends = {}
    for name, how in _data()["criteria"].items():
        column = values[name]
        if how["scale"] == "log":
            column = np.log(column.where(column > 0))
        fixed = how.get("bounds")
        if fixed:
            fixed = np.log(fixed) if how["scale"] == "log" else np.asarray(fixed, float)
            column = column.clip(*fixed)
        ends[name] = tuple(fixed) if fixed is not None else (column.min(), column.max())
        compared[name] = column
        age = (year - years[name]).clip(lower=0).fillna(0)
        spread[name] = how["spread"] + how["spread_per_year"] * age
        directions[name] = int(how["direction"])
    if own is not None:
        spread["traction"] = own
    bounds = pd.DataFrame(ends, index=["low", "high"]).T
    return Criteria(values, compared, spread, bounds, directions, years)

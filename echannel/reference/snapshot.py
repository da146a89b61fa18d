"""What is known of each market without any network: figures with source and year, and plain facts.

The figures in ``data/`` are put there by ``reference/build.py``. A workspace that has refreshed its figures
(``echannel reference refresh``) has newer ones of its own in ``data/reference/figures.csv``: they stand
beside the shipped ones, and the newest year of each figure counts.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from echannel.workspace import Workspace

# Every figure of the snapshot and its unit; a market without one of them has NaN in ``markets``.
FIGURES = {
    "population": "people",
    "gdp": "usd",
    "gdp_growth": "fraction",
    "gdp_per_head_ppp": "international_dollars",
    "internet_users": "fraction",
    "online_buyers": "fraction",
    "lpi": "score_1_to_5",
    "lpi_2018": "score_1_to_5",
    "vat_standard": "fraction",
}
EARTH_RADIUS_KM = 6371.0088  # the mean radius of the IUGG
_FLAGS = ("eu_member", "eea_member")
_COLUMNS = ("market", "figure", "value", "year", "source", "caveat")


def figures(workspace: Workspace | None = None) -> pd.DataFrame:
    """Every figure known of every market, one row per market, figure and year.

    Columns: ``market`` (ISO 3166 alpha-2), ``figure`` (a name of :data:`FIGURES`), ``value`` (in the unit
    that is named there; shares are fractions), ``year`` (that the figure tells of), ``source`` (a row of
    :func:`sources`), ``licence``, ``retrieved`` (day on which it was read), ``caveat`` (codes with spaces
    between, "" for none; their words are ``market.caveat.<code>``).

    With a ``workspace``, the figures that it fetched itself take the place of shipped ones of the same year.
    """
    return _figures(*_fetched(workspace)).copy()


def _fetched(workspace: Workspace | None) -> tuple[Path | None, int]:
    """The workspace's own figures, and when they were last written: what is read once may be kept."""
    path = fetched_path(workspace) if workspace else None
    return (path, path.stat().st_mtime_ns) if path is not None and path.is_file() else (None, 0)


@lru_cache(maxsize=8)
def _figures(path: Path | None, _: int) -> pd.DataFrame:
    table = _shipped_figures().assign(own=False)
    if path is not None:
        own = read_figures(path).assign(own=True)
        table = pd.concat([table, own], ignore_index=True)
    table = table.sort_values(["market", "figure", "year", "own"], kind="stable")
    table = table.drop_duplicates(["market", "figure", "year"], keep="last")
    known = sources()
    return (
        table.assign(licence=table["source"].map(known["licence"]))
        .assign(retrieved=table["retrieved"].fillna(table["source"].map(known["retrieved"])))
        .drop(columns="own")
        .reset_index(drop=True)
    )


def markets(workspace: Workspace | None = None) -> pd.DataFrame:
    """One row per market, by ISO 3166 alpha-2 code: its plain facts and the newest value of each figure.

    Facts: ``iso3``, ``currency``, ``languages`` (tuple of ISO 639-1), ``capital``, ``latitude``,
    ``longitude`` (of the capital, degrees), ``eu_member``, ``eea_member``, ``customs_union`` (with the EU:
    ``member``, ``bilateral`` or ""), ``comtrade_code``. Then one column per figure of :data:`FIGURES` and
    ``<figure>_year``; NaN where no source gives it. Names come from ``Speaker.country_name``.
    """
    return _markets(*_fetched(workspace)).copy()


@lru_cache(maxsize=8)
def _markets(path: Path | None, written: int) -> pd.DataFrame:
    newest = _figures(path, written).groupby(["market", "figure"], sort=False).tail(1)
    facts = _facts().copy()
    for name in FIGURES:
        rows = newest[newest["figure"] == name].set_index("market")
        facts[name] = rows["value"].reindex(facts.index)
        facts[f"{name}_year"] = rows["year"].reindex(facts.index).astype("Int64")
    return facts


def trend(figure: str, market: str, workspace: Workspace | None = None) -> pd.DataFrame:
    """A figure of one market over the years that are known: ``year``, ``value``, ``source``, ``caveat``."""
    table = figures(workspace)
    chosen = table[(table["figure"] == figure) & (table["market"] == market)]
    return chosen[["year", "value", "source", "caveat"]].reset_index(drop=True)


def sources() -> pd.DataFrame:
    """Where figures and facts come from, by source: ``covers`` (figures or columns), ``name``, ``publisher``,
    ``address``, ``licence``, ``edition`` (of the copy that was read) and ``retrieved``."""
    return _sources().copy()


def distances(home: str) -> pd.Series:
    """Great-circle distance in km from the capital of ``home`` to every market's; NaN for an unknown home."""
    facts = _facts()
    if home not in facts.index:
        return pd.Series(np.nan, index=facts.index)
    here = facts.loc[home]
    km = great_circle_km(here["latitude"], here["longitude"], facts["latitude"], facts["longitude"])
    return pd.Series(km, index=facts.index)


def great_circle_km(
    latitude: float | np.ndarray | pd.Series,
    longitude: float | np.ndarray | pd.Series,
    to_latitude: float | np.ndarray | pd.Series,
    to_longitude: float | np.ndarray | pd.Series,
) -> np.ndarray:
    """Distance on a sphere by the haversine formula: degrees in, km out (the mean radius of the Earth)."""
    one, other = np.radians(np.asarray(latitude, float)), np.radians(np.asarray(to_latitude, float))
    turn = np.radians(np.asarray(to_longitude, float) - np.asarray(longitude, float))
    square = np.sin((other - one) / 2) ** 2 + np.cos(one) * np.cos(other) * np.sin(turn / 2) ** 2
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(square, 0, 1)))


def fetched_path(workspace: Workspace) -> Path:
    """Where a workspace keeps the figures that it fetched itself."""
    return workspace.root / "data" / "reference" / "figures.csv"


@lru_cache
def _shipped_figures() -> pd.DataFrame:
    with files("echannel.reference").joinpath("data", "figures.csv").open(encoding="utf-8") as stream:
        return read_figures(stream)


def read_figures(place: Path | IO[str]) -> pd.DataFrame:
    """A file of figures; ``NA`` is a country's code here, never a gap."""
    table = pd.read_csv(
        place,
        keep_default_na=False,
        dtype=dict.fromkeys(("market", "figure", "source", "caveat", "retrieved"), str),
    )
    if "retrieved" not in table:
        table["retrieved"] = None
    return table[[*_COLUMNS, "retrieved"]]


@lru_cache
def _facts() -> pd.DataFrame:
    with files("echannel.reference").joinpath("data", "markets.csv").open(encoding="utf-8") as stream:
        table = pd.read_csv(stream, keep_default_na=False, index_col="market")
    table["languages"] = table["languages"].str.split().map(tuple)
    table[list(_FLAGS)] = table[list(_FLAGS)].astype(bool)
    return table


@lru_cache
def _sources() -> pd.DataFrame:
    with files("echannel.reference").joinpath("data", "sources.csv").open(encoding="utf-8") as stream:
        return pd.read_csv(stream, keep_default_na=False, index_col="source", dtype=str)

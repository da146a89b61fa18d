"""Figures of the World Bank's API v2: population, income, growth, internet users, logistics.

Errors come with HTTP 200 and a ``message``; rows may be null, values too; ``per_page`` may be text; groups of
countries come among the countries. No key is needed; the data are CC BY 4.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from echannel.reference.http import Answer, Live, Source, SourceFailed
from echannel.reference.snapshot import markets

SOURCE = Source("world_bank", "World Bank", "https://api.worldbank.org/v2", days=30)
FIRST_YEAR = 2014
_PER_PAGE = 1000
_MOST_PAGES = 50
# figure: indicator, factor to the snapshot's unit, source, caveat
INDICATORS = {
    "population": ("SP.POP.TOTL", 1.0, "wb_population", ""),
    "gdp": ("NY.GDP.MKTP.CD", 1.0, "wb_gdp", ""),
    "gdp_growth": ("NY.GDP.MKTP.KD.ZG", 0.01, "wb_growth_published", ""),
    "gdp_per_head_ppp": ("NY.GDP.PCAP.PP.KD", 1.0, "wb_ppp", "constant_prices"),
    "internet_users": ("IT.NET.USER.ZS", 0.01, "wb_internet", ""),
    "lpi": ("LP.LPI.OVRL.XQ", 1.0, "wb_lpi", "opinion_survey"),
}
# Each edition of the logistics index has its own method: only these two are named figures.
_LPI_EDITIONS = {2022: "lpi", 2018: "lpi_2018"}


def figures(live: Live, figure: str, last_year: int) -> pd.DataFrame:
    """One figure of every market since 2014, laid out as ``snapshot.figures``; raises ``SourceFailed``."""
    indicator, factor, source, caveat = INDICATORS[figure]
    by_iso3 = {str(iso3): str(iso2) for iso2, iso3 in markets()["iso3"].items()}
    rows, read = _rows(live, indicator, sorted(by_iso3), f"{FIRST_YEAR}:{last_year}")
    found = [
        (by_iso3[row["countryiso3code"]], figure, row["value"] * factor, int(row["date"]))
        for row in rows
        if row.get("countryiso3code") in by_iso3
        and isinstance(row.get("value"), int | float)
        and str(row.get("date", "")).isdigit()
    ]
    table = pd.DataFrame(found, columns=["market", "figure", "value", "year"])
    if figure == "lpi":
        table = table[table["year"].isin(_LPI_EDITIONS)]
        table["figure"] = table["year"].map(_LPI_EDITIONS)
    return table.assign(source=source, caveat=caveat, retrieved=read.at.date().isoformat())


def _rows(live: Live, indicator: str, countries: Sequence[str], years: str) -> tuple[list[Any], Answer]:
    """All pages of one indicator, and the last answer."""
    path = f"country/{';'.join(countries)}/indicator/{indicator}"
    rows: list[Any] = []
    for page in range(1, _MOST_PAGES + 1):
        params = {"format": "json", "per_page": _PER_PAGE, "page": page, "date": years}
        answer = live.get(SOURCE, path, params, check=_parts)
        about, part = _parts(answer)
        rows += part
        if page >= int(about.get("pages") or 1):
            return rows, answer
    raise SourceFailed("large", SOURCE.name)


def _parts(answer: Answer) -> tuple[dict[str, Any], list[Any]]:
    """What a page says of itself, and its rows; an error that comes as an answer is a failure."""
    match answer.json():
        case [{"page": _} as about, None]:
            return about, []
        case [{"page": _} as about, list(rows)]:
            return about, [row for row in rows if isinstance(row, dict)]
    raise SourceFailed("answer", SOURCE.name)

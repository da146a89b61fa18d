"""Makes the shipped snapshot from collected figures: ``python -m echannel.reference.build FOLDER``.

``FOLDER`` holds ``markets.csv``, one row per market as it was put together from the publishers' own files.
Only what ``data/sources.csv`` accounts for is carried over, in a layout of our own; each figure's odd values
are dropped or marked here, with the reason. The other two files in ``data/`` are never edited by hand.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

import pandas as pd
from babel.languages import get_official_languages

# figure: column, column of its year or the year, source, factor, caveat
_FIGURES: tuple[tuple[str, str, str | int, str, float, str], ...] = (
    ("population", "population", "population_year", "wb_population", 1, ""),
    ("gdp", "gdp_current_usd", "gdp_year", "wb_gdp", 1, "older_edition"),
    ("gdp_growth", "gdp_growth_pct_derived", "gdp_growth_year", "wb_growth", 0.01, "computed_growth"),
    ("gdp_per_head_ppp", "gdp_pc_ppp_const_intl", "gdp_pc_ppp_year", "wb_ppp", 1, "constant_prices"),
    ("internet_users", "internet_users_pct", "internet_users_year", "wb_internet", 0.01, ""),
    ("online_buyers", "online_buyers_3m_pct_2024", 2024, "eurostat_buyers", 0.01, "three_months"),
    ("online_buyers", "online_buyers_3m_pct", "online_buyers_year", "eurostat_buyers", 0.01, "three_months"),
    ("lpi", "lpi_2022", 2022, "wb_lpi", 1, "opinion_survey"),
    # Another method than the edition of 2022: a figure of its own, never a trend of two points.
    ("lpi_2018", "lpi_2018", 2018, "wb_lpi", 1, "opinion_survey"),
    ("vat_standard", "vat_standard_pct", 2026, "eu_vat_rates", 0.01, ""),
)
# Jumps between 2024 and 2025 that look like a change of the survey, not of people.
_BREAKS = ("HU", "GR")
_VAT_CAVEATS = {"CA": "federal_only", "IN": "one_of_several"}
# Brazil has no one standard rate: the 17 % there is one state's.
_VAT_LEFT_OUT = ("BR",)
# The collected table has the euro in Bulgaria (since 1 January 2026, as the ECB's rates show), CLDR not yet.
_LANGUAGE_ALIASES = {"nb": "no", "nn": "no"}


def build(collected: Path, target: Path) -> None:
    """Writes ``figures.csv`` and ``markets.csv`` into ``target``."""
    table = pd.read_csv(collected / "markets.csv", keep_default_na=False, na_values=[""], index_col="iso2")
    _figures(table).to_csv(target / "figures.csv", index=False, lineterminator="\n", float_format="%.15g")
    _facts(table).to_csv(target / "markets.csv", lineterminator="\n")


def _figures(table: pd.DataFrame) -> pd.DataFrame:
    parts = [_figure(table, *one) for one in _FIGURES]
    long = pd.concat(parts).sort_values(["market", "figure", "year"], kind="stable")
    return long[["market", "figure", "value", "year", "source", "caveat"]]


def _figure(
    table: pd.DataFrame, figure: str, column: str, year: str | int, source: str, factor: float, caveat: str
) -> pd.DataFrame:
    rows = table[table[column].notna()]
    if figure == "vat_standard":
        rows = rows[~rows.index.isin(_VAT_LEFT_OUT)]
    part = pd.DataFrame(
        {
            "market": rows.index,
            "figure": figure,
            "value": (rows[column].astype(float) * factor).round(6).to_numpy(),
            "year": rows[year].astype(int).to_numpy() if isinstance(year, str) else year,
            "source": source,
            "caveat": caveat,
        }
    )
    if figure == "online_buyers":
        part.loc[part["market"].isin(_BREAKS), "caveat"] += " possible_break"
    if figure == "vat_standard":
        second = (rows["vat_source"] == "sales-tax").to_numpy()
        part.loc[second, "source"] = "sales_tax"
        part["caveat"] = part["market"].map(_VAT_CAVEATS).fillna("").to_numpy()
        part.loc[second, "caveat"] = ("one_source " + part.loc[second, "caveat"]).str.strip()
    return part


def _facts(table: pd.DataFrame) -> pd.DataFrame:
    flags = {"eu_member": table["eu_member"], "eea_member": table["eea_member"]}
    return pd.DataFrame(
        {
            "iso3": table["iso3"],
            "currency": table["currency"],
            "languages": [" ".join(_languages(code)) for code in table.index],
            "capital": table["capital"],
            "latitude": table["capital_lat"],
            "longitude": table["capital_lon"],
            **{name: column.astype(int) for name, column in flags.items()},
            "customs_union": table["eu_customs_union"].fillna(""),
            "comtrade_code": table["comtrade_reporter_code"].astype(int),
        }
    ).rename_axis("market")


def _languages(territory: str) -> list[str]:
    """Official and working languages by CLDR, those with an ISO 639-1 code, each once."""
    found = get_official_languages(territory, regional=False, de_facto=True)
    short = [code.split("_")[0] for code in found]
    return list(dict.fromkeys(_LANGUAGE_ALIASES.get(code, code) for code in short if len(code) == 2))


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(str(files("echannel.reference") / "data")))

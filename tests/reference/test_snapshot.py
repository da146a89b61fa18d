"""The shipped snapshot: complete as to sources, sane as to values, and made by the build alone."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from babel import Locale
from currency_converter import CurrencyConverter
from hypothesis import given
from hypothesis import strategies as st

from echannel.countries import country_pack
from echannel.reference import build, snapshot
from echannel.reference.snapshot import FIGURES, distances, figures, great_circle_km, markets, sources, trend
from echannel.workspace import Workspace

COLLECTED = Path(os.environ.get("ECHANNEL_SHARED", Path(__file__).parents[3] / "shared")) / "market"
EU = set(
    ("AT BE BG HR CY CZ DE DK EE ES FI FR GR HU IE IT LT LU LV MT NL PL PT RO SE SI SK").split()  # noqa: SIM905
)


def test_every_figure_has_a_source_a_year_and_a_licence():
    table = figures()
    assert table[["value", "year", "source", "licence", "retrieved"]].notna().all().all()
    assert set(table["source"]) <= set(sources().index)
    covers = sources()["covers"].str.split()
    assert all(
        figure in covers[source] for figure, source in zip(table["figure"], table["source"], strict=True)
    )
    assert set(table["figure"]) == set(FIGURES)
    assert not table.duplicated(["market", "figure", "year"]).any()


def test_every_plain_fact_has_a_source():
    facts = set(pd.read_csv(Path(snapshot.__file__).parent / "data" / "markets.csv", nrows=0).columns) - {
        "market"
    }
    assert facts <= set(" ".join(sources()["covers"]).split())


def test_the_markets_of_the_specification_are_there():
    table = markets()
    assert set(table.index[table["eu_member"]]) == EU
    assert {"GB", "CH", "NO", "IS", "US", "CA", "AU", "NZ", "JP", "SG", "AE", "MA", "TR"} <= set(table.index)
    assert set(table.index[table["customs_union"] == "member"]) == EU
    assert all(code in Locale("fr").territories for code in table.index)
    assert table["iso3"].is_unique and table["comtrade_code"].is_unique


def test_values_lie_where_such_values_lie():
    table = markets()
    shares = table[["internet_users", "online_buyers", "vat_standard"]].to_numpy()
    assert ((shares >= 0.03) & (shares <= 1) | np.isnan(shares)).all()
    scores = table[["lpi", "lpi_2018"]].to_numpy()
    assert ((scores >= 1) & (scores <= 5) | np.isnan(scores)).all()
    assert table["population"].between(3e5, 2e9).all()
    assert table["gdp_growth"].between(-0.1, 0.15).all()
    assert (table["gdp_per_head_ppp"] * table["population"] / table["gdp"]).between(0.4, 6).all()
    assert table["latitude"].between(-90, 90).all() and table["longitude"].between(-180, 180).all()


def test_what_no_source_gives_stays_missing():
    table = markets()
    assert table.loc[["US", "HK", "BR"], "vat_standard"].isna().all()
    assert np.isnan(table.loc["MA", "lpi"]) and table.loc["MA", "lpi_2018"] == 2.54
    assert set(table.index[table["online_buyers"].notna()]) == EU


@pytest.mark.parametrize("code", ["GB", "FR"])
def test_vat_is_the_country_packs(code):
    day = pd.Timestamp("2026-11-24").date()
    assert markets().loc[code, "vat_standard"] == country_pack(code).vat_rate("standard", day)


def test_currencies_are_those_of_the_exchange_rates_or_known_to_be_missing():
    missing = set(markets()["currency"]) - set(CurrencyConverter().currencies)
    assert missing == {"AED", "SAR", "MAD"}


def test_doubtful_jumps_are_marked_and_editions_of_an_index_make_no_trend():
    assert "possible_break" in trend("online_buyers", "HU")["caveat"].iloc[-1]
    assert "possible_break" not in trend("online_buyers", "FR")["caveat"].iloc[-1]
    assert list(trend("online_buyers", "FR")["year"]) == [2024, 2025]
    assert list(trend("lpi", "DE")["year"]) == [2022]


def test_distances_agree_with_known_ones():
    assert distances("GB")["FR"] == pytest.approx(344, abs=2)  # London to Paris
    assert distances("FR")["GB"] == distances("GB")["FR"]
    assert distances("GB")["NZ"] == pytest.approx(18_810, rel=0.005)
    assert distances("XX").isna().all()


points = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(points, points, points)
def test_distance_is_a_distance(a, b, c):
    def km(one, other):
        return float(great_circle_km(*one, *other))

    assert km(a, b) == pytest.approx(km(b, a))
    assert 0 <= km(a, b) <= np.pi * snapshot.EARTH_RADIUS_KM + 1e-6
    assert km(a, c) <= km(a, b) + km(b, c) + 1e-3


def test_figures_that_a_workspace_fetched_take_their_place(tmp_path):
    place = Workspace(tmp_path)
    assert markets(place).equals(markets())
    path = snapshot.fetched_path(place)
    path.parent.mkdir(parents=True)
    path.write_text(
        "market,figure,value,year,source,caveat,retrieved\n"
        "FR,population,69000000,2025,wb_population,,2026-12-01\n"
        "FR,population,68600000,2024,wb_population,,2026-12-01\n"
    )
    table = markets(place)
    assert (table.loc["FR", "population"], table.loc["FR", "population_year"]) == (69_000_000, 2025)
    history = trend("population", "FR", place)
    assert list(history["value"]) == [68_600_000, 69_000_000]
    assert table.loc["DE"].equals(markets().loc["DE"])


def test_callers_cannot_spoil_the_shipped_tables():
    figures()["value"] = 0.0
    markets()["currency"] = "XXX"
    assert figures()["value"].max() > 1e9 and markets().loc["GB", "currency"] == "GBP"


@pytest.mark.skipif(not (COLLECTED / "markets.csv").is_file(), reason="the collected table is not at hand")
def test_the_shipped_files_are_what_the_build_makes(tmp_path):
    build.build(COLLECTED, tmp_path)
    for name in ("figures.csv", "markets.csv"):
        shipped = Path(snapshot.__file__).parent / "data" / name
        assert (tmp_path / name).read_text(encoding="utf-8") == shipped.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["market-data.md", "market-data.fr.md"])
def test_the_document_tells_of_every_figure_what_is_shipped(name):
    text = (Path(__file__).parents[2] / "docs" / name).read_text(encoding="utf-8")
    told = {cells[1].strip(): cells for line in text.splitlines() if len(cells := line.split("|")) == 8}
    table = figures()
    for figure in FIGURES:
        rows = table[table["figure"] == figure]
        _, _, _, years, known, licence, _, _ = (cell.strip() for cell in told[figure])
        assert years == "–".join(dict.fromkeys((str(rows["year"].min()), str(rows["year"].max()))))
        assert int(known) == rows["market"].nunique() and {licence} == set(rows["licence"])

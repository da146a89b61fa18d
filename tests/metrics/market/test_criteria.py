"""What markets are compared on, from the shipped figures and from gaps put into them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from echannel.countries.agreements import access
from echannel.metrics.market import criteria, ranking
from echannel.reference import snapshot

ON = date(2026, 11, 24)


@pytest.fixture(scope="module")
def markets() -> pd.DataFrame:
    return snapshot.markets()


def made(markets: pd.DataFrame, home: str = "GB", **more: object) -> criteria.Criteria:
    ways = {market: access(home, market, ON) for market in markets.index}
    plain = {"languages": ["en"], "currency": "GBP" if home == "GB" else "EUR"} | more
    return criteria.matrix(
        markets,
        home,
        distances=snapshot.distances(home),
        access=ways,
        year=2026,
        **plain,  # type: ignore[arg-type]
    )


def test_home_is_left_out_and_about_forty_markets_are_in(markets: pd.DataFrame) -> None:
    for home in ("GB", "FR"):
        found = made(markets, home)
        assert home not in found.figures.index
        assert len(found.figures) == len(markets) - 1 >= 40
        assert list(found.figures.columns) == list(criteria.CRITERIA)


def test_figures_by_hand(markets: pd.DataFrame) -> None:
    figures = made(markets).figures
    france = markets.loc["FR"]
    assert figures.loc["FR", "size"] == pytest.approx(france["population"] * france["gdp_per_head_ppp"])
    assert figures.loc["FR", "distance"] == pytest.approx(344, abs=2)  # London to Paris
    assert figures.loc["IE", ["language", "currency"]].tolist() == [1, 0]
    french = made(markets, "FR", languages=["fr"]).figures
    assert french.loc["BE", ["language", "currency", "trade"]].tolist() == [1, 1, 1]
    assert french.loc["GB", ["language", "currency", "trade"]].tolist() == [0, 0, 0.5]
    assert french.loc["TR", "trade"] == 0.7 and french.loc["US", "trade"] == 0


def test_missing_figures_stay_missing(markets: pd.DataFrame) -> None:
    found = made(markets)
    assert np.isnan(found.figures.loc["US", "online_buyers"])  # no source outside the EU
    assert np.isnan(found.figures.loc["MA", "logistics"])
    assert set(found.absent) == {"traction", "imports", "imports_growth"}
    ranked = ranking.weighted_sum(
        found.compared, criteria.preset("b2c"), found.directions, bounds=found.bounds
    )
    assert ranked.loc["FR", "known"] == pytest.approx(1)
    assert 0.8 < ranked.loc["US", "known"] < 1


def test_older_figures_are_less_sure(markets: pd.DataFrame) -> None:
    now, later = (
        criteria.matrix(markets, "GB", ["en"], "GBP", snapshot.distances("GB"), {}, year)
        for year in (2026, 2030)
    )
    assert (later.spread["size"] > now.spread["size"]).all()
    assert (later.spread["distance"] == 0).all()
    assert later.figures["trade"].isna().all()


def test_other_units_leave_the_ranking(markets: pd.DataFrame) -> None:
    dollars = markets.assign(gdp_per_head_ppp=markets["gdp_per_head_ppp"] * 1.17)
    weights = criteria.preset("b2b")
    one, two = (
        ranking.topsis(c.compared, weights, c.directions, "minmax", c.bounds)["score"]
        for c in (made(markets), made(dollars))
    )
    assert one.to_numpy() == pytest.approx(two.to_numpy())


def test_own_traction_and_imports_come_in_with_their_own_doubt(markets: pd.DataFrame) -> None:
    own = pd.DataFrame({"strength": [2.0, 40.0], "strength_sd": [0.2, 30.0]}, ["FR", "MT"])
    imports = pd.DataFrame({"imports": [1e9], "imports_growth": [0.05], "year": [2024]}, ["FR"])
    found = made(markets, traction=own, imports=imports)
    assert found.spread.loc["FR", "traction"] == pytest.approx(0.1)
    assert found.compared.loc["MT", "traction"] == pytest.approx(np.log(4))  # the end of the scale
    assert found.compared.loc["FR", "traction"] == pytest.approx(np.log(2))
    assert found.figures.loc["FR", "imports"] == 1e9 and np.isnan(found.figures.loc["DE", "imports"])


@pytest.mark.parametrize("name", criteria.PRESETS)
def test_presets_are_shares_of_a_hundred_of_known_criteria(name: str) -> None:
    weights = criteria.preset(name)
    assert set(weights) == set(criteria.CRITERIA)
    assert sum(weights.values()) == pytest.approx(100)
    assert min(weights.values()) >= 0


def test_access_follows_the_day() -> None:
    assert access("FR", "DE", ON) == access("GB", "GB", ON) == "union"
    assert access("GB", "FR", ON) == access("FR", "GB", ON) == "agreement"
    assert (
        access("GB", "AU", date(2023, 5, 30)) == "none"
        and access("GB", "AU", date(2023, 5, 31)) == "agreement"
    )
    assert access("NO", "FR", ON) is None

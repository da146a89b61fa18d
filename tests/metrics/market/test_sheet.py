"""A market beside home and the others, and a SWOT that says nothing it cannot show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echannel.metrics.market.sheet import _RULES, QUADRANTS, SHEET_FIGURES, position, swot
from echannel.metrics.result import INPUT_MISSING
from echannel.reference.snapshot import figures, markets


def long(*rows):
    frame = pd.DataFrame(rows, columns=["market", "figure", "value", "year"])
    return frame.assign(source="s", caveat="")


def test_the_newest_year_counts_and_the_place_is_among_the_known():
    table = long(
        ("FR", "gdp", 5.0, 2023),
        ("FR", "gdp", 9.0, 2024),
        ("GB", "gdp", 7.0, 2024),
        ("DE", "gdp", 9.0, 2022),
        ("FR", "lpi", 3.0, 2022),
    )
    row = position(table, "FR", "GB").set_index("figure").loc["gdp"]
    assert (row["value"], row["year"], row["home"], row["middle"], row["rank"], row["n"]) == (
        9,
        2024,
        7,
        9,
        1,
        3,
    )
    assert position(table, "GB", "FR").set_index("figure").loc["gdp", "rank"] == 3


def test_what_is_not_known_is_said_and_never_zero():
    table = position(long(("FR", "gdp", 5.0, 2023)), "GB", "FR").set_index("figure")
    assert (table["status"] == INPUT_MISSING).all() and table["value"].isna().all()
    assert table.loc["gdp", "home"] == 5.0 and table.loc["gdp", "reason"] == "reason.no_source_for_market"
    assert list(table.index) == list(SHEET_FIGURES)


@pytest.mark.parametrize("market", ["FR", "US", "MA", "HK"])
def test_places_are_those_of_the_shipped_figures(market):
    wide = markets()
    for row in position(figures(), market, "GB").itertuples():
        ranks = wide[row.figure].rank(method="min", ascending=False)
        assert row.rank == ranks[market] or (np.isnan(row.rank) and np.isnan(ranks[market]))
        assert row.n == wide[row.figure].notna().sum()


KNOWN = {
    "strength_low": 1.4, "strength_high": 2.0, "margin_there": 0.2, "margin_home": 0.4, "orders": 30,
    "growth": -0.01, "growth_middle": 0.02, "rank": 2, "low": 1, "high": 4, "fx_low": -0.09, "fx_high": 0.02,
}  # fmt: skip


def test_each_entry_rests_on_its_figures():
    found = swot(KNOWN).set_index("name")
    assert set(found.index) == {"buys_more", "margin_worse", "ranks_high", "currency", "shrinking"}
    assert found.loc["margin_worse", "values"] == {"margin_there": 0.2, "margin_home": 0.4}
    assert found.loc["shrinking", "quadrant"] == "threat"


def test_nothing_is_said_of_what_nobody_knows():
    assert swot({}).empty
    assert swot({"margin_there": 0.2, "margin_home": np.nan}).empty


facts = st.dictionaries(
    st.sampled_from(sorted({need for rule in _RULES for need in rule.needs})),
    st.floats(-10, 60) | st.just(np.nan),
)


@given(facts)
def test_an_entry_needs_every_figure_it_names_and_opposites_never_stand_together(known):
    found = swot(known)
    assert set(found["quadrant"]) <= set(QUADRANTS)
    assert all(np.isfinite(list(needed.values())).all() for needed in found["values"])
    names = set(found["name"])
    for one, other in (
        ("margin_better", "margin_worse"),
        ("cheaper", "dearer"),
        ("same_language", "other_language"),
    ):
        assert not {one, other} <= names

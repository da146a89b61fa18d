"""Own prices among competitors'."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echannel.metrics.market.competitors import newest_prices, price_positions


def noted(*rows):
    frame = pd.DataFrame(rows, columns=["product_id", "competitor", "price", "at"])
    return frame.assign(at=pd.to_datetime(frame["at"], utc=True))


def test_the_newest_price_of_each_competitor_counts():
    prices = noted(
        ("P1", "A", 12.0, "2026-02-01"), ("P1", "A", 99.0, "2026-01-01"), ("P1", "B", 8.0, "2026-01-01")
    )
    assert sorted(newest_prices(prices)["price"]) == [8.0, 12.0]
    row = price_positions(prices, pd.Series({"P1": 11.0})).iloc[0]
    assert (row["lowest"], row["middle"], row["highest"], row["place"], row["competitors"]) == (
        8,
        10,
        12,
        2,
        2,
    )
    assert row["index"] == pytest.approx(0.1)


def test_unknown_prices_are_left_out_and_an_unknown_own_price_is_said():
    prices = noted(("P1", "A", np.nan, "2026-01-01"), ("P2", "A", 5.0, "2026-01-01"))
    table = price_positions(prices, pd.Series({"P1": 3.0})).set_index("product_id")
    assert list(table.index) == ["P2"] and table.loc["P2", "reason"] == "reason.own_price_missing"
    assert np.isnan(table.loc["P2", "place"]) and np.isnan(table.loc["P2", "index"])
    assert price_positions(prices.head(1), pd.Series({"P1": 3.0})).empty
    assert price_positions(noted(), pd.Series(dtype="float64")).empty


@given(st.lists(st.floats(0.5, 500), min_size=1, max_size=8), st.floats(0.5, 500), st.floats(0.1, 10))
def test_places_are_a_plain_count_and_do_not_depend_on_the_currency(others, own, rate):
    prices = noted(*[("P", f"C{n}", price, "2026-01-01") for n, price in enumerate(others)])
    row = price_positions(prices, pd.Series({"P": own})).iloc[0]
    assert row["place"] == 1 + sum(price < own for price in others)
    assert row["lowest"] <= row["middle"] <= row["highest"]
    converted = prices.assign(price=prices["price"] * rate)
    other = price_positions(converted, pd.Series({"P": own * rate})).iloc[0]
    assert other["index"] == pytest.approx(row["index"], abs=1e-9)

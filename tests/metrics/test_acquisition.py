"""Visits, conversion and what a customer costs."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from growth_shops import Event, Shop, period
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from echannel.metrics import acquisition
from echannel.metrics.acquisition import _wilson

MARCH = period("2025-03-01", "2025-03-31")


def shop(**counted: float | None) -> Shop:
    """March with 62 own-shop orders of 31 customers and two sources of visits a day."""
    events = []
    for n in range(62):
        on = date(2025, 3, 1) + timedelta(days=n % 31)
        events.append(Event(f"o{n}", on, bare_goods=50.0, customer=f"c{n % 31}"))
        events.append(Event(f"m{n}", on, bare_goods=10.0, customer="old", channel="marketplace"))
    events.append(Event("first", date(2025, 2, 1), bare_goods=1.0, customer="old"))
    rows = []
    for on in pd.date_range("2025-03-01", "2025-03-31"):
        for source, medium, sessions, cost in (("google", "cpc", 30.0, 15.0), ("direct", "none", 20.0, 0.0)):
            row = {"source": source, "medium": medium, "country": "ZZ", "device": "all", "cost": cost}
            rows.append({"date": on, "sessions": sessions, "orders": 1.0, **row, **counted})
    return Shop(events, visits=rows)


def test_the_funnel_ends_with_the_shop_s_own_orders():
    sales = shop(product_views=40.0, add_to_carts=5.0, checkouts=None).sales
    found = acquisition.funnel(sales.visits, sales.entries, MARCH).set_index("step")
    assert found["value"].dropna().to_dict() == {
        "sessions": 31 * 50,
        "product_views": 31 * 80,
        "add_to_carts": 31 * 10,
        "orders": 62,
    }
    assert found.loc["checkouts", "reason"] == "reason.step_not_counted"
    assert found.loc["orders", "from_previous"] == pytest.approx(62 / 310)
    assert found.loc["orders", "from_sessions"] == pytest.approx(62 / 1550)
    assert found.loc["orders", "tracked"] == 62


def test_orders_on_days_without_visits_are_no_conversion():
    sales = shop().sales
    half = sales.visits[sales.visits["date"] <= "2025-03-10"]
    found = acquisition.conversion(half, sales.entries, MARCH).iloc[0]
    assert (found["numerator"], found["denominator"]) == (20, 500)
    assert found["value"] == pytest.approx(0.04)
    assert found["low"] < 0.04 < found["high"]


@given(st.integers(0, 300), st.integers(1, 300))
def test_the_interval_is_wilson_s(successes, trials):
    successes = min(successes, trials)
    low, high = _wilson(successes, trials)
    oracle = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert (low, high) == pytest.approx((oracle.low, oracle.high), abs=1e-6)


def test_conversion_by_month():
    sales = shop().sales
    found = acquisition.monthly_conversion(sales.visits, sales.entries)
    assert found["month"].tolist() == [pd.Period("2025-03")]
    assert found[["numerator", "denominator", "cost"]].iloc[0].tolist() == [62, 1550, 31 * 15]


def test_what_a_customer_costs_counts_new_customers_only():
    sales = shop().sales
    found = acquisition.efficiency(sales.visits, sales.entries, MARCH).set_index("measure")["value"]
    spend, turnover = 31 * 15, 62 * 60
    assert found["cost"] == spend
    assert found["cost_per_session"] == pytest.approx(spend / 1550)
    assert found["cac"] == pytest.approx(spend / 31)  # "old" first ordered in February
    assert found["mer"] == pytest.approx(turnover / spend)
    assert found["spend_share"] == pytest.approx(spend / turnover)


def test_without_spend_there_is_no_return_on_it():
    free = shop(cost=0.0).sales
    found = acquisition.efficiency(free.visits, free.entries, MARCH).set_index("measure")
    assert found.loc["cost", "value"] == 0 and found.loc["cac", "value"] == 0
    assert found.loc["mer", ["status", "reason"]].tolist() == ["too_few", "reason.no_spend"]
    unknown = shop(cost=None).sales
    found = acquisition.efficiency(unknown.visits, unknown.entries, MARCH)
    assert set(found["reason"]) == {"reason.spend_missing"} and found["value"].isna().all()


def test_sources_sum_to_the_whole():
    sales = shop().sales
    found = acquisition.by_source(sales.visits, MARCH, period("2025-02-01", "2025-02-28"))
    assert found["source"].tolist() == ["google", "direct"]
    assert found["share"].sum() == pytest.approx(1)
    assert found["value"].tolist() == pytest.approx([1 / 30, 1 / 20])
    assert found.loc[0, "cost_per_session"] == pytest.approx(0.5)
    assert found.loc[0, "cost_per_order"] == pytest.approx(15)
    assert found["sessions_before"].tolist() == [0, 0] and found["change"].isna().all()
    untracked = shop(orders=None).sales
    found = acquisition.by_source(untracked.visits, MARCH)
    assert set(found["reason"]) == {"reason.step_not_counted"} and found["value"].isna().all()
    assert found["cost_per_session"].notna().all()


def test_without_visits_everything_says_so():
    sales = shop().sales
    none = sales.visits.iloc[:0]
    for found in (
        acquisition.funnel(none, sales.entries, MARCH),
        acquisition.conversion(none, sales.entries, MARCH),
        acquisition.monthly_conversion(none, sales.entries),
        acquisition.efficiency(none, sales.entries, MARCH),
        acquisition.by_source(none, MARCH),
    ):
        assert set(found["status"]) == {"input_missing"} and set(found["reason"]) == {"reason.visits_missing"}
        assert found["value"].isna().all()


def test_a_handful_of_sessions_makes_no_rate():
    sales = shop().sales
    few = sales.visits.iloc[:1]
    found = acquisition.conversion(few, sales.entries, MARCH).iloc[0]
    assert found["reason"] == "reason.few_sessions" and np.isnan(found["value"]) and np.isnan(found["low"])

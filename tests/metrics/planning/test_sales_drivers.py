"""Months as plans need them, and the factors whose product is the turnover."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from handmade import canonical, order
from views_shop import shop_tables

from echannel.countries import country_pack
from echannel.metrics.periods import month_of
from echannel.metrics.planning.drivers import apply_levers, drivers
from echannel.metrics.planning.history import fitted_months, month_calendar, monthly, weekday_weights
from echannel.metrics.turnover import COUNTED_STATUSES, prepare

NAMES = ("orders", "order_lines", "refunds", "products", "customers", "visits")


def sales_of(tables: dict[str, pd.DataFrame], over: int | None = None):
    return prepare(*(tables[name] for name in NAMES), currency="EUR", over=over)


@pytest.fixture(scope="module")
def tables():
    return shop_tables("both", 2500, "FR", 3)


@pytest.fixture(scope="module")
def sales(tables):
    return sales_of(tables)


def by_hand(**rows: list[dict]) -> dict[str, pd.DataFrame]:
    return {name: canonical(name, rows.get(name, [])) for name in NAMES}


@pytest.mark.parametrize("kind", [None, "b2c", "b2b"])
def test_months_are_orders_and_refunds_added_up_one_by_one(tables, sales, kind):
    found = monthly(sales, kind).set_index("month")
    orders = tables["orders"]
    orders = orders[orders["status"].isin(COUNTED_STATUSES)]
    kinds = orders.set_index("order_id")["kind"].astype(str)
    turnover: dict[int, float] = {}
    buyers: dict[int, set[str]] = {}
    for _, one in orders.iterrows():
        if kind in (None, one["kind"]):
            month = month_of(int(one["local_day"]))
            turnover[month] = turnover.get(month, 0.0) + one["total_gross"] - one["vat_amount"]
            buyers.setdefault(month, set()).update([one["customer_id"]] if one["customer_id"] else [])
    for _, one in tables["refunds"].iterrows():
        if one["order_id"] in kinds.index and kind in (None, kinds[one["order_id"]]):
            month = month_of(int(one["local_day"]))
            turnover[month] = turnover.get(month, 0.0) - one["net_amount"]
    for month, row in found.iterrows():
        assert row["turnover"] == pytest.approx(turnover.get(month, 0.0), abs=0.01)
        known = {one for one in buyers.get(month, set()) if isinstance(one, str)}
        assert row["customers"] == len(known)
        year = set().union(*(buyers.get(at, set()) for at in range(month - 11, month + 1)))
        assert row["customers_year"] == len({one for one in year if isinstance(one, str)})


def test_parts_of_months_at_either_end_are_marked_and_left_out(sales):
    found = monthly(sales)
    assert not found["complete"].iloc[-1]  # the shop's data end on the 15th
    kept = fitted_months(found)
    assert kept["complete"].all() and kept["month"].iloc[-1] == found["month"].iloc[-2]


def test_a_month_without_an_order_is_unknown_where_a_usual_one_has_many():
    busy = [
        order(f"o{month}-{n}", f"2026-{month:02d}-{2 * n + 1:02d}", 50.0)
        for month in (1, 2, 4, 5)
        for n in range(13)
    ]
    found = monthly(sales_of(by_hand(orders=busy))).set_index("month")["turnover"]
    assert np.isnan(found[(2026 - 1970) * 12 + 2]) and found[(2026 - 1970) * 12 + 3] == pytest.approx(650)
    quiet = [order(f"q{month}", f"2026-{month:02d}-05", 50.0) for month in (1, 2, 4, 5)]
    found = monthly(sales_of(by_hand(orders=quiet))).set_index("month")["turnover"]
    assert found[(2026 - 1970) * 12 + 2] == 0.0


def test_nothing_sold_is_no_months():
    found = monthly(sales_of(by_hand()))
    assert found.empty and {"month", "turnover", "customers_year", "complete", "gap"} <= set(found)


@pytest.mark.parametrize("kind", ["b2c", "b2b"])
@pytest.mark.parametrize("visited", [True, False])
def test_the_factors_product_is_the_turnover(tables, kind, visited):
    rows = tables if visited else {**tables, "visits": tables["visits"][:0]}
    history = monthly(sales_of(rows), kind)
    made = drivers(history, kind)
    year = history[history["complete"]].tail(12)
    assert (made.first, made.last) == (year["month"].iloc[0], year["month"].iloc[-1])
    assert made.turnover == pytest.approx(year["turnover"].sum(), abs=0.005)
    assert made.levers["value"].prod() == pytest.approx(made.turnover, abs=0.005)
    assert (made.levers["low"] < made.levers["value"]).all()
    assert (made.levers["high"] > made.levers["value"]).all()
    names = made.levers["name"].tolist()
    if kind == "b2b":
        assert names == ["accounts", "frequency", "order_value"]
    elif visited:
        assert names == ["visits", "conversion", "repeat", "basket", "other_channels"]
        assert made.levers["value"].iloc[0] == year["visits"].sum()
    else:
        assert names == ["orders", "basket"] and set(made.levers["reason"]) == {"reason.visits_missing"}


def test_without_known_customers_there_are_still_orders_and_their_value(tables):
    nobody = {
        **tables,
        "orders": tables["orders"].assign(customer_id=pd.Categorical([None] * len(tables["orders"]))),
    }
    made = drivers(monthly(sales_of(nobody), "b2b"), "b2b")
    assert made.levers["name"].tolist() == ["orders", "order_value"]
    assert set(made.levers["reason"]) == {"reason.customers_unknown"}
    assert made.levers["value"].prod() == pytest.approx(made.turnover)


def test_a_firm_of_three_months_gets_a_range_that_says_it_is_not_historys():
    few = [order(f"o{n}", f"2026-0{n % 3 + 1}-{n % 27 + 1:02d}", 40.0) for n in range(30)]
    few += [order("last", "2026-04-02", 40.0)]
    made = drivers(monthly(sales_of(by_hand(orders=few)), "b2c"), "b2c").levers
    assert set(made["range_from"]) == {"default"}
    assert made["high"].to_numpy() == pytest.approx(1.2 * made["value"].to_numpy())


def test_too_few_orders_have_no_factors():
    made = drivers(monthly(sales_of(by_hand(orders=[order("o1", "2026-01-05", 40.0)])), "b2c"), "b2c")
    assert made.levers["value"].isna().all() and set(made.levers["reason"]) == {"reason.few_orders"}


def test_levers_multiply_and_unknown_ones_are_refused(sales):
    made = drivers(monthly(sales, "b2c"), "b2c")
    turnover = np.array([[100.0, 200.0], [300.0, 400.0]])
    found = apply_levers(turnover, made, {"basket": 1.1, "visits": np.array([[1.0], [2.0]])})
    np.testing.assert_allclose(found, [[110.0, 220.0], [660.0, 880.0]])
    with pytest.raises(KeyError):
        apply_levers(turnover, made, {"accounts": 2.0})


def test_trading_days_and_easter_of_a_month_counted_by_hand():
    weights = np.array([1.3, 1.3, 1.3, 1.3, 1.3, 0.5, 0.0])
    first = (2020 - 1970) * 12
    pack = country_pack("FR")
    found = month_calendar(first, first + 12 * 8 - 1, [], weights).set_index("month")
    days = [date(2024, 2, 1 + n) for n in range(29)]
    february = sum(weights[one.weekday()] for one in days)
    usual = np.mean(
        [
            sum(
                weights[day.weekday()]
                for day in (date(year, 2, 1 + n) for n in range(29 if year % 4 == 0 else 28))
            )
            for year in range(2000, 2028)
        ]
    )
    assert found["trading"][first + 49] == pytest.approx(february / usual)
    # Easter Sunday 31 March 2024: the fortnight from 18 March to Easter Monday, 1 April.
    assert found["easter"][first + 50] == pytest.approx(14 / 15)
    assert found["easter"][first + 51] == pytest.approx(1 / 15)
    soldes = month_calendar(
        first, first + 11, pack.sale_periods_between(date(2020, 1, 1), date(2020, 12, 31))
    )
    winter = soldes["soldes_winter"].to_numpy()
    assert winter[:2].sum() > 3 and (winter[2:] == 0).all()


def test_a_public_holiday_on_a_weekday_takes_a_trading_day_away():
    weights = np.array([1.2, 1.2, 1.2, 1.2, 1.2, 1.0, 0.0])
    first = (2024 - 1970) * 12
    off = [date(2024, 5, 1), date(2025, 5, 1), date(2026, 5, 2)]  # the last falls on a Saturday
    plain = month_calendar(first, first + 35, [], weights)["trading"].to_numpy()
    found = month_calendar(first, first + 35, [], weights, off)["trading"].to_numpy()
    assert found[4] < plain[4] and found[28] > plain[28]
    np.testing.assert_array_equal(np.delete(found, [4, 16, 28]), np.delete(plain, [4, 16, 28]))


def test_weekdays_of_few_orders_are_drawn_towards_alike(sales):
    few = weekday_weights(sales.select(since=sales.last_day - 40))
    many = weekday_weights(sales)
    assert few.mean() == pytest.approx(1) and many.mean() == pytest.approx(1)
    raw = sales.select(since=sales.last_day - 40)
    assert np.abs(few - 1).max() < len(raw.orders) / (len(raw.orders) + 200) * 6

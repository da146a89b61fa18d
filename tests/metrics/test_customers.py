"""New and returning customers, repeat rate, rhythm, cohorts."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from customer_shops import bought, random_shops, shop, uci_online_retail
from hypothesis import given, settings

from echannel.metrics import customers
from echannel.metrics.turnover import as_date


def month_of(day: int) -> pd.Period:
    return as_date(day).to_period("M")


@settings(max_examples=20)
@given(random_shops())
def test_new_returning_and_unknown_sum_to_turnover_and_orders(sales):
    parts = customers.new_and_returning(sales)
    known = sales.orders["customer_id"].notna().any()
    if known:
        by_month = parts.groupby("month")["value"].sum()
        months = sales.entries["day"].map(month_of)
        whole = sales.entries.groupby(months)["net_goods"].sum().reindex(by_month.index, fill_value=0)
        assert by_month.to_numpy() == pytest.approx(whole.to_numpy(), abs=1e-6)
        assert parts["orders"].sum() == len(sales.orders)
        assert (parts["n"] == parts["orders"]).all()
    else:
        assert set(parts.loc[parts["group"] != "unknown", "status"]) == {"input_missing"}
        assert parts.loc[parts["group"] != "unknown", "value"].isna().all()


def test_a_customer_is_new_once_and_their_refund_is_taken_off_that_part():
    back = {"refund_id": "r", "order_id": "o0", "net_amount": 30.0, "refunded_at": "2024-02-10"}
    sales = bought(("a", "2024-01-05", 100), ("a", "2024-02-05", 50), (None, "2024-02-06", 7), refunds=[back])
    got = customers.new_and_returning(sales).set_index(["month", "group"])["value"]
    assert got[pd.Period("2024-01"), "new"] == 100
    assert got[pd.Period("2024-02"), "new"] == -30
    assert got[pd.Period("2024-02"), "returning"] == 50
    assert got[pd.Period("2024-02"), "unknown"] == 7


def test_a_regular_of_many_years_is_not_new_in_a_period():
    sales = bought(("a", "2024-01-05", 100), ("a", "2024-02-05", 50))
    february = sales.select(since=int(sales.orders["day"].max()))
    parts = customers.new_and_returning(february).set_index("group")["value"]
    assert parts["new"] == 0 and parts["returning"] == 50


def test_months_that_the_data_does_not_cover_to_their_end_are_marked():
    sales = bought(("a", "2024-01-01", 1), ("b", "2024-03-30", 1))
    complete = customers.new_and_returning(sales).drop_duplicates("month").set_index("month")["complete"]
    assert complete.tolist() == [True, True, False]


def test_repeat_rate_counts_customers_and_its_matured_view_leaves_newcomers_out():
    early = [(f"e{i}", "2024-01-01", 10) for i in range(20)]
    again = [(f"e{i}", "2024-03-01", 10) for i in range(5)]
    late = [(f"l{i}", "2024-09-01", 10) for i in range(20)]
    got = customers.repeat_purchase_rate(bought(*early, *again, *late)).set_index("view")
    assert got.loc["window", ["numerator", "denominator", "value"]].tolist() == [5, 40, 5 / 40]
    assert got.loc["matured", ["numerator", "denominator", "value"]].tolist() == [5, 20, 5 / 20]


def test_few_customers_leave_no_rate_but_its_parts():
    got = customers.repeat_purchase_rate(bought(("a", "2024-01-01", 1), ("a", "2024-02-01", 1)))
    assert got["value"].isna().all() and set(got["status"]) == {"too_few"}
    assert got["numerator"].tolist() == [1, 0]


def test_no_customer_known_is_missing_input_not_zero():
    sales = bought((None, "2024-01-01", 1), (None, "2024-02-01", 1))
    for frame in (customers.repeat_purchase_rate(sales), customers.time_between_orders(sales)):
        assert set(frame["status"]) == {"input_missing"}
        assert frame["value"].isna().all()


@settings(max_examples=20)
@given(random_shops())
def test_time_between_orders_as_counted_by_hand(sales):
    days = defaultdict(set)
    for customer, day in zip(sales.orders["customer_id"], sales.orders["day"], strict=True):
        if isinstance(customer, str):
            days[customer].add(day)
    gaps = defaultdict(list)
    for seen in days.values():
        ordered = sorted(seen)
        for number, (before, after) in enumerate(pairwise(ordered), start=2):
            gaps[0].append(after - before)
            gaps[min(number, 4)].append(after - before)
    got = customers.time_between_orders(sales, highest=4).set_index("order_number")
    for number in (0, 2, 3, 4):
        assert got.loc[number, "n"] == len(gaps[number])
        if len(gaps[number]) >= customers.FEWEST_INTERVALS:
            expected = np.quantile(gaps[number], [0.5, 0.25, 0.75])
            assert got.loc[number, ["value", "q25", "q75"]].tolist() == pytest.approx(expected.tolist())
        else:
            assert np.isnan(got.loc[number, "value"]) and got.loc[number, "status"] != "ok"


@settings(max_examples=20)
@given(random_shops())
def test_cohorts_as_counted_by_hand(sales):
    got = customers.cohort_retention(sales, minimum=0).set_index(["cohort", "age"])
    orders = sales.orders[sales.orders["customer_id"].notna()]
    if orders.empty:
        assert got.empty
        return
    first = orders.groupby(orders["customer_id"].astype(str))["day"].min().map(month_of)
    size = first.value_counts()
    assert got.xs(0, level="age")["denominator"].sum() == len(first)
    entries = sales.entries[sales.entries["customer_id"].notna()]
    entries = entries.assign(
        at=entries["day"].map(month_of), of=entries["customer_id"].astype(str).map(first)
    )
    months = pd.period_range(first.min(), month_of(sales.last_day), freq="M")
    assert len(got) == len(months) * (len(months) + 1) / 2
    for (cohort, age), row in got.iterrows():
        part = entries[(entries["of"] == cohort) & (entries["at"] == cohort + age)]
        bought_then = part.loc[part["entry"] == "sale", "customer_id"].nunique()
        assert row["customers"] == bought_then
        assert row["turnover"] == pytest.approx(part["net_goods"].sum(), abs=1e-6)
        so_far = entries[(entries["of"] == cohort) & (entries["at"] <= cohort + age)]["net_goods"].sum()
        if size.get(cohort, 0):
            assert row["value"] == pytest.approx(bought_then / size[cohort])
            assert row["cumulative_per_customer"] == pytest.approx(so_far / size[cohort], abs=1e-6)


@settings(max_examples=20)
@given(random_shops())
def test_all_cohorts_together_are_the_sum_of_the_complete_cells(sales):
    cells = customers.cohort_retention(sales, minimum=0)
    done = cells[cells["complete"]].groupby("age")[["numerator", "denominator"]].sum()
    curve = customers.retention_by_age(sales).set_index("age")
    assert curve["numerator"].tolist() == done["numerator"].tolist()
    assert curve["denominator"].tolist() == done["denominator"].tolist()


def test_cells_with_few_customers_are_hidden_with_everything_that_tells_them():
    first = [(f"c{i}", "2024-01-10", 10) for i in range(12)]
    some = [(f"c{i}", "2024-02-10", 10) for i in range(5)]
    few = [(f"c{i}", "2024-03-31", 10) for i in range(4)]
    got = customers.cohort_retention(bought(*first, *some, *few)).set_index(["cohort", "age"])
    january = got.loc[pd.Period("2024-01")]
    assert january["customers"].tolist()[:2] == [12, 5]
    assert january["value"].tolist()[:2] == [1, 5 / 12]
    assert january["status"].tolist() == ["ok", "ok", "too_few"]
    hidden = ["customers", "numerator", "value", "turnover", "turnover_share"]
    assert january.loc[2, hidden].isna().all()
    assert january["cumulative_per_customer"].tolist() == pytest.approx([10, 10 + 50 / 12, 10 + 90 / 12])


def test_the_last_month_is_marked_until_it_ends():
    first = [(f"c{i}", "2024-01-10", 10) for i in range(6)]
    running = customers.cohort_retention(bought(*first, ("c1", "2024-02-15", 1)))
    assert running["complete"].tolist() == [True, False, False]
    ended = customers.cohort_retention(bought(*first, ("c1", "2024-02-29", 1)))
    assert ended["complete"].all()


@settings(max_examples=20)
@given(random_shops())
def test_the_customer_table_sums_to_the_turnover_of_known_customers(sales):
    table = customers.customer_table(sales)
    known = sales.entries["customer_id"].notna()
    assert table["turnover"].sum() == pytest.approx(sales.entries.loc[known, "net_goods"].sum(), abs=1e-6)
    assert table["orders"].sum() == sales.orders["customer_id"].notna().sum()
    orders = sales.orders.assign(customer=sales.orders["customer_id"].astype(object)).groupby("customer")
    named = table.set_index(table["customer_id"].astype(object))
    for customer, part in orders:
        row = named.loc[customer]
        assert (row["first_seen"], row["last_seen"]) == (part["day"].min(), part["day"].max())
        assert row["purchases"] == part["day"].nunique()


def test_nothing_sold_gives_empty_frames_not_errors():
    nothing = shop([])
    assert customers.new_and_returning(nothing).empty
    assert customers.cohort_retention(nothing).empty
    assert customers.retention_by_age(nothing).empty
    assert customers.customer_table(nothing).empty
    assert customers.repeat_purchase_rate(nothing)["value"].isna().all()
    assert customers.time_between_orders(nothing)["value"].isna().all()


def test_online_retail_cohort_of_december_2010():
    sales = uci_online_retail()
    assert len(sales.orders) == 18_532
    cohort = customers.cohort_retention(sales)
    cohort = cohort[cohort["cohort"] == pd.Period("2010-12")]
    expected = [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235]
    assert cohort["customers"].tolist() == expected
    assert cohort["complete"].tolist() == [True] * 12 + [False]
    assert len(customers.customer_table(sales)) == 4_338

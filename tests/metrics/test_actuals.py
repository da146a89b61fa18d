"""Plan against actual: the parts sum to the difference, whatever was planned and sold."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from growth_shops import Event, Shop
from hypothesis import given
from hypothesis import strategies as st

from echannel.metrics.planning.actuals import PARTS, against_plan, variance

amount = st.floats(0.01, 10_000).map(lambda value: round(value, 2))
row = st.tuples(st.sampled_from("abcdefg"), st.integers(0, 200), amount, amount)
rows = st.lists(row, min_size=1, max_size=7, unique_by=lambda one: one[0])


def frame(rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["item", "units", "net", "cost"])


@given(rows, rows)
def test_parts_sum_to_the_difference_in_turnover_and_margin(planned, actual):
    found = variance(frame(planned), frame(actual)).set_index("part")
    net = [sum(one[2] for one in side) for side in (planned, actual)]
    cost = [sum(one[3] for one in side if one[1] > 0) for side in (planned, actual)]
    assert found["turnover"].sum() == pytest.approx(net[1] - net[0], abs=1e-6)
    assert found["value"].sum() == pytest.approx((net[1] - cost[1]) - (net[0] - cost[0]), abs=1e-6)


def test_a_worked_example_by_hand():
    planned = frame([("a", 100, 1000.0, 600.0), ("b", 50, 1500.0, 500.0)])
    actual = frame([("a", 90, 990.0, 558.0), ("b", 80, 2320.0, 880.0)])
    found = variance(planned, actual).set_index("part")
    # Prices: a 10 → 11, b 30 → 29; costs: a 6 → 6.2, b 10 → 11; units 150 → 170; margin planned 1,400.
    assert found.loc["price", "value"] == pytest.approx(90 * 1 - 80 * 1)
    assert found.loc["cost", "value"] == pytest.approx(-(90 * 0.2 + 80 * 1))
    assert found.loc["volume", "value"] == pytest.approx(20 * 1400 / 150)
    mix = (90 - 100 * 170 / 150) * 4 + (80 - 50 * 170 / 150) * 20
    assert found.loc["mix", "value"] == pytest.approx(mix)
    assert found["value"].sum() == pytest.approx((990 - 558 + 2320 - 880) - 1400)
    assert (
        found.loc["volume", "turnover"] == pytest.approx(20 * 2500 / 150)
        and found.loc["cost", "turnover"] == 0
    )


def test_one_cause_alone_shows_as_itself():
    planned = frame([("a", 100, 1000.0, 600.0)])
    for actual, part, value in (
        ([("a", 110, 1100.0, 660.0)], "volume", 40.0),
        ([("a", 100, 1050.0, 600.0)], "price", 50.0),
        ([("a", 100, 1000.0, 630.0)], "cost", -30.0),
    ):
        found = variance(planned, frame(actual)).set_index("part")["value"]
        assert found[part] == pytest.approx(value)
        assert found.drop(part).abs().max() < 1e-9


def test_goods_of_unknown_cost_count_with_their_turnover_and_are_told():
    planned = frame([("a", 10, 100.0, np.nan), ("b", 10, 100.0, 40.0)])
    actual = frame([("a", 12, 120.0, 50.0), ("b", 10, 100.0, 45.0)])
    found = variance(planned, actual).set_index("part")
    assert found.loc["cost", "value"] == pytest.approx(-5)
    assert found["costed"].iloc[0] == pytest.approx(100 / 220)
    assert found["value"].sum() == pytest.approx(220 - 45 - (200 - 40))


def test_months_of_a_shop_sum_to_actual_less_planned():
    back = [(date(2025, 6, 20), "a", 1, 4.0, 0.0)]
    events = [
        Event(
            f"o{at}",
            date(2024 + at // 24, 1 + at // 2 % 12, 3 + at % 2),
            [("a", 1 + at % 3, 10.0), ("b", 2, 7.5)],
            shipping=2.5,
            refunds=back if at == 34 else [],
        )
        for at in range(48)
    ]
    sales = Shop(events, {"a": 6.0, "b": 3.0}).sales
    months = np.arange((2025 - 1970) * 12, (2026 - 1970) * 12)
    planned = pd.DataFrame({"month": months, "turnover": 70.0 + np.arange(12)})
    found = against_plan(sales, planned, [*months, months[-1] + 1])
    assert list(found["part"]) == list(PARTS) * 12
    entries = sales.entries.groupby("month")["net_invoiced"].sum()
    for month, rows_ in found.groupby("month"):
        assert rows_["planned"].iloc[0] == pytest.approx(planned.set_index("month").loc[month, "turnover"])
        assert rows_["actual"].iloc[0] == pytest.approx(entries[month])
        assert rows_["turnover"].sum() == pytest.approx(rows_["actual"].iloc[0] - rows_["planned"].iloc[0])
        gap = rows_["actual_margin"].iloc[0] - rows_["planned_margin"].iloc[0]
        assert rows_["value"].sum() == pytest.approx(gap)
    assert against_plan(sales, planned.assign(turnover=np.nan), months).empty


def test_dearer_purchases_show_as_cost_and_nothing_else():
    events = [Event(f"o{year}", date(year, 5, 4), [("a", 10, 10.0)], vat=0.0) for year in (2024, 2025)]
    sales = Shop(events, {"a": 6.0}).sales
    month = (2025 - 1970) * 12 + 4
    bought = pd.DataFrame(
        {
            "product_id": ["a", "a", "a"],
            "received_on": pd.to_datetime(["2024-02-01", "2025-02-01", "2025-03-01"]),
            "quantity": [50.0, 30.0, 10.0],
            "received_quantity": [50.0, 30.0, 10.0],
            "unit_cost": [5.0, 6.0, 7.0],
        }
    )
    planned = pd.DataFrame({"month": [month], "turnover": [100.0]})
    found = against_plan(sales, planned, [month], bought).set_index("part")["value"]
    assert found["cost"] == pytest.approx(-10 * (6.25 - 5.0)) and found.drop("cost").abs().max() < 1e-9
    assert against_plan(sales, planned, [month]).set_index("part").loc["cost", "value"] == 0

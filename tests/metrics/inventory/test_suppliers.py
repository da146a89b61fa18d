"""Suppliers by their own record, against plain loops."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from handmade import canonical
from hypothesis import given, settings
from hypothesis import strategies as st
from shops import FIRST, purchases

from echannel.metrics.inventory.suppliers import (
    lead_times,
    overdue,
    price_drift,
    punctuality,
    supplier_record,
)

DELIVERIES = st.lists(
    st.fixed_dictionaries(
        {
            "supplier": st.sampled_from(["north", "south", None]),
            "product": st.sampled_from(["a", "b"]),
            "ordered": st.integers(0, 700),
            "wait": st.integers(-2, 40),
            "planned": st.one_of(st.none(), st.integers(1, 30)),
            "quantity": st.integers(1, 50),
            "cost": st.sampled_from([1.0, 1.5, 2.0, np.nan]),
            "came": st.sampled_from([True, True, True, False]),
        }
    ),
    max_size=25,
)
TODAY = 720


def bought(drawn: list[dict]) -> list[dict]:
    return [
        {
            "supplier": one["supplier"],
            "product": one["product"],
            "quantity": one["quantity"],
            "cost": one["cost"],
            "ordered": one["ordered"],
            "expected": None if one["planned"] is None else one["ordered"] + one["planned"],
            "received": one["ordered"] + one["wait"] if one["came"] else None,
        }
        for one in drawn
    ]


def by_supplier(frame):
    return {row["supplier_id"]: row for _, row in frame.iterrows()}


@settings(max_examples=25)
@given(DELIVERIES)
def test_the_record_by_plain_loops(drawn):
    made = bought(drawn)
    table = purchases(made)
    lead, late, drift = (
        by_supplier(frame)
        for frame in (lead_times(table), punctuality(table), price_drift(table, FIRST + TODAY))
    )
    for name in ("north", "south", None):
        own = [one for one in made if one["supplier"] == name]
        key = name or ""
        days = [one["received"] - one["ordered"] for one in own if one["received"] is not None]
        days = [n for n in days if n >= 0]
        if days:
            assert lead[key]["n"] == len(days)
            if len(days) >= 3:
                assert lead[key]["value"] == statistics.median(days)
                assert lead[key]["mean"] == pytest.approx(statistics.mean(days))
                assert lead[key]["sd"] == pytest.approx(statistics.stdev(days))
                assert lead[key]["p90"] == pytest.approx(np.quantile(days, 0.9))
            else:
                assert lead[key]["status"] == "too_few" and np.isnan(lead[key]["value"])
        behind = [
            one["received"] - one["expected"]
            for one in own
            if one["received"] is not None and one["expected"] is not None
        ]
        if len(behind) >= 3:
            assert late[key]["value"] == pytest.approx(sum(n > 0 for n in behind) / len(behind))
            if any(n > 0 for n in behind):
                assert late[key]["days_late"] == statistics.median([n for n in behind if n > 0])
        now, before = slow_drift(own)
        if before:
            assert drift[key]["value"] == pytest.approx(now / before - 1)
        elif key in drift:
            assert drift[key]["reason"] == "reason.not_bought_twice"


def slow_drift(own: list[dict]) -> tuple[float, float]:
    now = before = 0.0
    for product in ("a", "b"):
        priced = [one for one in own if one["product"] == product and one["cost"] == one["cost"]]
        new = [one for one in priced if TODAY - 365 < one["ordered"] <= TODAY]
        old = [one for one in priced if TODAY - 730 < one["ordered"] <= TODAY - 365]
        if new and old:
            units = sum(one["quantity"] for one in new)
            was = sum(one["quantity"] * one["cost"] for one in old) / sum(one["quantity"] for one in old)
            now += sum(one["quantity"] * one["cost"] for one in new)
            before += units * was
    return now, before


def test_lines_of_one_delivery_are_one_case_of_a_supplier_and_one_of_each_product():
    both = [
        {"id": f"p{n}", "supplier": "north", "product": name, "quantity": 1, "ordered": 0, "received": 5 + n}
        for n in range(3)
        for name in ("a", "b")
    ]
    table = purchases(both)
    assert lead_times(table)["n"].tolist() == [3]
    each = lead_times(table, ("supplier_id", "product_id"))
    assert each["product_id"].tolist() == ["a", "b"] and each["n"].tolist() == [3, 3]
    assert each["value"].tolist() == [6, 6]


def late_shop():
    record = [
        {"supplier": "north", "product": "a", "quantity": 5, "ordered": 10 * n, "received": 10 * n + 6}
        for n in range(5)
    ]
    waiting = [
        {"id": "promised", "supplier": "south", "product": "a", "quantity": 9, "ordered": 80, "expected": 90},
        {"id": "usual", "supplier": "north", "product": "a", "quantity": 4, "ordered": 90},
        {"id": "in time", "supplier": "north", "product": "a", "quantity": 4, "ordered": 96},
        {"id": "no record", "supplier": "east", "product": "a", "quantity": 4, "ordered": 1},
        {"id": "forgotten", "supplier": "north", "product": "a", "quantity": 4, "ordered": -400},
        {
            "id": "half",
            "supplier": "south",
            "product": "a",
            "quantity": 9,
            "ordered": 80,
            "expected": 95,
            "came": 4,
        },
    ]
    return purchases([*record, *waiting])


def test_open_purchases_are_overdue_against_their_day_or_the_suppliers_own_record():
    found = overdue(late_shop(), FIRST + 100).set_index("purchase_id")
    assert set(found.index) == {"promised", "usual", "forgotten", "half"}
    assert found.loc["promised", ["value", "against", "stale"]].tolist() == [10, "expected", False]
    assert found.loc["usual", ["value", "against", "n"]].tolist() == [4, "record", 5]
    assert found.loc["forgotten", "stale"]
    assert found.loc["half", "quantity"] == 5


def test_one_row_per_supplier_listed_or_bought_from():
    listed = canonical(
        "suppliers",
        [
            {"supplier_id": "north", "name": "North & Co", "country": "GB", "lead_time_days": 4.0},
            {"supplier_id": "west"},
        ],
    )
    found = supplier_record(late_shop(), listed, FIRST + 100).set_index("supplier_id")
    assert list(found.index) == ["east", "north", "south", "west"]
    north = found.loc["north"]
    assert north[["name", "agreed", "value", "n"]].tolist() == ["North & Co", 4.0, 6.0, 5]
    assert north[["open_lines", "overdue_lines"]].tolist() == [2, 1]
    assert found.loc["west", ["status", "reason"]].tolist() == ["input_missing", "reason.deliveries_unknown"]
    assert np.isnan(found.loc["west", "value"])


def test_spend_is_of_the_last_twelve_months():
    table = purchases(
        [
            {"supplier": "north", "product": "a", "quantity": 10, "ordered": day, "cost": 2.0}
            for day in (10, 400, 500)
        ]
    )
    found = supplier_record(table, canonical("suppliers", []), FIRST + 600)
    assert found["spend"].tolist() == [40.0]

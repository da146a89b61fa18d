"""ABC, XYZ, demand types, who buys, against plain loops and cases worked by hand."""

from __future__ import annotations

import statistics

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shops import FIRST, PRODUCTS, Stocked, shops

from echannel.locale import messages
from echannel.metrics.inventory.classes import (
    FIELDS,
    abc,
    buyers,
    classes,
    matrix,
    policy_key,
    variability,
    weights,
)


@settings(max_examples=8)
@given(shops(), st.sampled_from(["turnover", "margin", "units"]))
def test_classes_partition_the_products(shop, by):
    inventory = shop.inventory()
    found = classes(inventory, by)
    assert found.index.equals(inventory.units.index)
    assert set(found["abc"]) <= {"A", "B", "C", ""} and set(found["xyz"]) <= {"X", "Y", "Z", ""}
    assert (found["abc"] == "").equals(found["value"].isna())
    fields = matrix(found)
    assert fields["n"].sum() == len(found)
    assert fields["field"].tolist() == [*FIELDS, ""]
    assert fields["value"].sum() == pytest.approx(found["value"].sum())


@given(
    st.lists(st.integers(-20, 500), min_size=1, max_size=30),
    st.tuples(st.floats(0.1, 0.9), st.floats(0.91, 0.99)),
)
def test_abc_fills_a_class_until_its_cut_is_reached(amounts, cuts):
    found = abc(pd.Series(amounts, dtype=float), cuts)["abc"].tolist()
    total = sum(n for n in amounts if n > 0)
    ranked = sorted(range(len(amounts)), key=lambda i: (-max(amounts[i], 0), i))
    filled = 0.0
    for place in ranked:
        share = filled / total if total else 0
        if amounts[place] <= 0:
            expected = {"C"}
        elif min(abs(share - cut) for cut in cuts) < 1e-9:
            expected = {"A", "B", "C"}  # on the very cut rounding decides
        else:
            expected = {"A" if share < cuts[0] else "B" if share < cuts[1] else "C"}
        assert found[place] in expected
        filled += max(amounts[place], 0)


def test_cuts_at_eighty_and_ninety_five():
    values = pd.Series([50.0, 30.0, 10.0, 5.0, 3.0, 2.0, 0.0])
    assert "".join(abc(values, (0.80, 0.95))["abc"]) == "AABBCCC"
    assert "".join(abc(values, (0.50, 0.98))["abc"]) == "ABBBBCC"
    assert abc(values, (0.8, 0.95))["cumulative_share"].tolist() == pytest.approx(
        [0.5, 0.8, 0.9, 0.95, 0.98, 1, 1]
    )


def test_weights_are_turnover_margin_and_units_less_returns():
    shop = Stocked(
        sold=[(0, "a", 4, 5.0), (1, "c", 2, 4.0), (2, "b", 1, 9.0)], back=[(3, "a", 1)], products=PRODUCTS
    )
    inventory = shop.inventory()
    by = {name: weights(inventory, name).to_dict() for name in ("turnover", "margin", "units")}
    assert by["turnover"] == pytest.approx({"a": 19.0, "b": 9.0, "c": 8.0, "d": 0.0})
    assert by["units"] == {"a": 3.0, "b": 1.0, "c": 2.0, "d": 0.0}
    assert by["margin"] == pytest.approx({"a": 19 - 3 * 2, "b": 6.0, "c": np.nan, "d": 0.0}, nan_ok=True)
    found = classes(inventory, "margin")
    assert found.loc["c", ["abc", "status", "reason"]].tolist() == [
        "",
        "input_missing",
        "reason.cost_unknown",
    ]


WEEKS = st.lists(st.one_of(st.none(), st.just(0), st.integers(0, 30)), min_size=1, max_size=60)


@given(WEEKS)
def test_variability_by_plain_statistics(demand):
    row = variability(pd.DataFrame([[np.nan if n is None else float(n) for n in demand]], index=["p"])).iloc[
        0
    ]
    known = [n for n in demand if n is not None]
    sizes = [n for n in known if n > 0]
    assert row["n"] == len(known)
    if len(known) < 8 or len(sizes) < 3:
        assert row["xyz"] == row["demand_type"] == "" and row["status"] == "too_few"
        return
    cv = statistics.stdev(known) / statistics.mean(known)
    adi, cv2 = len(known) / len(sizes), (statistics.stdev(sizes) / statistics.mean(sizes)) ** 2
    assert (row["value"], row["adi"], row["cv2"]) == pytest.approx((cv, adi, cv2))
    if min(abs(cv - 0.5), abs(cv - 1), abs(cv2 - 0.49), abs(adi - 1.32)) > 1e-9:
        assert row["xyz"] == ("X" if cv < 0.5 else "Y" if cv < 1 else "Z")
        names = {(0, 0): "smooth", (0, 1): "erratic", (1, 0): "intermittent", (1, 1): "lumpy"}
        assert row["demand_type"] == names[adi >= 1.32, cv2 >= 0.49]


def test_weeks_out_of_stock_do_not_make_demand_unsteady():
    """Ten a week, but for every third week out of stock: as zeros that would be Y, it is X."""
    sold = [(day, "a", 10) for day in range(0, 210, 7) if day // 7 % 3]
    counted = [(7 * week + 6, "a", 0 if week % 3 == 2 else 50) for week in range(30)]
    counted += [(7 * week + 6 - 6, "a", 0) for week in range(30) if week % 3 == 0]
    shop = Stocked(
        sold,
        counted=counted,
        bought=[{"product": "b", "quantity": 1, "ordered": 0}],
        until=209,
        products=PRODUCTS,
    )
    naive = variability(pd.DataFrame([[10.0 if week % 3 else 0.0 for week in range(30)]]))
    assert naive["xyz"].item() == "Y"
    assert classes(shop.inventory()).loc["a", "xyz"] == "X"


def test_every_field_has_its_policy_in_both_languages():
    keys = [policy_key(field) for field in [*FIELDS, ""]]
    assert len(set(keys)) == 10
    for language in ("en", "fr"):
        assert set(keys) <= set(messages(language))


def test_one_week_of_history_gives_no_letter_but_a_reason():
    found = classes(Stocked([(0, "a", 3), (6, "a", 1)], products=PRODUCTS).inventory())
    assert found.loc["a", ["abc", "xyz", "field", "policy"]].tolist() == [
        "A",
        "",
        "",
        "stock_policy.undecided",
    ]
    assert found.loc["a", "xyz_reason"] in {"reason.weeks_few", "reason.no_sale"}


@settings(max_examples=8)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 50), st.sampled_from("ab"), st.integers(1, 9), st.just(5.0), st.sampled_from("xyz")
        ),
        min_size=1,
        max_size=20,
    )
)
def test_buyers_by_plain_counting(sold):
    found = buyers(Stocked(sold, products=PRODUCTS).inventory())
    for product in "ab":
        units: dict[str, int] = {}
        for _, name, quantity, _, customer in sold:
            if name == product:
                units[customer] = units.get(customer, 0) + quantity
        row = found.loc[product]
        times = sum(1 for one in sold if one[1] == product)
        assert row["customers"] == len(units) and row["n"] == times
        if times >= 3:
            top = max(units.values())
            assert row["value"] == pytest.approx(top / sum(units.values()))
            assert units[row["top_customer"]] == top
            assert row["lumpy"] == (top / sum(units.values()) > 0.5)
        else:
            assert row["status"] == "too_few" and not row["lumpy"]


def test_orders_that_name_no_customer_say_nothing_of_buyers():
    row = buyers(Stocked([(day, "a", 1) for day in range(5)]).inventory()).loc["a"]
    assert row["status"] == "input_missing" and row["reason"] == "reason.customers_unknown"
    assert FIRST == 19723

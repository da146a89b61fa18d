"""Exceptionally large orders, by hand and by a plain loop."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from echannel.metrics.inventory.large_orders import exceptional_units

PRODUCTS = pd.Index(["a", "b"], name="product_id")


def lines(*rows):
    """(product, order, day, quantity[, entry])."""
    full = [(*row, "sale")[:5] for row in rows]
    return pd.DataFrame(full, columns=["product_id", "order_id", "day", "quantity", "entry"])


def test_one_order_is_an_exception_and_a_busy_day_is_none():
    usual = [("a", f"o{day}", day, 2.0) for day in range(9)]
    busy = [("b", f"p{n}", 5, 2.0) for n in range(40)]
    found = exceptional_units(
        lines(*usual, ("a", "big", 9, 30.0), ("a", "big", 9, 20.0), *busy), PRODUCTS, 0, 10
    )
    assert found.loc["a", 9] == 50 - 20 and found.to_numpy().sum() == 30


def test_a_later_order_is_judged_by_those_before_and_few_orders_by_none():
    early = [("a", f"o{day}", day, 1.0) for day in range(5)]
    late = [("a", f"l{day}", 10 + day, 40.0) for day in range(9)]
    assert exceptional_units(lines(*early, *late), PRODUCTS, 0, 20).to_numpy().sum() == 0
    assert exceptional_units(lines(*early, *late), PRODUCTS, 0, 20, known_until=9).to_numpy().sum() == 9 * 30
    assert exceptional_units(lines(*early[:4], *late), PRODUCTS, 0, 20, known_until=9).to_numpy().sum() == 0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "unknown"]),
            st.sampled_from(["o1", "o2", "o3", "o4", "o5", "o6", None]),
            st.integers(0, 3),
            st.sampled_from([-3.0, 1.0, 2.0, 60.0, np.nan]),
            st.sampled_from(["sale", "sale", "refund"]),
        ),
        max_size=40,
    )
)
def test_as_a_plain_loop_counts(rows):
    orders = {}
    for number, (product, name, day, quantity, entry) in enumerate(rows):
        if product != "unknown" and entry == "sale" and quantity > 0:
            key = product, name or number
            born, units = orders.get(key, (day, 0.0))
            orders[key] = born, units + quantity
    expected = np.zeros((2, 4))
    for at, product in enumerate(PRODUCTS):
        taken = [units for (which, _), (_, units) in orders.items() if which == product]
        if len(taken) >= 5:
            for (which, _), (day, units) in orders.items():
                if which == product:
                    expected[at, day] += max(units - 10 * np.median(taken), 0)
    assert np.allclose(exceptional_units(lines(*rows), PRODUCTS, 0, 3).to_numpy(), expected)

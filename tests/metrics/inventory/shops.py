"""Small shops with stock, for the tests of inventory: written by hand, or random."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd
from handmade import canonical, order
from hypothesis import strategies as st

from echannel.metrics.inventory import Inventory, InventorySettings, prepare_inventory
from echannel.metrics.turnover import Sales, prepare

START = date(2024, 1, 1)
FIRST = (START - date(1970, 1, 1)).days


def on(day: int) -> str:
    """The date of the shop's day ``day`` (0 = 2024-01-01)."""
    return str(START + timedelta(days=day))


@dataclass(frozen=True)
class Stocked:
    """A shop by plain events; days are counted from 2024-01-01.

    sold : (day, product, units[, unit price[, customer]]); back : (day, product, units), of the first order;
    counted : (day, product, on hand[, location[, reserved[, on order]]]); bought : purchases as mappings
    with days as numbers (ordered, expected, received) and product, quantity, supplier, cost, came.
    """

    sold: Iterable[tuple] = ()
    back: Iterable[tuple] = ()
    counted: Iterable[tuple] = ()
    bought: Iterable[Mapping] = ()
    products: Mapping[str, Mapping] = field(default_factory=dict)
    suppliers: Iterable[Mapping] = ()
    prices: Iterable[Mapping] = ()
    until: int | None = None  # a later trace of trade: the data reach this day

    @property
    def sales(self) -> Sales:
        orders, lines, refunds = [], [], []
        for number, (day, product, units, *more) in enumerate(self.sold):
            price = more[0] if more else 10.0
            goods = units * price
            whose = {"customer_id": more[1]} if len(more) > 1 else {}
            orders.append(order(f"o{number:04}", on(day), goods, status="paid", **whose))
            money = {"quantity": units, "unit_price_net": price, "net_amount": goods}
            lines.append({"order_id": f"o{number:04}", "line_no": 1, "product_id": product, **money})
        for number, (day, product, units) in enumerate(self.back):
            what = {"product_id": product, "quantity": units, "net_amount": 1.0, "vat_amount": 0.2}
            refunds.append({"refund_id": f"r{number}", "order_id": "o0000", "refunded_at": on(day), **what})
        if self.until is not None:  # an order that does not count: trade all the same
            orders.append(order("last", on(self.until), 0.0, status="cancelled"))
        named = sorted({line["product_id"] for line in lines} - {None} | set(self.products))
        rows = [{"product_id": one, **self.products.get(one, {})} for one in named]
        tables = [canonical("orders", orders), canonical("order_lines", lines), canonical("refunds", refunds)]
        return prepare(
            *tables, canonical("products", rows), canonical("customers", []), canonical("visits", []), "GBP"
        )

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        levels = []
        for day, product, units, *more in self.counted:
            location, reserved, on_order = [*more, *(("main", np.nan, np.nan)[len(more) :])]
            rest = {"location": location, "reserved": reserved, "on_order": on_order}
            levels.append({"product_id": product, "as_of": on(day), "on_hand": units, **rest})
        return {
            "stock_levels": canonical("stock_levels", levels),
            "purchases": purchases(self.bought),
            "suppliers": canonical("suppliers", list(self.suppliers)),
            "supplier_prices": canonical("supplier_prices", list(self.prices)),
        }

    def inventory(self, **settings: object) -> Inventory:
        return prepare_inventory(self.sales, self.tables, InventorySettings(**settings))


def purchases(bought: Iterable[Mapping]) -> pd.DataFrame:
    """Canonical purchases from days as numbers."""
    rows = []
    for number, one in enumerate(bought):
        days = {
            f"{name}_on": on(one[name])
            for name in ("ordered", "expected", "received")
            if one.get(name) is not None
        }
        rows.append(
            {
                "purchase_id": one.get("id", f"p{number:03}"),
                "line_no": one.get("line", number + 1),
                "supplier_id": one.get("supplier"),
                "product_id": one["product"],
                "quantity": one["quantity"],
                "received_quantity": one.get("came", np.nan),
                "unit_cost": one.get("cost", np.nan),
                **{name: days.get(name) for name in ("ordered_on", "expected_on", "received_on")},
            }
        )
    return canonical("purchases", rows)


PRODUCTS = {
    "a": {"unit_cost": 2.0, "price_net": 5.0, "category": "Tea", "supplier_id": "north"},
    "b": {"unit_cost": 3.0, "price_net": 9.0, "category": "Tea", "supplier_id": "south"},
    "c": {"unit_cost": np.nan, "price_net": 4.0, "category": "Tins", "supplier_id": "north"},
    "d": {"unit_cost": 1.0, "price_net": np.nan, "category": None, "supplier_id": None},
}
DAYS = 60


@st.composite
def shops(draw, least_counts: int = 0) -> Stocked:
    """Up to four products over 60 days with sales, returns, deliveries and counts at random."""
    day, product = st.integers(0, DAYS - 1), st.sampled_from("abcd")
    units = st.integers(1, 9)
    sold = draw(st.lists(st.tuples(day, product, units), min_size=1, max_size=40))
    sold = [(DAYS - 1, "a", 1), (0, "a", 1), *sold]
    back = draw(st.lists(st.tuples(day, product, st.integers(1, 3)), max_size=4))
    counted = draw(
        st.lists(
            st.tuples(day, product, st.integers(0, 40), st.sampled_from(["main", "shop"])),
            min_size=least_counts,
            max_size=14,
            unique_by=lambda one: (one[0], one[1], one[3]),
        )
    )
    bought = [
        {"product": p, "quantity": q, "ordered": d, "received": d + wait, "supplier": s, "cost": cost}
        for d, p, q, wait, s, cost in draw(
            st.lists(
                st.tuples(
                    day,
                    product,
                    st.integers(1, 30),
                    st.integers(0, 12),
                    st.sampled_from(["north", "south"]),
                    st.sampled_from([1.5, 2.0, 2.5]),
                ),
                max_size=10,
            )
        )
    ]
    return Stocked(sold, back, counted, bought, PRODUCTS)

"""Small shops for the tests of customer metrics: written by hand, random, or real."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from handmade import canonical, order
from hypothesis import strategies as st

from echannel.metrics.turnover import Sales, prepare

START = date(2024, 1, 1)


def shop(orders, lines=(), refunds=(), products=()) -> Sales:
    return prepare(
        canonical("orders", list(orders)),
        canonical("order_lines", list(lines)),
        canonical("refunds", list(refunds)),
        canonical("products", list(products)),
        canonical("customers", []),
        canonical("visits", []),
        "GBP",
    )


def bought(*purchases, **more) -> Sales:
    """A shop from (customer, day, goods) triples; refunds and the like by name."""
    rows = [
        order(f"o{i}", str(day), goods, customer_id=customer)
        for i, (customer, day, goods) in enumerate(purchases)
    ]
    return shop(rows, **more)


@st.composite
def random_shops(draw, kind: str = "b2c"):
    """Up to 40 orders of up to 6 customers (some unknown) over 200 days, a few refunded in part."""
    count = draw(st.integers(1, 40))
    orders, refunds = [], []
    for number in range(count):
        day = START + timedelta(days=draw(st.integers(0, 200)))
        customer = draw(st.sampled_from([None, *"abcdef"]))
        goods = draw(st.integers(1, 500))
        orders.append(order(f"o{number:02}", str(day), goods, customer_id=customer, kind=kind, shipping=5.0))
        if draw(st.integers(0, 5)) == 0:
            refunds.append(
                {
                    "refund_id": f"r{number}",
                    "order_id": f"o{number:02}",
                    "net_amount": goods / 2,
                    "vat_amount": goods / 10,
                    "refunded_at": str(day + timedelta(days=draw(st.integers(0, 60)))),
                }
            )
    return shop(orders, refunds=refunds)


def shared_data(name: str) -> Path:
    """A file of public data beside the repository; without it the test is skipped."""
    default = Path(__file__).parents[2].parent / "shared"
    path = Path(os.environ.get("ECHANNEL_SHARED", default)) / "data" / name
    if not path.exists():
        pytest.skip(f"{name} is not there")
    return path


def many_orders(orders: pd.DataFrame) -> Sales:
    """A shop from a frame with order_id, ordered_at, customer_id and goods (ex VAT), without validation."""
    count = len(orders)
    money = dict.fromkeys(
        ("discount_net", "shipping_net", "wrapping_net", "discount_gross", "shipping_gross"), 0.0
    )
    day = orders["ordered_at"].to_numpy().astype("datetime64[D]").astype("int32")
    frame = pd.DataFrame(
        {
            "order_id": pd.Categorical(orders["order_id"]),
            "ordered_at": orders["ordered_at"].dt.tz_localize("UTC"),
            "local_day": day,
            "paid_at": pd.Series(pd.NaT, index=orders.index, dtype="datetime64[us, UTC]"),
            "due_at": pd.Series(pd.NaT, index=orders.index, dtype="datetime64[us, UTC]"),
            "customer_id": pd.Categorical(orders["customer_id"]),
            "kind": pd.Categorical(["b2c"] * count),
            "channel": pd.Categorical(["own_shop"] * count),
            "country": pd.Categorical(["GB"] * count),
            "fx_rate": 1.0,
            "status": pd.Categorical(["paid"] * count),
            "goods_net": orders["goods"],
            "goods_gross": orders["goods"],
            **money,
            "wrapping_gross": 0.0,
            "vat_amount": 0.0,
            "total_gross": orders["goods"],
            "vat_stated": True,
            "parts_stated": np.ones(count, dtype=bool),
        }
    )
    empty = [canonical(name, []) for name in ("order_lines", "refunds", "products", "customers", "visits")]
    return prepare(frame, *empty, "GBP")


def uci_online_retail() -> Sales:
    """UCI Online Retail, the lines with a customer, quantity and price above 0, one order per invoice."""
    raw = pd.read_parquet(shared_data("online_retail") / "online_retail.parquet")
    good = raw[raw["CustomerID"].notna() & (raw["Quantity"] > 0) & (raw["UnitPrice"] > 0)]
    good = good.assign(goods=good["Quantity"] * good["UnitPrice"])
    invoices = good.groupby("InvoiceNo", as_index=False).agg(
        ordered_at=("InvoiceDate", "min"), customer_id=("CustomerID", "first"), goods=("goods", "sum")
    )
    invoices["customer_id"] = invoices["customer_id"].astype(str)
    return many_orders(invoices.rename(columns={"InvoiceNo": "order_id"}))


def cdnow() -> Sales:
    """The CDNOW sample, one order per line."""
    names = ["full_id", "customer_id", "date", "units", "goods"]
    raw = pd.read_csv(shared_data("CDNOW_sample.txt"), sep=r"\s+", header=None, names=names, dtype=str)
    return many_orders(
        pd.DataFrame(
            {
                "order_id": [f"o{i:05}" for i in range(len(raw))],
                "ordered_at": pd.to_datetime(raw["date"]).astype("datetime64[us]"),
                "customer_id": raw["customer_id"],
                "goods": raw["goods"].astype(float),
            }
        )
    )

"""Canonical tables written by hand, a few rows at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.tables import TABLES


def canonical(name: str, rows: list[dict]) -> pd.DataFrame:
    """A canonical table from a few written rows: what is left out takes a plain value."""
    table = TABLES[name]
    if not rows:
        return table.empty()
    frame = pd.DataFrame(rows)
    for column, spec in table.columns.items():
        if column not in frame:
            plain = {"float64": 0.0, "int32": 0, "bool": True}.get(spec.dtype)
            nothing = None if spec.nullable else plain
            # A refund is its order's; only one without an order says itself whose it is.
            whose = name == "refunds" and spec.nullable
            frame[column] = nothing if whose else _LIKELY.get(column, nothing)
    for column in set(table.columns) & {"ordered_at", "refunded_at"}:
        frame["local_day"] = pd.to_datetime(frame[column]).to_numpy().astype("datetime64[D]").astype("int32")
    for column, spec in table.columns.items():
        if spec.dtype.startswith("datetime64"):
            frame[column] = pd.to_datetime(frame[column], utc="UTC" in spec.dtype)
    # Not through the schema: its checks take longer than most tests, and the sync's own tests cover them.
    return frame[list(table.columns)].astype({name: spec.dtype for name, spec in table.columns.items()})


_LIKELY = {
    "kind": "b2c",
    "channel": "own_shop",
    "country": "GB",
    "currency": "GBP",
    "fx_rate": 1.0,
    "status": "paid",
    "source": "shop",
    "unit_cost": np.nan,
    "vat_rate": 0.2,
    "location": "main",
}


def order(
    order_id: str,
    day: str,
    goods: float,
    vat: float = 0.2,
    discount: float = 0.0,
    shipping: float = 0.0,
    **more: object,
) -> dict:
    """One order whose parts add up, from net amounts and one VAT rate."""
    return {
        "order_id": order_id,
        "ordered_at": day,
        "goods_net": goods,
        "discount_net": discount,
        "shipping_net": shipping,
        "goods_gross": goods * (1 + vat),
        "discount_gross": discount * (1 + vat),
        "shipping_gross": shipping * (1 + vat),
        "vat_amount": (goods - discount + shipping) * vat,
        "total_gross": (goods - discount + shipping) * (1 + vat),
        **more,
    }

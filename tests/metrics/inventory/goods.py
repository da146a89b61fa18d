"""Frames written by hand for the tests of policies and proposals."""

from __future__ import annotations

import numpy as np
import pandas as pd

TODAY = 20_000

_ITEM = {
    "name": "A thing",
    "category": "things",
    "supplier_id": "s1",
    "unit_cost": 12.0,
    "price_net": 20.0,
    "active": True,
    "lead_time_days": 10.0,
    "lead_time_sd_days": 2.0,
    "lead_time_n": 5.0,
    "order_cost": 25.0,
    "holding_rate": 0.22,
    "review_days": 0.0,
    "payment_days": 30.0,
    "order_quantity_min": 1.0,
    "order_quantity_multiple": 1.0,
    "order_value_min": 0.0,
    "shelf_life_days": np.nan,
    "customs_unknown": False,
}


def items(**products) -> pd.DataFrame:
    """Items by product id: ``items(a={"unit_cost": 3.0})``; inputs are the product's own unless said."""
    frame = pd.DataFrame([{**_ITEM, **own} for own in products.values()], index=list(products)).rename_axis(
        "product_id"
    )
    for name in _ITEM:
        if f"{name}_from" not in frame:
            frame[f"{name}_from"] = "product"
    return frame.fillna({column: "product" for column in frame if column.endswith("_from")})


def facts(index, per_day=20.0, sd_day=8.0, n=300) -> pd.DataFrame:
    frame = pd.DataFrame({"per_day": per_day, "sd_day": sd_day, "n": n}, index=index).astype("float64")
    return frame.assign(status="ok", reason="")


def position(index, on_hand=0.0, reserved=0.0, on_order=0.0) -> pd.DataFrame:
    frame = pd.DataFrame({"on_hand": on_hand, "reserved": reserved, "on_order": on_order}, index=index)
    frame["available"] = frame["on_hand"] - frame["reserved"]
    return frame.astype("float64").assign(status="ok", reason="")


def paths(index, per_week=140.0, weeks=26) -> pd.DataFrame:
    monday = TODAY + 1 - (TODAY + 1 + 3) % 7
    each = pd.DataFrame({"week": monday + 7 * np.arange(weeks)})
    level = pd.Series(per_week, index=index).rename("mean").rename_axis("product_id").reset_index()
    return level.merge(each, how="cross")


def purchases(*rows) -> pd.DataFrame:
    """Open purchase lines: (product, quantity, ordered, expected[, received])."""
    frame = pd.DataFrame(
        [
            {
                "purchase_id": f"b{number}",
                "line_no": 1,
                "supplier_id": "s1",
                "product_id": row[0],
                "ordered_on": row[2],
                "expected_on": row[3],
                "received_on": row[4] if len(row) > 4 else None,
                "quantity": float(row[1]),
                "received_quantity": float(row[1]) if len(row) > 4 else np.nan,
                "unit_cost": np.nan,
            }
            for number, row in enumerate(rows)
        ],
        columns=[
            *(
                "purchase_id",
                "line_no",
                "supplier_id",
                "product_id",
                "ordered_on",
                "expected_on",
                "received_on",
            ),
            *("quantity", "received_quantity", "unit_cost"),
        ],
    )
    for name in ("ordered_on", "expected_on", "received_on"):
        frame[name] = pd.to_datetime(frame[name].astype("float64"), unit="D").astype("datetime64[us]")
    return frame

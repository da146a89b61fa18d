"""Carts: the ones that became orders, and the ones given up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from echannel.connectors.prestashop.orders import Facts
from echannel.connectors.prestashop.parsing import Record, ids, numbers, rows_of


def carts_frame(carts: list[Record], orders: Mapping[int, tuple[int, float]], facts: Facts) -> pd.DataFrame:
    """The canonical carts. ``orders`` holds, by cart id, its order and that order's goods ex VAT.

    A cart holds no prices: what was in one that became no order is worth an unknown amount.
    """
    rows, owner = rows_of(carts, "cart_rows")
    units = np.bincount(owner, numbers(rows, "quantity", 0.0), len(carts)) if len(rows) else 0.0
    number, currency = ids(carts), ids(carts, "id_currency")
    found = [orders.get(int(one)) for one in number]
    nothing = np.full(len(carts), np.nan)
    frame = pd.DataFrame(
        {
            "cart_id": number.astype(str).astype(object),
            "created_at": facts.clock.utc(carts, "date_add"),
            "updated_at": facts.clock.utc(carts, "date_upd"),
            "customer_id": facts.people.of_orders(ids(carts, "id_customer"))["customer_id"].to_numpy(object),
            "order_id": np.array([str(one[0]) if one else None for one in found] or [], dtype=object),
            "currency": facts.money.code(currency),
            "fx_rate": facts.money.to_reporting(nothing, currency),
            "units": units,
            "goods_net": np.array([one[1] if one else np.nan for one in found] or [], dtype="float64"),
            "source": facts.source,
            "_file": "carts",
            "_row": number,
        }
    )
    # A visitor's empty cart without a currency yet is nothing that could be given up.
    return frame[frame["currency"].notna()].reset_index(drop=True)

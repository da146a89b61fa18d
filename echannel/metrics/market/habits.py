"""How a firm's own customers of a country pay, and whether they pay for delivery.

Shares of the firm's own counted orders, nothing else: no published figure of payment or delivery habits is
known that may be shipped with its source.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.margins import FEWEST_ORDERS
from echannel.metrics.result import OK, TOO_FEW


def payment_habits(orders: pd.DataFrame, market: str, home: str) -> pd.DataFrame:
    """Ways of paying in a market beside home, most used there first.

    ``orders``: one row per counted order with ``country`` and ``payment_method`` (unknown ones are in no
    share).

    Returns
    -------
    ``method``, ``orders`` (there), ``share`` and ``share_home`` (of orders whose way of paying is known; NaN,
    too few, under ``FEWEST_ORDERS`` such orders), ``status`` and ``reason`` (of ``share``).
    """
    known = orders[orders["payment_method"].notna()]
    names = known["payment_method"].astype(str)
    there, here = (names[(known["country"] == one).to_numpy()].value_counts() for one in (market, home))
    methods = [*there.index, *(one for one in here.index if one not in there.index)]
    counts = there.reindex(methods, fill_value=0)
    enough = there.sum() >= FEWEST_ORDERS
    return pd.DataFrame(
        {
            "method": methods,
            "orders": counts.to_numpy("int64"),
            "share": _shares(counts),
            "share_home": _shares(here.reindex(methods, fill_value=0)),
            "status": OK if enough else TOO_FEW,
            "reason": "" if enough else "reason.few_orders_there",
        }
    )


def free_delivery(orders: pd.DataFrame, country: str) -> float:
    """The share of a country's orders whose customer paid nothing for delivery (``shipping`` 0); NaN under
    ``FEWEST_ORDERS`` orders."""
    paid = orders.loc[(orders["country"] == country).to_numpy(), "shipping"].to_numpy("float64")
    return float((paid == 0).mean()) if len(paid) >= FEWEST_ORDERS else float("nan")


def _shares(counts: pd.Series) -> np.ndarray:
    whole = counts.sum()
    return counts.to_numpy("float64") / (whole if whole >= FEWEST_ORDERS else np.nan)

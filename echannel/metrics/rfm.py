"""RFM: customers scored by recency, frequency and money, and eleven segments with a thing to do for each.

Scores are ranks within the shop's own customers: quintiles 1–5; below 200 customers tertiles,
written 1, 3, 5 so that the same grid serves. FM = (F + M) / 2. A B2B customer is the account.
Names and actions: catalogue keys ``rfm.segment.<code>.name`` and ``rfm.segment.<code>.action``.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from echannel.metrics.customers import customer_table
from echannel.metrics.result import judged
from echannel.metrics.turnover import Sales

SEGMENTS = (
    "champions",
    "loyal",
    "potential_loyalists",
    "new",
    "promising",
    "need_attention",
    "about_to_sleep",
    "at_risk",
    "cannot_lose",
    "hibernating",
    "lost",
)
FEWEST_FOR_QUINTILES = 200
FEWEST_CUSTOMERS = 30

# Segment by recency score (rows 1–5) and FM (columns: below 2, below 3, below 4, 4 and more).
_GRID = np.array(
    [
        ["lost", "lost", "at_risk", "cannot_lose"],
        ["hibernating", "hibernating", "at_risk", "at_risk"],
        ["about_to_sleep", "need_attention", "need_attention", "loyal"],
        ["promising", "potential_loyalists", "loyal", "champions"],
        ["new", "potential_loyalists", "loyal", "champions"],
    ]
)


def rfm_scores(sales: Sales, as_of: int | None = None) -> pd.DataFrame:
    """Every known customer's scores and segment on the local day ``as_of`` (default: the last day).

    Equal values get equal scores, so the result does not depend on row order: for F and M the share
    of customers strictly below decides, for R the share that bought as long ago or longer.

    Returns
    -------
    One row per customer: ``customer_id``, ``kind``, ``country``, ``recency`` (days since last order),
    ``frequency`` (orders), ``monetary`` (net goods), ``r``, ``f``, ``m`` (1–5), ``fm``, ``segment``.
    """
    base = customer_table(sales)
    today = sales.last_day if as_of is None else as_of
    classes = 5 if len(base) >= FEWEST_FOR_QUINTILES else 3
    frame = pd.DataFrame(
        {
            "customer_id": base["customer_id"],
            "kind": base["kind"],
            "country": base["country"],
            "recency": today - base["last_seen"],
            "frequency": base["orders"],
            "monetary": base["turnover"],
            "r": _score(base["last_seen"].to_numpy(), classes, "right"),
            "f": _score(base["orders"].to_numpy(), classes, "left"),
            # Sums of money differ in their last digits with the order of adding: compare cents.
            "m": _score(base["turnover"].to_numpy().round(2), classes, "left"),
        }
    )
    fm = (frame["f"] + frame["m"]) / 2
    column = np.clip(np.floor(fm.to_numpy()).astype(int) - 1, 0, 3)
    return frame.assign(fm=fm, segment=_GRID[frame["r"].to_numpy() - 1, column])


def rfm_segments(sales: Sales, as_of: int | None = None) -> pd.DataFrame:
    """The segments' sizes and turnover; every known customer is in exactly one.

    Returns
    -------
    One row per name in ``SEGMENTS``, in that order: ``segment``, ``value`` (net turnover), ``n``
    (customers), ``orders``, ``customer_share``, ``turnover_share`` (of known customers' turnover),
    ``recency`` (median days), ``average_order_value``, ``status``, ``reason``.
    Below 30 customers: values NaN, status too_few.
    """
    scores = rfm_scores(sales, as_of)
    parts = scores.groupby("segment")
    frame = pd.DataFrame(
        {
            "value": parts["monetary"].sum(),
            "n": parts.size(),
            "orders": parts["frequency"].sum(),
            "recency": parts["recency"].median(),
        }
    ).reindex(SEGMENTS)
    frame[["value", "n", "orders"]] = frame[["value", "n", "orders"]].fillna(0)
    turnover, customers = frame["value"].sum(), len(scores)
    frame = frame.astype({"n": "int64", "orders": "int64"}).assign(
        customer_share=frame["n"] / (customers or np.nan),
        turnover_share=frame["value"] / (turnover if turnover > 0 else np.nan),
        average_order_value=frame["value"] / frame["orders"].replace(0, np.nan),
    )
    return _judged_by(customers, frame.rename_axis("segment").reset_index())


def _score(values: np.ndarray, classes: int, side: Literal["left", "right"]) -> np.ndarray:
    """Rank classes spread over 1–5; ties share the lower class (side left) or the higher one (right)."""
    if not len(values):
        return np.zeros(0, dtype="int64")
    rank = np.searchsorted(np.sort(values), values, side)
    level = (rank * classes - (side == "right")) // len(values)
    return 1 + level * 4 // (classes - 1)


def _judged_by(customers: int, frame: pd.DataFrame) -> pd.DataFrame:
    """``frame`` judged by the size of the whole base, not of its parts: an empty segment is a fact."""
    own = frame["n"]
    judged_frame = judged(frame.assign(n=customers), FEWEST_CUSTOMERS, "reason.customers.few")
    return judged_frame.assign(n=own)

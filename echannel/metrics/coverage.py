"""Up to which day the data tell of an SME's trade: a month is complete when they reach its last day.

The last sale alone does not say so: a small shop may sell nothing in the last days of a month, and
a file may end on the 3rd of a month in which the shop went on selling.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

USUAL = 0.9
"""A silence is usual when nine in ten of the year's silences were no longer."""
_YEAR = 365


def last_day(
    order_days: np.ndarray, refund_days: np.ndarray, traces: Iterable[np.ndarray], over: int | None
) -> int:
    """The last local day that the data tell of; -1 when there is no order.

    Orders of any status and refunds are trade: the data reach the last of them. Other traces (visits,
    payments, and ``over``, the last day that was over when the data came) carry on to a later day, if the
    silence after the last order is a usual one in the year before it; a longer silence is rather the end
    of a file. No trace counts after ``over``.
    """
    if not len(order_days):
        return -1
    ordered = int(order_days.max())
    traded = max(ordered, int(refund_days.max(initial=ordered)))
    seen = np.concatenate([*traces, [] if over is None else [over]])
    seen = seen[seen <= (np.inf if over is None else over)]  # leaves out NaN too
    reached = int(seen.max(initial=traded))
    usual = _usual_silence(order_days[order_days > ordered - _YEAR])
    return max(traded, reached) if reached - ordered <= usual else traded


def _usual_silence(days: np.ndarray) -> int:
    """How many days it usually takes to the next day with an order, at most."""
    between = np.diff(np.unique(days))
    return int(np.quantile(between, USUAL, method="lower")) if len(between) else 0

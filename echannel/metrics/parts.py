"""A change of turnover taken apart: one row per part, cents adding up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from echannel.metrics.result import INPUT_MISSING, judged


def decomposed(values: Sequence[float], names: Sequence[str], before: float, after: float) -> pd.DataFrame:
    """Parts of the change from ``before`` to ``after`` as a frame, cents adding up."""
    before, after = in_cents(before), in_cents(after)
    parts = to_the_cent(np.asarray(values, dtype="float64"), after - before)
    frame = pd.DataFrame(
        {
            "part": names,
            "value": parts,
            "share": parts / before if before > 0 else np.nan,
            "before": before,
            "after": after,
            "n": 0,
        }
    )
    return judged(frame, 0, "")


def unavailable(frame: pd.DataFrame, reason: str) -> pd.DataFrame:
    """The frame without its figures, and why."""
    figures = dict.fromkeys(("value", "share", "before", "after"), np.nan)
    return frame.assign(**figures, status=INPUT_MISSING, reason=reason)


def to_the_cent(values: np.ndarray, total: float) -> np.ndarray:
    """``values`` rounded to two decimals so that they sum to ``total`` (itself in whole cents).

    The cents that rounding leaves over go to the values that lost most by it, zeros last.
    """
    exact = values * 100
    cents = np.round(exact)
    left = round(float(total * 100 - cents.sum()))
    if left:
        step = 1 if left > 0 else -1
        lost = (exact - cents) * step
        order = np.lexsort((-lost, exact == 0))
        for at in range(abs(left)):
            cents[order[at % len(order)]] += step
    return cents / 100


def in_cents(amount: float) -> float:
    """Rounded to the cent; sums that differ by floating point noise only round alike."""
    return round(round(float(amount), 6), 2)

"""What every metric returns beside its value: how many cases it rests on, and whether that is enough.

Every metric frame has the columns ``value`` (NaN unless the status is ok), ``n`` (the cases it
rests on), ``status`` and ``reason`` (a catalogue key in the family ``reason.*``; "" when ok).
Ratios carry ``numerator`` and ``denominator`` too, so that they add up over periods and SMEs.
An unknown value is NaN, never 0.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

OK = "ok"
TOO_FEW = "too_few"
INPUT_MISSING = "input_missing"

RESULT_COLUMNS = ["value", "n", "status", "reason"]


def judged(frame: pd.DataFrame, minimum: int, reason: str) -> pd.DataFrame:
    """``frame`` (with ``value`` and ``n``) with its status: too few cases leave no value, but a reason."""
    few = frame["n"].to_numpy() < minimum
    return frame.assign(
        value=frame["value"].astype("float64").where(~few),
        status=np.where(few, TOO_FEW, OK),
        reason=np.where(few, reason, ""),
    )


def ratio(frame: pd.DataFrame, minimum: int, reason: str) -> pd.DataFrame:
    """``value`` = ``numerator`` / ``denominator``, judged by ``n`` (by default the denominator)."""
    cases = frame["n"] if "n" in frame else frame["denominator"]
    parts = frame.assign(n=cases, value=frame["numerator"] / frame["denominator"].replace(0, np.nan))
    return judged(parts, minimum, reason)


def missing(reason: str, **columns: object) -> pd.DataFrame:
    """One row that says: this cannot be computed, and which input is missing."""
    return pd.DataFrame([{**columns, "value": np.nan, "n": 0, "status": INPUT_MISSING, "reason": reason}])

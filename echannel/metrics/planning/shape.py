"""The seasonal shape of firms, pooled so that it tells of none of them.

A firm gives twelve numbers without a scale. What comes out is their median month by month, of at least five
firms, so that no firm's figure, large or odd, shows or moves it far.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from echannel.metrics.planning.history import fitted_months
from echannel.metrics.planning.season import Peers
from echannel.metrics.planning.turnover_models import prepare

FEWEST_FIRMS = 5
FEWEST_MONTHS = 24
_ROUND_TO = 5  # of the number of firms: who joined between two files is not told


def shape_of(history: pd.DataFrame, calendar: pd.DataFrame) -> np.ndarray | None:
    """A firm's log seasonal index, January first, sum 0; None with less than two complete years."""
    frame = fitted_months(history)
    values = frame["turnover"].to_numpy(dtype="float64")
    if np.isfinite(values).sum() < FEWEST_MONTHS or np.nanmedian(values) <= 0:
        return None
    return prepare(values, frame["month"].to_numpy(), calendar, 0, None).fit.season


def pooled(shapes: Sequence[np.ndarray]) -> Peers | None:
    """The median shape and how far firms lie from it; None of fewer than five."""
    if len(shapes) < FEWEST_FIRMS:
        return None
    stacked = np.stack(shapes)
    middle = np.median(stacked, axis=0)
    middle = middle - middle.mean()
    apart = np.sqrt(((stacked - middle) ** 2).mean())
    return Peers(middle, float(apart), _ROUND_TO * (len(shapes) // _ROUND_TO))

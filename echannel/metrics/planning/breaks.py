"""Months that stand out, and lasting shifts of the level: closures, a lost customer, Covid.

Each candidate is one more column of the regression in ``season``: its t statistic is
``vᵀ K⁻¹ y / √(vᵀ K⁻¹ v)`` with K the covariance of the months under the model; the largest is taken in, and
the rest are looked at again (as Chen and Liu 1993 do for ARIMA models).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.planning.season import Fit, Peers, fit_season

FEWEST_MONTHS = 15
"""With fewer months a break cannot be told from season and chance."""
OUTLIER, SHIFT, GAP = "outlier", "level_shift", "gap"
_T = 3.7  # of the largest of many candidates
_SMALLEST = 0.18  # of logarithms: 20 % up or 16 % down
_EACH_SIDE = 4  # months before and after a shift: else it is an outlier
_MOST_SHARE = 0.12  # of the months


def find_breaks(
    values: np.ndarray, months: np.ndarray, events: np.ndarray, peers: Peers | None = None
) -> tuple[Fit, pd.DataFrame]:
    """The fit with all breaks that were found, and these.

    Returns
    -------
    The fit, and one row per break: ``month``, ``kind`` (outlier, level_shift, gap), ``factor`` (what the
    month, or all months from it on, were multiplied by; NaN of a gap), ``n`` (known months).
    """
    steps: list[int] = []
    pulses: list[int] = []
    known = np.isfinite(values)
    fit = fit_season(values, months, events, peers=peers)
    if known.sum() >= FEWEST_MONTHS:
        for _ in range(max(1, int(_MOST_SHARE * known.sum()))):
            found = _strongest(fit, values, steps, pulses)
            if found is None:
                break
            (steps if found[1] == SHIFT else pulses).append(found[0])
            fit = fit_season(values, months, events, np.array(steps, int), np.array(pulses, int), peers)
    rows = [(month, SHIFT, np.exp(size)) for month, size in zip(steps, fit.step_sizes, strict=True)]
    rows += [(month, OUTLIER, np.exp(size)) for month, size in zip(pulses, fit.pulse_sizes, strict=True)]
    rows += [(int(month), GAP, np.nan) for month in months[~known]]
    frame = pd.DataFrame(rows, columns=["month", "kind", "factor"]).astype({"factor": "float64"})
    return fit, frame.sort_values("month", ignore_index=True).assign(n=int(known.sum()))


def _strongest(fit: Fit, values: np.ndarray, steps: list[int], pulses: list[int]) -> tuple[int, str] | None:
    """The break with the largest t statistic, if it is large enough."""
    known = np.isfinite(values)
    months, inside = fit.months, fit.months[known]
    candidates = [(int(month), OUTLIER) for month in inside if month not in pulses]
    candidates += [
        (int(month), SHIFT)
        for month in months[_EACH_SIDE : len(months) - _EACH_SIDE + 1]
        if month not in steps
    ]
    columns = np.stack(
        [(inside == month) if kind == OUTLIER else (inside >= month) for month, kind in candidates], axis=1
    ).astype("float64")
    strength = columns.T @ fit.weighted
    information = np.einsum("ij,ik,kj->j", columns, fit.precision, columns)
    statistic = np.abs(strength) / np.sqrt(np.maximum(information, 1e-12))
    size = np.abs(strength) / np.maximum(information, 1e-12)
    statistic = np.where(size >= _SMALLEST, statistic, 0.0)
    best = int(statistic.argmax())
    return candidates[best] if statistic[best] >= _T else None

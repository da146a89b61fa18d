"""Plan against the books, line by line: where the result came otherwise than planned.

Costs are those of the ledger, on the day they were booked, ex VAT; in the currency of the books.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from echannel.metrics.planning.layouts import PROFIT_AND_LOSS

INCOME = ("turnover", "grant_income")
LINES = tuple(
    one.name
    for one in PROFIT_AND_LOSS
    if one.name in INCOME or (not one.is_sum and one.name not in ("sales", "returns", "corporation_tax"))
)
"""The lines compared, in the order of the statement: turnover, each cost, grants; before corporation tax."""
OTHER = "unplaced"
"""What the books have and no line of a plan: other income less other costs, as a cost."""
RESULT = "profit_before_tax"
COLUMNS = ["month", "line", "planned", "actual", "difference", "effect", "income"]


def cost_variance(planned: pd.DataFrame, actual: pd.DataFrame) -> pd.DataFrame:
    """Each line's plan, actual and difference, by month, and what it does to the result.

    Parameters
    ----------
    planned : ``month``, ``line``, ``value`` of a plan's profit and loss account (see ``LINES``).
    actual : the same from the books, with ``OTHER`` (see ``with_rest``); a line that they do not have was 0.

    Returns
    -------
    Rows of the months in both, in the order of ``LINES``, then ``OTHER``, then ``RESULT``: ``month``,
    ``line``, ``planned``, ``actual``, ``difference`` (actual − planned), ``effect`` (of it on the result: a
    cost above plan is negative), ``income`` (the line is one). Effects sum to the result's difference.
    """
    both = sorted(set(planned["month"].astype(int)) & set(actual["month"].astype(int)))
    if not both:
        return pd.DataFrame(columns=COLUMNS)
    names = [*LINES, OTHER]
    before, after = (
        one.pivot_table("value", "month", "line", aggfunc="sum").reindex(index=both)
        for one in (planned, actual)
    )
    sign = np.array([1.0 if name in INCOME else -1.0 for name in names])
    then, now = (one.reindex(columns=names).fillna(0.0).to_numpy(float) for one in (before, after))
    results = [(values * sign).sum(axis=1) for values in (then, now)]
    columns = [
        np.column_stack([values, result]).ravel() for values, result in zip((then, now), results, strict=True)
    ]
    difference = columns[1] - columns[0]
    size = len(names) + 1
    frame = pd.DataFrame(
        {
            "month": np.repeat(both, size),
            "line": [*names, RESULT] * len(both),
            "planned": columns[0],
            "actual": columns[1],
            "difference": difference,
            "effect": difference * np.tile([*sign, 1.0], len(both)),
            "income": np.tile([*(sign > 0), True], len(both)),
        }
    )
    numbers = ["planned", "actual", "difference", "effect"]
    frame[numbers] = frame[numbers].round(2) + 0.0
    return frame[COLUMNS]


def with_rest(lines: Mapping[str, np.ndarray], result: np.ndarray) -> dict[str, np.ndarray]:
    """The books' lines by month with ``OTHER``: what is left of their result before tax, as a cost."""
    known = sum(
        (values if name in INCOME else -values for name, values in lines.items()), np.zeros(len(result))
    )
    return {**lines, OTHER: known - result}

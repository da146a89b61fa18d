"""Sums and distinct counts over dictionary-encoded columns.

Keys are categoricals, so a group is an integer already: ``np.bincount`` then needs one pass, where a
grouping of the frame would first hash every key again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def codes_of(column: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Integer codes (-1: not known) and what they stand for."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype("category")
    return column.cat.codes.to_numpy().astype("int64"), column.cat.categories


def totals(groups: np.ndarray, weights: np.ndarray, size: int) -> np.ndarray:
    """Sum of ``weights`` per group 0 … ``size`` − 1; rows of group -1 are left out."""
    known = groups >= 0
    if not known.all():
        groups, weights = groups[known], weights[known]
    return np.bincount(groups, weights, size)


def counts(groups: np.ndarray, size: int) -> np.ndarray:
    """Rows per group 0 … ``size`` − 1; rows of group -1 are left out."""
    return np.bincount(groups[groups >= 0], minlength=size)


def distinct(groups: np.ndarray, codes: np.ndarray, size: int) -> np.ndarray:
    """Distinct codes per group; group or code -1 does not count."""
    known = (groups >= 0) & (codes >= 0)
    if not known.any():
        return np.zeros(size, dtype="int64")
    width = int(codes.max()) + 1
    pairs = pd.unique(groups[known].astype("int64") * width + codes[known])
    return np.bincount(pairs // width, minlength=size)


def divided(numerator: Any, denominator: Any) -> np.ndarray:
    """Element by element; NaN where the denominator is not above 0."""
    above, below = np.broadcast_arrays(
        np.asarray(numerator, dtype="float64"), np.asarray(denominator, dtype="float64")
    )
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)


def category_of(category: pd.Series, groups: np.ndarray, size: int) -> np.ndarray:
    """Each group's category ("" = not known)."""
    codes, names = codes_of(category)
    found = np.full(size, -1)
    known = (groups >= 0) & (codes >= 0)
    found[groups[known]] = codes[known]
    return np.array([*map(str, names), ""], dtype=object)[found]

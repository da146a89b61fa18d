"""Groups of products that stock is added up by, and what each metric of a group rests on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd

from echannel.metrics.inventory import Inventory
from echannel.metrics.result import INPUT_MISSING, OK, TOO_FEW

By = Literal["product_id", "category", "supplier_id"] | None
YEAR = 365


class Groups:
    """Each product's group by a dimension of the items; None: all stock is one group."""

    def __init__(self, inventory: Inventory, by: By) -> None:
        self.by = by
        index = inventory.units.index
        if by is None:
            self.codes, self.names = np.zeros(len(index), dtype="int64"), np.array([""], dtype=object)
        elif by == "product_id":
            self.codes, self.names = np.arange(len(index)), index.to_numpy()
        else:
            self.codes, self.names = pd.factorize(inventory.items[by].to_numpy(), sort=True)

    def sum(self, amounts: np.ndarray) -> np.ndarray:
        """Sum per group; what is not known (NaN) adds nothing."""
        known = np.isfinite(amounts)
        return np.bincount(self.codes[known], amounts[known], len(self.names)).astype("float64")

    def count(self, which: np.ndarray) -> np.ndarray:
        """Products per group for which ``which`` holds."""
        return np.bincount(self.codes[which], minlength=len(self.names))

    def frame(self, columns: dict[str, np.ndarray]) -> pd.DataFrame:
        """One row per group, with its name unless all is one group."""
        frame = pd.DataFrame(columns)
        if self.by is not None:
            frame.insert(0, self.by, self.names)
        return frame


Metric = TypeVar("Metric", bound=Callable[..., pd.DataFrame])


def rests_on_sales(metric: Metric) -> Metric:
    """A metric that means nothing where no order says which products were sold: then it gives no value.

    Many exports hold orders without their lines: their shop's stock is not dead for that.
    """

    @wraps(metric)
    def careful(inventory: Inventory, *arguments: Any, **options: Any) -> pd.DataFrame:
        frame = metric(inventory, *arguments, **options)
        if inventory.sales_known:
            return frame
        numbers = [name for name in ("value", "dio", "excess", "cover", "share") if name in frame]
        unknown: dict[str, Any] = dict.fromkeys(numbers, np.nan)
        if {"verdict", "product_id"} <= set(frame):
            unknown["verdict"] = "unknown"
        return frame.assign(**unknown, status=INPUT_MISSING, reason="reason.orders_name_no_product")

    return careful  # type: ignore[return-value]


def told(frame: pd.DataFrame, *troubles: tuple[np.ndarray, str, str]) -> pd.DataFrame:
    """``frame`` with status and reason: of each row's ``troubles`` the first that holds; then no value.

    A trouble is (where it holds, status, reason). A value that is not finite without any trouble rests on
    nothing at all: too few.
    """
    size = len(frame)
    status, reason = np.full(size, OK, dtype=object), np.full(size, "", dtype=object)
    empty = ~np.isfinite(frame["value"].to_numpy(dtype="float64"))
    for holds, kind, why in (*troubles, (empty, TOO_FEW, "reason.nothing_to_divide")):
        take = holds & (status == OK)
        status, reason = np.where(take, kind, status), np.where(take, why, reason)
    value = np.where(status == OK, frame["value"].to_numpy(dtype="float64"), np.nan)
    return frame.assign(value=value, status=status, reason=reason)


def lacks(holds: np.ndarray, reason: str) -> tuple[np.ndarray, str, str]:
    """A trouble: an input is missing."""
    return holds, INPUT_MISSING, reason


def few(holds: np.ndarray, reason: str) -> tuple[np.ndarray, str, str]:
    """A trouble: too few cases."""
    return holds, TOO_FEW, reason

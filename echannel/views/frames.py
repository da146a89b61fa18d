"""Reading single rows of metric frames, whose values may be of any type."""

from __future__ import annotations

from typing import Any

import pandas as pd


def keyed(frame: pd.DataFrame, *columns: str) -> Any:
    """The frame by these columns: ``keyed(frame, "measure").loc["margin_rate", "value"]``."""
    return frame.set_index(list(columns) if len(columns) > 1 else columns[0])


def first_row(frame: pd.DataFrame) -> Any:
    """The first row."""
    return frame.iloc[0]


def last_row(frame: pd.DataFrame) -> Any:
    """The last row."""
    return frame.iloc[-1]


def largest(frame: pd.DataFrame, by: pd.Series) -> Any:
    """The row where ``by`` is largest."""
    return frame.iloc[int(by.to_numpy().argmax())]

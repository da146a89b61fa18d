"""What goes wrong in real files, put in on purpose and counted."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from echannel.demo.formats import Format, Raw, Sold

BAD_AMOUNTS = ("n/c", "12,3,4.5", "#REF!")
_DATES, _AMOUNTS, _SUMS, _COUNTRIES = 0.002, 0.0012, 0.003, 0.012


@dataclass(frozen=True)
class Faults:
    """What was put wrong on purpose in one SME's files, for tests to find again (counts of orders)."""

    impossible_date: int = 0
    impossible_amount: int = 0
    exported_twice: int = 0
    parts_do_not_add_up: int = 0
    cancelled: int = 0
    pending: int = 0
    without_country: int = 0
    products_without_cost: int = 0

    def __add__(self, other: Faults) -> Faults:
        return Faults(**{name: value + getattr(other, name) for name, value in vars(self).items()})


def spoil(raw: Raw, sold: Sold, fmt: Format, repeated: np.ndarray) -> tuple[Raw, Faults]:
    """The rows with faults in some orders of one row each; ``repeated`` orders stand in two files: spared.

    Impossible dates and amounts (such a row cannot be kept), totals that are a few cents or a forgotten
    discount off, empty countries. No order has two faults.
    """
    n = len(sold.orders)
    rows_of = np.bincount(raw.order, minlength=n)
    sound = ~sold.orders["status"].isin(["cancelled", "pending"]).to_numpy() & (sold.orders["refunded"] == 0)
    fit = np.flatnonzero((rows_of == 1) & ~repeated & sound)
    drawn = sold.rng.permutation(fit)
    first_row = np.full(n, -1)
    first_row[raw.order[::-1]] = np.arange(len(raw.order))[::-1]
    wanted = [
        max(1, round(_DATES * n)),
        max(1, round(_AMOUNTS * n)),
        max(1, round(_SUMS * n)) if fmt.total else 0,
        round(_COUNTRIES * n) if fmt.country else 0,
    ]
    dates, amounts, sums, countries = np.split(first_row[drawn[: sum(wanted)]], np.cumsum(wanted)[:-1])
    frame = raw.frame.copy()
    frame.loc[dates, fmt.date] = fmt.bad_date
    frame.loc[amounts, fmt.amount] = [BAD_AMOUNTS[k % len(BAD_AMOUNTS)] for k in range(len(amounts))]
    for column in fmt.total:
        frame.loc[sums, column] = [
            _nudged(text, -5.0 if k % 3 == 2 else 0.03 * (-1) ** k)
            for k, text in enumerate(frame.loc[sums, column])
        ]
    if fmt.country:
        frame.loc[countries, _country_columns(fmt, frame)] = ""
    found = Faults(
        impossible_date=len(dates),
        impossible_amount=len(amounts),
        parts_do_not_add_up=len(sums),
        without_country=len(countries),
        exported_twice=int(repeated.sum()),
        cancelled=int((sold.orders["status"] == "cancelled").sum()),
        pending=int((sold.orders["status"] == "pending").sum()),
    )
    return replace(raw, frame=frame), found


def _country_columns(fmt: Format, frame: pd.DataFrame) -> list[str]:
    """All columns of a row that name a country: a shop that lacks it lacks it everywhere."""
    return [column for column in frame.columns if column == fmt.country or re.search(r"(?i)country", column)]


def _nudged(text: str, by: float) -> str:
    """An amount moved by some money, written as before; small amounts move by cents only."""
    found = re.search(r"[\d.,]*\d", text)
    assert found, text
    plain = found.group()
    comma = "," in plain and "." not in plain
    value = float(plain.replace(",", "." if comma else ""))
    moved = f"{value + (by if value > 12 else 0.03):.2f}"
    return text.replace(plain, moved.replace(".", ",") if comma else moved)

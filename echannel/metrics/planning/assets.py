"""What is spent on things that last, how it is written off, and grants that go with it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from echannel.metrics.planning.inputs import Asset, Grant
from echannel.metrics.planning.rules import cents


def straight_line(amount: float, first: int, life_months: int, months: int) -> np.ndarray:
    """``amount`` spread evenly over ``life_months`` from month ``first`` of the plan on ``(T,)``.

    Rounded on what is written off to date, so that the whole sums to the amount.
    """
    done = np.clip(np.arange(months) - first + 1, 0, life_months) / life_months
    return np.diff(cents(amount * done), prepend=0.0)


def depreciation(assets: Iterable[Asset], start: int, months: int) -> np.ndarray:
    """Straight-line depreciation of assets bought in the plan, from the month they are bought ``(T,)``."""
    total = np.zeros(months)
    for asset in assets:
        if start <= asset.month < start + months:
            life = max(round(asset.life_years * 12), 1)
            total += straight_line(asset.amount, asset.month - start, life, months)
    return total


def grant_income(grants: Iterable[Grant], start: int, months: int) -> np.ndarray:
    """Grants as income: in the month received, or evenly over their release ``(T,)``."""
    total = np.zeros(months)
    for grant in grants:
        if start <= grant.month < start + months:
            total += straight_line(grant.amount, grant.month - start, max(grant.release_months, 1), months)
    return total

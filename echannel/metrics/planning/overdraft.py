"""What an overdraft costs: interest on cash below nothing, and the tax that it saves."""

from __future__ import annotations

import numpy as np

from echannel.metrics.planning.corporation_tax import corporation_tax
from echannel.metrics.planning.inputs import PlanInputs, cent
from echannel.metrics.planning.rules import PlanRules, cents

_YEAR = 12


def overdraft_interest(
    change: np.ndarray, profit: np.ndarray, inputs: PlanInputs, rules: PlanRules
) -> np.ndarray:
    """Interest of each month ``(P, T)``, paid in it: what was below nothing at the end of the month before ×
    ``inputs.overdraft_rate`` / 12, to the cent.

    ``change``: of cash, before corporation tax and this interest; ``profit``: before both. Interest lowers
    tax, and tax paid less lowers interest: both are computed until neither moves. What a month costs hangs on
    the months before it alone, so that comes to rest.
    """
    change, profit = np.broadcast_arrays(change, profit)
    interest, opening = np.zeros(change.shape), cent(inputs.opening.cash)
    at = np.arange(len(change))
    while inputs.overdraft_rate and len(at):
        tax = corporation_tax(profit[at] - interest[at], rules, inputs.start, inputs.tax)
        costs = _on(opening + np.cumsum(change[at] - tax.paid, axis=1), opening, inputs.overdraft_rate)
        moved = (costs != interest[at]).any(axis=1)
        interest[at] = costs
        at = at[moved]
    return interest


def _on(cash: np.ndarray, opening: float, rate: float) -> np.ndarray:
    """Interest on cash before any; interest paid adds to what is below nothing in the months after it."""
    out, paid = np.zeros_like(cash), np.zeros(len(cash))
    held = np.full(len(cash), opening)
    if opening >= 0 and cash.min() >= 0:
        return out
    for month in range(cash.shape[1]):
        out[:, month] = cents(np.maximum(-held, 0.0) * (rate / _YEAR))
        paid += out[:, month]
        held = cash[:, month] - paid
    return out

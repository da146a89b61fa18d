"""From invoices to money: how amounts of a month spread over the months in which they are paid."""

from __future__ import annotations

import numpy as np

from echannel.metrics.planning.inputs import DAYS_OF_MONTH, PaymentTerms
from echannel.metrics.planning.rules import cents


def settled(amount: np.ndarray, terms: PaymentTerms) -> np.ndarray:
    """What is paid each month ``(P, T)`` of the amounts invoiced in each month.

    Invoices are spread evenly over a month of thirty days. Paid ``d`` days later, a part of them falls
    into month ⌊d/30⌋ after, the rest into the one after that: 30 days → all in the next month; 45 days → half
    in the next, half in the one after. Counted from the end of the month (45 jours fin de mois), all of them
    fall into the month in which ``d`` days after the end fall: 45 → the second month after.
    """
    amount = np.atleast_2d(np.asarray(amount, dtype=float))
    days = np.asarray(terms.days, dtype=float)
    if terms.end_of_month:
        later, share = np.ceil(days / DAYS_OF_MONTH), np.zeros_like(days)
    else:
        later = np.floor(days / DAYS_OF_MONTH)
        share = days / DAYS_OF_MONTH - later
    if days.ndim == 0:
        return _moved(amount, int(later), float(share))
    shape = np.broadcast_shapes(amount.shape, days.shape)
    later = np.minimum(later, shape[1])
    shifts = np.unique(later).astype(int)  # before they are spread: paths × months sort slowly
    amount, later, share = (np.broadcast_to(one, shape) for one in (amount, later, share))
    out = np.zeros(shape)
    first = cents(amount * (1 - share))
    rest = amount - first
    for shift in shifts:
        chosen = later == shift
        _add_later(out, np.where(chosen, first, 0.0), shift)
        _add_later(out, np.where(chosen, rest, 0.0), shift + 1)
    return cents(out)


def run_off(balance: float, terms: PaymentTerms, months: int) -> np.ndarray:
    """How what stood open at the start is paid: evenly over the days of the terms ``(P or 1, T)``.

    Of invoices written evenly and paid after ``d`` days, those open at one moment fall due evenly over the
    next ``d`` days.
    """
    days = np.asarray(terms.days, dtype=float)
    days = np.broadcast_to(days, np.broadcast_shapes(days.shape, (1, 1)))[:, :1]
    days = np.maximum(days + (DAYS_OF_MONTH / 2 if terms.end_of_month else 0.0), 1.0)
    so_far = np.minimum(DAYS_OF_MONTH * np.arange(1, months + 1) / days, 1.0)
    return np.diff(cents(balance * so_far), axis=1, prepend=0.0)


def _moved(amount: np.ndarray, later: int, share: float) -> np.ndarray:
    out = np.zeros_like(amount)
    first = amount if share == 0.0 else cents(amount * (1 - share))
    _add_later(out, first, later)
    if share:
        _add_later(out, amount - first, later + 1)
    return cents(out)


def _add_later(out: np.ndarray, amount: np.ndarray, months: int) -> None:
    if months < out.shape[1]:
        out[:, months:] += amount[:, : out.shape[1] - months]

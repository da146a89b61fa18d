"""Loan schedules: what is drawn, paid in interest, repaid and still owed, month by month."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from echannel.metrics.planning.inputs import Amounts, Loan
from echannel.metrics.planning.rules import cents


@dataclass(frozen=True)
class LoanFlows:
    """A loan on the plan's calendar ``(T,)``; ``interest`` is of the month and paid unless capitalised.

    ``balance``: owed at each month's end; ``opening``: owed when the plan starts. All but ``opening`` are
    ``(P, T)`` of a loan whose amount differs between paths.
    """

    drawn: np.ndarray
    interest: np.ndarray
    interest_paid: np.ndarray
    principal: np.ndarray
    balance: np.ndarray
    opening: float


def schedule(loan: Loan) -> np.ndarray:
    """The loan's own schedule, one row per month after it was paid out: interest, interest paid, principal.

    Interest of a month is the debt × rate / 12, rounded to the cent. Annuity: equal instalments
    ``amount × i / (1 − (1 + i)^−n)``; linear: equal principal; bullet: all at the end. The last instalment
    takes what rounding left, so that principal sums to what is owed. An amount by path ``(P, 1)`` gives
    ``(months, 3, P)``.
    """
    monthly = loan.rate / 12
    owed = cents(_amount(loan))
    rows = np.zeros((loan.months, 3, *owed.shape))
    repaying = loan.months - loan.deferred
    instalment = equal = np.zeros_like(owed)
    for month in range(loan.months):
        interest = cents(owed * monthly)
        if month < loan.deferred:
            paid = np.zeros_like(owed) if loan.capitalised else interest
            rows[month, 0], rows[month, 1] = interest, paid
            owed = cents(owed + interest - paid)
            continue
        if month == loan.deferred:
            instalment, equal = _annuity(owed, monthly, repaying), cents(owed / repaying)
        last = month == loan.months - 1
        principal = {"annuity": instalment - interest, "linear": equal, "bullet": 0.0 * owed}[loan.kind]
        principal = owed if last else cents(np.minimum(principal, owed))
        rows[month] = interest, interest, principal
        owed = cents(owed - principal)
    return rows


def loan_flows(loan: Loan, start: int, months: int) -> LoanFlows:
    """The loan on a plan's calendar; an ``outstanding`` one is repaid from the plan's first month on."""
    return _flows(loan, start, months) if np.ndim(loan.amount) else _known(loan, start, months)


@lru_cache(maxsize=64)
def _known(loan: Loan, start: int, months: int) -> LoanFlows:
    """The flows of a loan that is the same on every path: plans are made many times over with the same."""
    flows = _flows(loan, start, months)
    for one in (flows.drawn, flows.interest, flows.interest_paid, flows.principal, flows.balance):
        one.setflags(write=False)
    return flows


def _flows(loan: Loan, start: int, months: int) -> LoanFlows:
    amount = _amount(loan)
    out = np.zeros((4, *amount.shape, months))
    first = 0 if loan.outstanding else loan.month - start + 1
    rows, opening = schedule(loan), 0.0
    if loan.outstanding or first <= 0:
        before, rows = np.split(rows, [max(-first, 0)])
        opening = float(cents(amount + (before[:, 0] - before[:, 1] - before[:, 2]).sum(axis=0)))
    elif first <= months:
        out[0, ..., first - 1] = cents(amount)
    first = max(first, 0)
    fits = max(min(len(rows), months - first), 0)
    out[1:, ..., first : first + fits] = np.moveaxis(rows[:fits], 0, -1)
    drawn, interest, interest_paid, principal = out
    balance = cents(opening + np.cumsum(drawn + interest - interest_paid - principal, axis=-1))
    return LoanFlows(drawn, interest, interest_paid, principal, balance, opening)


def _amount(loan: Loan) -> np.ndarray:
    """The amount: a number, or one by path ``(P,)``."""
    amount: np.ndarray = np.asarray(loan.amount, dtype=float)
    return amount[:, 0] if amount.ndim else amount


def _annuity(owed: np.ndarray, monthly: float, payments: int) -> Amounts:
    return cents(owed / payments if monthly == 0 else owed * monthly / (1 - (1 + monthly) ** -payments))

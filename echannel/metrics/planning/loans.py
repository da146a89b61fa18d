"""Loan schedules: what is drawn, paid in interest, repaid and still owed, month by month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from echannel.metrics.planning.inputs import Loan, cent
from echannel.metrics.planning.rules import cents


@dataclass(frozen=True)
class LoanFlows:
    """A loan on the plan's calendar ``(T,)``; ``interest`` is of the month and paid unless capitalised.

    ``balance``: owed at each month's end; ``opening``: owed when the plan starts.
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
    takes what rounding left, so that principal sums to what is owed.
    """
    monthly = loan.rate / 12
    owed = cent(loan.amount)
    rows = np.zeros((loan.months, 3))
    repaying = loan.months - loan.deferred
    instalment = equal = 0.0
    for month in range(loan.months):
        interest = cent(owed * monthly)
        if month < loan.deferred:
            paid = 0.0 if loan.capitalised else interest
            rows[month] = interest, paid, 0.0
            owed = cent(owed + interest - paid)
            continue
        if month == loan.deferred:
            instalment, equal = _annuity(owed, monthly, repaying), cent(owed / repaying)
        last = month == loan.months - 1
        principal = {"annuity": instalment - interest, "linear": equal, "bullet": 0.0}[loan.kind]
        principal = owed if last else cent(min(principal, owed))
        rows[month] = interest, interest, principal
        owed = cent(owed - principal)
    return rows


def loan_flows(loan: Loan, start: int, months: int) -> LoanFlows:
    """The loan on a plan's calendar; an ``outstanding`` one is repaid from the plan's first month on."""
    out = np.zeros((4, months))
    first = 0 if loan.outstanding else loan.month - start + 1
    rows, opening = schedule(loan), 0.0
    if loan.outstanding or first <= 0:
        before, rows = np.split(rows, [max(-first, 0)])
        opening = cent(loan.amount + (before[:, 0] - before[:, 1] - before[:, 2]).sum())
    elif first <= months:
        out[0, first - 1] = cent(loan.amount)
    first = max(first, 0)
    fits = max(min(len(rows), months - first), 0)
    out[1:, first : first + fits] = rows[:fits].T
    drawn, interest, interest_paid, principal = out
    balance = cents(opening + np.cumsum(drawn + interest - interest_paid - principal))
    return LoanFlows(drawn, interest, interest_paid, principal, balance, opening)


def _annuity(owed: float, monthly: float, payments: int) -> float:
    return cent(owed / payments if monthly == 0 else owed * monthly / (1 - (1 + monthly) ** -payments))

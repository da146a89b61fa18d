"""What staff cost, and when it is paid: net pay in its month, charges and what is withheld after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from echannel.metrics.planning.inputs import StaffMember
from echannel.metrics.planning.rules import PayrollRules, cents


@dataclass(frozen=True)
class Payroll:
    """Gross pay and employer's charges of each month, and what leaves the bank; all ``(P or 1, T)``."""

    gross: np.ndarray
    charges: np.ndarray
    net_paid: np.ndarray
    social_paid: np.ndarray


def payroll(staff: Sequence[StaffMember], rules: PayrollRules, start: int, months: int) -> Payroll:
    """Pay and charges of all staff.

    Charges: own rate × gross where somebody has one, else the country's on what exceeds its threshold, less
    the year's allowance (of a tax year that runs when the plan starts, the part of its months to come).
    Charges and what is withheld from pay leave ``paid_after`` months later, or after the quarter.
    """
    calendar = np.arange(start, start + months)
    gross, own, common = (np.zeros((1, months)) for _ in range(3))
    for one in staff:
        there = (calendar >= one.first) & (calendar <= (np.inf if one.last is None else one.last))
        pay = cents(np.atleast_2d(np.asarray(one.gross, dtype=float)) * there)
        gross = gross + pay
        if np.isnan(one.employer_rate):
            common = common + rules.rate * np.maximum(pay - rules.threshold, 0.0)
        else:
            own = own + pay * one.employer_rate
    charges = cents(own + _after_allowance(common, rules, calendar))
    withheld = cents(gross * rules.withheld)
    return Payroll(gross, charges, gross - withheld, _paid(charges + withheld, rules, calendar))


def _after_allowance(charges: np.ndarray, rules: PayrollRules, calendar: np.ndarray) -> np.ndarray:
    """Charges of each month after the year's allowance, used up from the year's first month on."""
    if not np.any(rules.allowance):
        return charges
    years = (calendar - (rules.year_starts - 1)) // 12
    left = charges.copy()
    for year in np.unique(years):
        inside = np.flatnonzero(years == year)
        part = (12 - (calendar[inside[0]] - (rules.year_starts - 1)) % 12) / 12
        allowance = rules.allowance[inside[0]] * part
        so_far = np.maximum(np.cumsum(charges[:, inside], axis=1) - allowance, 0.0)
        left[:, inside] = np.diff(so_far, axis=1, prepend=0.0)
    return left


def _paid(amount: np.ndarray, rules: PayrollRules, calendar: np.ndarray) -> np.ndarray:
    out = np.zeros_like(amount)
    for place, month in enumerate(calendar):
        closes = month + (rules.every - 1 - month % rules.every)
        due = closes + rules.paid_after - calendar[0]
        if due < len(calendar):
            out[:, due] += amount[:, place]
    return cents(out)

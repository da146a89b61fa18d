"""Corporation tax: what each month's profit adds to it, when it is paid, and losses carried forward.

Amounts are in the reporting currency; all arrays are ``(paths, months)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from echannel.metrics.periods import month_of
from echannel.metrics.planning.rules import PlanRules, TaxSetting, TaxYear, cents

_COLUMNS = ["year_first", "year_last", "due_day", "kind", "amount"]


@dataclass(frozen=True)
class TaxFlows:
    """Corporation tax of a plan.

    ``charge`` goes through the profit and loss: tax on the year's profit to date less what was charged before
    (so a loss-making month gives some back), summing to the year's tax. ``paid`` leaves the bank on account
    and on the balance's day (negative: repaid). ``position`` is owed at the month's end: ``opening`` +
    Σ ``charge`` − Σ ``paid``. ``losses``: still to be set off at the end of the last year that ends in the
    plan, by path. ``payments``: rows of path 0 (``year_first``, ``year_last``, ``due_day``, ``kind``
    instalment/balance, ``amount``).
    """

    charge: np.ndarray
    paid: np.ndarray
    position: np.ndarray
    losses: np.ndarray
    opening: float
    rows: tuple[tuple[object, ...], ...] = field(repr=False)

    @cached_property
    def payments(self) -> pd.DataFrame:
        """The payments as a frame, in order of day: made when it is asked for, most plans are not."""
        frame = pd.DataFrame(list(self.rows), columns=_COLUMNS)
        return frame.sort_values("due_day", kind="stable", ignore_index=True)


def corporation_tax(
    profit_by_month: np.ndarray, rules: PlanRules, start: int, setting: TaxSetting | None = None
) -> TaxFlows:
    """Charge, payments and debt of corporation tax on a plan's profit before tax ``(P, T)``.

    The accounting years are ``rules.tax_years``; without any (a sole trader) nothing is charged. Profit
    before tax is taken as the taxable profit: add-backs and credits are the accountant's.
    """
    setting = setting or TaxSetting()
    profit = np.asarray(profit_by_month, dtype=float)
    paths, months = profit.shape
    charge, paid = np.zeros_like(profit), np.zeros_like(profit)
    losses, owed = np.full(paths, setting.losses), 0.0
    taxes: list[np.ndarray] = []
    rows: list[tuple[object, ...]] = []
    balances: list[tuple[TaxYear, np.ndarray]] = []
    for year, tax in zip(rules.tax_years, _closed(rules.tax_years, setting, start, paths), strict=True):
        if tax is None:
            since, until = max(year.first - start, 0), min(year.last - start, months - 1)
            so_far = setting.profit_so_far if year.first < start else 0.0
            total = so_far + np.cumsum(profit[:, since : until + 1], axis=1)
            total = np.concatenate([np.full((paths, 1), so_far), total], axis=1)
            used = _usable(total, losses[:, None], year)
            grown = cents(tax_on(np.maximum(total, 0.0) - used, year))
            charge[:, since : until + 1] = np.diff(grown, axis=1)
            owed += float(grown[0, 0])
            tax = grown[:, -1]
            if year.last < start + months:
                losses = losses - used[:, -1] + np.maximum(-total[:, -1], 0.0)
        else:
            owed += float(tax[0])
        on_account = np.zeros(paths)
        for instalment in year.instalments:
            base = _base(taxes, instalment.years_back, paths)
            wanted = sum(one.share for one in year.instalments if one.day <= instalment.day)
            amount = np.where(base > year.minimum, np.maximum(cents(wanted * base) - on_account, 0.0), 0.0)
            on_account += amount
            owed -= _pay(paid, rows, start, year, instalment.day, "instalment", amount)
        taxes.append(tax)
        if year.last < start + months:
            balances.append((year, tax - on_account))
    for year, rest in balances:
        owed -= float(rest[0]) if month_of(year.due_day) < start else 0.0
    owed = float(cents(np.asarray(owed)))
    opening = owed if setting.opening is None else setting.opening
    more = opening - owed
    for year, rest in balances:
        if month_of(year.due_day) >= start:
            _pay(paid, rows, start, year, year.due_day, "balance", cents(rest + more))
            more = 0.0
    position = opening + np.cumsum(charge - paid, axis=1)
    return TaxFlows(charge, paid, position, losses, opening, tuple(rows))


def tax_on(profit: np.ndarray, year: TaxYear) -> np.ndarray:
    """Tax of an accounting year on its taxable profit (≥ 0), before rounding; limits by the year's length."""
    part = (year.last - year.first + 1) / 12
    if year.relief:
        main = year.bands[-1].rate
        lower, upper = year.lower * part, year.upper * part
        relieved = main * profit - year.relief * np.maximum(upper - profit, 0.0)
        return np.where(profit <= lower, year.small_rate * profit, relieved)
    tax, floor = np.zeros_like(profit), 0.0
    for band in year.bands:
        tax = tax + band.rate * np.clip(profit - floor, 0.0, band.up_to * part - floor)
        floor = band.up_to * part
    return tax


def tax_so_far(profit: float, losses: float, year: TaxYear) -> float:
    """Tax of a year under way on its profit to date, after ``losses`` of earlier years; to the cent."""
    total = np.array([profit])
    return float(cents(tax_on(np.maximum(total, 0.0) - _usable(total, np.array([losses]), year), year))[0])


def _usable(total: np.ndarray, losses: np.ndarray, year: TaxYear) -> np.ndarray:
    """Losses of earlier years that may be set against the profit to date."""
    profit = np.maximum(total, 0.0)
    free = np.minimum(profit, year.loss_free)
    return np.minimum(losses, free + year.loss_share * (profit - free))


def _closed(
    years: tuple[TaxYear, ...], setting: TaxSetting, start: int, paths: int
) -> list[np.ndarray | None]:
    """The tax of each year that closed before the start; None for those that the plan computes."""
    last = float(np.nan_to_num(setting.tax_last_year))
    older = setting.tax_two_years_ago
    known = [last, last if np.isnan(older) else older]
    closed = sum(year.last < start for year in years)
    taxes: list[np.ndarray | None] = [None] * len(years)
    for back, amount in enumerate(known[:closed]):
        taxes[closed - 1 - back] = np.full(paths, amount)
    for index in range(closed - len(known)):
        taxes[index] = np.zeros(paths)
    return taxes


def _base(taxes: list[np.ndarray], years_back: int, paths: int) -> np.ndarray:
    """The tax of that many years before; the oldest known where the list is shorter."""
    return taxes[-min(years_back, len(taxes))] if taxes else np.zeros(paths)


def _pay(
    paid: np.ndarray,
    rows: list[tuple[object, ...]],
    start: int,
    year: TaxYear,
    day: int,
    kind: str,
    amount: np.ndarray,
) -> float:
    """Enters a payment; what path 0 paid before the plan (0 for one in it)."""
    month = month_of(day)
    if month < start:
        return float(amount[0])
    if month < start + paid.shape[1]:
        paid[:, month - start] += amount
    rows.append((year.first, year.last, day, kind, float(amount[0])))
    return 0.0

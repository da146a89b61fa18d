"""VAT in cash: what each return declares, when it is paid, and what is owed meanwhile.

VAT never touches the profit and loss of a registered firm, but it moves cash: customers pay it in with
their money, suppliers take some of it, and the rest leaves on the return's own day. Amounts are in the
reporting currency; all arrays are ``(paths, months)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from echannel.metrics.periods import month_of, month_start
from echannel.metrics.planning.rules import (
    NEVER,
    PlanRules,
    ThresholdWatch,
    VatCalendar,
    VatPeriod,
    VatSetting,
    cents,
)

_CENT = 0.01
_COLUMNS = ["period_first", "period_last", "due_day", "kind", "regime", "amount"]


@dataclass(frozen=True)
class VatFlows:
    """VAT of a plan.

    ``due`` arises in the month (collected − deductible where registered; the flat share under a flat rate).
    ``declared`` is the same, summed over each return and dated on its last month; ``paid`` leaves the bank
    (negative: repaid). ``position`` is owed at the month's end (negative: a credit): ``opening`` + Σ ``due``
    − Σ ``paid``. ``cost`` belongs in the profit and loss: VAT on purchases that cannot be deducted, less what
    a flat rate lets the firm keep. ``periods``: one row per return or payment on account of path 0
    (``period_first``, ``period_last``, ``due_day``, ``kind`` return/instalment/refund, ``regime``,
    ``amount``).
    """

    due: np.ndarray
    declared: np.ndarray
    paid: np.ndarray
    position: np.ndarray
    cost: np.ndarray
    opening: float
    returns: tuple[tuple[object, ...], ...] = field(repr=False)

    @cached_property
    def periods(self) -> pd.DataFrame:
        """The returns as a frame, in order of day: made when it is asked for, most plans are not."""
        frame = pd.DataFrame(list(self.returns), columns=_COLUMNS)
        return frame.sort_values("due_day", kind="stable", ignore_index=True)


def vat_flows(
    collected: np.ndarray,
    deductible: np.ndarray,
    setting: VatSetting,
    rules: PlanRules,
    start: int,
    gross_turnover: np.ndarray | None = None,
    deductible_assets: np.ndarray | None = None,
) -> VatFlows:
    """Declared, paid and owed VAT of a plan under its regimes, month by month.

    Parameters
    ----------
    collected, deductible : VAT on sales and on purchases of each month, ``(P, T)``; by invoice, or by money
        received and paid where ``rules.vat.on_receipts``. In months without registration both must be what
        they would be: nothing is charged (see ``rules.vat.registered``) and deductible VAT becomes a cost.
    gross_turnover : turnover including VAT, needed under a flat rate only.
    deductible_assets : the part of ``deductible`` on capital goods; a flat rate lets it be deducted.
    """
    due, cost = _due(collected, deductible, rules.vat, gross_turnover, deductible_assets)
    return _flows(due, cost, setting, rules.vat, start)


def one_stop_flows(collected: np.ndarray, scheme: str, rules: PlanRules, start: int) -> VatFlows:
    """VAT of other countries, declared through ``scheme`` (``oss``, ``ioss``): nothing is deducted there."""
    nothing = np.zeros_like(collected)
    return _flows(collected, nothing, VatSetting(), rules.one_stop[scheme], start)


def opening_position(setting: VatSetting, rules: PlanRules, start: int) -> float:
    """VAT owed when the plan starts: as the books say, or what the months before leave unpaid."""
    nothing = np.zeros((1, rules.months))
    return _flows(nothing, nothing, setting, rules.vat, start).opening


def open_since(calendar: VatCalendar, start: int) -> int:
    """The first month of the oldest return that falls due in the plan: what must be known of the past."""
    waiting = (one.first for one in calendar.periods if month_of(one.due_day) >= start)
    return min((*waiting, start))


def threshold_crossing(
    turnover: np.ndarray, watch: ThresholdWatch, start: int, before: np.ndarray | None = None
) -> np.ndarray:
    """The month in which turnover passes a limit, by path ``(P,)``; ``NEVER`` where it does not.

    ``turnover`` ``(P, T)`` ex VAT; ``before``: turnover of the months just before, newest last (shorter than
    needed: the rest counts as unknown and adds nothing). Rolling: the sum of twelve months; else the sum
    since January of the same year.
    """
    earlier = np.zeros(0) if before is None else np.asarray(before, dtype=float)
    paths = len(turnover)
    whole = np.concatenate([np.broadcast_to(earlier, (paths, len(earlier))), turnover], axis=1)
    summed = np.cumsum(np.pad(np.nan_to_num(whole), ((0, 0), (1, 0))), axis=1)
    ends = np.arange(len(earlier), whole.shape[1])
    months = start + np.arange(turnover.shape[1])
    reach = np.full(len(months), 12) if watch.rolling else months % 12 + 1
    since = np.maximum(ends + 1 - reach, 0)
    total = summed[:, ends + 1] - summed[:, since]
    over = total > watch.amount
    return np.where(over.any(axis=1), start + over.argmax(axis=1), NEVER)


def takes_effect(crossed: np.ndarray, watch: ThresholdWatch) -> np.ndarray:
    """The month from which a limit passed in ``crossed`` changes the regime; ``NEVER`` stays so."""
    then = (crossed // 12 + 1) * 12 if watch.next_year else crossed + watch.delay
    return np.where(crossed == NEVER, NEVER, then)


def _due(
    collected: np.ndarray,
    deductible: np.ndarray,
    calendar: VatCalendar,
    gross_turnover: np.ndarray | None,
    deductible_assets: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """VAT that arises each month, and VAT that becomes a cost."""
    registered = calendar.registered
    flat = np.isfinite(calendar.flat_rate) & registered
    due = np.where(registered, collected - deductible, 0.0)
    cost = np.where(registered, 0.0, deductible)
    if flat.any():
        if gross_turnover is None:
            raise ValueError("a flat rate needs the turnover including VAT")
        assets = np.zeros_like(deductible) if deductible_assets is None else deductible_assets
        share = cents(gross_turnover * np.where(flat, calendar.flat_rate, 0.0)) - assets
        cost = np.where(flat, share - (collected - deductible), cost)
        due = np.where(flat, share, due)
    return due, cost


def _flows(
    due: np.ndarray, cost: np.ndarray, setting: VatSetting, calendar: VatCalendar, start: int
) -> VatFlows:
    known = len(setting.before)
    before = np.asarray(setting.before, dtype=float).reshape(1, known)
    _, settled, _ = _returns(before, setting, calendar, start, 0.0)
    owed = float(cents(before.sum() - settled.sum()))
    opening = owed if setting.opening is None else setting.opening
    whole = np.concatenate([np.broadcast_to(before, (len(due), known)), due], axis=1)
    declared, paid, rows = _returns(whole, setting, calendar, start, opening - owed)
    paid = paid[:, known:]
    position = opening + np.cumsum(due - paid, axis=1)
    return VatFlows(due, declared[:, known:], paid, position, cost, opening, tuple(rows))


def _returns(
    due: np.ndarray, setting: VatSetting, calendar: VatCalendar, start: int, more: float
) -> tuple[np.ndarray, np.ndarray, list[tuple[object, ...]]]:
    """What each return of ``due`` (from the months before on) declares and pays, and its rows of path 0.

    ``more``: owed beside it (or less), settled with the first return that falls due in the plan.
    """
    first = start - len(setting.before)
    declared, paid = np.zeros_like(due), np.zeros_like(due)
    credit, last_year = np.zeros(len(due)), np.full(len(due), np.nan_to_num(setting.tax_last_year))
    rows: list[tuple[object, ...]] = []

    def pay(period: VatPeriod, day: int, kind: str, amount: np.ndarray) -> None:
        month = month_of(day)
        if first <= month < first + due.shape[1]:
            paid[:, month - first] += amount
        if month >= start:
            rows.append((period.first, period.last, day, kind, period.regime, float(amount[0])))

    for period in calendar.periods:
        since, until = max(period.first - first, 0), period.last - first
        if until < 0 and month_of(period.due_day) < start:
            continue
        on_account = np.zeros(len(due))
        for instalment in period.instalments:
            asked = last_year >= max(period.no_instalments_below, _CENT)
            amount = np.where(asked, cents(last_year * instalment.share), 0.0)
            if month_of(instalment.day) >= first:  # what was paid earlier belongs to months not known either
                pay(period, instalment.day, "instalment", amount)
                on_account += amount
        if until >= due.shape[1]:
            continue
        tax = due[:, since : max(until + 1, 0)].sum(axis=1)
        if until >= 0:
            declared[:, until] += tax
        balance = tax - on_account - credit
        if month_of(period.due_day) >= start:
            balance, more = balance + more, 0.0
        balance = cents(balance)
        if calendar.credits == "carried":
            credit, balance = np.maximum(-balance, 0.0), np.maximum(balance, 0.0)
            claimed = np.where(credit >= calendar.claimed_from, credit, 0.0)
            if claimed.any():
                pay(period, _months_after(period.due_day, calendar.claim_months), "refund", -claimed)
                credit = credit - claimed
        pay(period, period.due_day, "return", balance)
        if period.first >= first:
            last_year = tax
    return declared, paid, rows


def _months_after(day: int, months: int) -> int:
    """The last day of the month that comes ``months`` after that of a day."""
    return month_start(month_of(day) + months + 1) - 1

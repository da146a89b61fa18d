"""When taxes and charges take cash: every payment of a plan on its own day, and what must be filed beside."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.periods import month_of, month_start
from echannel.metrics.planning.engine import Plan
from echannel.metrics.planning.rules import PlanRules

COLUMNS = ["day", "tax", "kind", "amount", "period_first", "period_last"]
_CENT = 0.005


def tax_calendar(plan: Plan, rules: PlanRules, months: int = 14) -> pd.DataFrame:
    """What path 0 of a plan pays to the state in its first ``months`` months, in order of day.

    Returns
    -------
    One row per payment or filing: ``day`` (local day), ``tax`` (``vat``, ``one_stop``, ``corporation_tax``,
    ``payroll``, or the name of a deadline), ``kind`` (``return``, ``instalment``, ``refund``, ``balance``,
    ``charges``, ``filing``), ``amount`` (reporting currency; negative: repaid; NaN for a filing), and the
    months that it is for (``period_first``, ``period_last``; -1: none).
    """
    parts = [_vat(plan), _one_stop(plan), _corporation_tax(plan), _payroll(plan, rules), _deadlines(rules)]
    rows = pd.concat([part for part in parts if len(part)] or [pd.DataFrame(columns=COLUMNS)])
    last = month_start(plan.start + min(months, plan.months))
    inside = ((rows["day"] >= month_start(plan.start)) & (rows["day"] < last)).to_numpy(bool)
    amount = rows["amount"].to_numpy(float)
    something = ~(np.abs(amount) < _CENT)  # a filing has no amount, and stays
    return rows[inside & something].sort_values(["day", "tax"], kind="stable", ignore_index=True)


def by_month(calendar: pd.DataFrame, start: int, months: int) -> pd.DataFrame:
    """The amounts of a calendar per month (rows, without gaps) and tax (columns); 0: none."""
    paid = calendar[calendar["amount"].notna()]
    frame = pd.DataFrame(
        {"month": [month_of(int(day)) for day in paid["day"]], "tax": paid["tax"], "amount": paid["amount"]}
    )
    wide = frame.pivot_table(index="month", columns="tax", values="amount", aggfunc="sum", fill_value=0.0)
    return wide.reindex(range(start, start + months), fill_value=0.0)


def _frame(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(columns)[COLUMNS]


def _vat(plan: Plan) -> pd.DataFrame:
    found = plan.vat.periods
    return _frame(
        day=found["due_day"],
        tax="vat",
        kind=found["kind"],
        amount=found["amount"],
        period_first=found["period_first"],
        period_last=found["period_last"],
    )


def _one_stop(plan: Plan) -> pd.DataFrame:
    """VAT of other countries, paid at the end of the month: what is paid beside the returns at home."""
    rest = plan.line("vat_paid") - plan.vat.paid[0]
    months = plan.inputs.calendar
    last = np.array([month_start(int(month) + 1) - 1 for month in months])
    return _frame(day=last, tax="one_stop", kind="return", amount=rest, period_first=-1, period_last=-1)


def _corporation_tax(plan: Plan) -> pd.DataFrame:
    found = plan.tax.payments
    return _frame(
        day=found["due_day"],
        tax="corporation_tax",
        kind=found["kind"],
        amount=found["amount"],
        period_first=found["year_first"],
        period_last=found["year_last"],
    )


def _payroll(plan: Plan, rules: PlanRules) -> pd.DataFrame:
    """Charges and what is withheld from pay; of the month, or the quarter, that ended before."""
    months, payroll = plan.inputs.calendar, rules.payroll
    last = months - payroll.paid_after
    days = payroll.due_days
    return _frame(
        day=[month_start(int(month) + 1) - 1 for month in months] if days is None else days,
        tax="payroll",
        kind="charges",
        amount=plan.line("social_paid"),
        period_first=last - payroll.every + 1,
        period_last=last,
    )


def _deadlines(rules: PlanRules) -> pd.DataFrame:
    return _frame(
        day=[one.day for one in rules.deadlines],
        tax=[one.name for one in rules.deadlines],
        kind="filing",
        amount=np.nan,
        period_first=-1,
        period_last=-1,
    )

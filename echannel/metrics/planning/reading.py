"""What a plan says: break-even, working capital, days, low point, runway, what the loans can bear.

Profit and loss figures are ex VAT, receivables and payables include it. Functions of a plan read one path.
An unknown value is NaN with a status and a reason, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.metrics.periods import month_start
from echannel.metrics.planning.assets import grant_income
from echannel.metrics.planning.engine import Plan
from echannel.metrics.planning.rules import cents
from echannel.metrics.result import INPUT_MISSING, OK

YEAR = 12
_DAYS = 365
_AHEAD = 3  # months of outflow that a runway looks at


@dataclass(frozen=True)
class BreakEven:
    """Where a stretch of months covers its fixed costs.

    ``amount`` (seuil de rentabilité) = fixed costs / contribution margin rate; ``days`` (point mort) =
    amount / turnover × days of the stretch, as if every day sold alike; ``day``: the first local day on which
    the contribution so far reaches the fixed costs of the whole stretch, with its seasons (-1: not in it);
    ``safety`` (indice de sécurité) = (turnover − amount) / turnover.
    """

    fixed: float
    rate: float
    turnover: float
    amount: float
    days: float
    day: int
    safety: float
    status: str
    reason: str


def break_even_point(fixed: float, rate: float, turnover: float, days: int = _DAYS) -> tuple[float, float]:
    """Turnover at which the contribution covers ``fixed``, and the day on which even sales reach it.

    NaN where the contribution margin rate is not above 0 (no turnover covers anything), or nothing is sold.
    """
    amount = fixed / rate if rate > 0 else float("nan")
    return amount, amount / turnover * days if turnover > 0 else float("nan")


def break_even(plan: Plan, since: int = 0, months: int = YEAR, path: int = 0) -> BreakEven:
    """The break-even of ``months`` months of the plan from month number ``since`` of it (0: its first).

    Fixed are all costs that do not follow turnover, depreciation and interest among them, less grants taken
    into income; before corporation tax.
    """
    at = slice(since, since + months)
    turnover, fixed, contribution = (
        plan.line(name, path)[at] for name in ("turnover", "fixed_costs", "contribution")
    )
    sold, needed = float(turnover.sum()), float(fixed.sum())
    rate = float(contribution.sum()) / sold if sold > 0 else float("nan")
    lengths = _month_days(plan)[at]
    amount, days = break_even_point(needed, rate, sold, int(lengths.sum()))
    reason = ""
    if not sold > 0:
        reason = "reason.planning.nothing_sold"
    elif rate <= 0:
        reason = "reason.planning.contribution_negative"
    day = _day_reached(contribution, needed, lengths)
    first = month_start(plan.start + since)
    return BreakEven(
        fixed=needed,
        rate=rate,
        turnover=sold,
        amount=amount,
        days=days,
        day=-1 if day < 0 else first + day,
        safety=(sold - amount) / sold if sold > 0 else float("nan"),
        status=INPUT_MISSING if reason else OK,
        reason=reason,
    )


def _day_reached(contribution: np.ndarray, needed: float, lengths: np.ndarray) -> int:
    """Days from the start until the contribution, even within each month, has covered ``needed``."""
    daily = np.repeat(contribution / lengths, lengths)
    reached = np.flatnonzero(np.cumsum(daily) >= needed - 0.005)
    return int(reached[0]) if len(reached) else -1


def cash_cycle(dso: float, dpo: float, dio: float) -> float:
    """Cash conversion cycle in days: DIO + DSO − DPO."""
    return dio + dso - dpo


def requirement(stock: float, receivables: float, payables: float, owed_to_state: float) -> float:
    """Working capital requirement (BFR): stock ex VAT + receivables − payables − VAT and social debts."""
    return stock + receivables - payables - owed_to_state


def days_of(balance: float, flow: float, days: float = _DAYS) -> float:
    """How many days of a flow a balance is: balance / flow × days. VAT on both sides, or on neither."""
    return balance / flow * days if flow > 0 else float("nan")


def working_capital(plan: Plan, path: int = 0) -> pd.DataFrame:
    """What the business ties up at each month's end, over the flows of the up to twelve months before.

    ``bfr`` = stock + receivables − payables − VAT − social debts; ``bfr_days`` of turnover ex VAT; ``dso`` =
    receivables / turnover incl. VAT, ``dpo`` = payables / all bills incl. VAT, ``dio`` = stock / cost of
    sales, each × days; ``cash_cycle`` = DIO + DSO − DPO.

    Returns
    -------
    One row per month: ``month``, ``stock``, ``receivables``, ``payables``, ``vat`` and ``social`` (owed;
    negative: to come back), ``bfr``, ``bfr_days``, ``dso``, ``dpo``, ``dio``, ``cash_cycle`` (NaN: no flow).
    """
    at = {name: plan.line(name, path) for name in ("stock", "receivables", "payables", "social_payable")}
    vat = plan.line("vat_position", path)
    need = cents(at["stock"] + at["receivables"] - at["payables"] - vat - at["social_payable"])
    days = _last_year(_month_days(plan).astype(float))

    def over(balance: np.ndarray, flow: str) -> np.ndarray:
        base = _last_year(plan.line(flow, path))
        return np.divide(balance * days, base, out=np.full(len(base), np.nan), where=base > 0)

    dso, dpo = over(at["receivables"], "turnover_gross"), over(at["payables"], "bills_gross")
    dio = over(at["stock"], "cost_of_sales")
    return pd.DataFrame(
        {
            "month": plan.inputs.calendar,
            "stock": at["stock"],
            "receivables": at["receivables"],
            "payables": at["payables"],
            "vat": vat,
            "social": at["social_payable"],
            "bfr": need,
            "bfr_days": over(need, "turnover"),
            "dso": dso,
            "dpo": dpo,
            "dio": dio,
            "cash_cycle": dio + dso - dpo,
        }
    )


def net_cash(plan: Plan, path: int = 0) -> pd.DataFrame:
    """FRNG − BFR = trésorerie nette, at each month's end.

    ``frng`` (fonds de roulement net global) = equity + loans + grants not yet taken into income − fixed
    assets; ``bfr`` as in :func:`working_capital`; ``bfr_other`` (hors exploitation): corporation tax to come
    back, less owed; ``cash`` = frng − bfr − bfr_other, which is the cash of the plan.
    """
    line = {name: plan.line(name, path) for name in ("equity", "loans", "deferred_income", "fixed_assets")}
    lasting = cents(line["equity"] + line["loans"] + line["deferred_income"] - line["fixed_assets"])
    need = working_capital(plan, path)["bfr"].to_numpy()
    other = -plan.line("tax_position", path)
    return pd.DataFrame(
        {
            "month": plan.inputs.calendar,
            "frng": lasting,
            "bfr": need,
            "bfr_other": other,
            "cash": cents(lasting - need - other),
        }
    )


@dataclass(frozen=True)
class CashReading:
    """Where the cash of a plan goes: its lowest month's end, the first one below zero, how long it lasts.

    ``runway``: months that the cash at the start lasts at the mean outflow of the next three months (infinite
    where money comes in). Months are numbers (since 1970-01); -1: none.
    """

    lowest: float
    lowest_month: int
    first_negative: int
    runway: float


def cash_reading(plan: Plan, path: int = 0) -> CashReading:
    """The low point (point bas), the first month that ends below zero, and the runway from the start."""
    cash = plan.line("cash", path)
    low = int(cash.argmin())
    below = np.flatnonzero(cash < 0)
    return CashReading(
        lowest=float(cash[low]),
        lowest_month=plan.start + low,
        first_negative=plan.start + int(below[0]) if len(below) else -1,
        runway=runway(plan.opening["cash"], plan.line("cash_change", path)[:_AHEAD]),
    )


def runway(cash: float, change: np.ndarray) -> float:
    """Months that ``cash`` lasts at the mean outflow of ``change``; infinite where money comes in."""
    outflow = -float(np.mean(change))
    if outflow <= 0:
        return float("inf") if cash >= 0 else 0.0
    return max(cash, 0.0) / outflow


def self_financing(plan: Plan, path: int = 0) -> np.ndarray:
    """CAF of each month (capacité d'autofinancement) = net profit + depreciation − investment grants' income.

    Investment grants are those taken into income over more than one month: their money came at once, and
    stands among the resources. After interest and corporation tax.
    """
    spread = [one for one in plan.inputs.grants if one.release_months > 1]
    released = grant_income(spread, plan.start, plan.months)
    return cents(plan.line("net_profit", path) + plan.line("depreciation", path) - released)


def debt_service(plan: Plan, years: list[slice], path: int = 0) -> pd.DataFrame:
    """What earnings leave for loans, by stretch of months.

    ``dscr`` (debt service cover) = (EBITDA − corporation tax) / (principal + interest paid): banks ask for
    1.2 or more. ``debt_years`` = loans at the end / CAF of a year: French banks look for less than 3 to 4.

    Returns
    -------
    One row per stretch: ``year`` (its place), ``available``, ``service``, ``dscr`` (NaN: nothing to pay),
    ``caf``, ``loans``, ``debt_years`` (NaN: no loan; infinite: nothing is earned to repay it).
    """
    monthly = {
        "available": plan.line("ebitda", path) - plan.line("corporation_tax", path),
        "service": plan.line("loans_repaid", path) + plan.line("interest_paid", path),
        "caf": self_financing(plan, path),
    }
    rows = []
    for place, year in enumerate(years):
        sums = {name: float(cents(values[year].sum())) for name, values in monthly.items()}
        owed = float(plan.line("loans", path)[year.stop - 1])
        yearly = sums["caf"] * YEAR / (year.stop - year.start)
        rows.append(
            {
                "year": place,
                **sums,
                "dscr": sums["available"] / sums["service"] if sums["service"] > 0 else float("nan"),
                "loans": owed,
                "debt_years": (owed / yearly if yearly > 0 else float("inf")) if owed > 0 else float("nan"),
            }
        )
    return pd.DataFrame(rows)


def _month_days(plan: Plan) -> np.ndarray:
    starts = [month_start(plan.start + month) for month in range(plan.months + 1)]
    return np.diff(starts)


def _last_year(values: np.ndarray) -> np.ndarray:
    """The sum of each month and the up to eleven before it in the plan."""
    summed = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    return summed[ends] - summed[np.maximum(ends - YEAR, 0)]

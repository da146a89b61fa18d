"""A customer who pays late: what it does to cash, what the law grants, what paying on time would bring."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from echannel.metrics.planning.engine import Plan, build_plan
from echannel.metrics.planning.inputs import PlanInputs, Stream
from echannel.metrics.planning.rules import NEVER, LateLaw, PlanRules, cents

_YEAR_DAYS, _YEAR_MONTHS = 365, 12
_KEPT = ("cash", "receivables")


@dataclass(frozen=True)
class LateEffect:
    """What changes when ``share`` of sales to firms is paid after ``days`` instead of ``usual_days``.

    ``cash``, ``cash_before``: at each month's end ``(P, T)``; ``lowest`` and ``lowest_month`` of path 0 with
    the delay; ``first_negative``: first month with cash below zero, by path (``NEVER``: none), and
    ``first_negative_before``. ``held_back``: the most that is owed more at one time; ``a_day``: cash that one
    day earlier brings for good (a year's invoices including VAT / 365); ``most_days``: the longest delay at
    which path 0 never runs dry (NaN where it does so anyway). ``interest`` and ``fees``: what the law grants
    on the next twelve months' invoices.
    """

    days: float
    usual_days: float
    share: float
    cash: np.ndarray
    cash_before: np.ndarray
    first_negative: np.ndarray
    first_negative_before: np.ndarray
    held_back: float
    a_day: float
    most_days: float
    interest: float
    fees: float

    @property
    def lowest(self) -> float:
        """The lowest cash of path 0 with the delay."""
        return float(self.cash[0].min())

    @property
    def lowest_before(self) -> float:
        """The lowest cash of path 0 without it."""
        return float(self.cash_before[0].min())


def firms(inputs: PlanInputs) -> tuple[Stream, ...]:
    """The streams sold to firms at home or abroad on invoice."""
    return tuple(stream for stream in inputs.streams if stream.kind == "b2b")


def with_late_payer(inputs: PlanInputs, share: float, days: float) -> PlanInputs:
    """The plan in which ``share`` of the turnover with firms is paid ``days`` after the invoice.

    Each such stream becomes two that add up to it to the cent.
    """
    streams: list[Stream] = []
    for stream in inputs.streams:
        if stream.kind != "b2b":
            streams.append(stream)
            continue
        late = cents(stream.turnover * share)
        terms = replace(stream.terms, days=float(days), end_of_month=False)
        streams.append(replace(stream, turnover=stream.turnover - late))
        streams.append(replace(stream, name=f"{stream.name}_late", turnover=late, terms=terms))
    return replace(inputs, streams=tuple(streams))


def late_payment(
    inputs: PlanInputs,
    rules: PlanRules,
    days: float,
    share: float = 1.0,
    law: LateLaw | None = None,
    invoices_a_year: float = float("nan"),
    usual_days: float | None = None,
    agreed_days: float | None = None,
) -> LateEffect:
    """What a plan becomes when firms that make up ``share`` of the turnover with firms pay after ``days``.

    ``usual_days``: when they pay today (None: as the plan has it, weighted by turnover);
    ``invoices_a_year``: of theirs, for the fixed sums (NaN: one a month); ``agreed_days``: the terms from
    whose end the law grants interest (None: what is usual).
    """
    usual = usual_days_of(inputs) if usual_days is None else usual_days
    before = build_plan(with_late_payer(inputs, share, usual), rules, keep=_KEPT)
    after = build_plan(with_late_payer(inputs, share, days), rules, keep=_KEPT)
    a_year = gross_a_year(inputs, rules) * share
    late = days - (usual if agreed_days is None else agreed_days)
    granted = (0.0, 0.0) if law is None else _granted(a_year, late, law, invoices_a_year)
    return LateEffect(
        days=days,
        usual_days=usual,
        share=share,
        cash=after.lines["cash"],
        cash_before=before.lines["cash"],
        first_negative=first_negative(after),
        first_negative_before=first_negative(before),
        held_back=float((after.lines["receivables"] - before.lines["receivables"])[0].max()),
        a_day=a_year / _YEAR_DAYS,
        most_days=_most_days(inputs, rules, share, usual, days),
        interest=granted[0],
        fees=granted[1],
    )


def by_days(inputs: PlanInputs, rules: PlanRules, share: float, days: tuple[float, ...]) -> pd.DataFrame:
    """One row per delay: ``days``, ``lowest`` cash, ``lowest_month``, ``first_negative`` month (path 0)."""
    rows = []
    for one in days:
        plan = build_plan(with_late_payer(inputs, share, one), rules, keep=("cash",))
        cash = plan.lines["cash"][0]
        at = int(cash.argmin())
        rows.append((one, float(cash[at]), inputs.start + at, int(first_negative(plan)[0])))
    return pd.DataFrame(rows, columns=["days", "lowest", "lowest_month", "first_negative"])


def days_gained(measured_days: float, agreed_days: float, gross: float) -> tuple[float, float]:
    """Days and cash gained where everybody pays on the agreed day instead of when they do today.

    ``gross``: a year's invoices including VAT. Nothing is gained from those who pay early: never below 0.
    """
    gained = max(measured_days - agreed_days, 0.0)
    return gained, gained * gross / _YEAR_DAYS


def statutory_interest(owed: float, days_late: float, rate: float) -> float:
    """Simple interest on a sum including VAT paid that much after it was due: owed × rate × days / 365."""
    return float(cents(np.asarray(owed * rate * max(days_late, 0.0) / _YEAR_DAYS)))


def usual_days_of(inputs: PlanInputs) -> float:
    """Days until firms pay in the plan, weighted by turnover; NaN without any."""
    weights = np.array([float(stream.turnover[0].sum()) for stream in firms(inputs)])
    days = np.array([float(np.mean(stream.terms.days)) for stream in firms(inputs)])
    return float((weights * days).sum() / weights.sum()) if weights.sum() > 0 else float("nan")


def gross_a_year(inputs: PlanInputs, rules: PlanRules) -> float:
    """Invoices to firms including VAT in the plan's first twelve months (path 0)."""
    charged = rules.vat.registered[:_YEAR_MONTHS]
    total = 0.0
    for stream in firms(inputs):
        at_home = stream.vat_scheme == "domestic"
        rate = np.asarray(stream.vat_rate) * (charged if at_home else stream.vat_scheme != "none")
        total += float((stream.turnover[0, :_YEAR_MONTHS] * (1 + rate)).sum())
    return total


def first_negative(plan: Plan) -> np.ndarray:
    """The first month at whose end cash is below zero, by path; ``NEVER`` where it never is."""
    below = plan.lines["cash"] < 0
    return np.where(below.any(axis=1), plan.start + below.argmax(axis=1), NEVER)


def _granted(a_year: float, days_late: float, law: LateLaw, invoices: float) -> tuple[float, float]:
    """Interest and fixed sums on a year's invoices that are all ``days_late`` late."""
    if days_late <= 0:
        return 0.0, 0.0
    number = float(_YEAR_MONTHS) if np.isnan(invoices) or invoices <= 0 else invoices
    fees = cents(np.asarray(number * law.fee(a_year / number)))
    return statutory_interest(a_year, days_late, law.interest_rate), float(fees)


def _most_days(inputs: PlanInputs, rules: PlanRules, share: float, usual: float, days: float) -> float:
    """The longest whole delay up to ``days`` at which cash never falls below zero, by halving.

    A longer delay moves receipts later and never earlier, so cash never rises with it.
    """

    def dry(delay: float) -> bool:
        plan = build_plan(with_late_payer(inputs, share, delay), rules, keep=("cash",))
        return bool((plan.lines["cash"][0] < 0).any())

    low, high = int(np.ceil(usual)), int(days)
    if dry(low):
        return float("nan")
    if high <= low or not dry(high):
        return float(max(high, low))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if dry(middle) else (middle, high)
    return float(low)

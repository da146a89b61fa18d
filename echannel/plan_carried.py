"""From the last day that is known to the day before a plan starts: the months between, as the plan reckons.

Books end with a month, a plan starts with another. What was sold between them is known from the shop; what
it cost, and when money moved, is reckoned as in the plan itself, so that what is owned and owed is all of one
day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from echannel.metrics.planning.assumed import Assumptions
from echannel.metrics.planning.engine import Plan, build_plan
from echannel.metrics.planning.inputs import MONTHS, PlanInputs, StockPolicy
from echannel.planning_profile import LoanEntry, OpeningProfile, PlanningProfile

if TYPE_CHECKING:
    from echannel.plan_known import Known
    from echannel.plans import PlanBasis

MOST_MONTHS = 6  # of books older than half a year, what is left is more assumption than balance
_YEAR = 12
_OF_BOOKS = {  # lines of the books by those of a plan's balance sheet
    "cash": "cash",
    "stock": "stock",
    "receivables": "receivables",
    "payables": "payables",
    "staff_and_social": "social_payable",
    "fixed_assets": "fixed_assets",
    "vat": "vat_position",
    "other_tax": "tax_position",
}


@dataclass(frozen=True)
class Carried:
    """The months from ``since`` to the day before the plan starts.

    ``held``: what is owned and owed at their end, by line of the books; ``profits``: before tax, by month.
    """

    since: int
    held: Mapping[str, float]
    profits: Mapping[int, float]

    def profit_between(self, first: int, end: int) -> float:
        """Profit before tax of the months carried from ``first`` to ``end`` - 1."""
        return round(sum(value for month, value in self.profits.items() if first <= month < end), 2)


Assemble = Callable[["Known", np.ndarray], "PlanBasis"]


def carried(
    known: Known, since: int, turnover: np.ndarray, assemble: Assemble, stock: float = float("nan")
) -> Carried:
    """The months from ``since`` on, from what the books say of the day before.

    ``turnover``: the plan's own ``(T,)``; ``stock``: what is there when it starts, if known: goods are bought
    so that it comes out (never fewer than none: the rest was a correction of the stock).
    """
    count = known.start - since
    then = replace(
        known, start=since, told=_told_then(known, count), notes=Assumptions(), reasons=[], then=True
    )
    basis = assemble(then, _turnover(known, since, turnover))
    inputs = basis.inputs
    if not np.isnan(stock):
        inputs = replace(inputs, stock=_bought_until(stock, inputs, build_plan(inputs, basis.rules), count))
    plan = build_plan(inputs, basis.rules)
    return Carried(
        since,
        {name: float(plan.line(line)[count - 1]) for name, line in _OF_BOOKS.items()},
        {since + at: float(value) for at, value in enumerate(plan.line("profit_before_tax")[:count])},
    )


def _turnover(known: Known, since: int, turnover: np.ndarray) -> np.ndarray:
    """Turnover of each month from ``since`` on; before the plan as sold, as usual where that is unknown."""
    usual, seen = float(turnover[:_YEAR].mean()), sold_or_foreseen(known)
    before = [seen.get(month, usual) for month in range(since, known.start)]
    return np.concatenate([np.maximum(before, 0.0), turnover])[:MONTHS]


def sold_or_foreseen(known: Known) -> dict[int, float]:
    """Turnover by month: as sold where the data have the whole month, else as forecast."""
    whole = known.past["complete"] & known.past["turnover"].notna()
    sold = zip(known.past["month"][whole].astype(int), known.past["turnover"][whole], strict=True)
    ahead = known.forecast.months
    coming = zip(ahead["month"].astype(int), ahead["mean"].astype(float), strict=True) if len(ahead) else ()
    return {**dict(coming), **dict(sold)}


def _told_then(known: Known, months: int) -> PlanningProfile:
    """What was told, as of the earlier day: balances of the plan's start are not, loans owed more."""
    opening = OpeningProfile(losses=known.told.opening.losses, tax_last_year=known.told.opening.tax_last_year)
    loans = tuple(
        one
        if one.month is not None
        else one.model_copy(update={"amount": owed_before(one, months), "months": one.months + months})
        for one in known.told.loans
    )
    return known.told.model_copy(update={"opening": opening, "loans": loans})


def owed_before(loan: LoanEntry, months: int) -> float:
    """What was owed of a running loan ``months`` instalments ago: an annuity's debt is
    ``A (1 − (1 + i)^−n) / i`` with n instalments to come; in equal parts it falls in proportion; a bullet's,
    and one of which interest alone is paid, was the same."""
    if loan.kind == "bullet" or loan.deferred:
        return loan.amount
    monthly = loan.rate / _YEAR
    if loan.kind == "linear" or monthly == 0:
        return round(loan.amount * (loan.months + months) / loan.months, 2)
    grown = (1 - (1 + monthly) ** -(loan.months + months)) / (1 - (1 + monthly) ** -loan.months)
    return round(loan.amount * grown, 2)


def _bought_until(stock: float, inputs: PlanInputs, plan: Plan, months: int) -> StockPolicy:
    """Goods bought in proportion to what is sold, so that ``stock`` is there after ``months``."""
    cost = np.cumsum(plan.line("cost_of_sales")[:months])
    more = max(stock - inputs.opening.stock, -float(cost[-1]))
    share = cost / cost[-1] if cost[-1] > 0 else np.arange(1, months + 1) / months
    extra = np.full(inputs.months, more)
    extra[:months] = more * share
    return StockPolicy(extra=extra)

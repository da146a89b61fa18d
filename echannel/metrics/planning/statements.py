"""A plan's profit and loss in the form of its country: soldes intermédiaires de gestion, or the UK format.

Both are made of the lines of the plan and end in its net profit. Costs carry a minus sign, so that lines
simply add up, as in the same statements made from the books (``metrics.planning.books``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from echannel.metrics.planning.assets import grant_income
from echannel.metrics.planning.engine import Plan
from echannel.metrics.planning.layouts import EXTERNAL_LINES, STAFF_LINES, Line
from echannel.metrics.planning.rules import cents

# Règlement ANC 2014-03 art. 842-1. Goods for resale: no production. VAT that cannot be deducted is part of
# what third parties cost. A sole trader's drawings are no cost; own contributions (646) are staff costs.
SIG = (
    Line("goods_sold", ("turnover",)),
    Line("cost_of_goods", (), ("cost_of_sales",)),
    Line("commercial_margin", ("goods_sold", "cost_of_goods")),
    Line("third_party_consumption", (), EXTERNAL_LINES),
    Line("value_added", ("commercial_margin", "third_party_consumption")),
    Line("operating_grants", ("operating_grant_income",)),
    Line("taxes_and_duties", (), ("local_taxes",)),
    Line("staff_costs", (), STAFF_LINES),
    Line("ebe", ("value_added", "operating_grants", "taxes_and_duties", "staff_costs")),
    Line("investment_grants", ("investment_grant_income",)),
    Line("allowances", (), ("depreciation",)),
    Line("operating_result", ("ebe", "investment_grants", "allowances")),
    Line("financial_expenses", (), ("interest",)),
    Line("current_result", ("operating_result", "financial_expenses")),
    Line("corporation_tax", (), ("corporation_tax",)),
    Line("net_result", ("current_result", "corporation_tax")),
)
# Companies Act 2006, SI 2008/409 Schedule 1, format 1, with distribution costs apart.
STATUTORY = (
    Line("turnover", ("turnover",)),
    Line("cost_of_sales", (), ("cost_of_sales",)),
    Line("gross_profit", ("turnover", "cost_of_sales")),
    Line("distribution_costs", (), ("carriage", "payment_fees", "marketplace_fees", "marketing")),
    Line(
        "administrative_expenses",
        (),
        (
            "rent",
            "platform",
            "e_invoicing",
            "other_overheads",
            "one_offs",
            "irrecoverable_vat",
            "local_taxes",
            *STAFF_LINES,
            "depreciation",
        ),
    ),
    Line("other_operating_income", ("grant_income",)),
    Line(
        "operating_result",
        ("gross_profit", "distribution_costs", "administrative_expenses", "other_operating_income"),
    ),
    Line("interest_payable", (), ("interest",)),
    Line("profit_before_tax", ("operating_result", "interest_payable")),
    Line("corporation_tax", (), ("corporation_tax",)),
    Line("net_result", ("profit_before_tax", "corporation_tax")),
)
FORMS: dict[str, tuple[Line, ...]] = {"FR": SIG, "GB": STATUTORY}
SUBTOTALS = {
    "commercial_margin",
    "value_added",
    "ebe",
    "gross_profit",
    "operating_result",
    "current_result",
    "profit_before_tax",
    "net_result",
}


def form_of(country: str) -> tuple[Line, ...]:
    """The lines of the country's profit and loss account; another country gets the UK's format."""
    return FORMS.get(country, STATUTORY)


def statement(
    plan: Plan, years: Sequence[slice], form: tuple[Line, ...] | None = None, path: int = 0
) -> pd.DataFrame:
    """The profit and loss account in the country's form, for each stretch of months.

    Returns
    -------
    One row per line, in the form's order: ``line``, ``subtotal``, and one column per stretch (its place).
    """
    form = form_of(plan.inputs.country) if form is None else form
    monthly = by_month(plan, form, path)
    frame = pd.DataFrame({"line": list(monthly), "subtotal": [name in SUBTOTALS for name in monthly]})
    for place, year in enumerate(years):
        frame[place] = [float(cents(values[year].sum())) for values in monthly.values()]
    return frame


def by_month(plan: Plan, form: tuple[Line, ...], path: int = 0) -> dict[str, np.ndarray]:
    """Each line of a form by month ``(T,)``; of two lines of one name, the form's wins over the plan's."""
    own = {name: values[path] for name, values in plan.lines.items()}
    own |= _grants(plan, path)
    found: dict[str, np.ndarray] = {}
    for line in form:
        total = np.zeros(plan.months)
        for names, sign in ((line.plus, 1.0), (line.minus, -1.0)):
            for name in names:
                total = total + sign * (found[name] if name in found else own[name])
        found[line.name] = cents(total) + 0.0
    return found


def _grants(plan: Plan, path: int) -> dict[str, np.ndarray]:
    """Grants taken into income over months (for things that last) and at once (for running the firm)."""
    spread = [one for one in plan.inputs.grants if one.release_months > 1]
    lasting = cents(grant_income(spread, plan.start, plan.months))
    return {
        "investment_grant_income": lasting,
        "operating_grant_income": cents(plan.lines["grant_income"][path] - lasting),
    }

"""A plan's overheads, its terms with suppliers, and the staff that the books show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from echannel.metrics.planning import observed
from echannel.metrics.planning.assumed import Found
from echannel.metrics.planning.inputs import (
    AT_ONCE,
    MONTHS,
    Cost,
    Loan,
    PaymentTerms,
    PlanInputs,
    StaffMember,
)
from echannel.metrics.planning.loans import loan_flows
from echannel.metrics.planning.rules import PlanRules
from echannel.plan_entries import LONG_AGO
from echannel.plan_known import Known
from echannel.plan_streams import DEFAULTS

_COST_LINES = ("marketing", "rent", "platform", "other_overheads", "local_taxes", "owner_charges")
_WITH_VAT = {"marketing", "rent", "platform", "other_overheads", "e_invoicing"}
_USUAL_RATE, _USUAL_MONTHS = 0.05, 36  # of a loan that the books show and nobody describes


def costs_of(known: Known, rules: PlanRules, standard: float) -> tuple[Cost, ...]:
    """Overheads by line, and what a coming rule brings; what nobody entered counts 0, and is said to."""
    told = known.told
    costs = []
    spent = observed.advertising(known.sme.sales, known.period) if known.period else float("nan")
    for line in _COST_LINES:
        seen = spent if line == "marketing" else float("nan")
        amount = known.notes.take(
            line,
            "money",
            getattr(told, line),
            Found(known.books.costs.get(line, float("nan")), "ledger", "reason.planning.from_books"),
            Found(seen, "history", "reason.planning.from_visits"),
            Found(0.0, "default", "reason.planning.not_entered"),
            quiet=line == "owner_charges" and told.legal_form != "sole_trader",
        )
        follows = 0.0
        if line == "marketing" and told.marketing_rate is not None:
            follows = known.notes.take("marketing_rate", "percent", told.marketing_rate)
        rate = standard if line in _WITH_VAT else 0.0
        costs.append(Cost(line, line, amount, follows, rate, PaymentTerms() if rate else AT_ONCE))  # type: ignore[arg-type]
    months = np.arange(known.start, known.start + MONTHS)
    for one in rules.known_costs:
        usual = Found(one.amount, "default", "reason.planning.coming_rule")
        entered_cost = told.e_invoicing if one.amount else None
        amount = known.notes.take("e_invoicing", "money", entered_cost, usual, quiet=True)
        costs.append(Cost(one.name, "e_invoicing", np.where(months >= one.first, amount, 0.0), 0.0, standard))
    if not any(getattr(told, line) for line in _COST_LINES) and not known.books.costs:
        known.reasons.append("reason.planning.no_fixed_costs")
    return tuple(costs)


def supplier_terms(known: Known) -> PaymentTerms:
    """When suppliers are paid: as entered, as their list says on average, as the books show."""
    days = known.sme.table("suppliers")["payment_days"].dropna()
    seen = float(days.mean()) if len(days) else float("nan")
    taken = known.notes.take(
        "supplier_days",
        "days",
        known.told.supplier_days,
        Found(seen, "history", "reason.planning.from_suppliers"),
        Found(known.books.dpo, "ledger", "reason.planning.from_books"),
        Found(DEFAULTS["supplier_days"], "default", "reason.planning.usual"),
    )
    return PaymentTerms(taken, known.told.supplier_end_of_month)


def with_loans_in_books(known: Known, inputs: PlanInputs) -> PlanInputs:
    """Where the profile names no loan that runs, what the books owe is repaid as an assumption says.

    Instalments of the months between the books' end and the plan are repaid then.
    """
    owed = known.books.balances.get("loans", 0.0)
    if owed <= 0 or any(one.outstanding or one.month < inputs.start for one in inputs.loans):
        return inputs
    months = inputs.start - known.books.end - 1
    running = Loan(owed, inputs.start - months, _USUAL_RATE, _USUAL_MONTHS, outstanding=True)
    if months > 0:
        left = float(loan_flows(running, inputs.start - months, months).balance[-1])
        running = replace(running, amount=left, month=inputs.start, months=_USUAL_MONTHS - months)
    known.notes.note("loan", running.amount, "money", "default", "reason.planning.loan_in_books")
    return replace(inputs, loans=(*inputs.loans, running))


def with_staff_in_books(known: Known, inputs: PlanInputs) -> PlanInputs:
    """Where the profile names nobody, the pay that the books show goes on."""
    gross, rate = known.books.staff_gross, known.books.employer_rate
    if inputs.staff or np.isnan(gross):
        return inputs
    known.notes.note("staff", round(gross, 2), "money", "ledger", "reason.planning.staff_mean")
    return replace(inputs, staff=(StaffMember("", gross, LONG_AGO, None, rate),))

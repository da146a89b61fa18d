"""Rows of what lasts and who pays for it: capital spending, loans, grants, the owner (see ``planning.loans``,
``planning.assets``)."""

from __future__ import annotations

import numpy as np

from echannel.locale import Speaker
from echannel.metrics.planning.inputs import Asset, Grant, Loan, PlanInputs
from echannel.metrics.planning.loans import loan_flows, schedule
from echannel.views.workbook.grid import Sheet
from echannel.views.workbook.selling import each_month


def long_term_rows(sheet: Sheet, inputs: PlanInputs, say: Speaker) -> None:
    """Everything on the sheet of financing: rows ``a<n>.…``, ``l<n>.…``, ``g<n>.…``, ``owner.…``."""
    sheet.heading(say("planning.book.assets"))
    opening = inputs.opening
    sheet.row("old.amount", say("planning.book.old_assets"), single=round(opening.fixed_assets, 2))
    life = float(max(opening.fixed_assets_months, 1))
    sheet.row("old.life", say("planning.book.life_months"), single=life, kind="number")
    sheet.row("old.written", say("planning.line.depreciation"), _spread("old", "0"))
    for at, asset in enumerate(inputs.assets):
        _asset_rows(sheet, f"a{at}", asset, inputs, say)
    for at, loan in enumerate(inputs.loans):
        sheet.heading(say("planning.book.loan", name=loan.name or str(at + 1)))
        _loan_rows(sheet, f"l{at}", loan, inputs, say)
    sheet.heading(say("planning.book.overdraft"))
    sheet.row(
        "overdraft.rate", say("planning.book.loan_rate"), single=float(inputs.overdraft_rate), kind="percent"
    )
    interest = "ROUND(MAX(-{cash-1},0)*{overdraft.rate!}/12,2)"
    sheet.row("overdraft.interest", say("planning.book.loan_interest"), interest)
    for at, grant in enumerate(inputs.grants):
        sheet.heading(say("planning.book.grant", name=grant.name or str(at + 1)))
        _grant_rows(sheet, f"g{at}", grant, inputs, say)
    sheet.heading(say("planning.book.owner"))
    for name in ("capital_in", "dividends", "drawings"):
        amounts = np.round(each_month(getattr(inputs.owner, name), sheet.grid.months), 2)
        sheet.row(f"owner.{name}", say(f"planning.line.{name}"), amounts)


def _spread(name: str, first: str) -> str:
    """An amount spread evenly over its life from month ``first`` on, rounded on what is done to date."""

    def done(months: str) -> str:
        share = f"MIN(MAX({months}-{first},0),{{{name}.life!}})/{{{name}.life!}}"
        return f"ROUND({{{name}.amount!}}*{share},2)"

    return f"{done('{month}+1')}-{done('{month}')}"


def _once(name: str, amount: str) -> str:
    return f"IF({{month}}={{{name}.month!}},{amount},0)"


def _dated(
    sheet: Sheet, name: str, amount: float, month: int, life: int, inputs: PlanInputs, say: Speaker
) -> None:
    sheet.row(f"{name}.amount", say("planning.book.amount"), single=amount)
    sheet.row(
        f"{name}.month", say("planning.book.in_month"), single=float(month - inputs.start), kind="number"
    )
    sheet.row(f"{name}.life", say("planning.book.life_months"), single=float(life), kind="number")


def _asset_rows(sheet: Sheet, name: str, asset: Asset, inputs: PlanInputs, say: Speaker) -> None:
    sheet.heading(say("planning.book.asset", name=asset.name or name))
    _dated(sheet, name, asset.amount, asset.month, max(round(asset.life_years * 12), 1), inputs, say)
    sheet.row(f"{name}.vat_rate", say("planning.book.vat_rate"), single=asset.vat_rate, kind="percent")
    bought = f"ROUND({{{name}.amount!}},2)"
    sheet.row(f"{name}.bought", say("planning.book.bought"), _once(name, bought))
    vat = f"ROUND({bought}*{{{name}.vat_rate!}},2)"
    sheet.row(f"{name}.vat", say("planning.book.vat_in"), _once(name, vat))
    inside = f"AND({{{name}.month!}}>=0,{{{name}.month!}}<{sheet.grid.months})"
    written = f"IF({inside},{_spread(name, f'{{{name}.month!}}')},0)"
    sheet.row(f"{name}.written", say("planning.line.depreciation"), written)


def _grant_rows(sheet: Sheet, name: str, grant: Grant, inputs: PlanInputs, say: Speaker) -> None:
    _dated(sheet, name, grant.amount, grant.month, max(grant.release_months, 1), inputs, say)
    received = _once(name, f"ROUND({{{name}.amount!}},2)")
    sheet.row(f"{name}.received", say("planning.line.grants_received"), received)
    inside = f"AND({{{name}.month!}}>=0,{{{name}.month!}}<{sheet.grid.months})"
    income = f"IF({inside},{_spread(name, f'{{{name}.month!}}')},0)"
    sheet.row(f"{name}.income", say("planning.line.grant_income"), income)


def _loan_rows(sheet: Sheet, name: str, loan: Loan, inputs: PlanInputs, say: Speaker) -> None:
    """The loan's schedule on the plan's calendar; ``<name>.at`` counts its own months from 0."""
    first = 0 if loan.outstanding else loan.month - inputs.start + 1
    running = loan.outstanding or first <= 0
    opening = loan_flows(loan, inputs.start, inputs.months).opening

    def row(part: str, formula: str, start: str | float | None = None, kind: str = "money") -> None:
        text = formula.replace("@", f"{name}.")
        sheet.row(f"{name}.{part}", say(f"planning.book.loan_{part}"), text, opening=start, kind=kind)

    def single(part: str, value: float, kind: str = "money") -> None:
        sheet.row(f"{name}.{part}", say(f"planning.book.loan_{part}"), single=value, kind=kind)

    single("amount", opening if running else round(loan.amount, 2))
    single("rate", loan.rate, "percent")
    single("months", float(loan.months), "number")
    single("deferred", float(loan.deferred), "number")
    single("first", float(first), "number")
    row("at", "{month}-{@first!}", kind="number")
    active = "AND({@at}>=0,{@at}<{@months!})"
    row("drawn", "0" if running else "IF({@at}=-1,{@amount!},0)")
    row("interest", f"IF({active},ROUND({{@owed-1}}*{{@rate!}}/12,2),0)")
    unpaid = "IF({@at}<{@deferred!},0,{@interest})" if loan.capitalised else "{@interest}"
    row("interest_paid", f"IF({active},{unpaid},0)")
    left = "({@months!}-{@deferred!})"
    annuity = f"IF({{@rate!}}=0,{{@owed-1}}/{left},{{@owed-1}}*{{@rate!}}/12/(1-(1+{{@rate!}}/12)^-{left}))"
    equal = {"annuity": annuity, "linear": f"{{@owed-1}}/{left}", "bullet": "0"}[loan.kind]
    paid_before = _instalment_before(loan, first)
    row("instalment", f"IF({{@at}}={{@deferred!}},ROUND({equal},2),{{@instalment-1}})", paid_before)
    part = {"annuity": "{@instalment}-{@interest}", "linear": "{@instalment}", "bullet": "0"}[loan.kind]
    principal = f"IF({{@at}}={{@months!}}-1,{{@owed-1}},ROUND(MIN({part},{{@owed-1}}),2))"
    row("principal", f"IF(AND({active},{{@at}}>={{@deferred!}}),{principal},0)")
    owed = "ROUND({@owed-1}+{@drawn}+{@interest}-{@interest_paid}-{@principal},2)"
    row("owed", owed, f"{{{name}.amount!}}" if running else 0.0)


def _instalment_before(loan: Loan, first: int) -> float:
    """The instalment of a loan that is being repaid already when the plan starts."""
    if loan.outstanding or -first <= loan.deferred or loan.kind == "bullet":
        return 0.0
    interest, _, principal = schedule(loan)[loan.deferred]
    return float(principal + interest if loan.kind == "annuity" else principal)

"""The plan: profit and loss, cash flow and balance sheet, month by month, on every path at once.

Every flow is rounded to the cent where it arises, and sums are sums of rounded flows. Cash comes from the
cash flow, equity from the profit, and all that is owed from what was invoiced less what was paid: that both
sides of the balance sheet agree is a result, not a construction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.metrics.planning.assets import depreciation, grant_income, straight_line
from echannel.metrics.planning.corporation_tax import TaxFlows, corporation_tax
from echannel.metrics.planning.inputs import Amounts, PaymentTerms, PlanInputs, cent, in_month
from echannel.metrics.planning.layouts import (
    ASSETS,
    BALANCE_SHEET,
    CASH_FLOW,
    COST_LINES,
    LIABILITIES,
    PAID_THROUGH,
    PROFIT_AND_LOSS,
    STATEMENTS,
    VARIABLE_LINES,
    Line,
)
from echannel.metrics.planning.loans import loan_flows
from echannel.metrics.planning.overdraft import overdraft_interest
from echannel.metrics.planning.payroll import payroll
from echannel.metrics.planning.rules import PlanRules, cents
from echannel.metrics.planning.terms import run_off, settled
from echannel.metrics.planning.trading import Traded, purchases_and_stock, trade
from echannel.metrics.planning.vat import VatFlows, one_stop_flows, vat_flows


@dataclass(frozen=True)
class Plan:
    """A computed plan: ``lines`` by name (see ``layouts``), each ``(paths, months)``.

    ``opening``: the balance sheet when the plan starts, by line. ``turnover_of``, ``margin_of``: turnover and
    gross margin by stream. ``vat``, ``tax``: returns and payments with their days (of path 0).
    """

    inputs: PlanInputs
    lines: Mapping[str, np.ndarray]
    opening: Mapping[str, float]
    turnover_of: Mapping[str, np.ndarray]
    margin_of: Mapping[str, np.ndarray]
    vat: VatFlows
    tax: TaxFlows

    @property
    def start(self) -> int:
        """The first month."""
        return self.inputs.start

    @property
    def months(self) -> int:
        """How many months the plan has."""
        return self.inputs.months

    def line(self, name: str, path: int = 0) -> np.ndarray:
        """One line of one path ``(T,)``."""
        return self.lines[name][path]

    def frame(self, path: int = 0) -> pd.DataFrame:
        """One path as rows: ``month``, ``statement``, ``line``, ``value``, in the order of the layouts."""
        named = [(statement, one.name) for statement, layout in STATEMENTS.items() for one in layout]
        parts = [
            pd.DataFrame(
                {
                    "month": self.inputs.calendar,
                    "statement": statement,
                    "line": name,
                    "value": self.line(name, path),
                }
            )
            for statement, name in named
            if name in self.lines
        ]
        return pd.concat(parts, ignore_index=True)


def build_plan(inputs: PlanInputs, rules: PlanRules, keep: Collection[str] | None = None) -> Plan:
    """The plan that follows from its inputs under a country's rules.

    ``keep``: names of the lines to hold on to (None: all); with many paths this is what memory goes into.
    """
    ledger = _Ledger(inputs, rules)
    with_received = bool(rules.vat.on_receipts.any())
    traded = [trade(stream, ledger.registered, with_received) for stream in inputs.streams]
    _trading(ledger, traded)
    _goods(ledger)
    _overheads(ledger)
    _people(ledger)
    _long_term(ledger)
    vat = _vat(ledger, traded)
    _sums(ledger, PROFIT_AND_LOSS, until="operating_profit")
    _overdraft(ledger)
    _sums(ledger, PROFIT_AND_LOSS, until="profit_before_tax")
    tax = _tax(ledger)
    _sums(ledger, PROFIT_AND_LOSS)
    _sums(ledger, CASH_FLOW)
    _balance(ledger)
    _memo(ledger)
    return Plan(
        inputs=inputs,
        lines=ledger.kept(keep),
        opening=ledger.opening,
        turnover_of={one.stream.name: one.turnover for one in traded},
        margin_of={one.stream.name: one.turnover - one.cost_of_sales for one in traded},
        vat=vat,
        tax=tax,
    )


class _Ledger:
    """The lines of one plan while they are made, and VAT on what is bought, by invoice and by payment."""

    def __init__(self, inputs: PlanInputs, rules: PlanRules) -> None:
        self.inputs, self.rules = inputs, rules
        self.months = inputs.months
        self.nothing = np.zeros((1, self.months))
        self.registered = rules.vat.registered.astype(float)
        self.by_payment = bool(rules.vat.on_receipts.any())
        self.lines: dict[str, np.ndarray] = {}
        self.opening: dict[str, float] = {}
        self.vat_on_costs = self.vat_on_costs_paid = self.vat_on_assets = self.nothing
        self.vat_position = self.nothing

    def add(self, name: str, values: np.ndarray) -> None:
        """Adds to a line; a new one starts at nothing."""
        known = self.lines.get(name)
        self.lines[name] = np.atleast_2d(values) if known is None else known + values

    def get(self, name: str) -> np.ndarray:
        """A line, nothing where nothing was entered."""
        return self.lines.get(name, self.nothing)

    def bought(
        self, amount: np.ndarray, vat_rate: Amounts, terms: PaymentTerms, paid_through: str
    ) -> np.ndarray:
        """Enters what was invoiced to the firm: its VAT, and its payment under the terms. Gives the VAT."""
        vat = cents(amount * np.asarray(vat_rate, dtype=float))
        self.vat_on_costs = self.vat_on_costs + vat
        self.add(paid_through, settled(amount + vat, terms))
        if self.by_payment:
            self.vat_on_costs_paid = self.vat_on_costs_paid + settled(vat, terms)
        return vat

    def kept(self, keep: Collection[str] | None) -> dict[str, np.ndarray]:
        """The wanted lines, each spread over all paths (those alike on every path take no memory)."""
        paths = max(len(one) for one in self.lines.values())
        wanted = self.lines if keep is None else [name for name in self.lines if name in keep]
        shape = (paths, self.months)
        lines = {name: self.lines[name] + 0.0 for name in wanted}  # no "−0.00"
        return {
            name: one if one.shape == shape else np.broadcast_to(one, shape) for name, one in lines.items()
        }


def _added(values: Iterable[np.ndarray], nothing: np.ndarray) -> np.ndarray:
    total = nothing
    for one in values:
        total = total + one
    return total


def _trading(ledger: _Ledger, traded: list[Traded]) -> None:
    """Sales and what selling costs; what stood open at the start comes in under the terms of its stream."""
    for name in ("sales", "returns", "cost_of_sales", "carriage", "payment_fees", "marketplace_fees"):
        ledger.add(name, _added((getattr(one, name) for one in traded), ledger.nothing))
    for kind in ("b2c", "b2b"):
        received = (one.receipts for one in traded if one.stream.kind == kind)
        ledger.add(f"receipts_{kind}", _added(received, ledger.nothing))
    ledger.add("fees_paid", _added((one.fees_paid for one in traded), ledger.nothing))
    ledger.add("turnover", ledger.get("sales") - ledger.get("returns"))
    ledger.add("turnover_gross", ledger.get("turnover") + _added((one.vat for one in traded), ledger.nothing))
    owed = ledger.opening["receivables"] = cent(ledger.inputs.opening.receivables)
    who = next((one for one in ledger.inputs.streams if one.kind == "b2b"), None)
    who = who or next(iter(ledger.inputs.streams), None)
    terms = who.terms if who else ledger.inputs.purchase_terms
    ledger.add(f"receipts_{who.kind if who else 'b2c'}", run_off(owed, terms, ledger.months))


def _goods(ledger: _Ledger) -> None:
    """Goods bought for stock and carriage, and their payment."""
    inputs = ledger.inputs
    purchases, stock = purchases_and_stock(inputs, ledger.get("cost_of_sales"))
    ledger.add("purchases", purchases)
    ledger.add("stock", stock)
    ledger.opening["stock"] = cent(inputs.opening.stock)
    vat = ledger.bought(purchases, inputs.purchase_vat_rate, inputs.purchase_terms, "suppliers_paid")
    ledger.add("purchases_gross", purchases + vat)
    owed = ledger.opening["payables"] = cent(inputs.opening.payables)
    ledger.add("suppliers_paid", run_off(owed, inputs.purchase_terms, ledger.months))
    carriage = ledger.get("carriage")
    vat = ledger.bought(carriage, inputs.carriage_vat_rate, inputs.carriage_terms, "carriage_paid")
    fees = ledger.get("payment_fees") + ledger.get("marketplace_fees")
    ledger.add("bills_gross", ledger.get("purchases_gross") + carriage + vat + fees)


def _overheads(ledger: _Ledger) -> None:
    """Costs by line, single ones among them; ``variable_costs`` gathers what follows turnover."""
    inputs = ledger.inputs
    for line in COST_LINES:
        ledger.add(line, ledger.nothing)
        ledger.add(PAID_THROUGH[line], ledger.nothing)
    ledger.add("variable_costs", _added(map(ledger.get, VARIABLE_LINES), ledger.nothing))
    for cost in inputs.costs:
        amount = cents(np.atleast_2d(np.asarray(cost.amount, dtype=float)) + ledger.nothing)
        if np.any(cost.of_turnover):
            follows = cents(ledger.get("turnover") * np.asarray(cost.of_turnover, dtype=float))
            ledger.add("variable_costs", follows)
            amount = amount + follows
        ledger.add(cost.line, amount)
        vat = ledger.bought(amount, cost.vat_rate, cost.terms, PAID_THROUGH[cost.line])
        ledger.add("bills_gross", amount + vat)
    for one in inputs.one_offs:
        amount = in_month([(one.month, one.amount)], inputs.start, ledger.months)
        vat = cents(amount * one.vat_rate)
        ledger.vat_on_costs = ledger.vat_on_costs + vat
        ledger.vat_on_costs_paid = ledger.vat_on_costs_paid + vat
        ledger.add("one_offs", amount)
        ledger.add("overheads_paid", amount + vat)
        ledger.add("bills_gross", amount + vat)


def _people(ledger: _Ledger) -> None:
    """Pay, charges, and what the opening balance owes for them (paid in the first month)."""
    pay = payroll(ledger.inputs.staff, ledger.rules.payroll, ledger.inputs.start, ledger.months)
    owed = ledger.opening["social_payable"] = cent(ledger.inputs.opening.social_payable)
    first = in_month([(ledger.inputs.start, owed)], ledger.inputs.start, ledger.months)
    ledger.add("staff_gross", pay.gross)
    ledger.add("employer_charges", pay.charges)
    ledger.add("staff_paid", pay.net_paid)
    ledger.add("social_paid", pay.social_paid + first)
    due = pay.gross - pay.net_paid + pay.charges - ledger.get("social_paid")
    ledger.add("social_payable", cents(owed + np.cumsum(due, axis=1)))


def _long_term(ledger: _Ledger) -> None:
    """Capital spending and depreciation, loans, grants, the owner's money."""
    inputs, start, months = ledger.inputs, ledger.inputs.start, ledger.months
    bought = in_month([(one.month, one.amount) for one in inputs.assets], start, months)
    vat = in_month([(one.month, cent(one.amount) * one.vat_rate) for one in inputs.assets], start, months)
    old = ledger.opening["fixed_assets"] = cent(inputs.opening.fixed_assets)
    written_off = depreciation(inputs.assets, start, months)
    written_off = written_off + straight_line(old, 0, max(inputs.opening.fixed_assets_months, 1), months)
    ledger.add("depreciation", cents(written_off))
    ledger.add("capital_spending_paid", bought + vat)
    ledger.add("fixed_assets", cents(old + np.cumsum(bought - ledger.get("depreciation"), axis=1)))
    ledger.vat_on_assets = vat
    loans = [loan_flows(loan, start, months) for loan in inputs.loans]
    ledger.opening["loans"] = cent(sum(one.opening for one in loans))
    ledger.add("loans_drawn", _added((one.drawn for one in loans), ledger.nothing))
    ledger.add("loans_repaid", _added((one.principal for one in loans), ledger.nothing))
    ledger.add("interest", _added((one.interest for one in loans), ledger.nothing))
    ledger.add("interest_paid", _added((one.interest_paid for one in loans), ledger.nothing))
    ledger.add("loans", cents(_added((one.balance for one in loans), ledger.nothing)))
    received = in_month([(one.month, one.amount) for one in inputs.grants], start, months)
    income = cents(np.atleast_2d(grant_income(inputs.grants, start, months)))
    ledger.add("grants_received", received)
    ledger.add("grant_income", income)
    ledger.add("deferred_income", cents(np.cumsum(received - income, axis=1)))
    ledger.opening["deferred_income"] = 0.0
    for name in ("capital_in", "dividends", "drawings"):
        amount = np.asarray(getattr(inputs.owner, name), dtype=float)
        ledger.add(name, cents(np.atleast_2d(amount) + ledger.nothing))


def _vat(ledger: _Ledger, traded: list[Traded]) -> VatFlows:
    """VAT at home and through the one-stop shops: paid, owed, and what of it is a cost.

    Under cash accounting VAT is due when money moves: what is invoiced and not yet paid stays owed too.
    """
    rules, start = ledger.rules, ledger.inputs.start
    schemes = _one_stop_schemes(rules)
    domestic = [one for one in traded if one.stream.vat_scheme not in schemes]
    charged = _added((one.vat for one in domestic), ledger.nothing)
    bought = ledger.vat_on_costs + ledger.vat_on_assets
    due, deducted = charged, bought
    if ledger.by_payment:
        when = rules.vat.on_receipts
        due = np.where(when, _added((one.vat_received for one in domestic), ledger.nothing), charged)
        deducted = np.where(when, ledger.vat_on_costs_paid + ledger.vat_on_assets, bought)
    shape = np.broadcast_shapes(due.shape, deducted.shape, ledger.get("turnover_gross").shape)
    flows = vat_flows(
        np.broadcast_to(due, shape),
        np.broadcast_to(deducted, shape),
        ledger.inputs.vat,
        rules,
        start,
        np.broadcast_to(cents(ledger.get("turnover_gross")), shape),
        np.broadcast_to(ledger.vat_on_assets, shape),
    )
    opening = ledger.opening["vat_position"] = cent(flows.opening)
    moved = (charged - bought) - (due - deducted) + flows.due - flows.paid
    paid, declared = flows.paid, flows.declared
    for scheme, calendar in schemes.items():
        abroad = [one.vat for one in traded if one.stream.vat_scheme == scheme]
        if abroad:
            there = one_stop_flows(_added(abroad, ledger.nothing), calendar, rules, start)
            moved, paid, declared = (
                moved + there.due - there.paid,
                paid + there.paid,
                declared + there.declared,
            )
            charged = charged + there.due
    ledger.add("irrecoverable_vat", cents(flows.cost))
    ledger.add("vat_paid", cents(paid))
    ledger.add("vat_collected", cents(charged))
    ledger.add("vat_deductible", cents(bought))
    ledger.add("vat_declared", cents(declared))
    ledger.vat_position = cents(opening + np.cumsum(moved, axis=1))
    return flows


def _one_stop_schemes(rules: PlanRules) -> dict[str, str]:
    """Whose calendar VAT of another country follows, by scheme; none where no one-stop shop is known.

    A registration of one's own there files by quarter, as the OSS does.
    """
    known = list(rules.one_stop)
    return {name: name if name in known else known[0] for name in ("oss", "ioss", "local")} if known else {}


def _overdraft(ledger: _Ledger) -> None:
    """Interest on cash below nothing; it stands beside that of loans."""
    interest = ledger.nothing
    if ledger.inputs.overdraft_rate:
        known = dict(ledger.lines)
        _sums(ledger, CASH_FLOW)  # before tax, which is not entered yet
        change, ledger.lines = ledger.get("cash_change"), known
        profit = ledger.get("operating_profit") - ledger.get("interest")
        interest = overdraft_interest(change, profit, ledger.inputs, ledger.rules)
    for name in ("interest", "interest_paid", "overdraft_interest"):
        ledger.add(name, interest)


def _tax(ledger: _Ledger) -> TaxFlows:
    profit = ledger.get("profit_before_tax")
    flows = corporation_tax(profit, ledger.rules, ledger.inputs.start, ledger.inputs.tax)
    ledger.opening["tax_position"] = cent(flows.opening)
    ledger.add("corporation_tax", cents(flows.charge))
    ledger.add("tax_paid", cents(flows.paid))
    return flows


def _sums(ledger: _Ledger, layout: tuple[Line, ...], until: str = "") -> None:
    """The sums of a statement from its own list, in order, as far as ``until``."""
    for line in layout:
        if line.is_sum and line.name not in ledger.lines:
            plus = _added(map(ledger.get, line.plus), ledger.nothing)
            ledger.lines[line.name] = cents(plus - _added(map(ledger.get, line.minus), ledger.nothing))
        if line.name == until:
            return


def _balance(ledger: _Ledger) -> None:
    """What is owned and owed at each month's end."""
    opening = ledger.opening
    opening["cash"] = cent(ledger.inputs.opening.cash)
    ledger.add("cash", cents(opening["cash"] + np.cumsum(ledger.get("cash_change"), axis=1)))
    open_sales = ledger.get("turnover_gross") - ledger.get("receipts")
    ledger.add("receivables", cents(opening["receivables"] + np.cumsum(open_sales, axis=1)))
    paid = [*dict.fromkeys(PAID_THROUGH.values()), "suppliers_paid", "carriage_paid", "fees_paid"]
    open_bills = ledger.get("bills_gross") - _added(map(ledger.get, paid), ledger.nothing)
    ledger.add("payables", cents(opening["payables"] + np.cumsum(open_bills, axis=1)))
    taxed = ledger.get("corporation_tax") - ledger.get("tax_paid")
    positions = {
        "vat": ledger.vat_position,
        "tax": cents(opening["tax_position"] + np.cumsum(taxed, axis=1)),
    }
    for name, position in positions.items():
        ledger.add(f"{name}_position", position)
        ledger.add(f"{name}_payable", np.maximum(position, 0.0))
        ledger.add(f"{name}_receivable", np.maximum(-position, 0.0))
        owed = opening[f"{name}_position"]
        opening[f"{name}_payable"], opening[f"{name}_receivable"] = max(owed, 0.0), max(0.0 - owed, 0.0)
    opening["total_assets"] = cent(sum(opening[name] for name in ASSETS))
    opening["total_liabilities"] = cent(sum(opening[name] for name in LIABILITIES))
    opening["equity"] = cent(opening["total_assets"] - opening["total_liabilities"])
    opening["total_liabilities_and_equity"] = opening["total_assets"]
    kept = ledger.get("net_profit") + ledger.get("capital_in")
    kept = kept - ledger.get("dividends") - ledger.get("drawings")
    ledger.add("equity", cents(opening["equity"] + np.cumsum(kept, axis=1)))
    _sums(ledger, BALANCE_SHEET)


def _memo(ledger: _Ledger) -> None:
    """Contribution margin (marge sur coûts variables) and fixed costs; their difference is profit before tax.

    Fixed: every cost that does not follow turnover, depreciation and interest among them, less grant income.
    """
    variable = cents(ledger.get("variable_costs"))
    contribution = cents(ledger.get("turnover") - variable)
    ledger.lines["variable_costs"] = variable
    ledger.add("contribution", contribution)
    ledger.add("fixed_costs", cents(contribution - ledger.get("profit_before_tax")))

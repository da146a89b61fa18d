"""The lines of a plan's three statements: their names, their order, and what each sum is made of.

Costs, payments and debts are positive numbers: the sum that they belong to takes them off. The engine adds up
by these lists, the spreadsheet writes its formulas from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from echannel.metrics.planning.inputs import CostLine


@dataclass(frozen=True)
class Line:
    """One line of a statement. A sum names its parts: those ``plus`` are added, those ``minus`` taken off."""

    name: str
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()

    @property
    def is_sum(self) -> bool:
        """Whether the line is made of others."""
        return bool(self.plus or self.minus)


VARIABLE_LINES = ("cost_of_sales", "carriage", "payment_fees", "marketplace_fees")
EXTERNAL_LINES = (
    "carriage",
    "payment_fees",
    "marketplace_fees",
    "marketing",
    "rent",
    "platform",
    "e_invoicing",
    "other_overheads",
    "one_offs",
    "irrecoverable_vat",
)
STAFF_LINES = ("staff_gross", "employer_charges", "owner_charges")
COST_LINES: tuple[CostLine, ...] = get_args(CostLine)

PROFIT_AND_LOSS = (
    Line("sales"),
    Line("returns"),
    Line("turnover", ("sales",), ("returns",)),
    Line("cost_of_sales"),
    Line("gross_margin", ("turnover",), ("cost_of_sales",)),
    *map(Line, EXTERNAL_LINES),
    Line("local_taxes"),
    *map(Line, STAFF_LINES),
    Line("grant_income"),
    Line("ebitda", ("gross_margin", "grant_income"), (*EXTERNAL_LINES, "local_taxes", *STAFF_LINES)),
    Line("depreciation"),
    Line("operating_profit", ("ebitda",), ("depreciation",)),
    Line("interest"),
    Line("profit_before_tax", ("operating_profit",), ("interest",)),
    Line("corporation_tax"),
    Line("net_profit", ("profit_before_tax",), ("corporation_tax",)),
)

RECEIPTS = ("receipts_b2c", "receipts_b2b")
PAYMENTS = (
    "suppliers_paid",
    "carriage_paid",
    "fees_paid",
    "marketing_paid",
    "rent_paid",
    "overheads_paid",
    "staff_paid",
    "social_paid",
    "vat_paid",
    "tax_paid",
)
CASH_FLOW = (
    *map(Line, RECEIPTS),
    Line("receipts", RECEIPTS),
    *map(Line, PAYMENTS),
    Line("operating_cash_flow", ("receipts",), PAYMENTS),
    Line("capital_spending_paid"),
    Line("loans_drawn"),
    Line("loans_repaid"),
    Line("interest_paid"),
    Line("grants_received"),
    Line("capital_in"),
    Line("dividends"),
    Line("drawings"),
    Line(
        "financing_cash_flow",
        ("loans_drawn", "grants_received", "capital_in"),
        ("loans_repaid", "interest_paid", "dividends", "drawings"),
    ),
    Line("cash_change", ("operating_cash_flow", "financing_cash_flow"), ("capital_spending_paid",)),
)

ASSETS = ("fixed_assets", "stock", "receivables", "vat_receivable", "tax_receivable", "cash")
LIABILITIES = (
    "payables",
    "social_payable",
    "vat_payable",
    "tax_payable",
    "loans",
    "deferred_income",
)
BALANCE_SHEET = (
    *map(Line, ASSETS),
    Line("total_assets", ASSETS),
    *map(Line, LIABILITIES),
    Line("total_liabilities", LIABILITIES),
    Line("equity"),
    Line("total_liabilities_and_equity", ("total_liabilities", "equity")),
)

STATEMENTS: dict[str, tuple[Line, ...]] = {
    "profit_and_loss": PROFIT_AND_LOSS,
    "cash_flow": CASH_FLOW,
    "balance_sheet": BALANCE_SHEET,
}

# Beside the statements: what readings need, and nobody adds up.
MEMO_LINES = (
    "variable_costs",
    "fixed_costs",
    "contribution",
    "overdraft_interest",
    "purchases",
    "purchases_gross",
    "bills_gross",
    "turnover_gross",
    "vat_collected",
    "vat_deductible",
    "vat_declared",
    "vat_position",
    "tax_position",
)

# Paid through which line of the cash flow.
PAID_THROUGH = {
    "marketing": "marketing_paid",
    "rent": "rent_paid",
    "platform": "overheads_paid",
    "e_invoicing": "overheads_paid",
    "other_overheads": "overheads_paid",
    "one_offs": "overheads_paid",
    "local_taxes": "overheads_paid",
    "owner_charges": "overheads_paid",
}

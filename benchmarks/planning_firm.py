"""The made-up firm whose plan is measured, and tested: a French shop that sells to people and to firms."""

from __future__ import annotations

import numpy as np

from echannel.metrics.planning.inputs import (
    AT_ONCE,
    Cost,
    Loan,
    OpeningBalance,
    PaymentTerms,
    PlanInputs,
    StaffMember,
    StockPolicy,
    Stream,
)


def firm(
    consumers: np.ndarray, firms: np.ndarray, start: int, cash: float = 9_000.0, overdraft: float = 0.0
) -> PlanInputs:
    """Its plan with these turnovers ``(1, T)`` from month ``start`` on; firms pay after 45 days."""
    return PlanInputs(
        "FR", "EUR", start,
        (
            Stream(
                "b2c", "b2c", consumers, 0.55, vat_rate=0.1, terms=PaymentTerms(3.0), fee_rate=0.014,
                fee_fixed=0.25, basket=75.0, carriage_rate=0.07, return_rate=0.02,
            ),
            Stream("b2b", "b2b", firms, 0.6, vat_rate=0.2, terms=PaymentTerms(45.0)),
        ),
        months=consumers.shape[1],
        costs=(
            Cost("ads", "marketing", 900.0, 0.02),
            Cost("rent", "rent", 800.0, vat_rate=0.2, terms=AT_ONCE),
            Cost("other", "other_overheads", 1_500.0, vat_rate=0.2),
        ),
        staff=(StaffMember("one", 2_600.0, start),),
        loans=(Loan(20_000.0, start, 0.04, 60, outstanding=True),),
        opening=OpeningBalance(cash=cash, stock=30_000.0, receivables=5_000.0, payables=9_000.0),
        stock=StockPolicy(60.0),
        purchase_vat_rate=0.1,
        overdraft_rate=overdraft,
    )  # fmt: skip

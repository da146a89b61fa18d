"""Plans made for tests: a firm with both kinds of customer, rules that never change, and a plain forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from echannel.countries import country_pack
from echannel.countries.plan_rules import TaxFacts, plan_rules
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
from echannel.metrics.planning.rules import PlanRules

START = (2026 - 1970) * 12 + 11
SEASON = 1 + 0.4 * np.sin(np.arange(36) / 12 * 2 * np.pi)


def firm(cash: float = 9_000.0, months: int = 36) -> PlanInputs:
    """A French shop that sells to people and, on 45 days, to firms."""
    return PlanInputs(
        "FR",
        "EUR",
        START,
        (
            Stream(
                "b2c", "b2c", 24_000 * SEASON[None, :months], 0.55, vat_rate=0.1, terms=PaymentTerms(3.0),
                fee_rate=0.014, fee_fixed=0.25, basket=75.0, carriage_rate=0.07, return_rate=0.02,
            ),
            Stream("b2b", "b2b", np.full((1, months), 4_000.0), 0.6, vat_rate=0.2, terms=PaymentTerms(45.0)),
        ),
        months=months,
        costs=(
            Cost("ads", "marketing", 900.0, 0.02),
            Cost("rent", "rent", 800.0, vat_rate=0.2, terms=AT_ONCE),
            Cost("other", "other_overheads", 1_500.0, vat_rate=0.2),
        ),
        staff=(StaffMember("one", 2_600.0, START),),
        loans=(Loan(20_000.0, START, 0.04, 60, outstanding=True),),
        opening=OpeningBalance(cash=cash, stock=30_000.0, receivables=5_000.0, payables=9_000.0),
        stock=StockPolicy(60.0),
        purchase_vat_rate=0.1,
    )  # fmt: skip


def rules(months: int = 36) -> PlanRules:
    """France's rules over the plan."""
    return plan_rules(country_pack("FR"), TaxFacts("reel_normal"), START, months)


@dataclass(frozen=True)
class PlainForecast:
    """Paths around a mean: a level that wanders and chance, both lognormal."""

    wander: float = 0.05
    chance: float = 0.06
    start: int = START

    @property
    def mean(self) -> np.ndarray:
        return 24_000 * SEASON

    def paths(self, n: int, seed: int) -> np.ndarray:
        draws = np.random.default_rng(seed).standard_normal((2, n, 36))
        error = np.cumsum(self.wander * draws[0], axis=1) + self.chance * draws[1]
        return self.mean * np.exp(error)

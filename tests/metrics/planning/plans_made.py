"""Plans made for tests: a firm with both kinds of customer, rules that never change, and a plain forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks import planning_firm
from echannel.countries import country_pack
from echannel.countries.plan_rules import TaxFacts, plan_rules
from echannel.metrics.planning.inputs import PlanInputs
from echannel.metrics.planning.rules import PlanRules

START = (2026 - 1970) * 12 + 11
SEASON = 1 + 0.4 * np.sin(np.arange(36) / 12 * 2 * np.pi)


def firm(cash: float = 9_000.0, months: int = 36) -> PlanInputs:
    """A French shop that sells to people and, on 45 days, to firms."""
    return planning_firm.firm(24_000 * SEASON[None, :months], np.full((1, months), 4_000.0), START, cash)


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

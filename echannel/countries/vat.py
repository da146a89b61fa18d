"""VAT: rates by date, and the regimes an SME may stand under."""

from __future__ import annotations

from datetime import date
from typing import Literal

from echannel.countries.dated import Dated, Strict, in_force_on


class VatRate(Dated):
    """A VAT rate (a fraction: 0.2, 0.055) under its name (``standard``, ``reduced`` …)."""

    name: str
    rate: float


class VatThreshold(Dated):
    """An amount of turnover (the country's currency, per year, ex VAT unless its term says so)."""

    name: str
    amount: float


class VatRegime(Strict):
    """How an SME stands with VAT: whether it charges it, how often it declares, up to which turnover.

    ``until`` is the last day of the regime itself, where the law has set one.
    """

    name: str
    registered: bool
    filing: tuple[Literal["none", "monthly", "quarterly", "yearly"], ...]
    until: date | None = None
    thresholds: tuple[VatThreshold, ...] = ()
    source: str

    def thresholds_on(self, day: date) -> dict[str, float]:
        """The regime's limits in force on ``day``, by name (``goods``, ``registration`` …)."""
        return {limit.name: limit.amount for limit in in_force_on(self.thresholds, day)}

"""What the reader of the planning page tries."""

from __future__ import annotations

from dataclasses import dataclass

FACTORS = ("visits", "conversion", "basket", "repeat", "accounts", "frequency", "order_value", "price")
"""Levers that multiply what the scenario has: 1.05 is 5 % more."""
SHIFTS = ("margin", "days_to_pay", "stock_cover")
"""Levers that add to it: points of the margin rate (0.01), days until firms pay, days of stock cover."""


@dataclass(frozen=True)
class PlanChoice:
    """A scenario by name, and levers moved away from it: ``(name, value)`` pairs, untouched ones left out."""

    scenario: str = "expected"
    levers: tuple[tuple[str, float], ...] = ()

"""What the reader of the market page tries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MarketChoice:
    """The market looked at ("": the ranking's first), and weights moved: ``(criterion, weight)`` pairs."""

    market: str = ""
    weights: tuple[tuple[str, float], ...] = ()

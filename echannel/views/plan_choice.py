"""What the reader of the planning page tries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PlanChoice:
    """A scenario by name, and levers moved away from it: ``(name, factor or value)`` pairs."""

    scenario: str = "expected"
    levers: tuple[tuple[str, float], ...] = ()

"""Writes the demonstration cohort's raw files, in each platform's own export format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from echannel.workspace import Workspace

SEED = 20261115
FIRST_DAY = date(2023, 11, 1)
LAST_FULL_DAY = date(2026, 10, 31)
LAST_DAY = date(2026, 11, 15)


@dataclass(frozen=True)
class Faults:
    """What was put wrong on purpose in one SME's files, for tests to find again (counts of orders)."""

    impossible_date: int = 0
    impossible_amount: int = 0
    exported_twice: int = 0
    parts_do_not_add_up: int = 0
    cancelled: int = 0
    pending: int = 0
    without_country: int = 0
    products_without_cost: int = 0


@dataclass(frozen=True)
class DemoSummary:
    """What was written: orders (each counted once, refused ones included) and planned faults, by SME."""

    orders: dict[str, int] = field(default_factory=dict)
    refunds: dict[str, int] = field(default_factory=dict)
    faults: dict[str, Faults] = field(default_factory=dict)


def write_demo(
    workspace: Workspace, progress: Callable[[str, int, int], None] | None = None, seed: int = SEED
) -> DemoSummary:
    """Write the demo cohort's export files to ``data/inbox/<sme>/``; the same seed gives the same bytes.

    36 full months (``FIRST_DAY`` to ``LAST_FULL_DAY``) and a part of the next. ``progress`` is called with
    (sme, done, total). Files of an earlier run are replaced; others in the folder stay.
    """
    raise NotImplementedError

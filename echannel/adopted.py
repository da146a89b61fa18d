"""Plans that a firm has adopted, kept in the register: the months that follow are held against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from echannel.errors import UserError
from echannel.metrics.planning.layouts import PROFIT_AND_LOSS
from echannel.register import Register, open_register, save_scenario, saved_scenarios
from echannel.workspace import find_workspace

if TYPE_CHECKING:
    from echannel.metrics.planning.engine import Plan
    from echannel.sme import Sme

TOOL = "planning"
_KIND = "adopted_plan"


def adopt(sme: Sme, plan: Plan | None = None) -> tuple[int, int]:
    """Keep the SME's plan as it stands today, or ``plan``; its first month and how many it has.

    Another plan from the same month replaces it; plans adopted earlier stay.

    Raises
    ------
    UserError
        There is nothing to plan from.
    """
    from echannel.plans import plan_of

    plan = plan_of(sme) if plan is None else plan
    turnover = plan.line("turnover")
    if not turnover.any():
        raise UserError("planning.error.nothing_to_adopt", sme=sme.profile.id)
    names = [one.name for one in PROFIT_AND_LOSS if one.name in plan.lines]
    lines = {name: plan.line(name).tolist() for name in [*names, "cash"]}
    keep(sme, plan.start, turnover.tolist(), lines)
    return plan.start, plan.months


def keep(
    sme: Sme, start: int, turnover: Sequence[float], lines: Mapping[str, Sequence[float]] | None = None
) -> None:
    """Keep a plan's turnover by month (ex VAT, goods and carriage) from month ``start`` on.

    ``lines``: its profit and loss account by line, and ``cash`` at each month's end.
    """
    content = {
        "kind": _KIND,
        "start": int(start),
        "turnover": [float(one) for one in turnover],
        "lines": {name: [round(float(one), 2) for one in values] for name, values in (lines or {}).items()},
    }
    save_scenario(_register(sme), sme.profile.id, TOOL, f"adopted_{start}", content)


def adopted_turnover(sme: Sme) -> pd.DataFrame:
    """``month`` and ``turnover`` as adopted: of several plans for a month, the one made last before it.

    Empty where none was adopted, or where the register is out of reach.
    """
    months: dict[int, float] = {}
    for plan in _plans(sme):
        months |= {plan["start"] + at: value for at, value in enumerate(plan["turnover"])}
    return pd.DataFrame({"month": list(months), "turnover": list(months.values())}).sort_values("month")


def adopted_lines(sme: Sme) -> pd.DataFrame:
    """``month``, ``line``, ``value``: the profit and loss account as adopted, and ``cash`` at month ends.

    As :func:`adopted_turnover`: each month is that of the plan made last before it. Plans kept without
    their lines have none.
    """
    months: dict[int, dict[str, float]] = {}
    for plan in _plans(sme):
        lines = plan.get("lines", {})
        for at in range(len(plan["turnover"])):
            months[plan["start"] + at] = {name: values[at] for name, values in lines.items()}
    rows = [(month, name, value) for month, lines in sorted(months.items()) for name, value in lines.items()]
    return pd.DataFrame(rows, columns=["month", "line", "value"])


def _plans(sme: Sme) -> list[dict[str, Any]]:
    """The contents of all plans kept, in the order of their first months."""
    try:
        saved = saved_scenarios(_register(sme), sme.profile.id, TOOL).values() if sme.workspace else ()
    except UserError:
        saved = ()
    found = (one.content for one in saved if one.content.get("kind") == _KIND)
    return sorted(found, key=lambda one: int(one["start"]))


@dataclass(frozen=True)
class Kept:
    """A plan that was kept: its first month (a number), how many months it has, the day it was kept."""

    start: int
    months: int
    day: date


def last_kept(sme: Sme) -> Kept | None:
    """The plan that the SME kept last; None where it kept none, or where the register is out of reach."""
    try:
        saved = saved_scenarios(_register(sme), sme.profile.id, TOOL).values() if sme.workspace else ()
    except UserError:
        return None
    plans = [one for one in saved if one.content.get("kind") == _KIND]
    if not plans:
        return None
    last = max(plans, key=lambda one: one.at)
    return Kept(int(last.content["start"]), len(last.content["turnover"]), last.at.date())


def _register(sme: Sme) -> Register:
    return open_register(sme.workspace or find_workspace())

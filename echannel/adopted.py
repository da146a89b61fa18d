"""Plans that a firm has adopted, kept in the register: the months that follow are held against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from echannel.errors import UserError
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
    keep(sme, plan.start, turnover.tolist())
    return plan.start, plan.months


def keep(sme: Sme, start: int, turnover: Sequence[float]) -> None:
    """Keep a plan's turnover by month (ex VAT, goods and carriage) from month ``start`` on."""
    content = {"kind": _KIND, "start": int(start), "turnover": [float(one) for one in turnover]}
    save_scenario(_register(sme), sme.profile.id, TOOL, f"adopted_{start}", content)


def adopted_turnover(sme: Sme) -> pd.DataFrame:
    """``month`` and ``turnover`` as adopted: of several plans for a month, the one made last before it.

    Empty where none was adopted, or where the register is out of reach.
    """
    try:
        saved = saved_scenarios(_register(sme), sme.profile.id, TOOL).values() if sme.workspace else ()
    except UserError:
        saved = ()
    plans = sorted(
        (one.content for one in saved if one.content.get("kind") == _KIND), key=lambda one: one["start"]
    )
    months: dict[int, float] = {}
    for plan in plans:
        months |= {plan["start"] + at: value for at, value in enumerate(plan["turnover"])}
    return pd.DataFrame({"month": list(months), "turnover": list(months.values())}).sort_values("month")


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

"""Keeping the plan on the screen, so that the months to come are held against it."""

from __future__ import annotations

from echannel.adopted import Kept, adopt, last_kept
from echannel.errors import UserError
from echannel.views.context import View
from echannel.views.plan_choice import PlanChoice
from echannel.views.planning_facts import YEAR, period_of
from echannel.views.planning_plan import basis, planned
from echannel.views.planning_words import scenario_name

# What is read of kept plans, and is read anew once one was kept.
_READ = ("kept plan", "planned_months", "plan_and_actual", "costs_against_plan")


def keep_plan(view: View) -> str:
    """Keeps the plan as the reader has it, sliders and scenario included; what was kept, in words.

    Raises
    ------
    UserError
        There is nothing to plan from.
    """
    say, made, found = view.say, planned(view), basis(view)
    if made is None or found is None:
        raise UserError("planning.error.nothing_to_adopt", sme=view.sme.profile.name)
    start, months = adopt(view.sme, made)
    view.forget(*_READ)
    kept = kept_plan(view)
    assert kept is not None
    turnover = say.money(made.line("turnover")[:YEAR].sum(), decimals=0)
    said = [
        say(
            "planning.say.kept",
            n=months,
            month=period_of(start),
            day=kept.day,
            turnover=turnover,
            year=min(months, YEAR),
        )
    ]
    if view.choice.plan != PlanChoice():
        scenario = found.scenarios.get(view.choice.plan.scenario, found.scenarios[PlanChoice().scenario])
        said.append(
            say(
                "planning.say.kept_as_tried",
                scenario=scenario_name(say, scenario),
                n=len(view.choice.plan.levers),
            )
        )
    return " ".join([*said, say("planning.say.kept_next", month=period_of(start))])


def kept_plan(view: View) -> Kept | None:
    """The plan that was kept last; read once, until another is kept."""
    return view.once("kept plan", lambda: last_kept(view.sme))

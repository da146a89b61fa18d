"""Names that the planning page gives to scenarios and drivers."""

from __future__ import annotations

from echannel.locale import Speaker
from echannel.metrics.planning.scenarios import Scenario
from echannel.views.context import View
from echannel.views.plan_choice import PlanChoice


def scenario_name(say: Speaker, scenario: Scenario) -> str:
    """A scenario as the reader knows it; the firm's own ones keep their own words."""
    if scenario.own:
        return scenario.name
    if scenario.entry is not None:
        return say("planning.scenario.market", country=say.country_name(scenario.entry.country))
    return say(f"planning.scenario.{scenario.name}")


def stream_name(say: Speaker, name: str) -> str:
    """A stream of turnover: who buys where; a market that the plan enters by its country."""
    if name.startswith("entry_"):
        return say("planning.stream.entry", country=say.country_name(name.removeprefix("entry_").upper()))
    return say(f"planning.stream.{name}")


def as_tried(view: View, scenario: bool = True) -> str:
    """Says that a card speaks of what the reader tries; "" of the plan as it stands.

    ``scenario``: whether the card follows the chosen scenario too, not the sliders alone.
    """
    tried = view.choice.plan
    if tried.levers:
        return view.say("planning.say.with_sliders", n=len(tried.levers))
    return view.say("planning.say.in_scenario") if scenario and tried != PlanChoice() else ""

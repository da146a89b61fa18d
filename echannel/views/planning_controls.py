"""What the reader of the planning dashboard may turn: a scenario, and levers as far as history has gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ipywidgets import Dropdown, HBox, Layout, SelectionSlider

from echannel.metrics.planning.levers import LEVERS, usable
from echannel.views.context import Choice, View
from echannel.views.plan_choice import PlanChoice
from echannel.views.planning_plan import Basis, basis, levers_of_history
from echannel.views.planning_words import scenario_name

STEPS = 5  # on each side of what is planned
_TURNED = {"visits", "conversion", "repeat", "basket", "accounts", "frequency", "order_value"}
_ORDERS = {"b2c": "visits", "b2b": "accounts"}  # the lever that moves as many orders
_ALWAYS = ("price", "margin", "days_to_pay", "stock_cover")
_MONEY = {"basket", "order_value"}
_PERCENT = {"conversion"}
_SHIFTS = {
    "margin": (-0.05, -0.03, -0.02, -0.01, 0.0, 0.01, 0.02, 0.03, 0.05),
    "days_to_pay": (-15.0, -10.0, -5.0, 0.0, 5.0, 10.0, 15.0, 30.0, 45.0),
    "stock_cover": (-30.0, -20.0, -10.0, 0.0, 10.0, 20.0, 30.0),
}
_PRICES = (0.9, 0.95, 0.97, 0.98, 0.99, 1.0, 1.01, 1.02, 1.03, 1.05, 1.1)


@dataclass(frozen=True)
class Reach:
    """How far a lever goes: what it stands at, the factors at its ends, and what history calls it."""

    value: float
    low: float
    high: float
    called: str


def what_if_bar(view: View, choose: Callable[[Choice], None]) -> HBox | None:
    """The scenario and the sliders; ``choose`` is called with the new choice whenever one is let go."""
    made = basis(view)
    if made is None:
        return None
    say, now = view.say, view.choice.plan
    boxes: dict[str, Any] = {
        "scenario": Dropdown(
            options=[(scenario_name(say, one), one.name) for one in made.scenarios.values()],
            value=now.scenario,
        )
    }
    set_already, called = dict(now.levers), {}
    for name, reach in levers_of(view, made):
        options = lever_options(view, name, reach)
        value = set_already.get(name, LEVERS[name].neutral)
        nearest = min((one for _, one in options), key=lambda one: abs(one - value))
        boxes[name] = SelectionSlider(options=options, value=nearest, continuous_update=False)
        called[name] = reach.called if reach is not None else name
    for name, box in boxes.items():
        box.description = say(f"planning.filter.{called.get(name, name)}")
        box.style.description_width = "initial"

    def changed(_: Any) -> None:
        moved = tuple(
            (name, float(box.value))
            for name, box in boxes.items()
            if name != "scenario" and box.value != LEVERS[name].neutral
        )
        choose(replace(view.choice, plan=PlanChoice(boxes["scenario"].value, moved)))

    for box in boxes.values():
        box.observe(changed, names="value")
    bar = HBox(list(boxes.values()), layout=Layout(flex_flow="row wrap", overflow="visible"))
    bar.add_class("ec-filters")
    bar.add_class("ec-sliders")
    return bar


def levers_of(view: View, made: Basis) -> list[tuple[str, Reach | None]]:
    """The levers that a reader may turn, with their reach: what turnover is made of, and what moves the plan.

    Where visits (or customers) were not counted, orders as a whole stand for them.
    """
    found: list[tuple[str, Reach | None]] = []
    for row in levers_of_history(view).to_dict("records"):
        name = _ORDERS[row["kind"]] if row["name"] == "orders" else row["name"]
        if name in _TURNED and row["value"] > 0:
            value = row["value"]
            found.append((name, Reach(value, row["low"] / value, row["high"] / value, row["name"])))
    there = set(usable(made.inputs))
    return [*found, *((name, None) for name in _ALWAYS if name in there)]


def lever_options(view: View, name: str, reach: Reach | None) -> list[tuple[str, float]]:
    """A slider's stops, worded: what the lever then stands at where that is known, else the change."""
    say = view.say
    if name == "margin":
        return [(_shift(view, "points", 100 * value), value) for value in _SHIFTS[name]]
    if name in _SHIFTS:
        return [(_shift(view, "days", value), value) for value in _SHIFTS[name]]
    if name == "price":
        return [(_change(view, value), value) for value in _PRICES]
    assert reach is not None
    write = (
        say.money
        if name in _MONEY
        else (lambda one: say.percent(one, 2))
        if name in _PERCENT
        else (lambda one: say.number(one, 0 if one >= 20 else 2))
    )
    return _distinct([(write(reach.value * factor), factor) for factor in _factors(reach)])


def _factors(reach: Reach) -> list[float]:
    """Stops from the lowest that history has shown over what is planned to the highest."""
    below = np.linspace(min(reach.low, 0.98), 1.0, STEPS + 1)[:-1]
    above = np.linspace(1.0, max(reach.high, 1.02), STEPS + 1)
    return [round(float(one), 4) for one in (*below, *above)]


def _distinct(options: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """One stop per wording, so that the reader sees each move; what is planned stays."""
    seen: dict[str, float] = {}
    for words, value in sorted(options, key=lambda one: abs(one[1] - 1.0)):
        seen.setdefault(words, value)
    return sorted(((words, value) for words, value in seen.items()), key=lambda one: one[1])


def _change(view: View, factor: float) -> str:
    say = view.say
    return say("planning.filter.as_planned") if factor == 1.0 else say.percent(factor - 1, 0, signed=True)


def _shift(view: View, unit: str, value: float) -> str:
    say = view.say
    if not value:
        return say("planning.filter.as_planned")
    written = say.number(value, signed=True)
    if unit == "points":
        return say("planning.filter.points", n=abs(value), points=written)
    return say("planning.filter.days", n=abs(value), days=written)

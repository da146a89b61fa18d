"""What the reader of the inventory dashboard may turn: service, lead times, budget, the ABC classes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ipywidgets import Dropdown, HBox, Layout, SelectionSlider

from echannel.views.context import Choice, View, WhatIf
from echannel.views.inventory_plan import base_plan

SERVICE_LEVELS = (0.80, 0.85, 0.90, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
LONGER = (-7, -3, 0, 3, 7, 14, 21, 28)  # days put on every lead time
CUTS_A = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9)
CUTS_B = (0.92, 0.93, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
BUDGET_STEPS = 12
_BY_CLASS = 0.0  # None would be a slider without a choice
AIMS = ("cycle", "fill", "margin")
ABC_MEASURES = ("turnover", "margin", "units")


def what_if_bar(view: View, choose: Callable[[Choice], None]) -> HBox:
    """The sliders; ``choose`` is called with the new choice whenever one is let go.

    The budget's slider ends at what everything that is due would cost.
    """
    say, now, own = view.say, view.choice.stock, view.sme.profile.inventory.budget
    budgets, kept, usual = _budgets(view, _cost_of_all(view), own), now.budget, own or math.inf
    boxes = {
        "service": SelectionSlider(
            options=[(say("inventory.filter.by_class"), _BY_CLASS), *_percents(view, SERVICE_LEVELS)],
            value=now.service or _BY_CLASS,
        ),
        "aim": Dropdown(options=[(say(f"inventory.aim.{name}"), name) for name in AIMS], value=now.aim),
        "longer": SelectionSlider(
            options=[(_days_more(view, days), days) for days in LONGER],
            value=now.longer,
        ),
        "budget": SelectionSlider(options=budgets, value=kept if kept in dict(budgets).values() else usual),
        "abc_by": Dropdown(
            options=[(say(f"inventory.abc_by.{name}"), name) for name in ABC_MEASURES], value=now.abc_by
        ),
        "cut_a": SelectionSlider(options=_percents(view, CUTS_A), value=now.cut_a),
        "cut_b": SelectionSlider(options=_percents(view, CUTS_B), value=now.cut_b),
    }
    for name, box in boxes.items():
        box.description = say(f"inventory.filter.{name}")
        box.style.description_width = "initial"
        if isinstance(box, SelectionSlider):
            box.continuous_update = False

    def changed(_: Any) -> None:
        tried = {name: box.value for name, box in boxes.items()}
        choose(replace(view.choice, stock=WhatIf(**tried | {"service": tried["service"] or None})))

    for box in boxes.values():
        box.observe(changed, names="value")
    bar = HBox(list(boxes.values()), layout=Layout(flex_flow="row wrap", overflow="visible"))
    bar.add_class("ec-filters")
    bar.add_class("ec-sliders")
    return bar


def _cost_of_all(view: View) -> float:
    found = base_plan(view).lines
    return float((found["wanted"] * found["unit_cost"]).where(found["due"]).sum())


def _percents(view: View, fractions: tuple[float, ...]) -> list[tuple[str, float]]:
    return [(view.say.percent(fraction, 0), fraction) for fraction in fractions]


def _days_more(view: View, days: int) -> str:
    say = view.say
    if not days:
        return say("inventory.filter.as_they_are")
    return say("inventory.filter.days_more", n=days, days=say.number(days, signed=True))


def _budgets(view: View, whole_cost: float, own: float | None) -> list[tuple[str, float]]:
    """Round sums up to what the whole proposal costs, and no limit; the profile's own budget among them."""
    steps = {_rounded(whole_cost * at / BUDGET_STEPS) for at in range(1, BUDGET_STEPS + 1)}
    sums = sorted(steps | ({own} if own else set()))
    amounts = [(view.say.money(amount, decimals=0), amount) for amount in sums if amount > 0]
    return [*amounts, (view.say("inventory.filter.no_limit"), math.inf)]


def _rounded(amount: float) -> float:
    """To two figures."""
    return float(f"{amount:.1e}")

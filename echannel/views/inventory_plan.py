"""What the page plans with: demand, classes and policies, as the profile has it or as the reader tries it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pandas as pd

from echannel.metrics.inventory.classes import classes
from echannel.metrics.inventory.facts import demand_facts
from echannel.metrics.inventory.large_orders import stocked_units
from echannel.metrics.inventory.policy import WhatIf as Tried
from echannel.metrics.inventory.policy import policies
from echannel.metrics.inventory.proposal import propose
from echannel.views.context import View, WhatIf
from echannel.views.inventory_facts import stock


@dataclass(frozen=True)
class Plan:
    """Classes, policies and order lines, all by product, for one choice of the reader."""

    classes: pd.DataFrame
    policies: pd.DataFrame
    lines: pd.DataFrame
    tried: Tried
    budget: float | None


def facts(view: View) -> pd.DataFrame:
    """Demand per day of every product (see ``metrics.inventory.facts``), whatever the reader tries."""

    def compute() -> pd.DataFrame:
        inventory, forecasts = stock(view), view.sme.inventory_forecasts
        return demand_facts(
            forecasts.choice,
            forecasts.paths,
            inventory.items,
            stocked_units(inventory),
            inventory.in_stock,
            inventory.today,
        )

    return view.once("inventory facts", compute)


def plan(view: View) -> Plan:
    """The plan for what the reader tries."""
    if view.choice.stock == WhatIf():
        return base_plan(view)
    return view.kept("inventory plan", lambda: _made(view, view.choice.stock))


def base_plan(view: View) -> Plan:
    """The plan as the profile has it: what cards rest on that no slider moves."""
    return view.once("base plan", lambda: _made(view, WhatIf()))


def budget_of(view: View, chosen: WhatIf) -> float | None:
    """The money for the next orders: the reader's, else the profile's; None without a limit."""
    budget = stock(view).settings.budget if chosen.budget is None else chosen.budget
    return None if budget is None or math.isinf(budget) else budget


def classed(view: View, chosen: WhatIf) -> pd.DataFrame:
    """ABC and XYZ of every product, cut where the reader wants it."""
    inventory = stock(view)
    settings = replace(inventory.settings, abc_cuts=(chosen.cut_a, chosen.cut_b))
    return classes(replace(inventory, settings=settings), chosen.abc_by)  # type: ignore[arg-type]


def _made(view: View, chosen: WhatIf) -> Plan:
    inventory = stock(view)
    grouped = classed(view, chosen)
    tried = Tried(
        service=None if chosen.aim == "margin" else chosen.service,
        by_margin=chosen.aim == "margin",
        fill=chosen.aim == "fill",
        longer=chosen.longer,
    )
    found = policies(inventory.items, facts(view), grouped, inventory.settings, inventory.prices, tried)
    budget = budget_of(view, chosen)
    lines = propose(
        found,
        inventory.items,
        inventory.position,
        view.sme.inventory_forecasts.paths,
        inventory.prices,
        inventory.purchases,
        inventory.today,
        budget,
    )
    return Plan(grouped, found, lines, tried, budget)


def safety_days(view: View) -> pd.Series:
    """Days of demand that each product's safety stock covers, as the profile has it; 0 where unknown."""
    found = base_plan(view).policies
    per_day = found["per_day"]
    return (found["safety_stock"].clip(lower=0) / per_day.where(per_day > 0)).fillna(0.0)

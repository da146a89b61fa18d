"""What a service level does to the lowest cash of the plan (planning tool): the plan with that much stock.

The plan is read when its reader asks for it, once; from then on it costs some milliseconds a choice.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.inventory.policy import curve_point
from echannel.metrics.planning.engine import Plan, build_plan
from echannel.metrics.planning.levers import moved
from echannel.metrics.result import OK
from echannel.views.context import View
from echannel.views.inventory_facts import stock
from echannel.views.inventory_plan import plan
from echannel.views.planning_facts import period_of
from echannel.views.planning_plan import CASH_UNKNOWN, plan_rules_of, planned, unsaid, why_not

_ASKED = "lowest_cash_asked"
_YEAR, _YEAR_DAYS = 12, 365


def ask(view: View) -> str:
    """Opens the plan; what the service level that the reader has does to its lowest cash, in words."""
    view.once(_ASKED, lambda: True)
    made = planned(view)
    if made is None:
        return view.say(why_not(view)[0])
    if stock_per_day(made) is None:
        return view.say("reason.planning.stock_unknown")
    return in_words(view) or view.say("inventory.say.policy_unknown")


def asked(view: View) -> bool:
    """Whether the reader has asked for the plan: what waits for it costs nothing before."""
    return view.has(_ASKED)


def held_today(view: View) -> float:
    """Today's stock, at cost, of the products that have a policy; NaN where that is not known."""
    inventory, found = stock(view), plan(view).policies
    ids = found.index[(found["status"] == OK).to_numpy() & found["stock_value"].notna().to_numpy()]
    held = (inventory.position["on_hand"] * inventory.items["unit_cost"]).reindex(ids)
    return float(held.sum()) if np.isfinite(held).any() else float("nan")


def stock_per_day(made: Plan) -> float | None:
    """What a day of stock cover costs: a day of the first year's cost of sales; None without any stock."""
    if np.isnan(np.asarray(made.inputs.stock.cover_days, dtype=float)).all():
        return None
    sold = float(made.line("cost_of_sales")[:_YEAR].sum()) * _YEAR / min(_YEAR, made.months)
    return sold / _YEAR_DAYS if sold > 0 else None


def lowest_cash(view: View, stocks: np.ndarray) -> pd.DataFrame | None:
    """The plan's lowest cash with these mean stocks (money at cost) instead of today's of the same products.

    Stock moves the plan by days of cover: (stock − today's) ÷ a day's cost of sales.

    Returns
    -------
    One row per stock: ``lowest`` (money) and ``month`` (number), NaN and -1 where the stock is not known;
    None without a plan, or where it knows no stock.
    """
    made = planned(view)
    per_day = None if made is None else stock_per_day(made)
    today = held_today(view)
    if made is None or per_day is None or not np.isfinite(today):
        return None
    known = np.isfinite(stocks)
    days = np.where(known, stocks - today, 0.0) / per_day
    tried = build_plan(
        moved(made.inputs, {"stock_cover": days[:, None]}), plan_rules_of(view), keep=("cash",)
    )
    cash = np.broadcast_to(tried.lines["cash"], (len(stocks), made.months))
    return pd.DataFrame(
        {
            "lowest": np.where(known, cash.min(axis=1), np.nan),
            "month": np.where(known, made.start + cash.argmin(axis=1), -1),
        }
    )


def in_words(view: View) -> str:
    """The lowest cash with the reader's policy, against the plan as it stands; "" where that is not known."""
    here, made = curve_point(plan(view).policies), planned(view)
    seen = lowest_cash(view, np.array([here["stock_value"]], float)) if here["status"] == OK else None
    if seen is None or made is None:
        return ""
    say, row = view.say, seen.iloc[0]
    low, at = _lowest(made)
    said = say(
        "inventory.say.lowest_cash",
        lowest=say.money(float(row["lowest"]), decimals=0),
        month=period_of(int(row["month"])),
        before=say.money(low, decimals=0),
        before_month=period_of(at),
        change=say.money(float(row["lowest"]) - low, decimals=0, signed=True),
    )
    if CASH_UNKNOWN in unsaid(view):
        said += " " + say("inventory.say.lowest_from_nothing")
    return said


def _lowest(made: Plan) -> tuple[float, int]:
    cash = made.line("cash")
    return float(cash.min()), made.start + int(cash.argmin())

"""The inventory page's first three sentences: what runs out, why, what to order."""

from __future__ import annotations

import numpy as np

from echannel.metrics.inventory.stock import stock_value
from echannel.metrics.result import OK
from echannel.views.context import View
from echannel.views.frames import first_row
from echannel.views.inventory_alert_cards import next_days, run_out_sentence
from echannel.views.inventory_cash_cards import first_idle, tied_up
from echannel.views.inventory_facts import measured, stock
from echannel.views.inventory_order_cards import order_sentence
from echannel.views.inventory_plan import plan

Sentences = tuple[str, str, str]


def inventory(view: View) -> Sentences:
    """Of the stock: what it is and what it lacks, why, and what to order this week."""
    say = view.say
    if not np.isfinite(stock(view).position["on_hand"]).any():
        return say("inventory.open.no_stock"), say("inventory.open.why_no_stock"), say("reason.stock_missing")
    if not stock(view).sales_known:
        why = say("reason.orders_name_no_product")
        return _state(view), say("inventory.open.why_no_lines"), why
    return _state(view), _cause(view), _next_step(view)


def _state(view: View) -> str:
    say, value = view.say, first_row(measured(view, stock_value))
    worth = (
        say("inventory.open.worth", money=say.money(value["value"], decimals=0))
        if value["status"] == OK
        else say("inventory.open.worth_unknown")
    )
    return f"{worth} {run_out_sentence(view)}".strip()


def _cause(view: View) -> str:
    """Why something runs out: not ordered, or not delivered; and what lies idle meanwhile."""
    say, frame = view.say, next_days(view)
    empty = frame[(frame["kind"] == "run_out").to_numpy()]
    parts = []
    if len(empty):
        on_order = stock(view).position["on_order"].reindex(empty["product_id"]).fillna(0)
        bare = int((on_order <= 0).sum())
        if bare == len(empty):
            parts.append(say("inventory.open.none_ordered"))
        elif bare:
            parts.append(say("inventory.open.not_ordered", n=bare, all=len(empty)))
        else:
            parts.append(say("inventory.open.on_its_way"))
    idle, most = tied_up(view), first_idle(view)
    if most is not None and idle > 0:
        parts.append(
            say(
                "inventory.open.idle",
                money=say.money(idle, decimals=0),
                product=view.product(most["product_id"]),
            )
        )
    return " ".join(parts) or say("inventory.open.no_cause")


def _next_step(view: View) -> str:
    lines = plan(view).lines
    if (lines["status"] == OK).any():
        return order_sentence(view)
    reason = next((str(one) for one in lines["reason"] if one), "reason.few_sales")
    return view.say(reason)


def waits(view: View) -> str:
    """Said before forecasts are computed for the first time; "" where they only have to be read."""
    from echannel.stock import forecasts_are_kept

    if forecasts_are_kept(view.sme):
        return ""
    return view.say("inventory.computing", n=len(stock(view).units))

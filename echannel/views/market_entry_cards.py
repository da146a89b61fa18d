"""Cards on entering a market: how many orders pay for it, what changes in the firm; the case for a plan."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.export_profile import for_market
from echannel.market_entries import save_entry
from echannel.metrics.market.entry import CHANGES, market_entry, vat_scheme
from echannel.metrics.market.margin import break_even_orders
from echannel.metrics.planning.inputs import MadeBy, MarketEntry
from echannel.views.cards import NO_FIGURES, Card, moved_by
from echannel.views.context import View
from echannel.views.market_facts import market_of, named, of_market, own_traction, rules_day
from echannel.views.market_landed_facts import (
    abroad,
    basket_rows,
    case,
    market_figures,
    mean_there,
    on_some_orders,
    options,
    sale_words,
    why_no_margin,
)
from echannel.views.tables import Column, Table

_TRIED = (1_000.0, 2_500.0, 5_000.0, 10_000.0)  # entry costs to try where none is entered
_COVER_DAYS = 30.0
_MONTHS = 12


@moved_by(of_market)
def break_even(view: View) -> Card | None:
    """How many orders pay for entering the market."""
    if not abroad(view):
        return None
    say, one = view.say, case(view)
    exports, mean = view.sme.profile.exports, mean_there(view)
    setup = for_market(exports.setup_cost, one.market)
    running = for_market(exports.cost_per_month, one.market)
    tried = _TRIED if setup is None else (setup,)
    fixed = [cost + _MONTHS * (running or 0.0) for cost in tried]
    needed = [break_even_orders(cost, mean["margin"]) for cost in fixed]
    frame = pd.DataFrame(
        {
            "setup": tried,
            "running": np.nan if running is None else running,
            "fixed": fixed,
            "margin": mean["margin"],
            "orders": np.where(np.isinf(needed), np.nan, needed),
            "per_month": np.where(np.isinf(needed), np.nan, np.array(needed) / _MONTHS),
            "why": say(
                "market.say.never_pays" if np.isfinite(mean["margin"]) else "market.say.input_missing"
            ),
            "not_entered": say("market.say.not_entered"),
        }
    )
    sentence = _pays_from(view, mean["margin"], fixed[0], needed[0])
    columns = (
        Column("setup", "market_setup", "money"),
        Column("running", "market_running", "money", absent="not_entered"),
        Column("fixed", "market_fixed_year", "money"),
        Column("margin", "market_margin_order", "cents", absent="why"),
        Column("orders", "market_orders_needed", "number", absent="why"),
        Column("per_month", "market_orders_month", "decimal", absent="why"),
    )
    table = Table("break-even-orders", frame, columns, view.sme.profile.currency)
    notes = [one for one in (on_some_orders(view), *sale_words(view)) if one]
    notes += [say("market.say.enter_setup")] if setup is None else []
    notes += [say("market.say.enter_running")] if running is None else []
    return Card(
        "market.landed_volume",
        sentence,
        basket_rows(view),
        NO_FIGURES,
        table,
        missing=why_no_margin(view),
        note=" ".join(notes),
        open_table=True,
    )


def _pays_from(view: View, margin: float, fixed: float, needed: float) -> str:
    """From how many orders entering pays; per tried amount, and said so, where its cost is not entered."""
    say, exports = view.say, view.sme.profile.exports
    code, market = market_of(view), named(view, market_of(view))
    if not np.isfinite(margin):
        return say("market.say.margin_unknown")
    if margin <= 0:
        return say("market.say.loses", money=say.money(-margin), market=market)
    told = {"n": int(needed), "cost": say.money(fixed, decimals=0), "money": say.money(margin)}
    if for_market(exports.setup_cost, code) is None:
        said = say("market.say.break_even_tried", **told, market=market)
    else:
        said = say("market.say.break_even", **told, market=market)
        a_month = say.number(needed / _MONTHS, 0 if needed >= 10 * _MONTHS else 1)
        said += " " + say("market.say.break_even_month", n=needed / _MONTHS, orders=a_month)
    if for_market(exports.cost_per_month, code) is None:
        said += " " + say("market.say.without_running")
    now = round(_orders_now(view))
    return said + " " + say(f"market.say.orders_{'now' if now else 'none'}", n=now, market=market)


@moved_by(of_market)
def what_changes(view: View) -> Card | None:
    """What entering the market would change in the firm, with its own figures where they are known."""
    if not abroad(view):
        return None
    say, entry = view.say, entry_of(view)
    words = _change_words(view, entry)
    frame = pd.DataFrame({"what": list(CHANGES), "words": [words[name] for name in CHANGES]})
    market = named(view, market_of(view))
    key = "market.say.changes" if entry is not None else "market.say.changes_unknown"
    note = say("market.say.scenario_report" if view.mode == "report" else "market.say.scenario_live")
    table = Table(
        "what-changes",
        frame,
        (
            Column("what", "market_change", words=lambda name: say(f"market.change.{name}")),
            Column("words", "market_change_words", long=True),
        ),
    )
    return Card(
        "market.landed_changes",
        say(key, market=market),
        table=table,
        note=note if entry is not None else "",
        open_table=True,
    )


def _change_words(view: View, entry: MarketEntry | None) -> dict[str, str]:
    say, one, mean = view.say, case(view), mean_there(view)
    market = named(view, one.market)
    languages = market_figures(view)["languages"].get(one.market, ())
    spoken = bool(set(languages) & set(view.sme.profile.languages))
    service = "market.changes.service_spoken" if spoken else "market.changes.service_new"
    scheme = vat_scheme(one.route, options(view))
    return {
        "stock": say(
            "market.changes.stock" if entry is not None else "market.changes.stock_unknown",
            money=say.money(entry.extra_stock if entry else np.nan, decimals=0),
            days=int(_COVER_DAYS),
        ),
        "returns": say(
            "market.changes.returns"
            if np.isfinite(one.selling.return_cost)
            else "market.changes.returns_unknown",
            rate=say.percent(one.selling.return_rate),
            cost=say.money(one.selling.return_cost),
            market=market,
        ),
        "service": say(service, market=market),
        "vat": say(f"market.changes.vat_{scheme}", market=market),
        "cash": say(
            "market.changes.cash" if np.isfinite(one.selling.outbound) else "market.changes.cash_unknown",
            fee=say.money(mean["payment_fee"] + mean["marketplace_fee"] + mean["exchange_fee"]),
            carriage=say.money(one.selling.outbound),
        ),
        "papers": say(f"market.changes.papers_{one.route.rules.route}", market=market),
    }


def entry_of(view: View) -> MarketEntry | None:
    """The case for the planning tool, with what it assumes; None where what an order leaves is not known."""
    one, mean, exports = case(view), mean_there(view), view.sme.profile.exports
    if not np.isfinite(mean["margin"]):
        return None
    setup = for_market(exports.setup_cost, one.market)
    running = for_market(exports.cost_per_month, one.market)
    orders, made_by = _orders_hoped(view)
    day = rules_day(view)
    return market_entry(
        one.route,
        options(view),
        mean,
        first_month=(day.year - 1970) * 12 + day.month + 2,
        orders_per_month=np.array([orders]),
        setup_cost=np.nan if setup is None else setup,
        cost_per_month=np.nan if running is None else running,
        cover_days=_COVER_DAYS,
        orders_by=made_by,
    )


def keep_scenario(view: View) -> str:
    """Keeps the case as a scenario of the planning tool; what was done, in words."""
    entry = entry_of(view)
    market = named(view, market_of(view))
    if entry is None:
        return view.say("market.say.scenario_impossible", market=market)
    save_entry(view.sme, entry)
    said = view.say(
        "market.say.scenario_kept",
        market=market,
        orders=float(entry.orders_per_month[0]),
        margin=view.say.money(entry.price_net - entry.variable_cost_per_order),
    )
    exports, code = view.sme.profile.exports, market_of(view)
    setup = for_market(exports.setup_cost, code)
    if setup is None or for_market(exports.cost_per_month, code) is None:
        return f"{said} {view.say('market.say.scenario_costs_unknown')}"
    return f"{said} {view.say('market.say.scenario_setup', setup=view.say.money(setup, decimals=0))}"


def _orders_now(view: View) -> float:
    own, market = own_traction(view), market_of(view)
    orders = float(own["orders"].get(market, 0.0))
    return orders if np.isfinite(orders) else 0.0


def _orders_hoped(view: View) -> tuple[float, MadeBy]:
    """Orders a month and who says so: the owner, else as many again as now, else what its size suggests."""
    hoped = for_market(view.sme.profile.exports.orders_per_month, market_of(view))
    if hoped is not None:
        return hoped, "owner"
    now = _orders_now(view)
    if now:
        return round(now / _MONTHS, 1), "history"
    expected = float(own_traction(view)["expected"].get(market_of(view), np.nan))
    return round((expected if np.isfinite(expected) else 0.0) / _MONTHS, 1), "default"

"""Cards on what a sale abroad leaves: the margin and the price that keeps it, break-even, rates, changes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.export_profile import for_market
from echannel.market_entries import save_entry
from echannel.metrics.market.entry import CHANGES, market_entry, vat_scheme
from echannel.metrics.market.margin import PARTS, at_other_rates, break_even_orders
from echannel.metrics.planning.inputs import MarketEntry
from echannel.views import axes, charts, theme
from echannel.views.cards import NO_FIGURES, Card, moved_by
from echannel.views.context import View
from echannel.views.market_facts import country, market_of, of_market, own_traction, rules_day
from echannel.views.market_landed_facts import (
    abroad,
    assumed_words,
    basket_names,
    basket_rows,
    case,
    keeping_prices,
    margins_at_home,
    margins_there,
    market_figures,
    mean_there,
    options,
    rates_tried,
    year_case,
)
from echannel.views.tables import Column, Table

_TRIED = (1_000.0, 2_500.0, 5_000.0, 10_000.0)  # entry costs to try where none is entered
_COVER_DAYS = 30.0
_MONTHS = 12


@moved_by(of_market)
def keep_margin(view: View) -> Card | None:
    """The margin of each basket at home and in the market, and the price that would keep it."""
    if not abroad(view):
        return None
    say, one = view.say, case(view)
    there, at_home = margins_there(view), margins_at_home(view)
    goods = one.parcels.total(one.parcels.value)
    frame = pd.DataFrame(
        {
            "basket": basket_names(view),
            "cost": one.cost,
            "price": goods,
            "home_margin": at_home["margin"][:, 0],
            "margin": there["margin"][:, 0],
            "home_rate": at_home.rate[:, 0],
            "rate": there.rate[:, 0],
            "keeps": keeping_prices(view, "money"),
            "keeps_rate": keeping_prices(view, "rate"),
            "why": say("market.say.no_price"),
        }
    )
    frame["change"] = frame["keeps"] / goods - 1
    frame.loc[frame["cost"].isna(), "why"] = say("market.say.no_cost")
    known = frame.dropna(subset=["rate", "home_rate"])
    mean = mean_there(view)
    whole = year_case(view)
    known_there = np.isfinite(margins_there(view, whole)["margin"][:, 0])
    home_mean = _mean(margins_at_home(view, whole)["margin"][known_there, 0])
    sentence, figures = say("market.say.margin_unknown"), NO_FIGURES
    if len(known) and np.isfinite(mean["margin"]):
        sentence = say(
            "market.say.margin",
            there=say.money(mean["margin"]),
            home=say.money(home_mean),
            market=country(view, one.market),
        )
        figures = (_margin_steps(view, mean),)
        risen = known["change"].median()
        if np.isfinite(risen):
            sentence += " " + say("market.say.keep_price", change=say.percent(risen, 0, signed=True))
    columns = (
        Column("basket", "market_basket_held", long=True),
        Column("cost", "market_cost", "cents"),
        Column("price", "market_price_home", "cents"),
        Column("home_margin", "market_margin_home", "cents", absent="why"),
        Column("margin", "market_margin_there", "cents", absent="why"),
        Column("home_rate", "market_rate_home", "percent"),
        Column("rate", "market_rate_there", "percent"),
        Column("keeps", "market_price_keeps", "cents", absent="why"),
        Column("keeps_rate", "market_price_keeps_rate", "cents", absent="why"),
        Column("change", "change", "change"),
    )
    table = Table("margin-abroad", frame, columns, view.sme.profile.currency)
    why = () if frame["cost"].notna().all() else ("reason.market_cost_missing",)
    note = assumed_words(view)
    return Card("market.landed_margin", sentence, basket_rows(view), figures, table, why, note, "landed_cost")


def _margin_steps(view: View, mean: dict[str, float]) -> charts.Figure:
    """From what a mean order brings to what it leaves."""
    say = view.say
    taken = [part for part in PARTS[1:-1] if round(mean[part], 2)]
    return charts.money_waterfall(
        say,
        [
            say("market.part.revenue"),
            *(say(f"market.part.{part}") for part in taken),
            say("market.part.margin"),
        ],
        [mean["revenue"], *(-mean[part] for part in taken), mean["margin"]],
        [True, *(False for _ in taken), True],
        decimals=2,
    )


@moved_by(of_market)
def break_even(view: View) -> Card | None:
    """How many orders pay for entering the market."""
    if not abroad(view):
        return None
    say, one = view.say, case(view)
    exports, mean = view.sme.profile.exports, mean_there(view)
    setup = for_market(exports.setup_cost, one.market)
    running = for_market(exports.cost_per_month, one.market) or 0.0
    tried = _TRIED if setup is None else (setup,)
    fixed = [cost + _MONTHS * running for cost in tried]
    needed = [break_even_orders(cost, mean["margin"]) for cost in fixed]
    frame = pd.DataFrame(
        {
            "setup": tried,
            "running": running,
            "fixed": fixed,
            "margin": mean["margin"],
            "orders": np.where(np.isinf(needed), np.nan, needed),
            "per_month": np.where(np.isinf(needed), np.nan, np.array(needed) / _MONTHS),
            "why": say("market.say.never_pays"),
        }
    )
    now = _orders_now(view)
    market = country(view, one.market)
    if not np.isfinite(mean["margin"]):
        sentence = say("market.say.margin_unknown")
    elif mean["margin"] <= 0:
        sentence = say("market.say.loses", money=say.money(-mean["margin"]), market=market)
    else:
        key = "market.say.break_even" if setup is not None else "market.say.break_even_tried"
        sentence = say(
            key,
            n=int(needed[0]),
            cost=say.money(fixed[0], decimals=0),
            money=say.money(mean["margin"]),
            market=market,
        )
        sentence += " " + say("market.say.orders_now", n=round(now), market=market)
    columns = (
        Column("setup", "market_setup", "money"),
        Column("running", "market_running", "money"),
        Column("fixed", "market_fixed_year", "money"),
        Column("margin", "market_margin_order", "cents"),
        Column("orders", "market_orders_needed", "number", absent="why"),
        Column("per_month", "market_orders_month", "decimal", absent="why"),
    )
    table = Table("break-even-orders", frame, columns, view.sme.profile.currency)
    note = "" if setup is not None else say("market.say.enter_setup")
    return Card(
        "market.landed_volume", sentence, basket_rows(view), NO_FIGURES, table, note=note, open_table=True
    )


@moved_by(of_market)
def exchange_band(view: View) -> Card | None:
    """What a move of the exchange rate does to a mean order, prices abroad staying as they are."""
    if not abroad(view):
        return None
    rates = rates_tried(view)
    if not rates:
        return None
    say, one = view.say, year_case(view)
    found = at_other_rates(one.parcels, one.cost, one.route, one.selling, rates, options(view))
    means = [_mean(found[:, at]) for at in range(len(rates))]
    names = ("low", "now", "high")
    frame = pd.DataFrame({"case": names, "rate": rates, "margin": means})
    frame["change"] = frame["margin"] / frame["margin"].iloc[1] - 1
    own, there = view.sme.profile.currency, one.currency
    sentence, figures = say("market.say.margin_unknown"), NO_FIGURES
    if np.isfinite(means).all():
        sentence = say(
            "market.say.exchange",
            own=own,
            there=there,
            rate=say.number(rates[1], 4),
            low_rate=say.number(rates[0], 4),
            high_rate=say.number(rates[2], 4),
            low=say.money(means[0]),
            now=say.money(means[1]),
            high=say.money(means[2]),
        )
        figures = (
            charts.ranked(
                [
                    say(f"market.rate.{name}", rate=say.number(r, 4))
                    for name, r in zip(names, rates, strict=True)
                ],
                means,
                axes.whole_money(say),
                colour=[theme.SECOND, theme.MAIN, theme.ALERT],
                texts=[say.money(mean) for mean in means],
            ),
        )
    columns = (
        Column("case", "market_rate_case", words=lambda name: say(f"market.rate_case.{name}")),
        Column("rate", "market_rate", words=lambda rate: say.number(rate, 4)),
        Column("margin", "market_margin_order", "cents"),
        Column("change", "change", "change"),
    )
    table = Table("exchange-rate", frame, columns, own)
    return Card("market.landed_band", sentence, basket_rows(view), figures, table)


@moved_by(of_market)
def what_changes(view: View) -> Card | None:
    """What entering the market would change in the firm, with its own figures where they are known."""
    if not abroad(view):
        return None
    say, entry = view.say, entry_of(view)
    words = _change_words(view, entry)
    frame = pd.DataFrame({"what": list(CHANGES), "words": [words[name] for name in CHANGES]})
    market = country(view, market_of(view))
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
    market = country(view, one.market)
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
            "market.changes.returns",
            rate=say.percent(one.selling.return_rate),
            cost=say.money(one.selling.return_cost),
            market=market,
        ),
        "service": say(service, market=market),
        "vat": say(f"market.changes.vat_{scheme}", market=market),
        "cash": say(
            "market.changes.cash",
            fee=say.money(mean["payment_fee"] + mean["exchange_fee"]),
            carriage=say.money(one.selling.outbound),
        ),
        "papers": say(f"market.changes.papers_{one.route.rules.route}", market=market),
    }


def entry_of(view: View) -> MarketEntry | None:
    """The case for the planning tool; None where what an order leaves is not known."""
    one, mean, exports = case(view), mean_there(view), view.sme.profile.exports
    if not np.isfinite(mean["margin"]):
        return None
    hoped = for_market(exports.orders_per_month, one.market)
    orders = _orders_hoped(view) if hoped is None else hoped
    day = rules_day(view)
    return market_entry(
        one.route,
        options(view),
        mean,
        first_month=(day.year - 1970) * 12 + day.month + 2,
        orders_per_month=np.array([orders]),
        setup_cost=for_market(exports.setup_cost, one.market) or 0.0,
        cost_per_month=for_market(exports.cost_per_month, one.market) or 0.0,
        cover_days=_COVER_DAYS,
    )


def keep_scenario(view: View) -> str:
    """Keeps the case as a scenario of the planning tool; what was done, in words."""
    entry = entry_of(view)
    market = country(view, market_of(view))
    if entry is None:
        return view.say("market.say.scenario_impossible", market=market)
    save_entry(view.sme, entry)
    return view.say(
        "market.say.scenario_kept",
        market=market,
        orders=float(entry.orders_per_month[0]),
        margin=view.say.money(entry.price_net - entry.variable_cost_per_order),
        setup=view.say.money(entry.setup_cost, decimals=0),
    )


def _orders_now(view: View) -> float:
    own, market = own_traction(view), market_of(view)
    orders = float(own["orders"].get(market, 0.0))
    return orders if np.isfinite(orders) else 0.0


def _orders_hoped(view: View) -> float:
    """Orders a month where none are entered: as many again as now, else what the market's size says."""
    now = _orders_now(view)
    expected = float(own_traction(view)["expected"].get(market_of(view), np.nan))
    yearly = now or (expected if np.isfinite(expected) else 0.0)
    return round(yearly / _MONTHS, 1)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")

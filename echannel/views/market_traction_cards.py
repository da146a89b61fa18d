"""Cards on what the firm's own shop already shows of other countries."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from echannel.metrics.margins import FEWEST_ORDERS
from echannel.metrics.market.traction import unknown_orders
from echannel.metrics.result import OK
from echannel.views import axes, charts, theme
from echannel.views.cards import NO_FIGURES, Card, moved_by
from echannel.views.context import View
from echannel.views.market_facts import (
    country,
    home,
    kind_of,
    of_kind,
    own_traction,
    ranking,
    stability,
    year_rows,
)
from echannel.views.tables import Column, Table
from echannel.views.tiles import Tile, Tiles

SHOWN = 10
CHANCE = 1.96  # standard errors that chance alone exceeds one time in twenty
CLEAR = 1.25  # times what size suggests, at the band's lower end: more than chance would give


def tiles(view: View) -> Tiles:
    """Orders from abroad, the country that stands out, the market that comes first, markets compared."""
    say, frame = view.say, _abroad(view)
    orders = frame["orders"].sum()
    before = frame["orders_before"].sum(min_count=1)
    whole = own_traction(view)["orders"].sum()
    best = _standing_out(frame)
    placed, found = ranking(view), stability(view)
    left = int(placed["rank"].isna().sum())
    return Tiles(
        say("market.tiles"),
        (
            Tile(
                say("market.tile.orders"),
                say.number(orders, 0),
                say("market.tile.orders_under", share=say.percent(orders / whole if whole else np.nan, 1)),
                change=float(orders / before - 1) if before and before >= SHOWN else None,
                help="views.help.market.orders",
            ),
            Tile(
                say("market.tile.stands_out"),
                country(view, best.name) if best is not None else say("market.tile.nobody"),
                say("market.unit.times_expected", value=say.number(best["strength"], 1))
                if best is not None
                else "",
                known=best is not None,
                help="views.help.market.stands_out",
            ),
            Tile(
                say("market.tile.first"),
                country(view, found.winner) if found.winner is not None else say("common.unknown"),
                say("market.tile.first_under", share=say.percent(found.stays, 0))
                if found.winner is not None
                else "",
                known=found.winner is not None,
                help="views.help.market.first",
            ),
            Tile(
                say("market.tile.compared"),
                say.number(int(placed["rank"].notna().sum()), 0),
                say("market.tile.compared_under", n=left) if left else "",
                help="views.help.market.compared",
            ),
        ),
    )


@moved_by(of_kind)
def already_abroad(view: View) -> Card:
    """Where orders from abroad come from, against what a market's size and distance suggest."""
    say, frame = view.say, _abroad(view)
    sold = frame[frame["orders"] > 0].head(SHOWN)
    figures = NO_FIGURES
    if len(sold):
        figures = (
            charts.ranked(
                [country(view, code) for code in sold.index],
                sold["orders"].tolist(),
                axes.counts(say),
                texts=[_against_size(view, row) for _, row in sold.iterrows()],
                colour=[
                    theme.SECOND if row["strength_low"] > CLEAR else theme.MAIN for _, row in sold.iterrows()
                ],
                notes=[_expected_note(view, row) for _, row in sold.iterrows()],
            ),
        )
    kind = kind_of(view)
    without = view.once(f"countryless orders {kind}", lambda: unknown_orders(view.sme.sales, kind))
    return Card(
        "market.already_abroad",
        traction_sentence(view),
        year_rows(view, frame["orders"].sum()),
        figures,
        _traction_table(view, frame) if len(sold) else None,
        () if len(sold) else ("reason.no_orders_abroad",),
        note=say("market.say.without_country", n=without) if without else "",
    )


def traction_sentence(view: View) -> str:
    """Where orders from abroad come from, and which country buys more than its size suggests."""
    say, frame = view.say, _abroad(view)
    sold = frame[frame["orders"] > 0]
    if not len(sold):
        return ""
    first: Any = sold.iloc[0]
    parts = [
        say(
            "market.say.orders_abroad",
            n=int(frame["orders"].sum()),
            market=country(view, first.name),
            share=say.percent(first["share"], 0),
        )
    ]
    best = _standing_out(frame)
    if best is not None:
        parts.append(
            say(
                "market.say.more_than_size",
                market=country(view, best.name),
                times=say.number(best["strength"], 1),
            )
        )
    return " ".join(parts)


@moved_by(of_kind)
def lookers(view: View) -> Card:
    """Countries from which people visit and do not buy."""
    say, frame = view.say, _abroad(view)
    seen = frame[frame["sessions"].fillna(0) > 0].sort_values("sessions", ascending=False, kind="stable")
    signals = seen[seen["signal"] == "visits"]
    if not len(seen):
        return Card("market.lookers", "", missing=("reason.visits_one_country",))
    if len(signals):
        names = [country(view, code) for code in signals.index[:3]]
        sentence = say("market.say.look_only", markets=names, n=int(signals["sessions"].sum()))
    else:
        sentence = say("market.say.no_lookers")
    shown = seen.head(SHOWN)
    figures = (
        charts.ranked(
            [country(view, code) for code in shown.index],
            shown["sessions"].tolist(),
            axes.counts(say),
            texts=[_visits_words(view, row) for _, row in shown.iterrows()],
            colour=[theme.ALERT if row["signal"] == "visits" else theme.MAIN for _, row in shown.iterrows()],
        ),
    )
    table = Table(
        "visits-abroad",
        seen.assign(market=seen.index),
        (
            Column("market", "country", words=partial(country, view)),
            Column("sessions", "sessions", "number"),
            Column("orders", "orders", "number"),
            Column("conversion", "market_conversion", "percent"),
            Column("signal", "market_signal", words=lambda name: say(f"market.signal.{name}")),
        ),
    )
    return Card(
        "market.lookers", sentence, year_rows(view, seen["sessions"].sum(), "sessions"), figures, table
    )


@moved_by(of_kind)
def abroad_against_home(view: View) -> Card | None:
    """Whether an order from abroad is worth as much as one from home: basket, carriage, returns, margin."""
    say, frame = view.say, own_traction(view)
    sold = frame[frame["orders"] > 0].head(SHOWN + 1)
    if len(sold) < 2:
        return None
    here = home(view)
    at_home: Any = sold.loc[here] if here in sold.index else None
    abroad = sold.drop(index=here, errors="ignore")
    table = Table(
        "orders-abroad-and-at-home",
        sold.assign(market=sold.index, too_few=say("market.say.too_few_orders")),
        (
            Column("market", "country", words=partial(country, view)),
            Column("orders", "orders", "number"),
            Column("basket", "market_basket", "cents", absent="too_few"),
            Column("carriage_paid", "market_carriage_paid", "cents"),
            Column("carriage_cost", "market_carriage_cost", "cents"),
            Column("delivery_days", "market_delivery_days", "decimal"),
            Column("return_rate", "market_return_rate", "percent"),
            Column("conversion", "market_conversion", "percent"),
            Column("margin_rate", "margin_rate", "percent"),
        ),
        say.currency,
    )
    missing = ["reason.delivery_days_missing"]
    if sold["carriage_paid"].isna().all():
        entered = view.sme.profile.exports.carriage_charged
        missing += [] if entered else ["reason.market_delivery_not_told"]
    elif sold["carriage_cost"].isna().all():
        missing.append("reason.carriage_cost_missing")
    sentence = _order_abroad(view, at_home, abroad) if at_home is not None else ""
    return Card(
        "market.abroad_against_home",
        sentence,
        year_rows(view, sold["orders"].sum()),
        NO_FIGURES,
        table,
        tuple(missing),
    )


def _order_abroad(view: View, here: Any, abroad: pd.DataFrame) -> str:
    """What an order from abroad is worth, as observed; whether chance alone may explain the difference."""
    say, told = view.say, abroad.dropna(subset=["basket"])
    if not len(told) or not np.isfinite(here["basket"]):
        return say("market.say.order_abroad_few", n=int(abroad["orders"].sum()), least=FEWEST_ORDERS)
    weight = told["orders"] / told["orders"].sum()
    basket = float((told["basket"] * weight).sum())
    error = np.hypot(np.sqrt(((told["basket_error"] * weight) ** 2).sum()), here["basket_error"])
    parts = [
        say(
            "market.say.order_abroad",
            n=int(told["orders"].sum()),
            basket=say.money(basket),
            home_n=say.number(here["orders"], 0),
            home_basket=say.money(here["basket"]),
        )
    ]
    if abs(basket - here["basket"]) <= CHANCE * error:
        parts.append(say("market.say.order_abroad_chance"))
    paid = told.dropna(subset=["carriage_paid"])
    if len(paid) and np.isfinite(here["carriage_paid"]):
        by_orders = np.average(paid["carriage_paid"], weights=paid["orders"])
        home_paid = say.money(here["carriage_paid"])
        parts.append(
            say("market.say.order_abroad_carriage", carriage=say.money(by_orders), home_carriage=home_paid)
        )
    return " ".join(parts)


def _abroad(view: View) -> pd.DataFrame:
    frame = own_traction(view)
    return frame[frame.index != home(view)]


def _standing_out(frame: pd.DataFrame) -> Any:
    """The country whose orders exceed what its size suggests by most, beyond chance; None without one."""
    clear = frame[(frame["status"] == OK) & (frame["orders"] > 0) & (frame["strength_low"] > CLEAR)]
    return clear.iloc[int(clear["strength"].to_numpy().argmax())] if len(clear) else None


def _against_size(view: View, row: Any) -> str:
    count = view.say.number(row["orders"], 0)
    if not np.isfinite(row["strength"]):
        return count
    times = view.say("market.unit.times_expected", value=view.say.number(row["strength"], 1))
    return f"{count} · {times}"


def _expected_note(view: View, row: Any) -> str:
    if not np.isfinite(row["expected"]):
        return ""
    say = view.say
    return say(
        "market.say.expected_note",
        expected=say.number(row["expected"], 0),
        low=say.number(row["strength_low"], 1),
        high=say.number(row["strength_high"], 1),
    )


def _visits_words(view: View, row: Any) -> str:
    say = view.say
    return f"{say.number(row['sessions'], 0)} · {say('views.rows.orders', n=int(row['orders']))}"


def _traction_table(view: View, frame: pd.DataFrame) -> Table:
    shown = frame[(frame["orders"] > 0) | (frame["orders_before"].fillna(0) > 0)]
    return Table(
        "orders-from-abroad",
        shown.assign(market=shown.index),
        (
            Column("market", "country", words=partial(country, view)),
            Column("orders", "orders", "number"),
            Column("orders_before", "market_orders_before", "number"),
            Column("share", "market_share_abroad", "percent"),
            Column("turnover", "net_turnover", "money"),
            Column("expected", "market_expected", "decimal"),
            Column("strength", "market_strength", "decimal"),
            Column("strength_low", "market_strength_low", "decimal"),
            Column("strength_high", "market_strength_high", "decimal"),
        ),
        view.say.currency,
    )

"""How the firm's own customers of the market pay and have parcels delivered."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.market.habits import free_delivery, payment_habits
from echannel.metrics.market.traction import last_year
from echannel.metrics.turnover import places
from echannel.sme import Sme
from echannel.views.cards import Card, moved_by
from echannel.views.context import View
from echannel.views.market_facts import country, home, kind_of, market_of, of_market, year_rows
from echannel.views.tables import Column, Table


@moved_by(of_market)
def habits(view: View) -> Card:
    """Ways of paying and free delivery, from the firm's own orders; that no public source is known."""
    say, market, here = view.say, market_of(view), home(view)
    kind = kind_of(view)
    orders = view.once(f"ways paid {kind}", lambda: _orders(view.sme, kind))
    count = int((orders["country"] == market).sum())
    known = market != here and count > 0
    frame = payment_habits(orders, market, here)
    there = frame[frame["orders"] > 0]
    table = Table(
        "market-payment",
        frame,
        (
            Column("method", "sheet_method", words=str),
            Column("orders", "orders", "number"),
            Column("share", "sheet_share_there", "percent"),
            Column("share_home", "sheet_share_home", "percent"),
        ),
    )
    missing = ["reason.no_habits_source"]
    if known and not len(there):
        missing.append("reason.no_payment_method")
    if known and len(there) and there["share"].isna().all():
        missing.append("reason.few_orders_there")
    return Card(
        "market.habits",
        _sentence(view, orders, there, count) if known else say("market.say.no_habits", market=_name(view)),
        year_rows(view, count) if known else None,
        table=table if known and len(there) else None,
        missing=tuple(missing),
        open_table=True,
    )


def _sentence(view: View, orders: pd.DataFrame, there: pd.DataFrame, count: int) -> str:
    say, market = view.say, market_of(view)
    parts = [say("market.say.orders_there", n=count, market=_name(view))]
    if len(there) and np.isfinite(there["share"].iloc[0]):
        first = there.iloc[0]
        parts.append(
            say("market.say.paid_by", method=str(first["method"]), share=say.percent(first["share"], 0))
        )
    free = free_delivery(orders, market)
    if np.isfinite(free):
        key = "market.say.delivery_free" if free > 0 else "market.say.delivery_paid"
        parts.append(say(key, share=say.percent(free, 0)))
    return " ".join(parts)


def _orders(sme: Sme, kind: str) -> pd.DataFrame:
    """Counted orders of the last twelve months, each with its way of paying."""
    sales = sme.sales
    orders = sales.select(*last_year(sales), kinds=[kind]).orders
    table = sme.table("orders")
    at = places(orders["order_id"], table["order_id"])
    methods = table["payment_method"].astype(object).reset_index(drop=True)
    return orders.assign(payment_method=methods.reindex(at).to_numpy())


def _name(view: View) -> str:
    return country(view, market_of(view))

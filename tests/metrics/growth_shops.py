"""Small shops for the tests of growth metrics, as plain events and as ``Sales`` made from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

import pandas as pd
from handmade import canonical, order
from hypothesis import strategies as st

from echannel.metrics.periods import Period
from echannel.metrics.turnover import Sales, prepare
from echannel.tables import TABLES

START = date(2023, 11, 15)


def day(text: str | date) -> int:
    """Local day number of a date."""
    return (date.fromisoformat(str(text)) - date(1970, 1, 1)).days


def period(since: str | date, until: str | date) -> Period:
    return Period(day(since), day(until))


@dataclass(frozen=True)
class Event:
    """One order: lines (product, quantity, unit price), refunds (day, product, units, amount, postage)."""

    id: str
    on: date
    lines: list[tuple[str | None, int, float]] = field(default_factory=list)
    customer: str | None = None
    kind: str = "b2c"
    channel: str = "own_shop"
    country: str | None = "GB"
    vat: float = 0.2
    discount: float = 0.0
    shipping: float = 0.0
    bare_goods: float = 0.0  # of an order that comes without lines
    refunds: list[tuple[date, str | None, int, float, float]] = field(default_factory=list)
    counted: bool = True

    @property
    def goods(self) -> float:
        return sum(q * p for _, q, p in self.lines) if self.lines else self.bare_goods

    @property
    def sold(self) -> float:
        return self.goods - self.discount

    @property
    def returned(self) -> list[tuple[date, str | None, int, float, float]]:
        """Refunds by product: one that names none is part of each line, by value."""
        every = []
        for on, product, units, amount, postage in self.refunds:
            parts = [(p, q * price / self.goods) for p, q, price in self.lines] if product is None else []
            for name, share in parts or [(product, 1.0)]:
                every.append((on, name, 0 if parts else units, amount * share, postage * share))
        return every


@dataclass(frozen=True)
class Shop:
    events: list[Event]
    costs: dict[str, float] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)
    visits: list[dict] = field(default_factory=list)

    def within(self, one: Period | None) -> list[Event]:
        """Counted orders of a period."""
        return [e for e in self.events if e.counted and (one is None or one.since <= day(e.on) <= one.until)]

    def returned(self, one: Period | None) -> list[tuple[Event, tuple]]:
        """Refunds of counted orders that were made in a period."""
        every = [(e, r) for e in self.events if e.counted for r in e.returned]
        return [(e, r) for e, r in every if one is None or one.since <= day(r[0]) <= one.until]

    def turnover(self, one: Period | None) -> float:
        """Net goods by plain addition."""
        back = sum(amount - postage for _, (_, _, _, amount, postage) in self.returned(one))
        return sum(e.sold for e in self.within(one)) - back

    @cached_property
    def sales(self) -> Sales:
        orders, lines, refunds = [], [], []
        for e in self.events:
            more = {"customer_id": e.customer, "kind": e.kind, "channel": e.channel, "country": e.country}
            status = "paid" if e.counted else "cancelled"
            orders.append(
                order(e.id, str(e.on), e.goods, e.vat, e.discount, e.shipping, status=status, **more)
            )
            for number, (product, quantity, price) in enumerate(e.lines):
                money = {"quantity": quantity, "unit_price_net": price, "net_amount": quantity * price}
                lines.append({"order_id": e.id, "line_no": number, "product_id": product, **money})
            for number, (on, product, units, amount, postage) in enumerate(e.refunds):
                money = {"net_amount": amount, "shipping_net": postage, "vat_amount": amount * e.vat}
                refunds.append(
                    {
                        "refund_id": f"{e.id}-{number}",
                        "order_id": e.id,
                        "product_id": product,
                        "quantity": units,
                        "refunded_at": str(on),
                        **money,
                    }
                )
        named = sorted({p for e in self.events for p, _, _ in e.lines if p})
        products = [
            {"product_id": p, "unit_cost": self.costs.get(p), "category": self.categories.get(p)}
            for p in named
        ]
        tables = [canonical("orders", orders), canonical("order_lines", lines), canonical("refunds", refunds)]
        tables += [canonical("products", products), TABLES["customers"].empty()]
        return prepare(*tables, canonical("visits", self.visits), "GBP")


def frames(shop: Shop) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Entries, orders and lines of a shop."""
    return shop.sales.entries, shop.sales.orders, shop.sales.lines


PRICE = st.integers(1, 5000).map(lambda cents: cents / 100)


@st.composite
def shops(draw, most: int = 14, all_itemised: bool = False) -> Shop:
    """Up to ``most`` orders over 500 days; some without lines, customer or country, some refunded."""
    events = []
    for number in range(draw(st.integers(1, most))):
        on = START + timedelta(days=draw(st.integers(0, 500)))
        product = st.sampled_from(["p", "q", "r", "s"] if all_itemised else ["p", "q", "r", "s", None])
        lines = draw(
            st.lists(
                st.tuples(product, st.integers(1, 4), PRICE),
                min_size=1 if all_itemised else 0,
                max_size=3,
                unique_by=lambda line: line[0],
            )
        )
        goods = sum(q * p for _, q, p in lines) if lines else draw(PRICE)
        refunds = []
        if draw(st.integers(0, 3)) == 0:
            back = draw(st.sampled_from([*[line[0] for line in lines], None]))
            later = on + timedelta(days=draw(st.integers(0, 40)))
            refunds.append((later, back, 1 if back else 0, round(goods / 2, 2), 0.0))
        events.append(
            Event(
                f"o{number:02}",
                on,
                lines,
                customer=draw(st.sampled_from([None, "a", "b", "c"])),
                kind=draw(st.sampled_from(["b2b", "b2c"])),
                channel=draw(st.sampled_from(["own_shop", "marketplace"])),
                country=draw(st.sampled_from(["GB", "FR", None])),
                vat=draw(st.sampled_from([0.0, 0.055, 0.2])),
                discount=round(goods * draw(st.sampled_from([0, 0, 0.1, 0.25])), 2),
                shipping=draw(st.sampled_from([0.0, 4.9])),
                bare_goods=goods,
                refunds=refunds,
                counted=draw(st.integers(0, 9)) > 0,
            )
        )
    categories = {"p": "Tea", "q": "Tea", "s": "Tins"}
    return Shop(events, costs={"p": 1.5, "q": 2.0, "r": 0.0}, categories=categories)


@st.composite
def two_periods(draw) -> tuple[Period, Period]:
    """A period and an earlier one, within the days of :func:`shops` or a little outside."""
    since = day(START) + draw(st.integers(150, 400))
    now = Period(since, since + draw(st.integers(0, 150)))
    start = since - draw(st.integers(1, 250))
    return now, Period(start, min(start + draw(st.integers(0, 200)), since - 1))

"""PrestaShop's webservice as a source: what of the shop becomes which canonical table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from echannel.checking import FILE, ROW, no_refusals
from echannel.connectors.base import Batch, Description, Finding, Given, Note, SourceContext
from echannel.connectors.http import Limits
from echannel.connectors.prestashop import resources as of
from echannel.connectors.prestashop.carts import carts_frame
from echannel.connectors.prestashop.catalogue import gone_products, named, products_frame, stock_frame
from echannel.connectors.prestashop.check import findings
from echannel.connectors.prestashop.clock import Clock, settings_of
from echannel.connectors.prestashop.money import Money
from echannel.connectors.prestashop.orders import Facts, lines_frame, orders_frame, paid_by_reference
from echannel.connectors.prestashop.parsing import Record, ids, numbers, texts
from echannel.connectors.prestashop.people import People, Places, countries_of, customers_frame
from echannel.connectors.prestashop.reading import Reader, Trade
from echannel.connectors.prestashop.refunds import given_back, refunds_frame
from echannel.connectors.prestashop.resources import ADVANCED_STOCK, RESOURCES
from echannel.connectors.prestashop.service import Service, Stretch
from echannel.connectors.prestashop.states import States
from echannel.connectors.prestashop.supplies import purchases_frame, supplier_prices_frame, suppliers_frame
from echannel.connectors.windows import Window, window
from echannel.errors import UserError
from echannel.tables import TABLES

OPTIONS = frozenset(
    {
        *("address", "shop", "prefix", "key_in_address", "states", "channels"),
        *("allow_http", "allow_private", "allow_self_signed", "ca_file"),
    }
)
_NUMBERED = ("order_id", "refund_id", "product_id", "supplier_id", "purchase_id", "cart_id", "location")
_READING = "1"
"""Raised when rows come out differently: then everything is read anew."""


@dataclass(frozen=True)
class _Shop:
    """The short lists of one sync, and what they mean."""

    lists: Mapping[str, list[Record]]
    settings: Mapping[str, str]
    facts: Facts
    products: pd.DataFrame
    notes: tuple[Note, ...]

    @property
    def known(self) -> set[str]:
        return set(self.products["product_id"])


class PrestaShopConnector:
    """A PrestaShop shop.

    Options: ``address`` (https://shop.example), ``shop`` (its number, in an installation with several),
    ``states`` (canonical status of states that the shop added, by number), ``channels`` (canonical channel
    by payment module), ``prefix`` (before all numbers, for an SME with several installations, whose
    numbers are the same), ``key_in_address`` (for servers that drop the Authorization header: puts the key
    into the shop's logs). Secret: ``key``.
    """

    describes: ClassVar[Description] = Description(
        platform="PrestaShop",
        versions="1.6, 1.7, 8, 9",
        secrets=("key",),
        gives={
            "orders": Given(lacks=("carriage_cost",)),
            "order_lines": Given(),
            "refunds": Given(lacks=("reason", "customer_id", "kind", "channel", "country")),
            "products": Given(
                lacks=(
                    *("lead_time_days", "lead_time_sd_days", "order_quantity_min"),
                    *("order_quantity_multiple", "shelf_life_days", "hs_code", "origin_country"),
                ),
                whole=True,
            ),
            "customers": Given(),
            "stock_levels": Given(lacks=("on_order",), whole=True),
            "suppliers": Given(
                lacks=(
                    *("language", "currency", "lead_time_days", "payment_days"),
                    *("order_cost", "order_value_min", "review_days"),
                ),
                whole=True,
            ),
            "supplier_prices": Given(whole=True),
            "purchases": Given(whole=True),
            "carts": Given(),
        },
        history="prestashop.history",
        tested=("fake", "recorded"),
        guide="prestashop",
    )

    def __init__(self, options: dict[str, Any], context: SourceContext, limits: Limits | None = None) -> None:
        unknown = sorted(set(options) - OPTIONS)
        if unknown:
            allowed = ", ".join(sorted(OPTIONS))
            raise UserError("prestashop.error.option", option=unknown[0], allowed=allowed)
        self.options, self.context = options, context
        self.service = Service(options, context, limits or Limits())

    def check(self) -> Iterator[Finding]:
        """What works, which permissions are missing, how far back the orders go."""
        return findings(self.service, bool(self.options.get("key_in_address")))

    def fetch(self, cursor: dict[str, str]) -> Iterator[Batch]:
        """Everything on the first run; then what changed. See :class:`echannel.connectors.base.Connector`."""
        may, now = self.service.root()
        reader = Reader(self.service, may, self.options.get("shop"))
        lacking = [one.name for one in RESOURCES if one.needed and not reader.allowed(one)]
        if lacking:
            raise UserError("prestashop.error.rights_missing", rights=", ".join(lacking))
        shape = self._shape(may)
        if cursor.get("shape") != shape:
            cursor = {"shape": shape}
        shop = self._shop(reader)
        yield self._catalogue(reader, shop, now)
        begun, mark = cursor.get("begun", ""), cursor.get("since", "")
        if mark:
            changes = window(mark, now)
            yield from self._changes(reader, shop, changes, {"shape": shape, "since": changes.mark})
            return
        yield from self._everything(reader, shop, {"shape": shape, "begun": begun or now.isoformat()}, cursor)

    def _shape(self, may: Mapping[str, bool]) -> str:
        """What decides how rows come out: when it changes, all is read anew."""
        readable = sorted(one.name for one in RESOURCES if may.get(one.name))
        chosen = {
            name: self.options.get(name) for name in ("address", "shop", "prefix", "states", "channels")
        }
        parts = json.dumps([_READING, readable, chosen], sort_keys=True, default=str)
        return hashlib.blake2b(parts.encode(), digest_size=8).hexdigest()

    def _shop(self, reader: Reader) -> _Shop:
        notes = []
        unread = [one.name for one in RESOURCES if not reader.allowed(one) and one.name not in ADVANCED_STOCK]
        if unread:
            notes.append(Note("prestashop.note.rights_missing", {"rights": ", ".join(unread)}))
        if self.options.get("key_in_address"):
            notes.append(Note("prestashop.note.key_in_address"))
        sme = self.context.sme
        settings = settings_of(reader.settings(), self.options.get("shop"), frozenset({"PS_LANG_DEFAULT"}))
        lists = reader.lists()
        clock = Clock.of(settings, sme.timezone)
        if not clock.stated:
            notes.append(Note("prestashop.note.time_zone", {"zone": sme.timezone}))
        money = Money.of(lists["currencies"], settings, sme.currency)
        if money.own != sme.currency:
            notes.append(Note("prestashop.note.currency", {"own": money.own, "reporting": sme.currency}))
        facts = Facts(
            sme,
            self.context.source_id,
            clock,
            money,
            States.of(lists["order_states"], settings, self.options.get("states") or {}),
            People.of([], clock, self.context.pseudonym, self.context.source_id),
            Places.of([], {}, {}),
            _tax_rates(lists["taxes"]),
            self.options.get("channels") or {},
        )
        language = settings.get("PS_LANG_DEFAULT", "")
        products = products_frame(
            lists["products"],
            lists["combinations"],
            named(lists["categories"], language),
            named(lists["product_option_values"], language),
            settings,
            money,
            clock,
        )
        return _Shop(lists, settings, facts, products, tuple(notes))

    def _catalogue(self, reader: Reader, shop: _Shop, now: datetime) -> Batch:
        """What is read whole at every sync: products, stock, suppliers, supply orders."""
        lists, money, clock = shop.lists, shop.facts.money, shop.facts.clock
        today = np.datetime64(now.astimezone(ZoneInfo(self.context.sme.timezone)).date())
        addresses = reader.supplier_addresses(lists["suppliers"])
        places = Places.of(addresses, countries_of(lists["countries"]), {})
        tables = {
            "products": shop.products,
            "stock_levels": stock_frame(
                reader.mine(lists["stock_availables"]), lists["stocks"], today, shop.known
            ),
            "suppliers": suppliers_frame(lists["suppliers"], addresses, places),
            "supplier_prices": supplier_prices_frame(lists["product_suppliers"], shop.known, money),
            "purchases": purchases_frame(
                lists["supply_orders"],
                lists["supply_order_details"],
                lists["supply_order_receipt_histories"],
                lists["supply_order_states"],
                money,
                clock,
                self.context.source_id,
            ),
        }
        return self._batch(tables, {}, shop.notes)

    def _everything(
        self, reader: Reader, shop: _Shop, cursor: dict[str, str], before: Mapping[str, str]
    ) -> Iterator[Batch]:
        """A first sync, or the rest of one that broke off."""
        customers, addresses = reader.whole(of.CUSTOMERS), reader.whole(of.ADDRESSES)
        slips, payments = reader.whole(of.ORDER_SLIPS), reader.whole(of.ORDER_PAYMENTS)
        facts = self._with_people(shop, customers, addresses)
        yield self._batch({"customers": self._customers(facts)}, {}, ())
        sold: dict[int, tuple[int, float]] = {}
        done = int(before.get("done", "0") or 0)
        if done:
            sold |= _cart_orders(reader.service.stretch(of.ORDER_CARTS, Stretch(0, done)))
        paid = paid_by_reference(payments, facts.clock)
        for trade, left in reader.trades(done, slips, payments):
            sold |= _cart_orders(trade.orders)
            self.context.progress(self.context.source_id, trade.last, trade.last + left)
            yield self._traded(reader, shop, facts, trade, paid, {**cursor, "done": str(trade.last)})
        for carts in reader.pages(of.CARTS):
            yield self._batch({"carts": carts_frame(carts, sold, facts)}, {}, ())
        yield self._batch({}, {"shape": cursor["shape"], "since": cursor["begun"]}, (), ("begun", "done"))

    def _changes(
        self, reader: Reader, shop: _Shop, changes: Window, cursor: dict[str, str]
    ) -> Iterator[Batch]:
        """What changed since the last sync."""
        found = reader.changes(*shop.facts.clock.wall(changes))
        facts = self._with_people(
            shop,
            found.customers + found.mentioned_customers,
            found.addresses + found.mentioned_addresses,
        )
        tables = {"carts": carts_frame(found.carts, _cart_orders(found.cart_orders), facts)}
        if found.customers:
            changed = self._with_people(shop, found.customers, found.addresses)
            tables["customers"] = self._customers(changed)
        paid = paid_by_reference(found.trade.payments, facts.clock)
        others = self._batch(tables, {}, ())
        traded = self._traded(reader, shop, facts, found.trade, paid, cursor)
        yield replace(
            traded,
            tables={**traded.tables, **others.tables},
            read=traded.read + others.read,
        )

    def _with_people(self, shop: _Shop, customers: list[Record], addresses: list[Record]) -> Facts:
        source, pseudonym = self.context.source_id, self.context.pseudonym
        regions = {
            int(one): code
            for one, code in zip(
                ids(shop.lists["states"]), texts(shop.lists["states"], "iso_code"), strict=True
            )
            if code
        }
        return replace(
            shop.facts,
            people=People.of(customers, shop.facts.clock, pseudonym, source),
            places=Places.of(addresses, countries_of(shop.lists["countries"]), regions),
        )

    def _customers(self, facts: Facts) -> pd.DataFrame:
        return customers_frame(facts.people, facts.places, facts.sme, self.context.pseudonym)

    def _traded(
        self,
        reader: Reader,
        shop: _Shop,
        facts: Facts,
        trade: Trade,
        paid: Mapping[str, tuple[float, float]],
        cursor: dict[str, str],
    ) -> Batch:
        """Some orders with their lines and refunds, and the products that only they still know."""
        orders = orders_frame(trade.orders, facts, given_back(trade.slips), paid)
        lines = lines_frame(trade.lines, facts)
        product = dict(zip(lines["line_no"].tolist(), lines["product_id"], strict=True))
        refunds, by_hand = refunds_frame(trade.slips, orders, product, facts)
        notes = (Note("prestashop.note.chosen_amounts", {"n": by_hand}),) if by_hand else ()
        gone = gone_products(reader.sold_names(trade.lines, shop.known))
        tables = {"orders": orders, "order_lines": lines, "refunds": refunds, "products": gone}
        batch = self._batch(tables, cursor, notes)
        if "orders" not in batch.tables:
            return batch
        lined = batch.tables["order_lines"]["order_id"] if "order_lines" in batch.tables else ()
        bare = frozenset(batch.tables["orders"]["order_id"]) - frozenset(lined)
        return replace(batch, emptied={"order_lines": bare} if bare else {})

    def _batch(
        self,
        tables: Mapping[str, pd.DataFrame],
        cursor: dict[str, str],
        notes: tuple[Note, ...] = (),
        gone: tuple[str, ...] = (),
    ) -> Batch:
        prefix = str(self.options.get("prefix") or "")
        filled = {n: _typed(n, _prefixed(table, prefix)) for n, table in tables.items() if len(table)}
        read = sum(len(table) for table in filled.values())
        return Batch(filled, no_refusals(), cursor, read, notes, gone)


def _prefixed(frame: pd.DataFrame, prefix: str) -> pd.DataFrame:
    """All numbers of the installation with its prefix: another one's are the same."""
    named = [column for column in _NUMBERED if column in frame] if prefix else []
    return frame.assign(**{c: (prefix + frame[c].astype("string")).astype(object) for c in named})


def _typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame in the table's types as far as its values allow; what does not fit is refused by the sync.

    Columns that the platform does not have come empty, in their type: so the sync need not look further.
    """
    columns = {}
    for column, spec in TABLES[name].columns.items():
        if column not in frame and spec.nullable:
            columns[column] = pd.Series(index=frame.index, dtype=spec.dtype)
        elif column in frame:
            try:
                columns[column] = frame[[column]].astype({column: spec.dtype})[column]
            except (TypeError, ValueError):
                continue
    return frame.assign(**columns)[
        [c for c in (*TABLES[name].columns, FILE, ROW) if c in frame or c in columns]
    ]


def _cart_orders(orders: list[Record]) -> dict[int, tuple[int, float]]:
    """By cart: its order (the first, where a cart was split) and that order's goods ex VAT."""
    found: dict[int, tuple[int, float]] = {}
    rows = zip(ids(orders, "id_cart"), ids(orders), numbers(orders, "total_products", 0.0), strict=True)
    for cart, order, goods in rows:
        if cart and (int(cart) not in found or int(order) < found[int(cart)][0]):
            found[int(cart)] = (int(order), float(goods))
    return found


def _tax_rates(taxes: list[Record]) -> dict[int, float]:
    """Tax rates as fractions by id, deleted ones too."""
    pairs = zip(ids(taxes), numbers(taxes, "rate"), strict=True)
    return {int(one): float(rate) / 100 for one, rate in pairs if not np.isnan(rate)}

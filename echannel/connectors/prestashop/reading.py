"""What one sync reads: the shop's small lists, what changed since the last one, and all that belongs to it.

A refund leaves its order's ``date_upd`` alone, so slips are followed by their own dates. An order is always
read again whole: with all its lines, slips and payments, and with the orders that share its reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from echannel.connectors.prestashop import resources as of
from echannel.connectors.prestashop.clock import SETTINGS
from echannel.connectors.prestashop.parsing import Record
from echannel.connectors.prestashop.resources import Resource
from echannel.connectors.prestashop.service import Service, Stretch

LISTS = (
    of.CURRENCIES,
    of.ORDER_STATES,
    of.TAXES,
    of.COUNTRIES,
    of.STATES,
    of.CATEGORIES,
    of.OPTION_VALUES,
    of.PRODUCTS,
    of.COMBINATIONS,
    of.STOCK_AVAILABLES,
    of.SUPPLIERS,
    of.PRODUCT_SUPPLIERS,
)
"""Read whole at every sync: short, or without a date of change."""
SUPPLY = (
    of.STOCKS,
    of.SUPPLY_ORDERS,
    of.SUPPLY_ORDER_DETAILS,
    of.SUPPLY_ORDER_RECEIPTS,
    of.SUPPLY_ORDER_STATES,
)
ORDERS_AT_ONCE = 10
"""Stretches of orders in one batch: after each, a first sync that breaks off can go on."""


@dataclass(frozen=True)
class Trade:
    """Some orders with all that belongs to them; ``last`` is the highest order id looked at."""

    orders: list[Record]
    lines: list[Record]
    slips: list[Record]
    payments: list[Record]
    last: int = 0


@dataclass(frozen=True)
class Changes:
    """What changed since the last sync, and who and what the changed orders and carts refer to."""

    trade: Trade
    customers: list[Record] = field(default_factory=list)
    addresses: list[Record] = field(default_factory=list)
    mentioned_customers: list[Record] = field(default_factory=list)
    mentioned_addresses: list[Record] = field(default_factory=list)
    carts: list[Record] = field(default_factory=list)
    cart_orders: list[Record] = field(default_factory=list)


class Reader:
    """Reads a shop, as far as the key may."""

    def __init__(self, service: Service, may: dict[str, bool], shop: Any = None) -> None:
        self.service, self.may = service, may
        self._shop = int(shop) if str(shop or "").isdigit() else None

    def allowed(self, resource: Resource) -> bool:
        """Whether the key may read a resource (and the shop has it)."""
        return self.may.get(resource.name, False)

    def settings(self) -> list[Record]:
        """The settings that give times and money their meaning."""
        if not self.allowed(of.CONFIGURATIONS):
            return []
        return self.service.among(of.CONFIGURATIONS, "name", SETTINGS)

    def lists(self) -> dict[str, list[Record]]:
        """The short lists, by resource; of what may not be read: empty."""
        wanted = [one for one in (*LISTS, *SUPPLY) if self.allowed(one)]
        read = self._together(self.service.whole, wanted)
        found = dict(zip((one.name for one in wanted), read, strict=True))
        return {one.name: found.get(one.name, []) for one in (*LISTS, *SUPPLY)}

    def whole(self, resource: Resource) -> list[Record]:
        """All of a resource; what may not be read: nothing."""
        return self.service.whole(resource) if self.allowed(resource) else []

    def mine(self, records: list[Record]) -> list[Record]:
        """The records of the shop that the profile names, and those of all shops together (``id_shop`` 0).

        The webservice itself keeps only some resources apart by shop.
        """
        if self._shop is None:
            return records
        return [one for one in records if int(one.get("id_shop") or 0) in (0, self._shop)]

    def supplier_addresses(self, suppliers: list[Record]) -> list[Record]:
        """The addresses of suppliers."""
        numbers = [int(one["id"]) for one in suppliers]
        return self._among(of.ADDRESSES, "id_supplier", numbers)

    def pages(self, resource: Resource) -> Iterator[list[Record]]:
        """All of a resource, some stretches at a time; what may not be read: nothing."""
        if not self.allowed(resource):
            return
        parts, found = self.service.parts(resource), []
        read = self.service.api.map(lambda part: self.service.stretch(resource, part), parts)
        for done, records in enumerate(read, 1):
            found += self.mine(records)
            if done % ORDERS_AT_ONCE == 0 or done == len(parts):
                yield found
                found = []

    def trades(self, after: int, slips: list[Record], payments: list[Record]) -> Iterator[tuple[Trade, int]]:
        """All orders above an id, some stretches at a time, with their lines; and how many are left."""
        parts = self.service.parts(of.ORDERS, after)
        by_order: dict[int, list[Record]] = {}
        for slip in slips:
            by_order.setdefault(int(slip["id_order"]), []).append(slip)
        read = self.service.api.map(self._orders_and_lines, parts)
        orders: list[Record] = []
        lines: list[Record] = []
        for done, (part, (some, of_them)) in enumerate(zip(parts, read, strict=True), 1):
            orders, lines = orders + some, lines + of_them
            if done % ORDERS_AT_ONCE and done < len(parts):
                continue
            mine = [slip for order in orders for slip in by_order.get(int(order["id"]), [])]
            yield Trade(orders, lines, mine, payments, int(part.upto or 0)), len(parts) - done
            orders, lines = [], []

    def _orders_and_lines(self, part: Stretch) -> tuple[list[Record], list[Record]]:
        orders = self.mine(self.service.stretch(of.ORDERS, part))
        if not orders:
            return [], []
        between = (int(orders[0]["id"]), int(orders[-1]["id"]))
        lines = self.service.stretch(of.ORDER_DETAILS, Stretch(field="id_order", between=between))
        known = {int(order["id"]) for order in orders}
        return orders, [line for line in lines if int(line["id_order"]) in known]

    def changes(self, since: str, until: str) -> Changes:
        """What changed between two wall times, with all that belongs to it."""
        followed = [of.ORDERS, of.ORDER_SLIPS, of.CUSTOMERS, of.ADDRESSES, of.CARTS]
        wanted = [one for one in followed if self.allowed(one)]
        read = self._together(lambda one: self.service.changed(one, since, until), wanted)
        new = dict(zip((one.name for one in wanted), read, strict=True))
        orders = self._whole_orders(new["orders"], new["order_slip"])
        accounts = _numbers(new.get("customers", []), "id") | _numbers(
            new.get("addresses", []), "id_customer"
        )
        carts, cart_orders = self._carts(new.get("carts", []), orders)
        trade = self._trade(orders)
        buyers = _numbers(orders, "id_customer") | _numbers(carts, "id_customer")
        delivered = _numbers(orders, "id_address_delivery") | _numbers(orders, "id_address_invoice")
        customers, addresses, mentioned, places = self._several(
            (of.CUSTOMERS, "id", accounts),
            (of.ADDRESSES, "id_customer", accounts),
            (of.CUSTOMERS, "id", buyers - accounts),
            (of.ADDRESSES, "id", delivered),
        )
        return Changes(trade, customers, addresses, mentioned, places, carts, cart_orders)

    def _whole_orders(self, changed: list[Record], slips: list[Record]) -> list[Record]:
        """The changed orders, those of changed slips, and those that share a reference with one of them."""
        found = {int(order["id"]): order for order in changed}
        for order in self._among(of.ORDERS, "id", _numbers(slips, "id_order") - set(found)):
            found[int(order["id"])] = order
        references = {str(order["reference"]) for order in found.values() if order.get("reference")}
        for order in self._among(of.ORDERS, "reference", references):
            found[int(order["id"])] = order
        return self.mine([found[number] for number in sorted(found)])

    def _trade(self, orders: list[Record]) -> Trade:
        numbers = _numbers(orders, "id")
        references = {str(order["reference"]) for order in orders if order.get("reference")}
        lines, slips, payments = self._several(
            (of.ORDER_DETAILS, "id_order", numbers),
            (of.ORDER_SLIPS, "id_order", numbers),
            (of.ORDER_PAYMENTS, "order_reference", references),
        )
        return Trade(orders, lines, slips, payments)

    def _carts(self, changed: list[Record], orders: list[Record]) -> tuple[list[Record], list[Record]]:
        """The changed carts and those of changed orders, and the orders that came of any of them."""
        if not self.allowed(of.CARTS):
            return [], []
        found = {int(cart["id"]): cart for cart in changed}
        for cart in self._among(of.CARTS, "id", _numbers(orders, "id_cart") - set(found)):
            found[int(cart["id"])] = cart
        elsewhere = self._among(of.ORDERS, "id_cart", set(found) - _numbers(orders, "id_cart"))
        return self.mine(list(found.values())), [*elsewhere, *orders]

    def sold_names(self, lines: list[Record], known: set[str]) -> list[Record]:
        """The latest line of each product that was sold and is not in the catalogue, with its name."""
        latest: dict[tuple[int, int], int] = {}
        for line in lines:
            product, combination = int(line["product_id"] or 0), int(line["product_attribute_id"] or 0)
            name = f"{product}-{combination}" if combination else str(product)
            if product and name not in known:
                latest[product, combination] = max(latest.get((product, combination), 0), int(line["id"]))
        return self._among(of.SOLD_NAMES, "id", latest.values())

    def _among(self, resource: Resource, name: str, values: Iterable[object]) -> list[Record]:
        wanted = set(values)
        return self.service.among(resource, name, wanted) if wanted and self.allowed(resource) else []

    def _several(self, *wanted: tuple[Resource, str, Iterable[object]]) -> list[list[Record]]:
        """Several lists of records among some values, side by side."""
        return list(self.service.api.map(lambda one: self._among(*one), wanted))

    def _together(
        self, function: Callable[[Resource], list[Record]], items: list[Resource]
    ) -> list[list[Record]]:
        return list(self.service.api.map(function, items))


def _numbers(records: Iterable[Record], name: str) -> set[int]:
    found = {int(record.get(name) or 0) for record in records}
    return found - {0}

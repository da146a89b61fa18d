"""Shopify's Admin GraphQL API as a source: what of the shop becomes which canonical table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from echannel.connectors.base import Batch, Description, Finding, Given, Note, SourceContext
from echannel.connectors.failures import SourceError
from echannel.connectors.http import Limits
from echannel.connectors.rest import (
    Rates,
    Record,
    batch,
    blocked,
    checked_options,
    code,
    hashed,
    rights,
    shape,
)
from echannel.connectors.shopify import queries
from echannel.connectors.shopify.mapping import (
    Facts,
    counts,
    customer_row,
    email_of,
    line_rows,
    order_row,
    product_row,
    refund_rows,
    stock_rows,
)
from echannel.connectors.shopify.service import NO_BULK, Service, children
from echannel.connectors.windows import Window, window
from echannel.errors import UserError

OPTIONS = frozenset({"rates", "version"})
SCOPES: Mapping[str, tuple[str, ...]] = {
    "read_orders": ("orders", "order_lines", "refunds"),
    "read_all_orders": ("orders",),
    "read_products": ("products",),
    "read_inventory": ("products", "stock_levels"),
    "read_customers": ("customers",),
}
NEEDED = ("read_orders",)
CHUNK = 500
"""Orders of one batch."""
_PAGE = 20
"""Orders of one page of changes: their lines cost the more."""
_NO_SCOPE = "shopify.error.scope"
_READING = "1"
"""Raised when rows come out differently: then everything is read anew."""
_FIXES = {
    "shopify.error.token": "shopify.fix.token",
    "shopify.error.client": "shopify.fix.client",
    "shopify.error.no_shop": "shopify.fix.no_shop",
}


class ShopifyConnector:
    """A Shopify shop.

    Options: ``address`` (shop.myshopify.com), ``rates`` (what the shop's currency and those of its costs are
    worth in the profile's), ``version`` (of the API). Secrets: ``client_id`` and ``client_secret`` of an app
    of the Dev Dashboard, or the ``token`` of a custom app from before 2026.
    """

    describes: ClassVar[Description] = Description(
        platform="Shopify",
        versions="Admin GraphQL 2026-10",
        optional=("client_id", "client_secret", "token"),
        gives={
            "orders": Given(lacks=("paid_at", "due_at", "carriage_cost")),
            "order_lines": Given(lacks=("unit_cost",)),
            "refunds": Given(lacks=("reason", "customer_id", "kind", "channel", "country")),
            "products": Given(
                lacks=(
                    *("supplier_id", "lead_time_days", "lead_time_sd_days", "order_quantity_min"),
                    *("order_quantity_multiple", "shelf_life_days"),
                ),
                whole=True,
            ),
            "customers": Given(lacks=("company_registered",)),
            "stock_levels": Given(whole=True),
        },
        history="shopify.history",
        tested=("fake",),
        guide="shopify",
    )

    def __init__(self, options: dict[str, Any], context: SourceContext, limits: Limits | None = None) -> None:
        self.options, self.context = options, context
        address = checked_options(options, OPTIONS, "Shopify", context)
        self.service = Service(address, options, context, limits or Limits())

    def check(self) -> Iterator[Finding]:
        """The address, the app's token, each access scope, and how far back orders go."""
        try:
            _, may = self._shop()
            yield Finding("address", "works", Note("rest.check.address", {"host": self.service.api.host}))
            yield Finding("credentials", "works", Note("rest.check.key", {"platform": "Shopify"}))
            yield from rights(may, SCOPES, NEEDED, "shopify.fix.scope")
            if may["read_customers"] and not self._sees_people():
                note, fix = Note("shopify.check.protected"), Note("shopify.fix.protected")
                yield Finding("permission", "lacks", note, fix, "sme", ("customers",))
            if may["read_orders"]:
                yield _history(self.service.ask(queries.FIRST_ORDER)["orders"]["nodes"])
        except SourceError as failure:
            yield blocked(failure, _FIXES)

    def fetch(self, cursor: dict[str, str]) -> Iterator[Batch]:
        """Everything on the first run, in bulk; then what changed. See
        :class:`echannel.connectors.base.Connector`."""
        shop, may = self._shop()
        if not may["read_orders"]:
            raise SourceError("forbidden", _NO_SCOPE, host=self.service.api.host)
        now, facts = self.service.now, self._facts(shop)
        people = may["read_customers"] and self._sees_people()
        chosen = {name: self.options.get(name) for name in ("address", "rates")}
        mark = shape(_READING, may, people, chosen, facts.own, facts.taxed)
        if cursor.get("shape") != mark:
            cursor = {"shape": mark}
        yield self._catalogue(may, people, facts, now)
        if cursor.get("since"):
            yield from self._changes(people, facts, window(cursor["since"], now), cursor)
        else:
            yield from self._everything(people, facts, cursor, now)

    def _shop(self) -> tuple[Record, dict[str, bool]]:
        told = self.service.ask(queries.SHOP)
        granted = {one["handle"] for one in told["currentAppInstallation"]["accessScopes"]}
        return told["shop"], {scope: scope in granted for scope in SCOPES}

    def _sees_people(self) -> bool:
        """Whether Shopify shows the app its customers: it may refuse protected data whatever the scopes."""
        try:
            self.service.ask(queries.PEOPLE_PROBE)
        except SourceError as failure:
            if failure.kind != "forbidden":
                raise
            return False
        return True

    def _facts(self, shop: Record) -> Facts:
        sme = self.context.sme
        own = code(shop.get("currencyCode"), 3) or sme.currency
        rates = Rates(self.options, sme.currency)
        rate = rates.of(own)
        if rate is None:
            raise UserError("rest.reason.no_rate", currency=own, reporting=sme.currency)
        return Facts(sme, self.context.source_id, rates, own, rate, bool(shop.get("taxesIncluded")))

    def _catalogue(self, may: Mapping[str, bool], people: bool, facts: Facts, now: datetime) -> Batch:
        """Variants and today's stock, whole, and what the app may not see."""
        missing = [scope for scope, granted in may.items() if not granted]
        notes = [Note("rest.note.rights_missing", {"rights": ", ".join(missing)})] if missing else []
        if may["read_customers"] and not people:
            notes.append(Note("shopify.check.protected"))
        if not may["read_products"]:
            return batch({}, notes=notes)
        variants = self.service.bulk(queries.bulk_variants(may["read_inventory"]))
        today = now.astimezone(ZoneInfo(facts.sme.timezone)).date().isoformat()
        return batch(
            {
                "products": [product_row(one, facts) for one in variants],
                "stock_levels": [row for one in variants for row in stock_rows(one, today)],
            },
            notes=notes,
        )

    def _everything(
        self, people: bool, facts: Facts, cursor: Mapping[str, str], now: datetime
    ) -> Iterator[Batch]:
        """A first sync, or the rest of one that broke off: the same file of orders, as long as it is kept."""
        begun, operation, done = cursor.get("begun", ""), cursor.get("bulk", ""), int(cursor.get("done", "0"))
        orders = self.service.result(operation) if operation else None
        if orders is None:
            begun, done = now.isoformat(), 0
            operation = self.service.start(queries.bulk_orders(people))
            orders = self.service.result(operation)
        if orders is None:
            raise SourceError("request", NO_BULK, host=self.service.api.host, code="FAILED")
        if people:
            yield batch({"customers": self._customers(self.service.bulk(queries.BULK_CUSTOMERS), facts)})
        for start in range(done, len(orders), CHUNK):
            part = orders[start : start + CHUNK]
            lines = [children(order, "LineItem") for order in part]
            carriage = [children(order, "ShippingLine") for order in part]
            end = start + len(part)
            self.context.progress(self.context.source_id, end, len(orders))
            at = {"shape": cursor["shape"], "begun": begun, "bulk": operation, "done": str(end)}
            yield self._traded(part, lines, carriage, facts, at)
        yield batch({}, {"shape": cursor["shape"], "since": begun}, gone=("begun", "bulk", "done"))

    def _changes(
        self, people: bool, facts: Facts, changes: Window, cursor: Mapping[str, str]
    ) -> Iterator[Batch]:
        """Orders and customers that changed within the window."""
        since = _moment(changes.since or changes.until)
        between = f"updated_at:>='{since}' AND updated_at:<='{_moment(changes.until)}'"
        if people:
            pages = self.service.pages(queries.CHANGED_CUSTOMERS, "customers", 100, filter=between)
            yield batch({"customers": self._customers([row for rows in pages for row in rows], facts)})
        pages = self.service.pages(queries.changed_orders(people), "orders", _PAGE, filter=between)
        orders = [row for rows in pages for row in rows]
        lines = [self.service.lines(order) for order in orders]
        carriage = [order["shippingLines"]["nodes"] for order in orders]
        done = {"shape": cursor["shape"], "since": changes.mark}
        yield self._traded(orders, lines, carriage, facts, done)

    def _customers(self, records: list[Record], facts: Facts) -> list[Record]:
        rows = [customer_row(record, facts) for record in records]
        people = hashed(self.context.pseudonym, [email_of(record) for record in records])
        firms = hashed(self.context.pseudonym, [row.pop("_firm") for row in rows])
        return [
            {"customer_id": who, "company_id": firm, **row}
            for who, firm, row in zip(people, firms, rows, strict=True)
            if who
        ]

    def _traded(
        self,
        orders: list[Record],
        lines: list[list[Record]],
        carriage: list[list[Record]],
        facts: Facts,
        cursor: dict[str, str],
    ) -> Batch:
        """Orders with their lines and refunds; those made to try the shop out are none."""
        real = [trio for trio in zip(orders, lines, carriage, strict=True) if not trio[0].get("test")]
        refunds = self.service.refunds([order for order, _, _ in real if counts(order)])
        people = hashed(self.context.pseudonym, [email_of(order) for order, _, _ in real])
        tables: dict[str, list[Record]] = {"orders": [], "order_lines": [], "refunds": []}
        for (order, rows, shipping), who in zip(real, people, strict=True):
            tables["orders"].append({**order_row(order, rows, shipping, facts), "customer_id": who})
            tables["order_lines"] += line_rows(order, rows, facts)
            for one in order.get("refunds") or []:
                if one["id"] in refunds:
                    tables["refunds"] += refund_rows(order, refunds[one["id"]], facts)
        cards = sum(bool(line.get("isGiftCard")) for _, rows, _ in real for line in rows)
        notes = [Note("shopify.note.gift_cards", {"n": cards})] if cards else []
        return batch(tables, cursor, notes)


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _history(first: list[Record]) -> Finding:
    if not first:
        return Finding("history", "lacks", Note("rest.check.empty"), None, "sme", ("orders",))
    since = date.fromisoformat(first[0]["createdAt"][:10])
    note = Note("rest.check.history", {"since": since.isoformat()})
    return Finding("history", "works", note, tables=("orders",), since=since)

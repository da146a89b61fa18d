"""Magento as a source: what of the shop becomes which canonical table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from echannel.connectors import rest
from echannel.connectors.base import Batch, Description, Finding, Given, Note, SourceContext
from echannel.connectors.failures import SourceError
from echannel.connectors.http import Limits
from echannel.connectors.magento import mapping
from echannel.connectors.magento import service as of
from echannel.connectors.magento.lines import line_rows
from echannel.connectors.magento.mapping import Facts
from echannel.connectors.magento.money import base_worth, order_worth
from echannel.connectors.magento.service import RESOURCES, Service
from echannel.connectors.rest import Record
from echannel.connectors.windows import Window, window

OPTIONS = frozenset({"rates", "statuses", "channels", "b2b_groups", "prices_include_vat"})
_SECOND = timedelta(seconds=1)
_FIXES = {"magento.error.token": "magento.fix.token", "magento.error.no_api": "magento.fix.address"}
_READING = "1"
"""Raised when rows come out differently: then everything is read anew."""


class MagentoConnector:
    """A Magento 2 or Adobe Commerce shop.

    Options: ``address`` (https://shop.example), ``statuses`` (canonical status by the shop's own status
    code, where its state does not tell), ``channels`` (canonical channel by payment method), ``b2b_groups``
    (numbers of customer groups that are firms), ``prices_include_vat: false`` (list prices are without VAT),
    ``rates`` (of currencies whose worth the shop does not keep). Secrets: ``token``; for OAuth also
    ``consumer_key``, ``consumer_secret``, ``token_secret``.
    """

    describes: ClassVar[Description] = Description(
        platform="Magento / Adobe Commerce",
        versions="2.3 – 2.4",
        secrets=("token",),
        optional=("consumer_key", "consumer_secret", "token_secret"),
        gives={
            "orders": Given(lacks=("paid_at", "due_at", "carriage_cost")),
            "order_lines": Given(),
            "refunds": Given(lacks=("reason", "customer_id", "kind", "channel", "country")),
            "products": Given(
                lacks=(
                    *("supplier_id", "lead_time_days", "lead_time_sd_days", "order_quantity_min"),
                    *("order_quantity_multiple", "shelf_life_days", "hs_code"),
                ),
                whole=True,
            ),
            "customers": Given(),
            "stock_levels": Given(lacks=("reserved", "on_order"), whole=True),
        },
        history="magento.history",
        tested=("fake",),
        guide="magento",
    )

    def __init__(self, options: dict[str, Any], context: SourceContext, limits: Limits | None = None) -> None:
        self.options, self.context = options, context
        address = rest.checked_options(options, OPTIONS, "Magento", context)
        self.service = Service(address, options, context, limits or Limits())

    def check(self) -> Iterator[Finding]:
        """The address, the token, each right by Magento's own name, and how far back orders go."""
        try:
            may, _ = self.service.allowed()
            yield Finding("address", "works", Note("rest.check.address", {"host": self.service.api.host}))
            yield Finding("credentials", "works", Note("rest.check.key", {"platform": "Magento"}))
            for resource in RESOURCES:
                yield _right(resource, self.service.rights[resource.path], may[resource.path])
            if may[of.ORDERS.path]:
                yield self._history()
        except SourceError as failure:
            yield rest.blocked(failure, _FIXES)

    def fetch(self, cursor: dict[str, str]) -> Iterator[Batch]:
        """Everything on the first run; then what changed. See :class:`echannel.connectors.base.Connector`."""
        may, now = self.service.allowed()
        if not may[of.ORDERS.path]:
            right = self.service.rights[of.ORDERS.path]
            raise SourceError("forbidden", "magento.error.right", host=self.service.api.host, right=right)
        chosen = {name: self.options.get(name) for name in ("address", *sorted(OPTIONS))}
        mark = rest.shape(_READING, may, chosen)
        if cursor.get("shape") != mark:
            cursor = {"shape": mark}
        facts, known, first = self._catalogue(may, now)
        yield first
        if cursor.get("since"):
            yield from self._changes(may, facts, known, window(cursor["since"], now), mark)
        else:
            yield from self._everything(may, facts, known, cursor, now)

    def _catalogue(self, may: Mapping[str, bool], now: datetime) -> tuple[Facts, set[str], Batch]:
        """Products and today's stock, whole; the products' numbers; and what decides how orders are read."""
        sme, service, options = self.context.sme, self.service, self.options
        missing = [service.rights[one.path] for one in RESOURCES if not may[one.path]]
        notes = [Note("magento.note.rights_missing", {"rights": ", ".join(missing)})] if missing else []
        config = next(iter(service.configs()), {}) if may[of.CONFIGS.path] else {}
        facts = Facts(
            sme,
            self.context.source_id,
            rest.Rates(options, sme.currency),
            rest.code(config.get("base_currency_code"), 3) or sme.currency,
            options.get("statuses") or {},
            options.get("channels") or {},
            frozenset(int(one) for one in options.get("b2b_groups") or ()),
            mapping.weight_factor(config.get("weight_unit")),
            options.get("prices_include_vat") is False,
        )
        products = service.whole(of.PRODUCTS) if may[of.PRODUCTS.path] else []
        categories = service.whole(of.CATEGORIES) if may[of.CATEGORIES.path] else []
        items = service.stock() if may[of.SOURCE_ITEMS.path] else []
        today = now.astimezone(ZoneInfo(sme.timezone)).date().isoformat()
        rows = mapping.product_rows(products, categories, facts)
        tables = {"products": rows, "stock_levels": mapping.stock_rows(items, products, today)}
        prices = {str(one["id"]): rest.number(one.get("price"), 0.0) for one in products}
        known = {row["product_id"] for row in rows}
        return replace(facts, prices=prices), known, rest.batch(tables, notes=notes)

    def _everything(
        self, may: Mapping[str, bool], facts: Facts, known: set[str], cursor: Mapping[str, str], now: datetime
    ) -> Iterator[Batch]:
        """A first sync, or the rest of one that broke off. Accounts come after guests, whom they outrank."""
        service, begun = self.service, cursor.get("begun") or now.isoformat()
        _, end = service.ends(of.ORDERS)
        for low, high, orders in service.ranges(of.ORDERS, int(cursor.get("done", "0"))):
            memos = (
                service.between(of.CREDIT_MEMOS, "order_id", low, high) if may[of.CREDIT_MEMOS.path] else []
            )
            self.context.progress(self.context.source_id, min(high, end), end)
            done = {"shape": cursor["shape"], "begun": begun, "done": str(high)}
            yield self._traded(orders, memos, facts, known, done)
        if may[of.CUSTOMERS.path]:
            for _, _, accounts in service.ranges(of.CUSTOMERS):
                yield rest.batch({"customers": self._customers(accounts, facts)})
        yield rest.batch({}, {"shape": cursor["shape"], "since": begun}, gone=("begun", "done"))

    def _changes(
        self, may: Mapping[str, bool], facts: Facts, known: set[str], changes: Window, mark: str
    ) -> Iterator[Batch]:
        """Orders, credit memos and accounts that changed within the window; orders with all their memos."""
        service = self.service
        bounds = (_moment((changes.since or changes.until) - _SECOND), _moment(changes.until + _SECOND))
        orders = {int(one["entity_id"]): one for one in service.between(of.ORDERS, "updated_at", *bounds)}
        memos: list[Record] = []
        if may[of.CREDIT_MEMOS.path]:
            recent = service.between(of.CREDIT_MEMOS, "updated_at", *bounds)
            strangers = sorted({int(one["order_id"]) for one in recent} - set(orders))
            found = service.among(of.ORDERS, "entity_id", strangers)
            orders |= {int(one["entity_id"]): one for one in found}
            memos = service.among(of.CREDIT_MEMOS, "order_id", sorted(orders))
        traded = self._traded([orders[one] for one in sorted(orders)], memos, facts, known, {})
        yield traded
        accounts = service.between(of.CUSTOMERS, "updated_at", *bounds) if may[of.CUSTOMERS.path] else []
        rows = self._customers(accounts, facts)
        yield rest.batch({"customers": rows}, {"shape": mark, "since": changes.mark})

    def _traded(
        self, orders: list[Record], memos: list[Record], facts: Facts, known: set[str], cursor: dict[str, str]
    ) -> Batch:
        """Orders with their lines, refunds and guests, and the products that only they still know."""
        people = rest.hashed(self.context.pseudonym, [order.get("customer_email") for order in orders])
        tables: dict[str, list[Record]] = {"orders": [], "order_lines": [], "refunds": []}
        refused, back = [], _by_order(memos)
        for order, who in zip(orders, people, strict=True):
            rate = order_worth(order, facts.rates)
            if rate is None:
                refused.append(self._no_rate(order, facts))
                continue
            lines = line_rows(order, facts.prices, base_worth(order, facts.rates))
            tables["orders"].append({**mapping.order_row(order, lines, facts, rate), "customer_id": who})
            tables["order_lines"] += lines
            for memo in back.get(int(order["entity_id"]), []):
                tables["refunds"] += mapping.refund_rows(memo, order, facts, rate)
        tables["products"] = mapping.gone_rows(orders, known)
        tables["customers"] = self._customers(_guests(orders), facts)
        return rest.batch(tables, cursor, refused=refused)

    def _customers(self, records: list[Record], facts: Facts) -> list[Record]:
        """Accounts, or guests by an order of theirs."""
        emails = [one.get("customer_email") or one.get("email") for one in records]
        people = rest.hashed(self.context.pseudonym, emails)
        rows = [mapping.customer_row(one, facts) for one in records]
        keys = []
        for one, row in zip(records, rows, strict=True):
            firm = (mapping.order_firm if "entity_id" in one else mapping.customer_firm)(one, facts)[0]
            keys.append(firm if row["kind"] == "b2b" else None)
        firms = rest.hashed(self.context.pseudonym, keys)
        return [
            {"customer_id": who, "company_id": firm, **row}
            for who, firm, row in zip(people, firms, rows, strict=True)
            if who
        ]

    def _history(self) -> Finding:
        low, high = self.service.ends(of.ORDERS)
        first = self.service.between(of.ORDERS, "entity_id", low, low) if high else []
        if not first:
            return Finding("history", "lacks", Note("rest.check.empty"), None, "sme", ("orders",))
        since = datetime.fromisoformat(str(first[0]["created_at"])).date()
        note = Note("rest.check.history", {"since": since.isoformat()})
        return Finding("history", "works", note, tables=("orders",), since=since)

    def _no_rate(self, order: Record, facts: Facts) -> Record:
        currency = str(order.get("order_currency_code"))
        told = {"entity_id": order["entity_id"], "currency": currency, "total": order.get("grand_total")}
        values = {"currency": currency, "reporting": facts.sme.currency}
        reason = "rest.reason.no_rate"
        number = order["entity_id"]
        return rest.refusal(facts.source, "orders", number, "currency", currency, reason, told, **values)


def _right(resource: of.Resource, name: str, granted: bool) -> Finding:
    values = {"right": name}
    if granted:
        return Finding("permission", "works", Note("magento.check.right", values), tables=resource.tables)
    state: Any = "blocks" if resource is of.ORDERS else "lacks"
    note, fix = Note("magento.check.no_right", values), Note("magento.fix.right", values)
    return Finding("permission", state, note, fix, "sme", resource.tables)


def _by_order(memos: list[Record]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {}
    for memo in memos:
        found.setdefault(int(memo["order_id"]), []).append(memo)
    return found


def _guests(orders: list[Record]) -> list[Record]:
    """Of each e-mail that bought without an account, its latest order."""
    guests = [order for order in orders if order.get("customer_is_guest") and order.get("customer_email")]
    return list({str(order["customer_email"]).casefold(): order for order in guests}.values())


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")

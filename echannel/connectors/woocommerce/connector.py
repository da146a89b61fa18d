"""WooCommerce's REST API as a source: what of the shop becomes which canonical table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
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
    number,
    refusal,
    rights,
    shape,
)
from echannel.connectors.windows import Window, window
from echannel.connectors.woocommerce import service as of
from echannel.connectors.woocommerce.mapping import (
    NOT_ORDERS,
    STATUSES,
    Facts,
    customer_row,
    is_firm,
    line_rows,
    order_row,
    product_row,
    rate_of,
    refund_rows,
)
from echannel.connectors.woocommerce.service import NEEDED, RIGHTS, Service

OPTIONS = frozenset({"rates", "states", "channels", "key_in_address"})
_READING = "1"
"""Raised when rows come out differently: then everything is read anew."""
PAGES = 10
"""Pages of orders in one batch of a first sync."""
_SECOND = timedelta(seconds=1)
_FIXES = {
    "woocommerce.error.key": "woocommerce.fix.key",
    "woocommerce.error.key_lost": "woocommerce.fix.key_lost",
    "woocommerce.error.no_api": "woocommerce.fix.no_api",
}


class WooCommerceConnector:
    """A WooCommerce shop.

    Options: ``address`` (https://shop.example), ``rates`` (what other currencies are worth in the profile's),
    ``states`` (canonical status of statuses that plugins added), ``channels`` (canonical channel by
    ``created_via``), ``key_in_address`` (for servers that drop the Authorization header: puts the keys into
    the shop's logs). Secrets: ``key`` (ck_…) and ``secret`` (cs_…).
    """

    describes: ClassVar[Description] = Description(
        platform="WooCommerce",
        versions="5.8–10",
        secrets=("key", "secret"),
        gives={
            "orders": Given(lacks=("due_at", "carriage_cost")),
            "order_lines": Given(),
            "refunds": Given(lacks=("reason", "customer_id", "kind", "channel", "country")),
            "products": Given(
                lacks=(
                    *("supplier_id", "lead_time_days", "lead_time_sd_days", "order_quantity_min"),
                    *("order_quantity_multiple", "shelf_life_days", "hs_code", "origin_country"),
                ),
                whole=True,
            ),
            "customers": Given(),
            "stock_levels": Given(lacks=("reserved", "on_order"), whole=True),
        },
        history="woocommerce.history",
        tested=("fake",),
        guide="woocommerce",
    )

    def __init__(self, options: dict[str, Any], context: SourceContext, limits: Limits | None = None) -> None:
        self.options, self.context = options, context
        address = checked_options(options, OPTIONS, "WooCommerce", context)
        self.service = Service(address, options, context, limits or Limits())

    def check(self) -> Iterator[Finding]:
        """The address, the key, each permission, and how far back orders go."""
        try:
            may, _ = self.service.allowed()
            yield Finding("address", "works", Note("rest.check.address", {"host": self.service.api.host}))
            yield Finding("credentials", "works", Note("rest.check.key", {"platform": "WooCommerce"}))
            yield from rights(may, RIGHTS, NEEDED, "woocommerce.fix.right")
            if may["orders"]:
                first, _ = self.service.first(
                    "orders", orderby="id", order="asc", _fields="id,date_created_gmt"
                )
                yield _history(first)
        except SourceError as failure:
            yield blocked(failure, _FIXES)

    def fetch(self, cursor: dict[str, str]) -> Iterator[Batch]:
        """Everything on the first run; then what changed. See :class:`echannel.connectors.base.Connector`."""
        may, now = self.service.allowed()
        if not may["orders"]:
            raise SourceError(
                "forbidden", "woocommerce.error.cannot_view", host=self.service.api.host, resource="orders"
            )
        facts, notes = self._facts(may)
        chosen = {name: self.options.get(name) for name in ("address", "rates", "states", "channels")}
        mark = shape(_READING, may, chosen, facts.own)
        if cursor.get("orders") != mark:
            cursor = {"orders": mark}
        yield from self._catalogue(may, facts, now, notes)
        if cursor.get("since"):
            yield from self._changes(may, facts, window(cursor["since"], now), cursor)
        else:
            yield from self._everything(may, facts, cursor, now)

    def _facts(self, may: Mapping[str, bool]) -> tuple[Facts, list[Note]]:
        sme, service = self.context.sme, self.service
        missing = [name for name, granted in may.items() if not granted]
        notes = [Note("rest.note.rights_missing", {"rights": ", ".join(missing)})] if missing else []
        if self.options.get("key_in_address"):
            notes.append(Note("woocommerce.note.key_in_address"))
        general: dict[str, Any] = {}
        unit, taxes = "kg", None
        if may["settings/general"]:
            general = service.settings("general")
            unit = str(service.settings("products").get("woocommerce_weight_unit") or "kg")
            if service.settings("tax").get("woocommerce_prices_include_tax") == "yes":
                base = str(general.get("woocommerce_default_country") or sme.country).partition(":")[0]
                taxes = _base_rates(
                    service.whole("taxes", "id,country,rate,class") if may["taxes"] else [], base
                )
        own = code(general.get("woocommerce_currency"), 3) or sme.currency
        rates = Rates(self.options, sme.currency)
        if rates.of(own) is None:
            notes.append(Note("woocommerce.note.own_currency", {"own": own, "reporting": sme.currency}))
        states, channels = self.options.get("states") or {}, self.options.get("channels") or {}
        return Facts(sme, self.context.source_id, rates, own, states, channels, unit, taxes), notes

    def _catalogue(
        self, may: Mapping[str, bool], facts: Facts, now: datetime, notes: list[Note]
    ) -> Iterator[Batch]:
        """Products and today's stock, whole: a change of stock leaves no date."""
        if not may["products"]:
            yield batch({}, notes=notes)
            return
        products = self.service.whole("products", of.PRODUCT_FIELDS, status="any")
        variations = self.service.variations(products)
        split = {row["parent"]["id"] for row in variations}
        sold = [
            row for row in products if row["id"] not in split and row.get("type") != "grouped"
        ] + variations
        factor = facts.rates.of(facts.own)
        rows = [product_row(row, facts, factor) for row in sold]
        today = now.astimezone(ZoneInfo(facts.sme.timezone)).date().isoformat()
        stock = [
            {
                "product_id": row["product_id"],
                "location": facts.source,
                "as_of": today,
                "on_hand": number(record.get("stock_quantity"), 0.0),
                "_file": "products",
                "_row": record["id"],
            }
            for row, record in zip(rows, sold, strict=True)
            if record.get("manage_stock") is True
        ]
        shared = sum(record.get("manage_stock") == "parent" for record in variations)
        if shared:
            notes = [*notes, Note("woocommerce.note.shared_stock", {"n": shared})]
        yield batch({"products": rows, "stock_levels": stock}, notes=notes)

    def _everything(
        self, may: Mapping[str, bool], facts: Facts, cursor: Mapping[str, str], now: datetime
    ) -> Iterator[Batch]:
        """A first sync, or the rest of one that broke off: orders from the last page to the first."""
        service, begun = self.service, cursor.get("begun") or now.isoformat()
        pages = service.pages("orders", status="any")
        left = min(int(cursor.get("left", pages)), pages)
        people: dict[str, Record] = {}
        if left < pages:
            for rows in service.read("orders", of.PEOPLE_FIELDS, status="any"):
                self._meet(rows, people)
        known = service.all_refunds()
        for some in _grouped(service.read("orders", of.ORDER_FIELDS, left, status="any"), PAGES):
            left -= len(some)
            rows = [row for page in some for row in page]
            self._meet(rows, people)
            self.context.progress(self.context.source_id, pages - left, pages)
            at = {"orders": cursor["orders"], "begun": begun, "left": str(left)}
            yield self._traded(rows, facts, at, known)
        yield batch({"customers": self._customers([*people.values()], facts)})
        newest = 0
        if may["customers"]:
            accounts = service.whole("customers", of.CUSTOMER_FIELDS, role="all")
            newest = max((row["id"] for row in accounts), default=0)
            yield batch({"customers": self._customers([row for row in accounts if _buys(row)], facts)})
        done = {"orders": cursor["orders"], "since": begun, "account": str(newest)}
        yield batch({}, done, gone=("begun", "left"))

    def _changes(
        self, may: Mapping[str, bool], facts: Facts, changes: Window, cursor: Mapping[str, str]
    ) -> Iterator[Batch]:
        """Orders that changed within the window, those thrown away too, and accounts that are new."""
        bounds = {"modified_before": _gmt(changes.until + _SECOND), "dates_are_gmt": "true"}
        if changes.since is not None:
            bounds["modified_after"] = _gmt(changes.since - _SECOND)
        orders: dict[int, Record] = {}
        for status in ("any", "trash"):
            for row in self.service.whole("orders", of.ORDER_FIELDS, status=status, **bounds):
                orders[row["id"]] = row
        people: dict[str, Record] = {}
        self._meet(list(orders.values()), people)
        accounts, newest = self._new_accounts(may, int(cursor.get("account", "0")))
        yield batch({"customers": self._customers([*people.values(), *accounts], facts)})
        done = {"orders": cursor["orders"], "since": changes.mark, "account": str(newest)}
        yield self._traded(list(orders.values()), facts, done, {})

    def _new_accounts(self, may: Mapping[str, bool], known: int) -> tuple[list[Record], int]:
        """Accounts with a higher number than any known; WooCommerce does not tell which ones changed."""
        found: list[Record] = []
        page = 1
        while may["customers"]:
            asked = {"per_page": str(of.PAGE), "page": str(page), "orderby": "id", "order": "desc"}
            rows = self.service.api.get(
                "customers", {**asked, "role": "all", "_fields": of.CUSTOMER_FIELDS}
            ).json()
            found += [row for row in rows if row["id"] > known]
            if len(rows) < of.PAGE or rows[-1]["id"] <= known:
                break
            page += 1
        return [row for row in found if _buys(row)], max([known, *(row["id"] for row in found)])

    def _meet(self, orders: list[Record], people: dict[str, Record]) -> None:
        """Guests, by e-mail, each by the latest of their orders."""
        for order in orders:
            email = (order.get("billing") or {}).get("email")
            if email and not order.get("customer_id"):
                known = people.get(email.casefold())
                if known is None or known["id"] < order["id"]:
                    people[email.casefold()] = order

    def _customers(self, records: list[Record], facts: Facts) -> list[Record]:
        emails = [record.get("email") or (record.get("billing") or {}).get("email") for record in records]
        people = hashed(self.context.pseudonym, emails)
        rows = [customer_row(record, facts) for record in records]
        named = [is_firm(record, facts)[0] for record in records]
        keys = [firm if row["kind"] == "b2b" else None for firm, row in zip(named, rows, strict=True)]
        firms = hashed(self.context.pseudonym, keys)
        return [
            {"customer_id": who, "company_id": firm, **row}
            for who, firm, row in zip(people, firms, rows, strict=True)
            if who
        ]

    def _traded(
        self, orders: list[Record], facts: Facts, cursor: dict[str, str], known: Mapping[int, Record]
    ) -> Batch:
        """Orders with their lines and refunds, some of which may be known."""
        real = [order for order in orders if order.get("status") not in NOT_ORDERS]
        people = hashed(self.context.pseudonym, [(order.get("billing") or {}).get("email") for order in real])
        factor = facts.rates.of(facts.own)
        tables: dict[str, list[Record]] = {"orders": [], "order_lines": [], "refunds": []}
        refused = []
        for order, who, back in zip(real, people, self.service.refunds(real, known), strict=True):
            rate = rate_of(order, facts)
            if rate is None:
                refused.append(self._no_rate(order, facts))
                continue
            tables["orders"].append({**order_row(order, facts, rate, back), "customer_id": who})
            tables["order_lines"] += line_rows(order, facts, factor)
            tables["refunds"] += refund_rows(order, back, facts, rate)
        added = {str(order.get("status")) for order in real} - set(STATUSES) - set(facts.states)
        notes = [Note("woocommerce.note.states", {"states": ", ".join(sorted(added))})] if added else []
        return batch(tables, cursor, notes, refused=refused)

    def _no_rate(self, order: Record, facts: Facts) -> Record:
        currency = str(order.get("currency"))
        told = {"id": order["id"], "currency": currency, "total": order.get("total")}
        values = {"currency": currency, "reporting": facts.sme.currency}
        return refusal(
            facts.source, "orders", order["id"], "currency", currency, "rest.reason.no_rate", told, **values
        )


def _grouped(pages: Iterator[list[Record]], size: int) -> Iterator[list[list[Record]]]:
    while some := list(islice(pages, size)):
        yield some


def _buys(account: Record) -> bool:
    return bool(account.get("is_paying_customer")) or account.get("role") == "customer"


def _gmt(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def _history(first: list[Record]) -> Finding:
    if not first:
        return Finding("history", "lacks", Note("rest.check.empty"), None, "sme", ("orders",))
    since = datetime.fromisoformat(first[0]["date_created_gmt"]).date()
    note = Note("rest.check.history", {"since": since.isoformat()})
    return Finding("history", "works", note, tables=("orders",), since=since)


def _base_rates(taxes: list[Record], country: str) -> dict[str, float]:
    """The VAT rates of the shop's own country by tax class, as fractions; a rate for everywhere fills in."""
    found: dict[str, float] = {}
    for wanted in ("", country):
        for row in taxes:
            if str(row.get("country") or "") == wanted:
                found[str(row.get("class") or "standard")] = number(row.get("rate"), 0.0) / 100
    return found

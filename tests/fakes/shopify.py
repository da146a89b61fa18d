"""A made-up Shopify shop: tokens, a bucket of points, bulk operations in JSONL on a host of their own.

Its records are whole, personal data and all; ``truth`` is what it sold, from its own books in cents.
"""

from __future__ import annotations

import json
import random
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from fakes.graphql import Field, QueryError, connection, cost, flattened, inner, parsed, projected
from fakes.server import Call, FakeServer, Reply

TOKEN, CLIENT, HIDDEN = "shpat_0123456789abcdef", "client-id", "shpss_secret"
CANARIES = {"email": "ann.canary@example.com", "name": "Canaria Surname", "street": "99 Canary Wharf"}
SCOPES = ("read_orders", "read_all_orders", "read_products", "read_inventory", "read_customers")
_NOT_COUNTED = ("PENDING", "VOIDED", "AUTHORIZED")


class ShopifyShop:
    """One shop. ``store`` serves the files of its bulk operations; ``available`` is its bucket of points."""

    def __init__(self, orders: int = 0, seed: int = 1, included: bool = True, currency: str = "GBP") -> None:
        self.random, self.included, self.currency = random.Random(seed), included, currency
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.scopes, self.shows_people, self.closed = set(SCOPES), True, False
        self.available, self.most, self.restores = 2000.0, 2000.0, 5000.0
        self.throttled = self.polls = self.refused_for_cost = 0
        self.stock_hangs_on_items = False
        self.dearest, self.fills = 1000, 500
        self.orders: dict[int, dict] = {}
        self.refunds: dict[str, dict] = {}
        self.books: dict[int, dict[str, float]] = {}
        self.customers = [self._customer(one) for one in range(1, 6)]
        self.variants = [_variant(one, currency) for one in range(41, 46)]
        self.operations: dict[str, dict] = {}
        self.files: dict[str, bytes] = {}
        self.store = FakeServer(self._file)
        for _ in range(orders):
            self.sell()
        self.pass_time(60)

    def utc(self) -> float:
        return self.now.timestamp()

    def pass_time(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    def sell(self, financial: str | None = None, gift_card: bool = False, lines: int = 0) -> int:
        """An order of some lines with discounts, carriage and perhaps a tip."""
        self.pass_time(self.random.randint(5, 300))
        number = 1000 + len(self.orders)
        financial = financial or self.random.choice(("PAID", "PAID", "PAID", "PENDING", "VOIDED"))
        rows = [self._line(number * 100 + n) for n in range(lines or self.random.randint(1, 3))]
        goods = list(rows)
        if gift_card:
            rows.append(self._line(number * 100 + 99, card=True))
        carriage, tip = self.random.choice((0, 500)), self.random.choice((0, 0, 200))
        net = sum(one["net"] for one in goods) + carriage + tip
        cards = sum(one["net"] for one in rows if one not in goods)
        vat = sum(one["vat"] for one in goods) + carriage // 5
        buyer = self.customers[number % 5]
        self.books[number] = {"net": net, "vat": vat, "back": 0.0, "first": goods[0]}
        self.orders[number] = {
            "id": f"gid://shopify/Order/{number}",
            "name": f"#{number}",
            "email": buyer["defaultEmailAddress"]["emailAddress"],
            "note": CANARIES["name"],
            "createdAt": _when(self.now),
            "processedAt": _when(self.now),
            "updatedAt": _when(self.now),
            "cancelledAt": _when(self.now) if financial == "VOIDED" else None,
            "test": False,
            "taxesIncluded": self.included,
            "displayFinancialStatus": financial,
            "displayFulfillmentStatus": self.random.choice(("FULFILLED", "UNFULFILLED"))
            if financial == "PAID"
            else "UNFULFILLED",
            "sourceName": self.random.choice(("web", "pos", "shopify_draft_order")),
            "paymentGatewayNames": ["shopify_payments"],
            "customer": buyer,
            "billingAddress": buyer["defaultAddress"],
            "shippingAddress": buyer["defaultAddress"],
            "totalPriceSet": self._bag(net + vat + cards),
            "totalTaxSet": self._bag(vat),
            "totalTipReceivedSet": self._bag(tip),
            "originalTotalDutiesSet": None,
            "originalTotalAdditionalFeesSet": None,
            "refunds": [],
            "lineItems": [one["record"] for one in rows],
            "shippingLines": [
                {
                    "id": f"gid://shopify/ShippingLine/{number}",
                    "originalPriceSet": self._bag(carriage * (1.2 if self.included else 1)),
                    "discountedPriceSet": self._bag(carriage * (1.2 if self.included else 1)),
                    "taxLines": [{"rate": 0.2, "priceSet": self._bag(carriage // 5)}],
                }
            ],
        }
        return number

    def _line(self, number: int, card: bool = False) -> dict[str, Any]:
        quantity = self.random.randint(1, 4)
        before = self.random.randint(4, 40) * 100 * quantity
        off = 0 if card else self.random.choice((0, 0, before // 20 * 5))
        vat = 0 if card else (before - off) // 5
        factor = 1.2 if self.included and not card else 1.0
        variant = self.random.choice(self.variants)
        record = {
            "id": f"gid://shopify/LineItem/{number}",
            "title": "A thing",
            "quantity": quantity,
            "isGiftCard": card,
            "variant": {"id": variant["id"]},
            "product": {"id": variant["product"]["id"]},
            "customAttributes": [{"key": "Engraving", "value": CANARIES["name"]}],
            "originalTotalSet": self._bag(before * factor),
            "discountAllocations": [{"allocatedAmountSet": self._bag(off * factor)}] if off else [],
            "taxLines": [] if card else [{"rate": 0.2, "priceSet": self._bag(vat)}],
        }
        return {"net": before - off, "vat": vat, "quantity": quantity, "record": record}

    def change(self, number: int, **fields: Any) -> None:
        self.pass_time(1)
        self.orders[number] |= {**fields, "updatedAt": _when(self.now)}

    def refund(self, number: int, extra: int = 0) -> None:
        """Give the first line back, or (``extra``, net cents) only an amount on top."""
        self.pass_time(1)
        line, books = self.books[number]["first"], self.books[number]
        gid = f"gid://shopify/Refund/{9000 + len(self.refunds)}"
        lines, adjustments = [], []
        if extra:
            books["back"] += extra
            adjustments = [{"amountSet": self._bag(-extra), "taxAmountSet": self._bag(-extra // 5)}]
        else:
            books["back"] += line["net"]
            subtotal = line["net"] + (line["vat"] if self.included else 0)
            lines = [
                {
                    "quantity": line["quantity"],
                    "lineItem": line["record"],
                    "subtotalSet": self._bag(subtotal),
                    "totalTaxSet": self._bag(line["vat"]),
                }
            ]
        self.refunds[gid] = {
            "id": gid,
            "createdAt": _when(self.now),
            "note": CANARIES["name"],
            "refundLineItems": lines,
            "refundShippingLines": [],
            "orderAdjustments": adjustments,
        }
        given = [*self.orders[number]["refunds"], {"id": gid}]
        self.change(number, refunds=given, displayFinancialStatus="PARTIALLY_REFUNDED")

    def truth(self) -> float:
        """Turnover ex VAT after refunds, of the orders that count, gift cards left out."""
        counted = [n for n, one in self.orders.items() if _counts(one)]
        return sum(self.books[n]["net"] - self.books[n]["back"] for n in counted) / 100

    def _bag(self, cents: float) -> dict[str, Any]:
        own = {"amount": f"{cents / 100:.2f}", "currencyCode": self.currency}
        return {"shopMoney": own, "presentmentMoney": {"amount": f"{cents / 90:.2f}", "currencyCode": "EUR"}}

    def _customer(self, number: int) -> dict[str, Any]:
        return {
            "id": f"gid://shopify/Customer/{number}",
            "displayName": CANARIES["name"],
            "createdAt": f"2025-0{number}-01T08:00:00Z",
            "updatedAt": f"2025-0{number}-01T08:00:00Z",
            "defaultEmailAddress": {"emailAddress": f"{number}.{CANARIES['email']}"},
            "defaultAddress": {
                "address1": CANARIES["street"],
                "countryCodeV2": "FR" if number == 3 else "GB",
                "provinceCode": "ENG",
                "company": "Canaria Surname Ltd" if number == 2 else None,
            },
        }

    # What it answers.

    def __call__(self, call: Call) -> Any:
        if self.closed:
            return Reply({"errors": "Unavailable Shop"}, 402)
        if call.path.endswith("/oauth/access_token"):
            form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
            good = form == {
                "grant_type": "client_credentials",
                "client_id": CLIENT,
                "client_secret": HIDDEN,
            }
            told = {"access_token": TOKEN, "scope": ",".join(self.scopes), "expires_in": 86399}
            return told if good else Reply({"error": "application_cannot_be_found"}, 400)
        version = re.fullmatch(r"/admin/api/(\d{4}-\d\d)/graphql\.json", call.path)
        if not version:
            return Reply({"errors": "Not Found"}, 404)
        if call.headers.get("X-Shopify-Access-Token") != TOKEN:
            return Reply({"errors": "[API] Invalid API key or access token"}, 401)
        told = self._answered(call.json["query"], call.json.get("variables") or {})
        return Reply(told, 200, {"X-Shopify-API-Version": version.group(1)})

    def _answered(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        try:
            fields = parsed(query, variables)
            points = cost(fields)
            if points > self.dearest:
                self.refused_for_cost += 1
                raise QueryError(f"Query cost is {points}, too much by far", "MAX_COST_EXCEEDED")
            self.available = min(self.most, self.available + self.fills)
            if points > self.available:
                self.throttled += 1
                raise QueryError("Throttled", "THROTTLED")
            self.available -= points
            return {"data": {one.name: self._field(one) for one in fields}, "extensions": self._cost(points)}
        except QueryError as wrong:
            error = {"message": str(wrong), "extensions": {"code": wrong.code}, "path": [wrong.path]}
            return {"errors": [error], "extensions": self._cost(points if wrong.code == "THROTTLED" else 10)}

    def _cost(self, points: int) -> dict[str, Any]:
        state = {
            "maximumAvailable": self.most,
            "currentlyAvailable": self.available,
            "restoreRate": self.restores,
        }
        return {"cost": {"requestedQueryCost": points, "throttleStatus": state}}

    def _field(self, asked: Field) -> Any:
        if asked.name == "shop":
            shop = {
                "currencyCode": self.currency,
                "ianaTimezone": "Europe/London",
                "taxesIncluded": self.included,
            }
            return projected(shop, asked.selection)
        if asked.name == "currentAppInstallation":
            return {"accessScopes": [{"handle": scope} for scope in sorted(self.scopes)]}
        if asked.name == "bulkOperationRunQuery":
            return self._run(asked.arguments["query"])
        if asked.name == "node":
            return self._node(asked)
        if asked.name == "nodes":
            found = [self.refunds.get(one) for one in asked.arguments["ids"]]
            return [projected(one, asked.selection) if one else None for one in found]
        rows = self._rows(asked)
        return connection(asked, rows, lambda row: projected(row, inner(asked)))

    def _rows(self, asked: Field) -> list[dict]:
        self._permit(asked)
        if asked.name == "productVariants":
            return self.variants
        rows = list(self.orders.values()) if asked.name == "orders" else self.customers
        bounds = re.findall(r"updated_at:([<>]=)'([^']+)'", str(asked.arguments.get("query") or ""))
        for sign, moment in bounds:
            rows = [
                r for r in rows if (r["updatedAt"] >= moment if sign == ">=" else r["updatedAt"] <= moment)
            ]
        key = {"UPDATED_AT": "updatedAt", "CREATED_AT": "createdAt"}.get(
            str(asked.arguments.get("sortKey")), "id"
        )
        return sorted(rows, key=lambda row: (row[key], row["id"]))

    def _permit(self, asked: Field) -> None:
        needed = {"orders": "read_orders", "productVariants": "read_products", "customers": "read_customers"}
        hidden = asked.name == "customers" or any(one.name in ("email", "customer") for one in inner(asked))
        if needed[asked.name] not in self.scopes or (hidden and not self.shows_people):
            raise QueryError(f"Access denied for {asked.name} field.", "ACCESS_DENIED", asked.name)
        stock = any(one.name == "inventoryItem" for one in inner(asked))
        if stock and "read_inventory" not in self.scopes:
            raise QueryError("Access denied for inventoryItem field.", "ACCESS_DENIED", "inventoryItem")

    def _run(self, query: str) -> dict[str, Any]:
        if any(one["status"] == "RUNNING" for one in self.operations.values()):
            error = {"field": None, "message": "A bulk query operation is already in progress"}
            return {"bulkOperation": None, "userErrors": [error]}
        (top,) = parsed(query)
        gid = f"gid://shopify/BulkOperation/{len(self.operations) + 1}"
        lines = flattened(self._rows(top), inner(top))
        if self.stock_hangs_on_items:
            for line in lines:
                parent = line.get("__parentId", "")
                if "ProductVariant" in parent:
                    line["__parentId"] = parent.replace("ProductVariant", "InventoryItem")
        name = f"/{gid.rpartition('/')[2]}.jsonl"
        self.files[name] = "\n".join(json.dumps(line) for line in lines).encode()
        url = f"{self.store.url}{name}?signature=abc" if lines else None
        self.operations[gid] = {
            "id": gid,
            "status": "RUNNING",
            "errorCode": None,
            "objectCount": str(len(lines)),
            "url": url,
            "polls": 0,
        }
        return {"bulkOperation": {"id": gid, "status": "CREATED"}, "userErrors": []}

    def _node(self, asked: Field) -> Any:
        gid = asked.arguments["id"]
        if gid in self.operations:
            state = self.operations[gid]
            state["polls"] += 1
            if state["polls"] > self.polls:
                state["status"] = "COMPLETED"
            return projected(state, asked.selection)
        order = next((one for one in self.orders.values() if one["id"] == gid), None)
        return projected(order, asked.selection) if order else None

    def _file(self, call: Call) -> Any:
        if "X-Shopify-Access-Token" in call.headers:
            return Reply("no token here", 403)
        if call.params.get("signature") != "abc" or call.path not in self.files:
            return Reply("<Error><Code>ExpiredToken</Code></Error>", 403)
        return self.files[call.path]

    @contextmanager
    def served(self):
        with self.store, FakeServer(self, clock=self.utc) as server:
            yield server

    @contextmanager
    def out_of_order(self):
        self.closed = True
        yield
        self.closed = False


def _counts(order: dict) -> bool:
    return (
        order["displayFinancialStatus"] not in _NOT_COUNTED and not order["test"] and not order["cancelledAt"]
    )


def _when(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _variant(number: int, currency: str) -> dict[str, Any]:
    levels = [
        {
            "id": f"gid://shopify/InventoryLevel/{place}?inventory_item_id={number}",
            "location": {"id": f"gid://shopify/Location/{place}"},
            "quantities": [
                {"name": "on_hand", "quantity": number},
                {"name": "committed", "quantity": 2},
                {"name": "incoming", "quantity": 5},
            ],
        }
        for place in (1, 2)
    ]
    return {
        "id": f"gid://shopify/ProductVariant/{number}",
        "sku": f"V-{number}",
        "title": "Red" if number == 42 else "Default Title",
        "price": "12.00",
        "createdAt": "2025-01-01T08:00:00Z",
        "product": {
            "id": f"gid://shopify/Product/{number * 10}",
            "title": f"Thing {number}",
            "status": "DRAFT" if number == 45 else "ACTIVE",
            "productType": "Lamps",
        },
        "inventoryItem": {
            "id": f"gid://shopify/InventoryItem/{number}",
            "tracked": number != 44,
            "unitCost": {"amount": "4.5", "currencyCode": currency} if number == 41 else None,
            "countryCodeOfOrigin": "FR",
            "harmonizedSystemCode": "940540",
            "measurement": {"weight": {"unit": "GRAMS", "value": 250.0}},
            "inventoryLevels": levels,
        },
    }

"""A made-up WooCommerce shop behind its REST API: keys, pages, filters and refusals as the real one's.

``WooShop`` holds whole records, personal data and all; ``truth`` is what it sold, from its own books.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from fakes.server import Call, FakeServer, Reply

KEY, SECRET = "ck_" + "a" * 40, "cs_" + "b" * 40
CANARIES = {
    "email": "ann.canary@example.com",
    "name": "Canaria Surname",
    "street": "99 Canary Wharf",
    "phone": "0700 900 999",
}
COUNTED = ("processing", "completed", "refunded", "wc-boxed")
ALL = ("orders", "products", "customers", "settings", "taxes")


class WooShop:
    """One shop; amounts in its books are whole cents."""

    def __init__(self, orders: int = 0, seed: int = 1, currency: str = "GBP") -> None:
        self.random, self.currency = random.Random(seed), currency
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.orders: dict[int, dict] = {}
        self.refunds: dict[int, list[dict]] = {}
        self.books: dict[int, dict[str, Any]] = {}
        self.rights, self.drops_authorization, self.plain_permalinks = set(ALL), False, False
        self.products = [_product(one) for one in range(11, 17)]
        self.variations = {16: [_variation(16, one) for one in (161, 162)]}
        self.products[-1]["variations"] = [161, 162]
        self.customers = [_account(one) for one in range(1, 8)]
        self.settings = {
            "general": {"woocommerce_currency": currency, "woocommerce_default_country": "GB:KEN"},
            "products": {"woocommerce_weight_unit": "g"},
            "tax": {"woocommerce_prices_include_tax": "yes"},
        }
        self.nonces: set[str] = set()
        self.version = 9
        for _ in range(orders):
            self.sell()
        self.pass_time(60)

    def utc(self) -> float:
        return self.now.timestamp()

    def pass_time(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    def sell(self, status: str | None = None, **changes: Any) -> int:
        """An order of some lines, with carriage, perhaps a coupon and a fee."""
        self.pass_time(self.random.randint(5, 300))
        number = 100 + len(self.orders)
        status = status or self.random.choice(
            ("pending", "processing", "completed", "completed", "cancelled", "wc-boxed", "checkout-draft")
        )
        lines = [self._line(number * 10 + one) for one in range(self.random.randint(1, 3))]
        fee = self.random.choice((0, 0, 150, -100))
        carriage = self.random.choice((0, 500))
        fees = [{"id": 1, "name": "Fee", "total": _money(fee), "total_tax": _money(fee // 5)}] if fee else []
        net = sum(one["net"] for one in lines) + fee + carriage
        vat = sum(one["vat"] for one in lines) + fee // 5 + carriage // 5
        who = self.random.randint(0, 7)
        address = _address(who or number % 5 + 20)
        currency = changes.pop("currency", self.currency)
        paid = status in ("processing", "completed", "wc-boxed")
        self.books[number] = {"net": net, "vat": vat, "lines": lines, "back": 0}
        self.orders[number] = {
            "id": number,
            "number": str(number),
            "status": status.removeprefix("wc-"),
            "currency": currency,
            "prices_include_tax": True,
            "date_created_gmt": _when(self.now),
            "date_created": _when(self.now),
            "date_modified_gmt": _when(self.now),
            "date_paid_gmt": _when(self.now) if paid else None,
            "discount_total": _money(sum(one["off"] for one in lines)),
            "shipping_total": _money(carriage),
            "shipping_tax": _money(carriage // 5),
            "total": _money(net + vat),
            "total_tax": _money(vat),
            "customer_id": who,
            "customer_ip_address": "203.0.113.7",
            "customer_note": CANARIES["name"],
            "billing": address,
            "shipping": {**address, "email": None},
            "payment_method": "stripe",
            "created_via": self.random.choice(("checkout", "store-api", "admin")),
            "line_items": [one["record"] for one in lines],
            "tax_lines": [{"id": 9, "rate_id": 1, "rate_percent": 20.0, "tax_total": _money(vat)}],
            "shipping_lines": [{"id": 8, "total": _money(carriage), "total_tax": _money(carriage // 5)}],
            "fee_lines": fees,
            "coupon_lines": [],
            "refunds": [],
            "meta_data": [{"id": 1, "key": "_phone", "value": CANARIES["phone"]}],
            **changes,
        }
        return number

    def _line(self, number: int) -> dict[str, Any]:
        price, quantity = self.random.randint(4, 40) * 100, self.random.randint(1, 4)
        before = price * quantity
        off = self.random.choice((0, 0, before // 20 * 5))
        net = before - off
        product, variation = self.random.choice(((11, 0), (12, 0), (13, 0), (16, 161), (16, 162)))
        record = {
            "id": number,
            "name": f"Product {product}",
            "product_id": product,
            "variation_id": variation,
            "quantity": quantity,
            "subtotal": _money(before),
            "subtotal_tax": _money(before // 5),
            "total": _money(net),
            "total_tax": _money(net // 5),
            "taxes": [{"id": 1, "total": _money(net // 5), "subtotal": _money(before // 5)}],
            "cost_of_goods_sold": {"value": price * quantity / 250},
            "meta_data": [{"key": "Engraving", "value": CANARIES["name"]}],
            "price": price / 100,
        }
        return {"net": net, "vat": net // 5, "off": off, "record": record}

    def change(self, number: int, **fields: Any) -> None:
        self.pass_time(1)
        self.orders[number] |= {**fields, "date_modified_gmt": _when(self.now)}

    def refund(self, number: int, whole: bool = False, lump: int = 0) -> None:
        """Give the first line back, or the whole, or an amount (cents, with tax) without lines."""
        self.pass_time(1)
        books, order = self.books[number], self.orders[number]
        one = 5000 + sum(map(len, self.refunds.values()))
        record: dict[str, Any] = {
            "id": one,
            "date_created_gmt": _when(self.now),
            "reason": CANARIES["name"],
            "refunded_by": 1,
            "line_items": [],
            "shipping_lines": [],
            "fee_lines": [],
        }
        if lump or whole:
            gross = lump or books["net"] + books["vat"]
            net = gross * books["net"] / (books["net"] + books["vat"])
        else:
            line = books["lines"][0]
            net, gross = line["net"], line["net"] + line["vat"]
            given = line["record"] | {"id": one * 10, "quantity": -line["record"]["quantity"]}
            record["line_items"] = [given | {"total": _money(-net), "total_tax": _money(-line["vat"])}]
        record["amount"] = _money(gross)
        books["back"] += net
        self.refunds.setdefault(number, []).append(record)
        brief = {"id": one, "reason": "", "total": _money(-gross)}
        self.change(number, refunds=[*order["refunds"], brief])
        if whole:
            self.change(number, status="refunded")

    def truth(self) -> dict[str, float]:
        """Turnover ex VAT before and after refunds, and what is counted, of the orders that count."""
        counted = [n for n, order in self.orders.items() if _counts(order)]
        invoiced = sum(self.books[n]["net"] for n in counted) / 100
        back = sum(self.books[n]["back"] for n in self.orders) / 100
        return {"invoiced": invoiced, "net": invoiced - back, "orders": len(counted)}

    def real(self) -> set[str]:
        """The numbers of what WooCommerce calls orders."""
        return {str(n) for n, order in self.orders.items() if order["status"] != "checkout-draft"}

    def __call__(self, call: Call) -> Any:
        if self.plain_permalinks or "/wp-json/wc/v3/" not in call.path:
            return Reply("<html>Not found</html>", 404)
        refusal = self._refusal(call)
        if refusal is not None:
            return refusal
        path = call.path.partition("/wp-json/wc/v3/")[2]
        head = path.partition("/")[0]
        if head == "refunds" and self.version < 9:
            return _error(404, "rest_no_route", "No route was found matching the URL and request method.")
        if head not in self.rights and not (head == "refunds" and "orders" in self.rights):
            return _error(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        if head == "settings":
            group = path.partition("/")[2]
            rows = [{"id": name, "value": value} for name, value in self.settings[group].items()]
            return rows
        return self._listed(path, call.params)

    def _listed(self, path: str, params: dict[str, str]) -> Reply:
        size, page = int(params.get("per_page", 10)), int(params.get("page", 1))
        if not 1 <= size <= 100:
            return _error(400, "rest_invalid_param", "Invalid parameter(s): per_page")
        parts = path.split("/")
        if parts[-1] == "refunds" and len(parts) > 1:
            rows = self.refunds.get(int(parts[1]), [])
        elif parts[-1] == "variations":
            rows = self.variations.get(int(parts[1]), [])
        elif path == "orders":
            rows = self._orders(params)
        elif path == "refunds":
            rows = [{**row, "parent_id": of} for of, inner in self.refunds.items() for row in inner]
        elif path == "taxes":
            rows = [
                {"id": 1, "country": "GB", "rate": "20.0000", "class": "standard"},
                {"id": 2, "country": "FR", "rate": "20.0000", "class": "standard"},
                {"id": 3, "country": "GB", "rate": "5.0000", "class": "reduced-rate"},
            ]
        else:
            rows = getattr(self, path)
        backwards = params.get("order", "desc") == "desc"
        rows = sorted(rows, key=lambda row: row["id"], reverse=backwards)
        total = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(-(-len(rows) // size))}
        shown = rows[(page - 1) * size : page * size]
        fields = params.get("_fields")
        return Reply([_only(row, fields.split(",")) if fields else row for row in shown], 200, total)

    def _orders(self, params: dict[str, str]) -> list[dict]:
        status = params.get("status", "any")
        rows = [
            row
            for row in self.orders.values()
            if (row["status"] != "trash" if status == "any" else row["status"] == status)
        ]
        if "modified_after" in params or "modified_before" in params:
            assert params.get("dates_are_gmt") == "true"
        after, before = params.get("modified_after", ""), params.get("modified_before", "9")
        return [row for row in rows if after < row["date_modified_gmt"] < before]

    def _refusal(self, call: Call) -> Reply | None:
        """What is wrong with a request's keys: as they are only over TLS, else signed, each nonce once."""
        header = "" if self.drops_authorization else call.headers.get("Authorization", "")
        if call.params.get("consumer_key"):
            good = (call.params["consumer_key"], call.params["consumer_secret"]) == (KEY, SECRET)
            return None if good else _error(401, "woocommerce_rest_authentication_error", "Consumer key …")
        if header.startswith("OAuth "):
            return (
                None
                if self._signed(call, header)
                else _error(401, "woocommerce_rest_authentication_error", "Invalid signature")
            )
        if header.startswith("Basic ") and getattr(self, "secure", False):
            pair = base64.b64decode(header[6:]).decode()
            return (
                None
                if pair == f"{KEY}:{SECRET}"
                else _error(401, "woocommerce_rest_authentication_error", "Consumer key is invalid.")
            )
        return _error(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")

    def _signed(self, call: Call, header: str) -> bool:
        fields = dict(part.strip().split("=", 1) for part in header[6:].split(","))
        fields = {name: unquote(value.strip('"')) for name, value in fields.items()}
        given = fields.pop("oauth_signature")
        if fields["oauth_nonce"] in self.nonces or fields["oauth_consumer_key"] != KEY:
            return False
        self.nonces.add(fields["oauth_nonce"])
        pairs = sorted((quote(k, ""), quote(v, "")) for k, v in {**call.params, **fields}.items())
        joined = quote("&".join("=".join(pair) for pair in pairs), "")
        base = f"{call.method}&{quote('http://' + call.headers['Host'] + call.path, '')}&{joined}"
        made = hmac.new(f"{SECRET}&".encode(), base.encode(), hashlib.sha256).digest()
        return base64.b64encode(made).decode() == given

    @contextmanager
    def out_of_order(self):
        self.plain_permalinks = True
        yield
        self.plain_permalinks = False


def served(shop: WooShop, **more: Any) -> FakeServer:
    return FakeServer(shop, clock=shop.utc, **more)


def _counts(order: dict) -> bool:
    return order["status"] in ("processing", "completed", "refunded") or (
        order["status"] == "boxed" and bool(order["date_paid_gmt"])
    )


def _money(cents: float) -> str:
    return f"{cents / 100:.2f}"


def _when(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def _error(status: int, code: str, message: str) -> Reply:
    return Reply(json.dumps({"code": code, "message": message, "data": {"status": status}}), status)


def _only(record: dict, fields: list[str]) -> dict:
    """``_fields`` as WordPress understands it: a dot goes one level down."""
    shown: dict[str, Any] = {}
    for field in fields:
        head, _, inner = field.partition(".")
        if head not in record:
            continue
        if not inner:
            shown[head] = record[head]
        elif isinstance(record[head], dict) and inner in record[head]:
            shown.setdefault(head, {})[inner] = record[head][inner]
    return shown


def _address(number: int) -> dict[str, Any]:
    return {
        "first_name": "Ann",
        "last_name": CANARIES["name"],
        "address_1": CANARIES["street"],
        "phone": CANARIES["phone"],
        "email": f"{number}.{CANARIES['email']}",
        "country": "FR" if number % 3 == 0 else "GB",
        "state": "KEN" if number % 2 else "",
        "company": "Canaria Surname Ltd" if number % 4 == 0 else "",
    }


def _account(number: int) -> dict[str, Any]:
    address = _address(number)
    return {
        "id": number,
        "email": address["email"],
        "first_name": "Ann",
        "last_name": CANARIES["name"],
        "role": "customer" if number > 1 else "administrator",
        "is_paying_customer": number > 2,
        "date_created_gmt": f"2025-0{number}-01T08:00:00",
        "billing": address,
        "meta_data": [{"key": "billing_vat_number", "value": "FR40303265045"}] if number == 4 else [],
    }


def _product(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"Product {number}",
        "sku": f"P-{number}",
        "type": "variable" if number == 16 else "simple",
        "status": "publish" if number != 15 else "draft",
        "date_created_gmt": "2025-01-01T08:00:00",
        "price": "12.00",
        "regular_price": "" if number == 16 else "12.00",
        "tax_class": "",
        "tax_status": "taxable",
        "manage_stock": number not in (14, 16),
        "stock_quantity": None if number in (14, 16) else number,
        "weight": "250",
        "categories": [{"id": 3, "name": "Lamps", "slug": "lamps"}],
        "variations": [],
        "attributes": [],
        "meta_data": [{"key": "_wc_cog_cost", "value": "4.5"}] if number == 11 else [],
    }


def _variation(parent: int, number: int) -> dict[str, Any]:
    return {
        **_product(number),
        "type": "variation",
        "name": "Red",
        "regular_price": "21.00",
        "tax_class": "reduced-rate",
        "manage_stock": True if number == 161 else "parent",
        "stock_quantity": 7,
        "weight": "",
        "categories": [],
        "attributes": [{"id": 1, "name": "Colour", "option": "Red" if number == 161 else "Blue"}],
        "cost_of_goods_sold": {"values": [{"defined_value": 6.0}], "total_value": 6.0},
    }

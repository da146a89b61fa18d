"""A made-up Magento shop that does its own sums, and knows the truth of what it sold.

Sums are worked out from list prices with Magento's rules: VAT after discount, the discount with or without
VAT in it (then with its tax compensation), bundles priced by their parts or as a whole.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

CANARIES = {
    "email": "canary",
    "firstname": "Canaria",
    "lastname": "Zwitscher",
    "telephone": "0123-canary",
    "street": "1 Canary Wharf",
    "company": "Canary Holdings",
    "remote_ip": "203.0.113.77",
}
RATES = {"GBP": 1.0, "EUR": 1.25}
"""One unit of the base currency in each of them."""
COUNTED = ("processing", "complete", "closed")


@dataclass
class MagentoShop:
    """``units`` counts what left the shelf, by product, as the shop knows it from selling; ``step`` is how
    far apart its order numbers are: clusters of databases count in threes."""

    seed: int = 1
    base: str = "GBP"
    step: int = 3
    discounts_hold_vat: bool = True
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    units: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.now = datetime(2026, 3, 1, 9, tzinfo=UTC)
        self.items = self.orders = 0
        for name, kinds in (("Mug", ("simple",) * 4), ("Shirt", ("configurable", "simple", "simple"))):
            for kind in kinds:
                self.add_product(name, kind)
        self.add_product("Hamper", "bundle")
        for number in range(1, 7):
            self.add_customer(number)

    @property
    def stamp(self) -> str:
        return self.now.strftime("%Y-%m-%d %H:%M:%S")

    def clock(self) -> float:
        return self.now.timestamp()

    def find(self, table: str, number: int) -> dict[str, Any]:
        return next(one for one in self.tables[table] if one.get("entity_id", one.get("id")) == number)

    def add_product(self, name: str, kind: str) -> int:
        number = len(self.tables["products"]) + 11
        sku, price = f"SKU-{number}", float(self.random.randrange(5, 40))
        custom = [{"attribute_code": "cost", "value": f"{price * 0.4:.4f}"}]
        custom += [{"attribute_code": "country_of_manufacture", "value": "FR"}]
        custom += [{"attribute_code": "meta_author", "value": CANARIES["lastname"]}]
        self.tables["products"].append(
            {
                "id": number,
                "sku": sku,
                "name": f"{name} {number}",
                "price": price,
                "status": 1,
                "type_id": kind,
                "weight": 0.5,
                "created_at": self.stamp,
                "custom_attributes": custom if kind == "simple" else [],
                "extension_attributes": {"category_links": [{"category_id": "2"}, {"category_id": "5"}]},
            }
        )
        self.tables["categories/list"] = [{"id": 2, "name": "Root"}, {"id": 5, "name": "Things"}]
        if kind == "simple":
            for source in ("default", "leeds"):
                row = {"sku": sku, "source_code": source, "quantity": self.random.randrange(50), "status": 1}
                self.tables["inventory/source-items"].append(row)
        return number

    def add_customer(self, number: int, company: str | None = None) -> None:
        address = {
            **CANARIES,
            "company": company,
            "country_id": "GB",
            "vat_id": None,
            "default_billing": True,
        }
        address["region"] = {"region_code": "KEN", "region": "Kent"}
        self.tables["customers/search"].append(
            {
                **{one: CANARIES[one] for one in ("firstname", "lastname")},
                "id": number,
                "email": f"canary{number}@shop.example",
                "group_id": 1,
                "created_at": self.stamp,
                "updated_at": self.stamp,
                "addresses": [address],
            }
        )

    def sell(self, state: str = "complete", **chosen: Any) -> int:
        """An order; ``kinds`` of its lines, ``currency``, ``discount`` (a share), ``shipping_discount``,
        ``guest`` (an e-mail), ``company``."""
        rand = self.random
        self.now += timedelta(minutes=rand.randrange(1, 300))
        self.orders += 1
        number = self.orders * self.step
        currency = chosen.get("currency") or rand.choice(("GBP", "EUR"))
        rate = RATES[currency] / RATES[self.base]
        share = chosen.get("discount", rand.choice((0.0, 0.0, 0.1)))
        kinds = chosen.get("kinds") or rand.choices(("simple", "configurable", "dynamic", "fixed"), k=2)
        items = [row for kind in kinds for row in self._items(kind, rate, share)]
        paying = [one for one in items if one.pop("_pays")]
        sums = {f: _sum(paying, f) for f in ("row_total", "discount_amount", "tax_amount", _COMPENSATION)}
        shipping = round(rand.choice((0.0, 5.0)) * rate, 2)
        cut = round(shipping * chosen.get("shipping_discount", 0.0), 2)
        gross_cut = round(cut * 1.2, 2) if self.discounts_hold_vat else cut
        shipping_tax = round((shipping - cut) * 0.2, 2)
        discount = sums["discount_amount"] + gross_cut
        tax = sums["tax_amount"] + shipping_tax
        grand = sums["row_total"] + shipping - discount + tax + sums[_COMPENSATION] + gross_cut - cut
        account = None if chosen.get("guest") else rand.choice(self.tables["customers/search"])
        billing = {**CANARIES, "country_id": "GB", "region_code": "KEN", "company": chosen.get("company")}
        counted = state in COUNTED
        order = {
            **{f"customer_{one}": CANARIES[one] for one in ("firstname", "lastname")},
            "remote_ip": CANARIES["remote_ip"],
            "entity_id": number,
            "increment_id": f"{number:09d}",
            "created_at": self.stamp,
            "updated_at": self.stamp,
            "state": state,
            "status": f"our_{state}",
            "customer_email": chosen.get("guest") or account["email"],
            "customer_is_guest": int(account is None),
            "customer_group_id": 0 if account is None else 1,
            "order_currency_code": currency,
            "base_currency_code": self.base,
            "global_currency_code": self.base,
            "base_to_order_rate": rate,
            "base_to_global_rate": 1,
            "subtotal": round(sums["row_total"], 2),
            "discount_amount": -round(discount, 2),
            _COMPENSATION: round(sums[_COMPENSATION], 2),
            "shipping_amount": shipping,
            "shipping_discount_amount": gross_cut,
            "shipping_discount_tax_compensation_amount": round(gross_cut - cut, 2),
            "shipping_tax_amount": shipping_tax,
            "tax_amount": round(tax, 2),
            "grand_total": round(grand, 2),
            "base_grand_total": round(grand / rate, 2),
            "total_paid": round(grand, 2) if counted else None,
            "total_refunded": None,
            "billing_address": billing,
            "payment": {"method": "checkmo", "additional_information": [CANARIES["lastname"]]},
            "items": items,
            "extension_attributes": {
                "shipping_assignments": [{"shipping": {"address": {**CANARIES, "country_id": "FR"}}}]
            },
        }
        self.tables["orders"].append(order)
        if counted:
            self._leave(order, 1)
        return number

    def _items(self, kind: str, rate: float, share: float) -> list[dict[str, Any]]:
        quantity = self.random.randrange(1, 4)
        of = {one: [p for p in self.tables["products"] if p["type_id"] == one] for one in _KINDS}
        if kind == "simple":
            return [self._item(of["simple"][self.random.randrange(4)], quantity, rate, share)]
        if kind == "configurable":
            parent = self._item(of["configurable"][0], quantity, rate, share)
            child = self._item(self.random.choice(of["simple"][4:6]), quantity, rate, 0.0, parent, free=True)
            return [{**parent, "sku": child["sku"]}, child]
        parent = self._item(of["bundle"][0], quantity, rate, share)
        free = kind == "fixed"
        parts = [self._item(one, quantity, rate, share, parent, free) for one in of["simple"][:2]]
        if not free:
            for name in ("row_total", "discount_amount", "tax_amount", _COMPENSATION):
                parent[name] = round(_sum(parts, name), 2)
            parent["_pays"] = False
        return [parent, *parts]

    def _item(
        self,
        product: dict[str, Any],
        quantity: int,
        rate: float,
        share: float,
        parent: dict[str, Any] | None = None,
        free: bool = False,
    ) -> dict[str, Any]:
        self.items += 1
        price = 0.0 if free else round(product["price"] * rate, 2)
        row = round(price * quantity, 2)
        percent = 20 if product["id"] % 2 else 5
        net_cut = round(row * share, 2)
        cut = round(net_cut * (1 + percent / 100), 2) if self.discounts_hold_vat else net_cut
        return {
            "item_id": self.items,
            "parent_item_id": parent["item_id"] if parent else None,
            "product_id": product["id"],
            "product_type": product["type_id"],
            "sku": product["sku"],
            "name": product["name"],
            "qty_ordered": quantity,
            "qty_canceled": 0,
            "price": price,
            "row_total": row,
            "discount_amount": cut,
            _COMPENSATION: round(cut - net_cut, 2),
            "tax_amount": round((row - net_cut) * percent / 100, 2),
            "tax_percent": percent,
            "base_cost": product["price"] * 0.4 if product["type_id"] == "simple" else None,
            "_pays": not free,
        }

    def _leave(self, order: dict[str, Any], sign: int) -> None:
        parents = {one["parent_item_id"] for one in order["items"]}
        for item in order["items"]:
            if item["item_id"] not in parents:
                self.units[str(item["product_id"])] += sign * item["qty_ordered"]

    def refund(self, number: int, fee: float = 0.0, extra: float = 0.0, shipping: bool = True) -> int:
        """A credit memo for the first thing bought, and its carriage; ``fee`` is kept, ``extra`` given."""
        order = self.find("orders", number)
        self.now += timedelta(minutes=7)
        first = order["items"][0]
        wanted = [first, *(one for one in order["items"] if one["parent_item_id"] == first["item_id"])]
        names = ("row_total", "discount_amount", "tax_amount", _COMPENSATION)
        items = [
            {"entity_id": 10 * one["item_id"], "order_item_id": one["item_id"], "qty": one["qty_ordered"]}
            | {name: one[name] for name in names}
            for one in wanted
        ]
        carried = order["shipping_amount"] if shipping else 0.0
        carried_tax = round(carried * 0.2, 2)
        twice = first["product_type"] == "bundle" and _sum(items[1:], "row_total") > 0
        paying = items[1:] if twice else items[:1]
        tax = _sum(paying, "tax_amount") + carried_tax
        grand = _sum(paying, "row_total") - _sum(paying, "discount_amount") + _sum(paying, _COMPENSATION)
        grand += tax + carried + extra - fee
        memo = {
            "entity_id": len(self.tables["creditmemos"]) + 1,
            "order_id": number,
            "created_at": self.stamp,
            "updated_at": self.stamp,
            "state": 2,
            "grand_total": round(grand, 2),
            "tax_amount": round(tax, 2),
            "shipping_amount": carried,
            "shipping_tax_amount": carried_tax,
            "adjustment_positive": extra,
            "adjustment_negative": fee,
            "items": items,
            "comments": [{"comment": f"Sorry, {CANARIES['firstname']}"}],
        }
        self.tables["creditmemos"].append(memo)
        order["total_refunded"] = round((order["total_refunded"] or 0) + memo["grand_total"], 2)
        order["updated_at"] = self.stamp
        return memo["entity_id"]

    def set_state(self, number: int, state: str) -> None:
        order = self.find("orders", number)
        was, order["state"] = order["state"] in COUNTED, state
        self.now += timedelta(minutes=3)
        order["updated_at"] = self.stamp
        if was != (state in COUNTED):
            self._leave(order, -1 if was else 1)

    def cancel_rest(self, number: int) -> None:
        """One unit of the first line (bought by itself) is cancelled, the rest stands."""
        order = self.find("orders", number)
        item = order["items"][0]
        part = 1 / item["qty_ordered"]
        item["qty_canceled"] = 1
        cut = {
            name: item[name] * part for name in ("row_total", "discount_amount", "tax_amount", _COMPENSATION)
        }
        order["subtotal_canceled"], order["discount_canceled"] = cut["row_total"], cut["discount_amount"]
        order["tax_canceled"] = cut["tax_amount"]
        order["total_canceled"] = (
            cut["row_total"] - cut["discount_amount"] + cut[_COMPENSATION] + cut["tax_amount"]
        )
        self.units[str(item["product_id"])] -= 1
        self.now += timedelta(minutes=3)
        order["updated_at"] = self.stamp

    def truth(self) -> float:
        """Turnover ex VAT, carriage in it, of what counts, less what was given back; base currency."""
        net = 0.0
        for order in self.tables["orders"]:
            if order["state"] not in COUNTED:
                continue
            rate = order["base_to_order_rate"]
            taken = order["grand_total"] - order["tax_amount"]
            taken -= order.get("total_canceled", 0.0) - order.get("tax_canceled", 0.0)
            net += taken / rate
            for memo in self.tables["creditmemos"]:
                if memo["order_id"] == order["entity_id"] and memo["state"] != 3:
                    net -= _given(memo) / rate
        return net


def _given(memo: dict[str, Any]) -> float:
    """What a memo gave back ex VAT; money given or kept beside it holds the memo's share of VAT."""
    adjusted = memo["adjustment_positive"] - memo["adjustment_negative"]
    listed = memo["grand_total"] - adjusted
    if adjusted < 0:
        return (listed - memo["tax_amount"]) * memo["grand_total"] / listed
    return listed - memo["tax_amount"] + adjusted * (1 - memo["tax_amount"] / memo["grand_total"])


def _sum(rows: list[dict[str, Any]], name: str) -> float:
    return sum(one[name] for one in rows)


def trading_shop(orders: int = 40, seed: int = 1, **more: Any) -> MagentoShop:
    """A shop with orders in all states, guests, some credit memos."""
    shop = MagentoShop(seed, **more)
    states = (
        "new",
        "pending_payment",
        "processing",
        "complete",
        "complete",
        "complete",
        "canceled",
        "holded",
    )
    for place in range(orders):
        guest = f"canary-guest{place % 5}@shop.example" if place % 3 == 0 else None
        number = shop.sell(shop.random.choice(states), guest=guest)
        if shop.find("orders", number)["state"] in COUNTED and place % 4 == 0:
            shop.refund(number, *shop.random.choice(((0.0, 0.0), (1.0, 0.0), (0.0, 2.0))))
    shop.now += timedelta(hours=1)
    return shop


_COMPENSATION = "discount_tax_compensation_amount"
_KINDS = ("simple", "configurable", "bundle")

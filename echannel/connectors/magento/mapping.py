"""Orders, credit memos, people, products and stock of a shop as canonical rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from echannel.connectors.magento.lines import sold
from echannel.connectors.magento.money import Parts, amount, asked_for
from echannel.connectors.rest import Rates, Record, code, firm_key, number, text
from echannel.profiles import SmeProfile

STATES = {
    "new": "pending",
    "pending_payment": "pending",
    "payment_review": "pending",
    "holded": "pending",
    "processing": "paid",
    "complete": "shipped",
    "closed": "refunded",
    "canceled": "cancelled",
}
"""By state, which no shop can change; the statuses that people see are the shop's own names."""
_PARENTS = ("configurable", "bundle", "grouped")
_POUND = 0.45359237
_CANCELLED_MEMO = 3
_WHOLE = 0.99
_HALF_CENT = 0.005
_Part = tuple[str, Any, float, float, float, bool]


@dataclass(frozen=True)
class Facts:
    """What decides how records are read. ``prices`` are list prices by product number, ``base`` the shop's
    base currency, ``net_prices`` whether list prices are known to be without VAT."""

    sme: SmeProfile
    source: str
    rates: Rates
    base: str
    statuses: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    groups: frozenset[int] = frozenset()
    weight_factor: float = math.nan
    net_prices: bool = False
    prices: Mapping[str, float] = field(default_factory=dict)


def status_of(order: Record, facts: Facts) -> str:
    """The canonical status: by the profile's ``statuses``, else the order's state.

    What is paid counts even while its state is an early one. A closed order was given back as a whole, or in
    part when the rest was cancelled; closed with nothing given back, it is a cancelled one.
    """
    chosen = facts.statuses.get(str(order.get("status")))
    state = chosen or STATES.get(str(order.get("state")), "pending")
    paid, back = amount(order, "total_paid"), amount(order, "total_refunded")
    if chosen:
        return chosen
    if state == "pending" and paid > 0:
        state = "paid"
    if state in ("paid", "shipped") and back > 0:
        return "refunded" if back >= _WHOLE * paid else "partly_refunded"
    if state == "refunded" and back < _HALF_CENT and asked_for(order) > _HALF_CENT:
        return "cancelled"
    return state


def order_row(order: Record, lines: list[Record], facts: Facts, rate: float) -> Record:
    """The canonical order, in its own currency. Discounts stand at the lines that they were given on; what
    no line explains is the order's own discount."""
    parts = Parts.of(order)
    goods = sum(line["net_amount"] for line in lines)
    apart = goods - parts.goods if lines else 0.0
    goods_net = goods if lines else parts.goods
    payment = text((order.get("payment") or {}).get("method"))
    billing = order.get("billing_address") or {}
    channel = facts.channels.get(str(payment)) or (
        "marketplace" if str(payment).startswith("m2epro") else "own_shop"
    )
    return {
        "order_id": str(order["entity_id"]),
        "ordered_at": _utc(order.get("created_at")),
        "updated_at": _utc(order.get("updated_at")),
        "kind": order_firm(order, facts)[2],
        "channel": channel,
        "country": _delivery(order) or code(billing.get("country_id")),
        "currency": code(order.get("order_currency_code"), 3),
        "fx_rate": rate,
        "status": status_of(order, facts),
        "goods_net": goods_net,
        "discount_net": apart,
        "shipping_net": parts.shipping,
        "wrapping_net": parts.wrapping,
        "goods_gross": goods_net + parts.tax - parts.shipping_tax - parts.wrapping_tax,
        "discount_gross": apart,
        "shipping_gross": parts.shipping + parts.shipping_tax,
        "wrapping_gross": parts.wrapping + parts.wrapping_tax,
        "vat_amount": parts.tax,
        "total_gross": parts.total,
        "vat_stated": True,
        "parts_stated": True,
        "payment_method": payment,
        "source": facts.source,
        "_file": "orders",
        "_row": order["entity_id"],
    }


def order_firm(order: Record, facts: Facts) -> tuple[str | None, bool, str]:
    """The firm behind an order (to be hashed), whether it gave a VAT number, and the kind of customer."""
    billing = order.get("billing_address") or {}
    vat = order.get("customer_taxvat") or billing.get("vat_id")
    return _firm(vat, billing.get("company"), order.get("customer_group_id"), facts)


def customer_firm(customer: Record, facts: Facts) -> tuple[str | None, bool, str]:
    """The same of an account."""
    address = _address(customer)
    vat = customer.get("taxvat") or address.get("vat_id")
    return _firm(vat, address.get("company"), customer.get("group_id"), facts)


def _firm(vat: object, name: object, group: object, facts: Facts) -> tuple[str | None, bool, str]:
    firm, registered = firm_key(vat, name), bool(text(vat))
    named = bool(firm) and facts.sme.orientation != "b2c"
    business = registered or named or number(group, -1.0) in facts.groups
    return firm, registered, "b2b" if business else facts.sme.default_kind


def customer_row(record: Record, facts: Facts) -> Record:
    """The canonical customer but for the hashes: an account, or the guest of an order."""
    guest = "entity_id" in record
    place = record.get("billing_address") or {} if guest else _address(record)
    _, registered, kind = (order_firm if guest else customer_firm)(record, facts)
    region = place.get("region_code") if guest else (place.get("region") or {}).get("region_code")
    return {
        "kind": kind,
        "country": code(place.get("country_id")),
        "region": text(region),
        "created_at": None if guest else _utc(record.get("created_at")),
        "company_registered": registered if kind == "b2b" else None,
        "_file": "customers",
        "_row": record["entity_id"] if guest else record["id"],
    }


def refund_rows(memo: Record, order: Record, facts: Facts, rate: float) -> list[Record]:
    """The canonical refunds of a credit memo: one row per product, one for carriage, one for adjustments.

    What was given back in all counts: more than products and carriage add up to is a row of its own, at the
    memo's share of VAT (else the order's); for less, a fee that was kept, they are taken down in
    proportion. Of a cancelled memo all amounts are 0.
    """
    parts = _given_back(memo, order, facts)
    shipping, shipping_tax = amount(memo, "shipping_amount"), amount(memo, "shipping_tax_amount")
    if shipping:
        parts.append(("shipping", None, math.nan, shipping, shipping_tax, True))
    total, listed = asked_for(memo), sum(part[3] + part[4] for part in parts)
    factor = total / listed if listed > total + _HALF_CENT else 1.0
    rest = total - listed * factor
    if rest > _HALF_CENT:
        share = _tax_share(memo) or _tax_share(order)
        parts.append(("adjustment", None, math.nan, rest * (1 - share), rest * share, False))
    if number(memo.get("state")) == _CANCELLED_MEMO:
        factor, parts = 0.0, [(*part[:3], 0.0, 0.0, part[5]) for part in parts]
    return [
        {
            "refund_id": f"{memo['entity_id']}-{name}",
            "order_id": str(order["entity_id"]),
            "product_id": str(product) if product else None,
            "quantity": quantity,
            "net_amount": net * (1.0 if name == "adjustment" else factor),
            "shipping_net": net * factor if carriage else 0.0,
            "vat_amount": tax * (1.0 if name == "adjustment" else factor),
            "currency": code(order.get("order_currency_code"), 3),
            "fx_rate": rate,
            "refunded_at": _utc(memo.get("created_at")),
            "date_stated": True,
            "source": facts.source,
            "_file": "creditmemos",
            "_row": memo["entity_id"],
        }
        for name, product, quantity, net, tax, carriage in parts
    ]


def _given_back(memo: Record, order: Record, facts: Facts) -> list[_Part]:
    """What a credit memo gives back of each line: name, product, quantity, net, VAT, whether carriage."""
    back = {int(item.get("order_item_id") or 0): item for item in memo.get("items") or []}
    parts: list[_Part] = []
    for paid, item, share in sold(order.get("items") or [], facts.prices):
        given = back.get(int(paid["item_id"]), {})
        net = amount(given, "row_total") - amount(given, "discount_amount")
        net += amount(given, "discount_tax_compensation_amount")
        each = amount(item, "qty_ordered") / (amount(paid, "qty_ordered") or 1.0)
        quantity = amount(given, "qty") * each
        if net or quantity:
            tax = amount(given, "tax_amount")
            parts.append(
                (str(item["item_id"]), item.get("product_id"), quantity, net * share, tax * share, False)
            )
    return parts


def product_rows(products: list[Record], categories: list[Record], facts: Facts) -> list[Record]:
    """The canonical products: what can be put on a shelf, not what only groups others."""
    names = {int(one["id"]): text(one.get("name")) for one in categories}
    worth = facts.rates.of(facts.base)
    factor = math.nan if worth is None else worth
    rows = []
    for product in products:
        if product.get("type_id") in _PARENTS:
            continue
        more = _attributes(product)
        cost, weight = number(more.get("cost")), number(product.get("weight"))
        rows.append(
            {
                "product_id": str(product["id"]),
                "sku": text(product.get("sku")),
                "name": text(product.get("name")),
                "category": _category(product, names),
                "unit_cost": cost * factor if cost > 0 else math.nan,
                "price_net": number(product.get("price")) * factor if facts.net_prices else math.nan,
                "active": number(product.get("status")) == 1,
                "created_at": _utc(product.get("created_at")),
                "weight_kg": weight * facts.weight_factor if weight > 0 else math.nan,
                "origin_country": code(more.get("country_of_manufacture")),
                "_file": "products",
                "_row": product["id"],
            }
        )
    return rows


def gone_rows(orders: list[Record], known: set[str]) -> list[Record]:
    """Products that were sold and are no longer there, by what their lines call them."""
    found = {}
    for order in orders:
        for _, item, _ in sold(order.get("items") or [], {}):
            if item.get("product_id") and str(item["product_id"]) not in known:
                found[str(item["product_id"])] = item
    return [
        {
            "product_id": product,
            "sku": text(item.get("sku")),
            "name": text(item.get("name")),
            "active": False,
            "_file": "orders",
            "_row": item["item_id"],
        }
        for product, item in sorted(found.items())
    ]


def stock_rows(items: list[Record], products: list[Record], today: str) -> list[Record]:
    """What each source has on hand today, of products that can be put on a shelf."""
    shelved = [one for one in products if one.get("type_id") not in _PARENTS]
    numbers = {str(one.get("sku")).casefold(): str(one["id"]) for one in shelved}
    return [
        {
            "product_id": numbers[str(item["sku"]).casefold()],
            "location": str(item["source_code"]),
            "as_of": today,
            "on_hand": amount(item, "quantity"),
            "_file": "inventory/source-items",
            "_row": item["sku"],
        }
        for item in items
        if str(item["sku"]).casefold() in numbers
    ]


def weight_factor(unit: object) -> float:
    """Kilograms in one of the shop's units of weight (``kgs``, ``lbs``)."""
    return {"kgs": 1.0, "lbs": _POUND}.get(str(unit), math.nan)


def _tax_share(record: Record) -> float:
    total = amount(record, "grand_total")
    return amount(record, "tax_amount") / total if total > 0 else 0.0


def _category(product: Record, names: Mapping[int, str | None]) -> str | None:
    """The deepest category, which has the highest number as a rule: the first ones are the shop's roots."""
    links = (product.get("extension_attributes") or {}).get("category_links") or []
    numbers = [int(number(one.get("category_id"), 0.0)) for one in links]
    return names.get(max(numbers, default=0))


def _attributes(record: Record) -> dict[str, object]:
    rows = record.get("custom_attributes") or []
    return {str(one.get("attribute_code")): one.get("value") for one in rows if isinstance(one, dict)}


def _address(customer: Record) -> Record:
    addresses = customer.get("addresses") or []
    return next((one for one in addresses if one.get("default_billing")), addresses[0] if addresses else {})


def _delivery(order: Record) -> str | None:
    more = order.get("extension_attributes") or {}
    for one in more.get("shipping_assignments") or []:
        country = code(((one.get("shipping") or {}).get("address") or {}).get("country_id"))
        if country:
            return country
    return None


def _utc(value: object) -> str | None:
    """Magento keeps all its times in UTC, and does not say so."""
    moment = text(value)
    return f"{moment.replace(' ', 'T')}Z" if moment else None

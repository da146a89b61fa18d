"""Orders, lines, refunds, customers, variants and stock of a shop as canonical rows, in its own currency."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from echannel.connectors.rest import Rates, Record, code, firm_key, number, text
from echannel.connectors.shopify.service import children
from echannel.profiles import SmeProfile

_FINANCIAL = {
    "PAID": "paid",
    "PARTIALLY_PAID": "paid",
    "PARTIALLY_REFUNDED": "partly_refunded",
    "REFUNDED": "refunded",
    "VOIDED": "cancelled",
    "EXPIRED": "cancelled",
}
_CHANNELS = {"web": "own_shop", "pos": "store", "shopify_draft_order": "phone", "iphone": "store"}
_KILOGRAMS = {"KILOGRAMS": 1.0, "GRAMS": 0.001, "POUNDS": 0.45359237, "OUNCES": 0.028349523125}


@dataclass(frozen=True)
class Facts:
    """What decides how records are read. ``own`` is the shop's currency, ``rate`` its worth in the reporting
    one; ``taxed``: its list prices include VAT."""

    sme: SmeProfile
    source: str
    rates: Rates
    own: str
    rate: float
    taxed: bool


def number_of(gid: Any) -> str | None:
    """``gid://shopify/Order/12`` is ``"12"``."""
    return str(gid).rpartition("/")[2].partition("?")[0] if gid else None


def money(bag: Any) -> float:
    """An amount in the shop's own currency; none is 0."""
    return number(((bag or {}).get("shopMoney") or {}).get("amount"), 0.0)


def product_of(line: Record) -> str | None:
    """The variant; of one that is gone, its product as ``p12``."""
    variant = number_of((line.get("variant") or {}).get("id"))
    product = number_of((line.get("product") or {}).get("id"))
    return variant or (f"p{product}" if product else None)


@dataclass(frozen=True)
class Priced:
    """Net and gross of a line, before and after discounts."""

    net_before: float
    gross_before: float
    net: float
    gross: float


def priced(before: float, after: float, taxes: list[Record], included: bool) -> Priced:
    """A line's amounts from its price, which includes VAT or does not, and its VAT after discounts."""
    tax = sum(money(one.get("priceSet")) for one in taxes)
    rate = sum(number(one.get("rate"), 0.0) for one in taxes)
    net, gross = (after - tax, after) if included else (after, after + tax)
    share = net / after if after > 0 else (1 / (1 + rate) if included else 1.0)
    up = gross / after if after > 0 else (1.0 if included else 1 + rate)
    return Priced(before * share, before * up, net, gross)


def line_amounts(line: Record, included: bool) -> Priced:
    """A line's amounts; its share of discounts on the whole order is among its allocations."""
    before = money(line.get("originalTotalSet"))
    off = sum(money(one.get("allocatedAmountSet")) for one in line.get("discountAllocations") or [])
    return priced(before, before - off, line.get("taxLines") or [], included)


def status_of(order: Record) -> str:
    """The canonical status: paid or given back by its payments, shipped by its fulfilment. An order on
    account that has left counts as shipped; a cancelled one counts only where all of it was given back."""
    financial = str(order.get("displayFinancialStatus") or "")
    status = _FINANCIAL.get(financial, "pending")
    if order.get("cancelledAt") and status != "refunded":
        return "cancelled"
    if order.get("displayFulfillmentStatus") == "FULFILLED" and status in ("paid", "pending"):
        return "shipped"
    return status


def counts(order: Record) -> bool:
    """Whether an order is one at all, and whether its refunds are turnover given back."""
    return status_of(order) not in ("pending", "cancelled")


def order_row(order: Record, lines: list[Record], carriage: list[Record], facts: Facts) -> Record:
    """The canonical order. Gift cards are left out of it: they are money taken in advance, and are counted
    when they pay for something. Tips, duties and fees stand with gift wrapping."""
    included = bool(order.get("taxesIncluded"))
    cards = [line_amounts(line, included) for line in lines if line.get("isGiftCard")]
    goods = [line_amounts(line, included) for line in lines if not line.get("isGiftCard")]
    shipping = [
        priced(
            money(one.get("originalPriceSet")),
            money(one.get("discountedPriceSet")),
            one.get("taxLines") or [],
            included,
        )
        for one in carriage
    ]
    wrapping = sum(
        money(order.get(name))
        for name in ("totalTipReceivedSet", "originalTotalDutiesSet", "originalTotalAdditionalFeesSet")
    )
    delivery, billing = order.get("shippingAddress") or {}, order.get("billingAddress") or {}
    gateways = order.get("paymentGatewayNames") or []
    channel = str(order.get("sourceName") or "web").lower()
    return {
        "order_id": number_of(order["id"]),
        "ordered_at": order.get("processedAt") or order.get("createdAt"),
        "updated_at": order.get("updatedAt"),
        "kind": "b2b" if firm_of(order, facts) else facts.sme.default_kind,
        "channel": _CHANNELS.get(channel, "marketplace" if not channel.isdigit() else "other"),
        "country": code(delivery.get("countryCodeV2")) or code(billing.get("countryCodeV2")),
        "currency": facts.own,
        "fx_rate": facts.rate,
        "status": status_of(order),
        "goods_net": sum(one.net_before for one in goods),
        "discount_net": sum(one.net_before - one.net for one in goods),
        "shipping_net": sum(one.net for one in shipping),
        "wrapping_net": wrapping,
        "goods_gross": sum(one.gross_before for one in goods),
        "discount_gross": sum(one.gross_before - one.gross for one in goods),
        "shipping_gross": sum(one.gross for one in shipping),
        "wrapping_gross": wrapping,
        "vat_amount": money(order.get("totalTaxSet")) - sum(one.gross - one.net for one in cards),
        "total_gross": money(order.get("totalPriceSet")) - sum(one.gross for one in cards),
        "vat_stated": True,
        "parts_stated": True,
        "payment_method": text(gateways[0]) if gateways else None,
        "source": facts.source,
        "_file": "orders",
        "_row": number_of(order["id"]),
    }


def firm_of(order: Record, facts: Facts) -> str | None:
    """The firm that the invoice goes to (to be hashed); not for a shop that only sells to people."""
    firm = firm_key(None, (order.get("billingAddress") or {}).get("company"))
    return firm if facts.sme.orientation != "b2c" else None


def line_rows(order: Record, lines: list[Record], facts: Facts) -> list[Record]:
    """The canonical lines; ``line_no`` counts them in the order of their ids, which are too long for one."""
    rows = []
    included = bool(order.get("taxesIncluded"))
    kept = [line for line in lines if not line.get("isGiftCard")]
    for place, line in enumerate(sorted(kept, key=lambda one: int(number_of(one["id"]) or 0)), 1):
        amounts, quantity = line_amounts(line, included), number(line.get("quantity"), 0.0)
        taxes = line.get("taxLines") or []
        rows.append(
            {
                "order_id": number_of(order["id"]),
                "line_no": place,
                "product_id": product_of(line),
                "quantity": quantity,
                "unit_price_net": amounts.net_before / quantity if quantity else 0.0,
                "discount_net": amounts.net_before - amounts.net if quantity else -amounts.net,
                "net_amount": amounts.net,
                "vat_rate": sum(number(one.get("rate"), 0.0) for one in taxes),
                "_file": "orders",
                "_row": number_of(order["id"]),
            }
        )
    return rows


def refund_rows(order: Record, refund: Record, facts: Facts) -> list[Record]:
    """The canonical refund: a row per line, one for carriage, one for what was given on top (adjustments,
    which Shopify states below zero when more was given back). With VAT in the prices, a line's subtotal
    includes it."""
    included = bool(order.get("taxesIncluded"))
    parts: list[tuple[str, str | None, float, float, float, bool]] = []
    for place, one in enumerate(_nodes(refund, "refundLineItems"), 1):
        line = one.get("lineItem") or {}
        if line.get("isGiftCard"):
            continue
        vat = money(one.get("totalTaxSet"))
        net = money(one.get("subtotalSet")) - (vat if included else 0.0)
        parts.append((str(place), product_of(line), number(one.get("quantity")), net, vat, False))
    carriage = _nodes(refund, "refundShippingLines")
    vat = sum(money(one.get("taxAmountSet")) for one in carriage)
    net = sum(money(one.get("subtotalAmountSet")) for one in carriage) - (vat if included else 0.0)
    parts.append(("shipping", None, math.nan, net, vat, True))
    rest = _nodes(refund, "orderAdjustments")
    net = -sum(money(one.get("amountSet")) for one in rest)
    vat = -sum(money(one.get("taxAmountSet")) for one in rest)
    parts.append(("rest", None, math.nan, net, vat, False))
    return [
        {
            "refund_id": f"{number_of(refund['id'])}-{name}",
            "order_id": number_of(order["id"]),
            "product_id": product,
            "quantity": quantity,
            "net_amount": net,
            "shipping_net": net if is_carriage else 0.0,
            "vat_amount": vat,
            "currency": facts.own,
            "fx_rate": facts.rate,
            "refunded_at": refund.get("createdAt"),
            "date_stated": True,
            "source": facts.source,
            "_file": "refunds",
            "_row": number_of(refund["id"]),
        }
        for name, product, quantity, net, vat, is_carriage in parts
        if net or vat
    ]


def email_of(record: Record) -> str | None:
    """What a customer, or an order's, is known by: the e-mail; without one, the account."""
    customer = record.get("customer") or (record if "defaultEmailAddress" in record else {})
    mail = text((customer.get("defaultEmailAddress") or {}).get("emailAddress")) or text(record.get("email"))
    return mail or (f"shopify:{customer['id']}" if customer.get("id") else None)


def customer_row(record: Record, facts: Facts) -> Record:
    """The canonical customer but for the hashes."""
    address = record.get("defaultAddress") or {}
    firm = firm_key(None, address.get("company")) if facts.sme.orientation != "b2c" else None
    return {
        "kind": "b2b" if firm else facts.sme.default_kind,
        "country": code(address.get("countryCodeV2")),
        "region": text(address.get("provinceCode")),
        "created_at": record.get("createdAt"),
        "_firm": firm,
        "_file": "customers",
        "_row": number_of(record["id"]),
    }


def product_row(variant: Record, facts: Facts) -> Record:
    """The canonical product: a variant. Prices that include VAT are left out, as its rate is not known."""
    product, item = variant.get("product") or {}, variant.get("inventoryItem") or {}
    cost = item.get("unitCost") or {}
    worth = facts.rates.of(code(cost.get("currencyCode"), 3))
    weight = (item.get("measurement") or {}).get("weight") or {}
    kilograms = number(weight.get("value")) * _KILOGRAMS.get(str(weight.get("unit")), math.nan)
    title, option = text(product.get("title")), text(variant.get("title"))
    return {
        "product_id": number_of(variant["id"]),
        "sku": text(variant.get("sku")),
        "name": f"{title} – {option}" if title and option and option != "Default Title" else title,
        "category": text(product.get("productType")),
        "unit_cost": number(cost.get("amount")) * (math.nan if worth is None else worth),
        "price_net": math.nan if facts.taxed else number(variant.get("price")) * facts.rate,
        "active": product.get("status") == "ACTIVE",
        "created_at": variant.get("createdAt"),
        "hs_code": text(item.get("harmonizedSystemCode")),
        "weight_kg": kilograms if kilograms > 0 else math.nan,
        "origin_country": code(item.get("countryCodeOfOrigin")),
        "_file": "products",
        "_row": number_of(variant["id"]),
    }


def stock_rows(variant: Record, today: str) -> list[Record]:
    """Today's stock by location: what is on the shelf, what is promised, what is on its way."""
    if not (variant.get("inventoryItem") or {}).get("tracked"):
        return []
    rows = []
    for level in children(variant, "InventoryLevel"):
        amounts = {one["name"]: number(one.get("quantity"), 0.0) for one in level.get("quantities") or []}
        rows.append(
            {
                "product_id": number_of(variant["id"]),
                "location": number_of((level.get("location") or {}).get("id")),
                "as_of": today,
                "on_hand": amounts.get("on_hand", 0.0),
                "reserved": amounts.get("committed"),
                "on_order": amounts.get("incoming"),
                "_file": "inventory",
                "_row": number_of(variant["id"]),
            }
        )
    return rows


def _nodes(record: Record, name: str) -> list[Record]:
    return (record.get(name) or {}).get("nodes") or []

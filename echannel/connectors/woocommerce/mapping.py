"""Orders, lines, refunds, people, products and stock of a shop as canonical rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from echannel.connectors.rest import Rates, Record, code, firm_key, number, text
from echannel.profiles import SmeProfile

STATUSES = {
    "pending": "pending",
    "on-hold": "pending",
    "processing": "paid",
    "completed": "shipped",
    "cancelled": "cancelled",
    "failed": "cancelled",
    "refunded": "refunded",
    "trash": "cancelled",
}
NOT_ORDERS = ("auto-draft", "draft", "checkout-draft")
"""Baskets at the checkout, and orders that are still being written."""
_CHANNELS = {"admin": "phone", "pos-rest-api": "store"}
_VAT_KEYS = (
    *("_billing_vat_number", "billing_vat_number", "_vat_number", "vat_number", "_billing_eu_vat_number"),
    "_billing_vat_id",
)
_COST_KEYS = ("_wc_cog_cost", "_alg_wc_cog_cost")
_LINE_COST_KEYS = ("_wc_cog_item_cost", "_alg_wc_cog_item_cost")
_KILOGRAMS = {"kg": 1.0, "g": 0.001, "lbs": 0.45359237, "oz": 0.028349523125}
_HALF_CENT = 0.005


@dataclass(frozen=True)
class Facts:
    """What decides how records are read. ``own`` is the shop's currency, ``taxes`` the VAT rates that its
    prices may include, by tax class; None: prices are without."""

    sme: SmeProfile
    source: str
    rates: Rates
    own: str
    states: Mapping[str, str]
    channels: Mapping[str, str]
    weight_unit: str = "kg"
    taxes: Mapping[str, float] | None = None


def meta(record: Record, names: tuple[str, ...]) -> Any:
    """The first of some custom fields that a record has."""
    rows = record.get("meta_data") or []
    found = {row.get("key"): row.get("value") for row in rows if isinstance(row, dict)}
    return next((found[name] for name in names if found.get(name) not in (None, "")), None)


def rate_of(order: Record, facts: Facts) -> float | None:
    """What the order's currency is worth in the reporting one: kept with the order by WooPayments (its
    payment's, else its day's), else the profile's."""
    currency = code(order.get("currency"), 3)
    if currency == facts.sme.currency:
        return 1.0
    paid = number(meta(order, ("_wcpay_multi_currency_stripe_exchange_rate",)))
    listed = number(meta(order, ("_wcpay_multi_currency_order_exchange_rate",)))
    kept = paid if paid > 0 else 1 / listed if listed > 0 else math.nan
    own = code(meta(order, ("_wcpay_multi_currency_order_default_currency",)), 3) or facts.own
    factor = facts.rates.of(own)
    if kept > 0 and own != currency and factor is not None:
        return kept * factor
    return facts.rates.of(currency)


def product_id(record: Record) -> str | None:
    """``"12"``, or ``"12-34"`` for a variation; None for a line without a product."""
    product, variation = record.get("product_id") or 0, record.get("variation_id") or 0
    return (f"{product}-{variation}" if variation else str(product)) if product else None


def is_firm(record: Record, facts: Facts) -> tuple[str | None, bool]:
    """The firm that a record's billing address names (to be hashed), and whether by a VAT number."""
    vat = meta(record, _VAT_KEYS)
    return firm_key(vat, (record.get("billing") or {}).get("company")), bool(vat)


def kind_of(record: Record, facts: Facts) -> str:
    """b2b where a VAT number was given, or a firm's name (not for a shop that only sells to people)."""
    firm, registered = is_firm(record, facts)
    named = bool(firm) and facts.sme.orientation != "b2c"
    return "b2b" if registered or named else facts.sme.default_kind


def order_row(order: Record, facts: Facts, rate: float, back: list[Record]) -> Record:
    """The canonical order, in its own currency.

    Goods are the lines after what coupons took off them, which stands at the lines; the order's own discount
    is fees below zero; shipping the order's; wrapping all other fees. VAT and total are the order's own:
    WooCommerce leaves both as they were when it gives money back.
    """
    lines, fees = order.get("line_items") or [], order.get("fee_lines") or []
    after, after_tax = _sum(lines, "total"), _sum(lines, "total_tax")
    extra = [fee for fee in fees if number(fee.get("total"), 0.0) >= 0]
    off = [fee for fee in fees if number(fee.get("total"), 0.0) < 0]
    shipping, shipping_tax = number(order.get("shipping_total"), 0.0), number(order.get("shipping_tax"), 0.0)
    discount, wrapping = -_sum(off, "total"), _sum(extra, "total")
    billing, delivery = order.get("billing") or {}, order.get("shipping") or {}
    return {
        "order_id": str(order["id"]),
        "ordered_at": _utc(order.get("date_created_gmt")),
        "updated_at": _utc(order.get("date_modified_gmt")),
        "paid_at": _utc(order.get("date_paid_gmt")),
        "kind": kind_of(order, facts),
        "channel": _channel(order, facts),
        "country": code(delivery.get("country")) or code(billing.get("country")),
        "currency": code(order.get("currency"), 3),
        "fx_rate": rate,
        "status": status_of(order, facts, back),
        "goods_net": after,
        "discount_net": discount,
        "shipping_net": shipping,
        "wrapping_net": wrapping,
        "goods_gross": after + after_tax,
        "discount_gross": discount - _sum(off, "total_tax"),
        "shipping_gross": shipping + shipping_tax,
        "wrapping_gross": wrapping + _sum(extra, "total_tax"),
        "vat_amount": number(order.get("total_tax"), 0.0),
        "total_gross": number(order.get("total"), 0.0),
        "vat_stated": True,
        "parts_stated": True,
        "payment_method": text(order.get("payment_method")),
        "source": facts.source,
        "_file": "orders",
        "_row": order["id"],
    }


def status_of(order: Record, facts: Facts, back: list[Record]) -> str:
    """The canonical status. "Refunded" without a refund is a cancelled order; a status that a plugin added
    is what the profile's ``states`` say, else paid when there is a date of payment."""
    status = str(order.get("status") or "").removeprefix("wc-")
    known = facts.states.get(status) or STATUSES.get(status)
    if known is None:
        known = "paid" if order.get("date_paid_gmt") else "pending"
    given, total = sum(abs(number(one.get("amount"), 0.0)) for one in back), number(order.get("total"), 0.0)
    if known == "refunded" and not back and total > 0:
        return "cancelled"
    if known in ("paid", "shipped", "delivered") and given > 0:
        return "refunded" if given >= total - _HALF_CENT else "partly_refunded"
    return known


def line_rows(order: Record, facts: Facts, factor: float | None) -> list[Record]:
    """The canonical lines; ``line_no`` is the shop's own id of the line, ``factor`` the worth of the shop's
    currency, which costs are in."""
    percent = {row.get("rate_id"): number(row.get("rate_percent")) for row in order.get("tax_lines") or []}
    rows = []
    for line in order.get("line_items") or []:
        quantity, before = number(line.get("quantity"), 0.0), number(line.get("subtotal"), 0.0)
        net = number(line.get("total"), 0.0)
        rows.append(
            {
                "order_id": str(order["id"]),
                "line_no": line["id"],
                "product_id": product_id(line),
                "quantity": quantity,
                "unit_price_net": before / quantity if quantity else 0.0,
                "discount_net": before - net if quantity else -net,
                "net_amount": net,
                "vat_rate": _vat_rate(line, percent),
                "unit_cost": _line_cost(line, quantity) * (math.nan if factor is None else factor),
                "_file": "orders",
                "_row": order["id"],
            }
        )
    return rows


def _vat_rate(line: Record, percent: Mapping[Any, float]) -> float:
    taxes = [row.get("id") for row in line.get("taxes") or [] if text(row.get("total"))]
    stated = sum(percent.get(one, math.nan) for one in taxes) / 100 if taxes else math.nan
    net, tax = number(line.get("total"), 0.0), number(line.get("total_tax"), 0.0)
    worked_out = round(tax / net, 3) if net > 0 else math.nan
    return worked_out if math.isnan(stated) else stated


def _line_cost(line: Record, quantity: float) -> float:
    whole = number((line.get("cost_of_goods_sold") or {}).get("value"))
    if whole > 0 and quantity:
        return whole / quantity
    each = number(meta(line, _LINE_COST_KEYS))
    return each if each > 0 else math.nan


def refund_rows(order: Record, back: list[Record], facts: Facts, rate: float) -> list[Record]:
    """The canonical refunds: one row per line given back, one for carriage, one for the rest.

    What was paid back (``amount``, with tax) counts: more than its lines add up to is a row of its own, at
    the order's share of VAT; for less, the lines are taken down in proportion.
    """
    total, tax = number(order.get("total"), 0.0), number(order.get("total_tax"), 0.0)
    share = 1 - tax / total if total > 0 else 1.0
    rows = []
    for one in back:
        parts = [
            (
                str(line.get("id")),
                product_id(line),
                abs(number(line.get("quantity"), 0.0)),
                *_taken(line),
                False,
            )
            for line in one.get("line_items") or []
        ]
        for name, field in (("shipping", "shipping_lines"), ("fees", "fee_lines")):
            taken = [_taken(line) for line in one.get(field) or []]
            net, vat = sum(pair[0] for pair in taken), sum(pair[1] for pair in taken)
            parts.append((name, None, math.nan, net, vat, name == "shipping"))
        listed = sum(net + vat for *_, net, vat, _ in parts)
        amount = abs(number(one.get("amount"), 0.0))
        factor = amount / listed if listed > amount + _HALF_CENT else 1.0
        rest = amount - listed * factor
        if rest > _HALF_CENT:
            parts.append(("rest", None, math.nan, rest * share, rest * (1 - share), False))
        for name, product, quantity, net, vat, carriage in parts:
            if net or vat:
                row = _refund(one, order, facts, rate, name, product, quantity)
                net, vat = net * factor, vat * factor
                rows.append(
                    row | {"net_amount": net, "shipping_net": net if carriage else 0.0, "vat_amount": vat}
                )
    return rows


def _refund(
    one: Record, order: Record, facts: Facts, rate: float, name: str, product: str | None, quantity: float
) -> Record:
    return {
        "refund_id": f"{one['id']}-{name}",
        "order_id": str(order["id"]),
        "product_id": product,
        "quantity": quantity or math.nan,
        "currency": code(order.get("currency"), 3),
        "fx_rate": rate,
        "refunded_at": _utc(one.get("date_created_gmt")),
        "date_stated": True,
        "source": facts.source,
        "_file": "refunds",
        "_row": one["id"],
    }


def _taken(line: Record) -> tuple[float, float]:
    return abs(number(line.get("total"), 0.0)), abs(number(line.get("total_tax"), 0.0))


def product_row(product: Record, facts: Facts, factor: float | None) -> Record:
    """The canonical product, or variation (with its product under ``parent``)."""
    parent = product.get("parent") or {}
    price = number(product.get("regular_price") or product.get("price"))
    if facts.taxes is not None and product.get("tax_status") != "none":
        named = product.get("tax_class")
        tax_class = (parent.get("tax_class") if named == "parent" else named) or "standard"
        price /= 1 + facts.taxes.get(tax_class, math.nan)
    weight = number(product.get("weight") or parent.get("weight"))
    categories = (parent or product).get("categories") or [{}]
    worth = math.nan if factor is None else factor
    options = ", ".join(
        str(one.get("option")) for one in product.get("attributes") or [] if one.get("option")
    )
    name = text(parent.get("name") or product.get("name"))
    return {
        "product_id": f"{parent['id']}-{product['id']}" if parent else str(product["id"]),
        "sku": text(product.get("sku")) or text(parent.get("sku")),
        "name": f"{name} – {options}" if parent and options and name else name,
        "category": text(categories[0].get("name")),
        "unit_cost": _cost(product, parent) * worth,
        "price_net": price * worth,
        "active": product.get("status") == "publish" and (parent or product).get("status") == "publish",
        "created_at": _utc(product.get("date_created_gmt")),
        "weight_kg": weight * _KILOGRAMS.get(facts.weight_unit, math.nan) if weight > 0 else math.nan,
        "_file": "products",
        "_row": product["id"],
    }


def _cost(product: Record, parent: Record) -> float:
    for record in (product, parent):
        stated = number((record.get("cost_of_goods_sold") or {}).get("total_value"))
        if stated > 0:
            return stated
        added = number(meta(record, _COST_KEYS))
        if added > 0:
            return added
    return math.nan


def customer_row(record: Record, facts: Facts) -> Record:
    """The canonical customer but for the hashes: a registered account, or the guest of an order."""
    billing = record.get("billing") or {}
    kind = kind_of(record, facts)
    return {
        "kind": kind,
        "country": code(billing.get("country")),
        "region": text(billing.get("state")),
        "created_at": None if "customer_id" in record else _utc(record.get("date_created_gmt")),
        "company_registered": is_firm(record, facts)[1] if kind == "b2b" else None,
        "_file": "customers",
        "_row": record["id"],
    }


def _channel(order: Record, facts: Facts) -> str:
    via = str(order.get("created_via") or "")
    return facts.channels.get(via) or _CHANNELS.get(via, "own_shop")


def _sum(rows: list[Record], field: str) -> float:
    return sum(number(row.get(field), 0.0) for row in rows)


def _utc(value: Any) -> str | None:
    moment = text(value)
    return None if moment is None else moment if moment.endswith("Z") else f"{moment}Z"

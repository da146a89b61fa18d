"""Currencies and parts of orders: what Magento's totals mean.

Magento adds up: grand total = subtotal (ex VAT) + shipping (ex VAT) + VAT + discount (below zero) + "tax
compensation". Where a shop takes discounts off prices with VAT, the discount holds VAT, and the compensation
is that part of it: the discount without VAT is the discount less its compensation, in every setting.
"""

from __future__ import annotations

from dataclasses import dataclass

from echannel.connectors.rest import Rates, Record, code, number

_MEANS = ("customer_balance_amount", "gift_cards_amount", "reward_currency_amount")
"""Ways to pay (Adobe Commerce): the grand total is what is left to pay after them."""
_WRAPPING = ("gw_price", "gw_items_price", "gw_card_price")
_WRAPPING_TAX = ("gw_tax_amount", "gw_items_tax_amount", "gw_card_tax_amount")


def amount(record: Record, field: str) -> float:
    """A field's number; 0 where there is none."""
    return number(record.get(field), 0.0)


def base_worth(order: Record, rates: Rates) -> float | None:
    """What one unit of the order's base currency is worth in the reporting currency; None: not known."""
    base = code(order.get("base_currency_code"), 3)
    if base == rates.reporting:
        return 1.0
    to_global, to_order = number(order.get("base_to_global_rate")), number(order.get("base_to_order_rate"))
    if code(order.get("global_currency_code"), 3) == rates.reporting and to_global > 0:
        return to_global
    if code(order.get("order_currency_code"), 3) == rates.reporting and to_order > 0:
        return to_order
    return rates.of(base)


def order_worth(order: Record, rates: Rates) -> float | None:
    """What one unit of the order's own currency is worth in the reporting currency; None: not known.

    By the rate that the order keeps (base × ``base_to_order_rate`` = order), else by its two grand totals.
    """
    currency = code(order.get("order_currency_code"), 3)
    if currency == rates.reporting:
        return 1.0
    worth, rate = base_worth(order, rates), number(order.get("base_to_order_rate"))
    if currency == code(order.get("base_currency_code"), 3):
        rate = 1.0
    if not rate > 0 and amount(order, "base_grand_total") > 0 and amount(order, "grand_total") > 0:
        rate = amount(order, "grand_total") / amount(order, "base_grand_total")
    if worth is not None and rate > 0:
        return worth / rate
    return rates.of(currency)


def asked_for(record: Record) -> float:
    """What an order or credit memo comes to with VAT, however it is paid."""
    more = record.get("extension_attributes") or {}
    return amount(record, "grand_total") + sum(abs(amount(more, name)) for name in _MEANS)


@dataclass(frozen=True)
class Parts:
    """An order's parts in its own currency, without what was cancelled of an order that otherwise stands.

    ``goods`` are after discounts; ``shipping`` after those on shipping.
    """

    goods: float
    shipping: float
    shipping_tax: float
    wrapping: float
    wrapping_tax: float
    tax: float
    total: float

    @classmethod
    def of(cls, order: Record) -> Parts:
        more = order.get("extension_attributes") or {}
        standing = order.get("state") != "canceled"

        def cancelled(field: str) -> float:
            return amount(order, field) if standing else 0.0

        discount = abs(amount(order, "discount_amount"))
        on_shipping = abs(amount(order, "shipping_discount_amount"))
        compensation = amount(order, "discount_tax_compensation_amount")
        on_goods = discount - on_shipping - compensation
        carried = amount(order, "shipping_amount")
        net = carried - on_shipping + amount(order, "shipping_discount_tax_compensation_amount")
        kept = 1 - cancelled("shipping_canceled") / carried if carried else 1.0
        share = on_goods / discount if discount else 0.0
        return cls(
            goods=amount(order, "subtotal")
            - on_goods
            - (cancelled("subtotal_canceled") - share * abs(cancelled("discount_canceled"))),
            shipping=net * kept,
            shipping_tax=amount(order, "shipping_tax_amount") * kept,
            wrapping=sum(amount(more, name) for name in _WRAPPING),
            wrapping_tax=sum(amount(more, name) for name in _WRAPPING_TAX),
            tax=amount(order, "tax_amount") - cancelled("tax_canceled"),
            total=asked_for(order) - cancelled("total_canceled"),
        )

"""What a column of a file can mean: the names that a mapping may use, by table, and their types.

An order's amounts come as ``<part>``, ``<part>_net`` (without VAT), ``<part>_gross`` (with VAT) and
``<part>_vat``; a bare ``<part>`` is net or gross as the file's ``amounts`` option says.
"""

from __future__ import annotations

from typing import Literal

from echannel.errors import UserError

Type = Literal["code", "identity", "text", "date", "time", "number", "percent", "word", "country", "flag"]

ORDER_PARTS = (
    "goods",  # before the order's discount, after the lines' own
    "goods_after_discount",
    "discount",
    "shipping",
    "shipping_discount",
    "wrapping",
    "total",
    "refunded",
    "adjusted_total",  # what is left of the total after refunds
)
LINE_PARTS = (
    "unit_price",
    "line_value",  # quantity × unit price
    "line_discount",
    "line_total",  # line_value − line_discount
)
SUFFIXES = ("", "_net", "_gross", "_vat")

_ORDER_FIELDS: dict[str, Type] = {
    "order_id": "code",
    "ordered_at": "date",
    "ordered_time": "time",
    "updated_at": "date",
    "paid_at": "date",
    "due_at": "date",
    "cancelled_at": "date",
    "shipped_at": "date",
    "refunded_at": "date",
    "status": "word",
    "fulfilment": "word",
    "document_type": "word",
    "customer": "identity",
    "company": "identity",
    "vat_number": "identity",
    "country": "country",
    "currency": "word",
    "fx_rate": "number",
    "channel": "word",
    "kind": "word",
    "business": "flag",
    "payment_method": "word",
    "vat": "number",
    "vat_rate": "percent",
    "vat_name": "word",
    "vat_name_2": "word",
    "platform_tax": "number",
    "platform_tax_included": "flag",
    "refund_reason": "text",
    "carriage_cost": "number",  # what the carrier charged the firm, not what it charged its customer
    **{part + suffix: "number" for part in ORDER_PARTS for suffix in SUFFIXES},
}
LINE_FIELDS: dict[str, Type] = {
    "product_id": "code",
    "product_name": "text",
    "category": "word",
    "quantity": "number",
    "unit_cost": "number",
    "line_vat": "number",
    "line_discount_percent": "percent",
    **{part + suffix: "number" for part in LINE_PARTS for suffix in SUFFIXES},
}

FIELDS: dict[str, dict[str, Type]] = {
    "orders": {**_ORDER_FIELDS, **LINE_FIELDS},
    "products": {
        "product_id": "code",
        "sku": "text",
        "name": "text",
        "category": "word",
        "supplier_id": "code",
        "unit_cost": "number",
        "price": "number",
        "price_net": "number",
        "price_gross": "number",
        "vat_rate": "percent",
        "lead_time_days": "number",
        "lead_time_sd_days": "number",
        "order_quantity_min": "number",
        "order_quantity_multiple": "number",
        "shelf_life_days": "number",
        "active": "flag",
        "created_at": "date",
        "hs_code": "text",
        "weight_kg": "number",
        "origin_country": "country",
        "on_hand": "number",
    },
    "stock_levels": {
        "product_id": "code",
        "location": "word",
        "as_of": "date",
        "on_hand": "number",
        "reserved": "number",
        "on_order": "number",
    },
    "suppliers": {
        "supplier_id": "word",
        "name": "word",
        "country": "country",
        "language": "word",
        "currency": "word",
        "lead_time_days": "number",
        "payment_days": "number",
        "order_cost": "number",
        "order_value_min": "number",
        "review_days": "number",
    },
    "supplier_prices": {
        "supplier_id": "word",
        "product_id": "code",
        "quantity_from": "number",
        "unit_cost": "number",
        "currency": "word",
        "fx_rate": "number",
    },
    "purchases": {
        "purchase_id": "code",
        "supplier_id": "word",
        "product_id": "code",
        "location": "word",
        "ordered_on": "date",
        "expected_on": "date",
        "received_on": "date",
        "quantity": "number",
        "received_quantity": "number",
        "unit_cost": "number",
        "currency": "word",
        "fx_rate": "number",
        "status": "word",
    },
    "customers": {
        "customer": "identity",
        "company": "identity",
        "vat_number": "identity",
        "kind": "word",
        "country": "country",
        "region": "word",
        "created_at": "date",
        "company_registered": "flag",
    },
    "visits": {
        "date": "date",
        "source": "word",
        "medium": "word",
        "country": "country",
        "device": "word",
        "sessions": "number",
        "product_views": "number",
        "add_to_carts": "number",
        "checkouts": "number",
        "orders": "number",
        "cost": "number",
    },
}

REQUIRED: dict[str, tuple[str, ...]] = {
    "orders": ("order_id", "ordered_at"),
    "products": ("product_id",),
    "stock_levels": ("product_id", "on_hand"),
    "suppliers": ("supplier_id",),
    "supplier_prices": ("supplier_id", "product_id", "unit_cost"),
    "purchases": ("purchase_id", "product_id", "quantity"),
    "customers": ("customer",),
    "visits": ("date", "sessions"),
}


def in_words(name: str) -> UserError:
    """A field's name, to be put into words: "order discount, ex VAT"."""
    for side in ("net", "gross", "vat"):
        part = name.removesuffix(f"_{side}")
        if part != name and part in (*ORDER_PARTS, *LINE_PARTS, "price"):
            return UserError(f"files.side.{side}", name=UserError(f"files.field.{part}"))
    return UserError(f"files.field.{name}")

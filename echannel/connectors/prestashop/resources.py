"""What is asked of the webservice: its resources, and of each the fields named here and no others.

No name, e-mail (but for the customers' keyed hash), phone, street, password hash or secure key is ever
asked for. Shapes: PrestaShop's webservice reference and the recorded answers of an 8.0.3 shop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Resource:
    """One resource: its fields, and the fields of the rows that come with each of its records.

    ``optional`` fields are not in every version, and are given up where the shop does not know them;
    without a ``needed`` resource there is no turnover, and no sync; ``tables`` says what it serves.
    """

    name: str
    fields: tuple[str, ...]
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    needed: bool = False
    tables: tuple[str, ...] = ()

    def display(self, unknown: frozenset[str] = frozenset()) -> str:
        """The ``display`` parameter, without the fields that this shop does not know."""
        parts = [name for name in self.fields if name not in unknown]
        parts += [f"{name}[{','.join(inner)}]" for name, inner in self.rows.items() if name not in unknown]
        return f"[{','.join(parts)}]"


ORDERS = Resource(
    "orders",
    (
        *("id", "id_address_delivery", "id_address_invoice", "id_cart", "id_currency", "id_customer"),
        *("id_shop", "current_state", "module", "payment", "valid", "reference"),
        *("invoice_date", "date_add", "date_upd", "conversion_rate", "total_paid"),
        *("total_paid_tax_incl", "total_paid_tax_excl", "total_products", "total_products_wt"),
        *("total_discounts_tax_incl", "total_discounts_tax_excl"),
        *("total_shipping_tax_incl", "total_shipping_tax_excl"),
        *("total_wrapping_tax_incl", "total_wrapping_tax_excl"),
    ),
    needed=True,
    tables=("orders",),
)
ORDER_CARTS = Resource("orders", ("id", "id_cart", "total_products"))
ORDER_DETAILS = Resource(
    "order_details",
    (
        *("id", "id_order", "product_id", "product_attribute_id", "product_quantity"),
        *("unit_price_tax_incl", "unit_price_tax_excl", "total_price_tax_incl", "total_price_tax_excl"),
        *("original_product_price", "purchase_supplier_price", "original_wholesale_price"),
    ),
    {"taxes": ("id",)},
    optional=("original_wholesale_price", "taxes"),
    needed=True,
    tables=("order_lines",),
)
SOLD_NAMES = Resource(
    "order_details", ("id", "product_id", "product_attribute_id", "product_name", "product_reference")
)
ORDER_SLIPS = Resource(
    "order_slip",
    (
        *("id", "id_order", "conversion_rate", "amount", "shipping_cost_amount", "order_slip_type"),
        *("total_products_tax_excl", "total_products_tax_incl"),
        *("total_shipping_tax_excl", "total_shipping_tax_incl", "date_add", "date_upd"),
    ),
    {"order_slip_details": (*("id_order_detail", "product_quantity", "amount_tax_excl", "amount_tax_incl"),)},
    optional=(
        *("order_slip_type", "total_products_tax_excl", "total_products_tax_incl"),
        *("total_shipping_tax_excl", "total_shipping_tax_incl"),
    ),
    needed=True,
    tables=("refunds",),
)
ORDER_STATES = Resource(
    "order_states",
    ("id", "paid", "shipped", "logable", "deleted"),
    tables=("orders",),
)
ORDER_PAYMENTS = Resource(
    "order_payments", ("id", "order_reference", "amount", "date_add"), tables=("orders",)
)
CURRENCIES = Resource(
    "currencies",
    ("id", "iso_code", "conversion_rate", "deleted"),
    needed=True,
    tables=("orders",),
)
CONFIGURATIONS = Resource("configurations", ("id", "name", "value", "id_shop"), tables=("orders",))
TAXES = Resource("taxes", ("id", "rate"), tables=("order_lines",))
COUNTRIES = Resource("countries", ("id", "iso_code"), tables=("orders", "customers"))
STATES = Resource("states", ("id", "iso_code"), tables=("customers",))
CUSTOMERS = Resource(
    "customers",
    (
        *("id", "email", "is_guest", "company", "siret", "max_payment_days", "deleted"),
        *("date_add", "date_upd"),
    ),
    optional=("max_payment_days",),
    tables=("customers",),
)
ADDRESSES = Resource(
    "addresses",
    ("id", "id_customer", "id_supplier", "id_country", "id_state", "company", "vat_number", "date_upd"),
    tables=("orders", "customers", "suppliers"),
)
PRODUCTS = Resource(
    "products",
    (
        *("id", "id_supplier", "id_category_default", "reference", "name", "wholesale_price", "price"),
        *("weight", "active", "date_add"),
    ),
    tables=("products",),
)
COMBINATIONS = Resource(
    "combinations",
    ("id", "id_product", "reference", "wholesale_price", "price", "weight"),
    {"product_option_values": ("id",)},
    tables=("products",),
)
OPTION_VALUES = Resource("product_option_values", ("id", "name"), tables=("products",))
CATEGORIES = Resource("categories", ("id", "name"), tables=("products",))
STOCK_AVAILABLES = Resource(
    "stock_availables",
    (
        *("id", "id_product", "id_product_attribute", "id_shop", "id_shop_group"),
        *("quantity", "depends_on_stock"),
    ),
    tables=("stock_levels",),
)
STOCKS = Resource(
    "stocks",
    ("id", "id_warehouse", "id_product", "id_product_attribute", "physical_quantity", "usable_quantity"),
    tables=("stock_levels",),
)
SUPPLIERS = Resource("suppliers", ("id", "name"), tables=("suppliers",))
PRODUCT_SUPPLIERS = Resource(
    "product_suppliers",
    (
        *("id", "id_product", "id_product_attribute", "id_supplier", "id_currency"),
        "product_supplier_price_te",
    ),
    tables=("supplier_prices",),
)
SUPPLY_ORDERS = Resource(
    "supply_orders",
    (
        *("id", "id_supplier", "id_warehouse", "id_supply_order_state", "id_currency", "is_template"),
        *("date_add", "date_delivery_expected"),
    ),
    tables=("purchases",),
)
SUPPLY_ORDER_DETAILS = Resource(
    "supply_order_details",
    (
        *("id", "id_supply_order", "id_product", "id_product_attribute"),
        *("quantity_expected", "quantity_received", "price_with_order_discount_te"),
    ),
    tables=("purchases",),
)
SUPPLY_ORDER_RECEIPTS = Resource(
    "supply_order_receipt_histories",
    ("id", "id_supply_order_detail", "quantity", "date_add"),
    tables=("purchases",),
)
SUPPLY_ORDER_STATES = Resource(
    "supply_order_states",
    ("id", "editable", "receipt_state", "pending_receipt", "enclosed"),
    tables=("purchases",),
)
CARTS = Resource(
    "carts",
    ("id", "id_shop", "id_currency", "id_customer", "date_add", "date_upd"),
    {"cart_rows": ("id_product", "id_product_attribute", "quantity")},
    tables=("carts",),
)

RESOURCES: tuple[Resource, ...] = (
    ORDERS,
    ORDER_DETAILS,
    ORDER_SLIPS,
    ORDER_STATES,
    ORDER_PAYMENTS,
    CURRENCIES,
    CONFIGURATIONS,
    TAXES,
    COUNTRIES,
    STATES,
    CUSTOMERS,
    ADDRESSES,
    PRODUCTS,
    COMBINATIONS,
    OPTION_VALUES,
    CATEGORIES,
    STOCK_AVAILABLES,
    SUPPLIERS,
    PRODUCT_SUPPLIERS,
    CARTS,
    STOCKS,
    SUPPLY_ORDERS,
    SUPPLY_ORDER_DETAILS,
    SUPPLY_ORDER_RECEIPTS,
    SUPPLY_ORDER_STATES,
)
ADVANCED_STOCK = frozenset(
    resource.name
    for resource in (
        STOCKS,
        SUPPLY_ORDERS,
        SUPPLY_ORDER_DETAILS,
        SUPPLY_ORDER_RECEIPTS,
        SUPPLY_ORDER_STATES,
    )
)
"""Only shops with advanced stock management use these."""

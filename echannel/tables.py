"""The canonical tables: one vocabulary for every source.

Times are UTC timestamps, with the SME's own calendar day beside them as ``local_day``
(days since 1970-01-01, in the SME's time zone): a day is what an owner means by a day.
Money is in the order's currency and net of VAT unless the name says ``gross``;
``fx_rate`` turns it into the SME's reporting currency (reporting = amount × fx_rate).
Unit costs are in the reporting currency. Countries are ISO 3166 alpha-2, currencies ISO 4217.

Every order satisfies, within one cent (else the data audit names it):
``goods_net − discount_net + shipping_net + wrapping_net + vat_amount = total_gross``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd
import pandera.pandas as pa

KINDS = ("b2b", "b2c")
CHANNELS = ("own_shop", "marketplace", "store", "phone", "other")
STATUSES = ("pending", "paid", "shipped", "delivered", "cancelled", "refunded", "partly_refunded")

TIMESTAMP = "datetime64[us, UTC]"
DATE = "datetime64[us]"
CODE = "category"  # keys and enumerations are stored dictionary-encoded
TEXT = "string"
MONEY = "float64"


@dataclass(frozen=True)
class Column:
    """One column: its dtype, whether it may be empty, and the values it allows."""

    dtype: str
    nullable: bool = False
    allowed: tuple[str, ...] = ()
    pattern: str | None = None
    positive: bool = False


@dataclass(frozen=True)
class Table:
    """One canonical table: its key and its columns, in order.

    ``replace_by`` names a column whose rows are replaced as a group when they come again
    (an order's lines: a line deleted in the shop must vanish here too); else rows are
    replaced one by one by ``key``.
    """

    name: str
    key: tuple[str, ...]
    columns: dict[str, Column]
    replace_by: str | None = None
    local_day_of: str | None = None
    schema: pa.DataFrameSchema = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "schema", _schema(self))

    def empty(self) -> pd.DataFrame:
        """The table with its columns and dtypes and no row."""
        return self._empty.copy()

    @cached_property
    def _empty(self) -> pd.DataFrame:
        return pd.DataFrame({name: pd.Series(dtype=column.dtype) for name, column in self.columns.items()})


def _schema(table: Table) -> pa.DataFrameSchema:
    columns = {}
    for name, column in table.columns.items():
        checks = []
        if column.allowed:
            checks.append(pa.Check.isin(column.allowed))
        if column.pattern:
            checks.append(pa.Check.str_matches(column.pattern))
        if column.positive:
            checks.append(pa.Check.gt(0))
        columns[name] = pa.Column(column.dtype, checks, nullable=column.nullable, coerce=True)
    return pa.DataFrameSchema(columns, unique=list(table.key), strict="filter", name=table.name)


_COUNTRY = Column(CODE, nullable=True, pattern=r"^[A-Z]{2}$")
_CURRENCY = Column(CODE, pattern=r"^[A-Z]{3}$")
_RATE = Column(MONEY, positive=True)
_DAY = Column("int32")

ORDERS = Table(
    "orders",
    ("order_id",),
    {
        "order_id": Column(CODE),
        "ordered_at": Column(TIMESTAMP),
        "local_day": _DAY,
        "updated_at": Column(TIMESTAMP, nullable=True),
        "paid_at": Column(TIMESTAMP, nullable=True),
        "due_at": Column(TIMESTAMP, nullable=True),
        "customer_id": Column(CODE, nullable=True),
        "kind": Column(CODE, allowed=KINDS),
        "channel": Column(CODE, allowed=CHANNELS),
        "country": _COUNTRY,
        "currency": _CURRENCY,
        "fx_rate": _RATE,
        "status": Column(CODE, allowed=STATUSES),
        "goods_net": Column(MONEY),
        "discount_net": Column(MONEY),
        "shipping_net": Column(MONEY),
        "wrapping_net": Column(MONEY),
        "goods_gross": Column(MONEY),
        "discount_gross": Column(MONEY),
        "shipping_gross": Column(MONEY),
        "wrapping_gross": Column(MONEY),
        "vat_amount": Column(MONEY),
        "total_gross": Column(MONEY),
        # False where the source did not say and the connector had to assume:
        # VAT at the country's standard rate; a lone total taken as goods.
        "vat_stated": Column("bool"),
        "parts_stated": Column("bool"),
        "payment_method": Column(CODE, nullable=True),
        "carriage_cost": Column(MONEY, nullable=True),  # what the carrier charged the SME, reporting currency
        "source": Column(CODE),
    },
    local_day_of="ordered_at",
)

ORDER_LINES = Table(
    "order_lines",
    ("order_id", "line_no"),
    {
        "order_id": Column(CODE),
        "line_no": Column("int32"),
        "product_id": Column(CODE, nullable=True),
        "quantity": Column(MONEY),
        "unit_price_net": Column(MONEY),
        "discount_net": Column(MONEY),
        "net_amount": Column(MONEY),  # quantity × unit_price_net − discount_net
        "vat_rate": Column(MONEY, nullable=True),  # a fraction: 0.2, 0.055
        "unit_cost": Column(MONEY, nullable=True),
    },
    replace_by="order_id",
)

REFUNDS = Table(
    "refunds",
    ("refund_id",),
    {
        "refund_id": Column(CODE),
        "order_id": Column(CODE, nullable=True),
        "product_id": Column(CODE, nullable=True),
        "quantity": Column(MONEY, nullable=True),
        "net_amount": Column(MONEY),  # positive; includes shipping_net
        "shipping_net": Column(MONEY),  # the part of net_amount that gives carriage back
        "vat_amount": Column(MONEY),
        "currency": _CURRENCY,
        "fx_rate": _RATE,
        "refunded_at": Column(TIMESTAMP),
        "local_day": _DAY,
        "date_stated": Column("bool"),  # False: the source gave no refund date, the order's was taken
        "reason": Column(TEXT, nullable=True),
        # Whose it is, where the source names no order (a credit note of the accounts).
        "customer_id": Column(CODE, nullable=True),
        "kind": Column(CODE, nullable=True, allowed=KINDS),
        "channel": Column(CODE, nullable=True, allowed=CHANNELS),
        "country": _COUNTRY,
        "source": Column(CODE),
    },
    local_day_of="refunded_at",
)

PRODUCTS = Table(
    "products",
    ("product_id",),
    {
        "product_id": Column(CODE),
        "sku": Column(TEXT, nullable=True),
        "name": Column(TEXT, nullable=True),
        "category": Column(CODE, nullable=True),
        "supplier_id": Column(CODE, nullable=True),
        "unit_cost": Column(MONEY, nullable=True),
        "price_net": Column(MONEY, nullable=True),
        "lead_time_days": Column(MONEY, nullable=True),
        "lead_time_sd_days": Column(MONEY, nullable=True),
        "order_quantity_min": Column(MONEY, nullable=True),
        "order_quantity_multiple": Column(MONEY, nullable=True),  # of a pack: orders come in whole packs
        "shelf_life_days": Column(MONEY, nullable=True),
        "active": Column("boolean", nullable=True),
        "created_at": Column(TIMESTAMP, nullable=True),
        "hs_code": Column(TEXT, nullable=True),
        "weight_kg": Column(MONEY, nullable=True),
        "origin_country": _COUNTRY,
    },
)

CUSTOMERS = Table(
    "customers",
    ("customer_id",),
    {
        "customer_id": Column(CODE),  # a keyed hash: no name, e-mail, phone or street is ever stored
        "kind": Column(CODE, allowed=KINDS),
        "country": _COUNTRY,
        "region": Column(CODE, nullable=True),
        "created_at": Column(TIMESTAMP, nullable=True),
        "company_registered": Column("boolean", nullable=True),
        "company_id": Column(CODE, nullable=True),  # a keyed hash: the firm that several customers buy for
    },
)

SUPPLIERS = Table(
    "suppliers",
    ("supplier_id",),
    {
        "supplier_id": Column(CODE),
        "name": Column(TEXT, nullable=True),  # a firm's name, for the head of a purchase order
        "country": _COUNTRY,
        "language": Column(CODE, nullable=True, pattern=r"^[a-z]{2}$"),
        "currency": Column(CODE, nullable=True, pattern=r"^[A-Z]{3}$"),
        "lead_time_days": Column(MONEY, nullable=True),  # as agreed; what it really takes is in the purchases
        "payment_days": Column(MONEY, nullable=True),  # from the delivery
        "order_cost": Column(MONEY, nullable=True),  # of one order, whatever is in it; reporting currency
        "order_value_min": Column(MONEY, nullable=True),  # reporting currency, ex VAT
        "review_days": Column(MONEY, nullable=True),  # days between two orders, where they come at a rhythm
    },
)

SUPPLIER_PRICES = Table(
    "supplier_prices",
    ("supplier_id", "product_id", "quantity_from"),
    {
        "supplier_id": Column(CODE),
        "product_id": Column(CODE),
        "quantity_from": Column(MONEY),  # the price holds for all units of an order of at least so many
        "unit_cost": Column(MONEY),  # reporting currency, ex VAT
    },
)

PURCHASES = Table(
    "purchases",
    ("purchase_id", "line_no"),
    {
        "purchase_id": Column(CODE),
        "line_no": Column("int32"),  # a line that comes in two deliveries is two lines
        "supplier_id": Column(CODE, nullable=True),
        "product_id": Column(CODE),
        "location": Column(CODE, nullable=True),
        "ordered_on": Column(DATE, nullable=True),  # dates are the SME's own calendar days
        "expected_on": Column(DATE, nullable=True),
        "received_on": Column(DATE, nullable=True),  # empty: still to come
        "quantity": Column(MONEY),
        "received_quantity": Column(MONEY, nullable=True),
        "unit_cost": Column(MONEY, nullable=True),  # reporting currency, ex VAT
        "source": Column(CODE),
    },
    replace_by="purchase_id",
)

STOCK_LEVELS = Table(
    "stock_levels",
    ("product_id", "location", "as_of"),
    {
        "product_id": Column(CODE),
        "location": Column(CODE),
        "as_of": Column(DATE),
        "on_hand": Column(MONEY),
        "reserved": Column(MONEY, nullable=True),
        "on_order": Column(MONEY, nullable=True),
    },
)

VISITS = Table(
    "visits",
    ("date", "source", "medium", "country", "device"),
    {
        "date": Column(DATE),
        "source": Column(CODE),
        "medium": Column(CODE),
        "country": Column(CODE),  # "ZZ": the source does not say
        "device": Column(CODE),
        "sessions": Column(MONEY),
        "product_views": Column(MONEY, nullable=True),
        "add_to_carts": Column(MONEY, nullable=True),
        "checkouts": Column(MONEY, nullable=True),
        "orders": Column(MONEY, nullable=True),
        "cost": Column(MONEY, nullable=True),  # advertising spend, reporting currency, ex VAT
    },
)

CARTS = Table(
    "carts",
    ("cart_id",),
    {
        "cart_id": Column(CODE),
        "created_at": Column(TIMESTAMP),
        "local_day": _DAY,
        "updated_at": Column(TIMESTAMP, nullable=True),
        "customer_id": Column(CODE, nullable=True),
        "order_id": Column(CODE, nullable=True),  # empty: given up, or still open
        "currency": _CURRENCY,
        "fx_rate": _RATE,
        "units": Column(MONEY),
        "goods_net": Column(MONEY, nullable=True),
        "source": Column(CODE),
    },
    local_day_of="created_at",
)

LEDGER = Table(
    "ledger",
    ("entry_id",),
    {
        "entry_id": Column(CODE),
        # The entry that the line belongs to, in its journal; where the source names none (an account's
        # transactions), the account's day; of a trial balance, its day.
        "entry_group": Column(CODE, nullable=True),
        "journal": Column(CODE, nullable=True),
        "date": Column(DATE),
        "account": Column(CODE),
        "account_class": Column(CODE, nullable=True),
        "label": Column(TEXT, nullable=True),
        "debit": Column(MONEY),
        "credit": Column(MONEY),
    },
    replace_by="entry_group",
)

LEARNING = Table(
    "learning",
    ("person_id", "course_id", "item_id"),
    {
        "person_id": Column(CODE),
        "course_id": Column(CODE),
        "item_id": Column(CODE),
        "state": Column(CODE),
        "completed_at": Column(TIMESTAMP, nullable=True),
        "grade": Column(MONEY, nullable=True),
        "badge": Column(CODE, nullable=True),
    },
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        ORDERS,
        ORDER_LINES,
        REFUNDS,
        PRODUCTS,
        CUSTOMERS,
        STOCK_LEVELS,
        SUPPLIERS,
        SUPPLIER_PRICES,
        PURCHASES,
        VISITS,
        CARTS,
        LEDGER,
        LEARNING,
    )
}

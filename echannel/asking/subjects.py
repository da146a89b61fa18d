"""What an SME can ask about: its sales, orders, refunds, visits, stock, purchases, carts and accounts.

A subject is a plain frame, one row per thing, whose columns have the names an owner knows. Money is in the
reporting currency and ex VAT (``paid`` and ``vat`` say otherwise); sales and refunds are the counted ones
(see :mod:`echannel.metrics.turnover`), so that a sum here is the figure of every other page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from echannel.metrics.names import names_by_id
from echannel.metrics.turnover import day_number
from echannel.sme import Sme

Role = Literal["day", "group", "money", "number"]
Names = tuple[str, ...]


@dataclass(frozen=True)
class Field:
    """One field: ``day`` and ``group`` fields narrow and group, ``money`` and ``number`` are measured."""

    name: str
    role: Role


@dataclass(frozen=True)
class Subject:
    """One subject of an SME: its name, its fields in order, and a way to its rows."""

    name: str
    fields: tuple[Field, ...]
    make: Callable[[Sme], pd.DataFrame]
    sme: Sme

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Its rows, one column per field."""
        return self.make(self.sme)[[field.name for field in self.fields]].reset_index(drop=True)

    @property
    def groups(self) -> tuple[str, ...]:
        """The fields to group and narrow by."""
        return tuple(field.name for field in self.fields if field.role in ("day", "group"))

    @property
    def measures(self) -> tuple[str, ...]:
        """The fields that can be summed."""
        return tuple(field.name for field in self.fields if field.role in ("money", "number"))

    def role(self, name: str) -> Role:
        """The role of a field; ``KeyError`` where there is none of that name."""
        return {field.name: field.role for field in self.fields}[name]


def subjects_of(sme: Sme) -> dict[str, Subject]:
    """The subjects of which this SME has rows, by name."""
    made = (
        Subject(name, fields, make, sme)
        for name, (table, fields, make) in _SUBJECTS.items()
        if _any(sme, table)
    )
    return {subject.name: subject for subject in made}


def _any(sme: Sme, table: str) -> bool:
    return len(sme.table(table)) > 0


def _fields(groups: Names, money: Names = (), number: Names = ()) -> tuple[Field, ...]:
    named: list[tuple[str, Role]] = [(name, "day" if name == "day" else "group") for name in groups]
    named += [(name, "money") for name in money] + [(name, "number") for name in number]
    return tuple(Field(name, role) for name, role in named)


def _sales(sme: Sme) -> pd.DataFrame:
    lines = sme.sales.lines
    return lines.assign(
        product=_product_names(sme, lines["product_id"]),
        customer=lines["customer_id"],
        turnover=lines["net"],
        margin=lines["net"] - lines["cost"],
        units=lines["quantity"],
    )


def _orders(sme: Sme) -> pd.DataFrame:
    orders = sme.sales.orders
    rank = orders["order_rank"].to_numpy()
    more = sme.table("orders").set_index("order_id")[["payment_method", "source"]]
    return orders.assign(
        customer=orders["customer_id"],
        customer_is=pd.Series(np.where(rank == 1, "new", "back"), orders.index).where(rank > 0),
        units=orders["quantity"],
        turnover=orders["net_goods"],
        paid=orders["total_gross"],
    ).join(more, on="order_id")


def _refunds(sme: Sme) -> pd.DataFrame:
    refunds = sme.table("refunds")
    rate = refunds["fx_rate"]
    return refunds.assign(
        day=refunds["local_day"],
        product=_product_names(sme, refunds["product_id"]),
        refunded=refunds["net_amount"] * rate,
        vat=refunds["vat_amount"] * rate,
        units=refunds["quantity"],
    )


def _visits(sme: Sme) -> pd.DataFrame:
    visits = sme.table("visits")
    return visits.assign(
        day=day_number(visits["date"]),
        came_from=visits["source"],
        country=visits["country"].astype(object).where(visits["country"] != "ZZ"),
        advertising=visits["cost"],
    )


def _stock(sme: Sme) -> pd.DataFrame:
    levels = sme.table("stock_levels").sort_values("as_of")
    last = levels.drop_duplicates(["product_id", "location"], keep="last")
    products = sme.table("products").set_index("product_id")
    cost = last["product_id"].astype(str).map(_by_text(products["unit_cost"]))
    return last.assign(
        product=_product_names(sme, last["product_id"]),
        category=last["product_id"].astype(str).map(_by_text(products["category"].astype(object))),
        stock_value=last["on_hand"] * cost,
    )


def _purchases(sme: Sme) -> pd.DataFrame:
    bought = sme.table("purchases")
    bought = bought[bought["ordered_on"].notna()]
    suppliers = sme.table("suppliers")
    names = names_by_id(suppliers["supplier_id"], suppliers["name"])
    supplier = bought["supplier_id"].astype(object)
    return bought.assign(
        day=day_number(bought["ordered_on"]),
        product=_product_names(sme, bought["product_id"]),
        supplier=supplier.map(names).fillna(supplier),
        units=bought["quantity"],
        spent=bought["quantity"] * bought["unit_cost"],
    )


def _carts(sme: Sme) -> pd.DataFrame:
    carts = sme.table("carts")
    return carts.assign(
        day=carts["local_day"],
        customer=carts["customer_id"],
        cart_is=np.where(carts["order_id"].notna(), "bought", "left"),
        goods=carts["goods_net"] * carts["fx_rate"],
    )


def _ledger(sme: Sme) -> pd.DataFrame:
    ledger = sme.table("ledger")
    return ledger.assign(day=day_number(ledger["date"]), balance=ledger["debit"] - ledger["credit"])


def _product_names(sme: Sme, ids: pd.Series) -> pd.Series:
    products = sme.table("products")
    names = names_by_id(products["product_id"], products["name"].fillna(products["sku"]))
    given = ids.astype(object)
    return given.map(names).fillna(given)


def _by_text(values: pd.Series) -> pd.Series:
    return values.set_axis(values.index.astype(str))


# Of each: the table without which there is nothing to ask, its fields, and how its rows come about.
_SUBJECTS: dict[str, tuple[str, tuple[Field, ...], Callable[[Sme], pd.DataFrame]]] = {
    "sales": (
        "orders",
        _fields(
            ("day", "entry", "product", "category", "kind", "channel", "country", "customer", "order_id"),
            ("turnover", "margin", "discount"),
            ("units",),
        ),
        _sales,
    ),
    "orders": (
        "orders",
        _fields(
            (
                "day",
                "kind",
                "channel",
                "country",
                "customer",
                "customer_is",
                "status",
                "payment_method",
                "source",
            ),
            ("turnover", "shipping", "discount", "vat", "paid"),
            ("units",),
        ),
        _orders,
    ),
    "refunds": (
        "refunds",
        _fields(("day", "product", "reason", "source"), ("refunded", "vat"), ("units",)),
        _refunds,
    ),
    "visits": (
        "visits",
        _fields(
            ("day", "came_from", "medium", "country", "device"),
            ("advertising",),
            ("sessions", "product_views", "add_to_carts", "checkouts"),
        ),
        _visits,
    ),
    "stock": (
        "stock_levels",
        _fields(("product", "category", "location"), ("stock_value",), ("on_hand", "reserved")),
        _stock,
    ),
    "purchases": (
        "purchases",
        _fields(("day", "supplier", "product", "location"), ("spent",), ("units",)),
        _purchases,
    ),
    "carts": ("carts", _fields(("day", "cart_is", "customer"), ("goods",), ("units",)), _carts),
    "ledger": (
        "ledger",
        _fields(("day", "journal", "account", "label"), ("debit", "credit", "balance")),
        _ledger,
    ),
}

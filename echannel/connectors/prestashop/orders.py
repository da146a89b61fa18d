"""Orders and their lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.connectors.prestashop.clock import Clock
from echannel.connectors.prestashop.money import Money, line_rates
from echannel.connectors.prestashop.parsing import Record, flags, ids, numbers, texts
from echannel.connectors.prestashop.people import People, Places, kinds
from echannel.connectors.prestashop.states import States
from echannel.profiles import SmeProfile

_PARTS = {"goods": "products", "discount": "discounts", "shipping": "shipping", "wrapping": "wrapping"}
_MARKETPLACES = (
    "amazon",
    "cdiscount",
    "ebay",
    "fnac",
    "manomano",
    "rakuten",
    "shoppingf",
    "lengow",
    "beezup",
)
"""How the modules of marketplaces and their feed managers begin, as orders name them."""


@dataclass(frozen=True)
class Facts:
    """What orders refer to, and what of the shop and the SME decides how they are read."""

    sme: SmeProfile
    source: str
    clock: Clock
    money: Money
    states: States
    people: People
    places: Places
    tax_rates: Mapping[int, float]
    channels: Mapping[str, str]


def orders_frame(
    orders: list[Record], facts: Facts, back: Mapping[int, float], paid: Mapping[str, tuple[float, float]]
) -> pd.DataFrame:
    """The canonical orders.

    Goods, discount, shipping and wrapping are the order's own parts, with and without tax; VAT is what its
    total with tax is above its total without; the total is what the customer was asked for
    (``total_paid``). Where the shop's figures do not add up, they are left as they are.

    Parameters
    ----------
    back : given back by slips ex VAT, in the order's currency, by order id.
    paid : by reference (which orders may share), the sum paid and when its last part came (UTC, ns).
    """
    account = facts.people.of_orders(ids(orders, "id_customer"))
    delivery = facts.places.of_orders(ids(orders, "id_address_delivery"))
    invoice = facts.places.of_orders(ids(orders, "id_address_invoice"))
    country = delivery["country"].where(delivery["country"].notna().to_numpy(), invoice["country"].to_numpy())
    firm = account["firm"].where(account["firm"].notna().to_numpy(), invoice["firm"].to_numpy())
    registered = account["registered"].to_numpy(bool) | invoice["registered"].to_numpy(bool)
    kind = kinds(firm, registered, facts.sme)
    number, currency = ids(orders), ids(orders, "id_currency")
    net = numbers(orders, "total_paid_tax_excl", 0.0)
    gone = np.array([back.get(int(one), 0.0) for one in number] or [], dtype="float64")
    status = facts.states.status(ids(orders, "current_state"), flags(orders, "valid"), net, gone)
    amounts = {
        f"{part}_{side}": numbers(orders, field, 0.0)
        for part, name in _PARTS.items()
        for side, field in (("net", _field(name, "excl")), ("gross", _field(name, "incl")))
    }
    return pd.DataFrame(
        {
            "order_id": number.astype(str).astype(object),
            "ordered_at": facts.clock.utc(orders, "date_add"),
            "updated_at": facts.clock.utc(orders, "date_upd"),
            "paid_at": _paid_at(orders, paid),
            "due_at": _due_at(orders, facts.clock, account["days"].to_numpy(), kind),
            "customer_id": account["customer_id"].to_numpy(object),
            "kind": kind.astype(object),
            "channel": _channels(texts(orders, "module"), facts.channels),
            "country": country.to_numpy(object),
            "currency": facts.money.code(currency),
            "fx_rate": facts.money.to_reporting(numbers(orders, "conversion_rate"), currency),
            "status": status,
            **amounts,
            "vat_amount": numbers(orders, "total_paid_tax_incl", 0.0) - net,
            "total_gross": numbers(orders, "total_paid", 0.0),
            "vat_stated": True,
            "parts_stated": True,
            "payment_method": texts(orders, "payment"),
            "source": facts.source,
            "_currency_id": currency,
            "_file": "orders",
            "_row": number,
        }
    )


def _field(name: str, side: str) -> str:
    if name == "products":
        return "total_products" if side == "excl" else "total_products_wt"
    return f"total_{name}_tax_{side}"


def _paid_at(orders: list[Record], paid: Mapping[str, tuple[float, float]]) -> pd.Series:
    """When the last part of what a reference's orders cost was paid; NaT while something is owed."""
    reference, total = texts(orders, "reference"), numbers(orders, "total_paid", 0.0)
    owed = pd.Series(total).groupby(pd.Series(reference, dtype=object)).transform("sum").to_numpy()
    sums = np.array([paid.get(str(one), (0.0, np.nan))[0] for one in reference] or [], dtype="float64")
    when = np.array([paid.get(str(one), (0.0, np.nan))[1] for one in reference] or [], dtype="float64")
    enough = (sums > 0) & (sums >= owed - 0.01) & ~np.isnan(when)
    moments = np.where(enough, when, 0).astype("int64").astype("datetime64[s]")
    return pd.Series(moments).where(pd.Series(enough)).dt.tz_localize("UTC").dt.as_unit("us")


def _due_at(orders: list[Record], clock: Clock, days: np.ndarray, kind: np.ndarray) -> pd.Series:
    """Invoice date and the days that a B2B customer has to pay; NaT without an invoice or such days."""
    due = clock.utc(orders, "invoice_date", later=days)
    return due.where(pd.Series((kind == "b2b") & (days > 0)))


def _channels(modules: np.ndarray, chosen: Mapping[str, str]) -> np.ndarray:
    """Where orders were placed, by the module that brought them in."""
    known = {
        module: chosen.get(module)
        or ("marketplace" if str(module or "").lower().startswith(_MARKETPLACES) else "own_shop")
        for module in set(modules)
    }
    return np.array([known[module] for module in modules] or [], dtype=object)


def paid_by_reference(payments: list[Record], clock: Clock) -> dict[str, tuple[float, float]]:
    """By reference: the sum paid, and when its last part came (UTC, in seconds since 1970)."""
    frame = pd.DataFrame(
        {
            "reference": texts(payments, "order_reference"),
            "amount": numbers(payments, "amount", 0.0),
            "at": clock.utc(payments, "date_add").dt.tz_localize(None).to_numpy().astype("datetime64[s]"),
        }
    ).dropna(subset=["reference", "at"])
    frame["at"] = frame["at"].to_numpy().astype("datetime64[s]").astype("int64").astype("float64")
    frame["at"] = frame["at"].where(frame["amount"] > 0)
    grouped = frame.groupby("reference").agg({"amount": "sum", "at": "max"})
    return dict(zip(grouped.index, zip(grouped["amount"], grouped["at"], strict=True), strict=True))


def product_ids(records: list[Record], product: str, combination: str) -> np.ndarray:
    """Product ids: ``"12"``, or ``"12-34"`` for a combination; None for product 0."""
    pairs = zip(ids(records, product).tolist(), ids(records, combination).tolist(), strict=True)
    named = [(f"{one}-{other}" if other else str(one)) if one else None for one, other in pairs]
    return np.array(named or [], dtype=object)


def lines_frame(lines: list[Record], facts: Facts) -> pd.DataFrame:
    """The canonical order lines; ``line_no`` is the shop's own id of the line.

    ``net_amount`` is the line's total without tax; the price is the one before reductions where the shop
    knows a higher one, and the discount the difference. The cost is the price paid to the supplier, else
    the wholesale price, as kept with the line; 0 means unknown.
    """
    quantity, net = numbers(lines, "product_quantity", 0.0), numbers(lines, "total_price_tax_excl", 0.0)
    price, before = numbers(lines, "unit_price_tax_excl", 0.0), numbers(lines, "original_product_price", 0.0)
    # Smaller differences are the shop's rounding, not a reduction.
    discount = np.where(before - price > 0.005, quantity * (before - price), 0.0)
    unit = np.divide(net + discount, quantity, out=price.copy(), where=quantity != 0)
    paid, listed = numbers(lines, "purchase_supplier_price"), numbers(lines, "original_wholesale_price")
    return pd.DataFrame(
        {
            "order_id": ids(lines, "id_order").astype(str).astype(object),
            "line_no": ids(lines),
            "product_id": product_ids(lines, "product_id", "product_attribute_id"),
            "quantity": quantity,
            "unit_price_net": unit,
            "discount_net": discount,
            "net_amount": net,
            "vat_rate": line_rates(lines, facts.tax_rates),
            "unit_cost": facts.money.cost(np.where(paid > 0, paid, listed)),
            "_file": "order_details",
            "_row": ids(lines),
        }
    )

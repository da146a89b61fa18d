"""Orders, their lines, refunds, and what they tell of products and customers, from the rows of a file."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.connectors.base import Note
from echannel.connectors.files import order_fields
from echannel.connectors.files.cells import Cells
from echannel.connectors.files.grouping import Grouped
from echannel.connectors.files.lines import fill_by_rate
from echannel.connectors.files.order_amounts import find_basis, order_amounts, order_lines
from echannel.connectors.files.order_checks import refuse_unreadable
from echannel.connectors.files.refunds import apart, credits, discount_lines, refund_frame, returned_lines


def read_orders(cells: Cells, with_products: bool, with_customers: bool) -> dict[str, pd.DataFrame]:
    """Canonical frames of an order file by table; rows that cannot be read are refused in ``cells``.

    ``with_products``, ``with_customers``: also hand over the products and customers that the orders name
    (where no file of their own does it better).
    """
    orders = Grouped(cells)
    refuse_unreadable(orders)
    if not orders.kept.any():
        return {}
    basis = find_basis(orders).name
    lines = order_lines(orders, basis)
    settled = order_amounts(orders, lines, basis).settle()
    rate = settled.pop("rate")
    lines = _lone_quantities(orders, fill_by_rate(lines, rate[orders.codes]), settled)
    table = _order_frame(orders, settled)
    table["credit"] = credits(orders, lines, table["total_gross"].to_numpy())
    _note_repeats(orders)
    refunds = refund_frame(orders, table, lines)
    table = apart(orders, table, lines)
    sold = table[~table["credit"]].drop(columns="credit").reset_index(drop=True)
    found = {"orders": sold, "order_lines": _line_frame(orders, table, lines, rate), "refunds": refunds}
    if with_products and cells.has("product_name"):
        found["products"] = _products(orders, lines)
    if with_customers and cells.has("customer"):
        found["customers"] = _customers(sold)
    return {name: frame for name, frame in found.items() if len(frame)}


def _order_frame(orders: Grouped, settled: dict[str, np.ndarray]) -> pd.DataFrame:
    cells = orders.cells
    currency, fx_rate = order_fields.currencies(orders)
    parts_stated = settled.pop("parts_stated") & cells.layout.parts_stated
    return pd.DataFrame(
        {
            "order_id": orders.order_ids,
            "ordered_at": orders.first(cells.moment("ordered_at")),
            "updated_at": orders.first(cells.moment("updated_at")),
            "paid_at": orders.first(cells.moment("paid_at")),
            "due_at": orders.first(cells.moment("due_at")),
            "customer_id": orders.first(orders.customer),
            "kind": order_fields.kinds(orders),
            "channel": order_fields.channels(orders),
            "country": orders.first(order_fields.countries(cells)),
            "currency": currency,
            "fx_rate": fx_rate,
            "status": order_fields.statuses(orders),
            **settled,
            "parts_stated": parts_stated,
            "payment_method": orders.first_text("payment_method"),
            "carriage_cost": orders.first(cells.number("carriage_cost")),
            "source": cells.firm.source,
        }
    )


def _lone_quantities(orders: Grouped, lines: pd.DataFrame, settled: dict[str, np.ndarray]) -> pd.DataFrame:
    """A lone line without a price is worth its order's goods; several such lines cannot be valued."""
    unpriced = (lines["is_line"] & lines["unpriced"] & (lines["quantity"] != 0)).to_numpy(bool)
    count = orders.count(lines["is_line"].to_numpy(bool))[orders.codes]
    alone = unpriced & (count == 1)
    for side in ("net", "gross"):
        goods = settled[f"goods_{side}"][orders.codes]
        lines[side] = np.where(alone, goods, lines[side])
    lines["is_line"] &= ~unpriced | alone
    return lines


def _line_frame(orders: Grouped, table: pd.DataFrame, lines: pd.DataFrame, rate: np.ndarray) -> pd.DataFrame:
    credit = table["credit"].to_numpy(bool)[orders.codes]
    sold = (lines["is_line"] & ~lines["carriage"]).to_numpy(bool) & ~credit
    sold &= ~returned_lines(orders, table, lines) & ~discount_lines(orders, table, lines)
    number = pd.Series(orders.codes).groupby(orders.codes).cumcount() + 1
    chosen = lines[sold]
    quantity = chosen["quantity"].fillna(0.0).to_numpy()
    before = (chosen["net"] + chosen["discount_net"]).to_numpy()
    price = np.divide(before, quantity, out=np.zeros(len(before)), where=quantity != 0)
    stated = table["vat_stated"].to_numpy(bool)[orders.codes]
    whole_order = np.where(stated, _tidy_rate(rate)[orders.codes], np.nan)
    return pd.DataFrame(
        {
            "order_id": orders.order_ids[orders.codes[sold]],
            "line_no": number[sold].to_numpy(),
            "product_id": chosen["product_id"].to_numpy(object),
            "quantity": quantity,
            "unit_price_net": price,
            "discount_net": np.where(quantity == 0, 0.0, chosen["discount_net"]),
            "net_amount": np.where(quantity == 0, 0.0, chosen["net"]),
            "vat_rate": np.where(
                chosen["rate"].isna(), whole_order[sold], _tidy_rate(chosen["rate"].to_numpy())
            ),
            "unit_cost": chosen["unit_cost"].to_numpy(),
        }
    )


def _tidy_rate(rate: np.ndarray) -> np.ndarray:
    """A rate worked out from rounded amounts, as it is written in law: to half a tenth of a per cent."""
    tidy = np.round(rate * 2000) / 2000
    return np.where(np.abs(rate - tidy) < 2e-4, tidy, np.round(rate, 4))


def _products(orders: Grouped, lines: pd.DataFrame) -> pd.DataFrame:
    """Each product with the name and category that most of its lines give it."""
    cells = orders.cells
    named = pd.DataFrame({"product_id": lines["product_id"].where(lines["is_line"])})
    for column, field in (("name", "product_name"), ("category", "category")):
        texts = cells.texts(field)[orders.kept].reset_index(drop=True)
        named[column] = texts.where(texts != "", None)
    known = named.dropna(subset="product_id")
    products = pd.DataFrame({"product_id": known["product_id"].unique()})
    for column in ("name", "category"):
        counts = known.dropna(subset=column).groupby(["product_id", column], sort=True).size()
        usual = (
            counts.reset_index(name="n").sort_values("n", kind="stable").groupby("product_id")[column].last()
        )
        products[column] = products["product_id"].map(usual).astype(object)
    return products.assign(sku=products["product_id"])


def _customers(orders: pd.DataFrame) -> pd.DataFrame:
    """The customers of orders: b2b when any order was, country of the latest order that names one."""
    known = orders[orders["customer_id"].notna()].sort_values("ordered_at", kind="stable")
    grouped = known.groupby("customer_id", sort=False)
    business = known["kind"].eq("b2b").groupby(known["customer_id"], sort=False).any()
    return pd.DataFrame(
        {
            "customer_id": business.index.to_numpy(object),
            "kind": np.where(business, "b2b", "b2c"),
            "country": grouped["country"].last().to_numpy(object),
        }
    )


def _note_repeats(orders: Grouped) -> None:
    """Lines that are exact repeats are kept (two of the same may well be sold), and said."""
    cells = orders.cells
    if cells.layout.rows == "orders":
        return
    repeats = int(cells.raw.rows[orders.kept].duplicated().sum())
    if repeats:
        cells.notes.append(Note("files.note.repeated_lines", {"n": repeats}))

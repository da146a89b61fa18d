"""The lines of orders: what each sold or gave back, net and gross."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.connectors.files.amounts import Sides, complete
from echannel.connectors.files.cells import Cells
from echannel.connectors.files.fields import LINE_PARTS


def line_frame(cells: Cells, basis: str) -> pd.DataFrame:
    """One row per row of the file, as far as it is an order line.

    Columns: ``is_line``, ``product_id``, ``quantity``, ``net``, ``gross`` (after the line's own discount),
    ``vat``, ``discount_net``, ``discount_gross``, ``rate`` (stated for this line), ``unit_cost``.
    ``basis``: what an amount is that does not say, ``net`` or ``gross``.
    """
    quantity = cells.number("quantity")
    product = cells.texts("product_id").where(cells.texts("product_id") != "", cells.texts("product_name"))
    parts = {part: sides_of(cells, part, basis) for part in LINE_PARTS}
    priced = np.zeros(len(cells), dtype=bool)
    for part in ("unit_price", "line_value", "line_total"):
        priced |= ~np.isnan(parts[part]["net"]) | ~np.isnan(parts[part]["gross"])
    is_line = priced | ~np.isnan(quantity) | (product != "").to_numpy(bool)
    quantity = np.where(np.isnan(quantity) & priced, 1.0, quantity)
    percent = np.nan_to_num(cells.number("line_discount_percent"))
    rate = cells.number("vat_rate")
    vat = cells.number("line_vat")
    found: dict[str, np.ndarray] = {}
    for side in ("net", "gross"):
        total, value = parts["line_total"][side], parts["line_value"][side]
        value = np.where(np.isnan(value), parts["unit_price"][side] * quantity, value)
        stated = parts["line_discount"][side]
        # Accounts round each line's rebate to the cent, and add up what is left.
        discount = np.where(np.isnan(stated), np.round(np.nan_to_num(value * percent), 2), stated)
        if np.isnan(stated).all() and not percent.any():
            both = ~np.isnan(total) & ~np.isnan(value)
            discount = np.where(both & (np.abs(value - total) > 0.011), value - total, discount)
        found[side] = np.where(np.isnan(total), value - discount, total)
        found[f"discount_{side}"] = np.where(np.isnan(found[side]), np.nan, discount)
    sides = {"net": found["net"], "gross": found["gross"], "vat": vat}
    for name in ("line_total", "line_value"):
        sides["vat"] = np.where(np.isnan(sides["vat"]), parts[name]["vat"], sides["vat"])
    completed = complete(sides, rate)
    with np.errstate(divide="ignore", invalid="ignore"):
        own = completed["gross"] / completed["net"] - 1
    return pd.DataFrame(
        {
            "is_line": is_line,
            "product_id": product.where(product != "", None),
            "quantity": quantity,
            "net": completed["net"],
            "gross": completed["gross"],
            "vat": sides["vat"],
            "discount_net": found["discount_net"],
            "discount_gross": found["discount_gross"],
            "rate": np.where(np.isnan(rate), np.where(np.isfinite(own), own, np.nan), rate),
            "unit_cost": cells.number("unit_cost"),
            "unpriced": ~priced,
        }
    )


def sides_of(cells: Cells, part: str, basis: str) -> Sides:
    """Net, gross and VAT of a part, row by row; a bare amount is what ``basis`` says."""
    sides = {side: cells.number(f"{part}_{side}") for side in ("net", "gross", "vat")}
    bare = cells.number(part)
    sides[basis] = np.where(np.isnan(sides[basis]), bare, sides[basis])
    return sides


def fill_by_rate(lines: pd.DataFrame, rate: np.ndarray) -> pd.DataFrame:
    """The lines with both sides of every amount: by the line's own rate, else by its order's."""
    own = np.where(lines["rate"].isna(), rate, lines["rate"])
    done = complete({side: lines[side].to_numpy() for side in ("net", "gross", "vat")}, own)
    discount = {"net": lines["discount_net"].to_numpy(), "gross": lines["discount_gross"].to_numpy()}
    # A discount that is written on one side only: 0 on the other side says nothing.
    for side, other, factor in (("net", "gross", 1 / (1 + own)), ("gross", "net", 1 + own)):
        lacking = np.isnan(lines[side].to_numpy())
        discount[side] = np.where(lacking, discount[other] * factor, discount[side])
    return lines.assign(
        net=np.nan_to_num(done["net"]),
        gross=np.nan_to_num(done["gross"]),
        discount_net=np.nan_to_num(discount["net"]),
        discount_gross=np.nan_to_num(discount["gross"]),
    )


def unit_price_is_line_value(
    price: np.ndarray, quantity: np.ndarray, rest: np.ndarray, orders: np.ndarray
) -> bool:
    """Whether a price column holds the value of the whole line, as the orders' own totals tell.

    ``rest``: what the goods of each order come to by its total (NaN where not known); ``orders``: the
    order of each row. Only orders with some quantity other than 1 can tell.
    """
    n = len(rest)
    many = np.bincount(orders, np.nan_to_num(quantity) > 1, n) > 0
    by_unit = np.bincount(orders, np.nan_to_num(price * quantity), n)
    by_line = np.bincount(orders, np.nan_to_num(price), n)
    as_unit = (many & (np.abs(by_unit - rest) <= 0.011)).sum()
    as_line = (many & (np.abs(by_line - rest) <= 0.011)).sum()
    return bool(as_line > as_unit)

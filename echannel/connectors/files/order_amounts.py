"""From the amounts in a file to those of orders and lines: what is net, what is gross, what is carriage."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from echannel.connectors.base import Note
from echannel.connectors.files import words
from echannel.connectors.files.amounts import Amounts, Sides, basis_votes, first_known
from echannel.connectors.files.fields import LINE_PARTS, ORDER_PARTS
from echannel.connectors.files.grouping import Grouped
from echannel.connectors.files.headers import normal
from echannel.connectors.files.lines import line_frame, sides_of, unit_price_is_line_value

_PARTS = tuple(part for part in ORDER_PARTS if part not in ("refunded", "adjusted_total"))
_ADDED = {"discount": -1, "shipping": 1, "shipping_discount": -1, "wrapping": 1}


class Basis(NamedTuple):
    """What amounts are that do not say so themselves: net or gross, and whether that is only assumed."""

    name: str
    assumed: bool


def part_of(orders: Grouped, name: str, basis: str) -> Sides:
    """Net, gross and VAT of a part by order: summed over its rows, or the first that is there."""
    by_order = orders.total if name in orders.cells.layout.summed else orders.first
    return {side: by_order(values) for side, values in sides_of(orders.cells, name, basis).items()}


def find_basis(orders: Grouped) -> Basis:
    """As told; else as the file's own totals show; else assumed: without VAT for a B2B firm, else with."""
    layout, cells = orders.cells.layout, orders.cells
    if layout.amounts != "auto":
        return Basis(layout.amounts, False)
    if not any(name in (*ORDER_PARTS, *LINE_PARTS) for name in cells.fields):
        return Basis(layout.default_amounts, False)
    parts = {name: part_of(orders, name, "gross") for name in _PARTS}
    discount = np.nan_to_num(parts["discount"]["gross"])
    lines = line_frame(cells, "gross")
    of_lines = orders.total(np.where(lines["is_line"], lines["gross"], np.nan))
    goods = first_known(parts["goods"]["gross"], parts["goods_after_discount"]["gross"] + discount, of_lines)
    bare = goods + sum(sign * np.nan_to_num(parts[name]["gross"]) for name, sign in _ADDED.items())
    total = parts["total"]
    vat = first_known(_vat(orders), total["gross"] - total["net"])
    as_gross, as_net = basis_votes(bare, vat, total["gross"])
    if as_gross != as_net:
        return Basis("gross" if as_gross > as_net else "net", False)
    assumed = "net" if cells.firm.default_kind == "b2b" else layout.default_amounts
    if cells.firm.vat_registered:
        cells.notes.append(Note(f"files.note.amounts_assumed_{assumed}", {}))
    return Basis(assumed, cells.firm.vat_registered)


def order_lines(orders: Grouped, basis: str) -> pd.DataFrame:
    """The kept rows as order lines (see ``line_frame``), with ``carriage``: the line is shipping."""
    cells = orders.cells
    lines = line_frame(cells, basis)[orders.kept].reset_index(drop=True)
    if cells.layout.summary_rows:
        product = lines["product_id"].notna().to_numpy(bool)
        lines["is_line"] &= product | (orders.count(product)[orders.codes] == 0)
    plain = lines["product_id"].map({code: normal(code) for code in lines["product_id"].dropna().unique()})
    lines["carriage"] = plain.isin([normal(code) for code in cells.options.shipping_codes]).to_numpy(bool)
    not_product = plain.isin([normal(code) for code in cells.options.not_products])
    lines["product_id"] = lines["product_id"].where(~not_product & ~lines["carriage"], None)
    return _with_line_values(orders, lines, basis)


def _with_line_values(orders: Grouped, lines: pd.DataFrame, basis: str) -> pd.DataFrame:
    """Where the price column holds the whole line's value (the orders' totals show it), take it so."""
    cells = orders.cells
    told = [name for name in cells.fields if name.startswith(("line_value", "line_total"))]
    total = part_of(orders, "total", basis)["gross"]
    if told or np.isnan(total).all() or "unit_price" not in "".join(cells.fields):
        return lines
    rest = total - sum(
        sign * np.nan_to_num(part_of(orders, name, basis)["gross"]) for name, sign in _ADDED.items()
    )
    quantity = lines["quantity"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        price = np.where(lines["is_line"] & (quantity != 0), lines["gross"] / quantity, np.nan)
    if not unit_price_is_line_value(price, quantity, rest, orders.codes):
        return lines
    header = next(cells.header(name) for name in cells.fields if name.startswith("unit_price"))
    cells.notes.append(Note("files.note.price_is_line_value", {"field": header}))
    scale = np.where(quantity == 0, 1.0, 1 / np.where(quantity == 0, 1.0, quantity))
    money = ["net", "gross", "discount_net", "discount_gross"]
    return lines.assign(**{name: lines[name] * scale for name in money})


def order_amounts(orders: Grouped, lines: pd.DataFrame, basis: str) -> Amounts:
    """The amounts of orders as the file gives them, ready to be settled."""
    cells = orders.cells
    parts = {name: part_of(orders, name, basis) for name in _PARTS}
    vat = _vat(orders)
    if cells.has("platform_tax"):  # tax that a marketplace collects and pays itself
        included = words.flags(cells.texts("platform_tax_included")).eq(True).to_numpy(bool)
        tax = orders.first(np.where(included, cells.number("platform_tax"), np.nan))
        parts["total"]["gross"] = parts["total"]["gross"] - np.nan_to_num(tax)
    if cells.has("total") and basis == "net":
        # A total beside a VAT amount is what was paid.
        bare = orders.first(cells.number("total"))
        paid = np.isnan(parts["total"]["gross"]) & ~np.isnan(vat)
        parts["total"]["gross"] = np.where(paid, bare, parts["total"]["gross"])
        parts["total"]["net"] = np.where(paid, np.nan, parts["total"]["net"])
    goods = (lines["is_line"] & ~lines["carriage"]).to_numpy(bool)
    carriage = (lines["is_line"] & lines["carriage"]).to_numpy(bool)
    if carriage.any():
        carried = {side: _of_lines(orders, lines, carriage, side) for side in ("net", "gross", "vat")}
        parts["shipping"] = {side: _plus(parts["shipping"][side], carried[side]) for side in carried}
    return Amounts(
        parts=parts,
        lines={side: _of_lines(orders, lines, goods, side) for side in ("net", "gross", "vat")},
        vat=vat,
        rate=first_known(_named_rate(orders), _one_rate(orders)),
        assumed=cells.firm.standard_vat(orders.first(cells.moment("ordered_at"))),
    )


def _vat(orders: Grouped) -> np.ndarray:
    by_order = orders.total if "vat" in orders.cells.layout.summed else orders.first
    return by_order(orders.cells.number("vat"))


def _of_lines(orders: Grouped, lines: pd.DataFrame, chosen: np.ndarray, side: str) -> np.ndarray:
    """The sum by order; NaN where an order has no such line, or a line that sold something lacks it."""
    values = lines[side].to_numpy()
    lacking = chosen & np.isnan(values) & (np.nan_to_num(lines["quantity"].to_numpy()) != 0)
    sums = np.bincount(orders.codes, np.where(chosen, np.nan_to_num(values), 0.0), len(orders))
    some = orders.count(chosen & ~np.isnan(values)) > 0
    return np.where(some & (orders.count(lacking) == 0), sums, np.nan)


def _one_rate(orders: Grouped) -> np.ndarray:
    """The stated rate of orders whose rows all have the same; NaN for orders of several rates."""
    stated = orders.cells.number("vat_rate")
    rate = orders.first(stated)
    other = np.abs(stated[orders.kept] - rate[orders.codes]) > 1e-6
    return np.where(orders.count(other) > 0, np.nan, rate)


def _named_rate(orders: Grouped) -> np.ndarray:
    """The rate in the name of an order's only tax: "VAT 20%"."""
    cells = orders.cells
    names = cells.texts("vat_name").where(cells.texts("vat_name_2") == "", "")
    found = names.str.extract(r"(\d{1,2}(?:[.,]\d+)?)\s*%")[0].str.replace(",", ".", regex=False)
    return orders.first(pd.to_numeric(found, errors="coerce").to_numpy("float64") / 100)


def _plus(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The sum, where at least one side is there."""
    both_unknown = np.isnan(one) & np.isnan(other)
    return np.where(both_unknown, np.nan, np.nan_to_num(one) + np.nan_to_num(other))

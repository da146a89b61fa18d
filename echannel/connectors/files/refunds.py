"""What is given back: credit notes, returned lines, and refunded amounts of orders.

- A document whose every line is negative (or that calls itself a credit note) is no order: its lines
  are refunds on its own day, of an order that the file does not name (``order_id`` empty), but of the
  customer and the country that the document names.
- A line of negative quantity in an order that also sells is a refund of that order.
- An amount refunded that stands beside an order is one refund, on the stated day, else on the order's
  (``date_stated`` False).
- An order that is called refunded without an amount is refunded whole.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.connectors.base import Note
from echannel.connectors.files import words
from echannel.connectors.files.amounts import Sides, first_known, refund_split
from echannel.connectors.files.grouping import Grouped
from echannel.connectors.files.order_amounts import part_of


def credits(orders: Grouped, lines: pd.DataFrame, total: np.ndarray) -> np.ndarray:
    """Which orders only give back."""
    lined = orders.count(lines["is_line"].to_numpy(bool))
    negative = orders.count((lines["is_line"] & is_negative(lines)).to_numpy(bool))
    credit = np.where(lined > 0, negative == lined, total < 0)
    if orders.cells.has("document_type"):
        named = words.is_credit(orders.cells.texts("document_type")).to_numpy(bool)
        credit |= orders.count(named[orders.kept]) > 0
    return credit.astype(bool)


def is_negative(lines: pd.DataFrame) -> pd.Series:
    """Lines that take money or, at no price, goods away."""
    amount = lines["net"].where(lines["net"].notna(), lines["gross"]).fillna(0.0)
    return (amount < 0) | ((amount == 0) & (lines["quantity"] < 0))


def apart(orders: Grouped, table: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Orders without their returned lines, and with negative lines that return no goods as discount.

    The order keeps what it sold: what a returned line took off goods, VAT and total is put back.
    Lines of a discount: ``goods`` and ``discount`` both grow, the rest stays.
    """
    returned, discount = returned_lines(orders, table, lines), discount_lines(orders, table, lines)
    change: dict[str, np.ndarray] = {}
    for side in ("net", "gross"):
        amounts = -lines[side].to_numpy()
        carriage = lines["carriage"].to_numpy(bool)
        back = _sum(orders, np.where(returned & ~carriage, amounts, 0.0))
        carried = _sum(orders, np.where(returned & carriage, amounts, 0.0))
        less = _sum(orders, np.where(discount, amounts, 0.0))
        change[f"goods_{side}"] = table[f"goods_{side}"] + back + less
        change[f"discount_{side}"] = table[f"discount_{side}"] + less
        change[f"shipping_{side}"] = table[f"shipping_{side}"] + carried
        change[side] = back + carried
    total, vat = change.pop("gross"), change["net"]
    change["vat_amount"] = table["vat_amount"] + total - vat
    change["total_gross"] = table["total_gross"] + total
    del change["net"]
    return table.assign(**change)


def returned_lines(orders: Grouped, table: pd.DataFrame, lines: pd.DataFrame) -> np.ndarray:
    """Lines of negative quantity in orders that also sell."""
    credit = table["credit"].to_numpy(bool)[orders.codes]
    return (lines["is_line"] & is_negative(lines) & (lines["quantity"] < 0)).to_numpy(bool) & ~credit


def discount_lines(orders: Grouped, table: pd.DataFrame, lines: pd.DataFrame) -> np.ndarray:
    """Lines that take money off without returning goods: vouchers written as a line."""
    credit = table["credit"].to_numpy(bool)[orders.codes]
    return (lines["is_line"] & is_negative(lines) & ~(lines["quantity"] < 0)).to_numpy(bool) & ~credit


def refund_frame(orders: Grouped, table: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """All refunds of a file, with the columns of the canonical table (``local_day`` apart)."""
    parts = [
        _of_lines(orders, table, lines, returned_lines(orders, table, lines), "-R"),
        _of_credits(orders, table, lines),
        _of_orders(orders, table),
    ]
    frames = [part for part in parts if len(part)]
    return pd.concat(frames, ignore_index=True) if frames else parts[0]


def _of_credits(orders: Grouped, table: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    counted = table["credit"].to_numpy(bool) & ~table["status"].isin(["cancelled", "pending"]).to_numpy(bool)
    chosen = lines["is_line"].to_numpy(bool) & counted[orders.codes]
    of_lines = _of_lines(orders, table, lines, chosen, "-").assign(order_id=None)
    bare = counted & (orders.count(lines["is_line"].to_numpy(bool)) == 0)
    whole = table[bare]
    of_totals = _frame(
        whole,
        refund_id=whole["order_id"],
        order_id=None,
        net=(whole["total_gross"] - whole["vat_amount"]).abs(),
        vat=whole["vat_amount"].abs(),
        shipping=whole["shipping_net"].abs(),
        refunded_at=whole["ordered_at"],
        date_stated=True,
    )
    return pd.concat([of_lines, of_totals], ignore_index=True) if len(of_totals) else of_lines


def _of_lines(
    orders: Grouped, table: pd.DataFrame, lines: pd.DataFrame, chosen: np.ndarray, mark: str
) -> pd.DataFrame:
    number = pd.Series(orders.codes).groupby(orders.codes).cumcount() + 1
    back = lines[chosen]
    order = table.take(orders.codes[chosen]).reset_index(drop=True)
    # A credit note may write its amounts without a minus.
    sign = np.where(order["total_gross"] > 0, 1.0, -1.0) if mark == "-" else -1.0
    net, gross = back["net"].to_numpy() * sign, back["gross"].to_numpy() * sign
    quantity = np.abs(back["quantity"].to_numpy())
    corrections = (net == 0) & (back["quantity"].to_numpy() < 0)
    if corrections.any():
        orders.cells.notes.append(Note("files.note.stock_corrections", {"n": int(corrections.sum())}))
    gives_goods = ~corrections & ~((back["quantity"].to_numpy() > 0) & (sign < 0))
    return _frame(
        order,
        refund_id=order["order_id"].astype(str) + mark + number[chosen].astype(str).to_numpy(),
        order_id=order["order_id"],
        net=net,
        vat=gross - net,
        shipping=np.where(back["carriage"], net, 0.0),
        refunded_at=order["ordered_at"],
        date_stated=True,
        product_id=back["product_id"].to_numpy(object),
        quantity=np.where(gives_goods, quantity, np.nan),
    )


def _of_orders(orders: Grouped, table: pd.DataFrame) -> pd.DataFrame:
    sold = table["total_gross"].to_numpy()
    amounts = _refunded(orders, sold, table["vat_amount"].to_numpy())
    named = table["status"].to_numpy(object).astype(str)
    none = ~(np.nan_to_num(amounts["gross"]) > 0.005)
    whole = none & (named == "refunded") & (sold > 0.005)
    if whole.any():
        orders.cells.notes.append(Note("files.note.refunded_whole", {"n": int(whole.sum())}))
    unknown = none & (named == "partly_refunded")
    if unknown.any():
        orders.cells.notes.append(Note("files.note.refund_unknown", {"n": int(unknown.sum())}))
    gross = np.where(whole, sold, amounts["gross"])
    vat = np.where(whole, table["vat_amount"], amounts["vat"])
    chosen = (~none | whole) & ~table["credit"].to_numpy(bool)
    stated = orders.first(orders.cells.moment("refunded_at"))
    day = np.where(np.isnat(stated), table["ordered_at"].to_numpy(), stated)
    reason = orders.first_text("refund_reason")
    full = np.abs(gross - sold) <= 0.01
    return _frame(
        table[chosen],
        refund_id=table["order_id"][chosen].astype(str) + "-R",
        order_id=table["order_id"][chosen],
        net=(gross - vat)[chosen],
        vat=vat[chosen],
        shipping=np.where(full, table["shipping_net"], 0.0)[chosen],
        refunded_at=day[chosen],
        date_stated=~np.isnat(stated)[chosen],
        reason=reason[chosen],
    )


def _refunded(orders: Grouped, sold: np.ndarray, vat: np.ndarray) -> Sides:
    """Refunded with VAT, and the VAT in it: as stated, else by the order's own share of VAT."""
    basis = orders.cells.layout.default_amounts if orders.cells.layout.amounts == "auto" else "gross"
    sides = {side: np.abs(values) for side, values in part_of(orders, "refunded", basis).items()}
    left = part_of(orders, "adjusted_total", "gross")["gross"]
    # An adjusted total of 0 is a full refund; one that is not there says nothing.
    taken = np.where(left < sold - 0.005, sold - left, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_net = sides["net"] * sold / (sold - vat)
    gross = first_known(sides["gross"], sides["net"] + sides["vat"], of_net, taken)
    own = first_known(sides["vat"], sides["gross"] - sides["net"], gross - sides["net"])
    return {"gross": gross, "vat": first_known(own, refund_split(gross, vat, sold))}


def _frame(
    order: pd.DataFrame, refund_id: pd.Series, net: np.ndarray, vat: np.ndarray, **more: object
) -> pd.DataFrame:
    columns = {"product_id": None, "quantity": np.nan, "reason": None, **more}
    return pd.DataFrame(
        {
            "refund_id": np.asarray(refund_id, dtype=object),
            "order_id": columns["order_id"]
            if columns["order_id"] is None
            else np.asarray(columns["order_id"]),
            "product_id": columns["product_id"],
            "quantity": columns["quantity"],
            "net_amount": np.asarray(net),
            "shipping_net": np.asarray(columns["shipping"]),
            "vat_amount": np.asarray(vat),
            "currency": order["currency"].to_numpy(object),
            "fx_rate": order["fx_rate"].to_numpy(),
            "refunded_at": np.asarray(columns["refunded_at"]),
            "date_stated": columns["date_stated"],
            "reason": columns["reason"],
            **{name: order[name].to_numpy(object) for name in ("customer_id", "kind", "channel", "country")},
            "source": order["source"].to_numpy(object),
        },
        index=range(len(order)),
    )


def _sum(orders: Grouped, rows: np.ndarray) -> np.ndarray:
    return np.bincount(orders.codes, np.nan_to_num(rows), len(orders))

"""Amazon's settlement report, flat file V2: a row per amount, put together to lines of orders and refunds.

What the buyer pays (``ItemPrice``) and what promotions take off are sales; fees, reserves, transfers and
advertising are not, and are left out here. Tax that the marketplace collects and keeps (``ItemWithheldTax``)
is taken off the tax. Amounts are posted when goods leave or, where Amazon holds payment back, when it is
released: that day is taken for the order's, which this report does not tell.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from echannel.connectors.base import Note
from echannel.connectors.files import numbers
from echannel.connectors.files.cells import Cells
from echannel.connectors.files.headers import normal
from echannel.connectors.files.order_fields import currency_rows, fx_rows
from echannel.connectors.files.orders import read_orders
from echannel.connectors.files.reading import Raw
from echannel.errors import UserError

HEADERS = (
    *("order", "kind", "posted", "sku", "quantity", "currency", "goods", "goods vat", "shipping"),
    *("shipping vat", "wrapping", "wrapping vat", "discount", "shipping discount"),
)
_SALES = ("order", "refund")
_PARTS = ("goods", "shipping", "wrapping")


def settlement_table(raw: Raw, above: list[list[str]]) -> Raw:
    """One row per order or refund and item, its amounts side by side under ``HEADERS``.

    ``goods``, ``shipping``, ``wrapping`` include VAT; their ``vat`` is empty where the report has no row of
    tax for the item. Each row keeps the number of its first row in the file.
    """
    cells = {name: _cells(raw, name) for name in _NEEDED}
    kind = cells["transaction-type"].str.lower()
    amount_type = cells["amount-type"].map(normal)
    sold = kind.isin(_SALES) & amount_type.isin(("itemprice", "promotion", "itemwithheldtax"))
    sold &= cells["order-id"] != ""
    if not sold.any():
        raise UserError("error.files.no_rows", file=raw.file)
    amounts, wrong = numbers.number_column(cells["amount"]).values(_mark(cells["amount"]))
    keys = {
        "order": cells["order-id"],
        "kind": kind,
        "refund": cells["adjustment-id"].where(kind == "refund", ""),
        "item": cells["order-item-code"].where(cells["order-item-code"] != "", cells["sku"]),
    }
    frame = pd.DataFrame({**keys, "amount": amounts, "wrong": wrong, "at": np.arange(len(raw.rows))})
    frame["part"] = _parts(amount_type, cells["amount-description"])
    frame["sku"], frame["quantity"] = (
        cells["sku"],
        pd.to_numeric(cells["quantity-purchased"], errors="coerce"),
    )
    frame["posted"] = cells["posted-date-time"].where(cells["posted-date-time"] != "", cells["posted-date"])
    frame["currency"] = cells["currency"].where(cells["currency"] != "").ffill().bfill().fillna("")
    rows = _side_by_side(frame[sold.to_numpy(bool)])
    left = int((~sold & (cells["transaction-type"] != "")).sum())
    said = (*raw.said, Note("files.note.settlement", {"n": left}))
    order = rows.pop("at").to_numpy()
    rows.columns = pd.RangeIndex(len(rows.columns))
    return replace(raw, headers=HEADERS, rows=rows, numbers=raw.numbers[order], said=said, _stripped={})


_NEEDED = (
    *("transaction-type", "order-id", "adjustment-id", "amount-type", "amount-description", "amount"),
    *("posted-date", "posted-date-time", "order-item-code", "sku", "quantity-purchased", "currency"),
)


def _cells(raw: Raw, name: str) -> pd.Series:
    found = raw.column(name)
    return pd.Series("", index=range(len(raw.rows)), dtype=object) if found is None else found


def _mark(cells: pd.Series) -> str:
    marks, _ = numbers.decide_decimal({"amount": numbers.number_column(cells)}, "auto", ".")
    return marks["amount"]


def _parts(amount_type: pd.Series, descriptions: pd.Series) -> np.ndarray:
    """Which of ``HEADERS`` each amount belongs to; ``<part> vat`` for tax, also what is withheld of it."""
    text = descriptions.str.lower()
    part = np.select(
        [text.str.contains("ship"), text.str.contains("giftwrap|gift wrap")], _PARTS[1:], "goods"
    )
    tax = text.str.contains("tax|vat").to_numpy(bool) | (amount_type == "itemwithheldtax").to_numpy(bool)
    taxed = np.where(tax, np.char.add(part.astype(str), " vat"), part)
    less = np.where(part == "shipping", "shipping discount", "discount")
    return np.where((amount_type == "promotion").to_numpy(bool), less, taxed).astype(object)


def _side_by_side(frame: pd.DataFrame) -> pd.DataFrame:
    by = ["order", "kind", "refund", "item"]
    grouped = frame.groupby(by, sort=False)
    sums = frame.pivot_table(
        index=by, columns="part", values="amount", aggfunc="sum", sort=False, dropna=False
    )
    sums = sums[sums.index.isin(grouped.size().index)]
    rows = grouped.agg(
        posted=("posted", "min"), sku=("sku", "first"), currency=("currency", "first"), at=("at", "min")
    )
    principal = frame[frame["part"] == "goods"].groupby(by, sort=False)["quantity"].sum(min_count=1)
    rows["quantity"] = principal.reindex(rows.index)
    for part in _PARTS:
        vat = sums.get(f"{part} vat", pd.Series(np.nan, index=rows.index)).reindex(rows.index)
        rows[f"{part} vat"] = vat
        rows[part] = sums.get(part, pd.Series(0.0, index=rows.index)).reindex(rows.index).fillna(
            0.0
        ) + vat.fillna(0.0)
    for part in ("discount", "shipping discount"):
        rows[part] = -sums.get(part, pd.Series(0.0, index=rows.index)).reindex(rows.index).fillna(0.0)
    broken = grouped["wrong"].any()
    rows.loc[broken[broken].index, "goods"] = np.nan
    texts = rows.reset_index()
    for name in ("quantity", *HEADERS[6:]):
        texts[name] = [_text(value) for value in texts[name]]
    texts.loc[broken.to_numpy(bool), "goods"] = "?"
    return texts[[*HEADERS, "at"]]


def _text(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.4f}"


def read_settlement(cells: Cells, with_products: bool, with_customers: bool) -> dict[str, pd.DataFrame]:
    """Orders and lines of what was sold; refunds, each of its order, on the day it was posted.

    A refund's amount is what the buyer got back: goods, carriage and wrapping less promotions taken back.
    Where the report has no row of tax, VAT at the standard rate of that day is taken to be inside.
    """
    back = (cells.texts("document_type").str.lower() == "refund").to_numpy(bool)
    found: dict[str, pd.DataFrame] = {}
    if not back.all():
        sold = cells.part(~back)
        found = read_orders(sold, with_products, with_customers)
        cells.refuse_as(sold, ~back)
    if back.any():
        given_back = cells.part(back)
        refunds = _refunds(given_back)
        cells.refuse_as(given_back, back)
        found["refunds"] = pd.concat(
            [*([found["refunds"]] if "refunds" in found else []), refunds], ignore_index=True
        )
    return {name: frame for name, frame in found.items() if len(frame)}


def _refunds(cells: Cells) -> pd.DataFrame:
    gross = {
        name: np.nan_to_num(cells.number(f"{name}_gross")) for name in ("line_value", "shipping", "wrapping")
    }
    taxes = np.array([cells.number(name) for name in ("line_vat", "shipping_vat", "wrapping_vat")])
    less = np.nan_to_num(cells.number("discount_gross")) + np.nan_to_num(
        cells.number("shipping_discount_gross")
    )
    cells.refuse((cells.texts("ordered_at") == "").to_numpy(bool), "ordered_at", "reason.files.missing")
    posted = cells.moment("ordered_at", required=True)
    rate = cells.firm.standard_vat(posted)
    whole = sum(gross.values()) - less
    stated = ~np.isnan(taxes).all(axis=0)
    vat = np.where(stated, np.nan_to_num(taxes).sum(axis=0), whole * rate / (1 + rate))
    share = np.divide(vat, whole, out=np.zeros(len(whole)), where=whole != 0)
    carriage = (gross["shipping"] - np.nan_to_num(cells.number("shipping_discount_gross"))) * (1 - share)
    currency, fx_rate = currency_rows(cells).to_numpy(object), np.asarray(fx_rows(cells))
    cells.refuse(~(fx_rate > 0), "currency", "reason.files.no_fx_rate", currency=cells.firm.currency)
    chosen = ~cells.refused
    order = cells.texts("order_id").to_numpy(object)[chosen]
    item = cells.texts("product_id").to_numpy(object)[chosen]
    days = pd.Series(posted[chosen]).dt.strftime("%Y%m%d").to_numpy(object)
    base = pd.Series(
        [f"{one}-R{day}-{sku}" for one, day, sku in zip(order, days, item, strict=True)], dtype=object
    )
    number = base.groupby(base).cumcount()
    return pd.DataFrame(
        {
            "refund_id": base.where(number == 0, base + "-" + (number + 1).astype(str)),
            "order_id": order,
            "product_id": pd.Series(item, dtype=object).where(lambda texts: texts != "", None),
            "quantity": np.nan,
            "net_amount": -(whole - vat)[chosen],
            "shipping_net": -carriage[chosen],
            "vat_amount": -vat[chosen],
            "currency": currency[chosen],
            "fx_rate": fx_rate[chosen],
            "refunded_at": posted[chosen],
            "date_stated": True,
            "reason": None,
            "channel": "marketplace",
            "source": cells.firm.source,
        }
    )

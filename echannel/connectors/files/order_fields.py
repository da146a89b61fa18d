"""What an order is beside its amounts: status, kind, channel, country, currency."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.connectors.base import Note
from echannel.connectors.files import words
from echannel.connectors.files.cells import Cells
from echannel.connectors.files.grouping import Grouped


def status_rows(cells: Cells) -> pd.Series:
    """The canonical status that each row states; None where it states none, or an unknown one."""
    return words.coded(cells.texts("status"), words.statuses(cells.layout.statuses))


def currency_rows(cells: Cells) -> pd.Series:
    """The currency of each row: stated, else the SME's own; None where it is no currency."""
    texts = cells.texts("currency")
    return words.currency_codes(texts).where(texts != "", cells.firm.currency)


def fx_rows(cells: Cells) -> np.ndarray:
    """Reporting currency = amount × rate: 1 in the own currency, else as stated, else the profile's."""
    currency = currency_rows(cells)
    stated = cells.number("fx_rate")
    listed = currency.map(cells.options.fx).astype("float64").to_numpy()
    own = (currency == cells.firm.currency).to_numpy(bool)
    return np.where(own, 1.0, np.where(np.isnan(stated), listed, stated))


def currencies(orders: Grouped) -> tuple[np.ndarray, np.ndarray]:
    """Currency and rate by order, from the first row that names a currency."""
    cells = orders.cells
    named = cells.texts("currency") != ""
    currency = orders.first(currency_rows(cells).where(named, None))
    rate = orders.first(np.where(named, fx_rows(cells), np.nan))
    own = pd.isna(currency)
    return np.where(own, cells.firm.currency, currency), np.where(own, 1.0, rate)


def statuses(orders: Grouped) -> np.ndarray:
    """Status by order.

    A date of cancellation cancels; goods that have left make a pending or paid order shipped. Without a
    status, an invoice with a due date and no payment is shipped (it is owed), anything else is paid.
    """
    cells = orders.cells
    stated = orders.first(status_rows(cells))
    invoices = cells.has("due_at") and not cells.has("status")
    unpaid = np.isnat(orders.first(cells.moment("paid_at")))
    usual = np.where(invoices & unpaid, "shipped", str(cells.layout.constants.get("status", "paid")))
    status = np.where(pd.isna(stated), usual, stated).astype(object)
    left = ~np.isnat(orders.first(cells.moment("shipped_at")))
    if cells.has("fulfilment"):
        texts = cells.texts("fulfilment")
        sent = np.where(texts != "", words.is_sent(texts), np.nan).astype("float64")
        left |= np.nan_to_num(orders.first(sent)) > 0
    status = np.where(left & np.isin(status.astype(str), ("pending", "paid")), "shipped", status)
    cancelled = ~np.isnat(orders.first(cells.moment("cancelled_at")))
    given_back = np.isin(status.astype(str), ("refunded", "partly_refunded"))
    return np.where(cancelled & ~given_back, "cancelled", status).astype(object)


def kinds(orders: Grouped) -> np.ndarray:
    """``b2b`` or ``b2c``: the first where a company or VAT number stands, else as stated, else as usual."""
    cells = orders.cells
    usual = cells.firm.default_kind
    stated = words.kinds(cells.texts("kind"))
    business = words.flags(cells.texts("business")).map({True: "b2b", False: "b2c"})
    found = business.where(business.notna(), stated).astype(object)
    if "kind" not in cells.layout.constants:
        named = (cells.texts("company") != "") | (cells.texts("vat_number") != "")
        found = found.where(~named, "b2b")
    kind = orders.first(found.where(found.notna(), None))
    return np.where(pd.isna(kind), usual, kind).astype(object)


def channels(orders: Grouped) -> np.ndarray:
    """Channel by order: the word's, the layout's for other words, else the constant."""
    layout = orders.cells.layout
    usual = str(layout.constants.get("channel", "own_shop"))
    if "channel" not in orders.cells.fields:
        return np.full(len(orders), usual, dtype=object)
    texts = pd.Series(orders.first_text("channel"), dtype=object)
    codes = words.coded(texts.fillna(""), words.channels(layout.channels))
    codes = codes.where(codes.notna(), layout.other_channel or "other")
    return codes.where(texts.notna(), usual).to_numpy(object)


def countries(cells: Cells, name: str = "country") -> pd.Series:
    """ISO codes row by row; names that are no country are noted (without what may be personal)."""
    texts = cells.texts(name)
    codes = words.coded(texts, words.countries())
    unknown = texts[(texts != "") & codes.isna()]
    if len(unknown):
        shown = sorted(
            text for text in unknown.unique() if text.replace(" ", "").isalpha() and len(text) < 30
        )
        cells.notes.append(
            Note("files.note.country_unknown", {"n": len(unknown), "names": ", ".join(shown[:5]) or "…"})
        )
    return codes.where(codes.notna(), None)

"""Costs and prices of lists that are in another currency than the SME's own."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.connectors.base import Note
from echannel.connectors.files import words
from echannel.connectors.files.cells import Cells

_SIGNS = r"(£|€|\$|\b(?:GBP|EUR|USD|CHF|CNY)\b)"


def money(cells: Cells, name: str, stated: bool = False) -> np.ndarray:
    """A field's amounts in the reporting currency; NaN where they are in another without a known rate."""
    amounts, rate = cells.number(name), rates(cells, name, stated)
    unknown = np.isfinite(amounts) & np.isnan(rate) & ~cells.refused
    if unknown.any():
        values = {"n": int(unknown.sum()), "field": cells.header(name), "own": cells.firm.currency}
        cells.notes.append(Note("files.note.amounts_foreign", values))
    return amounts * rate


def rates(cells: Cells, name: str, stated: bool) -> np.ndarray:
    """Reporting currency = amount × rate; NaN where the currency is another one without a known rate."""
    currency = currencies(cells, name, stated)
    rate = currency.map(cells.options.fx).astype("float64").to_numpy()
    if stated:
        of_row = cells.number("fx_rate")
        rate = np.where(np.isnan(of_row), rate, of_row)
    return np.where((currency == cells.firm.currency).to_numpy(bool), 1.0, rate)


def currencies(cells: Cells, name: str, stated: bool) -> pd.Series:
    """The currency of a field's amounts; None where it is no known one.

    That of the row where its column is about the amounts (``stated``), else the sign's that stands with
    the amount or in its header ("Cost (EUR)"), else the SME's own.
    """
    signs = cells.texts(name).str.extract(_SIGNS, expand=False)
    of_header = pd.Series([cells.header(name)]).str.extract(_SIGNS, expand=False).iloc[0]
    texts = signs.fillna(of_header if isinstance(of_header, str) else "").astype(object)
    if stated and cells.has("currency"):
        texts = cells.texts("currency").where(cells.texts("currency") != "", texts)
    return words.currency_codes(texts).where(texts != "", cells.firm.currency)

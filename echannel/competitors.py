"""Competitors' prices of an SME: a file in its inbox (``competitors.csv`` or ``.xlsx`` …) and the register.

The file is read as the files connector reads: any separator, encoding and decimal mark, a spreadsheet too.
Its columns: market, product (reference or id), competitor, price, currency, and if wanted date and note.
A row that cannot be used is named and left out; the others are used.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from echannel.connectors.files.dates import date_column
from echannel.connectors.files.headers import normal
from echannel.connectors.files.numbers import decide_decimal, number_column
from echannel.connectors.files.reading import Raw, Reading, read_file
from echannel.errors import UserError
from echannel.reference.snapshot import markets
from echannel.register import competitor_prices, existing_register
from echannel.register.prices import COLUMNS as PRICE_COLUMNS

if TYPE_CHECKING:
    from echannel.sme import Sme

FILE = "competitors"
_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods")
_HEADERS = {
    "market": {"market", "country", "marche", "pays"},
    "product": {"product", "product id", "sku", "reference", "ref", "produit", "article"},
    "competitor": {"competitor", "shop", "seller", "concurrent", "boutique", "vendeur"},
    "price": {"price", "prix", "prix ttc", "prix ht"},
    "currency": {"currency", "devise", "monnaie"},
    "at": {"date", "seen on", "seen", "vu le", "releve le"},
    "note": {"note", "notes", "remark", "remarque"},
}
_NEEDED = ("market", "product", "competitor", "price", "currency")
_NONE = pd.DataFrame(columns=PRICE_COLUMNS)
COLUMNS = ["market", "product_id", "competitor", "price", "currency", "at", "note", "origin"]


@dataclass(frozen=True)
class Noted:
    """``prices`` (columns :data:`COLUMNS`), and rows that could not be used: ``row``, ``value``, ``why``."""

    prices: pd.DataFrame
    refused: pd.DataFrame
    problem: UserError | None = None  # the whole file could not be read
    unlisted: int = 0  # prices in the register whose product is no longer in the catalogue


def noted_prices(sme: Sme) -> Noted:
    """Every competitor's price that is known of the SME's products, in all markets."""
    if sme.workspace is None:
        return Noted(pd.DataFrame(columns=COLUMNS), pd.DataFrame(columns=["row", "value", "why"]))
    register = existing_register(sme.workspace)
    kept = competitor_prices(register, sme.profile.id) if register else _NONE
    products = _products(sme)
    known = kept.assign(
        product_id=kept["product"].map(lambda name: products.get(str(name).lower())), origin="register"
    )
    unlisted = int(known["product_id"].isna().sum())
    known = known.dropna(subset="product_id")
    nothing = pd.DataFrame(columns=["row", "value", "why"])
    path = _file(sme.workspace.inbox / sme.profile.id)
    if path is None:
        return Noted(known[COLUMNS], nothing, unlisted=unlisted)
    try:
        read, refused = _read(read_file(path, Reading(signatures=_signatures())), products)
    except UserError as problem:
        return Noted(known[COLUMNS], nothing, problem, unlisted)
    parts = [part[COLUMNS] for part in (read, known) if len(part)]
    prices = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    return Noted(prices, refused, unlisted=unlisted)


def price_of(
    sme: Sme, market: str, product: str, competitor: str, price: str, currency: str
) -> dict[str, Any]:
    """A price as somebody typed it, ready for the register; raises ``UserError`` for what cannot be one."""
    typed = {
        "market": market,
        "product": product,
        "competitor": competitor,
        "price": price,
        "currency": currency,
    }
    cells = {name: pd.Series([typed.get(name, "").strip()], dtype=object) for name in _HEADERS}
    table, wrong = _checked(cells, _products(sme))
    if wrong:
        name = wrong[0][1]
        raise UserError(f"market.refused.{name}", value=typed.get(name, "").strip())
    row = table.iloc[0]
    return {
        "market": market,
        "product": str(row["product_id"]),
        "competitor": str(row["competitor"])[:128],
        "price": float(row["price"]),
        "currency": str(row["currency"]),
    }


def _products(sme: Sme) -> dict[str, str]:
    """Product ids by id and by reference, in lower case."""
    table = sme.table("products")
    by_sku = {str(sku).lower(): str(one) for sku, one in zip(table["sku"], table["product_id"], strict=True)}
    return by_sku | {str(one).lower(): str(one) for one in table["product_id"]}


def _file(folder: Path) -> Path | None:
    if not folder.is_dir():
        return None
    found = [one for one in sorted(folder.iterdir()) if one.stem.lower() == FILE]
    return next((one for one in found if one.suffix.lower() in _ENDINGS), None)


def _signatures() -> tuple[frozenset[str], ...]:
    return tuple(frozenset({market, price}) for market in _HEADERS["market"] for price in _HEADERS["price"])


def _read(raw: Raw, products: dict[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The file's prices, and the rows that could not be used."""
    cells = {}
    for name, known in _HEADERS.items():
        header = next((one for one in raw.headers if normal(one) in known), None)
        column = raw.column(header) if header is not None else None
        if column is None and name in _NEEDED:
            raise UserError("market.error.competitors_column", file=raw.file, column=sorted(known)[0])
        cells[name] = pd.Series("", index=range(len(raw.rows))) if column is None else column
    table, wrong = _checked(cells, products)
    at = [row for row, _ in wrong]
    refused = pd.DataFrame(
        {
            "row": raw.numbers[at],
            "value": [str(cells[name].iloc[row]) for row, name in wrong],
            "why": [name for _, name in wrong],
        }
    )
    return table, refused


def _checked(
    cells: dict[str, pd.Series], products: dict[str, str]
) -> tuple[pd.DataFrame, list[tuple[int, str]]]:
    """The prices among rows of texts, and of each other row its place and the first cell that is wrong."""
    number = number_column(cells["price"])
    decimal, _ = decide_decimal({"price": number}, "auto", ".")
    price, _ = number.values(decimal["price"])
    table = pd.DataFrame(
        {
            "market": cells["market"].str.upper(),
            "product_id": cells["product"].str.lower().map(products),
            "competitor": cells["competitor"],
            "price": np.where(price > 0, price, np.nan),
            "currency": cells["currency"].str.upper(),
            "at": _days(cells["at"]),
            "note": cells["note"],
            "origin": "file",
        }
    )
    valid = {
        "market": table["market"].isin(markets().index),
        "product": table["product_id"].notna(),
        "competitor": table["competitor"] != "",
        "price": table["price"].notna(),
        "currency": table["currency"].str.fullmatch("[A-Z]{3}"),
        "at": table["at"].notna() | (cells["at"] == ""),
    }
    good = pd.concat(valid, axis=1).astype(bool)
    bad = np.flatnonzero(~good.all(axis=1))
    first = good.columns[good.to_numpy().argmin(axis=1)]
    return table[good.all(axis=1)], [(int(row), str(first[row])) for row in bad]


def _days(cells: pd.Series) -> pd.Series:
    """Days on which prices were seen (day first where both could be meant)."""
    seen = date_column(cells)
    order = "mdy" if seen.evidence["mdy"] > seen.evidence["dmy"] else "dmy"
    moments, _ = seen.utc(order, "UTC")
    return pd.Series(pd.to_datetime(moments, utc=True), index=range(len(cells)))

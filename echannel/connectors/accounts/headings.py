"""Accounts as headings inside a report, and its sums: which rows are lines, and of which account."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.connectors.accounts.book import Book
from echannel.connectors.files import dates

_SUM = re.compile(r"(?:grand |sub-?)?totals?\b|net movement\b|solde\b|sous-total\b", re.IGNORECASE)
_BALANCE = re.compile(
    r"(?:opening|closing|beginning|ending|brought forward|b/f\b|balance (?:brought|b/f))", re.IGNORECASE
)
_TOTAL_OF = re.compile(
    r"totals?\s+(?:for\s+)?(?P<name>.+?)(?P<whole>\s+with sub-?accounts)?\s*$", re.IGNORECASE
)
_CODE_FIRST = re.compile(r"^(?P<code>\d{2,8})(?:\s*[-–·:.]\s*|\s+)(?P<name>\D.*)$")
_CODE_LAST = re.compile(r"^(?P<name>.+?)\s*\((?P<code>\d{2,8})\)$")
_NAMED_NUMBER = re.compile(r"^(?:N/C|A/C|Account|Nominal(?: code)?)\s*:\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Reported:
    """Which rows of a report are lines and the heading each stands under; how many balances were left out."""

    lines: np.ndarray
    heading: pd.Series
    balances: int


def reported(book: Book) -> Reported:
    """The lines of a report, account by account.

    A heading has something in the first column and neither date nor amount; sums ("Total for Sales") and
    balances carried ("Opening Balance") are no lines. In a ``nested`` layout a heading stands inside the
    ones above it until a total closes them, and accounts are named by their path ("Sales:Services").
    """
    rows = book.raw.rows
    first = rows.iloc[:, 0].astype(str).str.strip()
    lead = _first_filled(rows)
    dated = _dated(book)
    amounts = _has_amounts(book)
    sums = lead.str.match(_SUM).to_numpy(bool)
    carried = lead.str.match(_BALANCE).to_numpy(bool) & ~dated
    heads = (first != "").to_numpy(bool) & ~dated & ~sums & ~carried & ~amounts
    lines = ~heads & ~sums & ~carried
    heading = _headings(first, heads, sums, book.layout.nested)
    return Reported(lines, heading[lines].reset_index(drop=True), int(carried.sum()))


def _first_filled(rows: pd.DataFrame) -> pd.Series:
    """The first cell of each row that holds anything."""
    found = np.full(len(rows), "", dtype=object)
    for at in range(rows.shape[1]):
        cells = rows.iloc[:, at].astype(str).str.strip().to_numpy(object)
        found = np.where(found == "", cells, found)
    return pd.Series(found, dtype=object)


def _dated(book: Book) -> np.ndarray:
    cells = book.texts("date")
    values, _ = dates.date_column(cells).utc("dmy", "UTC")
    other, _ = dates.date_column(cells).utc("mdy", "UTC")
    looks = cells.str.fullmatch(r"[\d/.\-\s]{6,10}").fillna(False).to_numpy(bool)
    return ~np.isnat(values) | ~np.isnat(other) | looks


def _has_amounts(book: Book) -> np.ndarray:
    found = np.zeros(len(book), dtype=bool)
    for name in ("debit", "credit", "amount"):
        found |= (book.texts(name) != "").to_numpy(bool)
    return found


def _headings(first: pd.Series, heads: np.ndarray, sums: np.ndarray, nested: bool) -> pd.Series:
    """The heading that each row stands under; only headings and totals are looked at one by one."""
    marks = np.flatnonzero(heads | sums)
    texts, standing = [str(text) for text in first], [""]
    stack: list[str] = []
    for at in marks:
        text = texts[at]
        if heads[at]:
            stack = [*stack, text] if nested else [text]
        else:
            closed = _TOTAL_OF.match(text)
            name = closed["name"] if closed else ""
            if name in stack:
                stack = stack[: stack.index(name)]
        standing.append(":".join(stack))
    last_mark = np.searchsorted(marks, np.arange(len(first)), side="right")
    return pd.Series(np.array(standing, dtype=object)[last_mark], dtype=object)


def code_and_name(texts: pd.Series) -> tuple[pd.Series, pd.Series]:
    """An account's code and its name out of one cell: "1010 Bank", "Sales (200)", "N/C: 4000 Sales"."""
    found = {text: _parts(str(text)) for text in texts.unique()}
    return texts.map({text: code for text, (code, _) in found.items()}), texts.map(
        {text: name for text, (_, name) in found.items()}
    )


def _parts(text: str) -> tuple[str, str]:
    plain = _NAMED_NUMBER.sub("", text).strip()
    if re.fullmatch(r"\d{2,8}", plain):
        return plain, ""
    match = _CODE_LAST.match(plain) or _CODE_FIRST.match(plain)
    return (match["code"], match["name"].strip()) if match else ("", plain)

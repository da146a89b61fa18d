"""One file of the books: its layout, its columns read in their types, and the lines that are refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from echannel.connectors.accounts.layouts import LAYOUTS, Layout, all_signatures, layout_of
from echannel.connectors.accounts.options import BookFile
from echannel.connectors.base import REJECTED_COLUMNS, Note
from echannel.connectors.files import dates, numbers
from echannel.connectors.files.encoding import decode
from echannel.connectors.files.reading import Raw, Reading, read_file
from echannel.errors import UserError

_MONEY = ("debit", "credit", "amount")
_PREAMBLE_ROWS = 40
_SHOWN = ("journal", "number", "date", "debit", "credit", "amount", "side")
"""Fields that may be repeated in quarantine: none of them names a person."""


@dataclass
class Book:
    """A file's rows under a layout, with what was refused and noted so far.

    ``keep`` limits the rows to those that are lines: headings and totals inside a report are none.
    """

    raw: Raw
    layout: Layout
    options: BookFile
    name: str  # the file's path in its folder
    country: str
    timezone: str
    notes: list[Note] = field(default_factory=list)
    _refused: list[pd.DataFrame] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.refused = np.zeros(len(self.raw.rows), dtype=bool)
        named = len(self.raw.headers)
        while named and self.raw.headers[named - 1] == str(named):
            named -= 1
        beyond = (self.raw.rows.iloc[:, named:] != "").any(axis=1).to_numpy(bool)
        if 0 < beyond.sum() <= len(beyond) / 2:  # a separator inside a cell has moved everything
            self.refuse(beyond, "", "reason.files.too_many_cells")

    def __len__(self) -> int:
        return len(self.raw.rows)

    def keep(self, lines: np.ndarray) -> Book:
        """The same file without the rows that are no lines."""
        rows = self.raw.rows[lines].reset_index(drop=True)
        raw = replace(self.raw, rows=rows, numbers=self.raw.numbers[lines], _stripped={})
        return Book(raw, self.layout, self.options, self.name, self.country, self.timezone, self.notes)

    @property
    def numbers(self) -> np.ndarray:
        """The rows' numbers in the file, counted from 1."""
        return self.raw.numbers

    def header(self, name: str) -> str | None:
        """The header of a field in this file; None where it has no such column."""
        known = self.layout.fields.get(name, ())
        return next((header for header in known if self.raw.column(header) is not None), None)

    def texts(self, name: str) -> pd.Series:
        """The cells of a field; empty where the file has no such column."""
        header = self.header(name)
        cells = None if header is None else self.raw.column(header)
        return pd.Series("", index=range(len(self)), dtype=object) if cells is None else cells

    @cached_property
    def _numbers(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        columns = {
            name: numbers.number_column(self.texts(name).where(lambda cells: cells != "-", ""))
            for name in _MONEY
            if self.header(name) is not None
        }
        hint = "." if self.country in ("GB", "IE", "US") else ","
        if self.layout.decimal != "auto":
            hint = self.layout.decimal
        marks, guessed = numbers.decide_decimal(columns, self.options.decimal, hint)
        if self.layout.decimal == "auto":
            for name in guessed:
                values = {"field": self.header(name), "mark": marks[name], "file": self.name}
                self.notes.append(Note("files.note.decimal_assumed", values))
        return {name: column.values(marks[name]) for name, column in columns.items()}

    def money(self, name: str) -> np.ndarray:
        """The amounts of a field (NaN where empty); lines where it is no amount are refused."""
        if self.header(name) is None:
            return np.full(len(self), np.nan)
        values, wrong = self._numbers[name]
        self.refuse(wrong, name, "reason.files.not_a_number")
        return values

    def days(self, name: str = "date", cells: pd.Series | None = None) -> np.ndarray:
        """The days of a field; lines without one, or where it is no date, are refused."""
        texts = self.texts(name) if cells is None else cells
        column = dates.date_column(texts)
        said = self.options.date_order
        orders, guessed, _ = dates.decide_order({name: column}, said, "dmy")
        if guessed:
            self.notes.append(
                Note("files.note.dates_assumed_dmy", {"field": self.header(name), "file": self.name})
            )
        values, wrong = column.local(orders[name], self.timezone)
        self.refuse((texts == "").to_numpy(bool), name, "reason.files.missing")
        self.refuse(wrong, name, "reason.files.not_a_date")
        return values

    def refuse(self, wrong: np.ndarray, name: str, reason: str) -> None:
        """Refuse lines for what stands in a field; a line is refused once, for the first reason found."""
        at = np.flatnonzero(wrong & ~self.refused)
        if not len(at):
            return
        self.refused[at] = True
        shown = self.texts(name).iloc[at] if name in _SHOWN else pd.Series("", index=at)
        self._refused.append(
            pd.DataFrame(
                {
                    "at": at,
                    "field": self.header(name) or name,
                    "value": [text if len(text) <= 40 else "…" for text in map(str, shown)],
                    "reason": reason,
                }
            )
        )

    @property
    def rejected(self) -> pd.DataFrame:
        """The refused lines in the order of the file, as ``REJECTED_COLUMNS`` say but for the source."""
        if not self._refused:
            return pd.DataFrame(columns=list(REJECTED_COLUMNS))
        found = pd.concat(self._refused, ignore_index=True).sort_values("at", kind="stable")
        at = found["at"].to_numpy()
        shown = [name for name in _SHOWN if self.header(name) is not None]
        records = pd.DataFrame({name: self.texts(name).iloc[at].to_numpy() for name in shown})
        return pd.DataFrame(
            {
                "source": "",
                "file": self.name,
                "row": self.numbers[at],
                "field": found["field"].to_numpy(),
                "value": found["value"].to_numpy(),
                "reason": found["reason"].to_numpy(),
                "reason_values": "{}",
                "record": np.where(
                    found["reason"] == "reason.files.too_many_cells",
                    "{}",
                    [json.dumps(row, ensure_ascii=False) for row in records.to_dict("records")],
                ),
            },
            columns=list(REJECTED_COLUMNS),
        ).reset_index(drop=True)


def open_book(
    path: Path, name: str, options: BookFile, country: str, timezone: str, limit: int | None = None
) -> Book:
    """A file of the books under the layout that its headers tell, or that the profile names.

    Raises
    ------
    UserError
        It cannot be read, or is no known export of books.
    """
    named = None if options.layout == "auto" else LAYOUTS[options.layout]
    raw = read_file(path, _reading(path, options, named), limit)
    if named is None:
        found = layout_of(raw.headers)
        if found is None:
            # What stands in the first row may be names, where a file has no headers: it is not repeated.
            raise UserError("error.accounts.unknown_layout", file=name)
        named = LAYOUTS[found]
    return Book(raw, named, options, name, country, timezone)


def preamble(path: Path, book: Book) -> list[str]:
    """The cells above the headers: title, firm, period."""
    if book.raw.header_row <= 1:
        return []
    how = Reading(
        encoding=book.raw.encoding or "auto",
        separator=book.raw.separator or "auto",
        sheet=book.options.sheet,
        header_row=0,
    )
    top = read_file(path, how, min(book.raw.header_row, _PREAMBLE_ROWS))
    above = top.rows[top.numbers < book.raw.header_row]
    return [str(cell).strip() for row in above.itertuples(index=False) for cell in row if str(cell).strip()]


def _reading(path: Path, options: BookFile, layout: Layout | None) -> Reading:
    return Reading(
        encoding=options.encoding,
        separator=options.separator,
        sheet=options.sheet,
        signatures=layout.signatures if layout else all_signatures(),
        quoted=_quoted(path, options.encoding) if layout is None or not layout.quoted else True,
    )


def _quoted(path: Path, encoding: str) -> bool:
    """Whether quotation marks enclose cells: in a FEC only where they enclose its headers."""
    try:
        with path.open("rb") as stream:
            start = stream.read(4000)
        text, _ = decode(start, path.name, encoding)
    except (OSError, UserError):
        return True  # what is wrong with the file is said when it is read
    head = text.lstrip().partition("\n")[0].lower()
    return "journalcode" not in head or '"' in head

"""The cells of a file by field, each column read in its type; what cannot be read is refused or noted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from echannel.connectors.base import REJECTED_COLUMNS, Note
from echannel.connectors.files import dates, numbers
from echannel.connectors.files.fields import FIELDS
from echannel.connectors.files.firm import Firm
from echannel.connectors.files.options import FileOptions, Layout
from echannel.connectors.files.reading import Raw

_EMPTY = {"", "-", "–", "—", "n/a", "na", "null", "none", "nan", "nat", "\\n", "#n/a", "n.a.", "s/o"}
_NO_DATE = re.compile(r"0{4}[-/]0{2}[-/]0{2}.*|0{2}[-/]0{2}[-/]0{4}.*")
# A cell that may be a name or an address in the wrong column is not repeated to anybody.
_PERSONAL = re.compile(r"@|[^\W\d]{2,}\W+[^\W\d]{2,}|\d+\W+[^\W\d]{3,}\W.*[^\W\d]{3,}")
_SHOWN = ("code", "number", "percent", "date", "time", "flag", "word", "country")
SAME_ORDER = "reason.files.same_order"


@dataclass
class Cells:
    """A file's rows under a layout, with what was refused and noted so far."""

    raw: Raw
    layout: Layout
    options: FileOptions
    firm: Firm
    notes: list[Note] = field(default_factory=list)
    _refused: list[pd.DataFrame] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.refused = np.zeros(len(self.raw.rows), dtype=bool)
        self.decimal = self.date_order = ""
        self.date_orders: dict[str, str] = {}
        self._refuse_overlong()

    def __len__(self) -> int:
        return len(self.raw.rows)

    @cached_property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """The fields that the file holds, and the headers that it holds them under."""
        found = {}
        for name, headers in self.layout.mapping.items():
            present = tuple(header for header in headers if self.raw.column(header) is not None)
            if present:
                found[name] = present
        return found

    def part(self, rows: np.ndarray) -> Cells:
        """Some of the rows by themselves; their notes are this file's."""
        kept = self.raw.rows[rows].reset_index(drop=True)
        raw = replace(self.raw, rows=kept, numbers=self.raw.numbers[rows], _stripped={})
        return Cells(raw, self.layout, self.options, self.firm, self.notes)

    def refuse_as(self, part: Cells, rows: np.ndarray) -> None:
        """Refuse what was refused in a part: ``rows`` are those that it was made of."""
        at = np.flatnonzero(rows)
        self._refused += [found.assign(at=at[found["at"]]) for found in part._refused]
        self.refused[at[part.refused]] = True

    def has(self, name: str) -> bool:
        """Whether a field is in the file or among the constants."""
        return name in self.fields or name in self.layout.constants

    @cached_property
    def _texts(self) -> dict[str, pd.Series]:
        return {name: self._first_filled(headers) for name, headers in self.fields.items()}

    def _first_filled(self, headers: tuple[str, ...]) -> pd.Series:
        columns = [self.raw.column(header) for header in headers]
        first, *others = [column for column in columns if column is not None]
        for column in others:
            first = first.where(first != "", column)
        return first

    def texts(self, name: str) -> pd.Series:
        """The cells of a field; the constant, or empty, where the file has none."""
        constant = str(self.layout.constants.get(name, ""))
        if name not in self._texts:
            return pd.Series(constant, index=range(len(self)), dtype=object)
        cells = self._texts[name]
        return cells.where(cells != "", constant) if constant else cells

    def replace_texts(self, name: str, cells: pd.Series) -> None:
        """Put other texts in a field's place."""
        self._texts[name] = cells

    def _values(self, name: str) -> pd.Series:
        """Texts whose placeholders for nothing ("-", "NULL", "0000-00-00") are empty."""
        cells = self.texts(name)
        codes, distinct = pd.factorize(cells)
        plain = [
            "" if text.lower() in _EMPTY or _NO_DATE.fullmatch(text) else text for text in map(str, distinct)
        ]
        return pd.Series(np.array([*plain, ""], dtype=object)[codes], dtype=object)

    @cached_property
    def _numbers(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        types = FIELDS[self.layout.table]
        named = [name for name in self.fields if types[name] in ("number", "percent")]
        columns = {name: numbers.number_column(self._values(name)) for name in named}
        marks, guessed = numbers.decide_decimal(columns, self.options.decimal, self.firm.decimal_hint)
        for name in guessed:
            headers = ", ".join(self.fields[name])
            self.notes.append(Note("files.note.decimal_assumed", {"field": headers, "mark": marks[name]}))
        found = {name: column.values(marks[name]) for name, column in columns.items()}
        for name in named:
            if types[name] == "percent":
                values, wrong = found[name]
                found[name] = numbers.as_fractions(values, self._values(name)), wrong
        self.decimal = _most(list(marks.values()))
        return found

    def number(self, name: str) -> np.ndarray:
        """A field's numbers (NaN where empty); rows where it is no number are refused."""
        constant = float(self.layout.constants.get(name, np.nan))
        if FIELDS[self.layout.table][name] == "percent" and constant > 1:
            constant /= 100
        if name not in self.fields:
            return np.full(len(self), constant)
        values, wrong = self._numbers[name]
        self.refuse(wrong, name, "reason.files.not_a_number")
        return np.where(np.isnan(values), constant, values) if constant == constant else values

    @cached_property
    def _dates(self) -> dict[str, dates.DateColumn]:
        types = FIELDS[self.layout.table]
        named = [name for name in self.fields if types[name] == "date"]
        columns = {name: dates.date_column(self._values(name)) for name in named}
        said = self.options.date_order
        hint = self.layout.date_order if self.layout.date_order != "auto" else "dmy"
        if self.firm.country == "US" and self.layout.date_order == "auto":
            hint = "mdy"
        orders, guessed, decided = dates.decide_order(columns, said, hint)
        from_preset = self.layout.date_order != "auto"
        for name in () if from_preset else guessed:
            self.notes.append(Note(f"files.note.dates_assumed_{orders[name]}", {"field": self.header(name)}))
        self.date_order = _most(list(orders.values()))
        if decided and any(column.ambiguous for column in columns.values()):
            self.notes.append(Note(f"files.note.dates_found_{self.date_order}", {}))
        self.date_orders = orders
        return columns

    def moment(self, name: str, required: bool = False, local_day: bool = False) -> np.ndarray:
        """A field's moments in UTC, or local days; NaT where empty.

        Where it is no date, the row is refused if the field is ``required``, else the cell counts as empty
        and a note says how many.
        """
        if not self.has(name):
            return np.full(len(self), np.datetime64("NaT", "us"))
        column = self._dates[name] if name in self.fields else dates.date_column(self.texts(name))
        read = column.local if local_day else column.utc
        values, wrong = read(self.date_orders.get(name, "ymd"), self.firm.timezone)
        if required:
            self.refuse(wrong, name, "reason.files.not_a_date")
        elif (wrong & ~self.refused).any():
            left_out = int((wrong & ~self.refused).sum())
            self.notes.append(Note("files.note.dates_left_out", {"n": left_out, "field": self.header(name)}))
        return values

    def coded(self, name: str, reader: Callable[[pd.Series], pd.Series]) -> pd.Series:
        """A field's texts through one of the ``words``."""
        return reader(self.texts(name))

    def header(self, name: str) -> str:
        """The header of a field as the file has it."""
        return ", ".join(self.fields.get(name, (name,)))

    def refuse(self, wrong: np.ndarray, name: str, reason: str, **values: str | int) -> None:
        """Refuse rows for what stands in a field; a row is refused once, for the first reason found."""
        at = np.flatnonzero(wrong & ~self.refused)
        if not len(at):
            return
        self.refused[at] = True
        kind = FIELDS[self.layout.table].get(name, "text")
        cells = self.texts(name).iloc[at] if kind not in ("identity", "text") else pd.Series("", index=at)
        self._refused.append(
            pd.DataFrame(
                {
                    "at": at,
                    "field": self.header(name),
                    "value": [_safe(cell, kind) for cell in cells],
                    "reason": reason,
                    "reason_values": json.dumps(values),
                }
            )
        )

    def _refuse_overlong(self) -> None:
        """Rows with more cells than headers: a separator inside a cell has moved everything."""
        named = len(self.raw.headers)
        while named and self.raw.headers[named - 1] == str(named):
            named -= 1
        beyond = (self.raw.rows.iloc[:, named:] != "").any(axis=1).to_numpy(bool)
        if named and beyond.mean() <= 0.5:
            self.refuse(beyond, "", "reason.files.too_many_cells")

    @property
    def rejected(self) -> pd.DataFrame:
        """The refused rows in the order of the file, as ``REJECTED_COLUMNS`` say."""
        if not self._refused:
            return pd.DataFrame(columns=list(REJECTED_COLUMNS))
        found = pd.concat(self._refused, ignore_index=True).sort_values("at", kind="stable")
        at = found["at"].to_numpy()
        overlong = (found["reason"] == "reason.files.too_many_cells").to_numpy()
        return pd.DataFrame(
            {
                "source": self.firm.source,
                "file": self.raw.file,
                "row": self.raw.numbers[at],
                "field": found["field"].to_numpy(),
                "value": found["value"].to_numpy(),
                "reason": found["reason"].to_numpy(),
                "reason_values": found["reason_values"].to_numpy(),
                "record": np.where(overlong, "{}", self._records(at)),
            },
            columns=list(REJECTED_COLUMNS),
        ).reset_index(drop=True)

    def _records(self, at: np.ndarray) -> np.ndarray:
        """The rows as JSON, by field; nothing that names a person, no free text."""
        types = FIELDS[self.layout.table]
        shown = [name for name in self.fields if types[name] in _SHOWN]
        columns = {name: [_safe(cell, types[name]) for cell in self.texts(name).iloc[at]] for name in shown}
        if self.raw.sheets is not None:
            shown, columns = ["sheet", *shown], {"sheet": self.raw.sheets[at], **columns}
        rows = zip(*columns.values(), strict=True) if columns else ((),) * len(at)
        return np.array(
            [json.dumps(dict(zip(shown, row, strict=True)), ensure_ascii=False) for row in rows], dtype=object
        )


def _safe(cell: str, kind: str) -> str:
    wordy = kind in ("word", "country")  # "on hold" and "United States" are no names
    personal = "@" in cell if wordy else _PERSONAL.search(cell)
    return "…" if len(cell) > 60 or personal else cell


def _most(values: list[str]) -> str:
    return max(values, key=values.count) if values else ""

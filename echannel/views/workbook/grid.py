"""A workbook of rows over months whose cells are formulas on other rows.

A row has a name, and formulas speak of rows by name: ``{sales}`` is the cell of the same month, ``{cash-1}``
that of the month before (in the first month the opening), ``{sales:}`` all months, ``{sales..}`` the first
month to this one, ``{days^}`` the first month, ``{rent!}`` the row's single value, ``{stock<}`` its opening,
``{charge@3}`` the fourth month.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from echannel.views.workbook.plain import PlainFormulas

LABEL, SINGLE, OPENING, FIRST = 0, 1, 2, 3  # columns
HEAD_ROWS = 4  # title, note, months, their numbers
_NAME = re.compile(r"\{([\w.]*\w)(-\d+|@\d+|:|\.\.|!|<|\^)?\}")

_FIXED = {"!": SINGLE, "<": OPENING, "^": FIRST}

Formats = dict[str, Any]


class Grid:
    """The rows of all sheets by name, and how formulas find them.

    Nothing is written before ``close``: by then every row has its place, whichever sheet it is on.
    """

    def __init__(self, book: Any, months: int, formats: Formats, by_payment: bool = False) -> None:
        self.book, self.months, self.formats = book, months, formats
        self.by_payment = by_payment  # VAT is due when money moves
        self.places: dict[str, tuple[str, int]] = {}
        self._waiting: list[Callable[[], None]] = []
        self._cells: dict[tuple[str, str, str], list[str]] = {}

    def later(self, write: Callable[[], None]) -> None:
        """Something to write once all rows have their places."""
        self._waiting.append(write)

    def close(self) -> None:
        """Writes all cells."""
        for write in self._waiting:
            write()

    @property
    def last(self) -> int:
        """The column of the last month."""
        return FIRST + self.months - 1

    def cell(self, name: str, column: int, here: str, fixed: bool = False) -> str:
        """The cell of a row in a column, with its sheet's name where that is another than ``here``."""
        sheet, row = self.places[name]
        return f"{_prefix(sheet, here)}{_letters(column, fixed)}${row + 1}"

    def span(self, name: str, last: int, here: str) -> str:
        """The cells of a row from the first month to column ``last``."""
        sheet, row = self.places[name]
        ends = (
            xl_rowcol_to_cell(row, FIRST, True, True),
            xl_rowcol_to_cell(row, last, True, last == self.last),
        )
        return _prefix(sheet, here) + ":".join(ends)

    def formula(self, template: str, month: int, here: str) -> str:
        """The template with its names made cells, for one month."""
        words, names = _taken_apart(template)
        found = [self._found(name, which, month, here) for name, which in names]
        return "=" + "".join([part for pair in zip(words, (*found, ""), strict=True) for part in pair])

    def formulas(self, template: str, here: str) -> list[str]:
        """:meth:`formula` for every month, without its "=": most rows have one template for all of them."""
        words, names = _taken_apart(template)
        cells = [self._by_month(name, which, here) for name, which in names]
        if not cells:
            return [template] * self.months
        pattern = "%s".join(word.replace("%", "%%") for word in words)
        return [pattern % found for found in zip(*cells, strict=True)]

    def _by_month(self, name: str, which: str, here: str) -> list[str]:
        """What a name in a formula stands for in each month."""
        key = (name, which, here)
        if key not in self._cells:
            if which in ("", "-1"):  # nearly all; found a month at a time, a book takes a sixth longer
                sheet, row = self.places[name]
                before, after, first = _prefix(sheet, here), f"${row + 1}", FIRST + int(which or 0)
                columns = range(first, first + self.months)
                found = [f"{before}{_letters(column, False)}{after}" for column in columns]
            elif which == ".." or which.startswith("-"):
                found = [self._found(name, which, month, here) for month in range(self.months)]
            else:
                found = [self._found(name, which, 0, here)] * self.months
            self._cells[key] = found
        return self._cells[key]

    def _found(self, name: str, which: str, month: int, here: str) -> str:
        """The cell, or cells, that a name in a formula stands for."""
        if which == ":":
            return self.span(name, self.last, here)
        if which == "..":
            return self.span(name, FIRST + month, here)
        if which.startswith("@"):
            return self.cell(name, FIRST + int(which[1:]), here, fixed=True)
        if which in _FIXED:
            return self.cell(name, _FIXED[which], here, fixed=True)
        return self.cell(name, max(FIRST + month + int(which or 0), OPENING), here)


class Sheet:
    """One sheet of the workbook, filled from top to bottom."""

    def __init__(self, grid: Grid, name: str, title: str, note: str = "") -> None:
        self.grid, self.name = grid, name
        self.page = grid.book.add_worksheet(name, PlainFormulas)
        self.page.hide_gridlines(2)
        self.page.freeze_panes(HEAD_ROWS - 1, FIRST)
        self.page.set_column(LABEL, LABEL, 44)
        self.page.set_column(SINGLE, grid.last, 12)
        self.page.write_string(0, 0, title, grid.formats["title"])
        if note:
            self.page.write_string(1, 0, note, grid.formats["note"])
        self.next = HEAD_ROWS

    def heading(self, words: str) -> None:
        """A line that groups the rows below it."""
        self.next += 1
        self.page.write_string(self.next, LABEL, words, self.grid.formats["heading"])
        self.next += 1

    def months(self, heads: Sequence[str], words: dict[str, str]) -> None:
        """The heads of the columns: one per month, ``opening`` and ``value`` from ``words``."""
        style = self.grid.formats["head"]
        self.page.write_string(HEAD_ROWS - 2, SINGLE, words["value"], style)
        self.page.write_string(HEAD_ROWS - 2, OPENING, words["opening"], style)
        for at, head in enumerate(heads):
            self.page.write_string(HEAD_ROWS - 2, FIRST + at, head, style)

    def row(
        self,
        name: str,
        label: str,
        months: str | Sequence[str] | Sequence[float] | np.ndarray | None = None,
        *,
        single: str | float | None = None,
        opening: str | float | None = None,
        kind: str = "money",
        results: Sequence[float] | np.ndarray | None = None,
        total: bool = False,
        followed: bool = False,
    ) -> None:
        """One row: a formula (one for all months or one for each; or numbers, which a reader may change) for
        the months, and single values.

        ``results`` are the formula's results as computed here, for readers that do not recalculate.
        ``followed``: only the first month is a number, each later one is the month before.
        """
        row, self.next = self.next, self.next + 1
        if name in self.grid.places:
            raise ValueError(f"two rows are called {name}")
        self.grid.places[name] = (self.name, row)
        self.page.write_string(row, LABEL, label, self.grid.formats["total_label" if total else "label"])
        for column, value in ((SINGLE, single), (OPENING, opening)):
            if value is not None:
                self._put(row, column, value, kind, total, 0, "")
        if months is None:
            return
        found = _told(results, self.grid.months)
        if isinstance(months, str) and not followed:
            self._put_all(row, months, kind, total, 0, found)
            return
        for at in range(1 if followed else self.grid.months):
            value = months if isinstance(months, str) else months[at]
            value = value if isinstance(value, str) else float(value)
            self._put(row, FIRST + at, value, kind, total, at, found[at])
        if followed:
            self._put_all(row, f"{{{name}-1}}", kind, total, 1, found)

    def _put_all(
        self, row: int, template: str, kind: str, total: bool, since: int, results: Sequence[str | float]
    ) -> None:
        """One template for all months from ``since`` on."""
        style = self.grid.formats[f"{kind}_total" if total else kind]

        def write() -> None:
            formulas = self.grid.formulas(template, self.name)
            self.page.write_formulas(row, FIRST + since, formulas[since:], style, results[since:])

        self.grid.later(write)

    def _put(
        self,
        row: int,
        column: int,
        value: str | float,
        kind: str,
        total: bool,
        month: int,
        result: str | float,
    ) -> None:
        formats = self.grid.formats
        if isinstance(value, str):
            style = formats[f"{kind}_total" if total else kind]
            self.grid.later(
                lambda: self.page.write_formula(
                    row, column, self.grid.formula(value, month, self.name), style, result
                )
            )
        elif not math.isnan(value):
            self.page.write_number(row, column, value, formats[f"{kind}_input"])


class List:
    """A table down the sheet (VAT returns, accounting years): ``{name}`` in a formula is a column's cell in
    the same line, ``{name-1}`` in the line above."""

    def __init__(self, sheet: Sheet, heads: dict[str, str], lines: int) -> None:
        self.sheet, self.lines = sheet, lines
        self.top = sheet.next + 1
        self.columns = {head: at for at, head in enumerate(heads)}
        for head, at in self.columns.items():
            sheet.page.write_string(sheet.next, at, heads[head], sheet.grid.formats["head"])
        sheet.next = self.top + lines + 1

    def column(self, name: str) -> str:
        """A whole column, from any sheet; in a formula of months write it in with an f-string."""
        at = self.columns[name]
        ends = (xl_rowcol_to_cell(self.top + end, at, True, True) for end in (0, max(self.lines - 1, 0)))
        return _prefix(self.sheet.name, "") + ":".join(ends)

    def cell(self, name: str, line: int) -> str:
        """One cell, from any sheet. What hangs on one line alone names its cell: a whole column would make
        the months before it hang on those after."""
        return _prefix(self.sheet.name, "") + xl_rowcol_to_cell(
            self.top + line, self.columns[name], True, True
        )

    def put(self, line: int, name: str, value: str | float, kind: str = "money") -> None:
        """One cell: a text that begins with "=" is a formula of this table's columns, or of rows."""
        row, at = self.top + line, self.columns[name]
        page, formats = self.sheet.page, self.sheet.grid.formats
        if not isinstance(value, str):
            if not math.isnan(value):
                page.write_number(row, at, value, formats[f"{kind}_input"])
        elif value.startswith("="):
            self.sheet.grid.later(
                lambda: page.write_formula(row, at, "=" + self._formula(value[1:], line), formats[kind], "")
            )
        else:
            page.write_string(row, at, value, formats["label"])

    def _formula(self, template: str, line: int) -> str:
        def found(match: re.Match[str]) -> str:
            name, which = match.group(1), match.group(2) or ""
            if name not in self.columns:
                return self.sheet.grid.formula(match.group(0), 0, self.sheet.name)[1:]
            row, at = self.top + line, self.columns[name]
            return xl_rowcol_to_cell(row + int(which or 0), at, False, True)

        return _NAME.sub(found, template)


def _told(results: Sequence[float] | np.ndarray | None, months: int) -> list[str | float]:
    """The results of a row's cells; nothing where none is known."""
    if results is None:
        return [""] * months
    return ["" if math.isnan(one) else float(one) for one in results[:months]]


@cache
def _taken_apart(template: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """A formula's words, and between them its names with what follows each: the same for every month."""
    parts = _NAME.split(template)
    return tuple(parts[0::3]), tuple(
        (name, which or "") for name, which in zip(parts[1::3], parts[2::3], strict=True)
    )


@cache
def _letters(column: int, fixed: bool) -> str:
    return xl_col_to_name(column, fixed)


@cache
def _prefix(sheet: str, here: str) -> str:
    if sheet == here:
        return ""
    quoted = sheet.replace("'", "''")
    return f"'{quoted}'!"

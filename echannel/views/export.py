"""Downloads: tables as CSV and XLSX, in the reader's habits, and safe to open.

A text that a spreadsheet would run as a formula (``=``, ``+``, ``-``, ``@``, tab or carriage return
first) is written with an apostrophe before it in CSV, and as a plain string in XLSX
(OWASP, "CSV injection").
"""

from __future__ import annotations

import base64
import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import lru_cache
from textwrap import wrap
from typing import Any

import xlsxwriter

from echannel.formulas import safe_cell
from echannel.locale import Speaker
from echannel.views.sheet import HEAD, Form, Sheet, Unusual, form
from echannel.views.tables import NUMERIC, Table

Cells = Sequence[Sequence[Any]]

_ANY_MOMENT = datetime(2000, 1, 1)  # the same tables give the same bytes, whenever they are written
_PATTERNS = {
    "money": "#,##0.00",
    "cents": "#,##0.00",
    "number": "#,##0",
    "decimal": "#,##0.0",
    "percent": "0.0%",
    "change": "+0.0%;-0.0%;0.0%",
    "day": "dd/mm/yyyy",
}
# A month is its first day, shown in the report's language and not in that of the reader's Excel.
_MONTHS = {"en": "[$-809]mmm yyyy", "fr": "[$-40C]mmm yyyy"}
_LINE = 15  # points
_A4 = 9  # as Excel counts papers
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def file_name(title: str) -> str:
    """A title as the name of a file, in its own language: "vendons-nous-plus-que-l-an-dernier"."""
    plain = title.lower().replace("\u2019", "-").replace("\u0153", "oe")
    ascii_only = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:60].rstrip("-") or "table"


def cells_of(table: Table, say: Speaker) -> Cells:
    """A table's values column by column, for files; both kinds of file take them."""
    return [table.values(column, say) for column in table.columns]


def to_csv(table: Table, say: Speaker, cells: Cells | None = None) -> bytes:
    """The table as CSV in UTF-8 with a BOM (so that Excel reads accents).

    French: ``;`` between fields and a decimal comma; English: ``,`` and a point. Dates are ISO in both,
    months in words.
    ``cells``: its values where they are at hand (:func:`cells_of`).
    """
    french = say.language == "fr"
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if french else ",", lineterminator="\r\n")
    writer.writerow(safe_cell(header) for header in table.headers(say))
    columns = cells_of(table, say) if cells is None else cells
    written = [
        [_written(value, french) for value in (_months(values, say) if column.kind == "month" else values)]
        for column, values in zip(table.columns, columns, strict=True)
    ]
    writer.writerows(zip(*written, strict=True))
    return out.getvalue().encode("utf-8-sig")


def new_workbook(out: io.BytesIO) -> Any:
    """An empty workbook: texts stay texts, and the same cells give the same bytes."""
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "nan_inf_to_errors": True,
    }
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"created": _ANY_MOMENT})
    return book


def to_xlsx(tables: Table | list[Table], say: Speaker, cells: Cells | None = None) -> bytes:
    """One or more tables as a workbook, one sheet each; numbers stay numbers, texts never become formulas.

    ``cells``: the values of the one table where they are at hand (:func:`cells_of`).
    """
    if isinstance(tables, Table):
        cells = cells_of(tables, say) if cells is None else cells
        with suppress(Unusual):
            return workbook_form(say.language).filled(_sheet(tables, say, cells))
    out = io.BytesIO()
    book = new_workbook(out)
    formats = table_formats(book, say.language)
    used: set[str] = set()
    for table in tables if isinstance(tables, list) else [tables]:
        add_table(book.add_worksheet(sheet_name(table.name, used)), table, say, formats)
    book.close()
    return out.getvalue()


@lru_cache
def workbook_form(language: str) -> Form:
    """What every workbook of one table has in a language; made once in a process."""

    def write(out: io.BytesIO, name: str) -> list[str]:
        book = new_workbook(out)
        sheet, formats = book.add_worksheet(name), table_formats(book, language)
        _lay_out(sheet)
        for at, style in enumerate(formats.values()):
            sheet.write_blank(0, at, None, style)
        book.close()
        return list(formats)

    return form(write)


def _sheet(table: Table, say: Speaker, cells: Cells) -> Sheet:
    headers, kinds = table.headers(say), [column.kind for column in table.columns]
    widths = [_width(*known) for known in zip(headers, cells, kinds, strict=True)]
    return Sheet(sheet_name(table.name, set()), headers, cells, kinds, widths, row_height(headers, widths))


def table_formats(book: Any, language: str) -> dict[str, Any]:
    """How the kinds of columns are written, and ``head`` for their names."""
    patterns = {**_PATTERNS, "month": _MONTHS[language]}
    formats = {kind: book.add_format({"num_format": pattern}) for kind, pattern in patterns.items()}
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    return {**formats, HEAD: head}


def add_table(sheet: Any, table: Table, say: Speaker, formats: dict[str, Any]) -> None:
    """Write a table into an empty sheet; its head stays in sight."""
    _lay_out(sheet)
    headers, widths = table.headers(say), []
    for at, (column, header) in enumerate(zip(table.columns, headers, strict=True)):
        sheet.write_string(0, at, header, formats[HEAD])
        values = table.values(column, say)
        widths.append(_width(header, values, column.kind))
        sheet.set_column(at, at, widths[-1])
        for row, value in enumerate(values, start=1):
            _put(sheet, row, at, value, formats.get(column.kind))
    sheet.set_row(0, row_height(headers, widths))


def row_height(texts: Sequence[str], widths: Sequence[float]) -> int:
    """Points that a row of wrapped texts needs in columns of these widths (letters).

    Not every program measures a row that comes without its height.
    """
    lines = (len(wrap(text, max(int(width * 0.85), 1))) for text, width in zip(texts, widths, strict=True))
    return _LINE * max(lines, default=1)


def _lay_out(sheet: Any) -> None:
    """The head stays in sight, on each page too; on paper, all columns side by side."""
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    fit_on_paper(sheet)


def fit_on_paper(sheet: Any) -> None:
    """All columns side by side on A4 across, over as many pages as the rows take."""
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)


def data_link(content: bytes, mime: str) -> str:
    """The content as a ``data:`` address: a download that needs no server."""
    return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"


def _put(sheet: Any, row: int, at: int, value: Any, style: Any) -> None:
    if value is None:
        return
    if isinstance(value, datetime):
        sheet.write_datetime(row, at, value.replace(tzinfo=None), style)
    elif isinstance(value, date):
        sheet.write_datetime(row, at, datetime(value.year, value.month, value.day), style)
    elif isinstance(value, int | float):
        sheet.write_number(row, at, value, style)
    else:
        sheet.write_string(row, at, str(value))


def _months(values: Sequence[Any], say: Speaker) -> list[Any]:
    return [say.month(value) if isinstance(value, date) else value for value in values]


def _written(value: Any, french: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float):
        text = f"{value:.6f}".rstrip("0").rstrip(".") or "0"
        text = "0" if text == "-0" else text
        return text.replace(".", ",") if french else text
    return safe_cell(str(value))


def sheet_name(name: str, used: set[str]) -> str:
    """``name`` as Excel takes it for a sheet, unlike any in ``used``, to which it is added."""
    kept = "".join(" " if c in "[]:*?/\\" else c for c in name)
    clean = " ".join(kept.split()).strip("'")[:28].rstrip() or "1"
    unique, n = clean, 2
    while unique.lower() in used:
        unique, n = f"{clean} {n}", n + 1
    used.add(unique.lower())
    return unique


def _width(header: str, values: Sequence[Any], kind: str) -> float:
    longest = 12 if kind in NUMERIC else max((len(str(value)) for value in values[:200]), default=8)
    return float(min(max(longest, len(header) * 0.6, 8) + 2, 60))

"""One table as a workbook of one sheet, at a fifth of a general writer's time: each card of a report has one.

xlsxwriter makes a workbook with our formats once. From table to table only the sheet and its name differ,
and only they are written here, with texts in their cells ("inline strings", as xlsxwriter writes them when
it must not keep them all). A text is never a formula. What is out of the ordinary (infinite numbers,
control characters, very long texts, days before 1901) is left to xlsxwriter altogether.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from html import escape
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from xlsxwriter.utility import xl_col_to_name

_NAME = "\u2063name\u2063"  # stands where the sheet's name goes
_SHEET = "xl/worksheets/sheet1.xml"
_NAMED = ("xl/workbook.xml", "docProps/app.xml")
_DAY_ONE = datetime(1899, 12, 30)
_LONG = 16_000  # letters: a cell holds twice as many, but some count double
_ODD = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9a-fA-F]{4}_")
_USUAL = 15  # points: a row of one line
HEAD = "head"


class Unusual(Exception):
    """A value that only a general writer knows how to write."""


@dataclass(frozen=True)
class Sheet:
    """What a sheet holds: its name, and each column's header, values, kind of format and width (letters).

    ``head``: the height of the row of headers, in points.
    """

    name: str
    headers: Sequence[str]
    columns: Sequence[Sequence[Any]]
    kinds: Sequence[str]
    widths: Sequence[float]
    head: int


@dataclass(frozen=True)
class Form:
    """A workbook without its sheet: parts that never change, packed; those that name the sheet; styles."""

    packed: bytes
    named: dict[str, str]
    head: str
    foot: str
    styles: dict[str, str]
    _called: dict[str, bytes] = field(default_factory=dict, init=False, repr=False, compare=False)

    def filled(self, sheet: Sheet) -> bytes:
        """The workbook with this sheet; raises :class:`Unusual`."""
        out = io.BytesIO(self.called(sheet.name))
        with ZipFile(out, "a") as book:
            _put(book, _SHEET, "".join((self.head, *self._rows(sheet), self.foot)))
        return out.getvalue()

    def called(self, name: str) -> bytes:
        """Everything but the sheet, for a sheet of this name; the same in every language."""
        if name not in self._called:
            out = io.BytesIO(self.packed)
            with ZipFile(out, "a") as book:
                for part, text in self.named.items():
                    _put(book, part, text.replace(_NAME, escape(name)))
            self._called[name] = out.getvalue()
        return self._called[name]

    def _rows(self, sheet: Sheet) -> list[str]:
        letters = [xl_col_to_name(at) for at in range(len(sheet.headers))]
        heads = (
            _text(f'{letter}1"{self.styles[HEAD]}', header)
            for letter, header in zip(letters, sheet.headers, strict=True)
        )
        columns = [
            self._column(letter, values, kind)
            for letter, values, kind in zip(letters, sheet.columns, sheet.kinds, strict=True)
        ]
        widths = "".join(
            f'<col min="{at}" max="{at}" width="{_characters(width)}" customWidth="1"/>'
            for at, width in enumerate(sheet.widths, start=1)
        )
        height = f' ht="{sheet.head}" customHeight="1"' if sheet.head != _USUAL else ""
        rows = [
            f'<row r="{n}">{"".join(row)}</row>' for n, row in enumerate(zip(*columns, strict=True), start=2)
        ]
        return [
            f"<cols>{widths}</cols>",
            f'<sheetData><row r="1"{height}>{"".join(heads)}</row>',
            *rows,
            "</sheetData>",
        ]

    def _column(self, letter: str, values: Sequence[Any], kind: str) -> list[str]:
        style = self.styles.get(kind, "")
        return [_cell(f'{letter}{row}"', style, value) for row, value in enumerate(values, start=2)]


def form(write: Callable[[io.BytesIO, str], Sequence[str]]) -> Form:
    """The form of workbooks as ``write`` makes them.

    It is given where to write and how to call the one sheet, in whose first row it puts an empty cell of each
    format; it returns their names, in that order.
    """
    out = io.BytesIO()
    names = write(out, _NAME)
    packed, named = io.BytesIO(), {}
    with ZipFile(out) as made, ZipFile(packed, "w") as kept:
        whole = made.read(_SHEET).decode()
        for part in made.namelist():
            text = made.read(part).decode()
            if part in _NAMED:
                named[part] = text
            elif part != _SHEET:
                _put(kept, part, text)
    found = re.findall(r'<c r="[A-Z]+1"( s="\d+")/>', whole)
    before, after = whole.split("<sheetData>", 1)[0], whole.split("</sheetData>", 1)[1]
    before = re.sub(r"<dimension [^>]*/>", "", before)
    return Form(packed.getvalue(), named, before, after, dict(zip(names, found, strict=True)))


def _put(book: ZipFile, part: str, text: str) -> None:
    place = ZipInfo(part)  # of 1980: the same tables give the same bytes
    place.compress_type = ZIP_DEFLATED
    book.writestr(place, text)


def _cell(place: str, style: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise Unusual
        return f'<c r="{place}{style}><v>{value:.16G}</v></c>'
    if isinstance(value, date):
        return f'<c r="{place}{style}><v>{_serial(value):.16G}</v></c>'
    return _text(place, str(value))


def _text(place: str, text: str) -> str:
    if len(text) > _LONG or _ODD.search(text):
        raise Unusual
    return f'<c r="{place} t="inlineStr"><is><t xml:space="preserve">{escape(text, quote=False)}</t></is></c>'


def _serial(value: date) -> float:
    """Days since the spreadsheets' day one."""
    if value.year <= 1900:
        raise Unusual
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    passed = value.replace(tzinfo=None) - _DAY_ONE
    return passed.days + (passed.seconds + passed.microseconds / 1e6) / 86_400


def _characters(width: float) -> str:
    """A width as files have it: in whole pixels of the usual font (7 a letter), margins included."""
    pixels = int(width * 7 + 0.5) + 5
    return f"{pixels * 256 // 7 / 256:.16g}"

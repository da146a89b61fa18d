"""A file as a table of texts: each row with its number in the file, as a spreadsheet shows it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from echannel.connectors.base import Note
from echannel.connectors.files.encoding import decode
from echannel.connectors.files.headers import normal
from echannel.connectors.files.workbooks import read_parquet, read_workbook
from echannel.errors import UserError

Rows = list[list[str]]
SEPARATORS = (";", ",", "\t", "|")
BLANKS = "blanks"
_HEADER_WITHIN = 40  # rows of preamble at most
_FOOTER_WITHIN = 6
_SAMPLE = 200
_FOOTER = re.compile(
    r"\d+\s+(?:record|ligne|enregistrement|commande|order|row)s?\b|\d+ record\(s\)|seller id\b|"
    r"(?:grand |sous-?|sub-?)?total\b|generated on|export[eé]d? (?:on|le)\b|g[eé]n[eé]r[eé] le",
    re.IGNORECASE,
)
_VALUE = re.compile(r"[-+(]?\s*[£€$]?\s*[-+]?\d[\d\s.,:/%€£$()+-]*$|^\d{4}-\d\d-\d\d[T ].*$")


@dataclass(frozen=True)
class Reading:
    """How a file is to be read; ``auto``: find out."""

    encoding: str = "auto"
    separator: str = "auto"
    sheet: str | int = "auto"
    header_row: int | str = "auto"
    signatures: tuple[frozenset[str], ...] = ()
    """Normalised headers that tell a header row: where all of one are in a row, it is the header."""
    quoted: bool = True  # False: a quotation mark is a mark like any other, not the fence of a cell
    prepare: Callable[[Raw, Rows], Raw] | None = None
    """Makes a plain table of an export that is none; it gets the rows above the headers too."""


@dataclass(frozen=True)
class Raw:
    """A file's rows as texts. ``numbers`` are the rows' numbers in the file, counted from 1."""

    file: str
    headers: tuple[str, ...]
    rows: pd.DataFrame = field(repr=False)
    numbers: np.ndarray = field(repr=False)
    encoding: str
    separator: str
    header_row: int
    left_out: int = 0  # footer rows: "12 record(s) downloaded"
    sheets: np.ndarray | None = field(default=None, repr=False)  # each row's, where several were read
    sheets_left: tuple[str, ...] = ()  # sheets of the workbook that hold another table
    said: tuple[Note, ...] = ()  # what was decided on the way
    _stripped: dict[int, pd.Series] = field(default_factory=dict, repr=False)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Column number by normalised header; columns can be named by number, from 1, too."""
        by_number = {str(at + 1): at for at in range(len(self.headers))}
        return by_number | {normal(header): at for at, header in reversed(list(enumerate(self.headers)))}

    def column(self, header: str) -> pd.Series | None:
        """The cells below a header (blanks around them taken off), or nothing when it is not there."""
        at = self.positions.get(normal(header))
        if at is None:
            return None
        if at not in self._stripped:
            codes, distinct = pd.factorize(self.rows.iloc[:, at])
            texts = np.array([*(str(text).strip() for text in distinct), ""], dtype=object)
            self._stripped[at] = pd.Series(texts[codes], dtype=object)
        return self._stripped[at]


def read_file(path: Path, how: Reading, limit: int | None = None) -> Raw:
    """The table of texts in a CSV, TSV, TXT, XLSX, XLS, ODS or Parquet file; at most ``limit`` rows.

    Raises
    ------
    UserError
        When there is no table in it: empty, protected, damaged, not a table; says what to do.
    """
    try:
        content = path.read_bytes()
    except OSError as failed:
        raise UserError("error.files.cannot_open", file=path.name) from failed
    if not content.strip(b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise UserError("error.files.empty", file=path.name)
    if content.startswith(b"PAR1"):
        headers, columns = read_parquet(content, path.name, limit)
        frame = pd.DataFrame(dict(enumerate(columns)))
        return Raw(path.name, headers, frame, np.arange(2, len(frame) + 2), "", "", 1)
    if content[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        return _joined(read_workbook(content, path.name, how.sheet, limit), path.name, how)
    text, encoding = decode(content, path.name, how.encoding)
    separator = find_separator(text) if how.separator == "auto" else _separator(how.separator)
    rows = split_rows(text, separator, path.name, limit, how.quoted)
    if how.quoted and limit is None and len(rows) < text.count("\n"):  # some cell holds line ends
        rows = _without_swallowed_rows(rows, separator)
    return _table(path.name, rows, how, encoding, separator)


def _joined(sheets: dict[str, Rows], file: str, how: Reading) -> Raw:
    """The first sheet, and every other with the same headers (a workbook with a sheet for each month)."""
    (first, rows), *others = sheets.items()
    same, left = {first: _table(file, rows, how, "", "")}, []
    names = [normal(header) for header in same[first].headers]
    for name, more in others:
        try:
            table = _table(file, more, how, "", "")
        except UserError:
            continue  # headers without rows, a cover page
        if [normal(header) for header in table.headers] == names:
            same[name] = table
        else:
            left.append(name)
    if len(same) == 1:
        return replace(same[first], sheets_left=tuple(left))
    tables = list(same.values())
    return replace(
        same[first],
        rows=pd.concat([table.rows for table in tables], ignore_index=True),
        numbers=np.concatenate([table.numbers for table in tables]),
        left_out=sum(table.left_out for table in tables),
        sheets=np.repeat(np.array(list(same), dtype=object), [len(table.rows) for table in tables]),
        sheets_left=tuple(left),
        _stripped={},
    )


def _separator(named: str) -> str:
    return {"tab": "\t", "\\t": "\t", "semicolon": ";", "comma": ",", "pipe": "|"}.get(named, named)


def find_separator(text: str) -> str:
    """The separator by which most of the first rows have the same number of cells, and many of them."""
    sample = text[:200_000]
    scores = {}
    for separator in SEPARATORS:
        if separator not in sample:
            continue
        try:
            rows = [row for row in split_rows(sample, separator, "", _SAMPLE) if len(row) > 0]
        except UserError:
            continue
        widths = np.bincount([len(row) for row in rows[:-1] or rows])
        widths[:2] = 0
        if widths.any():
            width = int(widths.argmax())
            scores[separator] = (widths[width] / len(rows)) * (1 + np.log(width))
    if scores and max(scores.values()) > 0.3:
        return max(scores, key=lambda separator: scores[separator])
    widths = np.bincount([len(line.split()) for line in sample.splitlines()[:_SAMPLE] if line.strip()] or [0])
    widths[:2] = 0
    if widths.any() and widths.max() >= 0.9 * widths.sum():
        return BLANKS
    return max(scores, key=lambda separator: scores[separator]) if scores else ","


def split_rows(text: str, separator: str, file: str, limit: int | None = None, quoted: bool = True) -> Rows:
    """The rows of a text, cells unquoted where they are ``quoted``; an empty line is a row without cells."""
    if separator == BLANKS:
        lines = text.split("\n")[:limit]
        return [line.split() for line in lines]
    stream = io.StringIO(text, newline=None)
    if quoted:
        reader = csv.reader(stream, delimiter=separator)
    else:
        reader = csv.reader(stream, delimiter=separator, quoting=csv.QUOTE_NONE)
    try:
        if limit is None:
            return list(reader)
        return [row for row, _ in zip(reader, range(limit), strict=False)]
    except csv.Error as broken:
        raise UserError("error.files.broken_row", file=file, row=reader.line_num) from broken


def _without_swallowed_rows(rows: Rows, separator: str) -> Rows:
    """The rows with those given back that a quotation mark without its partner has taken in.

    Such a cell begins in the middle of a row and goes on to the next mark, whole rows later: what is left
    of its first line completes the row that it stands in.
    """
    width = int(np.bincount([len(row) for row in rows[:10_000]]).argmax())
    if separator == BLANKS or width < 4:
        return rows
    found: Rows = []
    for row in rows:
        at = next((at for at, cell in enumerate(row) if "\n" in cell), None)
        first, *others = row[at].split("\n") if at is not None else [""]
        if at is None or at + first.count(separator) + 1 < width:
            found.append(row)
            continue
        found.append([*row[:at], *first.split(separator)])
        *whole, last = (next(csv.reader([line], delimiter=separator), []) for line in others)
        found += [*whole, [*last, *row[at + 1 :]]]
    return found


def _table(file: str, rows: Rows, how: Reading, encoding: str, separator: str) -> Raw:
    head = _header_index(rows, how) if how.header_row == "auto" else int(how.header_row) - 1
    body = [at for at in range(head + 1, len(rows)) if "".join(rows[at]).strip()]
    footers = _footers(rows, body)
    body = body[: len(body) - footers] if footers else body
    if not body:
        raise UserError("error.files.no_rows", file=file)
    width = max(len(rows[at]) for at in (*body, *([head] if head >= 0 else [])))
    named = [cell.strip() for cell in rows[head]] if head >= 0 else []
    headers = named + [""] * (width - len(named))
    frame = pd.DataFrame([rows[at] for at in body], dtype=object).reindex(columns=range(width)).fillna("")
    # PrestaShop 1.6 ends each line with a separator: a column without name and cells.
    while headers and not headers[-1] and not (frame.iloc[:, -1] != "").any():
        headers.pop()
        frame = frame.iloc[:, :-1]
    named_or_numbered = tuple(name or str(at + 1) for at, name in enumerate(headers))
    numbers = np.array(body, dtype="int64") + 1
    raw = Raw(file, named_or_numbered, frame, numbers, encoding, separator, head + 1, footers)
    return raw if how.prepare is None else how.prepare(raw, rows[: max(head, 0)])


def _header_index(rows: Rows, how: Reading) -> int:
    """Which row holds the headers; -1: none does (the file begins with values)."""
    first = rows[:_HEADER_WITHIN]
    for at, row in enumerate(first):
        names = {normal(cell) for cell in row}
        if any(signature <= names for signature in how.signatures):
            return at
    widths = [sum(1 for cell in row if cell.strip()) for row in rows[:_SAMPLE]]
    usual = float(np.median([width for width in widths if width] or [1]))
    for at, row in enumerate(first):
        cells = [cell.strip() for cell in row if cell.strip()]
        if len(cells) < max(1.0, usual / 2):
            continue
        values = sum(1 for cell in cells if _VALUE.fullmatch(cell))
        return at if values <= len(cells) / 5 else -1
    return 0


def _footers(rows: Rows, body: list[int]) -> int:
    """How many of the last rows belong to the export and not to the table."""
    count = 0
    for at in reversed(body[-_FOOTER_WITHIN:]):
        cells = [cell.strip() for cell in rows[at] if cell.strip()]
        if len(cells) > 3 or not _FOOTER.match(cells[0]) or len(cells) > len(rows[body[0]]) / 2:
            break
        count += 1
    return count if count < len(body) else 0

"""Files as platforms and people write them, the same bytes every time."""

from __future__ import annotations

import csv
import zipfile
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pandas as pd
import xlsxwriter

_MOMENT = datetime(2026, 11, 15, 18, 0, 0)
_ZIP_MOMENT = (2026, 11, 15, 18, 0, 0)
_ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_ODS_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


def write_text(
    path: Path,
    frame: pd.DataFrame,
    separator: str = ",",
    encoding: str = "utf-8",
    quote_all: bool = False,
    footer: tuple[str, ...] = (),
) -> None:
    """A delimited text file; what the encoding cannot hold becomes "?", as old programs do."""
    table = frame.to_csv(
        sep=separator,
        index=False,
        quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL,
        lineterminator="\r\n",
    )
    text = table + "".join(f"{line}\r\n" for line in footer)
    if encoding == "utf-16":  # with its mark, low byte first on every machine
        path.write_bytes(b"\xff\xfe" + text.encode("utf-16-le"))
    else:
        path.write_bytes(text.encode(encoding, errors="replace"))


def write_xlsx(path: Path, frame: pd.DataFrame, numbers: tuple[str, ...], dates: tuple[str, ...]) -> None:
    """An Excel workbook with one sheet; numbers and dates are real ones, what is neither stays text."""
    workbook = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    workbook.set_properties({"created": _MOMENT})
    as_date = workbook.add_format({"num_format": "dd/mm/yyyy"})
    page = workbook.add_worksheet("Export")
    page.write_row(0, 0, list(frame.columns))
    for column, name in enumerate(frame.columns):
        for row, value in enumerate(_typed(frame[name], name in numbers, name in dates), 1):
            if isinstance(value, datetime):
                page.write_datetime(row, column, value, as_date)
            elif isinstance(value, float):
                page.write_number(row, column, value)
            elif value:
                page.write_string(row, column, value)
    workbook.close()


def write_ods(path: Path, frame: pd.DataFrame, numbers: tuple[str, ...], dates: tuple[str, ...]) -> None:
    """An OpenDocument spreadsheet with one sheet, typed as :func:`write_xlsx` does."""
    columns = [_typed(frame[name], name in numbers, name in dates) for name in frame.columns]
    head = "".join(_ods_cell(name) for name in frame.columns)
    body = "".join(
        f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>"
        for row in zip(*columns, strict=True)
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_ODS_SPACES} office:version="1.2">'
        f'<office:body><office:spreadsheet><table:table table:name="Export"><table:table-row>{head}'
        f"</table:table-row>{body}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest manifest:version="1.2" '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS_TYPE}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, text, packing in (
            ("mimetype", _ODS_TYPE, zipfile.ZIP_STORED),  # first and unpacked, as the format asks
            ("content.xml", content, zipfile.ZIP_DEFLATED),
            ("META-INF/manifest.xml", manifest, zipfile.ZIP_DEFLATED),
        ):
            entry = zipfile.ZipInfo(name, _ZIP_MOMENT)
            entry.compress_type = packing
            archive.writestr(entry, text)


def _ods_cell(value: str | float | datetime) -> str:
    if isinstance(value, datetime):
        kind, shown = f'office:value-type="date" office:date-value="{value:%Y-%m-%d}"', f"{value:%d/%m/%Y}"
    elif isinstance(value, float):
        kind, shown = f'office:value-type="float" office:value={quoteattr(repr(value))}', f"{value:g}"
    elif value:
        kind, shown = 'office:value-type="string"', escape(value)
    else:
        return "<table:table-cell/>"
    return f"<table:table-cell {kind}><text:p>{shown}</text:p></table:table-cell>"


def _typed(cells: pd.Series, number: bool, day: bool) -> list[str | float | datetime]:
    """The cells of a column as a workbook holds them."""
    texts: list[str | float | datetime] = [str(text) for text in cells]
    if number:
        values = pd.to_numeric(
            cells.astype(str).str.replace(",", ".", regex=False), errors="coerce"
        ).to_numpy()
        return [text if np.isnan(value) else float(value) for text, value in zip(texts, values, strict=True)]
    if day:
        read = pd.to_datetime(cells, format="%d/%m/%Y", errors="coerce")
        read = read.fillna(pd.to_datetime(cells, format="%Y-%m-%d", errors="coerce"))
        return [text if pd.isna(at) else at.to_pydatetime() for text, at in zip(texts, read, strict=True)]
    return texts

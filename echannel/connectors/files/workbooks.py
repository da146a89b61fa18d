"""Workbooks (XLSX, XLS, ODS) and Parquet files as texts that can be read in one way only."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

from echannel.errors import UserError


def read_workbook(
    content: bytes, file: str, sheet: str | int, limit: int | None = None
) -> dict[str, list[list[str]]]:
    """The rows by sheet: of the one named (or numbered from 1), of all that hold anything for ``auto``.

    The sheet with most cells comes first, the others in the order of the workbook.
    """
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = workbook.sheet_names
    except Exception as failed:  # the library has one exception class per format, and Rust panics
        raise UserError("error.files.workbook", file=file) from failed
    if sheet != "auto":
        wanted = names[int(sheet) - 1] if str(sheet).isdigit() and 0 < int(sheet) <= len(names) else sheet
        if wanted not in names:
            raise UserError("error.files.sheet", file=file, sheet=sheet, known=", ".join(names))
        names = [str(wanted)]
    try:
        sheets = {name: workbook.get_sheet_by_name(name) for name in names}
        largest = max(sheets, key=lambda name: sheets[name].height * sheets[name].width)
        filled = [name for name in names if name != largest and sheets[name].height > 1]
        read = {
            name: sheets[name].to_python(skip_empty_area=False, nrows=limit) for name in (largest, *filled)
        }
    except Exception as failed:
        raise UserError("error.files.workbook", file=file) from failed
    known: dict[Any, str] = {}
    return {name: [[_text(cell, known) for cell in row] for row in rows] for name, rows in read.items()}


def _text(cell: Any, known: dict[Any, str]) -> str:
    if isinstance(cell, str):
        return cell
    key = (type(cell), cell)
    text = known.get(key)
    if text is None:
        text = known[key] = _worded(cell)
    return text


def _worded(cell: Any) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ", "seconds")
    return "" if cell is None else str(cell)


def _number(value: float) -> str:
    """A number whose point cannot be taken for a thousands separator: 1.234 becomes 1.2340."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = repr(value)
    return text + "0" if len(text.partition(".")[2]) == 3 else text


def read_parquet(
    content: bytes, file: str, limit: int | None = None
) -> tuple[tuple[str, ...], list[pd.Series]]:
    """Headers and columns of a Parquet file."""
    try:
        table = pq.read_table(io.BytesIO(content))
    except (pa.ArrowException, OSError) as failed:
        raise UserError("error.files.not_a_table", file=file) from failed
    if limit is not None:
        table = table.slice(0, limit)
    if not len(table):
        raise UserError("error.files.no_rows", file=file)
    try:
        return tuple(table.column_names), [_column(column) for column in table.columns]
    except pa.ArrowException as failed:
        raise UserError("error.files.not_a_table", file=file) from failed


def _column(column: pa.ChunkedArray) -> pd.Series:
    if pa.types.is_floating(column.type):
        values = column.to_pandas()
        codes, distinct = pd.factorize(values)
        texts = pd.array([*(_number(float(value)) for value in distinct), ""], dtype=object)
        return pd.Series(texts.take(codes), dtype=object)
    return pc.cast(column, pa.string()).to_pandas().astype(object).fillna("")

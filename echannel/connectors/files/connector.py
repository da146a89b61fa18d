"""The files connector: files of a folder become canonical batches, one per file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from echannel.connectors.base import (
    REJECTED_COLUMNS,
    Batch,
    Description,
    Finding,
    Given,
    Note,
    SourceContext,
)
from echannel.connectors.files.cells import Cells
from echannel.connectors.files.firm import Firm
from echannel.connectors.files.folder import matched_files
from echannel.connectors.files.layouts import reading_of, settle_layout
from echannel.connectors.files.looking import given, look
from echannel.connectors.files.options import FileOptions, read_options
from echannel.connectors.files.orders import read_orders
from echannel.connectors.files.plain_tables import read_customers, read_products, read_stock, read_visits
from echannel.connectors.files.reading import read_file
from echannel.connectors.files.settlement import read_settlement
from echannel.connectors.files.supply_tables import read_purchases, read_supplier_prices, read_suppliers
from echannel.errors import UserError
from echannel.tables import TABLES
from echannel.workspace import Workspace

_PLAIN = {
    "products": read_products,
    "stock_levels": read_stock,
    "customers": read_customers,
    "suppliers": read_suppliers,
    "supplier_prices": read_supplier_prices,
    "purchases": read_purchases,
    "visits": read_visits,
}


class FilesConnector:
    """Reads the files that a profile's ``files`` source names (see ``Options``).

    A file whose content was already read with the same options is skipped: ``cursor`` holds a hash of
    content and options by the file's path in the folder. A file that cannot be read at all becomes one
    refused entry; the others are still read.
    """

    describes: ClassVar[Description] = Description(
        platform="CSV · XLSX · ODS",
        gives={name: Given() for name in TABLES if name not in ("carts", "ledger", "learning")},
        history="connect.files.history",
        tested=("files",),
        guide="files",
    )

    def __init__(self, options: dict[str, Any], context: SourceContext) -> None:
        self.options = read_options(options)
        self.context = context
        self.firm = Firm.of(context.sme, context.source_id, context.pseudonym, Workspace(context.root))
        tables = {entry.layout().table for entry in self.options.files}
        self._with_products = "products" not in tables
        self._with_customers = "customers" not in tables

    @staticmethod
    def given(options: Mapping[str, Any]) -> dict[str, Given]:
        """The tables that files with these options give."""
        return given(options)

    def check(self) -> Iterator[Finding]:
        """Whether the folder is there, and what of it each entry of the profile takes."""
        return look(self.context.root / self.options.folder, self.options.folder, self.options.files)

    def fetch(self, cursor: dict[str, str]) -> Iterator[Batch]:
        """One batch per new or changed file, in the order of the options, then by name; a last one names
        the files that are no longer there.

        Raises
        ------
        UserError
            The folder does not exist.
        """
        folder, files = matched_files(self.context.root, self.options.folder, self.options.files)
        seen = dict(cursor)
        for done, (path, options) in enumerate(files):
            self.context.progress(path.name, done, len(files))
            name, mark = path.relative_to(folder).as_posix(), _fingerprint(path, options)
            if mark is not None and seen.get(name) == mark:
                continue
            seen = {**seen, name: mark or ""}
            yield self._batch(path, name, options, seen)
        gone = tuple(sorted(set(seen) - {path.relative_to(folder).as_posix() for path, _ in files}))
        if gone:
            notes = tuple(Note("files.note.gone", {"file": name}) for name in gone)
            yield Batch({}, pd.DataFrame(columns=list(REJECTED_COLUMNS)), {}, 0, notes, gone)
        self.context.progress("", len(files), len(files))

    def _batch(self, path: Path, name: str, options: FileOptions, cursor: dict[str, str]) -> Batch:
        try:
            cells, tables = read_tables(path, options, self.firm, self._with_products, self._with_customers)
        except UserError as error:
            return Batch({}, unreadable(name, self.firm.source, error), cursor, 1)
        return Batch(tables, cells.rejected.assign(file=name), cursor, len(cells), named_notes(cells))


def read_tables(
    path: Path,
    options: FileOptions,
    firm: Firm,
    with_products: bool = True,
    with_customers: bool = True,
    limit: int | None = None,
) -> tuple[Cells, dict[str, pd.DataFrame]]:
    """A file's canonical frames, and its cells with what was refused and noted."""
    raw = read_file(path, reading_of(options), limit)
    layout, _ = settle_layout(raw, options)
    cells = Cells(raw, layout, options, firm)
    cells.notes += raw.said
    if raw.left_out and not options.preset:  # a known export is known to end so
        cells.notes.append(Note("files.note.footer", {"n": raw.left_out}))
    if raw.sheets is not None:
        read = list(dict.fromkeys(raw.sheets))
        cells.notes.append(Note("files.note.sheets_read", {"n": len(read), "sheets": ", ".join(read)}))
    if raw.sheets_left:
        names = ", ".join(raw.sheets_left)
        cells.notes.append(Note("files.note.sheets_left", {"n": len(raw.sheets_left), "sheets": names}))
    if options.preset == "amazon_settlement":
        tables = read_settlement(cells, with_products, with_customers)
    elif layout.table == "orders":
        tables = read_orders(cells, with_products, with_customers)
    else:
        today = np.datetime64(_file_day(path, firm.timezone), "D")
        tables = _PLAIN[layout.table](cells, today)
    return cells, {name: in_canonical_types(name, frame) for name, frame in tables.items()}


def in_canonical_types(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A frame with all columns of its table (but ``local_day``), in order and in their types."""
    columns, dtypes = {}, {}
    for name, column in TABLES[table].columns.items():
        if name == "local_day":
            continue
        values = frame[name] if name in frame else pd.Series(None, index=frame.index, dtype=object)
        if column.dtype.startswith("datetime64"):
            values = pd.to_datetime(values, utc="UTC" in column.dtype).dt.as_unit("us")
        elif column.dtype == "category":
            values = values.astype(object).where(values.notna(), None)
        columns[name], dtypes[name] = values, column.dtype
    return pd.DataFrame(columns, index=frame.index).astype(dtypes)


def unreadable(file: str, source: str, error: UserError) -> pd.DataFrame:
    """One refused entry for a whole file."""
    entry = {
        "source": source,
        "file": file,
        "row": 0,
        "field": "",
        "value": "",
        "reason": error.key,
        "reason_values": json.dumps(error.values, ensure_ascii=False, default=str),
        "record": "{}",
    }
    return pd.DataFrame([entry], columns=list(REJECTED_COLUMNS))


def named_notes(cells: Cells) -> tuple[Note, ...]:
    """Each note once, with the file's name, in the order in which they were made."""
    named = [Note(note.key, {"file": cells.raw.file, **note.values}) for note in cells.notes]  # noqa: PD011
    return tuple({str(note): note for note in named}.values())


def _fingerprint(path: Path, options: FileOptions) -> str | None:
    """What a file and the way of reading it are, in short; None when it cannot be opened."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest = hashlib.sha256(content)
    digest.update(options.model_dump_json().encode())
    return digest.hexdigest()


def _file_day(path: Path, timezone: str) -> str:
    """The day on which a file was written: what its stock levels are as of, where it does not say."""
    return datetime.fromtimestamp(path.stat().st_mtime, ZoneInfo(timezone)).date().isoformat()

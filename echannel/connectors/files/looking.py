"""A look at a folder of files: is it there, does each entry of the profile find its files, what are they."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from echannel.connectors.base import Finding, Given, Note
from echannel.connectors.files.options import FileOptions, read_options
from echannel.tables import TABLES

_WITH_ORDERS = ("orders", "order_lines", "refunds", "products", "customers")


def given(options: Mapping[str, Any]) -> dict[str, Given]:
    """The tables that files give; orders bring lines, refunds, products and customers."""
    found: set[str] = {entry.layout().table for entry in read_options(dict(options)).files}
    if "orders" in found:
        found |= set(_WITH_ORDERS)
    return {name: Given() for name in TABLES if name in found}


def look(folder: Path, shown: str, entries: tuple[FileOptions, ...]) -> Iterator[Finding]:
    """The findings, in order: the folder, then each entry of the profile."""
    if not folder.is_dir():
        yield Finding("address", "blocks", Note("error.files.no_folder", {"folder": shown}), None, "sme")
        return
    yield Finding("address", "works", Note("connect.files.folder", {"folder": shown}))
    found = 0
    for entry in entries:
        table = entry.layout().table
        names = sorted(
            path.name
            for path in folder.glob(entry.match)
            if path.is_file() and not path.name.startswith((".", "~$"))
        )
        found += len(names)
        if names:
            values = {"match": entry.match, "n": len(names)}
            yield Finding("table", "works", Note("connect.files.matched", values), tables=(table,))
        else:
            none = Note("connect.files.none", {"match": entry.match, "folder": shown})
            yield Finding("table", "lacks", none, None, "sme", (table,))
    if not found:
        yield Finding("table", "blocks", Note("connect.files.nothing", {"folder": shown}), None, "sme")

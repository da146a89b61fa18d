"""Refused rows where people find them: one spreadsheet file per source file, in the SME's language."""

from __future__ import annotations

import csv
import io
import json

import pandas as pd

from echannel.connectors.base import Note
from echannel.formulas import safe_cell
from echannel.locale import Speaker, messages
from echannel.storage import Place, write_whole


def write_quarantine(folder: Place, rejected: pd.DataFrame, say: Speaker) -> list[Place]:
    """Bring the folder up to ``rejected`` (see ``echannel.store.REJECTED``): nothing else stays in it.

    Each line holds file, line, field, value, the reason in words, its key, then the refused row
    itself. UTF-8 with a mark and with semicolons for French, so that a spreadsheet opens it well.
    """
    wanted = {
        folder / file_name(str(source), str(file)): _as_csv(rows, say)
        for (source, file), rows in rejected.groupby(["source", "file"], observed=True, sort=True)
    }
    if folder.is_dir():
        for path in folder.iterdir():
            if path not in wanted:
                path.unlink()
    for path, content in wanted.items():
        if not path.is_file() or path.read_bytes() != content:
            write_whole(path, content)
    return sorted(wanted, key=str)


def file_name(source: str, file: str) -> str:
    """``<source>__<file>.csv``, safe as a file name."""
    flat = "".join("_" if character in '/\\:*?"<>|' or character < " " else character for character in file)
    return f"{source}__{flat}" if flat.lower().endswith(".csv") else f"{source}__{flat}.csv"


def note_in_words(note: Note, say: Speaker) -> str:
    """A connector's note as a sentence; a plug-in's note that no catalogue knows stays as it is."""
    return say(note.key, **note.values) if note.key in messages(say.language) else str(note.key)


def field_in_words(field: str, say: Speaker) -> str:
    """A column's name as people know it; a file's own header stays as it is."""
    key = f"sync.field.{field}"
    return say(key) if key in messages(say.language) else field


def _as_csv(rows: pd.DataFrame, say: Speaker) -> bytes:
    rows = rows.sort_values(["row", "field"], kind="stable").fillna({"value": ""})
    records = [json.loads(record) if record else {} for record in rows["record"]]
    columns = list(dict.fromkeys(name for record in records for name in record))
    head = [say(f"sync.column.{name}") for name in ("file", "line", "field", "value", "reason", "key")]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=";" if say.language == "fr" else ",")
    writer.writerow([*head, *(safe_cell(column) for column in columns)])
    for row, record in zip(rows.itertuples(), records, strict=True):
        cells = [
            row.file,
            row.row or "",
            field_in_words(str(row.field), say),
            row.value,
            note_in_words(Note(str(row.reason), json.loads(str(row.reason_values) or "{}")), say),
            row.reason,
            *(record.get(column, "") for column in columns),
        ]
        writer.writerow([safe_cell(cell) for cell in cells])
    return stream.getvalue().encode("utf-8-sig")

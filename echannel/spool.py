"""A long first sync, kept piece by piece: killed in the middle, the next one goes on where it stopped.

Pieces hold canonical rows only (people are pseudonyms in them already) and lie in the SME's folder;
no reader looks at them. They are good for the very sync that wrote them: the same stored state, place
in the source, profile and package. A piece appears in one step, so that one is whole or not there.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import feather

from echannel.connectors.base import REJECTED_COLUMNS, Note
from echannel.gathering import Piece

_START = "start.json"
_PIECE = "piece.json"


class Spool:
    """The pieces of one source's unfinished sync, in ``folder``.

    ``start`` says which sync they are of. Nothing is written in the first ``delay`` seconds: what is
    quickly read is quickly read again.
    """

    delay = 1.0

    def __init__(self, folder: Path, start: Mapping[str, Any]) -> None:
        self.folder = folder
        self._start = json.dumps(start, sort_keys=True, default=str)
        self._began = time.monotonic()
        self._pending: list[Piece] = []
        self._number = 0
        if folder.exists() and _text(folder / _START) != self._start:
            self.clear()

    def pieces(self) -> Iterator[Piece]:
        """The pieces of a sync that broke off, in order; they end before the first that cannot be read."""
        for path in sorted(self.folder.glob("[0-9]*")):
            if int(path.name) != self._number:
                break
            try:
                piece = _read(path)
            except (OSError, ValueError, KeyError, TypeError, pa.ArrowInvalid):
                break
            self._number += 1
            yield piece
        for path in sorted(self.folder.glob("[0-9]*"))[self._number :]:
            shutil.rmtree(path, ignore_errors=True)

    def save(self, piece: Piece) -> None:
        """Keep one more piece."""
        self._pending.append(piece)
        if time.monotonic() - self._began < self.delay:
            return
        if self._number == 0:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / _START).write_text(self._start, encoding="utf-8")
        for one in self._pending:
            _write(self.folder, f"{self._number:06d}", one)
            self._number += 1
        self._pending.clear()

    def clear(self) -> None:
        """Forget all of it: it is stored, or of no use."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _write(folder: Path, name: str, piece: Piece) -> None:
    partial = folder / f".{name}.{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for table, frame in piece.good.items():
        data = pa.Table.from_pandas(frame, preserve_index=False)
        feather.write_feather(data, str(partial / f"{table}.arrow"), compression="lz4")
    facts = {
        "tables": list(piece.good),
        "rejected": piece.rejected.astype(object).where(piece.rejected.notna(), None).to_dict("records"),
        "read": piece.read,
        "refused": piece.refused,
        "duplicates": piece.duplicates,
        "notes": [asdict(note) for note in piece.notes],
        "position": piece.position,
        "files": piece.files,
        "place": piece.place,
        "emptied": piece.emptied,
        "silent": piece.silent,
    }
    (partial / _PIECE).write_text(json.dumps(facts, ensure_ascii=False, default=str), encoding="utf-8")
    partial.rename(folder / name)


def _read(path: Path) -> Piece:
    facts = json.loads((path / _PIECE).read_text(encoding="utf-8"))
    good = {table: feather.read_table(str(path / f"{table}.arrow")).to_pandas() for table in facts["tables"]}
    return Piece(
        good,
        pd.DataFrame(facts["rejected"], columns=list(REJECTED_COLUMNS)),
        facts["read"],
        facts["refused"],
        facts["duplicates"],
        tuple(Note(**note) for note in facts["notes"]),
        facts["position"],
        tuple(facts["files"]),
        facts["place"],
        {name: tuple(groups) for name, groups in facts["emptied"].items()},
        facts["silent"],
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""

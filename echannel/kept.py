"""Results that take long, kept on disk beside an SME's tables until what they rest on changes.

A result is some data frames; it is kept under a key that names all that it was made from. A file that is
torn, foreign or of another key is ignored and made anew; a folder that cannot be written keeps nothing.
No pickle: what lies in the file is data and never code.
"""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from echannel.storage import Place, write_whole

Frames = Mapping[str, pd.DataFrame]
_PATIENCE = 600  # seconds to wait for another process that makes the same


def is_kept(folder: Place, name: str, key: str) -> bool:
    """Whether :func:`kept` would only have to read (so that a page may say that it will take a while)."""
    return _path(folder, name, key).is_file()


def kept(folder: Place, name: str, key: str, compute: Callable[[], Frames]) -> Frames:
    """The frames of ``name`` under ``key``: read, or computed and stored, older ones thrown away.

    Two processes that want the same at once compute it once: the second waits and reads. (On object storage
    both compute it, and either's file is good.)
    """
    path = _path(folder, name, key)
    found = _read(path, key)
    if found is not None:
        return found
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError, Timeout):
            if isinstance(folder, Path):
                folder.mkdir(parents=True, exist_ok=True)
                held.enter_context(FileLock(folder / f".{name}.lock", timeout=_PATIENCE))
                found = _read(path, key)
        if found is None:
            found = compute()
            with contextlib.suppress(OSError, pa.ArrowException):
                _write(path, key, found)
                for older in {*folder.glob(f"{name}-*.zip"), *folder.glob(f".{name}-*.zip.*")} - {path}:
                    older.unlink(missing_ok=True)
    return found


def _path(folder: Place, name: str, key: str) -> Place:
    return folder / f"{name}-{key}.zip"


def _read(path: Place, key: str) -> Frames | None:
    """What the file holds; None where it is not there, torn, or not what its name says."""
    try:
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            if archive.read("key").decode() != key:
                return None
            names = json.loads(archive.read("names"))
            return {name: _frame(archive.read(f"{name}.parquet")) for name in names}
    except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile, pa.ArrowException):
        return None


def _frame(content: bytes) -> pd.DataFrame:
    return pq.ParquetFile(io.BytesIO(content)).read(use_threads=False).to_pandas(use_threads=False)


def _write(path: Place, key: str, frames: Frames) -> None:
    """In one step: whoever reads sees the whole file or none."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("key", key)
        archive.writestr("names", json.dumps(list(frames)))
        for name, frame in frames.items():
            out = io.BytesIO()
            pq.write_table(pa.Table.from_pandas(frame), out)
            archive.writestr(f"{name}.parquet", out.getvalue())
    write_whole(path, content.getvalue())

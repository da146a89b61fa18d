"""One file that holds all that cannot be made again, and the way back from it.

In it: parameters, the SMEs' files and tables, pseudonymisation keys, the register's file, and the
notebooks that people made. Not in it: reports and what is computed (``echannel run`` makes them again),
and a register that lies on a database server (its own tools back it up). The file holds keys: it is
written so that its owner alone can read it, and belongs where the data may lie too.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from echannel import __version__
from echannel.errors import UserError
from echannel.profiles import sme_ids
from echannel.store import SmeStore
from echannel.workspace import Workspace

_FOLDERS = (
    "parameters",
    "data/keys",
    "data/inbox",
    "data/reference",
    "data/seasons",
    "data/homes",
    "notebooks/own",
)
_REGISTER = "data/register.sqlite"
_LABEL = "backup.json"
FORMAT = 1


@dataclass(frozen=True)
class Held:
    """What a backup holds: when it was made, by which version, and the rows of each SME's tables."""

    made: str
    package: str
    smes: dict[str, int]


def back_up(workspace: Workspace, target: Path) -> Held:
    """Writes the backup ``target`` (``.tar.gz``), whole or not at all, while everything keeps running.

    Each SME's tables are held still while they are copied: its syncs wait, its readers do not.

    Raises
    ------
    UserError
        ``target`` exists, or lies inside the workspace; the tables are on object storage.
    """
    if target.exists():
        raise UserError("backup.error.exists", file=str(target))
    if workspace.root.resolve() in target.resolve().parents:
        raise UserError("backup.error.inside", file=str(target), folder=str(workspace.root))
    partial = target.with_name(f"{target.name}.partial")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with (
            os.fdopen(handle, "wb") as stream,
            tarfile.open(fileobj=stream, mode="w:gz", compresslevel=6) as tar,
        ):
            held = _write(workspace, tar)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return held


def _write(workspace: Workspace, tar: tarfile.TarFile) -> Held:
    smes = {}
    for folder in _FOLDERS:
        for path in _files(workspace.root / folder):
            tar.add(path, path.relative_to(workspace.root).as_posix())
    for sme in sme_ids(workspace):
        smes[sme] = _add_tables(workspace, sme, tar)
    if (workspace.root / _REGISTER).is_file():
        _add_register(workspace.root / _REGISTER, tar)
    held = Held(datetime.now(UTC).isoformat(timespec="seconds"), __version__, smes)
    label = json.dumps({"format": FORMAT, "made": held.made, "package": held.package, "smes": smes}).encode()
    entry = tarfile.TarInfo(_LABEL)
    entry.size = len(label)
    tar.addfile(entry, io.BytesIO(label))
    return held


def _add_tables(workspace: Workspace, sme: str, tar: tarfile.TarFile) -> int:
    folder = workspace.root / "data" / "store" / sme
    store = SmeStore(folder)
    with store.lock:
        manifest = store.current()
        for path in _files(folder):
            tar.add(path, path.relative_to(workspace.root).as_posix())
    return sum(manifest.counts.values()) if manifest else 0


def _add_register(path: Path, tar: tarfile.TarFile) -> None:
    """A register that is being written to is copied by SQLite itself."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        with closing(sqlite3.connect(path)) as here, closing(sqlite3.connect(copy)) as there:
            here.backup(there)
        tar.add(copy, _REGISTER)


def _files(folder: Path) -> Iterator[Path]:
    """Plain files only: links lead to what is backed up where it lies."""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if path.is_file() and not path.is_symlink() and path.suffix != ".lock":
            yield path


def restore(source: Path, folder: Path) -> Held:
    """Unpacks the backup ``source`` into ``folder``, which must be empty or new, and checks every table.

    Raises
    ------
    UserError
        ``folder`` holds something; ``source`` is no backup of ours, is damaged, or is of a newer version; a
        table has not the rows that it had.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UserError("backup.error.not_empty", folder=str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(source, "r:gz") as tar:
            tar.extractall(folder, filter="data")
        label = json.loads((folder / _LABEL).read_text(encoding="utf-8"))
    except (OSError, EOFError, tarfile.TarError, ValueError):
        raise UserError("backup.error.damaged", file=str(source)) from None
    if label["format"] > FORMAT:
        raise UserError("backup.error.newer", file=str(source), version=label["package"])
    (folder / _LABEL).unlink()
    for sme, rows in label["smes"].items():
        if _rows(folder, sme) != rows:
            raise UserError("backup.error.rows", sme=sme, file=str(source))
    return Held(label["made"], label["package"], label["smes"])


def _rows(folder: Path, sme: str) -> int:
    store = SmeStore(folder / "data" / "store" / sme)
    manifest = store.current()
    if manifest is None:
        return 0
    return sum(len(store.read(table, manifest=manifest)) for table in manifest.counts)

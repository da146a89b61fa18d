"""One SME's tables: versioned, upserted by key, all tables of a commit or none.

Each canonical table is a Delta Lake table of its own; ``manifest.json`` names the versions
that belong together and is replaced in one step. Readers follow a manifest and nothing else,
so a writer never disturbs them, and what a killed writer leaves behind is never seen: the
next commit starts from the manifest's versions and overwrites the rest.

A manifest also names each version's Parquet files, and readers open those with pyarrow:
the runtime of ``deltalake`` does not survive a fork, and reports are made in forked processes.

On object storage (see ``echannel.storage``) there is neither a lock between machines nor a rename: there a
commit is the creation of ``manifests/<number>.json``, which the store grants to one writer only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from echannel import __version__
from echannel.errors import UserError
from echannel.remote_commit import exclusively, written_by
from echannel.storage import Place, RemotePath, delta_options, lock_file, place
from echannel.tables import CODE, TABLES, TEXT, Column, Table
from echannel.upsert import changed_rows, normalised, upserted

REJECTED = Table(
    "rejected",
    ("source", "file", "row", "field", "reason", "record"),
    {
        "source": Column(CODE),
        "file": Column(CODE),
        "row": Column("int64"),  # the line in the file; 0 where there is none
        "field": Column(TEXT),
        "value": Column(TEXT, nullable=True),
        "reason": Column(CODE),
        "reason_values": Column(TEXT),
        "record": Column(TEXT),
    },
)
"""Refused rows as they stand now; kept with the tables so that both are of one sync."""

STORED: dict[str, Table] = {**TABLES, REJECTED.name: REJECTED}
KEPT_FOR = timedelta(days=400)
"""How long an old manifest, and the table versions it names, can be read again."""
_CLEAN_EVERY = 25
_DELTA = {"delta.logRetentionDuration": f"interval {KEPT_FOR.days} days"}


@dataclass(frozen=True)
class Manifest:
    """The table versions that belong together, and how they came about.

    ``counts`` are rows per table and ``changed`` those that this commit added, altered or took
    away; ``rejected`` are refused rows by ``source/file``; ``cursors`` are where each source
    goes on; ``log`` says per source and file what was last read (``read``, ``kept`` by table,
    ``refused``, ``notes``, ``at``).
    """

    number: int
    synced_at: str
    package: str
    versions: dict[str, int] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    cursors: dict[str, dict[str, str]] = field(default_factory=dict)
    log: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def synced(self) -> datetime:
        """When this state was stored (UTC)."""
        return datetime.fromisoformat(self.synced_at)


class SmeStore:
    """The tables below one folder, ``data/store/<sme>/``, or one place on object storage."""

    def __init__(self, path: Place | str) -> None:
        self.path = place(path)
        self._lock: FileLock | None = None

    @property
    def lock(self) -> FileLock:
        """Held by whoever writes, who may take it again; the system frees it when a process dies.

        On object storage it keeps this machine's writers apart; those of others are told when they commit.
        """
        if self._lock is None:
            self._lock = FileLock(lock_file(self.path))
        return self._lock

    def current(self) -> Manifest | None:
        """The current manifest; None when nothing was stored yet."""
        path = self.path / "manifest.json"
        if not isinstance(path, RemotePath):
            return _loaded(path) if path.is_file() else None
        # A writer that was killed just after its commit had no time to point to it.
        number = _number_in(path)
        while self._numbered(number + 1).is_file():
            number += 1
        return _loaded(self._numbered(number)) if number else None

    def manifest(self, number: int | None = None) -> Manifest:
        """The current manifest, or an older one by its number.

        Raises
        ------
        UserError
            ``error.never_synced`` when nothing was stored yet; ``sync.error.unknown_manifest``.
        """
        current = self.current()
        if current is None:
            raise UserError("error.never_synced", sme=self.path.name)
        if number is None or number == current.number:
            return current
        path = self._numbered(number)
        if number > current.number or not path.is_file():
            raise UserError("sync.error.unknown_manifest", sme=self.path.name, number=str(number))
        return _loaded(path)

    def read(
        self, table: str, columns: list[str] | None = None, manifest: Manifest | None = None
    ) -> pd.DataFrame:
        """A table as a manifest (default: the current one) names it, in canonical dtypes.

        A table that no source fills is empty, with its columns.
        """
        spec = STORED[table]
        wanted = list(spec.columns) if columns is None else columns
        state = manifest or self.manifest()
        paths = [self.path / table / name for name in state.files.get(table, [])]
        if not paths:
            return spec.empty()[wanted]
        try:
            pieces = [_piece(path, spec, wanted) for path in paths]
        except (FileNotFoundError, pa.ArrowInvalid) as gone:
            raise UserError("sync.error.store_damaged", sme=self.path.name, table=table) from gone
        return _as_frame(pa.concat_tables(pieces).unify_dictionaries(), spec, wanted)

    def commit(
        self,
        frames: Mapping[str, pd.DataFrame],
        cursors: Mapping[str, dict[str, str]] | None = None,
        rejected: pd.DataFrame | None = None,
        read_files: Mapping[str, set[str]] | None = None,
        log: Mapping[str, dict[str, Any]] | None = None,
        emptied: Mapping[str, set[str]] | None = None,
        settled: Callable[[pd.DataFrame], pd.Series] | None = None,
    ) -> Manifest:
        """Store all frames together, or nothing, and return the manifest that holds from now on.

        Parameters
        ----------
        frames : canonical rows by table; they replace stored rows of the same key
            (``Table.replace_by``: of the same group). Validate them first.
        cursors : where each source goes on, by source id.
        rejected : rows that were refused (``REJECTED`` columns).
        read_files : files read again from the start, by source id: their earlier refused rows are forgotten.
        log : what was read, by source id and file.
        settled : which earlier refused rows are forgotten besides, as a mask of them.
        emptied : groups (``Table.replace_by``) whose stored rows go, by table, before ``frames`` come in.

        What is already stored makes no new version, and a commit without any news no new manifest.
        """
        with self.lock:
            before = self.current() or Manifest(0, "", "")
            gone = {name: groups for name, groups in (emptied or {}).items() if groups}
            frames = {**{name: STORED[name].empty() for name in gone}, **frames}
            news = {n: self._news(n, frame, before, gone.get(n, set())) for n, frame in frames.items()}
            refused = self._rejected_news(rejected, read_files or {}, before, settled)
            merged = {name: new for name, (new, changed) in news.items() if changed}
            if refused is not None:
                merged[REJECTED.name] = refused
            written = {name: self._write(name, frame) for name, frame in merged.items()}
            after = Manifest(
                number=before.number + 1,
                synced_at=datetime.now(UTC).isoformat(timespec="seconds"),
                package=__version__,
                versions=before.versions | {name: version for name, (version, _) in written.items()},
                files=before.files | {name: files for name, (_, files) in written.items()},
                counts=before.counts | {n: len(frame) for n, frame in merged.items() if n in TABLES},
                changed={name: changed for name, (_, changed) in news.items() if changed},
                rejected=before.rejected if refused is None else _rejected_counts(refused),
                cursors={**before.cursors, **(cursors or {})},
                log=_merged_log(before.log, log or {}),
            )
            if before.number and _same_state(before, after):
                return before
            self._publish(after)
            if after.number % _CLEAN_EVERY == 0:
                self.clean()
            return after

    def clean(self, now: datetime | None = None) -> None:
        """Delete manifests older than ``KEPT_FOR``, and the files that no manifest left names.

        Files younger than a week are never touched: a reader may still be at them.
        """
        from deltalake import DeltaTable

        with self.lock:
            current = self.manifest()
            kept = [current]
            for path in (self.path / "manifests").glob("*.json"):
                old = _loaded(path)
                if old.number > current.number or (now or datetime.now(UTC)) - old.synced > KEPT_FOR:
                    path.unlink()
                else:
                    kept.append(old)
            for name in current.versions:
                versions = sorted({m.versions[name] for m in kept if name in m.versions})
                table = DeltaTable(str(self.path / name), storage_options=delta_options(self.path))
                table.vacuum(dry_run=False, keep_versions=versions)

    def _numbered(self, number: int) -> Place:
        return self.path / "manifests" / f"{number}.json"

    def _news(
        self, name: str, new: pd.DataFrame, before: Manifest, emptied: set[str]
    ) -> tuple[pd.DataFrame, int]:
        """The table with the new rows put in, and how many rows that changes."""
        old = normalised(STORED[name], self.read(name, manifest=before))
        left = old
        if emptied:
            left = normalised(STORED[name], old[~old[str(STORED[name].replace_by)].isin(list(emptied))])
        merged = upserted(STORED[name], left, new)
        return merged, changed_rows(STORED[name], old, merged)

    def _rejected_news(
        self,
        new: pd.DataFrame | None,
        read_files: Mapping[str, set[str]],
        before: Manifest,
        settled: Callable[[pd.DataFrame], pd.Series] | None,
    ) -> pd.DataFrame | None:
        stored = normalised(REJECTED, self.read(REJECTED.name, manifest=before))
        stale = pd.Series(False, index=stored.index)
        for source, names in read_files.items():
            stale |= (stored["source"] == source) & stored["file"].isin(names)
        if settled is not None and len(stored):
            stale |= settled(stored)
        merged = upserted(REJECTED, stored[~stale], REJECTED.empty() if new is None else new)
        return None if merged.equals(stored) else merged

    def _write(self, name: str, frame: pd.DataFrame) -> tuple[int, list[str]]:
        """The whole table as a new Delta version; returns it with its files.

        Whatever version a killed writer left on top is overwritten, not built upon.
        """
        from deltalake import CommitProperties, DeltaTable, write_deltalake

        folder, options, writer = self.path / name, delta_options(self.path), uuid4().hex
        with exclusively(self.path):
            write_deltalake(
                str(folder),
                pa.Table.from_pandas(frame, preserve_index=False),
                mode="overwrite",
                schema_mode="overwrite",
                configuration=None if DeltaTable.is_deltatable(str(folder), options) else _DELTA,
                storage_options=options,
                commit_properties=CommitProperties(custom_metadata={"writer": writer}),
            )
        table = DeltaTable(str(folder), storage_options=options)
        if isinstance(folder, RemotePath):
            return written_by(writer, folder, table.version())
        files = sorted(Path(uri).name for uri in table.file_uris())
        for file in files:
            _flush(folder / file)
        _flush(folder / "_delta_log" / f"{table.version():020d}.json")
        return table.version(), files

    def _publish(self, manifest: Manifest) -> None:
        text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1, default=str)
        numbered, current = self._numbered(manifest.number), self.path / "manifest.json"
        if isinstance(numbered, RemotePath) and isinstance(current, RemotePath):
            with exclusively(self.path):
                numbered.create(text.encode())
            current.write_bytes(text.encode())
        elif isinstance(numbered, Path) and isinstance(current, Path):
            _replace(numbered, text)
            _replace(current, text)


def _loaded(path: Place) -> Manifest:
    return Manifest(**json.loads(path.read_text(encoding="utf-8")))


def _number_in(path: RemotePath) -> int:
    try:
        return _loaded(path).number
    except FileNotFoundError:
        return 0


def _same_state(before: Manifest, after: Manifest) -> bool:
    """Nothing new to say: same versions, same place in every source."""
    return (before.versions, before.cursors) == (after.versions, after.cursors)


def _merged_log(before: dict[str, Any], new: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {source: {**before.get(source, {}), **new.get(source, {})} for source in {**before, **new}}


def _rejected_counts(rejected: pd.DataFrame) -> dict[str, int]:
    """Refused rows (not mistakes: a row may have several) by ``source/file``."""
    rows = rejected.drop_duplicates(["source", "file", "row", "record"])
    places = rows["source"].astype(str) + "/" + rows["file"].astype(str)
    return {str(place): int(n) for place, n in places.value_counts().sort_index().items()}


def _piece(path: Place, spec: Table, wanted: list[str]) -> pa.Table:
    source = pa.BufferReader(path.read_bytes()) if isinstance(path, RemotePath) else path
    metadata = pq.read_metadata(source)
    there = [name for name in wanted if name in metadata.schema.names]
    if any(not spec.columns[name].nullable for name in wanted if name not in there):
        raise UserError("sync.error.store_outdated", sme=path.parents[1].name, table=spec.name)
    encoded = [name for name in there if spec.columns[name].dtype == CODE]
    file = pq.ParquetFile(source, metadata=metadata, read_dictionary=encoded)
    return file.read(there, use_threads=False)


def _as_frame(data: pa.Table, spec: Table, wanted: list[str]) -> pd.DataFrame:
    frame = data.to_pandas(use_threads=False)
    frame = frame.reindex(columns=wanted)
    # Dictionary-encoded columns are categoricals already; an empty one has no type yet.
    return frame.astype(
        {
            name: spec.columns[name].dtype
            for name, dtype in frame.dtypes.items()
            if not isinstance(dtype, pd.CategoricalDtype)
        }
    )


def _replace(path: Path, text: str) -> None:
    """Write a file in one step: whoever reads sees the old or the new one, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with partial.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
    if os.name == "posix":
        _flush(path.parent)


def _flush(path: Path) -> None:
    if not path.exists():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""What the sources of one sync hand over: batches checked, refused rows kept aside, all merged at the end."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pandas as pd

from echannel.checking import checked, no_refusals, without_lines_of, without_orders_of_others
from echannel.connectors.base import Batch, Note, SourceContext
from echannel.tables import TABLES
from echannel.upsert import merged


@dataclass(frozen=True)
class Piece:
    """One batch after checking: canonical rows that are good, and all else that is known of it.

    ``position`` is the source's whole cursor once this piece is safe; ``files`` the names whose refused
    rows of earlier syncs are forgotten; ``place`` what the batch read, for people.
    """

    good: dict[str, pd.DataFrame]
    rejected: pd.DataFrame
    read: int
    refused: int
    duplicates: dict[str, int]
    notes: tuple[Note, ...]
    position: dict[str, str]
    files: tuple[str, ...]
    place: str
    emptied: dict[str, tuple[str, ...]]
    silent: bool  # nothing was read: no line in the log


@dataclass
class Gathered:
    """What the sources of one sync have handed over so far."""

    frames: dict[str, list[pd.DataFrame]] = field(default_factory=dict)
    emptied: dict[str, dict[str, int]] = field(default_factory=dict)
    rejected: list[pd.DataFrame] = field(default_factory=list)
    cursors: dict[str, dict[str, str]] = field(default_factory=dict)
    read_files: dict[str, set[str]] = field(default_factory=dict)
    log: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    duplicates: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    owners: pd.Series | None = None  # the source of each order, where an SME has several sources
    read: int = 0
    refused: int = 0
    by_key: set[str] = field(default_factory=set)  # sources whose refused rows are known by key, not by file
    anew: set[str] = field(default_factory=set)  # of these, those that are read from the start

    def add(self, piece: Piece, source: str) -> None:
        """Take in one piece; it goes over what came before it."""
        for name, groups in piece.emptied.items():
            turn = len(self.frames.get(name, []))
            self.emptied.setdefault(name, {}).update(dict.fromkeys(groups, turn))
        for name, frame in piece.good.items():
            self.frames.setdefault(name, []).append(frame)
            self.kept[name] = self.kept.get(name, 0) + len(frame)
        if self.owners is not None and "orders" in piece.good:
            mine = pd.Series(source, index=piece.good["orders"]["order_id"].astype(object))
            self.owners = pd.concat([self.owners, mine]).groupby(level=0).last()
        for name, twice in piece.duplicates.items():
            self.duplicates[name] = self.duplicates.get(name, 0) + twice
        self.rejected.append(piece.rejected)
        self.read_files.setdefault(source, set()).update(piece.files)
        self.read += piece.read
        self.refused += piece.refused
        self.notes += [note for note in piece.notes if note not in self.notes]
        if not piece.silent:
            self._log(piece, source)

    def tables(self) -> dict[str, pd.DataFrame]:
        """All that came, one frame per table."""
        return {
            name: merged(TABLES[name], frames, self.emptied.get(name)) for name, frames in self.frames.items()
        }

    def groups_gone(self) -> dict[str, set[str]]:
        """The groups whose stored rows go, by table."""
        return {name: set(groups) for name, groups in self.emptied.items()}

    def settled(self, stored: pd.DataFrame) -> pd.Series:
        """Which rows refused in earlier syncs (``echannel.store.REJECTED``) came again, refused or not.

        Of sources that are no files: there a row is known by the key in its record.
        """
        settled = stored["source"].isin(list(self.anew))
        known = stored["source"].isin(list(self.by_key)) & ~settled
        for name, table in TABLES.items():
            here = known & (stored["file"] == name)
            if here.any():
                keys = stored.loc[here, "record"].map(partial(_key_of, key=table.key))
                settled |= keys.isin(self._keys(name)).astype(bool).reindex(stored.index, fill_value=False)
        return settled

    def _keys(self, name: str) -> set[tuple[str, ...]]:
        key = list(TABLES[name].key)
        found: set[tuple[str, ...]] = set()
        for frame in self.frames.get(name, []):
            found |= set(frame[key].astype(str).itertuples(index=False, name=None))
        for rejected in self.rejected:
            records = rejected.loc[rejected["file"] == name, "record"]
            found |= {_key_of(record, TABLES[name].key) for record in records}
        return found

    def _log(self, piece: Piece, source: str) -> None:
        places = self.log.setdefault(source, {})
        before = places.get(piece.place, {"read": 0, "kept": {}, "refused": 0, "notes": []})
        kept = {name: len(frame) for name, frame in piece.good.items()}
        places[piece.place] = {
            "read": before["read"] + piece.read,
            "kept": {**before["kept"], **{n: before["kept"].get(n, 0) + rows for n, rows in kept.items()}},
            "refused": before["refused"] + piece.refused,
            "notes": before["notes"] + [asdict(note) for note in piece.notes],
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }


def _key_of(record: str, key: tuple[str, ...]) -> tuple[str, ...]:
    row = json.loads(record or "{}")
    return tuple(str(row.get(name)) for name in key)


def checked_piece(
    batch: Batch, position: dict[str, str], context: SourceContext, owners: pd.Series | None, of_files: bool
) -> Piece:
    """One batch: checked, its refused rows kept aside.

    ``position`` is the cursor before it. ``of_files``: the keys of its cursor are names of files, which
    is where refused rows stand; of other sources it is the table.
    """
    source = context.source_id
    new = {name for name, value in batch.cursor.items() if position.get(name) != value}
    place = (", ".join(sorted(new)) if of_files else "") or source
    good: dict[str, pd.DataFrame] = {}
    duplicates: dict[str, int] = {}
    refused = [batch.rejected]
    tables = {name: frame.reset_index(drop=True) for name, frame in batch.tables.items()}
    for name in sorted(tables, key=list(TABLES).index):  # orders before their lines
        where = place if of_files else name
        if name == "orders" and owners is not None:
            tables[name], taken = without_orders_of_others(tables[name], owners, source, where)
            refused.append(taken)
        if name == "order_lines" and "orders" in good:
            lost = set(batch.tables["orders"]["order_id"].dropna()) - set(good["orders"]["order_id"])
            tables[name], orphans = without_lines_of(lost, tables[name], source, where)
            refused.append(orphans)
        good[name], bad, twice = checked(TABLES[name], tables[name], source, where, context.sme.timezone)
        refused.append(bad)
        if twice:
            duplicates[name] = twice
    rejected = pd.concat([part for part in refused if len(part)] or [no_refusals()])
    return Piece(
        good,
        rejected,
        batch.read,
        len(rejected.drop_duplicates(["file", "row", "record"])),
        duplicates,
        batch.notes,
        {name: at for name, at in {**position, **batch.cursor}.items() if name not in batch.gone},
        tuple(sorted(new | set(batch.gone))) if of_files else (),
        place,
        _emptied(batch, good),
        bool(batch.gone) and not batch.read,
    )


def _emptied(batch: Batch, good: dict[str, pd.DataFrame]) -> dict[str, tuple[str, ...]]:
    """Groups without rows; orders that were refused (another source has them) keep their lines."""
    found = {}
    for name, named in batch.emptied.items():
        of_orders = TABLES[name].replace_by == "order_id" and "orders" in good
        kept = named & set(good["orders"]["order_id"]) if of_orders else named
        found[name] = tuple(sorted(kept))
    return found

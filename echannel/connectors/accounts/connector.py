"""The accounts connector: files of the books become ledger lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from echannel.connectors.accounts.balances import JOURNAL, Balance, movements, read_balance
from echannel.connectors.accounts.book import Book, open_book
from echannel.connectors.accounts.lines import Firm, read_entries, read_transactions, read_types
from echannel.connectors.accounts.options import BookFile, read_options
from echannel.connectors.base import (
    REJECTED_COLUMNS,
    Batch,
    Description,
    Finding,
    Given,
    Note,
    SourceContext,
)
from echannel.connectors.files.connector import in_canonical_types, unreadable
from echannel.connectors.files.folder import matched_files
from echannel.countries import country_pack
from echannel.errors import UserError
from echannel.workspace import Workspace

_SNIFF_ROWS = 400
_READERS = {"entries": read_entries, "transactions": read_transactions}


@dataclass(frozen=True)
class _Found:
    """A file of the folder: what its content and options are in short, and which kind of export it is.

    ``kind`` is empty where it cannot be read, and ``failure`` says why.
    """

    path: Path
    name: str
    options: BookFile
    mark: str
    kind: str
    failure: UserError | None = None


class AccountsConnector:
    """Reads the files of a folder as books of account (see ``BookOptions``).

    A journal or an account's transactions are one batch per file; the trial balances of the folder are
    read together, because each is told from the one before, and not at all beside entries: what both hold
    would count twice. ``cursor`` holds, by the file's path in the
    folder, its kind and hashes of its content and of all else that its lines depend on; of a trial balance
    its day too, so that its lines go when it goes.
    """

    describes: ClassVar[Description] = Description(
        platform="FEC · Sage · Xero · QuickBooks",
        gives={"ledger": Given()},
        history="accounts.history",
        tested=("files",),
        guide="accounts",
    )

    def __init__(self, options: dict[str, Any], context: SourceContext) -> None:
        self.options = read_options(options)
        self.context = context
        workspace = Workspace(context.root)
        self._firm = Firm(
            context.pseudonym,
            country_pack(context.sme.country, workspace).accounts,
            country_pack("FR", workspace).accounts,
            self.options.classes,
            self.options.default_chart,
        )

    def check(self) -> Iterator[Finding]:
        """What each file of the folder is, and what its lines cover."""
        try:
            files = self._files({})
        except UserError as error:
            yield Finding("address", "blocks", Note(error.key, error.values), turn="sme", tables=("ledger",))
            return
        if not files:
            said = Note("accounts.check.empty", {"folder": self.options.folder})
            yield Finding("table", "blocks", said, turn="sme", tables=("ledger",))
        for one in files:
            if one.failure is not None:
                said = Note("accounts.check.unreadable", {"file": one.name, "why": one.failure})
                yield Finding("table", "lacks", said, turn="sme", tables=("ledger",))
            else:
                said = Note(f"accounts.check.{one.kind}", {"file": one.name})
                yield Finding("table", "works", said, tables=("ledger",))
        if files and not _has_entries(files):
            said = Note("accounts.check.no_entries")
            yield Finding("history", "lacks", said, turn="sme", tables=("ledger",), fields=("entry_group",))

    def fetch(self, cursor: dict[str, str]) -> Iterator[Batch]:
        """One batch per new or changed file, one for all trial balances, and one for files that are gone.

        Raises
        ------
        UserError
            The folder does not exist.
        """
        files = self._files(cursor)
        firm = replace(self._firm, types=self._types(files))
        shared = self._shared(files)
        gone = sorted(set(cursor) - {one.name for one in files})
        balances = [one for one in files if one.kind == "balance"]
        beside = [*balances, *(one for one in files if one.kind in _READERS)]
        states = {one.name: self._state(one, shared, beside) for one in files}
        changed = [one for one in files if not cursor.get(one.name, "").startswith(states[one.name])]
        for done, one in enumerate(changed):
            self.context.progress(one.name, done, len(changed))
            if one.kind != "balance":
                yield self._batch(one, {one.name: states[one.name]}, firm)
        lost = tuple(name for name in gone if cursor[name].startswith("balance."))
        if lost or any(one.kind == "balance" for one in changed):
            after = {one.name: states[one.name] for one in balances}
            batch = self._left_out(after) if _has_entries(files) else self._balances(balances, after, firm)
            kept = set(batch.tables["ledger"]["entry_group"]) if batch.tables else set()
            notes = (*(Note("accounts.note.balance_gone", {"file": name}) for name in lost), *batch.notes)
            yield replace(batch, gone=lost, notes=notes, emptied={"ledger": _days_of(cursor) - kept})
        others = tuple(name for name in gone if name not in lost)
        if others:
            said = _said(*(Note("files.note.gone", {"file": name}) for name in others))
            yield replace(said, gone=others)
        self.context.progress("", len(changed), len(changed))

    def _files(self, cursor: dict[str, str]) -> list[_Found]:
        folder, files = matched_files(self.context.root, self.options.folder, self.options.files)
        return [self._found(path, folder, entry, cursor) for path, entry in files]

    def _found(self, path: Path, folder: Path, options: BookFile, cursor: dict[str, str]) -> _Found:
        name = path.relative_to(folder).as_posix()
        try:
            mark = _short(path.read_bytes(), options.model_dump_json().encode())
        except OSError:
            return _Found(path, name, options, "", "", UserError("error.files.cannot_open", file=name))
        kind, _, rest = cursor.get(name, "").partition(".")
        if kind and rest.partition(".")[0] == mark:
            return _Found(path, name, options, mark, kind)
        try:
            return _Found(path, name, options, mark, self._open(path, name, options, _SNIFF_ROWS).layout.kind)
        except UserError as error:
            return _Found(path, name, options, mark, "", error)

    def _open(self, path: Path, name: str, options: BookFile, limit: int | None = None) -> Book:
        sme = self.context.sme
        return open_book(path, name, options, sme.country, sme.timezone, limit)

    def _types(self, files: list[_Found]) -> dict[str, str]:
        known: dict[str, str] = {}
        for one in files:
            if one.kind == "chart":
                known |= read_types(self._open(one.path, one.name, one.options))
        return known

    def _shared(self, files: list[_Found]) -> str:
        """What the lines of every file depend on beside it: options and charts of accounts."""
        charts = sorted(one.mark for one in files if one.kind == "chart")
        return _short(
            repr((sorted(self.options.classes.items()), self.options.default_chart, charts)).encode()
        )

    def _state(self, one: _Found, shared: str, beside: list[_Found]) -> str:
        """What a file's lines depend on: a trial balance's on the others too, and on there being entries."""
        rest = shared
        if one.kind == "balance":
            others = sorted((each.name, each.mark) for each in beside if each.kind == "balance")
            parts = (shared, self.context.sme.fiscal_year_start, others, _has_entries(beside))
            rest = _short(repr(parts).encode())
        return f"{one.kind}.{one.mark}.{rest}"

    def _batch(self, one: _Found, cursor: dict[str, str], firm: Firm) -> Batch:
        try:
            if one.failure is not None:
                raise one.failure
            book = self._open(one.path, one.name, one.options)
            if one.kind == "chart":
                note = Note("accounts.note.chart", {"n": len(book), "file": one.name})
                return replace(_said(note), cursor=cursor)
            book, lines = _READERS[one.kind](book, firm)
        except UserError as error:
            return Batch({}, unreadable(one.name, self.context.source_id, error), cursor, 1)
        places = {"_file": one.name, "_row": book.numbers[lines["at"].to_numpy()]}
        tables = {"ledger": in_canonical_types("ledger", lines).assign(**places)}
        return Batch(tables, self._rejected(book), cursor, len(book), _once(book.notes))

    def _left_out(self, cursor: dict[str, str]) -> Batch:
        notes = [Note("accounts.note.balances_beside_ledger", {"n": len(cursor)})] if cursor else []
        return replace(_said(*notes), cursor=cursor)

    def _balances(self, files: list[_Found], cursor: dict[str, str], firm: Firm) -> Batch:
        """All trial balances together, their days in the cursor; of two of the same day the last counts."""
        by_day: dict[date, Balance] = {}
        refused: list[pd.DataFrame] = []
        notes: list[Note] = []
        read = 0
        for one in files:
            try:
                balance = read_balance(self._open(one.path, one.name, one.options), one.path, firm)
            except UserError as error:
                refused.append(unreadable(one.name, self.context.source_id, error))
                read += 1
                continue
            if balance.day in by_day:
                other = by_day[balance.day].book.name
                values = {"file": one.name, "other": other, "day": balance.day}
                notes.append(Note("accounts.note.same_day", values))
            by_day[balance.day] = balance
            cursor = {**cursor, one.name: f"{cursor[one.name]}.{balance.day}"}
        tables = {}
        if by_day:
            lines = movements(list(by_day.values()), self.context.sme.fiscal_year_start)
            tables = {"ledger": in_canonical_types("ledger", lines)}
            values = {"n": len(by_day), "first": min(by_day), "last": max(by_day)}
            notes.append(Note("accounts.note.balances", values))
        for balance in by_day.values():
            read += len(balance.book)
            refused.append(self._rejected(balance.book))
            notes += balance.book.notes
        rejected = pd.concat(refused, ignore_index=True) if refused else _no_rows()
        return Batch(tables, rejected, cursor, read, _once(notes))

    def _rejected(self, book: Book) -> pd.DataFrame:
        return book.rejected.assign(source=self.context.source_id)


def _days_of(cursor: dict[str, str]) -> frozenset[str]:
    """The groups of lines that trial balances made, by the days that an earlier fetch left in the cursor."""
    states = (state.split(".") for state in cursor.values())
    return frozenset(f"{JOURNAL}|{state[3]}" for state in states if state[0] == "balance" and len(state) == 4)


def _has_entries(files: list[_Found]) -> bool:
    return any(one.kind in _READERS for one in files)


def _said(*notes: Note) -> Batch:
    return Batch({}, _no_rows(), {}, 0, notes)


def _no_rows() -> pd.DataFrame:
    return pd.DataFrame(columns=list(REJECTED_COLUMNS))


def _once(notes: list[Note]) -> tuple[Note, ...]:
    return tuple({str(note): note for note in notes}.values())


def _short(*parts: bytes) -> str:
    digest = hashlib.blake2b(digest_size=12)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()

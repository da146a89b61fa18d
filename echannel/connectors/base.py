"""What a connector is: it hands over canonical rows, and what it could not read.

A connector knows its platform and the canonical tables, nothing else: storing,
versions and the run log live in ``echannel.sync``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

import pandas as pd
from pydantic import SecretStr

from echannel.profiles import SmeProfile

REJECTED_COLUMNS = ("source", "file", "row", "field", "value", "reason", "reason_values", "record")
"""One row per refused source row: where it stands, what is wrong (a catalogue key and its
values, as JSON), and the row itself (JSON, personal fields left out)."""


@dataclass(frozen=True)
class Note:
    """Something the connector decided and the user should know: a catalogue key and its values."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Batch:
    """One step of a fetch: canonical frames by table name, refused rows, decisions, and where to go on.

    ``tables`` holds the columns of ``echannel.tables`` except ``local_day``, which the sync adds;
    two more, ``_file`` and ``_row``, may say where a row stands, in case the sync must refuse it.
    ``read`` counts the source rows looked at: read = kept + refused.
    ``cursor`` is remembered by the sync once the batch is safely stored, and handed to the next fetch.
    A key that is a file's name and has a new value says that the file was read from the start:
    what was refused of it before is forgotten. ``gone`` names keys of the cursor whose files are no longer
    there: what was read of them stays (exports are often partial), what was refused of them is forgotten.
    ``emptied`` names groups (``Table.replace_by``) that have no row left, by table: an order whose last line
    was deleted in the shop.
    """

    tables: dict[str, pd.DataFrame]
    rejected: pd.DataFrame
    cursor: dict[str, str]
    read: int
    notes: tuple[Note, ...] = ()
    gone: tuple[str, ...] = ()
    emptied: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class SourceContext:
    """What a connector may know of the SME it reads for."""

    sme: SmeProfile
    source_id: str
    root: Path
    pseudonym: Callable[[pd.Series], pd.Series]
    """Keyed hash of an identifying column (e-mail, name, account); empty stays empty."""
    progress: Callable[[str, int, int], None]
    """Called with (what, done, total)."""
    secrets: Mapping[str, SecretStr] = field(default_factory=dict)
    """The secrets that the profile refers to, by the name the connector knows them by."""


@dataclass(frozen=True)
class Given:
    """How a source fills one canonical table.

    ``lacks`` names the nullable columns that it can never fill (they come empty); ``whole`` says that the
    table is read from the start at every sync, because the platform does not tell what changed.
    """

    lacks: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True)
class Description:
    """What a platform can and cannot give: the matrix of sources and its documents are made from this.

    ``platform`` is its proper name and ``versions`` those it was written for; ``gives`` is keyed by
    canonical table. ``secrets`` are the names that the profile's ``secrets`` must have (``optional`` ones
    may). ``history`` is a catalogue key: how far back the platform goes. ``tested`` says how: ``fake``
    (a server that behaves like it), ``recorded`` (answers of a real one), ``live``. ``guide`` is the
    document in ``docs/connect`` without language and ending.
    """

    platform: str
    gives: Mapping[str, Given]
    history: str
    tested: tuple[Literal["fake", "recorded", "live", "files"], ...]
    guide: str
    versions: str = ""
    secrets: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """One thing that a look at a source found: it works, it lacks something, or it blocks all the rest.

    ``said`` is the sentence and ``fix`` what to do about it, with the very place in the platform's back
    office; ``turn`` whose it is. ``tables`` are the canonical tables that it concerns, ``fields`` the
    columns of them; ``since`` the first day on record, for a finding about history.
    """

    about: Literal["address", "tls", "credentials", "permission", "table", "history", "setting"]
    state: Literal["works", "lacks", "blocks"]
    said: Note
    fix: Note | None = None
    turn: Literal["", "sme", "launch_pad", "platform"] = ""
    tables: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    since: date | None = None


class Connector(Protocol):
    """Fetches everything that is new since ``cursor`` (empty on the first run)."""

    describes: ClassVar[Description]

    def __init__(self, options: dict[str, Any], context: SourceContext) -> None: ...

    def check(self) -> Iterator[Finding]:
        """Look at the source without reading it through: what works, what is missing, whose turn it is.

        Findings come in the order address, TLS, credentials, permissions, tables, history; after one that
        ``blocks`` there may be no more. What the source refuses is a finding, not an error.
        """
        ...

    def fetch(self, cursor: dict[str, str]) -> Iterator[Batch]:
        """Yield batches; each must be complete in itself (an order with all its lines)."""
        ...

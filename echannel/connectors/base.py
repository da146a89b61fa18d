"""What a connector is: it hands over canonical rows, and what it could not read.

A connector knows its platform and the canonical tables, nothing else: storing,
versions and the run log live in ``echannel.sync``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

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
    """

    tables: dict[str, pd.DataFrame]
    rejected: pd.DataFrame
    cursor: dict[str, str]
    read: int
    notes: tuple[Note, ...] = ()
    gone: tuple[str, ...] = ()


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


class Connector(Protocol):
    """Fetches everything that is new since ``cursor`` (empty on the first run)."""

    def __init__(self, options: dict[str, Any], context: SourceContext) -> None: ...

    def fetch(self, cursor: dict[str, str]) -> Iterator[Batch]:
        """Yield batches; each must be complete in itself (an order with all its lines)."""
        ...

"""What files seem to be: the proposal that the wizard shows, and the user corrects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from echannel.connectors.base import Note
from echannel.errors import UserError
from echannel.profiles import SmeProfile


@dataclass(frozen=True)
class Hints:
    """What is known of the SME before its profile is written."""

    country: str = "GB"
    currency: str = "GBP"
    timezone: str = "Europe/London"
    orientation: str = "b2c"
    vat_registered: bool = True


@dataclass(frozen=True)
class FieldMatch:
    """One field and the headers taken for it (first filled cell counts), 0–1 sure, with the reason."""

    field: str
    headers: tuple[str, ...]
    score: float
    reason: Note


@dataclass(frozen=True)
class Question:
    """Something only the user knows. ``option`` is the option that the answer goes to
    (``amounts``, ``date_order``, ``decimal``, ``constants.currency``, ``statuses.<word>``,
    ``mapping.<field>``);
    ``choices`` are its possible values (empty: free text); ``default`` is what holds without an answer.
    """

    key: str
    option: str
    choices: tuple[str, ...] = ()
    default: str | None = None
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FileProposal:
    """What one file seems to be.

    ``options`` is an entry of ``files`` ready for the profile; ``preview`` holds the first canonical rows
    by table (no personal value); ``rows`` and ``refused`` count the rows looked at; ``error`` says why a
    file cannot be read at all (then all else is empty).
    """

    path: Path
    options: dict[str, Any]
    table: str = ""
    preset: str | None = None
    score: float = 0.0
    encoding: str = ""
    separator: str = ""
    decimal: str = ""
    date_order: str = ""
    header_row: int = 0
    headers: tuple[str, ...] = ()
    fields: tuple[FieldMatch, ...] = ()
    rows: int = 0
    refused: int = 0
    rejected: pd.DataFrame = field(default_factory=pd.DataFrame)
    preview: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    questions: tuple[Question, ...] = ()
    error: UserError | None = None


@dataclass(frozen=True)
class Proposal:
    """What the files of a folder seem to be."""

    files: tuple[FileProposal, ...]

    def options(self, folder: str) -> dict[str, Any]:
        """The options of a ``files`` source for the profile, as plain YAML values."""
        return {"folder": folder, "files": [found.options for found in self.files if not found.error]}


def propose(
    paths: Sequence[Path],
    hints: Hints | SmeProfile | None = None,
    answers: dict[str, dict[str, Any]] | None = None,
) -> Proposal:
    """What each file seems to be, with a preview, the reasons and the open questions.

    ``answers`` are options already settled by the user, by file name: they replace what would be
    detected, so that the wizard can show the preview again after each correction.
    Only the first rows of a large file are looked at for the preview; layout, separators and dates are
    judged on them too.
    """
    raise NotImplementedError

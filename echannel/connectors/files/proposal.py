"""What files seem to be: the proposal that the wizard shows, and the user corrects."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from glob import escape
from pathlib import Path
from typing import Any

import pandas as pd

from echannel.connectors.base import Note
from echannel.connectors.files.connector import named_notes, read_tables
from echannel.connectors.files.fields import REQUIRED
from echannel.connectors.files.firm import Firm
from echannel.connectors.files.headers import Match, likely_table, recognise
from echannel.connectors.files.layouts import matching_preset, reading_of, settle_layout
from echannel.connectors.files.options import FileOptions
from echannel.connectors.files.questions import Question, missing_fields, questions_about
from echannel.connectors.files.reading import Raw, read_file
from echannel.errors import UserError
from echannel.profiles import SmeProfile
from echannel.workspace import Workspace

LOOKED_AT = 20_000
PREVIEW_ROWS = 8


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
class FileProposal:
    """What one file seems to be.

    ``options`` is an entry of ``files`` ready for the profile; ``preview`` holds the first canonical rows
    by table (no personal value); ``rows`` and ``refused`` count the rows looked at; ``error`` says why a
    file cannot be read at all (then all else is empty), ``missing`` which column it cannot do without
    (then it stays out of the profile until the user names that column); days are those of ``timezone``.
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
    missing: UserError | None = None
    timezone: str = "UTC"

    @property
    def usable(self) -> bool:
        """Whether the file can be read as it is understood now."""
        return self.error is None and self.missing is None


@dataclass(frozen=True)
class Proposal:
    """What the files of a folder seem to be."""

    files: tuple[FileProposal, ...]

    def options(self, folder: str) -> dict[str, Any]:
        """The options of a ``files`` source for the profile, as plain YAML values."""
        entries: list[dict[str, Any]] = []
        for found in self.files:
            if found.usable and found.options not in entries:
                entries.append(found.options)
        return {"folder": folder, "files": entries}


def propose(
    paths: Sequence[Path],
    hints: Hints | SmeProfile | None = None,
    answers: dict[str, dict[str, Any]] | None = None,
    workspace: Workspace | None = None,
) -> Proposal:
    """What each file seems to be, with a preview, the reasons and the open questions.

    ``answers`` are options already settled by the user, by file name (``{"orders.csv": {"amounts": "net",
    "mapping": {"customer": "Client"}}}``): they replace what would be detected, so that the wizard can
    show the preview again after each correction. Of a large file only the first rows are looked at.
    """
    firm = _firm(hints or Hints(), workspace)
    found = [_look_at(Path(path), firm, (answers or {}).get(Path(path).name, {})) for path in paths]
    return Proposal(tuple(_with_patterns(found)))


def _firm(hints: Hints | SmeProfile, workspace: Workspace | None) -> Firm:
    if isinstance(hints, SmeProfile):
        return Firm.of(hints, "preview", _numbered, workspace)
    kind = "b2b" if hints.orientation == "b2b" else "b2c"
    return Firm(
        hints.country,
        hints.currency,
        hints.timezone,
        kind,
        hints.vat_registered,
        "preview",
        _numbered,
        workspace,
    )


def _numbered(people: pd.Series) -> pd.Series:
    """Customers as numbers: a preview shows who is the same, and nobody's name."""
    codes, _ = pd.factorize(people.str.casefold().str.strip())
    return pd.Series([f"n{code + 1:05d}" if code >= 0 else None for code in codes], index=people.index)


def _look_at(path: Path, firm: Firm, answers: dict[str, Any]) -> FileProposal:
    try:
        raw = read_file(path, reading_of(_options(path, {}, answers)), LOOKED_AT)
    except UserError as error:
        return FileProposal(path, {"match": escape(path.name)}, error=error)
    start, matches = _detected(raw, answers)
    options = _options(path, start, answers)
    known = FileProposal(
        path,
        options.model_dump(exclude_defaults=True, mode="json"),
        table=options.layout().table,
        preset=options.preset,
        score=_score(options, matches),
        encoding=raw.encoding,
        separator=raw.separator,
        header_row=raw.header_row,
        headers=raw.headers,
        fields=_fields(raw, options, matches),
        timezone=firm.timezone,
    )
    try:
        cells, tables = read_tables(path, options, firm, limit=LOOKED_AT)
    except UserError as error:
        if not error.key.startswith(("error.files.no_column", "error.files.lacks.")):
            return replace(known, error=error)
        return replace(known, questions=missing_fields(raw, options), missing=error)
    return replace(
        known,
        decimal=cells.decimal,
        date_order=cells.date_order,
        rows=len(cells),
        refused=len(cells.rejected),
        rejected=cells.rejected,
        preview={name: frame.head(PREVIEW_ROWS) for name, frame in tables.items()},
        notes=named_notes(cells),
        questions=questions_about(cells, tables),
    )


def _detected(raw: Raw, answers: dict[str, Any]) -> tuple[dict[str, Any], list[Match]]:
    """The options that the headers and cells suggest: a preset, or a table with its mapping."""
    if "preset" in answers:
        return {}, []
    preset = None if "table" in answers else matching_preset(raw.headers)
    if preset:
        return {"preset": preset}, []
    table = answers.get("table")
    try:
        layout, matches = settle_layout(raw, FileOptions(match="*", table=table))
    except UserError:
        table, matches = (table, recognise(raw.headers, table)) if table else likely_table(raw.headers)
        return {"table": table, "mapping": {match.field: match.header for match in matches}}, matches
    mapping = {
        name: headers[0] if len(headers) == 1 else list(headers) for name, headers in layout.mapping.items()
    }
    found: dict[str, Any] = {"table": layout.table, "mapping": mapping}
    if layout.table == "orders":
        found |= {"rows": layout.rows, **({"summed": list(layout.summed)} if layout.summed else {})}
    return found, matches


def _options(path: Path, start: dict[str, Any], answers: dict[str, Any]) -> FileOptions:
    merged = {"match": escape(path.name), **start}
    for name, value in answers.items():
        merged[name] = {**merged.get(name, {}), **value} if isinstance(value, dict) else value
    return FileOptions.model_validate(merged)


def _score(options: FileOptions, matches: list[Match]) -> float:
    if options.preset and not options.preset.startswith("generic_"):
        return 1.0
    mapped = set(options.layout().mapping)
    required = REQUIRED[options.layout().table]
    share = sum(field in mapped for field in required) / len(required)
    return round(share * sum(match.score for match in matches) / max(len(matches), 1), 2)


def _fields(raw: Raw, options: FileOptions, matches: list[Match]) -> tuple[FieldMatch, ...]:
    by_field = {match.field: match for match in matches}
    fields = []
    for name, headers in options.layout().mapping.items():
        present = tuple(header for header in headers if raw.column(header) is not None)
        if not present:
            continue
        match = by_field.get(name) or next((m for m in matches if m.header == present[0]), None)
        if match is None:
            reason = Note("files.reason.preset" if options.preset else "files.reason.told", {})
        elif not match.known_as or match.field != name:
            reason = Note("files.reason.content", {})
        elif match.score > 0.9:
            reason = Note("files.reason.name", {"name": match.known_as})
        else:
            reason = Note("files.reason.like", {"name": match.known_as})
        fields.append(FieldMatch(name, present, match.score if match else 1.0, reason))
    return tuple(fields)


def _with_patterns(found: list[FileProposal]) -> list[FileProposal]:
    """Names as patterns ("orders_2026-10.csv" → "orders_*-*.csv"), so that the next export is read too;
    exact names where one pattern would take in files of several layouts."""
    meant: dict[str, set[str]] = {}
    for proposal in found:
        rest = json.dumps({**proposal.options, "match": ""}, sort_keys=True, default=str)
        meant.setdefault(_pattern(proposal.path.name), set()).add(rest)
    named = []
    for proposal in found:
        pattern = _pattern(proposal.path.name)
        alone = len(meant[pattern]) == 1 and proposal.usable
        match = pattern if alone else escape(proposal.path.name)
        named.append(replace(proposal, options={**proposal.options, "match": match}))
    return named


def _pattern(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return re.sub(r"\d+", "*", escape(stem if dot else name)) + dot + (suffix if dot else "")

"""``echannel check``: what works of an SME's sources, what is missing, whose turn it is; in plain words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from echannel.connectors import connector
from echannel.connectors.base import Finding, Note, SourceContext
from echannel.connectors.catalogue import Served, field_words, fields_of, given_by, served
from echannel.errors import UserError
from echannel.locale import Speaker
from echannel.profiles import Source, load_sme
from echannel.pseudonyms import key_path, load_key, pseudonymiser
from echannel.quarantine import note_in_words
from echannel.secrets import resolve_all
from echannel.store import SmeStore
from echannel.tracker import record
from echannel.workspace import Workspace

MARKS = {"works": "✓", "lacks": "!", "blocks": "✗"}


@dataclass(frozen=True)
class SourceCheck:
    """What a look at one source found."""

    source: str
    connector: str
    findings: tuple[Finding, ...]
    fields: frozenset[str]
    """The columns (``table.column``) that can be had."""

    @property
    def blocked(self) -> Finding | None:
        """The first finding that nothing goes before."""
        return next((one for one in self.findings if one.state == "blocks"), None)


@dataclass(frozen=True)
class Check:
    """What a look at all sources of an SME found."""

    sme: str
    sources: tuple[SourceCheck, ...]

    @property
    def blocked(self) -> bool:
        """Whether one of the sources cannot be read."""
        return any(source.blocked for source in self.sources)

    @property
    def tools(self) -> tuple[Served, ...]:
        """How far each tool will be served by all sources together."""
        return served(set().union(*(source.fields for source in self.sources)))

    def sentences(self, say: Speaker) -> list[str]:
        """The whole of it, line by line."""
        said = []
        for source in self.sources:
            said.append(say("connect.check.source", source=source.source, connector=source.connector))
            said += [_line(finding, say) for finding in source.findings]
        said.append(say("connect.check.tools"))
        for tool in self.tools:
            missing = [field_words(field, say) for field in tool.missing]
            line = say(
                f"connect.check.tool_{tool.state}", tool=say(f"audit.tool.{tool.tool}"), missing=missing
            )
            said.append(f"  {line}")
        return said


def check_sme(workspace: Workspace, sme_id: str) -> Check:
    """Look at every source of an SME, and write down in the tracker where each stands.

    Raises
    ------
    UserError
        There is no such SME, or it has no source yet.
    """
    profile = load_sme(workspace, sme_id)
    if not profile.sources:
        raise UserError("sync.error.no_sources", sme=sme_id)
    fresh = SmeStore(workspace.store / profile.id).current() is None
    pseudonym = pseudonymiser(load_key(key_path(workspace, profile.id), create=fresh))
    found = []
    for source in profile.sources:
        checked = _checked(source, lambda one: _context(workspace, profile, one, pseudonym))
        found.append(checked)
        blocked = checked.blocked
        if blocked is None:
            _note_connected(workspace, sme_id, source.id, fresh)
        else:
            said = UserError(blocked.said.key, **blocked.said.values)
            record(workspace, sme_id, source.id, "waiting", said, turn=blocked.turn)
    return Check(sme_id, tuple(found))


def _note_connected(workspace: Workspace, sme: str, source: str, fresh: bool) -> None:
    """A source that was read is ``synced``, and stays so while it can be reached."""
    manifest = None if fresh else SmeStore(workspace.store / sme).current()
    state = "synced" if manifest is not None and source in manifest.cursors else "connected"
    record(workspace, sme, source, state)


def _context(
    workspace: Workspace, profile: object, source: Source, pseudonym: Callable[[pd.Series], pd.Series]
) -> SourceContext:
    secrets = resolve_all(source.secrets)
    return SourceContext(profile, source.id, workspace.root, pseudonym, _silent, secrets)  # type: ignore[arg-type]


def _silent(what: str, done: int, total: int) -> None:
    """Nobody watches."""


def _checked(source: Source, context_of: Callable[[Source], SourceContext]) -> SourceCheck:
    findings: list[Finding] = []
    fields: set[str] = set()
    try:
        made = connector(source.connector)
        reader = made(source.options, context_of(source))
        fields = fields_of(given_by(source.connector, source.options))
        if hasattr(reader, "check"):
            findings += reader.check()
        else:
            findings.append(Finding("setting", "lacks", Note("connect.check.no_check"), turn="launch_pad"))
    except UserError as error:
        about = "credentials" if error.key.startswith("sync.error.secret") else "address"
        said = Note(error.key, error.values)
        findings.append(Finding(about, "blocks", said, turn="launch_pad"))  # type: ignore[arg-type]
    given = {table for one in findings if one.state == "works" for table in one.tables}
    for finding in findings:
        if finding.state == "works":
            continue
        if finding.fields:
            fields -= {f"{table}.{column}" for table in finding.tables for column in finding.fields}
            continue
        lost = set(finding.tables) - (given if finding.state == "lacks" else set())
        fields = {field for field in fields if field.partition(".")[0] not in lost}
    if any(finding.state == "blocks" for finding in findings):
        fields = set()
    return SourceCheck(source.id, source.connector, tuple(findings), frozenset(fields))


def _line(finding: Finding, say: Speaker) -> str:
    parts = [f"  {MARKS[finding.state]} {note_in_words(finding.said, say)}"]
    if finding.fix is not None:
        parts.append(note_in_words(finding.fix, say))
    if finding.turn and finding.state != "works":
        parts.append(say("connect.check.turn", who=say(f"connect.turn.{finding.turn}")))
    return " ".join(parts)

"""How far each SME's sources are: the state, since when, what blocks, whose turn it is.

An append-only file in the SME's store folder, one JSON object per line, fed by check, sync and run, and by
people (``echannel track``). It holds no data of customers and no secrets: sentences' keys and their values,
and what a launch pad writes down itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from echannel.errors import UserError
from echannel.profiles import load_sme
from echannel.workspace import Workspace

STATES = ("not_started", "waiting", "connected", "synced", "failing")
TURNS = ("sme", "launch_pad", "platform")
_DASHBOARD = "dashboard"
FILE = "tracker.jsonl"


@dataclass(frozen=True)
class Standing:
    """One source now: ``since`` is when this state began, ``blocks`` what blocks, if anything."""

    sme: str
    source: str
    connector: str
    state: str
    since: datetime | None
    blocks: UserError | None = None
    note: str = ""
    turn: str = ""
    first_contact: datetime | None = None
    first_dashboard: datetime | None = None

    def days(self, now: datetime | None = None) -> int | None:
        """Whole days since this state began."""
        return None if self.since is None else ((now or datetime.now(UTC)) - self.since).days

    @property
    def days_to_dashboard(self) -> int | None:
        """Whole days from the first contact to the first dashboard; None: there is none yet."""
        if self.first_contact is None or self.first_dashboard is None:
            return None
        return (self.first_dashboard - self.first_contact).days


def record(
    workspace: Workspace,
    sme: str,
    source: str,
    state: str = "",
    blocks: UserError | None = None,
    note: str = "",
    turn: str = "",
    now: datetime | None = None,
) -> bool:
    """Write down where a source is; what is known already is not written again. True when it was news.

    Raises
    ------
    UserError
        A state or turn that there is not.
    """
    for value, known in ((state, (*STATES, _DASHBOARD)), (turn, TURNS)):
        if value and value not in known:
            raise UserError("connect.track.unknown", value=value, known=", ".join(known))
    events = _events(workspace, sme)
    blocked = _sentence(blocks) if blocks else None
    if not note and _known(events, source, state, blocked, turn):
        return False
    event = {
        "at": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        "source": source,
        "state": state,
        "blocks": blocked,
        "note": note,
        "turn": turn,
    }
    path = workspace.notes / sme / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)
    try:
        os.write(handle, (json.dumps(event, ensure_ascii=False) + "\n").encode())
    finally:
        os.close(handle)
    return True


def dashboards_made(workspace: Workspace, smes: Iterable[str]) -> None:
    """These SMEs have a report: the first one ends the time from contact to dashboard."""
    for sme in set(smes):
        record(workspace, sme, "", _DASHBOARD)


def standings(workspace: Workspace, smes: Iterable[str]) -> list[Standing]:
    """Where every source of these SMEs stands, in the order of their profiles."""
    found = []
    for sme in smes:
        profile, events = load_sme(workspace, sme), _events(workspace, sme)
        made = [event for event in events if event["state"] == _DASHBOARD]
        first = datetime.fromisoformat(events[0]["at"]) if events else None
        dashboard = datetime.fromisoformat(made[0]["at"]) if made else None
        for source in profile.sources:
            mine = [event for event in events if event["source"] == source.id]
            found.append(_standing(sme, source.id, source.connector, mine, first, dashboard))
    return found


def turn_of(error: UserError) -> str:
    """Whose turn it is after a failure: the platform's while its server is at fault, else the SME's.

    A secret that is missing here is the launch pad's to put there.
    """
    from echannel.connectors.failures import SourceError

    if error.key.startswith("sync.error.secret"):
        return "launch_pad"
    kind = error.kind if isinstance(error, SourceError) else ""
    return "platform" if kind in ("server", "maintenance", "timeout", "cut", "rate") else "sme"


def _standing(
    sme: str,
    source: str,
    connector: str,
    events: list[dict[str, Any]],
    first: datetime | None,
    dashboard: datetime | None,
) -> Standing:
    state, since, blocks, note, turn = "not_started", None, None, "", ""
    for event in events:
        if event["state"]:
            if event["state"] != state or since is None:
                since = datetime.fromisoformat(event["at"])
            state, blocks, turn = event["state"], event["blocks"], ""
        since = since or datetime.fromisoformat(event["at"])
        note, turn = event["note"] or note, event["turn"] or turn
    error = _error(blocks) if blocks else None
    return Standing(sme, source, connector, state, since, error, note, turn, first, dashboard)


def _known(
    events: list[dict[str, Any]], source: str, state: str, blocks: dict[str, Any] | None, turn: str
) -> bool:
    last = next((one for one in reversed(events) if one["source"] == source and one["state"]), None)
    if state == _DASHBOARD:
        return any(one["state"] == _DASHBOARD for one in events)
    return last is not None and (last["state"], last["blocks"], last["turn"]) == (state, blocks, turn)


def _events(workspace: Workspace, sme: str) -> list[dict[str, Any]]:
    path = workspace.notes / sme / FILE
    if not path.is_file():
        return []
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:  # a line that a power cut left half written
            continue
    return found


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Values as JSON keeps them; a sentence within a sentence is kept as one."""
    kept: dict[str, Any] = {}
    for name, value in values.items():
        simple = isinstance(value, str | int | float | bool) or value is None
        kept[name] = _sentence(value) if isinstance(value, UserError) else value if simple else str(value)
    return kept


def _sentence(error: UserError) -> dict[str, Any]:
    return {"key": error.key, "values": _plain(error.values)}


def _error(sentence: dict[str, Any]) -> UserError:
    held = sentence["values"].items()
    values = {name: _error(value) if isinstance(value, dict) else value for name, value in held}
    return UserError(sentence["key"], **values)

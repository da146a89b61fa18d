"""What a look at a Moodle tells: address, token, each function and capability that is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from echannel.connectors.base import Finding, Note
from echannel.connectors.failures import SourceError
from echannel.connectors.moodle.service import (
    BADGES,
    COURSES,
    GRADES,
    NEEDED,
    PEOPLE,
    PROGRESS,
    SITE,
    Service,
)

_WHERE = {"address": "address", "not_found": "address", "redirect": "address", "tls": "tls"}
_WHERE |= {"unauthorised": "credentials"}
_FIXES = {
    "moodle.error.token": "moodle.fix.token",
    "moodle.error.account": "moodle.fix.account",
    "moodle.error.function": "moodle.fix.service",
    "moodle.error.switched_off": "moodle.fix.switched_off",
}
_TABLES = ("learning",)


def findings(service: Service, courses: Callable[[], list[dict[str, Any]]]) -> Iterator[Finding]:
    """Findings in order: the address and the token, functions, capabilities tried on one course, history."""
    try:
        site = service.call(SITE)
    except SourceError as failure:
        yield blocked(failure)
        return
    release = str(site.get("release") or "–").split(" ")[0]
    yield Finding("address", "works", Note("moodle.check.address", {"host": service.api.host}))
    yield Finding("credentials", "works", Note("moodle.check.token", {"release": release}))
    granted = {str(one.get("name")) for one in site.get("functions") or []}
    for function in (COURSES, PEOPLE, PROGRESS, GRADES, BADGES):
        if function not in granted:
            state = "blocks" if function in NEEDED else "lacks"
            values = {"function": function}
            note, fix = Note("moodle.check.no_function", values), Note("moodle.fix.function", values)
            yield Finding("permission", state, note, fix, "sme", _TABLES)  # type: ignore[arg-type]
    if not set(NEEDED) - granted - {SITE}:
        yield from _tried(service, granted, courses)


def _tried(
    service: Service, granted: set[str], courses: Callable[[], list[dict[str, Any]]]
) -> Iterator[Finding]:
    """Each function called once: having it does not mean that its user may use it."""
    try:
        found = courses()
    except SourceError as failure:
        yield blocked(failure)
        return
    yield _works(COURSES)
    if not found:
        yield Finding(
            "table", "lacks", Note("moodle.check.no_course"), Note("moodle.fix.course"), "sme", _TABLES
        )
        return
    course = int(found[0]["id"])
    try:
        people = service.call(PEOPLE, courseid=course, options=[{"name": "userfields", "value": "id,roles"}])
    except SourceError as failure:
        yield blocked(failure)
        return
    yield _works(PEOPLE)
    calls = [(GRADES, {"courseid": course, "userid": 0})]
    if people:
        user = int(people[0]["id"])
        calls = [(PROGRESS, {"courseid": course, "userid": user}), *calls, (BADGES, {"userid": user})]
    for function, parameters in calls:
        if function in granted:
            yield _try(service, function, parameters)
    begun = [int(one["startdate"]) for one in found if one.get("startdate")]
    if begun:
        since = datetime.fromtimestamp(min(begun), UTC).date()
        note = Note("moodle.check.history", {"n": len(found), "since": since.isoformat()})
        yield Finding("history", "works", note, tables=_TABLES, since=since)


def _try(service: Service, function: str, parameters: dict[str, Any]) -> Finding:
    try:
        service.call(function, **parameters)
    except SourceError as failure:
        if failure.kind == "forbidden":
            return blocked(failure, "lacks")
        # Badges may be off, a teacher's progress unknown: nothing that a right would change.
        if failure.key != "moodle.error.refused":
            return blocked(failure)
    return _works(function)


def _works(function: str) -> Finding:
    note = Note("moodle.check.function", {"function": function})
    return Finding("permission", "works", note, tables=_TABLES)


def blocked(failure: SourceError, state: str = "blocks") -> Finding:
    """A failure as a finding."""
    about = _WHERE.get(failure.kind, "permission" if failure.kind == "forbidden" else "setting")
    turn = "sme" if about != "setting" else "platform"
    fix = _FIXES.get(failure.key)
    if failure.key == "moodle.error.capability":
        fix = "moodle.fix.capability"
    note = Note(failure.key, dict(failure.values))
    values = dict(failure.values) if fix else {}
    return Finding(about, state, note, Note(fix, values) if fix else None, turn, _TABLES)  # type: ignore[arg-type]

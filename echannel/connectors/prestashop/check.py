"""What a look at the shop tells, before anything is read: address, key, permissions, how far back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from echannel.connectors.base import Finding, Note
from echannel.connectors.failures import SourceError
from echannel.connectors.prestashop import resources as of
from echannel.connectors.prestashop.parsing import wall_times
from echannel.connectors.prestashop.resources import ADVANCED_STOCK, RESOURCES
from echannel.connectors.prestashop.service import Service

_WHERE = {"address": "address", "redirect": "address", "tls": "tls", "unauthorised": "credentials"}


def findings(service: Service, key_in_address: bool) -> Iterator[Finding]:
    """Findings in order: the address and the key, each permission, the settings, the first order."""
    try:
        may, _ = service.root()
    except SourceError as failure:
        yield _blocked(failure)
        return
    yield Finding("address", "works", Note("prestashop.check.address", {"host": service.api.host}))
    yield Finding("credentials", "works", Note("prestashop.check.key", {"version": service.version or "–"}))
    if key_in_address:
        note = Note("prestashop.note.key_in_address")
        yield Finding("setting", "lacks", note, Note("prestashop.fix.key_in_address"), "platform")
    yield from _permissions(may)
    if may.get("orders"):
        yield from _history(service)


def _blocked(failure: SourceError) -> Finding:
    about = _WHERE.get(failure.kind, "setting")
    turn = "platform" if failure.kind in ("server", "maintenance", "timeout", "cut", "rate") else "sme"
    fixes = {
        "prestashop.error.key_lost": "prestashop.fix.key_lost",
        "prestashop.error.switched_off": "prestashop.fix.switched_off",
        "prestashop.error.key_format": "prestashop.fix.key",
        "prestashop.error.key_unknown": "prestashop.fix.key",
        "prestashop.error.key_without_rights": "prestashop.fix.rights",
        "prestashop.error.wrong_address": "prestashop.fix.address",
    }
    fix = fixes.get(failure.key)
    said = Note(failure.key, dict(failure.values))
    return Finding(about, "blocks", said, Note(fix) if fix else None, turn)  # type: ignore[arg-type]


def _permissions(may: dict[str, bool]) -> Iterator[Finding]:
    granted = [one for one in RESOURCES if may.get(one.name)]
    if granted:
        rights = ", ".join(one.name for one in granted)
        tables = tuple(dict.fromkeys(table for one in granted for table in one.tables))
        yield Finding(
            "permission", "works", Note("prestashop.check.rights", {"rights": rights}), tables=tables
        )
    for resource in RESOURCES:
        # Most shops do without; where the key may not read it, nobody can tell whether this one does.
        if may.get(resource.name) or resource.name in ADVANCED_STOCK:
            continue
        values = {"resource": resource.name}
        state = "blocks" if resource.needed else "lacks"
        fix = Note("prestashop.fix.right", values)
        note = Note("prestashop.check.no_right", values)
        yield Finding("permission", state, note, fix, "sme", resource.tables)  # type: ignore[arg-type]
    if not any(may.get(name) for name in ADVANCED_STOCK):
        fix = Note("prestashop.fix.advanced_stock")
        note = Note("prestashop.check.no_advanced_stock")
        yield Finding("permission", "lacks", note, fix, "sme", ("purchases",))


def _history(service: Service) -> Iterator[Finding]:
    try:
        first = service.records(of.ORDERS, {"sort": "[id_ASC]", "limit": "1"}, "[id,date_add]")
    except SourceError as failure:
        yield _blocked(failure)
        return
    when = wall_times(first, "date_add").dropna()
    if not len(when):
        yield Finding("history", "lacks", Note("prestashop.check.no_orders"), None, "sme", ("orders",))
        return
    since: date = when.iloc[0].date()
    note = Note("prestashop.check.history", {"since": since})
    yield Finding("history", "works", note, tables=("orders",), since=since)

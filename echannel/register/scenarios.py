"""Scenarios that one tool hands to another, by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select

from echannel.register.brokered import for_one_sme
from echannel.register.database import Register, owner
from echannel.register.models import SavedScenario


@for_one_sme
def save_scenario(
    register: Register, sme: str, tool: str, name: str, content: Mapping[str, Any], by: str = ""
) -> None:
    """Keeps ``content`` (plain JSON) for ``tool`` under ``name``; one of that name is replaced."""
    fields = {"content": dict(content), "by": by, "at": datetime.now(UTC)}
    with register.session() as session:
        found = session.scalar(_named(owner(sme), tool, name))
        if found is None:
            session.add(SavedScenario(sme=sme, tool=tool, name=name, **fields))
        else:
            for key, value in fields.items():
                setattr(found, key, value)


@for_one_sme
def saved_scenarios(register: Register, sme: str, tool: str) -> dict[str, SavedScenario]:
    """The SME's scenarios for ``tool``, by name, in the order of their first saving."""
    asked = (
        select(SavedScenario)
        .where(SavedScenario.sme == owner(sme), SavedScenario.tool == tool)
        .order_by(SavedScenario.id)
    )
    with register.session() as session:
        return {row.name: row for row in session.scalars(asked)}


@for_one_sme
def remove_scenario(register: Register, sme: str, tool: str, name: str) -> bool:
    """Takes one scenario out; whether there was one."""
    gone = delete(SavedScenario).where(
        SavedScenario.sme == owner(sme), SavedScenario.tool == tool, SavedScenario.name == name
    )
    with register.session() as session:
        return bool(session.execute(gone).rowcount)  # type: ignore[attr-defined]


def _named(sme: str, tool: str, name: str) -> Any:
    return select(SavedScenario).where(
        SavedScenario.sme == sme, SavedScenario.tool == tool, SavedScenario.name == name
    )

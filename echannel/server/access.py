"""Whose data a person may see: the one place where roles become SMEs."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from echannel.errors import UserError
from echannel.profiles import cohort_ids, load_cohort, load_sme, sme_ids
from echannel.register.users import Role
from echannel.workspace import Workspace


def smes_of(workspace: Workspace, role: Role, scope: str) -> tuple[str, ...]:
    """The SMEs whose pages a person may open, sorted.

    A member: the one SME of its scope. An account manager: those whose profile names the launch pad. A
    coordinator: all. A partner organisation: none, it sees figures of a whole cohort only.
    """
    known = tuple(sme_ids(workspace))
    match role:
        case "coordinator":
            return known
        case "member":
            return (scope,) if scope in known else ()
        case "manager":
            return tuple(sme for sme in known if _launch_pad(workspace, sme) == scope)
        case _:
            return ()


def launch_pads(workspace: Workspace) -> tuple[str, ...]:
    """The launch pads that profiles of SMEs and cohorts name, sorted."""
    named = {_launch_pad(workspace, sme) for sme in sme_ids(workspace)} - {""}
    for cohort in cohort_ids(workspace):
        named.update(load_cohort(workspace, cohort).launch_pads)
    return tuple(sorted(named))


def check_scope(workspace: Workspace, role: Role, scope: str) -> str:
    """What a new person's role needs to be told, checked; a ``UserError`` when it is missing or unknown."""
    known = {
        "member": sme_ids(workspace),
        "manager": launch_pads(workspace),
        "partner": cohort_ids(workspace),
        "coordinator": [""],
    }[role]
    if scope not in known:
        choices = ", ".join(filter(None, known)) or "–"
        raise UserError(f"login.error.scope.{role}", value=scope or "–", known=choices)
    return scope


def _launch_pad(workspace: Workspace, sme: str) -> str:
    path = workspace.parameters / "smes" / f"{sme}.yml"
    try:
        return _read_launch_pad(workspace, sme, path.stat().st_mtime_ns, path)
    except (UserError, OSError):
        return ""  # a profile that cannot be read belongs to nobody


@lru_cache(maxsize=4096)
def _read_launch_pad(workspace: Workspace, sme: str, _: int, path: Path) -> str:
    return load_sme(workspace, sme).launch_pad

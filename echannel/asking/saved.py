"""Questions that an SME kept by name, chosen or in SQL; each SME has its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from echannel.errors import UserError
from echannel.metrics.asking import Question
from echannel.register import (
    existing_register,
    open_register,
    remove_scenario,
    save_scenario,
    saved_scenarios,
)
from echannel.sme import Sme
from echannel.workspace import find_workspace

TOOL = "ask"
MOST = 100
_LETTERS = 80


@dataclass(frozen=True)
class Kept:
    """A kept question: ``question``, or ``sql`` where it was written in SQL."""

    question: Question | None = None
    sql: str = ""


def kept_questions(sme: Sme) -> dict[str, Kept]:
    """The SME's kept questions by name, oldest first; one that can no longer be read is left out."""
    register = existing_register(sme.workspace or find_workspace())
    if register is None:
        return {}
    rows = saved_scenarios(register, sme.profile.id, TOOL)
    read = ((name, _read(row.content)) for name, row in rows.items())
    return {name: kept for name, kept in read if kept is not None}


def keep_question(sme: Sme, name: str, kept: Kept) -> None:
    """Keeps a question under a name; one of that name is replaced.

    Raises
    ------
    UserError
        The name is empty or too long, or there are :data:`MOST` questions already.
    """
    name = name.strip()
    if not name or len(name) > _LETTERS:
        raise UserError("ask.error.name", most=_LETTERS)
    before = kept_questions(sme)
    if name not in before and len(before) >= MOST:
        raise UserError("ask.error.too_many", most=MOST)
    content = {"sql": kept.sql} if kept.question is None else {"question": kept.question.as_json()}
    save_scenario(open_register(sme.workspace or find_workspace()), sme.profile.id, TOOL, name, content)


def forget_question(sme: Sme, name: str) -> bool:
    """Takes a kept question out; whether there was one."""
    register = existing_register(sme.workspace or find_workspace())
    return register is not None and remove_scenario(register, sme.profile.id, TOOL, name)


def _read(content: dict[str, Any]) -> Kept | None:
    if isinstance(content.get("sql"), str):
        return Kept(sql=content["sql"])
    try:
        return Kept(Question.from_json(content["question"]))
    except (KeyError, TypeError, ValueError):
        return None

"""Which opinions an advisor has dealt with; opinions themselves are as their readers left them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from sqlalchemy import ForeignKey, String, delete, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from echannel.register.database import Register, owner
from echannel.register.feedback import Feedback
from echannel.register.models import Base, Moment

State = Literal["open", "dealt", "all"]
STATES: tuple[State, ...] = get_args(State)


class Dealt(Base):
    """Who has dealt with an opinion, and when; no row: nobody yet."""

    __tablename__ = "feedback_dealt"
    feedback_id: Mapped[int] = mapped_column(ForeignKey("feedback.id", ondelete="CASCADE"), primary_key=True)
    by: Mapped[str] = mapped_column(String(128), default="")
    at: Mapped[datetime] = mapped_column(Moment)


@dataclass(frozen=True)
class Opinion:
    """What a reader said of a figure, and who has dealt with it (nobody: empty)."""

    id: int
    sme: str
    tool: str
    card: str
    language: str
    kind: str
    text: str
    at: datetime
    by: str = ""
    dealt_at: datetime | None = None


def opinions_of(
    register: Register,
    smes: Sequence[str],
    about: str = "",
    state: State = "open",
    before: int = 0,
    most: int = 50,
) -> list[Opinion]:
    """What readers of these firms said, newest first.

    ``about``: of one tool (``growth``) or one figure (``growth.margin``) only. ``before``: only older than
    the opinion of this number.
    """
    asked = (
        select(Feedback, Dealt)
        .outerjoin(Dealt, Dealt.feedback_id == Feedback.id)
        .where(_of(smes))
        .order_by(Feedback.id.desc())
        .limit(most)
    )
    if about:
        asked = asked.where(or_(Feedback.tool == about, Feedback.card == about))
    if state != "all":
        asked = asked.where(
            Dealt.feedback_id.is_(None) if state == "open" else Dealt.feedback_id.is_not(None)
        )
    if before:
        asked = asked.where(Feedback.id < before)
    with register.session() as session:
        return [_opinion(said, dealt) for said, dealt in session.execute(asked)]


def spoken_of(register: Register, smes: Sequence[str]) -> list[tuple[str, str, str]]:
    """The firms, tools and figures that anything was said of, each once: ``(sme, tool, card)``."""
    asked = select(Feedback.sme, Feedback.tool, Feedback.card).where(_of(smes)).distinct()
    with register.session() as session:
        return sorted((sme, tool, card) for sme, tool, card in session.execute(asked))


def count_open(register: Register, smes: Sequence[str]) -> int:
    """How many opinions of these firms' readers nobody has dealt with."""
    dealt = select(Dealt.feedback_id).where(Dealt.feedback_id == Feedback.id).exists()
    with register.session() as session:
        return session.scalar(select(func.count()).select_from(Feedback).where(_of(smes), ~dealt)) or 0


def deal_with(register: Register, smes: Sequence[str], number: int, by: str, done: bool = True) -> bool:
    """Marks one opinion as dealt with, or as open again; whether it is one of these firms'."""
    with register.session() as session:
        if session.scalar(select(Feedback.id).where(Feedback.id == number, _of(smes))) is None:
            return False
        session.execute(delete(Dealt).where(Dealt.feedback_id == number))
        if done:
            session.add(Dealt(feedback_id=number, by=by[:128], at=datetime.now(UTC)))
    return True


def _of(smes: Sequence[str]) -> Any:
    return Feedback.sme.in_([owner(sme) for sme in smes])


def _opinion(said: Feedback, dealt: Dealt | None) -> Opinion:
    row = (said.id, said.sme, said.tool, said.card, said.language, said.kind, said.text, said.at)
    return Opinion(*row, *((dealt.by, dealt.at) if dealt else ()))

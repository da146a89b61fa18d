"""What readers think of a figure: whether it was of use, what is missing, what was not understood.

A row names the firm, the figure and the language; nobody's name. Addresses and telephone numbers that a
reader writes into the text all the same are taken out before it is stored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

import pandas as pd
from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from echannel.errors import UserError
from echannel.register.brokered import for_one_sme
from echannel.register.database import Register, owner
from echannel.register.models import Base, Moment

Kind = Literal["useful", "not_understood", "missing"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LONGEST = 500
MOST_AN_HOUR = 60
COLUMNS = ("sme", "tool", "card", "language", "kind", "text", "at")

_REACHED = re.compile(r"\S+@\S+|(?:\+|\b0)[\d\s().-]{7,}\d")


class Feedback(Base):
    """One press of a button below a figure, with what was written."""

    __tablename__ = "feedback"
    id: Mapped[int] = mapped_column(primary_key=True)
    sme: Mapped[str] = mapped_column(String(64), index=True)
    tool: Mapped[str] = mapped_column(String(32))
    card: Mapped[str] = mapped_column(String(96))
    language: Mapped[str] = mapped_column(String(2))
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(String(LONGEST), default="")
    at: Mapped[datetime] = mapped_column(Moment)


@for_one_sme
def add_feedback(
    register: Register,
    sme: str,
    tool: str,
    card: str,
    language: str,
    kind: Kind,
    text: str = "",
    at: datetime | None = None,
) -> None:
    """Notes down what one reader of ``sme`` thinks of ``card``; the text is cut after :data:`LONGEST` signs.

    Raises
    ------
    UserError
        For an unknown kind, or when more than :data:`MOST_AN_HOUR` came from the firm within an hour.
    """
    if kind not in KINDS:
        raise UserError("feedback.unknown", value=kind)
    now = at or datetime.now(UTC)
    lately = select(func.count()).where(
        Feedback.sme == owner(sme), Feedback.at > now - timedelta(hours=1), Feedback.at <= now
    )
    with register.session() as session:
        if (session.scalar(lately) or 0) >= MOST_AN_HOUR:
            raise UserError("feedback.too_many")
        session.add(
            Feedback(
                sme=sme, tool=tool, card=card, language=language, kind=kind, text=without_people(text), at=now
            )
        )


def feedback_of(register: Register, smes: Sequence[str]) -> pd.DataFrame:
    """What the readers of these firms said, newest first: the columns of :data:`COLUMNS`."""
    asked = (
        select(Feedback).where(Feedback.sme.in_([owner(sme) for sme in smes])).order_by(Feedback.id.desc())
    )
    with register.session() as session:
        rows = [{name: getattr(row, name) for name in COLUMNS} for row in session.scalars(asked)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def marked(feedback: pd.DataFrame) -> pd.DataFrame:
    """Per figure how often each button was pressed, the most marked first: not understood, then missing.

    One row per ``tool`` and ``card`` with a count for each of :data:`KINDS`, ``n`` (all of them), ``firms``
    and ``texts`` (what was written, newest first).
    """
    columns = ["tool", "card", *KINDS, "n", "firms", "texts"]
    rows = []
    for (tool, card), part in feedback.groupby(["tool", "card"], sort=True):
        counts: dict[str, int] = {kind: int((part["kind"] == kind).sum()) for kind in KINDS}
        texts = [text for text in part["text"] if text]
        rows.append(
            {
                "tool": tool,
                "card": card,
                **counts,
                "n": len(part),
                "firms": part["sme"].nunique(),
                "texts": texts,
            }
        )
    found = pd.DataFrame(rows, columns=columns)
    asking = found["not_understood"] + found["missing"]
    return found.assign(asking=asking).sort_values(
        ["asking", "n", "card"], ascending=[False, False, True], ignore_index=True
    )[columns]


def without_people(text: str) -> str:
    """The text on one line, at most :data:`LONGEST` signs, addresses and telephone numbers taken out."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(_REACHED.sub("…", plain).split())[:LONGEST]

"""Who opened which SME's page, report or file, and when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import select

from echannel.register.brokered import for_one_sme
from echannel.register.database import Register, owner
from echannel.register.models import Opened, User

What = Literal["page", "report", "export"]


def note_opened(register: Register, who: str, role: str, sme: str, what: What, name: str) -> None:
    """Notes down that ``who`` (an address) opened something of an SME's."""
    row = Opened(at=datetime.now(UTC), who=who, role=role, sme=owner(sme), what=what, name=name[:128])
    with register.session() as session:
        session.add(row)


@for_one_sme
def note_taken(register: Register, sme: str, name: str, account: str = "") -> None:
    """Notes down that files were made from an SME's dashboard; a kernel's own account is put in for it."""
    with register.session() as session:
        role = session.scalar(select(User.role).where(User.email == account)) or ""
    if role:
        note_opened(register, account, role, sme, "export", name)


def opened(register: Register, sme: str = "", most: int = 100) -> list[Opened]:
    """What was opened last, of one SME or of all, newest first; for those who run the server."""
    asked = select(Opened).order_by(Opened.id.desc()).limit(most)
    if sme:
        asked = asked.where(Opened.sme == sme)
    with register.session() as session:
        return list(session.scalars(asked))

"""How far an SME is with each duty of a market."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, get_args

from sqlalchemy import select

from echannel.register.brokered import for_one_sme
from echannel.register.database import Register, owner
from echannel.register.models import DutyState

State = Literal["open", "asked", "done", "not_needed"]
STATES: tuple[State, ...] = get_args(State)


@for_one_sme
def set_duty_state(
    register: Register, sme: str, market: str, duty: str, state: State, note: str = "", by: str = ""
) -> None:
    """Notes down a new state; what was there before stays as history."""
    if state not in STATES:
        raise ValueError(f"unknown state {state!r}")
    row = DutyState(
        sme=owner(sme), market=market, duty=duty, state=state, note=note, by=by, at=datetime.now(UTC)
    )
    with register.session() as session:
        session.add(row)


@for_one_sme
def duty_states(register: Register, sme: str, market: str) -> dict[str, DutyState]:
    """The newest state of each duty of one market, by duty; what was never noted down is not there."""
    asked = (
        select(DutyState)
        .where(DutyState.sme == owner(sme), DutyState.market == market)
        .order_by(DutyState.id)
    )
    with register.session() as session:
        return {row.duty: row for row in session.scalars(asked)}

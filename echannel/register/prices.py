"""Competitors' prices that somebody saw and noted down."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
from sqlalchemy import delete, select

from echannel.register.brokered import for_one_sme
from echannel.register.database import Register, owner
from echannel.register.models import CompetitorPrice

COLUMNS = ("id", "market", "product", "competitor", "price", "currency", "at", "note", "by")


@for_one_sme
def add_price(
    register: Register,
    sme: str,
    market: str,
    product: str,
    competitor: str,
    price: float,
    currency: str,
    note: str = "",
    by: str = "",
    at: datetime | None = None,
) -> int:
    """Notes down one price (as customers see it there) and hands back its number."""
    row = CompetitorPrice(
        sme=owner(sme),
        market=market,
        product=product,
        competitor=competitor,
        price=price,
        currency=currency,
        note=note,
        by=by,
        at=at or datetime.now(UTC),
    )
    with register.session() as session:
        session.add(row)
        session.flush()
        return row.id


@for_one_sme
def competitor_prices(register: Register, sme: str, market: str | None = None) -> pd.DataFrame:
    """The SME's noted prices, of one market or of all, oldest first: the columns of :data:`COLUMNS`."""
    asked = select(CompetitorPrice).where(CompetitorPrice.sme == owner(sme)).order_by(CompetitorPrice.id)
    if market is not None:
        asked = asked.where(CompetitorPrice.market == market)
    with register.session() as session:
        rows = [{name: getattr(row, name) for name in COLUMNS} for row in session.scalars(asked)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


@for_one_sme
def remove_price(register: Register, sme: str, number: int) -> bool:
    """Takes one price out, where it is the SME's; whether there was one."""
    gone = delete(CompetitorPrice).where(CompetitorPrice.sme == owner(sme), CompetitorPrice.id == number)
    with register.session() as session:
        return bool(session.execute(gone).rowcount)  # type: ignore[attr-defined]

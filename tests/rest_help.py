"""What the connectors of JSON APIs are tried with: a context, and syncs put together as the real one does."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import pandas as pd
from pydantic import SecretStr

from echannel.checking import checked
from echannel.connectors import connector
from echannel.connectors.base import Connector, Note, SourceContext
from echannel.connectors.http import Limits
from echannel.metrics.turnover import Sales, prepare
from echannel.profiles import SmeProfile
from echannel.pseudonyms import pseudonymiser
from echannel.tables import TABLES
from echannel.upsert import normalised, upserted

QUICK = Limits(backoff=0.01, longest_wait=0.02, connect=2, read=5, answer=10)


def profile(**changes: Any) -> SmeProfile:
    return SmeProfile.model_validate(
        {
            "id": "shop",
            "name": "Shop",
            "country": "GB",
            "languages": ["en"],
            "orientation": "both",
            "currency": "GBP",
            "timezone": "Europe/London",
            "vat": {"regime": "standard"},
            "fiscal_year_start": "04-01",
            "launch_pad": "Kent",
            **changes,
        }
    )


def made(
    name: str, options: dict[str, Any], secrets: dict[str, str], sme: dict[str, Any] | None = None
) -> Connector:
    hidden = {one: SecretStr(value) for one, value in secrets.items()}
    pseudonym = pseudonymiser(b"k" * 32)
    context = SourceContext(profile(**(sme or {})), "web", Path(), pseudonym, lambda *_: None, hidden)
    kind: Any = connector(name)
    return kind(options, context, QUICK)


class Synced:
    """What a source's syncs have stored."""

    timezone, currency = "Europe/London", "GBP"

    def __init__(self) -> None:
        self.frames: dict[str, pd.DataFrame] = {}
        self.cursor: dict[str, str] = {}
        self.notes: list[Note] = []
        self.refused: list[pd.DataFrame] = []

    def refuse(self, bad: pd.DataFrame) -> None:
        """What the sync's own check refuses: nothing, from a connector that knows its tables."""
        assert bad.empty, bad

    def sync(self, source: Connector, batches: int | None = None) -> Self:
        """One sync; ``batches`` breaks it off after so many."""
        for done, batch in enumerate(source.fetch(dict(self.cursor)), 1):
            for name in sorted(batch.tables, key=list(TABLES).index):
                table = TABLES[name]
                good, bad, _ = checked(table, batch.tables[name], "web", "web", self.timezone)
                self.refuse(bad)
                old = self.frames.get(name)
                self.frames[name] = normalised(table, good) if old is None else upserted(table, old, good)
            for name, groups in batch.emptied.items():
                if name in self.frames:
                    rows = self.frames[name]
                    left = rows[~rows[TABLES[name].replace_by].isin(list(groups))]
                    self.frames[name] = normalised(TABLES[name], left)
            self.refused.append(batch.rejected)
            self.notes += batch.notes
            merged = {**self.cursor, **batch.cursor}
            self.cursor = {k: v for k, v in merged.items() if k not in batch.gone}
            if done == batches:
                break
        return self

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames.get(name, TABLES[name].empty())

    @property
    def refusals(self) -> list[str]:
        return [reason for frame in self.refused for reason in frame["reason"]]

    def sales(self, currency: str | None = None) -> Sales:
        names = ("orders", "order_lines", "refunds", "products", "customers", "visits")
        return prepare(*(self[name] for name in names), currency=currency or self.currency)

    def net(self, currency: str | None = None) -> float:
        return float(self.sales(currency).entries["net_invoiced"].sum())

    def order(self, number: Any) -> pd.Series:
        return self["orders"].set_index("order_id").loc[str(number)]


def adds_up(orders: pd.DataFrame) -> bool:
    """Whether goods − discount + carriage + wrapping + VAT is the total, of every order."""
    parts = orders["goods_net"] - orders["discount_net"] + orders["shipping_net"] + orders["wrapping_net"]
    return bool(((parts + orders["vat_amount"] - orders["total_gross"]).abs() < 0.011).all())

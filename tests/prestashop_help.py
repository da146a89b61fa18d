"""A made-up PrestaShop shop on a real server, and its connector's rows put together as the sync does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from fakes.prestashop import KEY, webservice
from fakes.prestashop_shop import PrestaShop
from fakes.server import FakeServer
from pydantic import SecretStr

from echannel.checking import checked
from echannel.connectors.base import Note, SourceContext
from echannel.connectors.http import Limits
from echannel.connectors.prestashop import PrestaShopConnector
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
            "country": "FR",
            "languages": ["fr"],
            "orientation": "both",
            "currency": "EUR",
            "timezone": "Europe/Paris",
            "vat": {"regime": "reel_normal"},
            "fiscal_year_start": "01-01",
            "launch_pad": "Lille",
            **changes,
        }
    )


def context(key: str | None = KEY, **changes: Any) -> SourceContext:
    secrets = {} if key is None else {"key": SecretStr(key)}
    pseudonym = pseudonymiser(b"k" * 32)
    return SourceContext(profile(**changes), "web", Path(), pseudonym, lambda *_: None, secrets)


def server(shop: PrestaShop) -> FakeServer:
    return FakeServer(webservice(shop), clock=shop.utc)


def connector(server: FakeServer, key: str | None = KEY, sme: dict | None = None, **options: Any):
    options = {"address": server.url, **server.options, **options}
    return PrestaShopConnector(options, context(key, **(sme or {})), QUICK)


class Tables:
    """What a shop's syncs have stored."""

    def __init__(self) -> None:
        self.frames: dict[str, pd.DataFrame] = {}
        self.cursor: dict[str, str] = {}
        self.notes: list[Note] = []
        self.refused: list[pd.DataFrame] = []

    def sync(self, source: PrestaShopConnector, batches: int | None = None) -> Tables:
        """One sync; ``batches`` breaks it off after so many."""
        for done, batch in enumerate(source.fetch(dict(self.cursor)), 1):
            for name in sorted(batch.tables, key=list(TABLES).index):
                table = TABLES[name]
                good, bad, _ = checked(table, batch.tables[name], "web", "web", "Europe/Paris")
                self.refused.append(bad)
                old = self.frames.get(name)
                self.frames[name] = normalised(table, good) if old is None else upserted(table, old, good)
            for name, groups in batch.emptied.items():
                if name in self.frames:
                    rows = self.frames[name]
                    left = rows[~rows[TABLES[name].replace_by].isin(list(groups))]
                    self.frames[name] = normalised(TABLES[name], left)
            self.notes += batch.notes
            merged = {**self.cursor, **batch.cursor}
            self.cursor = {k: v for k, v in merged.items() if k not in batch.gone}
            if done == batches:
                break
        return self

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames.get(name, TABLES[name].empty())

    def sales(self) -> Sales:
        names = ("orders", "order_lines", "refunds", "products", "customers", "visits")
        return prepare(*(self[name] for name in names), currency="EUR")

    def order(self, number: int) -> pd.Series:
        return self["orders"].set_index("order_id").loc[str(number)]


def synced(fake: PrestaShop, tables: Tables | None = None, **options: Any) -> Tables:
    """A shop synced once, over what was synced before."""
    with server(fake) as served:
        return (tables or Tables()).sync(connector(served, **options))

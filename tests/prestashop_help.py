"""A made-up PrestaShop shop on a real server, and its connector's rows put together as the sync does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from fakes.prestashop import KEY, webservice
from fakes.prestashop_shop import PrestaShop
from fakes.server import FakeServer
from pydantic import SecretStr
from rest_help import QUICK, Synced

from echannel.connectors.base import SourceContext
from echannel.connectors.prestashop import PrestaShopConnector
from echannel.profiles import SmeProfile
from echannel.pseudonyms import pseudonymiser


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


class Tables(Synced):
    """What a shop's syncs have stored; what the sync's own check refuses is kept."""

    timezone, currency = "Europe/Paris", "EUR"

    def refuse(self, bad: pd.DataFrame) -> None:
        self.refused.append(bad)


def synced(fake: PrestaShop, tables: Tables | None = None, **options: Any) -> Tables:
    """A shop synced once, over what was synced before."""
    with server(fake) as served:
        return (tables or Tables()).sync(connector(served, **options))

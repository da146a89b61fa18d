"""PrestaShop passes what every connector must."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from fakes.prestashop import KEY
from fakes.prestashop_shop import CANARIES
from fakes.prestashop_trade import trading_shop
from prestashop_help import server

from echannel.connectors.conformance import ConnectorSuite, Subject


class TestPrestaShop(ConnectorSuite):
    @pytest.fixture
    def subject(self, tmp_path, monkeypatch):
        monkeypatch.setenv("CONFORMANCE_KEY", KEY)
        shop = trading_shop(30, seed=31)

        @contextmanager
        def breaking():
            shop.switched_off = True
            yield
            shop.switched_off = False

        with server(shop) as served:
            yield Subject(
                "prestashop",
                {"address": served.url, **served.options},
                tmp_path,
                secrets={"key": "env:CONFORMANCE_KEY"},
                canaries=(KEY, *CANARIES.values()),
                breaking=breaking,
            )

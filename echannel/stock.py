"""An SME's stock: how its profile keeps it, what metrics make of the tables, and forecasts kept on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import pandas as pd

from echannel import __version__
from echannel.kept import is_kept, kept
from echannel.keys import KEPT, key_of
from echannel.metrics.inventory import Inventory, prepare_inventory
from echannel.metrics.inventory.effects import calendar_events
from echannel.metrics.inventory.items import InventorySettings
from echannel.metrics.turnover import as_date
from echannel.profiles import SmeProfile

if TYPE_CHECKING:
    from echannel.metrics.inventory.forecast import Forecasts
    from echannel.sme import Sme

TABLES_USED = ("products", "suppliers", "supplier_prices", "purchases", "stock_levels")
HORIZON_WEEKS = 26
_NAME = "forecasts"


def settings_of(profile: SmeProfile) -> InventorySettings:
    """How the SME keeps stock, from its profile; what the profile leaves out stays a marked default."""
    said = {name: value for name, value in profile.inventory.model_dump().items() if value not in (None, {})}
    return InventorySettings(country=profile.country, **said)


def inventory_of(sme: Sme) -> Inventory:
    """The SME's stock, panels and inputs, as of the last day that its data tell of."""
    tables = {name: sme.table(name) for name in TABLES_USED}
    return prepare_inventory(sme.sales, tables, settings_of(sme.profile), sme.sales.last_day)


def events_of(sme: Sme) -> pd.DataFrame:
    """The country's sale periods and Christmas, in the days of the data and of the forecast."""
    first = sme.sales.first_day
    last = sme.sales.last_day + 7 * (HORIZON_WEEKS + 1)
    return calendar_events(
        sme.pack.sale_periods_between(as_date(first).date(), as_date(last).date()), first, last
    )


def forecasts_of(sme: Sme) -> Forecasts:
    """Forecasts of every product, computed once for the tables as last synced and then read from disk."""
    from echannel.metrics.inventory.forecast import Forecasts

    def compute() -> Mapping[str, pd.DataFrame]:
        made = _computed(sme)
        return {one.name: getattr(made, one.name) for one in fields(made)}

    frames = kept(sme.store.path / KEPT, _NAME, _key(sme), compute)
    return Forecasts(**frames)


def forecasts_are_kept(sme: Sme) -> bool:
    """Whether the forecasts only have to be read."""
    return is_kept(sme.store.path / KEPT, _NAME, _key(sme))


def _computed(sme: Sme) -> Forecasts:
    from echannel.metrics.inventory.demand import weekly_demand
    from echannel.metrics.inventory.forecast import forecast
    from echannel.metrics.inventory.large_orders import stocked_units

    stock = sme.inventory
    demand = weekly_demand(stocked_units(stock), stock.in_stock, stock.today)
    return forecast(demand, stock.items, events_of(sme), horizon=HORIZON_WEEKS)


def _key(sme: Sme) -> str:
    """Everything that forecasts rest on: the tables' files (their names never come again), the last day,
    what the profile says of the stock, the calendar, and the code that computes them."""
    manifest = sme.manifest
    return key_of(
        manifest.files or manifest.versions,
        manifest.synced_at,
        sme.sales.last_day,
        asdict(settings_of(sme.profile)),
        events_of(sme).to_dict("list"),
        __version__,
        _code(),
    )


@lru_cache
def _code() -> str:
    """The source of the inventory's metrics: a change of theirs is a change of the result."""
    modules = sorted(files("echannel.metrics.inventory").iterdir(), key=lambda one: one.name)
    return key_of(*(one.read_text(encoding="utf-8") for one in modules if one.name.endswith(".py")))

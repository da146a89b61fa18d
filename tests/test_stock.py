"""An SME's stock as its profile keeps it, and forecasts that are computed once."""

from __future__ import annotations

from dataclasses import fields

import pandas as pd
import pytest
from stock_shop import TODAY, stocked

from echannel import stock
from echannel.metrics.inventory.items import InventorySettings
from echannel.profiles import InventoryProfile


@pytest.fixture(scope="module")
def firm():
    return stocked("b2c", orders=900)


def test_a_profile_that_says_nothing_leaves_every_default(firm):
    assert stock.settings_of(firm.profile) == InventorySettings(country="FR")


def test_every_line_of_a_profile_reaches_the_metrics(firm):
    said = InventoryProfile(
        holding_rate=0.3,
        order_cost=0.0,
        lead_time_days=5,
        lead_time_sd_days=1,
        review_days=14,
        service={"A": 0.97},
        budget=1000,
        dead_after_days=90,
    )
    settings = stock.settings_of(firm.profile.model_copy(update={"inventory": said}))
    assert {name: getattr(settings, name) for name in InventoryProfile.model_fields} == said.model_dump()


def test_a_profile_has_no_line_that_metrics_do_not_know():
    assert set(InventoryProfile.model_fields) <= {one.name for one in fields(InventorySettings)}


def test_the_calendar_reaches_into_the_forecast(firm):
    events = stock.events_of(firm)
    today = (TODAY - pd.Timestamp(0)).days
    coming = events[events["first_day"] > today]
    assert {"christmas"} < set(coming["name"])
    assert events["last_day"].min() >= firm.sales.first_day


def test_stock_is_what_was_counted(firm):
    counted = firm.table("stock_levels").groupby("product_id", observed=True)["on_hand"].sum()
    there = firm.inventory.position["on_hand"]
    pd.testing.assert_series_equal(
        there[counted.index.astype(str)], counted, check_names=False, check_index=False
    )

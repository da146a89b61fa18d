"""An SME's stock as its profile keeps it, and forecasts that are computed once."""

from __future__ import annotations

from dataclasses import fields, replace

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


def test_forecasts_are_computed_once_and_read_by_the_next_page(firm, monkeypatch):
    computed = []
    real = stock._computed
    monkeypatch.setattr(stock, "_computed", lambda sme: computed.append(sme) or real(sme))
    first = firm.inventory_forecasts
    assert stock.forecasts_are_kept(firm) and len(computed) == 1
    again = type(firm)(firm.profile, firm.tables)
    again.store = firm.store
    second = again.inventory_forecasts
    assert len(computed) == 1
    for one in fields(first):
        pd.testing.assert_frame_equal(getattr(first, one.name), getattr(second, one.name), check_dtype=False)


def test_what_forecasts_rest_on_is_in_their_key(firm):
    def other(**changed: object) -> object:
        made = type(firm)(firm.profile, firm.tables)
        for name, value in changed.items():
            setattr(made, name, value)
        return made

    manifest = replace(firm.manifest, files={"orders": ["another.parquet"]})
    said = firm.profile.model_copy(update={"inventory": InventoryProfile(review_days=30)})
    keys = {stock._key(one) for one in (firm, other(), other(manifest=manifest), other(profile=said))}
    assert len(keys) == 3


def test_a_torn_file_is_made_anew(firm):
    kept = firm.inventory_forecasts
    (path,) = (firm.store.path / "kept").glob("forecasts-*.zip")
    path.write_bytes(path.read_bytes()[:100])
    again = type(firm)(firm.profile, firm.tables)
    again.store = firm.store
    pd.testing.assert_frame_equal(again.inventory_forecasts.paths, kept.paths, check_dtype=False)

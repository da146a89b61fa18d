"""A market handed to the planning tool: the same margin there, kept in the register and read back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from echannel.countries.trade import trade_rules
from echannel.market_entries import entries_of, save_entry
from echannel.metrics.market.crossing import Options, Route
from echannel.metrics.market.entry import from_plain, market_entry, mean_order, to_plain, vat_scheme
from echannel.metrics.market.margin import SellingCosts, margins
from echannel.metrics.market.parcels import parcels_of
from echannel.metrics.planning.inputs import PlanInputs, with_market_entry
from echannel.workspace import Workspace

TODAY = date(2026, 11, 24)
ORDERS = np.array([10.0, 20.0, 30.0])


def route(origin="GB", destination="FR"):
    return Route(trade_rules(origin, destination, TODAY), 0.2, 0.2, carriage=8.0)


@pytest.fixture
def entry():
    goods = parcels_of(pd.DataFrame({"parcel": [1, 2, 3], "quantity": 1.0, "unit_price": [30.0, 50.0, 70.0]}))
    found = margins(goods, np.array([12.0, 20.0, np.nan]), [route()], [SellingCosts(9.0, 0.015, 0.25)])
    return market_entry(route(), Options(), mean_order(found), 684, ORDERS, 2500.0, 40.0, orders_by="history")


def test_the_plan_earns_the_margin_of_the_market(entry):
    fee = np.array([0.015 * (30 + 8 + (30 + 8 + 5) * 0.2 + 5), 0.015 * (50 + 8 + (50 + 8 + 5) * 0.2 + 5)])
    margin = float(np.mean([30 + 8 - 12 - 9, 50 + 8 - 20 - 9] - np.round(fee + 0.25, 2)))
    assert (entry.price_net, entry.goods_cost_per_order) == (48.0, 16.0)
    assert entry.price_net - entry.variable_cost_per_order == pytest.approx(margin, abs=0.01)
    plan = with_market_entry(PlanInputs("GB", "GBP", 682, ()), entry)
    (stream,) = plan.streams
    assert stream.turnover[0, :6].tolist() == [0.0, 0.0, 480.0, 960.0, 1440.0, 1440.0]
    per_order = stream.turnover * (1 - stream.cost_share - stream.carriage_rate) / entry.price_net
    sold = np.r_[0, 0, ORDERS, np.full(31, 30.0)]
    np.testing.assert_allclose(per_order[0], sold * margin / entry.price_net, rtol=1e-3)
    assert entry.extra_stock == 480.0, "a month of goods of the busiest month: 30 × 16"


def test_an_entry_comes_back_from_plain_json_as_it_was(entry):
    def told(one):
        return {**vars(one), "orders_per_month": list(one.orders_per_month)}

    assert told(from_plain(to_plain(entry)))["price_net"] == entry.price_net
    assert from_plain(to_plain(entry)).assumptions == entry.assumptions
    for name, value in told(entry).items():
        if name != "assumptions":
            assert told(from_plain(to_plain(entry)))[name] == value
    unknown = replace(entry, goods_cost_per_order=float("nan"))
    assert np.isnan(from_plain(to_plain(unknown)).goods_cost_per_order)


def test_a_cost_that_nobody_entered_is_an_assumption_to_fill_and_not_a_fact(entry):
    """The plan counts nothing for it, as a default that is said to be unknown."""
    by_name = {one.name: one for one in entry.assumptions}
    assert (by_name["entry_setup"].value, by_name["entry_setup"].made_by) == (2500.0, "owner")
    assert (by_name["entry_orders"].value, by_name["entry_orders"].made_by) == (20.0, "history")
    order = {"revenue": 48.0, "margin": 20.0, "goods_cost": 16.0}
    silent = market_entry(route(), Options(), order, 684, ORDERS)
    assert silent.setup_cost == silent.cost_per_month == 0.0
    unknown = {one.name for one in silent.assumptions if one.made_by == "default" and not one.value}
    assert unknown == {"entry_setup", "entry_running"}
    assert {one.about for one in silent.assumptions} == {"FR"}


def test_each_firm_sees_its_own_entries(entry, tmp_path):
    mine, theirs = (
        SimpleNamespace(profile=SimpleNamespace(id=name), workspace=Workspace(tmp_path))
        for name in ("a", "b")
    )
    (tmp_path / "data").mkdir()
    assert save_entry(mine, entry) == "market_fr"
    save_entry(mine, replace(entry, setup_cost=3000.0))
    assert {name: one.setup_cost for name, one in entries_of(mine).items()} == {"market_fr": 3000.0}
    assert entries_of(theirs) == {}


@pytest.mark.parametrize(
    ("way", "options", "scheme"),
    [
        (("GB", "FR"), Options(), "ioss"), (("GB", "FR"), Options(scheme="border"), "none"),
        (("FR", "GB"), Options(), "local"), (("FR", "DE"), Options(), "oss"),
        (("FR", "DE"), Options(scheme="home"), "domestic"), (("GB", "FR"), Options("b2b"), "none"),
        (("GB", "US"), Options(), "none"), (("GB", "GB"), Options(), "domestic"),
        (("FR", "GB"), Options(marketplace=True), "none"), (("FR", "DE"), Options(marketplace=True), "oss"),
    ],
)  # fmt: skip
def test_who_hands_over_the_vat_of_the_market(way, options, scheme):
    assert vat_scheme(route(*way), options) == scheme

"""Policies, proposals, alerts and the proof on shops of any kind: no failure, no number without a status."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from shops import PRODUCTS, Stocked, shops
from test_inventory_contract import assert_result

from echannel.metrics.inventory.alerts import alerts
from echannel.metrics.inventory.classes import classes
from echannel.metrics.inventory.facts import demand_facts, history_facts
from echannel.metrics.inventory.past import past_of
from echannel.metrics.inventory.policy import WhatIf, policies, service_curve
from echannel.metrics.inventory.promises import available_to_promise
from echannel.metrics.inventory.proposal import by_supplier, fill_up, propose
from echannel.metrics.inventory.replay import replay
from echannel.metrics.inventory.simulation import simulated_years
from echannel.metrics.inventory.transfers import outflow_shares, transfers

NO_PATHS = pd.DataFrame({"product_id": pd.Series(dtype=object), "week": pd.Series(dtype="int64"), "mean": []})
NO_CHOICE = pd.DataFrame({"sd_week": [], "status": []}).astype({"status": object})


def all_of(inventory):
    """Every frame that the tool makes of an inventory, by name."""
    history = history_facts(inventory.units, inventory.in_stock)
    facts = demand_facts(
        NO_CHOICE, NO_PATHS, inventory.items, inventory.units, inventory.in_stock, inventory.today
    )
    abc = classes(inventory)
    made = {"history": history, "facts": facts}
    base = inventory.items, facts, abc, inventory.settings
    made["policies"] = policies(*base, inventory.prices)
    made["by_margin"] = policies(*base, inventory.prices, WhatIf(by_margin=True))
    made["by_fill"] = policies(*base, inventory.prices, WhatIf(service=0.95, fill=True))
    made["curve"] = service_curve(*base, (0.9, 0.98), inventory.prices)
    common = made["policies"], inventory.items, inventory.position, NO_PATHS
    for budget in (None, 100.0):
        lines = propose(*common, inventory.prices, inventory.purchases, inventory.today, budget)
        made[f"lines {budget}"] = lines
        made[f"suppliers {budget}"] = by_supplier(lines, inventory.items, inventory.suppliers)
        fill_up(lines, inventory.items, made[f"suppliers {budget}"])
    made["alerts"] = alerts(*common, inventory.purchases, inventory.received, inventory.today)
    shares = outflow_shares(inventory.levels, inventory.items.index)
    made["transfers"] = transfers(inventory.locations, shares, made["policies"], inventory.items)
    made["promises"] = available_to_promise(
        inventory.items, inventory.position, inventory.purchases, inventory.today
    )
    made["years"] = simulated_years(made["policies"], inventory.items, 20)
    past = past_of(inventory, days=60)
    proof = replay(past, inventory.settings)
    made["proof"] = proof.summary
    for run in (proof.today, proof.proposed):
        before = np.vstack([run.start, run.stock[:-1]])
        assert np.allclose(run.stock, before + run.receipts - run.sales + run.change)
    return made


BARE = [
    Stocked(),
    Stocked(products=PRODUCTS),
    Stocked([(0, "a", 3), (6, "b", 1)], products=PRODUCTS),
    Stocked(counted=[(0, "a", 5), (0, "ghost", -2)], products=PRODUCTS),
    Stocked(bought=[{"product": "a", "quantity": 3, "ordered": 2}]),
]


@pytest.mark.parametrize("number", range(len(BARE)))
def test_without_data_nothing_fails_and_nothing_is_made_up(number):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, frame in all_of(BARE[number].inventory()).items():
            assert_result(frame), name


@settings(max_examples=5, deadline=None)
@given(shops())
def test_every_figure_comes_with_its_status(shop):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for frame in all_of(shop.inventory()).values():
            assert_result(frame)


def test_a_year_of_a_real_history_can_be_replayed():
    days = range(0, 560)
    sold = [(day, "a", 2) for day in days if day % 2] + [(day, "b", 1) for day in days if day % 3 == 0]
    bought = [
        {"product": one, "quantity": 60, "ordered": day - 12, "received": day, "supplier": "s", "cost": 4.0}
        for day in range(20, 560, 55)
        for one in ("a", "b")
    ]
    counted = [(0, "a", 40), (0, "b", 40), (559, "a", 30), (559, "b", 30)]
    inventory = Stocked(sold, counted=counted, bought=bought, products=PRODUCTS).inventory()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = all_of(inventory)
        proof = replay(past_of(inventory, days=365), inventory.settings)
    summary = proof.summary.set_index("side")
    assert summary.loc["today", "n"] == 2 and summary.loc["today", "units_sold"] > 400
    assert summary.loc["proposed", "orders"] >= 2 and (summary["fill_rate"] > 0.9).all()
    assert (made["policies"].loc[["a", "b"], "status"] == "ok").all()
    assert made["policies"].loc["a", "lead_time_days"] == 12

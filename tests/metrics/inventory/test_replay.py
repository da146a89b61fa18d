"""The proof by the last 12 months: identities, a plain loop, and that nothing of the future is known."""

from __future__ import annotations

from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from goods import TODAY, items, purchases

from echannel.metrics.inventory.items import InventorySettings
from echannel.metrics.inventory.past import past_of
from echannel.metrics.inventory.policy import WhatIf
from echannel.metrics.inventory.replay import replay

DAYS = 1_190
FIRST = TODAY - DAYS + 1
SETTINGS = InventorySettings()


def shop(size=24, seed=1, order_every=60, stock_days=75.0):
    """A shop that fills up by guess every two months: too much here, nothing there."""
    rng = np.random.default_rng(seed)
    index = [f"p{i:03}" for i in range(size)]
    rate = rng.gamma(0.8, 1.2, size) + 0.05
    season = 1 + 0.4 * np.sin(2 * np.pi * (FIRST + np.arange(DAYS)) / 365.25)
    wished = rng.poisson(rate[:, None] * season[None, :]).astype(float)
    stock, held = np.ceil(rate * stock_days), np.zeros((size, DAYS))
    sold, came, share = np.zeros((size, DAYS)), np.zeros((size, DAYS)), np.ones((size, DAYS))
    returned, losses = np.zeros((size, DAYS)), np.zeros((size, DAYS))
    for day in range(DAYS):
        guess = np.round(rate * stock_days * rng.uniform(0.3, 2.5, size))
        heap = np.maximum(guess - stock, 0.0) if day % order_every == 30 else 0.0
        came[:, day] = heap
        stock = stock + heap
        sold[:, day] = np.minimum(stock, wished[:, day])
        share[:, day] = np.where(
            stock <= 0,
            0.0,
            np.divide(sold[:, day], wished[:, day], out=np.ones(size), where=wished[:, day] > 0),
        )
        returned[:, day] = sold[:, day] * (rng.random(size) < 0.02)
        losses[:, day] = np.minimum(stock - sold[:, day], rng.random(size) < 0.004)
        stock = stock - sold[:, day] + returned[:, day] - losses[:, day]
        held[:, day] = stock
    days = pd.RangeIndex(FIRST, TODAY + 1)

    def wide(values):
        return pd.DataFrame(values, index=index, columns=days)

    goods = items(
        **{
            one: {
                "supplier_id": f"s{i % 3}",
                "review_days": 7.0,
                "lead_time_days": 12.0,
                "unit_cost": 5.0 + i,
                "price_net": 12.0 + 2 * i,
                "order_cost": 8.0,
            }
            for i, one in enumerate(index)
        }
    )
    bought = [
        (one, 10, TODAY - 900 + 40 * k, None, TODAY - 900 + 40 * k + 9 + k % 5)
        for k in range(22)
        for one in index[:6]
    ]
    frame = purchases(*bought)
    frame["supplier_id"] = frame["product_id"].map(goods["supplier_id"])
    frame["purchase_id"] = frame["supplier_id"] + frame["ordered_on"].astype(str)
    return SimpleNamespace(
        lines=lines_of(sold, index),
        today=TODAY, first_day=FIRST, items=goods, units=wide(sold), in_stock=wide(share), on_hand=wide(held),
        received=wide(came), inferred=wide(came * 0), returned=wide(returned), losses=wide(losses),
        purchases=frame, settings=SETTINGS,
        columns=lambda since, until=None: slice(
            max(since - FIRST, 0), max((TODAY if until is None else until) - FIRST + 1, 0)),
    )  # fmt: skip


def lines_of(sold, index):
    """One order per product and day."""
    row, day = np.nonzero(sold)
    return pd.DataFrame({"entry": "sale", "order_id": [f"o{n}" for n in range(len(row))], "day": FIRST + day,
                         "product_id": np.array(index)[row], "quantity": sold[row, day]})  # fmt: skip


@pytest.fixture(scope="module")
def inventory():
    return shop()


@pytest.fixture(scope="module")
def past(inventory):
    return past_of(inventory)


@pytest.fixture(scope="module")
def proof(past):
    return replay(past, SETTINGS)


@pytest.mark.parametrize("side", ["today", "proposed"])
def test_no_unit_is_lost_or_made(proof, side):
    run = getattr(proof, side)
    before = np.vstack([run.start, run.stock[:-1]])
    assert np.allclose(run.stock, before + run.receipts - run.sales + run.change)
    total = run.start + run.receipts.sum(axis=0) - run.sales.sum(axis=0) + run.change.sum(axis=0)
    assert np.allclose(run.stock[-1], total)
    assert (run.stock >= 0).all() and (run.sales >= 0).all()


def test_both_sides_meet_the_same_demand(proof, past):
    summary = proof.summary.set_index("side")
    both = summary["units_sold"] + summary["lost_units"]
    assert both["today"] == both["proposed"] == past.demand.sum()
    assert summary["fill_rate"].tolist() == pytest.approx((summary["units_sold"] / both).tolist())
    assert (summary["lost_margin_low"] == summary["lost_margin_high"] / 2).all()
    assert proof.products["lost_units_proposed"].sum() == pytest.approx(summary.loc["proposed", "lost_units"])
    assert proof.daily["proposed"].mean() == pytest.approx(summary.loc["proposed", "value"])
    assert proof.products["value_today"].sum() == pytest.approx(summary.loc["today", "value"])


def test_a_shop_that_orders_blindly_is_out_less_often_with_less_stock_by_the_policy(proof):
    summary = proof.summary.set_index("side")
    assert summary.loc["proposed", "stock_out_days"] < summary.loc["today", "stock_out_days"] / 2
    assert summary.loc["proposed", "value"] < summary.loc["today", "value"]
    assert summary.loc["proposed", "fill_rate"] > 0.98 > summary.loc["today", "fill_rate"]


def test_the_future_is_not_known(inventory, past):
    """Other sales after a day change nothing of what is known on it."""
    cut = past.first_day + past.refit_days[6]
    later = inventory.units.copy()
    later.loc[:, cut:] = later.loc[:, cut:] * 5 + 3
    other = past_of(SimpleNamespace(**{**vars(inventory), "units": later}))
    for name in ("per_day", "sd_day", "sales"):
        assert np.array_equal(getattr(past, name)[:, :7], getattr(other, name)[:, :7])
        assert not np.array_equal(getattr(past, name)[:, 7:], getattr(other, name)[:, 7:])
    assert past.items.equals(other.items) and (past.abc == other.abc).all()


def test_the_calendar_is_learnt_from_the_years_before(inventory):
    none = pd.DataFrame({"name": [], "first_day": [], "last_day": []}, dtype="int64")
    past = past_of(inventory, none)
    window = inventory.units.columns >= past.first_day
    later = inventory.units.copy()
    later.loc[:, window] = 0.0
    other = past_of(SimpleNamespace(**{**vars(inventory), "units": later}), none)
    assert np.allclose(past.per_day[:, 0], other.per_day[:, 0])
    flat = past_of(inventory)
    season = 1 + 0.4 * np.sin(2 * np.pi * (past.first_day + past.refit_days) / 365.25)
    by_calendar, by_level = (one.per_day.sum(axis=0) for one in (past, flat))
    assert np.corrcoef(by_calendar, season)[0, 1] > np.corrcoef(by_level, season)[0, 1] + 0.2


def plain(past, point, quantity, per_day, leads):
    """The same year, one product and one day after the other."""
    size, days = past.demand.shape
    sales = np.zeros((days, size))
    for row in range(size):
        stock, coming = past.start[row], {}
        for day in range(days):
            if day < past.items["lead_time_days"].iloc[row]:
                coming[day] = coming.get(day, 0) + max(past.received[row, day] - past.special[row, day], 0)
        for day in range(days):
            stock += coming.pop(day, 0)
            sales[day, row] = min(stock, past.demand[row, day] - past.special[row, day])
            stock = max(stock - sales[day, row] + past.change[row, day], 0)
            fit = day // 28
            if day % 7 == 0 and per_day[fit, row] > 0:
                position, bought = stock + sum(coming.values()), 0
                while position + bought <= point[fit, row]:
                    bought += quantity[fit, row]
                if bought:
                    due = day + leads[day, row]
                    coming[due] = coming.get(due, 0) + bought
    return sales + past.special.T


def test_a_plain_loop_gives_the_same_year(past, proof):
    from echannel.metrics.inventory import replay as module

    arrays = [field.name for field in fields(past) if hasattr(getattr(past, field.name), "shape")]
    names = [name for name in arrays if name != "refit_days"]
    few = replace(past, **{name: getattr(past, name)[:5] for name in names})
    point, quantity, per_day = module._policies(few, SETTINGS, WhatIf())
    leads = module._lead_draws(few, 0.0, 20_241)
    assert np.allclose(plain(few, point, quantity, per_day, leads), replay(few, SETTINGS).proposed.sales)


def test_deliveries_take_what_the_suppliers_deliveries_took(past):
    from echannel.metrics.inventory import replay as module

    leads = module._lead_draws(past, 0.0, 3)
    measured = [i for i, one in enumerate(past.items["supplier_id"]) if one in past.lead_record]
    assert measured and set(np.unique(leads[:, measured])) <= {9, 10, 11, 12, 13}
    longer = module._lead_draws(past, 7.0, 3)
    assert np.array_equal(longer, leads + 7)


def test_the_sliders_move_what_they_must(past, proof):
    now = proof.summary.set_index("side").loc["proposed"]
    more = replay(past, SETTINGS, WhatIf(service=0.995)).summary.set_index("side").loc["proposed"]
    less = replay(past, SETTINGS, WhatIf(service=0.80)).summary.set_index("side").loc["proposed"]
    slow = replay(past, SETTINGS, WhatIf(longer=21)).summary.set_index("side").loc["proposed"]
    poor = replay(past, SETTINGS, budget=60.0)
    assert less["value"] < now["value"] < more["value"] and more["lost_units"] < less["lost_units"]
    assert slow["orders"] > 0 and slow["value"] != now["value"]
    spent = (poor.proposed.ordered * past.items["unit_cost"].to_numpy()).sum(axis=1)
    assert (
        spent.max()
        <= 60 + 1e-6
        < (proof.proposed.ordered * past.items["unit_cost"].to_numpy()).sum(axis=1).max()
    )
    assert poor.summary.loc[1, "lost_units"] > now["lost_units"]


def test_what_cannot_be_replayed_is_left_out_and_counted(inventory):
    goods, held, units = inventory.items.copy(), inventory.on_hand.copy(), inventory.units.copy()
    goods.loc["p000", "active"] = False
    held.loc["p001", TODAY - 100] = np.nan
    units.loc["p002", : TODAY - 365] = 0.0
    other = SimpleNamespace(**{**vars(inventory), "items": goods, "on_hand": held, "units": units})
    past = past_of(other)
    assert past.left_out == 3 and not {"p000", "p001", "p002"} & set(past.items.index)
    none = SimpleNamespace(**{**vars(inventory), "on_hand": held * np.nan})
    nothing = replay(past_of(none), SETTINGS).summary
    assert nothing["status"].tolist() == ["too_few"] * 2 and nothing["value"].isna().all()
    assert (
        nothing["left_out"].tolist() == [24, 24]
        and nothing["reason"].tolist() == ["reason.nothing_to_replay"] * 2
    )


def test_orders_that_nobody_recorded_are_not_none(inventory):
    other = SimpleNamespace(**{**vars(inventory), "purchases": purchases()})
    found = replay(past_of(other), SETTINGS).summary.set_index("side")
    assert found["inferred_share"].tolist() == [0, 0]
    assert np.isnan(found.loc["today", "orders"]) and found.loc["proposed", "orders"] > 0


def test_an_exceptional_order_is_bought_for_and_not_stocked_for(inventory):
    units, came = inventory.units.copy(), inventory.received.copy()
    for panel in (units, came):
        panel.loc["p003", [TODAY - 500, TODAY - 200]] += 5_000.0
    lines = lines_of(units.to_numpy(), units.index)
    past = past_of(SimpleNamespace(**{**vars(inventory), "units": units, "received": came, "lines": lines}))
    plain = past_of(inventory)
    row = list(past.items.index).index("p003")
    assert past.special.sum() > 4_000 and (past.special[row] > 0).sum() == 1
    assert past.per_day[row] == pytest.approx(plain.per_day[row], rel=0.5)
    found = replay(past, SETTINGS)
    assert found.summary["special_units"].tolist() == [past.special.sum()] * 2
    assert found.products.loc["p003", "lost_units_proposed"] < 60
    assert found.summary["units_sold"].min() > 5_000

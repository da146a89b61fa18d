"""Alerts, transfers and promises: by hand, by property, and against a unit-by-unit simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from goods import TODAY, facts, items, paths, position, purchases
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.metrics.inventory.alerts import alerts, will_expire
from echannel.metrics.inventory.items import InventorySettings
from echannel.metrics.inventory.outlook import outlook
from echannel.metrics.inventory.policy import policies
from echannel.metrics.inventory.promises import available_to_promise, delivery_promise
from echannel.metrics.inventory.transfers import outflow_shares, transfers


def plan_of(goods, known):
    return policies(goods, known, pd.Series("B", index=goods.index), InventorySettings())


def delivered(index, rows=(), days=60):
    panel = pd.DataFrame(0.0, index=index, columns=pd.RangeIndex(TODAY - days + 1, TODAY + 1))
    for product, day, units in rows:
        panel.loc[product, day] = units
    return panel


def told(goods, at, known=None, bought=None, received=None, ahead=None):
    known = facts(goods.index) if known is None else known
    ahead = paths(goods.index, known["per_day"] * 7) if ahead is None else ahead
    received = delivered(goods.index) if received is None else received
    return alerts(
        plan_of(goods, known), goods, at, ahead, purchases() if bought is None else bought, received, TODAY
    )


def test_what_will_run_out_and_when():
    goods = items(a={}, saved={}, out={}, ended={"active": False}, enough={})
    bought = purchases(("saved", 900, TODAY - 3, TODAY + 4))
    at = position(goods.index, on_hand=[110.0, 110.0, 0.0, 0.0, 700.0])
    rows = told(goods, at, bought=bought).query("kind == 'run_out'").set_index("product_id")
    assert sorted(rows.index) == ["a", "out"]
    assert rows.loc["a", ["day", "value", "money"]].tolist() == [TODAY + 6, 490, 490 * 8]
    assert rows.loc["out", "day"] == TODAY and rows.loc["out", "why"] == "reason.alert_is_out"


def test_overstock_is_cover_beyond_what_the_policy_needs_and_90_days():
    goods = items(a={}, b={})
    rows = told(goods, position(goods.index, on_hand=[3000.0, 2000.0])).query("kind == 'overstock'")
    line = rows.set_index("product_id").loc["a"]
    limit = 10 + 77.8487 / 20 + 90
    assert rows["product_id"].tolist() == ["a"]
    assert line["cover_days"] == 150 and line["limit_days"] == pytest.approx(limit, abs=1e-3)
    assert line["value"] == np.floor(3000 - limit * 20) and line["money"] == line["value"] * 12


def test_stock_for_more_than_ten_years_is_said_to_be_that_not_to_last_millions_of_days():
    goods = items(a={}, b={})
    rows = told(goods, position(goods.index, on_hand=[20.0 * 3651, 20.0 * 3650])).set_index("product_id")
    assert rows["why"].to_dict() == {"a": "reason.alert_overstock_years", "b": "reason.alert_overstock"}


def test_a_supplier_is_late_by_its_promise_or_by_its_own_record():
    goods = items(a={})
    past = [
        ("a", 5, TODAY - 100 + at, None, TODAY - 100 + at + took) for at, took in enumerate([8, 9, 10, 12])
    ]
    bought = purchases(
        *past, ("a", 40, TODAY - 5, TODAY - 2), ("a", 30, TODAY - 20, None), ("a", 20, TODAY - 9, None)
    )
    rows = told(goods, position(goods.index, 500.0), bought=bought).query("kind == 'supplier_late'")
    assert rows["purchase_id"].tolist() == ["b5", "b4"]
    assert rows["why"].tolist() == ["reason.alert_slow", "reason.alert_late"]
    assert rows["value"].tolist() == [30, 40] and rows["days_late"].tolist()[1] == 2


def expired_by_hand(batches, per_day, life, days):
    """Sell the oldest unit first, day by day; a unit of day t is gone at the end of day t + life."""
    left, lost = dict(sorted(batches.items())), 0.0
    for day in range(TODAY + 1, TODAY + days + 1):
        wish = per_day
        for born in left:
            sold = min(left[born], wish)
            left[born] -= sold
            wish -= sold
        for born in left:
            if born + life <= day:
                lost += left[born]
                left[born] = 0.0
    return lost


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.integers(TODAY - 19, TODAY), st.integers(1, 60), min_size=1, max_size=5),
    st.integers(0, 6),
    st.integers(20, 40),
)
def test_what_will_expire_is_what_selling_the_oldest_first_leaves(batches, per_day, life):
    goods = items(a={"shelf_life_days": float(life)})
    at, known = position(["a"], float(sum(batches.values()))), facts(["a"], float(per_day), 1.0)
    ahead = outlook(goods.index, at, paths(["a"], per_day * 7.0), purchases(), [10.0], [per_day], TODAY, 30)
    rows = will_expire(
        ahead, plan_of(goods, known), goods, delivered(["a"], [("a", *one) for one in batches.items()])
    )
    assert rows["value"].sum() == expired_by_hand(batches, per_day, life, 30)


def test_stock_that_no_delivery_explains_is_sold_first_and_not_called_expired():
    goods = items(a={"shelf_life_days": 20.0})
    at, known = position(["a"], 100.0), facts(["a"], 2.0, 1.0)
    ahead = outlook(goods.index, at, paths(["a"], 14.0), purchases(), [10.0], [2.0], TODAY, 30)
    found = will_expire(ahead, plan_of(goods, known), goods, delivered(["a"], [("a", TODAY, 30)]))
    assert found["value"].tolist() == [30.0] and found["day"].tolist() == [TODAY + 20]
    assert will_expire(ahead, plan_of(goods, known), goods, delivered(["a"])).empty


def test_nothing_to_tell_is_an_empty_list():
    goods = items(a={})
    assert told(goods, position(goods.index, on_hand=700.0)).empty
    few = facts(goods.index, n=2)
    assert told(goods, position(goods.index), few).empty


def at_places(*rows):
    return pd.DataFrame(rows, columns=["product_id", "location", "available"])


def shares(*rows):
    return pd.DataFrame(rows, columns=["product_id", "location", "value"]).assign(n=5)


def test_a_transfer_comes_before_an_order():
    goods = items(a={}, b={})
    found = transfers(
        at_places(("a", "Lille", 20.0), ("a", "Kent", 500.0), ("b", "Lille", 20.0), ("b", "Kent", 100.0)),
        shares(("a", "Lille", 0.5), ("a", "Kent", 0.5), ("b", "Lille", 0.5), ("b", "Kent", 0.5)),
        plan_of(goods, facts(goods.index)),
        goods,
    )
    line = found.iloc[0]
    assert len(found) == 1 and (line["from_location"], line["to_location"]) == ("Kent", "Lille")
    assert line["value"] == np.ceil(277.8487 / 2 - 20) and line["to_days"] == 2
    assert line["saves"] == line["value"] * 12


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 900), st.floats(0.05, 1)), min_size=1, max_size=14)
)
def test_units_are_conserved_and_nobody_gives_what_he_needs(rows):
    names = [f"p{product}" for product, *_ in rows]
    goods = items(**{name: {} for name in sorted(set(names))})
    frame = at_places(
        *(
            (name, f"l{i}", float(have))
            for i, (name, (_, have, _)) in enumerate(zip(names, rows, strict=True))
        )
    )
    weight = pd.Series([one[2] for one in rows])
    part = weight / weight.groupby(names).transform("sum")
    split = shares(*zip(names, frame["location"], part, strict=True))
    plan = plan_of(goods, facts(goods.index))
    found = transfers(frame, split, plan, goods)
    assert (found["value"] >= 1).all() and (found["value"] % 1 == 0).all()
    change = frame.set_index("location")["available"].copy()
    point = (part * plan["reorder_point"].reindex(names).to_numpy()).set_axis(frame["location"])
    need = pd.Series(part.to_numpy() * 200.0, index=frame["location"])
    for one in found.itertuples():
        assert one.from_location != one.to_location
        assert frame.loc[frame["location"] == one.from_location, "product_id"].item() == one.product_id
        change[one.from_location] -= one.value
        change[one.to_location] += one.value
    assert change.sum() == frame["available"].sum()
    gave, got = set(found["from_location"]), set(found["to_location"])
    assert not gave & got
    assert all(change[place] >= point[place] - 1e-6 for place in gave)
    assert all(change[place] <= point[place] + 1 for place in got)
    before = frame.set_index("location")["available"]
    for name in set(names):  # either nobody there is short any more, or nobody has anything to spare
        there = frame.loc[frame["product_id"] == name, "location"]
        short = [p for p in there if before[p] < need[p] and change[p] < np.ceil(point[p]) - 1e-6]
        spare = [p for p in there if before[p] >= need[p] and change[p] >= point[p] + 1]
        assert not (short and spare)


def test_shares_are_those_of_what_counts_fell_by():
    levels = pd.DataFrame(
        [
            ("a", "Lille", 0, 50),
            ("a", "Lille", 7, 20),
            ("a", "Kent", 0, 40),
            ("a", "Kent", 7, 30),
            ("a", "Kent", 9, 90),
            ("b", "Lille", 0, 5),
            ("b", "Kent", 0, 5),
        ],
        columns=["product_id", "location", "as_of", "on_hand"],
    )
    levels["as_of"] = pd.to_datetime(levels["as_of"], unit="D")
    found = outflow_shares(levels, pd.Index(["a", "b"])).set_index(["product_id", "location"])
    assert found["value"].to_dict() == {
        ("a", "Kent"): 0.25,
        ("a", "Lille"): 0.75,
        ("b", "Kent"): 0.25,
        ("b", "Lille"): 0.75,
    }
    assert found["share_from"].tolist() == ["product", "product", "shop", "shop"]
    assert outflow_shares(levels[levels["product_id"] == "b"], pd.Index(["a", "b"])).empty


def test_a_promise_is_what_is_here_less_what_is_reserved_and_what_comes():
    goods = items(a={}, uncounted={})
    bought = purchases(("a", 50, TODAY - 3, TODAY + 4), ("a", 20, TODAY - 1, TODAY + 9))
    at = position(["a"], on_hand=30.0, reserved=40.0, on_order=70.0)
    found = available_to_promise(goods, at, bought, TODAY)
    mine = found[found["product_id"] == "a"]
    assert mine["day"].tolist() == [TODAY, TODAY + 4, TODAY + 9] and mine["value"].tolist() == [0, 40, 60]
    days = [delivery_promise(found, goods, "a", wanted, TODAY) for wanted in (40, 41, 61)]
    assert days == [TODAY + 4, TODAY + 9, TODAY + 10]
    assert delivery_promise(found, goods, "uncounted", 1, TODAY) is None
    assert found.set_index("product_id").loc["uncounted", "status"] == "input_missing"

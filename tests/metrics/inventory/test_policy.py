"""Policies of whole assortments: the published vectors, what limits an order, whose target counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from goods import TODAY, facts, items, paths
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.metrics.inventory.facts import daily_path, demand_facts, history_facts
from echannel.metrics.inventory.items import InventorySettings
from echannel.metrics.inventory.policy import WhatIf, policies, service_curve

PLAIN = InventorySettings()


def policy(goods, known=None, abc="B", settings=PLAIN, **more) -> pd.DataFrame:
    known = facts(goods.index) if known is None else known
    return policies(goods, known, pd.Series(abc, index=goods.index), settings, **more)


def test_vectors_1_and_2_in_one_row():
    found = policy(items(a={})).loc["a"]
    assert found["z"] == pytest.approx(1.6449, abs=5e-5)
    assert found["safety_stock"] == pytest.approx(77.85, abs=5e-3)
    assert found["reorder_point"] == pytest.approx(277.85, abs=5e-3)
    assert found["eoq"] == pytest.approx(371.83, abs=5e-3) and found["order_quantity"] == 372
    assert found["order_limit"] == "economic" and found["distribution"] == "normal"
    assert found["cycle_service"] == pytest.approx(0.95, abs=1e-6)
    assert found["fill_rate"] == pytest.approx(1 - 47.3286 * 0.020894 / 372, abs=2e-5)


def test_a_fill_rate_of_95_needs_a_tenth_of_the_stock_of_a_cycle_service_of_95():
    goods = items(a={"order_quantity_min": 300, "order_cost": 0.1})
    found = policy(goods, what_if=WhatIf(service=0.95, fill=True)).loc["a"]
    assert found["order_quantity"] == 300
    assert found["safety_stock"] == pytest.approx(8.35, abs=0.01)
    assert found["cycle_service"] == pytest.approx(0.570, abs=1e-3)


@pytest.mark.parametrize(
    ("own", "quantity", "limit"),
    [
        ({"order_quantity_multiple": 24}, 384, "economic"),
        ({"order_quantity_min": 500}, 500, "minimum"),
        ({"order_quantity_min": 500, "order_quantity_multiple": 24}, 504, "minimum"),
        ({"shelf_life_days": 12.0}, 162, "shelf_life"),
        ({"shelf_life_days": 1.0, "order_quantity_multiple": 6}, 6, "shelf_life"),
        ({"review_days": 21.0, "order_quantity_multiple": 10}, 10, "review"),
        ({"unit_cost": np.nan, "review_days": 7.0}, 1, "review"),
    ],
)
def test_what_limits_an_order(own, quantity, limit):
    found = policy(items(a=own)).loc["a"]
    assert (found["order_quantity"], found["order_limit"]) == (quantity, limit)


def test_cash_limits_an_order_to_whole_packs():
    found = policy(items(a={"order_quantity_multiple": 24}), what_if=WhatIf(cash=1000.0)).loc["a"]
    assert (found["order_quantity"], found["order_limit"]) == (72, "cash")


def test_a_discount_is_taken_where_it_pays():
    def price(per_unit):
        return pd.DataFrame(
            {
                "supplier_id": "s1",
                "product_id": "a",
                "quantity_from": [1.0, 600.0],
                "unit_cost": [12.0, per_unit],
            }
        )

    worth, not_worth = (policy(items(a={}), prices=price(at)).loc["a"] for at in (11.0, 11.99))
    assert (worth["order_quantity"], worth["order_limit"], worth["unit_cost"]) == (600, "discount", 11.0)
    assert (not_worth["order_quantity"], not_worth["order_limit"]) == (372, "economic")
    poor = policy(items(a={}), prices=price(11.0), what_if=WhatIf(cash=5000.0)).loc["a"]
    assert poor["order_limit"] == "cash" and poor["unit_cost"] == 12 and poor["order_quantity"] * 12 <= 5000
    short_lived = policy(items(a={"shelf_life_days": 12.0}), prices=price(11.0)).loc["a"]
    assert (short_lived["order_quantity"], short_lived["unit_cost"]) == (162, 12.0)


def test_the_target_is_the_profiles_or_the_classes_or_the_margins():
    goods = items(a={}, b={"supplier_id": "s2"}, c={"supplier_id": "s3", "price_net": 12.5})
    abc = pd.Series(["A", "C", "?"], index=goods.index)
    settings_of_sme = InventorySettings(service={"A": 0.97})
    found = policy(goods, abc=abc, settings=settings_of_sme)
    assert found["service_target"].tolist() == [0.97, 0.90, 0.90]
    assert found["service_from"].tolist() == ["profile", "default", "default"]
    derived = policy(goods, abc=abc, what_if=WhatIf(by_margin=True))
    years = 372 / 7300
    expected = 8 / (8 + 0.22 * 12 * years)
    assert derived["service_target"].iloc[0] == pytest.approx(expected)
    assert derived["service_target"].iloc[2] < derived["service_target"].iloc[1] == pytest.approx(expected)
    chosen = policy(goods, abc=abc, what_if=WhatIf(service=0.9))
    assert set(chosen["service_from"]) == {"chosen"} and set(chosen["service_target"]) == {0.9}


def test_what_nobody_said_is_named_and_what_nobody_knows_has_no_number():
    goods = items(
        a={"lead_time_days_from": "default", "holding_rate_from": "default"}, few={}, b={"unit_cost": np.nan}
    )
    known = facts(goods.index)
    known.loc["few", "n"] = 3
    found = policy(goods, known)
    assert found["assumed"].tolist() == ["lead_time_days,holding_rate", "", ""]
    assert found["status"].tolist() == ["ok", "too_few", "ok"]
    assert found.loc["few", "reason"] == "reason.few_sales"
    numbers = found.loc["few", ["value", "safety_stock", "reorder_point", "order_quantity", "fill_rate", "z"]]
    assert numbers.isna().all()
    assert np.isnan(found.loc["b", "stock_value"]) and found.loc["b", "reorder_point"] > 0


def test_longer_lead_times_need_more():
    goods = items(a={}, b={"review_days": 7.0})
    more, now = (policy(goods, what_if=WhatIf(longer=days)) for days in (7.0, 0.0))
    assert (more["safety_stock"] > now["safety_stock"]).all()
    assert (more["reorder_point"] - now["reorder_point"] > 7 * 20).all()


def test_lumpy_demand_is_not_taken_for_normal():
    goods = items(lumpy={"review_days": 7.0}, steady={"review_days": 7.0})
    known = facts(goods.index, per_day=[0.3, 20.0], sd_day=[2.0, 5.0])
    assert policy(goods, known)["distribution"].tolist() == ["negative_binomial", "normal"]


def test_the_curve_from_90_to_98():
    goods = items(a={"review_days": 7.0}, b={"unit_cost": 3.0, "price_net": 9.0, "review_days": 7.0}, few={})
    known = facts(goods.index, per_day=[20, 2, 1], sd_day=[8, 3, 1], n=[300, 90, 1])
    curve = service_curve(goods, known, pd.Series("A", index=goods.index), PLAIN, (0.90, 0.95, 0.98))
    assert curve["level"].tolist() == [0.90, 0.95, 0.98] and (curve["n"] == 2).all()
    for rising in ("safety_stock_value", "stock_value", "cycle_service", "fill_rate", "holding_cost"):
        assert (curve[rising].diff().dropna() > 0).all(), rising
    assert (curve["lost_margin"].diff().dropna() < 0).all()
    assert (curve["cycle_service"] - curve["level"]).between(-0.002, 0.03).all()
    ended = service_curve(
        goods.assign(active=[True, False, True]), known, pd.Series(dtype=object), PLAIN, (0.9,)
    )
    assert ended["n"].tolist() == [1]
    nothing = service_curve(goods[:0], known[:0], pd.Series(dtype=object), PLAIN, (0.9,))
    assert nothing["status"].tolist() == ["too_few"] and nothing["value"].isna().all()


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.02, 60),
    st.floats(0.2, 5),
    st.integers(0, 60),
    st.sampled_from([0.0, 1.0, 7.0, 30.0]),
    st.integers(1, 48),
    st.integers(0, 90),
)
def test_every_policy_orders_whole_packs_and_keeps_its_target(per_day, spread, lead, review, pack, least):
    own = {"lead_time_days": float(lead), "review_days": review}
    goods = items(a={**own, "order_quantity_multiple": float(pack), "order_quantity_min": float(least)})
    found = policy(goods, facts(goods.index, per_day, per_day * spread)).loc["a"]
    assert found["order_quantity"] % pack == 0 and found["order_quantity"] >= max(least, 1)
    assert found["cycle_service"] >= 0.95 - 1e-6 and 0 <= found["fill_rate"] <= 1
    assert found["order_up_to"] == found["reorder_point"] + found["order_quantity"]
    assert found["mean_stock"] >= 0


def test_demand_is_taken_while_in_stock_only():
    days = pd.RangeIndex(TODAY - 69, TODAY + 1)
    units = pd.DataFrame(2.0, index=["a", "gone"], columns=days)
    in_stock = pd.DataFrame(1.0, index=units.index, columns=days)
    units.loc["a", days[20:48]] = 0.0
    in_stock.loc["a", days[20:48]] = 0.0
    in_stock.loc["gone"] = 0.0
    found = history_facts(units, in_stock)
    assert found.loc["a", "per_day"] == pytest.approx(2.0)
    assert found["status"].tolist() == ["ok", "too_few"] and found["per_day"].isna().tolist() == [False, True]


def test_the_forecast_speaks_for_the_days_until_the_next_delivery_but_one():
    goods = items(a={"lead_time_days": 10.0, "review_days": 4.0}, b={})
    ahead = paths(["a"], 70.0)
    ahead["mean"] = np.where(ahead["week"] <= TODAY, 70.0, 140.0)
    days = pd.RangeIndex(TODAY - 69, TODAY + 1)
    units = pd.DataFrame(3.0, index=goods.index, columns=days)
    choice = pd.DataFrame({"sd_week": [7.0], "status": "ok"}, index=["a"])
    found = demand_facts(choice, ahead, goods, units, units * 0 + 1.0, TODAY)
    path = daily_path(ahead, goods.index, TODAY, 14)
    assert found.loc["a", "per_day"] == pytest.approx(path[0].mean())
    assert set(np.round(path[0], 6)) == {10.0, 20.0} and np.isnan(path[1]).all()
    assert found.loc["a", "sd_day"] == pytest.approx(7 / np.sqrt(7))
    assert found["n"].tolist() == [70, 70]
    assert found["source"].tolist() == ["forecast", "history"] and found.loc["b", "per_day"] == pytest.approx(
        3.0
    )
    assert daily_path(ahead, goods.index, TODAY, 400)[0, -1] == pytest.approx(ahead["mean"].mean() / 7)


def test_products_of_one_supplier_share_the_cost_of_its_orders_and_so_come_in_one_rhythm():
    goods = items(
        a={},
        b={"unit_cost": 3.0},
        c={"unit_cost": 30.0},
        alone={"supplier_id": "s2"},
        none={"supplier_id": ""},
    )
    known = facts(goods.index, per_day=[20, 10, 2, 20, 20])
    found = policy(goods, known)
    days = found["eoq"] / known["per_day"]
    yearly = 0.22 * goods["unit_cost"] * known["per_day"] * 365
    together = np.sqrt(2 * 25 / yearly[["a", "b", "c"]].sum()) * 365
    assert days[["a", "b", "c"]].tolist() == pytest.approx([together] * 3)
    assert found.loc[["alone", "none"], "eoq"].tolist() == pytest.approx([371.83] * 2, abs=5e-3)


def test_no_order_is_for_more_than_a_year():
    goods = items(a={"unit_cost": 0.05, "review_days": 7.0})
    found = policy(goods, facts(goods.index, per_day=0.1, sd_day=0.3)).loc["a"]
    assert found["eoq"] > 365 and (found["order_quantity"], found["order_limit"]) == (36, "year")

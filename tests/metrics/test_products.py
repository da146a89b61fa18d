"""Best sellers, movers, pairs, discounts, margins and returns, against plain loops."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from itertools import combinations

import numpy as np
import pytest
from growth_shops import Event, Shop, day, period, shops, two_periods
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.metrics import products
from echannel.metrics.margins import SETTLED_DAYS

MARCH = period("2025-03-01", "2025-03-31")
BASKET = st.sets(st.sampled_from("pqrst"), min_size=1, max_size=4).map("".join)


def sold(shop: Shop, one=None) -> dict[str | None, list[float]]:
    """Units and goods sold per product, the order's discount spread by value."""
    found: dict = defaultdict(lambda: [0, 0.0])
    for event in shop.within(one):
        for product, units, price in event.lines:
            found[product][0] += units
            found[product][1] += units * price * event.sold / event.goods
    return found


def returned(shop: Shop, one=None) -> dict[str | None, list[float]]:
    found: dict = defaultdict(lambda: [0, 0.0])
    for _, (_, product, units, amount, postage) in shop.returned(one):
        found[product][0] += units
        found[product][1] += amount - postage
    return found


@settings(max_examples=15)
@given(shops())
def test_best_sellers_sum_to_what_names_a_product(shop):
    found = products.best_sellers(shop.sales.lines, count=None).set_index("product_id")
    gone, back = sold(shop), returned(shop)
    for product, row in found.iterrows():
        assert row["value"] == pytest.approx(gone[product][1] - back[product][1], abs=1e-6)
        assert row["units"] == gone[product][0] - back[product][0]
        assert row["orders"] == len(
            [e for e in shop.within(None) if product in [line[0] for line in e.lines]]
        )
    assert set(found.index) == {p for p in {*gone, *back} if p}
    assert found["value"].is_monotonic_decreasing
    whole = shop.turnover(None)
    if whole > 0:
        assert found["share"].sum() == pytest.approx(found["value"].sum() / whole)


@settings(max_examples=15)
@given(shops(), two_periods())
def test_movers_are_differences_of_turnover(shop, periods):
    now, before = periods
    found = products.movers(shop.sales.lines, now, before, minimum=1)
    gone, back = [sold(shop, p) for p in periods], [returned(shop, p) for p in periods]
    value = {p: gone[0][p][1] - back[0][p][1] - gone[1][p][1] + back[1][p][1] for p in "pqrs"}
    for row in found.itertuples():
        assert row.value == pytest.approx(value[row.product_id], abs=1e-6)
        assert row.direction == ("riser" if row.value > 0 else "faller")
        assert (row.units, row.units_before) == (gone[0][row.product_id][0], gone[1][row.product_id][0])
    risers = found.loc[found["direction"] == "riser", "value"]
    fallers = found.loc[found["direction"] == "faller", "value"]
    assert risers.is_monotonic_decreasing and fallers.is_monotonic_increasing
    expected = {p for p in "pqrs" if max(gone[0][p][0], gone[1][p][0]) >= 1 and abs(value[p]) > 1e-9}
    assert expected <= set(found["product_id"])


def orders_with(baskets: list[str], start: str = "2025-03-01") -> Shop:
    first = date.fromisoformat(start)
    return Shop(
        [
            Event(f"{start}-{n}", first + timedelta(days=n % 28), [(product, 1, 10.0) for product in basket])
            for n, basket in enumerate(baskets)
        ]
    )


def test_a_mover_is_beyond_chance_only_when_orders_say_so():
    now, before = orders_with(["p"] * 60 + ["q"] * 21), orders_with(["p"] * 20 + ["q"] * 20, "2025-02-01")
    shop = Shop(now.events + before.events)
    found = products.movers(shop.sales.lines, MARCH, period("2025-02-01", "2025-02-28"))
    beyond = found.set_index("product_id")["beyond_chance"]
    assert beyond["p"] and not beyond["q"]


def test_a_small_volume_is_no_mover():
    shop = Shop(orders_with(["p"] * 9).events + orders_with(["q"] * 10).events[:10])
    shop = Shop([Event(f"{n}", e.on, e.lines) for n, e in enumerate(shop.events)])
    found = products.movers(shop.sales.lines, MARCH, period("2025-02-01", "2025-02-28"))
    assert found["product_id"].tolist() == ["q"]


@settings(max_examples=15)
@given(
    st.lists(st.sets(st.sampled_from("pqrst"), min_size=1, max_size=4).map("".join), min_size=1, max_size=40)
)
def test_lift_is_what_counting_baskets_gives(baskets):
    found = products.bought_together(orders_with(baskets).sales.lines, minimum=2, count=99)
    count = defaultdict(int)
    for basket in baskets:
        for size in (1, 2):
            for items in combinations(sorted(basket), size):
                count[items] += 1
    for row in found[found["status"] == "ok"].itertuples():
        a, b = row.product_a, row.product_b
        both, total = count[tuple(sorted((a, b)))], len(baskets)
        assert row.n == both >= 2
        assert row.value == pytest.approx(both * total / (count[a,] * count[b,]))
        assert row.value > 1 and row.support == pytest.approx(both / total)
        assert row.confidence_ab == pytest.approx(both / count[a,])
        assert row.confidence_ba == pytest.approx(both / count[b,])
        assert row.orders_a <= row.orders_b


def test_pairs_by_chance_are_not_shown():
    rng = np.random.default_rng(3)
    letters = np.array(list("abcdefghij"))
    random = ["".join(rng.choice(letters, 3, replace=False)) for _ in range(400)]
    assert products.bought_together(orders_with(random).sales.lines)["reason"].tolist() == ["reason.no_pairs"]
    together = random + ["yz"] * 12 + ["y"] * 3
    found = products.bought_together(orders_with(together).sales.lines)
    assert found[["product_a", "product_b", "n"]].to_numpy().tolist() == [["z", "y", 12]]
    assert found["value"].iloc[0] == pytest.approx(12 * 415 / (12 * 15))
    assert products.bought_together(orders_with(["ab"] * 5).sales.lines)["reason"].tolist() == [
        "reason.few_orders"
    ]


@settings(max_examples=15)
@given(shops())
def test_discounts_are_what_orders_gave_away(shop):
    found = products.discounts(shop.sales.lines, shop.sales.orders).set_index("measure")
    events = shop.within(None)
    given_away = [e for e in events if e.discount > 0.005]
    assert found.loc["discount_rate", "numerator"] == pytest.approx(sum(e.discount for e in events), abs=1e-6)
    assert found.loc["discount_rate", "denominator"] == pytest.approx(sum(e.goods for e in events))
    assert found.loc["discounted_orders", "numerator"] == len(given_away)
    assert found.loc["discount_when_given", "denominator"] == pytest.approx(sum(e.goods for e in given_away))
    months = products.discounts_by_month(shop.sales.lines, shop.sales.orders)
    assert months["numerator"].sum() == pytest.approx(sum(e.discount for e in events), abs=1e-6)
    assert months["n"].sum() == len(events)


def test_margin_is_of_the_part_whose_cost_is_known_and_says_so():
    events = [Event(f"o{n}", date(2025, 3, 1), [("p", 2, 10.0), ("q", 1, 20.0)]) for n in range(10)]
    shop = Shop(events, costs={"p": 4.0, "q": 0.0}, categories={"p": "Tea", "q": "Tins"})
    found = products.margin(shop.sales.lines).set_index("measure")["value"]
    assert found["gross_margin"] == pytest.approx(10 * (20 - 8))
    assert found["margin_rate"] == pytest.approx(12 / 20)  # taux de marque
    assert found["markup_rate"] == pytest.approx(12 / 8)  # taux de marge
    assert found["cost_coverage"] == pytest.approx(0.5)  # a cost of 0 is not known
    by = products.margin_by(shop.sales.lines, "category").set_index("group")
    assert by.loc["Tea", "value"] == pytest.approx(0.6) and by.loc["Tea", "coverage"] == 1
    assert by.loc["Tins", "reason"] == "reason.costs_missing" and np.isnan(by.loc["Tins", "value"])


def test_a_refund_takes_margin_off_and_goods_back():
    events = [Event(f"o{n}", date(2025, 3, 1), [("p", 2, 10.0)]) for n in range(10)]
    events[0].refunds.append((date(2025, 3, 5), "p", 1, 10.0, 0.0))
    events[1].refunds.append((date(2025, 3, 5), None, 0, 6.0, 0.0))
    shop = Shop(events, costs={"p": 4.0})
    found = products.margin(shop.sales.lines).set_index("measure")
    assert found.loc["gross_margin", "value"] == pytest.approx(200 - 10 - 6 - 19 * 4)
    assert found.loc["cost_coverage", "value"] == 1


def test_without_a_cost_there_is_no_margin():
    shop = Shop([Event(f"o{n}", date(2025, 3, 1), [("p", 2, 10.0)]) for n in range(10)])
    found = products.margin(shop.sales.lines).set_index("measure")
    assert found.loc["margin_rate", ["status", "reason"]].tolist() == [
        "input_missing",
        "reason.costs_missing",
    ]
    assert found.loc["cost_coverage", "value"] == 0
    assert found["value"].drop("cost_coverage").isna().all()


@settings(max_examples=15)
@given(shops())
def test_margins_by_product_sum_to_turnover(shop):
    lines = shop.sales.lines
    for grouping in ("product_id", "category"):
        found = products.margin_by(lines, grouping)
        assert found["turnover"].sum() == pytest.approx(shop.turnover(None), abs=0.06)
        known = found[found["cost"].notna()]
        assert (known["margin"] == known["known_turnover"] - known["cost"]).all()
    by_product = products.margin_by(lines, "product_id").set_index("group")
    gone, back = sold(shop), returned(shop)
    for product, cost in (("p", 1.5), ("q", 2.0)):
        if gone[product][0]:
            assert by_product.loc[product, "cost"] == pytest.approx(
                (gone[product][0] - back[product][0]) * cost
            )
            assert (
                by_product.loc[product, "coverage"] == pytest.approx(1)
                or gone[product][1] <= back[product][1]
            )
    assert by_product["cost"].reindex(["r", "s"]).isna().all()


@settings(max_examples=15)
@given(shops(), two_periods())
def test_returns_are_counted_with_the_sale_they_undo(shop, periods):
    now = periods[0]
    last_day = now.until + 20
    found = products.return_rate(shop.sales.lines, last_day, period=now, minimum=0).set_index("group")
    cohort = Shop([e for e in shop.within(now) if day(e.on) <= last_day - SETTLED_DAYS])
    itemised = Shop([e for e in cohort.events if e.lines])
    gone, back = sold(itemised), returned(itemised)
    assert found["numerator"].fillna(0).sum() == sum(units for units, _ in back.values())
    assert found["refunded"].sum() == pytest.approx(sum(amount for _, amount in back.values()), abs=1e-6)
    for group, row in found.iterrows():
        assert row["denominator"] == gone[group or None][0]
        assert row["sold"] == pytest.approx(gone[group or None][1])
        assert row["refunded"] == pytest.approx(back[group or None][1], abs=1e-6)


def test_a_return_after_the_period_counts_and_a_young_order_does_not():
    events = [Event(f"o{n}", date(2025, 3, 1 + n), [("p", 1, 10.0)]) for n in range(20)]
    events[2].refunds.append((date(2025, 5, 5), "p", 1, 10.0, 0.0))
    lines = Shop(events).sales.lines
    whole = products.return_rate(lines, day("2025-06-01"), period=MARCH).iloc[0]
    assert (whole["numerator"], whole["denominator"], whole["value"]) == (1, 20, 0.05)
    young = products.return_rate(lines, day("2025-04-10"), period=MARCH).iloc[0]
    assert young["denominator"] == 11


def test_refunds_without_units_give_a_rate_by_value_only():
    events = [Event(f"o{n}", date(2025, 3, 1), [("p", 1, 10.0)]) for n in range(20)]
    events[2].refunds.append((date(2025, 3, 5), "p", 0, 10.0, 0.0))
    row = products.return_rate(Shop(events).sales.lines, day("2025-06-01")).iloc[0]
    assert (row["status"], row["reason"]) == ("input_missing", "reason.returned_units_missing")
    assert np.isnan(row["value"]) and row["value_rate"] == pytest.approx(0.05)

"""Why turnover moved: parts that sum to the cent, and the sentence's main cause."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from growth_shops import Event, Shop, period, shops, two_periods
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.metrics import change
from echannel.metrics.drivers import log_mean_parts
from echannel.metrics.parts import to_the_cent

Y1, Y0 = period("2025-01-01", "2025-12-31"), period("2024-01-01", "2024-12-31")


def parts(frame: pd.DataFrame) -> pd.Series:
    return frame.set_index("part")["value"]


def assert_whole(frame: pd.DataFrame, shop: Shop, now, before) -> None:
    """Parts sum to the change of turnover, to the cent."""
    moved = shop.turnover(now) - shop.turnover(before)
    assert frame["value"].sum() == pytest.approx(moved, abs=0.0101)
    after_before = frame["after"].iloc[0] - frame["before"].iloc[0]
    assert round(frame["value"].sum() * 100) == round(after_before * 100)


def test_vector_4():
    shop = Shop(
        [
            Event("a", date(2024, 5, 1), [("A", 100, 10.0), ("B", 50, 30.0)]),
            Event("b", date(2025, 5, 1), [("A", 90, 11.0), ("B", 80, 29.0), ("C", 10, 20.0)]),
        ]
    )
    found = change.price_volume_mix(shop.sales.lines, Y1, Y0)
    assert parts(found).to_dict() == {
        "price": 10.0,
        "volume": 333.33,
        "mix": 466.67,
        "new_items": 200.0,
        "lost_items": 0.0,
        "refunds": 0.0,
        "unitemised": 0.0,
    }
    assert found["value"].sum() == pytest.approx(1010)
    assert found["n"].tolist() == [2, 2, 2, 1, 0, 0, 0]


@settings(max_examples=15)
@given(shops(), two_periods())
def test_product_parts_are_the_textbook_formulas_and_sum_to_the_change(shop, periods):
    now, before = periods
    found = change.price_volume_mix(shop.sales.lines, now, before)
    if (found["status"] == "input_missing").all():
        assert not any(p for e in shop.within(now) + shop.within(before) for p, _, _ in e.lines)
        return
    assert_whole(found, shop, now, before)
    q1, r1, q0, r0 = {}, {}, {}, {}
    for one, q, r in ((now, q1, r1), (before, q0, r0)):
        for event in shop.within(one):
            for product, units, price in event.lines:
                if product:
                    q[product] = q.get(product, 0) + units
                    r[product] = r.get(product, 0.0) + units * price * event.sold / event.goods
    both = set(q1) & set(q0)
    total1, total0 = sum(q1[p] for p in both), sum(q0[p] for p in both)
    expected = {
        "price": sum(q1[p] * (r1[p] / q1[p] - r0[p] / q0[p]) for p in both),
        "volume": (total1 - total0) * sum(r0[p] for p in both) / total0 if both else 0.0,
        "mix": sum((q1[p] - q0[p] * total1 / total0) * r0[p] / q0[p] for p in both),
        "new_items": sum(r1[p] for p in set(q1) - both),
        "lost_items": -sum(r0[p] for p in set(q0) - both),
    }
    for name, value in expected.items():
        assert parts(found)[name] == pytest.approx(value, abs=0.0101), name
    detail = change.price_volume_mix_by_product(shop.sales.lines, now, before)
    for name, value in expected.items():
        assert detail[name].sum() == pytest.approx(value, abs=1e-6)
    assert detail["value"].abs().is_monotonic_decreasing


@settings(max_examples=15)
@given(shops(), two_periods())
def test_customer_parts_sum_to_the_change(shop, periods):
    now, before = periods
    found = change.by_customers(shop.sales.entries, now, before)
    if not any(e.customer for e in shop.within(None)):
        assert (found["status"] == "input_missing").all() or not shop.within(None)
        return
    assert_whole(found, shop, now, before)
    expected = dict.fromkeys(change.CUSTOMER_PARTS, 0.0)
    counts = dict.fromkeys(change.CUSTOMER_PARTS, 0)
    for customer in "abc":
        own = Shop([e for e in shop.events if e.customer == customer])
        buys, bought = own.within(now), own.within(before)
        moved = own.turnover(now) - own.turnover(before)
        ever = sorted(own.within(None), key=lambda e: e.on)
        if buys and not bought:
            since = (ever[0].on - date(1970, 1, 1)).days
            part = "new" if since > before.until else "reactivated"
        elif buys:
            part = "more" if moved >= 0 else "less"
        else:
            part = "lost" if bought else "earlier_refunds"
        expected[part] += moved
        counts[part] += bool(buys or bought or own.returned(now) or own.returned(before))
    unknown = Shop([e for e in shop.events if e.customer is None])
    expected["unknown"] = unknown.turnover(now) - unknown.turnover(before)
    for name, value in expected.items():
        assert parts(found)[name] == pytest.approx(value, abs=0.0101), name
    assert found.set_index("part")["n"].drop("unknown").to_dict() == {
        name: count for name, count in counts.items() if name != "unknown"
    }


FACTORS = st.lists(st.floats(0.001, 1e5), min_size=3, max_size=3)


@given(FACTORS, FACTORS)
def test_logarithmic_means_leave_no_residual(before, after):
    found = log_mean_parts(np.array(before), np.array(after))
    moved = math.prod(after) - math.prod(before)
    noise = 1e-12 * max(math.prod(after), math.prod(before))
    assert found.sum() == pytest.approx(moved, rel=1e-7, abs=noise)
    for value, x0, x1 in zip(found, before, after, strict=True):
        assert value == pytest.approx(0, abs=1e-6) or (value > 0) == (x1 > x0)


def test_logarithmic_means_by_hand():
    # 1 000 × 2 % × 50 = 1 000 → 1 500 × 2 % × 40 = 1 200
    found = log_mean_parts(np.array([1000, 0.02, 50.0]), np.array([1500, 0.02, 40.0]))
    mean = 200 / math.log(1.2)
    assert found.tolist() == pytest.approx([mean * math.log(1.5), 0.0, mean * math.log(0.8)])


def test_a_factor_at_nought_takes_the_whole_change():
    nought = log_mean_parts(np.array([1000, 0.0, 0.0]), np.array([1000, 0.02, 50.0]))
    assert nought.tolist() == [0, 1000, 0]
    nearly = log_mean_parts(np.array([1000, 1e-300, 50.0]), np.array([1000, 0.02, 50.0]))
    assert nearly[1] == pytest.approx(1000)


def visits(since: str, until: str, sessions: float) -> list[dict]:
    keys = {"source": "google", "medium": "cpc", "country": "ZZ", "device": "all"}
    return [{"date": on, "sessions": sessions, **keys} for on in pd.date_range(since, until)]


@settings(max_examples=15)
@given(shops(), two_periods(), st.integers(0, 50), st.integers(0, 50))
def test_drivers_sum_to_the_change(shop, periods, sessions, sessions_before):
    now, before = periods
    days = [date(1970, 1, 1) + timedelta(days=d) for d in (now.since, now.until, before.since, before.until)]
    rows = visits(days[0], days[1], sessions) + visits(days[2], days[3], sessions_before)
    shop = Shop(shop.events, visits=rows)
    sales = shop.sales
    found = change.traffic_drivers(sales.entries, sales.visits, now, before)
    if not (sessions and sessions_before):
        assert set(found["reason"]) == {"reason.visits_missing"} and found["value"].isna().all()
    else:
        assert_whole(found, shop, now, before)
        own = [e for e in shop.within(now) if e.channel == "own_shop"]
        factors = found.set_index("part")["factor"]
        assert factors["sessions"] == sessions * now.days
        assert factors["conversion"] == pytest.approx(len(own) / (sessions * now.days))
    buyers = change.buyer_drivers(sales.entries, now, before)
    if (buyers["status"] == "ok").all():
        assert_whole(buyers, shop, now, before)
        known = [e for e in shop.within(now) if e.customer]
        assert buyers["factor"].iloc[0] == len({e.customer for e in known})


def test_visits_that_cover_half_a_period_are_no_basis():
    shop = Shop(
        [Event(f"o{n}", date(2024 + n % 2, 1 + n % 12, 3), bare_goods=10) for n in range(24)],
        visits=visits("2024-01-01", "2025-06-30", 100),
    )
    found = change.traffic_drivers(shop.sales.entries, shop.sales.visits, Y1, Y0)
    assert set(found["reason"]) == {"reason.visits_missing"}


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9))
def test_rounded_parts_sum_to_the_rounded_whole(values):
    total = round(sum(values), 2)
    rounded = to_the_cent(np.array(values), total)
    assert round(rounded.sum() * 100) == round(total * 100)
    assert np.abs(rounded - np.array(values)).max() <= 0.0150001
    nought = np.array(values) == 0
    if not nought.all():
        assert (rounded[nought] == 0).all()


def weekly(prices: tuple[float, float], units: tuple[int, int], noise: float) -> Shop:
    rng = np.random.default_rng(7)
    events = []
    for year, (price, count) in enumerate(zip(prices, units, strict=True)):
        for week in range(50):
            on = date(2024 + year, 1, 2) + timedelta(weeks=week)
            sold = max(1, int(count * rng.lognormal(0, noise)))
            events.append(Event(f"o{year}-{week}", on, [("p", sold, price), ("q", 3, 5.0)], f"c{week % 9}"))
    return Shop(events)


def test_a_clear_cause_is_named_and_an_unclear_one_said_to_be():
    clear = change.main_cause(weekly((10.0, 13.0), (20, 20), 0.1).sales.lines, Y1, Y0).iloc[0]
    assert (clear["part"], clear["verdict"]) == ("price", "clear")
    assert clear["certainty"] > 0.95 and clear["low"] < clear["value"] < clear["high"]
    unclear = change.main_cause(weekly((10.0, 10.01), (20, 20), 1.0).sales.lines, Y1, Y0).iloc[0]
    assert unclear["verdict"] != "clear" and unclear["certainty"] < 0.9
    assert unclear["low"] < 0 < unclear["high"]


def test_a_cause_is_the_largest_part_in_the_direction_of_the_change():
    lines = weekly((10.0, 13.0), (20, 10), 0.1).sales.lines
    cause = change.main_cause(lines, Y1, Y0).iloc[0]
    found = change.price_volume_mix(lines, Y1, Y0)
    assert cause["change"] == pytest.approx(found["value"].sum()) and cause["change"] < 0
    assert cause["value"] == found["value"].min()
    assert change.main_cause(lines, Y1, Y0).iloc[0].to_dict() == cause.to_dict()


def test_a_cause_needs_time_and_a_change():
    lines = weekly((10.0, 13.0), (20, 20), 0.1).sales.lines
    short = change.main_cause(lines, period("2025-03-01", "2025-03-05"), period("2025-02-01", "2025-02-05"))
    assert short["reason"].tolist() == ["reason.short_period"] and short["value"].isna().all()
    same = change.main_cause(lines, Y1, Y1)
    assert same["reason"].tolist() == ["reason.no_change"]


def test_a_driver_is_named_from_visits_or_else_from_customers():
    days = pd.date_range("2024-01-01", "2025-12-31")
    events = [
        Event(f"o{on:%j%y}{n}", on.date(), bare_goods=20.0, customer=f"c{on:%j}{n}")
        for on in days
        for n in range(2 if on.year == 2025 else 1)
    ]
    rows = visits("2024-01-01", "2024-12-31", 50) + visits("2025-01-01", "2025-12-31", 100)
    sales = Shop(events, visits=rows).sales
    driver = change.main_driver(sales.entries, sales.visits, Y1, Y0).iloc[0]
    assert (driver["model"], driver["part"], driver["verdict"]) == ("traffic", "sessions", "clear")
    without = change.main_driver(sales.entries, sales.visits.iloc[:0], Y1, Y0).iloc[0]
    assert (without["model"], without["part"], without["verdict"]) == ("buyers", "customers", "clear")

"""Headline figures, months, years and parts, against plain addition."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from growth_shops import START, Event, Shop, day, frames, period, shops, two_periods
from hypothesis import given, settings

from echannel.metrics import growth
from echannel.metrics.periods import Period, preceding, year_before
from echannel.metrics.turnover import as_date

EARLY = day(START) - 2000


def measured(shop: Shop, one: Period, first_day: int = EARLY) -> pd.DataFrame:
    return growth.headline(*frames(shop), one, first_day).set_index(["kind", "measure"])


def by_hand(shop: Shop, one: Period, kind: str) -> dict[str, float]:
    """Numerators by plain loops."""
    orders = [e for e in shop.within(one) if kind in ("all", e.kind)]
    back = [(e, r) for e, r in shop.returned(one) if kind in ("all", e.kind)]
    itemised = [e for e in orders if e.lines]
    refunded = sum(amount - postage for _, (_, _, _, amount, postage) in back)
    return {
        "turnover": sum(e.sold for e in orders) - refunded,
        "turnover_gross": sum((e.sold + e.shipping) * (1 + e.vat) for e in orders),
        "orders": len(orders),
        "customers": len({e.customer for e in orders if e.customer}),
        "known_customers": len([e for e in orders if e.customer]),
        "average_order_net": sum(e.sold for e in orders),
        "average_order_gross": sum(e.sold * (1 + e.vat) for e in orders),
        "units_per_order": sum(q for e in itemised for _, q, _ in e.lines),
        "price_per_unit": sum(e.sold for e in itemised),
        "refund_rate": refunded,
        "discount_rate": sum(e.discount for e in orders),
    }


@settings(max_examples=15)
@given(shops(), two_periods())
def test_every_headline_figure_is_plain_addition(shop, periods):
    now = periods[0]
    found = measured(shop, now)
    for kind, measure in found.index:
        row = found.loc[(kind, measure)]
        assert row["numerator"] == pytest.approx(by_hand(shop, now, kind)[measure], abs=1e-6)
        expected = by_hand(shop, year_before(now), kind)[measure]
        if measure in growth.MEASURES[:3] and len(shop.within(None)):
            assert row["last_year"] == pytest.approx(expected, abs=1e-6)
            assert row["previous"] == pytest.approx(by_hand(shop, preceding(now), kind)[measure], abs=1e-6)


def steady(count: int = 20, vat: float = 0.2, kind: str = "b2c", start: str = "2025-03-01") -> list[Event]:
    first = date.fromisoformat(start)
    return [
        Event(
            f"{kind}{n}",
            first + timedelta(days=n % 28),
            [("p", 2, 30.0), ("q", 1, 40.0)],
            f"c{n}",
            kind,
            vat=vat,
        )
        for n in range(count)
    ]


def test_units_times_price_is_the_average_order_and_refunds_complete_the_turnover():
    events = steady()
    events[3].refunds.append((events[3].on, "p", 1, 30.0, 0.0))
    events[5] = Event("d", events[5].on, [("p", 3, 50.0)], "x", discount=15.0, shipping=4.9)
    found = measured(Shop(events), period("2025-03-01", "2025-03-31"))["value"]["all"]
    assert found["units_per_order"] * found["price_per_unit"] == pytest.approx(found["average_order_net"])
    assert found["orders"] * found["average_order_net"] * (1 - found["refund_rate"]) == pytest.approx(
        found["turnover"]
    )
    assert found["discount_rate"] == pytest.approx(15 / (19 * 100 + 150))


@pytest.mark.parametrize(("vat", "net"), [(0.2, 100.0), (0.055, 113.74)])
def test_120_with_vat_is_100_or_113_74_without(vat, net):
    events = [
        Event(f"o{n}", date(2025, 3, 1), bare_goods=120 / (1 + vat), vat=vat, shipping=5) for n in range(6)
    ]
    found = measured(Shop(events), period("2025-03-01", "2025-03-31"))["value"]["b2c"]
    assert found["average_order_gross"] == pytest.approx(120)
    assert round(found["average_order_net"], 2) == net


def test_amounts_with_and_without_vat_are_never_mixed():
    found = measured(Shop(steady() + steady(kind="b2b")), period("2025-03-01", "2025-03-31"))
    assert found.loc[("b2c", "average_order_gross"), "value"] == pytest.approx(120)
    assert found.loc[("b2b", "average_order_net"), "value"] == pytest.approx(100)
    assert "average_order_gross" not in found.loc["all"].index
    assert "turnover_gross" not in found.loc["all"].index
    assert "turnover_gross" in measured(Shop(steady()), period("2025-03-01", "2025-03-31")).loc["all"].index


def test_too_little_is_said_and_never_shown_as_nought():
    found = measured(Shop(steady(4)), period("2025-03-01", "2025-03-31")).loc["all"]
    assert found.loc["turnover", "value"] == pytest.approx(400)
    assert found.loc["average_order_net", ["status", "reason"]].tolist() == ["too_few", "reason.few_orders"]
    assert np.isnan(found.loc["average_order_net", "value"])
    bare = Shop([Event("o", date(2025, 3, 1), bare_goods=10.0)])
    found = measured(bare, period("2025-03-01", "2025-03-31")).loc["all"]
    assert found.loc["customers", "reason"] == "reason.customers_unknown"
    assert found.loc["units_per_order", "status"] == "input_missing"
    cancelled = Shop([Event("o", date(2025, 3, 1), counted=False)])
    nothing = measured(cancelled, period("2025-03-01", "2025-03-31"))
    assert set(nothing["status"]) == {"input_missing"} and nothing["value"].isna().all()


def test_a_period_is_not_compared_with_days_before_the_data():
    events = steady() + steady(start="2024-03-01", vat=0.1)
    shop = Shop([Event(f"{n}", e.on, e.lines, e.customer) for n, e in enumerate(events)])
    march = period("2025-03-01", "2025-03-31")
    reaching = measured(shop, march, day("2024-03-01")).loc[("all", "turnover")]
    assert reaching["last_year_change"] == pytest.approx(0) and reaching["last_year_reason"] == ""
    assert reaching["previous_reason"] == "reason.nothing_before"
    short = measured(shop, march, day("2024-03-02")).loc[("all", "turnover")]
    assert np.isnan(short["last_year_change"]) and short["last_year_reason"] == "reason.no_earlier_data"


def test_a_change_of_a_rate_is_in_points():
    events = steady() + steady(start="2024-03-01")
    events = [Event(f"{n}", e.on, e.lines, e.customer) for n, e in enumerate(events)]
    events[0].refunds.append((date(2025, 3, 20), "p", 2, 100.0, 0.0))
    row = measured(Shop(events), period("2025-03-01", "2025-03-31"), EARLY).loc[("all", "refund_rate")]
    assert row["value"] == pytest.approx(0.05)
    assert row["last_year_change"] == pytest.approx(0.05)


@settings(max_examples=15)
@given(shops())
def test_months_sum_to_the_whole_without_gaps(shop):
    sales = shop.sales
    months = growth.monthly_turnover(sales.entries, sales.first_day, sales.last_day)
    assert months["value"].sum() == pytest.approx(shop.turnover(None), abs=1e-6)
    assert months["orders"].sum() == len(shop.within(None))
    assert (np.diff(months["month"].map(lambda month: month.ordinal)) == 1).all()
    by_month = defaultdict(float)
    for event in shop.within(None):
        by_month[pd.Period(event.on, "M")] += event.sold
    for _, (on, _, _, amount, postage) in shop.returned(None):
        by_month[pd.Period(on, "M")] -= amount - postage
    for row in months.itertuples():
        assert row.value == pytest.approx(by_month[row.month], abs=1e-6)
        days = row.month.days_in_month
        start = day(row.month.start_time.date())
        covered = max(0, min(start + days - 1, sales.last_day) - max(start, sales.first_day) + 1)
        assert row.complete == (covered == days) and row.days == covered


@settings(max_examples=15)
@given(shops())
def test_a_year_on_year_change_compares_days_that_both_years_cover(shop):
    sales = shop.sales
    months = growth.monthly_turnover(sales.entries, sales.first_day, sales.last_day)
    known = months[months["value_year_before"].notna()]
    for row in known.itertuples():
        start, end = day(row.month.start_time.date()), day(row.month.end_time.date())
        now = list(range(max(start, sales.first_day), min(end, sales.last_day) + 1))
        then = [day((as_date(d) - pd.DateOffset(years=1)).date()) for d in now]
        if end in now and row.month.month == 2:
            last = (row.month - 12).end_time.date()
            then[-1:] = list(range(then[-1], day(last) + 1)) if day(last) > then[-1] else [day(last)]
        before = sum(shop.turnover(Period(d, d)) for d in sorted(set(then)) if d >= sales.first_day)
        assert row.value_year_before == pytest.approx(before, abs=1e-6)


def daily(since: str, until: str, goods=lambda on: 10.0) -> Shop:
    days = pd.date_range(since, until)
    return Shop([Event(f"o{n}", on.date(), bare_goods=goods(on)) for n, on in enumerate(days)])


def test_an_unfinished_month_is_compared_with_the_same_days_and_not_with_the_month_before():
    shop = daily("2024-02-10", "2025-03-12", lambda on: 20.0 if on.year == 2025 else 10.0)
    sales = shop.sales
    months = growth.monthly_turnover(sales.entries, sales.first_day, sales.last_day).set_index("month")
    assert months["complete"].tolist() == [False] + [True] * 12 + [False]
    last = months.loc[pd.Period("2025-03")]
    assert last["compared_days"] == 12 and last["change_year"] == pytest.approx(1.0)
    assert np.isnan(last["change_month"])
    assert months.loc[pd.Period("2025-01"), "change_month"] == pytest.approx(1.0)
    february = months.loc[pd.Period("2025-02")]
    assert february["compared_days"] == 19
    assert february["value_year_before"] == pytest.approx(200)  # 10 to 29 February 2024
    assert np.isnan(months.loc[pd.Period("2025-01"), "change_year"])
    assert months.loc[pd.Period("2025-02"), "rolling"] == pytest.approx(10 * (366 - 60) + 20 * (31 + 28))
    assert np.isnan(months.loc[pd.Period("2025-01"), "rolling"])  # February 2024 was not complete


def test_rolling_years_are_compared_with_the_year_before():
    shop = daily("2023-01-01", "2025-01-31", lambda on: 12.0 if on.year == 2024 else 10.0)
    sales = shop.sales
    months = growth.monthly_turnover(sales.entries, sales.first_day, sales.last_day).set_index("month")
    assert months.loc[pd.Period("2024-12"), "rolling_change"] == pytest.approx(12 * 366 / 3650 - 1)
    assert months.loc[pd.Period("2023-12"), "rolling"] == pytest.approx(3650)
    assert np.isnan(months.loc[pd.Period("2024-11"), "rolling_change"])


def test_without_an_order_there_are_no_months():
    empty = Shop([]).sales
    assert growth.monthly_turnover(empty.entries, empty.first_day, empty.last_day).empty
    assert growth.yearly(empty.entries, empty.first_day, empty.last_day).empty


@settings(max_examples=15)
@given(shops())
def test_fiscal_years_sum_to_the_whole(shop):
    sales = shop.sales
    years = growth.yearly(sales.entries, sales.first_day, sales.last_day, 4)
    assert years["value"].sum() == pytest.approx(shop.turnover(None), abs=1e-6)
    for row in years.itertuples():
        whole = period(date(row.year, 4, 1), date(row.year + 1, 3, 31))
        assert row.customers == len({e.customer for e in shop.within(whole) if e.customer})
        assert row.value == pytest.approx(shop.turnover(whole), abs=1e-6)


def test_an_unfinished_year_is_compared_with_the_same_days():
    shop = daily("2024-01-01", "2025-06-30", lambda on: 15.0 if on.year == 2025 else 10.0)
    sales = shop.sales
    years = growth.yearly(sales.entries, sales.first_day, sales.last_day).set_index("year")
    assert years["complete"].tolist() == [True, False]
    assert years.loc[2025, "value_year_before"] == pytest.approx(10 * 182)
    assert years.loc[2025, "change"] == pytest.approx(15 * 181 / (10 * 182) - 1)


@settings(max_examples=15)
@given(shops(), two_periods())
def test_channels_countries_and_kinds_sum_to_the_whole(shop, periods):
    now, before = periods
    whole, whole_before = shop.turnover(now), shop.turnover(before)
    for dimension in ("channel", "country", "kind"):
        parts = growth.by_dimension(shop.sales.entries, dimension, now, before)
        assert parts["value"].sum() == pytest.approx(whole, abs=1e-6)
        assert parts["value_before"].sum() == pytest.approx(whole_before, abs=1e-6)
        assert parts["orders"].sum() == len(shop.within(now))
        if whole > 0:
            assert parts["share"].sum() == pytest.approx(1)
        if whole_before > 0:
            assert parts["contribution"].sum() == pytest.approx(whole / whole_before - 1)
        for row in parts.itertuples():
            own = [e for e in shop.within(now) if (getattr(e, dimension) or "") == row.group]
            assert row.orders == len(own)
            assert row.customers == len({e.customer for e in own if e.customer})


def test_an_unknown_country_is_a_group_of_its_own():
    events = steady(6)
    events.append(Event("x", date(2025, 3, 2), bare_goods=50.0, country=None))
    parts = growth.by_dimension(Shop(events).sales.entries, "country", period("2025-03-01", "2025-03-31"))
    assert parts["group"].tolist() == ["GB", ""]
    assert parts["value"].tolist() == pytest.approx([600, 50])
    assert parts[["value_before", "change", "contribution"]].isna().to_numpy().all()

"""Weekdays and sale periods that move."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pytest
from growth_shops import Event, Shop, day, period, shops, two_periods
from hypothesis import given, settings

from echannel.metrics import growth
from echannel.metrics.periods import Period, year_before


@dataclass(frozen=True)
class Sale:
    name: str
    first: date
    last: date


SOLDES = [
    Sale("winter", date(2024, 1, 10), date(2024, 2, 6)),
    Sale("winter", date(2025, 1, 8), date(2025, 2, 4)),
    Sale("summer", date(2024, 6, 26), date(2024, 7, 23)),
]


def daily(since: str, until: str, goods) -> Shop:
    return Shop(
        [
            Event(f"o{n}", on.date(), bare_goods=goods(on.date()))
            for n, on in enumerate(pd.date_range(since, until))
        ]
    )


def in_sale(on: date) -> bool:
    return any(sale.first <= on <= sale.last for sale in SOLDES)


@settings(max_examples=15)
@given(shops(), two_periods())
def test_weekdays_sum_to_goods_sold(shop, periods):
    now = periods[0]
    found = growth.by_weekday(shop.sales.entries, now)
    sold = shop.within(now)
    assert found["total"].sum() == pytest.approx(sum(e.sold for e in sold), abs=1e-6)
    for row in found.itertuples():
        own = [e for e in sold if e.on.weekday() == row.weekday]
        days = [
            d
            for d in range(now.since, now.until + 1)
            if (date(1970, 1, 1).toordinal() + d - 1) % 7 == row.weekday
        ]
        assert (row.orders, row.days) == (len(own), len(days))
        assert row.total == pytest.approx(sum(e.sold for e in own), abs=1e-6)


def test_a_strong_weekday_shows():
    shop = daily("2025-01-01", "2025-03-31", lambda on: 30.0 if on.weekday() == 6 else 10.0)
    found = growth.by_weekday(shop.sales.entries, period("2025-01-01", "2025-03-31"))
    assert found["value"].tolist() == pytest.approx([10] * 6 + [30])


def test_a_week_of_soldes_is_compared_with_the_same_week_of_soldes():
    shop = daily(
        "2024-01-01", "2025-01-20", lambda on: (2.0 if on.year == 2025 else 1.0) * (30 if in_sale(on) else 10)
    )
    sales = shop.sales
    weeks = growth.sale_weeks(sales.entries, SOLDES, sales.first_day, sales.last_day)
    now = weeks[(weeks["name"] == "winter") & (weeks["year"] == 2025)]
    assert now["week"].tolist() == [1, 2]
    assert now["complete"].tolist() == [True, False]
    assert now["value"].tolist() == pytest.approx([7 * 60, 6 * 60])
    assert now["value_before"].tolist() == pytest.approx([7 * 30, 7 * 30])
    assert now["change"].iloc[0] == pytest.approx(1.0) and np.isnan(now["change"].iloc[1])
    assert weeks.loc[weeks["name"] == "summer", "change"].isna().all()
    assert weeks.loc[weeks["year"] == 2024, "value"].sum() == pytest.approx(30 * 8 * 7)


def test_calendar_days_would_mistake_an_earlier_start_for_growth():
    goods = lambda on: 30.0 if in_sale(on) else 10.0  # noqa: E731
    shop = daily("2024-01-01", "2025-01-31", goods)
    now = period("2025-01-01", "2025-01-09")  # two sale days; none in the same days of 2024
    apart = growth.sale_days_apart(shop.sales.entries, now, year_before(now), SOLDES).set_index("part")
    assert apart.loc["other", "change"] == pytest.approx(0)
    assert apart["days_effect"].sum() == pytest.approx(40) and apart["pace_effect"].sum() == pytest.approx(0)
    assert apart.loc["sale", "days_before"] == 0 and np.isnan(apart.loc["sale", "change"])


@settings(max_examples=15)
@given(shops(), two_periods())
def test_effects_of_sale_days_sum_to_the_change(shop, periods):
    now, before = periods
    apart = growth.sale_days_apart(shop.sales.entries, now, before, SOLDES)
    change = shop.turnover(now) - shop.turnover(before)
    assert apart[["days_effect", "pace_effect"]].to_numpy().sum() == pytest.approx(change, abs=1e-6)
    assert apart["days"].sum() == now.days
    for row in apart.itertuples():
        days = [
            d
            for d in range(now.since, now.until + 1)
            if in_sale(date.fromordinal(d + 719163)) == (row.part == "sale")
        ]
        assert row.days == len(days)
        assert row.turnover == pytest.approx(sum(shop.turnover(Period(d, d)) for d in days), abs=1e-6)
        assert (row.status == "input_missing") == (row.days == 0)


def test_days_count_from_1970():
    assert date.fromordinal(day("2025-01-08") + 719163) == date(2025, 1, 8)

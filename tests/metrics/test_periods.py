"""What a period is fairly compared with."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from growth_shops import day, period
from hypothesis import given
from hypothesis import strategies as st

from echannel.metrics.periods import (
    Period,
    is_whole_months,
    like_for_like,
    preceding,
    year_after,
    year_before,
)

DATES = st.dates(date(1999, 1, 1), date(2035, 12, 31))


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (("2025-03-01", "2025-03-31"), ("2024-03-01", "2024-03-31")),
        (("2025-02-01", "2025-02-28"), ("2024-02-01", "2024-02-29")),
        (("2024-02-01", "2024-02-29"), ("2023-02-01", "2023-02-28")),
        (("2024-02-29", "2024-03-05"), ("2023-02-28", "2023-03-05")),
        (("2026-11-01", "2026-11-24"), ("2025-11-01", "2025-11-24")),
    ],
)
def test_a_year_before_means_the_same_calendar_days(now, then):
    assert year_before(period(*now)) == period(*then)


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (("2025-03-01", "2025-03-31"), ("2025-02-01", "2025-02-28")),
        (("2025-01-01", "2025-03-31"), ("2024-10-01", "2024-12-31")),
        (("2025-01-01", "2025-12-31"), ("2024-01-01", "2024-12-31")),
        (("2025-03-10", "2025-03-16"), ("2025-03-03", "2025-03-09")),
    ],
)
def test_the_period_before_keeps_whole_months_whole(now, then):
    assert preceding(period(*now)) == period(*then)


@given(DATES)
def test_going_back_a_year_agrees_with_the_calendar(one):
    try:
        expected = one.replace(year=one.year - 1)
    except ValueError:
        expected = one - timedelta(days=366)
    assert year_before(Period(day(one), day(one) + 400)).since == day(expected)
    assert year_after(day(expected)) in (day(one), day(one) - 1)


@given(DATES, st.integers(0, 60), DATES, st.integers(0, 900))
def test_like_for_like_compares_covered_days_only(since, length, first, span):
    whole = Period(day(since), day(since) + length)
    data = Period(day(first), day(first) + span)
    now, then = like_for_like(whole, *data)
    if now is None:
        return
    assert data.since <= then.since <= then.until <= data.until
    assert max(whole.since, data.since) <= now.since <= now.until <= min(whole.until, data.until)
    assert abs(now.days - then.days) <= 1  # 29 February
    assert year_before(now) == then


def test_whole_months():
    assert is_whole_months(period("2024-02-01", "2024-03-31"))
    assert not is_whole_months(period("2024-02-01", "2024-02-28"))

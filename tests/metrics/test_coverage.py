"""Up to which day the data tell: neither the last sale nor the day of the sync alone says so."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from handmade import canonical, order
from hypothesis import given
from hypothesis import strategies as st

from echannel.metrics.coverage import last_day
from echannel.metrics.growth import monthly_turnover
from echannel.metrics.turnover import as_date, prepare

NOTHING = np.array([], dtype="int64")


def day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def sales(days, visits=(), refunds=(), paid=None, over=None):
    orders = [order(f"o{one}", one, 10.0, paid_at=paid) for one in days]
    return prepare(
        canonical("orders", orders),
        canonical("order_lines", []),
        canonical("refunds", [{"refund_id": f"r{one}", "refunded_at": one} for one in refunds]),
        canonical("products", []),
        canonical("customers", []),
        canonical("visits", [{"date": one, "country": "ZZ", "medium": "x", "device": "x"} for one in visits]),
        "EUR",
        over=day(over) if over else None,
    )


EVERY_FOUR_DAYS = [f"2026-{month:02}-{dom:02}" for month in (8, 9, 10) for dom in range(4, 29, 4)]


@pytest.mark.parametrize(
    ("traces", "reached"),
    [
        ({}, "2026-10-28"),
        ({"over": "2026-10-31"}, "2026-10-31"),  # its usual silence: the month is whole
        ({"over": "2026-11-20"}, "2026-10-28"),  # a file that ended rather than a shop that sold nothing
        ({"visits": ["2026-10-31"], "over": "2026-11-20"}, "2026-10-28"),
        ({"visits": ["2026-10-30"]}, "2026-10-30"),
        ({"visits": ["2026-11-25"]}, "2026-10-28"),
        ({"paid": "2026-10-31T12:00"}, "2026-10-31"),
        ({"paid": "2026-10-31T12:00", "over": "2026-10-30"}, "2026-10-30"),  # paid in days to come
        ({"refunds": ["2026-12-24"]}, "2026-12-24"),  # a refund is trade, however late
    ],
)
def test_a_usual_silence_is_covered_and_a_long_one_is_the_end_of_a_file(traces, reached):
    assert as_date(sales(EVERY_FOUR_DAYS, **traces).last_day).date().isoformat() == reached


def test_the_last_month_of_a_small_shop_is_complete_and_that_of_a_file_cut_short_is_not():
    for over, complete in (("2026-10-31", True), ("2026-10-30", False), ("2026-12-31", False)):
        one = sales(EVERY_FOUR_DAYS, over=over)
        months = monthly_turnover(one.entries, one.first_day, one.last_day)
        assert months["complete"].tolist()[1:] == [True, complete]
    daily = [f"2026-09-{dom:02}" for dom in range(1, 31)] + [f"2026-10-{dom:02}" for dom in range(1, 4)]
    cut = sales(daily, visits=["2026-10-31"], over="2026-10-31")
    assert as_date(cut.last_day).date() == date(2026, 10, 3)


DAYS = st.lists(st.integers(0, 700), max_size=30).map(lambda days: np.array(days, dtype="int64"))


@given(DAYS, DAYS, DAYS, st.one_of(st.none(), st.integers(0, 800)))
def test_no_trace_hides_trade_and_none_counts_before_its_day_is_over(ordered, refunded, traces, over):
    reached = last_day(ordered, refunded, [traces], over)
    if not len(ordered):
        assert reached == -1
        return
    traded = max(ordered.max(), refunded.max(initial=0))
    assert reached >= traded == last_day(ordered, refunded, [], None)
    if over is not None:
        assert reached <= max(traded, over)
    assert reached == last_day(np.r_[ordered, ordered], refunded[::-1], [traces, NOTHING], over)

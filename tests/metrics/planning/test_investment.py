"""A project as an investment, against numpy-financial and by hand."""

from __future__ import annotations

import numpy as np
import numpy_financial as npf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.metrics.planning.investment import appraise
from echannel.metrics.result import INPUT_MISSING

amounts = st.floats(0.0, 5000.0).map(lambda value: round(value, 2))


@settings(max_examples=60, deadline=None)
@given(st.floats(100, 20_000), st.lists(amounts, min_size=2, max_size=40), st.floats(0.0, 0.6))
def test_npv_and_irr_are_those_of_numpy_financial(outlay, returns, rate):
    flows = np.array([-outlay, *returns])
    found = appraise(flows, rate, per_year=1)
    assert found.npv == pytest.approx(npf.npv(rate, flows), abs=1e-6)
    oracle = npf.irr(flows)
    if np.isfinite(oracle) and -0.97 < oracle < 40:
        assert found.irr == pytest.approx(oracle, abs=1e-6)
        assert appraise(flows, found.irr, per_year=1).npv == pytest.approx(0, abs=1e-6 * outlay)
    elif not any(returns):
        assert found.irr_reason == "reason.planning.irr_no_change"


def test_months_are_discounted_so_that_twelve_make_a_year():
    flows = [-1000.0, *[0.0] * 11, 1100.0]
    found = appraise(flows, 0.10)
    assert found.npv == pytest.approx(0.0, abs=1e-9)
    assert found.irr == pytest.approx(0.10)
    assert found.payback == pytest.approx((11 + 1000 / 1100) / 12)  # as if the money came evenly in its month


@pytest.mark.parametrize(
    ("flows", "years"),
    [
        ([-100, 40, 40, 40], 2.5),
        ([-100, 120], 100 / 120),
        ([50, 10], 0.0),
        ([-100, 150, -80, 90], 2 + 30 / 90),
    ],
)
def test_payback_by_hand(flows, years):
    assert appraise(flows, 0.0, per_year=1).payback == pytest.approx(years)
    assert appraise(flows, 0.0, per_year=1).discounted_payback == pytest.approx(years)


def test_discounting_makes_a_project_pay_back_later():
    found = appraise([-100, 40, 40, 40, 40], 0.1, per_year=1)
    assert found.discounted_payback > found.payback
    by_hand = 100 - sum(40 / 1.1**year for year in (1, 2, 3))
    assert found.discounted_payback == pytest.approx(3 + by_hand / (40 / 1.1**4))


def test_what_has_no_answer_says_why():
    never = appraise([-100, 10, 10], 0.05, per_year=1)
    assert np.isnan(never.payback) and never.payback_reason == "reason.planning.never_pays_back"
    assert never.most_tied == 100
    gift = appraise([10, 20], 0.05, per_year=1)
    assert np.isnan(gift.irr) and gift.irr_reason == "reason.planning.irr_no_change"
    twice = appraise([-100, 230, -132], 0.05, per_year=1)  # worth nothing at 10 % and at 20 %
    assert np.isnan(twice.irr) and twice.irr_reason == "reason.planning.irr_several"
    neither = appraise([100, -150, 100], 0.05, per_year=1)
    assert np.isnan(neither.irr) and neither.irr_reason == "reason.planning.irr_none"
    for flows in ([], [-100, np.nan]):
        assert appraise(flows, 0.05).status == INPUT_MISSING

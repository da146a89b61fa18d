"""Plan against the books by line: the parts are the whole, and nothing booked is lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.metrics.planning.cost_variance import INCOME, LINES, OTHER, RESULT, cost_variance, with_rest

amounts = st.integers(-(10**7), 10**7).map(lambda cents: cents / 100)
names = st.sampled_from(LINES)


def long(months: dict[int, dict[str, float]]) -> pd.DataFrame:
    rows = [(month, line, value) for month, lines in months.items() for line, value in lines.items()]
    return pd.DataFrame(rows, columns=["month", "line", "value"])


accounts = st.dictionaries(st.integers(680, 684), st.dictionaries(names, amounts, min_size=1), min_size=1)


@settings(max_examples=20, deadline=None)
@given(accounts, accounts)
def test_the_lines_differences_sum_to_the_result_s(plan, booked):
    found = cost_variance(long(plan), long(booked))
    assert set(found["month"]) == set(plan) & set(booked)
    for _, rows in found.groupby("month"):
        whole = rows[rows["line"] == RESULT].iloc[0]
        parts = rows[rows["line"] != RESULT]
        assert parts["effect"].sum() == pytest.approx(whole["difference"], abs=0.05)
        assert np.allclose(rows["actual"] - rows["planned"], rows["difference"], atol=0.006)


def test_a_cost_above_plan_lowers_the_result():
    plan = long({680: {"turnover": 1_000.0, "cost_of_sales": 600.0, "rent": 100.0}})
    booked = long({680: {"turnover": 1_100.0, "cost_of_sales": 690.0, "marketing": 50.0}})
    found = cost_variance(plan, booked).set_index("line")
    assert found.loc[["turnover", "cost_of_sales", "rent", "marketing"], "effect"].tolist() == [
        100,
        -90,
        100,
        -50,
    ]
    assert found.loc[RESULT, ["planned", "actual", "difference"]].tolist() == [300, 360, 60]


def test_what_no_line_has_is_a_line_of_its_own():
    lines = {"turnover": np.array([500.0]), "rent": np.array([80.0])}
    whole = with_rest(lines, np.array([400.0]))  # 20 of other costs
    assert whole[OTHER].tolist() == [20.0]
    income = sum(values if name in INCOME else -values for name, values in whole.items())
    assert income.tolist() == [400.0]

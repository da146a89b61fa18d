"""Questions of one's own tables, against plain loops over the rows."""

from __future__ import annotations

import math
import statistics
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.metrics.asking import HOWS, OTHERS, STEPS, UNKNOWN, Question, answer, of_days

ROWS = st.lists(
    st.tuples(
        st.integers(19_000, 19_500),
        st.sampled_from(["a", "b", "c", "d", None]),
        st.sampled_from(["x", "y", None]),
        st.one_of(st.none(), st.integers(-500, 500).map(lambda cents: cents / 100)),
    ),
    max_size=40,
)


def frame_of(rows: list[tuple[int, str | None, str | None, float | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["day", "product", "channel", "net"])
    return frame.astype({"day": "int32", "product": "category", "channel": "category", "net": "float64"})


def by_hand(values: list[float], how: str) -> float:
    if how in ("count", "distinct"):
        return float(len(values) if how == "count" else len(set(values)))
    if how == "sum":
        return math.fsum(values)
    return statistics.fmean(values) if how == "mean" else statistics.median(values)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from(HOWS), st.sampled_from(["", "channel"]))
def test_every_cell_is_what_a_loop_finds(rows: list, how: str, across: str) -> None:
    found = answer(frame_of(rows), Question("t", "net", how, by="product", across=across))
    cells: dict[tuple[str, str], list[float]] = {}
    for _, product, channel, net in rows:
        if how == "count" or net is not None:
            key = (product or UNKNOWN, (channel or UNKNOWN) if across else "value")
            cells.setdefault(key, []).append(net if net is not None else 0.0)
    shown = {
        (row["group"], column): row[column]
        for row in found.frame.to_dict("records")
        for column in found.frame.columns
        if column != "group" and not math.isnan(row[column])
    }
    assert shown.keys() == cells.keys()
    for key, values in cells.items():
        assert shown[key] == pytest.approx(by_hand(values, how), abs=1e-9)
    assert found.unknown == (0 if how == "count" else sum(net is None for *_, net in rows))


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(1, 4), st.sampled_from(["product", "day"]), st.sampled_from(STEPS))
def test_the_parts_of_a_sum_make_up_the_whole(rows: list, most: int, by: str, step: str) -> None:
    question = Question("t", "net", "sum", by=by, across="channel", step=step, most=most)
    found = answer(frame_of(rows), question)
    known = [net for *_, net in rows if net is not None]
    parts = np.nansum(found.frame.drop(columns="group").to_numpy(dtype=float))
    assert parts == pytest.approx(math.fsum(known), abs=1e-9)
    assert math.isnan(found.total) if not known else found.total == pytest.approx(parts, abs=1e-9)
    if by == "product":
        assert len(found.frame) <= most + 1


def test_smaller_groups_become_one_that_is_measured_as_one() -> None:
    frame = pd.DataFrame({"product": list("aabbcd"), "net": [9.0, 9.0, 5.0, 5.0, 1.0, 2.0]})
    found = answer(frame, Question("t", "net", "mean", by="product", most=2))
    assert found.frame.to_dict("list") == {"group": ["a", "b", OTHERS], "value": [9.0, 5.0, 1.5]}
    assert found.folded == 2


def test_a_month_without_rows_is_there_with_nothing_in_it() -> None:
    days = [(date(2025, month, 3) - date(1970, 1, 1)).days for month in (1, 4)]
    frame = pd.DataFrame({"day": days, "net": [1.0, 2.0]})
    assert list(answer(frame, Question("t", "net", by="day")).frame["value"]) == [1.0, 0.0, 0.0, 2.0]
    mean = answer(frame, Question("t", "net", "mean", by="day")).frame["value"]
    assert list(mean.isna()) == [False, True, True, False]


def test_days_and_values_narrow_the_rows() -> None:
    frame = pd.DataFrame({"day": [1, 2, 3, 4], "product": ["a", None, "a", "b"], "net": [1.0, 2.0, 4.0, 8.0]})
    asked = Question("t", "net", since=2, until=3)
    assert answer(frame, asked).total == 6.0
    assert answer(frame, Question("t", "net", only=(("product", (UNKNOWN, "b")),))).total == 10.0


@given(st.integers(-40_000, 40_000))
def test_days_lie_in_the_weeks_and_months_of_the_calendar(number: int) -> None:
    day = date(1970, 1, 1) + timedelta(days=number)
    monday = day - timedelta(days=day.weekday())
    expected = {
        "day": number,
        "week": (monday - date(1970, 1, 1)).days,
        "month": (day.year - 1970) * 12 + day.month - 1,
        "quarter": (day.year - 1970) * 12 + (day.month - 1) // 3 * 3,
        "year": day.year,
        "weekday": day.weekday(),
    }
    for step, value in expected.items():
        assert of_days(np.array([number]), step)[0] == value, step


def test_a_question_is_kept_and_read_again_and_nonsense_is_refused() -> None:
    asked = Question("sales", "net", "median", by="day", only=(("product", ("a", "b")),), since=3, most=5)
    assert Question.from_json(asked.as_json()) == asked
    for change in ({"how": "drop"}, {"step": "era"}, {"more": 1}, {"only": 3}):
        with pytest.raises(ValueError, match="not a question"):
            Question.from_json({**asked.as_json(), **change})

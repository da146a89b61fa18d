"""Dates in every dress, in the SME's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from babel.dates import format_date, format_datetime
from hypothesis import given
from hypothesis import strategies as st

from echannel.connectors.files.dates import date_column, decide_order

LONDON = {  # text → the moment in UTC, read day first in London
    "2026-01-29": "2026-01-29T00:00",
    "2026/1/9": "2026-01-09T00:00",
    "20260129": "2026-01-29T00:00",
    "29/01/2026": "2026-01-29T00:00",
    "29.01.26 8:05": "2026-01-29T08:05",
    "03/04/2026": "2026-04-02T23:00",
    "29/01/2026 08h05": "2026-01-29T08:05",
    "2026-01-29T10:00:00Z": "2026-01-29T10:00",
    "2026-01-29T10:00:00.123+01:00": "2026-01-29T09:00",
    "2026-07-29 10:00:00 +0200": "2026-07-29T08:00",
    "Jul-25-26": "2026-07-24T23:00",
    "25-Jul-2026": "2026-07-24T23:00",
    "29 nov. 2026": "2026-11-29T00:00",
    "1er décembre 2026 à 14h30": "2026-12-01T14:30",
    "1 août 2026": "2026-07-31T23:00",
    "Nov 29, 2026 3:05 PM": "2026-11-29T15:05",
    "Nov 29, 2026 12:05 a.m.": "2026-11-29T00:05",
    "Mar 3, 2026": "2026-03-03T00:00",
    "mar. 3 mars 2026": "2026-03-03T00:00",
    "mercredi 25 novembre 2026": "2026-11-25T00:00",
    "Wed, 25 Nov 2026 10:00:00 GMT": "2026-11-25T10:00",
    "29 nov. 2026 08:12:11 UTC": "2026-11-29T08:12:11",
    "1 Jan 2026 00:12:33 GMT+9": "2025-12-31T15:12:33",
    "45321.5": "2024-01-30T12:00",
    "1764000000": "2025-11-24T16:00",
}
NO_DATES = [
    *("31/02/2025", "2026-13-01", "32/01/2026", "Feb-30-25", "29 brumaire 2026", "29/01", "2026", "12:30"),
    *("2026-01-29 25:00", "2026-01-29 10:61", "2026-01-29 10:00 XYZ", "29/01/2026 13:00 PM", "99999", "x"),
]


def utc(text: str, order: str = "dmy", zone: str = "Europe/London") -> np.datetime64:
    moments, wrong = date_column(pd.Series([text], dtype=object)).utc(order, zone)
    assert bool(wrong[0]) == bool(np.isnat(moments[0]))
    return moments[0]


@pytest.mark.parametrize(("text", "expected"), LONDON.items())
def test_a_date_in_any_dress(text, expected):
    assert utc(text) == np.datetime64(expected)


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_date_is_refused(text):
    assert np.isnat(utc(text))


def test_the_hour_that_comes_twice_is_the_first_and_the_lost_hour_is_the_change():
    assert utc("25/10/2026 01:30") == np.datetime64("2026-10-25T00:30")  # British Summer Time
    assert utc("25/10/2026 02:30", zone="Europe/Paris") == np.datetime64("2026-10-25T00:30")
    assert utc("29/03/2026 01:30") == np.datetime64("2026-03-29T01:00")
    assert utc("29/03/2026 02:30", zone="Europe/Paris") == np.datetime64("2026-03-29T01:00")


def test_a_local_day_stays_that_day_whatever_the_zone():
    column = date_column(pd.Series(["01/07/2026", "2026-06-30T23:30:00Z"], dtype=object))
    for zone in ("Europe/London", "Europe/Paris"):
        days, _ = column.local("dmy", zone)
        assert days.tolist() == [datetime(2026, 7, 1)] * 2


def test_one_clear_cell_decides_for_the_column():
    british = date_column(pd.Series(["03/04/2026", "13/04/2026"], dtype=object))
    american = date_column(pd.Series(["03/04/2026", "04/13/2026"], dtype=object))
    for column, order in ((british, "dmy"), (american, "mdy")):
        for hint in ("dmy", "mdy"):
            assert decide_order({"day": column}, None, hint) == ({"day": order}, (), True)


def test_another_column_of_the_file_can_decide():
    columns = {
        "ordered": date_column(pd.Series(["03/04/2026"], dtype=object)),
        "paid": date_column(pd.Series(["04/13/2026"], dtype=object)),
    }
    assert decide_order(columns, None, "dmy")[0] == {"ordered": "mdy", "paid": "mdy"}


def test_where_nothing_decides_the_hint_is_taken_and_said():
    columns = {"ordered": date_column(pd.Series(["03/04/2026"], dtype=object))}
    assert decide_order(columns, None, "dmy") == ({"ordered": "dmy"}, ("ordered",), False)
    assert decide_order(columns, "mdy", "dmy") == ({"ordered": "mdy"}, (), False)
    same_either_way = {"ordered": date_column(pd.Series(["05/05/2026"], dtype=object))}
    assert decide_order(same_either_way, None, "dmy")[1] == ()


def test_the_few_that_contradict_the_column_are_refused():
    column = date_column(pd.Series(["13/04/2026", "14/04/2026", "04/15/2026"], dtype=object))
    order = decide_order({"day": column}, None, "mdy")[0]["day"]
    assert column.utc(order, "UTC")[1].tolist() == [False, False, True]


days = st.dates(min_value=datetime(1970, 1, 2).date(), max_value=datetime(2068, 12, 30).date())


@given(days, st.sampled_from(["en_GB", "fr_FR", "en_US"]), st.sampled_from(["medium", "long", "full"]))
def test_a_day_named_by_babel_comes_back(day, locale, width):
    assert utc(format_date(day, width, locale=locale), zone="UTC") == np.datetime64(day)


@given(
    st.lists(days, min_size=1, max_size=20),
    st.sampled_from(["dd/MM/yyyy", "d.M.yy", "MM-dd-yyyy", "yyyy-MM-dd"]),
)
def test_columns_in_digits_come_back(values, pattern):
    texts = pd.Series([format_date(day, pattern, locale="en_GB") for day in values], dtype=object)
    order = "mdy" if pattern.startswith("MM") else "dmy"
    moments, wrong = date_column(texts).utc(order, "UTC")
    assert not wrong.any()
    assert moments.astype("datetime64[D]").tolist() == values


moments = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2037, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0)
)


@given(moments, st.sampled_from(["Europe/London", "Europe/Paris"]))
def test_wall_time_goes_to_utc_as_the_standard_library_has_it(moment, zone):
    expected = moment.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
    exists = expected.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == moment
    if exists:
        assert utc(f"{moment:%d/%m/%Y %H:%M:%S}", zone=zone) == np.datetime64(expected.replace(tzinfo=None))


@given(moments, st.integers(-12 * 4, 14 * 4))
def test_an_offset_is_respected(moment, quarters):
    offset = timedelta(minutes=15 * quarters)
    sign, minutes = ("-", -15 * quarters) if quarters < 0 else ("+", 15 * quarters)
    text = f"{moment:%Y-%m-%dT%H:%M:%S}{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    assert utc(text) == np.datetime64(moment - offset)


@given(moments)
def test_a_moment_written_in_french_comes_back(moment):
    text = format_datetime(moment, "d MMM y 'à' HH:mm:ss", locale="fr_FR")
    assert utc(text, zone="UTC") == np.datetime64(moment)


@given(st.lists(st.text(max_size=20), max_size=20))
def test_any_text_is_a_date_or_refused(texts):
    for order in ("dmy", "mdy", "ymd"):
        found, wrong = date_column(pd.Series(texts, dtype=object)).utc(order, "Europe/Paris")
        filled = np.array([text != "" for text in texts], dtype=bool)
        assert (wrong == (filled & np.isnat(found))).all()

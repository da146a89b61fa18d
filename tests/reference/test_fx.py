"""Exchange rates: those of the library, there and back, and missing where nobody quotes them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from currency_converter import CurrencyConverter
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.metrics.result import INPUT_MISSING, OK, TOO_FEW
from echannel.reference import fx
from echannel.workspace import Workspace

LAST = date(2026, 10, 30)  # of the file that comes with the library, or later
QUOTED = ["EUR", "GBP", "USD", "CHF", "SEK", "JPY", "TRY"]


@pytest.fixture(scope="module")
def converter():
    return CurrencyConverter(fallback_on_missing_rate=True, fallback_on_missing_rate_method="last_known")


days = st.dates(date(2006, 1, 9), LAST)
codes = st.sampled_from(QUOTED)


@given(days, codes, codes)
@settings(max_examples=60)
def test_rates_are_the_librarys(converter, day, base, quote):
    found = fx.rate(base, quote, day)
    assert found.value == pytest.approx(converter.convert(1, base, quote, date=day), rel=1e-9)
    assert found.status == OK and 0 <= found.late_days <= 10


@given(days, codes, codes, codes)
@settings(max_examples=60)
def test_there_and_back_is_the_same_amount(day, one, two, three):
    def value(base, quote):
        return fx.rate(base, quote, day).value

    assert value(one, two) * value(two, one) == pytest.approx(1)
    assert value(one, two) * value(two, three) == pytest.approx(value(one, three))
    assert value(one, one) == 1


def test_a_sunday_takes_fridays_rate_and_says_so():
    found = fx.rate("GBP", "EUR", date(2026, 10, 25))
    assert found.day == date(2026, 10, 23) and found.late_days == 2
    assert found.value == fx.rate("GBP", "EUR", date(2026, 10, 23)).value


def test_a_later_day_takes_the_newest_rate_and_says_how_old_it_is():
    found = fx.rate("GBP", "EUR", date(2031, 1, 1))
    assert found.status == OK and found.late_days > 1000


@pytest.mark.parametrize("currency", ["AED", "MAD", "SAR", "XXX"])
def test_what_is_not_quoted_is_missing_and_never_one_to_one(currency):
    for found in (
        fx.rate("GBP", currency, LAST),
        fx.rate(currency, "EUR", LAST),
        fx.band("GBP", currency, LAST),
    ):
        assert (found.status, found.reason) == (INPUT_MISSING, "reason.fx_not_quoted")
    assert np.isnan(fx.rate("GBP", currency, LAST).value)
    assert fx.history("GBP", currency, date(2020, 1, 1), LAST).empty


def test_a_currency_that_ended_has_no_rate_after_its_end():
    assert fx.rate("EUR", "HRK", date(2022, 12, 30)).value == pytest.approx(7.5365, abs=1e-3)
    assert fx.rate("EUR", "HRK", date(2022, 12, 31)).status == OK
    assert fx.rate("EUR", "HRK", date(2023, 6, 1)).reason == "reason.fx_ended"
    assert fx.rate("EUR", "USD", date(1998, 1, 1)).reason == "reason.fx_too_early"
    assert "BGN" not in fx.covered() and {"EUR", "GBP", "USD"} <= set(fx.covered())


def test_the_band_is_that_of_every_day_against_its_day_a_year_before(converter):
    found = fx.band("GBP", "EUR", LAST, years=2)
    changes = []
    day = date(2024, 10, 30)
    while day <= LAST:
        now, before = (
            fx.rate("GBP", "EUR", day),
            fx.rate("GBP", "EUR", (pd.Timestamp(day) - pd.DateOffset(years=1)).date()),
        )
        if now.day == day:
            changes.append(now.value / before.value - 1)
        day += timedelta(days=1)
    assert found.n == len(changes)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(changes, [0.1, 0.9])))
    assert found.low <= found.high and found.rates[0] == found.rate.value * (1 + found.low)


def test_the_band_of_a_currency_with_itself_is_nothing_and_of_the_other_way_round_its_mirror():
    assert (fx.band("EUR", "EUR", LAST).low, fx.band("EUR", "EUR", LAST).high) == (0, 0)
    one, other = fx.band("GBP", "USD", LAST), fx.band("USD", "GBP", LAST)
    assert 1 + one.low == pytest.approx(1 / (1 + other.high), rel=1e-4)


def test_too_short_a_history_gives_no_band():
    found = fx.band("EUR", "USD", date(2000, 6, 1))
    assert (found.status, found.reason) == (TOO_FEW, "reason.fx_too_short") and np.isnan(found.high)


def test_a_workspaces_own_file_wins(tmp_path):
    place = Workspace(tmp_path)
    path = fx.rates_path(place)
    path.parent.mkdir(parents=True)
    rows = "Date,USD,GBP,\n2026-11-20,1.2,0.8,\n2026-11-19,1.1,N/A,\n"
    import zipfile

    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("eurofxref-hist.csv", rows)
    found = fx.rate("GBP", "USD", date(2026, 11, 24), place)
    assert found.value == pytest.approx(1.5) and found.day == date(2026, 11, 20)
    assert fx.rate("GBP", "USD", date(2026, 11, 19), place).reason == "reason.fx_too_early"
    assert fx.rate("EUR", "USD", date(2026, 11, 19), place).value == 1.1


def test_months_are_means_of_their_days():
    months = fx.history("EUR", "GBP", date(2026, 9, 1), date(2026, 9, 30))
    daily = [fx.rate("EUR", "GBP", date(2026, 9, d)) for d in range(1, 31)]
    assert months.loc["2026-09"] == pytest.approx(np.mean([one.value for one in daily if one.late_days == 0]))

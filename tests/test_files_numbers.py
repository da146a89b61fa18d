"""Numbers in every dress: separators, currencies, signs, and what only the whole column can tell."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from babel.numbers import format_currency, format_decimal
from hypothesis import given
from hypothesis import strategies as st

from echannel.connectors.files.numbers import as_fractions, decide_decimal, number_column

CASES = {
    "1,234.56": 1234.56,
    "1.234,56": 1234.56,
    "1 234,56 €": 1234.56,
    "1\u202f234,56\u00a0€": 1234.56,
    "1'234.50 CHF": 1234.5,
    "£1,200.00": 1200.0,
    "£GB12.5": 12.5,
    "12,50 £GB": 12.5,
    "EUR 12.50": 12.5,
    "-£3.20": -3.2,
    "£-3.20": -3.2,
    "(5.00)": -5.0,
    "5.00-": -5.0,
    "−7,5": -7.5,
    "1,234,567": 1234567.0,
    "1.234.567": 1234567.0,
    "12,5 %": 0.125,
    "20%": 0.2,
    "2.5E+3": 2500.0,
    ".5": 0.5,
    "5.": 5.0,
    "0,125": 0.125,
    "1234,567": 1234.567,
    "12,50 € TTC": 12.5,
    "+4": 4.0,
}
NO_NUMBERS = [
    "abc",
    "1.2.3",
    "12,3,4.5",
    "--5",
    "(-5)",
    "(5",
    "5 10",
    "1,23,456",
    "12/05",
    "1e999",
    "=1+1",
    "#REF!",
    "nan",
    "inf",
]


def value(text: str, decimal: str = ".") -> tuple[float, bool]:
    values, wrong = number_column(pd.Series([text], dtype=object)).values(decimal)
    return float(values[0]), bool(wrong[0])


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_a_number_in_any_dress(text, expected):
    assert value(text) == (pytest.approx(expected), False)


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_is_refused_not_guessed(text):
    number, wrong = value(text)
    assert wrong
    assert math.isnan(number)


def test_an_empty_cell_is_unknown_and_not_wrong():
    values, wrong = number_column(pd.Series(["", "1"], dtype=object)).values(".")
    assert math.isnan(values[0])
    assert not wrong.any()


@pytest.mark.parametrize(("neighbour", "expected"), [("2,5", 1.234), ("2.5", 1234.0), ("1.234,5", 1.234)])
def test_an_ambiguous_cell_is_read_as_its_column_is(neighbour, expected):
    column = number_column(pd.Series(["1,234", neighbour], dtype=object))
    marks, guessed = decide_decimal({"price": column}, "auto", ".")
    assert column.values(marks["price"])[0][0] == pytest.approx(expected)
    assert not guessed


def test_a_column_that_cannot_tell_follows_the_other_columns_of_its_file():
    columns = {
        "quantity": number_column(pd.Series(["1,000", "2,000"], dtype=object)),
        "price": number_column(pd.Series(["3,50", "4,20"], dtype=object)),
    }
    marks, guessed = decide_decimal(columns, "auto", ".")
    assert columns["quantity"].values(marks["quantity"])[0].tolist() == [1.0, 2.0]
    assert guessed == ()


def test_a_file_that_cannot_tell_follows_the_hint_and_says_so():
    columns = {"quantity": number_column(pd.Series(["1,000"], dtype=object))}
    assert decide_decimal(columns, "auto", ".") == ({"quantity": "."}, ("quantity",))
    assert decide_decimal(columns, "auto", ",") == ({"quantity": ","}, ("quantity",))
    assert decide_decimal(columns, ",", ".") == ({"quantity": ","}, ())


def test_rates_are_fractions_however_they_are_written():
    for cells in (["20", "5.5"], ["20 %", "5,5 %"], ["0.2", "0.055"]):
        texts = pd.Series(cells, dtype=object)
        values, _ = number_column(texts).values(".")
        assert as_fractions(values, texts).tolist() == pytest.approx([0.2, 0.055])


amounts = st.decimals(min_value=-10_000_000, max_value=10_000_000, places=2).map(float)


@given(st.lists(amounts, min_size=1, max_size=30), st.sampled_from(["en_GB", "fr_FR", "de_CH", "fr_CH"]))
def test_money_formatted_by_babel_comes_back(values, locale):
    currency = "GBP" if locale == "en_GB" else "EUR"
    texts = pd.Series([format_currency(value, currency, locale=locale) for value in values], dtype=object)
    column = number_column(texts)
    marks, _ = decide_decimal({"x": column}, "auto", ".")
    read, wrong = column.values(marks["x"])
    assert not wrong.any()
    assert read.tolist() == pytest.approx(values)


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=30), st.sampled_from(["en_GB", "fr_FR"]))
def test_whole_numbers_in_french_and_english_come_back(values, locale):
    texts = pd.Series([format_decimal(value, locale=locale) for value in values], dtype=object)
    read, wrong = number_column(texts).values("." if locale == "en_GB" else ",")
    assert not wrong.any()
    assert read.tolist() == values


@given(st.lists(st.text(max_size=12), max_size=20))
def test_any_text_is_a_number_or_refused(texts):
    column = number_column(pd.Series(texts, dtype=object))
    for mark in ".,":
        values, wrong = column.values(mark)
        assert len(values) == len(texts)
        assert all(math.isnan(v) for v, bad in zip(values, wrong, strict=True) if bad)

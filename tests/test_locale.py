"""Numbers, money, days and words as a reader of either language writes them; and story 7."""

from __future__ import annotations

import math
import re
from datetime import date, datetime

import pandas as pd
import pytest
from babel import numbers
from catalogue_scan import catalogue
from hypothesis import given
from hypothesis import strategies as st

from echannel.countries import country_pack
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker, messages

NB, NNB, THIN = "\u00a0", "\u202f", "\u2009"
UK = {language: Speaker(language, "GB", "GBP") for language in LANGUAGES}
FRANCE = {language: Speaker(language, "FR", "EUR") for language in LANGUAGES}

MONEY = [
    ({"amount": 1234.56}, "£1,234.56", f"1{NNB}234,56{NB}£"),
    ({"amount": 1234.56, "currency": "EUR"}, "€1,234.56", f"1{NNB}234,56{NB}€"),
    ({"amount": 1234.56, "currency": "USD"}, "US$1,234.56", f"1{NNB}234,56{NB}$"),
    ({"amount": 1234567.891, "decimals": 0}, "£1,234,568", f"1{NNB}234{NNB}568{NB}£"),
    ({"amount": 1234.5, "currency": "JPY"}, "JP¥1,234", f"1{NNB}234{NB}JPY"),
    ({"amount": -5.5}, "−£5.50", f"−5,50{NB}£"),
    ({"amount": 5.5, "signed": True}, "+£5.50", f"+5,50{NB}£"),
    ({"amount": -0.001}, "£0.00", f"0,00{NB}£"),
    ({"amount": 0.0, "signed": True}, "£0.00", f"0,00{NB}£"),
    ({"amount": None}, "not known", "inconnu"),
    ({"amount": math.nan}, "not known", "inconnu"),
    ({"amount": math.inf}, "not known", "inconnu"),
    ({"amount": pd.NA}, "not known", "inconnu"),
]


@pytest.mark.parametrize(("asked", "english", "french"), MONEY)
def test_money(asked, english, french):
    assert (UK["en"].money(**asked), UK["fr"].money(**asked)) == (english, french)


@pytest.mark.parametrize(
    ("asked", "english", "french"),
    [
        ({"value": 1234567}, "1,234,567", f"1{NNB}234{NNB}567"),
        ({"value": 1.5, "decimals": 1}, "1.5", "1,5"),
        ({"value": -0.04, "decimals": 1}, "0.0", "0,0"),
        ({"value": 12, "signed": True}, "+12", "+12"),
        ({"value": None}, "not known", "inconnu"),
    ],
)
def test_numbers(asked, english, french):
    assert (UK["en"].number(**asked), UK["fr"].number(**asked)) == (english, french)


@pytest.mark.parametrize(
    ("asked", "english", "french"),
    [
        ({"fraction": 0.1234}, "12.3%", f"12,3{NB}%"),
        ({"fraction": 0.055, "decimals": 1}, "5.5%", f"5,5{NB}%"),
        ({"fraction": 0.2, "decimals": 0}, "20%", f"20{NB}%"),
        ({"fraction": 0.031, "signed": True}, "+3.1%", f"+3,1{NB}%"),
        ({"fraction": -0.031, "signed": True}, "−3.1%", f"−3,1{NB}%"),
        ({"fraction": 0.0001, "signed": True}, "0.0%", f"0,0{NB}%"),
        ({"fraction": 12.5}, "1,250.0%", f"1{NNB}250,0{NB}%"),
        ({"fraction": math.nan}, "not known", "inconnu"),
    ],
)
def test_percentages(asked, english, french):
    assert (UK["en"].percent(**asked), UK["fr"].percent(**asked)) == (english, french)


@pytest.mark.parametrize(
    "moment", [date(2026, 11, 24), datetime(2026, 11, 24, 9), pd.Timestamp("2026-11-24")]
)
def test_days(moment):
    assert (UK["en"].day(moment), UK["fr"].day(moment)) == ("24 Nov 2026", "24 nov. 2026")


def test_unknown_days_are_said_to_be_unknown():
    assert [UK["fr"].day(one) for one in (None, pd.NaT)] == ["inconnu"] * 2


@pytest.mark.parametrize(
    ("first", "last", "english", "french"),
    [
        ("2025-01-01", "2025-12-31", "2025", "2025"),
        ("2024-01-01", "2026-12-31", "2024–2026", "2024–2026"),
        ("2026-02-01", "2026-02-28", "Feb 2026", "févr. 2026"),
        ("2025-11-01", "2026-02-28", f"Nov 2025{THIN}–{THIN}Feb 2026", f"nov. 2025{THIN}–{THIN}févr. 2026"),
        ("2026-01-07", "2026-02-03", f"7 Jan{THIN}–{THIN}3 Feb 2026", f"7 janv.{THIN}–{THIN}3 févr. 2026"),
        ("2026-05-05", "2026-05-05", "5 May 2026", "5 mai 2026"),
    ],
)
def test_periods(first, last, english, french):
    days = (date.fromisoformat(first), date.fromisoformat(last))
    assert (UK["en"].period(*days), UK["fr"].period(*days)) == (english, french)


def test_months_weekdays_and_countries_are_named_in_the_reader_s_language():
    for language, months, days, country in (
        ("en", ("Jan", "Dec"), ("Mon", "Sun"), "United Kingdom"),
        ("fr", ("janv.", "déc."), ("lun.", "dim."), "Royaume-Uni"),
    ):
        say = FRANCE[language]
        assert (say.month_name(1), say.month_name(12)) == months
        assert (say.weekday(0), say.weekday(6)) == days
        assert say.country_name("GB") == country
        assert say.country_name(None) == say.country_name("??") == say("common.unknown")


def test_lists_read_as_sentences():
    assert UK["en"].enumeration(["a", "b", "c"]) == "a, b and c"
    assert UK["fr"].enumeration(["a", "b", "c"]) == "a, b et c"
    assert UK["fr"].enumeration([]) == ""


@pytest.mark.parametrize(
    ("language", "number", "form"),
    [
        *[("en", 0, 1), ("en", 1, 0), ("en", 1.5, 1), ("en", 2, 1)],
        *[("fr", 0, 0), ("fr", 1, 0), ("fr", 1.5, 0), ("fr", 2, 1), ("fr", -1, 0), ("fr", 1000, 1)],
    ],
)
def test_plurals_follow_the_language(language, number, form, monkeypatch):
    monkeypatch.setattr("echannel.locale.messages", lambda asked: {"x": ("{n} one", "{n} many")})
    assert UK[language]("x", n=number).endswith(("one", "many")[form])


def test_values_are_put_into_words(monkeypatch):
    monkeypatch.setattr(
        "echannel.locale.messages", lambda asked: {"x": "{a}|{b}|{c}|{d}|{e}|{f}", "error.y": "<{z}>"}
    )
    said = UK["fr"](
        "x",
        a=1234,
        b=1.25,
        c=date(2026, 11, 24),
        d=["p", 1000],
        e=UserError("error.y", z=pd.Period("2026-02")),
        f="2026 {a}",
    )
    assert said == f"1{NNB}234|1,2|24 nov. 2026|p et 1{NNB}000|<févr. 2026>|2026 {{a}}"


@given(st.text())
def test_text_that_comes_from_files_is_left_as_it_is(text):
    assert text in UK["en"].error(UserError("error.unknown_sme", value=text, known="–"))


def test_an_unknown_language_or_key_is_refused():
    with pytest.raises(UserError) as refused:
        Speaker("de")
    assert "de" in UK["fr"].error(refused.value) and "fr" in UK["fr"].error(refused.value)
    with pytest.raises(KeyError):
        UK["en"]("no.such_key")


def test_a_country_s_own_word_wins():
    for language, british, french in (
        ("en", "VAT return", "VAT return (CA3)"),
        ("fr", "Déclaration de TVA britannique", "Déclaration de TVA (CA3)"),
    ):
        assert (UK[language].term("vat_return"), FRANCE[language].term("vat_return")) == (british, french)


def test_both_languages_at_once_for_a_reader_who_points_at_a_term():
    assert FRANCE["fr"].both("term.aov") == "Panier moyen (Average order value)"
    assert UK["en"].both("term.aov") == "Average order value (Panier moyen)"
    assert UK["en"].both("term.badge") == "Badge"
    assert UK["en"].term_note("orders") is None


@given(st.one_of(st.floats(-1e15, 1e15), st.integers(-(10**9), 10**9)), st.integers(0, 3))
def test_digits_are_those_of_babel(value, decimals):
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    for say in UK.values():
        for text, shown, percent in (
            (say.number(value, decimals), round(value, decimals), ""),
            (say.percent(value, decimals), round(value, decimals + 2), "%"),
        ):
            babel = numbers.format_decimal(value if shown else 0, pattern + percent, locale=say.locale)
            assert text.replace(f"{NB}%", "%") == babel.replace("-", "−")


# --- Story 7: a French manager and a UK SME look at the same dashboard ---------------------------


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)


@given(st.floats(-1e9, 1e9).map(lambda amount: round(amount, 2)))
def test_the_same_numbers_in_both_languages(amount):
    english, french = UK["en"].money(amount), UK["fr"].money(amount)
    assert digits(english) == digits(french)
    assert english.lstrip("−+").startswith("£") and french.endswith(f"{NB}£")
    assert "£GB" not in french and " " not in french


def test_a_uk_firm_read_in_french_keeps_its_pounds_its_holidays_and_its_sales():
    say = UK["fr"]
    assert say.money(1234.56) == f"1{NNB}234,56{NB}£"
    holidays = country_pack("GB").public_holidays([2026], "fr")
    assert date(2026, 12, 28) in holidays and date(2026, 7, 14) not in holidays
    marks = [say(f"sale_period.{one.name}") for one in country_pack("GB").sale_periods(2026)]
    assert marks == ["Semaine du Black Friday", "Soldes britanniques de Noël et de janvier"]


def test_a_french_firm_read_in_english_keeps_its_euros_its_holidays_and_its_soldes():
    say = FRANCE["en"]
    assert say.money(1234.56) == "€1,234.56"
    holidays = country_pack("FR").public_holidays([2026], "en")
    assert holidays[date(2026, 7, 14)] == "Bastille Day" and date(2026, 12, 26) not in holidays
    marks = [say(f"sale_period.{one.name}") for one in country_pack("FR").sale_periods(2026)]
    assert marks == ["Winter sales (soldes)", "Summer sales (soldes)", "Black Friday week"]


def test_taux_de_marque_is_never_called_markup_nor_the_other_way_round():
    markup = re.compile(r"\bmark-?up\b", re.I)
    for key, message in catalogue("fr").items():
        english = re.sub(r"\{\w+\}", "", catalogue("en")[key].text)
        french = message.text.lower()
        # A text that explains the false friend names both, each with its own counterpart.
        if "taux de marque" in french and "taux de marge" not in french:
            assert not markup.search(english), key
        if "taux de marque" in french:
            assert re.search(r"\bmargin\b|selling price", english, re.I), key
        if markup.search(english):
            assert "taux de marge" in french or "coefficient" in french, key
    assert FRANCE["fr"].term("margin_rate") == "Taux de marque"
    assert "selling price" in FRANCE["en"].term("margin_rate")
    assert "cost" in FRANCE["en"].term("markup_rate") and "coût" in FRANCE["fr"].term("markup_rate")


def test_catalogues_are_read_once():
    assert messages("fr") is messages("fr")

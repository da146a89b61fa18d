"""Duties by direction, customers and day: dated, sourced, in words, and none where there is no border."""

from __future__ import annotations

from datetime import date

import pytest

from echannel.countries.dated import cited
from echannel.countries.trade.duties import _read, duties_of
from echannel.locale import LANGUAGES, messages
from echannel.reference.snapshot import markets

TODAY = date(2026, 11, 24)


def names(home, market, kind="b2c", day=TODAY):
    return {one.name for one in duties_of(home, market, kind, day)}


def test_british_goods_to_french_consumers():
    found = names("GB", "FR")
    assert {
        "eori",
        "origin_statement",
        "ioss",
        "responsible_person",
        "triman",
        "packaging_fr",
        "language_fr",
    } <= found
    assert not {"oss", "origin_statement_rex", "uk_vat_registration", "packaging_other"} & found


def test_french_goods_to_british_consumers():
    found = names("FR", "GB")
    assert {"eori", "origin_statement_rex", "uk_vat_registration", "data_representative_uk"} <= found
    assert not {"ioss", "triman", "responsible_person", "packaging_fr"} & found


def test_within_the_union_nothing_is_declared_at_a_border():
    assert names("FR", "DE") == {"oss", "product_safety", "packaging_other", "consumer_information"}
    assert names("FR", "DE", "b2b") == {"vat_number_check"}
    assert "packaging_fr" in names("DE", "FR") and "packaging_other" not in names("DE", "FR")


def test_at_home_there_is_no_step_abroad():
    assert names("GB", "GB") == names("FR", "FR", "b2b") == set()


def test_rules_begin_on_their_day():
    assert "responsible_person" not in names("GB", "FR", day=date(2024, 12, 12))
    assert "responsible_person" in names("GB", "FR", day=date(2024, 12, 13))
    assert "product_identifiers" not in names("GB", "FR", day=date(2026, 10, 31))
    assert names("GB", "FR", day=date(1990, 1, 1)) == set()


def test_firms_are_not_told_what_concerns_consumers_only():
    assert not {"ioss", "responsible_person", "triman", "data_representative"} & names("GB", "FR", "b2b")
    assert "customer_imports" in names("GB", "FR", "b2b") and "customer_imports" not in names("GB", "FR")


@pytest.mark.parametrize("home", ["GB", "FR"])
@pytest.mark.parametrize("kind", ["b2c", "b2b"])
def test_every_market_abroad_has_duties_each_once(home, kind):
    for market in markets().index.difference([home]):
        found = [one.name for one in duties_of(home, market, kind, TODAY)]
        assert found and len(found) == len(set(found)), market


def test_every_duty_has_a_source_and_its_words():
    for duty in _read():
        for language in LANGUAGES:
            assert len(cited(duty.source, language)) > 15
            assert {f"market.duty.{duty.name}", f"market.duty_do.{duty.name}"} <= messages(language).keys()


def test_a_duty_read_on_a_public_page_was_not_read_in_the_future():
    assert all(duty.checked is None or duty.checked <= TODAY for duty in _read())

"""Story 14, the same from France: a grocer looks at the UK: £135, VAT on food, DAP and DDP, £ and €."""

from __future__ import annotations

import pytest
from market_story import LANGUAGES, amount, card, chosen, page_of, rows, same_numbers, view_of

from echannel.sme import open_sme
from echannel.views.context import View
from echannel.views.market_landed_facts import case, landed


@pytest.fixture(scope="module")
def firm(demo):
    return open_sme("breizh-epicerie", demo)


@pytest.fixture(scope="module")
def drawn(firm):
    return {language: page_of(firm, language, chosen("GB")) for language in LANGUAGES}


@pytest.fixture(params=LANGUAGES)
def page(drawn, request):
    return drawn[request.param]


def test_below_135_pounds_no_duty_is_due_and_the_end_of_it_is_announced(page):
    for row in rows(page, "landed_price"):
        assert amount(row[1]) <= 135 and amount(row[3]) == 0
    listed = rows(page, "landed_coming")
    assert any("135" in row[2] for row in listed)
    assert any("2029" in row[3] for row in listed if row[1] in ("announced", "annoncé"))


def test_french_food_at_a_reduced_rate_shows_both_british_totals(firm, page):
    """At home 5.5 %; in the UK 0 % or 20 %, until the owner says which."""
    view = view_of(firm, "en", chosen("GB"))
    unsettled = case(view).unsettled_vat
    assert unsettled.any() and not unsettled.all()
    for row, open_question in zip(rows(page, "landed_price"), unsettled, strict=True):
        net = amount(row[1]) + amount(row[2])
        assert amount(row[5]) == pytest.approx(net * 1.2, abs=0.0051)
        if open_question and "+" not in row[0]:
            assert amount(row[6]) == pytest.approx(net, abs=0.001)
    sentence = card(page, "landed_price").select_one(".ec-sentence").get_text()
    assert "20" in sentence and "0" in sentence


def test_once_the_owner_has_said_it_one_total_is_left(firm):
    """A category entered at 0 % in the profile is no question any more."""
    exports = firm.profile.exports.model_copy(update={"vat_rates": {"GB": {"Coffrets": 0.0}}})
    told = open_sme(firm.profile.id, firm.workspace)
    told.profile = firm.profile.model_copy(update={"exports": exports})
    view = View(told, told.speaker("fr"), chosen("GB"))
    hampers = case(view).lines.groupby("parcel")["category"].agg(lambda held: set(held) == {"Coffrets"})
    found = landed(view)
    assert hampers.any() and not case(view).unsettled_vat[hampers.to_numpy()].any()
    assert (found["vat"][hampers.to_numpy(), 0] == 0).all()


def test_the_vat_is_charged_at_the_sale(page):
    assert {row[-1] for row in rows(page, "landed_price")} <= {"you, at the sale", "vous, à la vente"}


def test_dap_and_ddp_can_be_compared_and_nothing_is_disputed(page):
    listed = rows(page, "landed_ways")
    assert len(listed) == 2 and len({row[1] for row in listed}) == 2
    assert card(page, "landed_disputed") is None


def test_a_stronger_euro_takes_margin_away(page):
    low, now, high = rows(page, "landed_band")
    assert amount(low[1]) < amount(now[1]) < amount(high[1])
    assert amount(low[2]) > amount(now[2]) > amount(high[2])


def test_products_without_a_customs_code_are_counted_not_guessed(firm, page):
    text = card(page, "landed_origin").get_text(" ")
    missing = firm.table("products")["hs_code"].isna().sum()
    assert missing > 0
    assert ("have no customs code" in text) or ("n’ont pas de code douanier" in text)
    assert "REX" in text


def test_both_languages_tell_the_same_numbers(drawn):
    same_numbers(drawn)

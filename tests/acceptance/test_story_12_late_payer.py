"""Story 12, a late payer: a British firm's customer goes from 30 to 75 days."""

from __future__ import annotations

import re

import numpy as np
import pages
import pytest
from stock_shop import stocked

from echannel.countries.late_payment import late_law
from echannel.locale import LANGUAGES
from echannel.metrics.planning import late_payers
from echannel.metrics.turnover import as_date
from echannel.planning_profile import PlanningProfile
from echannel.views import planning_plan
from echannel.views.context import View
from echannel.views.planning_facts import period_of
from echannel.views.planning_tax_cards import days_overdue, largest_account

TOLD = {
    "customer_days": 30,
    "opening": {"cash": 700},
    "rent": 120,
    "other_overheads": 150,
    "stock_cover_days": 45,
}


@pytest.fixture(scope="module")
def firm():
    made = stocked("b2b", country="GB", orders=1200)
    told = {"planning": PlanningProfile.model_validate(TOLD)}
    made.profile = made.profile.model_copy(update=told)
    return made


@pytest.fixture(scope="module")
def read(firm):
    return {
        language: pages.parsed(pages.drawn("planning", firm, language)).find(id="planning-late-payer")
        for language in LANGUAGES
    }


@pytest.fixture(scope="module")
def effect(firm):
    view = View(firm, firm.speaker("en"))
    made = planning_plan.basis(view)
    share, orders = largest_account(view)
    law = late_law(firm.pack, as_date(firm.sales.last_day).date())
    agreed = 30.0 - days_overdue(view)  # interest runs from the agreed day
    return late_payers.late_payment(made.inputs, made.rules, 75.0, share, law, orders, agreed_days=agreed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_month_below_zero_is_named(firm, read, effect, language):
    told, say = read[language].get_text(" ", strip=True), firm.speaker(language)
    assert effect.first_negative[0] > 0, "the delay takes this firm below zero"
    assert say.month(period_of(int(effect.first_negative[0]))) in told
    assert say.money(effect.lowest, decimals=0) in told
    assert effect.lowest < effect.lowest_before
    assert "75" in told and "30" in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_discipline_brings_and_what_the_law_grants(firm, read, effect, language):
    told, say = read[language].get_text(" ", strip=True), firm.speaker(language)
    assert effect.a_day > 0 and say.money(effect.a_day, decimals=0) in told
    assert effect.interest > 0 and say.money(effect.interest, decimals=0) in told
    assert effect.fees > 0 and say.money(effect.fees, decimals=0) in told
    assert re.search(r"11[.,]75", told), "8 % above the base rate of 3.75 %"


@pytest.mark.parametrize(("language", "said"), [("en", "not in force"), ("fr", "pas en vigueur")])
def test_the_cap_of_60_days_is_a_bill_and_not_computed_with(read, language, said):
    note = read[language].select_one(".ec-note").get_text()
    assert "60" in note and said in note


def test_both_languages_draw_and_list_the_same(read):
    english, french = (read[language] for language in LANGUAGES)
    cells = [
        [re.sub(r"\D", "", one.get_text()) for one in soup.select(".ec-num")] for soup in (english, french)
    ]
    assert cells[0] == cells[1] and len(cells[0]) > 6
    plots = [[pages.plotted(one) for one in pages.figures(soup)] for soup in (english, french)]
    assert plots[0] == plots[1] and np.size(plots[0][0][0]) > 6

"""The cards on tax dates and late payers: the right days and sums, said alike in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from views_shop import shop

from echannel.countries import country_pack
from echannel.countries.plan_rules import TaxFacts, plan_rules
from echannel.locale import LANGUAGES
from echannel.metrics.planning.inputs import (
    Cost,
    OpeningBalance,
    PaymentTerms,
    PlanInputs,
    StaffMember,
    Stream,
)
from echannel.views.cards import Card, to_page
from echannel.views.context import View
from echannel.views.planning_plan import Basis
from echannel.views.planning_tax_cards import late_payer, returns_by_month, tax_dates
from echannel.views.tables import to_html

START = (2026 - 1970) * 12 + 11
T = 36


@pytest.fixture(scope="module")
def french():
    return shop("b2c", orders=400, country="FR", months=14)


@pytest.fixture(scope="module")
def british():
    return shop("b2b", orders=400, country="GB", months=14)


def rules_for(country: str, facts: TaxFacts):
    return plan_rules(country_pack(country), facts, START, T)


def firm(country: str, kind: str, turnover: float, cash: float = 9_000.0) -> PlanInputs:
    terms = PaymentTerms(30.0 if kind == "b2b" else 3.0)
    stream = Stream(kind, kind, np.full((1, T), turnover), 0.6, vat_rate=0.2, terms=terms)
    return PlanInputs(
        country,
        "GBP" if country == "GB" else "EUR",
        START,
        (stream,),
        fiscal_year_start_month=4 if country == "GB" else 1,
        departement="56",
        costs=(
            Cost("rent", "rent", 1_000.0, vat_rate=0.2),
            Cost("e", "e_invoicing", np.where(np.arange(T) >= 9, 30.0, 0.0)),
        ),
        staff=(StaffMember("one", 2_500.0, START),),
        opening=OpeningBalance(cash=cash, receivables=turnover if kind == "b2b" else 0.0),
        purchase_vat_rate=0.2,
    )


def view_of(sme, inputs: PlanInputs, rules, language: str) -> View:
    """A reader's view of a plan made by hand; the sales are the made-up shop's."""
    basis = Basis(
        inputs=inputs, rules=rules, assumptions=(), reasons=(), forecast=None, spread=None, scenarios={}
    )
    return View(sme, sme.speaker(language), memory={("plan basis",): basis})


def _read(html: str) -> str:
    """What is read of a page: without the names of cards among its attributes."""
    return re.sub(r'(?:data-[a-z-]+|value|name|id|href)="[^"]*"', "", html)


def cells(card: Card, view: View) -> str:
    assert card.table is not None
    return to_html(card.table, view.say, "table")


def test_a_french_shop_reads_its_dates_and_what_replaces_its_regime(french):
    facts = TaxFacts(
        "reel_simplifie", departement="56", turnover=dict.fromkeys(range(START - 24, START + T), 2e4)
    )
    said = {}
    for language in LANGUAGES:
        view = view_of(french, firm("FR", "b2c", 20_000.0), rules_for("FR", facts), language)
        card = tax_dates(view)
        said[language] = card.sentence
        rows = card.table.frame
        vat = rows[[what == ("vat", "return") for what in rows["what"]]]
        # December's VAT with the last yearly return; from January by quarter, on the 21st.
        assert [f"{day:%Y-%m-%d}" for day in vat["day"]] == [
            "2027-04-21",
            "2027-05-04",
            "2027-07-21",
            "2027-10-21",
            "2028-01-21",
        ]
        assert vat["amount"].iloc[0] == pytest.approx(3 * (4_000 - 2_400 - 200))
        html = _read(to_page(card, view.say, "shop"))
        assert "planning." not in html and "coming." not in html and "deadline." not in html
        assert card.figures and len(card.figures[0]["data"]) == 3
    assert "From 1 Jan 2027 it changes" in said["en"] and "every quarter" in said["en"]
    assert "1 janv. 2027" in said["fr"] and "chaque trimestre" in said["fr"]
    assert "15 Jan 2027" in said["en"] and "Urssaf" in said["en"]


def test_e_invoicing_is_told_with_what_the_plan_counts(french):
    rules = rules_for("FR", TaxFacts("reel_normal", departement="56"))
    inputs = firm("FR", "b2c", 20_000.0)
    assumed = tax_dates(view_of(french, inputs, rules, "en")).note
    assert "€30 a month for it, which is our assumption" in assumed
    own = replace(inputs, costs=(Cost("e", "e_invoicing", 55.0),))
    told = tax_dates(view_of(french, own, rules, "en")).note
    assert "€55 a month for it." in told
    assert "one overall rate of ours" in told  # charges on pay
    begun = plan_rules(country_pack("FR"), TaxFacts("reel_normal"), START + 12, T)
    later = tax_dates(view_of(french, replace(own, start=START + 12), begun, "en")).note
    assert "a month for it" not in later  # nothing new
    nowhere = replace(inputs, departement="")
    assert "your department" in tax_dates(view_of(french, nowhere, rules, "en")).note
    assert "your department" not in assumed


def test_a_limit_that_the_plan_passes_is_told_with_its_day(french):
    rules = rules_for("FR", TaxFacts("franchise"))
    card = tax_dates(view_of(french, firm("FR", "b2c", 9_000.0), rules, "en"))
    # Nine thousand a month: 85,000 is passed in October, 93,500 in November 2027.
    assert (
        "In Oct 2027 the plan passes the limit of €85,000 over the calendar year: from 1 Jan 2028"
        in card.sentence
    )
    assert "In Nov 2027 the plan passes the limit of €93,500" in card.sentence
    assert "you must charge VAT" in card.sentence
    small = tax_dates(view_of(french, firm("FR", "b2c", 5_000.0), rules, "fr"))
    assert "85\u202f000\u00a0€" in small.note and "dépasse" not in small.sentence


def test_how_often_vat_is_declared_month_by_month():
    turnover = dict.fromkeys(range(START - 24, START + T), 20_000.0)
    every = returns_by_month(rules_for("FR", TaxFacts("reel_normal", turnover=turnover)))
    assert every[0] == "monthly" and set(every[1:]) == {"quarterly"}
    assert set(returns_by_month(rules_for("FR", TaxFacts("franchise")))) == {""}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_british_firm_reads_what_a_late_customer_does(british, language):
    inputs = firm("GB", "b2b", 40_000.0, cash=1_000.0)
    view = view_of(
        british, inputs, rules_for("GB", TaxFacts("standard", fiscal_year_start_month=4)), language
    )
    card = late_payer(view)
    assert "75" in card.sentence and "30" in card.sentence
    assert {"en": "not in force", "fr": "pas en vigueur"}[language] in card.note
    assert {"en": "11.75%", "fr": "11,75\u00a0%"}[language] in card.sentence
    steps = card.table.frame
    assert steps["days"].tolist() == [30.0, 45.0, 60.0, 75.0, 90.0]
    assert steps["lowest"].is_monotonic_decreasing
    html = _read(to_page(card, view.say, "shop") + cells(card, view))
    assert "planning." not in html and "payment_bill." not in html


def test_numbers_are_the_same_in_both_languages(british):
    inputs = firm("GB", "b2b", 40_000.0)
    rules = rules_for("GB", TaxFacts("standard"))
    tables = [late_payer(view_of(british, inputs, rules, language)).table.frame for language in LANGUAGES]
    assert tables[0].equals(tables[1])
    dates = [tax_dates(view_of(british, inputs, rules, language)).table.frame for language in LANGUAGES]
    words = ["no_amount"]  # said where a filing asks for no payment
    assert dates[0].drop(columns=words).astype(str).equals(dates[1].drop(columns=words).astype(str))


def test_late_payers_are_for_those_who_sell_to_firms(french):
    assert (
        late_payer(view_of(french, firm("FR", "b2c", 9_000.0), rules_for("FR", TaxFacts("franchise")), "en"))
        is None
    )


def test_without_a_plan_the_cards_say_why(british):
    sme = SimpleNamespace(**vars(british), turnover_forecast=SimpleNamespace(reason="reason.orders_missing"))
    view = View(sme, sme.speaker("en"), memory={("plan basis",): None})
    for card in (tax_dates(view), late_payer(view)):
        assert card.missing and not card.sentence and card.table is None

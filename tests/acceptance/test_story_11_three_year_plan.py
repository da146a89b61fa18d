"""Story 11, a plan of 36 months for a French shop, filled from its orders; and the same firm in the UK."""

from __future__ import annotations

import re

import numpy as np
import pages
import pandas as pd
import pytest
from stock_shop import stocked

from echannel.locale import LANGUAGES
from echannel.metrics.planning.reading import break_even, working_capital
from echannel.metrics.turnover import as_date
from echannel.planning_profile import PlanningProfile
from echannel.profiles import VatProfile
from echannel.views import planning_plan
from echannel.views.context import View
from echannel.views.planning_facts import fiscal_years

TOLD = {
    "departement": "29",
    "legal_form": "company",
    "opening": {"cash": 900},
    "rent": 80,
    "other_overheads": 120,
    "marketing": 60,
    "stock_cover_days": 60,
}
REGIMES = {"FR": "reel_simplifie", "GB": "standard"}


def firm(country: str):
    made = stocked("b2c", orders=1200)
    told = {
        "country": country,
        "vat": VatProfile(regime=REGIMES[country]),
        "planning": PlanningProfile.model_validate(TOLD),
    }
    made.profile = made.profile.model_copy(update=told)
    return made


@pytest.fixture(scope="module")
def french():
    return firm("FR")


@pytest.fixture(scope="module")
def british():
    return firm("GB")


@pytest.fixture(scope="module")
def read(french, british):
    """Each country's page in each language."""
    return {
        (made.profile.country, language): pages.parsed(pages.drawn("planning", made, language))
        for made in (french, british)
        for language in LANGUAGES
    }


def card(read, country: str, language: str, name: str):
    return read[country, language].find(id=f"planning-{name}")


def words(element) -> str:
    return element.get_text(" ", strip=True)


def rows(element) -> dict[str, list[str]]:
    return {words(row.find("th")): [words(cell) for cell in row("td")] for row in element.select("tbody tr")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plan_is_filled_from_orders_and_says_so(french, read, language):
    say = french.speaker(language)
    listed = words(card(read, "FR", language, "assumptions"))
    for maker in ("history", "owner", "default"):
        assert say(f"planning.made_by.{maker}") in listed
    made = planning_plan.basis(View(french, say))
    assert made.inputs.months == 36
    assert made.forecast is not None, "turnover comes from the orders"


@pytest.mark.parametrize("language", LANGUAGES)
def test_earnings_are_soldes_intermediaires_de_gestion(french, read, language):
    view = View(french, french.speaker(language))
    say, made = view.say, planning_plan.planned(view)
    shown = rows(card(read, "FR", language, "earnings"))
    for line in (
        "commercial_margin",
        "value_added",
        "ebe",
        "operating_result",
        "current_result",
        "net_result",
    ):
        assert say(f"planning.statement.{line}") in shown
    years = fiscal_years(made.inputs)
    margin = [made.line("turnover")[y.at].sum() - made.line("cost_of_sales")[y.at].sum() for y in years]
    assert shown[say("planning.statement.commercial_margin")] == [
        say.money(one, decimals=0) for one in margin
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_bfr_seuil_and_point_mort_are_told(french, read, language):
    view = View(french, french.speaker(language))
    say, made = view.say, planning_plan.planned(view)
    tied = words(card(read, "FR", language, "working-capital").select_one(".ec-sentence"))
    mean = working_capital(made)["bfr"].head(12).mean()
    assert say.money(abs(mean), decimals=0) in tied
    assert "FRNG" in tied
    year = next(one for one in fiscal_years(made.inputs) if one.whole)
    seen = break_even(made, year.at.start, year.months)
    told = words(card(read, "FR", language, "break-even"))
    assert say.money(seen.amount, decimals=0) in told
    assert say.term("break_even") in told
    if language == "fr":
        assert "Point mort" in words(read["FR", "fr"].select_one(".ec-tiles"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cash_plan_has_36_months_and_adds_up(french, read, language):
    table = card(read, "FR", language, "cash-plan").find("table")
    assert len(table.select("thead th")) == 37
    assert len(pages.csv_downloads(card(read, "FR", language, "cash-plan"))) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_vat_is_due_on_the_21st_and_changes_regime_on_1_january_2027(french, read, language):
    view = View(french, french.speaker(language))
    say, made = view.say, planning_plan.planned(view)
    told = words(card(read, "FR", language, "tax-dates"))
    returns = made.vat.periods.query("kind == 'return' and regime == 'reel_normal' and amount > 0")
    due = [as_date(int(day)) for day in returns["due_day"]]
    assert len(due) > 5
    # A company outside Paris and its inner ring: the 21st, or the next day at work.
    assert all(day.day == 21 or (day.day in (22, 23, 24) and day.weekday() in (0, 1)) for day in due)
    assert say.day(due[0]) in told
    assert say("vat_regime.reel_simplifie") in told and say("vat_regime.reel_normal") in told
    assert say.day(pd.Timestamp("2027-01-01")) in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_month_has_its_chance_of_running_dry_and_what_decides(french, read, language):
    view = View(french, french.speaker(language))
    say, ahead = view.say, planning_plan.outlook(view)
    listed = rows(card(read, "FR", language, "running-dry"))
    assert len(listed) == 36
    some = np.flatnonzero(ahead.chance > 0.01)
    assert len(some), "this shop starts with little cash"
    at = int(some[0])
    month = list(listed.values())[at]
    assert say.percent(ahead.chance[at]) in month
    assert say(f"planning.driver.{ahead.drivers[at]}") in month


@pytest.mark.parametrize("country", ["FR", "GB"])
def test_both_languages_tell_the_same_numbers(read, country):
    english, french = (read[country, language] for language in LANGUAGES)
    for one in ("cash", "cash-plan", "earnings", "earnings-months", "break-even", "working-capital",
                "financing", "balance"):  # fmt: skip
        cells = [
            [re.sub(r"\D", "", words(cell)) for cell in soup.find(id=f"planning-{one}").select(".ec-num")]
            for soup in (english, french)
        ]
        assert cells[0] == cells[1] and len(cells[0]) > 3, one
        plots = [pages.plotted(figure) for figure in pages.figures(english.find(id=f"planning-{one}"))]
        assert plots == [pages.plotted(f) for f in pages.figures(french.find(id=f"planning-{one}"))]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_firm_in_the_uk_gets_british_forms_and_dates(british, read, language):
    say = british.speaker(language)
    shown = rows(card(read, "GB", language, "earnings"))
    for line in ("turnover", "gross_profit", "administrative_expenses", "profit_before_tax"):
        assert say(f"planning.statement.{line}") in shown
    for line in ("commercial_margin", "value_added", "ebe"):
        assert say(f"planning.statement.{line}") not in shown
    page = words(read["GB", language])
    assert "SIG" not in page and "FRNG" not in page and "CA3" not in page
    due = words(card(read, "GB", language, "tax-dates"))
    days = {"en": ("7 Feb 2027", "7 May 2027"), "fr": ("7 févr. 2027", "7 mai 2027")}[language]
    assert all(day in due for day in days), "quarters, one month and seven days after they end"

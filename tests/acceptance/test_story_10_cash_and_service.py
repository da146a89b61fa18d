"""Story 10, cash against service: from 90 to 98 %, what it takes, what it saves, both figures of service."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pages as whole
import pytest
from bs4 import BeautifulSoup
from stock_shop import stocked

from echannel.metrics.inventory.service import safety_factor, safety_stock
from echannel.metrics.planning.engine import build_plan
from echannel.planning_profile import PlanningProfile
from echannel.views import inventory_plan_effect, inventory_service_cards
from echannel.views import page as pages
from echannel.views.context import View, WhatIf
from echannel.views.inventory_plan import plan
from echannel.views.page import Page
from echannel.views.planning_plan import plan_rules_of, planned

LANGUAGES = ("en", "fr")
LOW, HIGH = 0.90, 0.98


@pytest.fixture(scope="module", params=["b2c", "b2b"])
def firm(request):
    return stocked(request.param, orders=1500)


class Dashboard:
    """The page as a reader turns it: the notebook's cells, live, and the bar of sliders."""

    def __init__(self, firm, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
        shown: list = []
        monkeypatch.setattr(pages, "display", shown.append)
        monkeypatch.setattr(pages, "_show", shown.append)
        self.page = Page("inventory", firm, firm.speaker(language), "live")
        self.page.head()
        self.bar = next(one for one in shown if hasattr(one, "children"))
        self.page.opening()
        self.page.show(inventory_service_cards.service)
        shown.clear()
        self.page.act("lowest_cash", inventory_plan_effect.ask)
        self.button, self.answer = shown[0].children
        self.say = self.page.say

    def turn(self, level: float) -> None:
        self.bar.children[0].value = level

    @property
    def card(self) -> BeautifulSoup:
        card = next(slot for slot in self.page._slots if 'id="inventory-service"' in slot.place.widget.value)
        return BeautifulSoup(card.place.widget.value, "html.parser")

    @property
    def here(self) -> list[str]:
        """The table's row of one's own policy."""
        return [cell.get_text(" ", strip=True) for cell in self.card.select("tbody tr")[0](["th", "td"])]


@pytest.fixture(params=LANGUAGES)
def dashboard(firm, request, monkeypatch):
    return Dashboard(firm, request.param, monkeypatch)


def test_a_slider_from_90_to_98_moves_cash_margin_and_both_figures_of_service(firm, dashboard):
    seen = {}
    for level in (LOW, HIGH):
        dashboard.turn(level)
        assert dashboard.page.view.choice.stock.service == level
        made = plan(dashboard.page.view).policies
        made = made[(made["status"] == "ok") & made["stock_value"].notna() & (made["per_day"] > 0)]
        say = dashboard.say
        cash, lost = made["stock_value"].sum(), made["lost_margin"].sum()
        sentence = dashboard.card.select_one(".ec-sentence").get_text()
        assert say.money(cash, decimals=0) in sentence and say.money(lost, decimals=0) in sentence
        cycle, fill = dashboard.here[1], dashboard.here[2]
        assert cycle != fill, "two figures, not one"
        assert cycle in sentence and fill in sentence
        seen[level] = (cash, lost, made["fill_rate"].mean(), made["cycle_service"].mean())
    assert seen[HIGH][0] > seen[LOW][0], "more cash in stock"
    assert seen[HIGH][1] < seen[LOW][1], "less margin lost"
    assert seen[HIGH][2] > seen[LOW][2] and seen[HIGH][3] > seen[LOW][3]


def test_the_curve_shows_every_level_at_once(dashboard):
    levels = [row("th")[0].get_text() for row in dashboard.card.select("tbody tr")][1:]
    say = dashboard.say
    assert say.percent(LOW) in levels and say.percent(HIGH) in levels
    figure = whole.figures(dashboard.card)[0]
    stock, lost = (trace["y"] for trace in figure["data"])
    assert stock == sorted(stock) and lost == sorted(lost, reverse=True)
    assert len(stock) == len(lost) == len(levels)


def test_what_the_policy_does_to_cash_is_said(firm, dashboard):
    dashboard.turn(HIGH)
    say, inventory = dashboard.say, firm.inventory
    made = plan(dashboard.page.view).policies
    planned = made.index[(made["status"] == "ok") & made["stock_value"].notna()]
    today = (inventory.position["on_hand"] * inventory.items["unit_cost"])[planned].sum()
    note = " ".join(one.get_text() for one in dashboard.card.select(".ec-note"))
    assert say.money(today, decimals=0) in note


@pytest.fixture(scope="module")
def planning_firm():
    """A firm whose plan knows its balance and its costs."""
    made = stocked("b2c", orders=1500)
    told = {"opening": {"cash": 2_000}, "rent": 900}
    made.profile = made.profile.model_copy(update={"planning": PlanningProfile.model_validate(told)})
    return made


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lowest_cash_of_the_plan_follows_the_slider_once_it_was_asked_for(
    planning_firm, language, monkeypatch
):
    dashboard = Dashboard(planning_firm, language, monkeypatch)
    say, view = dashboard.say, dashboard.page.view
    column = say("views.column.planning_lowest_cash")
    assert not view.has("plan basis"), "no plan is made before it is asked for"
    assert column not in dashboard.card.get_text()
    dashboard.button.click()
    made, rules = planned(view), plan_rules_of(view)
    per_day = (made.line("cost_of_sales")[:12].sum()) / 365
    inventory = planning_firm.inventory
    lowest = {}
    for level in (LOW, HIGH):
        dashboard.turn(level)
        seen = plan(dashboard.page.view).policies
        seen = seen[(seen["status"] == "ok") & seen["stock_value"].notna()]
        today = (inventory.position["on_hand"] * inventory.items["unit_cost"])[seen.index].sum()
        more = seen.loc[seen["per_day"] > 0, "stock_value"].sum() - today
        days = np.maximum(np.asarray(made.inputs.stock.cover_days) + more / per_day, 0.0)
        stocked_so = replace(made.inputs, stock=replace(made.inputs.stock, cover_days=days))
        lowest[level] = float(build_plan(stocked_so, rules).line("cash").min())
        text = dashboard.card.get_text(" ")
        assert say.money(lowest[level], decimals=0) in text, level
        assert say.money(made.line("cash").min(), decimals=0) in text and column in text
    assert lowest[HIGH] < lowest[LOW], "more service, more stock, less cash at the lowest point"


def test_no_forecast_is_computed_again_for_a_slider(dashboard, monkeypatch):
    def again(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr("echannel.stock._computed", again)
    dashboard.turn(LOW)
    dashboard.turn(HIGH)
    assert dashboard.here


def test_both_languages_move_to_the_same_numbers(firm, monkeypatch):
    english, french = (Dashboard(firm, language, monkeypatch) for language in LANGUAGES)
    for level in (LOW, HIGH):
        counts = []
        for one in (english, french):
            one.turn(level)
            counts.append(whole.numbers(one.card.get_text(" "), one.say.language))
        del counts[0]["1"], counts[1]["1"]
        assert counts[0] == counts[1], (counts[0] - counts[1], counts[1] - counts[0])


def test_95_percent_of_cycles_is_not_95_percent_of_demand(firm):
    """Vector 1: for the same 95 %, 77.85 or 8.35 units of safety stock."""
    by_cycle = safety_stock(0.95, 20.0, 8.0, 10.0, 2.0)
    spread = by_cycle / safety_factor(0.95)
    assert by_cycle == pytest.approx(77.85, abs=0.01)
    assert 0.1764 * spread == pytest.approx(8.35, abs=0.01)
    for language in LANGUAGES:
        view = View(firm, firm.speaker(language))
        lesson = view.say("inventory.card.service.what")
        assert len(re.findall("95", lesson)) == 2


def test_the_choice_is_the_reader_s_and_not_kept(firm):
    assert View(firm, firm.speaker("fr")).choice.stock == WhatIf()

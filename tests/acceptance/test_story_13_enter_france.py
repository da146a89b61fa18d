"""Story 13, enter the other side: a UK gift shop looks at France, today and by the rules of 30 June 2026."""

from __future__ import annotations

import math
from datetime import date

import pytest
from market_story import LANGUAGES, amount, card, chosen, page_of, rows, same_numbers, view_of

from echannel.market_entries import TOOL, entries_of
from echannel.metrics.planning.scenarios import all_scenarios
from echannel.register import open_register, remove_scenario
from echannel.sme import open_sme
from echannel.views import market_entry_cards as entry_cards
from echannel.views import page as pages_module
from echannel.views.market_landed_facts import case, mean_there

LAST_DAY_OF_RELIEF = date(2026, 6, 30)


@pytest.fixture(scope="module")
def firm(demo):
    return open_sme("kent-gifts", demo)


@pytest.fixture(scope="module")
def drawn(firm):
    return {language: page_of(firm, language, chosen("FR")) for language in LANGUAGES}


@pytest.fixture(scope="module")
def before(firm):
    return page_of(firm, "en", chosen("FR", LAST_DAY_OF_RELIEF))


@pytest.fixture(params=LANGUAGES)
def page(drawn, request):
    return drawn[request.param]


def test_ten_baskets_stand_at_the_customers_door_to_the_cent(page):
    listed = rows(page, "landed_price")
    assert len(listed) == 10
    for row in listed:
        goods, delivery, duties, vat, total = map(amount, row[1:6])
        assert vat == pytest.approx((goods + delivery + duties) * 0.2, abs=0.0051)
        assert total == pytest.approx(goods + delivery + duties + vat, abs=0.001)
        items = duties / 5  # €3 and the French €2 for each tariff item
        assert items == int(items) >= 1


def test_on_30_june_the_three_euros_are_gone_and_nothing_else_moves(drawn, before):
    for now, then in zip(rows(drawn["en"], "landed_price"), rows(before, "landed_price"), strict=True):
        assert now[:3] == then[:3]
        items = amount(now[3]) / 5
        assert amount(now[3]) - amount(then[3]) == pytest.approx(3 * items)
        assert amount(now[5]) - amount(then[5]) == pytest.approx(3.6 * items, abs=0.011)
    assert "Flat EU duty" in card(drawn["en"], "landed_coming").get_text(" ")
    held = [row[0] for row in rows(before, "landed_coming") if row[1] == "in force"]
    assert not any("Flat EU duty" in name for name in held)


def test_with_and_without_ioss_dap_and_ddp_stand_side_by_side(page):
    listed = rows(page, "landed_ways")
    assert len({tuple(row[:2]) for row in listed}) == 4
    by_way = [[amount(cell) for cell in row[2:6]] for row in listed]
    (ioss_dap, ioss_ddp, border_dap, border_ddp) = by_way
    for total, customer, _, seller in by_way:
        assert customer + seller == pytest.approx(total, abs=0.001)
    assert ioss_dap[2] == 0 and border_dap[2] > 0, "without IOSS something is asked at the door"
    assert ioss_ddp[3] > 0 and border_ddp[2] == 0


def test_disputed_rules_show_both_results(firm, page):
    listed = rows(page, "landed_disputed")
    switches = case(view_of(firm, "en", chosen("FR"))).route.rules.switches
    assert len(listed) == sum(len(one.readings) for one in switches) == 10
    totals = {row[1]: [amount(cell) for cell in row[3:5]] for row in listed}
    vat_on_it, no_vat_on_it = list(totals.values())[2:4]
    assert vat_on_it[0] - no_vat_on_it[0] == pytest.approx(1.0), "20 % of €3 and of the French €2"
    escapes, does_not = list(totals.values())[4:6]
    assert does_not[1] - escapes[1] == pytest.approx(6.0), "€5 of duties and the VAT on them"


def test_origin_is_asked_of_every_product_and_the_eu_wants_a_responsible_person(firm, page):
    listed = rows(page, "landed_origin")
    verdicts = {row[2] for row in listed}
    assert len(listed) > 100 and len(verdicts) == 3, "proven, to be proven, made elsewhere"
    text = card(page, "landed_origin").get_text(" ")
    assert "GPSR" in text or "RSGP" in text
    assert "EORI" in text


def test_break_even_is_the_entry_cost_over_what_an_order_leaves(firm, drawn):
    view = view_of(firm, "en", chosen("FR"))
    exports = firm.profile.exports
    fixed = exports.setup_cost["FR"] + 12 * exports.cost_per_month["FR"]
    needed = math.ceil(fixed / mean_there(view)["margin"])
    assert 50 < needed < 1000
    for language in LANGUAGES:
        (row,) = rows(drawn[language], "landed_volume")
        assert amount(row[4]) == needed
        assert str(needed) in card(drawn[language], "landed_volume").select_one(".ec-sentence").get_text()


def test_own_sales_and_the_ranking_stand_before_it(page):
    text = page.get_text(" ")
    for name in ("already_abroad", "where_next"):
        assert card(page, name) is not None
    assert "10,000" in text or "10\u202f000" in text, "the draws behind the rank bands"


def test_six_things_change_and_the_report_says_where_the_button_is(page):
    assert len(rows(page, "landed_changes")) == 6
    assert "scenario" in card(page, "landed_changes").get_text(" ").replace("scénario", "scenario")


def test_the_button_hands_the_case_to_the_planning_tool(firm, monkeypatch):
    shown = []
    monkeypatch.setattr(pages_module, "display", shown.append)
    page = pages_module.Page("market", firm, firm.speaker("en"), "live")
    page.view = page.view.chosen(chosen("FR"))
    page.act("scenario", entry_cards.keep_scenario)
    button, done = shown[-1].children
    assert button.description == "Make a scenario in the planning tool" and done.value == ""
    try:
        button.click()
        kept = entries_of(firm)["market_fr"]
        assert "20 more orders a month" in done.value
        assert kept.orders_per_month.tolist() == [20.0] and kept.setup_cost == 2800.0
        assert all_scenarios((), entries_of(firm).values())["market_fr"].entry.country == "FR"
        left = mean_there(page.view)["margin"]
        assert kept.price_net - kept.variable_cost_per_order == pytest.approx(left, abs=0.011)
    finally:
        remove_scenario(open_register(firm.workspace), firm.profile.id, TOOL, "market_fr")


def test_both_languages_tell_the_same_numbers(drawn):
    same_numbers(drawn)

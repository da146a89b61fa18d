"""Story 4: day 1 of an audit. The bridge, the products without a cost, and what to do first."""

from __future__ import annotations

import pages
import pytest

from echannel.metrics.turnover import bridge
from echannel.sme import open_sme
from echannel.views import audit_cards, product_cards
from echannel.views.context import View

LANGUAGES = ("en", "fr")


@pytest.fixture(scope="module")
def kent(demo):
    return open_sme("kent-gifts", demo)


@pytest.fixture(params=LANGUAGES)
def view(kent, request):
    return View(kent, kent.speaker(request.param))


def test_18_percent_of_products_have_no_cost(kent):
    costs = kent.table("products")["unit_cost"]
    assert (costs.isna() | (costs == 0)).mean() == pytest.approx(0.18, abs=0.01)


def test_the_margin_says_for_which_part_of_turnover_it_stands(kent, view):
    products = kent.table("products").set_index("product_id")["unit_cost"]
    lines = view.sales.lines[view.sales.lines["entry"] == "sale"]
    costed = lines["product_id"].astype(object).map(products).fillna(0) > 0
    share = lines.loc[costed, "net"].sum() / lines["net"].sum()
    assert 0.7 < share < 0.95
    said = product_cards.margin(view).sentence
    assert view.say("growth.say.margin_coverage", share=view.say.percent(share, 0)) in said


def test_the_bridge_goes_from_the_shop_s_total_to_net_turnover(kent, view):
    card = audit_cards.reconciliation(view)
    steps = bridge(kent.sales.entries).set_index("step")["value"]
    shown = " ".join([card.sentence, *map(str, card.table.frame.to_numpy().ravel())])
    assert view.say.money(steps["total_gross"], decimals=0) in card.sentence
    assert str(round(steps["net_goods"], 2))[:-1] in shown


def test_costs_come_first_on_the_list_of_what_to_do(kent):
    for language in LANGUAGES:
        say = kent.speaker(language)
        audit = pages.parsed(pages.drawn("audit", kent, language))
        todo = pages.card(audit, say("audit.card.fixes.title"))
        first = todo.find("tbody").find("tr").get_text(" ")
        assert say("audit.check.missing_costs.title") in first
        assert say("audit.check.missing_costs.fix") in first

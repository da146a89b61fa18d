"""The cards on landed cost and margin where little is known: partial answers, nothing invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pages
import pytest
from views_shop import FORMULA, SCRIPT, shop

from echannel.reference import uk_duties
from echannel.views import (
    market_entry_cards,
    market_landed_cards,
    market_margin_cards,
    market_rules_cards,
    market_ways_cards,
)
from echannel.views.cards import to_page
from echannel.views.context import Choice, View
from echannel.views.market_choice import MarketChoice
from echannel.views.market_landed_facts import case, mean_there, options
from echannel.workspace import Workspace

CARDS = (
    market_landed_cards.landed_price, market_ways_cards.ways, market_rules_cards.disputed,
    market_rules_cards.coming, market_rules_cards.origin, market_margin_cards.keep_margin,
    market_entry_cards.break_even, market_margin_cards.exchange_band, market_entry_cards.what_changes,
)  # fmt: skip
TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def french():
    return shop("both", 800, "FR")


def view_of(firm, market, language="en", **chosen):
    choice = Choice(market=MarketChoice(market=market, **{"rules_on": TODAY, **chosen}))
    return View(firm, firm.speaker(language), choice)


def shown(view) -> str:
    drawn = [card(view) for card in CARDS]
    return "".join(to_page(card, view.say, "") for card in drawn if card is not None)


@pytest.mark.parametrize(
    ("market", "kind", "language"),
    [("GB", "b2c", "en"), ("GB", "b2b", "fr"), ("DE", "b2c", "fr"), ("US", "b2c", "en"), ("AE", "b2b", "en")],
)
def test_every_market_gives_whole_cards_and_no_code(french, market, kind, language):
    """No HS code, no weight, no origin, markets never sold to, products without a cost."""
    view = view_of(french, market, language, kind=kind)
    html = shown(view)
    soup = pages.parsed(html)
    text = soup.get_text(" ")
    assert len(soup.select(".ec-card")) >= 6
    assert "nan" not in text.lower().split() and "market." not in text
    assert SCRIPT not in html and all(f",{FORMULA}" not in csv for csv in pages.csv_downloads(soup))


def test_home_is_no_market_abroad(french):
    assert all(card(view_of(french, "FR")) is None for card in CARDS)


def test_a_shop_without_sales_shows_nothing():
    empty = shop("b2c", 0, "FR")
    assert all(card(view_of(empty, "GB")) is None for card in CARDS)


def test_missing_inputs_are_named(french):
    origin = market_rules_cards.origin(view_of(french, "GB"))
    n = len(origin.table.frame)
    assert n >= 20 and f"{n} of unknown origin" in origin.sentence
    assert (
        f"{n} products have no customs code" in origin.note and f"{n} products have no weight" in origin.note
    )
    margin = market_margin_cards.keep_margin(view_of(french, "GB"))
    assert margin.missing == ("reason.market_cost_missing",)
    price = market_landed_cards.landed_price(view_of(french, "US"))
    assert price.missing == ("reason.market_vat_rate_missing",) and "at least" in price.sentence
    assert "not entered" in price.note.lower()


def test_a_market_without_a_tariff_gives_at_least_what_is_sure(french):
    """Switzerland: its VAT is known, its duties are not entered."""
    view = view_of(french, "CH")
    table = market_landed_cards.landed_price(view).table.frame
    assert table["total"].isna().all() and (table["why"] != "").all()
    vat = case(view).route.vat_rate
    net = table["goods"] + table["carriage"]
    np.testing.assert_allclose(table["at_least"], net + (net * vat).round(2), atol=0.011)


def test_firms_deduct_the_vat_so_it_is_no_cost_of_theirs(french):
    view = view_of(french, "DE", kind="b2b")
    price = market_landed_cards.landed_price(view)
    assert "once it has deducted the VAT" in price.sentence
    assert set(price.table.frame["collected"]) == {"customer_on_return"}
    assert len(market_ways_cards.ways(view).table.frame) == 1


def test_a_scheme_chosen_for_another_route_says_nothing_here(french):
    assert options(view_of(french, "DE", scheme="ioss")).scheme == ""
    assert options(view_of(french, "DE", scheme="home")).scheme == "home"
    british = shop("b2c", 300, "GB")
    assert options(view_of(british, "FR", scheme="border")).scheme == "border"


def test_what_the_owner_enters_wins_and_is_no_longer_named_as_assumed():
    firm = shop("b2c", 300, "GB")
    before = set(case(view_of(firm, "FR")).assumed)
    exports = firm.profile.exports.model_copy(
        update={"carriage_cost": {"FR": 20.0}, "carriage_charged": {"EU": 15.0}, "payment_fee_rate": 0.03}
    )
    firm.profile = firm.profile.model_copy(update={"exports": exports})
    after = view_of(firm, "FR")
    assert (case(after).route.carriage, case(after).selling.outbound) == (15.0, 20.0)
    named = before - set(case(after).assumed)
    assert named == {"carriage_cost", "carriage_charged", "payment_fee_rate"}


def test_a_case_without_costs_makes_no_scenario(french):
    firm = replace_costs(french)
    view = view_of(firm, "GB")
    assert np.isnan(mean_there(view)["margin"])
    assert market_entry_cards.entry_of(view) is None
    assert "not known" in market_entry_cards.keep_scenario(view)


def replace_costs(firm):
    """The same firm, with no cost of any product."""
    sales = replace(firm.sales, lines=firm.sales.lines.assign(cost=np.nan))
    return SimpleNamespace(**{**vars(firm), "sales": sales})


def test_a_uk_duty_that_nobody_entered_is_the_tariffs_with_its_day(french, tmp_path):
    sold = french.table("products").assign(hs_code="69120081")
    sold.loc[sold.index[0], "hs_code"] = "340600"
    firm = SimpleNamespace(**vars(french))
    firm.table = lambda name: sold if name == "products" else french.table(name)
    firm.workspace = Workspace(tmp_path)
    path = uk_duties.kept_path(firm.workspace)
    path.parent.mkdir(parents=True)
    path.write_text(
        ",".join(uk_duties.COLUMNS) + "\n"
        "3406000000,FR,0,,,,2026-11-20\n6912008100,FR,1,0.12,12.00 %,0.0,2026-11-20\n"
    )
    route = case(view_of(firm, "GB")).route
    assert dict(route.duty_rates) == {"69120081": 0.12}
    for language, wanted in (("en", "20 Nov 2026"), ("fr", "20 nov. 2026")):
        card = market_rules_cards.origin(view_of(firm, "GB", language))
        assert wanted in card.note and "340600" in card.note
    frame = card.table.frame.set_index("hs_code")
    assert frame.loc["69120081", "uk_duty"].eq(0.12).all() and np.isnan(frame.loc["340600", "uk_duty"])
    assert dict(case(view_of(firm, "DE")).route.duty_rates) == {}
    entered = firm.profile.exports.model_copy(update={"duty_rates": {"GB": {"6912": 0.05}}})
    firm.profile = firm.profile.model_copy(update={"exports": entered})
    assert dict(case(view_of(firm, "GB")).route.duty_rates) == {"6912": 0.05}

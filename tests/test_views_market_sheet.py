"""The market's sheet on the page: drawn safely in both languages, each SME's own notes, wrong rows named."""

from __future__ import annotations

import json
import re
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from views_shop import FORMULA, SCRIPT, shop

from echannel.competitors import noted_prices
from echannel.register import add_price, duty_states, open_register, set_duty_state
from echannel.register.database import ADDRESS
from echannel.views import (
    market_competitor_cards,
    market_duties_cards,
    market_habits_cards,
    market_sheet_cards,
    market_swot_cards,
    market_trend_cards,
)
from echannel.views.blocks import block_html
from echannel.views.context import Choice, View
from echannel.views.market_choice import MarketChoice
from echannel.views.market_price_notes import PriceNotes
from echannel.views.tables import to_html
from echannel.workspace import Workspace

CARDS = [
    market_sheet_cards.like_what,
    market_habits_cards.habits,
    market_trend_cards.over_time,
    market_sheet_cards.calendar,
    market_duties_cards.duties,
    market_competitor_cards.competitors,
    market_swot_cards.strengths_and_risks,
]
TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def made() -> dict[str, SimpleNamespace]:
    return {country: shop("both", orders=400, country=country) for country in ("GB", "FR")}


@pytest.fixture
def firm(made, tmp_path, monkeypatch) -> SimpleNamespace:
    """A British firm with a workspace of its own, for what is kept there."""
    from echannel.profiles import SmeProfile

    monkeypatch.delenv(ADDRESS, raising=False)
    kept = SimpleNamespace(**vars(made["GB"]))
    kept.workspace = Workspace(tmp_path)
    products = made["GB"].table("products").assign(price_net=8.0)
    kept.table = lambda name: products if name == "products" else made["GB"].table(name)
    kept.profile = SmeProfile.model_validate({**made["GB"].profile.model_dump(), "id": "made-up"})
    return kept


def seen(sme: SimpleNamespace, market: str, language: str = "en", kind: str = "b2c") -> View:
    chosen = MarketChoice(market=market, kind=kind, rules_on=TODAY)
    return View(sme, sme.speaker(language), Choice(market=chosen))  # type: ignore[arg-type]


def some_products(sme: SimpleNamespace, n: int = 3) -> list[str]:
    table = sme.table("products")
    return [str(one) for one in table.loc[table["price_net"].notna(), "product_id"].head(n)]


def inbox(sme: SimpleNamespace, text: str, name: str = "competitors.csv") -> None:
    folder = sme.workspace.inbox / sme.profile.id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("home", "market"), [("GB", "FR"), ("FR", "GB"), ("GB", "MA"), ("FR", "HK"), ("GB", "GB")]
)
def test_every_card_is_drawn_safely_in_both_languages(made, home, market, language):
    view = seen(made[home], market, language)
    html = "".join(block_html(card(view), view) for card in CARDS)
    assert SCRIPT not in html and "<script" not in html
    text = re.sub(r"<[^>]*>", " ", re.sub(r'(href|data-figure)=(["\']).*?\2', "", html, flags=re.S))
    assert not re.search(r"\b(?:market|reason|views|common)\.[a-z_]+\.?", text)
    assert "nan" not in text.lower().split() and "{" not in text


def test_every_figure_says_its_source_and_year(made):
    card = market_sheet_cards.like_what(seen(made["GB"], "DE"))
    known = card.table.frame[card.table.frame["status"] == "ok"]
    assert len(known) == 9 and known["years"].str.fullmatch(r"20\d\d").all()
    assert known["where"].str.contains(r"\((?:CC BY 4.0|MIT)\)").all()
    assert "survey" in known.set_index("figure").loc["lpi", "remark"] or known["remark"].ne("").all()


def test_a_market_without_figures_says_so_and_shows_no_zero(made):
    view = seen(made["GB"], "MA")
    card = market_sheet_cards.like_what(view)
    assert "reason.no_source_for_market" in card.missing
    assert "not known" in to_html(card.table, view.say, "x")
    assert market_trend_cards.over_time(view).missing == ("reason.fx_not_quoted",)


def test_the_calendar_knows_british_bank_holidays_and_french_soldes(made):
    british = market_sheet_cards.calendar(seen(made["FR"], "GB")).table.frame
    assert {"Easter Monday"} <= set(british["name"]) and (
        british["name"].str.contains("Summer bank", case=False)
    ).any()
    french = market_sheet_cards.calendar(seen(made["GB"], "FR")).table.frame
    assert date(2027, 1, 6) in set(french.loc[french["kind"] == "regulated", "first"])
    assert french["first"].between(TODAY, date(2027, 11, 24)).all()
    assert market_sheet_cards.calendar(seen(made["GB"], "DE")).note


def test_duties_show_what_this_firm_noted_down_and_no_other(firm):
    register = open_register(firm.workspace)
    set_duty_state(register, "made-up", "FR", "eori", "done", note=f"number came {SCRIPT}", by="Ann")
    set_duty_state(register, "somebody-else", "FR", "ioss", "done", note="their secret")
    set_duty_state(register, "made-up", "DE", "ioss", "done")
    view = seen(firm, "FR")
    html = block_html(market_duties_cards.duties(view), view)
    assert "number came" in html and "their secret" not in html and SCRIPT not in html
    states = market_duties_cards.duties(view).table.frame.set_index("name")["state"]
    assert states["eori"] == "done" and states["ioss"] == "open"
    assert len(market_duties_cards.open_duties(view)) == len(states) - 1


def test_a_page_that_only_reads_makes_no_register(firm):
    market_duties_cards.duties(seen(firm, "FR"))
    noted_prices(firm)
    assert not (firm.workspace.root / "data").exists()


def test_in_a_dashboard_a_state_is_noted_down_at_once_for_this_firm(firm):
    drawn = []
    notes = market_duties_cards.DutyNotes(seen(firm, "FR"), lambda: drawn.append(1))
    assert notes.duty.value == market_duties_cards.open_duties(seen(firm, "FR"))[0].name
    notes.duty.value, notes.state.value, notes.note.value = "triman", "asked", "printer called"
    notes.button.click()
    found = duty_states(open_register(firm.workspace), "made-up", "FR")
    assert (found["triman"].state, found["triman"].note, drawn) == ("asked", "printer called", [1])
    assert "asked for" in notes.said.value
    notes.follow(seen(firm, "US"))
    assert notes.duty.value in dict(notes.duty.options).values() and notes.duty.value != "triman"
    notes.follow(seen(firm, "GB"))
    assert notes.box.layout.display == "none"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_competitors_prices_come_from_a_file_and_from_the_register(firm, language):
    one, two, three = some_products(firm)
    inbox(
        firm,
        "Pays;Produit;Concurrent;Prix;Devise;Date\n"
        f"FR;{one};{SCRIPT};1 250,50;EUR;13/10/2026\n"
        f"FR;{two};{FORMULA};9,90;EUR;\n"
        f"DE;{one};Anders;8,00;EUR;\n",
    )
    add_price(open_register(firm.workspace), "made-up", "FR", three, "Noted by hand", 12.0, "GBP")
    view = seen(firm, "FR", language)
    frame, prices, there = market_competitor_cards.price_map(view)
    assert there == "EUR" and len(prices) == 3 and set(prices["origin"]) == {"file", "register"}
    assert prices.set_index("product_id").loc[one, "price"] == 1250.5
    assert prices.set_index("product_id").loc[three, "price"] > 12.0  # pounds are converted
    card = market_competitor_cards.competitors(view)
    html = block_html(card, view)
    assert SCRIPT not in html and len(card.figures) == 1
    net = firm.table("products").set_index("product_id").loc[one, "price_net"]
    gross = frame.set_index("product_id").loc[one, "own"]
    rate = gross / (net * 1.2)  # with French VAT, in euros
    assert 1.05 < rate < 1.35
    net_frame = market_competitor_cards.price_map(seen(firm, "FR", kind="b2b"))[0]
    assert net_frame.set_index("product_id").loc[one, "own"] == pytest.approx(gross / 1.2)


def test_rows_that_cannot_be_used_are_named_and_the_others_used(firm):
    one = some_products(firm, 1)[0]
    rows = [f"FR,{one},Good,9.90,EUR,2026-10-01", f"XX,{one},A,9.90,EUR,", "FR,nonsense,A,9.90,EUR,",
            f"FR,{one},A,cheap,EUR,", f"FR,{one},A,-3,EUR,", f"FR,{one},A,9.90,euro,", f"FR,{one},,9.90,EUR,",
            f"FR,{one},A,9.90,EUR,someday"]  # fmt: skip
    inbox(firm, "\n".join(["market,product,competitor,price,currency,date", *rows]))
    noted = noted_prices(firm)
    assert noted.prices["competitor"].tolist() == ["Good"]
    why = ["market", "product", "price", "price", "currency", "competitor", "at"]
    assert noted.refused["why"].tolist() == why and noted.refused["row"].tolist() == list(range(3, 10))
    note = market_competitor_cards.competitors(seen(firm, "FR")).note
    assert "7 rows" in note and "row 3" in note and "XX" in note


@pytest.mark.parametrize("content", ["", "market,product\nFR,1\n", "\x00\x01\x02", "just some words"])
def test_a_file_that_is_no_list_of_prices_is_said_and_the_page_stands(firm, content):
    inbox(firm, content)
    card = market_competitor_cards.competitors(seen(firm, "FR"))
    assert "competitors.csv" in card.note and not card.figures


def test_the_swot_says_the_figures_it_rests_on(made):
    for language in ("en", "fr"):
        card = market_swot_cards.strengths_and_risks(seen(made["GB"], "FR", language))
        words = card.table.frame["words"]
        assert len(words) >= 3 and words.str.contains(r"\d").sum() >= len(words) - 2
        assert card.table.frame["quadrant"].isin(["strength", "weakness", "opportunity", "threat"]).all()


def test_both_languages_show_the_same_figures(made):
    both = [market_sheet_cards.like_what(seen(made["FR"], "GB", language)) for language in ("en", "fr")]
    shown = [json.loads(json.dumps(card.figures[0]["data"][0]["x"])) for card in both]
    assert shown[0] == shown[1]
    assert both[0].table.frame["years"].tolist() == both[1].table.frame["years"].tolist()


def test_in_a_dashboard_a_price_is_noted_down_by_hand_and_a_wrong_one_is_said(firm):
    drawn = []
    notes = PriceNotes(seen(firm, "FR"), lambda: drawn.append(1))
    assert notes.currency.value == "EUR"
    notes.product.value = notes.product.options[0]
    notes.competitor.value, notes.price.value = "Rival", "cheap"
    notes.button.click()
    assert "cheap" in notes.said.value and not drawn
    notes.price.value = "9,90 €"
    notes.button.click()
    assert drawn == [1] and "Rival" in notes.said.value and "9.90" in notes.said.value
    noted = noted_prices(firm).prices
    assert noted[["market", "competitor", "price", "currency", "origin"]].to_numpy().tolist() == [
        ["FR", "Rival", 9.9, "EUR", "register"]
    ]
    notes.product.value, notes.price.value = SCRIPT, "5"
    notes.button.click()
    assert "<script" not in notes.said.value and len(noted_prices(firm).prices) == 1


def test_own_prices_bear_the_vat_that_is_entered_for_their_category(firm):
    one, two = some_products(firm, 2)
    table = firm.table("products")
    ids = table["product_id"].astype(str)
    named = table.assign(category=np.where(ids == one, "Food", "Mugs"))
    firm.table = lambda name: (
        named if name == "products" else pd.DataFrame({"product_id": ids, "vat_rate": 0.0})
    )
    inbox(firm, f"market,product,competitor,price,currency\nFR,{one},A,9,EUR\nFR,{two},A,9,EUR")
    standard = market_competitor_cards.price_map(seen(firm, "FR"))[0].set_index("product_id")["own"]
    assert standard[one] == pytest.approx(standard[two])
    assert (
        "2 products bear a reduced rate at home" in market_competitor_cards.competitors(seen(firm, "FR")).note
    )
    entered = firm.profile.exports.model_copy(update={"vat_rates": {"FR": {"Food": 0.055}}})
    firm.profile = firm.profile.model_copy(update={"exports": entered})
    own = market_competitor_cards.price_map(seen(firm, "FR"))[0].set_index("product_id")["own"]
    assert own[one] / own[two] == pytest.approx(1.055 / 1.2) and own[two] == pytest.approx(standard[two])
    assert "1 product bears" in market_competitor_cards.competitors(seen(firm, "FR")).note


def test_prices_of_products_that_left_the_catalogue_are_counted_and_other_markets_named(firm):
    register = open_register(firm.workspace)
    add_price(register, "made-up", "DE", some_products(firm, 1)[0], "A", 9.0, "EUR")
    add_price(register, "made-up", "FR", "gone-long-ago", "A", 9.0, "EUR")
    card = market_competitor_cards.competitors(seen(firm, "FR"))
    assert "1 noted price is left out" in card.note and "Germany" in card.sentence
    assert noted_prices(firm).unlisted == 1

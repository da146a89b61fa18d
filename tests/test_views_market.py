"""The market page: nothing made up or unsafe, both languages say the same, a slider moves what it must."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pages as whole
import pandas as pd
import pytest
from handmade import canonical
from test_views import _balanced
from views_shop import shop

from echannel.errors import UserError
from echannel.metrics.market.criteria import CRITERIA, preset
from echannel.views import (
    market_controls,
    market_facts,
    market_method_cards,
    market_opening,
    market_ranking_cards,
    market_traction_cards,
)
from echannel.views import page as pages
from echannel.views.blocks import block_html, opening_html
from echannel.views.context import Choice, View
from echannel.views.market_choice import MarketChoice
from echannel.views.page import Page

CARDS = [
    market_traction_cards.tiles,
    market_traction_cards.already_abroad,
    market_traction_cards.lookers,
    market_traction_cards.abroad_against_home,
    market_ranking_cards.where_next,
    market_ranking_cards.why,
    market_method_cards.what_counts,
    market_method_cards.other_ways,
    market_method_cards.potential,
]
TODAY = date(2026, 11, 24)


def firm(orientation: str, country: str, abroad: bool = True) -> SimpleNamespace:
    """A shop of 900 orders, its visits told apart by country; with ``abroad`` False it sells at home only."""
    made = shop(orientation, orders=900, country=country)
    seen = [("FR", 900.0), ("GB", 700.0), ("BE", 30.0), ("ES", 400.0), ("ZZ", 99.0)]
    visits = [
        {"date": f"2026-{month:02d}-10", "source": "google", "medium": "organic", "country": code,
         "device": "mobile", "sessions": sessions / 10}
        for month in range(1, 11)
        for code, sessions in seen
    ]  # fmt: skip
    made.sales = replace(made.sales, visits=canonical("visits", visits))
    if not abroad:
        made.sales = replace(made.sales.select(countries=[country]), visits=canonical("visits", []))
    return made


@pytest.fixture(scope="module")
def firms() -> dict[str, SimpleNamespace]:
    return {
        "GB both": firm("both", "GB"),
        "FR b2c": firm("b2c", "FR"),
        "FR b2b": firm("b2b", "FR"),
        "GB home": firm("b2c", "GB", abroad=False),
    }


def seen(sme: SimpleNamespace, language: str = "en", **market: object) -> View:
    chosen = MarketChoice(**({"rules_on": TODAY} | market))  # type: ignore[arg-type]
    return View(sme, sme.speaker(language), Choice(market=chosen))  # type: ignore[arg-type]


def text(html: str) -> str:
    return re.sub(r"<[^>]*>", " ", re.sub(r'(href|data-figure)=(["\']).*?\2', "", html, flags=re.S))


def page(view: View) -> str:
    return opening_html("market", view) + "".join(block_html(card(view), view) for card in CARDS)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", ["GB both", "FR b2c", "FR b2b", "GB home"])
def test_every_card_is_drawn_safely(firms: dict, name: str, language: str) -> None:
    html = page(seen(firms[name], language))
    assert "<script" not in html
    assert not re.search(r"\bnan\b|NaN|NaT|None|\{\w+\}|\binf\b", text(html))
    _balanced(html)


def test_both_languages_say_the_same_numbers(firms: dict) -> None:
    english, french = (whole.parsed(page(seen(firms["GB both"], one))) for one in ("en", "fr"))
    said = [whole.numbers(soup.get_text(" "), one) for soup, one in ((english, "en"), (french, "fr"))]
    assert said[0] == said[1]
    drawn = [[whole.plotted(figure) for figure in whole.figures(soup)] for soup in (english, french)]
    assert drawn[0] == drawn[1]


def test_the_whole_notebook_stands_for_a_uk_and_a_french_home(firms: dict) -> None:
    for name, language in (("GB both", "fr"), ("FR b2c", "en")):
        html = whole.drawn("market", firms[name], language)
        soup = whole.parsed(html)
        assert not re.search(r"\bnan\b|NaN|NaT|None|\{\w+\}", text(html))
        view = seen(firms[name], language)
        for title in ("where_next", "already_abroad", "other_ways"):
            assert whole.card(soup, view.say(f"market.card.{title}.title"))


def test_countries_that_bite_are_escaped(firms: dict) -> None:
    sme = firms["GB both"]
    country = sme.sales.orders["country"].astype(object).replace("BE", "<b>").astype("category")
    own = SimpleNamespace(
        **vars(sme) | {"sales": replace(sme.sales, orders=sme.sales.orders.assign(country=country))}
    )
    html = page(seen(own))
    assert "&lt;b&gt;" in html and "<b>" not in re.sub(r"data-figure='[^']*'", "", html)


def test_rank_is_a_band_and_the_opening_says_how_stable(firms: dict) -> None:
    view = seen(firms["FR b2c"])
    found = market_facts.stability(view)
    first, why, step = market_opening.market(view)
    assert view.say.percent(found.stays, 0) in first and "10,000" in first
    assert view.say.country_name(str(found.winner)) in first
    frame = market_facts.ranking(view)
    card = market_ranking_cards.where_next(view)
    bars = card.figures[0]["data"][0]
    shown = frame[frame["rank"].notna()].head(len(bars["x"]))
    assert np.asarray(bars["base"]) == pytest.approx(shown["low"].to_numpy() - 0.4)
    assert np.asarray(bars["x"]) == pytest.approx((shown["high"] - shown["low"]).to_numpy() + 0.8)
    assert why and step


def test_no_table_lists_bare_ranks(firms: dict) -> None:
    view = seen(firms["FR b2c"])
    placed = market_facts.ranking(view)
    for card in (market_ranking_cards.where_next(view), market_method_cards.other_ways(view)):
        table = card.table
        assert "rank" not in [column.field for column in table.columns]
        assert [column.field for column in table.columns].index("band") == 1
        low, high = (placed.loc[table.frame["market"], name] for name in ("low", "high"))
        for band, first, last in zip(table.frame["band"], low, high, strict=True):
            assert np.isnan(first) or re.findall(r"\d+", band) == [
                str(int(n)) for n in dict.fromkeys((first, last))
            ]


def test_first_signals_and_a_firm_never_abroad(firms: dict) -> None:
    view = seen(firms["FR b2c"])
    lookers = market_traction_cards.lookers(view)
    assert view.say.country_name("ES") in lookers.sentence
    home = seen(firms["GB home"])
    assert market_traction_cards.lookers(home).missing == ("reason.visits_one_country",)
    assert market_traction_cards.already_abroad(home).missing == ("reason.no_orders_abroad",)
    assert market_traction_cards.abroad_against_home(home) is None
    assert "traction" in market_facts.compared(home).absent
    assert home.say("market.criterion.traction").lower() in market_ranking_cards.where_next(home).note
    assert len(market_facts.ranking(home)) >= 40


def test_missing_figures_are_said_to_be_missing(firms: dict) -> None:
    card = market_ranking_cards.why(seen(firms["GB both"], market="US"))
    assert card.note.startswith("Not known of this market: online buyers")
    assert card.table is not None
    row = card.table.frame.set_index("criterion").loc["online_buyers"]
    assert np.isnan(row["points"]) and row["shown"] == "not known"


def test_weights_move_the_ranking_and_absurd_ones_are_refused(firms: dict) -> None:
    sme = firms["GB both"]
    none = dict.fromkeys(CRITERIA, 0.0)
    nearest = seen(sme, weights=tuple((none | {"distance": 30.0}).items()))
    assert market_facts.ranking(nearest).index[0] == "BE"  # Brussels is the nearest capital to London
    largest = seen(sme, weights=tuple((none | {"size": 5.0}).items()))
    assert market_facts.ranking(largest).index[0] == "CN"
    for weights, key in ((none, "error.market_weights_zero"), ({"size": -1.0}, "error.market_weight")):
        with pytest.raises(UserError) as refused:
            market_facts.ranking(seen(sme, weights=tuple(weights.items())))
        assert refused.value.key == key and sme.speaker("fr").error(refused.value)


def test_the_day_of_the_rules_decides_on_access(firms: dict) -> None:
    before, after = (seen(firms["GB both"], rules_on=day) for day in (date(2023, 5, 30), TODAY))
    assert [market_facts.compared(view).figures.loc["AU", "trade"] for view in (before, after)] == [0, 0.5]


def test_trade_figures_turn_into_a_potential_of_ones_own(
    firms: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = seen(firms["GB both"])
    size = market_facts.compared(view).figures["size"]
    values = np.repeat((size**0.9).to_numpy(), 5) * np.tile([0.9, 0.95, 1.0, 1.05, 1.1], len(size))
    trade = pd.DataFrame(
        {"market": np.repeat(size.index, 5), "year": np.tile(np.arange(2020, 2025), len(size)),
         "value": values, "hs_code": "340600"}
    )  # fmt: skip
    trade.loc[trade["market"] == "FR", "value"] /= 3
    monkeypatch.setattr(market_facts, "trade_of", lambda *_: trade)
    view = seen(firms["GB both"], "fr")
    card = market_method_cards.potential(view)
    assert "340600" in card.sentence
    assert card.sentence.index("France") == card.sentence.index(":") + 2  # first of those below the expected
    assert card.table is not None and len(card.table.frame) == len(size)
    assert market_facts.compared(view).absent == ()
    growth = market_facts.compared(view).figures["imports_growth"]
    assert growth["DE"] == pytest.approx((1.1 / 0.9) ** 0.25 - 1)
    assert "340600" in text(block_html(card, view))


def test_controls_ask_for_one_redraw_and_follow_the_kind(firms: dict) -> None:
    asked: list[Choice] = []
    bar = market_controls._Bar(seen(firms["FR b2c"], "fr"), asked.append)
    bar.sliders["size"].value = 3
    assert len(asked) == 1 and dict(asked[-1].market.weights) == {"size": 3.0}
    bar.lists["kind"].value = "b2b"
    assert len(asked) == 2 and asked[-1].market.kind == "b2b" and asked[-1].market.weights == ()
    assert bar.sliders["size"].value == round(preset("b2b")["size"])
    assert len(bar.lists["scheme"].options) == 1  # no VAT scheme of consumers
    bar.lists["kind"].value = "b2c"
    bar.lists["market"].value = "DE"
    assert Counter(asked[-1].market.market) == Counter("DE")
    assert [value for _, value in bar.lists["scheme"].options] == ["", "oss", "home"]
    assert not bar.disputed
    bar.lists["market"].value = "US"
    assert len(bar.lists["scheme"].options) == 1


def test_disputed_rules_of_the_route_are_offered_on_the_day(firms: dict) -> None:
    asked: list[Choice] = []
    bar = market_controls._Bar(seen(firms["GB both"], "fr", market="FR"), asked.append)
    assert "flat_duty_scope" in bar.disputed
    bar.disputed["flat_duty_scope"].value = "ioss_only"
    assert dict(asked[-1].market.switches)["flat_duty_scope"] == "ioss_only"
    bar.lists["rules_on"].value = date(2026, 6, 30)
    assert "flat_duty_scope" not in bar.disputed and asked[-1].market.rules_on == date(2026, 6, 30)
    assert "flat_duty_scope" not in dict(asked[-1].market.switches)


def test_a_weight_redraws_only_what_it_moves(firms: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    sme = firms["FR b2c"]
    monkeypatch.setattr(pages, "display", lambda *_: None)
    shown = Page("market", sme, sme.speaker("fr"), "live")
    drawn: list[str] = []
    monkeypatch.setattr(pages, "block_html", lambda card, _: drawn.append(card.key) or "")
    for card in (
        market_traction_cards.already_abroad,
        market_ranking_cards.why,
        market_method_cards.what_counts,
    ):
        shown.show(card)
    drawn.clear()
    base = MarketChoice(market="DE")
    shown.redraw(Choice(market=base))
    assert drawn == ["market.why"], "another market: own traction and weights stay"
    drawn.clear()
    shown.redraw(Choice(market=replace(base, weights=(("size", 1.0),))))
    assert drawn == ["market.why", "market.what_counts"]
    drawn.clear()
    shown.redraw(Choice(market=replace(base, kind="b2b", weights=(("size", 1.0),))))
    assert drawn == ["market.already_abroad", "market.why", "market.what_counts"]
    drawn.clear()
    shown.redraw(shown.view.choice, everything=True)
    assert len(drawn) == 3

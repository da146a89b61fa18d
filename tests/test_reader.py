"""What a dashboard does for its reader: addresses, periods, help, the other language, files, opinions."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from views_shop import shop

from echannel.errors import UserError
from echannel.locale import Speaker
from echannel.metrics.turnover import as_date
from echannel.register import Register
from echannel.register.feedback import feedback_of
from echannel.views import address, growth_cards, place_cards
from echannel.views import feedback as opinions
from echannel.views.blocks import block_html
from echannel.views.context import Choice, View, WhatIf, day_of, period_named
from echannel.views.filters import NAMED, filter_bar
from echannel.views.market_choice import MarketChoice
from echannel.views.page import Page
from echannel.views.plan_choice import PlanChoice

EN, FR = Speaker("en", "FR", "EUR"), Speaker("fr", "FR", "EUR")
WORDS = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12)
CHOICES = st.builds(
    Choice,
    period=st.sampled_from([*NAMED, "2026-01-05..2026-02-04"]),
    kind=st.sampled_from([None, "b2b", "b2c"]),
    country=st.sampled_from([None, "FR", "GB"]),
    stock=st.builds(
        WhatIf,
        service=st.none() | st.floats(0.5, 0.99),
        longer=st.integers(-30, 30),
        budget=st.none() | st.floats(1, 1e6) | st.just(math.inf),
    ),
    plan=st.builds(PlanChoice, levers=st.lists(st.tuples(WORDS, st.floats(-9, 9)), max_size=4).map(tuple)),
    market=st.builds(
        MarketChoice,
        market=st.sampled_from(["", "US", "DE"]),
        weights=st.lists(st.tuples(WORDS, st.floats(0, 30)), max_size=4).map(tuple),
        rules_on=st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
        switches=st.lists(st.tuples(WORDS, WORDS), max_size=3).map(tuple),
    ),
)


@given(CHOICES, st.sampled_from(sorted(address.TURNED)))
@settings(max_examples=60)
def test_an_address_holds_what_a_page_s_reader_chose_and_no_more(choice: Choice, tool: str) -> None:
    found = address.read(address.written(choice, tool), tool)
    for part in ("period", "kind", "channel", "country", "stock", "plan", "market"):
        theirs = getattr(choice if part in address.TURNED[tool] else Choice(), part)
        assert getattr(found, part) == theirs


@given(
    st.dictionaries(
        st.sampled_from(["period", "stock.longer", "market.weights", "market.rules_on"]), st.text()
    )
)
def test_an_address_that_makes_no_sense_harms_nothing(query: dict[str, str]) -> None:
    for tool in address.TURNED:
        choice = address.read(query, tool)
        assert period_named(choice.period, 20000, 20400).since >= 20000


@pytest.mark.parametrize(
    ("name", "since", "until"),
    [
        ("this_month", "2026-11-01", "2026-11-15"),
        ("this_quarter", "2026-10-01", "2026-11-15"),
        ("fiscal_year", "2026-04-01", "2026-11-15"),
        ("2026-02-04..2026-01-05", "2026-01-05", "2026-02-04"),
        ("2020-01-01..2024-01-10", "2023-12-15", "2024-01-10"),
        ("1999-01-01..1999-12-31", "2023-12-15", "2026-11-15"),
        ("yesterday..today", "2023-12-15", "2026-11-15"),
    ],
)
def test_a_period_s_name_means_these_days(name: str, since: str, until: str) -> None:
    first, last = day_of(pd.Timestamp("2023-12-15")), day_of(pd.Timestamp("2026-11-15"))
    period = period_named(name, first, last, "04-01")
    assert (as_date(period.since), as_date(period.until)) == (pd.Timestamp(since), pd.Timestamp(until))


def test_a_year_that_starts_on_a_leap_day_starts_every_year() -> None:
    first, last = day_of(pd.Timestamp("2023-12-15")), day_of(pd.Timestamp("2026-11-15"))
    assert as_date(period_named("fiscal_year", first, last, "02-29").since) == pd.Timestamp("2026-03-01")


@pytest.fixture(scope="module")
def sold() -> Any:
    return shop("both")


def test_the_filters_stand_as_the_address_has_them(sold: Any) -> None:
    chosen: list[Choice] = []
    view = View(sold, EN, Choice(period="2026-01-05..2026-02-04", kind="b2b"))
    bar = filter_bar(view, chosen.append)
    period, since, until, kind = bar.children[:4]
    assert (period.value, kind.value) == ("..", "b2b")
    assert (since.value, until.value) == (
        as_date(view.period.since).date(),
        as_date(view.period.until).date(),
    )
    since.value = None
    assert chosen == []
    period.value = "this_quarter"
    assert chosen[-1] == Choice(period="this_quarter", kind="b2b")
    assert since.layout.display == "none"


@pytest.mark.parametrize("say", [EN, FR], ids=["en", "fr"])
def test_every_headline_figure_and_card_says_what_it_means(sold: Any, say: Speaker) -> None:
    view = View(sold, say)
    tiles = block_html(growth_cards.tiles(view), view)
    assert tiles.count('class="ec-tile"') == tiles.count('role="tooltip"') == tiles.count("ec-ask") > 5
    card = block_html(growth_cards.turnover_by_month(view), view)
    assert card.count('role="tooltip"') == 1
    assert "Net turnover" in card and "Chiffre d’affaires net" in card
    ids = re.findall(r'\bid="([^"]+)"', tiles + card)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'aria-describedby="([^"]+)"', tiles + card)) <= set(ids)


@pytest.fixture
def live(sold: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Page, list[Any], Register]:
    """A dashboard's page without a browser: what it would send is kept."""
    register = Register(f"sqlite:///{tmp_path / 'register.sqlite'}")
    monkeypatch.setattr(opinions, "open_register", lambda _: register)
    monkeypatch.setattr(opinions, "find_workspace", lambda: None)
    page = Page("growth", sold, EN, "live")
    sent: list[Any] = []
    assert page.reader is not None
    monkeypatch.setattr(
        page.reader.channel.widget, "send", lambda content, buffers=None: sent.append((content, buffers))
    )
    page.show(growth_cards.turnover_by_month)
    page.show(place_cards.by_country)
    return page, sent, register


def _asked(page: Page, sent: list[Any], **content: Any) -> Any:
    assert page.reader is not None
    page.reader.channel._heard(None, {"number": 7, **content}, [])
    return sent[-1]


def test_a_choice_reaches_the_address(live: Any) -> None:
    page, sent, _ = live
    page.redraw(Choice(period="this_quarter", country="FR"))
    told = next(content for content, _ in sent if content.get("tell") == "address")
    assert told["query"] == {"period": "this_quarter", "kind": "", "channel": "", "country": "FR"}


def test_files_are_made_when_they_are_asked_for(live: Any) -> None:
    page, sent, _ = live
    assert all("data:" not in slot.place.widget.value for slot in page._every)
    content, buffers = _asked(page, sent, ask="file", card="growth.by_country", **{"as": "csv"})
    assert content["name"].endswith(".csv") and buffers[0].startswith(b"\xef\xbb\xbf")
    content, buffers = _asked(page, sent, ask="workbook")
    assert content["name"].endswith(".xlsx") and buffers[0][:2] == b"PK"
    content, _ = _asked(page, sent, ask="file", card="../secret")
    assert content["failed"] == EN("views.no_table")


def test_the_other_language_shows_the_same_figures(live: Any) -> None:
    page, sent, _ = live
    content, _ = _asked(page, sent, ask="other", on=True)
    assert content["language"] == "fr"
    for slot in page._every:
        mine, theirs = slot.place.widget.value, content["html"][str(slot.number)]
        assert "Understand" in mine and "Comprendre" in theirs
        assert _bars(mine) == _bars(theirs)
    page.redraw(Choice(period="this_quarter"))
    assert {"other"} == {content["tell"] for content, _ in sent[-2:]}


def _bars(html: str) -> list[str]:
    return re.findall(r'"y":\[[^\]]*\]', html)


def test_opinions_are_stored_for_figures_of_the_page_only(live: Any) -> None:
    page, sent, register = live
    content, _ = _asked(
        page, sent, ask="feedback", card="growth.by_country", kind="missing", text="<b>Cork</b>"
    )
    assert content["said"] == EN("feedback.thanks.missing")
    for card, kind in (("growth.elsewhere", "useful"), ("growth.by_country", "none")):
        content, _ = _asked(page, sent, ask="feedback", card=card, kind=kind)
        assert "failed" in content
    stored = feedback_of(register, [page.view.sme.profile.id])
    assert stored[["card", "kind", "language", "text"]].to_numpy().tolist() == [
        ["growth.by_country", "missing", "en", "<b>Cork</b>"]
    ]


def test_what_is_no_question_gets_no_answer(live: Any) -> None:
    page, sent, _ = live
    before = len(sent)
    for content in (None, 3, {"ask": "everything", "number": 1}, {"ask": "workbook", "number": "x"}):
        page.reader.channel._heard(None, content, [])
    assert len(sent) == before
    with pytest.raises(UserError):
        page.reader._file({"card": "growth.unknown"})

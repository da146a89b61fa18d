"""The card of what a plan assumes: every value with who made it, in both languages, nothing unknown as 0."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from stock_shop import stocked
from views_shop import SCRIPT

from echannel.locale import LANGUAGES, Speaker, messages
from echannel.planning_profile import OpeningProfile, PlanningProfile, entered_as
from echannel.views.cards import Card, to_page
from echannel.views.context import Choice, View
from echannel.views.export import to_csv
from echannel.views.planning_assumption_cards import assumptions
from echannel.views.tables import to_html

TOLD = {
    "start": "2026-12",
    "rent": {"value": 12_345, "by": "consultant", "note": SCRIPT},
    "staff": [{"name": SCRIPT, "gross": 900}],
    "opening": {"cash": 5_000},
}


@pytest.fixture(scope="module")
def cards() -> dict[str, tuple[Card, Speaker]]:
    made = stocked("both", orders=600)
    made.profile = made.profile.model_copy(update={"planning": PlanningProfile.model_validate(TOLD)})
    made.inventory, made.turnover_forecast  # noqa: B018  (read once for both languages)
    found = {}
    for language in LANGUAGES:
        say = made.speaker(language)
        found[language] = assumptions(View(made, say, Choice())), say
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_has_a_maker_and_a_reason_in_words(cards, language):
    card, say = cards[language]
    frame = card.table.frame
    page = to_page(card, say, "")
    assert (frame["reason"] != "").all()
    for by in set(frame["made_by"]):
        assert say(f"planning.made_by.{by}") in page
    assert say.money(12_345, decimals=0) in page
    assert SCRIPT not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_nobody_entered_is_unknown_and_named_first(cards, language):
    card, say = cards[language]
    frame = card.table.frame
    first = frame.iloc[0]
    assert (first["made_by"], first["value"]) == ("default", say("common.unknown"))
    assert first["name"] in card.sentence
    missing = frame[(frame["reason"] == "reason.planning.not_entered").to_numpy()]
    assert len(missing) and (missing["value"] == say("common.unknown")).all()


def test_both_languages_list_the_same(cards):
    (english, _), (french, _) = (cards[language] for language in ("en", "fr"))
    for name in ("made_by", "reason"):
        assert list(english.table.frame[name]) == list(french.table.frame[name])
    assert english.table.frame["effect"].equals(french.table.frame["effect"])
    heads = 1 + len(english.table.folds)
    assert to_html(english.table, cards["en"][1], "").count("<tr") == len(english.table.frame) + heads


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_heaviest_stand_open_and_the_rest_waits_by_who_made_it(cards, language):
    card, say = cards[language]
    frame, folds = card.table.frame, card.table.folds
    waiting = [row for fold in folds for row in fold.rows]
    shown = [row for row in range(len(frame)) if row not in waiting]
    assert 0 < len(shown) < len(frame) and sorted([*shown, *waiting]) == list(range(len(frame)))
    known = frame["effect"].abs().fillna(0.0)
    entered = frame["value"] != say("common.unknown")
    assert known[waiting].max() <= known[[row for row in shown if entered[row]]].min()
    for fold in folds:
        assert len(set(frame["made_by"].iloc[list(fold.rows)])) == 1
        topics = [frame["topic"].iloc[row] for row in fold.rows]
        assert topics == sorted(topics, key=topics.index), "topics stand together"
    page = BeautifulSoup(to_page(card, say, ""), "html.parser")
    groups = page.select("details.ec-fold")
    assert [len(one.select("tbody tr")) for one in groups] == [len(fold.rows) for fold in folds]
    assert not any(one.has_attr("open") for one in groups)
    lines = to_csv(card.table, say).decode("utf-8-sig").splitlines()
    assert len(lines) == len(frame) + 1, "the file has them all"


def test_each_unknown_says_what_to_enter_and_where(cards):
    card, say = cards["en"]
    frame = card.table.frame
    unknown = frame[frame["effect"].isna().to_numpy() & (frame["value"] == say("common.unknown")).to_numpy()]
    assert len(unknown) >= 3
    for one in unknown.itertuples():
        assert one.enter in one.unmeasured and one.enter != "–"
    rent = frame[(frame["name"] == say("planning.assumption.rent")).to_numpy()].iloc[0]
    assert rent["enter"] == "rent"


def test_where_a_value_is_entered_is_a_line_of_the_profile():
    fields = {**PlanningProfile.model_fields}
    opening = OpeningProfile.model_fields
    names = [key.removeprefix("planning.assumption.") for key in messages("en") if ".assumption." in key]
    assert len(names) > 30
    for name in names:
        path = entered_as(name)
        if name.startswith("entry_"):
            continue  # of the market page, which has fields of its own
        assert path or name in ("share", "ledger_gap"), name
        if path:
            assert path[0] in fields and (len(path) == 1 or path[1] in opening), path

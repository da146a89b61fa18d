"""The card of what a plan assumes: every value with who made it, in both languages, nothing unknown as 0."""

from __future__ import annotations

import pytest
from stock_shop import stocked
from views_shop import SCRIPT

from echannel.locale import LANGUAGES, Speaker
from echannel.planning_profile import PlanningProfile
from echannel.views.cards import Card, to_page
from echannel.views.context import Choice, View
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
    assert to_html(english.table, cards["en"][1], "").count("<tr") == len(english.table.frame) + 1

"""Opinions of figures: stored for one firm, without people in them, counted, and not without end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from echannel.errors import UserError
from echannel.locale import Speaker
from echannel.opinions import opinions
from echannel.register import Register, add_feedback, feedback_of
from echannel.register.feedback import LONGEST, MOST_AN_HOUR, marked, without_people
from echannel.workspace import Workspace

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def register(tmp_path: Path) -> Register:
    return Register(f"sqlite:///{tmp_path / 'register.sqlite'}")


def _said(register: Register, sme: str, card: str, kind: str, text: str = "") -> None:
    add_feedback(register, sme, "growth", card, "fr", kind, text)  # type: ignore[arg-type]


def test_a_firm_s_opinions_are_its_own(register: Register) -> None:
    _said(register, "kent-gifts", "growth.margin", "missing", "costs")
    _said(register, "breizh-epicerie", "growth.margin", "useful")
    assert feedback_of(register, ["kent-gifts"])["text"].tolist() == ["costs"]
    assert len(feedback_of(register, ["kent-gifts", "breizh-epicerie"])) == 2
    with pytest.raises(ValueError):
        _said(register, "", "growth.margin", "useful")


def test_what_asks_for_help_most_comes_first(register: Register) -> None:
    for sme in ("kent-gifts", "breizh-epicerie"):
        _said(register, sme, "growth.rfm_segments", "not_understood")
    for _ in range(5):
        _said(register, "kent-gifts", "growth.best_sellers", "useful")
    _said(register, "kent-gifts", "growth.margin", "missing", "by channel")
    found = marked(feedback_of(register, ["kent-gifts", "breizh-epicerie"]))
    assert found["card"].tolist() == ["growth.rfm_segments", "growth.margin", "growth.best_sellers"]
    assert found[["not_understood", "missing", "useful"]].sum(axis=1).tolist() == found["n"].tolist()
    assert found.iloc[0]["firms"] == 2
    assert found.iloc[1]["texts"] == ["by channel"]


def test_nobody_fills_the_register(register: Register) -> None:
    for at in range(MOST_AN_HOUR):
        moment = NOW + timedelta(seconds=at)
        add_feedback(register, "kent-gifts", "growth", "growth.margin", "en", "useful", at=moment)
    with pytest.raises(UserError):
        add_feedback(register, "kent-gifts", "growth", "growth.margin", "en", "useful", at=moment)
    add_feedback(register, "breizh-epicerie", "growth", "growth.margin", "en", "useful", at=moment)
    later = moment + timedelta(hours=1, seconds=1)
    add_feedback(register, "kent-gifts", "growth", "growth.margin", "en", "useful", at=later)


def test_an_answer_that_there_is_not_is_refused(register: Register) -> None:
    with pytest.raises(UserError):
        _said(register, "kent-gifts", "growth.margin", "<script>")


def test_people_are_taken_out() -> None:
    text = without_people(
        "ask jeanne.dupont@example.org\nor 06 12 34 56 78, +44 20 7946 0958; 1 204 orders in 2025"
    )
    assert text == "ask … or …, …; 1 204 orders in 2025"
    assert len(without_people("é" * 2000)) == LONGEST


@pytest.mark.parametrize("language", ["en", "fr"])
def test_consultants_read_it_in_words(tmp_path: Path, language: str) -> None:
    say = Speaker(language)
    workspace = Workspace(tmp_path)
    (workspace.parameters / "smes").mkdir(parents=True)
    assert opinions(workspace, "", say) is None
    with pytest.raises(UserError):
        opinions(workspace, "nobody", say)

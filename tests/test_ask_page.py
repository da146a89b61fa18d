"""Asking one's own data on the page: by lists and in SQL, in both languages, with questions kept by name."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from types import SimpleNamespace

import pandas as pd
import pytest
from pages import unexplained
from views_shop import FORMULA, SCRIPT, shop

from echannel.asking.ready import ready_questions
from echannel.asking.saved import Kept, forget_question, keep_question, kept_questions
from echannel.asking.subjects import subjects_of
from echannel.errors import UserError
from echannel.metrics.asking import HOWS, UNKNOWN, Question, answer
from echannel.views.ask_answer import answer_card
from echannel.views.ask_page import Explorer, SqlBox
from echannel.views.context import View
from echannel.workspace import Workspace


@pytest.fixture(scope="module")
def firm() -> SimpleNamespace:
    return shop(orders=400)


@pytest.fixture
def kept(firm: SimpleNamespace, tmp_path: object) -> SimpleNamespace:
    """The firm with a register of its own."""
    return SimpleNamespace(**{**vars(firm), "workspace": Workspace(tmp_path)})


def text(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", html))


def test_a_sum_is_the_figure_of_every_other_page(firm: SimpleNamespace) -> None:
    subjects = subjects_of(firm)
    for by in subjects["sales"].groups:
        found = answer(subjects["sales"].frame, Question("sales", "turnover", by=by))
        assert found.frame["value"].sum() == pytest.approx(firm.sales.entries["net_goods"].sum(), abs=0.01), (
            by
        )
    orders = answer(subjects["orders"].frame, Question("orders", "", "count"))
    assert orders.total == len(firm.sales.orders)


def test_products_are_called_what_every_other_page_calls_them() -> None:
    firm = shop(orders=400)
    for products in {id(one): one for one in (firm.sales.products, firm.table("products"))}.values():
        products["name"] = [f"Tea &amp; Co {n}" if n else " " for n in range(len(products))]
    called = View(firm, firm.speaker("en")).product_names
    asked = set(subjects_of(firm)["sales"].frame["product"])
    assert asked <= set(called.values()) and "Tea & Co 1" in asked and "p00" in asked


def test_every_field_of_every_subject_can_be_asked_about_in_both_languages(firm: SimpleNamespace) -> None:
    for language in ("en", "fr"):
        view = View(firm, firm.speaker(language))
        for subject in subjects_of(firm).values():
            for measure in subject.measures:
                question = Question(subject.name, measure, by=subject.groups[0], across=subject.groups[-1])
                assert answer_card(view, subject, question).sentence
            for by in subject.groups:
                for how in HOWS:
                    measure = by if how == "distinct" else subject.measures[0]
                    question = Question(subject.name, measure, how, by=by)
                    card = answer_card(view, subject, question)
                    assert "{" not in card.sentence
                    assert card.table is None or len(card.table.headers(view.say)) == 2


def test_both_languages_show_the_same_numbers(firm: SimpleNamespace) -> None:
    subjects = subjects_of(firm)
    for question in ready_questions(subjects).values():
        frames = [
            answer_card(View(firm, firm.speaker(language)), subjects[question.subject], question).table
            for language in ("en", "fr")
        ]
        if frames[0] is not None and frames[1] is not None:
            pd.testing.assert_frame_equal(frames[0].frame, frames[1].frame)


def test_the_lists_say_the_question_and_the_answer_follows(kept: SimpleNamespace) -> None:
    page = Explorer(View(kept, kept.speaker("en"), mode="live"))
    controls = page._controls
    controls._subject.value = "orders"
    controls._measure.value = "*"
    controls._by.value = "country"
    assert controls.question == replace(Question("orders", "", "count", by="country"), most=15)
    counted = kept.sales.orders["country"].value_counts().max()
    assert f"{counted:,}" in text(page._answer.value)
    assert "ec-ask" in page._answer.value and unexplained(page._answer.value) == []
    controls._field.value = "channel"
    value = controls._values.options[0][1]
    controls._values.value = (value,)
    assert controls.question.only == (("channel", (value,)),)
    narrowed = kept.sales.orders["channel"].astype(object).fillna(UNKNOWN) == value
    assert f"{narrowed.sum():,}" in text(page._answer.value)


def test_names_from_outside_neither_run_nor_calculate(kept: SimpleNamespace) -> None:
    page = Explorer(View(kept, kept.speaker("fr"), mode="live"))
    page._controls.show(Question("sales", "turnover", by="product", most=100))
    page._draw()
    assert SCRIPT not in page._answer.value
    box = SqlBox(View(kept, kept.speaker("fr"), mode="live"))
    box._text.value = f"SELECT '{SCRIPT}' AS a, product FROM sales UNION SELECT '<b>', '{FORMULA}'".replace(
        '"', ""
    )
    box._run()
    assert SCRIPT not in box._found.value
    assert "&lt;script&gt;" in box._found.value


def test_a_question_is_kept_by_name_for_this_firm_alone(kept: SimpleNamespace) -> None:
    page = Explorer(View(kept, kept.speaker("en"), mode="live"))
    question = Question("sales", "margin", "median", by="category")
    keep_question(kept, "Best margins ", Kept(question))
    keep_question(kept, "mine", Kept(sql="SELECT 1"))
    assert kept_questions(kept) == {"Best margins": Kept(question), "mine": Kept(sql="SELECT 1")}
    other = SimpleNamespace(
        **{**vars(kept), "profile": kept.profile.model_copy(update={"id": "another-firm"})}
    )
    assert kept_questions(other) == {}
    assert forget_question(kept, "mine")
    assert not forget_question(kept, "mine")
    with pytest.raises(UserError):
        keep_question(kept, "  ", Kept(question))
    page._take(kept_questions(kept)["Best margins"])
    assert page._controls.question == replace(question, most=page._controls.question.most)


def test_sql_is_answered_refused_and_explained(kept: SimpleNamespace) -> None:
    box = SqlBox(View(kept, kept.speaker("fr"), mode="live"))
    box._run()
    assert " lignes." in text(box._found.value)
    box._text.value = "DROP TABLE sales"
    box._run()
    assert "Un seul SELECT à la fois" in text(box._found.value)
    assert "Traceback" not in box._found.value

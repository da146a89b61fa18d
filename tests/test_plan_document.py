"""The business plan on paper, and the charts on it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from reportlab.graphics.shapes import PolyLine, Rect, String
from views_shop import shop

from echannel.locale import Speaker
from echannel.views import axes, charts
from echannel.views.cards import Card, title
from echannel.views.context import View
from echannel.views.drawing import drawing
from echannel.views.plan_document import Part, Printed, Summary, plan_pdf
from echannel.views.tables import Column, Table
from echannel.views.tiles import Tile, Tiles

EN = Speaker("en", "GB", "GBP")
HEADS = (
    ("Shown", "Cash falls to <b>£100</b> & less."),
    ("Why", "Stock is bought."),
    ("Then", "Ask the bank."),
)
TILES = Tiles("Figures", (Tile("Lowest cash", "£100", "May 2027"), Tile("Turnover", "£200,000")))


@pytest.fixture(scope="module")
def view() -> View:
    made = shop("b2c", orders=60, months=4)
    return View(made, made.speaker("en"))


SUMMARY = Summary(
    HEADS, TILES, [("Need", "£100 <i>")], assumed=[("Rent", "£900", "You"), ("=1", "2", "Default")]
)


def part(*cards: Card, annex: bool = False) -> Part:
    return Part("A part", tuple(Printed(card) for card in cards), annex)


def pages(content: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", content))


def monthly_table(months: int) -> Table:
    frame = pd.DataFrame(
        {"line": ["Sales", "=1+1"], **{f"m{at}": [at + 0.5, np.nan] for at in range(months)}}
    )
    columns = (Column("line", "planning_line"), *(Column(f"m{at}", "month", "money") for at in range(months)))
    return Table("t", frame, columns, "GBP", labels=("Line", *(f"M{at}" for at in range(months))))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_plan_is_printed_alike_each_time(view: View, language: str) -> None:
    theirs = view.in_language(language)
    card = Card("planning.cash_plan", "What <script>comes</script> in.", table=monthly_table(36))
    first, second = (plan_pdf(theirs, SUMMARY, [part(card)]) for _ in range(2))
    assert first == second
    assert first.startswith(b"%PDF")
    assert pages(first) == 2  # the first page; three years of months fit below one another
    assert pages(plan_pdf(theirs, SUMMARY, [part(card), part(card, annex=True)])) == 3
    assert f"/Lang ({language})".encode() in first


def test_a_bookmark_leads_to_every_part_and_question(view: View) -> None:
    cards = [Card("planning.debt", "Carried."), Card("planning.balance", "Sound.")]
    content = plan_pdf(view, SUMMARY, [part(cards[0]), part(cards[1], annex=True)])
    assert content.count(b"/Parent") >= 5 and b"/Outlines" in content
    named = [title(card.key, EN) for card in cards] + ["A part"]
    for words in named:
        assert b"/Title (" + words.encode() in content or words.encode("utf-16-be") in content
    leads = re.findall(rb"/(?:Dest|D) \[ (\d+) 0 R /XYZ", content)
    assert len(leads) >= 5 and len(set(leads)) == 3, "to three pages, not all to the first"


def test_months_are_printed_for_as_long_as_asked(view: View) -> None:
    card = Card("planning.cash_plan", "Comes in.", table=monthly_table(36))
    whole = plan_pdf(view, SUMMARY, [part(card)])
    year = plan_pdf(view, SUMMARY, [Part("A part", (Printed(card, months=12),))])
    assert len(year) < len(whole)


def test_cards_that_say_nothing_take_no_room(view: View) -> None:
    silent = Card("planning.debt", "")
    assert plan_pdf(view, SUMMARY, [part(silent)]) == plan_pdf(view, SUMMARY, [])


def test_bars_on_paper_are_as_high_as_their_values() -> None:
    months = list(pd.period_range("2026-01", periods=3, freq="M"))
    bars = [charts.Series("Sales", [10.0, 20.0, 40.0])]
    line = charts.Series("Plan", [5.0, float("nan"), 30.0])
    figure = charts.over_months(EN, months, bars, [line], axes.whole_money(EN))
    shapes = drawing(figure, 400, 150).contents
    heights = [one.height for one in shapes if isinstance(one, Rect) and one.width > 20]
    assert heights == pytest.approx([heights[2] / 4, heights[2] / 2, heights[2]])
    assert not [one for one in shapes if isinstance(one, PolyLine)]  # a gap leaves no two neighbours to join
    assert {"Sales", "Plan"} <= {one.text for one in shapes if isinstance(one, String)}


def test_a_waterfall_on_paper_starts_each_bar_where_the_last_ended() -> None:
    figure = charts.money_waterfall(EN, ["a", "b", "c"], [100.0, 50.0, 150.0], [True, False, True])
    bars = [one for one in drawing(figure, 400, 150).contents if isinstance(one, Rect)]
    assert bars[1].x == pytest.approx(bars[0].x + bars[0].width)
    assert bars[2].width == pytest.approx(bars[0].width + bars[1].width)


def test_what_paper_cannot_show_is_left_out() -> None:
    figure = charts.heatmap(["a"], ["b"], np.array([[1.0]]), axes.whole_money(EN), "", "")
    assert drawing(figure, 400, 150) is None

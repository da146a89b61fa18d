"""The business plan on paper (PDF), for a bank or a coach: a page that sums it up, its parts, its annexes.

Every part is made of the page's own answers: sentence, chart, table. Tables over months stand a year at a
time, in plain numbers, their unit in the corner. A bookmark leads to every part and every question.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from echannel.locale import Speaker
from echannel.views.cards import Card, title
from echannel.views.context import View
from echannel.views.drawing import drawing
from echannel.views.months_on_paper import RULE, TIGHT, months
from echannel.views.paper import LINE, SOFT, numbered, paragraph, printable, register_fonts
from echannel.views.tables import NUMERIC, Table, worded
from echannel.views.tiles import Tiles

_MARGIN = 18  # mm
_MOST_COLUMNS = 8  # more: a table over months
_AT_ONCE = 12  # months side by side
_CHART = 130  # points high
_SHORTEST, _LONGEST = 9.0, 28.0  # letters that a column makes room for
_LETTER, _PADDING, _NARROWEST = 0.56, 12.0, 60.0  # of the type's size; points; points for a long text


@dataclass(frozen=True)
class Printed:
    """A card on paper: with its charts, with its table, of a table over months the first ``months``."""

    card: Card
    figures: bool = True
    table: bool = True
    months: int | None = None


@dataclass(frozen=True)
class Part:
    """Cards under one heading; ``on_new_page``: an annex."""

    title: str
    cards: tuple[Printed, ...]
    on_new_page: bool = False


@dataclass(frozen=True)
class Summary:
    """The first page: heads with sentences, the key figures, facts with their names, the years in figures.

    ``assumed``: every assumption, its value and who made it.
    """

    heads: Sequence[tuple[str, str]]
    tiles: Tiles
    facts: Sequence[tuple[str, str]]
    years: Table | None = None
    assumed: Sequence[tuple[str, str, str]] = ()


def plan_pdf(view: View, summary: Summary, parts: Sequence[Part]) -> bytes:
    """The plan as a PDF file in the language of ``view``. The same plan gives the same bytes.

    Cards without a sentence and figures are left out, and parts without cards.
    """
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import CondPageBreak, Frame, PageBreak, PageTemplate

    register_fonts()
    out, say, firm = io.BytesIO(), view.say, view.sme.profile.name
    named = printable(f"{say('planning.paper.title')} – {firm}")
    edge = _MARGIN * mm
    document = _document(out, named, printable(firm), say)
    frame = Frame(edge, edge, A4[0] - 2 * edge, A4[1] - 2 * edge, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate("page", [frame], onPage=_foot(named), pagesize=A4))
    width = A4[0] - 2 * edge
    story = [*_first_page(view, summary, width), PageBreak()]
    told = {text for _, text in summary.facts}
    for part in parts:
        cards = [one for one in part.cards if one.card.sentence or one.card.table is not None]
        if not cards:
            continue
        if part.on_new_page:
            story.append(PageBreak())
        story += [CondPageBreak(_CHART + 120), _heading(part.title, 14, 0)]
        for one in cards:
            story += _section(one, say, width, told)
    document.build(story, canvasmaker=numbered(say))
    return out.getvalue()


def _document(out: io.BytesIO, named: str, firm: str, say: Speaker) -> Any:
    """A document whose headings become bookmarks."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import BaseDocTemplate, Flowable

    class Document(BaseDocTemplate):
        def afterFlowable(self, flowable: Flowable) -> None:
            level = getattr(flowable, "outline", None)
            if level is None:
                return
            place = f"part-{self.seq.nextf('part')}"
            self.canv.mark(place, self.frame._y + 2 * flowable.style.leading)
            self.canv.addOutlineEntry(flowable.getPlainText(), place, level=level, closed=False)

    return Document(out, pagesize=A4, title=named, author=firm, lang=say.language, invariant=1)


def _foot(named: str) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.units import mm

    from echannel.views.paper import FONT

    def draw(canvas: Any, _: Any) -> None:
        canvas.setFont(FONT, 7.5)
        canvas.setFillColor(HexColor(SOFT))
        canvas.drawString(_MARGIN * mm, 10 * mm, named)

    return draw


def _heading(text: str, size: float, level: int) -> Any:
    made = paragraph(text, size=size, bold=True, colour=LINE)
    made.outline = level
    made.style = copy(made.style)  # paragraphs share theirs
    made.style.keepWithNext = True
    made.style.spaceBefore, made.style.spaceAfter = 8, 3
    return made


def _first_page(view: View, summary: Summary, width: float) -> list[Any]:
    from reportlab.platypus import Spacer

    say, profile = view.say, view.sme.profile
    facts = [say.country_name(profile.country), say(f"orientation.{profile.orientation}"), say.currency]
    story = [
        _heading(say("planning.paper.title"), 18, 0),
        Spacer(0, 4),
        paragraph(profile.name, size=13, bold=True),
        paragraph(" · ".join(facts), colour=SOFT),
        Spacer(0, 5),
    ]
    for head, text in summary.heads:
        story += [paragraph(head, size=9, bold=True), paragraph(text, size=8.5), Spacer(0, 3)]
    story += [Spacer(0, 3), _figures(summary.tiles, width), Spacer(0, 5)]
    if summary.years is not None:
        story += [_laid(summary.years, say, width), Spacer(0, 5)]
    story += [_pairs(summary.facts, width), Spacer(0, 4)]
    if summary.assumed:
        story += [_assumed(summary.assumed, say, width), Spacer(0, 6)]
    return [*story, paragraph(say("planning.paper.read_with_care"), size=6.5, colour=SOFT)]


def _pairs(facts: Sequence[tuple[str, str]], width: float) -> Any:
    """What a reader asks first, by name."""
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Table as Laid

    rows = [[paragraph(name, size=8, bold=True), paragraph(text, size=8)] for name, text in facts]
    laid = Laid(rows, colWidths=[0.24 * width, 0.76 * width])
    laid.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEABOVE", (0, 0), (-1, -1), 0.4, HexColor(RULE)),
            ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ]
    )
    return laid


def _assumed(made: Sequence[tuple[str, str, str]], say: Speaker, width: float) -> Any:
    """Every assumption on the first page, in two columns: what, how much, who says so."""
    from reportlab.platypus import Table as Laid

    half = (len(made) + 1) // 2
    heads = [say(f"views.column.{name}") for name in ("assumption", "assumption_value", "made_by")]

    def column(rows: Sequence[tuple[str, str, str]]) -> Any:
        size = 6.0
        cells = [[paragraph(head, size, True, colour="#FFFFFF", leading=TIGHT) for head in heads]]
        cells += [[paragraph(text, size, leading=TIGHT) for text in row] for row in rows]
        return _ruled(cells, [0.26 * width, 0.125 * width, 0.105 * width], 0.5)

    laid = Laid([[column(made[:half]), column(made[half:])]], colWidths=[width / 2, width / 2])
    laid.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ]
    )
    return laid


def _figures(tiles: Tiles, width: float) -> Any:
    """The key figures, side by side."""
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Table as Laid

    cells = [
        [
            paragraph(tile.label, size=7.5, colour=SOFT),
            paragraph(tile.value, size=12, bold=True, colour=LINE),
            paragraph(tile.under or " ", size=7, colour=SOFT),
        ]
        for tile in tiles.tiles
    ]
    laid = Laid([cells], colWidths=[width / len(cells)] * len(cells))
    laid.setStyle(
        [
            ("BOX", (0, 0), (-1, -1), 0.6, HexColor(RULE)),
            ("INNERGRID", (0, 0), (-1, -1), 0.6, HexColor(RULE)),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )
    return laid


def _section(printed: Printed, say: Speaker, width: float, told: set[str]) -> list[Any]:
    """A card as a section: question, sentence, chart, table. What was ``told`` before is not said again."""
    from reportlab.platypus import CondPageBreak, Spacer

    card = printed.card
    figures = [drawing(one, width, _CHART) for one in card.figures] if printed.figures else []
    story: list[Any] = [
        CondPageBreak((_CHART if figures else 0) + 70),
        _heading(title(card.key, say), 11, 1),
    ]
    missing = [text for text in map(say, card.missing) if text not in told]
    told.update(missing)
    for text in (card.sentence, *missing, card.note, card.assumed):
        if text:
            story += [paragraph(text), Spacer(0, 3)]
    for drawn in figures:
        if drawn is not None:
            story += [drawn, Spacer(0, 3)]
    if printed.table and card.table is not None and len(card.table.frame):
        story += _table(card.table, say, width, printed.months)
    return [*story, Spacer(0, 8)]


def _table(table: Table, say: Speaker, width: float, most: int | None) -> list[Any]:
    from reportlab.platypus import KeepTogether, Spacer

    if len(table.columns) <= _MOST_COLUMNS:
        return [_laid(table, say, width)]
    story: list[Any] = []
    last = len(table.columns) if most is None else min(most + 1, len(table.columns))
    for first in range(1, last, _AT_ONCE):
        columns = [0, *range(first, min(first + _AT_ONCE, last))]
        story += [KeepTogether(_months(table, columns, say, width)), Spacer(0, 6)]
    return story


def _months(table: Table, columns: Sequence[int], say: Speaker, width: float) -> Any:
    """Twelve months of a statement: numbers without a sign of the currency, which stands in the corner."""
    heads, frame = table.headers(say), table.frame
    names = [str(value) for value in frame[table.columns[0].field]]
    texts = [[say.number(value) for value in frame[table.columns[at].field]] for at in columns[1:]]
    return months([heads[at] for at in columns], names, texts, table.totals, width, _AT_ONCE)


def _laid(table: Table, say: Speaker, width: float) -> Any:
    """A table as wide as the page, its head on every page."""
    size = 7.2
    heads, right = table.headers(say), [column.kind in NUMERIC for column in table.columns]
    rows = [[paragraph(head, size, True, right[n], "#FFFFFF") for n, head in enumerate(heads)]]
    texts = [worded(table, column, say) for column in table.columns]
    for place, row in enumerate(zip(*texts, strict=True)):
        rows.append([paragraph(text, size, place in table.totals, right[n]) for n, text in enumerate(row)])
    return _ruled(rows, _widths(heads, texts, size, width), 1.8)


def _ruled(rows: list[list[Any]], widths: Sequence[float], padding: float) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import LongTable

    laid = LongTable(rows, colWidths=widths, repeatRows=1, hAlign="LEFT")
    laid.setStyle(
        [
            ("BACKGROUND", (0, 0), (-1, 0), HexColor(LINE)),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, HexColor(RULE)),
            ("LEFTPADDING", (0, 0), (-1, -1), 2),
            ("RIGHTPADDING", (0, 0), (-1, -1), 1.5),
            ("TOPPADDING", (0, 0), (-1, -1), padding),
            ("BOTTOMPADDING", (0, 0), (-1, -1), padding),
        ]
    )
    return laid


def _widths(heads: Sequence[str], texts: Sequence[Sequence[str]], size: float, width: float) -> list[float]:
    """How wide each column is, in points: numbers and short words stay whole, long texts share the rest."""
    longest = [
        max([*(len(word) * 1.1 for word in head.split()), _SHORTEST, *(len(text) for text in column)])
        for head, column in zip(heads, texts, strict=True)
    ]
    needed = [min(one, _LONGEST) * _LETTER * size + _PADDING for one in longest]
    long = [one >= _LONGEST for one in longest]
    rest = width - sum(one for one, wraps in zip(needed, long, strict=True) if not wraps)
    if not any(long) or rest < sum(long) * _NARROWEST:
        return [width * one / sum(needed) for one in needed]
    # The longer a text, the more of the rest it gets.
    weights = [min(one, 3 * _LONGEST) if wraps else 0.0 for one, wraps in zip(longest, long, strict=True)]
    return [
        rest * weight / sum(weights) if wraps else one
        for one, wraps, weight in zip(needed, long, weights, strict=True)
    ]

"""The business plan on paper (PDF): the page's own answers, charts and tables, for a bank or a coach.

Every question of the page that has an answer is a section: its sentence, its chart, its table. Tables over
months are wide: they stand on pages across, a year at a time, and their heads come again on every page.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from echannel.locale import Speaker
from echannel.views.cards import Card, title
from echannel.views.context import View
from echannel.views.drawing import drawing
from echannel.views.paper import LINE, SOFT, numbered, paragraph, printable, register_fonts
from echannel.views.tables import NUMERIC, Table, shown
from echannel.views.tiles import Tiles

_MARGIN = 18  # mm
_UPRIGHT, _ACROSS = "upright", "across"
_MOST_COLUMNS = 8  # of a table on an upright page
_AT_ONCE = 12  # months side by side on a page across
_MOST_ROWS = 60
_CHART = 170  # points high
_SHORTEST, _LONGEST = 9.0, 28.0  # letters that a column makes room for
_LETTER, _PADDING, _NARROWEST = 0.56, 12.0, 60.0  # of the type's size; points; points for a long text


def plan_pdf(view: View, opening: Sequence[str], tiles: Tiles, cards: Sequence[Card]) -> bytes:
    """The plan as a PDF file in the language of ``view``: opening sentences, key figures, cards in order.

    Cards without a sentence and figures are left out. The same plan gives the same bytes.
    """
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.lib.units import mm
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    register_fonts()
    out, say, firm = io.BytesIO(), view.say, view.sme.profile.name
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        title=printable(f"{say('planning.paper.title')} – {firm}"),
        author=printable(firm),
        invariant=1,
    )
    edge = _MARGIN * mm
    for name, size in ((_UPRIGHT, A4), (_ACROSS, landscape(A4))):
        frame = Frame(edge, edge, size[0] - 2 * edge, size[1] - 2 * edge, 0, 0, 0, 0)
        document.addPageTemplates(PageTemplate(name, [frame], pagesize=size))
    widths = {_UPRIGHT: A4[0] - 2 * edge, _ACROSS: A4[1] - 2 * edge}
    story = _first_page(view, opening, tiles, widths[_UPRIGHT])
    for card in cards:
        if card.sentence or card.table is not None:
            story += _section(card, say, widths)
    document.build(story, canvasmaker=numbered(say))
    return out.getvalue()


def _first_page(view: View, opening: Sequence[str], tiles: Tiles, width: float) -> list[Any]:
    from reportlab.platypus import Spacer

    say, profile = view.say, view.sme.profile
    facts = [say.country_name(profile.country), say(f"orientation.{profile.orientation}"), say.currency]
    heads = (say("views.opening.what"), say("views.opening.why"), say("views.opening.next"))
    story = [
        paragraph(say("planning.paper.title"), size=20, bold=True, colour=LINE),
        Spacer(0, 6),
        paragraph(profile.name, size=13, bold=True),
        paragraph(" · ".join(facts), colour=SOFT),
        Spacer(0, 14),
    ]
    for head, text in zip(heads, opening, strict=True):
        story += [paragraph(head, size=9.5, bold=True), paragraph(text, size=9.5), Spacer(0, 6)]
    story += [Spacer(0, 8), _figures(tiles, width), Spacer(0, 10)]
    return [*story, paragraph(say("planning.paper.read_with_care"), colour=SOFT), Spacer(0, 10)]


def _figures(tiles: Tiles, width: float) -> Any:
    """The key figures, side by side."""
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Table as Laid

    cells = [
        [
            paragraph(tile.label, colour=SOFT),
            paragraph(tile.value, size=12, bold=True, colour=LINE),
            paragraph(tile.under or " ", size=7.5, colour=SOFT),
        ]
        for tile in tiles.tiles
    ]
    laid = Laid([cells], colWidths=[width / len(cells)] * len(cells))
    laid.setStyle(
        [
            ("BOX", (0, 0), (-1, -1), 0.6, HexColor("#DFE3E8")),
            ("INNERGRID", (0, 0), (-1, -1), 0.6, HexColor("#DFE3E8")),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )
    return laid


def _section(card: Card, say: Speaker, widths: dict[str, float]) -> list[Any]:
    """A card as a section: question, sentence, chart, table."""
    from reportlab.platypus import CondPageBreak, Spacer

    story: list[Any] = [
        CondPageBreak(_CHART + 90),
        paragraph(title(card.key, say), size=12, bold=True, colour=LINE),
    ]
    story.append(Spacer(0, 3))
    for text in (card.sentence, card.note, card.assumed):
        if text:
            story += [paragraph(text, size=9), Spacer(0, 3)]
    for figure in card.figures:
        drawn = drawing(figure, widths[_UPRIGHT], _CHART)
        if drawn is not None:
            story += [drawn, Spacer(0, 4)]
    if card.table is not None and len(card.table.frame):
        story += _table(card.table, say, widths)
    return [*story, Spacer(0, 12)]


def _table(table: Table, say: Speaker, widths: dict[str, float]) -> list[Any]:
    from reportlab.platypus import KeepTogether, NextPageTemplate, PageBreak, Spacer

    heads = table.headers(say)
    if len(heads) <= _MOST_COLUMNS:
        return [_laid(table, range(len(heads)), heads, say, widths[_UPRIGHT])]
    story: list[Any] = [NextPageTemplate(_ACROSS), PageBreak()]
    for first in range(1, len(heads), _AT_ONCE):
        columns = [0, *range(first, min(first + _AT_ONCE, len(heads)))]
        story += [KeepTogether(_laid(table, columns, heads, say, widths[_ACROSS])), Spacer(0, 8)]
    return [*story, NextPageTemplate(_UPRIGHT), PageBreak()]


def _laid(table: Table, columns: Sequence[int], heads: Sequence[str], say: Speaker, width: float) -> Any:
    """Some columns of a table, its head on every page."""
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import LongTable

    size = 7.5 if len(columns) <= _MOST_COLUMNS else 6.0
    chosen = [table.columns[at] for at in columns]
    right = [column.kind in NUMERIC for column in chosen]
    rows = [[paragraph(heads[at], size, True, right[n], "#FFFFFF") for n, at in enumerate(columns)]]
    part = table.frame.head(_MOST_ROWS)
    currency = table.currency or None
    texts = [[shown(value, column, say, currency) for value in part[column.field]] for column in chosen]
    for row in zip(*texts, strict=True):
        rows.append([paragraph(text, size, False, right[n]) for n, text in enumerate(row)])
    widths = _widths([heads[at] for at in columns], texts, size, width)
    laid = LongTable(rows, colWidths=widths, repeatRows=1)
    laid.setStyle(
        [
            ("BACKGROUND", (0, 0), (-1, 0), HexColor(LINE)),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, HexColor("#DFE3E8")),
            ("LEFTPADDING", (0, 0), (-1, -1), 2),
            ("RIGHTPADDING", (0, 0), (-1, -1), 2),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ]
    )
    return laid


def _widths(heads: Sequence[str], texts: Sequence[Sequence[str]], size: float, width: float) -> list[float]:
    """How wide each column is, in points: numbers and short words stay whole, long texts share the rest."""
    longest = [
        max([len(head) * 0.45, _SHORTEST, *(len(text) for text in column)])
        for head, column in zip(heads, texts, strict=True)
    ]
    needed = [min(one, _LONGEST) * _LETTER * size + _PADDING for one in longest]
    long = [one >= _LONGEST for one in longest]
    rest = width - sum(one for one, wraps in zip(needed, long, strict=True) if not wraps)
    if not any(long) or rest < sum(long) * _NARROWEST:
        return [width * one / sum(needed) for one in needed]
    return [rest / sum(long) if wraps else one for one, wraps in zip(needed, long, strict=True)]

"""A statement's months on paper: names at the left, twelve months of plain numbers beside them.

Three years of two statements are some thousands of numbers, each on one line. They are written straight on
the page: a table that could break any of them over lines takes most of a paper's time.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from echannel.views.paper import BOLD, FONT, INK, LINE, printable, register_fonts

LABEL = 104.0  # points for the lines' names
TIGHT = 1.18  # lines apart, of the type's size, so that three years stand on a page
RULE = "#DFE3E8"
_SMALLEST, _LARGEST = 4.6, 6.1  # type, so that the widest number stays whole
_LEFT, _RIGHT, _ABOVE = 2.0, 1.5, 0.4  # points around a cell's text
_SPARE = 4.0  # points that a number leaves of its column


def months(
    heads: Sequence[str],
    names: Sequence[str],
    columns: Sequence[Sequence[str]],
    totals: Collection[int],
    width: float,
    at_once: int,
) -> Any:
    """A flowable of one head and one line per name; ``columns``: their numbers, one column after another.

    ``heads``: of the names and of each column; ``totals``: places of lines in bold; ``width``: points of the
    page, room for ``at_once`` columns.
    """
    from reportlab.platypus import Flowable

    register_fonts()
    room = (width - LABEL) / at_once
    widest = max((_wide(text, BOLD, 1.0) for column in columns for text in column), default=1.0)
    size = min(_LARGEST, max(_SMALLEST, (room - _SPARE) / widest))
    edges = [LABEL + room * (at + 1) for at in range(len(columns))]
    lines = [_Line(heads, True, size, room)]
    lines += [
        _Line(row, place in totals, size, room) for place, row in enumerate(zip(names, *columns, strict=True))
    ]

    class Months(Flowable):
        def wrap(self, *_: float) -> tuple[float, float]:
            self.width, self.height = edges[-1], sum(line.height for line in lines)
            return self.width, self.height

        def draw(self) -> None:
            _draw(self.canv, lines, edges, size, self.height)

    return Months()


class _Line:
    """One line of the table: its cells, each broken where it is wider than its column."""

    def __init__(self, texts: Sequence[str], bold: bool, size: float, room: float) -> None:
        self.font = BOLD if bold else FONT
        widths = [LABEL - _LEFT - _RIGHT, *[room - _LEFT - _RIGHT] * (len(texts) - 1)]
        self.cells = [
            _broken(printable(text), self.font, size, width)
            for text, width in zip(texts, widths, strict=True)
        ]
        self.height = max(map(len, self.cells)) * size * TIGHT + 2 * _ABOVE


def _broken(text: str, font: str, size: float, width: float) -> list[str]:
    from reportlab.lib.utils import simpleSplit

    return [text] if _wide(text, font, size) <= width else simpleSplit(text, font, size, width)


@lru_cache(maxsize=8_192)
def _wide(text: str, font: str, size: float) -> float:
    """Points that a text takes: each is asked for when its line is made and when it is drawn."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    return float(stringWidth(text, font, size))


def _draw(canvas: Any, lines: Sequence[_Line], edges: Sequence[float], size: float, height: float) -> None:
    """The head's ground, then a rule below each line, then all texts."""
    from reportlab.lib.colors import HexColor

    canvas.setFillColor(HexColor(LINE))
    canvas.rect(0, height - lines[0].height, edges[-1], lines[0].height, stroke=0, fill=1)
    canvas.setStrokeColor(HexColor(RULE))
    canvas.setLineWidth(0.4)
    top, ends = height, []
    for line in lines:
        top -= line.height
        ends.append((0, top, edges[-1], top))
    canvas.lines(ends[1:])
    written, top = canvas.beginText(), height
    for place, line in enumerate(lines):
        written.setFillColor(HexColor(INK if place else "#FFFFFF"))
        written.setFont(line.font, size)
        first = top - _ABOVE - size
        for at, texts in enumerate(line.cells):
            for below, text in enumerate(texts):
                left = edges[at - 1] - _RIGHT - _wide(text, line.font, size) if at else _LEFT
                written.setTextOrigin(left, first - below * size * TIGHT)
                written.textOut(text)
        top -= line.height
    canvas.drawText(written)

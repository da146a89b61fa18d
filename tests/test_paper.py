"""Text on paper: as reportlab's own paragraphs and tables would print it."""

from __future__ import annotations

import io
from html import escape
from typing import Any

import pytest
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from echannel.views.months_on_paper import LABEL, months
from echannel.views.paper import paragraph, printable

TEXTS = [
    "Cash falls to <b>£100</b> & less.",
    "&nbsp;<para>  two   spaces\nand a line </para>",
    "Été : 1\u202f234\u00a0€ – 50\u00a0%",
    "Łódź 北京 e\u0301",
    "a" * 200,
    "",
    "   ",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("right", [False, True])
def test_a_paragraph_is_the_one_that_reportlab_reads(text: str, right: bool) -> None:
    made = paragraph(text, right=right)
    read = Paragraph(escape(printable(text), quote=False), made.style)
    assert words(made) == words(read)
    for width in (60.0, 400.0):
        assert made.wrap(width, 1_000) == read.wrap(width, 1_000)
        assert lines(made) == lines(read)


def words(made: Any) -> list[str]:
    return [word for word in made.getPlainText().split(" ") if word]


def lines(made: Any) -> list[str]:
    """What stands on each line; the parser cuts a text at its signs, which is still one line."""
    return [
        " ".join(line[1]) if isinstance(line, tuple) else "".join(piece.text for piece in line.words).rstrip()
        for line in made.blPara.lines
    ]


def test_what_the_font_lacks_loses_its_accent_or_is_asked_about() -> None:
    assert printable("Łódź e\u0301 北\u202f\u200b1\n") == "Łódz é ?\u00a0 1 "


class _Noted(Canvas):
    """A canvas that notes what is written where."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO())
        self.written: list[tuple[float, float, str, str, float]] = []

    def beginText(self, *place: float, **more: Any) -> Any:
        made = super().beginText(*place, **more)
        put = made.textOut

        def noted(text: str) -> None:
            x, y = made.getX(), made.getY()
            self.written.append((x, y, text, made._fontname, made._fontsize))
            put(text)

        made.textOut = noted
        return made


def test_numbers_stand_in_their_columns_and_long_names_take_two_lines() -> None:
    names = ["Sales", "A name that is far too long for the room beside twelve months", "Sum"]
    columns = [[f"{100 * at + row:,}" for row in range(3)] for at in range(12)]
    made = months(["Line", *(f"M{at}" for at in range(12))], names, columns, {2}, 480.0, 12)
    width, height = made.wrap(480.0, 700.0)
    canvas = _Noted()
    made.drawOn(canvas, 0, 0)
    assert width == pytest.approx(480.0)
    where = {text: (x, y, font, size) for x, y, text, font, size in canvas.written}
    assert {text for column in columns for text in column} <= set(where)
    room = (480.0 - LABEL) / 12
    for at, column in enumerate(columns):
        for row, text in enumerate(column):
            x, y, font, size = where[text]
            assert LABEL + room * at <= x
            assert x + stringWidth(text, font, size) == pytest.approx(LABEL + room * (at + 1) - 1.5)
            assert font.endswith("Bold") == (row == 2)
            assert 0 < y < height and y == where[columns[0][row]][1]
    broken = [text for _, _, text, _, _ in canvas.written if text in names[1]]
    assert " ".join(broken) == names[1] and len(broken) == 2


def test_a_paragraph_that_found_no_room_on_a_page_is_broken_anew_on_the_next():
    text = paragraph("So many words that they take several lines of a narrow column on any paper.")
    width, height = text.wrap(90, 500)
    assert text.split(90, 1) == []  # not one line fits: reportlab forgets the lines
    assert text.wrap(90, 500) == (width, height)
    text.drawOn(Canvas(io.BytesIO()), 0, 0)

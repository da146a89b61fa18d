"""What our papers (PDF) share: embedded fonts, text that cannot be markup, page numbers.

reportlab is imported where it is used: it takes a while, and most pages print nothing.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

from echannel.locale import Speaker

FONT, BOLD = "Vera", "Vera-Bold"
LINE = "#12436D"
SOFT = "#52606D"
INK = "#1F2933"


def printable(text: str) -> str:
    """``text`` as the embedded font can print it: what it lacks loses its accent, else becomes "?"."""
    return unicodedata.normalize("NFC", text.replace("\u202f", "\u00a0")).translate(_printed())


class _Printed(dict[int, str]):
    """What is printed for a character, found once for each."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"}:
            character = " "
        self[code] = character if ord(character) in _glyphs() else _nearest(character, _glyphs())
        return self[code]


@lru_cache
def _printed() -> _Printed:
    return _Printed()


def _nearest(character: str, known: frozenset[int]) -> str:
    plain = [c for c in unicodedata.normalize("NFKD", character) if ord(c) in known]
    return "".join(plain) or "?"


def paragraph(
    text: str,
    size: float = 8.5,
    bold: bool = False,
    right: bool = False,
    colour: str = INK,
    leading: float = 1.35,
) -> Any:
    """Text that wraps; markup in it is text."""
    style, piece = _style(size, bold, right, colour, leading)
    words = printable(text).strip()
    return _wrapping()(None, style, frags=[piece.clone(text=words)] if words else [])


@lru_cache
def _wrapping() -> type:
    """Paragraphs that break into lines once for a width: a table asks for its heights, then draws."""
    from reportlab.platypus import Paragraph

    class Wrapped(Paragraph):
        def wrap(self, availWidth: float, availHeight: float) -> tuple[float, float]:
            # A page without room for a line has its lines forgotten.
            if getattr(self, "_broken_for", None) != availWidth or not hasattr(self, "blPara"):
                self._size = super().wrap(availWidth, availHeight)
                self._broken_for = availWidth
            return self._size

    return Wrapped


@lru_cache
def _style(size: float, bold: bool, right: bool, colour: str, leading: float) -> tuple[Any, Any]:
    """A paragraph's style, and what reportlab's parser makes of a word in it.

    Every text of ours is one piece without markup: a paper of some thousands of cells need not be parsed.
    """
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    register_fonts()
    style = ParagraphStyle(
        "text",
        fontName=BOLD if bold else FONT,
        fontSize=size,
        leading=size * leading,
        alignment=2 if right else 0,
        textColor=HexColor(colour),
        splitLongWords=1,
    )
    return style, Paragraph("x", style).frags[0]


def numbered(say: Speaker) -> type:
    """A canvas class that writes "page 1 of 3" once it knows how many pages there are."""
    from reportlab.lib.units import mm
    from reportlab.pdfgen.canvas import Canvas

    class Numbered(Canvas):
        """Keeps its pages until the last one is there."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._kept_pages: list[dict[str, Any]] = []
            self._marks: list[tuple[int, str, float]] = []

        def mark(self, place: str, height: float) -> None:
            """A place of the page being made that a bookmark may lead to, ``height`` points from below."""
            self._marks.append((len(self._kept_pages), place, height))

        def showPage(self) -> None:
            """Keep the page; it is written when all are there."""
            self._kept_pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            """Write every page with its number, and what its bookmarks lead to."""
            marks = self._marks  # a page's own state has only those made by then
            for number, page in enumerate(self._kept_pages, start=1):
                self.__dict__.update(page)
                self.setFont(FONT, 7.5)
                words = say("purchase_order.page", page=str(number), pages=str(len(self._kept_pages)))
                self.drawRightString(self._pagesize[0] - 18 * mm, 10 * mm, printable(words))
                for page_of, place, height in marks:
                    if page_of == number - 1:
                        self.bookmarkPage(place, fit="XYZ", left=0, top=height)
                super().showPage()
            super().save()

    return Numbered


@lru_cache
def _glyphs() -> frozenset[int]:
    """The characters that both embedded fonts can print."""
    register_fonts()
    from reportlab.pdfbase import pdfmetrics

    faces = (pdfmetrics.getFont(name).face.charToGlyph for name in (FONT, BOLD))
    first, second = (frozenset(face) for face in faces)
    return first & second


@lru_cache
def register_fonts() -> None:
    """Bitstream Vera, which comes with reportlab: embedded, so that the file prints anywhere."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont(FONT, "Vera.ttf"))
    pdfmetrics.registerFont(TTFont(BOLD, "VeraBd.ttf"))

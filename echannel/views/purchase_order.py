"""A purchase order on paper (PDF), in the supplier's language: a proposal that its owner checks and sends.

It says what is known and nothing else: no VAT (its rate is the supplier's affair), no price where none is
known, no delivery address. Amounts are in the SME's reporting currency, ex VAT.
"""

from __future__ import annotations

import io
import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

import pandas as pd

from echannel.locale import LANGUAGES, Speaker

_FONT, _BOLD = "Vera", "Vera-Bold"
_LINE = "#12436D"
_SOFT = "#52606D"


@dataclass(frozen=True)
class OrderLine:
    """One product of an order: ``unit_cost`` NaN where no price is known."""

    reference: str
    name: str
    quantity: float
    unit_cost: float

    @property
    def amount(self) -> float:
        """Quantity × unit cost, ex VAT, to the cent as it is printed; NaN where no price is known."""
        return round(self.quantity * self.unit_cost, 2)


@dataclass(frozen=True)
class PurchaseOrder:
    """What one supplier is asked for: who asks (with the numbers that name the firm), whom, what, when."""

    buyer: str
    buyer_facts: tuple[str, ...]
    supplier: str
    lines: tuple[OrderLine, ...]
    day: pd.Timestamp

    @property
    def total(self) -> float:
        """The sum of the printed amounts, ex VAT; lines without a price are not in it."""
        return round(sum(line.amount for line in self.lines if not math.isnan(line.amount)), 2)

    @property
    def unpriced(self) -> int:
        """How many lines have no price."""
        return sum(math.isnan(line.amount) for line in self.lines)


def supplier_language(language: object, country: object, reader: str) -> str:
    """The language to write to a supplier in: its own, else its country's, else the reader's.

    A language that there is no catalogue for becomes English, the usual one of trade.
    """
    if isinstance(language, str) and language:
        return language if language in LANGUAGES else "en"
    if isinstance(country, str) and country:
        return "fr" if country in {"FR", "MC"} else "en"
    return reader


def to_pdf(order: PurchaseOrder, say: Speaker) -> bytes:
    """The order as a PDF file in ``say``'s language; the same order gives the same bytes."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    _register_fonts()
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=18 * mm,
        bottomMargin=20 * mm,
        title=printable(f"{say('purchase_order.title')} – {order.supplier}"),
        author=printable(order.buyer),
        invariant=1,
    )
    document.build(_story(order, say, document.width - 12), canvasmaker=_numbered(say))
    return out.getvalue()


def printable(text: str) -> str:
    """``text`` as the embedded font can print it: what it lacks loses its accent, else becomes "?"."""
    known = _glyphs()
    clean = "".join(
        " " if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} else c
        for c in unicodedata.normalize("NFC", text.replace("\u202f", "\u00a0"))
    )
    return "".join(c if ord(c) in known else _nearest(c, known) for c in clean)


def _nearest(character: str, known: frozenset[int]) -> str:
    plain = [c for c in unicodedata.normalize("NFKD", character) if ord(c) in known]
    return "".join(plain) or "?"


def _story(order: PurchaseOrder, say: Speaker, width: float) -> list[Any]:
    """The order's parts from top to bottom, as reportlab lays them out."""
    from reportlab.platypus import Spacer

    head = [
        _paragraph(say("purchase_order.title"), size=17, bold=True, colour=_LINE),
        Spacer(0, 6),
        _paragraph(say("purchase_order.proposed_on", day=say.day(order.day)), colour=_SOFT),
        Spacer(0, 12),
        _parties(order, say, width),
        Spacer(0, 14),
    ]
    return [*head, _lines(order, say, width), Spacer(0, 8), *_notes(order, say)]


def _parties(order: PurchaseOrder, say: Speaker, width: float) -> Any:
    from reportlab.platypus import Table

    def party(role: str, name: str, facts: Iterable[str]) -> list[Any]:
        return [
            _paragraph(role, colour=_SOFT),
            _paragraph(name, size=11, bold=True),
            *(_paragraph(fact) for fact in facts),
        ]

    buyer = party(say("purchase_order.buyer"), order.buyer, order.buyer_facts)
    supplier = party(say("purchase_order.supplier"), order.supplier, ())
    table = Table([[buyer, supplier]], colWidths=[width / 2, width / 2])
    table.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
    return table


def _lines(order: PurchaseOrder, say: Speaker, width: float) -> Any:
    """The table of lines; its head comes again on every page."""
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import LongTable

    def unpriced_or(amount: float) -> str:
        return say("purchase_order.to_confirm") if math.isnan(amount) else say.money(amount)

    heads = ("reference", "product", "quantity", "unit_cost", "amount")
    rows = [
        [
            _paragraph(say(f"purchase_order.{name}"), bold=True, right=at > 1, colour="#FFFFFF")
            for at, name in enumerate(heads)
        ]
    ]
    for line in order.lines:
        rows.append(
            [
                _paragraph(line.reference),
                _paragraph(line.name),
                _paragraph(
                    say.number(line.quantity, 0 if float(line.quantity).is_integer() else 2), right=True
                ),
                _paragraph(unpriced_or(line.unit_cost), right=True),
                _paragraph(unpriced_or(line.amount), right=True),
            ]
        )
    total = say("purchase_order.total") if not order.unpriced else say("purchase_order.partial_total")
    rows.append(
        ["", _paragraph(total, bold=True), "", "", _paragraph(say.money(order.total), bold=True, right=True)]
    )
    shares = (0.17, 0.38, 0.12, 0.16, 0.17)
    table = LongTable(rows, colWidths=[width * share for share in shares], repeatRows=1)
    table.setStyle(
        [
            ("BACKGROUND", (0, 0), (-1, 0), HexColor(_LINE)),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 1), (-1, -2), 0.4, HexColor("#DFE3E8")),
            ("LINEABOVE", (0, -1), (-1, -1), 1, HexColor(_LINE)),
            ("SPAN", (1, -1), (3, -1)),
        ]
    )
    return table


def _notes(order: PurchaseOrder, say: Speaker) -> list[Any]:
    notes = [say("purchase_order.ex_vat", currency=say.currency)]
    if order.unpriced:
        notes.append(say("purchase_order.unpriced", n=order.unpriced))
    return [_paragraph(note, colour=_SOFT) for note in notes]


def _paragraph(
    text: str, size: float = 8.5, bold: bool = False, right: bool = False, colour: str = "#1F2933"
) -> Any:
    """Text that wraps; markup in it is text."""
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    style = ParagraphStyle(
        "text",
        fontName=_BOLD if bold else _FONT,
        fontSize=size,
        leading=size * 1.35,
        alignment=2 if right else 0,
        textColor=HexColor(colour),
        splitLongWords=1,
    )
    return Paragraph(escape(printable(text), quote=False), style)


def _numbered(say: Speaker) -> type:
    """A canvas that writes "page 1 of 3" once it knows how many pages there are."""
    from reportlab.lib.units import mm
    from reportlab.pdfgen.canvas import Canvas

    class Numbered(Canvas):
        """Keeps its pages until the last one is there."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._kept_pages: list[dict[str, Any]] = []

        def showPage(self) -> None:
            """Keep the page; it is written when all are there."""
            self._kept_pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            """Write every page with its number."""
            for number, page in enumerate(self._kept_pages, start=1):
                self.__dict__.update(page)
                self.setFont(_FONT, 7.5)
                words = say("purchase_order.page", page=str(number), pages=str(len(self._kept_pages)))
                self.drawRightString(self._pagesize[0] - 18 * mm, 10 * mm, printable(words))
                super().showPage()
            super().save()

    return Numbered


@lru_cache
def _glyphs() -> frozenset[int]:
    """The characters that both embedded fonts can print."""
    _register_fonts()
    from reportlab.pdfbase import pdfmetrics

    faces = (pdfmetrics.getFont(name).face.charToGlyph for name in (_FONT, _BOLD))
    first, second = (frozenset(face) for face in faces)
    return first & second


@lru_cache
def _register_fonts() -> None:
    """Bitstream Vera, which comes with reportlab: embedded, so that the file prints anywhere."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont(_FONT, "Vera.ttf"))
    pdfmetrics.registerFont(TTFont(_BOLD, "VeraBd.ttf"))

"""A purchase order on paper (PDF), in the supplier's language: a proposal that its owner checks and sends.

It says what is known and nothing else: no VAT (its rate is the supplier's affair), no price where none is
known, no delivery address. Amounts are in the SME's reporting currency, ex VAT.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from echannel.locale import LANGUAGES, Speaker
from echannel.views.paper import LINE, SOFT, numbered, paragraph, printable, register_fonts


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

    register_fonts()
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
    document.build(_story(order, say, document.width - 12), canvasmaker=numbered(say))
    return out.getvalue()


def _story(order: PurchaseOrder, say: Speaker, width: float) -> list[Any]:
    """The order's parts from top to bottom, as reportlab lays them out."""
    from reportlab.platypus import Spacer

    head = [
        paragraph(say("purchase_order.title"), size=17, bold=True, colour=LINE),
        Spacer(0, 6),
        paragraph(say("purchase_order.proposed_on", day=say.day(order.day)), colour=SOFT),
        Spacer(0, 12),
        _parties(order, say, width),
        Spacer(0, 14),
    ]
    return [*head, _lines(order, say, width), Spacer(0, 8), *_notes(order, say)]


def _parties(order: PurchaseOrder, say: Speaker, width: float) -> Any:
    from reportlab.platypus import Table

    def party(role: str, name: str, facts: Iterable[str]) -> list[Any]:
        return [
            paragraph(role, colour=SOFT),
            paragraph(name, size=11, bold=True),
            *(paragraph(fact) for fact in facts),
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
            paragraph(say(f"purchase_order.{name}"), bold=True, right=at > 1, colour="#FFFFFF")
            for at, name in enumerate(heads)
        ]
    ]
    for line in order.lines:
        rows.append(
            [
                paragraph(line.reference),
                paragraph(line.name),
                paragraph(
                    say.number(line.quantity, 0 if float(line.quantity).is_integer() else 2), right=True
                ),
                paragraph(unpriced_or(line.unit_cost), right=True),
                paragraph(unpriced_or(line.amount), right=True),
            ]
        )
    total = say("purchase_order.total") if not order.unpriced else say("purchase_order.partial_total")
    rows.append(
        ["", paragraph(total, bold=True), "", "", paragraph(say.money(order.total), bold=True, right=True)]
    )
    shares = (0.17, 0.38, 0.12, 0.16, 0.17)
    table = LongTable(rows, colWidths=[width * share for share in shares], repeatRows=1)
    table.setStyle(
        [
            ("BACKGROUND", (0, 0), (-1, 0), HexColor(LINE)),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 1), (-1, -2), 0.4, HexColor("#DFE3E8")),
            ("LINEABOVE", (0, -1), (-1, -1), 1, HexColor(LINE)),
            ("SPAN", (1, -1), (3, -1)),
        ]
    )
    return table


def _notes(order: PurchaseOrder, say: Speaker) -> list[Any]:
    notes = [say("purchase_order.ex_vat", currency=say.currency)]
    if order.unpriced:
        notes.append(say("purchase_order.unpriced", n=order.unpriced))
    return [paragraph(note, colour=SOFT) for note in notes]

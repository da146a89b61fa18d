"""The purchase order on paper: what is laid out, and what reads back from the file."""

from __future__ import annotations

import math
import re
import shutil
import subprocess

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.locale import Speaker
from echannel.views import paper, purchase_order
from echannel.views.paper import printable
from echannel.views.purchase_order import OrderLine, PurchaseOrder, supplier_language, to_pdf

EN, FR = Speaker("en", "GB", "GBP"), Speaker("fr", "FR", "EUR")
ODD = 'Thé <b>"noir"</b> & Œuf — 1/2 €\u202f中文🎁\x07\u200b ő'


def ordered(many: int = 3, **changed: object) -> PurchaseOrder:
    made = {
        "buyer": "Épicerie <Breizh> & Fils",
        "buyer_facts": ("SIREN 123 456 782",),
        "supplier": "Dupont & Cie",
        "lines": tuple(
            OrderLine(f"R-{at:03d}", f"Article {at}", 12.0 * at, 1.25) for at in range(1, many + 1)
        ),
        "day": pd.Timestamp("2026-11-24"),
    }
    return PurchaseOrder(**{**made, **changed})


def words(order: PurchaseOrder, say: Speaker) -> str:
    """Everything that is laid out, cell by cell, before it becomes a file."""
    paper.register_fonts()
    found: list[str] = []

    def walk(part: object) -> None:
        if isinstance(part, list | tuple):
            for each in part:
                walk(each)
        elif hasattr(part, "_cellvalues"):
            walk(part._cellvalues)
        elif hasattr(part, "getPlainText"):
            found.append(part.getPlainText())
        elif isinstance(part, str):
            found.append(part)

    walk(purchase_order._story(order, say, 480))
    return "\n".join(found).replace("\u00a0", " ").replace("\u202f", " ")


def read_back(pdf: bytes) -> str:
    """The words of a PDF file, through poppler."""
    if not shutil.which("pdftotext"):
        pytest.skip("poppler is not installed")
    run = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return run.stdout.decode("utf-8").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("say", "title", "total"), [(EN, "Purchase order", "£90.00"), (FR, "Bon de commande", "90,00 €")]
)
def test_an_order_speaks_its_reader_s_language(say, title, total):
    text = words(ordered(), say)
    assert text.startswith(title) and total in text
    assert "Dupont & Cie" in text and "Épicerie <Breizh> & Fils" in text and "SIREN 123 456 782" in text
    assert not re.search(r"VAT \d|TVA|20\s?%", text)


def test_the_printed_amounts_add_up_to_the_printed_total():
    lines = tuple(OrderLine("r", "x", 3, 0.335 + at / 1000) for at in range(9))
    order = ordered(lines=lines)
    printed = [float(found) for found in re.findall(r"^£(\d+\.\d\d)$", words(order, EN), re.M)]
    amounts, total = printed[1:-1:2], printed[-1]
    assert len(amounts) == 9 and total == pytest.approx(sum(amounts)) == order.total


def test_a_line_without_a_price_is_to_be_confirmed_and_never_free():
    lines = (OrderLine("A", "Known", 2, 5.0), OrderLine("B", "Unknown", 7, math.nan))
    text = words(PurchaseOrder("a", (), "b", lines, pd.Timestamp("2026-11-24")), FR)
    assert text.count("à confirmer") == 2 and "0,00 €" not in text.replace("10,00 €", "")
    assert (
        "Total HT des lignes dont le prix est connu" in text
        and "Merci de confirmer le prix de 1 ligne." in text
    )


def test_a_long_order_has_numbered_pages_and_a_head_on_each():
    text = read_back(to_pdf(ordered(90), FR))
    pages = text.rstrip("\f").split("\f")
    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        assert f"page {number} sur {len(pages)}" in page and "Désignation" in page
    assert all(f"R-{at:03d}" in text for at in range(1, 91))


def test_odd_characters_survive_or_are_replaced():
    text = read_back(to_pdf(ordered(lines=(OrderLine("=1+1", ODD, 1, 2.0),), supplier=ODD), FR))
    assert "<b>" in text and "Œuf" in text and "??" in text
    assert printable("ő中") == "o?"
    assert printable("12\u202f345\u00a0€") == "12\u00a0345\u00a0€"


@settings(max_examples=15, deadline=None)
@given(st.text(max_size=60))
def test_any_name_makes_a_file(name):
    order = ordered(lines=(OrderLine(name, name, 1, 2.0),), supplier=name, buyer=name)
    assert to_pdf(order, EN).startswith(b"%PDF")


def test_the_same_order_gives_the_same_file():
    assert to_pdf(ordered(), FR) == to_pdf(ordered(), FR)


@pytest.mark.parametrize(
    ("language", "country", "reader", "expected"),
    [
        ("fr", "GB", "en", "fr"),
        ("de", "DE", "fr", "en"),
        (None, "FR", "en", "fr"),
        (None, "IT", "fr", "en"),
        (None, None, "fr", "fr"),
        (float("nan"), None, "en", "en"),
    ],
)
def test_a_supplier_is_written_to_in_its_own_language(language, country, reader, expected):
    assert supplier_language(language, country, reader) == expected

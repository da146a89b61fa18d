"""What lies beside a report's page: the workbook of its tables, and the PDF."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from echannel.batch.pages import asset_files
from echannel.batch.printing import PrintFailed, Sheet, printer
from echannel.chromium import installed
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.views.cards import Card, Rows
from echannel.views.report_workbook import Sourced, report_workbook
from echannel.views.tables import Column, Table

STYLES = {name: source for name, source in asset_files().items() if name.endswith(".css")}
DAYS = [pd.Timestamp("2026-03-04"), pd.NaT]
FRAME = pd.DataFrame({"product": ["=1+1", "Candle"], "turnover": [12.5, float("nan")], "day": DAYS})
COLUMNS = (
    Column("product", "sheet_value"),
    Column("turnover", "net_turnover", "money"),
    Column("day", "day", "day"),
)


def cards() -> list[Sourced]:
    table = Table("best", FRAME, COLUMNS, currency="GBP")
    rows = Rows(7, "orders", pd.Timestamp("2026-01-01"), pd.Timestamp("2026-03-31"))
    keys = ("growth.turnover_by_month", "growth.rolling_year")
    return [Sourced(Card(key, "", rows=rows, table=table), "orders.csv") for key in keys]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_workbook_holds_every_table_and_says_what_each_is(language):
    say = Speaker(language)
    written = report_workbook(cards(), "Growth – Kent Gifts", [("Made", "today")], say)
    assert written == report_workbook(cards(), "Growth – Kent Gifts", [("Made", "today")], say)
    book = openpyxl.load_workbook(io.BytesIO(written))
    contents, *sheets = book.worksheets
    assert contents.title == say("views.workbook.contents")
    assert len(sheets) == 2 and all(len(sheet.title) <= 31 for sheet in sheets)
    for row, sheet in enumerate(sheets, start=4):
        told = [cell.value for cell in contents[row]]
        assert told[0] == sheet.title
        assert contents.cell(row, 1).hyperlink.location == f"'{sheet.title}'!A1"
        assert say("growth.card.turnover_by_month.title") in told or row > 4
        assert told[4] == "GBP" and "orders.csv" in told[5] and say.period(
            pd.Timestamp("2026-01-01"), pd.Timestamp("2026-03-31")
        ) in told[5]  # fmt: skip
        text, number, day = sheet["A2"], sheet["B2"], sheet["C2"]
        assert (text.value, text.data_type) == ("=1+1", "s")
        assert (number.value, number.data_type) == (12.5, "n")
        assert day.value == datetime(2026, 3, 4)
        assert sheet["B3"].value is None and sheet["C3"].value is None


def test_without_a_browser_it_is_said_how_to_get_one(monkeypatch):
    monkeypatch.setenv("ECHANNEL_CHROMIUM", "/nowhere/chromium")
    with pytest.raises(UserError) as refused, printer():
        pass
    assert refused.value.key == "batch.error.no_chromium"
    assert all("Chromium" in Speaker(language).error(refused.value) for language in LANGUAGES)


@pytest.mark.browser
@pytest.mark.skipif(not (installed() and shutil.which("pdftotext")), reason="needs Chromium and poppler")
def test_pages_are_printed_tagged_on_a4_with_their_numbers(tmp_path: Path):
    long = "".join(f"<p>Line {n}</p>" for n in range(120))
    page = tmp_path / "page.html"
    page.write_text(f'<!DOCTYPE html><html lang="fr"><title>Essai</title><h1>Titre</h1>{long}')
    with printer() as browser:
        printed = browser.pdf(page, Sheet("Kent <b>Gifts</b>", "4 mars 2026", "Page {page} sur {pages}"))
        with pytest.raises(PrintFailed):
            browser.pdf(tmp_path / "missing.html", Sheet("", "", ""))
    path = tmp_path / "page.pdf"
    path.write_bytes(printed)
    facts = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
    assert "Tagged:          yes" in facts and "(A4)" in facts
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True).stdout
    first, second, *_ = text.split("\f")
    for sheet, number in ((first, 1), (second, 2)):
        assert "Kent <b>Gifts</b>" in sheet and "4 mars 2026" in sheet and f"Page {number} sur" in sheet
    assert b"/Lang (fr" in printed


@pytest.mark.browser
@pytest.mark.skipif(not (installed() and shutil.which("pdftotext")), reason="needs Chromium and poppler")
def test_a_wide_table_does_not_make_everything_on_paper_smaller(tmp_path: Path):
    """Chromium shrinks a whole page until its widest part fits: then each report has type of another size."""
    style = "".join(f"<style>{source.read_text()}</style>" for name, source in STYLES.items())
    # Columns as the table of a plan's assumptions has them: several of long texts, some of numbers.
    cells = ['<th scope="row">Share of returned goods that is lost</th>', *["<td>Sales and margin</td>"] * 2]
    cells += ['<td class="ec-num">1,234.50</td>'] * 4 + [
        '<td class="ec-long">A round number of ours.</td>'
    ] * 3
    table = f'<table class="ec-data"><tbody><tr>{"".join(cells)}</tr></tbody></table>'
    heights = []
    with printer() as browser:
        for name, part in (("without", ""), ("with", table)):
            page = tmp_path / f"{name}.html"
            page.write_text(
                f'<!DOCTYPE html><html lang="en"><title>t</title>{style}<body class="ec ec-page">'
                f'<main class="ec-wide"><h1>Headline</h1>{part}</main>'
            )
            path = page.with_suffix(".pdf")
            path.write_bytes(browser.pdf(page, Sheet("", "", "{page} {pages}")))
            boxes = subprocess.run(["pdftotext", "-bbox", path, "-"], capture_output=True, text=True).stdout
            found = re.search(r'yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">Headline<', boxes)
            assert found
            heights.append(float(found[2]) - float(found[1]))
    assert heights[1] == pytest.approx(heights[0], rel=0.01)

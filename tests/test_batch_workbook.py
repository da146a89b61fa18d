"""A whole run with ``--xlsx``: every table of a report's page stands in its workbook, value by value."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from bs4 import BeautifulSoup, Tag
from catalogue_scan import ROOT

from echannel.demo.cohort import SEED, DemoSummary, write_firm
from echannel.demo.firms import FIRMS
from echannel.locale import LANGUAGES, Speaker
from echannel.sync import sync_sme
from echannel.workspace import Workspace

FIRM = "rye-ceramics"
TOOLS = ("growth", "planning")
_NUMBER = re.compile(r"[+\u2212-]?[\d\u202f\u00a0 .,]*\d")


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one small firm's reports, as the command makes them."""
    workspace = Workspace(tmp_path_factory.mktemp("one-firm"))
    (workspace.parameters / "smes").mkdir(parents=True)
    shutil.copy(ROOT / f"parameters/smes/{FIRM}.yml", workspace.parameters / "smes")
    workspace.notebooks.mkdir()
    for tool in TOOLS:
        shutil.copy(ROOT / f"notebooks/{tool}.ipynb", workspace.notebooks)
    firm = next(one for one in FIRMS if one.id == FIRM)
    write_firm(firm, workspace.inbox / FIRM, SEED, DemoSummary())
    sync_sme(workspace, FIRM)
    only = [part for tool in TOOLS for part in ("--tool", tool)]
    command = [sys.executable, "-m", "echannel.cli", "run", FIRM, "--xlsx", *only]
    environment = {**os.environ, "ECHANNEL_ROOT": str(workspace.root)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(workspace.root.glob(f"reports/*/{FIRM}"))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tool", TOOLS)
def test_the_workbook_beside_a_page_holds_the_page_s_tables(reports: Path, tool: str, language: str) -> None:
    page = BeautifulSoup((reports / f"{tool}.{language}.html").read_text(encoding="utf-8"), "html.parser")
    book = openpyxl.load_workbook(reports / f"{tool}.{language}.xlsx")
    contents, *sheets = book.worksheets
    say, compared, months = Speaker(language), 0, 0
    for row, sheet in enumerate(sheets, start=4):
        question = contents.cell(row, 2).value
        tables = [one for one in page.select("table.ec-data") if _of(one, question)]
        first, *values = sheet.iter_rows()
        assert [cell.value for cell in first] == [head.get_text() for head in tables[0].select("thead th")]
        shown = [line.select("th, td") for table in tables for line in table.select("tbody tr")]
        assert len(shown) == min(len(values), 200), question
        for line in shown:  # what a page folds away stands at its end, and anywhere in the workbook
            cells = next((cells for cells in values if _agree(line, cells, say)), None)
            assert cells, (question, [text.get_text() for text in line])
            assert len(tables) > 1 or cells is values[0], question
            values.remove(cells)
            compared += sum(cell.value is not None for cell in cells)
            months += sum(cell.number_format.startswith("[$-") for cell in cells)
    assert len(sheets) > 8 and compared > 200 and months > 20


def _of(table: Tag, question: str) -> bool:
    """Whether a table is a question's, or one of the groups into which its rows are folded."""
    caption = table.caption.get_text()
    return caption == question or caption.startswith(f"{question} \u2013 ")


def _agree(line: Sequence[Tag], cells: Sequence[Any], say: Speaker) -> bool:
    return all(_same(shown, cell, say) for shown, cell in zip(line, cells, strict=True))


def _same(shown: Tag, cell: Any, say: Speaker) -> bool:
    """Whether a cell of the page shows what the workbook's holds, to the last digit that it shows."""
    text, value = shown.get_text(" ", strip=True), cell.value
    if value is None:
        return not any(one.isdigit() for one in text)
    if isinstance(value, datetime):
        month = "mmm" in cell.number_format
        return text == (say.month(value) if month else say.day(value))
    if not isinstance(value, int | float):
        return text == " ".join(str(value).split(" "))
    found = _NUMBER.search(text)
    assert found, text
    digits = found.group().replace("\u2212", "-")
    digits = re.sub(r"[\u202f\u00a0 .]", "", digits).replace(",", ".") if say.language == "fr" else digits
    digits = re.sub(r"[\u202f\u00a0 ,]", "", digits)
    if re.match(r"[-\u2212(]", text) and not digits.startswith("-"):
        digits = f"-{digits}"
    unit = 10.0 ** -len(digits.partition(".")[2])
    value = value * 100 if "%" in text else value
    # A page rounds money to cents first: the same sum added up in another order is the same whole amount.
    return abs(float(digits) - value) <= unit / 2 + (0.005 if unit == 1 else 0) + 1e-6

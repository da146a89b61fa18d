"""A workbook of one table is the one that a general writer makes: value by value, format by format."""

from __future__ import annotations

import io
from datetime import date, datetime
from zipfile import ZipFile

import openpyxl
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from views_shop import FORMULA, SCRIPT

from echannel.locale import LANGUAGES, Speaker
from echannel.views import export
from echannel.views.tables import Column, Table

KINDS = ("text", "number", "decimal", "amount", "money", "cents", "percent", "change", "day", "month")
SAY = {language: Speaker(language) for language in LANGUAGES}


def table_of(kind: str, values: list, name: str = "t & 't'") -> Table:
    frame = pd.DataFrame({"v": pd.Series(values, dtype=None if kind == "day" else object)})
    return Table(name, frame, (Column("v", "x", kind),), "EUR", labels=(f'<{kind}> & "co"',))


def read(content: bytes) -> dict:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    cells = {
        cell.coordinate: (
            cell.value,
            cell.data_type,
            cell.number_format,
            cell.font.b,
            cell.alignment.wrap_text,
        )
        for row in sheet
        for cell in row
        if cell.value is not None
    }
    widths = {letter: round(one.width, 6) for letter, one in sheet.column_dimensions.items()}
    paper = (
        sheet.page_setup.orientation,
        sheet.print_title_rows,
        sheet.sheet_properties.pageSetUpPr.fitToPage,
    )
    facts = {"title": sheet.title, "frozen": sheet.freeze_panes, "head": sheet.row_dimensions[1].height}
    return {**facts, "paper": paper, "cells": cells, "widths": widths}


def assert_same(table: Table, language: str = "en") -> None:
    ours, theirs = (export.to_xlsx(one, SAY[language]) for one in (table, [table]))
    assert read(ours) == read(theirs)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_column_reads_back_the_same(kind, language):
    values = {
        "text": [SCRIPT, FORMULA, " edge ", "", "two\nlines\ttab", "é€😀", "<r>", True, 3],
        "day": [pd.Timestamp("2026-11-24"), pd.NaT, pd.Timestamp("2026-03-29 13:45:10.5")],
        "month": [pd.Period("2026-11", "M"), None],
    }.get(kind, [0, 1.5, -2.25, 1 / 3, 1e21, 1e-9, None, float("nan")])
    assert_same(table_of(kind, values), language)


@given(
    st.lists(
        st.one_of(
            st.text(st.characters(exclude_categories=["Cs"])), st.floats(), st.integers(-(2**53), 2**53)
        )
    )
)
@example(["\x00", "_x0041_"])
@example(["x" * 40_000])
@example([date(1899, 1, 1), datetime(2026, 1, 2, 3, 4, 5)])
@settings(max_examples=60)
def test_whatever_a_table_holds_reads_back_the_same(values):
    assert_same(table_of("text", values))


def test_texts_stay_texts_and_the_same_table_gives_the_same_bytes():
    table = table_of("text", ["=1+1", "+1", "@x", "https://example.org", "1"])
    content = export.to_xlsx(table, SAY["fr"])
    assert content == export.to_xlsx(table, SAY["fr"])
    with ZipFile(io.BytesIO(content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
    assert b"<f" not in sheet and b"yperlink" not in sheet


def test_a_table_without_rows_still_names_its_columns():
    assert_same(table_of("money", []))


@pytest.mark.parametrize(
    ("language", "pattern", "word"), [("en", "809", "Nov 2026"), ("fr", "40C", "nov. 2026")]
)
def test_a_month_is_a_date_in_a_workbook_and_a_word_in_a_list(language, pattern, word):
    table = table_of("month", [pd.Period("2026-11", "M"), None, pd.Timestamp("2026-11-24")])
    cells = read(export.to_xlsx(table, SAY[language]))["cells"]
    assert [cells[at][:3] for at in ("A2", "A4")] == [
        (datetime(2026, 11, 1), "d", f"[$-{pattern}]mmm yyyy")
    ] * 2
    assert "A3" not in cells
    lines = export.to_csv(table, SAY[language]).decode("utf-8-sig").splitlines()
    assert [lines[1], lines[3]] == [word, word]


def test_a_long_header_has_the_room_that_it_takes():
    frame = pd.DataFrame({"v": [1.0]})
    long = "Cash after a year, if a tenth worse than planned (£)"
    heights = [
        read(
            export.to_xlsx(Table("t", frame, (Column("v", "x", "money"),), "EUR", labels=(label,)), SAY["en"])
        )
        for label in ("Month", long)
    ]
    assert [one["head"] for one in heights] == [None, 30]
    assert heights[0]["paper"] == ("landscape", "$1:$1", True)

"""The tables behind a report as one workbook: a sheet of contents, then a sheet for each card's table."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any

from echannel.locale import Speaker
from echannel.views.cards import Card, rows_in_words, title
from echannel.views.export import add_table, fit_on_paper, new_workbook, row_height, sheet_name, table_formats
from echannel.views.help import card_words

WORKBOOK = "ECHANNEL_WORKBOOK"
"""Names the file into which a report's page puts the tables behind it; nothing where it is not set."""

_NAME = 28  # letters
_COLUMNS = (("sheet", 30), ("question", 44), ("what", 60), ("how", 60), ("unit", 12), ("rows", 50))


@dataclass(frozen=True)
class Sourced:
    """A card with a table, and where its rows come from."""

    card: Card
    sources: str


def write_workbook(
    cards: Sequence[Sourced], heading: str, facts: Sequence[tuple[str, str]], say: Speaker
) -> None:
    """Put the workbook where ``ECHANNEL_WORKBOOK`` says; does nothing where that is not asked for."""
    where = os.environ.get(WORKBOOK)
    if where:
        Path(where).write_bytes(report_workbook(cards, heading, facts, say))


def report_workbook(
    cards: Sequence[Sourced], heading: str, facts: Sequence[tuple[str, str]], say: Speaker
) -> bytes:
    """The workbook; the same cards give the same bytes.

    Its first sheet says for each table what it answers, what the figures mean, how they are computed, in
    which unit, and from which rows of which days and sources; ``facts`` about the whole report follow.
    """
    out = io.BytesIO()
    book = new_workbook(out)
    used: set[str] = set()
    contents = book.add_worksheet(sheet_name(say("views.workbook.contents"), used))
    formats = table_formats(book, say.language)
    names = []
    for one in cards:
        assert one.card.table is not None
        name = sheet_name(_short(title(one.card.key, say)), used)
        add_table(book.add_worksheet(name), one.card.table, say, formats)
        names.append(name)
    _contents(contents, cards, names, heading, facts, say, book)
    book.close()
    return out.getvalue()


def _short(question: str) -> str:
    """As much of a question as a sheet's name has room for, in whole words."""
    return shorten(question.rstrip("?\u00a0\u202f "), _NAME, placeholder="…")


def _contents(
    sheet: Any,
    cards: Sequence[Sourced],
    names: Sequence[str],
    heading: str,
    facts: Sequence[tuple[str, str]],
    say: Speaker,
    book: Any,
) -> None:
    bold = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    link = book.add_format({"hyperlink": True, "valign": "top"})
    sheet.write_string(0, 0, heading, book.add_format({"bold": True, "font_size": 14}))
    for at, (key, width) in enumerate(_COLUMNS):
        sheet.set_column(at, at, width, wrapped)
        sheet.write_string(2, at, say(f"views.workbook.{key}"), bold)
    sheet.freeze_panes(3, 0)
    fit_on_paper(sheet)
    for row, (one, name) in enumerate(zip(cards, names, strict=True), start=3):
        quoted = name.replace("'", "''")
        sheet.write_url(row, 0, f"internal:'{quoted}'!A1", link, name)
        about = _about(one, say)
        for at, text in enumerate(about, start=1):
            sheet.write_string(row, at, text, wrapped)
        sheet.set_row(row, row_height(about, [width for _, width in _COLUMNS[1:]]))
    for row, (name, fact) in enumerate(facts, start=len(cards) + 4):
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 1, fact, wrapped)
        sheet.set_row(row, row_height([fact], [_COLUMNS[1][1]]))


def _about(one: Sourced, say: Speaker) -> tuple[str, str, str, str, str]:
    card = one.card
    currency = card.table.currency if card.table is not None else ""
    rows = (
        rows_in_words(card.rows, say, one.sources) if card.rows is not None and card.rows.n else one.sources
    )
    words = (card_words(card.key, "what", say), card_words(card.key, "how", say))
    return (title(card.key, say), *words, currency, rows)

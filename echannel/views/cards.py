"""A card: a question, its answer in a sentence, a chart with a two-minute lesson, and the figures behind.

Words of a card ``key`` of tool ``t``: ``t.card.<key>.title``, ``.what`` (what is it), ``.how`` (how is it
computed), ``.compared`` (compared with what), ``.next`` (so what). Sentences are written by the card.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TypeVar

import pandas as pd

from echannel.locale import Speaker
from echannel.metrics.result import OK
from echannel.views import charts
from echannel.views.export import XLSX_TYPE, Cells, cells_of, data_link, file_name, to_csv, to_xlsx
from echannel.views.feedback import feedback_row
from echannel.views.help import card_tip, card_words, what
from echannel.views.tables import Table, to_html

Figures = tuple[charts.Figure, ...]
NO_FIGURES: Figures = ()


@dataclass(frozen=True)
class Rows:
    """Which rows a card rests on: how many of what (``orders``, ``customers`` …), from day to day."""

    n: int
    unit: str
    since: pd.Timestamp | None = None
    until: pd.Timestamp | None = None


@dataclass(frozen=True)
class Download:
    """A file that a page offers: what the link says, the file's name, and what is in it."""

    words: str
    name: str
    mime: str
    content: bytes


@dataclass(frozen=True)
class Card:
    """One question answered.

    ``key`` is ``<tool>.<name>``; ``sentence`` plain text; ``missing`` catalogue keys of reasons why
    (part of) it cannot be computed; ``term`` a name in the glossary, shown in both languages; ``assumed``
    says which inputs are assumed, and leads to the data audit; ``sources`` names where the rows come from
    that are not of the firm's own tables.
    """

    key: str
    sentence: str
    rows: Rows | None = None
    figures: Figures = NO_FIGURES
    table: Table | None = None
    missing: tuple[str, ...] = ()
    note: str = ""
    term: str = ""
    open_table: bool = False
    assumed: str = ""
    sources: str = ""


Shown = TypeVar("Shown", bound=Callable[..., object])


def steady(card: Shown) -> Shown:
    """Marks a card that shows the same whatever the reader chooses: it is drawn once."""
    card.steady = True  # type: ignore[attr-defined]
    return card


def later(card: Shown) -> Shown:
    """Marks a card that takes a while to make: a dashboard draws it again once its reader rests."""
    card.later = True  # type: ignore[attr-defined]
    return card


def moved_by(key: Callable[..., object]) -> Callable[[Shown], Shown]:
    """Marks a card that only some choices move: it is drawn again when ``key(view)`` is another."""

    def marked(card: Shown) -> Shown:
        card.moved_by = key  # type: ignore[attr-defined]
        return card

    return marked


def reasons(*frames: pd.DataFrame) -> tuple[str, ...]:
    """The reasons why rows of these frames have no value, each once."""
    found: dict[str, None] = {}
    for frame in frames:
        for reason in frame.loc[frame["status"] != OK, "reason"]:
            if reason:
                found[str(reason)] = None
    return tuple(found)


def title(key: str, say: Speaker) -> str:
    """The card's question."""
    tool, name = key.split(".", 1)
    return say(f"{tool}.card.{name}.title")


def anchor(key: str) -> str:
    """Where on its page a card stands: the part of the address after "#"."""
    return key.replace(".", "-").replace("_", "-")


def to_page(card: Card, say: Speaker, sources: str, audit: str = "", live: bool = False) -> str:
    """The card as HTML; everything in it that came from outside is escaped.

    ``audit``: where the audit is. ``live``: a dashboard, which makes files when they are asked for and takes
    its readers' opinions.
    """
    question = title(card.key, say)
    name = anchor(card.key)
    sentence = f'<p class="ec-sentence">{escape(card.sentence)}</p>' if card.sentence else ""
    described = f"{question} {card.sentence}".strip()
    figures = "".join(charts.to_html(figure, described) for figure in card.figures)
    notes = [card.note] if card.note else []
    if any(figure.get("cut") for figure in card.figures):
        notes.append(say("views.axis_cut"))
    note = "".join(f'<p class="ec-note">{escape(text)}</p>' for text in notes)
    chart = f'<figure class="ec-chart">{figures}</figure>' if figures else ""
    main = chart + note + _assumed(card, say, audit)
    # No chart to stand beside: the lesson waits, folded.
    plain, lesson = "" if figures else " ec-plain", _lesson(card, say, sources, opened=bool(figures))
    behind, below = "", ""
    if card.table is not None and card.open_table:
        below = _table(card, say, question, live)
    if card.table is not None and not card.open_table and len(card.table.frame):
        # Without a chart the figures are the answer.
        opened = "" if figures else " open"
        behind = (
            f'<details class="ec-behind"{opened}><summary>{escape(say("views.figures_behind"))}</summary>'
            f"{_table(card, say, question, live)}</details>"
        )
    opinion = feedback_row(say) if live else ""
    return (
        f'<section class="ec ec-card" id="{name}" data-card="{escape(card.key)}" '
        f'aria-labelledby="{name}-title">'
        f'<h3 id="{name}-title">{escape(question)}</h3>{card_tip(name, question, card.key, card.term, say)}'
        f"{sentence}{_missing(card, say)}"
        f'<div class="ec-body{plain}"><div>{main}{behind}</div>{lesson}</div>{below}{opinion}</section>'
    )


def _lesson(card: Card, say: Speaker, sources: str, opened: bool) -> str:
    parts = [
        (say("views.lesson.what"), what(card.key, card.term, say)),
        (say("views.lesson.how"), escape(card_words(card.key, "how", say))),
    ]
    if card.rows is not None and card.rows.n:
        parts.append((say("views.lesson.rows"), escape(rows_in_words(card.rows, say, sources))))
    parts.append((say("views.lesson.compared"), escape(card_words(card.key, "compared", say))))
    parts.append((say("views.lesson.next"), escape(card_words(card.key, "next", say))))
    listed = "".join(f"<dt>{escape(head)}</dt><dd>{text}</dd>" for head, text in parts)
    return (
        f'<details class="ec-lesson"{" open" if opened else ""}>'
        f"<summary>{escape(say('views.lesson.title'))}</summary><dl>{listed}</dl></details>"
    )


def rows_in_words(rows: Rows, say: Speaker, sources: str) -> str:
    """From which rows: 1 204 orders, 1 Dec 2025 – 30 Nov 2026; source: shop."""
    counted = say(f"views.rows.{rows.unit}", n=rows.n)
    if rows.since is not None and rows.until is not None:
        counted = say("views.rows.period", rows=counted, period=say.period(rows.since, rows.until))
    return say("views.rows.source", rows=counted, sources=sources) if sources else counted


def _missing(card: Card, say: Speaker) -> str:
    if not card.missing:
        return ""
    why = "".join(f"<p>{escape(say(reason))}</p>" for reason in card.missing)
    nothing = not card.figures and card.table is None
    then = f"<p>{escape(say('views.then_computed'))}</p>" if nothing else ""
    return f'<div class="ec-missing" role="note">{why}{then}</div>'


def _assumed(card: Card, say: Speaker, audit: str) -> str:
    """Which inputs are assumed, and where to see what to fill in."""
    if not card.assumed:
        return ""
    there = f' <a href="{escape(audit)}">{escape(say("views.to_audit"))}</a>' if audit else ""
    return f'<p class="ec-note ec-assumed" role="note">{escape(card.assumed)}{there}</p>'


def files_to_page(files: tuple[Download, ...], title: str) -> str:
    """Links to files, each in the page itself; "" for none."""
    links = "".join(
        f'<a download="{escape(one.name)}" href="{data_link(one.content, one.mime)}">{escape(one.words)}</a>'
        for one in files
    )
    if not links:
        return ""
    return (
        f'<section class="ec ec-offer" aria-label="{escape(title)}"><p>{escape(title)}</p>'
        f'<div class="ec-downloads ec-files">{links}</div></section>'
    )


def _table(card: Card, say: Speaker, caption: str, live: bool) -> str:
    assert card.table is not None
    table = card.table
    made: list[tuple[str, str, Callable[[Table, Speaker, Cells], bytes], str]] = [
        ("csv", say("views.download_csv"), to_csv, "text/csv;charset=utf-8"),
        ("xlsx", say("views.download_xlsx"), to_xlsx, XLSX_TYPE),
    ]
    if live:
        links = "".join(
            f'<button type="button" class="ec-link" data-file="{ending}">{escape(words)}</button>'
            for ending, words, _, _ in made
        )
    else:
        cells = cells_of(table, say)
        links = "".join(
            f'<a download="{file_name(caption)}.{ending}" href="{data_link(write(table, say, cells), mime)}">'
            f"{escape(words)}</a>"
            for ending, words, write, mime in made
        )
    links = f'<div class="ec-downloads">{links}</div>'
    html = to_html(table, say, caption, stacked=card.open_table)
    return (html.replace('"ec-scroll"', '"ec-scroll ec-open"') if card.open_table else html) + links

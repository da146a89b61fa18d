"""Tables for people: a frame, what each column holds, and its words in the reader's language.

Names of products, countries or files come from outside: everything is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from html import escape
from itertools import islice, repeat
from typing import Any, Literal

import pandas as pd

from echannel.locale import Speaker

Kind = Literal[
    "text", "number", "decimal", "amount", "money", "cents", "percent", "change", "day", "month", "country"
]
Known = tuple[list[Any], list[bool]]  # a column's values, and which of them are unknown
NUMERIC = {"number", "decimal", "amount", "money", "cents", "percent", "change"}

_WIDE = 16  # columns: more, and the first one stays in sight
MOST_ROWS = 500  # of a table behind a chart: what people read, and a download that a page can carry


@dataclass(frozen=True)
class Column:
    """One column: the frame's field, the catalogue name ``views.column.<key>`` of its header, what it holds.

    ``money`` is shown without cents, ``cents`` with, ``amount`` with two decimals and no currency;
    ``change`` is a percentage with its sign.
    ``words`` puts a code into words, for the page and for downloads alike; ``long`` texts get room.
    ``absent`` names a field that says why a value is unknown, in words for the page.
    """

    field: str
    key: str
    kind: Kind = "text"
    words: Callable[[Any], str] | None = None
    long: bool = False
    absent: str = ""


@dataclass(frozen=True)
class Fold:
    """Rows of a table that wait folded: what the group is called, and their places."""

    words: str
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Table:
    """A frame and its columns; ``name`` becomes the file name of downloads.

    ``totals``: places of rows that sum others; with them, the other rows' heads are plain. ``folds``: rows
    that a page shows when asked to, group by group, below the others.
    """

    name: str
    frame: pd.DataFrame
    columns: tuple[Column, ...]
    currency: str = ""
    labels: tuple[str, ...] = field(default=())
    totals: frozenset[int] = frozenset()
    folds: tuple[Fold, ...] = ()
    _read: dict[str, Known] = field(default_factory=dict, init=False, repr=False, compare=False)

    def known(self, name: str) -> Known:
        """A field of the frame as values, and which of them are unknown: read once for page and files."""
        if name not in self._read:
            values = self.frame[name]
            self._read[name] = list(values), values.array.isna().tolist()
        return self._read[name]

    def headers(self, say: Speaker) -> list[str]:
        """Column headers in the reader's language; money columns name their currency."""
        if self.labels:
            return list(self.labels)
        unit = f" ({currency_sign(say, self.currency)})" if self.currency else ""
        return [
            say(f"views.column.{column.key}") + (unit if column.kind in {"money", "cents"} else "")
            for column in self.columns
        ]

    def values(self, column: Column, say: Speaker) -> list[Any]:
        """A column's values for a file: numbers as numbers, codes as words, unknown as None.

        A month is its first day.
        """
        values, unknown = self.known(column.field)
        worded: Callable[[Any], Any] | None = column.words
        if worded is None and column.kind in NUMERIC:
            worded = float
        elif worded is None and column.kind in {"country", "month"}:
            worded = say.country_name if column.kind == "country" else _first_day
        if worded is None:
            return [None if gap else value for value, gap in zip(values, unknown, strict=True)]
        return [None if gap else worded(value) for value, gap in zip(values, unknown, strict=True)]


def _first_day(month: Any) -> date:
    return date(month.year, month.month, 1)


def shown(value: Any, column: Column, say: Speaker, currency: str | None = None) -> str:
    """One value as the reader reads it; an unknown one is said to be unknown, never 0."""
    return say("common.unknown") if _unknown(value) else _writer(column, say, currency)(value)


def _writer(column: Column, say: Speaker, currency: str | None) -> Callable[[Any], str]:
    """How the known values of a column are written."""
    if column.words is not None:
        return column.words
    match column.kind:
        case "money":
            return lambda value: say.money(value, currency, decimals=0)
        case "cents":
            return lambda value: say.money(value, currency)
        case "number":
            return say.number
        case "decimal":
            return lambda value: say.number(value, 1)
        case "amount":
            return lambda value: say.number(value, 2)
        case "percent":
            return say.percent
        case "change":
            return lambda value: say.percent(value, signed=True)
        case "day":
            return say.day
        case "month":
            return say.month
        case "country":
            return say.country_name
    return str


def to_html(table: Table, say: Speaker, caption: str, limit: int = 200, stacked: bool = False) -> str:
    """A semantic table: caption, column and row headers, numbers to the right.

    Beyond ``limit`` rows it says how many more the download holds. ``stacked``: on a phone each row becomes a
    block whose cells name their column. Folded groups follow, each a table of its own.
    """
    if table.folds:
        return _folded(table, say, caption, limit, stacked)
    columns, labels = table.columns, table.headers(say)
    numeric = [_css(column) for column in columns]
    head = "".join(
        f'<th scope="col"{css}>{escape(label)}</th>' for label, css in zip(labels, numeric, strict=True)
    )
    named = [f' data-label="{escape(label)}"' if stacked else "" for label in labels]
    marks = [('<th scope="row"', "</th>"), *repeat(("<td", "</td>"), len(columns) - 1)]
    cells = [
        _cells(table, column, say, limit, f"{opened}{css}{name}>", closed)
        for column, css, name, (opened, closed) in zip(columns, numeric, named, marks, strict=True)
    ]
    rows = "".join(
        ('<tr class="ec-total">' if place in table.totals else "<tr>") + "".join(row) + "</tr>"
        for place, row in enumerate(zip(*cells, strict=True))
    )
    summed = " ec-summed" if table.totals else ""
    wide = " ec-wide" if len(columns) > _WIDE else ""
    left = len(table.frame) - limit
    more = f'<p class="ec-note">{escape(say("views.more_rows", n=left))}</p>' if left > 0 else ""
    return (
        f'<div class="ec-scroll" tabindex="0"><table class="ec-data{summed}{wide}">'
        f'<caption class="ec-sr">{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{more}"
    )


def _folded(table: Table, say: Speaker, caption: str, limit: int, stacked: bool) -> str:
    def part(rows: Sequence[int], of: str) -> str:
        frame = table.frame.iloc[list(rows)].reset_index(drop=True)
        totals = frozenset(at for at, row in enumerate(rows) if row in table.totals)
        return to_html(replace(table, frame=frame, totals=totals, folds=()), say, of, limit, stacked)

    waiting = {row for fold in table.folds for row in fold.rows}
    groups = "".join(
        f'<details class="ec-fold"><summary>{escape(fold.words)}</summary>'
        f"{part(fold.rows, f'{caption} – {fold.words}')}</details>"
        for fold in table.folds
    )
    return part([at for at in range(len(table.frame)) if at not in waiting], caption) + groups


def worded(table: Table, column: Column, say: Speaker) -> list[str]:
    """A column as its reader reads it, for paper: what is unknown says why."""
    unknown = say("common.unknown")
    return [why or unknown if gap else text for text, gap, why in _written(table, column, say)]


def _written(
    table: Table, column: Column, say: Speaker, limit: int | None = None
) -> Iterator[tuple[str, bool, str]]:
    """Each value as the reader reads it, whether it is unknown instead, and why."""
    write, (values, gaps) = _writer(column, say, table.currency or None), table.known(column.field)
    whys = table.known(column.absent)[0] if column.absent else repeat("", len(values))
    for value, gap, why in islice(zip(values, gaps, whys, strict=True), limit):
        yield "" if gap else write(value), gap, why


def _css(column: Column) -> str:
    if column.kind in NUMERIC:
        return ' class="ec-num"'
    if column.kind in {"day", "month"}:
        return ' class="ec-day"'
    return ' class="ec-long"' if column.long else ""


def _cells(table: Table, column: Column, say: Speaker, limit: int, opened: str, closed: str) -> list[str]:
    unknown = say("common.unknown")
    return [
        f'{opened}<span class="ec-unknown">{escape(why or unknown)}</span>{closed}'
        if gap
        else f"{opened}{escape(text)}{closed}"
        for text, gap, why in _written(table, column, say, limit)
    ]


def currency_sign(say: Speaker, currency: str) -> str:
    """The sign of a currency as the reader writes it: £, €."""
    return say.money(0, currency, decimals=0).replace("0", "").strip("\u00a0\u202f ")


def _unknown(value: Any) -> bool:
    return value is None or value is pd.NaT or (not isinstance(value, str) and bool(pd.isna(value)))

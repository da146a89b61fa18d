"""The answer to a question: a sentence, a chart that fits it, and the table with its downloads."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd

from echannel.asking.subjects import Subject
from echannel.locale import Speaker
from echannel.metrics.asking import OTHERS, UNKNOWN, Answer, Question, answer
from echannel.views import charts, curves, theme
from echannel.views.ask_words import group_name, group_words, measure_name, question_in_words, value_writer
from echannel.views.axes import Format, label
from echannel.views.cards import Card, Rows
from echannel.views.charts import Figure, Series
from echannel.views.context import View
from echannel.views.tables import Column, Kind, Table, currency_sign

_TICKS = 8


def answer_card(view: View, subject: Subject, question: Question, period: str = "") -> Card:
    """The card that answers ``question``; ``period`` names its days where it has some."""
    found = answer(subject.frame, question)
    say = view.say
    figures = _figures(say, subject, question, found)
    return Card(
        "ask.answer",
        _sentence(say, subject, question, found, period),
        rows=Rows(found.rows, "rows"),
        figures=figures,
        table=_table(say, subject, question, found),
        note=_note(say, found),
        open_table=not figures,
        sources=say(f"ask.subject.{subject.name}"),
    )


def _sentence(say: Speaker, subject: Subject, question: Question, found: Answer, period: str) -> str:
    write = value_writer(say, subject, question)
    asked = question_in_words(say, question, period)
    if not found.rows:
        return say("ask.say.nothing", question=asked)
    if found.unknown == found.rows:
        return say("ask.say.unknown", question=asked, n=found.rows)
    if not question.by:
        return say("ask.say.one", question=asked, value=write(found.total))
    first = _first(found, question)
    if first is None:
        return say("ask.say.all", question=asked, value=write(found.total))
    name = group_words(say, question.by, question.step)(found.frame["group"][first])
    value = write(float(_values(found)[first]))
    return say("ask.say.most", question=asked, name=name, value=value, total=write(found.total))


def _first(found: Answer, question: Question) -> int | None:
    """The row with the largest value, where its value can be read off one column."""
    if "value" not in found.frame or not len(found.frame):
        return None
    named = ~found.frame["group"].isin([OTHERS, UNKNOWN]).to_numpy() & ~np.isnan(_values(found))
    return int(np.argmax(np.where(named, _values(found), -np.inf))) if named.any() else None


def _values(found: Answer) -> np.ndarray:
    return found.frame["value"].to_numpy(dtype=float)


def _note(say: Speaker, found: Answer) -> str:
    notes = [say("ask.note.unknown", n=found.unknown)] if found.unknown else []
    notes += [say("ask.note.folded", n=found.folded)] if found.folded else []
    return " ".join(notes)


def _table(say: Speaker, subject: Subject, question: Question, found: Answer) -> Table | None:
    if not question.by or not found.rows:
        return None
    kind = _kind(subject, question)
    group = Column("group", "", words=group_words(say, question.by, question.step))
    money = kind == "cents"
    unit = f" ({currency_sign(say, say.currency)})" if money else ""
    return Table(
        say("ask.answer.sheet"),
        found.frame,
        (group, *(Column(name, "", kind) for name in _columns(found))),
        currency=say.currency if money else "",
        labels=(
            group_name(say, question, question.by),
            *(head + unit for head in _heads(say, question, found)),
        ),
    )


def _columns(found: Answer) -> list[str]:
    return [name for name in found.frame.columns if name != "group"]


def _heads(say: Speaker, question: Question, found: Answer) -> list[str]:
    if not question.across:
        return [measure_name(say, question)]
    words = group_words(say, question.across, question.step)
    return [words(name) for name in _columns(found)]


def _kind(subject: Subject, question: Question) -> Kind:
    if question.how in ("count", "distinct"):
        return "number"
    money = subject.role(question.measure) == "money"
    return "cents" if money else "number" if question.how == "sum" else "decimal"


def _figures(say: Speaker, subject: Subject, question: Question, found: Answer) -> tuple[Figure, ...]:
    """Bars or lines where there is something to compare; none for one number."""
    if not question.by or len(found.frame) < 2:
        return ()
    write = value_writer(say, subject, question)
    names = [group_words(say, question.by, question.step)(group) for group in found.frame["group"]]
    if question.across:
        return _two_ways(say, question, found, names, write)
    if _over_time(question):
        series = [Series(measure_name(say, question), list(_values(found)))]
        return (_timeline(say, question, found, names, series, write),)
    return (charts.ranked(names, list(_values(found)), write),)


def _two_ways(
    say: Speaker, question: Question, found: Answer, names: list[str], write: Format
) -> tuple[Figure, ...]:
    heads = _heads(say, question, found)
    grid = found.frame[_columns(found)].to_numpy(dtype=float)
    if _over_time(question) and len(heads) <= len(theme.PALETTE):
        series = [Series(head, list(grid[:, at]), theme.PALETTE[at]) for at, head in enumerate(heads)]
        return (_timeline(say, question, found, names, series, write),)
    rows, titles = group_name(say, question, question.by), group_name(say, question, question.across)
    return (charts.heatmap([label(name) for name in names], heads, grid, write, rows, titles),)


def _over_time(question: Question) -> bool:
    return question.by == "day" and question.step != "weekday"


def _timeline(
    say: Speaker, question: Question, found: Answer, names: list[str], series: list[Series], write: Format
) -> Figure:
    """Bars by month, stacked where they are parts of a sum; lines for other steps."""
    if question.step == "month" and (len(series) == 1 or question.how in ("sum", "count")):
        months = [pd.Period(year=1970 + m // 12, month=m % 12 + 1, freq="M") for m in found.frame["group"]]
        return charts.over_months(say, months, series, [], write, stacked=len(series) > 1)
    at = list(range(len(names)))
    return curves.over_scale(
        at, names, series, write, _axis(names, _TICKS), narrow_axis=_axis(names, _TICKS // 2)
    )


def _axis(names: list[str], most: int) -> dict[str, Any]:
    step = max(1, -(-len(names) // most))
    shown = list(range(0, len(names), step))
    return {
        "tickmode": "array",
        "tickvals": shown,
        "ticktext": [escape(names[at]) for at in shown],
        "range": [-0.5, len(names) - 0.5],
    }

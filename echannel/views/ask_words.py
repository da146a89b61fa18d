"""The words of questions: names of subjects, fields and measures, and what stands for a group's value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from echannel.asking.subjects import Subject
from echannel.locale import Speaker
from echannel.metrics.asking import OTHERS, UNKNOWN, Question
from echannel.metrics.turnover import as_date

# Codes of the canonical tables that have words of their own.
_CODES = {
    "kind": "kind",
    "channel": "channel",
    "entry": "ask.entry",
    "status": "ask.status",
    "customer_is": "ask.customer_is",
    "cart_is": "ask.cart_is",
}


def measure_name(say: Speaker, question: Question) -> str:
    """What is measured: "Turnover", "Number of rows", "Number of different customers"."""
    if question.how == "count":
        return say(f"ask.rows.{question.subject}")
    if question.how == "distinct":
        return say("ask.different", what=say(f"ask.field.{question.measure}"))
    return say(f"ask.field.{question.measure}")


def question_in_words(say: Speaker, question: Question, period: str = "") -> str:
    """The question as a title: "Turnover, average, by month and channel, 2025"."""
    parts = [measure_name(say, question)]
    if question.how in ("mean", "median"):
        parts.append(say(f"ask.how.{question.how}"))
    by = [group_name(say, question, field) for field in (question.by, question.across) if field]
    if by:
        parts.append(say("ask.by", groups=say.enumeration(by)))
    parts += [period] if period else []
    return ", ".join(parts)


def group_name(say: Speaker, question: Question, field: str) -> str:
    """The name of a grouping; days are named by their step."""
    return say(f"ask.step.{question.step}") if field == "day" else say(f"ask.field.{field}")


def value_writer(say: Speaker, subject: Subject, question: Question) -> Callable[[float], str]:
    """How a measured value is written."""
    if question.how in ("count", "distinct"):
        return lambda value: say.number(value)
    decimals = 0 if question.how == "sum" else 2
    if subject.role(question.measure) == "money":
        return lambda value: say.money(value, decimals=decimals)
    return lambda value: say.number(value, decimals)


def group_words(say: Speaker, field: str, step: str) -> Callable[[Any], str]:
    """What a group is called on the page; texts of the shop's own stay as they are."""

    def words(value: Any) -> str:
        if value in (UNKNOWN, OTHERS):
            return say("common.unknown" if value == UNKNOWN else "ask.others")
        if field == "day":
            return _of_days(say, int(value), step)
        if field == "country":
            return say.country_name(str(value))
        return say(f"{_CODES[field]}.{value}") if field in _CODES else str(value)

    return words


def _of_days(say: Speaker, value: int, step: str) -> str:
    if step == "weekday":
        return say.weekday(value)
    if step == "year":
        return str(value)
    if step in ("month", "quarter"):
        first = pd.Period(year=1970 + value // 12, month=value % 12 + 1, freq="M")
        if step == "month":
            return say.month(first)
        return say("ask.quarter", quarter=first.quarter, year=str(first.year))
    day = say.day(as_date(value))
    return day if step == "day" else say("ask.week_of", day=day)

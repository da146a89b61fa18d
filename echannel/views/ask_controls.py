"""The lists with which a reader puts a question together, and the question that they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ipywidgets import Dropdown, HBox, SelectMultiple

from echannel.asking.subjects import Subject
from echannel.metrics.asking import STEPS, UNKNOWN, Question
from echannel.metrics.turnover import as_date
from echannel.views.ask_words import group_words
from echannel.views.context import PERIODS, View, period_named

AVERAGES = ("sum", "mean", "median")
MOST = (5, 10, 15, 20, 25, 50, 100)
_COUNTED = "*"  # "number of rows" among the measures
_DIFFERENT = "≠"  # before a field: "number of different …"
_MOST_VALUES = 200  # of a field, to narrow by


class Controls:
    """The lists. ``question`` is what they say; ``changed`` is called whenever that is another."""

    def __init__(
        self, view: View, subjects: dict[str, Subject], start: Question, changed: Callable[[], None]
    ) -> None:
        self._view, self._subjects, self._changed = view, subjects, changed
        say = view.say
        self._subject = self._list("subject", [(say(f"ask.subject.{name}"), name) for name in subjects])
        self._measure, self._how = self._list("measure"), self._list("how")
        self._by, self._step, self._across = self._list("by"), self._list("step"), self._list("across")
        self._period = self._list("period", [(say(f"views.periods.{name}"), name) for name in PERIODS])
        self._period.value = "all"
        self._most = self._list("most", [(say.number(n), n) for n in MOST])
        self._field = self._list("field")
        self._values = SelectMultiple(rows=5, style={"description_width": "initial"})
        self._values.description = say("ask.control.values")
        self._how.options = [(say(f"ask.how.{how}"), how) for how in AVERAGES]
        self._step.options = [(say(f"ask.step.{step}"), step) for step in STEPS]
        self._quiet = False
        self.show(start)
        for box in self._boxes():
            box.observe(self._moved, names="value")
        self.box = HBox(self._boxes())
        self.box.add_class("ec-filters")

    @property
    def subject(self) -> Subject:
        """The subject that is chosen."""
        return self._subjects[self._subject.value]

    @property
    def question(self) -> Question:
        """The question as the lists say it."""
        measure, how = self._measure.value, self._how.value
        if measure == _COUNTED:
            measure, how = "", "count"
        elif measure.startswith(_DIFFERENT):
            measure, how = measure.removeprefix(_DIFFERENT), "distinct"
        since, until = self._days()
        return Question(
            self._subject.value,
            measure,
            how,
            by=self._by.value,
            across=self._across.value,
            step=self._step.value,
            only=((self._field.value, tuple(self._values.value)),) if self._values.value else (),
            since=since,
            until=until,
            most=self._most.value,
        )

    def show(self, question: Question) -> None:
        """Puts the lists on ``question``; what this firm has not is left as it was."""
        self._quiet = True
        try:
            _choose(self._subject, question.subject)
            self._offer()
            _choose(self._measure, _measure_of(question))
            _choose(self._how, question.how)
            _choose(self._by, question.by)
            _choose(self._across, question.across)
            _choose(self._step, question.step)
            _choose(self._most, question.most)
            field, values = question.only[0] if question.only else ("", ())
            _choose(self._field, field)
            self._offer_values()
            self._values.value = tuple(value for _, value in self._values.options if value in values)
        finally:
            self._quiet = False
        self._show_what_applies()

    def _moved(self, change: Any) -> None:
        if self._quiet:
            return
        self._quiet = True
        try:
            if change["owner"] is self._subject:
                self._offer()
                self._offer_values()
            if change["owner"] is self._field:
                self._offer_values()
        finally:
            self._quiet = False
        self._show_what_applies()
        self._changed()

    def _offer(self) -> None:
        """The measures and groupings of the chosen subject."""
        say, subject = self._view.say, self.subject
        measures = [(say(f"ask.field.{name}"), name) for name in subject.measures]
        counted = [(say(f"ask.rows.{subject.name}"), _COUNTED)]
        different = [
            (say("ask.different", what=say(f"ask.field.{name}")), _DIFFERENT + name)
            for name in subject.groups
            if name in ("customer", "product", "order_id")
        ]
        fields = [(say(f"ask.field.{name}"), name) for name in subject.groups]
        none = (say("ask.control.nothing"), "")
        self._measure.options = [*measures, *counted, *different]
        self._by.options = [*fields, none]
        self._across.options = [none, *fields]
        self._field.options = [(say("ask.control.all_rows"), ""), *(f for f in fields if f[1] != "day")]

    def _offer_values(self) -> None:
        """The values of the field to narrow by, most frequent first."""
        field = self._field.value
        self._values.value = ()
        if not field:
            self._values.options = []
            return
        words = group_words(self._view.say, field, "")
        counted = self.subject.frame[field].astype(object).fillna(UNKNOWN).map(str).value_counts()
        self._values.options = [(words(value), value) for value in counted.index[:_MOST_VALUES]]

    def _show_what_applies(self) -> None:
        days = "day" in (self._by.value, self._across.value)
        plain = self._measure.value in self.subject.measures
        _visible(self._step, days)
        _visible(self._how, plain)
        _visible(self._values, bool(self._field.value))
        _visible(self._period, "day" in self.subject.groups)
        _visible(self._most, self._by.value not in ("", "day"))

    def _days(self) -> tuple[int | None, int | None]:
        if self._period.value == "all" or "day" not in self.subject.groups:
            return None, None
        sales = self._view.sme.sales
        period = period_named(self._period.value, sales.first_day, sales.last_day)
        return period.since, period.until

    def period_in_words(self) -> str:
        """The days that are asked about; "" for all."""
        since, until = self._days()
        if since is None or until is None:
            return ""
        return self._view.say.period(as_date(since), as_date(until))

    def _list(self, name: str, options: Iterable[tuple[str, Any]] = ()) -> Dropdown:
        words = self._view.say(f"ask.control.{name}")
        return Dropdown(options=list(options), description=words, style={"description_width": "initial"})

    def _boxes(self) -> list[Any]:
        return [
            self._subject,
            self._measure,
            self._how,
            self._by,
            self._across,
            self._step,
            self._most,
            self._period,
            self._field,
            self._values,
        ]


def _measure_of(question: Question) -> str:
    if question.how == "count":
        return _COUNTED
    return _DIFFERENT + question.measure if question.how == "distinct" else question.measure


def _choose(box: Dropdown, value: Any) -> None:
    if any(value == other for _, other in box.options):
        box.value = value


def _visible(box: Any, shown: bool) -> None:
    box.layout.display = None if shown else "none"

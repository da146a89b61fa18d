"""The filters of a dashboard: period, kind of customer, channel, country."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from ipywidgets import DatePicker, Dropdown, HBox, Layout

from echannel.metrics.turnover import Sales, as_date
from echannel.views.context import CUSTOM, Choice, View

NAMED = (
    "this_month",
    "month",
    "this_quarter",
    "quarter",
    "year_to_date",
    "year",
    "last_year",
    "fiscal_year",
    "all",
)


def filter_bar(view: View, choose: Callable[[Choice], None]) -> HBox:
    """Drop-down lists, and two days for a period of one's own; ``choose`` is called whenever one changes."""
    return _Bar(view, choose).box


class _Bar:
    """The widgets of one page."""

    def __init__(self, view: View, choose: Callable[[Choice], None]) -> None:
        self.view, self.choose = view, choose
        say, sales, now = view.say, view.sme.sales, view.choice
        periods = [(say(f"views.periods.{name}"), name) for name in NAMED]
        self.lists = {
            "period": _box(say("views.filter.period"), [*periods, (say("views.periods.custom"), CUSTOM)]),
            "kind": _box(
                say("views.filter.kind"),
                [(say("views.filter.all_kinds"), "")]
                + [(say(f"kind.{kind}"), kind) for kind in _present(sales, "kind")],
            ),
            "channel": _box(
                say("views.filter.channel"),
                [(say("views.filter.all_channels"), "")]
                + [(say(f"channel.{name}"), name) for name in _present(sales, "channel")],
            ),
            "country": _box(
                say("views.filter.country"),
                [(say("views.filter.all_countries"), "")]
                + [(say.country_name(code), code) for code in _present(sales, "country")],
            ),
        }
        own = CUSTOM in now.period
        self.lists["period"].value = CUSTOM if own else now.period
        for name in ("kind", "channel", "country"):
            self.lists[name].value = getattr(now, name) or ""
        self.days = [
            DatePicker(
                value=as_date(day).date(),
                min=as_date(sales.first_day).date(),
                max=as_date(sales.last_day).date(),
                description=say(f"views.filter.{name}"),
                style={"description_width": "initial"},
            )
            for name, day in (("since", view.period.since), ("until", view.period.until))
        ]
        self._open(own)
        for name, box in self.lists.items():
            box.observe(self._on_period if name == "period" else self._on_change, names="value")
        for day in self.days:
            day.observe(self._on_change, names="value")
        lists = [box for name, box in self.lists.items() if name == "period" or len(box.options) > 2]
        shown = [lists[0], *self.days, *lists[1:]]
        self.box = HBox(shown, layout=Layout(flex_flow="row wrap", overflow="visible"))
        self.box.add_class("ec-filters")

    def _open(self, own: bool) -> None:
        for day in self.days:
            day.layout.display = "" if own else "none"

    def _on_period(self, change: Any) -> None:
        self._open(change["new"] == CUSTOM)
        self._on_change(change)

    def _on_change(self, _: Any) -> None:
        chosen: dict[str, Any] = {name: box.value or None for name, box in self.lists.items()}
        if chosen["period"] == CUSTOM:
            days = [day.value for day in self.days]
            if not all(isinstance(day, date) for day in days):
                return  # half a date is still being typed
            chosen["period"] = CUSTOM.join(day.isoformat() for day in days)
        self.choose(replace(self.view.choice, **chosen))


def _box(name: str, options: list[tuple[str, str]]) -> Dropdown:
    # "" stands for all: a list whose value is None shows nothing as chosen.
    return Dropdown(options=options, description=name, style={"description_width": "initial"})


def _present(sales: Sales, column: str) -> list[str]:
    """The values that occur, most frequent first."""
    counted = sales.orders[column].value_counts()
    return [str(value) for value in counted[counted > 0].index]

"""The filters of a dashboard: period, kind of customer, channel, country."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ipywidgets import Dropdown, HBox, Layout

from echannel.metrics.turnover import Sales
from echannel.views.context import PERIODS, Choice, View


def filter_bar(view: View, choose: Callable[[Choice], None]) -> HBox:
    """Four drop-down lists; ``choose`` is called with the new choice whenever one changes."""
    say, sales = view.say, view.sme.sales
    boxes = {
        "period": _box(say("views.filter.period"), [(say(f"views.periods.{p}"), p) for p in PERIODS]),
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
    boxes["period"].value = view.choice.period

    def changed(_: Any) -> None:
        chosen: dict[str, Any] = {name: box.value or None for name, box in boxes.items()}
        choose(Choice(**chosen))

    for box in boxes.values():
        box.observe(changed, names="value")
    shown = [box for name, box in boxes.items() if name == "period" or len(box.options) > 2]
    bar = HBox(shown, layout=Layout(flex_flow="row wrap", overflow="visible"))
    bar.add_class("ec-filters")
    return bar


def _box(name: str, options: list[tuple[str, str]]) -> Dropdown:
    # "" stands for all: a list whose value is None shows nothing as chosen.
    return Dropdown(options=options, description=name, style={"description_width": "initial"})


def _present(sales: Sales, column: str) -> list[str]:
    """The values that occur, most frequent first."""
    counted = sales.orders[column].value_counts()
    return [str(value) for value in counted[counted > 0].index]

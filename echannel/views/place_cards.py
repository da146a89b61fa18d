"""Cards on where and when people buy: channels, countries, days of the week."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from echannel.locale import Speaker
from echannel.metrics import growth
from echannel.metrics.result import OK
from echannel.views import axes, charts, theme
from echannel.views.cards import NO_FIGURES, Card, reasons
from echannel.views.context import View
from echannel.views.frames import first_row, largest
from echannel.views.tables import Column, Table


def by_channel(view: View) -> Card | None:
    """Turnover by sales channel; nothing where there is only one."""
    return _by_dimension(view, "channel", lambda code: view.say(f"channel.{code}"))


def by_country(view: View) -> Card | None:
    """Turnover by country of delivery; nothing where there is only one."""
    return _by_dimension(view, "country", view.say.country_name)


def by_weekday(view: View) -> Card:
    """On which days of the week people buy."""
    say = view.say
    frame = view.figures(growth.by_weekday, view.whole.entries, view.period)
    known = frame[frame["status"] == OK]
    sentence, figures = "", NO_FIGURES
    if len(known):
        best, worst = largest(known, known["value"]), largest(known, -known["value"])
        sentence = say(
            "growth.say.weekday",
            best=_long_weekday(say, int(best["weekday"])),
            best_money=say.money(best["value"], decimals=0),
            worst=_long_weekday(say, int(worst["weekday"])),
            worst_money=say.money(worst["value"], decimals=0),
        )
        figures = (
            charts.ranked(
                [_long_weekday(say, int(day)) for day in known["weekday"]],
                known["value"].tolist(),
                axes.whole_money(say),
                colour=[theme.SECOND if day == best["weekday"] else theme.MAIN for day in known["weekday"]],
                notes=[say("views.rows.orders", n=int(n)) for n in known["orders"]],
            ),
        )
    table = Table(
        "weekdays",
        frame,
        (
            Column("weekday", "weekday", words=lambda day: _long_weekday(say, int(day))),
            Column("value", "per_day", "money"),
            Column("share", "share", "percent"),
            Column("orders", "orders", "number"),
            Column("days", "days", "number"),
        ),
        say.currency,
    )
    return Card(
        "growth.by_weekday", sentence, view.rows(int(frame["orders"].sum())), figures, table, reasons(frame)
    )


def _by_dimension(view: View, dimension: growth.Dimension, name: Callable[[str], str]) -> Card | None:
    say = view.say
    frame = view.figures(growth.by_dimension, view.whole.entries, dimension, view.period, view.compared)
    if len(frame) < 2:
        return None

    def words(group: str) -> str:
        return name(group) if group else say("common.unknown")

    known = frame[frame["status"] == OK].head(12)
    sentence, figures = "", NO_FIGURES
    if len(known):
        first = first_row(known)
        sentence = say(
            "growth.say.largest_part", name=words(first["group"]), share=say.percent(first["share"], 0)
        )
        moved = known[known["contribution"].notna()]
        if len(moved):
            most = largest(moved, moved["contribution"].abs())
            sentence += " " + say(
                "growth.say.moved_most",
                name=words(most["group"]),
                money=say.money(most["value"] - most["value_before"], decimals=0, signed=True),
            )
        figures = (
            charts.ranked(
                [words(group) for group in known["group"]],
                known["value"].tolist(),
                axes.whole_money(say),
                texts=[
                    f"{say.money(value, decimals=0)}"
                    + (f" · {say.percent(change, 0, signed=True)}" if pd.notna(change) else "")
                    for value, change in zip(known["value"], known["change"], strict=True)
                ],
                notes=[say("views.rows.orders", n=int(n)) for n in known["orders"]],
            ),
        )
    table = Table(
        f"turnover-by-{dimension}",
        frame,
        (
            Column("group", dimension, words=words),
            Column("value", "net_turnover", "money"),
            Column("share", "share", "percent"),
            Column("value_before", "compared_turnover", "money"),
            Column("change", "change", "change"),
            Column("orders", "orders", "number"),
            Column("customers", "customers", "number"),
            Column("average_order_net", "aov_net", "cents"),
        ),
        say.currency,
    )
    return Card(
        f"growth.by_{dimension}",
        sentence,
        view.rows(int(frame["orders"].sum())),
        figures,
        table,
        reasons(frame),
    )


def _long_weekday(say: Speaker, weekday: int) -> str:
    return say(f"growth.weekday.{weekday}")

"""Charts of the planning page: money month by month with what may come of it, and the year's break-even."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from echannel.locale import Speaker
from echannel.views import axes, charts, curves, theme

BELOW_ZERO = "rgba(244,106,37,0.10)"


@dataclass(frozen=True)
class Mark:
    """A point of a line that the reader must not miss: where, how much, and what it is."""

    at: int
    value: float
    text: str
    colour: str = theme.THIRD
    symbol: str = "circle"


def money_ahead(
    say: Speaker,
    months: Sequence[Any],
    lines: Sequence[charts.Series],
    spreads: Sequence[curves.Spread] = (),
    marks: Sequence[Mark] = (),
    height: int = 380,
) -> charts.Figure:
    """Money over months (periods): lines, bands behind them, marked points; below zero it is shaded."""
    figure = curves.over_scale(
        list(range(len(months))),
        [say.month(month) for month in months],
        lines,
        axes.whole_money(say),
        axes.month_axis(say, months),
        axes.short_money(say),
        spreads,
        narrow_axis=axes.month_axis(say, months, most=5),
        height=height,
    )
    layout = figure["layout"]
    low, high = layout["yaxis"]["range"]
    if low < 0:
        layout.setdefault("shapes", []).append(_below_zero(low))
    if marks:
        figure["data"].append(_points(say, months, marks))
        layout["showlegend"] = len(lines) + len(spreads) > 1
        middle = (low + high) / 2
        layout["annotations"] = [_words(mark, len(months), mark.value > middle) for mark in marks]
        figure["narrow"]["annotations"] = [
            {**_words(mark, len(months), mark.value > middle), "font": {"size": 10, "color": theme.INK}}
            for mark in marks
        ]
    return figure


def _below_zero(low: float) -> charts.Figure:
    return {
        "type": "rect",
        "layer": "below",
        "xref": "paper",
        "yref": "y",
        "x0": 0,
        "x1": 1,
        "y0": low,
        "y1": 0,
        "fillcolor": BELOW_ZERO,
        "line": {"width": 0},
    }


def _points(say: Speaker, months: Sequence[Any], marks: Sequence[Mark]) -> charts.Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "showlegend": False,
        "x": [mark.at for mark in marks],
        "y": [mark.value for mark in marks],
        "marker": {
            "size": 12,
            "color": [mark.colour for mark in marks],
            "symbol": [mark.symbol for mark in marks],
            "line": {"width": 2, "color": theme.PAPER},
        },
        "hoverinfo": "text",
        "hovertext": [
            f"<b>{escape(say.month(months[mark.at]))}</b><br>{escape(mark.text)}: "
            f"{escape(say.money(mark.value, decimals=0))}"
            for mark in marks
        ],
    }


def _words(mark: Mark, n: int, below: bool) -> dict[str, Any]:
    """The mark's text beside its point: towards the middle of the chart, where there is room."""
    left = mark.at < n / 2
    return {
        "x": mark.at,
        "y": mark.value,
        "text": escape(mark.text),
        "showarrow": True,
        "arrowhead": 0,
        "arrowwidth": 1,
        "arrowcolor": mark.colour,
        "ax": 22 if left else -22,
        "ay": 34 if below else -34,
        "xanchor": "left" if left else "right",
        "bgcolor": "rgba(255,255,255,0.85)",
        "font": {"size": 12, "color": theme.INK},
    }


def year_to_break_even(
    say: Speaker,
    months: Sequence[Any],
    margin: Sequence[float],
    fixed: float,
    crossing: float | None,
    names: tuple[str, str, str],
) -> charts.Figure:
    """The year's margin as it adds up, against the year's fixed costs; ``crossing``: months until they meet.

    ``names``: of the margin, of the fixed costs, of the point where they meet.
    """
    ends = [0.0]
    for value in margin:
        ends.append(ends[-1] + value)
    x = list(range(len(ends)))
    axis = axes.month_axis(say, list(months))
    axis = {**axis, "range": [-0.2, len(months) + 0.2], "tickvals": [at + 0.5 for at in axis["tickvals"]]}
    narrow = axes.month_axis(say, list(months), most=5)
    narrow = {**narrow, "range": axis["range"], "tickvals": [at + 0.5 for at in narrow["tickvals"]]}
    figure = curves.over_scale(
        x,
        ["", *(say.month(month) for month in months)],
        [
            charts.Series(names[0], ends, theme.MAIN),
            charts.Series(names[1], [fixed] * len(ends), theme.ALERT, dash="dash"),
        ],
        axes.whole_money(say),
        axis,
        axes.short_money(say),
        here=crossing,
        here_name=names[2],
        narrow_axis=narrow,
    )
    figure["data"][-1]["mode"] = "lines"  # a level, not measured month by month
    return figure

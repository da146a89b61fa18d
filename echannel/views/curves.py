"""Lines over a scale of numbers: stock against service, stock day by day, forecasts with their bands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from echannel.locale import Speaker
from echannel.views import theme
from echannel.views.axes import Format, ticks
from echannel.views.charts import Figure, Series, extent, is_unknown, plain_layout, pointed


@dataclass(frozen=True)
class Spread:
    """A band between two lines: where a forecast expects to lie so often."""

    name: str
    low: Sequence[float]
    high: Sequence[float]
    colour: str = "rgba(40,161,151,0.22)"


def over_scale(
    x: Sequence[float],
    names: Sequence[str],
    lines: Sequence[Series],
    write: Format,
    x_axis: dict[str, Any],
    write_tick: Format | None = None,
    spreads: Sequence[Spread] = (),
    here: float | None = None,
    here_name: str = "",
    from_zero: bool = True,
    x_title: str = "",
    narrow_axis: dict[str, Any] | None = None,
    height: int = 340,
) -> Figure:
    """Lines over ``x``; ``names`` say each point when the reader points at it; ``here`` is marked."""
    traces: list[Figure] = []
    for spread in spreads:
        traces += _band(x, spread)
    for series in lines:
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers" if len(x) < 16 else "lines",
                "name": escape(series.name),
                "x": list(x),
                "y": list(series.values),
                "line": {"color": series.colour, "width": 2.5, "dash": series.dash},
                "marker": {"size": 6},
                "connectgaps": False,
                **pointed(names, series, write),
            }
        )
    edges = [Series("", values) for spread in spreads for values in (spread.low, spread.high)]
    low, high = extent([*lines, *edges], stacked=False)
    layout = plain_layout(height, legend=len(lines) + len(spreads) > 1)
    layout["xaxis"] = {**x_axis, "title": {"text": escape(x_title), "standoff": 8}}
    layout["yaxis"] = ticks(min(low, 0) if from_zero else low, max(high, 0), write_tick or write)
    if here is not None:
        layout["shapes"] = [
            {
                "type": "line",
                "xref": "x",
                "yref": "paper",
                "x0": here,
                "x1": here,
                "y0": 0,
                "y1": 1,
                "line": {"color": theme.MUTED, "width": 2, "dash": "dot"},
            }
        ]
        layout["annotations"] = [
            {
                "x": here,
                "y": 1,
                "xref": "x",
                "yref": "paper",
                "text": escape(here_name),
                "showarrow": False,
                "xanchor": "right",
                "yanchor": "top",
                "xshift": -4,
                "font": {"size": 12, "color": theme.INK},
            }
        ]
    return {"data": traces, "layout": layout, "narrow": {"xaxis": narrow_axis or x_axis}}


def _band(x: Sequence[float], spread: Spread) -> list[Figure]:
    known = [
        (at, low, high)
        for at, low, high in zip(x, spread.low, spread.high, strict=True)
        if not (is_unknown(low) or is_unknown(high))
    ]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": escape(spread.name),
            "x": [at for at, _, _ in known] + [at for at, _, _ in reversed(known)],
            "y": [high for _, _, high in known] + [low for _, low, _ in reversed(known)],
            "fill": "toself",
            "fillcolor": spread.colour,
            "line": {"width": 0},
            "hoverinfo": "skip",
        }
    ]


def day_axis(say: Speaker, days: Sequence[pd.Timestamp], most: int = 7) -> dict[str, Any]:
    """An axis over days (numbered from 0): a tick at the first of a month, the year where it changes."""
    starts = [at for at, day in enumerate(days) if at == 0 or day.month != days[at - 1].month]
    starts = starts[1:] if len(starts) > 2 and starts[1] - starts[0] < len(days) / 20 else starts
    step = next(s for s in (1, 2, 3, 4, 6, 12) if len(starts) / s <= most or s == 12)
    texts, year = [], None
    for at in starts[::step]:
        name = say.month_name(days[at].month)
        texts.append(f"{name}<br>{days[at].year}" if days[at].year != year else name)
        year = days[at].year
    return {
        "tickmode": "array",
        "tickvals": starts[::step],
        "ticktext": texts,
        "range": [-0.5, len(days) - 0.5],
    }


def percent_axis(say: Speaker, values: Sequence[float], most: int = 10) -> dict[str, Any]:
    """An axis over fractions: a tick at each value, thinned where there are many."""
    step = max(1, -(-len(values) // most))
    shown = list(values)[::-1][::step][::-1]
    span = (max(values) - min(values)) or 0.1
    return {
        "tickmode": "array",
        "tickvals": shown,
        "ticktext": [say.percent(value, 0) for value in shown],
        "range": [min(values) - 0.04 * span, max(values) + 0.04 * span],
    }

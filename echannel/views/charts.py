"""Charts as plain plotly dictionaries: every word, number and tick is written here, in the reader's language.

Plotly formats nothing by itself (its own words are English): ticks, labels and hover texts come as text.
Building dictionaries rather than ``go.Figure`` keeps a page of thirty charts quick.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from echannel.locale import Speaker
from echannel.views import theme
from echannel.views.axes import Format, label, lines_of, month_axis, short_money, ticks

Figure = dict[str, Any]


@dataclass(frozen=True)
class Series:
    """One series of a chart: its name, values (NaN = unknown: a gap), and colour."""

    name: str
    values: Sequence[float]
    colour: str = theme.MAIN
    dash: str = "solid"
    fills: bool = False
    notes: Sequence[str] = ()  # said after the value when the reader points at it


@dataclass(frozen=True)
class Band:
    """A stretch of the time axis that is marked: soldes, Black Friday, a bank holiday."""

    start: float
    end: float
    name: str


def over_months(
    say: Speaker,
    months: Sequence[Any],
    bars: Sequence[Series],
    lines: Sequence[Series],
    write: Format,
    write_tick: Format | None = None,
    bands: Sequence[Band] = (),
    bands_name: str = "",
    stacked: bool = False,
    incomplete: Sequence[bool] = (),
    height: int = 360,
) -> Figure:
    """Bars and lines over months; marked stretches behind; incomplete months pale."""
    x = list(range(len(months)))
    names = [say.month(month) for month in months]
    traces: list[Figure] = []
    depth = [0.45 if unfinished else 1.0 for unfinished in incomplete] or [1.0] * len(x)
    for series in bars:
        traces.append(
            {
                "type": "bar",
                "name": escape(series.name),
                "x": x,
                "y": list(series.values),
                "marker": {"color": series.colour, "opacity": depth},
                **pointed(names, series, write),
            }
        )
    for series in lines:
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers" if len(x) < 16 else "lines",
                "name": escape(series.name),
                "x": x,
                "y": list(series.values),
                "line": {"color": series.colour, "width": 2.5, "dash": series.dash},
                "marker": {"size": 6},
                "connectgaps": False,
                **({"fill": "tozeroy"} if series.fills else {}),
                **pointed(names, series, write),
            }
        )
    low, high = extent([*bars, *lines], stacked and bool(bars))
    layout = plain_layout(height, legend=len(traces) > 1 or bool(bands))
    layout["xaxis"] = month_axis(say, months)
    layout["yaxis"] = ticks(min(low, 0), max(high, 0), write_tick or write)
    layout["barmode"] = "relative" if stacked else "group"
    layout["shapes"] = band_shapes(bands)
    traces.extend(band_keys(bands, bands_name, layout["yaxis"]["range"][1] * 0.97))
    return {"data": traces, "layout": layout, "narrow": {"xaxis": month_axis(say, months, most=5)}}


def band_shapes(bands: Sequence[Band]) -> list[Figure]:
    """Marked stretches as the layout draws them, behind everything."""
    return [
        {
            "type": "rect",
            "layer": "below",
            "xref": "x",
            "yref": "paper",
            "x0": band.start,
            "x1": band.end,
            "y0": 0,
            "y1": 1,
            "fillcolor": theme.BAND,
            "line": {"width": 0},
        }
        for band in bands
    ]


def band_keys(bands: Sequence[Band], name: str, high: float) -> list[Figure]:
    """What the marked stretches are: said when the reader points at the top of one, and in the legend."""
    if not bands:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": escape(name),
            "x": [(band.start + band.end) / 2 for band in bands],
            "y": [high] * len(bands),
            "hoverinfo": "text",
            "hovertext": [escape(band.name) for band in bands],
            "marker": {"symbol": "square", "size": 11, "color": "#E3D9C3"},
        }
    ]


def ranked(
    names: Sequence[str],
    values: Sequence[float],
    write: Format,
    write_tick: Format | None = None,
    colour: str | Sequence[str] = theme.MAIN,
    notes: Sequence[str] = (),
    texts: Sequence[str] = (),
) -> Figure:
    """Horizontal bars, first on top, each with its value written out."""
    shown = list(texts) or [write(value) for value in values]
    low, high = min([0.0, *_finite(values)]), max([0.0, *_finite(values)])
    span = (high - low) or 1.0
    height = max(120, 34 * len(names) + 30)
    layout = plain_layout(height, legend=False)
    layout["margin"] = {"l": 8, "r": 8, "t": 4, "b": 4, "pad": 4}
    layout["yaxis"] = {
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": [lines_of(name) for name in names],
        "range": [len(names) - 0.4, -0.6],
        "showgrid": False,
        "zeroline": False,
    }
    # Room for the longest written value beside its bar.
    room = 0.012 * max((len(text) for text in shown), default=4) + 0.05
    layout["xaxis"] = {
        "visible": False,
        "range": [low - (room * span * 1.6 if low < 0 else 0), high + room * span * 1.6],
    }
    said = notes or [""] * len(names)
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": list(values),
        "y": list(range(len(names))),
        "text": shown,
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": colour if isinstance(colour, str) else list(colour)},
        "hoverinfo": "text",
        "hovertext": [
            f"<b>{label(name, 60)}</b><br>{text}" + (f"<br>{escape(note)}" if note else "")
            for name, text, note in zip(names, shown, said, strict=True)
        ],
    }
    brief = [text.split(" · ")[0] for text in shown]
    narrow = {
        "yaxis": {"ticktext": [lines_of(name, 17) for name in names]},
        "xaxis": {"range": _with_room(low, high, brief)},
        "data": {"text": brief},
    }
    return {"data": [trace], "layout": layout, "narrow": narrow}


def _with_room(low: float, high: float, texts: Sequence[str]) -> list[float]:
    """The range of an axis on a phone, with room for the written values beside the bars."""
    span = (high - low) or 1.0
    wide = 7.5 * max((len(text) for text in texts), default=4) + 8
    room = span * wide / max(190 - wide, 60)
    return [low - (room if low < 0 else 0), high + room]


def money_waterfall(
    say: Speaker,
    names: Sequence[str],
    values: Sequence[float],
    totals: Sequence[bool],
    currency: str | None = None,
    decimals: int = 0,
) -> Figure:
    """From one total to another through its parts; signs are written: colour does not say them alone.

    ``currency``: another than the SME's own; ``decimals`` of the amounts written out.
    """
    base, tops, colours, texts, running = [], [], [], [], 0.0
    for value, total in zip(values, totals, strict=True):
        start = 0.0 if total else running
        running = value if total else running + value
        base.append(min(start, running))
        tops.append(abs(running - start))
        colours.append(theme.MAIN if total else theme.SECOND if value >= 0 else theme.ALERT)
        texts.append(say.money(value, currency, decimals, signed=not total))
    reach = [*base, *(b + t for b, t in zip(base, tops, strict=True))]
    layout = plain_layout(max(160, 34 * len(names) + 30), legend=False)
    layout["margin"] = {"l": 8, "r": 8, "t": 4, "b": 4, "pad": 4}
    low, high = min([0.0, *reach]), max([0.0, *reach])
    span = (high - low) or 1.0
    # When the parts are small beside the totals, the axis starts near them, and says so by its ticks.
    moving = [b for b, total in zip(base, totals, strict=True) if not total]
    cut = bool(moving) and sum(totals) == 2 and low == 0 and min(moving) > 0.6 * high
    if cut:
        low = min(moving) - 0.25 * (high - min(moving))
        span = high - low
    axis = ticks(low, high, short_money(say, currency), most=4)
    axis["range"] = [low, high + 0.26 * span]
    layout["xaxis"] = {**axis, "showgrid": True, "gridcolor": theme.GRID}
    layout["yaxis"] = {
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": [lines_of(name) for name in names],
        "range": [len(names) - 0.4, -0.6],
        "showgrid": False,
        "zeroline": False,
    }
    trace = {
        "type": "bar",
        "orientation": "h",
        "base": base,
        "x": tops,
        "y": list(range(len(names))),
        "text": texts,
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": colours},
        "hoverinfo": "text",
        "hovertext": [f"<b>{label(n, 60)}</b><br>{t}" for n, t in zip(names, texts, strict=True)],
    }
    return {
        "data": [trace],
        "layout": layout,
        "narrow": {
            "yaxis": {"ticktext": [lines_of(name, 17) for name in names]},
            "xaxis": {
                **ticks(low, high, short_money(say, currency), most=3),
                "range": _with_room(low, high, texts),
            },
        },
        "cut": cut,
    }


def heatmap(
    rows: Sequence[str],
    columns: Sequence[str],
    values: np.ndarray,
    write: Format,
    row_title: str,
    column_title: str,
    notes: Sequence[Sequence[str]] | None = None,
) -> Figure:
    """A grid of shaded cells with their values written in; unknown cells stay blank."""
    written = [["" if is_unknown(value) else write(value) for value in row] for row in values]
    said = [
        [
            f"<b>{escape(r)}</b> · {escape(c)}<br>{written[i][j]}"
            + (f"<br>{escape(notes[i][j])}" if notes else "")
            for j, c in enumerate(columns)
        ]
        for i, r in enumerate(rows)
    ]
    layout = plain_layout(max(180, 24 * len(rows) + 70), legend=False)
    layout["margin"] = {"l": 8, "r": 8, "t": 8, "b": 8, "pad": 4}
    layout["xaxis"] = {
        "tickmode": "array",
        "tickvals": list(range(len(columns))),
        "ticktext": [escape(c) for c in columns],
        "side": "top",
        "title": {"text": escape(column_title), "standoff": 6},
        "showgrid": False,
    }
    layout["yaxis"] = {
        "tickmode": "array",
        "tickvals": list(range(len(rows))),
        "ticktext": [escape(r) for r in rows],
        "autorange": "reversed",
        "title": {"text": escape(row_title)},
        "showgrid": False,
        "zeroline": False,
    }
    trace = {
        "type": "heatmap",
        "z": [[None if is_unknown(value) else float(value) for value in row] for row in values],
        "text": written,
        "texttemplate": "%{text}",
        "textfont": {"size": 10},
        "hoverinfo": "text",
        "hovertext": said,
        "hoverongaps": False,
        "colorscale": [list(stop) for stop in theme.HEAT],
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
    }
    narrow = {
        "yaxis": {"title": {"text": ""}},
        "xaxis": {
            "range": [-0.5, min(5.5, len(columns) - 0.5)],
            "tickangle": 0,
            "title": {"text": escape(column_title), "font": {"size": 11}},
        },
    }
    return {"data": [trace], "layout": layout, "narrow": narrow}


def to_json(figure: Figure) -> str:
    """The figure as JSON: numpy values as numbers, unknown as null."""
    return json.dumps(_plain(figure), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def height(figure: Figure) -> int:
    """The height of a figure in pixels."""
    return int(figure["layout"]["height"])


def to_html(figure: Figure, described: str) -> str:
    """The figure as a ``<div>`` that ``figures.js`` draws; ``described`` is what a screen reader says."""
    data = to_json(figure).replace("&", "&amp;").replace("<", "&lt;").replace("'", "&#39;")
    return (
        f'<div class="ec-figure" role="img" aria-label="{escape(described)}" '
        f"style=\"height:{height(figure)}px\" data-figure='{data}'></div>"
    )


def plain_layout(height: int, legend: bool) -> Figure:
    return {"template": theme.TEMPLATE, "height": height, "showlegend": legend}


def pointed(names: Sequence[str], series: Series, write: Format) -> Figure:
    notes = series.notes or [""] * len(names)
    return {
        "hoverinfo": "text",
        "hovertext": [
            f"<b>{escape(name)}</b><br>{escape(series.name)}: "
            + ("–" if is_unknown(value) else escape(write(value)))
            + (f"<br>{escape(note)}" if note else "")
            for name, value, note in zip(names, series.values, notes, strict=True)
        ],
    }


def extent(series: Sequence[Series], stacked: bool) -> tuple[float, float]:
    values = [np.asarray(s.values, dtype="float64") for s in series]
    if stacked:
        values = [
            np.nansum([np.maximum(v, 0) for v in values], axis=0),
            np.nansum([np.minimum(v, 0) for v in values], axis=0),
        ]
    known = [v[np.isfinite(v)] for v in values]
    known = [v for v in known if len(v)]
    if not known:
        return 0.0, 1.0
    return float(min(v.min() for v in known)), float(max(v.max() for v in known))


def _finite(values: Sequence[float]) -> list[float]:
    return [float(value) for value in values if not is_unknown(value)]


def is_unknown(value: Any) -> bool:
    return value is None or (isinstance(value, float | np.floating) and not math.isfinite(value))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value

"""Places with their bands, one market a line; a figure over the years."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from echannel.views import theme
from echannel.views.axes import label, lines_of
from echannel.views.charts import Figure, Format, plain_layout

_BAND_COLOUR = "rgba(18,67,109,0.25)"
_MOST_YEARS = 10


@dataclass(frozen=True)
class Place:
    """One market: its name, its place, where it may lie, and what is said when the reader points at it."""

    name: str
    rank: float
    low: float
    high: float
    note: str
    chosen: bool = False


def rank_bands(places: Sequence[Place], last: int, axis_title: str) -> Figure:
    """A bar from the best to the worst likely place of each market, and a mark at the place it has."""
    rows = list(range(len(places)))
    layout = plain_layout(max(140, 30 * len(places) + 70), legend=False)
    layout["margin"] = {"l": 8, "r": 16, "t": 8, "b": 8, "pad": 4}
    layout["yaxis"] = {
        "tickmode": "array",
        "tickvals": rows,
        "ticktext": [
            f"<b>{lines_of(place.name)}</b>" if place.chosen else lines_of(place.name) for place in places
        ],
        "range": [len(places) - 0.4, -0.6],
        "showgrid": False,
        "zeroline": False,
    }
    ticks = [1, *range(5, last + 1, 5)]
    layout["xaxis"] = {
        "side": "top",
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [str(tick) for tick in ticks],
        "range": [0.2, last + 0.8],
        "showgrid": True,
        "gridcolor": theme.GRID,
        "title": {"text": escape(axis_title), "standoff": 6},
    }
    said = [f"<b>{label(place.name, 60)}</b><br>{escape(place.note)}" for place in places]
    bands = {
        "type": "bar",
        "orientation": "h",
        "y": rows,
        "base": [place.low - 0.4 for place in places],
        "x": [place.high - place.low + 0.8 for place in places],
        "marker": {"color": _BAND_COLOUR},
        "width": 0.55,
        "hoverinfo": "text",
        "hovertext": said,
    }
    marks = {
        "type": "scatter",
        "mode": "markers",
        "x": [place.rank for place in places],
        "y": rows,
        "marker": {
            "size": 11,
            "color": [theme.SECOND if place.chosen else theme.MAIN for place in places],
            "line": {"color": theme.PAPER, "width": 1},
        },
        "hoverinfo": "text",
        "hovertext": said,
    }
    few = [1, *range(10, last + 1, 10)]
    narrow = {
        "yaxis": {"ticktext": [lines_of(place.name, 15) for place in places]},
        "xaxis": {"tickvals": few, "ticktext": [str(tick) for tick in few]},
    }
    return {"data": [bands, marks], "layout": layout, "narrow": narrow}


def by_year(title: str, years: Iterable[int], values: Iterable[float], write: Format) -> Figure:
    """One bar a year, its value above it; a year that is not known keeps its empty place."""
    known = dict(sorted(zip(map(int, years), map(float, values), strict=True))[-_MOST_YEARS:])
    shown = list(range(min(known), max(known) + 1))
    heights = [known.get(year) for year in shown]
    texts = [write(known[year]) if year in known else "–" for year in shown]
    low, high = min([0.0, *known.values()]), max([0.0, *known.values()])
    room = 0.18 * ((high - low) or 1.0)
    layout = plain_layout(210, legend=False)
    layout["title"] = {"text": escape(title), "x": 0, "xanchor": "left", "font": {"size": 13}}
    layout["margin"] = {"l": 8, "r": 8, "t": 34, "b": 8, "pad": 4}
    layout["xaxis"] = {
        "tickmode": "array",
        "tickvals": shown,
        "ticktext": [str(year) for year in shown],
        "range": [shown[0] - 0.6, shown[-1] + 0.6],
        "showgrid": False,
    }
    layout["yaxis"] = {"visible": False, "range": [low - (room if low < 0 else 0), high + room]}
    bars = {
        "type": "bar",
        "x": shown,
        "y": heights,
        "text": texts,
        "textposition": "outside",
        "textangle": 0,
        "cliponaxis": False,
        "width": 0.6,
        "marker": {"color": theme.MAIN},
        "hoverinfo": "text",
        "hovertext": [f"<b>{year}</b><br>{escape(text)}" for year, text in zip(shown, texts, strict=True)],
    }
    return {"data": [bars], "layout": layout}

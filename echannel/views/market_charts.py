"""Places with their bands, one market a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from echannel.views import theme
from echannel.views.axes import label, lines_of
from echannel.views.charts import Figure, plain_layout

_BAND_COLOUR = "rgba(18,67,109,0.25)"


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

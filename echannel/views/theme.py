"""One look for every chart and page: colours, plotly template, and the shared style sheet and script.

The six colours are the UK Government Analysis Function's categorical palette (2023): each keeps a
contrast of at least 3:1 on white, and neighbours stay apart for colour-blind readers.
https://analysisfunction.civilservice.gov.uk/policy-store/data-visualisation-colours-in-charts/
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

PALETTE = ("#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1")
MAIN, SECOND, THIRD, ALERT, NEUTRAL, SOFT = PALETTE
MUTED = "#8A929B"  # last year, totals, what is not the point of the chart
BAND = "#F3EFE6"  # sale periods behind the bars
GRID = "#E6E9ED"
INK = "#1F2933"
PAPER = "#FFFFFF"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

# From few to many: one hue, so that it reads in grey too.
HEAT = ((0.0, "#F2F6FA"), (0.5, "#7FA3C4"), (1.0, "#12436D"))

TEMPLATE: dict[str, Any] = {
    "layout": {
        "colorway": list(PALETTE),
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 8, "t": 26, "b": 8, "pad": 4},
        "autosize": True,
        "bargap": 0.25,
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": PAPER,
            "bordercolor": GRID,
            "align": "left",
            "font": {"color": INK, "size": 13, "family": FONT},
        },
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "itemclick": False},
        "xaxis": {"automargin": True, "fixedrange": True, "showgrid": False, "zeroline": False},
        "yaxis": {
            "automargin": True,
            "fixedrange": True,
            "gridcolor": GRID,
            "zeroline": True,
            "zerolinecolor": MUTED,
        },
    }
}


def contrast(colour: str, ground: str = PAPER) -> float:
    """The WCAG 2 contrast ratio of two colours written ``#RRGGBB``: 1 (same) to 21."""
    lighter, darker = sorted((_luminance(colour), _luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@lru_cache
def css() -> str:
    """The style sheet that reports, dashboards and the notebook share."""
    return (files("echannel.views") / "theme.css").read_text(encoding="utf-8")


@lru_cache
def figures_js() -> str:
    """The script that draws every ``.ec-figure`` of a page with the global ``Plotly``."""
    return (files("echannel.views") / "figures.js").read_text(encoding="utf-8")


@lru_cache
def plotly_js() -> str:
    """The plotly library itself, as installed; pages keep one copy beside them."""
    return (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")

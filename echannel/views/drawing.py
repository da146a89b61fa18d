"""Figures on paper: the page's charts (see ``charts``) drawn as vectors, with their own ticks and words.

Bars (standing, lying, stacked, from a base), lines with gaps, filled bands and marked points are drawn; what
readers would point at is not.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from html import unescape
from typing import Any

from echannel.views import theme
from echannel.views.charts import Figure
from echannel.views.paper import FONT, printable, register_fonts

_SIZE = 6.5  # of words, in points
_LEGEND = 14


def drawing(figure: Figure, width: float, height: float) -> Any:
    """The figure as a reportlab ``Drawing`` of ``width`` × ``height`` points; None for one without axes."""
    if any(trace["type"] not in ("bar", "scatter") for trace in figure["data"]):
        return None
    return _Canvas(figure, width, height).drawn()


class _Canvas:
    """Where values lie on the paper."""

    def __init__(self, figure: Figure, width: float, height: float) -> None:
        from reportlab.graphics.shapes import Drawing

        register_fonts()
        self.figure, self.layout = figure, figure["layout"]
        self.lying = any(trace.get("orientation") == "h" for trace in figure["data"])
        self.paper = Drawing(width, height)
        words = [_plain(text) for text in self.layout["yaxis"].get("ticktext", [])]
        widest = max((len(line) for text in words for line in text.split("\n")), default=4)
        self.left = min(widest * _SIZE * 0.56 + 8, width * 0.4)
        self.bottom = 10.0 if self.lying else 24.0
        named = [trace for trace in figure["data"] if trace.get("name") and trace.get("showlegend", True)]
        self.named = named if self.layout.get("showlegend", len(named) > 1) else []
        self.right, self.top = width - 6, height - (_LEGEND if self.named else 4)
        self.x_range, self.y_range = self._range("x"), self._range("y")

    def drawn(self) -> Any:
        self._ground()
        self._bars([trace for trace in self.figure["data"] if trace["type"] == "bar"])
        for trace in self.figure["data"]:
            if trace["type"] == "scatter":
                self._scatter(trace)
        self._annotations()
        self._legend()
        return self.paper

    def _range(self, axis: str) -> tuple[float, float]:
        told = self.layout[f"{axis}axis"].get("range")
        if told is not None:
            return float(told[0]), float(told[1])
        values = [v for trace in self.figure["data"] for v in trace.get(axis, []) if _is_number(v)]
        return (min(values) - 0.5, max(values) + 0.5) if values else (0.0, 1.0)

    def x(self, value: float) -> float:
        low, high = self.x_range
        return self.left + (value - low) / ((high - low) or 1) * (self.right - self.left)

    def y(self, value: float) -> float:
        low, high = self.y_range
        return self.bottom + (value - low) / ((high - low) or 1) * (self.top - self.bottom)

    def _ground(self) -> None:
        """Marked stretches, grid and ticks."""
        for shape in self.layout.get("shapes", []):
            self._shape(shape)
        y_axis, x_axis = self.layout["yaxis"], self.layout["xaxis"]
        for value, text in zip(y_axis.get("tickvals", []), y_axis.get("ticktext", []), strict=False):
            at = self.y(value)
            if y_axis.get("showgrid", True) and not self.lying:
                self._line(self.left, at, self.right, at, theme.MUTED if value == 0 else theme.GRID, 0.5)
            lines = _plain(text).split("\n")
            for row, line in enumerate(lines):
                below = (row - (len(lines) - 1) / 2) * _SIZE * 1.15
                self._words(self.left - 4, at - below - _SIZE / 3, line, "end")
        if x_axis.get("visible", True):
            for value, text in zip(x_axis.get("tickvals", []), x_axis.get("ticktext", []), strict=False):
                for row, line in enumerate(_plain(text).split("\n")):
                    self._words(self.x(value), self.bottom - 9 - row * _SIZE * 1.2, line, "middle")

    def _shape(self, shape: Figure) -> None:
        from reportlab.graphics.shapes import Rect

        x0, x1 = (self._along(shape, "x", shape[end]) for end in ("x0", "x1"))
        y0, y1 = (self._along(shape, "y", shape[end]) for end in ("y0", "y1"))
        if shape["type"] == "line":
            self._line(x0, y0, x1, y1, shape["line"]["color"], 0.8, dash=(2, 2))
            return
        fill = _colour(shape["fillcolor"])
        self.paper.add(Rect(x0, min(y0, y1), x1 - x0, abs(y1 - y0), fillColor=fill, strokeColor=None))

    def _along(self, shape: Figure, axis: str, value: float) -> float:
        if shape.get(f"{axis}ref", axis) != "paper":
            return self.x(value) if axis == "x" else self.y(value)
        low, high = (self.left, self.right) if axis == "x" else (self.bottom, self.top)
        return low + value * (high - low)

    def _bars(self, traces: list[Figure]) -> None:
        from reportlab.graphics.shapes import Rect

        stacked = self.layout.get("barmode") in ("relative", "stack")
        wide = 0.75 / (1 if stacked else max(len(traces), 1))
        ends: dict[tuple[float, bool], float] = defaultdict(float)
        for order, trace in enumerate(traces):
            places, values = (trace["y"], trace["x"]) if self.lying else (trace["x"], trace["y"])
            base = trace.get("base") or [0.0] * len(values)
            shift = 0.0 if stacked else (order - (len(traces) - 1) / 2) * wide
            for at, (place, value) in enumerate(zip(places, values, strict=True)):
                if not _is_number(value):
                    continue
                key = (place, value < 0)
                start = ends[key] if stacked else float(base[at])
                ends[key] = start + value
                colour = trace["marker"]["color"]
                fill = _colour(colour if isinstance(colour, str) else colour[at])
                low, high = sorted((start, start + value))
                middle = place + shift
                if self.lying:
                    y0, y1 = sorted((self.y(middle - wide / 2), self.y(middle + wide / 2)))
                    box = (self.x(low), y0, self.x(high) - self.x(low), y1 - y0)
                else:
                    box = (
                        self.x(middle - wide / 2),
                        self.y(low),
                        self.x(wide) - self.x(0),
                        self.y(high) - self.y(low),
                    )
                self.paper.add(Rect(*box, fillColor=fill, strokeColor=None))
                if trace.get("text") and self.lying:
                    ends_left = value < 0 and not trace.get("base")
                    at_x = self.x(low) - 3 if ends_left else self.x(high) + 3
                    words = _plain(trace["text"][at])
                    self._words(at_x, self.y(middle) - _SIZE / 3, words, "end" if ends_left else "start")

    def _scatter(self, trace: Figure) -> None:
        from reportlab.graphics.shapes import Circle, Polygon

        points = [
            (self.x(x), self.y(y)) if _is_number(x) and _is_number(y) else None
            for x, y in zip(trace["x"], trace["y"], strict=True)
        ]
        if trace.get("fill") == "toself":
            flat = [value for point in points if point for value in point]
            if len(flat) > 4:
                fill = _colour(trace["fillcolor"])
                self.paper.add(Polygon(flat, fillColor=fill, strokeColor=None, strokeWidth=0))
            return
        mode = trace.get("mode", "lines")
        if "lines" in mode:
            self._path(points, trace["line"])
        if mode == "markers":
            colours = trace["marker"]["color"]
            for at, point in enumerate(points):
                if point:
                    fill = _colour(colours if isinstance(colours, str) else colours[at])
                    self.paper.add(Circle(*point, 2.6, fillColor=fill, strokeColor=_colour(theme.PAPER)))

    def _path(self, points: list[tuple[float, float] | None], line: Figure) -> None:
        from reportlab.graphics.shapes import PolyLine

        run: list[float] = []
        for point in [*points, None]:
            if point is not None:
                run += point
                continue
            if len(run) > 2:
                dashes = {"dash": [4, 2], "dot": [1, 2]}.get(line.get("dash", "solid"))
                colour = _colour(line["color"])
                self.paper.add(PolyLine(run, strokeColor=colour, strokeWidth=1.3, strokeDashArray=dashes))
            run = []

    def _annotations(self) -> None:
        for one in self.layout.get("annotations", []):
            x = self._along(one, "x", one["x"])
            y = self._along(one, "y", one["y"])
            anchor = {"right": "end", "left": "start"}.get(one.get("xanchor", ""), "middle")
            shift = -10 if one.get("ay", 0) > 0 or one.get("yanchor") == "top" else 6
            aside = {"start": 5, "end": -5, "middle": 0}[anchor]
            self._words(x + aside, y + shift, _plain(one["text"]), anchor)

    def _legend(self) -> None:
        from reportlab.graphics.shapes import Rect
        from reportlab.pdfbase.pdfmetrics import stringWidth

        x, y = self.left, self.top + 5
        for trace in self.named:
            text = printable(_plain(trace["name"]))
            colour = trace.get("fillcolor") or trace.get("line", {}).get("color") or trace["marker"]["color"]
            fill = _colour(colour if isinstance(colour, str) else colour[0])
            self.paper.add(Rect(x, y, 7, 5, fillColor=fill, strokeColor=None))
            self._words(x + 10, y, text, "start")
            x += 20 + stringWidth(text, FONT, _SIZE)

    def _line(
        self, x0: float, y0: float, x1: float, y1: float, colour: str, width: float, dash: Any = None
    ) -> None:
        from reportlab.graphics.shapes import Line

        self.paper.add(
            Line(x0, y0, x1, y1, strokeColor=_colour(colour), strokeWidth=width, strokeDashArray=dash)
        )

    def _words(self, x: float, y: float, text: str, anchor: str) -> None:
        from reportlab.graphics.shapes import String

        fill = _colour(theme.INK)
        self.paper.add(
            String(x, y, printable(text), fontName=FONT, fontSize=_SIZE, textAnchor=anchor, fillColor=fill)
        )


def _plain(text: Any) -> str:
    """A chart's text without its markup; ``<br>`` breaks the line."""
    broken = re.sub(r"<br\s*/?>", "\n", str(text))
    return unescape(re.sub(r"<[^>]+>", "", broken))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _colour(written: str) -> Any:
    from reportlab.lib.colors import Color, HexColor

    if written.startswith("rgba"):
        red, green, blue, alpha = (float(part) for part in re.findall(r"[\d.]+", written))
        return Color(red / 255, green / 255, blue / 255, alpha)
    return HexColor(written)

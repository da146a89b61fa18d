"""Whole pages as the notebooks build them, their words and their numbers in one notation."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from typing import Any

from bs4 import BeautifulSoup
from catalogue_scan import ROOT

from echannel.views import page as pages
from echannel.views.context import Choice

NUMBER = re.compile(r"\d[\d,.\u00a0\u202f]*")


def drawn(tool: str, sme: Any, language: str, choice: Choice | None = None) -> str:
    """The report that a tool's notebook makes of an SME, as HTML; ``choice``: for what a reader chose."""
    cells = json.loads((ROOT / f"notebooks/{tool}.ipynb").read_text(encoding="utf-8"))["cells"]
    shown: list[str] = []
    show, pages._show = pages._show, shown.append
    try:
        names = {"page": pages.Page(tool, sme, sme.speaker(language), "report")}
        if choice is not None:
            names["page"].view = names["page"].view.chosen(choice)
        names["page"].head()
        for cell in cells:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and "open_page(" not in source:
                exec(source, names)
    finally:
        pages._show = show
    return "".join(shown)


def parsed(html: str) -> BeautifulSoup:
    soup = BeautifulSoup(html, "html.parser")
    for hidden in soup(["script", "style"]):
        hidden.decompose()
    return soup


def figures(soup: BeautifulSoup) -> list[dict]:
    return [json.loads(one["data-figure"]) for one in soup(attrs={"data-figure": True})]


def plotted(figure: dict) -> list:
    """The numbers that a figure draws, whatever it calls them."""
    return [
        [value for value in trace.get(axis, []) if isinstance(value, int | float)]
        for trace in figure["data"]
        for axis in ("x", "y", "z", "values")
        if isinstance(trace.get(axis), list)
    ]


def numbers(text: str, language: str) -> Counter:
    """Every number of a text, in one notation."""
    if language == "fr":
        text = re.sub(r"(\d)\u202f(?=\d{3})", r"\1", text)
    found = Counter()
    for match in NUMBER.findall(text):
        plain = match.rstrip(",.\u00a0\u202f")
        found[plain.replace(",", ".") if language == "fr" else re.sub(r",(?=\d{3})", "", plain)] += 1
    return found


def card(soup: BeautifulSoup, title: str) -> BeautifulSoup:
    """The card with this heading."""
    heading = next(h for h in soup(["h2", "h3"]) if h.get_text(" ", strip=True) == title)
    return heading.find_parent(class_="ec-card")


def csv_downloads(soup: BeautifulSoup) -> list[str]:
    """The CSV files that a page carries."""
    return [
        base64.b64decode(link["href"].partition(",")[2]).decode("utf-8-sig")
        for link in soup("a", href=True)
        if link["href"].startswith("data:text/csv")
    ]


def unexplained(html: str) -> list[str]:
    """The figures of a page (cards, headline figures, charts) without a sign that says what they mean."""
    soup = BeautifulSoup(
        re.sub(r"(data-figure|href)=(['\"]).*?\2", r"\1=''", html, flags=re.S), "html.parser"
    )
    ids = Counter(tag["id"] for tag in soup(id=True))
    lacking = []
    for figure in soup.select(".ec-card, .ec-tile"):
        sign = figure.select_one("button.ec-ask")
        tip = soup.find(id=sign["aria-describedby"], role="tooltip") if sign else None
        told = tip is not None and len(tip.get_text(strip=True)) > 20 and ids[tip["id"]] == 1
        if not (sign and sign["aria-label"] and told and tip in figure.descendants):
            lacking.append(figure.get_text(" ", strip=True)[:60])
    loose = [
        one
        for one in soup.select(".ec-figure, .ec-value")
        if not one.find_parent(class_=["ec-card", "ec-tile"])
    ]
    return lacking + [one.get_text(" ", strip=True)[:60] or "a chart" for one in loose]

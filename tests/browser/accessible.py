"""What axe-core finds on a page against WCAG 2.2, levels A and AA."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

_RUN = """
async () => (await axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"],
})).violations.flatMap((found) => found.nodes.map((node) => found.id + ": " + node.html.slice(0, 200)))
"""


_WORDLESS = """
() => [...document.querySelectorAll(".ec-figure")].filter((figure) => {
  const card = figure.closest(".ec-card");
  const named = figure.getAttribute("role") === "img" && figure.getAttribute("aria-label");
  return !named || (card && !card.querySelector("table.ec-data"));
}).map((figure) => `${figure.closest(".ec-card")?.id}: ${figure.getAttribute("aria-label")}`)
"""


@cache
def _axe() -> str:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def barriers(page: Page) -> list[str]:
    """The rule and the element of each violation; none is what a test wants."""
    page.evaluate(_axe())
    found: list[str] = page.evaluate(_RUN)
    return found


def wordless(page: Page) -> list[str]:
    """Charts that are no image with words for what they show, or without their figures in a table."""
    found: list[str] = page.evaluate(_WORDLESS)
    return found

"""What axe-core finds on a page against WCAG 2.2, levels A and AA."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

# What a chart is made of is an image with a name; thousands of its shapes would take most of the time.
_RUN = """
async () => (await axe.run({ exclude: [[".main-svg"]] }, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"],
})).violations.flatMap((found) => found.nodes.map((node) => found.id + ": " + node.html.slice(0, 200)))
"""


@cache
def _axe() -> str:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def barriers(page: Page) -> list[str]:
    """The rule and the element of each violation; none is what a test wants."""
    page.evaluate(_axe())
    found: list[str] = page.evaluate(_RUN)
    return found

"""Files that a real server hands out to a firm whose products have formulas for names: none calculates."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from accessible import barriers
from spreadsheets import FORMULAS, check_csv, check_file
from watching import Watched, drawn, opened

# What the page's script would save is kept instead; a browser asks its user before it saves a dozen files.
_KEPT = """
() => {
  const make = URL.createObjectURL;
  window.kept = [];
  let last = null;
  URL.createObjectURL = (blob) => make.call(URL, (last = blob));
  HTMLAnchorElement.prototype.click = function () { window.kept.push([this.download, last]); };
}
"""
_ONE = """
async (at) => {
  const [name, blob] = window.kept[at];
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return [name, btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))];
}
"""


def _pressed(live: Watched, selector: str) -> Iterator[tuple[str, bytes]]:
    """What each button hands out."""
    live.page.evaluate(_KEPT)
    for at in range(live.page.locator(selector).count()):
        live.page.locator(selector).nth(at).evaluate("button => button.click()")
        live.page.wait_for_function("at => window.kept.length > at", arg=at, timeout=30_000)
        name, content = live.page.evaluate(_ONE, at)
        yield name, base64.b64decode(content)


def test_there_is_something_to_attack_with() -> None:
    assert {name.strip()[0] for name in FORMULAS} >= set("=+-@")
    with pytest.raises(AssertionError):
        check_csv("a,b\r\n=1+1,2\r\n")


@pytest.mark.parametrize(("language", "size"), [("en", "desktop"), ("fr", "phone")])
def test_files_of_a_dashboard_hold_names_as_text(live: Watched, language: str, size: str) -> None:
    opened(live, "growth", f"sme=hostile-shop&lang={language}")
    drawn(live)
    live.page.wait_for_selector("[data-does=workbook]:not(:disabled)", timeout=60_000)
    buttons = ".ec-card button[data-file], .ec-actions [data-does=workbook]"
    held = {name: check_file(name, content) for name, content in _pressed(live, buttons)}
    assert len(held) > 10 and {name[-4:] for name in held} == {".csv", "xlsx"}
    assert {name[-4:] for name, n in held.items() if n == len(FORMULAS)} == {".csv", "xlsx"}


@pytest.mark.parametrize(("language", "size"), [("fr", "desktop")])
def test_answers_to_one_s_own_questions_hold_names_as_text(live: Watched, language: str, size: str) -> None:
    opened(live, "ask", f"sme=hostile-shop&lang={language}")
    live.page.wait_for_selector(".ec-asked .ec-card", timeout=60_000)
    live.page.locator(".ec-asked button.ec-button", has_text="Interroger").first.click()
    live.page.wait_for_selector(".ec-offer a[download]", timeout=30_000)
    found = live.page.locator(".ec-live a[download]").evaluate_all(
        "all => all.map((one) => [one.download, one.href.split(',')[1]])"
    )
    held = [(name, check_file(name, base64.b64decode(content))) for name, content in found]
    assert len(held) >= 4
    assert barriers(live.page) == []
    assert all(n for _, n in held), held

"""Dashboards under hard conditions and in a reader's hands: a slow kernel, help, feedback, other views."""

from __future__ import annotations

import io
import itertools
import re
import socket
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from playwright.sync_api import Browser
from watching import Watched, drawn, opened

from echannel.views.filters import NAMED

_LIGHT = 300_000  # bytes of a page after the first visit

# Every word of the kernel's comes so many milliseconds late.
_HELD_BACK = """
(function () {
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      super.addEventListener("message", (message) => setTimeout(() => this.told && this.told(message), %d));
    }
    set onmessage(told) { this.told = told; }
    get onmessage() { return this.told; }
  };
})();
"""


@pytest.mark.parametrize("size", ["desktop"])
def test_a_page_is_readable_before_its_slow_kernel_s_widgets_are_there(live: Watched) -> None:
    live.page.add_init_script(_HELD_BACK % 1900)
    opened(live, "growth", "sme=kent-gifts&lang=en")
    live.page.wait_for_selector(".ec-foot")
    assert live.page.locator(".ec-output .ec-live").count() >= 40
    assert live.page.locator(".ec-filters select").count() == 0
    live.page.wait_for_selector(".ec-filters select", timeout=20_000)
    live.page.wait_for_function("!document.querySelector('#ec-cells script[type*=echannel]')", timeout=20_000)
    drawn(live)
    live.check()


@pytest.mark.parametrize("size", ["desktop"])
def test_a_reader_s_choices_help_opinions_and_files(live: Watched) -> None:
    page = live.page
    opened(live, "growth", "sme=kent-gifts&lang=en&period=quarter&country=FR")
    ready(live)
    chosen = page.locator(".ec-filters select").evaluate_all("all => all.map((one) => one.value)")
    lists = page.locator(".ec-filters select")
    assert lists.first.locator("option:checked").get_attribute("value") == "Last 3 complete months"
    assert "France" in lists.last.locator("option:checked").inner_text(), chosen

    # What is chosen moves the address, and the links to the other language and tools go with it.
    lists.first.select_option(index=NAMED.index("fiscal_year"))
    page.wait_for_url(re.compile("period=fiscal_year"))
    page.get_by_role("link", name="Français").click()
    page.wait_for_url(re.compile("lang=fr"))
    query = parse_qs(urlsplit(page.url).query)
    assert (query["period"], query["country"]) == (["fiscal_year"], ["FR"])
    ready(live)
    assert lists.first.locator("option:checked").get_attribute("value") == "Exercice en cours"
    page.get_by_role("link", name="Stocks").first.click()
    page.wait_for_url(re.compile(r"inventory.*period=fiscal_year"))
    page.go_back()
    ready(live)

    # Help opens with the keyboard, in both languages, and Escape shuts it.
    tip = page.locator(".ec-tile .ec-tip").first
    assert not tip.is_visible()
    page.locator(".ec-tile .ec-ask").first.focus()
    assert "Net turnover" in tip.inner_text() and "Chiffre d’affaires net" in tip.inner_text()
    page.keyboard.press("Escape")
    assert not tip.is_visible()

    # An opinion is counted, and who does not understand gets the lesson.
    card = page.locator("#growth-rolling-year")
    card.locator("details.ec-lesson").evaluate("lesson => lesson.removeAttribute('open')")
    card.get_by_role("button", name="Je ne comprends pas").click()
    card.get_by_text("C’est noté").wait_for(timeout=20_000)
    assert card.locator("details.ec-lesson[open] dd").first.is_visible()

    with page.expect_download() as taken:
        page.get_by_role("button", name="Tableaux (Excel)").click()
    workbook = io.BytesIO(taken.value.path().read_bytes())
    assert len(openpyxl.load_workbook(workbook, read_only=True).sheetnames) > 10
    live.check()


@pytest.mark.parametrize("size", ["phone"])
def test_both_languages_and_one_message_a_screen(live: Watched, size: str) -> None:
    page = live.page
    opened(live, "growth", "sme=breizh-epicerie&lang=fr")
    ready(live)
    page.locator("#ec-do-both").click()
    page.wait_for_selector(".ec-other .ec-card", timeout=30_000)
    pairs = page.locator(".ec-pair:has(.ec-tile)")
    mine, theirs = (
        pairs.locator(f"{side} .ec-value").all_inner_texts() for side in (".ec-live", ".ec-other")
    )
    assert len(mine) == len(theirs) > 5
    assert [re.sub(r"\D", "", one) for one in mine] == [re.sub(r"\D", "", one) for one in theirs]
    ids = page.evaluate("[...document.querySelectorAll('main [id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    live.shoot(f"both-fr-{size}")
    page.locator("#ec-do-both").click()
    page.wait_for_function("!document.querySelector('.ec-other')")

    page.locator("#ec-do-share").click()
    shown = page.locator(".ec-current")
    assert shown.count() == 1 and shown.locator(".ec-opening").count() == 1
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    question = shown.locator("h3").inner_text()
    assert page.locator(".ec-output:visible").count() == 2  # the page's head, and this
    live.shoot(f"share-fr-{size}")
    page.get_by_role("link", name="English").click()
    page.wait_for_url(re.compile("lang=en.*at=3"))
    page.wait_for_selector(".ec-current h3", timeout=60_000)
    assert shown.locator("h3").inner_text() != question
    assert shown.locator(".ec-card").get_attribute("data-card") == "growth.turnover_by_month"
    page.keyboard.press("Escape")
    assert page.locator(".ec-current").count() == 0
    live.check()


_NAMELESS = """
() => [...document.querySelectorAll('button, a, summary, [role=slider], input, select, textarea')]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }))
  .filter((one) => {
    const ids = (one.getAttribute('aria-labelledby') || '').split(' ');
    const by = ids.map((id) => document.getElementById(id));
    const words = [one.getAttribute('aria-label'), one.innerText, ...by.map((label) => label?.textContent),
      ...[...(one.labels || [])].map((label) => label.textContent)];
    return !words.some((text) => text && text.trim());
  }).map((one) => one.outerHTML.slice(0, 120))
"""
_SMALL = """
() => [...document.querySelectorAll('button, select, input, summary, nav a, [role=slider]')]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('.ec-share-bar'))
  .map((one) => [one.getBoundingClientRect(), one.outerHTML.slice(0, 120)])
  .filter(([box]) => box.width < 23.5 || box.height < 23.5).map(([, html]) => html)
"""
_LEVELS = (
    "[...document.querySelectorAll('h1, h2, h3, h4')].filter((one) => one.checkVisibility())"
    ".map((one) => Number(one.tagName[1]))"
)
_FOCUSED = """
() => {
  const style = getComputedStyle(document.activeElement);
  const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  const again = 'seen' in document.activeElement.dataset;
  document.activeElement.dataset.seen = '';
  return [document.activeElement.outerHTML.slice(0, 100), ring || style.boxShadow !== 'none', again];
}
"""


@pytest.mark.parametrize(("tool", "size"), [("growth", "phone"), ("inventory", "desktop")])
def test_a_page_is_for_everybody(live: Watched, tool: str, size: str) -> None:
    """What of WCAG 2.2 AA a machine can see: names, sizes, headings, focus, words for charts, movement."""
    page = live.page
    page.emulate_media(reduced_motion="reduce")
    opened(live, tool, "sme=breizh-epicerie&lang=fr")
    ready(live)
    page.wait_for_timeout(1100)
    assert page.evaluate(_NAMELESS) == []
    assert page.evaluate(_SMALL) == []
    levels = page.evaluate(_LEVELS)
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert page.locator(".ec-figure:not([role=img][aria-label])").count() == 0
    assert page.locator("table:not(:has(caption)), table:not(:has(th[scope=col]))").count() == 0
    assert page.locator("main").count() == 1 and page.locator("html[lang=fr]").count() == 1
    moving = "document.getAnimations().filter((one) => one.playState === 'running').length"
    assert page.evaluate(moving) == 0
    page.evaluate("document.body.focus(); window.scrollTo(0, 0)")
    for _ in range(25):
        page.keyboard.press("Tab")
        html, ring, again = page.evaluate(_FOCUSED)
        assert ring, html
        assert not again, html  # it moves on, and does not go in circles


# The page itself looks: a browser that is asked from outside may be asked too late.
_BONES_FIRST = """
new MutationObserver(() => {
    const bones = document.querySelector("#ec-waiting .ec-bones")
    if (bones && bones.checkVisibility() && !document.querySelector(".ec-card")) window.bonesFirst = true
}).observe(document, { childList: true, subtree: true })
"""


@pytest.mark.parametrize("size", ["desktop"])
def test_a_page_shows_its_bones_at_once_and_is_light_after_the_first_visit(
    browser: Browser, server: str, counted: Counted, size: str
) -> None:
    context = browser.new_context(base_url=counted.url)
    page = context.new_page()
    page.add_init_script(_BONES_FIRST)
    for visit in ("first", "second"):
        before = counted.bytes
        page.goto("/voila/render/growth.ipynb?sme=breizh-epicerie&lang=fr", wait_until="commit")
        page.wait_for_selector(".ec-figure .main-svg", timeout=60_000)
        assert page.evaluate("window.bonesFirst === true"), visit
        page.wait_for_timeout(1500)
        weight = counted.bytes - before
    assert page.locator(".ec-card").count() > 20
    print(f"growth after the first visit: {weight / 1000:.0f} kB")
    assert weight <= _LIGHT
    context.close()


class Counted:
    """A wire to the server that counts what goes over it, both ways."""

    def __init__(self, server: str) -> None:
        self.bytes = 0
        self._to = int(server.rsplit(":", 1)[1])
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listening.accept()
            except OSError:
                return
            there = socket.create_connection(("127.0.0.1", self._to))
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while content := source.recv(1 << 16):
                self.bytes += len(content)
                target.sendall(content)
        except OSError:
            pass
        target.close()

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def counted(server: str) -> Iterator[Counted]:
    wire = Counted(server)
    yield wire
    wire.close()


def ready(live: Watched) -> None:
    """Waits until the page can be asked for something."""
    live.page.wait_for_function(
        "document.querySelector('.ec-actions') && !document.querySelector('.ec-actions button:disabled')",
        timeout=60_000,
    )

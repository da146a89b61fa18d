"""Dashboards in use: switching, filtering, trying; on a worker of its own, beside those that only open."""

from __future__ import annotations

import re

import pytest
from watching import Watched, drawn, opened


@pytest.mark.parametrize("size", ["phone"])
def test_language_firm_and_tool_can_be_switched(live: Watched, size: str) -> None:
    opened(live, "growth", "sme=kent-gifts&lang=en")
    live.page.get_by_role("link", name="Français").click()
    live.page.wait_for_url(re.compile("lang=fr"))
    drawn(live)
    assert live.page.title().startswith("Kent Gifts · Croissance")
    live.page.get_by_label("PME", exact=True).select_option("breizh-epicerie")
    live.page.wait_for_url(re.compile("sme=breizh-epicerie"))
    drawn(live)
    assert "Breizh Épicerie" in live.page.locator("main").inner_text()
    live.page.get_by_role("link", name="Audit des données").click()
    live.page.wait_for_url(re.compile(r"audit\.ipynb\?sme=breizh-epicerie&lang=fr"))
    live.page.wait_for_selector("#ec-waiting[hidden]", state="attached", timeout=60_000)
    live.page.get_by_role("link", name="E-Channel").click()
    live.page.wait_for_url(re.compile(r"home\.ipynb\?lang=fr"))


@pytest.mark.parametrize("size", ["desktop"])
def test_a_filter_redraws_the_figures(live: Watched, size: str) -> None:
    opened(live, "growth", "sme=kent-gifts&lang=en")
    drawn(live)
    chosen = live.page.locator(".ec-filters select").evaluate_all(
        "all => all.map((each) => each.selectedOptions[0]?.textContent ?? '')"
    )
    assert len(chosen) >= 2
    assert all(chosen)
    before = live.page.locator(".ec-figure").evaluate_all("all => all.map((each) => each.dataset.figure)")
    live.page.locator(".ec-filters select").first.select_option(index=1)
    live.page.wait_for_function(
        "before => JSON.stringify([...document.querySelectorAll('.ec-figure')]"
        ".map((each) => each.dataset.figure)) !== JSON.stringify(before)",
        arg=before,
        timeout=20_000,
    )
    drawn(live)
    live.check()


@pytest.mark.parametrize(
    ("sme", "language", "size"), [("kent-gifts", "en", "desktop"), ("breizh-epicerie", "fr", "phone")]
)
def test_a_slider_moves_the_orders(live: Watched, sme: str, language: str, size: str) -> None:
    opened(live, "inventory", f"sme={sme}&lang={language}")
    drawn(live)
    live.shoot(f"live-{sme}-inventory-{language}-{size}")
    assert live.page.locator("[role=alert]").count() == 0
    before = live.page.locator("#inventory-service .ec-sentence").inner_text()
    live.page.locator(".ec-filters .widget-slider input").first.press("End")
    live.page.wait_for_function(
        "before => document.querySelector('#inventory-service .ec-sentence').innerText !== before",
        arg=before,
        timeout=20_000,
    )
    live.page.locator("button.ec-button").first.click()
    live.page.wait_for_selector('.ec-offer a[download$=".pdf"]', timeout=20_000)
    live.shoot(f"live-{sme}-inventory-moved-{language}-{size}")
    live.check()

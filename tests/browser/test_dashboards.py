"""Dashboards as a reader uses them: home, growth and audit in Voilà, on a desk and on a phone."""

from __future__ import annotations

import re
import urllib.error
import urllib.request

import pytest
from accessible import barriers, wordless
from playwright.sync_api import Browser
from watching import Watched, drawn, opened
from words import english_words


@pytest.mark.parametrize(("language", "title"), [("en", "Firms and tools"), ("fr", "PME et outils")])
def test_home_lists_firms_and_tools(live: Watched, language: str, title: str, size: str) -> None:
    live.page.set_extra_http_headers({"Accept-Language": f"{language}-CA, {language};q=0.8"})
    live.page.goto("/")
    live.page.wait_for_url(re.compile(rf"home\.ipynb\?lang={language}$"))
    live.page.wait_for_selector(".ec-home", timeout=60_000)
    live.page.wait_for_timeout(1500)
    live.shoot(f"home-{language}-{size}")
    assert live.page.locator("h1").inner_text() == title
    assert live.page.locator("html").get_attribute("lang") == language
    assert live.page.get_by_role("heading", name="Kent Gifts").count() == 1
    assert barriers(live.page) == []
    live.check()
    if language == "fr":
        assert english_words(live.text(), ("Kent Gifts", "Sussex Parts", "Hostile", "Sons")) == []


# French is longer and a phone narrower: where both fit, the other two do.
EN, FR = ("en", "desktop"), ("fr", "phone")
OPENED = [
    ("kent-gifts", "growth", *EN),
    ("breizh-epicerie", "growth", *FR),
    ("hostile-shop", "growth", *EN),
    ("kent-gifts", "audit", *FR),
    ("breizh-epicerie", "audit", *EN),
    ("hostile-shop", "audit", *FR),
]


@pytest.mark.parametrize(("sme", "tool", "language", "size"), OPENED)
def test_a_dashboard_opens(live: Watched, sme: str, tool: str, language: str, size: str) -> None:
    opened(live, tool, f"sme={sme}&lang={language}")
    if tool == "growth":
        drawn(live)
    live.page.wait_for_timeout(500)
    live.shoot(f"live-{sme}-{tool}-{language}-{size}")
    assert live.page.locator("html").get_attribute("lang") == language
    assert live.page.locator("[role=alert]").count() == 0
    assert wordless(live.page) == []
    assert sme == "hostile-shop" or barriers(live.page) == []
    live.check()


def test_what_cannot_be_shown_is_said_in_plain_words(live: Watched, size: str) -> None:
    opened(live, "growth", "sme=nobody&lang=fr")
    live.shoot(f"unknown-sme-fr-{size}")
    assert "nobody" in live.text()
    assert "Traceback" not in live.text()
    assert barriers(live.page) == []
    live.page.goto("/voila/render/nothing.ipynb?lang=fr")
    assert "n’existe pas" in live.text()
    live.page.get_by_role("link", name="Aller à l’accueil").click()
    live.page.wait_for_url(re.compile(r"home\.ipynb\?lang=fr$"))


def test_what_is_a_barrier_is_found(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content('<html lang="en"><title>t</title><button></button><p style="color:#ccc">pale</p>')
    assert {one.partition(":")[0] for one in barriers(page)} == {"button-name", "color-contrast"}
    page.close()


@pytest.mark.parametrize(
    "path",
    [
        "/voila/tree",
        "/voila/tree/",
        "/voila/api/contents",
        "/voila/files/growth.ipynb",
        "/voila/render/../parameters/smes/kent-gifts.yml",
        "/echannel/..%2F..%2Fcli.py",
        "/echannel/app.py",
        "/api/contents",
    ],
)
def test_nothing_but_the_pages_is_served(server: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(server + path)
    assert refused.value.code in (403, 404)


def test_another_host_name_is_refused(server: str) -> None:
    request = urllib.request.Request(
        f"{server}/voila/render/home.ipynb?lang=en", headers={"Host": "evil.example"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 403


@pytest.mark.parametrize(("language", "size"), [EN, FR])
def test_the_wizard_opens_and_fits(live: Watched, language: str, size: str) -> None:
    opened(live, "connect", f"lang={language}")
    live.page.wait_for_selector(".connect input", timeout=60_000)
    live.shoot(f"connect-{language}-{size}")
    widths = live.page.locator(".connect input:visible").evaluate_all(
        "all => all.map((each) => each.getBoundingClientRect().width)"
    )
    assert min(widths) > 100
    assert barriers(live.page) == []
    live.check()

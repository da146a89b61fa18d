"""Reports as a reader opens them: from a folder, without a network, on a desk and on a phone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from accessible import barriers, wordless
from pages import unexplained
from spreadsheets import FORMULAS, check_file, files_in_page
from watching import Watched
from words import english_words

from echannel.batch import RunSummary, run_cohort
from echannel.workspace import Workspace

SMES = ("kent-gifts", "breizh-epicerie", "sussex-parts", "hostile-shop")


PAGES = [(sme, tool) for sme in SMES for tool in ("growth", "audit")]
PAGES += [("breizh-epicerie", "inventory"), ("hostile-shop", "inventory")]
PAGES += [("kent-gifts", "market"), ("breizh-epicerie", "planning")]


# French is longer and a phone narrower: where both fit, the other two do.
@pytest.mark.parametrize(("language", "size"), [("en", "desktop"), ("fr", "phone")])
@pytest.mark.parametrize(("sme", "tool"), PAGES)
def test_a_report_opens_offline_and_draws_its_figures(
    watched: Watched, run: RunSummary, sme: str, tool: str, language: str, size: str
) -> None:
    assert run.failed == ()
    page = watched.page
    page.goto((run.index.parent / sme / f"{tool}.{language}.html").as_uri())
    page.evaluate("window.echannelFigures.drawAll()")
    page.wait_for_timeout(300)
    figures = page.locator(".ec-figure")
    assert tool != "growth" or figures.count() >= 5
    assert page.locator(".ec-figure .main-svg").count() >= figures.count()
    watched.shoot(f"report-{sme}-{tool}-{language}-{size}")
    watched.check()
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("h1").count() == 1
    assert wordless(page) == []
    if tool != "audit" and sme in ("kent-gifts", "breizh-epicerie"):
        assert barriers(page) == []


@pytest.mark.parametrize("size", ["desktop"])
@pytest.mark.parametrize("sme", ["breizh-epicerie"])
@pytest.mark.parametrize("tool", ["growth", "audit", "inventory", "market", "planning"])
def test_a_french_page_has_no_english_word(
    watched: Watched, run: RunSummary, sme: str, tool: str, size: str
) -> None:
    page = watched.page
    page.goto((run.index.parent / sme / f"{tool}.fr.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    page.evaluate("window.echannelFigures.drawAll()")
    page.wait_for_timeout(300)
    # A cell of its own may name the key under which a profile has a figure.
    assert english_words(watched.text(), ("\tturnover",)) == []


@pytest.mark.parametrize(("sme", "language"), [("kent-gifts", "en"), ("breizh-epicerie", "fr")])
def test_every_figure_of_every_page_says_what_it_means(run: RunSummary, sme: str, language: str) -> None:
    for tool in ("growth", "audit", "inventory", "market", "planning"):
        html = (run.index.parent / sme / f"{tool}.{language}.html").read_text(encoding="utf-8")
        assert html.count('class="ec-ask"') > 5
        assert unexplained(html) == [], tool


def test_files_in_a_report_hold_names_as_text(run: RunSummary) -> None:
    html = (run.index.parent / "hostile-shop" / "growth.en.html").read_text(encoding="utf-8")
    held = [check_file(name, content) for name, content in files_in_page(html)]
    assert len(held) > 20
    assert max(held) == len(FORMULAS)


def test_the_same_data_give_the_same_pages(run: RunSummary, workspace: Workspace) -> None:
    """Scenario 15: a second run on the same data is the same, number for number and word for word."""
    tools = ("growth", "audit", "inventory", "market", "planning")
    pages = [run.index.parent / "kent-gifts" / f"{tool}.fr.html" for tool in tools]
    first = [_without_workbooks(page) for page in pages]
    again = run_cohort(workspace, "small", tools=tools, languages=["fr"], only=["kent-gifts"], force=True)
    assert [outcome.status for outcome in again.outcomes] == ["ok"] * len(tools)
    assert [_without_workbooks(page) for page in pages] == first


def _without_workbooks(page: Path) -> str:
    # An XLSX file holds the moment at which it was written.
    return re.sub(r'href="data:application/vnd[^"]*"', "", page.read_text(encoding="utf-8"))


def test_the_index_leads_to_every_report_and_to_the_other_language(
    watched: Watched, run: RunSummary, size: str
) -> None:
    page = watched.page
    page.goto((run.index.parent / "index.html").as_uri())
    page.wait_for_url(re.compile(r"index\.en\.html$"))
    watched.shoot(f"index-cohort-en-{size}")
    page.get_by_role("link", name="Français").first.click()
    page.wait_for_url(re.compile(r"/index\.fr\.html$"))
    assert page.locator("html").get_attribute("lang") == "fr"
    watched.shoot(f"index-cohort-fr-{size}")
    watched.check()
    assert english_words(watched.text(), ("Kent Gifts", "Sussex Parts", "Hostile", "Sons")) == []
    page.get_by_role("link", name="Breizh Épicerie").click()
    page.wait_for_url(re.compile(r"breizh-epicerie/index\.fr\.html$"))
    watched.shoot(f"index-sme-fr-{size}")
    assert "Kent Gifts" not in watched.text()
    page.get_by_role("link", name="Ouvrir le rapport").first.click()
    page.wait_for_url(re.compile(r"growth\.fr\.html$"))
    page.get_by_role("link", name="Audit des données").click()
    page.wait_for_url(re.compile(r"audit\.fr\.html$"))
    page.get_by_role("link", name="English").click()
    page.wait_for_url(re.compile(r"audit\.en\.html$"))
    watched.check()

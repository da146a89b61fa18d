"""Story 3: a French shop drops its PrestaShop export and reads in French what became of it."""

from __future__ import annotations

import csv
import shutil
import time

import pages
import pytest
from catalogue_scan import ROOT

from echannel.demo.cohort import SEED, DemoSummary, write_firm
from echannel.demo.firms import FIRMS
from echannel.sme import open_sme
from echannel.sync import sync_sme
from echannel.workspace import Workspace

BREIZH = next(firm for firm in FIRMS if firm.id == "breizh-epicerie")


@pytest.fixture(scope="module")
def upload(tmp_path_factory):
    """The workspace, what was written and what the sync says."""
    workspace, summary = Workspace(tmp_path_factory.mktemp("first")), DemoSummary()
    (workspace.parameters / "smes").mkdir(parents=True)
    shutil.copy(ROOT / "parameters/smes/breizh-epicerie.yml", workspace.parameters / "smes")
    write_firm(BREIZH, workspace.inbox / BREIZH.id, SEED, summary)
    start = time.monotonic()
    report = sync_sme(workspace, BREIZH.id)
    assert time.monotonic() - start < 120  # of the story's five minutes
    return workspace, summary, report


def test_the_export_is_as_french_as_they_come(upload):
    raw = next((upload[0].inbox / BREIZH.id).glob("*command*.csv")).read_bytes()
    head, first = raw.decode("cp1252").splitlines()[:2]
    assert "HT" in head and "TTC" in head and head.count(";") > 10
    assert any(cell[2:3] == cell[5:6] == "/" for cell in first.split(";"))
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")


def test_what_was_read_and_refused_is_said_in_both_languages_with_the_same_numbers(upload):
    workspace, _, report = upload
    sme = open_sme(BREIZH.id, workspace)
    said = {one: " ".join(report.sentences(sme.speaker(one))) for one in ("fr", "en")}
    assert report.refused == 37
    assert "37 lignes refusées" in said["fr"] and "commandes lues" in said["fr"]
    assert "37 rows refused" in said["en"]
    assert pages.numbers(said["fr"], "fr") == pages.numbers(said["en"], "en")


def test_nothing_is_lost_and_what_was_refused_can_be_taken_away(upload):
    workspace, summary, report = upload
    assert len(report.quarantine) >= 1
    rows = [
        row
        for path in report.quarantine
        for row in csv.reader(path.read_text(encoding="utf-8-sig").splitlines()[1:], delimiter=";")
    ]
    assert len(rows) == 37 and all(any("é" in cell or " " in cell for cell in row) for row in rows)
    sme = open_sme(BREIZH.id, workspace)
    assert len(sme.table("orders")) == summary.orders[BREIZH.id] - 37 > 11_000
    assert set(sme.table("order_lines")["vat_rate"].round(3)) == {0.0, 0.055, 0.2}


def test_the_first_chart_is_there_in_french_and_in_english(upload):
    from echannel.views import growth_cards
    from echannel.views.context import View

    sme = open_sme(BREIZH.id, upload[0])
    cards = {one: growth_cards.turnover_by_month(View(sme, sme.speaker(one))) for one in ("fr", "en")}
    assert cards["fr"].figures and "chiffre d’affaires" in cards["fr"].sentence
    french, english = ([pages.plotted(figure) for figure in cards[one].figures] for one in ("fr", "en"))
    assert french == english
    refused = pages.parsed(pages.drawn("audit", sme, "fr")).get_text(" ")
    assert "37 lignes ont été refusées" in refused

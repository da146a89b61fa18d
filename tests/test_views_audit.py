"""The audit's page: every check in words, refused rows with their reason, nothing from a file trusted."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
from views_shop import FORMULA, SCRIPT, shop

from echannel.locale import Speaker
from echannel.metrics.audit import checks
from echannel.stock import inventory_of
from echannel.store import STORED
from echannel.views import audit_cards
from echannel.views.blocks import block_html, opening_html
from echannel.views.context import View
from echannel.views.export import to_csv

FR = Speaker("fr", "FR", "EUR")
CARDS = [
    audit_cards.readiness,
    audit_cards.fixes,
    audit_cards.coverage,
    audit_cards.reconciliation,
    audit_cards.holes,
    audit_cards.checks,
    audit_cards.refused,
]


@pytest.fixture
def sme():
    made_up = shop("both", orders=800)
    rows = pd.DataFrame(
        {
            "source": "boutique",
            "file": ["commandes.csv", "commandes.csv", "lignes.csv"],
            "row": [12, 13, 4],
            "field": ["Date", "Date", "Prix"],
            "value": ["31/02/2025", SCRIPT, FORMULA],
            "reason": ["reason.files.not_a_date", "reason.files.not_a_date", "reason.files.not_a_number"],
            "reason_values": "{}",
            "record": [json.dumps({"Date": SCRIPT}), "{}", "{}"],
        }
    )
    real = made_up.table
    made_up.table = lambda name: (
        rows.astype({c: spec.dtype for c, spec in STORED["rejected"].columns.items()})
        if name == "rejected"
        else real(name)
    )
    made_up.manifest.rejected.update({"boutique/commandes.csv": 2, "boutique/lignes.csv": 1})
    made_up.inventory = inventory_of(made_up)
    return made_up


def test_what_other_tools_have_prepared_finds_the_same(sme):
    given = audit_cards.audited(View(sme, sme.speaker("en")))
    assert given.sales is not None and given.inventory is not None
    found, alone = (checks(one) for one in (given, replace(given, sales=None, inventory=None)))
    pd.testing.assert_frame_equal(found, alone)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_card_is_drawn_and_nothing_from_a_file_runs(sme, language):
    view = View(sme, sme.speaker(language))
    for card in CARDS:
        html = block_html(card(view), view)
        assert "<script" not in html
        assert 'class="ec ec-card"' in html
    assert opening_html("audit", view).count("<dd>") == 3


def test_refused_rows_are_counted_by_column_and_reason_and_can_be_taken_away(sme):
    card = audit_cards.refused(View(sme, FR))
    assert card.sentence == "3 lignes ont été refusées, dans commandes.csv et lignes.csv."
    assert card.figures[0]["data"][0]["x"] == [2.0, 1.0]
    lines = to_csv(card.table, FR).decode("utf-8-sig").split("\r\n")
    assert lines[1].startswith("commandes.csv;12;Date;31/02/2025;ce n’est pas une date;")
    assert f"'{FORMULA}".replace('"', '""') in lines[3]


def test_opening_counts_what_was_read_and_refused(sme):
    html = opening_html("audit", View(sme, FR))
    assert "800 commandes lues" in html and "3 lignes refusées" in html


def test_what_is_to_be_mended_stands_in_the_order_of_what_it_unlocks(sme):
    card = audit_cards.fixes(View(sme, FR))
    gains = card.table.frame["gain"]
    assert gains.is_monotonic_decreasing
    assert list(card.table.frame["rank"]) == list(range(1, len(gains) + 1))


def test_the_bridge_to_the_accounts_agrees_with_the_sales(sme):
    card = audit_cards.reconciliation(View(sme, FR))
    bars = card.figures[0]["data"][0]
    assert bars["x"][0] == pytest.approx(sme.sales.entries["total_gross"].sum())
    assert bars["x"][-1] == pytest.approx(sme.sales.entries["net_goods"].sum())


def test_tables_that_are_not_there_are_named(sme):
    assert "Écritures comptables" in audit_cards.coverage(View(sme, FR)).sentence

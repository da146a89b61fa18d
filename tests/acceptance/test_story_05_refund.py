"""Story 5: 50 € with VAT given back on an order of 100 € at 20 % leaves 41.67 € net everywhere."""

from __future__ import annotations

import csv
import io
from datetime import date

import openpyxl
import pages
import pytest

from echannel.metrics.growth import monthly_turnover
from echannel.metrics.turnover import as_date
from echannel.views import audit_cards, growth_cards, product_cards
from echannel.views.context import View
from echannel.views.export import to_csv, to_xlsx

# The second order is not paid: it is no turnover, but it shows that the data reach the end of February.
EXPORT = """\
N° commande;Date commande;État;E-mail;Pays;Devise;Référence produit;Désignation;Quantité;PU HT;PU TTC;\
Taux TVA;\
Total HT;Total TTC;Remboursé HT;Remboursé TTC;Date remboursement
AB1;31/01/2026 10:00;Remboursé partiellement;a@exemple.fr;France;EUR;P1;Crêpière;1;83,333333;100,00;20,0 %;\
83,333333;100,00;41,666667;50,00;10/02/2026
AB2;28/02/2026 10:00;En attente de paiement;b@exemple.fr;France;EUR;P1;Crêpière;1;83,333333;100,00;20,0 %;\
83,333333;100,00;;;
"""
LANGUAGES = ("fr", "en")
NET = pytest.approx(41.67, abs=0.006)
CARDS = [
    growth_cards.turnover_by_month,
    growth_cards.turnover_bridge,
    growth_cards.platform_numbers,
    product_cards.best_sellers,
    audit_cards.reconciliation,
]


@pytest.fixture
def sme(firm_of):
    files = {"commandes.csv": EXPORT.replace("\\\n", "")}
    return firm_of("breizh-epicerie", files, [{"match": "*.csv", "preset": "prestashop_sql"}])


@pytest.fixture(params=LANGUAGES)
def view(sme, request):
    return View(sme, sme.speaker(request.param))


def test_the_refund_counts_on_its_own_day(sme):
    back = sme.sales.entries.set_index("entry").loc["refund"]
    assert as_date(back["day"]).date() == date(2026, 2, 10)
    assert back["net_goods"] == pytest.approx(-41.67, abs=0.006)
    months = monthly_turnover(sme.sales.entries, sme.sales.first_day, sme.sales.last_day)
    assert months["value"].round(2).tolist() == [83.33, -41.67]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.__name__)
def test_every_export_adds_up_to_41_67(view, card):
    """The column of net turnover, or its row, in the CSV and in the workbook."""
    table, say = card(view).table, view.say
    french = say.language == "fr"
    rows = list(csv.reader(io.StringIO(to_csv(table, say).decode("utf-8-sig")), delimiter=",;"[french]))
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(table, say))).active
    cells = [[cell if cell is not None else "" for cell in row] for row in sheet.iter_rows(values_only=True)]
    as_number = (lambda text: float(text.replace(",", "."))) if french else float
    for lines, read in ((rows, as_number), (cells, float)):
        columns = [column.key for column in table.columns]
        if "net_turnover" in columns:
            net = [read(line[columns.index("net_turnover")]) for line in lines[1:]]
            assert sum(net) == NET or all(value == NET for value in net)
        else:
            name = say("growth.step.net_goods" if "bridge" in table.name else "audit.step.net_goods")
            assert [read(line[columns.index("amount")]) for line in lines if line[0] == name] == [NET]


def test_the_pages_say_41_67_and_why_prestashop_shows_the_full_amount(sme):
    shown = {}
    for language in LANGUAGES:
        growth, audit = (pages.parsed(pages.drawn(tool, sme, language)) for tool in ("growth", "audit"))
        say = sme.speaker(language)
        net, full = say.money(41.67), say.money(83.33)
        bridge = pages.card(growth, say("growth.card.turnover_bridge.title")).get_text(" ")
        platform = pages.card(growth, say("growth.card.platform_numbers.title")).get_text(" ")
        accounts = pages.card(audit, say("audit.card.reconciliation.title")).get_text(" ")
        assert net in bridge and net in platform and net in accounts
        assert full in platform and say("views.column.step_refunds") in platform
        assert say("growth.card.platform_numbers.what") in platform
        shown[language] = pages.numbers(bridge + platform + accounts, language)
    assert shown["fr"] == shown["en"]


def test_prestashop_s_figure_lacks_the_refund_and_nothing_else(view):
    card = growth_cards.platform_numbers(view)
    statistics = card.table.frame.set_index("figure").filter(like="statistics", axis=0).iloc[0]
    assert statistics["platform"] == pytest.approx(83.33, abs=0.006)
    assert statistics["refunds"] == pytest.approx(-41.67, abs=0.011)  # steps add up to the cent
    assert statistics["net_goods"] == NET

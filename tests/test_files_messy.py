"""Files as owners have them: rates headed "VAT", a sheet a month, one export below another, no number."""

from __future__ import annotations

import pandas as pd
import pytest
from files_help import csv_text, fetch, firm, read

from echannel.connectors.files import Hints, propose
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.wizard import passed_over, words

FRENCH = Hints("FR", "EUR", "Europe/Paris")
LINES = ["Commande", "Date commande", "Client", "Désignation", "Quantité", "PU HT", "TVA"]


def lines(rates: list[str]) -> str:
    rows = [
        [f"T{n}", f"{n + 13:02d}/03/2026", f"c{n}", "Miel", "2", "10,00", rate]
        for n, rate in enumerate(rates)
    ]
    return csv_text(LINES, rows, ";")


@pytest.mark.parametrize(
    "rates",
    [["20%", "5,5%", "5,5 %"], ["20", "5,5", "5,5"], ["0,2", "0,055", "0,055"], ["20,0", "5,50", "5.5"]],
    ids=" ".join,
)
def test_a_column_headed_vat_that_holds_rates_is_the_rate(tmp_path, rates):
    path = tmp_path / "ventes.csv"
    path.write_text(lines(rates), encoding="utf-8")
    found = propose([path], FRENCH).files[0]
    assert found.options["mapping"]["vat_rate"] == "TVA"
    assert not {"vat", "line_vat"} & set(found.options["mapping"])
    reason = {match.field: match.reason.key for match in found.fields}["vat_rate"]
    assert reason == "files.reason.content"
    batch = read(tmp_path, lines(rates), firm("FR"), path.name)
    assert batch.tables["orders"]["vat_amount"].tolist() == pytest.approx([4.0, 1.1, 1.1])


@pytest.mark.parametrize("vat", [["20", "10", "20"], ["0,2", "5,5", "20"]])
def test_amounts_of_vat_stay_amounts(tmp_path, vat):
    """A membership at 60 or 120 has a VAT of 10 or 20; the totals tell."""
    gross = [f"{float(amount.replace(',', '.')) * 6:.2f}".replace(".", ",") for amount in vat]
    rows = [
        [f"T{n}", f"{n + 13:02d}/03/2026", *cells] for n, cells in enumerate(zip(vat, gross, strict=True))
    ]
    path = tmp_path / "ventes.csv"
    path.write_text(csv_text(["Commande", "Date commande", "TVA", "Total TTC"], rows, ";"), encoding="utf-8")
    assert propose([path], FRENCH).files[0].options["mapping"]["vat"] == "TVA"


def test_orders_without_a_number_are_no_list_of_customers(tmp_path):
    text = csv_text(
        ["Bestellung", "Date de commande", "Client", "Total TTC", "Pays"],
        [["D1", "31.01.2026", "a@b.de", "1.234,56", "Allemagne"]],
        ";",
    )
    batch = read(tmp_path, text, firm("FR"))
    assert batch.tables["orders"]["total_gross"].tolist() == [1234.56]
    visits = csv_text(["Date", "Sessions", "Source", "Sales"], [["2026-01-31", "40", "google", "12.00"]])
    (tmp_path / "visits.csv").write_text(visits, encoding="utf-8")
    assert propose([tmp_path / "visits.csv"]).files[0].table == "visits"


def month(number: int, *more: list) -> pd.DataFrame:
    rows = [[f"J{number}{n}", f"{n + 10:02d}/{number:02d}/2026", 30.0 + n] for n in range(3)]
    return pd.DataFrame([*rows, *more], columns=["Commande", "Date", "Montant TTC"])


def test_a_workbook_with_a_sheet_for_each_month_is_read_whole(tmp_path):
    with pd.ExcelWriter(tmp_path / "journal.xlsx") as book:
        month(1).to_excel(book, sheet_name="Janvier", index=False)
        month(2, ["J29", "n'importe", 5.0]).to_excel(book, sheet_name="Février", index=False)
        pd.DataFrame({"Taux": [0.2]}).to_excel(book, sheet_name="Paramètres", index=False)
        pd.DataFrame().to_excel(book, sheet_name="Feuil4")
    (batch,) = fetch(tmp_path, firm("FR"))
    assert batch.read == 7
    assert sorted(batch.tables["orders"]["order_id"]) == ["J10", "J11", "J12", "J20", "J21", "J22"]
    (refused,) = batch.rejected.to_dict("records")
    assert refused["row"] == 5
    assert '"sheet": "Février"' in refused["record"]
    notes = {note.key: note.values for note in batch.notes}  # noqa: PD011
    assert set(notes["files.note.sheets_read"]["sheets"].split(", ")) == {"Janvier", "Février"}
    assert notes["files.note.sheets_left"]["sheets"] == "Paramètres"
    (one,) = fetch(tmp_path, firm("FR"), sheet="Janvier")
    assert one.read == 3


SHOPIFY = [
    "Name",
    "Email",
    "Financial Status",
    "Currency",
    "Subtotal",
    "Total",
    "Taxes",
    "Created at",
    "Lineitem quantity",
    "Lineitem name",
    "Lineitem price",
]


def shopify_order(number: int, *quantities: int) -> list[list]:
    total = 12.0 * sum(quantities)
    head = [f"#{number}", "a@b.uk", "paid", "GBP", total, total, total / 6, "2026-05-01 10:00:00 +0100"]
    rows = [
        [*(head if n == 0 else [f"#{number}", *[""] * 7]), q, "Mug", 12.0] for n, q in enumerate(quantities)
    ]
    return rows


def test_one_export_below_another_counts_every_order_once(tmp_path):
    orders = [shopify_order(1, 2, 3), shopify_order(2, 1, 1), shopify_order(3, 4)]
    rows = [row for order in orders for row in order]
    again = [row for order in orders[1:] for row in order]
    (tmp_path / "orders.csv").write_text(csv_text(SHOPIFY, [*rows, *again]), encoding="utf-8")
    (batch,) = fetch(tmp_path, preset="shopify_orders")
    found = batch.tables["orders"].set_index("order_id")["total_gross"]
    assert found.to_dict() == {"#1": 60.0, "#2": 24.0, "#3": 48.0}
    assert batch.tables["order_lines"]["quantity"].tolist() == [2, 3, 1, 1, 4]
    assert batch.read == 8
    assert batch.rejected["row"].tolist() == [4, 5, 6]
    assert set(batch.rejected["reason"]) == {"reason.files.repeated"}


def test_equal_lines_of_one_order_and_an_order_that_went_on_are_no_copies(tmp_path):
    rows = [*shopify_order(1, 2, 2), *shopify_order(2, 1), ["#1", *[""] * 7, 5, "Mug", 12.0]]
    (tmp_path / "orders.csv").write_text(csv_text(SHOPIFY, rows), encoding="utf-8")
    (batch,) = fetch(tmp_path, preset="shopify_orders")
    assert batch.rejected.empty
    assert batch.tables["order_lines"].groupby("order_id", observed=True)["quantity"].sum()["#1"] == 9


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_without_the_columns_it_needs_stays_out_and_says_which(tmp_path, language):
    (tmp_path / "a.csv").write_text("Couleur;Taille\nrouge;M\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("Commande;Date;Total TTC\n1;31/01/2026;12,00\n", encoding="utf-8")
    proposal = propose(sorted(tmp_path.glob("*.csv")), FRENCH)
    said = Speaker(language).error(proposal.files[0].missing)
    assert {"en": "order date", "fr": "date de commande"}[language] in said
    assert "Couleur, Taille" in said
    assert [entry["match"] for entry in proposal.options(".")["files"]] == ["b.csv"]


@pytest.mark.parametrize(
    "page",
    ["<html><body><table><tr><td>1</td></tr></table></body></html>", "<table><tr><td>a</td></tr></table>"],
)
def test_a_web_page_under_a_spreadsheets_name_is_called_one(tmp_path, page):
    (tmp_path / "export.xls").write_text(page, encoding="utf-8")
    found = propose([tmp_path / "export.xls"]).files[0]
    assert isinstance(found.error, UserError)
    assert found.error.key == "error.files.web_page"


def test_a_preview_shows_the_firms_own_day_and_words(tmp_path):
    (tmp_path / "b.csv").write_text(
        "Commande;Date;Total TTC;Statut\n1;03/02/2026;12,00;Livré\n2;14/02/2026;12,00;Annulé\n",
        encoding="utf-8",
    )
    found = propose([tmp_path / "b.csv"], FRENCH).files[0]
    _, rows = words.preview(found.preview["orders"], Speaker("fr"), found.timezone)
    shown = [cell for row in rows for cell in row]
    assert "3 févr. 2026" in shown
    assert {"livrée", "annulée"} <= set(shown)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_in_the_wizard_names_its_row_and_column(tmp_path, language):
    rows = "".join(f"{n};{n + 12}/01/2026;12,00\n" for n in range(1, 9))
    (tmp_path / "b.csv").write_text(
        f"Commande;Le jour;Total TTC\n{rows}9;99/99/2026;1,00\n", encoding="utf-8"
    )
    answers = {"b.csv": {"table": "orders", "mapping": {"ordered_at": "Le jour"}}}
    found = propose([tmp_path / "b.csv"], FRENCH, answers).files[0]
    (said,) = words.refusals(found, Speaker(language))
    assert "10" in said
    assert "Le jour" in said


def test_what_is_no_table_is_named_and_locks_are_not(tmp_path):
    for name in ("orders.csv", "photos.zip", "~$orders.xlsx", ".hidden", "invoice.pdf"):
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in passed_over([tmp_path])] == ["invoice.pdf", "photos.zip"]


def test_a_file_that_is_gone_takes_its_refused_rows_along(tmp_path):
    bad = csv_text(
        ["Order number", "Order date", "Order total"], [["1", "2026-01-13", "5"], ["2", "no", "5"]]
    )
    for name in ("a/o.csv", "b/o.csv"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(bad, encoding="utf-8")
    first = fetch(tmp_path, match="*/*.csv", preset="generic_orders")
    assert [batch.rejected["file"].tolist() for batch in first] == [["a/o.csv"], ["b/o.csv"]]
    cursor = first[-1].cursor
    (tmp_path / "a" / "o.csv").unlink()
    (last,) = fetch(tmp_path, cursor=cursor, match="*/*.csv", preset="generic_orders")
    assert (last.gone, last.read, len(last.tables)) == (("a/o.csv",), 0, 0)
    assert [note.key for note in last.notes] == ["files.note.gone"]

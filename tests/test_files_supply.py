"""Suppliers, their prices and purchases out of files as firms keep them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from files_help import csv_text, firm, read, tables_of

from echannel.connectors.base import Note
from echannel.connectors.files.durations import in_days
from echannel.connectors.files.fields import REQUIRED
from echannel.connectors.files.headers import recognise
from echannel.connectors.files.options import PRESETS
from echannel.connectors.files.proposal import propose
from echannel.metrics.inventory.position import is_open

SUPPLIERS_FR = [
    ["Fournisseur", "Pays", "Langue", "Devise", "Délai de règlement", "Franco", "Contact", "E-mail"],
    ["Poterie Le Gall", "France", "Français", "€", "45", "250,00", "Yann Le Gall", "yann@example.com"],
    ["Dover Tins Ltd", "Royaume-Uni", "anglais", "GBP", "30", "", "Ann Smith", "ann@example.com"],
]
PURCHASES_EN = [
    ["PO number", "Supplier", "SKU", "Ordered", "Expected", "Received", "Qty", "Qty received", "Unit cost"],
    ["PO-1", "Dover Tins Ltd", "T1", "03/02/2026", "17/02/2026", "19/02/2026", "48", "46", "2.50"],
    ["PO-1", "Dover Tins Ltd", "T2", "03/02/2026", "17/02/2026", "19/02/2026", "12", "", "4.10"],
    ["PO-2", "Dover Tins Ltd", "T1", "25/03/2026", "08/04/2026", "", "48", "", "2.60"],
    ["PO-3", "Dover Tins Ltd", "T1", "25/03/2026", "08/04/2026", "", "many", "", "2.60"],
]  # fmt: skip
PRICES = [
    ["Supplier", "SKU", "From quantity", "Price"],
    ["Dover Tins Ltd", "T1", "", "2.60"],
    ["Dover Tins Ltd", "T1", "100", "2.35"],
]


def found(tmp_path, rows, preset, country="GB", separator=","):
    batch = read(tmp_path, csv_text(rows[0], rows[1:], separator), firm(country), preset=preset)
    return batch, tables_of(batch)


def test_suppliers_are_firms_and_nobody_who_works_there(tmp_path):
    batch, tables = found(tmp_path, SUPPLIERS_FR, "generic_suppliers", "FR", ";")
    suppliers = tables["suppliers"].set_index("supplier_id")
    assert batch.rejected.empty
    assert suppliers.loc["Poterie Le Gall", ["country", "language", "currency"]].tolist() == [
        "FR",
        "fr",
        "EUR",
    ]
    assert suppliers.loc["Dover Tins Ltd", ["country", "language", "currency"]].tolist() == [
        "GB",
        "en",
        "GBP",
    ]
    assert suppliers["payment_days"].tolist() == [45, 30]
    assert suppliers["order_value_min"].isna().tolist() == [False, True]
    everything = "".join(frame.to_csv() for frame in batch.tables.values()) + batch.rejected.to_csv()
    assert not any(word in everything for word in ("Yann", "Ann Smith", "example.com"))


def test_purchases_keep_what_came_and_what_is_still_to_come(tmp_path):
    batch, tables = found(tmp_path, PURCHASES_EN, "generic_purchases")
    lines = tables["purchases"]
    assert lines[["purchase_id", "line_no"]].to_numpy().tolist() == [["PO-1", 1], ["PO-1", 2], ["PO-2", 1]]
    assert lines["received_quantity"].tolist()[:2] == [46, 12]
    assert lines["received_on"].isna().tolist() == [False, False, True]
    assert lines["ordered_on"].dt.strftime("%Y-%m-%d").tolist() == ["2026-02-03", "2026-02-03", "2026-03-25"]
    assert batch.read == 4 and batch.rejected["reason"].tolist() == ["reason.files.not_a_number"]


def test_a_price_without_a_quantity_holds_from_the_first_unit(tmp_path):
    _, tables = found(tmp_path, PRICES, "generic_supplier_prices")
    prices = tables["supplier_prices"]
    assert prices[["quantity_from", "unit_cost"]].to_numpy().tolist() == [[1, 2.60], [100, 2.35]]


def test_packs_and_shelf_lives_stand_with_the_products(tmp_path):
    rows = [
        [
            "Référence",
            "Désignation",
            "Prix d'achat HT",
            "Minimum de commande",
            "Colisage",
            "Durée de conservation",
        ],
        ["T1", "Boîte", "2,50", "24", "12", "180"],
    ]
    _, tables = found(tmp_path, rows, "generic_products", "FR", ";")
    product = tables["products"].iloc[0]
    assert [product["order_quantity_min"], product["order_quantity_multiple"]] == [24, 12]
    assert product["shelf_life_days"] == 180


def test_what_the_carrier_charged_is_a_cost_and_no_turnover(tmp_path):
    rows = [
        ["Order ID", "Order date", "SKU", "Quantity", "Unit price", "Shipping", "Carrier cost"],
        ["1", "2026-02-03", "T1", "2", "12.00", "4.80", "3.95"],
    ]
    _, tables = found(tmp_path, rows, "generic_orders")
    assert tables["orders"]["carriage_cost"].tolist() == [3.95]
    assert tables["orders"]["total_gross"].tolist() == pytest.approx([28.8])


@pytest.mark.parametrize(
    ("rows", "table"),
    [(SUPPLIERS_FR, "suppliers"), (PURCHASES_EN, "purchases"), (PRICES, "supplier_prices")],
)
def test_the_wizard_tells_such_files_by_their_headers(tmp_path, rows, table):
    path = tmp_path / "list.csv"
    path.write_text(csv_text(rows[0], rows[1:]), encoding="utf-8")
    (proposal,) = propose([path]).files
    assert proposal.table == table and proposal.usable
    assert isinstance(proposal.preview[table], pd.DataFrame)


def test_a_delivery_whose_day_cannot_be_read_is_refused_not_open(tmp_path):
    text = "PO number,Supplier,SKU,Order date,Received on,Quantity\n"
    text += "1,F1,A,2026-02-03,2026-02-31,10\n1,F1,B,2026-02-03,,10\n"
    batch = read(tmp_path, text, table="purchases")
    assert batch.tables["purchases"]["product_id"].tolist() == ["B"]
    assert batch.rejected[["row", "field", "reason"]].to_numpy().tolist() == [
        [2, "Received on", "reason.files.not_a_date"]
    ]


def test_purchases_numbered_like_sales_are_told_by_their_supplier(tmp_path):
    path = tmp_path / "achats.csv"
    text = "N° commande;Fournisseur;Référence;Date de commande;Date de réception;Quantité;Prix d'achat HT\n"
    path.write_text(text + "A1;F1;P1;03/02/2026;;10;2,50\n", encoding="utf-8")
    (proposal,) = propose([path]).files
    assert (proposal.table, proposal.refused) == ("purchases", 0)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("14", "14"), ("14 jours", "14"), ("30 days", "30"), ("2 semaines", "14"), ("2–3 weeks", "17.5"),
        ("1,5 semaine", "10.5"), ("2 à 4 jours", "3"), ("48 h", "2"), ("10 working days", "14"),
        ("5 jours ouvrés", "7"), ("Net 30", "30"), ("30 days net", "30"), ("30 jours fin de mois", "45"),
        ("45 j FDM", "60"), ("30 days EOM", "45"), ("À réception", "0"), ("due on receipt", "0"),
        ("18 mois", "540"), ("2 years", "730"), ("soon", "soon"), ("3 colis", "3 colis"), ("", ""),
    ],
)  # fmt: skip
def test_durations_are_days(text, days):
    assert in_days(text) == days


def test_terms_in_words_are_days_and_what_is_none_is_refused(tmp_path):
    text = "Fournisseur;Délai;Conditions de règlement;Rythme de commande\n"
    text += "A;2 semaines;30 jours fin de mois;7\nB;14 jours;à réception;1 mois\nC;rapide;30;\n"
    batch = read(tmp_path, text, firm("FR"), preset="generic_suppliers")
    suppliers = batch.tables["suppliers"]
    assert suppliers[["lead_time_days", "payment_days", "review_days"]].to_numpy().tolist() == [
        [14, 45, 7],
        [14, 0, 30],
    ]
    assert batch.rejected[["row", "field"]].to_numpy().tolist() == [[4, "Délai"]]
    products = read(tmp_path, "SKU,Lead time,Shelf life\nT,3 weeks,18 months\n", preset="generic_products")
    assert products.tables["products"][["lead_time_days", "shelf_life_days"]].to_numpy().tolist() == [
        [21, 540]
    ]


def test_nobody_s_name_becomes_a_supplier_s(tmp_path):
    for head in ("Supplier contact name", "Supplier rep", "Contact fournisseur", "E-mail du fournisseur"):
        text = f"Supplier,{head},Country\nS1,Ann Smith,UK\n"
        batch = read(tmp_path, text, preset="generic_suppliers")
        assert batch.tables["suppliers"][["supplier_id", "name"]].to_numpy().tolist() == [["S1", "S1"]]
    text = "PO number,Supplier contact,SKU,Quantity,Buyer name\n1,Ann Smith,A,3,Bob Jones\n"
    lines = read(tmp_path, text, preset="generic_purchases").tables["purchases"]
    assert lines["supplier_id"].isna().all() and "Ann" not in lines.to_csv()


@pytest.mark.parametrize("head", ["Supplier name", "Vendor name", "Nom du fournisseur"])
def test_a_list_by_name_alone_is_a_list_of_suppliers(head, tmp_path):
    batch = read(tmp_path, f"{head},Country,Lead time\nDover Tins,UK,12\n", preset="generic_suppliers")
    assert batch.tables["suppliers"][["supplier_id", "name"]].to_numpy().tolist() == [["Dover Tins"] * 2]
    both = read(tmp_path, f"Supplier,{head}\nS1,Dover Tins\n", preset="generic_suppliers")
    assert both.tables["suppliers"][["supplier_id", "name"]].to_numpy().tolist() == [["S1", "Dover Tins"]]


def test_a_list_of_customers_by_name_is_none_of_suppliers(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("Nom,Pays\nYann Le Gall,France\n", encoding="utf-8")
    assert propose([path]).files[0].table != "suppliers"


@pytest.mark.parametrize(
    "text",
    [
        "Supplier,SKU,Price,Currency\nS,A,2.00,EUR\nS,B,3.00,GBP\n",
        "Supplier,SKU,Price\nS,A,€2.00\nS,B,£3.00\n",
        "Supplier,SKU,Price\nS,A,2.00 EUR\nS,B,3.00\n",
    ],
)
def test_no_foreign_price_is_taken_for_the_own_currency(text, tmp_path):
    batch = read(tmp_path, text, preset="generic_supplier_prices")
    assert batch.tables["supplier_prices"][["product_id", "unit_cost"]].to_numpy().tolist() == [["B", 3.0]]
    assert batch.rejected[["value", "reason"]].to_numpy().tolist() == [["EUR", "reason.files.no_fx_rate"]]
    known = read(tmp_path, text, preset="generic_supplier_prices", fx={"EUR": 0.85})
    assert known.tables["supplier_prices"]["unit_cost"].tolist() == pytest.approx([1.70, 3.0])


def test_a_purchase_in_another_currency_keeps_its_goods_and_loses_its_cost(tmp_path):
    text = "PO,Supplier,SKU,Quantity,Received,Unit cost (EUR),Exchange rate\n"
    text += "1,S,A,10,2026-02-03,2.00,0.9\n1,S,B,5,2026-02-03,2.00,\n"
    batch = read(tmp_path, text, preset="generic_purchases")
    lines = batch.tables["purchases"]
    assert lines["quantity"].tolist() == [10, 5] and batch.rejected.empty
    assert lines["unit_cost"].tolist() == pytest.approx([1.8, float("nan")], nan_ok=True)
    assert [note.key for note in batch.notes].count("files.note.amounts_foreign") == 1
    minimum = read(tmp_path, "Supplier,Currency,Minimum order\nS,EUR,250\nT,EUR,€300\n",
                   preset="generic_suppliers").tables["suppliers"]  # fmt: skip
    assert minimum["order_value_min"].tolist() == pytest.approx([250, float("nan")], nan_ok=True)


def test_a_foreign_cost_in_a_list_of_products_is_unknown_unless_its_rate_is_known(tmp_path):
    text = "SKU,Cost price,Price ex VAT\nA,€4.00,9.00\nB,£3.00,8.00\nC,2.00,7.00\n"
    bare = read(tmp_path, text, preset="generic_products").tables["products"]
    assert bare["unit_cost"].tolist() == pytest.approx([float("nan"), 3, 2], nan_ok=True)
    known = read(tmp_path, text, preset="generic_products", fx={"EUR": 0.85}).tables["products"]
    assert known["unit_cost"].tolist() == pytest.approx([3.4, 3, 2])


def test_a_cancelled_line_is_not_open(tmp_path):
    text = "PO,Supplier,SKU,Ordered,Received,Quantity,Quantity received,Status\n"
    text += "1,S,A,2026-02-03,,10,,Cancelled\n1,S,B,2026-02-03,2026-02-09,10,4,annulé\n"
    text += "1,S,C,2026-02-03,,10,,Sent\n"
    batch = read(tmp_path, text, preset="generic_purchases")
    lines = batch.tables["purchases"]
    assert lines["quantity"].tolist() == [0, 4, 10]
    day = int(np.datetime64("2026-03-01", "D").astype(int))
    assert is_open(lines, day).tolist() == [False, False, True]
    assert Note("files.note.purchases_cancelled", {"n": 2, "file": "file.csv"}) in batch.notes


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_guide_names_columns_that_are_read_as_it_says(language):
    page = Path(__file__).parents[1] / f"docs/connect/files.{language}.md"
    rows = re.findall(
        r"^\| [^|]+ \| `(generic_\w+)` \| ([^|]+) \| ([^|]+) \|$", page.read_text("utf-8"), re.M
    )
    assert len(rows) == 5
    for preset, needed, further in rows:
        table = PRESETS[preset].table
        headers = [head.strip() for head in f"{needed},{further}".split(",")]
        read_as = {match.header: match for match in recognise(headers, table)}
        assert set(headers) == set(read_as), set(headers) - set(read_as)
        assert all(match.score > 0.9 for match in read_as.values())
        required = {read_as[head.strip()].field for head in needed.split(",")}
        assert required == set(REQUIRED[table])

"""Suppliers, their prices and purchases out of files as firms keep them."""

from __future__ import annotations

import pandas as pd
import pytest
from files_help import csv_text, firm, read, tables_of

from echannel.connectors.files.proposal import propose

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

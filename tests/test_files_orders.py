"""From a plain file of orders to canonical amounts: VAT, refunds, currencies, rows that cannot be read."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from files_help import csv_text, firm, off, read, tables_of
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.connectors.base import REJECTED_COLUMNS, Note
from echannel.connectors.files import FilesConnector
from echannel.errors import UserError
from echannel.metrics.turnover import bridge, prepare

LINES = ["Order number", "Order date", "Customer email", "SKU", "Quantity", "Price incl VAT"]


def orders_of(batch) -> pd.DataFrame:
    return tables_of(batch)["orders"].set_index("order_id")


def refunds_of(batch) -> pd.DataFrame:
    return tables_of(batch)["refunds"].set_index("refund_id")


def notes_of(batch) -> dict:
    return {note.key: {k: v for k, v in vars(note)["values"].items() if k != "file"} for note in batch.notes}


# --- what is net, what is gross ------------------------------------------------------------------


def test_a_lone_total_is_goods_at_the_standard_rate_of_its_day_and_says_so(tmp_path):
    text = csv_text(
        ["Order number", "Order date", "Order total"],
        [["1", "2010-12-15", "117.50"], ["2", "2011-01-15", "120"]],
    )
    orders = orders_of(read(tmp_path, text, preset="generic_orders"))
    assert orders["goods_net"].tolist() == pytest.approx([100, 100])
    assert not orders[["vat_stated", "parts_stated"]].any(axis=None)


def test_a_firm_without_vat_has_none(tmp_path):
    sme = firm("FR", vat={"regime": "franchise", "registered": False})
    text = csv_text(["N° commande", "Date", "Total"], [["1", "2026-07-01", "120,00"]])
    order = orders_of(read(tmp_path, text, sme, preset="generic_orders")).iloc[0]
    assert order[["goods_net", "vat_amount", "total_gross"]].tolist() == [120, 0, 120]


@pytest.mark.parametrize(("rate", "net"), [(0.055, 100 / 1.055), (5.5, 100 / 1.055), (0, 100.0)])
def test_a_rate_from_the_profile_is_a_stated_rate(tmp_path, rate, net):
    text = csv_text(["Order number", "Order date", "Order total"], [["1", "2026-07-01", "100"]])
    order = orders_of(read(tmp_path, text, preset="generic_orders", constants={"vat_rate": rate})).iloc[0]
    assert order["goods_net"] == pytest.approx(net)
    assert order["vat_stated"]


@pytest.mark.parametrize("basis", ["net", "gross"])
def test_the_totals_tell_whether_prices_include_vat(tmp_path, basis):
    headers = [
        "Order number",
        "Order date",
        "SKU",
        "Quantity",
        "Unit price",
        "Shipping",
        "VAT",
        "Order total",
    ]
    price, shipping = ("10.00", "5.00") if basis == "net" else ("12.00", "6.00")
    rows = [[str(n), "2026-07-01", "A", "2", price, shipping, "5.00", "30.00"] for n in range(5)]
    batch = read(tmp_path, csv_text(headers, rows), preset="generic_orders")
    order = orders_of(batch).iloc[0]
    assert order[["goods_net", "shipping_net", "vat_amount", "total_gross"]].tolist() == pytest.approx(
        [20, 5, 5, 30]
    )
    assert order["vat_stated"]
    assert not [key for key in notes_of(batch) if "amounts_assumed" in key]


def test_what_cannot_be_told_is_assumed_by_orientation_and_noted(tmp_path):
    text = csv_text(
        ["Order number", "Order date", "SKU", "Quantity", "Unit price"], [["1", "2026-07-01", "A", "1", "12"]]
    )
    shop = read(tmp_path, text, preset="generic_orders")
    trade = read(tmp_path, text, firm(orientation="b2b"), preset="generic_orders")
    assert orders_of(shop)["goods_net"].tolist() == pytest.approx([10])
    assert orders_of(trade)["goods_net"].tolist() == [12]
    assert "files.note.amounts_assumed_gross" in notes_of(shop)
    assert "files.note.amounts_assumed_net" in notes_of(trade)


def test_rates_differ_from_line_to_line(tmp_path):
    headers = ["N° commande", "Date", "Référence article", "Qté", "PU TTC", "Taux TVA", "Port TTC"]
    rows = [
        ["1", "01/07/2026", "TH", "2", "10,55", "5,5 %", "6,00"],
        ["1", "01/07/2026", "MU", "1", "12,00", "20 %", "6,00"],
    ]
    batch = read(tmp_path, csv_text(headers, rows, ";"), firm("FR"), preset="generic_orders")
    order = orders_of(batch).iloc[0]
    assert order[["goods_net", "goods_gross"]].tolist() == pytest.approx([30, 33.1])
    assert off(orders_of(batch)) == pytest.approx(0, abs=1e-9)
    assert tables_of(batch)["order_lines"]["vat_rate"].tolist() == pytest.approx([0.055, 0.2])


def test_an_order_that_does_not_add_up_stays_so(tmp_path):
    headers = ["Order number", "Order date", "Subtotal", "Shipping", "VAT", "Order total"]
    text = csv_text(
        headers, [["1", "2026-07-01", "24", "6", "5", "30"], ["2", "2026-07-01", "24", "6", "5", "33"]]
    )
    orders = orders_of(read(tmp_path, text, preset="generic_orders"))
    assert off(orders).tolist() == pytest.approx([0, -3], abs=0.5)
    assert orders["total_gross"].tolist() == [30, 33]


def test_line_totals_that_differ_within_an_order_are_the_lines_own(tmp_path):
    headers = ["Order number", "Order date", "SKU", "Quantity", "Total incl VAT", "Shipping"]
    rows = [
        ["1", "2026-07-01", "A", "2", "24", "6"],
        ["1", "2026-07-01", "B", "1", "12", "6"],
        ["2", "2026-07-01", "A", "1", "12", "0"],
    ]
    orders = orders_of(read(tmp_path, csv_text(headers, rows), preset="generic_orders"))
    assert orders["goods_gross"].tolist() == [36, 12]
    assert orders["shipping_gross"].tolist() == [6, 0]


money = st.integers(0, 100_000).map(lambda cents: cents / 100)


@settings(max_examples=20)
@given(
    rows=st.lists(st.tuples(st.integers(1, 9), money, money, money), min_size=1, max_size=8),
    rate=st.sampled_from([0.0, 0.055, 0.2]),
    basis=st.sampled_from(["net", "gross"]),
)
def test_files_that_add_up_give_orders_that_add_up(tmp_path_factory, rows, rate, basis):
    headers = ["Order number", "Order date", "SKU", "Quantity", "Unit price", "Discount", "Shipping"]
    cells = [[n, "2026-07-01", "A", quantity, *amounts] for n, (quantity, *amounts) in enumerate(rows)]
    how = {"preset": "generic_orders", "amounts": basis, "constants": {"vat_rate": rate}}
    orders = orders_of(read(tmp_path_factory.mktemp("orders"), csv_text(headers, cells), **how))
    assert off(orders) == pytest.approx(0, abs=1e-6)
    expected = [quantity * price - discount + shipping for quantity, price, discount, shipping in rows]
    paid = orders["total_gross"] if basis == "gross" else orders["total_gross"] - orders["vat_amount"]
    assert paid.tolist() == pytest.approx(expected, abs=1e-6)


# --- what is given back --------------------------------------------------------------------------


def test_a_refund_of_50_on_100_at_20_per_cent_leaves_41_67_net(tmp_path):
    headers = ["Name", "Financial Status", "Currency", "Subtotal", "Shipping", "Taxes", "Total", "Created at"]
    headers += ["Discount Amount", "Lineitem quantity", "Lineitem name", "Lineitem price", "Refunded Amount"]
    row = [
        "#1",
        "partially_refunded",
        "EUR",
        "100",
        "0",
        "16.67",
        "100",
        "2026-07-01 10:00:00 +0200",
        "0",
        "1",
        "Vase",
        "100",
        "50",
    ]
    batch = read(tmp_path, csv_text(headers, [row]), firm("FR"), preset="shopify_orders")
    tables = tables_of(batch)
    names = ("orders", "order_lines", "refunds", "products", "customers", "visits")
    steps = bridge(prepare(*(tables[name] for name in names), "EUR").entries).set_index("step")["value"]
    assert round(steps["net_goods"], 2) == 41.67
    assert round(steps["refunded"], 2) == 41.66
    assert steps["total_gross"] == 100


def test_a_credit_note_is_a_refund_on_its_own_day_and_no_order(tmp_path):
    rows = [
        ["536", "01/07/2026", "a@example.com", "A", "3", "12.00"],
        ["C537", "13/07/2026", "a@example.com", "A", "-1", "12.00"],
        ["C537", "13/07/2026", "a@example.com", "B", "-2", "6.00"],
    ]
    batch = read(tmp_path, csv_text(LINES, rows), preset="generic_orders")
    assert orders_of(batch).index.tolist() == ["536"]
    refunds = refunds_of(batch)
    assert refunds.index.tolist() == ["C537-1", "C537-2"]
    assert refunds["net_amount"].tolist() == pytest.approx([10, 10])
    assert refunds["vat_amount"].tolist() == pytest.approx([2, 2])
    assert refunds["quantity"].tolist() == [1, 2]
    assert refunds["order_id"].isna().all()
    assert refunds["date_stated"].all()
    assert refunds["refunded_at"].iloc[0] == pd.Timestamp("2026-07-12 23:00", tz="UTC")


def test_a_returned_line_in_an_order_is_a_refund_of_that_order(tmp_path):
    rows = [["1", "01/07/2026", "", "A", "3", "12.00"], ["1", "01/07/2026", "", "B", "-1", "6.00"]]
    batch = read(tmp_path, csv_text(LINES, rows), preset="generic_orders")
    order = orders_of(batch).loc["1"]
    assert order[["goods_gross", "total_gross", "vat_amount"]].tolist() == pytest.approx([36, 36, 6])
    refund = refunds_of(batch).iloc[0]
    assert (refund["order_id"], refund["net_amount"]) == ("1", pytest.approx(5))
    assert tables_of(batch)["order_lines"]["product_id"].tolist() == ["A"]


def test_a_voucher_line_is_a_discount(tmp_path):
    rows = [["1", "01/07/2026", "", "A", "3", "12.00"], ["1", "01/07/2026", "", "VOUCHER", "1", "-6.00"]]
    batch = read(tmp_path, csv_text(LINES, rows), preset="generic_orders")
    order = orders_of(batch).loc["1"]
    assert order[["goods_gross", "discount_gross", "total_gross"]].tolist() == pytest.approx([36, 6, 30])
    assert "refunds" not in batch.tables
    assert tables_of(batch)["order_lines"]["product_id"].tolist() == ["A"]


def test_stock_corrections_return_nothing(tmp_path):
    rows = [["1", "01/07/2026", "", "A", "-100", "0.00"], ["2", "01/07/2026", "", "A", "1", "0.00"]]
    batch = read(tmp_path, csv_text(LINES, rows), preset="generic_orders")
    assert refunds_of(batch)[["net_amount"]].to_numpy().tolist() == [[0]]
    assert refunds_of(batch)["quantity"].isna().all()
    assert orders_of(batch).index.tolist() == ["2"]  # a free sample is an order of value 0
    assert notes_of(batch)["files.note.stock_corrections"] == {"n": 1}


def test_codes_of_carriage_and_of_no_product(tmp_path):
    rows = [
        ["1", "01/07/2026", "", "A", "1", "12.00"],
        ["1", "01/07/2026", "", "POST", "1", "6.00"],
        ["1", "01/07/2026", "", "M", "1", "2.40"],
        ["C2", "02/07/2026", "", "POST", "-1", "6.00"],
    ]
    how = {"preset": "generic_orders", "shipping_codes": ["POST"], "not_products": ["m"]}
    batch = read(tmp_path, csv_text(LINES, rows), **how)
    order = orders_of(batch).loc["1"]
    assert order[["goods_gross", "shipping_gross", "total_gross"]].tolist() == pytest.approx([14.4, 6, 20.4])
    lines = tables_of(batch)["order_lines"]
    assert lines["product_id"].isna().tolist() == [False, True]
    assert refunds_of(batch)["shipping_net"].tolist() == pytest.approx([5])


def test_exact_repeats_are_kept_and_said(tmp_path):
    rows = [["1", "01/07/2026", "", "A", "1", "12.00"]] * 2
    batch = read(tmp_path, csv_text(LINES, rows), preset="generic_orders")
    assert orders_of(batch)["goods_gross"].tolist() == [24]
    assert notes_of(batch)["files.note.repeated_lines"] == {"n": 1}


# --- who, where, in which state ------------------------------------------------------------------

STATES = {
    "Paid": "paid", "En attente de paiement": "pending", "PAIEMENT ACCEPTÉ": "paid", "Expédiée": "shipped",
    "Livré": "delivered", "annulée": "cancelled", "Remboursé": "refunded", "wc-completed": None,
    "Partially Refunded": "partly_refunded", "on-hold": "pending",
    "Shipped - Delivered to Buyer": "delivered",
}  # fmt: skip


@pytest.mark.parametrize(("word", "status"), STATES.items())
def test_statuses_in_both_languages(tmp_path, word, status):
    text = csv_text(
        ["Order number", "Order date", "Order total", "Status"], [["1", "2026-07-01", "12", word]]
    )
    batch = read(tmp_path, text, preset="generic_orders")
    if status is None:
        assert batch.rejected[["reason", "value"]].to_numpy().tolist() == [
            ["reason.files.unknown_status", word]
        ]
        batch = read(tmp_path, text, preset="generic_orders", statuses={word: "delivered"})
        status = "delivered"
    assert orders_of(batch)["status"].tolist() == [status]


PLACES = {
    "United Kingdom": "GB", "UK": "GB", "England": "GB", "Angleterre": "GB", "Royaume-Uni": "GB", "gb": "GB",
    "EIRE": "IE", "Irlande": "IE", "USA": "US", "États-Unis": "US", "RSA": "ZA", "Pays-Bas": "NL",
    "Allemagne": "DE", "Czech Republic": "CZ", "Hong Kong": "HK", "Unspecified": None,
    "European Community": None,
}  # fmt: skip


def test_countries_by_code_and_name(tmp_path):
    rows = [[n, "2026-07-01", "12", name] for n, name in enumerate(PLACES)]
    batch = read(
        tmp_path,
        csv_text(["Order number", "Order date", "Order total", "Country"], rows),
        preset="generic_orders",
    )
    found = orders_of(batch)["country"].astype(object)
    assert found.where(found.notna(), None).tolist() == list(PLACES.values())
    assert notes_of(batch)["files.note.country_unknown"] == {
        "n": 2,
        "names": "European Community, Unspecified",
    }


def test_other_currencies_need_a_rate(tmp_path):
    rows = [
        ["1", "2026-07-01", "10", "GBP"],
        ["2", "2026-07-01", "10", "$"],
        ["3", "2026-07-01", "10", "EUR"],
        ["4", "2026-07-01", "10", "Bitcoin"],
    ]
    text = csv_text(["Order number", "Order date", "Order total", "Currency"], rows)
    batch = read(tmp_path, text, preset="generic_orders", fx={"USD": 0.79})
    orders = orders_of(batch)
    assert orders["currency"].tolist() == ["GBP", "USD"]
    assert orders["fx_rate"].tolist() == [1, 0.79]
    reasons = batch.rejected["reason"].tolist()
    assert sorted(reasons) == ["reason.files.no_fx_rate", "reason.files.unknown_currency"]
    missing = batch.rejected.set_index("reason").loc["reason.files.no_fx_rate"]
    assert json.loads(missing["reason_values"]) == {"currency": "GBP"}


def test_a_company_or_a_vat_number_makes_an_order_b2b(tmp_path):
    headers = ["Order number", "Order date", "Order total", "Company", "VAT number", "Customer type"]
    rows = [
        ["1", "2026-07-01", "1", "Inns Ltd", "", ""],
        ["2", "2026-07-01", "1", "", "GB1", ""],
        ["3", "2026-07-01", "1", "", "", "Particulier"],
        ["4", "2026-07-01", "1", "", "", ""],
    ]
    text = csv_text(headers, rows)
    assert orders_of(read(tmp_path, text, preset="generic_orders"))["kind"].tolist() == [
        "b2b",
        "b2b",
        "b2c",
        "b2c",
    ]
    constant = read(tmp_path, text, preset="generic_orders", constants={"kind": "b2c"})
    assert set(orders_of(constant)["kind"]) == {"b2c"}


def test_one_customer_is_one_pseudonym_however_the_address_is_written(tmp_path):
    rows = [
        ["1", "01/07/2026", "Ann@Example.com", "A", "1", "1"],
        ["2", "02/07/2026", " ann@example.com", "A", "1", "1"],
        ["3", "03/07/2026", "", "A", "1", "1"],
    ]
    batch = read(tmp_path, csv_text(LINES, rows), preset="generic_orders")
    customers = orders_of(batch)["customer_id"]
    assert customers["1"] == customers["2"]
    assert pd.isna(customers["3"])
    assert len(batch.tables["customers"]) == 1


def test_how_ambiguous_dates_were_resolved_is_said(tmp_path):
    clear = [["1", "03/04/2026", "10"], ["2", "13/04/2026", "10"]]
    headers = ["Order number", "Order date", "Order total"]
    found = read(tmp_path, csv_text(headers, clear), preset="generic_orders")
    assumed = read(tmp_path, csv_text(headers, clear[:1]), preset="generic_orders")
    assert "files.note.dates_found_dmy" in notes_of(found)
    assert notes_of(assumed)["files.note.dates_assumed_dmy"] == {"field": "Order date"}
    assert {note.key: note for note in found.notes}["files.note.dates_found_dmy"] == Note(
        "files.note.dates_found_dmy", {"file": "file.csv"}
    )


# --- rows that cannot be read --------------------------------------------------------------------


def test_a_row_that_cannot_be_read_takes_its_order_with_it(tmp_path):
    rows = [
        ["1", "01/07/2026", "", "A", "1", "12.00"],
        ["1", "01/07/2026", "", "B", "two", "12.00"],
        ["2", "31/02/2026", "", "A", "1", "12.00"],
        ["", "", "", "", "", ""],
        ["3", "13/07/2026", "", "A", "1", "1.2.3"],
        ["4", "13/07/2026", "", "A", "1", "12.00"],
        ["5", "13/07/2026", "", "A", "1", ""],
        ["6", "", "", "A", "1", "12.00"],
    ]
    batch = read(tmp_path, csv_text(LINES, rows), preset="generic_orders")
    assert orders_of(batch).index.tolist() == ["4"]
    found = batch.rejected[["row", "field", "value", "reason"]].to_numpy().tolist()
    assert found == [
        [2, "Order number", "1", "reason.files.same_order"],
        [3, "Quantity", "two", "reason.files.not_a_number"],
        [4, "Order date", "31/02/2026", "reason.files.not_a_date"],
        [6, "Price incl VAT", "1.2.3", "reason.files.not_a_number"],
        [8, "", "", "reason.files.no_amount"],
        [9, "Order date", "", "reason.files.missing"],
    ]
    assert tuple(batch.rejected.columns) == REJECTED_COLUMNS
    assert batch.read == len(tables_of(batch)["order_lines"]) + len(batch.rejected) == 7


def test_where_a_row_is_an_order_the_last_of_a_repeated_one_counts(tmp_path):
    rows = [["1", "2026-07-01", "10"], ["2", "2026-07-01", "20"], ["1", "2026-07-01", "15"]]
    batch = read(
        tmp_path, csv_text(["Order number", "Order date", "Order total"], rows), preset="generic_orders"
    )
    assert orders_of(batch)["total_gross"].to_dict() == {"2": 20, "1": 15}
    assert batch.rejected[["row", "reason"]].to_numpy().tolist() == [[2, "reason.files.repeated"]]


def test_continued_rows_belong_to_the_order_above(tmp_path):
    rows = [
        ["1", "01/07/2026", "", "A", "1", "12.00"],
        ["", "", "", "B", "1", "6.00"],
        ["2", "02/07/2026", "", "A", "1", "1"],
    ]
    batch = read(tmp_path, csv_text(LINES, rows), preset="generic_orders")
    assert orders_of(batch)["goods_gross"].tolist() == [18, 1]


def test_optional_dates_that_are_none_are_left_empty_and_counted(tmp_path):
    headers = ["Order number", "Order date", "Order total", "Payment date"]
    rows = [
        ["1", "2026-07-01", "10", "0000-00-00 00:00:00"],
        ["2", "2026-07-01", "20", "soon"],
        ["3", "2026-07-01", "20", "2026-07-02"],
    ]
    batch = read(tmp_path, csv_text(headers, rows), preset="generic_orders")
    assert orders_of(batch)["paid_at"].isna().tolist() == [True, True, False]
    assert notes_of(batch)["files.note.dates_left_out"] == {"n": 1, "field": "Payment date"}


def test_a_mapping_without_its_column_names_what_there_is(tmp_path):
    batch = read(
        tmp_path,
        "When,What\n2026-07-01,10\n",
        table="orders",
        mapping={"ordered_at": "Date", "total": "What"},
    )
    entry = batch.rejected.iloc[0]
    assert entry["reason"] == "error.files.no_column"
    assert json.loads(entry["reason_values"]) == {"file": "file.csv", "wanted": "Date", "found": "When, What"}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"preset": "magento"}, None),
        ({"mapping": {"ordered": "Date"}}, "mapping.ordered"),
        ({"constants": {"channel": "shop"}}, "constants.channel"),
        ({"constants": {"vat_rate": "normal"}}, "constants.vat_rate"),
        ({"statuses": {"done": "finished"}}, "statuses"),
        ({"date_order": "ydm"}, "files.0.date_order"),
        ({"colour": "red"}, "files.0.colour"),
    ],
)
def test_wrong_options_name_the_key(options, field):
    with pytest.raises(UserError) as caught:
        FilesConnector({"folder": ".", "files": [{"match": "*", **options}]}, None)
    if field is None:
        assert caught.value.key == "error.files.unknown_preset"
        assert "shopify_orders" in vars(caught.value)["values"]["known"]
    else:
        assert vars(caught.value)["values"]["field"] == field


def test_nothing_is_lost_between_rows_and_tables(tmp_path):
    """Against plain pandas: random lines, some refused, some negative."""
    rng = np.random.default_rng(7)
    n = 3000
    frame = pd.DataFrame(
        {
            "Order number": rng.integers(0, 900, n).astype(str),
            "Order date": "2026-07-" + pd.Series(rng.integers(10, 31, n)).astype(str),
            "SKU": rng.integers(0, 40, n).astype(str),
            "Quantity": rng.integers(-2, 6, n).astype(str),
            "Price incl VAT": (rng.integers(0, 5000, n) / 100).astype(str),
        }
    )
    bad = rng.random(n) < 0.01
    frame.loc[bad, "Quantity"] = "?"
    batch = read(tmp_path, frame.to_csv(index=False), preset="generic_orders", constants={"vat_rate": 0.2})
    good = frame[~frame["Order number"].isin(frame.loc[bad, "Order number"])]
    value = good["Quantity"].astype(float) * good["Price incl VAT"].astype(float)
    tables = tables_of(batch)
    back = tables["refunds"]["net_amount"] + tables["refunds"]["vat_amount"]
    assert tables["orders"]["total_gross"].sum() - back.sum() == pytest.approx(value.sum())
    assert len(batch.rejected) == len(frame) - len(good)
    assert batch.read == n

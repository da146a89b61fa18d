"""Exports that are no plain table: Google Analytics 4, Matomo, Amazon's settlement report."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from files_help import firm, off, read, tables_of
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.connectors.base import Note
from echannel.connectors.files import propose

GA4 = """# ----------------------------------------
# Free form 1
# Canary shop, UK
# 20260901-20260902
# ----------------------------------------

Date,Session source / medium,Country,Device category,Sessions,Items viewed,Add to carts,Checkouts,Transactions
,,,,33,50,9,5,3,Grand total
20260901,google / organic,United Kingdom,mobile,20,30,5,3,2
20260901,(direct) / (none),France,desktop,10,15,3,1,1
20260902,news / a / b,(not set),tablet,3,5,1,1,0
"""
HEADERS = (
    "settlement-id settlement-start-date settlement-end-date deposit-date total-amount currency "
    "transaction-type order-id merchant-order-id adjustment-id shipment-id marketplace-name amount-type "
    "amount-description amount fulfillment-id posted-date posted-date-time order-item-code "
    "merchant-order-item-id merchant-adjustment-item-id sku quantity-purchased promotion-id"
)
COLUMNS = HEADERS.split(" ")


AMOUNTS = [
    *(("ItemPrice", what) for what in ("Principal", "Tax", "Shipping", "GiftWrap")),
    *(("Promotion", "Principal"), ("ItemFees", "Commission")),
]


def settlement(*rows: dict, currency: str = "GBP") -> str:
    """A settlement report: its summary row, then these."""
    head = {"settlement-id": "1", "total-amount": "99.99", "currency": currency}
    lines = ["\t".join(COLUMNS)]
    lines += ["\t".join(str(row.get(name, "")) for name in COLUMNS) for row in (head, *rows)]
    return "\n".join(lines) + "\n"


def amount(kind: str, what: str, value: float | str, transaction: str = "Order", **more: object) -> dict:
    order = {"order-id": "206-1", "order-item-code": "77", "sku": "MUG", "quantity-purchased": "2"}
    day = {"posted-date": "2026-03-02", "posted-date-time": "2026-03-02 14:23:00 UTC", "settlement-id": "1"}
    base = {"transaction-type": transaction, "amount-type": kind, "amount-description": what, "amount": value}
    return {**day, **order, **base, **more}


def visits(tmp_path, text: str, **options):
    batch = read(tmp_path, text, **{"preset": "google_analytics", **options})
    return batch, tables_of(batch)["visits"]


def test_ga4_days_sources_and_media_without_comments_and_sums(tmp_path):
    batch, table = visits(tmp_path, GA4)
    assert table["sessions"].sum() == 33 and table["orders"].sum() == 3 and batch.rejected.empty
    assert table["date"].dt.strftime("%Y-%m-%d").tolist() == ["2026-09-01", "2026-09-01", "2026-09-02"]
    assert set(zip(table["source"], table["medium"], table["country"], table["device"], strict=True)) == {
        ("(direct)", "(none)", "FR", "desktop"),
        ("google", "organic", "GB", "mobile"),
        ("news", "a / b", "ZZ", "tablet"),
    }


def test_ga4_is_recognised_by_its_headers(tmp_path):
    (tmp_path / "ga4.csv").write_text(GA4)
    (found,) = propose([tmp_path / "ga4.csv"], firm()).files
    assert found.preset == "google_analytics" and found.usable and found.rows == 3


def test_ga4_tables_that_follow_are_left_out_and_said(tmp_path):
    more = "\n# Date range\nCity,Active users\nFlint Hill,182\n"
    more += "\n# Date range\nDate,Country,Sessions\n20260901,France,7\n"
    batch, table = visits(tmp_path, GA4 + more)
    assert table["sessions"].sum() == 33
    assert Note("files.note.ga4_tables", {"file": "file.csv"}) in batch.notes


def test_ga4_s_table_with_days_is_found_behind_others(tmp_path):
    before = "# Report snapshot\n# Start date: 20260901\nActive users,New users,Event count\n86,87,900\n"
    before += "\n# Date range\n"
    _, table = visits(tmp_path, before + GA4.partition("\n\n")[2])
    assert table["sessions"].sum() == 33


@pytest.mark.parametrize(
    ("header", "days"),
    [("Date + hour (YYYYMMDDHH)", ["2026090107", "2026090223"]), ("Nth day", ["0000", "0001"])],
)
def test_ga4_hours_and_numbered_days_are_days(tmp_path, header, days):
    text = f"# Start date: 20260901\n# End date: 20260902\n{header},Session source / medium,Sessions\n"
    text += "".join(f"{day},google / cpc,{4 + at}\n" for at, day in enumerate(days))
    _, table = visits(tmp_path, text)
    assert table["date"].dt.strftime("%m-%d").tolist() == ["09-01", "09-02"]
    assert table["sessions"].tolist() == [4, 5]


def test_ga4_sessions_are_not_counted_once_for_each_event(tmp_path):
    text = "Date,Event name,Session source / medium,Sessions\n"
    for event, sessions in (("page_view", 9), ("session_start", 10), ("scroll", 4)):
        text += f"20260901,{event},google / cpc,{sessions}\n"
    _, table = visits(tmp_path, text)
    assert table["sessions"].tolist() == [10]


def test_ga4_without_days_says_which_dimension_to_add(tmp_path):
    batch, _ = visits(tmp_path, "# GA4\nSession source / medium,Sessions\ngoogle / organic,9\n")
    assert batch.rejected["reason"].tolist() == ["error.files.ga4_no_days"]


def test_matomo_s_reports_by_day(tmp_path):
    text = (
        "date,label,nb_uniq_visitors,nb_visits\n2026-09-01,Direct Entry,4,5\n2026-09-02,Search Engines,6,7\n"
    )
    batch = read(tmp_path, text.encode("utf-16"), preset="matomo_visits")
    table = tables_of(batch)["visits"]
    assert table["sessions"].tolist() == [5, 7] and table["source"].tolist() == [
        "Direct Entry",
        "Search Engines",
    ]


def test_a_settlement_s_amounts_become_an_order_with_its_line_and_fees_are_no_sale(tmp_path):
    text = settlement(
        amount("ItemPrice", "Principal", 50.0), amount("ItemPrice", "Tax", 10.0),
        amount("ItemPrice", "Shipping", 3.0), amount("ItemPrice", "ShippingTax", 0.6),
        amount("Promotion", "Shipping", -3.6, **{"promotion-id": "free"}),
        amount("ItemFees", "Commission", -9.0), amount("ItemFees", "FBAPerUnitFulfillmentFee", -4.0),
        {"transaction-type": "other-transaction", "amount-type": "Current Reserve Amount", "amount": -5},
    )  # fmt: skip
    batch = read(tmp_path, text, preset="amazon_settlement", name="a.txt")
    tables = tables_of(batch)
    (order,) = tables["orders"].to_dict("records")
    assert order["order_id"] == "206-1" and order["channel"] == "marketplace" and order["status"] == "shipped"
    assert order["total_gross"] == pytest.approx(60.0) and order["goods_net"] == pytest.approx(50.0)
    assert str(order["ordered_at"]) == "2026-03-02 14:23:00+00:00"
    (line,) = tables["order_lines"].to_dict("records")
    assert (line["quantity"], line["product_id"]) == (2, "MUG") and line["vat_rate"] == pytest.approx(0.2)
    assert line["net_amount"] == pytest.approx(50.0) and tables["refunds"].empty
    assert Note("files.note.settlement", {"file": "a.txt", "n": 3}) in batch.notes


def test_a_settlement_s_refund_is_of_its_order_on_its_own_day(tmp_path):
    later = {
        "posted-date-time": "2026-03-20 08:00:00 UTC",
        "adjustment-id": "amzn1:crow:x",
        "quantity-purchased": "",
    }
    text = settlement(
        amount("ItemPrice", "Principal", 50.0), amount("ItemPrice", "Tax", 10.0),
        amount("ItemPrice", "Principal", -50.0, "Refund", **later),
        amount("ItemPrice", "Tax", -10.0, "Refund", **later),
        amount("ItemPrice", "Shipping", -3.0, "Refund", **later),
        amount("ItemPrice", "ShippingTax", -0.6, "Refund", **later),
        amount("ItemFees", "RefundCommission", -1.0, "Refund", **later),
    )  # fmt: skip
    tables = tables_of(read(tmp_path, text, preset="amazon_settlement", name="a.txt"))
    (refund,) = tables["refunds"].to_dict("records")
    assert refund["order_id"] == "206-1" and refund["product_id"] == "MUG" and np.isnan(refund["quantity"])
    assert refund["net_amount"] == pytest.approx(53.0) and refund["vat_amount"] == pytest.approx(10.6)
    assert refund["shipping_net"] == pytest.approx(3.0) and refund["refunded_at"].day == 20
    assert tables["orders"]["total_gross"].tolist() == pytest.approx([60.0])


def test_a_refund_alone_makes_no_order(tmp_path):
    text = settlement(amount("ItemPrice", "Principal", -12.0, "Refund"))
    tables = tables_of(read(tmp_path, text, preset="amazon_settlement", name="a.txt"))
    assert tables["orders"].empty and len(tables["refunds"]) == 1
    # No row of tax: VAT at the standard rate is inside.
    assert tables["refunds"]["net_amount"].tolist() == pytest.approx([10.0])
    assert tables["refunds"]["vat_amount"].tolist() == pytest.approx([2.0])


def test_tax_that_the_marketplace_keeps_is_not_the_seller_s(tmp_path):
    text = settlement(
        amount("ItemPrice", "Principal", 50.0), amount("ItemPrice", "Tax", 10.0),
        amount("ItemWithheldTax", "MarketplaceFacilitatorVAT-Principal", -10.0),
    )  # fmt: skip
    (order,) = tables_of(read(tmp_path, text, preset="amazon_settlement", name="a.txt"))["orders"].to_dict(
        "records"
    )
    assert order["vat_amount"] == pytest.approx(0.0) and order["total_gross"] == pytest.approx(50.0)


def test_a_settlement_with_decimal_commas_and_another_currency(tmp_path):
    rows = [amount("ItemPrice", "Principal", "1200,50"), amount("ItemPrice", "Tax", "240,10")]
    text = settlement(*rows, currency="EUR")
    batch = read(tmp_path, text, preset="amazon_settlement", name="a.txt")
    assert batch.rejected["reason"].tolist() == ["reason.files.no_fx_rate"]
    batch = read(tmp_path, text, preset="amazon_settlement", name="a.txt", fx={"EUR": 0.85})
    (order,) = tables_of(batch)["orders"].to_dict("records")
    assert order["total_gross"] == pytest.approx(1440.60) and order["fx_rate"] == 0.85


@pytest.mark.parametrize("transaction", ["Order", "Refund"])
def test_an_amount_without_a_day_is_refused(tmp_path, transaction):
    row = amount("ItemPrice", "Principal", 5.0, transaction, **{"posted-date": "", "posted-date-time": ""})
    batch = read(tmp_path, settlement(row), preset="amazon_settlement", name="a.txt")
    assert batch.rejected["reason"].tolist() == ["reason.files.missing"] and not batch.tables


def test_an_amount_that_is_none_is_refused_at_its_row(tmp_path):
    text = settlement(
        amount("ItemPrice", "Principal", "much"), amount("ItemPrice", "Principal", 5, **{"order-id": "2"})
    )
    batch = read(tmp_path, text, preset="amazon_settlement", name="a.txt")
    assert batch.rejected["row"].tolist() == [3] and len(batch.tables["orders"]) == 1


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.integers(0, 2), st.sampled_from(["Order", "Refund"]),
            st.sampled_from(AMOUNTS),
            st.integers(1, 10_000),
        ),
        max_size=25,
    )
)  # fmt: skip
def test_what_buyers_paid_and_got_back_adds_up_whatever_rows_there_are(tmp_path_factory, drawn):
    rows, paid, back = [], defaultdict(int), 0
    for order in range(4):  # every order sells something: a promotion alone would be no order
        rows.append(
            amount(
                "ItemPrice", "Principal", 5000, **{"order-id": f"O{order}", "order-item-code": f"{order}0"}
            )
        )
        paid[f"O{order}"] += 500_000
    for order, item, transaction, (kind, what), pence in drawn:
        sign = (-1 if kind != "ItemPrice" else 1) * (-1 if transaction == "Refund" else 1)
        place = {"order-id": f"O{order}", "order-item-code": f"{order}{item}", "sku": f"S{item}"}
        rows.append(amount(kind, what, sign * pence / 100, transaction, **place))
        if kind != "ItemFees" and transaction == "Order":
            paid[f"O{order}"] += sign * pence
        elif kind != "ItemFees":
            back -= sign * pence
    batch = read(tmp_path_factory.mktemp("s"), settlement(*rows), preset="amazon_settlement", name="a.txt")
    tables = tables_of(batch)
    orders = tables["orders"].set_index("order_id")["total_gross"]
    assert {name: round(value * 100) for name, value in orders.items()} == dict(paid)
    assert np.abs(off(tables["orders"])).max() < 0.011
    refunds = tables["refunds"]
    assert round((refunds["net_amount"] + refunds["vat_amount"]).sum() * 100) == back


def test_a_list_of_visits_of_one_s_own_is_no_export_of_google_s(tmp_path):
    path = tmp_path / "visits.csv"
    path.write_text(
        "Date,Source,Medium,Country,Device,Sessions,Orders\n2026-02-03,google,cpc,GB,mobile,40,2\n", "utf-8"
    )
    (found,) = propose([path]).files
    assert found.preset in (None, "generic_visits")
    shown = found.preview["visits"][["source", "medium", "orders"]].to_numpy().tolist()
    assert shown == [["google", "cpc", 2.0]]

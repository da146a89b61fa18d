"""No name, address or number of a person leaves the connector; and no file, however mangled, breaks it."""

from __future__ import annotations

import json

import pytest
from files_help import csv_text, fetch, firm, read, tables_of
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_files_presets import (
    AMAZON,
    EBAY,
    ETSY_ITEMS,
    ETSY_ORDERS,
    PRESTA_17_FR,
    PRESTA_SQL,
    SHOPIFY,
    WOO_EXPORT,
    WOO_REPORT,
    XERO,
)

from echannel.connectors.base import Batch
from echannel.connectors.files import PRESETS, propose
from echannel.errors import UserError
from echannel.tables import STATUSES

CANARY = "Canaryname"
MAIL = "canary.person@example.com"
LAYOUTS = {
    "shopify_orders": SHOPIFY,
    "woocommerce_orders": WOO_REPORT,
    "woocommerce_export": [*WOO_EXPORT, "billing_company", "billing_address_1", "billing_phone"],
    "prestashop_orders": PRESTA_17_FR,
    "prestashop_sql": [*PRESTA_SQL, "N° TVA", "Adresse"],
    "amazon_all_orders": AMAZON,
    "ebay_orders": EBAY,
    "etsy_order_items": ETSY_ITEMS,
    "etsy_orders": ETSY_ORDERS,
    "xero_invoices": XERO,
    "generic_orders": [
        "Order no",
        "Date",
        "Customer name",
        "Email",
        "Company",
        "Phone",
        "Address",
        "Total",
        "Status",
    ],
}
_PERSONAL = (
    "mail",
    "name",
    "company",
    "street",
    "address",
    "phone",
    "client",
    "customer",
    "buyer",
    "société",
)
_NOT_PERSONAL = {
    "Lineitem name",
    "Item Name",
    "product-name",
    "Tax 1 Name",
    "Tax 2 Name",
    "New client",
    "Nouveau client",
}


def rows_with_canaries(preset: str, headers: list[str]) -> list[dict]:
    """A good row and a bad one: canaries in every column that is personal, plain values in the others."""
    mapped = {header: field for field, names in PRESETS[preset].mapping.items() for header in names}
    row = {}
    for header in headers:
        field = mapped.get(header) or mapped.get(header.lstrip("*"), "")
        personal = any(word in header.lower() for word in _PERSONAL) and header not in _NOT_PERSONAL
        if (personal and not field) or field in ("customer", "company", "vat_number"):
            row[header] = MAIL if "mail" in header.lower() else f"{CANARY} {header}"
        elif field.endswith("_at") or "date" in header.lower():
            row[header] = "2026-07-13"
        elif field in ("status", "fulfilment") or header == "Status":
            row[header] = "paid"
        elif field == "currency":
            row[header] = "GBP"
        elif field in ("country", "order_id", "product_id", "product_name", "channel", "payment_method"):
            row[header] = "x1"
        elif field or header in ("Total", "Order no"):
            row[header] = "1"

    def holding(field: str, plain: str) -> list[str]:
        return [
            name
            for name in headers
            if mapped.get(name.lstrip("*"), mapped.get(name)) == field or name == plain
        ]

    dates, numbers = holding("ordered_at", "Date"), holding("order_id", "Order no")
    shifted = {**row, **dict.fromkeys(dates, f"{CANARY} Jones"), **dict.fromkeys(numbers, "x2")}
    mail = {**row, **dict.fromkeys(dates, MAIL), **dict.fromkeys(numbers, "x3")}
    return [row, shifted, mail]


def all_text(batch: Batch) -> str:
    tables = [frame.to_csv() for frame in batch.tables.values()]
    notes = [json.dumps(note.values, default=str) for note in batch.notes]
    return "\n".join([*tables, batch.rejected.to_csv(), *notes, str(batch.cursor)])


@pytest.mark.parametrize("preset", LAYOUTS)
def test_no_personal_value_reaches_any_output(tmp_path, preset):
    text = csv_text(LAYOUTS[preset], rows_with_canaries(preset, LAYOUTS[preset]))
    batch = read(tmp_path, text, preset=preset)
    assert CANARY in text
    assert len(batch.rejected) == 2, batch.rejected
    assert len(batch.tables["orders"]) == 1
    assert CANARY not in all_text(batch)
    assert "canary" not in all_text(batch).lower()


def test_no_personal_value_reaches_a_proposal(tmp_path):
    headers = LAYOUTS["generic_orders"]
    path = tmp_path / "orders.csv"
    path.write_text(csv_text(headers, rows_with_canaries("generic_orders", headers)), encoding="utf-8")
    (found,) = propose([path]).files
    shown = "\n".join(frame.to_csv() for frame in (*found.preview.values(), found.rejected))
    assert found.preview["orders"]["customer_id"].notna().all()
    assert "canary" not in (shown + str(found.notes) + str(found.questions)).lower()


GOOD = csv_text(
    [
        "Order number",
        "Order date",
        "Customer email",
        "SKU",
        "Quantity",
        "Price incl VAT",
        "Status",
        "Country",
    ],
    [
        [
            str(n // 2),
            f"{n % 28 + 1:02d}/07/2026",
            f"c{n}@example.com",
            f"P{n % 5}",
            str(n % 4),
            "12,50",
            "Paid",
            "France",
        ]
        for n in range(30)
    ],
    ";",
).encode("cp1252")


FEW = settings(max_examples=15)
PRESET = st.sampled_from(["generic_orders", "shopify_orders", "generic_visits"])


def survives(folder, content: bytes, name: str, preset: str = "generic_orders") -> None:
    """Whatever comes, it is read, refused with a reason, or said to be no table; nothing is lost."""
    (folder / name).write_bytes(content)
    (batch,) = fetch(folder, firm("FR"), preset=preset)
    assert batch.rejected["reason"].str.match(r"(reason|error)\.files\.[\w.]+$").all()
    assert 0 <= len(batch.rejected) <= batch.read
    tables = tables_of(batch)
    assert tables["orders"]["status"].isin(STATUSES).all()
    if preset != "generic_visits":
        kept = len(tables["order_lines"]) + len(tables["refunds"]) + len(tables["orders"])
        assert (batch.read == len(batch.rejected)) == (kept == 0)
    (found,) = propose([folder / name]).files
    assert found.error is None or isinstance(found.error, UserError)


@FEW
@given(content=st.binary(max_size=400), name=st.sampled_from(["a.csv", "a.xlsx"]), preset=PRESET)
@example(content=b'a;b\n"1;2\n3;4\n', name="a.csv", preset="generic_orders")
@example(content=b";;;\n;;;\n", name="a.csv", preset="generic_orders")
@example(content=b"1\n2\n3\n", name="a.csv", preset="generic_orders")
@example(content="Date;Total\n٣;١\n".encode(), name="a.csv", preset="generic_orders")
def test_random_bytes_never_break_it(tmp_path_factory, content, name, preset):
    survives(tmp_path_factory.mktemp("fuzz"), content, name, preset)


edits = st.lists(
    st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 12), st.binary(max_size=6)),
    min_size=1,
    max_size=6,
)


@FEW
@given(edits)
def test_mangled_files_never_break_it(tmp_path_factory, edits):
    content = GOOD
    for at, removed, put in edits:
        content = content[:at] + put + content[at + removed :]
    survives(tmp_path_factory.mktemp("fuzz"), content, "orders.csv")


cells = st.sampled_from(
    [
        "",
        "0",
        "-1",
        "1e308",
        "9" * 40,
        "NaN",
        "=1+1",
        "01/01/0001",
        "9999-12-31",
        "é",
        "\x00",
        '"',
        "@",
        "-",
        "1.234",
        "1,234",
    ]
)


@FEW
@given(st.lists(st.lists(cells, min_size=8, max_size=8), min_size=1, max_size=12))
def test_strange_cells_never_break_it(tmp_path_factory, rows):
    headers = [
        "Order number",
        "Order date",
        "Customer",
        "SKU",
        "Quantity",
        "Price incl VAT",
        "Order total",
        "VAT",
    ]
    survives(tmp_path_factory.mktemp("fuzz"), csv_text(headers, rows).encode(), "orders.csv")

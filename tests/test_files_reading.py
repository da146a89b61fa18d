"""Files as programs write them: encodings, separators, preambles, footers, workbooks, and no files at all."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import numpy as np
import pandas as pd
import pytest
from files_help import csv_text, fetch, read

from echannel.connectors.files.reading import Reading, read_file
from echannel.errors import UserError

HEADERS = ["N° commande", "Date", "Désignation", "Quantité", "Prix unitaire", "Total"]
ROWS = [
    ["A1", "29/11/2026", "Thé d’été « Brume »", "2", "12,50", "25,00"],
    ["A2", "30/11/2026", "Café; moulu, 250 g", "1", "1 204,00", "1 204,00"],
    ["A3", "01/12/2026", "Boîte\nà œufs | tab\there", "3", "0,99", "2,97"],
]
ENCODINGS = ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "mac_roman"]


def lines_of(path, **how):
    raw = read_file(path, Reading(**how))
    return raw, [raw.column(header).tolist() for header in raw.headers]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_every_encoding_with_every_separator(tmp_path, encoding, separator):
    path = tmp_path / "export.csv"
    path.write_bytes(csv_text(HEADERS, ROWS, separator).encode(encoding))
    raw, columns = lines_of(path)
    assert list(raw.headers) == HEADERS
    assert raw.separator == separator
    assert [list(row) for row in zip(*columns, strict=True)] == ROWS
    assert raw.numbers.tolist() == [2, 3, 4]


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp850"])
def test_a_sign_that_is_rare_does_not_turn_accents_into_capitals(tmp_path, encoding):
    path = tmp_path / "produits.csv"
    said = "Ø 10 mm, 5 °C" if encoding == "cp1252" else "à part, déjà prête"
    rows = [["Harnais", "Sécurité"], ["Gréement", said], ["Pièces", "À bord"]]
    path.write_bytes(csv_text(["Désignation", "Famille"], rows, ";").encode(encoding))
    raw, columns = lines_of(path)
    assert raw.encoding == encoding
    assert [list(row) for row in zip(*columns, strict=True)] == rows


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_ending(tmp_path, ending):
    path = tmp_path / "export.csv"
    path.write_bytes(ending.join(["a;b;c", "1;2;3", "", "4;5;6", ""]).encode())
    raw, columns = lines_of(path)
    assert columns == [["1", "4"], ["2", "5"], ["3", "6"]]
    assert raw.numbers.tolist() == [2, 4]  # an empty line is a row in a spreadsheet too


def test_a_damaged_byte_does_not_turn_utf8_into_another_encoding(tmp_path):
    path = tmp_path / "export.csv"
    text = csv_text(HEADERS, [["A", "29/11/2026", "Thé d’été à l’œuf", "1", "1,00", "1,00"]] * 5, ";")
    path.write_bytes(text.encode() + b"B;29/11/2026;caf\xe9;1;1,00;1,00\n")
    raw, _ = lines_of(path)
    assert raw.encoding == "utf-8"
    assert raw.column("Désignation").tolist()[0] == "Thé d’été à l’œuf"


def test_a_preamble_is_skipped_and_rows_keep_their_numbers(tmp_path):
    path = tmp_path / "report.csv"
    preamble = [
        '"Includes Amazon Marketplace, Fulfilment by Amazon"',
        '"All amounts in GBP"',
        "",
        '"Definitions:"',
    ]
    path.write_text("\n".join(preamble) + "\n" + csv_text(HEADERS, ROWS), encoding="utf-8")
    raw, _ = lines_of(path)
    assert raw.header_row == 5
    assert raw.numbers.tolist() == [6, 7, 8]


def test_footers_belong_to_the_export(tmp_path):
    path = tmp_path / "report.csv"
    path.write_text(
        csv_text(HEADERS, ROWS) + "\n3 record(s) downloaded\n\nSeller ID : some_shop\n", encoding="utf-8"
    )
    raw, _ = lines_of(path)
    assert raw.left_out == 2
    assert len(raw.rows) == 3


def test_a_trailing_separator_is_no_column(tmp_path):
    path = tmp_path / "prestashop.csv"
    path.write_text(
        '"id";"Reference";"Total";\n"1";"ABC";"25,90 €";\n"2";"DEF";"10,00 €";\n', encoding="utf-8"
    )
    raw, columns = lines_of(path)
    assert raw.headers == ("id", "Reference", "Total")
    assert columns[2] == ["25,90 €", "10,00 €"]


def test_columns_parted_by_runs_of_blanks_have_no_header(tmp_path):
    path = tmp_path / "sample.txt"
    path.write_bytes(b" 00004 0001 19970101  2   29.33\r\n 00004 0001 19970118  2   29.73\r\n")
    raw, columns = lines_of(path)
    assert (raw.separator, raw.header_row) == ("blanks", 0)
    assert raw.headers == ("1", "2", "3", "4", "5")
    assert columns[4] == ["29.33", "29.73"]
    assert raw.numbers.tolist() == [1, 2]


def workbook(sheets: dict[str, pd.DataFrame], engine: str) -> bytes:
    stream = io.BytesIO()
    with pd.ExcelWriter(stream, engine=engine) as writer:
        for name, frame in sheets.items():
            frame.to_excel(writer, sheet_name=name, index=False)
    return stream.getvalue()


SOLD = pd.DataFrame(
    {
        "Order": ["A1", "A2"],
        "Date": [dt.datetime(2026, 4, 3, 10, 30), dt.datetime(2026, 4, 4)],
        "Price": [1.234, 12.0],
        "Postcode": [1234567890123, 5],
        "Gift": [True, False],
        "Note": ["été", None],
    }
)


@pytest.mark.parametrize("engine", ["xlsxwriter", "openpyxl", "odf"])
def test_workbooks_keep_dates_and_numbers_beyond_doubt(tmp_path, engine):
    path = tmp_path / "orders.xlsx"
    path.write_bytes(workbook({"Help": pd.DataFrame({"Read": ["me"]}), "Orders": SOLD}, engine))
    raw, columns = lines_of(path)
    assert raw.headers == tuple(SOLD.columns)
    assert columns[1][0] == "2026-04-03 10:30:00"
    assert columns[2] == ["1.2340", "12"]  # 1.234 could be read as one thousand
    assert columns[3] == ["1234567890123", "5"]
    assert columns[4] == ["true", "false"]
    assert columns[5] == ["été", ""]
    with pytest.raises(UserError, match=r"error\.files\.sheet"):
        read_file(path, Reading(sheet="Sales"))
    assert read_file(path, Reading(sheet=1)).headers == ("Read",)


def test_parquet_is_read_like_a_workbook(tmp_path):
    path = tmp_path / "orders.parquet"
    SOLD.assign(Count=pd.array([None, 3], dtype="Int32")).to_parquet(path)
    _, columns = lines_of(path)
    assert columns[2] == ["1.2340", "12"]
    assert columns[6] == ["", "3"]
    assert columns[1][0].startswith("2026-04-03 10:30:00")


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("orders.csv", "a,b\n1,2\n")
    return stream.getvalue()


NO_TABLES = {
    "empty": (b"", "error.files.empty"),
    "blank": (b"\xef\xbb\xbf \r\n\r\n", "error.files.empty"),
    "headers only": (b"Order;Date;Total\n", "error.files.no_rows"),
    "an archive": (zipped(), "error.files.workbook"),
    "an old workbook, cut": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "error.files.workbook"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, "error.files.not_a_table"),
    "parquet, cut": (b"PAR1" + bytes(90), "error.files.not_a_table"),
    "a web page": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "error.files.web_page"),
    "an endless cell": (b'a,b\n"' + b"x" * 200_000 + b'",1\n', "error.files.broken_row"),
}


@pytest.mark.parametrize(("content", "key"), NO_TABLES.values(), ids=NO_TABLES)
def test_what_is_no_table_is_one_refused_entry_and_the_others_are_read(tmp_path, content, key):
    (tmp_path / "a_bad.csv").write_bytes(content)
    (tmp_path / "b_good.csv").write_text("Order number,Order date,Order total\n1,2026-01-02,12.00\n")
    bad, good = fetch(tmp_path, preset="generic_orders")
    assert bad.read == len(bad.rejected) == 1
    entry = bad.rejected.iloc[0]
    assert (entry["file"], entry["reason"]) == ("a_bad.csv", key)
    assert len(good.tables["orders"]) == 1


def test_rows_that_a_stray_separator_has_shifted_are_refused_without_their_content(tmp_path):
    text = "Order number,Order date,Order total\n1,2026-01-02,12.00\n2,2026-01-02,Jane Doe,12.00\n"
    batch = read(tmp_path, text, preset="generic_orders")
    (refused,) = batch.rejected.to_dict("records")
    assert (refused["row"], refused["reason"]) == (3, "reason.files.too_many_cells")
    assert "Jane" not in str(refused)
    assert batch.tables["orders"]["order_id"].tolist() == ["1"]


def test_a_quotation_mark_without_its_partner_swallows_no_rows(tmp_path):
    rows = [f"{n};2026-01-{n:02d};Pot;1;12.00" for n in range(1, 10)]
    rows[2] = '3;2026-01-03;"Deluxe pot;1;12.00'
    rows[6] = '7;2026-01-07;"Super" pot;1;12.00'
    text = "Order number;Order date;Item name;Quantity;Price incl VAT\n" + "\n".join(rows) + "\n"
    batch = read(tmp_path, text, preset="generic_orders")
    assert batch.read == 9
    assert batch.tables["orders"]["order_id"].tolist() == [str(n) for n in range(1, 10)]
    assert batch.tables["orders"]["total_gross"].tolist() == [12] * 9


def test_options_of_the_profile_go_before_what_is_found_out(tmp_path):
    text = "shop export\nOrder number;Order date;Order total\n1;03/04/2026;1,234\n"
    how = {"encoding": "utf-16", "separator": ";", "decimal": ",", "date_order": "mdy", "header_row": 2}
    batch = read(tmp_path, text.encode("utf-16"), preset="generic_orders", **how)
    order = batch.tables["orders"].iloc[0]
    assert order["total_gross"] == pytest.approx(1.234)
    assert order["ordered_at"] == pd.Timestamp("2026-03-04", tz="UTC")


def test_a_file_that_was_read_is_skipped_until_it_or_its_options_change(tmp_path):
    text = "Order number,Order date,Order total\n1,2026-01-02,12.00\n"
    (first,) = [read(tmp_path, text, preset="generic_orders")]
    assert fetch(tmp_path, cursor=first.cursor, preset="generic_orders") == []
    assert len(fetch(tmp_path, cursor=first.cursor, preset="generic_orders", amounts="net")) == 1
    (tmp_path / "file.csv").write_text(text + "2,2026-01-03,5.00\n")
    (again,) = fetch(tmp_path, cursor=first.cursor, preset="generic_orders")
    assert again.read == 2


def test_files_of_the_same_name_in_two_folders_are_two(tmp_path):
    for folder in ("2025", "2026"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "orders.csv").write_text(
            f"Order number,Order date,Order total\n{folder},2026-01-02,12\n"
        )
    batches = fetch(tmp_path, match="*/orders.csv", preset="generic_orders")
    assert [batch.tables["orders"]["order_id"].tolist() for batch in batches] == [["2025"], ["2026"]]
    assert fetch(tmp_path, cursor=batches[-1].cursor, match="*/orders.csv", preset="generic_orders") == []


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UserError, match=r"error\.files\.no_folder"):
        fetch(tmp_path / "none")


def test_large_files_are_read_by_columns(tmp_path):
    rng = np.random.default_rng(1)
    n = 40_000
    days, months = rng.integers(1, 29, n), rng.integers(1, 13, n)
    frame = pd.DataFrame(
        {
            "Order number": np.arange(n) // 2,
            "Order date": [f"{day:02d}/{month:02d}/2026" for day, month in zip(days, months, strict=True)],
            "SKU": rng.integers(0, 500, n),
            "Quantity": rng.integers(1, 5, n),
            "Price incl VAT": rng.integers(100, 9999, n) / 100,
        }
    )
    batch = read(tmp_path, frame.to_csv(index=False), preset="generic_orders")
    assert batch.read == n
    assert batch.tables["orders"]["total_gross"].sum() == pytest.approx(
        (frame["Quantity"] * frame["Price incl VAT"]).sum()
    )

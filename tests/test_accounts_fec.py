"""The French FEC: both ways of writing amounts, any encoding, entries balance or are named, no person."""

from __future__ import annotations

import json

import pytest
from books_help import (
    FEC_HEADERS,
    Entry,
    amount,
    by_account,
    cents,
    connect,
    fec,
    ledger,
    notes,
    read_books,
    sale,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.errors import UserError

NAME = "123456789FEC20241231.txt"


def many(n: int) -> list[Entry]:
    """Sales on successive days of January and March, each of other amounts."""
    return [
        sale(
            at + 1,
            f"2024{1 + 2 * (at % 2):02d}{1 + at % 28:02d}",
            1000 + 37 * at,
            200 + 7 * at,
            f"C{at % 7:03d}",
        )
        for at in range(n)
    ]


def oracle(entries: list[Entry]) -> dict[str, int]:
    """Balance of each general account in cents, from what was written; customers together."""
    found: dict[str, int] = {}
    for entry in entries:
        for account, _, _, value in entry.lines:
            found[account[:3]] = found.get(account[:3], 0) + value
    return {account: value for account, value in found.items() if value}


@pytest.mark.parametrize("encoding", ["iso8859-15", "utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", ["|", "\t"])
def test_sums_are_those_that_were_written_whatever_encoding_and_separator(tmp_path, encoding, separator):
    entries = many(40)
    content = fec(entries, separator).encode(encoding)
    lines = ledger(read_books(tmp_path, {NAME: content}, "FR"))
    assert len(lines) == 120 and lines["entry_id"].is_unique
    assert cents(lines["debit"]).sum() == cents(lines["credit"]).sum()
    assert by_account(lines.assign(account=lines["account"].astype(str).str[:3])) == oracle(entries)
    assert (lines.loc[lines["account"] == "445710", "label"] == "TVA collectée").all()


def test_both_variants_say_the_same(tmp_path):
    entries = many(12)
    one, two = tmp_path / "a", tmp_path / "b"
    one.mkdir()
    two.mkdir()
    by_columns = ledger(read_books(one, {NAME: fec(entries)}, "FR"))
    by_side = ledger(read_books(two, {NAME: fec(entries, by_side=True)}, "FR"))
    assert by_columns.equals(by_side)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=5), min_size=1, max_size=6))
def test_every_entry_and_journal_that_balances_does_so_in_the_ledger(tmp_path_factory, drawn):
    entries = [
        Entry(
            "OD", str(at), "20240110", tuple((f"6{n}1000", "x", "", value) for n, value in enumerate(values))
        )
        for at, values in enumerate(drawn)
    ]
    closed = [
        Entry(
            one.journal,
            one.number,
            one.day,
            (*one.lines, ("512000", "b", "", -sum(line[3] for line in one.lines))),
        )
        for one in entries
    ]
    batches = read_books(tmp_path_factory.mktemp("fec"), {NAME: fec(closed)}, "FR")
    lines = ledger(batches)
    gap = (lines["debit"] - lines["credit"]).groupby(lines["entry_group"], observed=True).sum()
    assert len(gap) == len(closed) and (gap.abs() < 0.005).all()
    assert "accounts.note.unbalanced" not in notes(batches)
    # The same entries left open: exactly those with something missing are named.
    open_ = read_books(tmp_path_factory.mktemp("fec"), {NAME: fec(entries)}, "FR")
    off = [sum(values) for values in drawn if sum(values)]
    said = notes(open_).get("accounts.note.unbalanced", {"n": 0, "gap": 0.0})
    assert said["n"] == len(off) and said["gap"] == pytest.approx(sum(map(abs, off)) / 100, abs=0.005)
    assert len(ledger(open_)) == sum(map(len, drawn))


def test_an_unbalanced_entry_is_kept_and_named_with_its_lines(tmp_path):
    odd = Entry("BQ", "17", "20240215", (("512000", "Banque", "", 5000), ("627000", "Frais", "", -4990)))
    batches = read_books(tmp_path, {NAME: fec([sale(1, "20240110", 1000, 200), odd])}, "FR")
    said = notes(batches)["accounts.note.unbalanced"]
    assert said == {"n": 1, "file": NAME, "entries": "BQ 17 (5–6)", "gap": 0.1}
    assert notes(batches)["accounts.note.journals"]["journals"] == "BQ (+0.10)"
    assert len(ledger(batches)) == 5


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("EcritureDate", "20240231", "reason.files.not_a_date"),
        ("EcritureDate", "", "reason.files.missing"),
        ("Debit", "12,x0", "reason.files.not_a_number"),
        ("CompteNum", "", "reason.files.missing"),
        ("EcritureLib", "one|two|three|four", "reason.files.too_many_cells"),
    ],
)
def test_a_broken_line_is_refused_by_file_row_and_field(tmp_path, column, text, reason):
    rows = fec(many(3)).split("\r\n")
    cells = rows[4].split("|")
    cells[FEC_HEADERS.index(column)] = text
    rows[4] = "|".join(cells)
    (batch,) = read_books(tmp_path, {NAME: "\r\n".join(rows)}, "FR")
    (refused,) = batch.rejected.to_dict("records")
    assert (refused["file"], refused["row"], refused["reason"]) == (NAME, 5, reason)
    assert refused["field"] == ("" if reason.endswith("cells") else column)
    assert "Canary" not in json.dumps(refused)
    assert len(batch.tables["ledger"]) == 8
    assert notes([batch])["accounts.note.unbalanced"]["n"] == 1


def test_a_side_that_is_neither_debit_nor_credit_is_refused(tmp_path):
    content = fec(many(1), by_side=True).replace("|D|", "|X|")
    (batch,) = read_books(tmp_path, {NAME: content}, "FR")
    assert batch.rejected["field"].tolist() == ["Sens"] and batch.rejected["value"].tolist() == ["X"]


def test_quotation_marks_are_plain_marks(tmp_path):
    content = fec(many(3)).replace("Ventes de marchandises", 'Ventes "Le Bon')
    batches = read_books(tmp_path, {NAME: content}, "FR")
    assert len(ledger(batches)) == 9 and len(batches[0].rejected) == 0


def test_no_name_of_a_customer_supplier_or_employee_is_kept(tmp_path):
    entry = Entry(
        "OD", "1", "20240105",
        (
            ("411000", "Clients Canary", "CANARY01", 100),
            ("411CANARY", "Canary Jeanne", "", 200),
            ("40100042", "Canary Menuiserie", "", 300),
            ("421CANA", "Canary Paul", "", 400),
            ("455100", "Compte courant Canary", "", 500),
            ("108000", "Compte de l'exploitant Canary", "", 600),
            ("411000", "Clients", "", 700),
            ("706000", "Prestations", "", -2800),
        ),
    )  # fmt: skip
    batches = read_books(tmp_path, {NAME: fec([entry])}, "FR")
    lines = ledger(batches)
    kept = lines.to_csv() + json.dumps([batch.cursor for batch in batches]) + str(batches[0].notes)
    assert "canary" not in kept.lower()
    accounts = lines["account"].astype(str).tolist()
    assert [account.partition(":")[0] for account in accounts] == [
        "411", "411", "401", "421", "455100", "108000", "411000", "706000",
    ]  # fmt: skip
    assert accounts[0] != accounts[1] and lines["label"].notna().tolist() == [False] * 7 + [True]
    assert lines["account_class"].astype(str).tolist() == ["4"] * 5 + ["1", "4", "7"]


def test_a_later_export_of_the_same_year_replaces_its_entries(tmp_path):
    first = ledger(read_books(tmp_path, {"a.txt": fec(many(4))}, "FR"))
    again = ledger(read_books(tmp_path, {"a.txt": fec(many(6))}, "FR"))
    assert set(first["entry_id"]) < set(again["entry_id"])
    assert again["entry_group"].nunique() == 6


def test_only_what_is_new_is_read(tmp_path):
    (tmp_path / NAME).write_text(fec(many(3)))
    source = connect(tmp_path, "FR")
    (batch,) = source.fetch({})
    assert list(source.fetch(batch.cursor)) == []
    (tmp_path / NAME).write_text(fec(many(4)))
    (changed,) = source.fetch(batch.cursor)
    assert changed.read == 12
    (tmp_path / NAME).unlink()
    (gone,) = source.fetch(changed.cursor)
    assert gone.gone == (NAME,)


def test_balances_brought_forward_are_told_from_the_year_s_entries(tmp_path):
    opening = Entry("AN", "1", "20240101", (("512000", "Banque", "", 9000), ("101000", "Capital", "", -9000)))
    content = fec([opening]).replace("|Ventes|", "|A nouveaux|")
    lines = ledger(read_books(tmp_path, {NAME: content}, "FR"))
    assert (lines["journal"] == "opening").all()


def test_entries_without_numbers_go_by_their_document(tmp_path):
    rows = fec(many(2)).split("\r\n")
    rows = [rows[0], *(row.replace(f"|{row.split('|')[2]}|", "||", 1) for row in rows[1:-1])]
    batches = read_books(tmp_path, {NAME: "\r\n".join(rows)}, "FR")
    assert ledger(batches)["entry_group"].nunique() == 2
    assert "accounts.note.unbalanced" not in notes(batches)


def test_a_file_that_is_no_export_of_books_is_named_and_the_others_are_read(tmp_path):
    files = {NAME: fec(many(1)), "orders.csv": "Order,Total\n1,2\n2,3\n", "empty.csv": ""}
    batches = read_books(tmp_path, files, "FR")
    reasons = {
        batch.rejected["file"].iloc[0]: batch.rejected["reason"].iloc[0]
        for batch in batches
        if len(batch.rejected)
    }
    assert reasons == {"orders.csv": "error.accounts.unknown_layout", "empty.csv": "error.files.empty"}
    assert len(ledger(batches)) == 3
    found = {finding.said.values["file"]: finding.state for finding in connect(tmp_path, "FR").check()}
    assert found == {NAME: "works", "orders.csv": "lacks", "empty.csv": "lacks"}


def test_a_folder_that_is_not_there_blocks(tmp_path):
    source = connect(tmp_path / "none", "FR")
    assert [finding.state for finding in source.check()] == ["blocks"]
    with pytest.raises(UserError, match="no_folder"):
        list(source.fetch({}))


def test_amounts_are_written_as_the_law_says():
    assert amount(123456) == "1234,56"

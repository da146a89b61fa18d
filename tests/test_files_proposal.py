"""What the wizard is told about files it has never seen."""

from __future__ import annotations

import pandas as pd
import pytest
import yaml
from files_help import csv_text, fetch, firm

from echannel.connectors.files import FIELDS, Hints, in_words, propose
from echannel.connectors.files.options import read_options
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker

FRENCH = [
    *("N° commande", "Date de commande", "Client", "E-mail", "Pays", "Réf. article", "Désignation", "Qté"),
    *("Prix unitaire", "Statut"),
]
ROWS = [
    ["100", "03/04/2026", "Le Gall", "", "France", "T1", "Thé", "2", "12,50", "Livrée"],
    [
        "101",
        "04/05/2026",
        "",
        "b@example.com",
        "Angleterre",
        "T2",
        "Café",
        "1",
        "1,250",
        "À retirer en boutique",
    ],
]


def question(found, option):
    return next((asked for asked in found.questions if asked.option == option), None)


@pytest.fixture
def found(tmp_path):
    (tmp_path / "commandes-2026-04.csv").write_bytes(csv_text(FRENCH, ROWS, ";").encode("cp1252"))
    return propose([tmp_path / "commandes-2026-04.csv"], Hints("FR", "EUR", "Europe/Paris")).files[0]


def test_a_french_file_is_understood_with_reasons(found):
    assert (found.table, found.preset, found.error) == ("orders", None, None)
    assert (found.encoding, found.separator, found.decimal, found.date_order) == ("cp1252", ";", ",", "dmy")
    headers = {match.field: match.headers for match in found.fields}
    assert headers["order_id"] == ("N° commande",)
    assert headers["customer"] == ("E-mail", "Client")  # a name where there is no e-mail
    assert headers["unit_price"] == ("Prix unitaire",)
    assert found.options["match"] == "commandes-*-*.csv"
    assert found.score > 0.9
    assert (found.rows, found.refused) == (2, 1)
    assert len(found.preview["orders"]) == 1


def test_what_only_the_user_knows_is_asked(found):
    assert question(found, "amounts").choices == ("gross", "net")
    assert question(found, "date_order").default == "dmy"
    status = question(found, "statuses.À retirer en boutique")
    assert "paid" in status.choices
    assert question(found, "constants.currency").default == "EUR"
    assert "0.2" in question(found, "constants.vat_rate").choices


def test_answers_change_the_proposal(tmp_path, found):
    answers = {
        "amounts": "net",
        "date_order": "mdy",
        "statuses": {"À retirer en boutique": "paid"},
        "constants": {"vat_rate": 0.055},
        "mapping": {"customer": "Client"},
    }
    again = propose([found.path], Hints("FR", "EUR", "Europe/Paris"), {found.path.name: answers}).files[0]
    assert again.refused == 0
    assert again.preview["orders"]["goods_net"].tolist() == pytest.approx([25.0, 1.25])
    assert again.preview["orders"]["ordered_at"].iloc[0] == pd.Timestamp("2026-03-03 23:00", tz="UTC")
    assert again.options["amounts"] == "net"
    assert not {"amounts", "date_order", "constants.vat_rate"} & {asked.option for asked in again.questions}


def test_the_options_survive_yaml_and_read_the_same(tmp_path, found):
    options = yaml.safe_load(yaml.safe_dump(propose([found.path], firm("FR")).options(".")))
    assert read_options(options).files[0].layout().rows == "lines"
    entry = options["files"][0]
    (batch,) = fetch(tmp_path, firm("FR"), **entry)
    pd.testing.assert_series_equal(batch.tables["orders"]["goods_net"], found.preview["orders"]["goods_net"])


def test_a_file_without_headers_is_mapped_by_its_content(tmp_path):
    rows = [
        f" {n % 40:05d} {n:04d} 1997{n % 12 + 1:02d}{n % 28 + 1:02d} {n % 5 + 1:2d} {n * 0.37 + 5:7.2f}"
        for n in range(1, 200)
    ]
    (tmp_path / "sales.txt").write_text("\r\n".join(rows), encoding="ascii")
    (known,) = propose([tmp_path / "sales.txt"]).files
    headers = {match.field: match.headers[0] for match in known.fields}
    assert headers == {"ordered_at": "3", "total": "5", "quantity": "4", "customer": "1", "order_id": "2"}
    assert (known.rows, known.refused) == (199, 0)
    assert known.score < 0.9


def test_a_missing_column_is_asked_for_among_the_headers(tmp_path):
    (tmp_path / "x.csv").write_text("Foo,Bar,Quantity\n1,2026-01-02,3\n", encoding="utf-8")
    (known,) = propose([tmp_path / "x.csv"], answers={"x.csv": {"table": "orders"}}).files
    assert question(known, "mapping.ordered_at").choices == ("Foo", "Bar", "Quantity")


def test_files_of_one_layout_share_a_pattern_and_others_keep_their_names(tmp_path):
    orders = "Order number,Order date,Order total\n1,2026-01-02,12.00\n"
    stock = "SKU,Warehouse,On hand\nA,Dover,3\n"
    for name, text in {"o-1.csv": orders, "o-2.csv": orders, "x-1.csv": orders, "x-2.csv": stock}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    proposal = propose(sorted(tmp_path.glob("*.csv")))
    matches = [entry["match"] for entry in proposal.options(".")["files"]]
    assert matches == ["o-*.csv", "x-1.csv", "x-2.csv"]


def test_a_file_that_cannot_be_read_says_why_and_the_others_are_proposed(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9)
    (tmp_path / "b.csv").write_text("SKU,Warehouse,On hand\nA,Dover,3\n", encoding="utf-8")
    bad, good = propose(sorted(tmp_path.glob("*.csv"))).files
    assert bad.error.key == "error.files.not_a_table"
    assert good.table == "stock_levels"


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_a_proposal_says_can_be_said(found, language):
    say = Speaker(language, "FR", "EUR")
    for asked in found.questions:
        assert say(asked.key, **vars(asked)["values"])
    for note in (*found.notes, *(match.reason for match in found.fields)):
        assert say(note.key, **vars(note)["values"])
    for fields in FIELDS.values():
        for name in fields:
            assert say.error(in_words(name))
    assert say.error(UserError("error.files.no_rows", file="x.csv"))

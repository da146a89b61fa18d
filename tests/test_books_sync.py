"""Books and a database through a whole sync: both in one store, in step, and said in both languages."""

from __future__ import annotations

import sqlite3

import pytest
import yaml
from books_help import Entry, by_account, fec, sale

from echannel.locale import Speaker
from echannel.metrics.audit import reconciliation
from echannel.quarantine import note_in_words
from echannel.sme import open_sme
from echannel.store import SmeStore
from echannel.sync import sync_sme
from echannel.workspace import Workspace

SME = "maison-test"
SECRET = "sqlite:///shop.db"
COLUMNS = """
SELECT id AS order_id, day AS ordered_at, mail AS customer_id, 'b2c' AS kind, 'own_shop' AS channel,
       'FR' AS country, 'EUR' AS currency, 1 AS fx_rate, 'paid' AS status, net AS goods_net,
       0 AS discount_net, 0 AS shipping_net, 0 AS wrapping_net, net + vat AS goods_gross,
       0 AS discount_gross, 0 AS shipping_gross, 0 AS wrapping_gross, vat AS vat_amount,
       net + vat AS total_gross, 1 AS vat_stated, 1 AS parts_stated
FROM sales"""


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Workspace:
    """A French shop with its sales in a database, and the same sales in its books."""
    monkeypatch.setenv("SHOP_URL", SECRET)
    profile = {
        "id": SME, "name": "Maison test", "country": "FR", "languages": ["fr", "en"], "orientation": "b2c",
        "currency": "EUR", "timezone": "Europe/Paris", "vat": {"regime": "reel_normal"},
        "fiscal_year_start": "01-01", "launch_pad": "brittany",
        "sources": [
            {"id": "shop", "connector": "sql", "secrets": {"url": "env:SHOP_URL"},
             "options": {"tables": {"orders": {"query": COLUMNS}}}},
            {"id": "books", "connector": "accounts", "options": {"folder": "books"}},
        ],
    }  # fmt: skip
    (tmp_path / "parameters/smes").mkdir(parents=True)
    (tmp_path / f"parameters/smes/{SME}.yml").write_text(yaml.safe_dump(profile))
    (tmp_path / "books").mkdir()
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("CREATE TABLE sales (id, day, mail, net, vat)")
        for at in range(60):
            row = (
                f"O{at}",
                f"2024-{1 + at // 20:02d}-{1 + at % 20:02d} 12:00:00",
                f"canary{at}@x.fr",
                10 + at,
                2,
            )
            database.execute("INSERT INTO sales VALUES (?, ?, ?, ?, ?)", row)
    write_books(tmp_path, 60)
    return Workspace(tmp_path)


def write_books(folder, count: int) -> None:
    entries = [
        sale(at, f"2024{1 + at // 20:02d}{1 + at % 20:02d}", (10 + at) * 100, 200, f"CANARY{at}")
        for at in range(count)
    ]
    entries.append(
        Entry("BQ", "1", "20240131", (("512000", "Banque", "", 500), ("627000", "Frais", "", -490)))
    )
    (folder / "books/123456789FEC20241231.txt").write_text(fec(entries))


def test_the_books_stand_beside_the_shop_and_say_the_same(workspace):
    report = sync_sme(workspace, SME)
    lines = SmeStore(workspace.store / SME).read("ledger")
    assert len(lines) == report.kept["ledger"] == 182
    assert by_account(lines)["707000"] == -sum((10 + at) * 100 for at in range(60))
    for language in ("en", "fr"):
        say = Speaker(language, "FR", "EUR")
        said = " ".join(note_in_words(note, say) for note in report.notes) + " ".join(report.sentences(say))
        assert "BQ 1 (182–183)" in said and "{" not in said
    steps = reconciliation(open_sme(SME, workspace).sales, lines).set_index("step")["value"]
    assert steps["accounts"] == pytest.approx(sum(10 + at for at in range(60)))
    assert steps["accounts_gap"] == pytest.approx(0)


def test_the_second_sync_finds_nothing_and_the_third_only_the_new_entries(workspace):
    sync_sme(workspace, SME)
    assert sync_sme(workspace, SME).changed == {}
    write_books(workspace.root, 61)
    report = sync_sme(workspace, SME)
    assert report.changed == {"ledger": 3} and len(SmeStore(workspace.store / SME).read("ledger")) == 185


def test_neither_a_customer_nor_the_secret_is_anywhere_in_the_store(workspace):
    sync_sme(workspace, SME)
    for path in workspace.store.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"canary" not in content.lower() and SECRET.encode() not in content, path


def test_a_trial_balance_taken_out_of_the_middle_leaves_the_last_balance_as_it_was(workspace):
    books = workspace.root / "books"
    (books / "123456789FEC20241231.txt").unlink()
    for month, amount in ((1, 100), (2, 150), (3, 130)):
        text = "Compte;Intitulé;Solde débiteur;Solde créditeur\n"
        text += f"512000;Banque;{amount};\n707000;Ventes;;{amount}\n"
        (books / f"balance 2024-0{month}.csv").write_text(text)
    store = SmeStore(workspace.store / SME)
    sync_sme(workspace, SME)
    whole = store.read("ledger")
    assert len(whole) == 6 and by_account(whole) == {"512000": 13000, "707000": -13000}
    (books / "balance 2024-02.csv").unlink()
    sync_sme(workspace, SME)
    rest = store.read("ledger")
    assert len(rest) == 4 and by_account(rest) == by_account(whole)
    assert not sync_sme(workspace, SME).changed

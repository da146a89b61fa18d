"""Books and databases keep to what every connector must do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from books_help import Entry, fec, sale

from echannel.connectors.conformance import ConnectorSuite, Subject

CARTS = """
SELECT id AS cart_id, made AS created_at, changed AS updated_at, mail AS customer_id, 'GBP' AS currency,
       1 AS fx_rate, units FROM carts WHERE changed >= {since}"""
CUSTOMERS = "SELECT DISTINCT mail AS customer_id, 'b2c' AS kind, 'GB' AS country FROM carts"


@contextmanager
def moved(path: Path) -> Iterator[None]:
    """A file or folder that is not where it was."""
    away = path.with_name(f"{path.name}.away")
    path.rename(away)
    try:
        yield
    finally:
        away.rename(path)


class TestAccounts(ConnectorSuite):
    @pytest.fixture
    def subject(self, tmp_path):
        folder = tmp_path / "books"
        folder.mkdir()
        entries = [sale(at, f"202401{at:02d}", 100 * at, 20 * at, f"CANARY{at}") for at in range(1, 20)]
        odd = Entry("BQ", "1", "20240131", (("512000", "Banque", "", 500), ("627000", "Frais", "", -490)))
        for year in ("2024", "2025"):
            text = fec([*entries, odd]).replace("2024", year).replace("20240105", "20240135")
            (folder / f"123456789FEC{year}1231.txt").write_text(text)
        (folder / "note.txt").write_text("Canary Jeanne,canary@example.com\nCanary Paul,x@example.com\n")
        canaries = ("CANARY", "Canary")
        sme = {
            "country": "FR",
            "currency": "EUR",
            "timezone": "Europe/Paris",
            "vat": {"regime": "reel_normal"},
        }
        return Subject("accounts", {"folder": "books"}, tmp_path, {}, canaries, lambda: moved(folder), sme)


class TestSql(ConnectorSuite):
    @pytest.fixture
    def subject(self, tmp_path, monkeypatch):
        monkeypatch.setenv("CARTS_URL", "sqlite:///carts.db")
        path = tmp_path / "carts.db"
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE carts (id INTEGER, made TEXT, changed TEXT, mail TEXT, units)")
            for at in range(30):
                day = f"2026-03-{1 + at:02d} 10:00:00"
                row = (at, day if at != 7 else "soon", day, f"canary{at % 4}@example.com", at)
                database.execute("INSERT INTO carts VALUES (?, ?, ?, ?, ?)", row)
        tables = {"carts": {"query": CARTS, "cursor": "updated_at"}, "customers": {"query": CUSTOMERS}}
        secrets = {"url": "env:CARTS_URL"}
        return Subject("sql", {"tables": tables}, tmp_path, secrets, ("canary",), lambda: moved(path))

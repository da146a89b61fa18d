"""The conformance suite on the documented example, installed as a plug-in, and on the files connector."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes.server import FakeServer, Reply

from echannel.connectors import connector, connector_names
from echannel.connectors.conformance import ConnectorSuite, Subject
from echannel.connectors.http import Api

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs/connect/new-connector.md").read_text(encoding="utf-8")
CANARY = "ann.canary@example.com"
KEY = "secret-acme-key"


def documented(file: str) -> str:
    """A file as the document shows it."""
    (block,) = re.findall(rf"```\w+\n(# {re.escape(file)}.*?)```", DOCUMENT, flags=re.S)
    return block


@pytest.fixture
def plug_in(tmp_path_factory, monkeypatch):
    """The document's package, as an installer would lay it down."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "echannel_acme.py").write_text(documented("echannel_acme.py"), encoding="utf-8")
    project = documented("pyproject.toml")
    (group,) = re.findall(r'entry-points\."([^"]+)"', project)
    (entry,) = re.findall(r'^acme = "(.+)"$', project, flags=re.M)
    info = folder / "echannel_acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: echannel-acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\nacme = {entry}\n")
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    sys.modules.pop("echannel_acme", None)


def orders() -> list[dict]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        {
            "number": n,
            "placed": (start + timedelta(hours=n)).isoformat(),
            "changed": (start + timedelta(hours=n)).isoformat(),
            "email": f"{n % 7}.{CANARY}",
            "country": "GB",
            "currency": "GBP",
            "state": ("open", "paid", "sent", "void")[n % 4],
            "goods": 20.0,
            "carriage": 5.0,
            "vat": 5.0,
            "lines": [{"sku": f"P{n % 5}", "quantity": 2, "price": 10.0}],
        }
        for n in range(1, 241)
    ]


class Acme(FakeServer):
    """An Acme shop, as the document tells of it."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.orders = orders()

    def _answer(self, call):
        if call.headers["X-Acme-Key"] != KEY:
            return Reply("", 401)
        low, high = call.params.get("changed_from", ""), call.params.get("changed_to", "9")
        rows = [
            one
            for one in self.orders
            if one["number"] > int(call.params["after"]) and low <= one["changed"] <= high
        ]
        return rows[: int(call.params["limit"])]

    @contextmanager
    def out_of_order(self):
        self.fail("401", times=None)
        yield
        self.faults.clear()


class TestAcme(ConnectorSuite):
    @pytest.fixture
    def subject(self, tmp_path, plug_in, monkeypatch):
        monkeypatch.setenv("ACME_KEY", KEY)
        with Acme() as acme:
            yield Subject(
                "acme",
                {"address": acme.url, "allow_http": True, "allow_private": True},
                tmp_path,
                secrets={"key": "env:ACME_KEY"},
                canaries=(CANARY, KEY),
                breaking=acme.out_of_order,
            )


class TestFiles(ConnectorSuite):
    @pytest.fixture
    def subject(self, tmp_path):
        inbox = tmp_path / "inbox"
        inbox.mkdir()
        head = "Order ID,Order Date,Customer email,Product,Quantity,Unit price,Total\n"
        for month in (1, 2, 3):
            rows = [
                f"{month}{n:02},2026-{month:02}-{n:02},{CANARY},Candle,2,5.00,10.00\n" for n in range(1, 20)
            ]
            rows.append(f"{month}99,31/02/2026,{CANARY},Candle,2,5.00,10.00\n")
            (inbox / f"orders {month}.csv").write_text(head + "".join(rows))
        mapping = {"order_id": "Order ID", "ordered_at": "Order Date", "customer": "Customer email"}
        mapping |= {
            "product_name": "Product",
            "quantity": "Quantity",
            "unit_price": "Unit price",
            "total": "Total",
        }

        @contextmanager
        def gone():
            inbox.rename(tmp_path / "away")
            yield
            (tmp_path / "away").rename(inbox)

        entry = {"match": "*.csv", "table": "orders", "mapping": mapping, "rows": "lines"}
        options = {"folder": "inbox", "files": [entry]}
        return Subject("files", options, tmp_path, canaries=(CANARY,), breaking=gone)


def test_an_installed_plug_in_is_found_by_its_name(plug_in):
    assert "acme" in connector_names()
    assert connector("acme").describes.platform == "Acme"


def test_the_suite_finds_what_is_wrong(plug_in, tmp_path, monkeypatch):
    monkeypatch.setenv("ACME_KEY", KEY)
    made = connector("acme")
    suite = ConnectorSuite()
    with Acme() as acme:
        options = {"address": acme.url, "allow_http": True, "allow_private": True}
        subject = Subject("acme", options, tmp_path, {"key": "env:ACME_KEY"}, (CANARY,))
        orders_of, batch_of = made._orders, made._batch

        def fails(test: str) -> None:
            with pytest.raises(AssertionError):
                getattr(suite, test)(subject)

        monkeypatch.setattr(
            made,
            "_orders",
            lambda self, found: orders_of(self, found).assign(payment_method=found[0]["email"]),
        )
        fails("test_nothing_personal_gets_through")
        fails("test_rows_are_canonical")
        monkeypatch.setattr(
            made, "_orders", lambda self, found: orders_of(self, found).assign(status="bought")
        )
        fails("test_rows_are_canonical")
        monkeypatch.setattr(made, "_orders", lambda self, found: orders_of(self, found).iloc[1:])
        fails("test_batches_are_complete_in_themselves")
        monkeypatch.setattr(made, "_orders", orders_of)

        def skips(self, found, cursor):
            return batch_of(
                self, found, {**cursor, "done": str(int(cursor["done"]) + 3)} if cursor else cursor
            )

        monkeypatch.setattr(made, "_batch", skips)
        fails("test_a_fetch_that_broke_off_goes_on_after_any_batch")


def test_the_example_names_only_what_there_is():
    for name in re.findall(r"`(Api|windows|paging)\.(\w+)`", DOCUMENT):
        module = {"windows": "echannel.connectors.windows", "paging": "echannel.connectors.paging"}.get(
            name[0]
        )
        assert hasattr(sys.modules[module] if module else Api, name[1]), name

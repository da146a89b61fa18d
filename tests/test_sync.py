"""The sync: incremental, idempotent, all or nothing, and nothing dropped in silence."""

from __future__ import annotations

import csv
import json
import threading

import pytest
from handmade import order
from shop_connector import NAME, REFERENCE, write_profile, write_shop

from echannel import connectors
from echannel.errors import UserError
from echannel.formulas import safe_cell
from echannel.locale import Speaker
from echannel.quarantine import file_name
from echannel.store import SmeStore
from echannel.sync import sync_sme
from echannel.workspace import Workspace

SME = "test-shop"


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Workspace:
    monkeypatch.setitem(connectors._BUILT_IN, NAME, REFERENCE)
    write_profile(tmp_path, SME)
    return Workspace(tmp_path)


@pytest.fixture
def inbox(workspace):
    return workspace.inbox / SME


def line(order_id: str, line_no: int = 1, amount: float = 10.0) -> dict:
    return {
        "order_id": order_id,
        "line_no": line_no,
        "product_id": "P",
        "quantity": 1.0,
        "net_amount": amount,
    }


def shop(*ids: str, amount: float = 10.0, **more: object) -> dict:
    return {
        "orders": [order(i, "2025-03-01T12:00:00", amount) for i in ids],
        "order_lines": [line(i, 1, amount) for i in ids],
        **more,
    }


def raw(content: dict) -> dict:
    """The same rows as a connector without any check of its own would hand them over."""
    plain = {"kind": "b2c", "channel": "own_shop", "country": "GB", "currency": "GBP", "fx_rate": 1.0}
    plain |= {"status": "paid", "wrapping_net": 0.0, "wrapping_gross": 0.0, "source": "shop"}
    plain |= {"vat_stated": True, "parts_stated": True}
    orders = [plain | row | {"ordered_at": row["ordered_at"] + "Z"} for row in content["orders"]]
    lines = [{"unit_price_net": 10.0, "discount_net": 0.0} | row for row in content["order_lines"]]
    return content | {"raw": True, "orders": orders, "order_lines": lines}


def mistake(row: int, reason: str = "sync.reason.empty", **more: object) -> dict:
    return {
        "row": row,
        "field": "ordered_at",
        "value": "",
        "reason": reason,
        "reason_values": "{}",
        "record": json.dumps({"Order": row}),
        **more,
    }


def store_of(workspace: Workspace) -> SmeStore:
    return SmeStore(workspace.store / SME)


def local_days(workspace: Workspace) -> list[str]:
    days = store_of(workspace).read("orders")["local_day"].to_numpy()
    return [str(day) for day in days.astype("datetime64[D]")]


def runs(workspace: Workspace) -> list[dict]:
    path = workspace.store / SME / "runs.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_twice_the_same_files_is_the_same_state_and_both_runs_are_logged(workspace, inbox):
    write_shop(inbox / "a.json", shop("1", "2"))
    first = sync_sme(workspace, SME)
    assert (first.read, first.kept, first.refused) == (2, {"orders": 2, "order_lines": 2}, 0)
    assert first.changed == {"orders": 2, "order_lines": 2}
    second = sync_sme(workspace, SME)
    assert second.manifest == first.manifest
    assert (second.read, second.changed) == (0, {})
    assert [(run["read"], run["manifest"], run["error"]) for run in runs(workspace)] == [
        (2, 1, None),
        (0, 1, None),
    ]


def test_only_the_file_that_changed_is_read_and_only_its_rows_change(workspace, inbox):
    write_shop(inbox / "a.json", shop("1", "2"))
    write_shop(inbox / "b.json", shop("3", "4"))
    sync_sme(workspace, SME)
    write_shop(inbox / "b.json", shop("3", amount=12.0) | {"order_lines": [line("3", 1, 12.0)]})
    report = sync_sme(workspace, SME)
    assert report.read == 1
    assert report.changed == {"orders": 1, "order_lines": 1}
    orders = store_of(workspace).read("orders")
    assert dict(zip(orders["order_id"], orders["goods_net"], strict=True)) == {
        "1": 10.0,
        "2": 10.0,
        "3": 12.0,
        "4": 10.0,
    }


def test_a_deleted_line_vanishes(workspace, inbox):
    content = shop("1")
    content["order_lines"].append(line("1", 2))
    write_shop(inbox / "a.json", content)
    sync_sme(workspace, SME)
    assert len(store_of(workspace).read("order_lines")) == 2
    write_shop(inbox / "a.json", shop("1"))
    assert sync_sme(workspace, SME).changed == {"order_lines": 1}
    assert len(store_of(workspace).read("order_lines")) == 1


def test_reading_everything_again_changes_nothing(workspace, inbox):
    write_shop(inbox / "a.json", shop("1", "2"))
    first = sync_sme(workspace, SME)
    again = sync_sme(workspace, SME, again=True)
    assert (again.read, again.changed, again.manifest.versions) == (2, {}, first.manifest.versions)


def test_a_day_is_what_the_owner_means_by_a_day(workspace, inbox):
    write_profile(workspace.root, SME, timezone="Europe/Paris")
    late = order("1", "2025-06-30T22:30:00", 10.0)  # UTC: half past midnight on 1 July in Paris
    write_shop(inbox / "a.json", {"orders": [late], "order_lines": [line("1")]})
    sync_sme(workspace, SME)
    assert local_days(workspace) == ["2025-07-01"]
    # Another time zone in the profile: every row is read again, with no need to touch a file.
    write_profile(workspace.root, SME, timezone="Atlantic/Azores")
    assert sync_sme(workspace, SME).changed == {"orders": 1}
    assert local_days(workspace) == ["2025-06-30"]


def test_rows_that_do_not_fit_are_kept_aside_with_their_lines(workspace, inbox):
    content = raw(shop("1", "2", "3"))
    for number, row in enumerate(content["order_lines"]):
        row |= {"_file": "a.json", "_row": number + 2}
    content["orders"][1]["status"] = "lost at sea"
    content["orders"][2] |= {"country": "Kent", "fx_rate": 0.0}
    write_shop(inbox / "a.json", content)
    report = sync_sme(workspace, SME)
    store = store_of(workspace)
    assert list(store.read("orders")["order_id"]) == ["1"]
    assert list(store.read("order_lines")["order_id"]) == ["1"]
    assert report.refused == 4  # two orders, and a line of each
    assert report.read == 3
    with report.quarantine[0].open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {(row["Line"], row["Field"], row["Value"], row["Reason code"]) for row in rows} == {
        ("", "order status", "lost at sea", "sync.reason.not_allowed"),
        ("", "country", "Kent", "sync.reason.no_code"),
        ("", "exchange rate", "0.0", "sync.reason.not_positive"),
        ("3", "order number", "2", "sync.reason.order_refused"),
        ("4", "order number", "3", "sync.reason.order_refused"),
    }
    assert runs(workspace)[-1]["refused"] == 4


def test_rows_without_a_key_are_refused_each_not_taken_for_one(workspace, inbox):
    content = raw(shop("1", None, None))
    content["order_lines"] = content["order_lines"][:1]
    for number, row in enumerate(content["orders"]):
        row |= {"_file": "a.json", "_row": number + 2}
    write_shop(inbox / "a.json", content)
    assert sync_sme(workspace, SME).refused == 2


def test_a_row_that_was_put_right_leaves_the_quarantine(workspace, inbox):
    write_shop(inbox / "a.json", shop("1", refused=[mistake(3), mistake(4)]))
    write_shop(inbox / "b.json", shop("2", refused=[mistake(2)]))
    first = sync_sme(workspace, SME)
    assert first.manifest.rejected == {"shop/a.json": 2, "shop/b.json": 1}
    write_shop(inbox / "a.json", shop("1", "3", refused=[mistake(4)]))
    second = sync_sme(workspace, SME)
    assert second.manifest.rejected == {"shop/a.json": 1, "shop/b.json": 1}
    write_shop(inbox / "a.json", shop("1", "3", "4"))
    third = sync_sme(workspace, SME)
    assert [path.name for path in third.quarantine] == ["shop__b.json.csv"]
    assert [path.name for path in (workspace.store / SME / "quarantine").iterdir()] == ["shop__b.json.csv"]


def test_quarantine_speaks_the_smes_language_and_runs_no_formula(workspace, inbox):
    write_profile(workspace.root, SME, language="fr", country="FR", currency="EUR")
    bad = mistake(12, value="=cmd|' /C calc'!A0", record=json.dumps({"Réf": "@SUM(A1)", "Prix": "-5,20"}))
    write_shop(inbox / "a.json", shop("1", refused=[bad]))
    report = sync_sme(workspace, SME)
    content = report.quarantine[0].read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    with report.quarantine[0].open(encoding="utf-8-sig", newline="") as stream:
        row = next(csv.DictReader(stream, delimiter=";"))
    assert row["Fichier"] == "a.json"
    assert row["Ligne"] == "12"
    assert row["Raison"] == "Ce champ ne doit pas être vide."
    assert row["Valeur"].startswith("'=")
    assert row["Réf"] == "'@SUM(A1)"
    assert row["Prix"] == "-5,20"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", " =", "\u00a0="])
def test_no_cell_starts_a_formula(start):
    assert safe_cell(f"{start}A1").startswith("'")
    assert safe_cell("plain") == "plain"


def test_quarantine_files_stay_in_their_folder():
    assert file_name("shop", "../../etc/passwd") == "shop__.._.._etc_passwd.csv"
    assert file_name("shop", "orders.csv") == "shop__orders.csv"


def test_customers_are_pseudonyms_from_the_first_sync_on(workspace, inbox):
    content = shop("1", "2")
    content["orders"][0]["customer"] = " Ann@Example.com"
    content["orders"][1]["customer"] = "ann@example.com"
    write_shop(inbox / "a.json", content)
    sync_sme(workspace, SME)
    customers = store_of(workspace).read("orders")["customer_id"]
    assert len(set(customers)) == 1
    stored = [path for path in workspace.store.rglob("*") if path.is_file()]
    everything = b"".join(path.read_bytes() for path in stored)
    assert b"xample" not in everything
    assert (workspace.keys / f"{SME}.key").stat().st_mode & 0o777 == 0o600


def test_a_lost_key_stops_the_sync_before_customers_become_strangers(workspace, inbox):
    write_shop(inbox / "a.json", shop("1"))
    sync_sme(workspace, SME)
    (workspace.keys / f"{SME}.key").unlink()
    with pytest.raises(UserError, match=r"sync\.error\.key_lost"):
        sync_sme(workspace, SME)


def test_duplicates_are_counted_and_the_last_one_wins(workspace, inbox):
    content = raw(shop("1", "1"))
    content["orders"][1]["goods_net"] = 98.0
    write_shop(inbox / "a.json", content)
    report = sync_sme(workspace, SME)
    assert report.duplicates == {"orders": 1, "order_lines": 1}
    assert report.kept == {"orders": 1, "order_lines": 1}
    assert store_of(workspace).read("orders")["goods_net"].item() == 98.0
    write_shop(inbox / "b.json", shop("1", amount=99.0))
    assert sync_sme(workspace, SME).duplicates == {}
    assert store_of(workspace).read("orders")["goods_net"].item() == 99.0


def test_an_order_number_of_another_source_is_refused_not_overwritten(workspace, inbox):
    other = workspace.inbox / "market"
    write_shop(inbox / "a.json", shop("1", "2"))
    content = shop("2", "3", amount=99.0)
    content["orders"] = [row | {"source": "market"} for row in content["orders"]]
    write_shop(other / "b.json", content)
    profile = workspace.parameters / "smes" / f"{SME}.yml"
    market = f"  - id: market\n    connector: {NAME}\n    options: {{folder: data/inbox/market}}\n"
    profile.write_text(profile.read_text() + market)
    report = sync_sme(workspace, SME)
    orders = store_of(workspace).read("orders")
    assert dict(zip(orders["order_id"], orders["goods_net"], strict=True)) == {"1": 10, "2": 10, "3": 99}
    assert set(store_of(workspace).read("order_lines")["net_amount"]) == {10.0, 99.0}
    assert report.refused == 2  # the order and its line
    assert {note.key for note, _ in report.reasons} == {
        "sync.reason.other_source",
        "sync.reason.order_refused",
    }
    again = sync_sme(workspace, SME, again=True)
    assert (again.changed, again.refused) == ({}, 2)
    # A source that gets another name does not shut itself out.
    profile.write_text(profile.read_text().replace("- id: market", "- id: bazaar"))
    assert sync_sme(workspace, SME).refused == 2


def test_a_source_that_fails_changes_nothing_and_says_so(workspace, inbox):
    write_shop(inbox / "a.json", shop("1"))
    first = sync_sme(workspace, SME)
    profile = workspace.parameters / "smes" / f"{SME}.yml"
    second_source = "  - id: other\n    connector: made-up-shop\n    options: {folder: nowhere}\n"
    profile.write_text(profile.read_text() + second_source)
    write_shop(inbox / "a.json", shop("1", "2"))
    with pytest.raises(UserError) as failed:
        sync_sme(workspace, SME)
    sentence = Speaker("fr").error(failed.value)
    assert "other" in sentence
    assert "restent telles" in sentence
    assert store_of(workspace).manifest() == first.manifest
    assert len(store_of(workspace).read("orders")) == 1
    assert runs(workspace)[-1]["error"]
    assert runs(workspace)[-1]["manifest"] is None


def test_an_unforeseen_error_repeats_no_value(workspace, inbox, monkeypatch):
    from shop_connector import MadeUpShop

    def broken(self, cursor):
        raise ValueError("ann@example.com")
        yield

    monkeypatch.setattr(MadeUpShop, "fetch", broken)
    inbox.mkdir(parents=True)
    with pytest.raises(UserError) as failed:
        sync_sme(workspace, SME)
    for language in ("en", "fr"):
        assert "ann@" not in Speaker(language).error(failed.value)
    assert "ann@" not in (workspace.store / SME / "runs.jsonl").read_text()
    assert runs(workspace)[-1]["where"][-1].startswith("test_sync.py:")


def test_unknown_connectors_and_missing_sources_are_sentences(workspace):
    write_profile(workspace.root, SME, connector="abacus")
    with pytest.raises(UserError) as unknown:
        sync_sme(workspace, SME)
    assert "abacus" in Speaker("en").error(unknown.value)
    assert "files" in Speaker("en").error(unknown.value)


def test_two_syncs_at_once_take_turns(workspace, inbox):
    write_shop(inbox / "a.json", shop(*map(str, range(50))))
    reports = []
    threads = [threading.Thread(target=lambda: reports.append(sync_sme(workspace, SME))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.read for report in reports) == [0, 0, 50]
    assert store_of(workspace).manifest().number == 1


def test_a_report_can_be_made_again_from_the_versions_it_names(workspace, inbox):
    write_shop(inbox / "a.json", shop("1", "2"))
    then = sync_sme(workspace, SME).manifest
    write_shop(inbox / "a.json", shop("1", "2", "3", amount=99.0))
    sync_sme(workspace, SME)
    store = store_of(workspace)
    again = store.read("orders", manifest=store.manifest(then.number))
    assert list(again["goods_net"]) == [10.0, 10.0]
    assert store.manifest(then.number).versions == then.versions


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_happened_is_said_in_both_languages(workspace, inbox, language):
    refused = [mistake(row) for row in range(2, 39)]
    write_shop(inbox / "a.json", shop(*map(str, range(1438)), refused=refused))
    report = sync_sme(workspace, SME)
    said = report.sentences(Speaker(language))
    expected = {
        "en": [
            "1,438 orders read.",
            "1,475 rows read: 1,438 kept, 37 refused.",
            "37 rows refused; here is why:",
        ],
        "fr": [
            "1\u202f438 commandes lues.",
            "1\u202f475 lignes lues\u00a0: 1\u202f438 gardées, 37 refusées.",
            "37 lignes refusées, voici pourquoi\u00a0:",
        ],
    }
    assert said[:3] == expected[language]
    later = sync_sme(workspace, SME).sentences(Speaker(language))
    assert any("37" in sentence for sentence in later)

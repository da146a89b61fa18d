"""A long first sync that is killed goes on where it stopped; readers see it whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import paged_shop
import pytest
from fakes.server import FakeServer

from echannel import connectors
from echannel.errors import UserError
from echannel.spool import Spool
from echannel.store import SmeStore
from echannel.sync import sync_sme
from echannel.workspace import Workspace

SME = "long-shop"
ORDERS = 600
CANARY = "ann.canary@example.com"


def rows_of(count: int, amount: float = 10.0) -> dict[int, dict]:
    now = time.time() - 86400
    return {
        n: {"id": n, "email": f"{n % 40}.{CANARY}", "amount": amount, "changed": now}
        for n in range(1, count + 1)
    }


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Workspace:
    monkeypatch.setitem(connectors._BUILT_IN, paged_shop.NAME, paged_shop.REFERENCE)
    monkeypatch.setattr(Spool, "delay", 0.0)
    return Workspace(tmp_path)


def store_of(workspace: Workspace) -> SmeStore:
    return SmeStore(workspace.store / SME)


def asked_after(server: FakeServer) -> list[int]:
    return [int(call.params["after"]) for call in server.calls if call.path.endswith("orders")]


def whole(workspace: Workspace, count: int) -> None:
    manifest = store_of(workspace).manifest()
    assert manifest.counts == {"orders": count, "order_lines": 2 * count}
    assert manifest.cursors["shop"].keys() == {"since", "<profile>"}
    assert not (store_of(workspace).path / "spool" / "shop").exists()


def test_a_first_sync_that_broke_off_goes_on_and_nobody_sees_half_of_it(workspace):
    with FakeServer(paged_shop.shop_app(rows_of(ORDERS))) as server:
        paged_shop.write_paged_profile(workspace.root, SME, server.url)
        server.fail("404", times=None, path="orders")
        server.faults[0].takes = lambda call: call.params.get("after") == "300"
        with pytest.raises(UserError) as raised:
            sync_sme(workspace, SME)
        assert raised.value.key == "sync.error.source"
        assert store_of(workspace).current() is None
        spooled = b"".join(
            path.read_bytes() for path in store_of(workspace).path.rglob("*") if path.is_file()
        )
        assert len(spooled) > 10_000
        assert CANARY.encode() not in spooled
        server.faults.clear()
        server.calls.clear()
        report = sync_sme(workspace, SME)
        assert min(asked_after(server)) == 300
        assert report.kept["orders"] == ORDERS
        whole(workspace, ORDERS)


def test_what_was_spooled_for_another_address_is_not_used(workspace):
    with FakeServer(paged_shop.shop_app(rows_of(200))) as first:
        paged_shop.write_paged_profile(workspace.root, SME, first.url)
        first.fail("404", times=None)
        first.faults[0].takes = lambda call: call.params.get("after") == "100"
        with pytest.raises(UserError):
            sync_sme(workspace, SME)
    with FakeServer(paged_shop.shop_app(rows_of(150, 99.0))) as second:
        paged_shop.write_paged_profile(workspace.root, SME, second.url)
        sync_sme(workspace, SME)
        assert min(asked_after(second)) == 0
    assert set(store_of(workspace).read("orders")["goods_net"]) == {99.0}
    whole(workspace, 150)


def test_a_piece_that_is_damaged_is_read_again(workspace):
    with FakeServer(paged_shop.shop_app(rows_of(300))) as server:
        paged_shop.write_paged_profile(workspace.root, SME, server.url)
        server.fail("404", times=None)
        server.faults[0].takes = lambda call: call.params.get("after") == "250"
        with pytest.raises(UserError):
            sync_sme(workspace, SME)
        pieces = sorted((store_of(workspace).path / "spool" / "shop").glob("0*"))
        assert len(pieces) == 5
        (pieces[2] / "orders.arrow").write_bytes(b"half")
        server.faults.clear()
        server.calls.clear()
        sync_sme(workspace, SME)
        assert min(asked_after(server)) == 100
        whole(workspace, 300)


def test_the_next_sync_reads_only_what_changed(workspace):
    rows = rows_of(120)
    with FakeServer(paged_shop.shop_app(rows)) as server:
        paged_shop.write_paged_profile(workspace.root, SME, server.url)
        sync_sme(workspace, SME)
        assert not sync_sme(workspace, SME).changed
        rows[7] |= {"amount": 77.0, "changed": int(time.time())}
        report = sync_sme(workspace, SME)
        assert (report.read, report.changed) == (1, {"orders": 1, "order_lines": 2})


def test_a_row_that_was_put_right_in_the_shop_leaves_the_quarantine(workspace):
    rows = rows_of(60)
    rows[7]["amount"] = rows[8]["amount"] = None
    with FakeServer(paged_shop.shop_app(rows)) as server:
        paged_shop.write_paged_profile(workspace.root, SME, server.url)
        sync_sme(workspace, SME)
        kept = store_of(workspace)

        def refused() -> set[str]:
            stored = kept.read("rejected")
            return {json.loads(one)["order_id"] for one in stored["record"]}

        assert refused() == {"7", "8"}
        assert set(kept.manifest().rejected) == {"shop/orders", "shop/order_lines"}
        rows[7] |= {"amount": 5.0, "changed": int(time.time())}
        sync_sme(workspace, SME)
        assert refused() == {"8"}
        assert "7" in set(kept.read("orders")["order_id"])
        assert [path.name for path in (kept.path / "quarantine").iterdir()]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_again_and_again_it_arrives_and_asks_for_no_page_twice_in_vain(workspace, tmp_path):
    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
    script = (
        "import sys, paged_shop; from pathlib import Path; from echannel import connectors;"
        "from echannel.spool import Spool; from echannel.sync import sync_sme;"
        "from echannel.workspace import Workspace; Spool.delay = 0.0;"
        "connectors._BUILT_IN[paged_shop.NAME] = paged_shop.REFERENCE;"
        "sync_sme(Workspace(Path(sys.argv[1])), sys.argv[2])"
    )
    with FakeServer(paged_shop.shop_app(rows_of(ORDERS)), latency=0.03) as server:
        paged_shop.write_paged_profile(tmp_path, SME, server.url)
        reached = []
        for kill in (3, 6, 9, None):
            server.calls.clear()
            child = subprocess.Popen([sys.executable, "-c", script, str(tmp_path), SME], env=environment)
            while kill is not None and len(set(asked_after(server))) < kill - len(reached):
                time.sleep(0.005)
            if kill is None:
                assert child.wait(60) == 0
            else:
                assert store_of(workspace).current() is None
                child.send_signal(signal.SIGKILL)
                child.wait()
            reached.append(min(asked_after(server)))
        assert reached == sorted(reached)
        assert reached[-1] > 100
        whole(workspace, ORDERS)

"""Tables and reports on object storage: a real S3-compatible server on loopback, real kills and conflicts."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from s3_help import KEYS, s3_server

from echannel.batch import run_cohort
from echannel.errors import UserError
from echannel.kept import is_kept, kept
from echannel.locale import LANGUAGES, Speaker
from echannel.near import bring_near
from echannel.sme import open_sme
from echannel.storage import RemotePath, place, tables_place, write_whole
from echannel.store import SmeStore
from echannel.sync import sync_sme
from echannel.workspace import REPORTS_URL, STORE_URL, Workspace, find_workspace

SHOP = "small-shop"
PROFILE = """\
id: small-shop
name: Small shop
country: GB
languages: [en]
orientation: b2c
currency: GBP
timezone: Europe/London
vat: {regime: standard}
fiscal_year_start: "04-01"
launch_pad: kent
sources:
  - id: shop
    connector: files
    options: {folder: data/inbox/small-shop, files: [{match: "*.csv", preset: generic_orders}]}
"""
HEAD = "Order ID,Order date,Customer ID,Country,Currency,SKU,Product name,Quantity,Unit price,VAT rate\n"


def rows(first: int, last: int) -> str:
    return "".join(
        f"{n},2026-0{1 + n % 9}-1{n % 10},c{n % 7},GB,GBP,p{n % 3},Thing {n % 3},{1 + n % 2},12.50,20%\n"
        for n in range(first, last)
    )


@pytest.fixture(scope="module")
def bucket():
    with s3_server("echannel-test") as url:
        yield url


@pytest.fixture
def workspace(tmp_path: Path, bucket: str) -> Workspace:
    (tmp_path / "parameters" / "smes").mkdir(parents=True)
    (tmp_path / "parameters" / "smes" / f"{SHOP}.yml").write_text(PROFILE)
    inbox = tmp_path / "data" / "inbox" / SHOP
    inbox.mkdir(parents=True)
    (inbox / "orders.csv").write_text(HEAD + rows(1, 60) + "60,2026-31-31,c1,GB,GBP,p1,Thing,1,9.00,20%\n")
    name = tmp_path.name
    return Workspace(tmp_path, f"{bucket}/{name}/store", f"{bucket}/{name}/reports")


def everything(where: RemotePath) -> dict[str, bytes]:
    return where.read_many(where.below())


def test_a_sync_a_read_and_a_second_sync_on_object_storage(workspace):
    first = sync_sme(workspace, SHOP)
    assert (first.first, first.refused, first.kept["orders"]) == (True, 1, 59)
    local = Workspace(workspace.root)
    shutil.copytree(workspace.root / "data" / "keys", workspace.root / "kept-keys")
    shutil.rmtree(workspace.root / "data" / "store", ignore_errors=True)
    assert open_sme(SHOP, workspace).sales.last_day == 20714
    assert sync_sme(workspace, SHOP).changed == {}
    inbox = workspace.inbox / SHOP / "orders.csv"
    inbox.write_text(HEAD + rows(1, 62))
    more = sync_sme(workspace, SHOP)
    assert (more.changed["orders"], more.manifest.number, more.quarantine) == (2, 2, ())
    # Outside oracle: the same files synced into a folder give the same tables.
    sync_sme(local, SHOP)
    for table in ("orders", "order_lines", "products", "customers"):
        there, here = (SmeStore(where.store / SHOP).read(table) for where in (workspace, local))
        assert there.equals(here)
    older = SmeStore(workspace.store / SHOP)
    assert len(older.read("orders", manifest=older.manifest(1))) == 59
    assert (workspace.notes / SHOP / "runs.jsonl").is_file()


def test_refused_rows_lie_beside_the_tables_and_no_credentials_anywhere(workspace):
    report = sync_sme(workspace, SHOP)
    (quarantine,) = report.quarantine
    assert isinstance(quarantine, RemotePath)
    assert "2026-31-31" in quarantine.read_text("utf-8-sig")
    local = b"".join(path.read_bytes() for path in workspace.root.rglob("*") if path.is_file())
    written = b"".join(everything(RemotePath(str(workspace.store))).values()) + local
    assert not any(secret.encode() in written for secret in KEYS.values())


def test_of_two_writers_on_two_machines_one_wins_and_the_other_is_told(workspace):
    sync_sme(workspace, SHOP)
    ours, theirs = (SmeStore(workspace.store / SHOP) for _ in range(2))
    orders = ours.read("orders")
    late = theirs._write  # they hold the manifest that we both started from, and finish before us

    def meanwhile(name, frame):
        written = late(name, frame)
        ours.commit({"orders": orders.head(1).assign(goods_net=1.0)})
        return written

    theirs._write = meanwhile
    theirs._lock = ours._lock = None
    ours._lock = _NoLock()  # another machine has no part in this one's lock
    with pytest.raises(UserError, match="other_writer"):
        theirs.commit({"orders": orders.tail(1).assign(goods_net=2.0)})
    stored = SmeStore(workspace.store / SHOP).read("orders")
    assert 1.0 in stored["goods_net"].tolist()
    assert 2.0 not in stored["goods_net"].tolist()
    again = SmeStore(workspace.store / SHOP).commit({"orders": orders.tail(1).assign(goods_net=2.0)})
    assert again.number == 3
    assert {1.0, 2.0} <= set(SmeStore(workspace.store / SHOP).read("orders")["goods_net"])


class _NoLock:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def test_a_sync_killed_at_any_moment_leaves_the_last_good_state(workspace):
    sync_sme(workspace, SHOP)
    store = SmeStore(workspace.store / SHOP)
    good = store.read("orders")
    (workspace.inbox / SHOP / "orders.csv").write_text(HEAD + rows(1, 80))
    program = (
        "import sys; from echannel.workspace import find_workspace; from echannel.sync import sync_sme\n"
        "where = find_workspace(); print('go', flush=True); sync_sme(where, sys.argv[1])"
    )
    around = {**os.environ, "ECHANNEL_ROOT": str(workspace.root), STORE_URL: str(workspace.store)}
    for pause in (0.2, 0.8):
        running = subprocess.Popen([sys.executable, "-c", program, SHOP], env=around, stdout=subprocess.PIPE)
        running.stdout.readline()
        time.sleep(pause)
        running.send_signal(signal.SIGKILL)
        running.wait()
        seen = SmeStore(workspace.store / SHOP).read("orders")
        assert len(seen) in (len(good), 79)
    sync_sme(workspace, SHOP)
    assert len(store.read("orders")) == 79


def test_a_commit_that_nobody_pointed_to_is_the_state_all_the_same(workspace):
    sync_sme(workspace, SHOP)
    store = SmeStore(workspace.store / SHOP)
    pointer = (store.path / "manifest.json").read_bytes()
    changed = store.read("orders").assign(goods_net=5.0)
    store.commit({"orders": changed})
    (store.path / "manifest.json").write_bytes(pointer)  # killed between the two
    assert store.manifest().number == 2
    assert store.read("orders")["goods_net"].eq(5.0).all()
    assert store.commit({"orders": changed.assign(goods_net=6.0)}).number == 3


def test_reports_on_object_storage_are_whole_and_kept_while_nothing_changes(workspace):
    import nbformat
    from test_batch import notebook

    sync_sme(workspace, SHOP)
    workspace.notebooks.mkdir()
    body = (
        "from echannel.kept import kept\nimport pandas as pd\nfrom echannel.sme import open_sme\n"
        "firm = open_sme(sme)\n"
        "kept(firm.store.path / 'kept', 'sum', 'abc', lambda: {'x': pd.DataFrame({'a': [1]})})"
    )
    nbformat.write(
        notebook(body, "print('orders:', len(firm.table('orders')))"), workspace.notebooks / "growth.ipynb"
    )
    made = run_cohort(workspace, SHOP, languages=["en"])
    assert [outcome.status for outcome in made.outcomes] == ["ok"]
    reports = workspace.reports / SHOP
    assert "orders: 59" in (reports / SHOP / "growth.en.html").read_text()
    assert {"index.html", "assets/plotly.min.js", f"{SHOP}/index.fr.html"} <= reports.below()
    assert is_kept(workspace.store / SHOP / "kept", "sum", "abc")  # carried back from where it was computed
    assert [one.status for one in run_cohort(workspace, SHOP, languages=["en"]).outcomes] == ["kept"]
    (workspace.notebooks / "growth.ipynb").write_text(json.dumps(notebook("1 / 0")))
    failed = run_cohort(workspace, SHOP, languages=["en"])
    assert (failed.exit_code, "ZeroDivisionError" in failed.log.read_text()) == (1, True)


def test_an_sme_fetched_to_a_folder_reads_the_same(workspace, tmp_path):
    sync_sme(workspace, SHOP)
    bring_near(workspace.store / SHOP, tmp_path / "near" / SHOP)
    there, here = SmeStore(workspace.store / SHOP), SmeStore(tmp_path / "near" / SHOP)
    assert here.manifest() == there.manifest()
    assert here.read("order_lines").equals(there.read("order_lines"))
    bring_near(workspace.store / "nobody", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_results_are_kept_on_object_storage_once(workspace):
    import pandas as pd

    calls = []

    def compute():
        calls.append(1)
        return {"x": pd.DataFrame({"a": [1.5]})}

    folder = workspace.store / "kept"
    for key in ("k1", "k1", "k2", "k2"):
        assert kept(folder, "some", key, compute)["x"]["a"].tolist() == [1.5]
    assert len(calls) == 2
    assert folder.below() == {"some-k2.zip"}


def test_addresses_with_credentials_are_refused_and_not_repeated():
    for url in ("s3://me:hunter2@bucket/x", "s3://hunter2@bucket", "gs://bucket/x?token=hunter2"):
        with pytest.raises(UserError, match="secret_in_url") as refused:
            place(url)
        for language in LANGUAGES:
            assert "hunter2" not in Speaker(language).error(refused.value)
    with pytest.raises(UserError, match="unknown_kind"):
        place("nonsense://x")
    with pytest.raises(UserError, match="tables_kind"):
        tables_place("memory://x")
    assert place("file:///some/where") == Path("/some/where") == place("/some/where")


def test_the_environment_says_where_tables_and_reports_lie(tmp_path, monkeypatch):
    monkeypatch.setenv("ECHANNEL_ROOT", str(tmp_path))
    monkeypatch.delenv(STORE_URL, raising=False)
    assert (find_workspace().store, find_workspace().notes) == (tmp_path / "data" / "store",) * 2
    monkeypatch.setenv(STORE_URL, "s3://bucket/store/")
    monkeypatch.setenv(REPORTS_URL, str(tmp_path / "elsewhere"))
    found = find_workspace()
    assert str(found.store / "firm") == "s3://bucket/store/firm"
    assert (found.notes, found.reports) == (tmp_path / "data" / "store", tmp_path / "elsewhere")


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(
        st.text("abc.-", min_size=1, max_size=6).filter(lambda n: n.strip(".")), st.binary(max_size=40)
    )
)
def test_what_is_written_whole_is_read_back_by_every_way(contents):
    root = place("memory://whole")
    for old in root.below():
        (root / old).unlink()
    for name, content in contents.items():
        write_whole(root / name / "x", content)
    assert {name.removesuffix("/x") for name in root.below()} == set(contents)
    assert root.read_many(f"{name}/x" for name in contents) == {f"{n}/x": c for n, c in contents.items()}
    assert all((root / name / "x").read_bytes() == content for name, content in contents.items())
    assert not (root / "missing").is_file()
    assert root.read_many(["missing"]) == {}


def test_local_work_imports_no_client_of_object_storage_and_no_dask():
    program = (
        "import sys, echannel, echannel.cli, echannel.sync, echannel.sme, echannel.batch\n"
        "print(sorted({'dask', 'distributed', 's3fs', 'fsspec'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"

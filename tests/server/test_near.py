"""Dashboards of firms whose tables lie on object storage: a real S3-compatible server, a real login."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest
from login_help import CANARIES, OTHER, OWN, Served, make_workspace, serving
from s3_help import KEYS, s3_server

from echannel.confine import landlock_version
from echannel.hub.spawner import lay_out, tables
from echannel.near import bring_near, forget_older
from echannel.sme import open_sme
from echannel.storage import RemotePath
from echannel.sync import sync_sme
from echannel.workspace import STORE_URL, Workspace

ROWS = "print(len(__import__('echannel').open_sme({sme!r}).table('orders')))"


@pytest.fixture(scope="module")
def remote(tmp_path_factory) -> Iterator[Served]:
    local = make_workspace(tmp_path_factory.mktemp("near") / "work")
    runtime = tmp_path_factory.mktemp("runtime")
    shutil.rmtree(local.root / "data" / "store")
    with s3_server("echannel-near") as url:
        workspace = replace(local, store_url=f"{url}/store")
        for sme in (OWN, OTHER):
            sync_sme(workspace, sme)
        os.environ[STORE_URL] = f"{url}/store"
        try:
            with serving(workspace, runtime, "--dashboards", "6") as running:
                yield running
        finally:
            del os.environ[STORE_URL]


def test_a_page_opens_a_sync_shows_on_the_next_and_nothing_else_can_be_read(remote):
    assert not (remote.workspace.root / "data" / "store").exists() or not list(
        (remote.workspace.root / "data" / "store").glob("*/manifest.json")
    )
    anna = remote.person("anna@near.example", "member", OWN)
    olga = remote.person("olga@near.example", "member", OTHER)
    page = remote.get(anna, f"/voila/render/growth.ipynb?sme={OWN}&lang=en")
    assert page.status_code == 200
    assert "£" in page.text
    first = remote.open_page(anna, OWN)
    other = remote.open_page(olga, OTHER)
    before = int(remote.run_in(first, ROWS.format(sme=OWN)))
    assert before > 50

    if landlock_version():
        (near,) = remote.runtime.glob("voila_*/near")
        said = remote.run_in(
            first,
            f"""
import os
def tried(do):
    try:
        return str(do())
    except OSError as error:
        return type(error).__name__
for path in ({str(near)!r}, {str(near / OTHER)!r}):
    print(tried(lambda: os.listdir(path)))
print(tried(lambda: open({str(near / OTHER / "manifest.json")!r})))
print(tried(lambda: open({str(near / OWN / "manifest.json")!r}, "w")))
print(tried(lambda: os.symlink("/etc/passwd", {str(near / OWN / "orders" / "x")!r})))
known = str(dict(os.environ)) + open("/proc/self/environ").read()
print([word for word in {list(KEYS.values())!r} if word in known], "s3://" in known)
print({CANARIES[1]!r} in str(__import__("echannel").open_sme({OWN!r}).table("products")))
""",
        )
        assert said.splitlines() == ["PermissionError"] * 5 + ["[] False", "False"]

    orders = remote.workspace.inbox / OWN / "orders.csv"
    lines = orders.read_text().splitlines()
    orders.write_text("\n".join([*lines, lines[-1].replace(lines[-1].split(",")[0], "9999", 1)]) + "\n")
    sync_sme(remote.workspace, OWN)
    again = remote.open_page(anna, OWN)
    assert int(remote.run_in(again, ROWS.format(sme=OWN))) == before + 1
    assert int(remote.run_in(other, ROWS.format(sme=OTHER))) == before


def test_an_older_version_stays_until_nobody_reads_it_and_a_lost_store_keeps_what_was_brought(
    remote, tmp_path, monkeypatch
):
    place, folder = RemotePath(f"{remote.workspace.store_url}/{OTHER}"), tmp_path / OTHER
    bring_near(place, folder)
    old = set((folder / "orders").iterdir())
    orders = remote.workspace.inbox / OTHER / "orders.csv"
    lines = orders.read_text().splitlines()
    orders.write_text("\n".join([*lines, lines[-1].replace(lines[-1].split(",")[0], "9999", 1)]) + "\n")
    sync_sme(remote.workspace, OTHER)
    # A link that a kernel laid under a name that is brought is replaced, not written through.
    (place / "kept" / "figures-1.zip").write_bytes(b"new")
    victim = tmp_path / "victim"
    (folder / "kept" / "figures-1.zip").symlink_to(victim)
    bring_near(place, folder)
    assert not victim.exists() and (folder / "kept" / "figures-1.zip").read_bytes() == b"new"
    assert old < set((folder / "orders").iterdir())
    forget_older(folder)
    named = json.loads((folder / "manifest.json").read_bytes())["files"]["orders"]
    assert {file.name for file in (folder / "orders").iterdir()} == set(named)
    assert not old & set((folder / "orders").iterdir())

    def out_of_reach(*_: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr("echannel.store.SmeStore.current", out_of_reach)
    bring_near(place, folder)
    with pytest.raises(OSError, match="no route"):
        bring_near(place, tmp_path / "new")
    monkeypatch.setattr("echannel.store.SmeStore.current", lambda _: None)
    bring_near(place, folder)
    assert not folder.exists()


def test_tables_on_object_storage_are_brought_near_for_a_consultant(tmp_path) -> None:
    local = make_workspace(tmp_path / "work")
    with s3_server("echannel-hub") as url:
        workspace = replace(local, store_url=f"{url}/store")
        for sme in (OWN, OTHER):
            sync_sme(workspace, sme)
        home = tmp_path / "homes" / "one"
        root = lay_out(workspace, [OWN, OTHER], home)
        assert len(open_sme(OTHER, Workspace(root)).table("orders")) > 0
        again = lay_out(workspace, [OWN], home)  # the consultant's firms are fewer now
        assert again == root
    # The storage is gone: what a lab reads lies on this machine.
    assert len(open_sme(OWN, Workspace(root)).table("orders")) > 0
    near = tables(workspace, home)
    assert [place.name for place in near.iterdir()] == [OWN]
    assert not near.is_relative_to(home)  # a lab writes below its home: the Hub writes there nothing it reads
    assert [place.name for place in (root / "data" / "store").iterdir()] == [OWN]

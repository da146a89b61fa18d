"""Secrets: kept where only their owner reads them, and nowhere in what is produced."""

from __future__ import annotations

import logging
import os
import stat
import time

import paged_shop
import pytest
from fakes.server import FakeServer
from pydantic import ValidationError

from echannel import connectors
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.profiles import Source
from echannel.secrets import resolve
from echannel.spool import Spool
from echannel.sync import sync_sme
from echannel.workspace import Workspace

SECRET = "K3Y-that-nobody-may-see-0123456789"
SME = "secret-shop"


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "keys of ours" / "shop.key"
    path.parent.mkdir()
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    return path


def test_a_file_that_only_its_owner_reads(key_file):
    assert resolve(f"file:{key_file}").get_secret_value() == SECRET
    assert SECRET not in repr(resolve(f"file:{key_file}"))


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_read_is_refused(key_file, mode):
    key_file.chmod(mode)
    with pytest.raises(UserError) as raised:
        resolve(f"file:{key_file}")
    assert raised.value.key == "sync.error.secret_permissions"
    assert f"{mode:o}" in str(raised.value) and SECRET not in str(raised.value)


def test_a_file_in_a_git_folder_is_refused(key_file):
    (key_file.parent.parent / ".git").mkdir()
    with pytest.raises(UserError) as raised:
        resolve(f"file:{key_file}")
    assert raised.value.key == "sync.error.secret_in_git"


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UserError) as raised:
        resolve(f"file:{tmp_path}/none.key")
    assert raised.value.key == "sync.error.secret_missing_file"
    for language in LANGUAGES:
        assert "none.key" in Speaker(language).error(raised.value)


@pytest.mark.parametrize("reference", ["file:/etc/keys/shop", "file:~/keys/shop.key", "file:C:/keys/shop"])
def test_profiles_may_name_a_file(reference):
    assert Source(id="shop", connector="files", secrets={"key": reference}).secrets["key"] == reference


@pytest.mark.parametrize("reference", ["file:", "file:keys/shop", "file:../shop", SECRET])
def test_profiles_name_no_file_by_half_and_no_secret(reference):
    with pytest.raises(ValidationError) as raised:
        Source(id="shop", connector="files", secrets={"key": reference})
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("fault", [None, "401", "500", "redirect", "html", "cut"])
def test_nothing_that_a_sync_produces_holds_the_key(tmp_path, key_file, monkeypatch, caplog, fault):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setitem(connectors._BUILT_IN, paged_shop.NAME, paged_shop.REFERENCE)
    monkeypatch.setattr(Spool, "delay", 0.0)
    rows = {
        n: {"id": n, "email": f"{n}@x", "amount": float(n), "changed": time.time()} for n in range(1, 130)
    }
    rows[3]["amount"] = None  # one row for the quarantine
    with FakeServer(paged_shop.shop_app(rows)) as server:
        paged_shop.write_paged_profile(tmp_path, SME, server.url, f"file:{key_file}")
        if fault:
            server.fail(fault, times=None, value=f"{server.url}/x?key={SECRET}")
            server.faults[0].takes = lambda call: call.params.get("after") == "100"
        told = []
        try:
            report = sync_sme(Workspace(tmp_path), SME)
            assert fault is None and report.refused and report.quarantine
            told += [sentence for one in LANGUAGES for sentence in report.sentences(Speaker(one))]
        except UserError as error:
            assert fault is not None and error.key == "sync.error.source"
            told += [str(error), repr(error), *(Speaker(one).error(error) for one in LANGUAGES)]
        assert server.calls[0].params["key"] == SECRET
    produced = [path for path in tmp_path.rglob("*") if path.is_file() and path != key_file]
    assert len(produced) > 3
    assert not [path for path in produced if SECRET.encode() in path.read_bytes()]
    assert not [text for text in [*told, caplog.text] if SECRET in text]
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600

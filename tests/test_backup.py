"""A backup gives back what was there, while syncs and sign-ins go on; what is no backup is refused."""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
import threading
from pathlib import Path

import pandas as pd
import pytest
from small_demo import make_small_demo

from echannel import open_sme
from echannel.backup import back_up, restore
from echannel.cli import run
from echannel.errors import UserError
from echannel.register import open_register, save_scenario, saved_scenarios
from echannel.workspace import Workspace

SME = "sussex-parts"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("backup") / "here"
    made = make_small_demo(Path(os.environ.get("ECHANNEL_SMALL_DEMO") or tmp_path_factory.mktemp("small")))
    for part in ("parameters", f"data/store/{SME}", f"data/inbox/{SME}", "data/keys"):
        shutil.copytree(made.root / part, root / part)
    (root / "notebooks" / "own").mkdir(parents=True)
    (root / "notebooks" / "own" / "mine.ipynb").write_text("{}", encoding="utf-8")
    (root / "data" / "homes").mkdir()
    (root / "data" / "homes" / "away").symlink_to("/etc")
    return Workspace(root)


def test_all_that_cannot_be_made_again_comes_back(workspace: Workspace, tmp_path: Path) -> None:
    register = open_register(workspace)
    save_scenario(register, SME, "ask", "before", {"n": 1})
    ended = threading.Event()

    def write_all_the_time() -> None:
        while not ended.wait(0.001):
            save_scenario(open_register(workspace), SME, "ask", "meanwhile", {"n": 2})

    writer = threading.Thread(target=write_all_the_time)
    writer.start()
    try:
        held = back_up(workspace, tmp_path / "all.tar.gz")
    finally:
        ended.set()
        writer.join()
    assert stat.S_IMODE((tmp_path / "all.tar.gz").stat().st_mode) == 0o600
    assert restore(tmp_path / "all.tar.gz", tmp_path / "there") == held
    there = Workspace(tmp_path / "there")
    before, after = open_sme(SME, workspace), open_sme(SME, there)
    assert held.smes[SME] == sum(before.manifest.counts.values()) > 10_000
    for table in before.manifest.counts:
        pd.testing.assert_frame_equal(before.table(table), after.table(table))
    assert saved_scenarios(open_register(there), SME, "ask")["before"].content == {"n": 1}
    assert (there.root / "notebooks" / "own" / "mine.ipynb").exists()
    keys = [path for path in workspace.keys.rglob("*") if path.is_file()]
    assert keys
    for key in keys:
        assert (there.keys / key.relative_to(workspace.keys)).read_bytes() == key.read_bytes()
    assert not (there.root / "data" / "homes" / "away").exists()


def test_what_is_there_is_never_written_over(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "old.tar.gz").write_text("precious", encoding="utf-8")
    with pytest.raises(UserError, match="exists"):
        back_up(workspace, tmp_path / "old.tar.gz")
    with pytest.raises(UserError, match="inside"):
        back_up(workspace, workspace.root / "data" / "new.tar.gz")
    with pytest.raises(UserError, match="not_empty"):
        restore(tmp_path / "old.tar.gz", tmp_path)


def test_what_is_no_backup_or_leads_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.tar.gz").write_text("no archive", encoding="utf-8")
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "text.tar.gz", "../outside.txt")
    for name in ("text", "evil"):
        with pytest.raises(UserError, match="damaged"):
            restore(tmp_path / f"{name}.tar.gz", tmp_path / f"into-{name}")
    assert not (tmp_path / "outside.txt").exists()


def test_a_backup_that_lost_rows_is_noticed(workspace: Workspace, tmp_path: Path) -> None:
    back_up(workspace, tmp_path / "all.tar.gz")
    with (
        tarfile.open(tmp_path / "all.tar.gz") as whole,
        tarfile.open(tmp_path / "less.tar.gz", "w:gz") as less,
    ):
        for entry in whole:
            if not entry.name.endswith("manifest.json"):
                less.addfile(entry, whole.extractfile(entry))
    with pytest.raises(UserError, match="rows"):
        restore(tmp_path / "less.tar.gz", tmp_path / "there")


def test_the_commands_say_what_they_did(workspace: Workspace, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("ECHANNEL_ROOT", str(workspace.root))
    file, folder = str(tmp_path / "b.tar.gz"), str(tmp_path / "back")
    assert run(["backup", file, "--lang", "fr"], os.environ) == 0
    assert run(["restore", file, folder, "--lang", "en"], os.environ) == 0
    said = capsys.readouterr().out
    assert "Il contient des clés" in said
    assert "as they were on" in said
    assert run(["restore", file, folder, "--lang", "fr"], os.environ) == 1

"""The consultant's way in: their firms only, and notebooks made ready that hold nobody's work hostage."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import nbformat
import pytest
from catalogue_scan import ROOT
from nbclient import NotebookClient
from small_demo import make_small_demo

from echannel.errors import UserError
from echannel.launcher import ALLOWED, EXPLORE, Launcher, firms_html, link_to, open_notebook, visible_smes
from echannel.locale import Speaker
from echannel.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    shutil.copytree(ROOT / "parameters", tmp_path / "parameters")
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns("own"))
    return Workspace(tmp_path)


def test_a_tool_opens_with_the_firm_filled_in_and_the_original_stays(workspace: Workspace) -> None:
    before = (workspace.notebooks / "growth.ipynb").read_bytes()
    path = open_notebook(workspace, "kent-gifts", "growth", "fr")
    source = json.dumps(json.loads(path.read_text(encoding="utf-8"))["cells"])
    assert "kent-gifts" in source
    assert (workspace.notebooks / "growth.ipynb").read_bytes() == before
    path.write_text("somebody's work", encoding="utf-8")
    assert (
        open_notebook(workspace, "kent-gifts", "growth", "fr").read_text(encoding="utf-8")
        == "somebody's work"
    )
    assert 'href="own/kent-gifts-growth-fr.ipynb"' in link_to(path, workspace, "x")


def test_only_the_firms_that_the_server_names_are_shown_or_opened(workspace: Workspace, monkeypatch) -> None:
    everybody = visible_smes(workspace)
    monkeypatch.setenv(ALLOWED, "kent-gifts,sussex-parts,nobody-known")
    assert visible_smes(workspace) == ("kent-gifts", "sussex-parts")
    assert len(everybody) > 2
    listed = firms_html(workspace, visible_smes(workspace), Speaker("fr"))
    assert "Kent Gifts" in listed
    assert "Breizh" not in listed
    for sme in ("breizh-epicerie", "../kent-gifts", ""):
        with pytest.raises(UserError) as refused:
            open_notebook(workspace, sme, EXPLORE, "fr")
        assert refused.value.key == "launcher.error.not_yours"
    launcher = Launcher(workspace, Speaker("en"))
    assert launcher.sme.options == ("kent-gifts", "sussex-parts")
    monkeypatch.setenv(ALLOWED, "")
    assert visible_smes(workspace) == ()


def test_the_page_to_explore_runs_from_top_to_bottom(tmp_path: Path, monkeypatch) -> None:
    made = make_small_demo(Path(os.environ.get("ECHANNEL_SMALL_DEMO", tmp_path / "small")))
    monkeypatch.setenv("ECHANNEL_ROOT", str(made.root))
    here = Workspace(tmp_path)
    shutil.copytree(made.parameters, here.parameters)
    path = open_notebook(here, "sussex-parts", EXPLORE, "fr")
    notebook = nbformat.read(path, 4)
    NotebookClient(notebook, timeout=120).execute()
    assert "Numéro de la commande dans sa source" in str(notebook.cells[3].outputs)

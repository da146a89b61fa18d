"""The wizard's notebook: the same steps with widgets, in both languages."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from pathlib import Path

import ipywidgets as widgets
import nbformat
import pytest
from nbclient import NotebookClient
from test_wizard import BAD, french_export

from echannel.locale import LANGUAGES, messages
from echannel.profiles import load_sme
from echannel.store import SmeStore
from echannel.wizard.page import open_connect
from echannel.workspace import Workspace

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "connect.ipynb"


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Workspace:
    monkeypatch.setenv("ECHANNEL_ROOT", str(tmp_path))
    monkeypatch.delenv("SERVER_SOFTWARE", raising=False)
    (tmp_path / "parameters" / "smes").mkdir(parents=True)
    return Workspace(tmp_path)


def texts(widget: widgets.Widget) -> str:
    """All that a widget and those in it say."""
    own = [str(getattr(widget, name, "")) for name in ("description", "value", "titles")]
    if isinstance(widget, widgets.Dropdown):
        own += [label for label, _ in widget.options]
    return "\n".join([*own, *(texts(child) for child in getattr(widget, "children", ()))])


def dropped(path: Path) -> tuple[dict, ...]:
    content = memoryview(path.read_bytes())
    file = {"name": path.name, "type": "text/csv", "size": len(content), "content": content}
    return ({**file, "last_modified": datetime.now(UTC)},)


def filled(workspace: Workspace, language: str = "fr"):
    page = open_connect(lang=language, workspace=workspace)
    page.inputs["name"].value = "Épicerie du Port"
    page.inputs["country"].value = "FR"
    page.inputs["launch_pad"].value = "Lorient"
    return page


@pytest.mark.parametrize("language", LANGUAGES)
def test_from_a_dropped_file_to_refused_rows_and_a_chart(workspace, tmp_path_factory, language):
    page = filled(workspace, language)
    assert page.sme_id == "epicerie-du-port"
    page.upload.value = dropped(french_export(tmp_path_factory.mktemp("home") / "commandes.csv"))
    assert page.message.value == ""
    assert (workspace.inbox / page.sme_id / "commandes.csv").is_file()
    seen = texts(page.what())
    assert "commandes.csv" in seen
    assert "Prix unitaire TTC" in seen
    assert "exemple.fr" not in seen
    page._try(page.write_and_sync)
    said = texts(page.outcome)
    expected = {
        "en": ["240 orders read.", "37 rows refused"],
        "fr": ["240 commandes lues.", "37 lignes refusées"],
    }
    for sentence in expected[language]:
        assert sentence in said
    content = base64.b64decode(re.search(r"base64,([^\"]+)", said)[1]).decode("utf-8-sig")
    assert content.count("31/02/2025") >= BAD
    assert len(SmeStore(workspace.store / page.sme_id).read("orders")) == 240
    assert any(isinstance(child, widgets.Output) for child in page.outcome.children)


def test_a_column_chosen_field_by_field_goes_into_the_profile(workspace):
    page = filled(workspace)
    export = french_export(workspace.root / "exports" / "a.csv", 5)
    page.path.value = str(export)
    page.look()
    page._column_chosen("a.csv", "payment_method", {"new": "Mémo"})
    page._column_chosen("a.csv", "customer", {"new": ""})
    page.write()
    mapping = load_sme(workspace, "epicerie-du-port").sources[0].options["files"][0]["mapping"]
    assert mapping["payment_method"] == "Mémo"
    assert not mapping.get("customer")


def test_what_is_wrong_is_said_and_nothing_is_written(workspace):
    page = filled(workspace)
    page.inputs["launch_pad"].value = ""
    page._try(page.write)
    assert 'role="alert"' in page.message.value
    page = filled(workspace)
    page.path.value = "/nowhere"
    page._try(page.look)
    assert "/nowhere" in page.message.value
    assert list((workspace.parameters / "smes").iterdir()) == []


def test_names_in_files_are_text_not_html(workspace):
    page = filled(workspace)
    path = workspace.root / "exports" / "a.csv"
    french_export(path, 5)
    head, *rows = path.read_text(encoding="cp1252").replace("Mémo", "<b>x</b>").splitlines()
    rows[::2] = [row.replace("Bougie é", "<script>alert(1)</script>") for row in rows[::2]]
    text = "\n".join([head, *rows])
    path.write_text(text, encoding="cp1252")
    page.path.value = str(path)
    page.look()
    html = "".join(widget.value for widget in _all(page.found) if isinstance(widget, widgets.HTML))
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "<b>x" not in html


def _all(widget: widgets.Widget) -> list[widgets.Widget]:
    return [widget, *(inner for child in getattr(widget, "children", ()) for inner in _all(child))]


def test_a_dropped_file_stays_in_the_inbox_whatever_its_name(workspace):
    page = filled(workspace)
    source = french_export(workspace.root / "exports" / "a.csv", 5)
    page.upload.value = ({**dropped(source)[0], "name": "../../../evil.csv"},)
    assert (workspace.inbox / page.sme_id / "evil.csv").is_file()
    page.upload.value = ({**dropped(source)[0], "name": "evil.sh"},)
    assert "evil.sh" in page.message.value
    assert not (workspace.inbox / page.sme_id / "evil.sh").exists()


def test_a_dashboard_takes_uploads_only(workspace, monkeypatch):
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    page = filled(workspace)
    assert page.path not in _all(page.where())
    assert page.replace not in _all(page.finish())
    (workspace.root / "secret").mkdir()
    french_export(workspace.root / "secret" / "a.csv", 5)
    page.path.value = str(workspace.root / "secret")
    page._try(page.look)
    assert page.files == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_empty_form_speaks_one_language(workspace, language):
    page = open_connect(lang=language, workspace=workspace)
    said = "\n".join(texts(step) for step in (page.who(), page.where(), page.what(), page.finish()))
    other = messages("en" if language == "fr" else "fr")
    for key in messages(language):
        if key.startswith(("wizard.step.", "wizard.ask.n", "wizard.ask.c", "wizard.ask.l")):
            assert other[key] == messages(language)[key] or other[key] not in said, key


def test_the_notebook_runs_and_holds_no_outputs(workspace):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    kinds = {kind for cell in notebook.cells for out in cell.outputs for kind in out.get("data", {})}
    assert "application/vnd.jupyter.widget-view+json" in kinds

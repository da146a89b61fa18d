"""The dashboard server's own rules; its pages are tested in a browser (tests/browser)."""

from __future__ import annotations

from pathlib import Path

import pytest

from echannel.errors import UserError
from echannel.locale import Speaker
from echannel.server import serve
from echannel.server.handlers import reader_language
from echannel.server.home import show_home
from echannel.workspace import Workspace


@pytest.fixture
def empty(tmp_path):
    """A workspace without people: its notebooks are those of the project."""
    (tmp_path / "notebooks").symlink_to(Path(__file__).parents[1] / "notebooks")
    return Workspace(tmp_path)


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.5", "::", "example.org", ""])
def test_only_this_machine_is_served_until_there_is_a_login(empty, address):
    with pytest.raises(UserError) as refused:
        serve(empty, address)
    assert refused.value.key == "serve.error.address"
    for language in ("en", "fr"):
        assert "127.0.0.1" in Speaker(language).error(refused.value)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("de, fr;q=0.3, en;q=0.7", "en"),
        ("de", "en"),
        ("", "en"),
        ("*;q=x,,;", "en"),
    ],
)
def test_the_home_page_speaks_the_browsers_language(accepted, language):
    assert reader_language(accepted) == language


def test_home_escapes_names_and_says_when_there_is_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv("QUERY_STRING", raising=False)
    workspace = Workspace(tmp_path)
    (workspace.parameters / "smes").mkdir(parents=True)
    empty = show_home(lang="fr", workspace=workspace).data
    assert Speaker("fr")("serve.home.nobody") in empty
    (workspace.parameters / "smes" / "x.yml").write_text(
        "id: x\nname: '<script>alert(1)</script>'\ncountry: FR\nlanguages: [fr]\norientation: b2b\n"
        "currency: EUR\ntimezone: Europe/Paris\nvat: {regime: franchise, registered: false}\n"
        "fiscal_year_start: '01-01'\n"
        "launch_pad: bretagne\n"
    )
    shown = show_home(lang="fr", workspace=workspace).data
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown

"""What makes a page quick leaves it as it was: cells joined, templates compiled once, blocks drawn ahead."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import jinja2
import nbformat
import pytest
from login_help import OWN, make_workspace

from echannel import sme
from echannel.batch.plan import find_notebook, page_names
from echannel.server.cells import together
from echannel.server.exporter import PageExporter
from echannel.views import ahead
from echannel.views.blocks import block_html, opening_html
from echannel.views.context import View
from echannel.views.drawn import taken

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    made = make_workspace(tmp_path_factory.mktemp("quick"))
    shutil.copytree(NOTEBOOKS, made.notebooks, dirs_exist_ok=True)
    return made


def test_joined_cells_are_the_same_code_in_the_same_order(workspace):
    tools = page_names(workspace)
    for tool in tools:
        cells = nbformat.read(find_notebook(workspace, tool), 4).cells
        joined = together(cells)
        assert "\n".join(one.source for one in joined) == "\n".join(one.source for one in cells)
        assert len(joined) < len(cells)
    assert tools


def test_a_part_of_the_page_and_what_is_no_code_begin_a_cell():
    code, text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    cells = [code("a"), code("page.opening()"), *map(code, "bcde"), text("f"), code("g"), code("%time h")]
    sources = [one.source for one in together([*cells, code("i"), code('page.section("k")')])]
    assert sources == ["a", "page.opening()\nb\nc\nd", "e", "f", "g", "%time h", "i", 'page.section("k")']
    assert [one.source for one in cells[:2]] == ["a", "page.opening()"]  # what was given is as it was


def test_a_template_is_compiled_once_and_anew_when_it_changes(tmp_path: Path, monkeypatch):
    compiled = []
    compiles = jinja2.Environment.compile
    monkeypatch.setattr(
        jinja2.Environment,
        "compile",
        lambda self, source, *more, **named: (
            compiled.append(source) or compiles(self, source, *more, **named)
        ),
    )

    for text, times in (("one {{ 1 }}", 1), ("one {{ 1 }}", 1), ("two {{ 1 }}", 2)):
        (tmp_path / "own.html.j2").write_text(text)
        PageExporter(template_file="own.html.j2", template_paths=[str(tmp_path)]).template  # noqa: B018
        assert len(compiled) == times, (text, compiled)


@pytest.fixture
def prepared(workspace, monkeypatch):
    """A firm whose growth page was gone through by a kernel that waits."""
    monkeypatch.setenv("ECHANNEL_ROOT", str(workspace.root))
    monkeypatch.setattr(sme, "_held", [])
    list(ahead.steps(OWN, "en"))
    return sme.open_sme(OWN, workspace)


def test_what_was_drawn_ahead_is_what_the_page_would_draw(prepared, workspace):
    fresh = sme.Sme(prepared.profile, prepared.store, workspace)
    waits = View(prepared, prepared.speaker("en"), None, prepared.memory, "live")
    anew = View(fresh, fresh.speaker("en"), None, None, "live")
    cards = ahead.cards_of(find_notebook(workspace, "growth"))
    assert taken(("opening", "growth"), waits) == opening_html("growth", anew)
    for card in cards:
        _, drawn = taken(card, waits)
        assert drawn == block_html(card(anew), anew), card
        assert taken(card, waits) is None  # once: what is drawn again is drawn as things are then
    assert len(cards) > 20


def test_what_was_drawn_ahead_is_for_its_own_choice_and_language(prepared, workspace):
    waits = View(prepared, prepared.speaker("en"), None, prepared.memory, "live")
    card = ahead.cards_of(find_notebook(workspace, "growth"))[0]
    for other in (waits.chosen(replace(waits.choice, period="month")), waits.in_language("fr")):
        assert taken(card, other) is None
    assert taken(card, View(prepared, prepared.speaker("en"), None, prepared.memory, "report")) is None
    assert taken(card, waits) is not None

"""A report is made again when what its notebook says it rests on has changed."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from echannel.batch import unchanged
from echannel.workspace import Workspace


def named(root: Path, rests_on: list[str]) -> str | None:
    notebook = root / "page.ipynb"
    metadata = {"echannel": {"rests_on": rests_on}} if rests_on else {}
    notebook.write_text(json.dumps({"cells": [], "metadata": metadata}), encoding="utf-8")
    report = SimpleNamespace(name="firm/page/en", sme="firm")
    job = SimpleNamespace(report=report, parameters={}, frame="", notebook=notebook)
    return unchanged.name_of_all(Workspace(root), job)  # type: ignore[arg-type]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    tables = Workspace(tmp_path).store / "firm"
    tables.mkdir(parents=True)
    (tables / "manifest.json").write_text("{}", encoding="utf-8")
    return tmp_path


def test_only_what_a_notebook_rests_on_makes_its_page_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = (["today"], ["reference"], ["register"], [])

    def all_names() -> list[str | None]:
        return [named(root, rests_on) for rests_on in kinds]

    before = all_names()
    assert before == all_names() and len(set(before)) == 4
    (root / "data" / "reference").mkdir(parents=True)
    (root / "data" / "reference" / "figures.csv").write_text("market", encoding="utf-8")
    assert [one == two for one, two in zip(before, all_names(), strict=True)] == [True, False, True, True]
    before = all_names()
    (root / "data" / "register.sqlite").write_bytes(b"x")
    assert [one == two for one, two in zip(before, all_names(), strict=True)] == [True, True, False, True]
    before = all_names()
    monkeypatch.setattr(
        unchanged, "date", SimpleNamespace(today=lambda: SimpleNamespace(isoformat=lambda: "2030"))
    )
    assert [one == two for one, two in zip(before, all_names(), strict=True)] == [False, True, True, True]


def test_the_market_page_says_what_it_rests_on() -> None:
    notebook = Path(__file__).parents[1] / "notebooks" / "market.ipynb"
    assert unchanged._rests_on(notebook) == ("reference", "register", "today")


@pytest.mark.parametrize("content", ["", "[1", "[]", '{"metadata": {"echannel": 3}}', '{"metadata": null}'])
def test_a_broken_notebook_rests_on_nothing_here(tmp_path: Path, content: str) -> None:
    (tmp_path / "broken.ipynb").write_text(content, encoding="utf-8")
    assert unchanged._rests_on(tmp_path / "broken.ipynb") == ()

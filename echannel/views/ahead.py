"""What a spare kernel does while it waits for its reader: reads the firm's tables, counts and draws pages.

Only pages whose figures come from tables and profile alone are gone through: what the register holds (plans,
prices noted down, opinions) may have changed by the time the reader comes.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
from collections.abc import Iterator
from pathlib import Path

import nbformat

from echannel.batch.plan import find_notebook, tool_names
from echannel.errors import UserError
from echannel.sme import hold
from echannel.views.blocks import block_html, opening_html
from echannel.views.context import View
from echannel.views.drawn import keep
from echannel.views.page import CardFunction
from echannel.workspace import find_workspace

TOOLS = ("growth", "audit")
_steps: Iterator[None] = iter(())


def begin(sme: str, language: str) -> None:
    """From now on :func:`more` prepares this SME's pages."""
    global _steps
    _steps = steps(sme, language)


def more() -> bool:
    """Do the next step; False when there is nothing more to prepare."""
    return next(_steps, False) is None


def steps(sme: str, language: str) -> Iterator[None]:
    """Reads, counts, then draws each block of the pages, as they are when nothing was chosen; a step each."""
    workspace = find_workspace()
    try:
        opened = hold(sme, workspace)
        yield
        _ = opened.sales
        yield
        view = View(opened, opened.speaker(language), None, opened.memory, "live")
    except UserError:
        return  # the page will say so
    for tool in (one for one in TOOLS if one in tool_names(workspace)):
        # What fails here fails on the page as well, where it is said.
        with contextlib.suppress(Exception):
            keep(("opening", tool), opening_html(tool, view), view)
        yield
        for card in cards_of(find_notebook(workspace, tool)):
            with contextlib.suppress(Exception):
                block = card(view)
                keep(card, (block, block_html(block, view)), view)
            yield


def cards_of(notebook: Path) -> list[CardFunction]:
    """The cards that a notebook shows (``page.show(module.card)``), in its order."""
    found: list[CardFunction] = []
    for cell in nbformat.read(notebook, 4).cells:
        for node in ast.walk(ast.parse(cell.source)) if cell.cell_type == "code" else ():
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="page"), attr="show"),
                    args=[ast.Attribute(value=ast.Name(id=module), attr=name)],
                ):
                    found.append(getattr(importlib.import_module(f"echannel.views.{module}"), name))
    return found

"""The consultant's way in: the firms they may see, and a notebook of any tool opened for one of them.

A notebook opened from here is a copy under ``notebooks/own/`` with the firm and the language filled in,
so that whatever is tried there leaves the tool's own notebook as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from html import escape
from pathlib import Path
from urllib.parse import quote

import nbformat
import papermill
from nbformat.v4 import new_code_cell, new_notebook

from echannel.batch.index import profile_facts, tool_title
from echannel.batch.plan import find_notebook, tool_names
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.profiles import load_sme, sme_ids
from echannel.store import SmeStore
from echannel.workspace import Workspace, find_workspace

ALLOWED = "ECHANNEL_SMES"  # set for a person's own server: the firms they may see, with commas
EXPLORE = "explore"
_FOLDER = "own"
_EXPLORE = (
    "import echannel",
    'sme = echannel.open_sme("{sme}")',
    'sme.describe(language="{language}")',
    'sme.describe("orders", "{language}")',
    'sme.table("orders").head()',
    'sme.sales.entries.groupby("month")["net_goods"].sum()',
)


def visible_smes(workspace: Workspace) -> tuple[str, ...]:
    """The firms that this person may see: those that the server names, else all of the workspace."""
    named = os.environ.get(ALLOWED)
    known = sme_ids(workspace)
    if named is None:
        return tuple(known)
    allowed = set(filter(None, named.split(",")))
    return tuple(sme for sme in known if sme in allowed)


def open_notebook(workspace: Workspace, sme: str, tool: str, language: str) -> Path:
    """Makes ``own/<sme>-<tool>-<language>.ipynb`` unless it is there, and returns its path.

    ``tool`` is a tool's name, or :data:`EXPLORE` for an empty page with the firm in hand. A notebook that
    is there is never written over: it may hold somebody's work.

    Raises
    ------
    UserError
        The firm is none of those that this person may see, or there is no such tool.
    """
    if sme not in visible_smes(workspace):
        raise UserError("launcher.error.not_yours", value=sme)
    if language not in LANGUAGES:
        raise UserError("error.unknown_language", value=language, known=", ".join(LANGUAGES))
    path = workspace.notebooks / _FOLDER / f"{sme}-{tool}-{language}.ipynb"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    if tool == EXPLORE:
        cells = [new_code_cell(line.format(sme=sme, language=language)) for line in _EXPLORE]
        nbformat.write(new_notebook(cells=cells), path)
        return path
    source = find_notebook(workspace, tool)
    values = {"sme": sme, "lang": language}
    papermill.execute_notebook(str(source), str(path), values, prepare_only=True, progress_bar=False)
    return path


def firms_html(workspace: Workspace, smes: Iterable[str], say: Speaker) -> str:
    """The firms as a table: name, what is known of them, and the day of their data."""
    rows = "".join(
        f'<tr><th scope="row"><code>{escape(sme)}</code></th>'
        + "".join(f"<td>{escape(text)}</td>" for text in _facts(workspace, sme, say))
        + "</tr>"
        for sme in smes
    )
    heads = "".join(
        f'<th scope="col">{escape(say(f"launcher.head.{head}"))}</th>'
        for head in ("id", "name", "facts", "data")
    )
    return (
        f'<div class="ec"><table class="ec-data"><caption class="ec-sr">{escape(say("launcher.firms"))}'
        f"</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _facts(workspace: Workspace, sme: str, say: Speaker) -> tuple[str, str, str]:
    try:
        profile = load_sme(workspace, sme)
    except UserError as error:
        return sme, say.error(error), ""
    try:
        day = say.day(SmeStore(workspace.store / sme).manifest().synced)
    except UserError as error:
        day = say.error(error)
    return profile.name, profile_facts(profile, say), day


def link_to(path: Path, workspace: Workspace, words: str) -> str:
    """A link that JupyterLab opens, from a notebook in the notebooks' folder."""
    target = quote(path.relative_to(workspace.notebooks).as_posix())
    return f'<p><a href="{escape(target)}">{escape(words)}</a></p>'


class Launcher:
    """Lists for firm, tool and language, and a button that makes the notebook ready."""

    def __init__(self, workspace: Workspace, say: Speaker) -> None:
        from ipywidgets import Button, Dropdown, Output, VBox

        self._workspace, self._say = workspace, say
        smes = visible_smes(workspace)
        tools = [(tool_title(say, tool), tool) for tool in tool_names(workspace)]
        self.sme = Dropdown(options=smes, description=say("launcher.firm"))
        self.tool = Dropdown(
            options=[(say("launcher.explore"), EXPLORE), *tools], description=say("launcher.tool")
        )
        self.language = Dropdown(
            options=[(say(f"language.{one}"), one) for one in LANGUAGES],
            value=say.language,
            description=say("launcher.language"),
        )
        button = Button(description=say("launcher.open"), button_style="primary", disabled=not smes)
        button.on_click(lambda _: self.open())
        self.said = Output()
        self.box = VBox([self.sme, self.tool, self.language, button, self.said])

    def open(self) -> None:
        """Makes the notebook ready and shows the link to it."""
        from IPython.display import HTML, display

        self.said.clear_output()
        with self.said:
            try:
                path = open_notebook(self._workspace, self.sme.value, self.tool.value, self.language.value)
                display(HTML(link_to(path, self._workspace, self._say("launcher.ready", name=path.name))))
            except UserError as error:
                display(HTML(f"<p>{escape(self._say.error(error))}</p>"))


def show_launcher(lang: str = "", workspace: Workspace | None = None) -> Launcher:
    """The launcher, for a notebook: the firms, then the lists."""
    from IPython.display import HTML, display

    where = workspace or find_workspace()
    language = lang or os.environ.get("ECHANNEL_LANG", "")
    say = Speaker(language if language in LANGUAGES else LANGUAGES[0])
    display(HTML(f"<h1>{escape(say('launcher.title'))}</h1><p>{escape(say('launcher.about'))}</p>"))
    display(HTML(firms_html(where, visible_smes(where), say)))
    launcher = Launcher(where, say)
    display(launcher.box)
    return launcher

"""Which reports a run makes: notebooks found, parameters checked, selection applied."""

from __future__ import annotations

import ast
import json
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from echannel.errors import UserError
from echannel.locale import LANGUAGES
from echannel.profiles import CohortProfile
from echannel.workspace import Workspace

REPORT_PARAMETERS = {"sme", "lang"}
_JSON_TYPES = (str, int, float, bool, type(None))


@dataclass(frozen=True, order=True)
class Report:
    """One page to make: a tool's notebook for one SME in one language."""

    sme: str
    tool: str
    language: str

    @property
    def name(self) -> str:
        """How people name it, as ``--only`` takes it: ``kent-gifts/growth/fr``."""
        return f"{self.sme}/{self.tool}/{self.language}"

    @property
    def path(self) -> str:
        """Its page, below the cohort's folder: ``kent-gifts/growth.fr.html``."""
        return self.file("html")

    def file(self, ending: str) -> str:
        """A file that belongs to it, below the cohort's folder."""
        return f"{self.sme}/{self.tool}.{self.language}.{ending}"


def notebook_folders(workspace: Workspace) -> tuple[Path, ...]:
    """Where notebooks are looked for, first match first.

    The workspace's own ``notebooks/`` (a clone of the repository has them there, and whoever
    changes one means theirs), then those that ``pip install`` laid beside the package.
    """
    return workspace.notebooks, _installed_notebooks()


@lru_cache
def _installed_notebooks() -> Path:
    return Path(sysconfig.get_path("data")) / "share" / "echannel" / "notebooks"


def find_notebook(workspace: Workspace, name: str) -> Path:
    """The notebook ``<name>.ipynb``; ``UserError`` names the tools that there are."""
    for folder in notebook_folders(workspace):
        path = folder / f"{name}.ipynb"
        if path.is_file() and path.parent == folder:
            return path
    raise UserError("batch.error.unknown_tool", value=name, known=", ".join(tool_names(workspace)) or "–")


def tool_names(workspace: Workspace) -> tuple[str, ...]:
    """The tools that make reports: notebooks with the parameters ``sme`` and ``lang``; growth comes first."""
    return _tools(workspace, live=False)


def live_names(workspace: Workspace) -> tuple[str, ...]:
    """The tools that a reader uses in a dashboard only: their notebooks' metadata say ``echannel.live``."""
    return _tools(workspace, live=True)


def page_names(workspace: Workspace) -> tuple[str, ...]:
    """Every tool with a dashboard: those that make reports, then the others."""
    return tool_names(workspace) + live_names(workspace)


def _tools(workspace: Workspace, live: bool) -> tuple[str, ...]:
    names = {
        path.stem
        for folder in notebook_folders(workspace)
        for path in folder.glob("*.ipynb")
        if set(notebook_parameters(path)) >= REPORT_PARAMETERS
        and _is_live(path, path.stat().st_mtime_ns) == live
    }
    return tuple(sorted(names, key=lambda name: (name != "growth", name)))


def notebook_parameters(path: Path) -> tuple[str, ...]:
    """The names that the notebook's ``parameters`` cell sets."""
    return _parameters(path, path.stat().st_mtime_ns)


@lru_cache
def _is_live(path: Path, changed: int) -> bool:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return bool(notebook["metadata"].get("echannel", {}).get("live", False))


@lru_cache
def _parameters(path: Path, changed: int) -> tuple[str, ...]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    cell = next((one for one in cells if "parameters" in one["metadata"].get("tags", [])), None)
    try:
        return _names_set("".join(cell["source"])) if cell else ()
    except SyntaxError:  # a line that only IPython understands: papermill goes line by line
        from papermill.inspection import inspect_notebook

        return tuple(inspect_notebook(str(path)))


def _names_set(source: str) -> tuple[str, ...]:
    """The names that Python code assigns to, as papermill finds them, which takes longer to import."""
    statements = [one for one in ast.parse(source).body if isinstance(one, ast.Assign | ast.AnnAssign)]
    targets = [one.targets[0] if isinstance(one, ast.Assign) else one.target for one in statements]
    return tuple(target.id for target in targets if isinstance(target, ast.Name))


def check_parameters(notebook: Path, parameters: Mapping[str, Any]) -> None:
    """Refuse what papermill would inject with no more than a warning, or fail to save.

    Raises
    ------
    UserError
        A name that the notebook's parameters cell does not have, or a value that JSON has no
        type for (a date goes as text).
    """
    known = notebook_parameters(notebook)
    for name, value in parameters.items():
        if name not in known:
            raise UserError(
                "batch.error.unknown_parameter", file=notebook.name, value=name, known=", ".join(known) or "–"
            )
        if not _is_json(value):
            raise UserError(
                "batch.error.parameter_type", file=notebook.name, field=name, value=type(value).__name__
            )


def _is_json(value: Any) -> bool:
    if not isinstance(value, (*_JSON_TYPES, list, dict)):
        return False
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def plan_reports(
    workspace: Workspace,
    cohort: CohortProfile,
    tools: Sequence[str] | None = None,
    languages: Sequence[str] | None = None,
    only: Iterable[str] = (),
) -> list[Report]:
    """Every report of a cohort, group by group, that the selection leaves.

    ``tools`` and ``languages`` default to all. Each entry of ``only`` is ``SME``, ``SME/tool`` or
    ``SME/tool/language``; an empty part or ``*`` stands for all (``/growth`` is growth for every SME).
    A name that there is not is an error, never a run of nothing.
    """
    chosen_tools = tuple(tools or tool_names(workspace))
    if not chosen_tools:
        raise UserError("batch.error.no_notebooks", folder=str(workspace.notebooks))
    for tool in chosen_tools:
        find_notebook(workspace, tool)
    chosen_languages = tuple(languages or LANGUAGES)
    for language in chosen_languages:
        if language not in LANGUAGES:
            raise UserError("error.unknown_language", value=language, known=", ".join(LANGUAGES))
    reports = [
        Report(sme, tool, language)
        for sme in cohort.smes
        for tool in chosen_tools
        for language in chosen_languages
    ]
    wanted = [_selection(entry, cohort.smes, chosen_tools, chosen_languages) for entry in only]
    if not wanted:
        return reports
    return [report for report in reports if any(_matches(report, parts) for parts in wanted)]


def _selection(
    entry: str, smes: Sequence[str], tools: Sequence[str], languages: Sequence[str]
) -> tuple[str, str, str]:
    parts = [part.strip() if part.strip() != "*" else "" for part in entry.split("/")]
    if len(parts) > 3 or not any(parts):
        raise UserError("batch.error.only_form", value=entry)
    padded = (*parts, "", "")[:3]
    for part, known in zip(padded, (smes, tools, languages), strict=True):
        if part and part not in known:
            raise UserError("batch.error.only_unknown", value=part, known=", ".join(known))
    return padded[0], padded[1], padded[2]


def _matches(report: Report, parts: tuple[str, str, str]) -> bool:
    have = (report.sme, report.tool, report.language)
    return all(not part or part == value for part, value in zip(parts, have, strict=True))

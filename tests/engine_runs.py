"""Notebooks run by either engine, each in a process of its own, for comparison."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError
from papermill.exceptions import PapermillExecutionError

from echannel.batch.forks import Limits, map_forked

# Made anew in every process: identities, addresses in memory, and the moment in a workbook's zip.
_PASSING = (
    (re.compile(r"\b[0-9a-f]{32}\b"), "id"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "uuid"),
    (re.compile(r"0x[0-9a-f]+"), "address"),
    (re.compile(r"data:application/vnd[^\"\\]*"), "workbook"),
    (re.compile(r"ipykernel_\d+/\d+\.py"), "cell.py"),
)


@dataclass(frozen=True)
class Run:
    notebook: Path
    output: Path
    engine: str
    root: Path
    parameters: dict[str, Any] = field(default_factory=dict, hash=False)
    seconds: int = 120


def run(what: Run) -> str:
    """Executes the notebook to ``output``; what it ended with."""
    os.environ["ECHANNEL_ROOT"] = str(what.root)
    os.environ.pop("JPY_SESSION_NAME", None)
    # Sums by two threads differ from those by one in their last digits.
    os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1"))
    try:
        papermill.execute_notebook(
            str(what.notebook),
            str(what.output),
            parameters=what.parameters,
            engine_name=what.engine,
            progress_bar=False,
            execution_timeout=what.seconds,
            cwd=str(what.root),
        )
    except PapermillExecutionError as error:
        return f"{error.ename}: {error.evalue} in cell {error.cell_index}, count {error.exec_count}"
    except CellTimeoutError:
        return "timeout"
    return "ok"


def run_all(runs: list[Run], memory: int = 4 << 30, seconds: float = 300) -> list[Any]:
    """How each run ended, in their order."""
    ended = {work.output: done for work, done in map_forked(run, runs, 2, Limits(seconds, memory))}
    return [ended[one.output] for one in runs]


def cells(path: Path) -> list[dict[str, Any]]:
    """An executed notebook's cells without what is new in every process, stream pieces joined."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    nbformat.validate(nbformat.from_dict(notebook))
    return [_comparable(cell) for cell in notebook["cells"]]


def _comparable(cell: dict[str, Any]) -> dict[str, Any]:
    metadata = dict(cell["metadata"])
    papermill_says = dict(metadata.pop("papermill", {}))
    timing = sorted(metadata.pop("execution", {}))
    for moment in ("start_time", "end_time", "duration"):
        if moment in papermill_says:
            papermill_says[moment] = papermill_says[moment] is not None
    kept = {
        **{name: value for name, value in cell.items() if name != "id"},
        "metadata": {**metadata, "papermill": papermill_says, "execution": timing},
        "outputs": _joined(cell.get("outputs", [])),
    }
    text = json.dumps(kept, sort_keys=True)
    for pattern, word in _PASSING:
        text = pattern.sub(word, text)
    return json.loads(text)


def _joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    joined: list[dict[str, Any]] = []
    for output in outputs:
        streamed = output["output_type"] == "stream"
        text = "".join(output["text"]) if streamed else ""
        if streamed and joined and joined[-1].get("name") == output["name"]:
            joined[-1]["text"] += text
        else:
            joined.append({**output, "text": text} if streamed else output)
    return joined

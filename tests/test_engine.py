"""Our papermill engine against papermill's own: the same executed notebooks, in less time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from catalogue_scan import ROOT
from engine_runs import Run, cells, run_all
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from small_demo import make_small_demo

from echannel.batch.forks import Limits, OutOfTime, map_forked
from echannel.batch.plan import notebook_parameters
from echannel.batch.workers import WorkerDied
from echannel.forking import can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="a process cannot be forked here")

EVERYTHING = [
    "x = 2\nprint('out')\nx + 1",
    "import sys\nprint('first')\nprint('wrong', file=sys.stderr)\nprint('last', end='')",
    "from IPython.display import HTML, Image, clear_output, display, update_display\n"
    "display(HTML('<b>1</b>'), display_id='a'); display({'text/plain': 'raw'}, raw=True)",
    "update_display(HTML('<b>2</b>'), display_id='a')",
    "print('gone')\nclear_output()\nprint('stays')\nclear_output(wait=True)\nprint('instead')",
    "import pandas as pd\npd.DataFrame({f'column {n}': range(3) for n in range(25)})",
    "import ipywidgets as w\nout = w.Output()\nout",
    "with out:\n    print('inside'); display(HTML('<i>in</i>'))\nprint('outside')",
    "out.outputs",
    "slider = w.IntSlider(value=3)\nslider",
    "slider.value = 7\nslider.value",
    "import asyncio\nawait asyncio.sleep(0.01)\n'awaited'",
    "!echo from the shell",
    "%timeit -n1 -r1 -q pass\nIn[3], _, sorted(Out), Out[3]",
    "import plotly.graph_objects as go\ngo.Figure(go.Scatter(y=[1, 2]))",
    "x?",
    "import logging\nlogging.getLogger('odd').warning('logged')",
    "import os, sys\n[str(one) for one in _dh] == [os.getcwd()], sys.modules['__main__'].x",
    "__name__, [name for name in ('x', 'out') if name in globals()]",
]


def written(path: Path, *sources: str) -> Path:
    first = new_code_cell('name: str = ""', metadata={"tags": ["parameters"]})
    made = new_notebook(cells=[new_markdown_cell("# Text"), first, *map(new_code_cell, sources)])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, path)
    return path


def both(notebook: Path, root: Path, folder: Path, parameters: dict) -> list[Run]:
    return [
        Run(notebook, folder / f"{notebook.stem}.{engine}.ipynb", engine, root, parameters)
        for engine in ("nbclient", "echannel")
    ]


def assert_same(runs: list[Run]) -> None:
    theirs, ours = (cells(one.output) for one in runs)
    assert len(theirs) == len(ours)
    for expected, found in zip(theirs, ours, strict=True):
        assert found == expected
    top = [json.loads(one.output.read_text(encoding="utf-8"))["metadata"] for one in runs]
    assert set(top[0]) == set(top[1])
    assert top[0]["language_info"] == top[1]["language_info"]
    widgets = [metadata.get("widgets", {}) for metadata in top]
    states = [
        sorted(
            (one["model_name"], str(one["state"].get("value")))
            for kind in found.values()
            for one in kind["state"].values()
        )
        for found in widgets
    ]
    assert states[0] == states[1]


def test_every_notebook_comes_out_the_same_from_both_engines(tmp_path):
    shared = Path(os.environ.get("ECHANNEL_SMALL_DEMO", tmp_path / "small"))
    workspace = make_small_demo(shared)
    runs = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        known = notebook_parameters(path)
        values = {"sme": "hostile-shop", "lang": "fr"}
        runs += both(path, workspace.root, tmp_path, {k: v for k, v in values.items() if k in known})
    assert set(run_all(runs)) == {"ok"}
    for number in range(0, len(runs), 2):
        assert_same(runs[number : number + 2])


@dataclass
class Trials:
    """Notebooks run by both engines (``pairs``) and by ours alone (``alone``), with how each run ended."""

    pairs: dict[str, list[Run]]
    alone: dict[str, Run]
    ended: dict[Run, Any]

    def ends(self, name: str) -> list[Any]:
        return [self.ended[run] for run in self.pairs[name]]


@pytest.fixture(scope="module")
def trials(tmp_path_factory) -> Trials:
    """All of them at once: the warm process is started for a run, not for a notebook."""
    folder = tmp_path_factory.mktemp("trials")
    shown = "class Odd:\n    def _repr_html_(self):\n        raise ValueError('no picture')\nOdd()"
    stubborn = (
        "import time\nwhile True:\n    try:\n        time.sleep(30)\n    except Exception:\n        pass"
    )
    compared = {
        "everything": EVERYTHING,
        "fails": ["1 + 1", "print('before')\n{}['é']", "'never run'"],
        "shows": [shown],
        "typo": ["1 +"],
    }
    lonely = {
        "slow": stubborn,
        "crash": "import os\nos.abort()",
        "hungry": "len(bytearray(3 << 30))",
        "fine": "'fine'",
    }
    pairs = {
        name: both(written(folder / f"{name}.ipynb", *sources), folder, folder, {"name": "né"})
        for name, sources in compared.items()
    }
    alone = {
        name: Run(
            written(folder / f"{name}.ipynb", source), folder / f"{name}.out.ipynb", "echannel", folder,
            seconds=1 if name == "slow" else 60,
        )
        for name, source in lonely.items()
    }  # fmt: skip
    runs = [*alone.values(), *(run for pair in pairs.values() for run in pair)]
    return Trials(pairs, alone, dict(zip(runs, run_all(runs, memory=1 << 30), strict=True)))


def test_whatever_a_cell_can_send_comes_out_the_same(trials):
    assert trials.ends("everything") == ["ok", "ok"]
    assert_same(trials.pairs["everything"])


@pytest.mark.parametrize(
    ("name", "error"), [("fails", "KeyError"), ("shows", "ValueError"), ("typo", "Synt")]
)
def test_a_failing_cell_is_marked_and_told_the_same(trials, name, error):
    theirs, ours = trials.ends(name)
    assert theirs == ours and ours.startswith(error)
    assert_same(trials.pairs[name])


def test_a_cell_that_takes_too_long_is_stopped_even_if_it_catches_everything(trials):
    assert trials.ended[trials.alone["slow"]] == "timeout"


def test_a_crash_or_a_hunger_for_memory_costs_one_report_only(trials):
    assert isinstance(trials.ended[trials.alone["crash"]], WorkerDied)
    assert trials.ended[trials.alone["hungry"]].startswith("MemoryError")
    assert trials.ended[trials.alone["fine"]] == "ok"


def test_a_report_that_takes_too_long_as_a_whole_is_stopped(tmp_path):
    path = written(tmp_path / "endless.ipynb", "import signal, time\nsignal.alarm(0)\ntime.sleep(60)")
    (ended,) = run_all([Run(path, tmp_path / "out.ipynb", "echannel", tmp_path)], seconds=1.5)
    assert isinstance(ended, OutOfTime)


def test_the_warm_process_runs_no_python_thread():
    (_, threads), *_ = map_forked(threads_of_the_parent, [0], 1, Limits(60, 1 << 30))
    # One thread of its own, and at most the one by which Arrow's allocator gives memory back.
    assert threads <= 2


def threads_of_the_parent(_: int) -> int:
    return len(list(Path(f"/proc/{os.getppid()}/task").iterdir()))


def test_papermill_finds_the_engine_by_its_name(tmp_path):
    path = written(tmp_path / "named.ipynb", "name + '!'")
    command = [
        sys.executable,
        "-m",
        "papermill",
        str(path),
        str(tmp_path / "out.ipynb"),
        "--engine",
        "echannel",
    ]
    command += ["-p", "name", "hey", "--no-progress-bar"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    last = json.loads((tmp_path / "out.ipynb").read_text())["cells"][-1]
    assert last["outputs"][0]["data"]["text/plain"] == ["'hey!'"]

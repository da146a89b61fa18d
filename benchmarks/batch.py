"""The cohort's batch against a shell loop of `papermill` and `jupyter nbconvert`, same notebooks, same data.

The loop is what people write without us: one process per report for each of the two commands. Its pages
are not the same (code, no frame); the notebooks that are run are. What is computed once per sync and kept
(forecasts) is there for both: a run before the measured one, whose time is printed too, makes it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from echannel.batch import Report, find_notebook, plan_reports
from echannel.batch.run import cohort_or_sme
from echannel.workspace import Workspace, find_workspace


def measure(workspace: Workspace, cohort: str = "demo") -> dict[str, float]:
    """Seconds per report of the loop (each tool in each language, two at a time), of our command (the whole
    cohort, first and again), and of the command where nothing has changed."""
    reports = plan_reports(workspace, cohort_or_sme(workspace, cohort))
    first, ours, again = (
        _command(workspace, "run", cohort, *how) / len(reports) for how in (["--force"], ["--force"], [])
    )
    chosen = _each_tool(reports)
    folder = Path(tempfile.mkdtemp())
    try:
        started = time.perf_counter()
        waiting = list(chosen)
        while waiting:
            pair = [_loop(workspace, report, folder) for report in waiting[:2]]
            for process in pair:
                process.wait()
            waiting = waiting[2:]
        loop = (time.perf_counter() - started) / len(chosen)
    finally:
        shutil.rmtree(folder)
    return {
        "reports": len(reports),
        "looped": len(chosen),
        "first": first,
        "ours": ours,
        "loop": loop,
        "ratio": loop / ours,
        "unchanged": loop / again,
    }


def _command(workspace: Workspace, *words: str) -> float:
    """Seconds of one of our commands, from its start to its end."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "echannel.cli", *words],
        env={**os.environ, "ECHANNEL_ROOT": str(workspace.root)},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - started


def _each_tool(reports: list[Report]) -> list[Report]:
    """One report of each tool in each language, each of another SME as far as there are."""
    kinds: dict[tuple[str, str], list[Report]] = {}
    for report in reports:
        kinds.setdefault((report.tool, report.language), []).append(report)
    count = len(kinds)
    return [of_kind[place * len(of_kind) // count] for place, of_kind in enumerate(kinds.values())]


def _loop(workspace: Workspace, report, folder: Path) -> subprocess.Popen:
    executed = folder / f"{report.sme}-{report.tool}-{report.language}.ipynb"
    binaries = Path(sys.executable).parent
    notebook = find_notebook(workspace, report.tool)
    command = (
        f'"{binaries}/papermill" "{notebook}" "{executed}" -p sme {report.sme} -p lang {report.language} '
        f'--no-progress-bar && "{binaries}/jupyter" nbconvert --to html "{executed}"'
    )
    environment = {**os.environ, "ECHANNEL_ROOT": str(workspace.root)}
    return subprocess.Popen(
        ["sh", "-c", command], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


if __name__ == "__main__":
    found = measure(find_workspace(), *sys.argv[1:2])
    print(
        f"batch: {found['reports']:.0f} reports, {found['ours']:.3f} s each (the first time "
        f"{found['first']:.3f}); papermill + nbconvert in a loop of {found['looped']:.0f}: "
        f"{found['loop']:.2f} s each; {found['ratio']:.1f} times as fast, "
        f"{found['unchanged']:.0f} times where nothing has changed"
    )

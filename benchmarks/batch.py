"""The cohort's batch against a shell loop of `papermill` and `jupyter nbconvert`, same notebooks, same data.

The loop is what people write without us: one process per report for each of the two commands. Its pages
are not the same (code, no frame); the notebooks that are run are.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from echannel.batch import find_notebook, plan_reports, run_cohort
from echannel.batch.run import cohort_or_sme
from echannel.workspace import Workspace, find_workspace

REPORTS = 4


def measure(workspace: Workspace, cohort: str = "demo", loop_reports: int = REPORTS) -> dict[str, float]:
    """Seconds per report of the loop (a few reports, two at a time), of ours (the whole cohort), and of a
    second run in which nothing has changed."""
    started = time.perf_counter()
    summary = run_cohort(workspace, cohort, force=True)
    ours = (time.perf_counter() - started) / len(summary.outcomes)
    started = time.perf_counter()
    run_cohort(workspace, cohort)
    again = (time.perf_counter() - started) / len(summary.outcomes)
    reports = plan_reports(workspace, cohort_or_sme(workspace, cohort))
    chosen = reports[:: max(1, len(reports) // loop_reports)][:loop_reports]
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
        "reports": len(summary.outcomes),
        "ours": ours,
        "loop": loop,
        "ratio": loop / ours,
        "unchanged": loop / again,
    }


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
        f"batch: {found['reports']:.0f} reports, {found['ours']:.2f} s each; "
        f"papermill + nbconvert in a loop: {found['loop']:.2f} s each; {found['ratio']:.1f} times as fast, "
        f"{found['unchanged']:.0f} times where nothing has changed"
    )

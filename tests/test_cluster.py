"""Reports on real Dask workers: the same outcome as here, whatever becomes of a worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import nbformat
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_batch import BODY, notebook, page, workspace  # noqa: F401  (a fixture)

from benchmarks.scale import CALM, Conditions, simulate
from echannel.batch import run_cohort
from echannel.errors import UserError
from echannel.forking import can_fork
from echannel.locale import LANGUAGES, Speaker

pytestmark = pytest.mark.skipif(not can_fork(), reason="reports are forked")


@pytest.fixture(scope="module")
def cluster():
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=2, host="127.0.0.1", dashboard_address=None, silence_logs=50
    ) as made:
        yield made


def test_failures_end_in_the_summary_and_resume_makes_only_those(workspace, cluster):  # noqa: F811
    (workspace.root / "data" / "bravo.txt").write_text("1 two 3")
    address = cluster.scheduler_address
    told = []
    first = run_cohort(
        workspace, "trial", cluster=address, progress=lambda one, n, total: told.append((n, total))
    )
    assert first.exit_code == 1
    assert [one.report.name for one in first.failed] == ["bravo/growth/en", "bravo/growth/fr"]
    assert first.failed[0].cell == 3
    assert told == [(n, 6) for n in range(1, 7)]
    assert '<b id="sum">6.5</b>' in page(workspace, "alpha/growth.fr.html")
    (workspace.root / "data" / "bravo.txt").write_text("1 2 3")
    again = run_cohort(workspace, "trial", cluster=address, resume=True)
    assert (again.exit_code, [one.status for one in again.outcomes]) == (
        0,
        ["kept", "kept", "ok", "ok", "kept", "kept"],
    )


def test_a_worker_killed_in_the_middle_loses_nothing(workspace, cluster):  # noqa: F811
    from distributed import Client

    slow = notebook(BODY, "import time; time.sleep(1.5)", "print('sum', sum(numbers))")
    nbformat.write(slow, workspace.notebooks / "growth.ipynb")
    done = []
    run = threading.Thread(
        target=lambda: done.append(run_cohort(workspace, "trial", cluster=cluster.scheduler_address))
    )
    with Client(cluster) as client:
        run.start()
        deadline = time.monotonic() + 60
        while not (busy := [w for w, tasks in client.processing().items() if tasks]):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)
        victim = client.run(os.getpid, workers=busy[:1])[busy[0]]
        os.kill(victim, signal.SIGKILL)
        run.join(120)
    (summary,) = done
    assert [one.status for one in summary.outcomes] == ["ok"] * 6
    for sme in ("alpha", "bravo", "carol"):
        assert "sum 6.5" in page(workspace, f"{sme}/growth.en.html")
        assert page(workspace, f"{sme}/growth.fr.html").rstrip().endswith("</html>")
    assert not list(workspace.reports.rglob("*.part"))


def test_a_task_that_kills_every_worker_fails_alone_and_in_words(workspace, cluster, monkeypatch):  # noqa: F811
    from echannel.batch import cluster as ours

    # Dask's own end of such a task, without the many seconds that so many deaths take.
    class Lost:
        status = "error"

        def exception(self):
            from distributed import KilledWorker

            return KilledWorker("task", None, 3)

    made = ours._result(Lost(), 2)
    assert len(made) == 2
    for language in LANGUAGES:
        assert made[0].reason(Speaker(language)) == Speaker(language)("scale.reason.worker_lost")


def test_what_is_no_cluster_is_said_before_anything_runs(workspace, monkeypatch):  # noqa: F811
    monkeypatch.setattr("echannel.batch.cluster.PATIENCE", 1)
    for wrong in ("local:0", "local:", "http://x", "10.0.0.5:8786"):
        with pytest.raises(UserError, match="cluster_form"):
            run_cohort(workspace, "trial", cluster=wrong)
    with pytest.raises(UserError, match="no_scheduler"):
        run_cohort(workspace, "trial", cluster="tcp://127.0.0.1:9")


def test_without_dask_the_command_says_how_to_install_it(workspace):  # noqa: F811
    program = (
        "import sys; sys.modules['distributed'] = None\n"
        "from echannel.cli import main; main(['run', 'trial', '--cluster', 'local:2', '--lang', 'fr'])"
    )
    around = {**os.environ, "ECHANNEL_ROOT": str(workspace.root)}
    done = subprocess.run([sys.executable, "-c", program], env=around, capture_output=True, text=True)
    assert done.returncode == 1
    assert "pip install echannel[scale]" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


TIMES = st.lists(st.floats(0.1, 50), min_size=1, max_size=60)


@settings(max_examples=60)
@given(TIMES, st.integers(1, 12))
def test_the_simulation_keeps_to_what_any_schedule_must(times, workers):
    calm = simulate(times, workers, CALM)
    least = max(max(times), sum(times) / workers)
    # Graham's bound for tasks handed to whoever is free.
    assert least - 1e-9 <= calm.makespan <= sum(times) / workers + max(times) * (1 - 1 / workers) + 1e-9
    assert calm.utilisation == pytest.approx(sum(times) / (calm.makespan * workers))
    assert simulate(times, 1, CALM).makespan == pytest.approx(sum(times))
    bound = simulate(times, workers, Conditions(CALM.dispatch, CALM.lifetime, 0, 0, 1, 50, 100))
    assert bound.makespan >= (len(times) - 1) * 0.5 + times[-1] - 1e-9


def test_lost_workers_cost_what_was_under_way_and_no_task(seed=3):
    times = np.full(2_000, 10.0)
    calm, harsh = simulate(times, 10, CALM), simulate(times, 10, Conditions(0, 600, 60, 0), seed)
    assert harsh.lost > 10
    total = harsh.makespan * 10
    assert total >= times.sum() + harsh.redone
    assert harsh.redone < harsh.lost * 10.0
    assert harsh.makespan > calm.makespan

"""Two Dask workers against one, and what a cluster of any size would do, simulated from what these took.

Real: the same reports on a cluster of one worker and of two, both warm, in one run. Simulated: the scheduler
as ``echannel.batch.cluster`` uses it, at 100,000 SMEs, with task times drawn from the measured ones, machines
that die, slow machines, and a bound on requests to the storage. The simulation is held to the real run of two
workers (which it has not seen) and to a real scheduler whose tasks only wait.

``python -m benchmarks.scale small growth audit`` : a cohort of the workspace, and tools.
"""

from __future__ import annotations

import heapq
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from echannel.batch import run_cohort
from echannel.batch.run import cohort_or_sme
from echannel.workspace import Workspace, find_workspace

COPIES = 3  # of each SME of the cohort, so that two workers have something to share
SMES = 100_000
WORKERS = (10, 100, 1_000)


@dataclass(frozen=True)
class Conditions:
    """What a cluster suffers from. Times in seconds; rates per second."""

    dispatch: float = 0.002
    """The scheduler's own work per task, one after another."""
    lifetime: float = 24 * 3600
    """Mean time until a worker is lost (exponential); what it was making is made again by another."""
    restart: float = 60.0
    """Until a lost worker is replaced and warm."""
    slow_share: float = 0.02
    """Tasks that happen upon a slow machine …"""
    slow_factor: float = 5.0
    """… and how much longer they take there."""
    requests: float = 0.0
    """Requests to the storage per task."""
    request_rate: float = 3_500.0
    """Requests that the storage serves (Amazon S3: 3,500 writes a second and prefix)."""


CALM = Conditions(dispatch=0.0, lifetime=float("inf"), slow_share=0.0)


@dataclass(frozen=True)
class Simulated:
    """``makespan`` seconds from first to last; ``utilisation`` work that counted ÷ (makespan × workers)."""

    makespan: float
    utilisation: float
    lost: int
    redone: float


def simulate(
    times: Sequence[float], workers: int, given: Conditions = Conditions(), seed: int = 0
) -> Simulated:
    """Tasks in order, each to the worker that is free first, once scheduler and storage can take it.

    ``redone`` are seconds of work that was lost with a worker. A lost task goes to whoever is free next.
    """
    draw = np.random.default_rng(seed)
    slow = draw.random(len(times)) < given.slow_share
    waiting = list(np.where(slow, np.asarray(times, float) * given.slow_factor, times))[::-1]
    useful = float(sum(waiting))
    free = [(0.0, worker) for worker in range(workers)]
    heapq.heapify(free)
    ends = (
        draw.exponential(given.lifetime, workers) if np.isfinite(given.lifetime) else np.full(workers, np.inf)
    )
    clock, lost, redone, last = 0.0, 0, 0.0, 0.0
    pace = max(given.dispatch, given.requests / given.request_rate)
    while waiting:
        at, worker = heapq.heappop(free)
        begins = max(at, clock)
        clock = begins + pace
        takes = waiting.pop()
        if begins + takes > ends[worker]:
            spent = max(0.0, ends[worker] - begins)
            waiting.append(takes)
            lost, redone = lost + 1, redone + spent
            back = begins + spent + given.restart
            ends[worker] = back + draw.exponential(given.lifetime)
            heapq.heappush(free, (back, worker))
        else:
            last = max(last, begins + takes)
            heapq.heappush(free, (begins + takes, worker))
    return Simulated(last, useful / (last * workers), lost, redone)


def widened(workspace: Workspace, cohort: str, folder: Path, copies: int = COPIES) -> Workspace:
    """A workspace in which each SME of the cohort is there several times, under names of its own."""
    smes = cohort_or_sme(workspace, cohort).smes
    wide = Workspace(folder)
    (wide.parameters / "smes").mkdir(parents=True)
    (wide.parameters / "cohorts").mkdir()
    shutil.copytree(workspace.notebooks, wide.notebooks)
    names = []
    for sme in smes:
        text = (workspace.parameters / "smes" / f"{sme}.yml").read_text(encoding="utf-8")
        for n in range(copies):
            name = f"{sme}-{n}"
            names.append(name)
            (wide.parameters / "smes" / f"{name}.yml").write_text(
                text.replace(f"id: {sme}\n", f"id: {name}\n", 1), encoding="utf-8"
            )
            shutil.copytree(workspace.root / "data" / "store" / sme, wide.root / "data" / "store" / name)
    names.sort(key=lambda name: name.rpartition("-")[2])  # large and small ones in turn
    (wide.parameters / "cohorts" / "wide.yml").write_text(
        "id: wide\nname: {en: Wide, fr: Large}\nlaunch_pads: [kent, bretagne]\ngroups:\n"
        f"  - id: all\n    name: {{en: All, fr: Tous}}\n    smes: [{', '.join(names)}]\n",
        encoding="utf-8",
    )
    return wide


@dataclass(frozen=True)
class Run:
    """A real run: wall seconds, and the seconds of each SME's reports."""

    workers: int
    seconds: float
    tasks: dict[str, float]


def on_workers(workspace: Workspace, tools: Sequence[str], workers: int) -> Run:
    """All reports of the wide cohort on so many real workers, which have made one SME's reports before."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers, threads_per_worker=1, memory_limit=0, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address
        warm = [f"{sme}" for sme in cohort_or_sme(workspace, "wide").smes[: 2 * workers]]
        run_cohort(workspace, "wide", tools, only=warm, force=True, cluster=address)
        for kept in workspace.root.glob("data/store/*/kept"):
            shutil.rmtree(kept)  # what was computed for the warm-up must be computed again
        started = time.perf_counter()
        summary = run_cohort(workspace, "wide", tools, force=True, cluster=address)
        seconds = time.perf_counter() - started
    if summary.failed:
        raise SystemExit(f"{len(summary.failed)} reports failed: see {summary.log}")
    tasks: dict[str, float] = {}
    for outcome in summary.outcomes:
        tasks[outcome.report.sme] = tasks.get(outcome.report.sme, 0.0) + outcome.seconds
    return Run(workers, seconds, tasks)


def waiting_tasks(times: Sequence[float], workers: int) -> tuple[float, float]:
    """Seconds that a real scheduler needs for tasks that only wait, handed in as reports are; simulated."""
    from distributed import Client, LocalCluster, as_completed

    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=False, dashboard_address=None, silence_logs=50
        ) as cluster,
        Client(cluster) as client,
    ):
        client.gather(client.map(time.sleep, [0.01] * workers, pure=False))
        left = list(times)[::-1]
        started = time.perf_counter()
        done = as_completed(
            [client.submit(time.sleep, left.pop(), pure=False) for _ in range(min(2 * workers, len(left)))]
        )
        for _ in done:
            if left:
                done.add(client.submit(time.sleep, left.pop(), pure=False))
        real = time.perf_counter() - started
    return real, simulate(times, workers, CALM).makespan


def measure(workspace: Workspace, cohort: str, tools: Sequence[str]) -> dict[str, object]:
    """Real runs on one and two workers, the simulation held to them, and what it says of 100,000 SMEs."""
    folder = Path(tempfile.mkdtemp())
    try:
        wide = widened(workspace, cohort, folder / "wide")
        one = on_workers(wide, tools, 1)
        two = on_workers(wide, tools, 2)
    finally:
        shutil.rmtree(folder)
    own = np.array(list(one.tasks.values()))
    # What a run takes besides its reports (planning, homes, hand-over, indexes), from the one-worker run.
    tasks = own + (one.seconds - own.sum()) / len(own)
    draw = np.random.default_rng(1)
    many = draw.choice(tasks, SMES)
    scaled = draw.choice(tasks, 72) / tasks.mean() * 2
    return {
        "one": one,
        "two": two,
        "tasks": tasks,
        "predicted": simulate(tasks, 2, CALM).makespan,
        "waiting": waiting_tasks(scaled, 12),
        "many": {workers: simulate(many, workers, Conditions(requests=200.0)) for workers in WORKERS},
    }


def told(found: dict[str, object]) -> str:
    """The measurement in words."""
    one, two, tasks, many = found["one"], found["two"], found["tasks"], found["many"]
    real, simulated = found["waiting"]  # type: ignore[misc]
    assert isinstance(one, Run) and isinstance(two, Run) and isinstance(tasks, np.ndarray)
    assert isinstance(many, dict)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    lines = [
        f"scale: {len(tasks)} SMEs; 1 worker {one.seconds:.1f} s, 2 workers {two.seconds:.1f} s: "
        f"{one.seconds / two.seconds:.2f} times as fast (largest process {peak:.0f} MiB)",
        f"  an SME: mean {tasks.mean():.2f} s, from {tasks.min():.2f} to {tasks.max():.2f} s on one worker",
        f"  simulation from one worker's times says {found['predicted']:.1f} s for two "
        f"({found['predicted'] / two.seconds - 1:+.0%})",  # type: ignore[operator]
        f"  a real scheduler, 12 workers, 72 waiting tasks: {real:.2f} s; simulated {simulated:.2f} s "
        f"({simulated / real - 1:+.0%})",
    ]
    for workers, said in many.items():
        lines.append(
            f"  simulated, {SMES:,} SMEs on {workers:,} workers: {said.makespan / 3600:.2f} h, "
            f"{said.utilisation:.0%} in use, {said.lost} tasks lost with their worker and made again"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    cohort, *tools = sys.argv[1:] or ["demo"]
    print(told(measure(find_workspace(), cohort, tools or ["growth", "audit"])))

"""Reports that have something in common share a process in which it is done, and nothing else."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from small_demo import make_small_demo

from echannel.batch import plan_reports
from echannel.batch.execute import make_report
from echannel.batch.forks import Families, Limits, OutOfTime, map_forked
from echannel.batch.making import FAMILIES
from echannel.batch.run import _job, cohort_or_sme, report_frame
from echannel.batch.workers import WorkerDied
from echannel.forking import can_fork
from echannel.profiles import load_sme

pytestmark = pytest.mark.skipif(not can_fork(), reason="a process cannot be forked here")

prepared: list[str] = []
seen: list[str] = []


@dataclass(frozen=True)
class Work:
    home: str
    twin: str
    name: str
    does: str = ""


@dataclass(frozen=True)
class Told:
    pid: int
    parent: int
    prepared: tuple[str, ...]
    before: tuple[str, ...]
    failed: bool = False


def work(what: Work) -> Told:
    before = tuple(seen)
    seen.append(what.name)
    match what.does:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "sleep":
            time.sleep(30)
        case "meet":
            return Told(os.getpid(), os.getppid(), tuple(prepared), before, failed=not met(what))
        case "kill home" if prepared:
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(30)
    return Told(os.getpid(), os.getppid(), tuple(prepared), before, what.does == "stumble" and bool(before))


def met(what: Work) -> bool:
    """Whether another work that wants to meet somebody in the same folder is under way at the same time."""
    folder = Path(what.name).parent
    Path(what.name).touch()
    until = time.monotonic() + 15
    while len(list(folder.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    return len(list(folder.iterdir())) > 1


def prepare(what: Work) -> None:
    prepared.append(what.home)
    if what.home == "broken":
        raise ValueError
    if what.home == "doomed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what.home == "threads":
        import threading

        for _ in range(2):
            threading.Thread(target=time.sleep, args=(30,), daemon=True).start()


def failed(told: Told) -> bool:
    return told.failed


def run(*works: Work, seconds: float = 20, count: int = 2) -> dict[str, Told]:
    families = Families(home_of, twin_of, prepare, failed)
    done = list(map_forked(work, works, count, Limits(seconds, 1 << 30), families))
    assert sorted(one.name for one, _ in done) == sorted(one.name for one in works)
    return {one.name: told for one, told in done}  # type: ignore[misc]


def home_of(what: Work) -> str:
    return what.home


def twin_of(what: Work) -> str:
    return what.twin


def test_a_home_is_prepared_once_and_twins_share_a_process():
    told = run(
        Work("a", "x", "ax1"), Work("a", "x", "ax2"), Work("a", "y", "ay"),
        Work("b", "x", "bx"), Work("b", "y", "by"),
    )  # fmt: skip
    assert told["ax1"].pid == told["ax2"].pid != told["ay"].pid
    assert told["ax2"].before == ("ax1",) and told["ay"].before == ()
    assert told["ax1"].parent == told["ay"].parent != told["bx"].parent == told["by"].parent
    assert {one.prepared for name, one in told.items() if name[0] == "a"} == {("a",)}
    assert {one.prepared for name, one in told.items() if name[0] == "b"} == {("b",)}


def test_whoever_shares_a_process_with_one_that_dies_gets_another():
    told = run(
        Work("a", "x", "dies", "die"), Work("a", "x", "twin"), Work("a", "y", "other"),
        Work("b", "x", "slow", "sleep"), Work("b", "x", "next"), Work("b", "y", "last"), seconds=1.5,
    )  # fmt: skip
    assert isinstance(told["dies"], WorkerDied)
    assert isinstance(told["slow"], OutOfTime)
    assert told["twin"].before == told["next"].before == ()
    assert told["other"].prepared == ("a",)


def test_while_others_wait_a_home_does_its_works_itself():
    told = run(*(Work(home, twin, home + twin) for home in "abc" for twin in "xy"))
    assert told["ax"].pid == told["ay"].pid
    assert told["ay"].before == ("ax",) and told["ay"].prepared == ("a",)
    assert told["bx"].pid != told["by"].pid and told["cx"].pid != told["cy"].pid  # the last ones are spread


def test_who_dies_after_others_is_tried_once_more_and_nobody_else_bears_it():
    others = [Work(home, twin, home + twin) for home in "bc" for twin in "xy"]
    told = run(
        Work("a", "x", "before"), Work("a", "y", "dies", "die"), Work("a", "z", "after"),
        *others,
    )  # fmt: skip
    assert isinstance(told.pop("dies"), WorkerDied)
    assert all(isinstance(one, Told) for one in told.values())
    assert told["after"].before == ()


def test_who_finds_no_end_among_others_is_not_waited_for_again():
    others = [Work(home, twin, home + twin) for home in "bc" for twin in "xy"]
    told = run(Work("a", "x", "before"), Work("a", "y", "slow", "sleep"), *others, seconds=1.5)
    assert isinstance(told.pop("slow"), OutOfTime)
    assert all(isinstance(one, Told) for one in told.values())


def test_a_failure_after_another_work_is_tried_again_alone():
    told = run(Work("a", "x", "first"), Work("a", "x", "second", "stumble"), Work("a", "y", "other"))
    assert not told["second"].failed
    assert told["second"].before == ()
    assert told["second"].pid != told["first"].pid


@pytest.mark.parametrize("home", ["broken", "doomed", "threads"])
def test_works_do_without_a_home_that_cannot_be_prepared(home):
    others = [Work(one, twin, one + twin) for one in "bc" for twin in "xy"]
    for works in ([Work(home, "x", "one"), Work(home, "y", "two")], others):
        told = run(Work(home, "x", "three"), Work(home, "y", "four"), *works)
        assert all(isinstance(one, Told) for one in told.values())


def test_a_home_that_is_killed_costs_nobody_a_report():
    told = run(Work("a", "x", "bad", "kill home"), Work("a", "y", "good"), count=1, seconds=3)
    assert isinstance(told["good"], Told)


def test_the_last_home_takes_the_place_of_those_that_are_done(tmp_path):
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    told = run(
        Work("a", "x", "ax"), Work("a", "y", "ay"),
        Work("b", "x", one, "meet"), Work("b", "y", other, "meet"), Work("b", "z", "last"),
    )  # fmt: skip
    assert not told[one].failed and not told[other].failed
    assert told[one].parent == told[other].parent == told["last"].parent


def test_pages_made_with_what_another_language_computed_are_the_same(tmp_path):
    """Words kept by one language's page would show in the other's."""
    shared = Path(os.environ.get("ECHANNEL_SMALL_DEMO", tmp_path / "small"))
    workspace = make_small_demo(shared)
    reports = plan_reports(workspace, cohort_or_sme(workspace, "hostile-shop"))
    tools = [report.tool for report in reports]
    firm = load_sme(workspace, "hostile-shop")
    pages = []
    for folder, families in (("alone", None), ("together", FAMILIES)):
        chosen = [one for one in reports if families or one.language == "fr"]
        frames = [(report_frame(firm, tools, one), one) for one in chosen]
        jobs = [_job(workspace, frame, one, tmp_path / folder, "echannel") for frame, one in frames]
        ended = map_forked(make_report, jobs, 2, Limits(300, 4 << 30), families)
        made = {job.report: done for job, done in ended}
        assert {done[0].status for done in made.values()} == {"ok"}  # type: ignore[index]
        pages.append({one.path: (tmp_path / folder / one.path).read_text() for one in chosen})
    alone, together = pages
    assert {path: text == together[path] for path, text in alone.items()} == dict.fromkeys(alone, True)

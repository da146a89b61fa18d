"""The batch runner: selection, failures that stay alone, resuming, and pages that are whole."""

from __future__ import annotations

import datetime
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from handmade import canonical, order
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from papermill.inspection import inspect_notebook

from echannel.batch import plan_reports, run_cohort, tool_names
from echannel.batch.plan import check_parameters, find_notebook, notebook_parameters
from echannel.batch.run import cohort_or_sme
from echannel.errors import UserError
from echannel.forking import can_fork
from echannel.locale import Speaker
from echannel.store import SmeStore
from echannel.workspace import Workspace

SME = """\
id: {id}
name: {name}
country: GB
languages: [en]
orientation: b2c
currency: GBP
timezone: Europe/London
vat: {{regime: standard}}
fiscal_year_start: "04-01"
launch_pad: kent
"""
COHORT = """\
id: trial
name: {en: Trial cohort, fr: Cohorte d’essai}
launch_pads: [kent]
groups:
  - id: first
    name: {en: First group, fr: Premier groupe}
    smes: [alpha, bravo, carol]
"""
# Stands in for a tool: sums a file of numbers, so that what it shows depends on its data alone.
BODY = """\
import os, pathlib
from IPython.display import HTML
root = pathlib.Path(os.environ["ECHANNEL_ROOT"])
numbers = [float(x) for x in (root / "data" / f"{sme}.txt").read_text().split()]
"""


def notebook(*cells: str, parameters: str = 'sme: str = ""\nlang: str = ""') -> nbformat.NotebookNode:
    first = new_code_cell(parameters)
    first.metadata["tags"] = ["parameters"]
    made = new_notebook(cells=[new_markdown_cell("A tool."), first, *map(new_code_cell, cells)])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    where = Workspace(tmp_path)
    for folder in ("parameters/smes", "parameters/cohorts", "notebooks", "data"):
        (tmp_path / folder).mkdir(parents=True)
    for sme, name in {"alpha": "Alpha & Sons", "bravo": "<b>Bravo</b>", "carol": "Carol"}.items():
        (where.parameters / "smes" / f"{sme}.yml").write_text(SME.format(id=sme, name=json.dumps(name)))
        (tmp_path / "data" / f"{sme}.txt").write_text("1 2 3.5")
    (where.parameters / "cohorts" / "trial.yml").write_text(COHORT)
    nbformat.write(
        notebook(BODY, "HTML(f'<p>{lang}: <b id=\"sum\">{sum(numbers)}</b></p>')"),
        where.notebooks / "growth.ipynb",
    )
    return where


def page(workspace: Workspace, name: str) -> str:
    return (workspace.reports / "trial" / name).read_text(encoding="utf-8")


def test_a_tool_is_a_notebook_that_takes_an_sme_and_a_language(workspace):
    nbformat.write(notebook("1", parameters='lang: str = ""'), workspace.notebooks / "home.ipynb")
    nbformat.write(notebook("1"), workspace.notebooks / "audit.ipynb")
    assert tool_names(workspace) == ("growth", "audit")
    with pytest.raises(UserError, match=r"unknown_tool.*growth, audit"):
        find_notebook(workspace, "invoices")
    with pytest.raises(UserError, match="unknown_tool"):
        find_notebook(workspace, "../notebooks/growth")


def test_a_run_without_notebooks_says_where_they_are_missing(workspace, monkeypatch):
    monkeypatch.setattr("echannel.batch.plan.notebook_folders", lambda where: (where.root / "elsewhere",))
    with pytest.raises(UserError, match=r"no_notebooks.*notebooks"):
        plan_reports(workspace, cohort_or_sme(workspace, "trial"))


def test_only_selects_by_sme_tool_and_language(workspace):
    trial = cohort_or_sme(workspace, "trial")

    def names(*only: str) -> list[str]:
        return [report.name for report in plan_reports(workspace, trial, only=only)]

    assert len(names()) == 6
    assert names("bravo") == ["bravo/growth/en", "bravo/growth/fr"]
    assert names("bravo/growth/fr", "*/*/en") == [
        "alpha/growth/en",
        "bravo/growth/en",
        "bravo/growth/fr",
        "carol/growth/en",
    ]
    for wrong in ("delta", "alpha/grwth", "alpha/growth/de", "", "/", "a/b/c/d"):
        with pytest.raises(UserError, match=r"error\.only"):
            names(wrong)


def test_an_sme_can_be_run_alone(workspace):
    alone = cohort_or_sme(workspace, "carol")
    assert (alone.id, alone.smes) == ("carol", ("carol",))
    with pytest.raises(UserError, match=r"error.unknown_cohort"):
        cohort_or_sme(workspace, "nobody")


@pytest.mark.parametrize(
    ("parameters", "key"),
    [
        ({"smee": "alpha"}, "batch.error.unknown_parameter"),
        ({"sme": datetime.date(2026, 1, 1)}, "batch.error.parameter_type"),
        ({"sme": float("nan")}, "batch.error.parameter_type"),
        ({"sme": {"a": {1, 2}}}, "batch.error.parameter_type"),
    ],
)
def test_parameters_that_papermill_would_let_through_are_refused(workspace, parameters, key):
    with pytest.raises(UserError) as refused:
        check_parameters(workspace.notebooks / "growth.ipynb", parameters)
    assert refused.value.key == key
    assert Speaker("fr").error(refused.value)


def test_a_run_makes_every_page_and_the_ways_to_them(workspace):
    seen = []
    summary = run_cohort(workspace, "trial", progress=lambda *step: seen.append(step))
    assert summary.exit_code == 0
    assert [done for _, done, total in seen] == [1, 2, 3, 4, 5, 6]
    english, french = page(workspace, "alpha/growth.en.html"), page(workspace, "alpha/growth.fr.html")
    assert '<html lang="en">' in english
    assert '<html lang="fr">' in french
    assert '<b id="sum">6.5</b>' in english
    assert "pathlib" not in english  # no code
    assert "http://" not in english + french
    assert "https://" not in english + french
    assert "<title>Alpha &amp; Sons · Growth · E-Channel</title>" in english
    assert 'href="growth.en.html" lang="en"' in french
    for folder in ("", "alpha/", "bravo/", "carol/"):
        for index in ("index.html", "index.en.html", "index.fr.html"):
            assert_links_resolve(workspace.reports / "trial" / folder / index)
    assert_links_resolve(workspace.reports / "trial" / "alpha" / "growth.fr.html")
    assert "Premier groupe" in page(workspace, "index.fr.html")
    assert "<b>Bravo</b>" not in page(workspace, "index.en.html") + page(workspace, "bravo/growth.en.html")
    own = page(workspace, "alpha/index.en.html")
    assert "Bravo" not in own
    assert "carol" not in own
    assert not list((workspace.reports / "trial").rglob("*.part"))


def assert_links_resolve(path: Path) -> None:
    targets = re.findall(r'(?:href|src)="([^"#][^"]*)"', path.read_text(encoding="utf-8"))
    assert targets
    for target in targets:
        assert target.startswith("data:") or (path.parent / target).is_file(), f"{path.name}: {target}"


def test_one_corrupt_sme_stops_nobody_else(workspace):
    """Scenario 15: one is marked with the failing cell and a human reason; the numbers repeat."""
    (workspace.root / "data" / "bravo.txt").write_text("1 2 three")
    first = run_cohort(workspace, "trial")
    assert first.exit_code == 1
    assert {outcome.report.name for outcome in first.failed} == {"bravo/growth/en", "bravo/growth/fr"}
    assert sum(outcome.status == "ok" for outcome in first.outcomes) == 4
    failed = page(workspace, "bravo/growth.fr.html")
    assert "cellule 3 du notebook" in failed
    assert "Traceback" not in failed
    assert "three" not in failed
    assert "could not convert string to float" in (workspace.reports / "trial" / "run.log").read_text()
    assert "could not be made" in page(workspace, "index.en.html")
    kept = page(workspace, "alpha/growth.en.html"), page(workspace, "carol/growth.fr.html")
    run_cohort(workspace, "trial")
    assert kept == (page(workspace, "alpha/growth.en.html"), page(workspace, "carol/growth.fr.html"))


def test_an_error_for_people_reaches_the_page_in_its_language(workspace):
    nbformat.write(
        notebook(
            "from echannel.errors import UserError",
            "raise UserError('error.unknown_sme', value='x', known='y')",
        ),
        workspace.notebooks / "growth.ipynb",
    )
    summary = run_cohort(workspace, "trial", only=["alpha"], workers=1)
    for outcome in summary.failed:
        expected = Speaker(outcome.report.language)("error.unknown_sme", value="x", known="y")
        assert outcome.reason == expected
    assert len(summary.failed) == 2


def test_a_kernel_that_dies_fails_one_report(workspace):
    nbformat.write(
        notebook(BODY, "if sme == 'bravo':\n    os.kill(os.getpid(), 9)"),
        workspace.notebooks / "growth.ipynb",
    )
    summary = run_cohort(workspace, "trial", languages=["fr"], workers=1)
    assert [outcome.report.name for outcome in summary.failed] == ["bravo/growth/fr"]
    assert summary.failed[0].reason == Speaker("fr")("batch.reason.kernel_died")


def test_resume_makes_only_what_failed_or_is_missing(workspace):
    (workspace.root / "data" / "bravo.txt").write_text("three")
    run_cohort(workspace, "trial", languages=["en"], workers=1)
    (workspace.root / "data" / "bravo.txt").write_text("3")
    (workspace.reports / "trial" / "carol" / "growth.en.html").unlink()
    summary = run_cohort(workspace, "trial", languages=["en"], resume=True, workers=1)
    assert [outcome.status for outcome in summary.outcomes] == ["kept", "ok", "ok"]
    assert summary.exit_code == 0


def test_a_report_is_made_again_only_when_something_it_rests_on_has_changed(workspace):
    for sme in ("alpha", "bravo"):
        SmeStore(workspace.store / sme).commit(
            {"orders": canonical("orders", [order("1", "2024-05-01", 20.0)])}
        )

    def made(**options) -> list[str]:
        summary = run_cohort(workspace, "trial", languages=["en"], **options)
        assert summary.exit_code == 0
        return [outcome.report.sme for outcome in summary.outcomes if outcome.status == "ok"]

    # What carol's report rests on cannot be told: she has no tables.
    assert made() == ["alpha", "bravo", "carol"]
    assert made() == ["carol"]
    SmeStore(workspace.store / "bravo").commit(
        {"orders": canonical("orders", [order("2", "2024-05-02", 20.0)])}
    )
    assert made() == ["bravo", "carol"]
    profile = workspace.parameters / "smes" / "alpha.yml"
    profile.write_text(profile.read_text().replace("currency: GBP", "currency: EUR"))
    assert made() == ["alpha", "carol"]
    nbformat.write(notebook(BODY, "sum(numbers)"), workspace.notebooks / "growth.ipynb")
    assert made() == ["alpha", "bravo", "carol"]
    assert made(force=True) == ["alpha", "bravo", "carol"]
    assert made(resume=True) == []


def test_a_run_that_makes_nothing_imports_nothing_of_what_makes_a_report(workspace):
    assert run_cohort(workspace, "trial").failed == ()
    unchanged = (
        "import sys\n"
        "from echannel.cli import run\n"
        "assert run(['run', 'trial', '--resume'], {}) == 0\n"
        "late = ('pandas', 'pyarrow', 'papermill', 'nbconvert', 'plotly', 'sqlalchemy', 'IPython')\n"
        "print('imported', [name for name in late if name in sys.modules])\n"
    )
    environment = {**os.environ, "ECHANNEL_ROOT": str(workspace.root)}
    done = subprocess.run(
        [sys.executable, "-c", unchanged], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.splitlines()[-1] == "imported []", done.stdout


def test_the_parameters_of_a_notebook_are_those_that_papermill_finds(workspace):
    def papermills(path: Path) -> tuple[str, ...]:
        return tuple(inspect_notebook(str(path)))

    several = workspace.notebooks / "several.ipynb"
    several_lines = 'sme = ""  # who\n\nlang: str = "en"\nrates = [\n    0.2,\n    0.055,\n]\n# said = 1'
    nbformat.write(notebook("1", parameters=several_lines), several)
    magic = workspace.notebooks / "magic.ipynb"
    nbformat.write(notebook("1", parameters="%matplotlib inline\nsme = 1"), magic)
    ours = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
    assert notebook_parameters(several) == ("sme", "lang", "rates")
    for path in (several, magic, *ours):
        assert notebook_parameters(path) == papermills(path), path.name


def test_an_unknown_engine_is_refused_before_anything_runs(workspace):
    with pytest.raises(UserError, match="unknown_engine"):
        run_cohort(workspace, "trial", engine="steam")


def test_a_killed_run_leaves_whole_pages_and_can_be_resumed(workspace):
    program = (
        "from pathlib import Path\nfrom echannel.batch import run_cohort\n"
        "from echannel.workspace import Workspace\n"
        f"if __name__ == '__main__':\n    run_cohort(Workspace(Path({str(workspace.root)!r})), 'trial')\n"
    )
    script = workspace.root / "run_it.py"
    script.write_text(program)
    running = subprocess.Popen([sys.executable, script], start_new_session=True)
    folder = workspace.reports / "trial"
    deadline = time.monotonic() + 60
    while not list(folder.glob("*/growth.*.html")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    done = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.glob("*/growth.*.html")}
    assert 1 <= len(done) < 6
    assert all(text.rstrip().endswith("</html>") for text in done.values())
    summary = run_cohort(workspace, "trial", resume=True)
    assert summary.exit_code == 0
    assert sum(outcome.status == "kept" for outcome in summary.outcomes) >= len(done) - 1
    assert len(list(folder.glob("*/growth.*.html"))) == 6


@pytest.mark.skipif(not can_fork(), reason="kernels start cold here")
def test_reports_run_in_forks_that_share_nothing(workspace):
    nbformat.write(
        notebook(
            "import builtins, os, random\nimport numpy as np\n"
            "assert not hasattr(builtins, 'mark')\nbuiltins.mark = sme",
            "print('parent', os.getppid(), 'draws', random.random(), np.random.random())",
        ),
        workspace.notebooks / "growth.ipynb",
    )
    assert run_cohort(workspace, "trial").failed == ()
    said = [page(workspace, f"{sme}/growth.fr.html") for sme in ("alpha", "bravo", "carol")]
    assert len({re.search(r"parent (\d+)", text)[1] for text in said}) == 1
    assert len({re.search(r"draws ([\d.]+)", text)[1] for text in said}) == 3
    assert len({re.search(r"draws [\d.]+ ([\d.]+)", text)[1] for text in said}) == 3


@pytest.mark.skipif(not can_fork(), reason="kernels start cold here")
def test_a_lost_nursery_means_cold_kernels_not_failures(workspace):
    lost = (
        "from echannel.kernels import ForkedProvisioner, use_warm_kernels\n"
        "use_warm_kernels()\n"
        "ForkedProvisioner.nursery._process.kill(); ForkedProvisioner.nursery._process.wait()\n"
        "import sys, pathlib\n"
        "from echannel.batch import Report\n"
        "from echannel.batch.execute import make_report\n"
        "from echannel.batch.run import _job, report_frame\n"
        "from echannel.workspace import Workspace\n"
        "where = Workspace(pathlib.Path(sys.argv[1]))\n"
        "report = Report('alpha', 'growth', 'en')\n"
        "job = _job(where, report_frame(None, ['growth'], report), report, where.reports, None)\n"
        "print(make_report(job)[0].status)\n"
    )
    done = subprocess.run([sys.executable, "-c", lost, workspace.root], capture_output=True, text=True)
    assert done.stdout.strip() == "ok", done.stderr

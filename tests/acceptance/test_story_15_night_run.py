"""Story 15: a cohort's night run. One firm's data are corrupt: it is marked, the others are made."""

from __future__ import annotations

import re
import shutil

import pytest

from echannel import __version__
from echannel.batch import run_cohort
from echannel.locale import Speaker
from echannel.sme import open_sme
from echannel.workspace import Workspace


@pytest.fixture(scope="module")
def night(demo, tmp_path_factory):
    """The small demonstration, one table of one firm cut short on the disk; its run."""
    root = tmp_path_factory.mktemp("night")
    for folder in ("parameters", "notebooks", "data/inbox", "data/store"):
        shutil.copytree(demo.root / folder, root / folder)
    workspace = Workspace(root)
    manifest = open_sme("sussex-parts", workspace).manifest
    for name in manifest.files["orders"]:
        path = workspace.store / "sussex-parts" / "orders" / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return workspace, run_cohort(workspace, "small", tools=["audit"])


def page(workspace, sme, language):
    return (workspace.reports / "small" / sme / f"audit.{language}.html").read_text(encoding="utf-8")


def test_one_is_marked_and_the_others_are_made(night):
    _, summary = night
    assert {outcome.report.sme for outcome in summary.failed} == {"sussex-parts"}
    made = [outcome for outcome in summary.outcomes if outcome.status == "ok"]
    assert len(made) == len(summary.outcomes) - 2 >= 4
    assert summary.exit_code == 1
    assert summary.seconds > 0


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_reason_is_one_for_people_with_the_failing_cell(night, language):
    workspace, summary = night
    say = Speaker(language)
    failed = next(one for one in summary.failed if one.report.language == language)
    reason = say("sync.error.store_damaged", sme="sussex-parts", table="orders")
    assert failed.reason == reason
    shown = page(workspace, "sussex-parts", language)
    assert reason in shown.replace("&quot;", '"').replace("&#x27;", "'") and "Traceback" not in shown
    assert re.search(r"cell(?:ule)? \d+", shown)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_page_names_the_versions_of_data_code_and_rules(night, language):
    workspace, _ = night
    sme = open_sme("kent-gifts", workspace)
    say, shown = sme.speaker(language), page(workspace, "kent-gifts", language)
    for table, version in sme.manifest.versions.items():
        assert f"{say(f'table.{table}')} {version}" in shown
    assert f"echannel {__version__}" in shown
    assert say("views.foot.rules") in shown and say.day(sme.pack.reviewed) in shown


def test_a_second_run_shows_the_same_numbers(night):
    workspace, _ = night
    first = {one: page(workspace, "kent-gifts", one) for one in ("en", "fr")}
    run_cohort(workspace, "small", tools=["audit"], only=["kent-gifts"], force=True)
    workbooks = re.compile(r'href="data:application/vnd[^"]*"')  # they hold the time of their writing
    for language, before in first.items():
        assert workbooks.sub("", page(workspace, "kent-gifts", language)) == workbooks.sub("", before)

"""``echannel check``, the tracker, the census and the matrix of sources."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import paged_shop
import pytest
from fakes.server import FakeServer
from shop_connector import NAME, REFERENCE, write_profile, write_shop
from test_sync import shop

from echannel import connectors
from echannel.check import check_sme
from echannel.cli import run
from echannel.connectors.catalogue import NEEDS, descriptions, fields_of, matrix, served
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.sync import sync_sme
from echannel.tables import TABLES
from echannel.tracker import FILE, dashboards_made, record, standings
from echannel.workspace import Workspace

FILES_PROFILE = """\
id: {sme}
name: Test shop
country: GB
languages: [en]
orientation: b2c
currency: GBP
timezone: Europe/London
vat: {{regime: standard}}
fiscal_year_start: "01-01"
launch_pad: Kent
sources:
  - id: exports
    connector: files
    options:
      folder: data/inbox/{sme}
      files:
        - match: "orders*.csv"
          table: orders
          mapping: {{order_id: Order ID, ordered_at: Order Date, total_gross: Total}}
        - {{match: "stock*.csv", table: stock_levels, mapping: {{product_id: SKU, on_hand: Stock}}}}
"""


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Workspace:
    monkeypatch.setitem(connectors._BUILT_IN, paged_shop.NAME, paged_shop.REFERENCE)
    monkeypatch.setitem(connectors._BUILT_IN, NAME, REFERENCE)
    monkeypatch.setenv("ECHANNEL_ROOT", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "240")
    (tmp_path / "parameters" / "smes").mkdir(parents=True)
    return Workspace(tmp_path)


def files_firm(workspace: Workspace, sme: str = "files-firm") -> None:
    (workspace.parameters / "smes" / f"{sme}.yml").write_text(FILES_PROFILE.format(sme=sme))


def events(workspace: Workspace, sme: str) -> list[dict]:
    return [json.loads(line) for line in (workspace.store / sme / FILE).read_text().splitlines()]


def test_a_folder_that_is_not_there_blocks_and_exits_with_1(workspace, capsys):
    files_firm(workspace)
    for language in LANGUAGES:
        assert run(["check", "files-firm", "--lang", language], {}) == 1
        said = capsys.readouterr().out
        assert "✗" in said and "data/inbox/files-firm" in said
        assert "None" not in said and not re.search(r"\b(connect|sync|error)\.\w+\.", said)
    (standing,) = standings(workspace, ["files-firm"])
    assert (standing.state, standing.turn) == ("waiting", "sme")
    assert "files-firm" in Speaker("fr").error(standing.blocks)


def test_what_a_folder_can_give_and_what_it_lacks(workspace, capsys):
    files_firm(workspace)
    inbox = workspace.inbox / "files-firm"
    inbox.mkdir(parents=True)
    (inbox / "orders 1.csv").write_text("Order ID,Order Date,Total\n1,2025-01-02,10\n")
    found = check_sme(workspace, "files-firm")
    assert not found.blocked
    assert [one.state for one in found.sources[0].findings] == ["works", "works", "lacks"]
    tools = {tool.tool: tool for tool in found.tools}
    assert tools["inventory"].state == "not" and "stock_levels.on_hand" in tools["inventory"].missing
    assert tools["growth"].state == "partly" and tools["growth"].missing == ("visits.sessions",)
    (inbox / "stock.csv").write_text("SKU,Stock\nA,3\n")
    tools = {tool.tool: tool for tool in check_sme(workspace, "files-firm").tools}
    assert tools["inventory"].state == "partly"
    assert run(["check", "files-firm", "--lang", "fr"], {}) == 0
    said = capsys.readouterr().out
    assert "Ce que les outils pourront montrer" in said
    assert standings(workspace, ["files-firm"])[0].state == "connected"


def test_a_server_that_is_not_there_is_one_sentence_and_its_turn(workspace, capsys):
    with FakeServer(paged_shop.shop_app({})) as server:
        paged_shop.write_paged_profile(workspace.root, "api-firm", server.url)
        server.fail("503 maintenance", times=None)

        assert run(["check", "api-firm"], {}) == 1
        assert "maintenance" in capsys.readouterr().out
        server.faults.clear()
        assert run(["check", "api-firm"], {}) == 0


def test_a_missing_secret_blocks_and_is_the_launch_pads_turn(workspace, capsys):
    paged_shop.write_paged_profile(workspace.root, "api-firm", "https://shop.example", "env:NOT_SET_HERE")
    assert run(["check", "api-firm"], {}) == 1
    assert "NOT_SET_HERE" in capsys.readouterr().out
    assert standings(workspace, ["api-firm"])[0].turn == "launch_pad"


def test_a_connector_without_a_check_says_so(workspace):
    write_profile(workspace.root, "made-up")
    (finding,) = check_sme(workspace, "made-up").sources[0].findings
    assert (finding.state, finding.said.key) == ("lacks", "connect.check.no_check")


def test_the_tracker_follows_check_and_sync_and_keeps_quiet_without_news(workspace):
    write_profile(workspace.root, "made-up")
    assert standings(workspace, ["made-up"])[0].state == "not_started"
    with pytest.raises(UserError):
        sync_sme(workspace, "made-up")
    failing = standings(workspace, ["made-up"])[0]
    assert (failing.state, failing.turn) == ("failing", "sme")
    write_shop(workspace.inbox / "made-up" / "a.json", shop("1"))
    sync_sme(workspace, "made-up")
    sync_sme(workspace, "made-up")
    check_sme(workspace, "made-up")
    assert [event["state"] for event in events(workspace, "made-up")] == ["failing", "synced"]
    assert standings(workspace, ["made-up"])[0].blocks is None


def test_since_when_whose_turn_and_the_time_to_the_first_dashboard(workspace):
    write_profile(workspace.root, "made-up")
    start = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    record(workspace, "made-up", "shop", "waiting", note="asked by phone", turn="sme", now=start)
    record(workspace, "made-up", "shop", note="asked again", now=start + timedelta(days=5))
    (one,) = standings(workspace, ["made-up"])
    assert (one.state, one.since, one.note, one.turn) == ("waiting", start, "asked again", "sme")
    assert one.days(start + timedelta(days=9, hours=3)) == 9
    assert one.days_to_dashboard is None
    record(workspace, "made-up", "", "dashboard", now=start + timedelta(days=12))
    dashboards_made(workspace, ["made-up", "made-up"])
    (one,) = standings(workspace, ["made-up"])
    assert one.days_to_dashboard == 12
    assert len(events(workspace, "made-up")) == 3
    with (workspace.store / "made-up" / FILE).open("a") as stream:
        stream.write('{"at": "2026-0')  # a power cut
    assert standings(workspace, ["made-up"])[0].days_to_dashboard == 12


def test_a_sentence_within_a_sentence_is_kept_in_words(workspace):
    write_profile(workspace.root, "made-up")
    why = UserError(
        "sync.error.source", sme="made-up", source="shop", why=UserError("connect.error.refused", host="h")
    )
    record(workspace, "made-up", "shop", "failing", why)
    assert not record(workspace, "made-up", "shop", "failing", why)
    (one,) = standings(workspace, ["made-up"])
    for language in LANGUAGES:
        assert Speaker(language).error(one.blocks) == Speaker(language).error(why)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tables_on_the_command_line(workspace, capsys, language):
    write_profile(workspace.root, "made-up")
    files_firm(workspace)
    assert (
        run(["track", "made-up", "shop", "--note", "Appelé", "--turn", "platform", "--lang", language], {})
        == 0
    )
    assert "Appelé" in capsys.readouterr().out
    (workspace.parameters / "cohorts").mkdir()
    (workspace.parameters / "cohorts" / "duo.yml").write_text(
        "id: duo\nname: {en: Duo, fr: Duo}\nlaunch_pads: [Kent]\n"
        "groups:\n  - {id: all, name: {en: All, fr: Toutes}, smes: [made-up, files-firm]}\n"
    )
    assert run(["sources", "duo", "--lang", language], {}) == 0
    said = capsys.readouterr().out
    assert "exports" in said and "made-up" in said
    assert run(["track", "made-up", "nowhere", "--lang", language], {}) == 1
    assert run(["track", "made-up", "shop", "--turn", "nobody", "--lang", language], {}) == 1
    capsys.readouterr()
    assert run(["sources", "--lang", language], {}) == 0
    assert "PrestaShop" in capsys.readouterr().out


def test_every_field_that_a_tool_needs_is_a_column():
    for needs in NEEDS.values():
        assert any(need.vital for need in needs)
        for need in needs:
            assert need.column in TABLES[need.table].columns
    assert {tool.state for tool in served({f"{t}.{c}" for t in TABLES for c in TABLES[t].columns})} == {
        "full"
    }
    assert {tool.state for tool in served(())} == {"not"}


def test_descriptions_speak_of_columns_that_are_there_and_may_be_empty():
    for name, describes in descriptions().items():
        for table, given in describes.gives.items():
            for column in given.lacks:
                assert TABLES[table].columns[column].nullable, (name, table, column)
        assert fields_of(describes.gives)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_matrix_has_a_row_for_every_connector_that_speaks(language):
    head, rows = matrix(Speaker(language))
    assert len(rows) == len(descriptions()) >= 4
    assert all(len(row) == len(head) for row in rows)
    assert not [cell for row in rows for cell in row if re.search(r"\b[a-z]+\.history\b", cell)]

"""``echannel reference``: what is known, what is fetched, what stays when a source fails."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from fakes.server import FakeServer, Reply
from live_help import live
from test_clients import bank_page, bank_row, rates_zip, stat, tariff

from echannel.cli import run
from echannel.locale import LANGUAGES
from echannel.reference import http, refresh, uk_duties
from echannel.reference.snapshot import figures, markets

TODAY = date(2026, 11, 24)


def app(call):
    """All sources at once, each with newer figures for every market."""
    known = markets()
    if call.path.startswith("/country"):
        year = 2022 if "LPI" in call.path else 2025
        return bank_page([bank_row(iso3, year, 2.5) for iso3 in known["iso3"]])
    if "isoc_ec_ib20" in call.path:
        members = list(known.index[known["eu_member"]])
        return stat({str(n): 50.0 + n for n in range(len(members))}, geo=members, time=["2026"])
    if call.path.endswith(".zip"):
        return Reply(rates_zip("Date,USD,GBP,\n2026-11-23,1.25,0.8,\n"))
    return Reply(b"", 404)


def test_newer_figures_take_their_place_and_say_when_they_were_read(tmp_path):
    with FakeServer(app) as server:
        way = live(tmp_path, server)
        assert [one.failed for one in refresh.run(refresh.steps(way, TODAY))] == [None] * 8
        before = len(server.calls)
        list(refresh.run(refresh.steps(live(tmp_path, server), TODAY)))
        assert len(server.calls) == before
    table = figures(way.workspace)
    newest = table[(table["figure"] == "population") & (table["year"] == 2025)]
    assert len(newest) == len(markets()) and (newest["value"] == 2.5).all()
    assert newest["retrieved"].min() > "2026" and newest["licence"].eq("CC BY 4.0").all()
    grown = markets(way.workspace)
    assert (grown.loc["FR", "online_buyers_year"], grown.loc["FR", "vat_standard"]) == (2026, 0.2)
    assert refresh.rates_day(way.workspace, TODAY) == date(2026, 11, 23)


def test_a_source_that_fails_stops_no_other_and_its_shipped_figures_stay(tmp_path):
    with FakeServer(app) as server:
        server.fail("503 maintenance", times=None, path="SP.POP.TOTL")
        server.fail("html", times=None, path="isoc_ec_ib20")
        way = live(tmp_path, server)
        failed = {
            one.step.name: one.failed.key for one in refresh.run(refresh.steps(way, TODAY)) if one.failed
        }
    assert failed == {"population": "reference.error.server", "online_buyers": "reference.error.answer"}
    now = markets(way.workspace)
    assert now["population"].equals(markets()["population"]) and now.loc["FR", "gdp"] == 2.5


def test_an_answer_that_knows_few_markets_replaces_nothing(tmp_path):
    with FakeServer(lambda call: bank_page([bank_row("FRA", 2025, 1.0)])) as server:
        way = live(tmp_path, server)
        done = next(refresh.run(refresh.steps(way, TODAY)))
    assert done.failed.key == "reference.error.too_few_markets"
    assert markets(way.workspace).equals(markets())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_command_line_tells_what_is_at_hand(tmp_path, monkeypatch, capsys, language):
    (tmp_path / "parameters").mkdir()
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv(http.SWITCH, raising=False)
    monkeypatch.setenv("ECHANNEL_ROOT", str(tmp_path))
    assert run(["reference", "status", "--lang", language], {}) == 0
    said = capsys.readouterr().out
    assert "Eurostat" in said and "2024–2025" in said and "CC BY 4.0" in said and "49" in said
    assert run(["reference", "--help", "--lang", language], {}) == 0
    assert "reference.cli" not in capsys.readouterr().out


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_command_line_tells_what_stays_when_nobody_answers(tmp_path, monkeypatch, capsys, language):
    (tmp_path / "parameters").mkdir()
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("ECHANNEL_ROOT", str(tmp_path))
    with FakeServer(app) as server:
        server.fail("404", times=None)
        monkeypatch.setattr("echannel.reference.console.Live", lambda place, online: live(tmp_path, server))
        assert run(["reference", "refresh", "--lang", language], {}) == 1
    said = capsys.readouterr().out
    assert "0 " in said and "World Bank" in said and "Traceback" not in said


def test_uk_duties_are_kept_with_their_day_and_what_is_only_a_heading_is_kept_as_such(tmp_path):
    def answer(call):
        return Reply({"error": "not found"}, 404) if call.path.endswith("3406000000") else tariff()

    with FakeServer(answer) as server:
        way = live(tmp_path, server)
        step = refresh.steps(way, TODAY, uk_codes={"FR": ["69120081", "340600", "6912 00 81", "12"]})[-1]
        done = next(refresh.run([step]))
        assert done.failed.key == "reference.error.no_commodity" and len(server.calls) == 2
        server.fail("503 maintenance", times=None)
        assert next(refresh.run([step])).failed.key != "reference.error.no_commodity"
    kept = uk_duties.kept(way.workspace, "FR")
    mug, candle = kept["6912008100"], kept["3406000000"]
    assert (mug.found, mug.duty, mug.preference, mug.text) == (True, 0.12, 0.0, "12.00 %")
    assert (candle.found, candle.duty) == (False, None) and mug.read > "2026"
    assert uk_duties.kept(way.workspace, "DE") == {}
    codes = pd.Series(["69120081", "6912.00.81.00", "340600", None])
    assert set(uk_duties.kept_for(way.workspace, "FR", codes, {"34": 0.0})) == {"69120081", "6912008100"}


def test_a_duty_that_is_no_percentage_has_a_text_and_no_rate(tmp_path):
    weighed = tariff()
    weighed["included"][1]["attributes"]["base"] = "<span>8.00</span> % + 9.30 GBP / 100 kg"
    with FakeServer(lambda call: weighed) as server:
        way = live(tmp_path, server)
        uk_duties.fetch(way, ["69120081"], "FR")
    found = uk_duties.kept(way.workspace, "FR")["6912008100"]
    assert (found.duty, found.text) == (None, "8.00 % + 9.30 GBP / 100 kg")

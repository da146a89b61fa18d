"""The register: each SME's own rows and no other's, kept through restarts, made on first use."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest

from echannel.errors import UserError
from echannel.register import (
    Register,
    add_price,
    competitor_prices,
    duty_states,
    open_register,
    remove_price,
    remove_scenario,
    save_scenario,
    saved_scenarios,
    set_duty_state,
)
from echannel.register.database import ADDRESS, VERSION
from echannel.workspace import Workspace


@pytest.fixture
def register(tmp_path, monkeypatch):
    monkeypatch.delenv(ADDRESS, raising=False)
    return open_register(Workspace(tmp_path))


def test_an_sme_sees_its_own_rows_and_no_others(register):
    for sme in ("kent-gifts", "breizh-epicerie"):
        set_duty_state(register, sme, "DE", "eori", "done", note=sme)
        add_price(register, sme, "DE", "P1", f"Rival of {sme}", 9.5, "EUR")
        save_scenario(register, sme, "planning", "enter DE", {"owner": sme})
    for sme in ("kent-gifts", "breizh-epicerie"):
        assert [row.note for row in duty_states(register, sme, "DE").values()] == [sme]
        assert competitor_prices(register, sme)["competitor"].tolist() == [f"Rival of {sme}"]
        assert saved_scenarios(register, sme, "planning")["enter DE"].content == {"owner": sme}
    assert duty_states(register, "stranger", "DE") == {} and competitor_prices(register, "stranger").empty


def test_one_sme_cannot_take_out_anothers_rows(register):
    number = add_price(register, "kent-gifts", "FR", "P1", "Rival", 9.5, "EUR")
    save_scenario(register, "kent-gifts", "planning", "x", {})
    assert not remove_price(register, "breizh-epicerie", number)
    assert not remove_scenario(register, "breizh-epicerie", "planning", "x")
    assert remove_price(register, "kent-gifts", number) and competitor_prices(register, "kent-gifts").empty
    assert remove_scenario(register, "kent-gifts", "planning", "x")


@pytest.mark.parametrize(
    "call",
    [
        lambda r: duty_states(r, "", "DE"),
        lambda r: competitor_prices(r, ""),
        lambda r: saved_scenarios(r, "", "planning"),
        lambda r: set_duty_state(r, "", "DE", "eori", "open"),
    ],
)
def test_nobody_is_not_everybody(register, call):
    with pytest.raises(ValueError, match="names its SME"):
        call(register)


def test_the_newest_state_counts_and_the_old_ones_stay(register, tmp_path):
    for state in ("open", "asked", "done"):
        set_duty_state(register, "kent-gifts", "FR", "eori", state, by="Marie")
    set_duty_state(register, "kent-gifts", "DE", "eori", "not_needed")
    found = duty_states(register, "kent-gifts", "FR")["eori"]
    assert (found.state, found.by) == ("done", "Marie")
    assert abs((datetime.now(UTC) - found.at).total_seconds()) < 60
    with sqlite3.connect(tmp_path / "data" / "register.sqlite") as file:
        assert file.execute("select count(*) from duty_states").fetchone() == (4,)
    with pytest.raises(ValueError, match="unknown state"):
        set_duty_state(register, "kent-gifts", "FR", "eori", "perhaps")


def test_saving_again_replaces_and_keeps_its_place(register):
    for name in ("b", "a"):
        save_scenario(register, "s", "planning", name, {"n": 1})
    save_scenario(register, "s", "planning", "b", {"n": 2, "list": [1.5, None]}, by="x")
    save_scenario(register, "s", "market", "b", {"n": 3})
    found = saved_scenarios(register, "s", "planning")
    assert list(found) == ["b", "a"] and found["b"].content == {"n": 2, "list": [1.5, None]}


def test_it_is_there_after_a_restart_and_a_removed_file_starts_anew(tmp_path, monkeypatch):
    monkeypatch.delenv(ADDRESS, raising=False)
    place = Workspace(tmp_path)
    when = datetime(2026, 10, 1, 12, tzinfo=UTC)
    add_price(open_register(place), "s", "FR", "P1", "Rival; DROP TABLE 'x'", 9.5, "EUR", at=when)
    assert competitor_prices(open_register(place), "s", "FR")["at"].iloc[0] == when
    assert competitor_prices(open_register(place), "s", "DE").empty
    for file in (tmp_path / "data").glob("register.sqlite*"):
        file.unlink()
    assert competitor_prices(open_register(place), "s").empty


def test_several_writers_at_once_lose_nothing(register, tmp_path):
    def write(n):
        set_duty_state(open_register(Workspace(tmp_path)), "s", "FR", f"duty {n}", "done")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(24)))
    assert len(duty_states(register, "s", "FR")) == 24


def test_an_older_register_is_raised_by_several_at_once(tmp_path, register):
    path = tmp_path / "data" / "register.sqlite"
    for _ in range(6):
        with sqlite3.connect(path) as file:
            file.execute("update schema_version set version = 1")
        ready = Barrier(8)

        def use(_, ready=ready):
            ready.wait()
            return duty_states(Register(f"sqlite:///{path}"), "s", "FR")

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(use, range(8))) == [{}] * 8
    with sqlite3.connect(path) as file:
        assert file.execute("select version from schema_version").fetchall() == [(VERSION,)]


def test_a_newer_register_is_left_alone(tmp_path, register):
    set_duty_state(register, "s", "FR", "eori", "done")
    path = tmp_path / "data" / "register.sqlite"
    with sqlite3.connect(path) as file:
        file.execute("update schema_version set version = 99")
    other = tmp_path / "other"
    (other / "data").mkdir(parents=True)
    (other / "data" / "register.sqlite").write_bytes(path.read_bytes())
    with sqlite3.connect(other / "data" / "register.sqlite") as file:
        file.execute("create table if not exists schema_version (version integer primary key)")
        file.execute("delete from schema_version")
        file.execute("insert into schema_version values (99)")
    with pytest.raises(UserError) as newer:
        open_register(Workspace(other))
    assert newer.value.key == "reference.error.register_newer"


def test_an_address_may_be_given_and_its_password_is_never_repeated(tmp_path, monkeypatch):
    monkeypatch.setenv(ADDRESS, f"sqlite:///{tmp_path / 'elsewhere.sqlite'}")
    set_duty_state(open_register(Workspace(tmp_path)), "s", "FR", "eori", "done")
    assert (tmp_path / "elsewhere.sqlite").exists() and not (tmp_path / "data").exists()
    for address in ("nonsense://user:hunter2@host/db", "postgresql://user:hunter2@127.0.0.1:1/db", "hunter2"):
        monkeypatch.setenv(ADDRESS, address)
        with pytest.raises(UserError) as refused:
            open_register(Workspace(tmp_path))
        assert "hunter2" not in str(refused.value) and refused.value.__cause__ is None


def test_a_folder_that_is_no_register_is_said_in_plain_words(tmp_path):
    with pytest.raises(UserError) as refused:
        Register(f"sqlite:///{tmp_path}")
    assert refused.value.key == "reference.error.register_out_of_reach"

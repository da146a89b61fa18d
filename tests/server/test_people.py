"""Who may sign in: accounts, links, passwords, sign-ins, the scope of roles, waits, and older registers."""

from __future__ import annotations

import sqlite3
import stat
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from login_help import OTHER, OWN, PASSWORD, Served

from echannel.errors import UserError
from echannel.register import Register, duty_states, open_register, set_duty_state
from echannel.register.database import VERSION
from echannel.register.passwords import check_password
from echannel.register.signed_in import IDLE, LONGEST, sign_in, still_signed_in, who_is
from echannel.register.users import (
    add_user,
    check_sign_in,
    choose_password,
    find_user,
    hash_token,
    link_holder,
    make_link,
    users,
)
from echannel.server.access import check_scope, smes_of
from echannel.server.front import FEWEST, cohort_figures
from echannel.server.login import network_of, safe_next
from echannel.server.reach import environment, readable
from echannel.server.serving import Serving, check_open_to_others
from echannel.server.throttle import Throttle
from echannel.server.waiting import AGAIN_SECONDS, WaitingRoom
from echannel.workspace import Workspace

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def register(tmp_path) -> Register:
    return open_register(Workspace(tmp_path))


@pytest.fixture
def anna(register):
    return add_user(register, " Anna@Shop.Example ", "Anna", "member", OWN, "fr")


def test_nothing_that_opens_a_door_stands_in_the_register(register, anna, tmp_path):
    link = make_link(register, anna.email, "invite")
    choose_password(register, link, PASSWORD)
    cookie, other = sign_in(register, anna), make_link(register, anna.email, "invite")
    with sqlite3.connect(tmp_path / "data" / "register.sqlite") as database:
        everything = "\n".join(database.iterdump())
    assert hash_token(cookie) in everything
    assert "$argon2id$" in everything
    assert not any(secret in everything for secret in (link, cookie, other, PASSWORD))


def test_a_link_works_once_and_for_a_while(register, anna):
    first = make_link(register, anna.email, "invite")
    link = make_link(register, anna.email, "invite", NOW)
    assert link_holder(register, first) is None  # the newer one replaces it
    assert link_holder(register, link, NOW + timedelta(days=6)) == anna
    assert link_holder(register, link, NOW + timedelta(days=7)) is None
    with pytest.raises(UserError):
        choose_password(register, link, "too short", NOW)
    assert choose_password(register, link, PASSWORD, NOW).has_password
    with pytest.raises(UserError):
        choose_password(register, link, PASSWORD, NOW)


def test_a_reset_voids_the_password_and_ends_what_is_open(register, anna):
    choose_password(register, make_link(register, anna.email, "invite"), PASSWORD)
    assert check_sign_in(register, "ANNA@shop.example", PASSWORD) == find_user(register, anna.email)
    assert check_sign_in(register, anna.email, PASSWORD + " ") is None
    cookie = sign_in(register, anna)
    make_link(register, anna.email, "reset")
    assert who_is(register, cookie) is None
    assert check_sign_in(register, anna.email, PASSWORD) is None


def test_a_sign_in_ends_idle_and_at_last_in_any_case(register, anna):
    cookie = sign_in(register, anna, NOW)
    assert who_is(register, cookie, NOW + IDLE).email == anna.email
    at = NOW
    while at + IDLE < NOW + LONGEST:
        at += IDLE
        assert who_is(register, cookie, at) is not None
    assert hash_token(cookie) in still_signed_in(register, at)
    assert who_is(register, cookie, NOW + LONGEST + timedelta(seconds=1)) is None
    idle = sign_in(register, anna, NOW)
    assert who_is(register, idle, NOW + IDLE + timedelta(seconds=1)) is None
    assert who_is(register, idle, NOW) is None  # ended is ended


@pytest.mark.parametrize(
    "guessed",
    [
        *(
            "password1234",
            "motdepasse2024",
            "123456789012",
            "abcdefghijklmnop",
            "aaaaaaaaaaaaaaaa",
            "azertyuiop12",
        ),
        *("P@ssw0rd2026!", "kent-gifts-2026", "anna@shop.example", "Bienvenue2026!!", "qwerty-azerty-99"),
    ],
)
def test_what_is_guessed_first_is_refused(guessed):
    with pytest.raises(UserError) as refused:
        check_password(guessed, "anna@shop.example", "Anna", "kent-gifts")
    assert refused.value.key == "login.error.too_common"


@pytest.mark.parametrize("good", [PASSWORD, "correct horse battery", "été à la plage noire", "xK7#mQ2vTz9w"])
def test_what_is_long_and_unlike_is_taken_whatever_its_signs(good):
    check_password(good, "anna@shop.example", "Anna", "kent-gifts")


def test_an_address_is_there_once_and_a_member_needs_a_firm(register, anna, served: Served):
    with pytest.raises(UserError):
        add_user(register, "anna@shop.example", "Again", "coordinator")
    with pytest.raises(UserError):
        add_user(register, "no address", "x", "coordinator")
    assert [one.email for one in users(register)] == ["anna@shop.example"]
    for role, scope in (("member", ""), ("member", "nobody"), ("manager", "moon"), ("coordinator", OWN)):
        with pytest.raises(UserError):
            check_scope(served.workspace, role, scope)


def test_roles_become_firms(served: Served):
    workspace = served.workspace
    assert smes_of(workspace, "member", OWN) == (OWN,)
    assert smes_of(workspace, "member", "gone") == ()
    assert smes_of(workspace, "manager", "south") == (OTHER,)
    assert smes_of(workspace, "coordinator", "") == (OTHER, OWN)
    assert smes_of(workspace, "partner", "all") == ()
    assert cohort_figures(workspace, "all") == {}  # two firms only: nothing may be told
    assert FEWEST > 2


def test_the_key_of_the_cookies_is_the_servers_alone(served: Served):
    mode = (served.workspace.root / "data" / "server.key").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_an_older_register_opens_and_keeps_what_is_in_it(tmp_path):
    register = open_register(Workspace(tmp_path))
    set_duty_state(register, OWN, "FR", "vat", "done")
    with sqlite3.connect(tmp_path / "data" / "register.sqlite") as database:
        for table in ("signed_in", "password_links", "users", "opened"):
            database.execute(f"DROP TABLE {table}")
        database.execute("UPDATE schema_version SET version = 1")
    upgraded = open_register(Workspace(tmp_path))
    assert duty_states(upgraded, OWN, "FR")["vat"].state == "done"
    assert add_user(upgraded, "a@b.example", "A", "coordinator").id
    with sqlite3.connect(tmp_path / "data" / "register.sqlite") as database:
        assert database.execute("SELECT version FROM schema_version").fetchall() == [(VERSION,)]


def test_waits_double_and_are_forgotten():
    now = [0.0]
    counts = Throttle(2, 2.0, 60.0, 3600.0, clock=lambda: now[0])
    waits = []
    for _ in range(9):
        counts.missed("a")
        waits.append(counts.wait("a"))
        now[0] += waits[-1]
    assert waits == [0, 2, 4, 8, 16, 32, 60, 60, 60]
    assert counts.wait("b") == 0
    now[0] += 3601
    counts.missed("a")
    assert counts.wait("a") == 0


def test_the_queue_keeps_its_order_and_forgets_who_left():
    now = [0.0]
    room = WaitingRoom(clock=lambda: now[0])
    assert room.is_next("early", 1)
    assert not room.is_next("early", 0)
    assert [room.place(who) for who in ("a", "b", "c", "a")] == [1, 2, 3, 1]
    assert room.is_next("a", 1)
    assert not room.is_next("b", 1)
    assert not room.is_next("late", 3)
    now[0] += 3 * AGAIN_SECONDS
    assert room.place("b") == 2
    now[0] += 2 * AGAIN_SECONDS
    assert room.place("b") == 1  # the others have not asked again


@given(st.text())
def test_whatever_follows_a_sign_in_stays_here(then):
    assert safe_next(then) == "/" or safe_next(then).startswith("/voila/render/")


def test_a_network_counts_as_one_place():
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:ffff::1")
    assert network_of("192.0.2.1") != network_of("192.0.2.2")


def test_a_kernel_learns_nothing_of_the_servers_secrets():
    secrets = {"ECHANNEL_REGISTER_URL": "postgresql://u:p@h/d", "SHOP_KEY": "k", "AWS_SECRET_ACCESS_KEY": "s"}
    assert environment({**secrets, "PATH": "/bin"}) == {"PATH": "/bin"}


def test_what_a_kernel_may_read_holds_no_folder_above_a_firms(tmp_path):
    work = Workspace(tmp_path)
    private = (work.store / OTHER, work.inbox / OTHER, work.keys, work.root / "data" / "register.sqlite")
    private = (
        *private,
        work.parameters / "smes" / f"{OTHER}.yml",
        work.root / "data" / "server.key",
        work.reports,
    )
    for place in readable(work, OWN):
        assert not any(one.is_relative_to(place) for one in private), place


@pytest.mark.parametrize(
    ("address", "url", "more", "allowed"),
    [
        ("127.0.0.1", "http://127.0.0.1:8866", {}, True),
        ("127.0.0.1", "https://dash.example.org", {"proxies": ("127.0.0.1",)}, True),
        ("0.0.0.0", "https://dash.example.org", {"proxies": ("127.0.0.1",)}, True),
        ("0.0.0.0", "https://dash.example.org", {}, False),
        ("0.0.0.0", "http://dash.example.org", {"proxies": ("127.0.0.1",)}, False),
        ("::", "https://dash.example.org", {"proxies": ("127.0.0.1",)}, True),
    ],
)
def test_others_are_served_with_a_login_and_tls_only(tmp_path, register, address, url, more, allowed):
    with_login = Serving(Workspace(tmp_path), register, address, 8866, url, **more)
    without = Serving(Workspace(tmp_path), None, address, 8866, url, **more)
    if allowed:
        check_open_to_others(with_login)
    else:
        with pytest.raises(UserError):
            check_open_to_others(with_login)
    if url != "http://127.0.0.1:8866":
        with pytest.raises(UserError):
            check_open_to_others(without)
    assert with_login.secure is url.startswith("https")

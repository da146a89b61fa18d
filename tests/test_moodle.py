"""Moodle's connector against a server that behaves like it."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from fakes.moodle import CANARIES, CAPABILITIES, FUNCTIONS, TOKEN, Moodle, WebService, busy_moodle
from fakes.server import FakeServer
from prestashop_help import QUICK, Tables, context
from pydantic import SecretStr

from echannel.connectors.base import Note
from echannel.connectors.conformance import ConnectorSuite, Subject
from echannel.connectors.http import SourceError
from echannel.connectors.moodle import MoodleConnector
from echannel.connectors.moodle.service import FUNCTIONS as NEEDED_CAPABILITIES
from echannel.connectors.moodle.service import flat
from echannel.errors import UserError
from echannel.locale import Speaker
from echannel.pseudonyms import pseudonymiser

STATES = {0: "incomplete", 1: "complete", 2: "passed", 3: "failed"}
PSEUDONYM = pseudonymiser(b"k" * 32)


def connector(server: FakeServer, token: str = TOKEN, **options) -> MoodleConnector:
    made = context(None)
    made = type(made)(**{**vars(made), "secrets": {"token": SecretStr(token)}})
    return MoodleConnector({"address": server.url, **server.options, **options}, made, QUICK)


def person(user: int) -> str:
    return PSEUDONYM(pd.Series([f"moodle:web:{user}"])).iloc[0]


def truth(site: Moodle) -> dict[tuple[str, str, str], tuple[str, float | None]]:
    """State and grade (a fraction) by person, course and item, worked out one by one from the site."""
    found: dict[tuple[str, str, str], tuple[str, float | None]] = {}
    for course, people in site.enrolled.items():
        for user in (one for one, role in people.items() if role == "student"):
            marks = [site.marks.get((course, user, one)) for one in site.activities[course]]
            found[person(user), str(course), "course"] = ("enrolled", sum(m or 0 for m in marks) / 100)
            for activity, mark in zip(site.activities[course], marks, strict=True):
                state = STATES[site.done.get((course, user, activity), (0, 0))[0]]
                if not site.courses[course]["enablecompletion"]:
                    if mark is None:
                        continue
                    state = "graded"
                grade = None if mark is None else mark / 20
                found[person(user), str(course), str(activity)] = (state, grade)
            for badge in site.awarded.get(user, []):
                of = str(badge["courseid"] or "site")
                found[person(user), of, f"badge-{badge['id']}"] = ("awarded", None)
    return found


def read(tables: Tables) -> dict[tuple[str, str, str], tuple[str, float | None]]:
    rows = tables["learning"].astype(object).to_dict("records")
    return {
        (row["person_id"], row["course_id"], row["item_id"]): (
            row["state"],
            None if pd.isna(row["grade"]) else row["grade"],
        )
        for row in rows
    }


def same(one: dict, other: dict) -> None:
    assert set(one) == set(other)
    for key, (state, grade) in one.items():
        assert other[key] == (state, pytest.approx(grade) if grade is not None else None), key


@pytest.fixture
def site() -> Moodle:
    return busy_moodle()


@pytest.fixture
def server(site):
    with FakeServer(WebService(site)) as made:
        yield made


def test_what_is_read_is_what_the_site_has_now_and_after_changes(site, server):
    tables = Tables().sync(connector(server))
    same(truth(site), read(tables))
    assert len(read(tables)) > 60
    site.work(3, next(user for user, role in site.enrolled[3].items() if role == "student"))
    site.enrol(2, 99)
    site.award(99, 3, "Abroad")
    tables.sync(connector(server))
    same(truth(site), read(tables))


def test_days_are_those_of_the_site(site, server):
    site.done[2, 10, site.activities[2][0]] = (1, 1_750_000_000)
    site.enrol(2, 10)
    tables = Tables().sync(connector(server))
    rows = tables["learning"].set_index(["person_id", "course_id", "item_id"])
    row = rows.loc[(person(10), "2", str(site.activities[2][0]))]
    assert row["completed_at"] == pd.Timestamp(1_750_000_000, unit="s", tz="UTC")
    undone = tables["learning"][tables["learning"]["state"] == "incomplete"]
    assert len(undone) and undone["completed_at"].isna().all()


def test_the_token_is_never_in_an_address_and_no_name_is_asked_for(server):
    Tables().sync(connector(server))
    assert server.calls
    for call in server.calls:
        assert call.method == "POST" and not call.params and TOKEN in call.body.decode()
    people = [call for call in server.calls if b"get_enrolled_users" in call.body]
    assert people and all(
        b"userfields" in call.body and b"name%5D=fullname" not in call.body for call in people
    )


def test_some_courses_only(site, server):
    tables = Tables().sync(connector(server, courses=[3]))
    learnt = tables["learning"]
    assert set(learnt.loc[~learnt["item_id"].str.startswith("badge"), "course_id"]) == {"3"}


def test_a_badge_of_which_the_course_is_not_told_is_the_sites(site, server):
    site.shows_courses_of_badges = False
    learnt = Tables().sync(connector(server))["learning"]
    assert set(learnt.loc[learnt["state"] == "awarded", "course_id"]) == {"site"}


def test_a_fetch_that_broke_off_goes_on_with_the_next_course(site, server):
    tables = Tables().sync(connector(server), batches=1)
    before = len(server.calls)
    tables.sync(connector(server))
    asked = [call.body for call in server.calls[before:] if b"completion_status" in call.body]
    assert asked and not [body for body in asked if b"courseid=2&" in body]
    same(truth(site), read(tables))
    assert tables.cursor == {}


@pytest.mark.parametrize("function", sorted(set(CAPABILITIES) - {"core_course_get_courses"}))
def test_what_may_not_be_called_is_missed_by_name_and_the_rest_is_read(site, server, function):
    site.functions.discard(function)
    (finding,) = [one for one in connector(server).check() if one.state != "works"]
    assert finding.said == Note("moodle.check.no_function", {"function": function})
    assert finding.fix is not None and finding.turn == "sme"
    if finding.state == "blocks":
        with pytest.raises(SourceError) as refused:
            Tables().sync(connector(server))
        assert function in Speaker("fr").error(refused.value)
        return
    tables = Tables().sync(connector(server))
    assert len(tables["learning"])
    assert tables.notes == [Note("moodle.note.no_function", {"function": function})]
    asked = [call for call in server.calls if function.encode() in call.body]
    assert len(asked) <= QUICK.workers * 2  # not once for every person


@pytest.mark.parametrize("function", sorted(CAPABILITIES))
def test_a_missing_capability_is_named_with_where_to_allow_it(site, server, function):
    site.capabilities.discard(CAPABILITIES[function])
    (finding,) = [one for one in connector(server).check() if one.state != "works"]
    assert finding.about == "permission" and finding.said.key == "moodle.error.capability"
    assert CAPABILITIES[function] in NEEDED_CAPABILITIES[function]
    for language in ("en", "fr"):
        assert CAPABILITIES[function] in Speaker(language)(finding.fix.key, **finding.fix.values)


def test_badges_that_are_switched_off_are_no_fault(site, server):
    site.badges_on = False
    assert not [one for one in connector(server).check() if one.state != "works"]
    tables = Tables().sync(connector(server))
    assert [note.key for note in tables.notes] == ["moodle.note.refused"]


@pytest.mark.parametrize(
    ("change", "about", "key"),
    [
        ({"switched_on": False}, "permission", "moodle.error.switched_off"),
        ({"maintenance": True}, "setting", "moodle.error.closed"),
        ({"functions": set()}, "permission", "moodle.error.function"),
    ],
)
def test_a_site_that_answers_nothing_says_why(site, server, change, about, key):
    for name, value in change.items():
        setattr(site, name, value)
    (finding,) = connector(server).check()
    assert (finding.about, finding.state, finding.said.key) == (about, "blocks", key)
    with pytest.raises(SourceError, match=key):
        Tables().sync(connector(server))


def test_a_wrong_token_is_said_without_it(server):
    (finding,) = connector(server, token="deadbeef" * 4).check()
    assert finding.about == "credentials" and finding.said.key == "moodle.error.token"
    with pytest.raises(SourceError) as refused:
        Tables().sync(connector(server, token="deadbeef" * 4))
    for language in ("en", "fr"):
        said = Speaker(language).error(refused.value)
        assert "127.0.0.1" in said and "deadbeef" not in said and CANARIES["firstname"] not in said


def test_an_answer_of_another_shape_is_an_error_not_nothing(site, server):
    app = server.app
    server.app = lambda call: {} if b"get_courses" in call.body else app(call)
    with pytest.raises(SourceError, match=r"moodle\.error\.shape"):
        Tables().sync(connector(server))


@pytest.mark.parametrize("fault", ["cut", "502 html"])
def test_passing_faults_are_got_over(site, server, fault):
    server.fail(fault, times=2)
    same(truth(site), read(Tables().sync(connector(server))))


def test_options_and_secrets_are_asked_for_by_name(server):
    with pytest.raises(UserError, match=r"moodle\.error\.option"):
        MoodleConnector({"address": server.url, "adress": ""}, context(None))
    with pytest.raises(UserError, match=r"moodle\.error\.no_address"):
        MoodleConnector({}, context(None))
    with pytest.raises(UserError, match=r"moodle\.error\.no_token"):
        MoodleConnector({"address": server.url, **server.options}, context(None))


def test_nested_parameters_are_written_as_php_reads_them():
    assert flat({"a": 1, "options": [{"name": "x", "value": "y"}], "ids": {"ids": [4, 5]}}) == {
        "a": 1,
        "options[0][name]": "x",
        "options[0][value]": "y",
        "ids[ids][0]": 4,
        "ids[ids][1]": 5,
    }


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_guide_names_every_function_and_capability(language):
    guide = (Path(__file__).parents[1] / "docs/connect" / f"moodle.{language}.md").read_text("utf-8")
    rows = "\n".join(line for line in guide.splitlines() if line.startswith("|"))
    assert set(FUNCTIONS) == set(NEEDED_CAPABILITIES)
    for function, capabilities in NEEDED_CAPABILITIES.items():
        assert function in rows
        assert all(one in rows for one in capabilities.split(", "))


class TestMoodle(ConnectorSuite):
    @pytest.fixture
    def subject(self, tmp_path, monkeypatch, site, server):
        monkeypatch.setenv("MOODLE_TOKEN", TOKEN)

        @contextmanager
        def breaking():
            site.maintenance = True
            server.fail("401", times=None)
            yield
            site.maintenance = False
            server.faults.clear()

        yield Subject(
            "moodle",
            {"address": server.url, **server.options},
            tmp_path,
            secrets={"token": "env:MOODLE_TOKEN"},
            canaries=(*CANARIES.values(), TOKEN),
            breaking=breaking,
        )

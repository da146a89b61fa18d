"""Asking sources: kept answers, conditions, patience, outages, keys, and nothing without being told."""

from __future__ import annotations

import dataclasses

import pytest
from fakes.server import FakeServer, Reply
from live_help import live, make_old

from echannel.errors import UserError
from echannel.reference.http import SWITCH, Live, Source, SourceFailed
from echannel.workspace import Workspace

FIGURES = Source("world_bank", "World Bank", "https://example.org", days=30)
PEOPLE = Source("vies", "VIES", "https://example.org", kept=False)


@pytest.fixture
def server():
    with FakeServer(lambda call: {"asked": len(call.params)}) as running:
        yield running


def kind(call) -> str:
    with pytest.raises(SourceFailed) as failed:
        call()
    assert failed.value.__cause__ is None
    return failed.value.kind


def test_nothing_is_fetched_unless_somebody_says_so(tmp_path, server, monkeypatch):
    monkeypatch.delenv(SWITCH, raising=False)
    addresses = {"world_bank": server.url}
    assert kind(lambda: Live(Workspace(tmp_path), None, addresses).get(FIGURES, "x")) == "offline"
    assert not server.calls and not (tmp_path / "data").exists()
    monkeypatch.setenv(SWITCH, "1")
    assert Live(Workspace(tmp_path), None, addresses).get(FIGURES, "x").json() == {"asked": 0}
    monkeypatch.setenv(SWITCH, "0")
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters" / "reference.yml").write_text("live: true\n")
    assert Live(Workspace(tmp_path), None, addresses).online


def test_an_answer_is_kept_and_read_offline(tmp_path, server):
    first = live(tmp_path, server).get(FIGURES, "x", {"a": 1})
    again = live(tmp_path, server).get(FIGURES, "x", {"a": 1})
    offline = live(tmp_path, server, online=False).get(FIGURES, "x", {"a": 1})
    assert len(server.calls) == 1
    assert (first.kept, again.kept, offline.kept) == (False, True, True)
    assert first.content == again.content == offline.content
    assert kind(lambda: live(tmp_path, server, online=False).get(FIGURES, "x", {"a": 2})) == "offline"


def test_an_old_answer_is_asked_for_anew_with_a_condition(tmp_path):
    def app(call):
        unchanged = call.headers.get("If-None-Match") == '"v1"'
        return Reply(b"", 304, {"ETag": '"v1"'}) if unchanged else Reply({"n": 1}, 200, {"ETag": '"v1"'})

    with FakeServer(app) as server:
        first = live(tmp_path, server).get(FIGURES, "x")
        make_old(tmp_path)
        second = live(tmp_path, server).get(FIGURES, "x")
    assert len(server.calls) == 2 and server.calls[1].headers["If-None-Match"] == '"v1"'
    assert second.json() == {"n": 1} and not second.kept and second.at >= first.at


@pytest.mark.parametrize("fault", ["500", "503 maintenance", "reset", "cut", "429"])
def test_what_may_pass_is_tried_again(tmp_path, server, fault):
    server.fail(fault, times=2)
    slept = []
    assert live(tmp_path, server, slept=slept).get(FIGURES, "x").json() == {"asked": 0}
    assert slept == [1.0, 2.0]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("404", "not_found"),
        ("401", "refused"),
        ("500", "server"),
        ("429", "quota"),
        ("reset", "unreachable"),
        ("redirect", "answer"),
        ("cut", "unreachable"),
    ],
)
def test_an_outage_is_said_and_an_older_answer_takes_its_place(tmp_path, server, fault, expected):
    server.fail(fault, times=None, path="never-kept")
    assert kind(lambda: live(tmp_path, server).get(FIGURES, "never-kept")) == expected
    live(tmp_path, server).get(FIGURES, "x")
    make_old(tmp_path)
    server.fail(fault, times=None, path="x")
    assert live(tmp_path, server).get(FIGURES, "x").kept


def test_a_server_may_say_when_to_come_back_but_not_make_us_wait_for_ever(tmp_path, server):
    slept = []
    server.fail("429 retry-after", value="7")
    assert live(tmp_path, server, slept=slept).get(FIGURES, "x") and slept == [7.0]
    server.fail("429 retry-after", times=None, value="86400")
    assert kind(lambda: live(tmp_path, server, slept=slept).get(FIGURES, "y")) == "quota" and slept == [7.0]


def test_slow_and_endless_answers_end(tmp_path, server):
    server.fail("slow body", times=None, path="slow")
    assert kind(lambda: live(tmp_path, server, answer=0.3, attempts=1).get(FIGURES, "slow")) == "timeout"
    server.fail("huge", times=None, path="huge")
    assert kind(lambda: live(tmp_path, server, size=1_000_000).get(FIGURES, "huge")) == "large"
    server.fail("hang", times=None, path="hang", value="1.5")
    assert kind(lambda: live(tmp_path, server, attempts=1).get(FIGURES, "hang")) == "timeout"


def test_an_error_that_looks_like_an_answer_is_never_kept(tmp_path, server):
    def refuse(answer):
        raise SourceFailed("answer", answer.source.name)

    assert kind(lambda: live(tmp_path, server).get(FIGURES, "x", check=refuse)) == "answer"
    assert kind(lambda: live(tmp_path, server, online=False).get(FIGURES, "x")) == "offline"
    good = live(tmp_path, server).get(FIGURES, "x")
    make_old(tmp_path)
    assert live(tmp_path, server).get(FIGURES, "x", check=refuse).content == good.content
    assert live(tmp_path, server, online=False).get(FIGURES, "x").content == good.content


def test_answers_about_people_are_never_written_to_disk(tmp_path):
    with FakeServer(lambda call: {"name": "Jeanne Martin"}) as server:
        live(tmp_path, server).get(PEOPLE, "x")
        live(tmp_path, server).get(PEOPLE, "x")
    assert len(server.calls) == 2
    assert not any(b"Jeanne" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_requests_to_one_source_keep_their_distance_and_kept_answers_do_not_wait(tmp_path, server):
    slept = []
    paced, way = dataclasses.replace(FIGURES, pace=6.0), live(tmp_path, server, slept=slept)
    for path in ("a", "b", "a", "b"):
        way.get(paced, path)
    assert len(slept) == 1 and 5 < slept[0] <= 6


def test_a_key_comes_by_reference_and_is_kept_nowhere(tmp_path, server, monkeypatch):
    (tmp_path / "parameters").mkdir()
    file = tmp_path / "parameters" / "reference.yml"
    file.write_text("keys: {comtrade: 'env:COMTRADE_KEY'}\n")
    monkeypatch.setenv("COMTRADE_KEY", "s3cret-key")
    way = live(tmp_path, server)
    assert way.key("comtrade") == "s3cret-key" and way.key("companies_house") is None
    way.get(FIGURES, "x", headers={"Ocp-Apim-Subscription-Key": "s3cret-key"})
    way.get(FIGURES, "y", headers={"Authorization": "Basic s3cret-key"})
    assert server.calls[0].headers["Ocp-Apim-Subscription-Key"] == "s3cret-key"
    assert not any(b"s3cret" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    file.write_text("keys: {comtrade: s3cret-key}\n")
    with pytest.raises(UserError) as refused:
        live(tmp_path, server)
    assert "s3cret" not in str(refused.value)


def test_a_web_page_instead_of_an_answer_is_said(tmp_path, server):
    server.fail("html")
    answer = live(tmp_path, server).get(FIGURES, "x")
    assert kind(answer.json) == "answer"

"""Matomo: visits by day add up to its own totals, with its log and without."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from fakes.matomo import CANARIES, TOKEN, Matomo
from rest_help import Synced, made

from echannel.connectors.conformance import ConnectorSuite, Subject
from echannel.connectors.failures import SourceError
from echannel.errors import UserError
from echannel.locale import Speaker


def source(server, token: str = TOKEN, **options):
    options = {"address": server.url, "site": 3, **server.options, **options}
    return made("matomo", options, {"token": token})


def truth(matomo: Matomo) -> dict[str, int]:
    days = pd.Series([row["day"].isoformat() for row in matomo.visits if row["day"] < matomo.today])
    return days.value_counts().to_dict()


def by_day(got: Synced) -> dict[str, int]:
    visits = got["visits"]
    return visits.groupby(visits["date"].dt.date.astype(str))["sessions"].sum().astype(int).to_dict()


def test_visits_are_those_of_the_site_by_all_they_are_told_by(monkeypatch):
    monkeypatch.setattr("echannel.connectors.matomo.service.LIMIT", 7)
    matomo = Matomo(seed=2)
    with matomo.served() as server:
        got = Synced().sync(source(server))
    assert by_day(got) == truth(matomo)
    visits = got["visits"]
    google = visits[
        (visits["source"] == "google") & (visits["medium"] == "organic") & (visits["country"] == "FR")
    ]
    expected = sum(
        row["referrerName"] == "Google" and row["countryCode"] == "fr" and row["day"] < matomo.today
        for row in matomo.visits
    )
    assert google["sessions"].sum() == expected > 0
    assert set(visits["source"]) == {"(direct)", "google", "www.blog.example", "instagram", "spring sale"}
    assert set(visits["medium"]) == {"(none)", "organic", "referral", "social", "campaign"}
    assert set(visits["country"]) == {"GB", "FR", "ZZ"}
    assert set(visits["device"]) == {"desktop", "mobile", "tablet", "(unknown)"}
    assert not got.notes


def test_the_next_sync_reads_the_last_days_again_and_those_since():
    matomo = Matomo(seed=3)
    got = Synced()
    with matomo.served() as server:
        got.sync(source(server))
        calls = len(server.calls)
        for back in (0, 1):
            for _ in range(4):
                matomo.visit(matomo.today - timedelta(days=back), random.Random(back))
        matomo.today += timedelta(days=2)
        got.sync(source(server))
        assert len(server.calls) - calls <= 7
    assert by_day(got) == truth(matomo)


def test_days_whose_log_is_gone_have_their_sources_and_no_country():
    matomo = Matomo(seed=4, kept=10)
    with matomo.served() as server:
        got = Synced().sync(source(server))
    assert by_day(got) == truth(matomo)
    visits = got["visits"]
    old = visits[visits["date"] < pd.Timestamp(matomo.today - timedelta(days=10))]
    assert set(old["country"]) == {"ZZ"} and set(old["device"]) == {"(unknown)"}
    assert "google" in set(old["source"]) and "(direct)" in set(old["source"])
    assert {note.key for note in got.notes} == {"matomo.note.days_without_log"}


def test_a_log_that_is_off_is_said_and_done_without():
    matomo = Matomo(days=12)
    matomo.log_is_on = False
    with matomo.served() as server:
        got = Synced().sync(source(server))
        lacks = [one for one in source(server).check() if one.state == "lacks"]
    assert by_day(got) == truth(matomo)
    assert [one.said.key for one in lacks] == ["matomo.note.no_log"]


def test_the_first_day_may_be_chosen():
    matomo = Matomo()
    since = matomo.today - timedelta(days=5)
    with matomo.served() as server:
        got = Synced().sync(source(server, since=since.isoformat()))
    assert got["visits"]["date"].min() >= pd.Timestamp(since)


@pytest.mark.parametrize("status", [200, 401])
def test_a_wrong_token_is_one_whatever_the_status_and_never_in_an_address(status):
    matomo = Matomo(days=3)
    matomo.status = status
    with matomo.served() as server:
        with pytest.raises(SourceError) as caught:
            Synced().sync(source(server, token="wrong-secret-token"))
        assert not any(call.params for call in server.calls)
        (finding,) = source(server, token="wrong-secret-token").check()
    assert (caught.value.kind, caught.value.key) == ("unauthorised", "matomo.error.token")
    assert (finding.state, finding.about) == ("blocks", "credentials") and finding.fix
    for language in ("en", "fr"):
        assert "wrong-secret-token" not in Speaker(language).error(caught.value)


def test_a_site_that_may_not_be_read_and_one_that_is_not_named_are_told():
    with Matomo(days=3).served() as server:
        with pytest.raises(SourceError) as caught:
            Synced().sync(source(server, site=9))
        assert caught.value.key == "matomo.error.no_access"
        with pytest.raises(UserError) as unnamed:
            source(server, site="")
        assert unnamed.value.key == "matomo.error.site"


class TestMatomoConforms(ConnectorSuite):
    @pytest.fixture
    def subject(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MATOMO_TOKEN", TOKEN)
        matomo = Matomo(days=35, seed=5, kept=20)
        with matomo.served() as server:
            yield Subject(
                "matomo",
                {"address": server.url, "site": 3, **server.options},
                tmp_path,
                secrets={"token": "env:MATOMO_TOKEN"},
                canaries=CANARIES,
                breaking=matomo.out_of_order,
            )


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_guide_names_every_option(language):
    guide = (Path(__file__).parents[1] / "docs" / "connect" / f"matomo.{language}.md").read_text("utf-8")
    for word in ("site:", "since:", "token:"):
        assert word in guide

"""What every connector must do, as tests: subclass :class:`ConnectorSuite` in a test module of your own.

    class TestAcme(ConnectorSuite):
        @pytest.fixture
        def subject(self, tmp_path):
            with FakeAcme() as server:
                yield Subject("acme", {"address": server.url}, tmp_path, breaking=server.broken)

The source should hold a few dozen rows, some of them faulty if the platform may have such, and personal
data that is found again easily (``canaries``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from echannel.checking import FILE, ROW, checked
from echannel.connectors import connector
from echannel.connectors.base import (
    REJECTED_COLUMNS,
    Batch,
    Connector,
    Description,
    Finding,
    SourceContext,
)
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker, messages
from echannel.profiles import SmeProfile
from echannel.pseudonyms import pseudonymiser
from echannel.secrets import resolve_all
from echannel.sync import sync_sme
from echannel.tables import TABLES
from echannel.upsert import merged
from echannel.workspace import Workspace

_SME = "conformance"
_ORDER = ("address", "tls", "credentials", "permission", "setting", "table", "history")
_TEST_KEY = b"a key for the conformance suite."


@dataclass(frozen=True)
class Subject:
    """A source to try a connector on.

    ``connector`` is its name in profiles (an entry point, or one of ours); ``secrets`` are references
    (``env:NAME``); ``root`` is an empty folder that becomes a workspace, or holds the source's files.
    Within ``breaking()`` the source is out of order.
    """

    connector: str
    options: Mapping[str, Any]
    root: Path
    secrets: Mapping[str, str] = field(default_factory=dict)
    canaries: tuple[str, ...] = ()
    breaking: Callable[[], AbstractContextManager[Any]] | None = None
    sme: Mapping[str, Any] = field(default_factory=dict)

    @property
    def profile(self) -> dict[str, Any]:
        """A British SME's profile with this one source; ``sme`` changes it."""
        return {
            "id": _SME,
            "name": "Conformance",
            "country": "GB",
            "languages": ["en"],
            "orientation": "b2c",
            "currency": "GBP",
            "timezone": "Europe/London",
            "vat": {"regime": "standard"},
            "fiscal_year_start": "04-01",
            "launch_pad": "test",
            **self.sme,
            "sources": [
                {
                    "id": "source",
                    "connector": self.connector,
                    "options": dict(self.options),
                    "secrets": dict(self.secrets),
                }
            ],
        }

    def made(self) -> Connector:
        """A new connector on the source."""
        context = SourceContext(
            SmeProfile.model_validate(self.profile),
            "source",
            self.root,
            pseudonymiser(_TEST_KEY),
            lambda what, done, total: None,
            resolve_all(dict(self.secrets)),
        )
        return connector(self.connector)(dict(self.options), context)

    def fetched(self, cursor: Mapping[str, str] | None = None) -> list[tuple[Batch, dict[str, str]]]:
        """All batches from a cursor on, each with the cursor once it is stored."""
        position, found = dict(cursor or {}), []
        for batch in self.made().fetch(dict(position)):
            known = {**position, **batch.cursor}
            position = {name: at for name, at in known.items() if name not in batch.gone}
            found.append((batch, position))
        return found


class ConnectorSuite:
    """The tests; a subclass gives the fixture ``subject``."""

    def test_it_describes_itself(self, subject: Subject) -> None:
        describes = _describes(subject)
        assert describes.platform and describes.guide and describes.tested
        assert describes.gives
        for name, given in describes.gives.items():
            for column in given.lacks:
                assert TABLES[name].columns[column].nullable, f"{name}.{column} is never empty"
        assert set(subject.secrets) >= set(describes.secrets)

    def test_rows_are_canonical(self, subject: Subject) -> None:
        describes = _describes(subject)
        for batch, _ in subject.fetched():
            for name, frame in batch.tables.items():
                assert name in describes.gives, f"{name} is not in describes.gives"
                unknown = set(frame.columns) - set(TABLES[name].columns) - {FILE, ROW}
                assert not unknown, f"{name}: {unknown} are no columns"
                good, refused, _ = checked(TABLES[name], frame, "source", name, "Europe/London")
                assert refused.empty, f"{name}: refuse these rows yourself, with place and reason:\n{refused}"
                for column in describes.gives[name].lacks:
                    assert good[column].isna().all(), f"{name}.{column} is given, though lacks names it"

    def test_batches_are_complete_in_themselves(self, subject: Subject) -> None:
        for batch, _ in subject.fetched():
            lines = batch.tables.get("order_lines")
            if lines is not None and "orders" in batch.tables:
                strangers = set(lines["order_id"].dropna()) - set(batch.tables["orders"]["order_id"])
                assert not strangers, f"lines without their orders: {sorted(strangers)[:5]}"

    def test_the_cursor_is_plain_text_and_holds_no_secret(self, subject: Subject) -> None:
        secrets = [one.get_secret_value() for one in resolve_all(dict(subject.secrets)).values()]
        for _, position in subject.fetched():
            for name, value in position.items():
                assert isinstance(name, str) and isinstance(value, str)
                assert not [one for one in secrets if one in value]

    def test_a_fetch_that_broke_off_goes_on_after_any_batch(self, subject: Subject) -> None:
        whole = subject.fetched()
        wanted = _merged([batch for batch, _ in whole])
        for cut in range(1, len(whole)):
            rest = subject.fetched(whole[cut - 1][1])
            got = _merged([batch for batch, _ in (*whole[:cut], *rest)])
            for name, frame in wanted.items():
                pd.testing.assert_frame_equal(got[name], frame, obj=f"{name}, batch {cut}")

    def test_a_second_fetch_brings_nothing_new(self, subject: Subject) -> None:
        whole = subject.fetched()
        wanted = _merged([batch for batch, _ in whole])
        again = subject.fetched(whole[-1][1]) if whole else []
        got = _merged([batch for batch, _ in (*whole, *again)])
        for name, frame in wanted.items():
            pd.testing.assert_frame_equal(got[name], frame, obj=name)

    def test_nothing_personal_gets_through(self, subject: Subject) -> None:
        told = []
        for batch, position in subject.fetched():
            told += [frame.to_csv() for frame in batch.tables.values()]
            told += [batch.rejected.to_csv(), str(batch.notes), str(position)]
        told += [str(finding) for finding in subject.made().check()]
        for canary in subject.canaries:
            assert not [text for text in told if canary.casefold() in text.casefold()], canary

    def test_refused_rows_have_place_and_reason(self, subject: Subject) -> None:
        for batch, _ in subject.fetched():
            assert list(batch.rejected.columns) == list(REJECTED_COLUMNS)
            assert batch.read >= len(batch.rejected.drop_duplicates(["file", "row", "record"]))
            for row in batch.rejected.to_dict("records"):
                assert row["file"] and row["reason"], row
                for language in LANGUAGES:
                    assert row["reason"] in messages(language) or "." not in row["reason"], row["reason"]

    def test_check_finds_it_working_and_stores_nothing(self, subject: Subject) -> None:
        before = _files(subject.root)
        findings = list(subject.made().check())
        assert findings
        assert not [finding for finding in findings if finding.state == "blocks"]
        assert "works" in {finding.state for finding in findings}
        _well_made(findings, _describes(subject))
        assert _files(subject.root) == before

    def test_a_source_out_of_order_is_a_sentence_and_a_finding(self, subject: Subject) -> None:
        if subject.breaking is None:
            return
        with subject.breaking():
            try:
                subject.fetched()
            except UserError as error:
                for language in LANGUAGES:
                    said = Speaker(language).error(error)
                    assert said and not [one for one in subject.canaries if one in said]
            else:
                raise AssertionError("a source that is out of order must raise a UserError")
            findings = list(subject.made().check())
        assert [finding for finding in findings if finding.state == "blocks"]
        _well_made(findings, _describes(subject))

    def test_it_syncs_twice_and_the_second_time_changes_nothing(self, subject: Subject) -> None:
        workspace = Workspace(subject.root)
        path = workspace.parameters / "smes" / f"{_SME}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(subject.profile), encoding="utf-8")
        first = sync_sme(workspace, _SME)
        assert sum(first.kept.values()) > 0
        assert first.read >= first.refused
        assert not sync_sme(workspace, _SME).changed
        folder = workspace.root / "data" / "store" / _SME
        stored = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
        for canary in subject.canaries:
            assert not [one for one in stored if canary.encode() in one], canary


def _describes(subject: Subject) -> Description:
    describes = getattr(connector(subject.connector), "describes", None)
    assert isinstance(describes, Description), "the class attribute describes: Description is missing"
    return describes


def _merged(batches: list[Batch]) -> dict[str, pd.DataFrame]:
    """What the batches come to: canonical, one row per key."""
    pieces: dict[str, list[pd.DataFrame]] = {}
    emptied: dict[str, dict[str, int]] = {}
    for batch in batches:
        for name, groups in batch.emptied.items():
            emptied.setdefault(name, {}).update(dict.fromkeys(groups, len(pieces.get(name, []))))
        for name, frame in batch.tables.items():
            good, _, _ = checked(TABLES[name], frame, "source", name, "Europe/London")
            pieces.setdefault(name, []).append(good)
    return {name: merged(TABLES[name], frames, emptied.get(name)) for name, frames in pieces.items()}


def _well_made(findings: list[Finding], describes: Description) -> None:
    places = [_ORDER.index(finding.about) for finding in findings if finding.about in _ORDER[:3]]
    assert places == sorted(places), "address, then TLS, then credentials"
    for finding in findings:
        assert set(finding.tables) <= set(describes.gives), finding
        assert finding.state == "works" or finding.turn or finding.fix, f"whose turn is it? {finding}"


def _files(root: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in _walk(root)}


def _walk(root: Path) -> Iterator[Path]:
    return (path for path in root.rglob("*") if path.is_file())

"""Asking public sources: only when told to, patiently, within time and size, and never twice the same day.

Answers are kept on disk in the workspace (``data/reference/answers.sqlite``) and are asked for anew, with
a conditional request, when they are older than their source's ``days``. Offline, which is the default, what
is kept is read and nothing is fetched. A key travels in a header: no address and no kept answer has it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import requests
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as NotReached
from requests.exceptions import RequestException, Timeout
from urllib3.exceptions import HTTPError, ReadTimeoutError

from echannel.connectors.failures import retry_after
from echannel.errors import UserError
from echannel.mistakes import broken_yaml, first_mistake
from echannel.profiles import SecretReference
from echannel.secrets import resolve
from echannel.workspace import Workspace

if TYPE_CHECKING:
    from requests_cache import CachedSession

SWITCH = "ECHANNEL_LIVE"
_KEY_HEADERS = ("Authorization", "Ocp-Apim-Subscription-Key")
_TRANSIENT = {429, 500, 502, 503, 504}
_PIECE = 1 << 16

Kind = Literal[
    "offline",
    "unreachable",
    "timeout",
    "quota",
    "refused",
    "no_key",
    "not_found",
    "answer",
    "large",
    "server",
]


class SourceFailed(UserError):
    """A source gave nothing usable: ``kind`` says what happened, the sentence says it to people."""

    def __init__(self, kind: Kind, source: str) -> None:
        super().__init__(f"reference.error.{kind}", source=source)
        self.kind = kind


@dataclass(frozen=True)
class Source:
    """One public source: its name for people, its address, for how long an answer is fresh, and its pace.

    ``pace`` is the least number of seconds between two requests; ``kept`` False: its answers name people and
    are never written to disk.
    """

    id: str
    name: str
    address: str
    days: float = 30
    pace: float = 0.0
    kept: bool = True


@dataclass(frozen=True)
class Limits:
    """How patient: seconds to connect, between two bytes, for one answer; ``patience`` bounds one wait."""

    connect: float = 10.0
    read: float = 30.0
    answer: float = 120.0
    attempts: int = 3
    backoff: float = 1.0
    patience: float = 60.0
    size: int = 50_000_000
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)


@dataclass(frozen=True)
class Answer:
    """What a source said, and when; ``kept`` when it came from disk without asking."""

    source: Source
    status: int
    content: bytes = field(repr=False)
    at: datetime
    kept: bool = False

    def json(self) -> Any:
        """The body as JSON; a web page or anything else is a ``SourceFailed``."""
        try:
            return json.loads(self.content.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            raise SourceFailed("answer", self.source.name) from None


class Settings(BaseModel):
    """``parameters/reference.yml``: whether sources may be asked, and references to keys (never keys)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    live: bool = False
    keys: dict[Literal["comtrade", "companies_house"], SecretReference] = {}


def settings_of(workspace: Workspace) -> Settings:
    """The workspace's settings; without a file, sources are not asked and no key is known."""
    path = workspace.parameters / "reference.yml"
    if not path.is_file():
        return Settings()
    try:
        return Settings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (yaml.YAMLError, UnicodeDecodeError) as broken:
        raise broken_yaml(path, broken) from None
    except ValidationError as invalid:
        raise first_mistake(path, Settings, invalid) from None


class Live:
    """The way to all sources for one workspace. ``online`` None: as ``ECHANNEL_LIVE`` or the settings say."""

    def __init__(
        self,
        workspace: Workspace,
        online: bool | None = None,
        addresses: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.workspace = workspace
        self.settings = settings_of(workspace)
        switched = os.environ.get(SWITCH, "") == "1" or self.settings.live
        self.online = switched if online is None else online
        self.limits = limits or Limits()
        self._addresses = addresses or {}
        self._last: dict[str, float] = {}

    @property
    def has_kept(self) -> bool:
        """Whether the workspace has kept any answer at all."""
        return self._path.is_file()

    def has_key(self, name: Literal["comtrade", "companies_house"]) -> bool:
        """Whether the settings refer to a key for a source; the key itself is not looked up."""
        return name in self.settings.keys

    def key(self, name: Literal["comtrade", "companies_house"]) -> str | None:
        """The key for a source, where the settings refer to one."""
        reference = self.settings.keys.get(name)
        return resolve(reference).get_secret_value() if reference else None

    def get(
        self,
        source: Source,
        path: str,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        check: Callable[[Answer], object] | None = None,
    ) -> Answer:
        """The answer to a question: the kept one while it is fresh, else a new one.

        ``check`` raises ``SourceFailed`` for an answer that only looks like one (many sources report errors
        with status 200): such an answer is never kept. Where a new answer cannot be had, an older kept one
        is better than none, and has its date.

        Raises
        ------
        SourceFailed
            Nothing was kept, and nothing could be fetched (or may be: offline).
        """
        address = f"{self._addresses.get(source.id, source.address).rstrip('/')}/{path.lstrip('/')}"
        request = requests.Request("GET", address, params=params, headers=dict(headers or {}))
        before = self._on_disk(source, request)
        if not self.online:
            if before is None:
                raise SourceFailed("offline", source.name)
            return _answer(source, before)
        try:
            found = self._asked(source, request, fresh=before is not None and not before.is_expired)
            if check is not None:
                self._checked(found, check, request, before)
        except SourceFailed:
            if before is None:
                raise
            return _answer(source, before)
        return found

    def _checked(
        self, found: Answer, check: Callable[[Answer], object], request: requests.Request, before: Any
    ) -> None:
        """Lets a good answer pass; a bad one makes way for what was kept before."""
        try:
            check(found)
        except SourceFailed:
            if found.source.kept:
                key = self._session.cache.create_key(self._session.prepare_request(request))
                self._session.cache.delete(key)
                if before is not None:
                    self._session.cache.save_response(before, key)
            raise

    def _asked(self, source: Source, request: requests.Request, fresh: bool) -> Answer:
        for attempt in range(self.limits.attempts):
            last = attempt == self.limits.attempts - 1
            try:
                response = self._send(source, request, 0 if fresh else source.pace)
            except _TooLargeError:
                raise SourceFailed("large", source.name) from None
            except Timeout:
                failed, wait = SourceFailed("timeout", source.name), self.limits.backoff * 2**attempt
            except NotReached:
                failed, wait = SourceFailed("unreachable", source.name), self.limits.backoff * 2**attempt
            except RequestException:
                raise SourceFailed("answer", source.name) from None
            else:
                if response.status_code == 200:
                    return _answer(source, response)
                failed = SourceFailed(_kind(response.status_code), source.name)
                asked = retry_after(response.headers.get("Retry-After"), response.headers.get("Date"))
                # A refusal is final, unless it says when to come back.
                if response.status_code not in _TRANSIENT and asked is None:
                    raise failed
                wait = self.limits.backoff * 2**attempt if asked is None else asked
            if last or wait > self.limits.patience:
                raise failed from None
            self.limits.sleep(wait)
        raise AssertionError

    def _send(self, source: Source, request: requests.Request, pace: float) -> requests.Response:
        from requests_cache import DO_NOT_CACHE

        pause = self._last.get(source.id, -1e9) + pace - time.monotonic()
        if pace and pause > 0:
            self.limits.sleep(pause)
        response = self._session.request(
            "GET",
            request.url,
            params=request.params,
            headers=request.headers,
            timeout=(self.limits.connect, self.limits.read),
            allow_redirects=False,
            expire_after=source.days * 86_400 if source.kept else DO_NOT_CACHE,
        )
        if not getattr(response, "from_cache", False):
            self._last[source.id] = time.monotonic()
        return response

    def _on_disk(self, source: Source, request: requests.Request) -> Any:
        """The kept response, however old; None without one."""
        if not source.kept or not self._path.is_file():
            return None
        prepared = self._session.prepare_request(request)
        return self._session.cache.get_response(self._session.cache.create_key(prepared))

    @property
    def _path(self) -> Path:
        return self.workspace.root / "data" / "reference" / "answers.sqlite"

    @cached_property
    def _session(self) -> CachedSession:
        from requests_cache import CachedSession
        from requests_cache.backends import SQLiteCache

        self._path.parent.mkdir(parents=True, exist_ok=True)
        # JSON, not pickle: what lies in the file is data and never code.
        session = CachedSession(
            backend=SQLiteCache(str(self._path), serializer="json"),
            allowable_codes=(200,),
            ignored_parameters=_KEY_HEADERS,
        )
        session.trust_env = False
        session.headers["User-Agent"] = "E-Channel"
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            session.mount(scheme, _Bounded(self.limits))
        return session


class _TooLargeError(Exception):
    """An answer beyond all measure."""


class _Bounded(HTTPAdapter):
    """Reads an answer within time and size, before anything is done with it."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self._limits = limits

    def send(self, *arguments: Any, **options: Any) -> requests.Response:
        due = time.monotonic() + self._limits.answer
        response = super().send(*arguments, **{**options, "stream": True})
        content = bytearray()
        while piece := _piece(response.raw):
            content += piece
            if len(content) > self._limits.size:
                response.close()
                raise _TooLargeError
            if time.monotonic() > due:
                response.close()
                raise Timeout("too slow")
        promised = response.headers.get("Content-Length", "")
        encoded = response.headers.get("Content-Encoding", "")
        if promised.isdigit() and not encoded and int(promised) != len(content):
            raise NotReached("cut short")
        response._content = bytes(content)
        return response


def _piece(raw: Any) -> bytes:
    """What has arrived, without waiting for more."""
    try:
        return raw.read1(_PIECE, decode_content=True)
    except ReadTimeoutError:
        raise Timeout("too slow") from None
    except HTTPError:
        raise NotReached("cut short") from None


def _kind(status: int) -> Kind:
    if status == 429:
        return "quota"
    if status in (401, 403):
        return "refused"
    if status == 404:
        return "not_found"
    return "server" if status >= 500 else "answer"


def _answer(source: Source, response: Any) -> Answer:
    asked = not getattr(response, "from_cache", False) or getattr(response, "revalidated", False)
    # An answer that the server has just confirmed is as new as one that it has just given.
    made = None if asked else getattr(response, "created_at", None)
    at = made or datetime.now(UTC)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return Answer(source, response.status_code, response.content, at, kept=not asked)

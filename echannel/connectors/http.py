"""Talking to a platform's server: safely, patiently, and as fast as it bears.

A connector makes one :class:`Api` and asks it for paths; it never sees a retry, a time-out or a
redirect. Whatever goes wrong for good is a :class:`SourceError`, which says what it means and what to
do, and never holds a secret: neither itself, nor the exceptions it came from, nor the log.
"""

from __future__ import annotations

import base64
import json
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from pydantic import SecretStr
from urllib3 import HTTPHeaderDict

from echannel.connectors.base import SourceContext
from echannel.connectors.failures import SourceError, of_answer
from echannel.connectors.pace import Pace
from echannel.connectors.wire import Wire

Item = TypeVar("Item")
Result = TypeVar("Result")
Secret = str | SecretStr

_RETRIED = {"rate", "maintenance", "server", "timeout", "cut"}
_AFTER_A_500 = 2
"""A plain 500 is mostly the request's own doing: it is tried again, but not for long."""


@dataclass(frozen=True)
class Limits:
    """How patient, how greedy. Seconds and bytes; a connector lowers what its platform asks for.

    ``answer`` bounds one whole answer, from the request to its last byte; ``patience`` bounds all the
    waiting that one request may do. ``rate`` is a number of requests per second, ``burst`` how many may
    come at once before that counts.
    """

    connect: float = 10.0
    read: float = 30.0
    answer: float = 180.0
    attempts: int = 6
    backoff: float = 0.5
    longest_wait: float = 60.0
    patience: float = 300.0
    size: int = 200_000_000
    workers: int = 8
    rate: float | None = None
    burst: int = 1
    sleep: Callable[[float], None] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Request:
    """One question to the server. ``attempts`` 1 means: do not try again; ``form`` is sent as a web form."""

    path: str
    params: Mapping[str, Any] | None = field(default=None, repr=False)
    method: str = "GET"
    json: Any = field(default=None, repr=False)
    form: Mapping[str, Any] | None = field(default=None, repr=False)
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    attempts: int | None = None


@dataclass(frozen=True)
class Answer:
    """What the server said to one request."""

    request: Request
    url: str = field(repr=False)
    status: int
    headers: HTTPHeaderDict = field(repr=False)
    content: bytes = field(repr=False)
    seconds: float = 0.0

    @property
    def host(self) -> str:
        """The server that answered."""
        return urlsplit(self.url).hostname or ""

    @property
    def path(self) -> str:
        """The path that was asked for, without what follows its question mark."""
        return urlsplit(self.url).path

    @property
    def server_time(self) -> datetime | None:
        """The server's own clock when it answered (its ``Date``), UTC; None when it does not say."""
        return http_date(self.headers.get("Date"))

    @property
    def text(self) -> str:
        """The body as text.

        Raises
        ------
        SourceError
            ``not_json``: the body is no valid UTF-8.
        """
        try:
            return self.content.decode("utf-8-sig")
        except UnicodeDecodeError:
            problem = self.failure("not_json", "connect.error.not_utf8")
        raise problem

    def json(self) -> Any:
        """The body as JSON.

        Raises
        ------
        SourceError
            ``not_json``: a web page, nothing at all, no valid UTF-8, or broken JSON.
        """
        text = self.text.strip()
        if not text:
            raise self.failure("not_json", "connect.error.empty")
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            page = text[:1] == "<"
        raise self.failure("not_json", "connect.error.html" if page else "connect.error.not_json")

    def failure(self, kind: str, key: str | None = None, **values: Any) -> SourceError:
        """A ``SourceError`` about this answer: ``connect.error.<kind>`` unless another key is given."""
        return SourceError(
            kind, key, host=self.host, path=self.path, status=str(self.status), **values
        ).about(self.status)


def http_date(text: str | None) -> datetime | None:
    """The moment that an HTTP header like ``Date`` names, in UTC; None when it cannot be read."""
    try:
        moment = parsedate_to_datetime(text) if text else None
    except (ValueError, TypeError):
        return None
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Api:
    """One platform's server, below one address.

    Parameters
    ----------
    base_url : the address that paths are added to, as the profile gives it.
    auth : user and password for HTTP Basic.
    headers, query : sent with every request; secrets stay secret in errors and logs.
    options : of the profile: ``allow_http``, ``allow_private``, ``allow_self_signed``, ``ca_file``.
    explain : looks at an answer that is an error (status 400 and more) and may say more about it: the
        platform's own codes in words, or another ``kind``; None leaves the plain sentence.
    whole : looks at a good answer and says whether its body is all there, where a platform sends a
        checksum; an answer that is not is asked for again.
    sign : makes more headers or query parameters for one request: ``sign(method, url, params)``.
    """

    def __init__(
        self,
        base_url: str,
        context: SourceContext,
        *,
        auth: tuple[Secret, Secret] | None = None,
        headers: Mapping[str, Secret] | None = None,
        query: Mapping[str, Secret] | None = None,
        options: Mapping[str, Any] | None = None,
        limits: Limits = Limits(),
        explain: Callable[[Answer], SourceError | None] | None = None,
        whole: Callable[[Answer], bool] | None = None,
        sign: Callable[[str, str, Mapping[str, Any]], Mapping[str, str]] | None = None,
    ) -> None:
        self.limits = limits
        self._wire = Wire(base_url, context.root, options or {}, limits)
        self._headers = {name: _plain(value) for name, value in (headers or {}).items()}
        if auth is not None:
            pair = f"{_plain(auth[0])}:{_plain(auth[1])}".encode()
            self._headers["Authorization"] = "Basic " + base64.b64encode(pair).decode("ascii")
        self._query = {name: _plain(value) for name, value in (query or {}).items()}
        self._explain, self._whole, self._sign = explain, whole, sign
        self._stopped = threading.Event()
        self._sleep = self._stopped.wait if limits.sleep is None else limits.sleep
        self._pace = Pace(limits.workers, limits.rate, limits.burst, self._sleep)
        self._random = random.Random()  # noqa: S311 (jitter)

    @property
    def host(self) -> str:
        """The server's name, as errors say it."""
        return self._wire.host

    @property
    def workers(self) -> float:
        """How many requests at once the server was last found to bear."""
        return self._pace.limit

    def get(self, path: str, params: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        """Ask for a path below the base address, or for a whole address on the same server (a page link)."""
        return self.send(Request(path, params, **more))

    def post(
        self, path: str, json: Any = None, params: Mapping[str, Any] | None = None, **more: Any
    ) -> Answer:
        """Ask by POST (GraphQL and the like: queries only, since they are tried again as GET is)."""
        return self.send(Request(path, params, "POST", json, **more))

    def each(self, requests: Iterable[Request]) -> Iterator[Answer]:
        """The answers to many requests, in the order of the requests, several under way at once."""
        return self.map(self.send, requests)

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """``function`` of each item, in order, several under way at once; it asks this Api and no other.

        What it raises comes out at its place, and ends the rest. Items are taken only as they are needed.
        """
        pool = ThreadPoolExecutor(self.limits.workers, "source")
        waiting: deque[Future[Result]] = deque()
        left = iter(items)
        try:
            for item in left:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= 2 * self.limits.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            if waiting:
                self._stopped.set()
            pool.shutdown(wait=True, cancel_futures=True)
            self._stopped.clear()

    def send(self, request: Request) -> Answer:
        """One answer with a good status; asked again where that may help.

        Raises
        ------
        SourceError
        """
        url = self._wire.url(request.path)
        attempts, waited = request.attempts or self.limits.attempts, 0.0
        for attempt in range(1, attempts + 1):
            outcome = self._attempt(request, url)
            if isinstance(outcome, Answer):
                return outcome
            wait = self._wait(outcome, attempt)
            final = attempt == attempts or outcome.kind not in _RETRIED or self._stopped.is_set()
            if (
                final
                or waited + wait > self.limits.patience
                or (outcome.status == 500 and attempt > _AFTER_A_500)
            ):
                raise outcome
            waited += wait
            self._sleep(wait)
        raise AssertionError("at least one attempt")

    def _attempt(self, request: Request, url: str) -> Answer | SourceError:
        """One try. Failures are handed back, not raised: so no exception of the transport hangs on them."""
        params = {**self._query, **(request.params or {})}
        headers = {"Accept": "application/json", **self._headers, **(request.headers or {})}
        if self._sign is not None:
            headers.update(self._sign(request.method, url, params))
        body = None if request.json is None else json.dumps(request.json).encode()
        if body is not None:
            headers["Content-Type"] = "application/json"
        if request.form is not None:
            body = urlencode(request.form).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        asked = url + (("&" if "?" in url else "?") + urlencode(params, doseq=True) if params else "")
        with self._pace.turn() as turn:
            began = time.monotonic()
            got = self._wire.exchange(request.method, asked, headers, body)
            seconds = time.monotonic() - began
            if isinstance(got, SourceError):
                turn.ended(got.kind, seconds)
                return got
            status, received, content = got
            answer = Answer(request, url, status, received, content, seconds)
            failure = self._failure(answer)
            turn.ended(failure.kind if failure else None, seconds, failure.retry_after if failure else None)
        return failure or answer

    def _failure(self, answer: Answer) -> SourceError | None:
        if 300 <= answer.status < 400:
            return self._wire.redirected(answer.path, answer.status, answer.headers.get("Location"))
        if answer.status < 400:
            lost = self._whole is not None and not self._whole(answer)
            return answer.failure("cut") if lost else None
        plain = of_answer(answer.host, answer.path, answer.status, answer.headers, answer.content)
        told = self._explain(answer) if self._explain else None
        if told is None:
            return plain
        told.status, told.retry_after = answer.status, plain.retry_after
        return told

    def _wait(self, failure: SourceError, attempt: int) -> float:
        """Seconds until the next try: as the server asked, else doubled each time, with jitter."""
        if failure.retry_after is not None:
            return failure.retry_after
        longest = min(self.limits.backoff * 2 ** (attempt - 1), self.limits.longest_wait)
        return longest * self._random.uniform(0.5, 1.0)


def _plain(value: Secret) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


__all__ = ["Answer", "Api", "Limits", "Request", "SourceError", "http_date"]

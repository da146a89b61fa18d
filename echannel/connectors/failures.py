"""What can go wrong with a platform's server, in kinds that code can act on and sentences people can."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from urllib3 import exceptions

from echannel.errors import UserError

KINDS = (
    "address",
    "tls",
    "unauthorised",
    "forbidden",
    "not_found",
    "method",
    "rate",
    "maintenance",
    "server",
    "timeout",
    "cut",
    "not_json",
    "redirect",
    "too_big",
    "request",
)


class SourceError(UserError):
    """A source that cannot be read: ``kind`` (one of ``KINDS``) for code, the sentence for people.

    ``status`` is the HTTP status behind it (None: there was no answer), ``retry_after`` the seconds that
    the server asked to be left alone for. Values hold the host and the path, never a query, header or body.
    """

    def __init__(self, kind: str, key: str | None = None, **values: Any) -> None:
        super().__init__(key or f"connect.error.{kind}", **values)
        self.kind = kind
        self.status: int | None = None
        self.retry_after: float | None = None

    def about(self, status: int) -> SourceError:
        """The same, with the status of the answer that it is about."""
        self.status = status
        return self


def of_answer(host: str, path: str, status: int, headers: Mapping[str, str], content: bytes) -> SourceError:
    """What an answer with status 400 or more means, from its status, its headers and its look."""
    kind = _kind_of(status, headers, content)
    failure = SourceError(kind, host=host, path=path, status=str(status)).about(status)
    failure.retry_after = retry_after(headers.get("Retry-After"), headers.get("Date"))
    return failure


def _kind_of(status: int, headers: Mapping[str, str], content: bytes) -> str:
    known = {401: "unauthorised", 403: "forbidden", 404: "not_found", 405: "method", 429: "rate"}
    if status in known:
        return known[status]
    if status == 503:
        return "maintenance"
    if status in (408, 504):
        return "timeout"
    return "server" if status >= 500 else "request"


def retry_after(value: str | None, date: str | None = None) -> float | None:
    """Seconds that a ``Retry-After`` asks for: a number of them, or a moment by the server's own clock."""
    if not value:
        return None
    try:
        return max(0.0, float(int(value.strip())))
    except ValueError:
        pass
    try:
        moment, now = parsedate_to_datetime(value), datetime.now(UTC)
        if date:
            now = parsedate_to_datetime(date)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError):
        return None


class NotPublicError(OSError):
    """An address that is not on the public internet."""


def of_exception(failure: Exception, host: str, path: str) -> SourceError:
    """What an exception of the transport means; its text, which may hold an address's keys, is left out."""
    causes = _causes(failure)
    if any(isinstance(cause, NotPublicError) for cause in causes):
        return SourceError("address", "connect.error.private", host=host)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _of_certificate(cause, host)
    if any(isinstance(cause, exceptions.NameResolutionError) for cause in causes):
        return SourceError("address", "connect.error.no_such_host", host=host)
    if any(isinstance(cause, exceptions.ConnectTimeoutError) for cause in causes):
        return SourceError("timeout", "connect.error.no_answer", host=host)
    if any(isinstance(cause, exceptions.NewConnectionError | ConnectionRefusedError) for cause in causes):
        return SourceError("address", "connect.error.refused", host=host)
    if any(isinstance(cause, TimeoutError | exceptions.TimeoutError) for cause in causes):
        return SourceError("timeout", host=host, path=path)
    if any(isinstance(cause, ssl.SSLError | exceptions.SSLError) for cause in causes):
        return SourceError("tls", host=host)
    return SourceError("cut", host=host, path=path)


def _of_certificate(failure: ssl.SSLCertVerificationError, host: str) -> SourceError:
    # OpenSSL's X509_V_ERR_*: 10 expired; 18 and 19 self-signed; 20 and 21 issuer unknown; 62 other name.
    reasons = {10: "expired", 18: "self_signed", 19: "self_signed", 20: "issuer", 21: "issuer", 62: "name"}
    return SourceError("tls", f"connect.error.tls_{reasons.get(failure.verify_code, 'other')}", host=host)


def _causes(failure: BaseException) -> list[BaseException]:
    """An exception with all that it came from."""
    found: list[BaseException] = []
    queue: list[BaseException] = [failure]
    while queue:
        one = queue.pop()
        if any(one is other for other in found):
            continue
        found.append(one)
        inner = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        queue += [cause for cause in inner if isinstance(cause, BaseException)]
    return found

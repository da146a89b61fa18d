"""One exchange with one server: connected to the right address, within time and size, or a ``SourceError``.

Addresses are checked where the connection is made, on the very address connected to, so that a name
that points elsewhere a moment later (DNS rebinding) changes nothing. No redirect is followed, no cookie
kept, no password file or proxy variable read.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import logging
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import certifi
from urllib3 import HTTPConnectionPool, HTTPHeaderDict, HTTPSConnectionPool, Timeout, disable_warnings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, InsecureRequestWarning, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from echannel.connectors.failures import NotPublicError, SourceError, of_exception

if TYPE_CHECKING:
    from echannel.connectors.http import Limits

_PIECE = 1 << 16
_AGENT = "E-Channel"
_due = threading.local()
"""When the exchange of this thread must be over (``time.monotonic``)."""


class Wire:
    """The connections to one server, below one base address."""

    def __init__(self, base_url: str, root: Path, options: Mapping[str, Any], limits: Limits) -> None:
        parts = urlsplit(base_url.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SourceError("address", "connect.error.no_address", value=_shown(base_url))
        if parts.username or parts.password:
            raise SourceError("address", "connect.error.secret_in_address", host=parts.hostname)
        if parts.scheme == "http" and not options.get("allow_http"):
            raise SourceError("address", "connect.error.http", address=f"https://{parts.netloc}{parts.path}")
        self.scheme, self.host = parts.scheme, parts.hostname
        self.port = _port(parts.port, self.scheme)
        self.base = f"{self.scheme}://{parts.netloc}{parts.path.rstrip('/')}/"
        self.limits = limits
        self._pool = self._connections(root, options)

    def url(self, path: str) -> str:
        """The whole address of a path; a whole address must be on this very server."""
        if not urlsplit(path).scheme and not path.startswith("//"):
            return self.base + quote(path.lstrip("/"), safe="/%?&=[]|,:;@!$'()*+~")
        parts = urlsplit(path)
        if (parts.scheme, parts.hostname, _port(parts.port, parts.scheme)) != (
            self.scheme,
            self.host,
            self.port,
        ):
            raise SourceError("redirect", "connect.error.other_host", host=self.host, other=_shown(path))
        return path

    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, HTTPHeaderDict, bytes] | SourceError:
        """Status, headers and body; what went wrong is handed back, not raised."""
        parts = urlsplit(url)
        target = parts.path + ("?" + parts.query if parts.query else "")
        _due.moment = time.monotonic() + self.limits.answer
        try:
            response = self._pool.urlopen(
                method,
                target,
                body=body,
                headers={"User-Agent": _AGENT, "Accept-Encoding": "gzip, deflate", **headers},
                retries=False,
                redirect=False,
                preload_content=False,
                timeout=Timeout(connect=self.limits.connect, read=self.limits.read),
            )
            try:
                content = self._body(response)
            except BaseException:
                response.close()
                raise
            response.release_conn()
        except _TooBigError:
            return SourceError("too_big", host=self.host, path=parts.path, size=self.limits.size // 1_000_000)
        except (HTTPError, OSError, http.client.HTTPException, ValueError) as failure:
            return of_exception(failure, self.host, parts.path)
        return response.status, response.headers, content

    def redirected(self, path: str, status: int, location: str | None) -> SourceError:
        """Why a redirect is not followed: where the right address seems to be."""
        parts = urlsplit(location or "")
        if parts.hostname and parts.hostname != self.host:
            failure = SourceError("redirect", host=self.host, other=_shown(location or ""))
        elif parts.scheme == "https" and self.scheme == "http":
            failure = SourceError("redirect", "connect.error.use_https", address=_shown(location or ""))
        else:
            failure = SourceError(
                "redirect", "connect.error.moved", host=self.host, path=path, other=_shown(location or "")
            )
        return failure.about(status)

    def _body(self, response: Any) -> bytes:
        pieces, size = [], 0
        while piece := response.read(_PIECE, decode_content=True):
            size += len(piece)
            if size > self.limits.size:
                raise _TooBigError
            if time.monotonic() > _due.moment:
                raise TimeoutError
            pieces.append(piece)
        return b"".join(pieces)

    def _connections(self, root: Path, options: Mapping[str, Any]) -> HTTPConnectionPool:
        private = bool(options.get("allow_private"))
        size = {"maxsize": self.limits.workers, "block": False}
        if self.scheme == "http":
            plain = type("_Http", (_Checked, HTTPConnection), {"allow_private": private})
            pool = type("_Pool", (HTTPConnectionPool,), {"ConnectionCls": plain})
            return pool(self.host, self.port, **size)
        secure = type("_Https", (_Checked, HTTPSConnection), {"allow_private": private})
        pool = type("_SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure})
        return pool(self.host, self.port, ssl_context=_tls(root, options), **size)


class _TooBigError(Exception):
    """More than the limit."""


class _TimedReader(socket.SocketIO):
    """Reads from a socket until the exchange is due, however slowly the bytes drip."""

    def readinto(self, buffer: Any) -> int | None:
        left = _due.moment - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection = self._sock  # type: ignore[attr-defined]
        patience = connection.gettimeout()
        connection.settimeout(left if patience is None else min(left, patience))
        try:
            return super().readinto(buffer)
        finally:
            connection.settimeout(patience)


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        self.fp.close()
        sock._io_refs += 1  # type: ignore[attr-defined]  # as socket.makefile does
        self.fp = io.BufferedReader(_TimedReader(sock, "rb"))


class _Checked(HTTPConnection):
    """A connection that is only made to addresses that the profile allows."""

    allow_private = False
    response_class = _TimedResponse

    def _new_conn(self) -> socket.socket:
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as unknown:
            gai = unknown if isinstance(unknown, socket.gaierror) else socket.gaierror()
            raise NameResolutionError(self.host, self, gai) from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self.allow_private and not all(is_public(address) for address in addresses):
            raise NotPublicError
        failure: OSError | None = None
        for address in addresses:
            try:
                return create_connection(
                    (address, self.port), self.timeout, self.source_address, self.socket_options
                )
            except OSError as refused:
                failure = refused
        if isinstance(failure, TimeoutError):
            raise failure
        raise NewConnectionError(self, "no connection")


def is_public(address: str) -> bool:
    """Whether an address is on the public internet, whatever it is wrapped in (IPv4 in IPv6, NAT64, 6to4)."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def _tls(root: Path, options: Mapping[str, Any]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if options.get("ca_file"):
        try:
            context.load_verify_locations(root / str(options["ca_file"]))
        except OSError:
            raise SourceError("tls", "connect.error.ca_file", file=str(options["ca_file"])) from None
    if options.get("allow_self_signed"):
        disable_warnings(InsecureRequestWarning)  # the profile said so; a warning per request helps nobody
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _port(port: int | None, scheme: str) -> int:
    return port or (443 if scheme == "https" else 80)


def _shown(address: str) -> str:
    """An address as an error may say it: without user, password and query, which may hold keys."""
    parts = urlsplit(address)
    if not parts.hostname:
        return parts.path
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


class _WithoutQueries(logging.Filter):
    """Addresses in the transport's log lose their query, which may hold keys."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                part.partition("?")[0] if isinstance(part, str) else part for part in record.args
            )
        return True


for _name in ("urllib3.connectionpool", "urllib3.connection"):
    logging.getLogger(_name).addFilter(_WithoutQueries())

"""A real HTTP server in a thread, that answers what an app says and fails as it is told.

    with FakeServer(app) as server:
        server.fail("reset", times=2, path="orders")
        Api(server.url, context, options=server.options)

``app(call)`` gives a :class:`Reply`, or a JSON value, text or bytes for a plain 200. The faults are
those of the list in ``FAULTS``, each done on the wire as a real server or network does it.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

PAGE = b"<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>"
SLOW_STEP = 0.05
"""Seconds between two bytes of a server that drips."""


@dataclass(frozen=True)
class Call:
    """One request as the server got it."""

    method: str
    path: str
    params: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def basic(self) -> tuple[str, str] | None:
        """User and password of HTTP Basic."""
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind != "Basic":
            return None
        user, _, password = base64.b64decode(value).decode().partition(":")
        return user, password


@dataclass(frozen=True)
class Reply:
    """What goes back: a body (bytes and text as they are, everything else as JSON), status and headers."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0  # that the server takes over it

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()

    @property
    def content_type(self) -> str:
        plain = isinstance(self.body, str | bytes)
        looks_html = self.content[:1] == b"<"
        return ("text/html" if looks_html else "text/plain") if plain else "application/json"


@dataclass
class Fault:
    """Fails the next ``times`` calls (all: None) whose path ends with ``path``."""

    name: str
    times: int | None = 1
    path: str = ""
    value: str = ""

    def takes(self, call: Call) -> bool:
        return self.times != 0 and call.path.rstrip("/").endswith(self.path)


class FakeServer:
    """Serves ``app`` on loopback until it is closed; ``calls`` logs them, ``busiest`` how many at once."""

    def __init__(
        self,
        app: Callable[[Call], Any],
        *,
        tls: ssl.SSLContext | None = None,
        latency: float = 0.0,
        sha1: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.app, self.latency, self.sha1, self.clock = app, latency, sha1, clock
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.busiest = self._busy = 0
        self._guard = threading.Lock()
        self._server = _Quiet(("127.0.0.1", 0), _handler(self))
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.scheme = "https" if tls else "http"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def options(self) -> dict[str, Any]:
        """What a profile must say for a server on loopback to be asked at all."""
        return {"allow_private": True, "allow_http": True}

    def fail(self, name: str, times: int | None = 1, path: str = "", value: str = "") -> None:
        """Fail the next calls: ``name`` is of ``FAULTS``, ``value`` what it needs (Retry-After, Location)."""
        assert name in FAULTS, name
        self.faults.append(Fault(name, times, path, value))

    def __enter__(self) -> FakeServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("Content-Length") or 0)
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        body = handler.rfile.read(length)
        call = Call(handler.command, parts.path, params, handler.headers, body, time.monotonic())
        with self._guard:
            self.calls.append(call)
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
            fault = next((one for one in self.faults if one.takes(call)), None)
            if fault is not None and fault.times is not None:
                fault.times -= 1
        try:
            if fault is not None:
                FAULTS[fault.name](self, handler, call, fault.value)
                return
            reply = self._reply(call)
            time.sleep(self.latency + reply.seconds)
            self.send(handler, reply)
        finally:
            with self._guard:
                self._busy -= 1

    def _reply(self, call: Call) -> Reply:
        made = self.app(call)
        return made if isinstance(made, Reply) else Reply(made)

    def send(self, handler: BaseHTTPRequestHandler, reply: Reply, cut: int | None = None) -> None:
        """Send a reply; ``cut`` promises all of it and stops after so many bytes."""
        content = reply.content
        handler.send_response_only(reply.status)
        headers = {
            "Date": formatdate(self.clock(), usegmt=True),
            "Content-Type": reply.content_type,
            "Content-Length": str(len(content)),
            **({"Content-Sha1": hashlib.sha1(content).hexdigest()} if self.sha1 else {}),
            **reply.headers,
        }
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(content if cut is None else content[:cut])
        if cut is not None:
            handler.close_connection = True


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what the tests are about."""


def _handler(server: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            server.answer(self)

        do_POST = do_HEAD = do_PUT = do_DELETE = do_GET

        def log_message(self, *_: object) -> None: ...

    return Handler


def _status(status: int, body: bytes = PAGE, **headers: str) -> Callable[..., None]:
    def fault(server: FakeServer, handler: BaseHTTPRequestHandler, call: Call, value: str) -> None:
        named = {name.replace("_", "-"): text or value for name, text in headers.items()}
        server.send(handler, Reply(body, status, named))

    return fault


def _body(body: bytes, content_type: str = "application/json") -> Callable[..., None]:
    def fault(server: FakeServer, handler: BaseHTTPRequestHandler, call: Call, value: str) -> None:
        server.send(handler, Reply(body, 200, {"Content-Type": content_type}))

    return fault


def _reset(server: FakeServer, handler: BaseHTTPRequestHandler, call: Call, value: str) -> None:
    """RST instead of an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    # The handler's files hold the socket open too.
    handler.rfile.close()
    with contextlib.suppress(OSError):
        handler.wfile.close()
    handler.connection.close()


def _cut(server: FakeServer, handler: BaseHTTPRequestHandler, call: Call, value: str) -> None:
    reply = server._reply(call)
    server.send(handler, reply, cut=len(reply.content) // 2)


def _cut_unsaid(server: FakeServer, handler: BaseHTTPRequestHandler, call: Call, value: str) -> None:
    """Half a body that claims to be whole; only its checksum tells."""
    reply = server._reply(call)
    checksum = hashlib.sha1(reply.content).hexdigest()
    half = reply.content[: len(reply.content) // 2]
    server.send(handler, Reply(half, 200, {"Content-Type": reply.content_type, "Content-Sha1": checksum}))


def _slow_headers(server: FakeServer, handler: BaseHTTPRequestHandler, call: Call, value: str) -> None:
    _drip(handler, b"HTTP/1.1 200 OK\r\nX-Slow: " + b"z" * 2000)


def _slow_body(server: FakeServer, handler: BaseHTTPRequestHandler, call: Call, value: str) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n")
    _drip(handler, b"[" + b" " * 1998 + b"]")


def _drip(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    handler.close_connection = True
    with contextlib.suppress(OSError):
        for position in range(len(content)):
            handler.wfile.write(content[position : position + 1])
            handler.wfile.flush()
            time.sleep(SLOW_STEP)


def _hang(server: FakeServer, handler: BaseHTTPRequestHandler, call: Call, value: str) -> None:
    """Silence."""
    handler.close_connection = True
    time.sleep(float(value or 1))


def _redirect(server: FakeServer, handler: BaseHTTPRequestHandler, call: Call, value: str) -> None:
    server.send(handler, Reply(b"", 302, {"Location": value or handler.path}))


def _huge(server: FakeServer, handler: BaseHTTPRequestHandler, call: Call, value: str) -> None:
    """A body without end, chunk by chunk."""
    handler.close_connection = True
    handler.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    with contextlib.suppress(OSError):
        for _ in range(4000):
            handler.wfile.write(chunk)


FAULTS: dict[str, Callable[..., None]] = {
    "401": _status(401),
    "403": _status(403),
    "404": _status(404, b""),
    "405": _status(405),
    "429": _status(429),
    "429 retry-after": _status(429, Retry_After=""),  # value: seconds or a date
    "500": _status(500, b""),
    "502 html": _status(502),
    "503 maintenance": _status(503),
    "504": _status(504),
    "reset": _reset,
    "cut": _cut,
    "cut unsaid": _cut_unsaid,
    "slow headers": _slow_headers,
    "slow body": _slow_body,
    "hang": _hang,
    "redirect": _redirect,  # value: where to; without one to the same address, for ever
    "html": _body(PAGE, "text/html; charset=utf-8"),
    "wrong type": _body(b'{"orders": []}', "text/html"),
    "empty": _body(b""),
    "broken json": _body(b'{"orders": [{"id": 1'),
    "invalid utf-8": _body(b'{"name": "caf\xe9"}'),
    "huge": _huge,
}


def tls_context(folder: Path, self_signed: bool = False) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS for 127.0.0.1 and localhost, and the file of the authority that vouches for it.

    ``self_signed``: nobody that the client knows vouches for it.
    """
    import trustme

    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    path = folder / ("stranger.pem" if self_signed else "authority.pem")
    authority.cert_pem.write_to_path(str(path))
    return context, path

"""The transport: every fault a server can have, on the wire, and what becomes of it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import logging
import ssl
import threading
import time
import traceback
from email.utils import format_datetime
from types import SimpleNamespace

import pytest
from fakes.server import FAULTS, FakeServer, Reply, tls_context

from echannel.connectors.failures import KINDS, retry_after
from echannel.connectors.http import Answer, Api, Limits, Request, SourceError, http_date
from echannel.connectors.pace import Pace
from echannel.connectors.wire import is_public
from echannel.locale import LANGUAGES, Speaker

SECRET = "S3CRET-ws-key-0123456789"
ROWS = list(range(300))


class Naps(list):
    """Sleeps that take no time, and are remembered."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def naps():
    return Naps()


@pytest.fixture(scope="module")
def server():
    with FakeServer(lambda call: {"path": call.path, "params": call.params, "rows": ROWS}) as running:
        yield running


@pytest.fixture(autouse=True)
def sound(server):
    server.faults.clear()
    server.calls.clear()


def api(server, tmp_path, naps=None, options=None, limits=None, **more) -> Api:
    context = SimpleNamespace(root=tmp_path)
    settings = {"connect": 0.5, "read": 0.4, "answer": 0.8, "attempts": 4, "size": 1_000_000}
    chosen = Limits(**{**settings, "sleep": Naps() if naps is None else naps, **(limits or {})})
    options = server.options if options is None else options
    return Api(server.url + "/api", context, options=options, limits=chosen, **more)


PASSING = ["429", "429 retry-after", "500", "502 html", "503 maintenance", "504", "reset", "cut", "hang"]
PASSING += ["slow headers", "slow body"]
LASTING = {
    "401": "unauthorised",
    "403": "forbidden",
    "404": "not_found",
    "405": "method",
    "429": "rate",
    "429 retry-after": "rate",
    "500": "server",
    "502 html": "server",
    "503 maintenance": "maintenance",
    "504": "timeout",
    "reset": "cut",
    "cut": "cut",
    "hang": "timeout",
    "slow headers": "timeout",
    "slow body": "timeout",
    "redirect": "redirect",
    "html": "not_json",
    "empty": "not_json",
    "broken json": "not_json",
    "invalid utf-8": "not_json",
    "cut unsaid": "not_json",
    "huge": "too_big",
}


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_waited_for(server, tmp_path, fault):
    server.fail(fault, times=2, value="3")
    assert api(server, tmp_path).get("orders").json()["rows"] == ROWS
    assert len(server.calls) == 3


@pytest.mark.parametrize("fault", LASTING)
def test_what_lasts_is_told_in_both_languages_and_without_the_key(server, tmp_path, fault, caplog):
    caplog.set_level(logging.DEBUG)
    server.fail(fault, times=None, value="3" if fault in ("429 retry-after",) else "")
    asked = api(
        server,
        tmp_path,
        query={"ws_key": SECRET},
        headers={"X-Key": SECRET},
        auth=(SECRET, ""),
        limits={"attempts": 2},
    )
    with pytest.raises(SourceError) as raised:
        asked.get("orders", {"display": "full"}).json()
    error = raised.value
    assert error.kind == LASTING[fault]
    assert server.calls[0].params["ws_key"] == SECRET and server.calls[0].basic == (SECRET, "")
    said = [Speaker(language).error(error) for language in LANGUAGES]
    told = [*said, repr(error), str(error), *traceback.format_exception(error), caplog.text, repr(asked)]
    assert said[0] != said[1]
    assert not [text for text in told if SECRET in text or "ws_key" in text]
    assert error.__cause__ is None and error.__context__ is None
    assert "127.0.0.1" in said[0]


def test_every_fault_is_tested():
    assert set(FAULTS) == set(LASTING) | {"wrong type"}
    assert set(LASTING.values()) <= set(KINDS)


def test_a_wrong_content_type_is_forgiven_when_the_body_is_good(server, tmp_path):
    server.fail("wrong type")
    assert api(server, tmp_path).get("orders").json() == {"orders": []}


@pytest.mark.parametrize("fault", ["401", "403", "404", "405", "redirect", "huge"])
def test_what_will_not_pass_is_not_tried_again(server, tmp_path, fault):
    server.fail(fault, times=None)
    with pytest.raises(SourceError):
        api(server, tmp_path).get("orders")
    assert len(server.calls) == 1


def test_a_slow_loris_is_left_in_time(server, tmp_path):
    server.fail("slow body", times=None)
    began = time.monotonic()
    with pytest.raises(SourceError):
        api(server, tmp_path, limits={"attempts": 1}).get("orders")
    assert time.monotonic() - began < 2.0  # dripped to the end the body would take 100 s


def test_waits_grow_with_jitter_and_retry_after_is_obeyed(server, tmp_path, naps):
    server.fail("504", times=3)
    api(server, tmp_path, naps, limits={"backoff": 1.0}).get("orders")
    assert all(low <= nap <= 2 * low for nap, low in zip(naps, (0.5, 1.0, 2.0), strict=True))
    naps.clear()
    server.fail("429 retry-after", value="7")
    api(server, tmp_path, naps).get("orders")
    assert naps[0] == 7
    naps.clear()
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)
    server.fail("429 retry-after", value=format_datetime(moment, usegmt=True))
    api(server, tmp_path, naps).get("orders")
    assert 85 < naps[0] < 92
    server.fail("429 retry-after", value="86400")
    with pytest.raises(SourceError) as tomorrow:
        api(server, tmp_path, naps).get("orders")
    assert tomorrow.value.retry_after == 86400


def test_retry_after_in_a_date_is_by_the_servers_clock():
    assert retry_after("Tue, 24 Nov 2026 10:00:30 GMT", "Tue, 24 Nov 2026 10:00:00 GMT") == 30
    assert retry_after("soon") is None
    assert http_date("nonsense") is None


def test_a_body_with_a_checksum_is_asked_for_again_when_it_is_not_whole(server, tmp_path):
    import hashlib

    def whole(answer: Answer) -> bool:
        stated = answer.headers.get("Content-Sha1")
        return stated is None or hashlib.sha1(answer.content).hexdigest() == stated

    server.fail("cut unsaid", times=2)
    assert api(server, tmp_path, whole=whole).get("orders").json()["rows"] == ROWS
    assert len(server.calls) == 3


def test_the_platforms_own_words_come_first(server, tmp_path):
    server.fail("401", times=None)
    asked = api(server, tmp_path, explain=lambda answer: answer.failure("forbidden", path="/mine"))
    with pytest.raises(TypeError):
        asked.get("orders")
    asked = api(server, tmp_path, explain=lambda answer: answer.failure("forbidden"))
    with pytest.raises(SourceError) as raised:
        asked.get("orders")
    assert (raised.value.kind, raised.value.status) == ("forbidden", 401)


def test_keys_go_to_no_other_server(tmp_path, server):
    with FakeServer(lambda call: {}) as stranger:
        elsewhere = stranger.url.replace("127.0.0.1", "localhost")
        server.fail("redirect", times=None, value=f"{elsewhere}/api/orders?ws_key={SECRET}")
        asked = api(server, tmp_path, query={"ws_key": SECRET})
        for ask in (lambda: asked.get("orders"), lambda: asked.get(f"{elsewhere}/api/orders?page=2")):
            with pytest.raises(SourceError) as raised:
                ask()
            assert raised.value.kind == "redirect"
            assert SECRET not in str(raised.value)
        with pytest.raises(SourceError):
            asked.get(f"{stranger.url}/api/orders")  # same name, another port
        with pytest.raises(SourceError):
            asked.get("//localhost/api")
        assert stranger.calls == []
    server.faults.clear()
    assert asked.get(f"{server.url}/api/orders?page=2").json()["params"]["page"] == "2"


def test_a_redirect_to_https_says_which_address_to_use(server, tmp_path):
    server.fail("redirect", value=f"https://127.0.0.1/api/orders?ws_key={SECRET}")
    with pytest.raises(SourceError) as raised:
        api(server, tmp_path).get("orders")
    assert raised.value.key == "connect.error.use_https"
    assert raised.value.values == {"address": "https://127.0.0.1/api/orders"}


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("http://shop.example", "connect.error.http"),
        ("ftp://shop.example", "connect.error.no_address"),
        ("shop.example", "connect.error.no_address"),
        (f"https://me:{SECRET}@shop.example", "connect.error.secret_in_address"),
        ("https://127.0.0.1", "connect.error.private"),
        ("https://localhost", "connect.error.private"),
        ("https://2130706433", "connect.error.private"),
        ("https://0x7f.1", "connect.error.private"),
        ("https://[::1]", "connect.error.private"),
        ("https://10.0.0.8", "connect.error.private"),
        ("https://169.254.169.254", "connect.error.private"),
        ("https://nobody.invalid", "connect.error.no_such_host"),
    ],
)
def test_addresses_that_no_shop_has_are_refused(tmp_path, address, key):
    context = SimpleNamespace(root=tmp_path)
    with pytest.raises(SourceError) as raised:
        Api(address, context, limits=Limits(connect=0.3, attempts=1)).get("api")
    assert raised.value.key == key
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        *((one, False) for one in ("192.168.1.2", "100.64.0.1", "0.0.0.0", "224.0.0.1", "fe80::1%eth0")),
        *((one, False) for one in ("::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1", "fd00::1")),
        ("64:ff9b::5db8:d822", True),
        ("not an address", False),
    ],
)
def test_which_addresses_are_public(address, public):
    assert is_public(address) is public


def test_a_name_that_changes_its_address_is_checked_where_the_connection_is_made(
    server, tmp_path, monkeypatch
):
    import socket

    answers = iter(["93.184.216.34", "127.0.0.1"])
    real = socket.getaddrinfo

    def rebinding(host, port, *args, **more):
        if host == "shop.example":
            return real(next(answers), port, *args, **more)
        return real(host, port, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert socket.getaddrinfo("shop.example", 80)[0][4][0] == "93.184.216.34"
    context = SimpleNamespace(root=tmp_path)
    asked = Api(f"http://shop.example:{server.port}", context, options={"allow_http": True})
    with pytest.raises(SourceError) as raised:
        asked.get("api")
    assert raised.value.key == "connect.error.private"
    assert server.calls == []


def self_signed(folder) -> ssl.SSLContext:
    """A certificate that only vouches for itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop")])
    now = dt.datetime.now(dt.UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(alternative, False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_tls_that_nobody_vouches_for_needs_the_profiles_word(tmp_path):
    unknown, authority = tls_context(tmp_path)
    cases = [(unknown, "connect.error.tls_issuer"), (self_signed(tmp_path), "connect.error.tls_self_signed")]
    for tls, key in cases:
        with FakeServer(lambda call: {"ok": 1}, tls=tls) as server:
            private = {"allow_private": True}
            with pytest.raises(SourceError) as raised:
                api(server, tmp_path, options=private).get("x")
            assert (raised.value.kind, raised.value.key) == ("tls", key)
            assert server.calls == []
            assert api(server, tmp_path, options={**private, "allow_self_signed": True}).get("x").json()
    with FakeServer(lambda call: {"ok": 1}, tls=unknown) as server:
        known = {"allow_private": True, "ca_file": authority.name}
        assert api(server, tmp_path, options=known).get("x").json()
        assert Api(
            server.url.replace("127.0.0.1", "localhost"), SimpleNamespace(root=tmp_path), options=known
        )


def test_answers_come_in_order_several_at_once(tmp_path):
    def app(call):
        return Reply({"n": int(call.params["n"])}, seconds=0.02 if int(call.params["n"]) % 7 == 0 else 0.005)

    with FakeServer(app) as server:
        asked = api(server, tmp_path, limits={"workers": 6})
        got = [answer.json()["n"] for answer in asked.each(Request("x", {"n": n}) for n in range(60))]
        assert got == list(range(60))
        assert 2 <= server.busiest <= 6


def test_a_server_that_bears_only_two_at_once_is_left_at_two(tmp_path):
    busy, guard = 0, threading.Lock()

    def app(call):
        nonlocal busy
        with guard:
            busy += 1
            full = busy > 2
        time.sleep(0.004)
        with guard:
            busy -= 1
        return Reply({}, 429) if full else {"ok": True}

    with FakeServer(app) as server:
        asked = api(server, tmp_path, limits={"workers": 16, "attempts": 12, "sleep": None, "backoff": 0.01})
        answers = list(asked.each(Request(f"x{n}") for n in range(150)))
        assert len(answers) == 150
        assert asked.workers < 8
        refused = len(server.calls) - 150
        assert refused < 75


def test_the_number_at_once_halves_on_strain_and_grows_one_by_one():
    pace = Pace(8, None, 1, lambda seconds: None)
    for _ in range(200):
        pace.learn(None, 0.1, None)
    assert pace.limit == 8
    pace.learn("rate", 0.0, None)
    assert pace.limit == 4
    pace.learn("rate", 5.0, None)  # was under way with the first: the same strain
    assert pace.limit == 4
    for _ in range(4):
        pace.learn(None, 0.1, None)
    assert 4.8 < pace.limit <= 5
    pace.learn(None, 0.5, None)  # five times as slow as the best: the server is full
    assert pace.limit <= 5


def test_a_bucket_keeps_the_platforms_rate():
    naps = Naps()
    pace = Pace(8, 2.0, 3, naps)
    for _ in range(7):
        with pace.turn() as turn:
            turn.ended(None, 0.0)
    assert [round(nap, 1) for nap in naps] == [0.5, 1.0, 1.5, 2.0]


def test_one_failure_ends_the_rest_at_its_place(server, tmp_path):
    server.fail("404", path="x5")
    asked = api(server, tmp_path)
    got = []
    with pytest.raises(SourceError):
        for answer in asked.each(Request(f"x{n}") for n in range(1000)):
            got.append(answer)
    assert len(got) == 5
    assert len(server.calls) < 40
    assert asked.get("again").json()


def test_posts_carry_json_and_headers(tmp_path):
    with FakeServer(lambda call: {"got": call.json, "key": call.headers["X-Key"]}) as server:
        answer = api(server, tmp_path, headers={"X-Key": SECRET}).post("graphql", {"query": "é"})
        assert answer.json() == {"got": {"query": "é"}, "key": SECRET}
        assert SECRET not in repr(answer) + repr(answer.request)


def test_no_cookie_no_proxy_no_password_file(tmp_path, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b")
    with FakeServer(lambda call: Reply({}, headers={"Set-Cookie": "a=b"})) as server:
        asked = api(server, tmp_path)
        asked.get("x")
        asked.get("x")
        assert not [call for call in server.calls if call.headers.get("Cookie") or call.basic]


def test_an_answer_reads_as_utf8_with_or_without_a_mark():
    body = json.dumps({"n": "é"}, ensure_ascii=False).encode("utf-8-sig")
    assert Answer(Request("x"), "https://shop/x", 200, {}, body).json() == {"n": "é"}

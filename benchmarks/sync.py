"""Syncs from a PrestaShop shop, against a raw download of the same pages: ``python benchmarks/sync.py``.

The shop is the tests' own fake, in a process of its own, as fast as the 8.0.3 shop of the recordings was on
loopback: 3,400 records a second, however many ask at once; and 30 ms away. The raw download asks for exactly
the requests that the first sync made, eight at a time, and throws the answers away.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import urllib3

sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]

from fakes.prestashop import KEY, webservice  # noqa: E402
from fakes.prestashop_shop import PrestaShop  # noqa: E402
from fakes.prestashop_trade import set_state, trading_shop  # noqa: E402
from fakes.server import FakeServer, Reply  # noqa: E402

from echannel.store import SmeStore  # noqa: E402
from echannel.sync import sync_sme  # noqa: E402
from echannel.workspace import Workspace  # noqa: E402

ORDERS = 20_000
LATENCY, PER_RECORD = 0.030, 1 / 3400
AT_ONCE = 8
PROFILE = """\
id: bench
name: Bench
country: FR
languages: [fr]
orientation: b2c
currency: EUR
timezone: Europe/Paris
vat: {{regime: reel_normal}}
fiscal_year_start: "01-01"
launch_pad: Lille
sources:
  - id: shop
    connector: prestashop
    options: {{address: "{url}", allow_http: true, allow_private: true}}
    secrets: {{key: "env:BENCH_KEY"}}
"""


def serve(orders: int, pipe) -> None:
    """The shop, in a process of its own; commands: ``change N``, ``calls``, ``stop``."""
    shop = trading_shop(orders, seed=5)
    app = webservice(shop)
    kept: dict[str, tuple[Reply, int]] = {}
    processor = threading.Lock()

    def slow(call) -> Reply:
        # A server's own work is what the numbers above say; the fake's is kept out by remembering.
        name = f"{shop.revision} {call.path} {sorted(call.params.items())}"
        if name not in kept:
            reply = app(call)
            kept[name] = reply, records(reply)
        reply, count = kept[name]
        with processor:
            time.sleep(count * PER_RECORD)
        return reply

    with FakeServer(slow, latency=LATENCY, clock=shop.utc) as server:
        pipe.send(server.url)
        while (order := pipe.recv()) != "stop":
            if order == "calls":
                pipe.send([(call.path, dict(call.params)) for call in server.calls])
                server.calls.clear()
            else:
                change(shop, int(order.split()[1]))
                pipe.send("done")


def records(reply: Reply) -> int:
    if not reply.content.startswith(b"{"):
        return 0
    return max(len(value) for value in json.loads(reply.content).values())


def change(shop: PrestaShop, orders: int) -> None:
    """So many orders are sent out, a day later."""
    shop.pass_time(24 * 60)
    for number in list(shop.tables["orders"])[:: max(1, len(shop.tables["orders"]) // orders)][:orders]:
        set_state(shop, number, 5)
    shop.pass_time(5)


def download(url: str, calls: list[tuple[str, dict[str, str]]]) -> float:
    """Seconds for the same pages, raw and in parallel."""
    pool = urllib3.PoolManager(maxsize=AT_ONCE, headers=urllib3.make_headers(basic_auth=f"{KEY}:"))

    def get(call: tuple[str, dict[str, str]]) -> int:
        return len(pool.request("GET", f"{url}{call[0]}?{urlencode(call[1])}").data)

    started = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as workers:
        list(workers.map(get, calls))
    return time.perf_counter() - started


def timed(workspace: Workspace) -> float:
    started = time.perf_counter()
    sync_sme(workspace, "bench")
    return time.perf_counter() - started


def measure(orders: int = ORDERS) -> dict[str, float]:
    """Seconds of the raw download, the first sync, one with nothing new and one with 0.1 % changed."""
    os.environ["BENCH_KEY"] = KEY
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(orders, theirs), daemon=True)
    process.start()
    url = ours.recv()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        profile = workspace.parameters / "smes" / "bench.yml"
        profile.parent.mkdir(parents=True)
        profile.write_text(PROFILE.format(url=url))

        def calls() -> list[tuple[str, dict[str, str]]]:
            ours.send("calls")
            return ours.recv()

        timed(workspace)  # the fake makes its answers, Python its imports
        asked = calls()
        store = SmeStore(workspace.store / "bench")
        rows = store.manifest().counts["orders"]
        for path in sorted(store.path.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        raw = min(download(url, asked) for _ in range(2))
        first = timed(workspace)
        again = timed(workspace)
        ours.send(f"change {max(1, orders // 1000)}")
        ours.recv()
        shutil.copytree(store.path, Path(folder) / "before")
        timed(workspace)  # the fake makes its answers anew
        shutil.rmtree(store.path)
        shutil.copytree(Path(folder) / "before", store.path)
        second = timed(workspace)
        calls()
        ours.send("stop")
    process.join(10)
    return {
        "orders": rows,
        "requests": len(asked),
        "raw": raw,
        "first": first,
        "again": again,
        "second": second,
    }


if __name__ == "__main__":
    found = measure(int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS)
    raw, first, again, second = (found[name] for name in ("raw", "first", "again", "second"))
    print(f"{found['orders']:,.0f} orders, {found['requests']:.0f} requests")
    print(f"raw download, {AT_ONCE} at a time  {raw:7.2f} s")
    print(f"first sync                 {first:7.2f} s   {first / raw:.2f} × raw (goal: at most 1.25)")
    print(f"sync with nothing new      {again:7.2f} s   1/{first / again:.0f} of the first")
    print(f"sync with 0.1 % changed    {second:7.2f} s   1/{first / second:.0f} of the first (goal: 1/20)")

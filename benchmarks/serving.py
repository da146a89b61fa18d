"""From a click to a dashboard that answers: ours behind its login, against plain `voila`, same notebook.

Both are measured in one run, in the same headless Chromium, with a browser that has the scripts already;
the kernel is a new one each time, as for each reader. A page answers when its last block is there and its
filters are drawn; charts follow in ours (plain Voilà draws none, having no library for it). Plain Voilà
starts its kernel cold. Ours is measured twice: clicked at once, when no spare kernel can be ready, and by a
reader who looked at the page before for some seconds.

Then a change of the filter: until what is on the screen is new, and until all is, for the firm and for one
with 50,000 orders; and how much memory one open dashboard costs.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Browser, Page, sync_playwright

from echannel.batch import find_notebook
from echannel.chromium import installed
from echannel.register import open_register
from echannel.register.users import add_user, choose_password, make_link, remove_user
from echannel.sync import sync_sme
from echannel.workspace import Workspace, find_workspace

TIMES = 3
LOOKED = 5.0  # seconds that a reader looks at a page before going to the next
ORDERS = 50_000
TOOL = "growth"
# When the last block of a page is there and what is used first, by the browser's clock from the click on.
_WATCH = """
new MutationObserver(() => {
    const all = [".ec-foot", ".ec-filters select"].every((one) => document.querySelector(one));
    if (all && !window.readyAt) window.readyAt = performance.now();
}).observe(document, {childList: true, subtree: true});
"""


def measure(workspace: Workspace, sme: str, times: int = TIMES) -> dict[str, float]:
    """Median seconds from click to interactive of all, seconds of a redraw, and MiB of one dashboard."""
    with _browser() as browser, _people(workspace, sme) as link:
        with _served("ours", workspace) as (url, log):
            page = _page(browser)
            page.goto(f"{url}{link}")
            _choose(page)
            address = f"{url}/voila/render/{TOOL}.ipynb?sme={sme}&lang=en"
            at_once = _opened(page, address, times)
            ours = _opened(page, address, times, LOOKED)
            seen, redraw = _redrawn(page, times)
            memory = _own_memory(log)
            page.close()
        with _served("voila", workspace) as (url, _):
            page = _page(browser)
            plain = _opened(page, f"{url}/?sme={sme}&lang=en", times)
            page.close()
    return {
        **{"at_once": at_once, "ours": ours, "plain": plain, "ratio": ours / plain},
        **{"ratio_at_once": at_once / plain, "seen": seen, "redraw": redraw, "memory": memory},
    }


def measure_large(notebooks: Path, times: int = TIMES) -> tuple[float, float]:
    """Seconds until what is on the screen is new, and until all is, for a firm with ``ORDERS`` orders."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = _large_firm(Path(folder), notebooks)
        with (
            _browser() as browser,
            _people(workspace, _LARGE) as link,
            _served("ours", workspace) as (url, _),
        ):
            page = _page(browser)
            page.goto(f"{url}{link}")
            _choose(page)
            _opened(page, f"{url}/voila/render/{TOOL}.ipynb?sme={_LARGE}&lang=en", 0)
            return _redrawn(page, times)


_LARGE = "large-shop"
_PROFILE = """\
id: large-shop
name: Large shop
country: GB
languages: [en, fr]
orientation: b2c
currency: GBP
timezone: Europe/London
vat: {regime: standard}
fiscal_year_start: "04-01"
launch_pad: bench
sources:
  - id: shop
    connector: files
    options: {folder: data/inbox/large-shop, files: [{match: "*.csv", preset: generic_orders}]}
"""


def _large_firm(root: Path, notebooks: Path) -> Workspace:
    workspace, rng = Workspace(root), np.random.default_rng(1)
    (workspace.parameters / "smes").mkdir(parents=True)
    (workspace.parameters / "smes" / f"{_LARGE}.yml").write_text(_PROFILE)
    shutil.copytree(notebooks, workspace.notebooks)
    days = pd.Timestamp("2023-11-01") + pd.to_timedelta(np.sort(rng.integers(0, 1_096, ORDERS)), "D")
    products = rng.geometric(0.02, ORDERS) % 200
    orders = pd.DataFrame(
        {
            "Order ID": np.arange(ORDERS),
            "Order date": days.strftime("%Y-%m-%d"),
            "Customer ID": [f"c{one}" for one in rng.integers(0, ORDERS // 3, ORDERS)],
            "Country": rng.choice(["GB", "FR", "DE"], ORDERS, p=[0.8, 0.15, 0.05]),
            "Currency": "GBP",
            "SKU": [f"p{one}" for one in products],
            "Product name": [f"Product {one}" for one in products],
            "Quantity": rng.integers(1, 4, ORDERS),
            "Unit price": 8.0 + products % 40,
            "VAT rate": "20%",
        }
    )
    (workspace.inbox / _LARGE).mkdir(parents=True)
    orders.to_csv(workspace.inbox / _LARGE / "orders.csv", index=False)
    sync_sme(workspace, _LARGE)
    return workspace


def _page(browser: Browser) -> Page:
    page = browser.new_page()
    page.add_init_script(_WATCH)
    return page


def _opened(page: Page, address: str, times: int, looked: float = 0.0) -> float:
    taken = []
    for _ in range(times + 1):
        page.wait_for_timeout(1000 * looked)
        page.goto("about:blank")
        page.goto(address, wait_until="commit")
        page.wait_for_function("window.readyAt", timeout=120_000)
        taken.append(page.evaluate("window.readyAt") / 1000)
    return statistics.median(taken[1:] or taken)  # the first one fetched the scripts


def _redrawn(page: Page, times: int) -> tuple[float, float]:
    """Choose another period, again and again: seconds until the last change on the screen, and of all."""
    page.evaluate(
        """() => {
            window.changed = window.seen = 0;
            const watch = new MutationObserver((changes) => {
                window.changed = performance.now();
                for (const { target } of changes) {
                    const box = target.getBoundingClientRect();
                    if (box.height && box.bottom > 0 && box.top < innerHeight)
                        window.seen = window.changed;
                }
            });
            for (const one of document.querySelectorAll("[data-slot]")) watch.observe(one, {childList: true});
        }"""
    )
    taken = []
    for number in range(times):
        page.wait_for_timeout(1500)
        taken.append(
            page.evaluate(
                """async (number) => {
                    const choice = document.querySelector(".ec-filters select");
                    choice.selectedIndex = (choice.selectedIndex + 1 + number % 2) % choice.options.length;
                    window.changed = window.seen = 0;
                    const started = performance.now();
                    choice.dispatchEvent(new Event("change", {bubbles: true}));
                    while (!window.changed || performance.now() - window.changed < 700)
                        await new Promise((go) => setTimeout(go, 20));
                    return [(window.seen - started) / 1000, (window.changed - started) / 1000];
                }""",
                number,
            )
        )
    seen, every = zip(*taken, strict=True)
    return statistics.median(seen), statistics.median(every)


def _own_memory(server: int) -> float:
    """MiB that a kernel of the server does not share with its parent or the others (Linux)."""
    kernels = [pid for child in _children(server) for pid in _children(child)]
    own = [_private(pid) for pid in kernels]
    return statistics.median(own) / 1024 if own else float("nan")


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _private(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


@contextlib.contextmanager
def _people(workspace: Workspace, sme: str) -> Iterator[str]:
    register, email = open_register(workspace), f"bench-{secrets.token_hex(4)}@bench.example"
    add_user(register, email, "Bench", "member", sme)
    choose_password(register, make_link(register, email, "invite"), secrets.token_urlsafe())
    try:
        yield f"/invite/{make_link(register, email, 'invite')}"
    finally:
        remove_user(register, email)


def _choose(page: Page) -> None:
    password = secrets.token_urlsafe()
    page.fill("#password", password)
    page.fill("#again", password)
    page.click("main button")
    page.wait_for_url("**/voila/render/**")


@contextlib.contextmanager
def _served(which: str, workspace: Workspace) -> Iterator[tuple[str, int]]:
    port = _port()
    ours = [sys.executable, "-m", "echannel.cli", "serve", "--port", str(port)]
    notebook = str(find_notebook(workspace, TOOL))
    plain = [sys.executable, "-m", "voila", notebook, f"--port={port}", "--no-browser"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            ours if which == "ours" else plain,
            env={**os.environ, "ECHANNEL_ROOT": str(workspace.root)},
            stdout=log,
            stderr=log,
        )
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            process.terminate()
            process.wait(30)


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.1)
    raise TimeoutError


@contextlib.contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # In a container the sandbox of the browser is not there.
        yield playwright.chromium.launch(executable_path=installed(), args=["--no-sandbox"])


def main() -> None:
    """Print the figures for the firm that is named, else for the first that has data."""
    workspace = find_workspace()
    named = sys.argv[1:] or sorted(path.name for path in workspace.store.iterdir())
    found = measure(workspace, named[0])
    print(f"click to interactive ({TOOL}, {named[0]}, median of {TIMES})")
    print(f"  plain voila, cold kernel      {found['plain']:6.2f} s")
    print(f"  echannel serve, at once       {found['at_once']:6.2f} s   ratio {found['ratio_at_once']:.2f}")
    print(f"  echannel serve, next page     {found['ours']:6.2f} s   ratio {found['ratio']:.2f} (goal 0.25)")
    print("a change of the filter")
    print(f"  on the screen {found['seen'] * 1000:6.0f} ms, all {found['redraw'] * 1000:6.0f} ms")
    seen, every = measure_large(find_notebook(workspace, TOOL).parent)
    print(
        f"  with {ORDERS:,} orders: {seen * 1000:.0f} ms on the screen (goal 300), {every * 1000:.0f} ms all"
    )
    print(f"memory of one open dashboard    {found['memory']:6.0f} MiB of its own")


if __name__ == "__main__":
    main()

"""From a click to a dashboard that answers: ours behind its login, against plain `voila`, same notebook.

Both are measured in one run, in the same headless Chromium, with a browser that has the scripts already;
the kernel is a new one each time, as for each reader. Plain Voilà starts it cold. Then what a change of the
filter takes, from the choice to the last card drawn anew, and how much memory one open dashboard costs.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from echannel.batch import find_notebook
from echannel.chromium import installed
from echannel.register import open_register
from echannel.register.users import add_user, choose_password, make_link, remove_user
from echannel.workspace import Workspace, find_workspace

TIMES = 3
TOOL = "growth"
READY = ".ec-foot"  # the last thing that a page draws


def measure(workspace: Workspace, sme: str, times: int = TIMES) -> dict[str, float]:
    """Median seconds from click to interactive of both and of a redraw, and MiB of one dashboard."""
    with _browser() as browser, _people(workspace, sme) as link:
        with _served("ours", workspace) as (url, log):
            page = browser.new_page()
            page.goto(f"{url}{link}")
            _choose(page)
            address = f"{url}/voila/render/{TOOL}.ipynb?sme={sme}&lang=en"
            ours = _opened(page, address, times)
            redraw = _redrawn(page, times)
            memory = _own_memory(log)
            page.close()
        with _served("voila", workspace) as (url, _):
            page = browser.new_page()
            plain = _opened(page, f"{url}/?sme={sme}&lang=en", times)
            page.close()
    return {"ours": ours, "plain": plain, "ratio": ours / plain, "redraw": redraw, "memory": memory}


def _opened(page: Page, address: str, times: int) -> float:
    taken = []
    for _ in range(times + 1):
        page.goto("about:blank")
        started = time.perf_counter()
        page.goto(address, wait_until="commit")
        page.wait_for_selector(READY, timeout=120_000)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken[1:])  # the first one fetched the scripts


def _redrawn(page: Page, times: int) -> float:
    """Choose another period, again and again, and wait until no card has changed for a moment."""
    page.evaluate(
        """() => {
            window.changed = 0;
            const watch = new MutationObserver(() => { window.changed = performance.now(); });
            watch.observe(document.getElementById("ec-cells"), {childList: true, subtree: true});
        }"""
    )
    taken = []
    for number in range(times):
        seconds = page.evaluate(
            """async (number) => {
                const choice = document.querySelector(".ec-filters select");
                choice.selectedIndex = (choice.selectedIndex + 1 + number % 2) % choice.options.length;
                window.changed = 0;
                const started = performance.now();
                choice.dispatchEvent(new Event("change", {bubbles: true}));
                while (!window.changed || performance.now() - window.changed < 700)
                    await new Promise((go) => setTimeout(go, 20));
                return (window.changed - started) / 1000;
            }""",
            number,
        )
        taken.append(seconds)
    return statistics.median(taken)


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
    print(f"  echannel serve, with login    {found['ours']:6.2f} s   ratio {found['ratio']:.2f} (goal 0.25)")
    print(f"  a change of the filter        {found['redraw'] * 1000:6.0f} ms")
    print(f"  memory of one open dashboard  {found['memory']:6.0f} MiB of its own")


if __name__ == "__main__":
    main()

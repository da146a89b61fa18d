"""A real headless Chromium, the small demo's reports, and a dashboard server, once for a file's tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import ARGUMENTS, find_chromium
from playwright.sync_api import Browser, Playwright, sync_playwright
from small_demo import make_small_demo
from waiting import free_port, wait_for
from watching import Watched

from echannel.batch import RunSummary, run_cohort
from echannel.workspace import Workspace

SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
_MISSING = "NO CHROMIUM: the browser tests were SKIPPED. Install chromium, or set ECHANNEL_CHROMIUM."


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs a browser, and its time: a batch of reports and a server are made first."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(900))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly that nothing was tested, when nothing was."""
    if any(_MISSING in str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])):
        terminalreporter.section(_MISSING, red=True, bold=True)


@pytest.fixture(scope="session")
def chromium() -> str:
    path = find_chromium()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    return path


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = os.environ.get("ECHANNEL_SMALL_DEMO")
    return make_small_demo(Path(made) if made else tmp_path_factory.mktemp("small-demo"))


@pytest.fixture(scope="session")
def run(chromium: str, workspace: Workspace) -> RunSummary:
    wanted = ("kent-gifts", "breizh-epicerie", "hostile-shop/inventory")
    more = [f"{sme}/{tool}" for sme in ("sussex-parts", "hostile-shop") for tool in ("growth", "audit")]
    return run_cohort(workspace, "small", only=[*wanted, *more])


# Of a module: neither a server nor playwright's event loop stays while other tests run.
@pytest.fixture(scope="module")
def server(chromium: str, workspace: Workspace) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "echannel.cli", "serve", "--port", str(port)]
    environment = {**os.environ, "ECHANNEL_ROOT": str(workspace.root)}
    serving = subprocess.Popen(command, env=environment)
    try:
        wait_for(f"{url}/echannel/theme.css", serving)
        yield url
    finally:
        serving.terminate()
        serving.wait(20)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield _launch(playwright, chromium)


def _launch(playwright: Playwright, path: str) -> Browser:
    return playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))


@pytest.fixture(scope="session")
def shots() -> Path | None:
    """Where pictures of the pages go: the folder named by ``ECHANNEL_SCREENSHOTS``, else nowhere."""
    named = os.environ.get("ECHANNEL_SCREENSHOTS")
    if not named:
        return None
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(params=list(SIZES))
def size(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def watched(browser: Browser, shots: Path | None, size: str) -> Iterator[Watched]:
    """An offline page of the given size."""
    context = browser.new_context(viewport=SIZES[size], offline=True)  # type: ignore[arg-type]
    under_watch = Watched(context.new_page(), shots)
    under_watch.watch()
    yield under_watch
    context.close()


@pytest.fixture
def live(browser: Browser, shots: Path | None, size: str, server: str) -> Iterator[Watched]:
    """A page of the dashboard server."""
    context = browser.new_context(viewport=SIZES[size], base_url=server)  # type: ignore[arg-type]
    under_watch = Watched(context.new_page(), shots, own=(server, "data:", "blob:"))
    under_watch.watch()
    yield under_watch
    context.close()

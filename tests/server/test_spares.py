"""Spare kernels: one person's, one sign-in's and one firm's; within the bound, and gone with the rest."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from login_help import OTHER, OWN, Served, make_workspace, serving_four

from echannel.register import open_register
from echannel.register.users import add_user


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for four dashboards, and thus one spare."""
    with serving_four(tmp_path_factory) as running:
        yield running


def kernels(served: Served) -> set[str]:
    """Every kernel that the server has, spares too."""
    return {file.stem.removeprefix("kernel-") for file in served.runtime.glob("voila_*/kernel-*.json")}


def spare_beside(served: Served, *pages: str) -> str:
    """The one kernel that is there and no page's, once it is."""
    return waited(lambda: next(iter(kernels(served) - set(pages)), ""))


def waited(found, seconds: float = 60):
    deadline = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return result


@pytest.fixture(scope="module")
def olga(small: Served) -> requests.Session:
    return small.person("olga@other.example", "member", OTHER)


def test_a_spare_is_its_persons_next_page_and_nobody_elses(small, olga):
    anna = small.person("anna@own.example", "member", OWN)
    mark = small.person("mark@north.example", "manager", "north")
    page = small.open_page(anna, OWN, "&period=month")
    spare = spare_beside(small, page)
    # Not a page yet: also its own person cannot reach it.
    for browser in (anna, mark, olga):
        assert small.get(browser, f"/api/kernels/{spare}").status_code == 403
    marks = small.open_page(mark, OWN)
    assert marks != spare
    small.close_page(mark, marks)
    small.close_page(anna, page)
    again = small.open_page(anna, OWN, "&period=quarter")
    assert again == spare
    assert small.get(anna, f"/api/kernels/{again}").status_code == 200
    assert small.get(mark, f"/api/kernels/{again}").status_code == 403
    # It has learnt its own page's address, and opens its own firm's tables only.
    assert "period=quarter" in small.run_in(again, "import os; print(os.environ['QUERY_STRING'])")
    assert small.run_in(again, "print(os.environ['ECHANNEL_SME'])") == OWN
    assert "Error" in small.run_in(again, f"import os; os.listdir('{small.workspace.store / OTHER}')")
    assert small.run_in(again, f"print(len(os.listdir('{small.workspace.store / OWN}')) > 0)") == "True"
    end(small, anna, mark)


def test_a_spare_is_of_one_sign_in_and_ends_with_it(small):
    first = small.person("anna2@own.example", "member", OWN)
    page = small.open_page(first, OWN)
    spare = spare_beside(small, page)
    second = small.browser()
    assert small.sign_in(second, "anna2@own.example").status_code == 302
    assert small.open_page(second, OWN) not in (page, spare)
    end(small, first, second)


def test_spares_stay_within_the_bound_and_make_room(small, olga):
    anna = small.person("anna3@own.example", "member", OWN)
    page = small.open_page(anna, OWN)
    spare = spare_beside(small, page)
    pages = [page, *(small.open_page(olga, OTHER) for _ in range(2))]
    time.sleep(2.5)  # as long as it takes until a spare is on its way: the bound has it that there is one
    assert kernels(small) == {*pages, spare}, (page, pages, spare)
    pages.append(small.open_page(anna, OWN))  # taken
    assert pages[-1] == spare
    end(small, anna)
    assert waited(lambda: spare not in kernels(small))
    end(small, olga)


def end(served: Served, *browsers: requests.Session) -> None:
    """Sign out, and wait until everything that they had is gone."""
    for browser in browsers:
        answer = browser.post(
            f"{served.url}/logout",
            data={"_xsrf": browser.cookies.get("_xsrf", "")},
            allow_redirects=False,
            timeout=60,
        )
        assert answer.status_code == 302
    if len(browsers) > 1:
        assert waited(lambda: not kernels(served))


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Served]:
    """A server on which whatever is idle for six seconds ends."""
    workspace = make_workspace(tmp_path / "work")
    register = open_register(workspace)
    add_user(register, "first@people.example", "First", "coordinator")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", _IMPATIENT, str(workspace.root), str(port)]
    process = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(tmp_path)})
    served = Served(f"http://127.0.0.1:{port}", workspace, register, tmp_path)
    try:
        waited(lambda: answers(served), 90)
        yield served
    finally:
        process.terminate()
        process.wait(20)


def answers(served: Served) -> bool:
    try:
        return requests.get(f"{served.url}/echannel/theme.css", timeout=5).ok
    except requests.ConnectionError:
        return False


_IMPATIENT = """
import sys
from pathlib import Path
from echannel.server.app import serve
from echannel.workspace import Workspace
serve(Workspace(Path(sys.argv[1])), port=int(sys.argv[2]), idle_seconds=6)
"""


def test_a_spare_that_nobody_wants_ends(impatient):
    olga = impatient.person("olga@other.example", "member", OTHER)
    page = impatient.open_page(olga, OTHER)
    spare = spare_beside(impatient, page)
    assert waited(lambda: spare not in kernels(impatient))

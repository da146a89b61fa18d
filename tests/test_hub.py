"""JupyterHub with our accounts, on one machine: proxy from npm, register in PostgreSQL, two consultants.

Skipped where npm or PostgreSQL cannot be had; continuous integration has both.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator

import pytest
import requests
from catalogue_scan import ROOT
from postgres import find_postgres, running
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect
from waiting import free_port, wait_for

from echannel.confine import landlock_version
from echannel.hub.spawner import lay_out
from echannel.profiles import load_cohort
from echannel.register import Register, save_scenario, saved_scenarios
from echannel.register.users import add_user, choose_password, link_holder, make_link
from echannel.workspace import Workspace

PASSWORD = "a horse and a battery"
KENT, BRETAGNE, MEMBER = "kent@pad.example", "bretagne@pad.example", "owner@shop.example"
CANARY = "canary-of-another-firm"

pytestmark = pytest.mark.skipif(not landlock_version(), reason="the system cannot keep processes apart")


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> str:
    found = shutil.which("configurable-http-proxy")
    if found:
        return found
    if shutil.which("npm") is None:
        pytest.skip("npm is not at hand")
    folder = tmp_path_factory.mktemp("npm")
    install = ["npm", "install", "--no-audit", "--no-fund", "configurable-http-proxy@5"]
    subprocess.run(install, cwd=folder, check=True, capture_output=True)
    return str(folder / "node_modules" / ".bin" / "configurable-http-proxy")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    programs = find_postgres()
    if programs is None:
        pytest.skip("PostgreSQL is not at hand")
    with running(programs, tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("hub")
    shutil.copytree(ROOT / "parameters", root / "parameters")
    shutil.copytree(ROOT / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns("own"))
    for sme in ("kent-gifts", "breizh-epicerie"):
        (root / "data" / "store" / sme).mkdir(parents=True)
        (root / "data" / "store" / sme / "rows.txt").write_text(f"{sme} {CANARY}", encoding="utf-8")
    return Workspace(root)


def test_a_register_in_postgresql_serves_as_one_in_a_file(database: str) -> None:
    register = Register(database)
    save_scenario(register, "kent-gifts", "ask", "é <b>", {"n": 1.5}, by="x")
    save_scenario(register, "kent-gifts", "ask", "é <b>", {"n": 2})
    assert {
        name: row.content for name, row in saved_scenarios(Register(database), "kent-gifts", "ask").items()
    } == {"é <b>": {"n": 2}}
    assert saved_scenarios(register, "breizh-epicerie", "ask") == {}


@pytest.fixture(scope="module")
def hub(proxy: str, database: str, workspace: Workspace) -> Iterator[str]:
    register = Register(database)
    for email, role, scope in (
        (KENT, "manager", "kent"),
        (BRETAGNE, "manager", "bretagne"),
        (MEMBER, "member", "kent-gifts"),
    ):
        add_user(register, email, email, role, scope)  # type: ignore[arg-type]
        token = make_link(register, email, "invite")
        assert link_holder(register, token)
        choose_password(register, token, PASSWORD)
    ports = [free_port() for _ in range(3)]
    outside, inside, api = (f"http://127.0.0.1:{port}" for port in ports)
    environment = {
        **os.environ,
        "ECHANNEL_ROOT": str(workspace.root),
        "ECHANNEL_REGISTER_URL": database,
        "ECHANNEL_HUB_ADDRESS": outside,
        "ECHANNEL_HUB_INSIDE": inside,
        "ECHANNEL_PROXY_INSIDE": api,
        "ECHANNEL_PROXY": proxy,
    }
    command = [sys.executable, "-m", "jupyterhub", "-f", str(ROOT / "deploy" / "jupyterhub_config.py")]
    log = (workspace.root / "hub.log").open("w")
    serving = subprocess.Popen(command, env=environment, cwd=workspace.root, stdout=log, stderr=log)
    try:
        wait_for(f"{outside}/hub/health", serving)
        yield outside
    finally:
        serving.terminate()
        serving.wait(90)
        log.close()


def sign_in(hub: str, email: str, password: str = PASSWORD) -> requests.Session | None:
    browser = requests.Session()
    form = browser.get(f"{hub}/hub/login", timeout=30)
    xsrf = re.search(r'name="_xsrf" value="([^"]+)"', form.text)
    assert xsrf
    data = {"username": email, "password": password, "_xsrf": xsrf.group(1)}
    answer = browser.post(f"{hub}/hub/login?next=/hub/home", data=data, timeout=60)
    return browser if answer.ok and "/hub/home" in answer.url else None


def server_of(hub: str, email: str, browser: requests.Session) -> str:
    """The address of the person's JupyterLab, once it is there."""
    browser.get(f"{hub}/hub/spawn", timeout=60)
    deadline = time.monotonic() + 90
    own = f"{hub}/user/{email}"
    while time.monotonic() < deadline:
        # A page, not the API: only pages lead through the Hub to who somebody is.
        page = browser.get(f"{own}/lab", timeout=30)
        if page.ok and "/user/" in page.url and browser.get(f"{own}/api/status", timeout=30).ok:
            return own
        time.sleep(0.5)
    raise AssertionError(f"no server for {email}")


def run(own: str, browser: requests.Session, code: str) -> str:
    """What ``code`` prints in a new kernel of that server."""
    headers = {
        "X-XSRFToken": browser.cookies.get("_xsrf", path=own.partition("//")[2].partition("/")[1] + "/") or ""
    }
    xsrf = next((c.value for c in browser.cookies if c.name == "_xsrf" and "/user/" in c.path), "")
    headers = {"X-XSRFToken": xsrf or ""}
    kernel = browser.post(f"{own}/api/kernels", json={"name": "python3"}, headers=headers, timeout=60)
    kernel.raise_for_status()
    return asyncio.run(_execute(own, browser, kernel.json()["id"], code))


async def _execute(own: str, browser: requests.Session, kernel: str, code: str) -> str:
    prepared = browser.prepare_request(requests.Request("GET", f"{own}/api/kernels/{kernel}/channels"))
    request = HTTPRequest(
        prepared.url.replace("http://", "ws://"), headers={"Cookie": prepared.headers["Cookie"]}
    )
    socket_ = await websocket_connect(request)
    header = {"msg_id": uuid.uuid4().hex, "session": uuid.uuid4().hex, "username": "", "date": ""}
    header |= {"msg_type": "execute_request", "version": "5.3"}
    content = {
        "code": code,
        "silent": False,
        "store_history": False,
        "user_expressions": {},
        "allow_stdin": False,
    }
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    await socket_.write_message(json.dumps(message))
    said = ""
    while True:
        raw = await asyncio.wait_for(socket_.read_message(), 60)
        answer = json.loads(raw)
        if answer["parent_header"].get("msg_id") != header["msg_id"]:
            continue
        if answer["msg_type"] == "stream":
            said += answer["content"]["text"]
        if answer["msg_type"] == "error":
            said += answer["content"]["ename"]
        if answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
            socket_.close()
            return said


READING = """
import os
from pathlib import Path
for sme in ("kent-gifts", "breizh-epicerie"):
    for path in ("/data/store/" + sme + "/rows.txt", "/parameters/smes/" + sme + ".yml"):
        try:
            print(sme, "read", len(Path({root!r} + path).read_text()) > 0)
        except OSError as error:
            print(sme, type(error).__name__)
from echannel.launcher import visible_smes
from echannel.workspace import find_workspace
print("sees", *visible_smes(find_workspace()))
from echannel.profiles import cohort_ids, load_cohort
for name in cohort_ids(find_workspace()):
    print("cohort", name, *load_cohort(find_workspace(), name).smes)
try:
    print("cohorts", os.listdir({root!r} + "/parameters/cohorts"))
except OSError as error:
    print("cohorts", type(error).__name__)
print("secrets", [name for name in os.environ if "REGISTER" in name or "DATABASE" in name])
(find_workspace().notebooks / "own" / "mine.txt").write_text("kept")
try:
    Path({root!r} + "/parameters/smes/new.yml").write_text("x")
except OSError as error:
    print("write", type(error).__name__)
"""


@pytest.mark.parametrize(
    ("email", "mine", "other"),
    [(KENT, "kent-gifts", "breizh-epicerie"), (BRETAGNE, "breizh-epicerie", "kent-gifts")],
)
def test_a_consultant_explores_their_own_firms_and_can_open_no_others(
    hub: str, workspace: Workspace, email: str, mine: str, other: str
) -> None:
    browser = sign_in(hub, email)
    assert browser is not None, (workspace.root / "hub.log").read_text()[-3000:]
    own = server_of(hub, email, browser)
    said = run(own, browser, READING.format(root=str(workspace.root)))
    assert said.count(f"{mine} read True") == 2, said
    assert said.count(f"{other} PermissionError") == 2, said
    sees = next(line for line in said.splitlines() if line.startswith("sees"))
    assert mine in sees
    assert other not in sees
    cohort = next(line for line in said.splitlines() if line.startswith("cohort demo"))
    assert set(cohort.split()[2:]) == set(sees.split()[1:])
    assert "cohorts PermissionError" in said
    assert "secrets []" in said
    assert "write PermissionError" in said
    homes = list((workspace.root / "data" / "homes").iterdir())
    assert any((home / "workspace/notebooks/own/mine.txt").exists() for home in homes)


@pytest.mark.parametrize("planted", ["", "parameters", "parameters/cohorts", "data"])
def test_a_link_that_a_consultant_lays_leads_the_hub_nowhere(
    tmp_path, workspace: Workspace, planted: str
) -> None:
    real = tmp_path / "real"
    (real / "parameters" / "smes").mkdir(parents=True)
    shutil.copytree(workspace.parameters / "cohorts", real / "parameters" / "cohorts")
    before = {path: path.read_bytes() for path in real.rglob("*.yml")}
    link = tmp_path / "home" / "workspace" / planted
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(real / planted)
    root = lay_out(workspace, ["kent-gifts"], tmp_path / "home")
    assert {path: path.read_bytes() for path in real.rglob("*.yml")} == before
    assert load_cohort(Workspace(root), "demo").smes == ("kent-gifts",)


def test_who_is_no_consultant_or_has_the_wrong_password_stays_outside(hub: str) -> None:
    assert sign_in(hub, MEMBER) is None
    assert sign_in(hub, KENT, "not the password") is None
    assert sign_in(hub, "nobody@pad.example") is None


def test_nobody_reaches_anothers_server(hub: str) -> None:
    browser = sign_in(hub, BRETAGNE)
    assert browser is not None
    there = browser.get(f"{hub}/user/{KENT}/api/contents", timeout=30)
    assert there.status_code in (403, 404) or "/hub/" in there.url
    assert CANARY not in there.text

"""A small workspace of two firms and a running dashboard server with a login, for tests that attack it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import requests
from jupyter_client import BlockingKernelClient
from waiting import free_port, wait_for

from echannel.register import Register, open_register
from echannel.register.users import Role, add_user, choose_password, make_link
from echannel.sync import sync_sme
from echannel.workspace import Workspace

PASSWORD = "quatre chevaux sous la pluie"
OWN, OTHER = "own-shop", "other-shop"
# What no request of anybody but the other firm's people may ever bring back.
CANARIES = ("Zanzibar-7f3a91c2", "Quixotic-55e0bd17", "cohort-canary-90aa")
HOSTILE = "</script><script>window.pwned=1</script>"
SECRET = "a-secret-of-the-server"
_PROFILE = """\
id: {id}
name: {name}
country: GB
languages: [en, fr]
orientation: both
currency: GBP
timezone: Europe/London
vat: {{regime: standard}}
fiscal_year_start: "04-01"
launch_pad: {pad}
sources:
  - id: shop
    connector: files
    options: {{folder: data/inbox/{id}, files: [{{match: "*.csv", preset: generic_orders}}]}}
"""
_COHORT = "id: all\nname: {en: All, fr: Tous}\nlaunch_pads: [north, south]\ngroups:\n"
_GROUP = "  - {{id: {id}, name: {{en: {name}, fr: {name}}}, smes: [{sme}]}}\n"
_CELLS = (
    'sme: str = ""\nlang: str = ""',
    "from echannel.views import growth_cards, open_page",
    'page = open_page("growth", sme, lang)',
    "page.show(growth_cards.tiles)",
)


def make_workspace(root: Path) -> Workspace:
    """Two firms, each of another launch pad, with a year of orders; a notebook that shows the first tiles."""
    workspace = Workspace(root)
    for folder in (workspace.parameters / "smes", workspace.parameters / "cohorts", workspace.notebooks):
        folder.mkdir(parents=True)
    firms = (
        (OWN, json.dumps(f"Own {HOSTILE}"), "north", HOSTILE),
        (OTHER, CANARIES[0], "south", CANARIES[1]),
    )
    for sme, name, pad, product in firms:
        profile = _PROFILE.format(id=sme, name=name, pad=pad)
        (workspace.parameters / "smes" / f"{sme}.yml").write_text(profile)
        _orders(workspace.inbox / sme, product)
        sync_sme(workspace, sme)
    groups = _GROUP.format(id="one", name="one", sme=OWN) + _GROUP.format(
        id="two", name=CANARIES[2], sme=OTHER
    )
    (workspace.parameters / "cohorts" / "all.yml").write_text(_COHORT + groups)
    (workspace.root / "data" / "seasons").mkdir()
    lent = {"all": {"index": [*[1.25] * 6, *[0.8] * 6], "spread": 0.2, "firms": 5}}
    (workspace.root / "data" / "seasons" / "all.json").write_text(json.dumps(lent))
    cells = [nbformat.v4.new_code_cell(source) for source in _CELLS]
    cells[0].metadata["tags"] = ["parameters"]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, workspace.notebooks / "growth.ipynb")
    shutil.copy(Path(__file__).parents[2] / "notebooks" / "home.ipynb", workspace.notebooks)
    return workspace


def _orders(folder: Path, product: str) -> None:
    folder.mkdir(parents=True)
    days = pd.date_range("2025-11-03", "2026-10-30", freq="5D").strftime("%Y-%m-%d")
    rows = [
        {
            "Order ID": number,
            "Order date": day,
            "Customer ID": f"c{number % 9}",
            "Country": "GB",
            "Currency": "GBP",
            "SKU": "p",
            "Product name": product,
            "Quantity": 1,
            "Unit price": 12.0 + number % 7,
            "VAT rate": "20%",
        }
        for number, day in enumerate(days)
    ]
    pd.DataFrame(rows).to_csv(folder / "orders.csv", index=False)


@dataclass
class Served:
    """A running server, and the way to be let in."""

    url: str
    workspace: Workspace
    register: Register
    runtime: Path

    def person(self, email: str, role: Role, scope: str = "", name: str = "") -> requests.Session:
        """A browser that is signed in as a new person, through the pages themselves."""
        add_user(self.register, email, name or email, role, scope)
        choose_password(self.register, make_link(self.register, email, "invite"), PASSWORD)
        browser = self.browser()
        assert self.sign_in(browser, email).status_code == 302
        return browser

    def browser(self) -> requests.Session:
        """One that knows nothing yet."""
        return requests.Session()

    def get(self, browser: requests.Session, path: str, **more: object) -> requests.Response:
        """Ask for a page, and take the answer as it is."""
        return browser.get(self.url + path, allow_redirects=False, timeout=60, **more)

    def token(self, browser: requests.Session) -> str:
        """The token of the sign-in form."""
        page = self.get(browser, "/login").text
        found = re.search(r'name="_xsrf" value="([^"]+)"', page)
        return found[1] if found else browser.cookies.get("_xsrf", "")

    def sign_in(self, browser: requests.Session, email: str, password: str = PASSWORD, **more: str):
        """Send the sign-in form; ``next`` may be among ``more``."""
        form = {"_xsrf": self.token(browser), "email": email, "password": password, **more}
        return browser.post(f"{self.url}/login", data=form, allow_redirects=False, timeout=60)

    def open_page(self, browser: requests.Session, sme: str, query: str = "") -> str:
        """Open the firm's page as the browser would, and return the id of its kernel."""
        page = self.get(browser, f"/voila/render/growth.ipynb?sme={sme}&lang=en{query}")
        assert page.status_code == 200, page.text
        found = re.search(r'"kernelId": "([\w-]{36})"', page.text)
        assert found, page.text
        return found[1]

    def close_page(self, browser: requests.Session, kernel: str) -> requests.Response:
        """What a page does when it is left."""
        headers = {"X-XSRFToken": browser.cookies.get("_xsrf", "")}
        return browser.post(f"{self.url}/voila/api/shutdown/{kernel}", headers=headers, timeout=60)

    def run_in(self, kernel: str, code: str) -> str:
        """Run code in a kernel from the server's side, as if a fault let somebody do so; what it printed."""
        (file,) = self.runtime.glob(f"voila_*/kernel-{kernel}.json")
        client = BlockingKernelClient(connection_file=str(file))
        client.load_connection_file()
        client.start_channels()
        said: list[str] = []
        try:
            client.wait_for_ready(timeout=60)
            client.execute_interactive(
                code, timeout=60, output_hook=lambda message: said.append(_said(message))
            )
        finally:
            client.stop_channels()
        return "".join(said).strip()


def _said(message: dict) -> str:
    content = message["content"]
    return content.get("text", "") or "\n".join(content.get("traceback", []))


@contextlib.contextmanager
def serving(workspace: Workspace, runtime: Path, *options: str) -> Iterator[Served]:
    """A server of its own process on a free port, with a first person so that it asks for a login."""
    register = open_register(workspace)
    add_user(register, "first@people.example", "First", "coordinator")
    port = free_port()
    command = [sys.executable, "-m", "echannel.cli", "serve", "--port", str(port), *options]
    environment = {
        **os.environ,
        "ECHANNEL_ROOT": str(workspace.root),
        "TMPDIR": str(runtime),
        "A_SECRET_OF_THE_SERVER": SECRET,
    }
    url = f"http://127.0.0.1:{port}"
    with (runtime / "server.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait_for(f"{url}/echannel/theme.css", process)
            yield Served(url, workspace, register, runtime)
        finally:
            process.terminate()
            process.wait(20)


@contextlib.contextmanager
def serving_four(folders: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for four dashboards at once, on a workspace of its own."""
    workspace, runtime = make_workspace(folders.mktemp("served") / "work"), folders.mktemp("runtime")
    with serving(workspace, runtime, "--dashboards", "4") as running:
        yield running

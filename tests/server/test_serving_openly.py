"""A server that others can reach: headers, the command that adds people, a system without Landlock."""

from __future__ import annotations

import re

import pytest
from login_help import OTHER, OWN, Served

from echannel.cli import run
from echannel.errors import UserError
from echannel.profiles import load_sme, sme_ids
from echannel.register import open_register
from echannel.server.headers import headers, page_policy
from echannel.server.reach import root_of_links
from echannel.server.serving import Serving
from echannel.sme import open_sme
from echannel.workspace import Workspace


def test_behind_tls_the_browser_is_told_to_stay_there(tmp_path):
    register = open_register(Workspace(tmp_path))
    proxied = ("127.0.0.1",)
    behind = Serving(Workspace(tmp_path), register, "127.0.0.1", 8866, "https://dash.example.org", proxied)
    here = Serving(Workspace(tmp_path), register, "127.0.0.1", 8866, "http://127.0.0.1:8866")
    assert "max-age=" in headers(behind)["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in headers(here)
    assert behind.host_names == ["localhost", "127.0.0.1", "dash.example.org"]
    assert headers(here)["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("policy", [page_policy("dash.example.org", True, "n0nce"), None])
def test_no_policy_names_another_host_or_lets_any_script_run(tmp_path, policy):
    serving = Serving(Workspace(tmp_path), None, "127.0.0.1", 8866, "http://127.0.0.1:8866")
    policy = policy or headers(serving)["Content-Security-Policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";") if part.strip())
    hosts = set(re.findall(r"(?:https?|wss?)://[\w.:-]+", policy))
    assert hosts <= {"wss://dash.example.org"}
    assert "*" not in policy
    assert "'unsafe-inline'" not in parts.get("script-src", "")
    assert parts["frame-ancestors"] == parts["base-uri"] == "'none'"


def test_without_landlock_the_workspace_of_a_kernel_holds_one_firm(served: Served, tmp_path):
    root = Workspace(root_of_links(served.workspace, OWN, tmp_path / "root"))
    assert sme_ids(root) == [OWN]
    assert open_sme(OWN, root).table("orders").shape[0] > 50
    with pytest.raises(UserError):
        load_sme(root, OTHER)
    found = {path.name for path in root.root.rglob("*")}
    assert not found & {OTHER, f"{OTHER}.yml", "register.sqlite", "server.key", "keys"}


def test_people_are_added_listed_reset_and_removed_by_the_command(served: Served, tmp_path, capsys):
    (tmp_path / "parameters").symlink_to(served.workspace.parameters)

    def said(*arguments: str, code: int = 0) -> str:
        assert run([*arguments], {"ECHANNEL_ROOT": str(tmp_path)}) == code
        return "".join(capsys.readouterr())

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECHANNEL_ROOT", str(tmp_path))
        assert "echannel user add" in said("user", "list")
        added = said("user", "add", "Zoe@own.example", "--for", OWN, "--url", "https://d.example/")
        assert re.search(r"^https://d\.example/invite/[\w-]{43}$", added, re.MULTILINE)
        assert "zoe@own.example" in said("user", "list", "--lang", "fr")
        said("user", "add", "zoe@own.example", "--for", OWN, code=1)
        said("user", "add", "x@own.example", "--role", "king", code=1)
        said("user", "add", "x@own.example", "--role", "manager", "--for", OWN, code=1)
        assert "/reset/" in said("user", "reset", "zoe@own.example")
        said("user", "remove", "zoe@own.example")
        said("user", "reset", "zoe@own.example", code=1)
        assert said("user", "trail").strip()

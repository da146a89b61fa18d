"""What lies in ``deploy/`` is what the programs that read it take: services of the system, and Caddy."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from catalogue_scan import ROOT

DEPLOY = ROOT / "deploy"


def _verified(text: str, folder: Path) -> str:
    """What systemd says of a service whose program is there."""
    unit = folder / "tried.service"
    unit.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={sys.executable}", text), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60)
    return "\n".join(line for line in done.stderr.splitlines() if "tried.service" in line)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
@pytest.mark.parametrize("name", ["echannel.service", "echannel-hub.service"])
def test_the_system_takes_our_services(tmp_path: Path, name: str) -> None:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    assert _verified(text, tmp_path) == ""
    assert _verified(text.replace("\n#IPAddress", "\nIPAddress"), tmp_path) == ""
    assert "tried.service" in _verified(text.replace("Restart=on-failure", "Restart=sometimes"), tmp_path)


def _caddy() -> str | None:
    if shutil.which("caddy") is None and shutil.which("apt-get") and os.geteuid() == 0:
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "caddy"]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(command, env=environment, capture_output=True, timeout=120)
    return shutil.which("caddy")


def test_caddy_takes_our_configuration() -> None:
    caddy = _caddy()
    if caddy is None:
        pytest.skip("Caddy is not at hand")
    check = [caddy, "validate", "--adapter", "caddyfile", "--config"]
    done = subprocess.run([*check, DEPLOY / "Caddyfile"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr

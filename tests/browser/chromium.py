"""Finds a real Chromium, or gets one: any that is installed, Debian's, playwright's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from echannel.chromium import ARGUMENTS as STARTED_WITH
from echannel.chromium import NO_SANDBOX, installed

ARGUMENTS = (NO_SANDBOX, *STARTED_WITH)


def find_chromium() -> str | None:
    """The path of a Chromium; installs one where that can be done unasked; None when all fails."""
    return installed() or _from_debian() or _from_playwright()


def _from_debian() -> str | None:
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
        if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL).returncode:
            return None
    return installed()


def _from_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if not Path(path).exists():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"])
    return path if Path(path).exists() else None


if __name__ == "__main__":
    print(find_chromium() or "none")

"""Finds a Chromium (or Chrome, or Edge) that is installed; none is ever installed from here."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
NO_SANDBOX = "--no-sandbox"
ARGUMENTS = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def installed() -> str | None:
    """The path of a Chromium that is there: what ``ECHANNEL_CHROMIUM`` names, else any known one."""
    named = os.environ.get("ECHANNEL_CHROMIUM")
    found = [named] if named else [*(shutil.which(name) for name in _NAMES), *_APPLICATIONS]
    return next((path for path in found if path and Path(path).exists()), None)


def arguments() -> tuple[str, ...]:
    """What it is started with; root has no sandbox to put it in."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return (*ARGUMENTS, NO_SANDBOX) if root else ARGUMENTS

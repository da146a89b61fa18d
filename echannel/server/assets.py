"""The scripts and style sheets of pages, under an address that changes when any of them does."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from echannel.batch.pages import asset_files

_OWN = Path(__file__).parent / "template"
_OWN_FILES = (
    *("dashboard.css", "dashboard.js", "favicon.svg", "login.css", "opinions.css", "reader.js"),
    *("live.js", "controls.js"),
)
ROUTE = r"/echannel/(?:[0-9a-f]{16}/)?([\w.-]+)"
FOR_A_YEAR = "public, max-age=31536000, immutable"


def files() -> dict[str, Path]:
    """Every file that is handed out, by name."""
    return {**asset_files(), **{name: _OWN / name for name in _OWN_FILES}}


def assets_url() -> str:
    """Where they are: ``/echannel/<hash of all of them>/``, which a browser need never ask for twice."""
    return f"/echannel/{version()}/"


@cache
def version() -> str:
    """A hash of all files together."""
    found = hashlib.sha256()
    for name, path in sorted(files().items()):
        found.update(name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]

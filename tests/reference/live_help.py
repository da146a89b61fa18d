"""A way to all sources that leads to a fake server, and never waits for real."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from fakes.server import FakeServer

from echannel.reference.http import Limits, Live
from echannel.workspace import Workspace

SOURCES = (
    "world_bank",
    "eurostat",
    "comtrade",
    "ecb",
    "uk_tariff",
    "vies",
    "recherche_entreprises",
    "companies_house",
)


def live(
    folder: Path,
    server: FakeServer | None = None,
    online: bool = True,
    slept: list[float] | None = None,
    **limits,
) -> Live:
    waits = [] if slept is None else slept
    addresses = dict.fromkeys(SOURCES, server.url) if server else {}
    return Live(Workspace(folder), online, addresses, Limits(sleep=waits.append, read=1.0, **limits))


def make_old(folder: Path) -> None:
    """Every kept answer is too old to be taken without asking."""
    Live(Workspace(folder))._session.cache.reset_expiration(timedelta(days=-1))

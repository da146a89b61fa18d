"""One server with a login and its people, for all tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from login_help import OTHER, OWN, Served, serving_four


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_four(tmp_path_factory) as running:
        yield running


@pytest.fixture(scope="session")
def anna(served: Served) -> requests.Session:
    """Of the firm that is attacked from."""
    return served.person("anna@own.example", "member", OWN, name="Anna <script>window.pwned=1</script>")


@pytest.fixture(scope="session")
def olga(served: Served) -> requests.Session:
    """Of the firm that is attacked."""
    return served.person("olga@other.example", "member", OTHER)


@pytest.fixture(scope="session")
def mark(served: Served) -> requests.Session:
    """An account manager of the launch pad that coaches the first firm only."""
    return served.person("mark@north.example", "manager", "north")


@pytest.fixture(scope="session")
def paul(served: Served) -> requests.Session:
    """A partner organisation."""
    return served.person("paul@partner.example", "partner", "all")

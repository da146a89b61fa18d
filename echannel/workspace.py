"""Where things lie: one folder holds the parameters, the tables and the reports."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from echannel.errors import UserError
from echannel.storage import Place, place, tables_place

STORE_URL, REPORTS_URL = "ECHANNEL_STORE_URL", "ECHANNEL_REPORTS_URL"
"""Environment variables that put tables and reports elsewhere than below the workspace's root."""


@dataclass(frozen=True)
class Workspace:
    """The folders of one installation, below one root.

    ``parameters/`` is written by people and kept in git; ``data/`` and ``reports/`` are made here.
    ``store_url`` and ``reports_url`` put the tables and the reports elsewhere: in a folder, or where
    fsspec opens (see ``echannel.storage``). Keys, files handed in and unfinished work stay below the root.
    """

    root: Path
    store_url: str | None = None
    reports_url: str | None = None

    @property
    def parameters(self) -> Path:
        """Profiles of SMEs and cohorts (YAML)."""
        return self.root / "parameters"

    @property
    def inbox(self) -> Path:
        """Files as the SMEs hand them over: ``data/inbox/<sme>/``."""
        return self.root / "data" / "inbox"

    @property
    def store(self) -> Place:
        """Canonical tables: ``data/store/<sme>/<table>/``."""
        return tables_place(self.store_url) if self.store_url else self.root / "data" / "store"

    @property
    def notes(self) -> Path:
        """What is noted down line by line, and unfinished work, per SME: always a folder."""
        store = self.store
        return store if isinstance(store, Path) else self.root / "data" / "store"

    @property
    def keys(self) -> Path:
        """Pseudonymisation keys, one per SME, apart from the tables that they protect."""
        return self.root / "data" / "keys"

    @property
    def notebooks(self) -> Path:
        """One notebook per tool."""
        return self.root / "notebooks"

    @property
    def reports(self) -> Place:
        """Reports: ``reports/<cohort>/<sme>/<tool>.<lang>.html``."""
        return place(self.reports_url) if self.reports_url else self.root / "reports"


def find_workspace(start: Path | None = None) -> Workspace:
    """The workspace that ``$ECHANNEL_ROOT`` names, else the nearest folder upwards with ``parameters/``.

    Raises
    ------
    UserError
        When there is none: says where it looked.

    ``$ECHANNEL_STORE_URL`` and ``$ECHANNEL_REPORTS_URL`` put its tables and reports elsewhere.
    """
    urls = os.environ.get(STORE_URL) or None, os.environ.get(REPORTS_URL) or None
    named = os.environ.get("ECHANNEL_ROOT")
    if named and start is None:
        return Workspace(Path(named).resolve(), *urls)
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "parameters").is_dir():
            return Workspace(folder, *urls)
    raise UserError("error.no_workspace", folder=str(here))

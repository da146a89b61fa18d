"""Where things lie: one folder holds the parameters, the tables and the reports."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from echannel.errors import UserError


@dataclass(frozen=True)
class Workspace:
    """The folders of one installation, below one root.

    ``parameters/`` is written by people and kept in git; ``data/`` and ``reports/`` are made here.
    """

    root: Path

    @property
    def parameters(self) -> Path:
        """Profiles of SMEs and cohorts (YAML)."""
        return self.root / "parameters"

    @property
    def inbox(self) -> Path:
        """Files as the SMEs hand them over: ``data/inbox/<sme>/``."""
        return self.root / "data" / "inbox"

    @property
    def store(self) -> Path:
        """Canonical tables: ``data/store/<sme>/<table>/``."""
        return self.root / "data" / "store"

    @property
    def keys(self) -> Path:
        """Pseudonymisation keys, one per SME, apart from the tables that they protect."""
        return self.root / "data" / "keys"

    @property
    def notebooks(self) -> Path:
        """One notebook per tool."""
        return self.root / "notebooks"

    @property
    def reports(self) -> Path:
        """Reports: ``reports/<cohort>/<sme>/<tool>.<lang>.html``."""
        return self.root / "reports"


def find_workspace(start: Path | None = None) -> Workspace:
    """The workspace that ``$ECHANNEL_ROOT`` names, else the nearest folder upwards with ``parameters/``.

    Raises
    ------
    UserError
        When there is none: says where it looked.
    """
    named = os.environ.get("ECHANNEL_ROOT")
    if named and start is None:
        return Workspace(Path(named).resolve())
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "parameters").is_dir():
            return Workspace(folder)
    raise UserError("error.no_workspace", folder=str(here))

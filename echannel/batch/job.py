"""What a worker is handed for one report, and the bounds within which it makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from echannel.batch.pages import Frame
from echannel.batch.plan import Report
from echannel.storage import Place
from echannel.workspace import Workspace

OURS = "echannel"
"""The papermill engine of :mod:`echannel.engine`."""
STANDARD = "nbclient"
"""Papermill's own engine."""

REPORT_SECONDS = 1800
REPORT_MEMORY = 4 << 30


@dataclass(frozen=True)
class Job:
    """All that a worker needs for one report; plain data, so that it crosses to another process."""

    report: Report
    notebook: Path
    folder: Place
    root: Path
    frame: Frame
    parameters: Mapping[str, Any] = field(default_factory=dict)
    engine: str = STANDARD
    made_from: str | None = None
    store_url: str | None = None
    also: tuple[str, ...] = ()

    @property
    def workspace(self) -> Workspace:
        """Where the notebook finds profiles and tables."""
        return Workspace(self.root, self.store_url)

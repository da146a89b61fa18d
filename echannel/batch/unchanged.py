"""Whether a report would come out the same: everything that it is made from, as one short name."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from echannel.kept import key_of
from echannel.store import SmeStore
from echannel.workspace import Workspace

if TYPE_CHECKING:
    from echannel.batch.execute import Job


def name_of_all(workspace: Workspace, job: Job) -> str | None:
    """The notebook, the package, the parameters, the frame, the profiles and the tables as last synced.

    None where there are no tables: what such a report rests on cannot be told. The day on which it
    is made is no part of it: a page says of itself when it was made.
    """
    tables = SmeStore(workspace.store / job.report.sme).path / "manifest.json"
    if not tables.is_file():
        return None
    return key_of(
        job.report.name,
        dict(job.parameters),
        repr(job.frame),
        _content(job.notebook),
        _content(tables),
        _content(workspace.parameters / "smes" / f"{job.report.sme}.yml"),
        # Country packs and words of the workspace's own, where there are any.
        [_content(path) for path in sorted(workspace.parameters.glob("countries/**/*")) if path.is_file()],
        _package(),
    )


def _content(path: Path) -> str:
    return _content_as_of(path, path.stat().st_mtime_ns) if path.is_file() else ""


@lru_cache(maxsize=4096)
def _content_as_of(path: Path, changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@lru_cache
def _package() -> str:
    """Every file of this package: a changed line of code may change every page."""
    root = Path(str(files("echannel")))
    found = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return key_of([(path.relative_to(root).as_posix(), _content(path)) for path in found])

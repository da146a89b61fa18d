"""Whether a report would come out the same: everything that it is made from, as one short name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from echannel.keys import key_of
from echannel.storage import Place, RemotePath
from echannel.workspace import Workspace

if TYPE_CHECKING:
    from echannel.batch.job import Job


def name_of_all(workspace: Workspace, job: Job) -> str | None:
    """The notebook, the package, the parameters, the frame, the profiles and the tables as last synced.

    None where there are no tables: what such a report rests on cannot be told. The day on which it
    is made is no part of it (a page says of itself when it was made), unless the notebook says that it rests
    on that (see :func:`_rests_on`).
    """
    if not (stored := _content(workspace.store / job.report.sme / "manifest.json")):
        return None
    return key_of(
        job.report.name,
        dict(job.parameters),
        repr(job.frame),
        _content(job.notebook),
        stored,
        _content(workspace.parameters / "smes" / f"{job.report.sme}.yml"),
        # Country packs and words of the workspace's own, where there are any.
        [_content(path) for path in sorted(workspace.parameters.glob("countries/**/*")) if path.is_file()],
        [_RESTS_ON[name](workspace) for name in _rests_on(job.notebook)],
        _package(),
    )


def _rests_on(notebook: Path) -> tuple[str, ...]:
    """What else a notebook's pages rest on, by its own word: ``rests_on`` under ``echannel`` in its metadata.

    ``today`` (rules of the day), ``reference`` (figures that the workspace fetched), ``register``.
    """
    return _rests_on_as_of(notebook, notebook.stat().st_mtime_ns) if notebook.is_file() else ()


@lru_cache
def _rests_on_as_of(notebook: Path, changed: int) -> tuple[str, ...]:
    try:
        metadata = json.loads(notebook.read_text(encoding="utf-8"))["metadata"]
        return tuple(sorted(set(metadata["echannel"]["rests_on"]) & set(_RESTS_ON)))
    except (OSError, ValueError, KeyError, TypeError):  # it says nothing, or is no notebook: running it tells
        return ()


_RESTS_ON: dict[str, Callable[[Workspace], object]] = {
    "today": lambda _: date.today().isoformat(),
    "reference": lambda workspace: [
        _content(path) for path in sorted((workspace.root / "data" / "reference").glob("*")) if path.is_file()
    ],
    "register": lambda workspace: _content(workspace.root / "data" / "register.sqlite"),
}


def _content(path: Place) -> str:
    if isinstance(path, RemotePath):
        return path.version()
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

"""Tables from object storage in a folder of this machine, for readers that are given no credentials.

A firm's folder is laid out as its store is: files of other versions lie beside each other, and a reader
follows the manifest that it has read. So a newer version disturbs nobody who is at an older one.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

from echannel.keys import KEPT
from echannel.storage import RemotePath

log = logging.getLogger(__name__)


def bring_near(remote: RemotePath, folder: Path) -> None:
    """Lay a firm's tables as they stand now into ``folder``; only what is not there yet is fetched.

    Two requests where nothing is new. The manifest comes last, so that a reader sees the old state or the
    new one whole. A firm that has no tables any more has no folder. Where the store cannot be reached, what
    was brought before stays; where nothing was, the error is raised.
    """
    from echannel.store import SmeStore  # with pandas, which a run of which nothing has changed does without

    there = folder / "manifest.json"
    try:
        manifest = SmeStore(remote).current()
        if manifest is None:
            shutil.rmtree(folder, ignore_errors=True)
            return
        text = json.dumps(asdict(manifest)).encode()
        if there.is_file() and there.read_bytes() == text:
            return
        wanted = {f"{table}/{file}" for table, files in manifest.files.items() for file in files}
        kept = {f"{KEPT}/{name}" for name in (remote / KEPT).below() if "/" not in name}
        missing = {name for name in wanted | kept if not (folder / name).exists()}
        found = remote.read_many(missing)
        if lost := (wanted & missing) - set(found):
            raise FileNotFoundError(sorted(lost)[0])
    except Exception:
        if not there.is_file():
            raise
        log.warning("store unreachable", exc_info=True)
        return
    (folder / KEPT).mkdir(parents=True, exist_ok=True)
    for name, content in found.items():
        _put(folder / name, content)
    _put(there, text)


def forget_older(folder: Path) -> None:
    """Remove the tables' files that the manifest does not name; for when nobody reads an older version."""
    try:
        named = json.loads((folder / "manifest.json").read_bytes())["files"]
    except (OSError, ValueError, KeyError):
        shutil.rmtree(folder, ignore_errors=True)
        return
    for table in folder.iterdir():
        if table.is_dir() and table.name != KEPT:
            for file in table.iterdir():
                if file.name not in named.get(table.name, ()):
                    file.unlink(missing_ok=True)


def _put(path: Path, content: bytes) -> None:
    """In one step, through a new file of a name that nobody knows before.

    A kernel may write into its firm's folder of results: a link that it lays there is not followed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=".")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(partial).replace(path)

"""Tables from object storage, brought near for a run: reports are made from a folder of this machine.

Reports are made in forked processes, and the clients of object storage keep threads that must not be forked.
So whoever hands out the work fetches an SME's tables first, in one go: a request per file, not one per
reader. What the reports have computed and kept (forecasts) is carried back when they are done.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from echannel.storage import RemotePath, place, write_whole

if TYPE_CHECKING:
    from echannel.batch.job import Job

KEPT = "kept"


@contextmanager
def brought_near(jobs: list[Job]) -> Iterator[list[Job]]:
    """The same jobs with their tables in a folder of this machine; as they are, where that is so."""
    store = place(jobs[0].store_url) if jobs and jobs[0].store_url else None
    if not isinstance(store, RemotePath):
        yield jobs
        return
    with tempfile.TemporaryDirectory(prefix="echannel-tables-") as name:
        near = Path(name)
        smes = list(dict.fromkeys(job.report.sme for job in jobs))
        before = {sme: fetch(store / sme, near / sme) for sme in smes}
        yield [replace(job, store_url=str(near)) for job in jobs]
        for sme in smes:
            _carry_back(near / sme / KEPT, store / sme / KEPT, before[sme])


def fetch(remote: RemotePath, folder: Path) -> set[str]:
    """Lay an SME's tables as they stand now, and what was computed from them, into a folder.

    Returns the names of what was computed. Nothing is laid where nothing was stored yet.
    """
    from echannel.store import SmeStore

    manifest = SmeStore(remote).current()
    if manifest is None:
        return set()
    wanted = [f"{table}/{file}" for table, files in manifest.files.items() for file in files]
    kept = {f"{KEPT}/{name}" for name in (remote / KEPT).below()}
    for name, content in remote.read_many([*wanted, *kept]).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    write_whole(folder / "manifest.json", json.dumps(vars(manifest)).encode())
    return {name.removeprefix(f"{KEPT}/") for name in kept}


def _carry_back(near: Path, remote: RemotePath, known: Iterable[str]) -> None:
    for path in near.glob("[!.]*"):
        if path.name not in known:
            (remote / path.name).write_bytes(path.read_bytes())
    for gone in set(known) - {path.name for path in near.glob("*")}:
        (remote / gone).unlink(missing_ok=True)

"""Tables from object storage, brought near for a run: reports are made from a folder of this machine.

Reports are made in forked processes, and the clients of object storage keep threads that must not be forked.
So whoever hands out the work fetches an SME's tables first, in one go: a request per file, not one per
reader. What the reports have computed and kept (forecasts) is carried back when they are done.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from echannel.keys import KEPT
from echannel.near import bring_near
from echannel.storage import RemotePath, place

if TYPE_CHECKING:
    from echannel.batch.job import Job


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
        before = {sme: _brought(store / sme, near / sme) for sme in smes}
        yield [replace(job, store_url=str(near)) for job in jobs]
        for sme in smes:
            _carry_back(near / sme / KEPT, store / sme / KEPT, before[sme])


def _brought(remote: RemotePath, folder: Path) -> set[str]:
    """Lay an SME's tables near; returns the names of what was computed from them and lies with them."""
    bring_near(remote, folder)
    return {path.name for path in (folder / KEPT).glob("[!.]*")}


def _carry_back(near: Path, remote: RemotePath, known: Iterable[str]) -> None:
    for path in near.glob("[!.]*"):
        if path.name not in known:
            (remote / path.name).write_bytes(path.read_bytes())
    for gone in set(known) - {path.name for path in near.glob("*")}:
        (remote / gone).unlink(missing_ok=True)

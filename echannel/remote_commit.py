"""Commits on object storage, where several machines may write: one of them wins, the others are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from echannel.errors import UserError
from echannel.storage import Place, RemotePath

_LOOK_BACK = 20


@contextmanager
def exclusively(where: Place) -> Iterator[None]:
    """What another writer was granted first is said as such (``scale.error.other_writer``)."""
    if not isinstance(where, RemotePath):
        yield
        return
    from deltalake.exceptions import CommitFailedError

    try:
        yield
    except (FileExistsError, CommitFailedError) as taken:
        raise UserError("scale.error.other_writer", sme=where.name) from taken


def written_by(writer: str, table: RemotePath, newest: int) -> tuple[int, list[str]]:
    """The Delta version that this writer made, with its files: another's may have come on top of it by now.

    Read from Delta's own log: an overwriting commit adds exactly the files that the table has from then on.
    """
    for version in range(newest, max(-1, newest - _LOOK_BACK), -1):
        lines = (table / "_delta_log" / f"{version:020d}.json").read_text().splitlines()
        actions = [json.loads(line) for line in lines if line]
        if any(action.get("commitInfo", {}).get("writer") == writer for action in actions):
            return version, sorted(action["add"]["path"] for action in actions if "add" in action)
    raise UserError("scale.error.other_writer", sme=table.parent.name)

"""From an SME's sources to its tables: incremental, all or nothing, refused rows kept aside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from echannel.connectors.base import Note
from echannel.locale import Speaker
from echannel.store import Manifest
from echannel.workspace import Workspace

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class SyncReport:
    """What one sync did: source rows read, canonical rows kept by table, source rows refused."""

    sme: str
    read: int
    kept: dict[str, int]
    refused: int
    changed: dict[str, int]
    notes: tuple[Note, ...]
    manifest: Manifest
    seconds: float

    def sentences(self, say: Speaker) -> list[str]:
        """What happened, in the reader's words."""
        return [say(note.key, **note.values) for note in self.notes]


def sync_sme(workspace: Workspace, sme_id: str, progress: Progress | None = None) -> SyncReport:
    """Bring an SME's tables up to its sources: all of them, or nothing.

    Raises
    ------
    UserError
        When a source cannot be read: its tables stay as they were, and the run log says why.
    """
    raise NotImplementedError

"""From an SME's sources to its tables: incremental, all or nothing, refused rows kept aside."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from echannel import __version__
from echannel.connectors import connector
from echannel.connectors.base import Note, SourceContext
from echannel.errors import UserError
from echannel.gathering import Gathered, checked_piece
from echannel.locale import Speaker
from echannel.profiles import SmeProfile, Source, load_sme
from echannel.pseudonyms import key_path, load_key, pseudonymiser
from echannel.quarantine import note_in_words, write_quarantine
from echannel.secrets import resolve_all
from echannel.spool import Spool
from echannel.storage import Place
from echannel.store import REJECTED, Manifest, SmeStore
from echannel.tracker import record, turn_of
from echannel.workspace import Workspace

Progress = Callable[[str, int, int], None]
_PROFILE = "<profile>"
"""The cursor's key for what of the profile shapes the tables: when that changes, all is read again."""


@dataclass(frozen=True)
class SyncReport:
    """What one sync did.

    ``read`` and ``refused`` are rows of the sources (``read`` = ``kept_rows`` + ``refused``);
    ``kept`` canonical rows by table;
    ``changed`` rows that came in, were altered or went, by table (none: nothing new);
    ``duplicates`` rows that came twice with the same key, by table (the last one counts);
    ``reasons`` why rows were refused, the most frequent first; ``quarantine`` the files that hold them.
    """

    sme: str
    read: int
    kept: dict[str, int]
    refused: int
    duplicates: dict[str, int]
    changed: dict[str, int]
    notes: tuple[Note, ...]
    manifest: Manifest
    reasons: tuple[tuple[Note, int], ...]
    quarantine: tuple[Place, ...]
    seconds: float

    @property
    def kept_rows(self) -> int:
        """The rows of the sources that were not refused."""
        return max(0, self.read - self.refused)

    @property
    def first(self) -> bool:
        """Whether there were no tables before."""
        return self.manifest.number == 1 and bool(self.changed)

    def sentences(self, say: Speaker) -> list[str]:
        """What happened, in the reader's words: rows read and refused, what changed, what was decided."""
        orders, kept_aside = self.kept.get("orders", 0), sum(self.manifest.rejected.values())
        said = [say("sync.orders_read", n=orders)] if orders else []
        if self.read:
            said.append(say("sync.rows", n=self.read, kept=self.kept_rows, refused=self.refused))
        if self.refused:
            said.append(say("sync.refused", n=self.refused))
            for reason, n in self.reasons:
                said.append(say("sync.refused_because", n=n, reason=note_in_words(reason, say)))
        elif kept_aside:
            said.append(say("sync.still_refused", n=kept_aside))
        said += [say("sync.see_quarantine", file=str(path)) for path in self.quarantine]
        if self.duplicates:
            said.append(say("sync.duplicates", n=sum(self.duplicates.values())))
        if not self.changed:
            said.append(say("sync.nothing_new"))
        return said + [note_in_words(note, say) for note in self.notes]


def sync_sme(
    workspace: Workspace, sme_id: str, progress: Progress | None = None, again: bool = False
) -> SyncReport:
    """Bring an SME's tables up to its sources: all of them, or nothing.

    Only one sync of an SME runs at a time; a second one waits. ``again`` reads everything
    anew instead of only what is new.

    Raises
    ------
    UserError
        When a source cannot be read: the tables stay as they were, and the run log says why.
    """
    profile = load_sme(workspace, sme_id)
    store = SmeStore(workspace.store / profile.id)
    with store.lock:
        started, clock = datetime.now(UTC), time.perf_counter()
        gathered = Gathered()
        try:
            before, after = _sync(workspace, profile, store, gathered, progress or _silent, again)
        except Exception as failure:
            error = _as_user_error(failure, profile.id)
            _write_run(workspace, profile.id, started, clock, gathered, error=error, failure=failure)
            _track_failure(workspace, profile.id, error)
            raise error from failure
        say = Speaker(profile.languages[0], profile.country, profile.currency, workspace)
        files = write_quarantine(store.path / "quarantine", store.read(REJECTED.name, manifest=after), say)
        changed = {} if before is not None and before.number == after.number else after.changed
        _write_run(workspace, profile.id, started, clock, gathered, manifest=after, changed=changed)
        for source in profile.sources:
            record(workspace, profile.id, source.id, "synced")
    return SyncReport(
        profile.id,
        gathered.read,
        gathered.kept,
        gathered.refused,
        gathered.duplicates,
        changed,
        tuple(gathered.notes),
        after,
        _reasons(gathered.rejected),
        tuple(files),
        time.perf_counter() - clock,
    )


def _track_failure(workspace: Workspace, sme: str, error: UserError) -> None:
    """The tracker hears which source fails, and why."""
    told = dict(error.values)
    if error.key == "sync.error.source":
        record(workspace, sme, told["source"], "failing", told["why"], turn=turn_of(told["why"]))


def _silent(what: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def _sync(
    workspace: Workspace,
    profile: SmeProfile,
    store: SmeStore,
    gathered: Gathered,
    progress: Progress,
    again: bool,
) -> tuple[Manifest | None, Manifest]:
    if not profile.sources:
        raise UserError("sync.error.no_sources", sme=profile.id)
    before = store.current()
    # A new key beside old tables would make every customer a stranger.
    key = load_key(key_path(workspace, profile.id), create=before is None)
    if len(profile.sources) > 1:
        gathered.owners = _owners(store, before, [source.id for source in profile.sources])
    spools = []
    for source in profile.sources:
        folder = workspace.notes / profile.id / "spool" / source.id
        if again:
            shutil.rmtree(folder, ignore_errors=True)
        cursor = {} if before is None or again else before.cursors.get(source.id, {})
        context = SourceContext(
            profile, source.id, workspace.root, pseudonymiser(key), progress, resolve_all(source.secrets)
        )
        try:
            state = before.number if before else 0
            spools.append(_gather(source, cursor, context, gathered, folder, state))
        except UserError as error:
            raise UserError("sync.error.source", sme=profile.id, source=source.id, why=error) from error
    after = store.commit(
        gathered.tables(),
        cursors=gathered.cursors,
        rejected=pd.concat(gathered.rejected) if gathered.rejected else None,
        read_files=gathered.read_files,
        log=gathered.log,
        emptied=gathered.groups_gone(),
        settled=gathered.settled,
    )
    for spool in spools:
        spool.clear()
    return before, after


def _owners(store: SmeStore, before: Manifest | None, sources: list[str]) -> pd.Series:
    """The source of each stored order, by its number; a source that the profile lost owns nothing."""
    if before is None:
        return pd.Series(dtype=object)
    orders = store.read("orders", ["order_id", "source"], before).astype(object)
    return orders[orders["source"].isin(sources)].set_index("order_id")["source"]


def _gather(
    source: Source, cursor: dict[str, str], context: SourceContext, gathered: Gathered, spool: Path, base: int
) -> Spool:
    """Read one source from ``cursor`` on, or from where a sync that broke off had got to."""
    shape = _shape_of(context.sme)
    position = cursor if cursor.get(_PROFILE) == shape else {}
    position = {name: value for name, value in position.items() if name != _PROFILE}
    made = connector(source.connector)
    start = {"position": position, "shape": shape, "source": source.model_dump(mode="json"), "state": base}
    kept = Spool(spool, {**start, "package": __version__})
    describes = getattr(made, "describes", None)  # a plug-in may have none
    of_files = describes is None or "files" in describes.tested
    if not of_files:
        gathered.by_key.add(source.id)
        gathered.anew |= set() if position else {source.id}
    for piece in kept.pieces():
        gathered.add(piece, source.id)
        position = piece.position
    reader = made(source.options, context)
    for batch in reader.fetch(dict(position)):
        piece = checked_piece(batch, position, context, gathered.owners, of_files)
        kept.save(piece)
        gathered.add(piece, source.id)
        position = piece.position
    gathered.cursors[source.id] = {**position, _PROFILE: shape}
    return kept


def _reasons(rejected: list[pd.DataFrame]) -> tuple[tuple[Note, int], ...]:
    parts = [part for part in rejected if len(part)]
    if not parts:
        return ()
    counts = pd.concat(parts).groupby(["reason", "reason_values"], sort=False).size()
    ordered = counts.sort_values(ascending=False, kind="stable").reset_index(name="n")
    return tuple(
        (Note(str(row.reason), json.loads(str(row.reason_values) or "{}")), int(row.n))  # type: ignore[arg-type]
        for row in ordered.itertuples()
    )


def _shape_of(profile: SmeProfile) -> str:
    """What of a profile decides how rows are read; a hash, as cursors are text."""
    parts = (profile.timezone, profile.currency, profile.country, profile.orientation, profile.vat.registered)
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=8).hexdigest()


def _as_user_error(failure: Exception, sme_id: str) -> UserError:
    if isinstance(failure, UserError):
        return failure
    if isinstance(failure, OSError):
        return UserError(
            "sync.error.system", sme=sme_id, file=str(failure.filename or "–"), why=failure.strerror or "–"
        )
    # The message of an unforeseen error may quote a row: only its kind is repeated.
    return UserError("sync.error.unforeseen", sme=sme_id, what=type(failure).__name__)


def _write_run(
    workspace: Workspace,
    sme: str,
    started: datetime,
    clock: float,
    gathered: Gathered,
    manifest: Manifest | None = None,
    changed: dict[str, int] | None = None,
    error: UserError | None = None,
    failure: Exception | None = None,
) -> None:
    """One more line in the run log: what was read, kept and refused, and how it ended."""
    run = {
        "sme": sme,
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - clock, 3),
        "package": __version__,
        "read": gathered.read,
        "kept": gathered.kept,
        "refused": gathered.refused,
        "duplicates": gathered.duplicates,
        "changed": changed or {},
        "sources": gathered.log,
        "manifest": manifest.number if manifest else None,
        "versions": manifest.versions if manifest else None,
        "error": str(error) if error else None,
        "where": _where(failure) if failure and not isinstance(failure, UserError) else None,
    }
    line = json.dumps(run, ensure_ascii=False, default=str) + "\n"
    (workspace.notes / sme).mkdir(parents=True, exist_ok=True)
    handle = os.open(workspace.notes / sme / "runs.jsonl", os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


def _where(failure: Exception) -> list[str]:
    """Where in the code an unforeseen error arose; places only, no values."""
    return [
        f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(failure.__traceback__)
    ]

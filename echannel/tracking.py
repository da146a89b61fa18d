"""The tracker and the census of sources as tables on the command line."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from echannel.connectors.catalogue import NEEDS, Served, field_words, fields_of, given_by, matrix, served
from echannel.errors import UserError
from echannel.locale import Speaker
from echannel.profiles import load_sme, resolve_smes
from echannel.store import SmeStore
from echannel.tables import TABLES
from echannel.tracker import Standing, record, standings
from echannel.workspace import Workspace


def note_down(workspace: Workspace, sme: str, source: str, state: str, note: str, turn: str) -> None:
    """Write down by hand how a source stands.

    Raises
    ------
    UserError
        There is no such source, state or turn.
    """
    known = [one.id for one in load_sme(workspace, sme).sources]
    if source not in known:
        raise UserError("connect.track.no_source", value=source, known=", ".join(known) or "–")
    record(workspace, sme, source, state, note=note, turn=turn)


def tracker_table(workspace: Workspace, name: str, say: Speaker) -> Table:
    """Per SME and source: state, since when, what blocks, whose turn; days from contact to dashboard."""
    heads = ("sme", "source", "state", "since", "blocks", "turn", "to_dashboard")
    table = _table(say("connect.track.title"), [say(f"connect.track.{head}") for head in heads])
    for one in standings(workspace, resolve_smes(workspace, name)):
        said = [say.error(one.blocks)] if one.blocks else []
        said += [one.note] if one.note else []
        _add(
            table,
            one.sme,
            one.source,
            say(f"connect.state.{one.state}"),
            _since(one, say),
            " ".join(said) or "–",
            say(f"connect.turn.{one.turn}") if one.turn else "–",
            _days(one.days_to_dashboard, say),
        )
    return table


def census_table(workspace: Workspace, name: str, say: Speaker) -> Table:
    """Source × tool for a cohort: what each tool lacks, by field, and the days of waiting.

    What a source can give comes from its connector; once it is synced, a column without a single value in
    the SME's tables counts as missing too.
    """
    heads = [say(f"connect.track.{head}") for head in ("sme", "source", "state", "waiting_days")]
    table = _table(say("connect.census.title"), [*heads, *(say(f"audit.tool.{tool}") for tool in NEEDS)])
    for one in standings(workspace, resolve_smes(workspace, name)):
        (source,) = (own for own in load_sme(workspace, one.sme).sources if own.id == one.source)
        fields = fields_of(given_by(source.connector, source.options))
        if one.state == "synced":
            fields &= _filled(SmeStore(workspace.store / one.sme))
        elif one.state != "connected":
            fields = set()
        waiting = one.days() if one.state in ("not_started", "waiting", "failing") else None
        cells = [_cell(tool, say) for tool in served(fields)]
        _add(table, one.sme, one.source, say(f"connect.state.{one.state}"), _days(waiting, say), *cells)
    return table


def matrix_table(say: Speaker) -> Table:
    """Every connector and what it can and cannot give."""
    head, rows = matrix(say)
    table = _table(say("connect.matrix.title"), head)
    for row in rows:
        _add(table, *row)
    return table


def _cell(tool: Served, say: Speaker) -> str:
    state = say(f"connect.served.{tool.state}")
    missing = ", ".join(field_words(field, say) for field in tool.missing)
    return f"{state} (−\u00a0{missing})" if missing else state


def _filled(store: SmeStore) -> set[str]:
    """The columns (``table.column``) that hold at least one value; only those that tools ask for are read."""
    manifest, found = store.manifest(), set()
    for name in TABLES:
        wanted = sorted({need.column for needs in NEEDS.values() for need in needs if need.table == name})
        if not wanted or not manifest.counts.get(name):
            continue
        frame = store.read(name, wanted, manifest)
        found |= {f"{name}.{column}" for column in wanted if frame[column].notna().any()}
    return found


def _since(one: Standing, say: Speaker) -> str:
    return "–" if one.since is None else say.day(one.since)


def _days(days: int | None, say: Speaker) -> str:
    return "–" if days is None else say("connect.days", n=days)


def _table(title: str, heads: list[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    return table


def _add(table: Table, *cells: str) -> None:
    table.add_row(*(Text(cell) for cell in cells))

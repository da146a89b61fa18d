"""``echannel reference``: what is known of markets and how old it is, and fetching newer figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from echannel.locale import Speaker
from echannel.profiles import resolve_smes
from echannel.reference import comtrade, refresh, snapshot
from echannel.reference.http import Live
from echannel.workspace import Workspace

if TYPE_CHECKING:
    from echannel.spoken import Talk

_MOST_CODES = 12  # of a firm's goods: each is five questions to a slow source


def tell_status(workspace: Workspace, talk: Talk) -> None:
    """Prints every figure with its markets, years, source and day of reading, and how old rates are."""
    say, today = talk.say, datetime.now(UTC).date()
    talk.out.print(_figures_table(workspace, say), soft_wrap=False)
    day = refresh.rates_day(workspace, today)
    if day is not None:
        talk.print(say("reference.status.rates", day=day, n=(today - day).days))
    live = Live(workspace)
    talk.print(say("reference.status.live") if live.online else say("reference.status.offline"))
    for name in ("comtrade", "companies_house"):
        there = name in live.settings.keys
        talk.print(say(f"reference.status.key_{name}" if there else f"reference.status.no_key_{name}"))


def refresh_and_tell(workspace: Workspace, talk: Talk, name: str = "") -> bool:
    """Fetches what is newer, with a bar; what failed is said, and stays as it was. True when all went well.

    ``name``: an SME or cohort for whose goods imports and UK duties are fetched too.
    """
    say = talk.say
    full = _codes_by_home(workspace, name) if name else {}
    codes = _most_frequent(full)
    if len(codes) > _MOST_CODES:
        talk.print(say("reference.refresh.most_codes", n=len(codes), most=_MOST_CODES))
    planned = refresh.steps(
        Live(workspace, online=True),
        datetime.now(UTC).date(),
        codes[:_MOST_CODES],
        {home: list(dict.fromkeys(found)) for home, found in full.items() if home != "GB" and len(found)},
    )
    failed = []
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=talk.err, transient=True, disable=not talk.err.is_terminal) as bars:
        task = bars.add_task(say("reference.refresh.working"), total=len(planned))
        for done in refresh.run(planned):
            bars.advance(task)
            if done.failed is not None:
                failed.append(done)
    talk.print(say("reference.refresh.done", n=len(planned) - len(failed), total=len(planned)))
    for done in failed:
        assert done.failed is not None
        what = say(f"reference.step.{done.step.name}")
        talk.print(say("reference.refresh.stays", what=what, why=done.failed), style="yellow")
    return not failed


def _codes_by_home(workspace: Workspace, name: str) -> dict[str, pd.Series]:
    """The customs codes of the firms' products, one per product, by the country that the firm sells from."""
    from echannel.sme import open_sme

    found: dict[str, list[pd.Series]] = {}
    for one in resolve_smes(workspace, name):
        sme = open_sme(one, workspace)
        found.setdefault(sme.profile.country, []).append(
            sme.table("products")["hs_code"].dropna().astype(str)
        )
    return {home: pd.concat(codes) for home, codes in found.items()}


def _most_frequent(full: Mapping[str, pd.Series]) -> list[str]:
    """The six-digit codes, those of most products first."""
    if not full:
        return []
    codes = pd.concat(full.values()).map(comtrade.hs6)
    return [str(code) for code in codes[codes != ""].value_counts().index]


def _figures_table(workspace: Workspace, say: Speaker) -> Table:
    table = Table()
    for column in ("figure", "markets", "years", "publisher", "licence", "read"):
        table.add_column(say(f"reference.column.{column}"), overflow="fold")
    known, sources = snapshot.figures(workspace), snapshot.sources()
    for figure in snapshot.FIGURES:
        rows = known[known["figure"] == figure]
        years = rows["year"]
        publishers = sources["publisher"].loc[rows["source"].unique()].unique()
        table.add_row(
            say(f"reference.step.{figure}"),
            say.number(rows["market"].nunique()),
            "–".join(dict.fromkeys((str(years.min()), str(years.max())))),
            ", ".join(publishers),
            ", ".join(rows["licence"].unique()),
            say.day(pd.Timestamp(rows["retrieved"].max())),
        )
    return table

"""Cards of the data audit: what is there, what each tool can do with it, what to mend first."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd

from echannel.locale import Speaker
from echannel.metrics import audit
from echannel.metrics.inventory import Inventory, InventorySettings, with_settings
from echannel.metrics.result import OK
from echannel.sme import Sme
from echannel.stock import settings_of
from echannel.tables import TABLES
from echannel.views import axes, charts, theme
from echannel.views.cards import NO_FIGURES, Card, Rows, reasons
from echannel.views.context import View
from echannel.views.frames import first_row, keyed
from echannel.views.refused import file_of, reason_in_words, refused_rows
from echannel.views.tables import Column, Table

_VERDICT_COLOURS = {"ready": theme.SECOND, "partly": theme.SOFT, "not_yet": theme.ALERT}
_SEVERITY_COLOURS = {"blocking": theme.THIRD, "serious": theme.ALERT, "minor": theme.SOFT, "ok": theme.SECOND}
MOST_REFUSED = 2000  # rows in the download of a page; all of them lie in the quarantine files
_TOTALS = ("shop_total_gross", "net_invoiced", "net_goods", "payments", "accounts")


def audited(view: View) -> audit.Audited:
    """What is audited: every table as last synced, judged on the day of that sync."""
    return view.once("audited", lambda: _audited(view.sme))


def _audited(sme: Sme) -> audit.Audited:
    synced = datetime.fromisoformat(sme.manifest.synced_at).astimezone(ZoneInfo(sme.profile.timezone))
    today = (pd.Timestamp(synced.date()) - pd.Timestamp(0)).days
    return audit.Audited(
        tables={name: sme.table(name) for name in TABLES},
        country=sme.profile.country,
        vat_rates=sme.pack.vat_rates,
        today=today,
        rejected=sme.manifest.rejected,
        vat_registered=sme.profile.vat.registered,
        sales=sme.sales,
        inventory=_as_it_is(sme, today),
    )


def _as_it_is(sme: Sme, today: int) -> Inventory | None:
    """The inventory tool's own view of the shop, without what the profile adds to it."""
    plain, own = InventorySettings(country=sme.profile.country), settings_of(sme.profile)
    if sme.sales.last_day > today or own.roll_back_days != plain.roll_back_days:
        return None
    return with_settings(sme.inventory, plain, sme.sales.products)


def findings(view: View) -> pd.DataFrame:
    """Every check of the audit, worst first (see ``metrics.audit.checks``)."""
    return view.once("audit.checks", lambda: audit.checks(audited(view)))


def to_mend(view: View) -> pd.DataFrame:
    """What to mend, first what unlocks most (see ``metrics.audit.fixes``)."""
    abroad = view.once("sold abroad", lambda: audit.sold_abroad(audited(view)))
    return audit.fixes(findings(view), abroad)


def readiness(view: View) -> Card:
    """What each tool can do today, with these data."""
    say = view.say
    frame = audit.readiness(findings(view))
    known = frame[frame["status"] == OK]
    figure = charts.ranked(
        [say(f"audit.tool.{tool}") for tool in known["tool"]],
        known["value"].tolist(),
        axes.percents(say),
        colour=[_VERDICT_COLOURS[verdict] for verdict in known["verdict"]],
        texts=[
            f"{say.percent(value, 0)} · {say(f'audit.verdict.{verdict}')}"
            for value, verdict in zip(known["value"], known["verdict"], strict=True)
        ],
        notes=[_held_back(say, row) for _, row in known.iterrows()],
    )
    sentence = " ".join(tool_sentence(say, row) for _, row in known.iterrows())
    table = Table(
        "readiness",
        known.assign(held=[_held_back(say, row) for _, row in known.iterrows()]),
        (
            Column("tool", "tool", words=lambda tool: say(f"audit.tool.{tool}")),
            Column("value", "score", "percent"),
            Column("verdict", "verdict", words=lambda verdict: say(f"audit.verdict.{verdict}")),
            Column("held", "held_back_by"),
            Column("n", "inputs", "number"),
        ),
    )
    checks = len(findings(view))
    return Card("audit.readiness", sentence, Rows(checks, "checks"), (figure,), table, reasons(frame))


def coverage(view: View) -> Card:
    """Which tables are there, and which days they cover."""
    say = view.say
    frame = view.once("audit.coverage", lambda: audit.coverage(audited(view)))
    filled = frame[frame["n"] > 0]
    empty = frame[frame["n"] == 0]
    dated = filled.dropna(subset=["first", "last"])
    sentence = say(
        "audit.say.coverage",
        n=int(filled["n"].sum()),
        tables=say.enumeration([_table_name(say, name) for name in filled["table"]]),
    )
    if len(empty):
        sentence += " " + say(
            "audit.say.empty_tables",
            tables=say.enumeration([_table_name(say, name) for name in empty["table"]]),
        )
    figures = (_periods(say, dated),) if len(dated) else ()
    table = Table(
        "tables",
        frame,
        (
            Column("table", "table", words=lambda name: _table_name(say, name)),
            Column("n", "rows", "number"),
            Column("first", "first_day", "day"),
            Column("last", "last_day", "day"),
            Column("rejected", "refused", "number"),
        ),
    )
    return Card("audit.coverage", sentence, Rows(int(filled["n"].sum()), "rows"), figures, table)


def fixes(view: View) -> Card:
    """What to mend, in the order of what it unlocks."""
    say = view.say
    frame = to_mend(view)
    top = frame.head(8)
    sentence, figures = say("audit.say.nothing_to_fix"), NO_FIGURES
    if len(frame):
        first = first_row(frame)
        sentence = say(
            "audit.say.first_fix",
            n=len(frame),
            check=finding_in_words(say, first["check"], first["value"]),
            fix=say(f"audit.check.{first['check']}.fix"),
        )
        figures = (
            charts.ranked(
                [say(f"audit.check.{code}.title") for code in top["check"]],
                top["value"].tolist(),
                axes.percents(say),
                colour=[_SEVERITY_COLOURS[severity] for severity in top["severity"]],
                texts=[
                    f"{say.percent(value)} · {say(f'audit.severity.{severity}')}"
                    for value, severity in zip(top["value"], top["severity"], strict=True)
                ],
                notes=[say(f"audit.check.{code}.fix") for code in top["check"]],
            ),
        )
    numbered = frame.assign(rank=range(1, len(frame) + 1), fix=frame["check"])
    table = Table(
        "fixes",
        numbered,
        (
            Column("rank", "rank", "number"),
            Column("check", "finding", words=lambda code: say(f"audit.check.{code}.title")),
            Column("fix", "what_to_do", words=lambda code: say(f"audit.check.{code}.fix"), long=True),
            Column("severity", "severity", words=lambda code: say(f"audit.severity.{code}")),
            Column("affected", "affected", "number"),
            Column("total", "out_of", "number"),
            Column("turnover_share", "turnover_touched", "percent"),
            Column("unlocks", "unlocks", words=lambda tools: tools_in_words(say, tools)),
        ),
    )
    return Card(
        "audit.fixes",
        sentence,
        Rows(len(findings(view)), "checks"),
        figures,
        table if len(frame) else None,
        open_table=True,
    )


def checks(view: View) -> Card:
    """Every check with its outcome, the ones that found nothing too."""
    say = view.say
    frame = findings(view)
    ok = int(((frame["severity"] == "ok") & (frame["status"] == OK)).sum())
    sentence = say("audit.say.checks", n=ok, all=len(frame))
    table = Table(
        "checks",
        frame.assign(why=frame["check"], state=_states(frame)),
        (
            Column("check", "finding", words=lambda code: say(f"audit.check.{code}.title")),
            Column("table", "table", words=lambda name: _table_name(say, name)),
            Column("state", "outcome", words=lambda state: say(f"audit.severity.{state}")),
            Column("affected", "affected", "number"),
            Column("total", "out_of", "number"),
            Column("turnover_share", "turnover_touched", "percent"),
            Column("unlocks", "unlocks", words=lambda tools: tools_in_words(say, tools)),
            Column("why", "why_it_matters", words=lambda code: say(f"audit.check.{code}.why"), long=True),
        ),
    )
    counted = pd.Series(_states(frame)).value_counts()
    order = [state for state in (*audit.SEVERITIES, "not_checked", "no_case") if counted.get(state, 0)]
    figure = charts.ranked(
        [say(f"audit.severity.{state}") for state in order],
        [float(counted[state]) for state in order],
        axes.counts(say),
        colour=[_SEVERITY_COLOURS.get(state, theme.MUTED) for state in order],
    )
    return Card("audit.checks", sentence, Rows(len(frame), "checks"), (figure,), table)


def reconciliation(view: View) -> Card:
    """From the shop's total to the payments and the accounts."""
    say = view.say
    frame = view.once(
        "audit.reconciliation", lambda: audit.reconciliation(view.sme.sales, view.sme.table("ledger"))
    )
    known = keyed(frame[frame["status"] == OK], "step")
    sentence, figures = "", NO_FIGURES
    if {"shop_total_gross", "net_invoiced"} <= set(known.index):
        sentence = say(
            "audit.say.bridge",
            gross=say.money(known.loc["shop_total_gross", "value"], decimals=0),
            net=say.money(known.loc["net_invoiced", "value"], decimals=0),
        )
        steps = [
            s
            for s in ("shop_total_gross", "vat", "refunded", "net_invoiced", "shipping", "net_goods")
            if s in known.index
        ]
        figures = (
            charts.money_waterfall(
                say,
                [say(f"audit.step.{step}") for step in steps],
                [
                    known.loc[step, "value"] if step in _TOTALS else -known.loc[step, "value"]
                    for step in steps
                ],
                [step in _TOTALS for step in steps],
            ),
        )
    for step, key in (("unpaid", "audit.say.unpaid"), ("accounts_gap", "audit.say.accounts_gap")):
        if step in known.index and abs(known.loc[step, "value"]) >= 0.5:
            row = known.loc[step]
            sentence += " " + _gap(say, key, row)
    table = Table(
        "reconciliation",
        frame,
        (
            Column("step", "step", words=lambda step: say(f"audit.step.{step}")),
            Column("value", "amount", "cents"),
            Column("share", "share_of_total", "percent"),
            Column("n", "orders", "number"),
        ),
        say.currency,
    )
    n = int(known["n"].max()) if len(known) else 0
    return Card(
        "audit.reconciliation",
        sentence.strip(),
        view.rows(n, "orders", view.sme.sales),
        figures,
        table,
        reasons(frame),
    )


def holes(view: View) -> Card:
    """Days without any order that chance would hardly leave."""
    say = view.say
    frame = view.once("audit.holes", lambda: audit.holes(view.sme.table("orders")))
    known = frame[frame["status"] == OK] if len(frame) else frame
    if len(known):
        longest = known.sort_values("days", ascending=False).iloc[0]
        sentence = say(
            "audit.say.holes",
            n=len(known),
            period=say.period(longest["first"], longest["last"]),
            orders=say.number(longest["value"]),
        )
    else:
        sentence = "" if len(frame) else say("audit.say.no_holes")
    figures = NO_FIGURES
    if len(known) > 1:  # one bar compares with nothing
        shown = known.sort_values("days", ascending=False).head(8)
        figures = (
            charts.ranked(
                [say.period(a, b) for a, b in zip(shown["first"], shown["last"], strict=True)],
                shown["days"].astype(float).tolist(),
                lambda days: say("growth.days", n=round(days)),
                notes=[say("audit.say.expected", orders=say.number(value)) for value in shown["value"]],
            ),
        )
    table = Table(
        "holes",
        known,
        (
            Column("first", "first_day", "day"),
            Column("last", "last_day", "day"),
            Column("days", "days", "number"),
            Column("value", "orders_expected", "number"),
        ),
    )
    return Card(
        "audit.holes",
        sentence,
        view.rows(len(view.sme.table("orders")), "orders", view.sme.sales),
        figures,
        table if len(known) else None,
        reasons(frame) if len(frame) else (),
    )


def refused(view: View) -> Card:
    """Rows that were refused, why, and as a download to put them right."""
    say = view.say
    frame = refused_rows(view)
    if not len(frame):
        return Card("audit.refused", say("audit.say.nothing_refused"), Rows(0, "rows"))
    by_reason = frame.assign(n=1.0, why=[reason_in_words(say, row) for _, row in frame.iterrows()])
    top = by_reason.groupby(["field", "why"], observed=True)["n"].sum().reset_index()
    top = top.sort_values("n", ascending=False).head(8)
    sentence = say(
        "audit.say.refused",
        n=len(frame),
        files=say.enumeration(sorted({file_of(name) for name in frame["file"].astype(str)})),
    )
    figure = charts.ranked(
        [
            say("audit.say.refused_because", field=field, reason=why) if field else why
            for field, why in zip(top["field"].fillna(""), top["why"], strict=True)
        ],
        top["n"].tolist(),
        axes.counts(say),
    )
    table = Table(
        "refused-rows",
        by_reason.head(MOST_REFUSED),
        (
            Column("file", "file"),
            Column("row", "file_row", "number"),
            Column("field", "file_column"),
            Column("value", "value"),
            Column("why", "reason"),
            Column("record", "content", long=True),
        ),
    )
    note = (
        say("audit.note.quarantine", n=MOST_REFUSED, folder=f"data/store/{view.sme.profile.id}/quarantine/")
        if len(frame) > MOST_REFUSED
        else ""
    )
    return Card("audit.refused", sentence, Rows(len(frame), "rows"), (figure,), table, note=note)


def _states(frame: pd.DataFrame) -> list[str]:
    return [
        severity if status == OK else "no_case" if reason == audit.NOTHING_TO_CHECK else "not_checked"
        for severity, status, reason in zip(
            frame["severity"].astype(str), frame["status"], frame["reason"], strict=True
        )
    ]


def tool_sentence(say: Speaker, row: pd.Series) -> str:
    """What one tool can do: "Inventory: not yet; costs are missing (38 %)"."""
    tool, verdict = say(f"audit.tool.{row['tool']}"), say(f"audit.verdict.{row['verdict']}")
    if not row["blocking"]:
        return say("audit.say.tool_ready", tool=tool, verdict=verdict)
    return say("audit.say.tool", tool=tool, verdict=verdict, because=_held_back(say, row))


def _held_back(say: Speaker, row: pd.Series) -> str:
    if not row["blocking"]:
        return ""
    return finding_in_words(say, row["blocking"], row["blocking_value"])


def finding_in_words(say: Speaker, check: str, share: float) -> str:
    """A finding by its title, with the share concerned unless that is all: “Missing purchase costs” (18%)."""
    title = say(f"audit.check.{check}.title")
    if share >= 1:
        return say("audit.say.held_back_wholly", check=title)
    return say("audit.say.held_back", check=title, share=say.percent(share, 0))


def _gap(say: Speaker, key: str, row: pd.Series) -> str:
    amount = say.money(abs(row["value"]), decimals=0)
    share = say.percent(abs(row["share"]))
    if key == "audit.say.unpaid":
        return say("audit.say.unpaid", money=amount, share=share)
    return say("audit.say.accounts_gap", money=amount, share=share)


def _table_name(say: Speaker, name: str) -> str:
    return say(f"table.{name}") if name in TABLES else str(name)


def tools_in_words(say: Speaker, tools: tuple[str, ...]) -> str:
    """Tools by their short names, in a list."""
    return say.enumeration([say(f"audit.tool.{tool}") for tool in tools]) if len(tools) else "–"


def _periods(say: Speaker, dated: pd.DataFrame) -> charts.Figure:
    """One bar per table, from its first day to its last."""
    first, last = pd.to_datetime(dated["first"]), pd.to_datetime(dated["last"])
    months = list(pd.period_range(first.min(), last.max(), freq="M"))
    origin = months[0].start_time
    start = (first.dt.tz_localize(None) if first.dt.tz is not None else first) - origin
    length = (last - first).dt.days + 1
    per_month = 30.4375
    figure = charts.ranked(
        [_table_name(say, name) for name in dated["table"]],
        (length / per_month).tolist(),
        axes.counts(say),
        texts=[say.period(a, b) for a, b in zip(first, last, strict=True)],
        notes=[say("views.rows.rows", n=int(n)) for n in dated["n"]],
    )
    trace = figure["data"][0]
    trace["base"] = (start.dt.days / per_month).tolist()
    trace["textposition"] = "inside"
    trace["insidetextanchor"] = "start"
    axis = axes.month_axis(say, months, most=7)
    figure["layout"]["xaxis"] = {**axis, "showgrid": True, "gridcolor": theme.GRID}
    figure["layout"]["height"] += 40
    figure["narrow"]["xaxis"] = axes.month_axis(say, months, most=4)
    return figure

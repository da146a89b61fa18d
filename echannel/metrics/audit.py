"""The data audit: what an account manager checks first, what each tool can do, and what to mend first.

Texts of the checks: catalogue keys ``audit.check.<code>.title``, ``.why`` and ``.fix``; names of the
tools: ``audit.tool.<code>``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from echannel.metrics.audit_checks import CHECKS, Check, hole_runs
from echannel.metrics.audit_facts import NOTHING_TO_CHECK, Audited, Facts, Found, Rate
from echannel.metrics.result import INPUT_MISSING, OK
from echannel.metrics.turnover import Sales, as_date, day_number
from echannel.tables import TABLES

__all__ = [
    "NOTHING_TO_CHECK",
    "SEVERITIES",
    "TOOLS",
    "VERDICTS",
    "Audited",
    "Rate",
    "checks",
    "coverage",
    "fixes",
    "holes",
    "readiness",
    "reconciliation",
    "sold_abroad",
]

TOOLS = ("growth", "inventory", "planning", "market")
SEVERITIES = ("blocking", "serious", "minor", "ok")
VERDICTS = ("ready", "partly", "not_yet")

_READY_SCORE = 0.9
_READY_GAP = 0.1


class Need(NamedTuple):
    """What a tool needs: the check that tells, its weight, and the gap beyond which the tool cannot work."""

    check: str
    weight: int
    limit: float = np.inf


NEEDS: dict[str, tuple[Need, ...]] = {
    "growth": (
        Need("no_orders", 3, 0),
        Need("orders_without_lines", 2),
        Need("orders_without_customer", 2),
        Need("parts_do_not_add_up", 2, 0.5),
        Need("lines_do_not_sum", 1),
        Need("duplicates", 1, 0.2),
        Need("rejected_rows", 1, 0.5),
        Need("missing_costs", 1),
        Need("short_history", 1, 0.9),
        Need("holes", 1),
        Need("vat_assumed", 1),
        Need("no_visits", 1),
    ),
    "inventory": (
        Need("no_orders", 3, 0),
        Need("orders_without_lines", 3, 0.3),
        Need("missing_costs", 3, 0.3),
        Need("products_without_stock", 3, 0.3),
        Need("missing_lead_times", 2),
        Need("missing_suppliers", 1),
        Need("purchases_undated", 1),
        Need("negative_stock", 1),
        Need("packs_changed", 1),
        Need("products_renamed", 1),
        Need("lines_without_product", 1, 0.5),
        Need("short_history", 1, 0.75),
        Need("holes", 1),
        Need("stale", 1, 0.5),
    ),
    "planning": (
        Need("no_orders", 3, 0),
        Need("missing_costs", 2, 0.5),
        Need("no_ledger", 2),
        Need("short_history", 1, 0.9),
        Need("vat_assumed", 1),
        Need("missing_due_dates", 1),
        Need("missing_paid_dates", 1),
        Need("refunds_undated", 1),
    ),
    "market": (
        Need("no_orders", 3, 0),
        Need("orders_without_country", 3, 0.5),
        Need("missing_hs_codes", 2),
        Need("missing_origins", 1),
        Need("no_visits", 1),
    ),
}


def coverage(audited: Audited) -> pd.DataFrame:
    """Which tables are there, and which period they cover.

    Returns
    -------
    One row per canonical table: ``table``, ``value`` (rows), ``n`` (rows), ``first`` and ``last``
    (dates; NaT for tables without dates), ``rejected`` (rows in quarantine; NaN where they are
    counted by file, not by table), ``status`` (input_missing: empty), ``reason``.
    """
    by_table = set(audited.rejected) <= set(TABLES)
    rows = []
    for name in TABLES:
        frame = audited.table(name)
        first, last = _span(name, frame)
        rejected = audited.rejected.get(name, 0) if by_table else np.nan
        rows.append((name, float(len(frame)), len(frame), first, last, rejected))
    result = pd.DataFrame(rows, columns=["table", "value", "n", "first", "last", "rejected"])
    empty = (result["n"] == 0).to_numpy()
    return result.assign(
        value=result["value"].where(~empty),
        status=np.where(empty, INPUT_MISSING, OK),
        reason=np.where(empty, "reason.audit.empty_table", ""),
    )


def checks(audited: Audited) -> pd.DataFrame:
    """Every check, worst first.

    Returns
    -------
    One row per check: ``check`` (code), ``table``, ``severity`` (see ``SEVERITIES``), ``affected``
    (numerator), ``total`` (denominator), ``value`` (affected / total), ``turnover_share`` (share of net
    turnover touched; NaN where money says nothing), ``n`` (= total), ``status`` (input_missing: cannot
    be checked), ``reason``, ``unlocks`` (tuple of tools that wait for it).
    """
    facts = Facts(audited)
    rows = [_finding(check, check.measure(facts)) for check in CHECKS]
    frame = pd.DataFrame(rows, columns=_FINDING_COLUMNS)
    rank = frame["severity"].map(SEVERITIES.index)
    worst = frame.assign(rank=rank, gap=-_gap(frame)).sort_values(["rank", "gap"], kind="stable")
    return worst[_FINDING_COLUMNS].reset_index(drop=True)


def holes(orders: pd.DataFrame) -> pd.DataFrame:
    """Runs of days without any order that chance would hardly leave.

    The expected number comes from the same weekdays of the four weeks before and the four after; a run is
    a hole when (number of gaps in all) × exp(−expected) < 1 %: where small gaps are many, some long ones
    are no wonder.

    Returns
    -------
    One row per hole: ``first``, ``last`` (dates), ``days``, ``value`` (orders expected), ``n`` (days),
    ``status``, ``reason``.
    """
    runs = hole_runs(Facts(Audited({"orders": orders}, "", (), np.iinfo("int64").max)))
    frame = pd.DataFrame(
        [(as_date(a), as_date(b), b - a + 1, expected) for a, b, expected in runs],
        columns=["first", "last", "days", "value"],
    )
    return frame.assign(n=frame["days"], status=OK, reason="")


def readiness(findings: pd.DataFrame) -> pd.DataFrame:
    """From :func:`checks`: what each tool can do today.

    Returns
    -------
    One row per tool: ``tool``, ``value`` (score 0–1: weighted share of its inputs that are there),
    ``verdict`` (ready, partly, not_yet), ``blocking`` (the check that holds it back most; "" when ready),
    ``blocking_value`` (that check's share), ``n`` (inputs judged), ``status``, ``reason``.
    """
    gaps = _gaps_that_arise(findings)
    rows = []
    for tool in NEEDS:
        judged = _judged(tool, gaps)
        score, verdict, worst = _score(judged)
        ready = verdict == "ready"
        held_back = ("", np.nan) if ready else (worst.check, gaps[worst.check])
        rows.append((tool, score, verdict, *held_back, len(judged)))
    names = ["tool", "value", "verdict", "blocking", "blocking_value", "n"]
    return pd.DataFrame(rows, columns=names).assign(status=OK, reason="")


def sold_abroad(audited: Audited) -> float:
    """Share of net turnover delivered to other countries than the SME's own, 0–1 (not stated: at home)."""
    facts = Facts(audited)
    country = facts.orders["country"].astype("string").fillna("")
    share = facts.share(((country != "") & (country != audited.country)).to_numpy())
    return 0.0 if np.isnan(share) else share


def fixes(findings: pd.DataFrame, abroad: float = 1.0) -> pd.DataFrame:
    """From :func:`checks`: what to mend, in the order of what it unlocks.

    ``gain`` = Σ over the tools that wait for it of what the tool is about × (the steps that its verdict
    rises when this alone is mended + gap × the need's weight / all its weights). A tool is about all
    turnover; the market tool about what is sold ``abroad`` (see :func:`sold_abroad`): a customs code does
    not come before the costs of goods that are sold at home.

    Returns
    -------
    One row per check that found something: ``check``, ``severity``, ``affected``, ``total``, ``value``
    (share affected), ``turnover_share``, ``tools`` (how many wait for it), ``unlocks``, ``gain``, ``n``,
    ``status``, ``reason``.
    """
    found = findings[(findings["affected"] > 0).to_numpy()]
    gaps = _gaps_that_arise(findings)
    about = {tool: abroad if tool == "market" else 1.0 for tool in TOOLS}
    gain = [
        sum(about[tool] * _gain(tool, check, gaps) for tool in unlocks)
        for check, unlocks in zip(found["check"], found["unlocks"], strict=True)
    ]
    frame = found.assign(tools=found["unlocks"].map(len), gain=np.array(gain, dtype="float64"))
    columns = [*("check", "severity", "affected", "total", "value", "turnover_share", "tools", "unlocks")]
    # Stable: equal gains stay in the order of their severity.
    ordered = frame.sort_values("gain", ascending=False, kind="stable").reset_index(drop=True)
    return ordered[[*columns, "gain", "n", "status", "reason"]]


def reconciliation(sales: Sales, ledger: pd.DataFrame) -> pd.DataFrame:
    """From what the shop shows to what was paid and what the accounts say.

    ``payments``: orders incl. VAT with a payment date, or whose status says paid; ``unpaid``: the others.
    ``accounts``: sales in the ledger over the days that shop and ledger both cover; ``accounts_gap``: the
    shop's net invoiced amount of those days less ``accounts``.

    Returns
    -------
    One row per step: ``step`` (shop_total_gross, vat, refunded, net_invoiced, shipping, net_goods; payments,
    unpaid; accounts, accounts_gap), ``value`` (reporting currency), ``share`` (of the shop's total incl.
    VAT), ``n``, ``status`` (input_missing where paid dates or a ledger are missing), ``reason``.
    """
    entries = sales.entries
    is_sale = (entries["entry"] == "sale").to_numpy()
    orders, refunds = int(is_sale.sum()), int((~is_sale).sum())
    gross = float(entries["total_gross"].sum())
    rows: list[tuple[str, float, int, str]] = [
        ("shop_total_gross", gross, orders, ""),
        ("vat", float(entries["vat"].sum()), orders, ""),
        ("refunded", float(entries["refunded"].sum()), refunds, ""),
        ("net_invoiced", float(entries["net_invoiced"].sum()), orders + refunds, ""),
        ("shipping", float(entries["shipping"].sum()), orders, ""),
        ("net_goods", float(entries["net_goods"].sum()), orders + refunds, ""),
    ]
    dated = sales.orders["paid_at"].notna().to_numpy()
    reason = "" if dated.any() else "reason.audit.no_paid_dates"
    paid = dated | (sales.orders["status"] == "paid").to_numpy()
    total = sales.orders["total_gross"].to_numpy()
    rows += [("payments", float(total[paid].sum()), int(paid.sum()), reason)]
    rows += [("unpaid", float(total[~paid].sum()), int((~paid).sum()), reason)]
    rows += _accounts(entries, ledger)
    frame = pd.DataFrame(rows, columns=["step", "value", "n", "reason"])
    known = (frame["reason"] == "").to_numpy()
    value = frame["value"].where(known)
    return pd.DataFrame(
        {
            "step": frame["step"],
            "value": value,
            "share": value / (gross or np.nan),
            "n": frame["n"],
            "status": np.where(known, OK, INPUT_MISSING),
            "reason": frame["reason"],
        }
    )


_FINDING_COLUMNS = [
    *("check", "table", "severity", "affected", "total", "value", "turnover_share", "n", "status"),
    *("reason", "unlocks"),
]
_DATES = {
    "orders": "local_day",
    "refunds": "local_day",
    "stock_levels": "as_of",
    "purchases": "ordered_on",
    "carts": "local_day",
}
_SALES_CLASSES = ("sales", "turnover", "revenue", "income", "70")


def _finding(check: Check, found: Found) -> tuple[object, ...]:
    known = found.reason == "" and found.total > 0
    value = found.affected / found.total if known else np.nan
    gap = found.turnover_share if np.isfinite(found.turnover_share) else value
    severity = "ok"
    if known and found.affected > 0:
        severity = "blocking" if gap > check.blocking else "serious" if gap > check.serious else "minor"
    reason = "" if known else found.reason or NOTHING_TO_CHECK
    status = OK if known else INPUT_MISSING
    share = found.turnover_share if known else np.nan
    affected = found.affected if known else np.nan
    total = int(found.total)
    return (
        check.code,
        check.table,
        severity,
        affected,
        total,
        value,
        share,
        total,
        status,
        reason,
        check.unlocks,
    )


def _gaps_that_arise(findings: pd.DataFrame) -> dict[str, float]:
    """Each check's gap; what does not arise (payment terms of a shop without B2B) is held against no tool."""
    arises = (findings["reason"] != NOTHING_TO_CHECK).to_numpy()
    return dict(zip(findings["check"][arises], _gap(findings)[arises], strict=True))


def _judged(tool: str, gaps: dict[str, float]) -> list[tuple[Need, float]]:
    return [(need, gaps[need.check]) for need in NEEDS[tool] if need.check in gaps]


def _score(judged: list[tuple[Need, float]]) -> tuple[float, str, Need]:
    """A tool's score and verdict, and the need that holds it back most."""
    weights = sum(need.weight for need, _ in judged)
    score = sum(need.weight * (1 - gap) for need, gap in judged) / weights
    worst, gap = max(judged, key=lambda pair: (pair[1] > pair[0].limit, pair[0].weight * pair[1]))
    if gap > worst.limit:
        return score, "not_yet", worst
    essential = [gap for need, gap in judged if np.isfinite(need.limit)]
    if score >= _READY_SCORE and max(essential) <= _READY_GAP:
        return score, "ready", worst
    return score, "partly", worst


def _gain(tool: str, check: str, gaps: dict[str, float]) -> float:
    """Steps that the tool's verdict rises when this check alone is mended, and by how much its score does."""
    judged = _judged(tool, gaps)
    mended = _score(_judged(tool, {**gaps, check: 0.0}))[1]
    steps = VERDICTS.index(_score(judged)[1]) - VERDICTS.index(mended)
    weights = {need.check: need.weight for need, _ in judged}
    # A check that is no need of the tool's own weighs as the lightest.
    return steps + gaps[check] * weights.get(check, 1) / sum(weights.values())


def _gap(findings: pd.DataFrame) -> pd.Series:
    """How much is missing, 0–1: by turnover where that is known, else by cases; all where not checkable."""
    share = findings["turnover_share"].fillna(findings["value"])
    return share.where(findings["reason"] != NOTHING_TO_CHECK, 0.0).fillna(1.0)


def _span(name: str, frame: pd.DataFrame) -> tuple[Any, Any]:
    """First and last date in a table; NaT where it has none."""
    column = _DATES.get(name, "date")
    dated = frame[frame[column].notna()] if column in frame else frame.iloc[:0]
    if not len(dated):
        return pd.NaT, pd.NaT
    days = dated[column].to_numpy() if column == "local_day" else day_number(dated[column])
    return as_date(int(days.min())), as_date(int(days.max()))


def _accounts(entries: pd.DataFrame, ledger: pd.DataFrame) -> list[tuple[str, float, int, str]]:
    """Sales in the accounts, and the shop's net invoiced amount less them, over the days that both cover.

    Sales accounts: those whose class says so, else accounts 70… of the French chart of accounts (PCG).
    """
    if not len(ledger):
        return [(step, np.nan, 0, "reason.audit.no_ledger") for step in ("accounts", "accounts_gap")]
    classes = ledger["account_class"].astype("string").str.lower()
    of_sales = classes.isin(_SALES_CLASSES).to_numpy(dtype=bool)
    if not of_sales.any():
        of_sales = ledger["account"].astype("string").str.match(r"70\d").fillna(False).to_numpy(dtype=bool)
    if not of_sales.any():
        return [(step, np.nan, 0, "reason.audit.no_sales_accounts") for step in ("accounts", "accounts_gap")]
    days, shop_days = day_number(ledger["date"]), entries["day"].to_numpy()
    first, last = (
        max(days.min(), shop_days.min(initial=days.min())),
        min(days.max(), shop_days.max(initial=days.max())),
    )
    booked = of_sales & (days >= first) & (days <= last)
    balance = (ledger["credit"] - ledger["debit"]).to_numpy()
    in_accounts = float(balance[booked].sum())
    shared = (shop_days >= first) & (shop_days <= last)
    in_shop = float(entries["net_invoiced"].to_numpy()[shared].sum())
    return [
        ("accounts", in_accounts, int(booked.sum()), ""),
        ("accounts_gap", in_shop - in_accounts, int(shared.sum()), ""),
    ]

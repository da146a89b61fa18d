"""The data audit: what an account manager checks first, what each tool can do, and what to mend first.

Texts of the checks: catalogue keys ``audit.check.<code>.title``, ``.why`` and ``.fix``; names of the
tools: ``audit.tool.<code>``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import pandas as pd

from echannel.metrics.turnover import Sales

TOOLS = ("growth", "inventory", "planning", "market")
SEVERITIES = ("blocking", "serious", "minor", "ok")


class Rate(Protocol):
    """A VAT rate and the days on which it is in force: a country pack's ``VatRate`` is one."""

    @property
    def rate(self) -> float: ...
    @property
    def since(self) -> date: ...
    @property
    def until(self) -> date | None: ...


@dataclass(frozen=True)
class Audited:
    """What is audited: canonical tables by name, and what is known about the SME beside them.

    ``today``: the local day of the audit; ``rejected``: rows in quarantine by table (or file).
    """

    tables: Mapping[str, pd.DataFrame]
    country: str
    vat_rates: Sequence[Rate]
    today: int
    rejected: Mapping[str, int] = field(default_factory=dict)
    vat_registered: bool = True


def coverage(audited: Audited) -> pd.DataFrame:
    """Which tables are there, and which period they cover.

    Returns
    -------
    One row per canonical table: ``table``, ``value`` (rows), ``n`` (rows), ``first`` and ``last``
    (dates; NaT for tables without dates), ``rejected`` (rows in quarantine), ``status``
    (input_missing: empty), ``reason``.
    """
    raise NotImplementedError


def checks(audited: Audited) -> pd.DataFrame:
    """Every check, worst first.

    Returns
    -------
    One row per check: ``check`` (code), ``table``, ``severity`` (see ``SEVERITIES``), ``affected``
    (numerator), ``total`` (denominator), ``value`` (affected / total), ``turnover_share`` (share of net
    turnover touched; NaN where money says nothing), ``n`` (= total), ``status`` (input_missing: cannot
    be checked), ``reason``, ``unlocks`` (tuple of tools that wait for it).
    """
    raise NotImplementedError


def holes(orders: pd.DataFrame) -> pd.DataFrame:
    """Runs of days without any order that chance would hardly leave.

    The expected number is the median daily rate of the eight weeks around, by weekday; a run is a hole
    when P(no order in it) = exp(−expected) < 1 %.

    Returns
    -------
    One row per hole: ``first``, ``last`` (dates), ``days``, ``value`` (orders expected), ``n`` (days),
    ``status``, ``reason``.
    """
    raise NotImplementedError


def readiness(findings: pd.DataFrame) -> pd.DataFrame:
    """From :func:`checks`: what each tool can do today.

    Returns
    -------
    One row per tool: ``tool``, ``value`` (score 0–1: weighted share of its inputs that are there), ``verdict``
    (ready, partly, not_yet), ``blocking`` (the check that holds it back most; "" when ready),
    ``blocking_value`` (that check's share), ``n`` (inputs judged), ``status``, ``reason``.
    """
    raise NotImplementedError


def fixes(findings: pd.DataFrame) -> pd.DataFrame:
    """From :func:`checks`: what to mend, in the order of what it unlocks (turnover share × tools).

    Returns
    -------
    One row per check that found something: ``check``, ``severity``, ``affected``, ``total``, ``value``
    (share affected), ``turnover_share``, ``tools`` (how many it unlocks), ``unlocks``, ``gain``, ``n``,
    ``status``, ``reason``.
    """
    raise NotImplementedError


def reconciliation(sales: Sales, ledger: pd.DataFrame) -> pd.DataFrame:
    """From what the shop shows to what was paid and what the accounts say.

    Returns
    -------
    One row per step: ``step`` (shop_total_gross, vat, refunded, net_invoiced, shipping, net_goods; payments,
    unpaid; accounts, accounts_gap), ``value`` (reporting currency), ``share`` (of the shop's total incl.
    VAT), ``n``, ``status`` (input_missing where paid dates or a ledger are missing), ``reason``.
    """
    raise NotImplementedError

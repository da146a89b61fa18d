"""Books that do not balance: where, by how much, and which of their months may still be used."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.planning.books import Books

_CENT = 0.005
COLUMNS = ["month", "journal", "entry", "gap", "lines"]


def ledger_gaps(ledger: pd.DataFrame) -> pd.DataFrame:
    """The entries whose debits and credits differ, largest first.

    Each entry of each journal is added up by itself. Where a source gives no entries that balance (those of
    an account's transactions or of a trial balance do not, their months do), journals are added up by month;
    where they do not balance by themselves either, months.

    Returns
    -------
    One row each, of months that do not balance: ``month`` (number), ``journal``, ``entry`` ("": not told
    apart), ``gap`` (debits less credits, in the currency of the books), ``lines``.
    """
    if ledger.empty:
        return pd.DataFrame(columns=COLUMNS)
    lines = pd.DataFrame(
        {
            "month": ledger["date"].to_numpy().astype("datetime64[M]").astype("int64"),
            "journal": ledger["journal"].astype(object).fillna("").astype(str).to_numpy(),
            "entry": ledger["entry_group"].astype(object).fillna("").astype(str).to_numpy(),
            "gap": ledger["debit"].to_numpy("float64") - ledger["credit"].to_numpy("float64"),
        }
    )
    by_month = lines.groupby("month")["gap"].sum()
    doubtful = lines[lines["month"].isin(by_month.index[by_month.abs() > _CENT])]
    parts = [_told_apart(one) for _, one in doubtful.groupby("month")]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    found = pd.concat(parts, ignore_index=True)
    order = np.argsort(-found["gap"].abs().to_numpy(), kind="stable")
    return found.iloc[order].reset_index(drop=True)[COLUMNS]


def _told_apart(lines: pd.DataFrame) -> pd.DataFrame:
    """The gaps of one month by entry, by journal, or as a whole: the finest at which most parts balance."""
    for keys in (["journal", "entry"], ["journal"]):
        sums = lines.groupby(["month", *keys])["gap"].agg(gap="sum", lines="size").reset_index()
        wrong = (sums["gap"].abs() > _CENT).to_numpy()
        if wrong.sum() <= len(sums) / 2:
            return sums[wrong].reindex(columns=COLUMNS).fillna({"entry": ""})
    whole = lines.groupby("month")["gap"].agg(gap="sum", lines="size").reset_index()
    return whole.assign(journal="", entry="")


def balanced_months(books: Books) -> np.ndarray:
    """Whether what was booked in each month balances ``(months,)``: only then do its costs tell anything."""
    return np.asarray(np.abs((books.debits - books.credits).sum(axis=0)) < _CENT)


def balanced_ends(books: Books) -> np.ndarray:
    """Whether all balances at each month's end balance ``(months,)``.

    One wrong entry makes every later balance doubtful, until whole balances are brought forward anew.
    """
    return np.asarray(np.abs(books.held.sum(axis=0)) < _CENT)

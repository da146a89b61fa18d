"""Trial balances: one line per account at each period's end, the differences between one and the next."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from echannel.connectors.accounts import classes
from echannel.connectors.accounts.book import Book, preamble
from echannel.connectors.accounts.headings import reported
from echannel.connectors.accounts.lines import OPENING, Firm, with_account
from echannel.connectors.base import Note
from echannel.connectors.files import dates
from echannel.errors import UserError

JOURNAL = "trial_balance"
CARRIED = "carried_forward"
_CENT = 0.005
_DAYS = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|"
    r"\d{1,2}(?:st|nd|rd|th|er)?\s+[^\W\d]{3,9}\.?,?\s+\d{4}|[^\W\d]{3,9}\.?\s+\d{1,2},\s*\d{4}"
)
_MONTHS = re.compile(r"([^\W\d]{3,9})\.?,?\s+(\d{4})")
_IN_NAME = re.compile(r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])(?:[-_.]?(0[1-9]|[12]\d|3[01]))?(?!\d)")


@dataclass(frozen=True)
class Balance:
    """One trial balance: its day, and one row per account (``label``, ``account_class``, ``balance``)."""

    day: date
    book: Book
    accounts: pd.DataFrame


def read_balance(book: Book, path: Path, firm: Firm) -> Balance:
    """A trial balance; an account that stands in it twice is added up.

    Raises
    ------
    UserError
        Nothing says of which day it is.
    """
    day = book.options.as_of or _day(preamble(path, book), book)
    if day is None:
        raise UserError("error.accounts.no_day", file=book.name)
    found = reported(book)
    amounts = (book.texts("debit") != "") | (book.texts("credit") != "")
    lines = found.lines & amounts.to_numpy(bool)
    headings = found.heading[lines[found.lines]].reset_index(drop=True)
    book = book.keep(lines)
    debit, credit = book.money("debit"), book.money("credit")
    frame = with_account(book, firm, book.texts("account"), book.texts("code"))
    by_heading = classes.by_type(headings)
    frame["account_class"] = classes.first_known(frame["account_class"], by_heading)
    frame = frame.assign(balance=np.nan_to_num(debit) - np.nan_to_num(credit), at=np.arange(len(book)))
    accounts = (
        frame[~book.refused]
        .groupby("account", sort=True)
        .agg(
            label=("label", "first"),
            account_class=("account_class", "first"),
            balance=("balance", "sum"),
            at=("at", "min"),
        )
    )
    accounts = accounts.astype({"label": object, "account_class": object})
    gap = float(accounts["balance"].sum())
    if abs(gap) > _CENT:
        book.notes.append(Note("accounts.note.balance_gap", {"file": book.name, "gap": round(gap, 2)}))
    return Balance(day, book, accounts)


def movements(balances: list[Balance], year_start: str) -> pd.DataFrame:
    """Ledger lines out of trial balances: at each one's day, per account, what changed since the one before.

    The first is taken whole, in the journal ``opening`` but for the result of its own year. Accounts of
    the profit and loss account start from nothing in each financial year (``year_start``: MM-DD), so the
    first balance of a year is their movement; the result of the year before, which the software has
    meanwhile carried to the reserves, is taken back out of them by one line (``carried_forward``), so that
    equity shows its own movement and debits equal credits. Where an account's class is not known, the line
    is refused at a change of year.
    """
    found = []
    ordered = sorted(balances, key=lambda one: one.day)
    for at, now in enumerate(ordered):
        before = ordered[at - 1] if at else None
        frame = _since(before, now, year_start)
        found.append(frame.assign(date=pd.Timestamp(now.day), file=now.book.name))
    lines = pd.concat(found, ignore_index=True)
    day = lines["date"].dt.strftime("%Y-%m-%d")
    return pd.DataFrame(
        {
            "entry_id": JOURNAL + "|" + day + "|" + lines["account"].astype(str),
            "entry_group": JOURNAL + "|" + day,
            "journal": lines["journal"],
            "date": lines["date"],
            "account": lines["account"],
            "account_class": lines["account_class"],
            "label": lines["label"],
            "debit": np.maximum(lines["change"].to_numpy("float64"), 0.0).round(2),
            "credit": np.maximum(-lines["change"].to_numpy("float64"), 0.0).round(2),
        }
    )


def _since(before: Balance | None, now: Balance, year_start: str) -> pd.DataFrame:
    """One row per account: ``account``, ``account_class``, ``label``, ``journal``, ``change``."""
    current = now.accounts
    if before is None:
        journal = np.where(classes.is_result(current["account_class"]), JOURNAL, OPENING)
        first = current.assign(journal=journal).rename(columns={"balance": "change"})
        return first.drop(columns="at").reset_index()
    both = current.join(before.accounts, how="outer", rsuffix="_before")
    for name in ("label", "account_class"):
        both[name] = both[name].where(both[name].notna(), both[f"{name}_before"])
    earlier = both["balance_before"].fillna(0.0)
    change = both["balance"].fillna(0.0) - earlier
    carried = 0.0
    if _year(before.day, year_start) != _year(now.day, year_start):
        unknown = both["account_class"].isna()
        result = classes.is_result(both["account_class"])
        change = change.where(~result, both["balance"].fillna(0.0))
        carried = float(earlier[result].sum())
        wrong = np.zeros(len(now.book), dtype=bool)
        wrong[both.loc[unknown, "at"].dropna().astype(int)] = True
        now.book.refuse(wrong, "account", "reason.accounts.year_needs_class")
        both, change = both[~unknown], change[~unknown]
    frame = (
        both[["account_class", "label"]]
        .assign(change=change, journal=JOURNAL)
        .rename_axis("account")
        .reset_index()
    )
    if abs(carried) > _CENT:
        french = frame["account_class"].isin(["6", "7"]).any()
        line = {
            "account": CARRIED,
            "account_class": "1" if french else "equity",
            "label": None,
            "journal": JOURNAL,
        }
        frame = pd.concat([frame, pd.DataFrame([{**line, "change": -carried}])], ignore_index=True)
    return frame


def _year(day: date, start: str) -> int:
    """The year in which the financial year of a day begins."""
    return day.year if day.strftime("%m-%d") >= start else day.year - 1


def _day(above: list[str], book: Book) -> date | None:
    """The day of a trial balance: the last that stands above its headers, else the one in the file's name."""
    cells = [text for cell in above for text in _DAYS.findall(cell)]
    if cells:
        said = book.options.date_order
        order = said if said != "auto" else "dmy"
        column = dates.date_column(pd.Series(cells, dtype=object))
        values, wrong = column.utc("mdy" if order == "dmy" and column.evidence["mdy"] else order, "UTC")
        if (~wrong).any():
            return pd.Timestamp(values[~wrong].max()).date()
    months = [_month_end(name, year) for cell in above for name, year in _MONTHS.findall(cell)]
    known = [day for day in months if day is not None]
    if known:
        return max(known)
    named = _IN_NAME.search(Path(book.name).stem)
    if named is None:
        return None
    year, month = int(named[1]), int(named[2])
    last = calendar.monthrange(year, month)[1]
    return date(year, month, min(int(named[3] or last), last))


def _month_end(name: str, year: str) -> date | None:
    values, wrong = dates.date_column(pd.Series([f"1 {name} {year}"], dtype=object)).utc("dmy", "UTC")
    if wrong[0]:
        return None
    first = pd.Timestamp(values[0])
    return (first + pd.offsets.MonthEnd(0)).date()

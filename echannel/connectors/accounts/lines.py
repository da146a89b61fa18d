"""Lines of the books: their account, class, side and amount, and the entry that each belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from echannel.connectors.accounts import classes, privacy
from echannel.connectors.accounts.book import Book
from echannel.connectors.accounts.headings import code_and_name, reported
from echannel.connectors.base import Note
from echannel.countries.accounts import ChartOfAccounts

OPENING = "opening"
"""The journal of balances brought forward from the year before: they repeat what other lines add up to."""
_FRENCH = ("fec", "french")
_BROUGHT_FORWARD = re.compile(r"nouveau|ouverture|\b(?:an|ran)\b|opening", re.IGNORECASE)
_CENT = 0.005
_SHOWN = 5
_DEBIT = ("d", "+1", "1", "debit", "débit", "dr")
_CREDIT = ("c", "-1", "credit", "crédit", "cr")


@dataclass(frozen=True)
class Firm:
    """What the lines depend on beside the file: the key for names, and what is known of accounts.

    ``types`` gives the account type by name or code, as charts of accounts in the folder have it.
    """

    pseudonym: Callable[[pd.Series], pd.Series]
    chart: ChartOfAccounts | None
    french_chart: ChartOfAccounts | None
    said: Mapping[str, str] = field(default_factory=dict)
    default_chart: bool = False
    types: Mapping[str, str] = field(default_factory=dict)


def read_entries(book: Book, firm: Firm) -> tuple[Book, pd.DataFrame]:
    """A journal, entry by entry (a FEC), as ledger lines, and its rows that are lines.

    Entries that do not balance are kept and noted.

    An entry is a journal's number with the day of its first line; where numbers are missing, the document's
    reference, else the journal's day. Balances brought forward get the journal ``opening``.
    """
    if book.layout.fill_down:
        book = book.keep(((book.texts("account") != "") | (book.texts("date") != "")).to_numpy(bool))
    given = {name: book.texts(name) for name in ("journal", "number", "date")}
    if book.layout.fill_down:
        begins = given["date"] != ""
        given = {name: _filled_down(cells, begins | (cells != "")) for name, cells in given.items()}
    day = book.days("date", given["date"])
    lines = with_account(book, firm, book.texts("account"), book.texts("code"))
    frame = _with_sides(book, lines).assign(
        day=day,
        journal=given["journal"],
        number=given["number"].where(given["number"] != "", book.texts("piece")),
    )
    kept = frame[~book.refused]
    first = kept.groupby(["journal", "number"])["day"].transform("min")
    first = first.where(kept["number"] != "", kept["day"])
    group = kept["journal"] + "|" + kept["number"] + "|" + first.dt.strftime("%Y-%m-%d")
    kept = kept.assign(entry_group=group)
    _note_unbalanced(book, kept)
    names = book.texts("journal_name").where(lambda cells: cells != "", given["journal"])[kept.index]
    forward = names.map({name: bool(_BROUGHT_FORWARD.search(name)) for name in names.unique()}).astype(bool)
    kept = kept.assign(journal=kept["journal"].where(~forward, OPENING))
    return book, _ledger(kept)


def _filled_down(cells: pd.Series, said: pd.Series) -> pd.Series:
    """Each cell as the last one at or above it that says something; empty before the first."""
    at = np.maximum.accumulate(np.where(said, np.arange(len(cells)), -1))
    return pd.Series(np.where(at >= 0, cells.to_numpy(object)[at], ""), dtype=object)


def read_transactions(book: Book, firm: Firm) -> tuple[Book, pd.DataFrame]:
    """A report account by account as ledger lines, and its rows that are lines.

    Balances carried forward are left out and noted.

    Such a report names no entries: an account's day is the group that comes again as a whole.
    """
    found = reported(book)
    book = book.keep(found.lines)
    own = book.texts("account")
    named = own.where(own != "", found.heading)
    frame = _with_sides(book, with_account(book, firm, named, book.texts("code")))
    frame = frame.assign(day=book.days(), journal=book.texts("journal"))
    kept = frame[~book.refused]
    kept = kept.assign(entry_group=kept["account"] + "|" + kept["day"].dt.strftime("%Y-%m-%d"))
    if found.balances:
        book.notes.append(Note("accounts.note.balances_left_out", {"n": found.balances, "file": book.name}))
    gap = float((kept["debit"] - kept["credit"]).sum())
    if abs(gap) > _CENT:
        book.notes.append(Note("accounts.note.not_whole", {"file": book.name, "gap": round(gap, 2)}))
    return book, _ledger(kept)


def with_account(book: Book, firm: Firm, named: pd.Series, codes: pd.Series) -> pd.DataFrame:
    """Account, label (none where it may name a person) and class of each line."""
    book.refuse(
        (named == "").to_numpy(bool) & (codes == "").to_numpy(bool), "account", "reason.files.missing"
    )
    if book.layout.platform in _FRENCH:
        auxiliary, label = book.texts("auxiliary"), book.texts("label")
        plain = named.str.replace(r"\s+", "", regex=True)
        by_class = classes.first_known(
            classes.by_profile(plain, label, firm.said), classes.by_number(plain, firm.french_chart)
        )
        account = privacy.french_accounts(plain, auxiliary, firm.pseudonym)
        label = privacy.french_labels(label, plain, auxiliary)
        return pd.DataFrame({"account": account, "label": label, "account_class": by_class})
    code, name = code_and_name(named)
    code = codes.where(codes != "", code)
    label = book.texts("label")
    name = label.where(label != "", name)
    account, shown = privacy.named_accounts(code, name, firm.pseudonym)
    types = book.texts("type")
    known = classes.first_known(*(cells.map(firm.types).astype(object) for cells in (named, name, code)))
    usual = firm.chart is not None and (firm.chart.by_law or book.layout.default_chart or firm.default_chart)
    by_class = classes.first_known(
        classes.by_profile(account, name, firm.said),
        classes.by_type(types.where(types != "", known)),
        classes.by_number(code, firm.chart if usual else None),
    )
    return pd.DataFrame({"account": account, "label": shown, "account_class": by_class})


def _with_sides(book: Book, lines: pd.DataFrame) -> pd.DataFrame:
    """The lines with ``debit`` and ``credit``: as stated, by amount and side, or by one signed amount.

    A single signed amount counts as software shows it: positive where it adds to what the account is for
    (a debit of a cost or an asset, a credit of a sale or a debt); that takes the account's class.
    """
    if book.header("debit") is not None or book.header("credit") is not None:
        debit, credit = book.money("debit"), book.money("credit")
        book.refuse(np.isnan(debit) & np.isnan(credit), "debit", "reason.files.missing")
        return lines.assign(debit=np.nan_to_num(debit), credit=np.nan_to_num(credit))
    amount = book.money("amount")
    book.refuse(np.isnan(amount), "amount", "reason.files.missing")
    amount = np.nan_to_num(amount)
    if book.header("side") is not None:
        side = book.texts("side").str.lower()
        on_debit, on_credit = side.isin(_DEBIT).to_numpy(bool), side.isin(_CREDIT).to_numpy(bool)
        book.refuse(~on_debit & ~on_credit, "side", "reason.accounts.no_side")
        return lines.assign(debit=np.where(on_debit, amount, 0.0), credit=np.where(on_credit, amount, 0.0))
    book.refuse(lines["account_class"].isna().to_numpy(bool), "account", "reason.accounts.side_needs_class")
    signed = np.where(classes.credit_is_positive(lines["account_class"]), -amount, amount)
    return lines.assign(debit=np.maximum(signed, 0.0), credit=np.maximum(-signed, 0.0))


def _ledger(kept: pd.DataFrame) -> pd.DataFrame:
    """Canonical lines: each with its number in its group."""
    position = (kept.groupby("entry_group").cumcount() + 1).astype(str)
    return pd.DataFrame(
        {
            "entry_id": kept["entry_group"] + "|" + position,
            "entry_group": kept["entry_group"],
            "journal": kept["journal"].where(kept["journal"] != "", None),
            "date": kept["day"],
            "account": kept["account"],
            "account_class": kept["account_class"],
            "label": kept["label"],
            "debit": kept["debit"],
            "credit": kept["credit"],
            "at": kept.index,
        }
    )


def _note_unbalanced(book: Book, kept: pd.DataFrame) -> None:
    """Entries, and journals, whose debits and credits differ: how many, the first ones with their lines."""
    gaps = (kept["debit"] - kept["credit"]).groupby(kept["entry_group"]).sum().round(2)
    gaps = gaps[gaps.abs() > _CENT]
    if not len(gaps):
        return
    lines = pd.Series(book.numbers[kept.index], index=kept.index).groupby(kept["entry_group"])
    spans = (
        pd.DataFrame({"gap": gaps, "first": lines.min(), "last": lines.max()}).dropna().sort_values("first")
    )
    shown = [
        f"{str(name).rsplit('|', 1)[0].replace('|', ' ')} ({row.first:.0f}–{row.last:.0f})"
        for name, row in zip(spans.index[:_SHOWN], spans.itertuples(), strict=False)
    ]
    entries = ", ".join(shown) + (" …" if len(spans) > _SHOWN else "")
    values = {
        "n": len(spans),
        "file": book.name,
        "entries": entries,
        "gap": round(float(gaps.abs().sum()), 2),
    }
    book.notes.append(Note("accounts.note.unbalanced", values))
    journals = (kept["debit"] - kept["credit"]).groupby(kept["journal"]).sum().round(2)
    journals = journals[journals.abs() > _CENT]
    if len(journals):
        named = ", ".join(f"{name} ({gap:+.2f})" for name, gap in journals.items())
        book.notes.append(
            Note("accounts.note.journals", {"n": len(journals), "file": book.name, "journals": named})
        )


def read_types(book: Book) -> dict[str, str]:
    """Account types by name and by code, from an export of the chart of accounts."""
    names, codes, types = (book.texts(name) for name in ("account", "code", "type"))
    own, plain = code_and_name(names)
    known = {}
    for keys in (plain, own, codes, names):
        known.update({key: said for key, said in zip(keys, types, strict=True) if key and said})
    return known

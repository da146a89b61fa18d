"""The past from the books: profit and loss, balances at month ends, and how long money takes to move.

Everything starts from :func:`read_books`. Amounts are in the currency of the books, ex VAT in the profit and
loss account; balances are what the accounts hold, so receivables and payables include VAT. In the profit and
loss account every value is credits less debits, so that lines simply add up: costs are negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from echannel.metrics.periods import month_start
from echannel.metrics.result import INPUT_MISSING, OK, TOO_FEW
from echannel.metrics.turnover import day_number

if TYPE_CHECKING:
    from echannel.countries.statements import StatementLine, Statements

OPENING = "opening"
_CENT = 0.005
_OPEN_DAYS = 5  # books whose last line is so many days before its month's end have not closed it
_FEWEST_MONTHS = 3
_YEAR = 12
MEASURES = ("dso", "dpo", "dio", "bfr", "bfr_days")


@dataclass(frozen=True)
class Books:
    """A ledger by account and month.

    Attributes
    ----------
    accounts : one row per account: ``account``, ``account_class``, ``label``, ``line`` (of the profit and
        loss account), ``held`` (line of the balance sheet); "" where it is of neither.
    months : month numbers from the first line to the last, without gaps.
    debits, credits : accounts × months, balances brought forward left out.
    held : accounts × months, debits less credits up to each month's end; balances brought forward count once.
    last_day : the last line's day. ``complete`` : whether each month is over in the books.
    gap : debits less credits of everything: 0 in books that balance. ``loose`` : the amount (debits and
        credits) on accounts that belong to no line.
    status, reason : ok, or what is wrong with the books as a whole; they are shown all the same.
    """

    statements: Statements
    accounts: pd.DataFrame
    months: np.ndarray
    debits: np.ndarray
    credits: np.ndarray
    held: np.ndarray
    last_day: int
    complete: np.ndarray
    gap: float
    loose: float
    status: str
    reason: str


def read_books(ledger: pd.DataFrame, statements: Statements | None) -> Books | None:
    """The books by account and month; None where there is no line, or no form of statements for the country.

    Balances brought forward (journal ``opening``) repeat what earlier lines add up to: balances start again
    from them where they are whole, and the profit and loss account never counts them.
    """
    if statements is None or ledger.empty:
        return None
    account, names = pd.factorize(ledger["account"].astype(str), sort=True)
    day = day_number(ledger["date"])
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype("int64")
    months = np.arange(month.min(), month.max() + 1)
    opening = (ledger["journal"].astype(object) == OPENING).to_numpy(bool)
    debit, credit = ledger["debit"].to_numpy("float64"), ledger["credit"].to_numpy("float64")
    accounts = _accounts(ledger, account, names, statements)
    shape = (len(names), len(months))
    debits, credits = (
        _summed(account, month - months[0], np.where(opening, 0.0, amount), shape)
        for amount in (debit, credit)
    )
    gap = round(float((debit - credit).sum()), 2)
    unplaced = ((accounts["line"] == "") & (accounts["held"] == "")).to_numpy(bool)
    loose = float((debit + credit)[unplaced[account]].sum())
    reason = ""
    if abs(gap) > _CENT:
        reason = "reason.planning.ledger_unbalanced"
    elif loose > _CENT:
        reason = "reason.planning.accounts_without_class"
    ends = np.array([month_start(int(one) + 1) - 1 for one in months])
    return Books(
        statements,
        accounts,
        months,
        debits,
        credits,
        _held(account, day, month - months[0], debit - credit, opening, shape),
        int(day.max()),
        day.max() >= ends - _OPEN_DAYS,
        gap,
        loose,
        OK if not reason else INPUT_MISSING,
        reason,
    )


def _accounts(
    ledger: pd.DataFrame, account: np.ndarray, names: pd.Index, statements: Statements
) -> pd.DataFrame:
    known = pd.DataFrame(
        {
            "at": account,
            "account_class": ledger["account_class"].astype(object).to_numpy(),
            "label": ledger["label"].astype(object).to_numpy(),
        }
    )
    frame = known.groupby("at", sort=True).first().reset_index(drop=True)  # the first that is not missing
    frame.insert(0, "account", names)
    return frame.assign(line=statements.line_of(frame), held=statements.balance_of(frame))


def _summed(account: np.ndarray, at: np.ndarray, amount: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    sums = np.bincount(account * shape[1] + at, amount, shape[0] * shape[1]).reshape(shape)
    return np.round(sums, 2)


def _held(
    account: np.ndarray,
    day: np.ndarray,
    at: np.ndarray,
    amount: np.ndarray,
    opening: np.ndarray,
    shape: tuple[int, int],
) -> np.ndarray:
    """Balances by month end: from each balanced opening anew, else on from what was there."""
    starts = [int(day.min())]
    for one in np.unique(day[opening]):
        whole = opening & (day == one)
        if one > starts[0] and abs(amount[whole].sum()) < _CENT:
            starts.append(int(one))
    held = np.zeros(shape)
    for first, after in zip(starts, [*starts[1:], int(day.max()) + 1], strict=True):
        inside = (day >= first) & (day < after) & (~opening | (day == first))
        since = int(at[day >= first].min())
        until = shape[1] if after > day.max() else int(at[day >= after].min())
        total = np.cumsum(_summed(account[inside], at[inside], amount[inside], shape), axis=1)
        held[:, since:until] = total[:, since:until]
    return np.round(held, 2)


def profit_and_loss(books: Books, by: str = "month", first_month: int = 1) -> pd.DataFrame:
    """The profit and loss account in the country's form, by month or by fiscal year.

    In France the soldes intermédiaires de gestion by account number, in the United Kingdom format 1 by class;
    each line is credits less debits of its accounts, or a sum of lines. The last line is the net result: all
    income less all costs. A year begins in calendar month ``first_month``.

    Returns
    -------
    Rows in the order of periods and lines: ``period`` (month number of the period's first month), ``line``,
    ``value``, ``is_sum``, ``months`` (of the period that the books cover), ``complete``, ``n`` (accounts
    behind the line with any movement), ``status``, ``reason`` (those of the books).
    """
    period, names = _periods(books, by, first_month)
    flows = books.credits - books.debits
    values: dict[str, np.ndarray] = {}
    counted: dict[str, np.ndarray] = {}
    for line in books.statements.lines:
        if line.sums:
            values[line.name] = np.sum([values[name] for name in line.sums], axis=0)
            counted[line.name] = np.sum([counted[name] for name in line.sums], axis=0)
            continue
        rows = (books.accounts["line"] == line.name).to_numpy(bool)
        moved = (books.debits[rows] != 0) | (books.credits[rows] != 0)
        values[line.name] = np.bincount(period, flows[rows].sum(axis=0), len(names))
        counted[line.name] = sum(
            (np.bincount(period, one, len(names)) > 0 for one in moved), np.zeros(len(names))
        )
    months = np.bincount(period, minlength=len(names))
    over = np.bincount(period, books.complete, len(names)) == (1 if by == "month" else _YEAR)
    lines = [line.name for line in books.statements.lines]
    frame = pd.DataFrame(
        {
            "period": np.repeat(names, len(lines)),
            "line": lines * len(names),
            "value": np.round(np.stack([values[name] for name in lines], axis=1).ravel(), 2) + 0.0,
            "is_sum": [bool(line.sums) for line in books.statements.lines] * len(names),
            "months": np.repeat(months, len(lines)),
            "complete": np.repeat(over, len(lines)),
            "n": np.stack([counted[name] for name in lines], axis=1).ravel().astype(int),
            "status": books.status,
            "reason": books.reason,
        }
    )
    moved_at = np.flatnonzero(frame["n"].to_numpy())  # before the first there are only balances
    first = moved_at[0] // len(lines) * len(lines) if len(moved_at) else 0
    return frame.iloc[first:].reset_index(drop=True)


def _periods(books: Books, by: str, first_month: int) -> tuple[np.ndarray, np.ndarray]:
    """The period of each month, and the number of each period's first month."""
    if by == "month":
        return np.arange(len(books.months)), books.months
    start = books.months - (books.months - (first_month - 1)) % _YEAR
    names, at = np.unique(start, return_inverse=True)
    return at, names


def by_class(books: Books, by: str = "year", first_month: int = 1) -> pd.DataFrame:
    """Credits less debits by account class and period: ``period``, ``account_class``, ``value``.

    Classes are those of the accounts (in France the first digit of the number); None stays a class of its
    own, "". Balances brought forward are left out.
    """
    period, names = _periods(books, by, first_month)
    classes, of = np.unique(books.accounts["account_class"].fillna("").astype(str), return_inverse=True)
    sums = np.zeros((len(classes), len(names)))
    np.add.at(sums, (of[:, None], period[None, :]), books.credits - books.debits)
    return pd.DataFrame(
        {
            "period": np.repeat(names, len(classes)),
            "account_class": list(classes) * len(names),
            "value": np.round(sums.T.ravel(), 2),
        }
    )


def balances(books: Books) -> pd.DataFrame:
    """What was there at each month's end: cash, stock, receivables, payables, VAT, loans and the rest.

    Assets are positive when there is something, debts when something is owed (``vat`` negative: a credit).
    ``result`` is the profit since balances were last brought forward; assets = debts + equity + result.

    Returns
    -------
    One row per month and line: ``month``, ``line``, ``side`` (debit: an asset; credit: a debt or equity),
    ``value``, ``complete``, ``n`` (accounts), ``status``, ``reason``.
    """
    lines = books.statements.balances
    rows = [_line_held(books, line) for line in lines]
    of_result = (books.accounts["line"] != "").to_numpy(bool)
    rows.append((-books.held[of_result].sum(axis=0), int(of_result.sum())))
    names = [line.name for line in lines] + ["result"]
    sides = [line.side for line in lines] + ["credit"]
    count = len(books.months)
    return pd.DataFrame(
        {
            "month": np.repeat(books.months, len(names)),
            "line": names * count,
            "side": sides * count,
            "value": np.round(np.stack([values for values, _ in rows], axis=1).ravel(), 2) + 0.0,
            "complete": np.repeat(books.complete, len(names)),
            "n": [accounts for _, accounts in rows] * count,
            "status": books.status,
            "reason": books.reason,
        }
    )


def _line_held(books: Books, line: StatementLine) -> tuple[np.ndarray, int]:
    rows = ((books.accounts["held"] == line.name) & (books.accounts["line"] == "")).to_numpy(bool)
    total = books.held[rows].sum(axis=0)
    return (total if line.side == "debit" else -total), int(rows.sum())


def held(books: Books, line: str) -> np.ndarray:
    """A line of the balance sheet at each month's end (see :func:`balances`); ``(months,)``."""
    wanted = next(one for one in books.statements.balances if one.name == line)
    return np.round(_line_held(books, wanted)[0], 2) + 0.0


def flow(books: Books, lines: tuple[str, ...]) -> np.ndarray:
    """Credits less debits of lines of the profit and loss account in each month; ``(months,)``."""
    rows = books.accounts["line"].isin(lines).to_numpy(bool)
    return np.asarray((books.credits - books.debits)[rows].sum(axis=0))


def working_capital(books: Books) -> pd.DataFrame:
    """How long customers take to pay, the firm takes to pay, goods lie, and how much money that ties up.

    At each month's end, over the up to 12 months before: ``dso`` = receivables ÷ what was invoiced on account
    (debits of customers' accounts) × days, ``dpo`` = payables ÷ what suppliers invoiced (credits) × days: VAT
    is on both sides; ``dio`` = stock ÷ cost of goods sold × days, ex VAT. ``bfr`` = stock + receivables −
    payables − VAT − staff and social debts; ``bfr_days`` = bfr ÷ turnover ex VAT × days (BFR en jours de CA
    HT). Other debts, loans and corporation tax are no part of it.

    Returns
    -------
    One row per month and measure: ``month``, ``measure``, ``numerator``, ``denominator``, ``value`` (days;
    money for bfr), ``n`` (months in the denominator), ``status``, ``reason``.
    """
    form = books.statements
    at = {name: held(books, name) for name in ("stock", "receivables", "payables", "vat", "staff_and_social")}
    need = at["stock"] + at["receivables"] - at["payables"] - at["vat"] - at["staff_and_social"]
    invoiced, bought = (
        moves[(books.accounts["held"] == line).to_numpy(bool)].sum(axis=0)
        for moves, line in ((books.debits, "receivables"), (books.credits, "payables"))
    )
    over = {
        "dso": (at["receivables"], invoiced),
        "dpo": (at["payables"], bought),
        "dio": (at["stock"], -flow(books, form.cost_of_sales)),
        "bfr_days": (need, flow(books, form.turnover)),
    }
    count = np.minimum(np.arange(1, len(books.months) + 1), _YEAR)
    starts = np.array([month_start(int(month)) for month in [*books.months, books.months[-1] + 1]])
    days = starts[1:] - starts[np.arange(len(books.months)) - count + 1]
    parts = []
    for name in MEASURES:
        top, below = over[name] if name != "bfr" else (need, np.ones(len(need)))
        base = below if name == "bfr" else _last_year(below, count)
        value = np.divide(top, base, out=np.full(len(top), np.nan), where=base > _CENT)
        value = value if name == "bfr" else value * days
        few, none = count < _FEWEST_MONTHS, ~np.isfinite(value)
        few &= name != "bfr"
        reason = np.select(
            [few, none], ["reason.planning.books_too_short", "reason.planning.no_flow_in_books"], ""
        )
        parts.append(
            pd.DataFrame(
                {
                    "month": books.months,
                    "measure": name,
                    "numerator": top,
                    "denominator": base,
                    "value": np.where(few, np.nan, value),
                    "n": count,
                    "status": np.select([few, none], [TOO_FEW, INPUT_MISSING], OK),
                    "reason": reason,
                }
            )
        )
    return pd.concat(parts, ignore_index=True).sort_values("month", kind="stable", ignore_index=True)


def _last_year(values: np.ndarray, count: np.ndarray) -> np.ndarray:
    total = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(1, len(values) + 1)
    return np.asarray(total[at] - total[at - count])

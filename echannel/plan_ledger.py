"""What the books say of the values that a plan needs: margins, costs a month, balances to open with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from echannel.countries.statements import statements_of
from echannel.metrics.planning.books import Books, balances, flow, held, read_books, working_capital
from echannel.metrics.planning.cost_variance import with_rest
from echannel.metrics.planning.ledger_gaps import COLUMNS, balanced_ends, balanced_months, ledger_gaps
from echannel.metrics.result import OK
from echannel.yml import read_yaml

_YEAR = 12
_FEWEST_MONTHS = 6  # complete ones, from which a monthly cost speaks for a year
_NAN = float("nan")


@dataclass(frozen=True)
class LedgerFacts:
    """Of the last twelve complete months of the books; NaN, or no entry, where they tell nothing.

    Months that do not balance count as not told. ``costs`` (by line of the plan) and ``staff_gross``: a
    month; ``balances``: by line of the books, at the end of month ``end`` (-1: none), the last before the
    plan at which they balance; ``profits``: before corporation tax, by complete month of which no tax was
    booked (else the tax already stands among the balances); ``gaps``: what does not balance (see
    ``ledger_gaps``); ``reason``: what is wrong with the books as a whole.
    """

    margin_rate: float = _NAN
    carriage_rate: float = _NAN
    fee_rate: float = _NAN
    staff_gross: float = _NAN
    employer_rate: float = _NAN
    dso: float = _NAN
    dpo: float = _NAN
    costs: Mapping[str, float] = field(default_factory=dict)
    balances: Mapping[str, float] = field(default_factory=dict)
    profits: Mapping[int, float] = field(default_factory=dict)
    end: int = -1
    gaps: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=COLUMNS))
    reason: str = ""

    def profit_between(self, first: int, end: int) -> float:
        """Profit before tax of months ``first`` to ``end`` - 1; months not in the books count as the mean of
        those that are. NaN where none is."""
        seen = [amount for month, amount in self.profits.items() if first <= month < end]
        return round(sum(seen) / len(seen) * (end - first), 2) if seen else _NAN


def ledger_facts(ledger: pd.DataFrame, country: str, start: int | None = None) -> LedgerFacts:
    """What the books tell of a plan from month ``start`` on (None: after all of them).

    Nothing where there are none, or none of their months is complete and balances.
    """
    books = read_books(ledger, statements_of(country))
    if books is None:
        return LedgerFacts()
    gaps = ledger_gaps(ledger)
    reason = "reason.planning.ledger_unbalanced" if len(gaps) else books.reason
    before = books.months < (np.inf if start is None else start)
    complete = np.flatnonzero(books.complete & balanced_months(books) & before)
    ends = np.flatnonzero(books.complete & balanced_ends(books) & before)
    owned, end = _balances(books, ends)
    profits = _profits(books, complete)
    whole = LedgerFacts(balances=owned, profits=profits, end=end, gaps=gaps, reason=reason)
    months = complete[-_YEAR:]
    if len(months) < _FEWEST_MONTHS:
        return whole
    turnover = float(flow(books, books.statements.turnover)[months].sum())
    spent = _by_plan_line(books, country, months)
    gross, charges = spent.pop("staff_gross", 0.0), spent.pop("employer_charges", 0.0)
    spent.pop("interest", None)  # follows from the loans
    goods = -float(flow(books, books.statements.cost_of_sales)[months].sum())
    by_measure = _days(books, end)
    return replace(
        whole,
        margin_rate=1 - goods / turnover if turnover > 0 and goods > 0 else _NAN,
        carriage_rate=_share(spent.pop("carriage", 0.0), turnover),
        fee_rate=_share(spent.pop("payment_fees", 0.0), turnover),
        staff_gross=gross / len(months) if gross else _NAN,
        employer_rate=charges / gross if gross else _NAN,
        dso=by_measure.get("dso", _NAN),
        dpo=by_measure.get("dpo", _NAN),
        costs={line: amount / len(months) for line, amount in spent.items()},
    )


def _balances(books: Books, ends: np.ndarray) -> tuple[dict[str, float], int]:
    """Balances by line at the last of the month ends given, and its month; nothing where there is none."""
    if not len(ends):
        return {}, -1
    end = int(books.months[ends[-1]])
    rows = balances(books)
    there = rows[(rows["month"] == end).to_numpy()]
    return dict(zip(there["line"], there["value"].astype(float), strict=True)), end


def _days(books: Books, end: int) -> dict[str, float]:
    """Days that customers take and suppliers get (see ``working_capital``), at the end of month ``end``."""
    days = working_capital(books)
    last = days[(days["month"] == end).to_numpy() & (days["status"] == OK).to_numpy()]
    return dict(zip(last["measure"], last["value"].astype(float), strict=True))


def _profits(books: Books, complete: np.ndarray) -> dict[int, float]:
    """Net result of each month of the last year in which no corporation tax was booked."""
    lines = tuple(one.name for one in books.statements.lines if not one.sums)
    result, tax = flow(books, lines), flow(books, ("corporation_tax",))
    months = complete[-_YEAR:]
    taxed = months[tax[months] != 0]
    if len(taxed):
        months = months[months > taxed[-1]]
    return {int(books.months[at]): float(result[at]) for at in months}


def booked_lines(ledger: pd.DataFrame, country: str) -> pd.DataFrame:
    """The books' complete months in the lines of a plan: ``month``, ``line``, ``value``.

    Corporation tax is left out. Costs are positive, ex VAT; ``unplaced`` is what no line of a plan has (see
    ``cost_variance``); ``cash`` is held at the month's end. Months that do not balance are left out; of
    balances, those that do not.
    """
    books = read_books(ledger, statements_of(country))
    empty = pd.DataFrame({"month": np.zeros(0, int), "line": [], "value": np.zeros(0)})
    if books is None:
        return empty
    form = books.statements
    lines = {
        "turnover": flow(books, form.turnover),
        "cost_of_sales": -flow(books, form.cost_of_sales),
        "depreciation": -flow(books, form.depreciation),
        **_costs_by_month(books, country),
    }
    every = tuple(one.name for one in form.lines if not one.sums and one.name != "corporation_tax")
    lines = with_rest(lines, flow(books, every))
    there = books.complete & balanced_months(books)
    cash = held(books, "cash")
    ends = books.complete & balanced_ends(books)
    parts = [
        pd.DataFrame({"month": books.months[at], "line": name, "value": values[at]})
        for name, values, at in [*((name, one, there) for name, one in lines.items()), ("cash", cash, ends)]
    ]
    return pd.concat(parts, ignore_index=True)


def _costs_by_month(books: Books, country: str) -> dict[str, np.ndarray]:
    """Costs by line of the plan and month ``(months,)``."""
    found: dict[str, np.ndarray] = {}
    for at, name in enumerate(_names(books, country)):
        if name:
            found[name] = found.get(name, 0.0) + (books.debits - books.credits)[at]
    return found


def _share(amount: float, turnover: float) -> float:
    share = amount / turnover if turnover > 0 and amount > 0 else _NAN
    return share if share <= 0.5 else _NAN


def _by_plan_line(books: Books, country: str, months: np.ndarray) -> dict[str, float]:
    """Costs of ``months`` by line of the plan; accounts of other lines (depreciation …) are left out."""
    summed = {name: float(by[months].sum()) for name, by in _costs_by_month(books, country).items()}
    return {name: round(amount, 2) for name, amount in summed.items() if round(amount, 2) > 0}


def _names(books: Books, country: str) -> list[str]:
    """The plan's line of each account; "" for others."""
    accounts, rules = books.accounts, _rules().get(country, {})
    columns = (accounts["account"].astype(str), accounts["label"].fillna(""), accounts["line"])
    return [
        _plan_line(account, str(label), str(line), rules)
        for account, label, line in zip(*columns, strict=True)
    ]


def _plan_line(account: str, label: str, line: str, rules: Mapping[str, Mapping[str, Any]]) -> str:
    for name, rule in rules.items():
        starts, pattern = tuple(rule.get("accounts", ())), rule.get("labels", "")
        if line not in rule["of"]:
            continue
        if (starts and account.startswith(starts)) or (pattern and re.search(pattern, label.lower())):
            return name
    return ""


@lru_cache
def _rules() -> dict[str, dict[str, dict[str, Any]]]:
    content = (files("echannel.countries") / "plan_lines.yml").read_text(encoding="utf-8")
    return dict(read_yaml(content))

"""A country's form of the profit and loss account and of the balance sheet: which account goes where."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import field_validator

from echannel.countries.dated import Strict
from echannel.yml import read_yaml

_FOLDER = Path(__file__).parent / "statements"


class StatementLine(Strict):
    """One line: the accounts that make it, or the lines that it sums.

    An account belongs to a line by its first digits (``accounts``; the longest that fits, of all lines), or
    by its class; where ``labels`` (a pattern) is given too, only if its name fits, and then before others.
    """

    name: str
    accounts: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    labels: str = ""
    sums: tuple[str, ...] = ()
    side: Literal["debit", "credit"] = "credit"

    @field_validator("labels")
    @classmethod
    def _a_pattern(cls, value: str) -> str:
        re.compile(value)
        return value


class Statements(Strict):
    """A country's statements. ``turnover``, ``cost_of_sales`` and ``depreciation`` name lines that make them
    up; the last of ``lines`` is the net result."""

    code: str
    name: str
    source: str
    checked: date | None = None
    turnover: tuple[str, ...]
    cost_of_sales: tuple[str, ...]
    depreciation: tuple[str, ...]
    lines: tuple[StatementLine, ...]
    balances: tuple[StatementLine, ...]

    def line_of(self, accounts: pd.DataFrame) -> np.ndarray:
        """The line of the profit and loss account of each account; "" for others.

        ``accounts``: one row per account with ``account``, ``account_class`` and ``label`` (text or None).
        """
        return _placed(accounts, self.lines)

    def balance_of(self, accounts: pd.DataFrame) -> np.ndarray:
        """The line of the balance sheet of each account; "" for others."""
        return _placed(accounts, self.balances)

    @property
    def net_result(self) -> str:
        """The line that everything ends in."""
        return self.lines[-1].name


def _placed(accounts: pd.DataFrame, lines: tuple[StatementLine, ...]) -> np.ndarray:
    number = accounts["account"].astype(object).fillna("").astype(str)
    of_class = accounts["account_class"].astype(object)
    label = accounts["label"].astype(object).fillna("").astype(str)
    found = np.full(len(accounts), "", dtype=object)
    digits = sorted(((start, line) for line in lines for start in line.accounts), key=lambda one: len(one[0]))
    for start, line in digits:
        found[number.str.startswith(start).to_numpy(bool)] = line.name
    for line in sorted((one for one in lines if one.classes), key=lambda one: bool(one.labels)):
        fits = of_class.isin(line.classes).to_numpy(bool)
        if line.labels:
            fits &= label.str.contains(line.labels, case=False, regex=True).to_numpy(bool)
        found[fits] = line.name
    return found


@lru_cache
def statements_of(country: str) -> Statements | None:
    """The statements of a country (ISO 3166 alpha-2); None where we have none."""
    path = _FOLDER / f"{country.lower()}.yml"
    if not re.fullmatch(r"[a-z]{2}\.yml", path.name) or not path.is_file():
        return None
    return Statements.model_validate(read_yaml(path.read_text(encoding="utf-8")))

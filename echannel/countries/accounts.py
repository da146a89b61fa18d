"""A country's layout of accounts: what the number of an account says about it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pydantic import model_validator

from echannel.countries.dated import Strict

if TYPE_CHECKING:  # every page of every command reads packs; few ask for the class of an account
    import pandas as pd


class AccountRange(Strict):
    """Accounts whose first digits lie from ``first`` to ``last`` (as many digits each), and their class."""

    first: str
    last: str
    account_class: str

    @model_validator(mode="after")
    def _ordered(self) -> AccountRange:
        if not (self.first + self.last).isdigit() or len(self.first) != len(self.last):
            raise ValueError("account_range")
        if self.first > self.last:
            raise ValueError("account_range")
        return self


class ChartOfAccounts(Strict):
    """How accounts are numbered. ``by_law``: in every firm; else only where software sets them up so.

    Numbers of fewer than ``digits`` digits, or with other characters among the first ones, say nothing.
    """

    name: str
    by_law: bool
    digits: int
    ranges: tuple[AccountRange, ...]
    source: str
    checked: date | None = None

    def classes(self, accounts: pd.Series) -> pd.Series:
        """The class of each account by its number; None where the number says nothing."""
        import numpy as np
        import pandas as pd

        codes = accounts.astype("string").fillna("")
        start = codes.str.extract(r"^(\d+)", expand=False).fillna("")
        known = start.str.len().ge(self.digits).to_numpy(bool)
        found = np.full(len(codes), None, dtype=object)
        for one in self.ranges:
            head = start.str[: len(one.first)]
            inside = known & head.ge(one.first).to_numpy(bool) & head.le(one.last).to_numpy(bool)
            found[inside] = one.account_class
        return pd.Series(found, index=accounts.index, dtype=object)

"""Which class an account is of: by the export's own account type, by its number, by the profile.

Outside France classes are the words of ``CLASSES``; in France the first digit of the account (PCG).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

import numpy as np
import pandas as pd
import yaml

from echannel.connectors.files.headers import normal
from echannel.countries.accounts import ChartOfAccounts

CLASSES = (
    "bank",
    "receivables",
    "stock",
    "current_assets",
    "fixed_assets",
    "payables",
    "current_liabilities",
    "long_term_liabilities",
    "equity",
    "sales",
    "other_income",
    "cost_of_sales",
    "expenses",
    "depreciation",
)
RESULT = ("sales", "other_income", "cost_of_sales", "expenses", "depreciation", "6", "7")
"""Classes of the profit and loss account: they start from nothing in each financial year."""
_CREDIT_SIDE = ("payables", "current_liabilities", "long_term_liabilities", "equity", "sales", "other_income")


@lru_cache
def _by_type() -> dict[str, str]:
    text = (files("echannel.connectors.accounts") / "types.yml").read_text(encoding="utf-8")
    return {normal(word): known for known, words in yaml.safe_load(text).items() for word in words}


def by_type(types: pd.Series) -> pd.Series:
    """The class of each account type as the software words it; None where it is not known."""
    known = _by_type()
    return types.map({text: known.get(normal(text)) for text in types.dropna().unique()}).astype(object)


def by_profile(accounts: pd.Series, names: pd.Series, said: Mapping[str, str]) -> pd.Series:
    """The class that a profile gives: to the account itself, to its name, else to its first digits."""
    whole = {normal(key): known for key, known in said.items()}
    starts = sorted((key for key in said if key.isdigit()), key=len)
    found = pd.Series(None, index=accounts.index, dtype=object)
    for start in starts:
        found[accounts.astype(str).str.startswith(start).to_numpy(bool)] = said[start]
    for texts in (names, accounts):
        own = texts.map({text: whole.get(normal(text)) for text in texts.dropna().unique()}).astype(object)
        found = own.where(own.notna(), found)
    return found


def by_number(accounts: pd.Series, chart: ChartOfAccounts | None) -> pd.Series:
    """The class by the country's layout of accounts; None where there is none or it says nothing."""
    if chart is None:
        return pd.Series(None, index=accounts.index, dtype=object)
    return chart.classes(accounts)


def first_known(*columns: pd.Series) -> pd.Series:
    """In each row the first class that is known."""
    first, *others = columns
    for other in others:
        first = first.where(first.notna(), other)
    return first.where(first.notna(), None)


def is_result(classes: pd.Series) -> np.ndarray:
    """Whether an account is one of the profit and loss account."""
    return classes.isin(RESULT).to_numpy(bool)


def credit_is_positive(classes: pd.Series) -> np.ndarray:
    """Whether software that shows one signed amount counts credits of such an account as positive."""
    return classes.isin(_CREDIT_SIDE).to_numpy(bool)

"""Account numbers and names without persons: customers, suppliers, staff and partners have accounts too."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

PERSONAL_CLASSES = ("40", "41", "42", "45", "46")
"""First digits of French accounts of third parties: suppliers, customers, staff, partners, others."""
# Accounts that often bear a person's name beside what they are.
_PERSONAL = re.compile(
    r"\b(?:directors?|shareholders?|partners?|drawings?|proprietors?|owners?|members?|employees?|"
    r"associ[eé]s?|exploitants?|g[eé]rants?)\b.*\w",
    re.IGNORECASE,
)


def french_accounts(
    accounts: pd.Series, auxiliary: pd.Series, pseudonym: Callable[[pd.Series], pd.Series]
) -> pd.Series:
    """Accounts as they may be stored: ``411:<pseudonym>`` where the account is one person's or firm's.

    That is where an auxiliary account is named (the pseudonym is of that), and where the number of a
    third party's account says more than the four digits of the PCG (``411DUPONT``, ``41100042``).
    """
    bare = accounts.str.replace(r"0+$", "", regex=True)
    third = accounts.str[:2].isin(PERSONAL_CLASSES) | accounts.str.startswith("108")
    own = third & ((bare.str.len() > 4) | ~bare.str.fullmatch(r"\d+").fillna(False).astype(bool))
    named = auxiliary != ""
    identity = auxiliary.where(named, accounts.where(own, None))
    hidden = named | own
    if not hidden.any():
        return accounts
    prefix = accounts.str.extract(r"^(\d{1,3})", expand=False).fillna("")
    return accounts.where(~hidden, prefix + ":" + pseudonym(identity).astype(object).fillna(""))


def french_labels(labels: pd.Series, accounts: pd.Series, auxiliary: pd.Series) -> pd.Series:
    """Names of general accounts; none for accounts of third parties, of partners, of the owner."""
    personal = accounts.str[:2].isin(PERSONAL_CLASSES) | accounts.str.startswith("108") | (auxiliary != "")
    return labels.where(~personal & (labels != "") & ~is_personal(labels), None)


def is_personal(labels: pd.Series) -> pd.Series:
    """Whether the name of an account may hold a person's (a director's loan account)."""
    found = {text: bool(_PERSONAL.search(str(text))) for text in labels.dropna().unique()}
    return labels.map(found).fillna(False).astype(bool)


def named_accounts(
    codes: pd.Series, names: pd.Series, pseudonym: Callable[[pd.Series], pd.Series]
) -> tuple[pd.Series, pd.Series]:
    """Account and label where accounts go by name: the code where there is one, else the name.

    A name that may hold a person's is not kept: without a code its pseudonym stands for the account.
    """
    personal = is_personal(names) & (names != "")
    plain = names.where(~personal, "")
    account = codes.where(codes != "", plain)
    hidden = personal & (codes == "")
    if hidden.any():
        account = account.where(~hidden, "person:" + pseudonym(names.where(hidden, None)).astype(object))
    return account, plain.where(plain != "", None)

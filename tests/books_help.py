"""Books of account made up for tests: a FEC with its oracle sums, and how the connector reads a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from files_help import PSEUDONYM, firm

from echannel.connectors.accounts import AccountsConnector
from echannel.connectors.base import Batch, SourceContext
from echannel.tables import TABLES

FEC_HEADERS = [
    *("JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum"),
    *("CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet"),
    *("ValidDate", "Montantdevise", "Idevise"),
]


@dataclass(frozen=True)
class Entry:
    """One entry: its journal, number, day (yyyymmdd) and lines (account, label, auxiliary, cents)."""

    journal: str
    number: str
    day: str
    lines: tuple[tuple[str, str, str, int], ...]


def sale(number: int, day: str, net: int, vat: int, customer: str = "C001") -> Entry:
    """A sale on account: debits of the customer, credits of goods and VAT, in cents."""
    lines = (
        ("411000", "Clients", customer, net + vat),
        ("707000", "Ventes de marchandises", "", -net),
        ("445710", "TVA collectée", "", -vat),
    )
    return Entry("VE", str(number), day, lines)


def amount(cents: int) -> str:
    """Cents with a decimal comma."""
    return f"{cents // 100},{cents % 100:02d}"


def fec(entries: list[Entry], separator: str = "|", by_side: bool = False) -> str:
    """The text of a FEC: amounts in Debit and Credit, or in Montant with Sens."""
    headers = list(FEC_HEADERS)
    if by_side:
        headers[11:13] = ["Montant", "Sens"]
    rows = [separator.join(headers)]
    for entry in entries:
        for account, label, auxiliary, cents in entry.lines:
            name = f"Canary {auxiliary}" if auxiliary else ""
            sides = [amount(max(cents, 0)), amount(max(-cents, 0))]
            if by_side:
                sides = [amount(abs(cents)), "D" if cents >= 0 else "C"]
            cells = [entry.journal, "Ventes", entry.number, entry.day, account, label, auxiliary, name]
            cells += [
                f"F{entry.number}",
                entry.day,
                "Facture Canary person",
                *sides,
                "",
                "",
                entry.day,
                "",
                "",
            ]
            rows.append(separator.join(cells))
    return "\r\n".join(rows) + "\r\n"


def connect(folder: Path, country: str = "GB", **options: object) -> AccountsConnector:
    """The connector of a folder, for a made-up firm."""
    context = SourceContext(firm(country), "books", folder, PSEUDONYM, lambda what, done, total: None)
    return AccountsConnector({"folder": ".", **options}, context)


def read_books(
    folder: Path, contents: dict[str, str | bytes], country: str = "GB", **options: object
) -> list[Batch]:
    """All batches of a folder with these files; read = kept + refused is checked but for trial balances."""
    for name, content in contents.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    batches = list(connect(folder, country, **options).fetch({}))
    for batch in batches:
        balances = any(state.startswith("balance") for state in batch.cursor.values())
        if "ledger" in batch.tables and not balances:
            assert batch.read == len(batch.tables["ledger"]) + len(batch.rejected)
    return batches


def ledger(batches: list[Batch]) -> pd.DataFrame:
    """The ledger of some batches, validated."""
    frames = [batch.tables["ledger"] for batch in batches if "ledger" in batch.tables]
    return TABLES["ledger"].schema.validate(pd.concat(frames, ignore_index=True))


def notes(batches: list[Batch]) -> dict[str, dict]:
    """The values of each note by its key."""
    return {note.key: note.values for batch in batches for note in batch.notes}  # noqa: PD011


def cents(values: pd.Series) -> np.ndarray:
    """Amounts in whole cents."""
    return np.round(values.to_numpy() * 100).astype(int)


def by_account(lines: pd.DataFrame) -> dict[str, int]:
    """Debits less credits of each account, in cents, without those that are nothing."""
    found = (lines["debit"] - lines["credit"]).groupby(lines["account"].astype(str)).sum()
    return {account: round(value * 100) for account, value in found.items() if round(value * 100)}

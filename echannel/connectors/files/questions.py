"""What only the user knows about a file, asked for by the wizard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from echannel.connectors.files.cells import Cells
from echannel.connectors.files.fields import REQUIRED, in_words
from echannel.connectors.files.options import FileOptions
from echannel.connectors.files.reading import Raw
from echannel.tables import STATUSES

_MOST_WORDS = 12


@dataclass(frozen=True)
class Question:
    """Something only the user knows. ``option`` is the option that the answer goes to
    (``amounts``, ``date_order``, ``decimal``, ``constants.currency``, ``statuses.<word>``,
    ``mapping.<field>``);
    ``choices`` are its possible values (empty: free text); ``default`` is what holds without an answer.
    """

    key: str
    option: str
    choices: tuple[str, ...] = ()
    default: str | None = None
    values: dict[str, Any] = field(default_factory=dict)


def questions_about(cells: Cells, tables: dict[str, pd.DataFrame]) -> tuple[Question, ...]:
    """What had to be assumed or refused in a file, as questions."""
    asked = [*_assumptions(cells)]
    if cells.layout.table == "orders":
        asked += [*_unknown_words(cells), *_foreign_money(cells), *_silences(cells, tables)]
    return tuple(asked)


def missing_fields(raw: Raw, options: FileOptions) -> tuple[Question, ...]:
    """Which column holds each required field that was not found."""
    layout = options.layout()
    return tuple(
        Question(
            "files.ask.column",
            f"mapping.{name}",
            raw.headers,
            None,
            {"field": in_words(name)},
        )
        for name in REQUIRED[layout.table]
        if name != "order_id" and not any(raw.column(h) is not None for h in layout.mapping.get(name, ()))
    )


def _assumptions(cells: Cells) -> list[Question]:
    keys = {note.key: note.values for note in cells.notes}  # noqa: PD011
    asked = []
    for basis in ("gross", "net"):
        if f"files.note.amounts_assumed_{basis}" in keys:
            asked.append(Question("files.ask.amounts", "amounts", ("gross", "net"), basis))
    for order in ("dmy", "mdy"):
        values = keys.get(f"files.note.dates_assumed_{order}")
        if values is not None:
            asked.append(Question("files.ask.date_order", "date_order", ("dmy", "mdy"), order, values))
    decimal = keys.get("files.note.decimal_assumed")
    if decimal is not None:
        values = {"field": decimal["field"]}
        asked.append(Question("files.ask.decimal", "decimal", (".", ","), decimal["mark"], values))
    return asked


def _unknown_words(cells: Cells) -> list[Question]:
    refused = cells.rejected
    unknown = refused.loc[refused["reason"] == "reason.files.unknown_status", "value"]
    words = unknown.value_counts().head(_MOST_WORDS)
    return [
        Question("files.ask.status", f"statuses.{word}", STATUSES, None, {"word": word, "n": int(n)})
        for word, n in words.items()
    ]


def _foreign_money(cells: Cells) -> list[Question]:
    refused = cells.rejected
    foreign = refused.loc[refused["reason"] == "reason.files.no_fx_rate", "value"].unique()
    own = cells.firm.currency
    return [
        Question("files.ask.fx", f"fx.{code}", (), None, {"currency": code, "own": own}) for code in foreign
    ]


def _silences(cells: Cells, tables: dict[str, pd.DataFrame]) -> list[Question]:
    asked = []
    if not cells.has("currency"):
        own = cells.firm.currency
        asked.append(Question("files.ask.currency", "constants.currency", (), own))
    if not cells.has("customer") and not cells.options.preset:
        asked.append(Question("files.ask.customer", "mapping.customer", cells.raw.headers, None))
    orders = tables.get("orders", pd.DataFrame({"total_gross": [], "vat_stated": []}))
    orders = orders[orders["total_gross"] > 0]
    if len(orders) and not orders["vat_stated"].any() and cells.firm.vat_registered:
        today = pd.Timestamp(orders["ordered_at"].max()).date()
        rates = {rate.rate for rate in cells.firm.pack.vat_rates if rate.until is None}
        standard = float(cells.firm.standard_vat(pd.Series([pd.Timestamp(today)]).to_numpy())[0])
        choices = tuple(str(rate) for rate in sorted({*rates, 0.0, standard}))
        asked.append(Question("files.ask.vat_rate", "constants.vat_rate", choices, str(standard)))
    return asked

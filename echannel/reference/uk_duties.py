"""UK duty on a firm's goods, as the UK Trade Tariff gave it: fetched on demand, kept, read offline.

In ``data/reference/uk_duties.csv`` stands one row per customs code and country of departure. ``found`` is 0
where the tariff has no such commodity (mostly a heading: too few digits). Rates are fractions; empty where
the duty is no plain percentage (see ``duty_text``) or where there is none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from echannel.errors import UserError
from echannel.reference.http import Live, SourceFailed
from echannel.reference.snapshot import markets
from echannel.reference.uk_tariff import Commodity, commodity
from echannel.workspace import Workspace

COLUMNS = ["code", "departure", "found", "duty", "duty_text", "preference", "read"]
_TEXTS = dict.fromkeys(("code", "departure", "duty_text", "read"), str)
_EUROPEAN_UNION = ("1013", "EU")  # the area to which the tariff grants the TCA's preference


@dataclass(frozen=True)
class UkDuty:
    """One code's duty: from any third country, and with proven EU origin (None: no such preference kept).

    ``duty`` is None where the code is no commodity of the tariff (``found`` False), or where the duty is no
    plain percentage (then ``text`` says it).
    """

    code: str
    found: bool
    duty: float | None
    text: str
    preference: float | None
    read: str


def tariff_code(code: object) -> str:
    """Ten digits as the tariff asks for them: zeros after a shorter code; "" for fewer than six digits."""
    digits = re.sub(r"\D", "", str(code))
    return digits[:10].ljust(10, "0") if len(digits) >= 6 else ""


def kept_path(workspace: Workspace) -> Path:
    """Where fetched duties are kept."""
    return workspace.root / "data" / "reference" / "uk_duties.csv"


def kept(workspace: Workspace, departure: str) -> dict[str, UkDuty]:
    """What is kept for goods that leave from a country, by ten-digit code; nothing is asked of anyone."""
    path = kept_path(workspace)
    if not path.is_file():
        return {}
    table = _read(path)
    rows = table[(table["departure"] == departure).to_numpy()]
    return {
        str(row["code"]): UkDuty(
            code=str(row["code"]),
            found=bool(row["found"]),
            duty=_number(row["duty"]),
            text=str(row["duty_text"]),
            preference=_number(row["preference"]),
            read=str(row["read"]),
        )
        for row in rows.to_dict("records")
    }


def kept_for(
    workspace: Workspace, departure: str, codes: pd.Series, entered: Mapping[str, float]
) -> dict[str, UkDuty]:
    """What is kept of goods whose duty the firm has not entered, by their own code as digits.

    ``entered``: rates by the beginning of a code; they stand, whatever the tariff says.
    """
    known = kept(workspace, departure)
    if not known:
        return {}
    plain = codes.dropna().astype(str).str.replace(r"\D", "", regex=True).unique()
    asked = [one for one in plain if not any(one.startswith(start) for start in entered)]
    return {one: known[ten] for one in asked if (ten := tariff_code(one)) in known}


def fetch(live: Live, codes: Iterable[str], departure: str) -> None:
    """Asks the tariff for each code and keeps what it says; a code that it does not know is kept as unknown.

    Raises
    ------
    SourceFailed
        The tariff stopped answering; what it had said before is kept.
    UserError
        Every code was asked for, and some are no commodities.
    """
    rows: list[dict[str, object]] = []
    unknown = []
    try:
        for code in dict.fromkeys(filter(None, map(tariff_code, codes))):
            try:
                rows.append(_row(commodity(live, code, departure), departure))
            except SourceFailed as failed:
                if failed.kind != "not_found":
                    raise
                unknown.append(code)
                rows.append(_no_row(code, departure))
    finally:
        _keep(live.workspace, rows)
    if unknown:
        raise UserError("reference.error.no_commodity", n=len(unknown), codes=unknown[:5])


def _row(found: Commodity, departure: str) -> dict[str, object]:
    areas = (*_EUROPEAN_UNION, departure) if departure in _members() else (departure,)
    preference = next((found.preferences[area] for area in areas if area in found.preferences), np.nan)
    read = found.read.isoformat() if found.read else ""
    return dict(
        zip(
            COLUMNS,
            (found.code, departure, 1, found.duty, _plain(found.duty_text), preference, read),
            strict=True,
        )
    )


def _no_row(code: str, departure: str) -> dict[str, object]:
    today = datetime.now(UTC).date().isoformat()
    return dict(zip(COLUMNS, (code, departure, 0, np.nan, "", np.nan, today), strict=True))


def _keep(workspace: Workspace, rows: list[dict[str, object]]) -> None:
    """Puts rows in the place of older ones, in one step."""
    if not rows:
        return
    path = kept_path(workspace)
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(rows, columns=COLUMNS)
    if path.is_file():
        table = pd.concat([_read(path), table], ignore_index=True)
    newest = table.drop_duplicates(["code", "departure"], keep="last").sort_values(["code", "departure"])
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    newest.to_csv(partial, index=False, lineterminator="\n")
    partial.replace(path)


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(
        path, dtype=_TEXTS, keep_default_na=False, na_values={"duty": [""], "preference": [""]}
    )


def _members() -> frozenset[str]:
    table = markets()
    return frozenset(table.index[table["eu_member"]])


def _plain(wording: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", "", wording).split())[:120]


def _number(value: object) -> float | None:
    number = float(str(value))
    return None if np.isnan(number) else number

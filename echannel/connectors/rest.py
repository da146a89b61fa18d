"""What the connectors of JSON APIs have in common: options, rates, rows to batches, refusals, findings."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pandas as pd
from pydantic import SecretStr

from echannel.connectors.base import REJECTED_COLUMNS, Batch, Finding, Note, SourceContext
from echannel.connectors.failures import SourceError
from echannel.errors import UserError
from echannel.tables import TABLES

Record = dict[str, Any]
TRANSPORT = frozenset({"allow_http", "allow_private", "allow_self_signed", "ca_file"})
_ABOUT = {"address": "address", "redirect": "address", "tls": "tls", "unauthorised": "credentials"}
_THEIRS = ("server", "maintenance", "timeout", "cut", "rate")


def checked_options(
    options: Mapping[str, Any], own: frozenset[str], platform: str, context: SourceContext
) -> str:
    """The address among a source's options, which must all be known.

    Raises
    ------
    UserError
        An option that there is not, or no address.
    """
    unknown = sorted(set(options) - own - TRANSPORT - {"address"})
    if unknown:
        allowed = ", ".join(sorted(own | TRANSPORT | {"address"}))
        raise UserError("rest.error.option", option=unknown[0], platform=platform, allowed=allowed)
    address = str(options.get("address") or "").strip().rstrip("/")
    if not address:
        raise UserError("rest.error.no_address", source=context.source_id, platform=platform)
    return address


def secret(context: SourceContext, name: str) -> SecretStr:
    """A secret of the source.

    Raises
    ------
    UserError
        When the profile refers to none.
    """
    if name not in context.secrets:
        raise UserError("rest.error.no_secret", source=context.source_id, secret=name)
    return context.secrets[name]


def shape(*parts: Any) -> str:
    """A mark of what decides how rows come out: when it changes, everything is read anew."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


class Rates:
    """What one unit of a currency is worth in the reporting currency, as the profile's ``rates`` say."""

    def __init__(self, options: Mapping[str, Any], reporting: str) -> None:
        self.reporting = reporting
        self._known = {str(code).upper(): number(rate) for code, rate in (options.get("rates") or {}).items()}

    def of(self, currency: str | None) -> float | None:
        """The rate; None: not known."""
        if currency == self.reporting:
            return 1.0
        rate = self._known.get(currency or "", math.nan)
        return rate if rate > 0 else None


def number(value: Any, missing: float = math.nan) -> float:
    """A JSON number, or a text that is one; all else is ``missing``."""
    try:
        read = float(value)
    except (TypeError, ValueError):
        return missing
    return read if math.isfinite(read) else missing


def text(value: Any) -> str | None:
    """A text without its margins and NULs; empty is None."""
    return str(value).replace("\x00", "").strip() or None if value not in (None, False) else None


def code(value: Any, length: int = 2) -> str | None:
    """A code of some capital letters (a country's, a currency's); anything else is None."""
    plain = (text(value) or "").upper()
    return plain if len(plain) == length and plain.isascii() and plain.isalpha() else None


def firm_key(vat_number: Any, name: Any) -> str | None:
    """What tells a firm from others, to be hashed: its VAT number, else its name, written alike."""
    digits = "".join(one for one in str(vat_number or "").upper() if one.isascii() and one.isalnum())
    if len(digits) == 13 and digits.startswith("FR"):
        return f"siren:{digits[4:]}"
    if digits:
        return f"vat:{digits}"
    plain = " ".join("".join(one if one.isalnum() else " " for one in str(name or "").casefold()).split())
    return f"name:{plain}" if plain else None


def refusal(
    source: str, file: str, row: Any, field: str, value: Any, reason: str, record: Record, **values: Any
) -> Record:
    """One refused row; ``record`` must hold nothing personal."""
    return {
        "source": source,
        "file": file,
        "row": row,
        "field": field,
        "value": str(value),
        "reason": reason,
        "reason_values": json.dumps(values),
        "record": json.dumps(record, default=str),
    }


def batch(
    tables: Mapping[str, list[Record] | pd.DataFrame],
    cursor: Mapping[str, str] | None = None,
    notes: Iterable[Note] = (),
    gone: tuple[str, ...] = (),
    refused: Iterable[Record] = (),
) -> Batch:
    """A batch of rows in the tables' types; orders without a line lose those they had."""
    frames = {name: _frame(name, rows) for name, rows in tables.items() if len(rows)}
    rejected = pd.DataFrame(list(refused), columns=list(REJECTED_COLUMNS))
    read = sum(len(frame) for frame in frames.values()) + len(rejected)
    emptied = {}
    if "orders" in frames:
        lined = set(frames["order_lines"]["order_id"]) if "order_lines" in frames else set()
        bare = frozenset(frames["orders"]["order_id"]) - lined
        emptied = {"order_lines": bare} if bare else {}
    return Batch(frames, rejected, dict(cursor or {}), read, tuple(notes), gone, emptied)


def _frame(name: str, rows: list[Record] | pd.DataFrame) -> pd.DataFrame:
    """Rows in a table's types as far as the values allow; what does not fit is refused by the sync."""
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    moments: dict[str, pd.Series] = {}
    plain: dict[str, Any] = {}
    for column, spec in TABLES[name].columns.items():
        if column not in frame:
            if spec.nullable:
                moments[column] = pd.Series(index=frame.index, dtype=spec.dtype)
        elif spec.dtype.startswith("datetime64"):
            read = pd.to_datetime(frame[column], utc=True, format="ISO8601", errors="coerce")
            read = read.dt.as_unit("us")
            moments[column] = read if "UTC" in spec.dtype else read.dt.tz_localize(None)
        else:
            plain[column] = spec.dtype
    return _typed(frame, plain).assign(**moments)


def _typed(frame: pd.DataFrame, types: dict[str, Any]) -> pd.DataFrame:
    """Columns in some types; one that has a value of another kind stays as it is."""
    try:
        return frame.astype(types)
    except (TypeError, ValueError):
        for column, wanted in types.items():
            try:
                frame = frame.astype({column: wanted})
            except (TypeError, ValueError):
                continue
        return frame


def hashed(pseudonym: Callable[[pd.Series], pd.Series], values: Iterable[Any]) -> list[str | None]:
    """Keyed hashes of texts, in their order; empty stays None."""
    plain = pd.Series(list(values), dtype=object)
    if not len(plain):
        return []
    return [None if pd.isna(one) else str(one) for one in pseudonym(plain)]


def blocked(failure: SourceError, fixes: Mapping[str, str] | None = None) -> Finding:
    """What the source refuses altogether, as a finding; ``fixes``: what to do, by the failure's key."""
    fix = (fixes or {}).get(failure.key)
    turn: Any = "platform" if failure.kind in _THEIRS else "sme"
    about: Any = _ABOUT.get(failure.kind, "setting")
    return Finding(about, "blocks", Note(failure.key, dict(failure.values)), Note(fix) if fix else None, turn)


def rights(
    allowed: Mapping[str, bool], tables: Mapping[str, tuple[str, ...]], needed: Iterable[str], fix: str
) -> Iterator[Finding]:
    """A finding for each permission, by the platform's own name of it."""
    for name, granted in allowed.items():
        values = {"resource": name}
        if granted:
            yield Finding(
                "permission", "works", Note("rest.check.right", values), tables=tables.get(name, ())
            )
            continue
        state: Any = "blocks" if name in set(needed) else "lacks"
        note = Note("rest.check.no_right", values)
        yield Finding("permission", state, note, Note(fix, values), "sme", tables.get(name, ()))

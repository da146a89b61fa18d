"""What the profile says about a database: a query for each table, each a single one that only reads."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from echannel.errors import UserError
from echannel.tables import TABLES

SINCE = "{since}"
# Comments, and quoted texts and names, of the usual databases: what stands there is no statement.
_BESIDE = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$",
    re.DOTALL,
)
# Words of a statement that writes, or of a second one: some databases need no semicolon between them.
_WRITES = re.compile(
    r"\b(?:insert|update|delete|merge|into|create|alter|drop|truncate|grant|revoke|exec|execute|declare|set)\b",
    re.IGNORECASE,
)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TableQuery(_Strict):
    """The query of one canonical table; its columns are named as the table's.

    With ``cursor``, the column by which new and changed rows are told, the query compares that column with
    ``{since}``: the greatest value of the last sync (less ``overlap_minutes``), at first ``start``.
    ``pseudonymise`` names columns that identify a person beside those that always do.
    """

    query: str = Field(min_length=1)
    cursor: str | None = None
    start: str | int = "1970-01-01"
    overlap_minutes: int = Field(default=0, ge=0)
    pseudonymise: tuple[str, ...] = ()

    @field_validator("query")
    @classmethod
    def _reads_only(cls, value: str) -> str:
        if not only_reads(value):
            raise ValueError("not_one_select")
        return value.strip().rstrip(";").rstrip()

    @model_validator(mode="after")
    def _since_has_a_cursor(self) -> TableQuery:
        if (SINCE in self.query) != (self.cursor is not None):
            raise ValueError("since_and_cursor")
        return self


class SqlOptions(_Strict):
    """The options of an ``sql`` source. ``timezone``: of times without a zone; by default the SME's."""

    tables: dict[str, TableQuery] = Field(min_length=1)
    timezone: str | None = None
    chunk: int = Field(default=20_000, ge=1, le=1_000_000)

    @field_validator("tables")
    @classmethod
    def _known_tables(cls, value: dict[str, TableQuery]) -> dict[str, TableQuery]:
        for name in value:
            if name not in TABLES:
                raise ValueError("unknown_table")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (KeyError, ValueError, OSError):
                raise ValueError("timezone") from None
        return value


def only_reads(query: str) -> bool:
    """Whether a text is one SELECT (or WITH … SELECT) and holds no word that writes.

    This spares mistakes; what a function of the database does cannot be seen in a query. The account in
    the address should be one that may only read.
    """
    bare = _BESIDE.sub(" ", query).strip().rstrip(";").strip()
    if ";" in bare or not re.match(r"(?:select|with)\b", bare, re.IGNORECASE):
        return False
    locked = re.search(r"\bfor\s+(?:no\s+key\s+)?(?:update|share)\b", bare, re.IGNORECASE)
    return not locked and not _WRITES.search(bare)


def read_options(options: dict[str, Any]) -> SqlOptions:
    """The options of a profile, checked.

    Raises
    ------
    UserError
        Names the table and what is wrong with its query.
    """
    try:
        return SqlOptions.model_validate(options)
    except ValidationError as invalid:
        mistake = invalid.errors()[0]
        place = [str(part) for part in mistake["loc"]]
        table = place[1] if len(place) > 1 else ""
        if mistake["type"] == "value_error":
            what = str(mistake["ctx"]["error"])
            if what in ("not_one_select", "since_and_cursor"):
                raise UserError(f"error.sql.{what}", table=table) from None
            if what == "unknown_table":
                unknown = ", ".join(str(name) for name in mistake["input"] if name not in TABLES)
                raise UserError("error.sql.unknown_table", value=unknown, known=", ".join(TABLES)) from None
        given = mistake["input"]
        shown = str(given) if isinstance(given, str | int | float) and len(str(given)) < 60 else "…"
        raise UserError("error.sql.option", field=".".join(place) or "tables", value=shown) from None

"""What a connector hands over, checked against the canonical tables: good rows, and refused ones."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from pandera.errors import SchemaErrors

from echannel.connectors.base import REJECTED_COLUMNS
from echannel.errors import UserError
from echannel.tables import Table

FILE, ROW = "_file", "_row"
_WHOLE_COLUMN = {"column_in_dataframe", "column_in_schema"}


def checked(
    table: Table, frame: pd.DataFrame, source: str, file: str, timezone: str
) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """The rows that fit the table, those refused (``REJECTED_COLUMNS``), and how many came twice.

    Adds ``local_day``, the day in the SME's own time zone. Of rows with the same key the last
    one counts. ``file`` is said of refused rows that do not carry ``_file`` themselves.

    Raises
    ------
    UserError
        When a column is missing or altogether of another kind: the connector is at fault, not the data.
    """
    frame = _with_local_day(table, frame.reset_index(drop=True), timezone)
    for name, column in table.columns.items():
        if column.nullable and name not in frame:
            frame[name] = None
        if name in frame and column.dtype.startswith("datetime64") and frame[name].isna().all():
            frame[name] = pd.Series(pd.NaT, index=frame.index, dtype=column.dtype)
    missing = [name for name in table.columns if name not in frame]
    if missing:
        raise UserError("sync.error.columns", table=table.name, fields=", ".join(missing))
    key = frame[list(table.key)]
    # Rows without a key are no duplicates of each other: each is refused by itself.
    single = frame[~key.duplicated(keep="last") | key.isna().any(axis=1)]
    good, failures = _validated(table, single)
    if len(failures):
        rest = single[~single.index.isin(failures["index"])]
        good = table.schema.validate(rest) if len(rest) else table.empty()
    refused = _refused(failures, single, source, file)
    return good.reset_index(drop=True), refused, len(frame) - len(single)


def without_orders_of_others(
    orders: pd.DataFrame, owners: pd.Series, source: str, file: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The orders without those whose number another source has already: one would hide the other.

    ``owners`` gives the source by order number.
    """
    owner = orders["order_id"].astype(object).map(owners)
    taken = owner.notna() & (owner != source)
    refused = pd.DataFrame(
        {
            "index": orders.index[taken],
            "column": "order_id",
            "failure_case": orders.loc[taken, "order_id"].astype(str).to_numpy(),
            "reason": "sync.reason.other_source",
            "reason_values": [json.dumps({"source": other}) for other in owner[taken]],
        }
    )
    return orders[~taken], _refused(refused, orders, source, file)


def without_lines_of(
    orders: set[str], lines: pd.DataFrame, source: str, file: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The lines without those of refused orders, which are refused with them."""
    orphans = lines["order_id"].isin(orders)
    refused = pd.DataFrame(
        {
            "index": lines.index[orphans],
            "column": "order_id",
            "failure_case": lines.loc[orphans, "order_id"].astype(str).to_numpy(),
            "reason": "sync.reason.order_refused",
            "reason_values": "{}",
        }
    )
    return lines[~orphans], _refused(refused, lines, source, file)


def no_refusals() -> pd.DataFrame:
    """Not one refused row."""
    return pd.DataFrame(columns=list(REJECTED_COLUMNS))


def _with_local_day(table: Table, frame: pd.DataFrame, timezone: str) -> pd.DataFrame:
    if table.local_day_of is None or table.local_day_of not in frame:
        return frame.copy()
    moments = pd.to_datetime(frame[table.local_day_of], utc=True, errors="coerce")
    local = moments.dt.tz_convert(ZoneInfo(timezone)).dt.tz_localize(None)
    days = (local.dt.normalize() - pd.Timestamp("1970-01-01")).dt.days
    # A row without a time is refused for that; its day only has to be a number.
    return frame.assign(local_day=days.fillna(0).astype("int32"))


def _validated(table: Table, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frame in the table's types, and one row per mistake: where (``index``, ``column``), what
    (``failure_case``), why (``reason`` …). Only without mistakes is the frame of use."""
    if _fits(table, frame):
        return frame[list(table.columns)], pd.DataFrame(columns=["index", "column"])
    try:
        return table.schema.validate(frame, lazy=True), pd.DataFrame(columns=["index", "column"])
    except SchemaErrors as found:
        return frame, _mistakes(table, found.failure_cases)


def _fits(table: Table, frame: pd.DataFrame) -> bool:
    """Whether all of a frame is in the table's types and rules: then there is nothing for the schema to say.

    Its keys are known to be unique. Rules hold for categories, so that each value is looked at once.
    """
    for name, column in table.columns.items():
        values = frame[name]
        if str(values.dtype) != column.dtype or (not column.nullable and values.isna().any()):
            return False
        if column.positive and not (values.dropna() > 0).all():
            return False
        if column.allowed or column.pattern:
            texts = values.cat.remove_unused_categories().cat.categories.astype(str)
            if column.allowed and not texts.isin(column.allowed).all():
                return False
            if column.pattern and not texts.str.match(column.pattern).all():
                return False
    return True


def _mistakes(table: Table, cases: pd.DataFrame) -> pd.DataFrame:
    whole = cases[cases["index"].isna()]
    if len(whole):
        fields = sorted(set(whole["column"].dropna().astype(str)) or {str(whole["check"].iloc[0])})
        raise UserError("sync.error.columns", table=table.name, fields=", ".join(fields))
    reasons = [
        _reason(table, str(row.column), str(row.check), row.failure_case) for row in cases.itertuples()
    ]
    cases = cases.assign(
        reason=[key for key, _ in reasons],
        reason_values=[json.dumps(values, ensure_ascii=False) for _, values in reasons],
    )
    return cases.drop_duplicates(["index", "column"])


def _reason(table: Table, column: str, check: str, value: Any) -> tuple[str, dict[str, Any]]:
    spec = table.columns.get(column)
    empty = pd.isna(value) if pd.api.types.is_scalar(value) else False
    if check == "not_nullable" or empty:
        return "sync.reason.empty", {}
    if check.startswith("isin") and spec is not None:
        return "sync.reason.not_allowed", {"allowed": ", ".join(spec.allowed)}
    if check.startswith("greater_than"):
        return "sync.reason.not_positive", {}
    if check.startswith("str_matches"):
        return "sync.reason.no_code", {}
    return "sync.reason.other_kind", {}


def _refused(failures: pd.DataFrame, frame: pd.DataFrame, source: str, file: str) -> pd.DataFrame:
    if failures.empty:
        return no_refusals()
    rows = frame.loc[failures["index"]]
    records = rows.drop(columns=[FILE, ROW, "local_day"], errors="ignore").astype(object)
    records = records.where(records.notna(), None)
    return pd.DataFrame(
        {
            "source": source,
            "file": rows[FILE].astype(str).to_numpy() if FILE in rows else file,
            "row": rows[ROW].to_numpy("int64") if ROW in rows else 0,
            "field": failures["column"].astype(str).to_numpy(),
            "value": [None if value is None else str(value) for value in failures["failure_case"]],
            "reason": failures["reason"].to_numpy(),
            "reason_values": failures["reason_values"].to_numpy(),
            "record": [
                json.dumps(
                    {str(k): v for k, v in row.items() if v is not None}, default=str, ensure_ascii=False
                )
                for row in records.to_dict("records")
            ],
        },
        columns=list(REJECTED_COLUMNS),
    )

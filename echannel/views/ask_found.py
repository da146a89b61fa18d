"""What a query in SQL found, as a table to read and to take away; and which tables it may name."""

from __future__ import annotations

from html import escape

import numpy as np
import pandas as pd

from echannel.asking.known_tables import Tables
from echannel.asking.sql import Found
from echannel.locale import Speaker
from echannel.views.cards import Download, files_to_page
from echannel.views.export import XLSX_TYPE, file_name, to_csv, to_xlsx
from echannel.views.tables import Column, Kind, Table, to_html


def found_html(found: Found, say: Speaker, most: int) -> str:
    """The rows, how many they are, and downloads."""
    table = _table(found.frame, say)
    title = say("ask.sql.sheet")
    n = len(found.frame)
    said = say("ask.say.cut", n=most) if found.cut else say("ask.say.found", n=n)
    name = file_name(title)
    files = (
        Download(say("views.download_csv"), f"{name}.csv", "text/csv;charset=utf-8", to_csv(table, say)),
        Download(say("views.download_xlsx"), f"{name}.xlsx", XLSX_TYPE, to_xlsx(table, say)),
    )
    return (
        f'<div class="ec"><p class="ec-note" role="status">{escape(said)}</p>'
        f"{to_html(table, say, title)}</div>{files_to_page(files, say('ask.sql.take'))}"
    )


def _table(frame: pd.DataFrame, say: Speaker) -> Table:
    """Columns by what they hold; two of one name are told apart."""
    plain = frame.copy()
    plain.columns = pd.Index([f"{name}#{at}" for at, name in enumerate(frame.columns)])
    columns = []
    for key in plain.columns:
        kind = _kind(plain[key])
        if kind == "text":
            plain[key] = plain[key].map(_as_text)
        columns.append(Column(key, "", kind))
    return Table(say("ask.sql.sheet"), plain, tuple(columns), labels=tuple(map(str, frame.columns)))


def _kind(values: pd.Series) -> Kind:
    if pd.api.types.is_bool_dtype(values):
        return "text"
    if pd.api.types.is_datetime64_any_dtype(values):
        return "day"
    if not pd.api.types.is_numeric_dtype(values):
        return "text"
    whole = values.dropna().to_numpy(dtype=float)
    return "number" if bool(np.all(whole == np.round(whole))) else "amount"


def _as_text(value: object) -> str | None:
    if isinstance(value, np.ndarray | list | dict | tuple):
        return str(value)
    return None if pd.isna(value) else str(value)  # type: ignore[call-overload]


def tables_html(tables: Tables, say: Speaker) -> str:
    """The tables and their columns, folded."""
    rows = "".join(
        f'<tr><th scope="row"><code>{escape(name)}</code></th><td>{escape(", ".join(columns))}</td></tr>'
        for name, (columns, _) in tables.items()
    )
    return (
        f'<details class="ec ec-behind"><summary>{escape(say("ask.sql.tables"))}</summary>'
        f'<div class="ec-scroll" tabindex="0"><table class="ec-data">'
        f'<caption class="ec-sr">{escape(say("ask.sql.tables"))}</caption>'
        f'<thead><tr><th scope="col">{escape(say("ask.sql.table"))}</th>'
        f'<th scope="col">{escape(say("ask.sql.columns"))}</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )

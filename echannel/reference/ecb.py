"""The ECB's reference rates: its file of all days since 1999, kept in the workspace for ``reference.fx``."""

from __future__ import annotations

import io
import os
import zipfile

import pandas as pd

from echannel.reference.fx import rates_path
from echannel.reference.http import Answer, Live, Source, SourceFailed

SOURCE = Source("ecb", "ECB", "https://www.ecb.europa.eu/stats/eurofxref", days=0.5)
_FILE = "eurofxref-hist.zip"


def refresh_rates(live: Live) -> pd.Timestamp:
    """Fetches the file, puts it in its place in one step, and hands back its newest day."""
    answer = live.get(SOURCE, _FILE, check=newest_day)
    path = rates_path(live.workspace)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(answer.content)
    partial.replace(path)
    return newest_day(answer)


def newest_day(answer: Answer) -> pd.Timestamp:
    """The newest day of a file of rates; what is none is a ``SourceFailed``."""
    try:
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            name = next(one for one in archive.namelist() if one.endswith(".csv"))
            table = pd.read_csv(archive.open(name), na_values=["N/A"], parse_dates=["Date"])
    except (zipfile.BadZipFile, StopIteration, ValueError, KeyError, OSError):
        raise SourceFailed("answer", SOURCE.name) from None
    numeric = table.columns.intersection(["USD", "GBP"])
    if (
        table.empty
        or len(numeric) < 2
        or not all(pd.api.types.is_numeric_dtype(table[name]) for name in numeric)
    ):
        raise SourceFailed("answer", SOURCE.name)
    newest = table["Date"].max()
    if pd.isna(newest):
        raise SourceFailed("answer", SOURCE.name)
    return newest

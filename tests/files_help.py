"""A small firm, its files and what the connector makes of them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from echannel.connectors.base import SourceContext
from echannel.connectors.files import FilesConnector
from echannel.profiles import SmeProfile
from echannel.pseudonyms import pseudonymiser
from echannel.tables import TABLES

PSEUDONYM = pseudonymiser(b"files-connector-tests-key-000001")


def firm(country: str = "GB", **more: object) -> SmeProfile:
    """A profile: a VAT-registered British or French shop that sells to consumers."""
    known = {
        "id": "test-firm",
        "name": "Test firm",
        "country": country,
        "languages": ["en", "fr"],
        "orientation": "b2c",
        "currency": "GBP" if country == "GB" else "EUR",
        "timezone": "Europe/London" if country == "GB" else "Europe/Paris",
        "vat": {"regime": "standard"},
        "fiscal_year_start": "04-01",
        "launch_pad": "kent",
    }
    return SmeProfile.model_validate({**known, **more})


def csv_text(headers: list[str], rows: list[dict | list], separator: str = ",", **style: object) -> str:
    """Rows under headers; what a row leaves out is empty."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=separator, **style)
    writer.writerow(headers)
    for row in rows:
        writer.writerow([row.get(header, "") for header in headers] if isinstance(row, dict) else row)
    return stream.getvalue()


def fetch(folder: Path, sme: SmeProfile | None = None, cursor: dict | None = None, **options: object) -> list:
    """All batches of a folder whose files are all read with the same options."""
    entry = {"match": "*", **options}
    context = SourceContext(sme or firm(), "shop", folder, PSEUDONYM, lambda what, done, total: None)
    return list(FilesConnector({"folder": ".", "files": [entry]}, context).fetch(cursor or {}))


def read(
    folder: Path,
    content: str | bytes,
    sme: SmeProfile | None = None,
    name: str = "file.csv",
    **options: object,
):
    """The batch of one file with this content; read = kept + refused is checked on the way."""
    data = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(data)
    batches = fetch(folder, sme, **options)
    assert len(batches) == 1
    return batches[0]


def with_days(table: str, frame: pd.DataFrame, timezone: str = "Europe/London") -> pd.DataFrame:
    """A frame as the sync stores it: with ``local_day``, validated by its schema."""
    spec = TABLES[table]
    if spec.local_day_of:
        local = frame[spec.local_day_of].dt.tz_convert(timezone).dt.tz_localize(None)
        frame = frame.assign(local_day=local.to_numpy().astype("datetime64[D]").astype("int32"))
    return spec.schema.validate(frame)


def tables_of(batch) -> dict[str, pd.DataFrame]:
    """Every table of a batch, validated; tables that it does not hold are empty."""
    return {
        name: with_days(name, batch.tables[name]) if name in batch.tables else TABLES[name].empty()
        for name in TABLES
    }


def off(orders: pd.DataFrame) -> np.ndarray:
    """By how much each order misses goods − discount + shipping + wrapping + VAT = total."""
    net = orders["goods_net"] - orders["discount_net"] + orders["shipping_net"] + orders["wrapping_net"]
    return (net + orders["vat_amount"] - orders["total_gross"]).to_numpy()

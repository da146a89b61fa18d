"""Two public data sets through the connector, against plain pandas; skipped where they are not at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from files_help import fetch, tables_of

from echannel.connectors.files import propose

SHARED = Path(os.environ.get("ECHANNEL_SHARED") or Path(__file__).resolve().parents[2] / "shared") / "data"
RETAIL = SHARED / "online_retail" / "online_retail.parquet"
CDNOW = SHARED / "CDNOW_sample.txt"

retail_at_hand = pytest.mark.skipif(not RETAIL.is_file(), reason="no Online Retail data at hand")
cdnow_at_hand = pytest.mark.skipif(not CDNOW.is_file(), reason="no CDNOW data at hand")


def as_proposed(folder: Path, path: Path, **answers: object):
    """The only batch of a file, read with the options that the proposal gives."""
    (folder / path.name).symlink_to(path)
    proposal = propose([folder / path.name], answers={path.name: answers})
    (entry,) = proposal.options(".")["files"]
    (batch,) = fetch(folder, **entry)
    return batch


@retail_at_hand
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_online_retail_is_the_same_as_csv_and_as_workbook(tmp_path, form):
    raw = pd.read_parquet(RETAIL).head(6000)
    raw["InvoiceDate"] = raw["InvoiceDate"].astype("datetime64[ns]")
    path = tmp_path / f"retail.{form}"
    if form == "csv":
        # As the UCI archive's users pass it on: Windows-1252, month first.
        raw.assign(InvoiceDate=raw["InvoiceDate"].dt.strftime("%m/%d/%Y %H:%M")).to_csv(
            path, index=False, encoding="cp1252"
        )
    else:
        raw.to_excel(path, index=False, engine="xlsxwriter")
    (found,) = propose([path]).files
    how = {**found.options, "match": path.name, "constants": {"vat_rate": 0}}
    if form == "csv":
        how["date_order"] = "mdy"  # twelve days of December cannot tell
    (batch,) = fetch(tmp_path, **how)
    tables = tables_of(batch)
    value = (raw["Quantity"] * raw["UnitPrice"]).sum()
    assert tables["orders"]["total_gross"].sum() - tables["refunds"]["net_amount"].sum() == pytest.approx(
        value
    )
    local = tables["orders"]["ordered_at"].dt.tz_convert("Europe/London").dt.tz_localize(None)
    assert local.min() == raw["InvoiceDate"].min()
    assert set(local.dt.date) <= set(raw["InvoiceDate"].dt.date)


@cdnow_at_hand
def test_cdnow_has_no_headers_and_is_understood(tmp_path):
    batch = as_proposed(tmp_path, CDNOW, constants={"vat_rate": 0})
    raw = pd.read_csv(CDNOW, sep=r"\s+", header=None, names=["id", "sample_id", "date", "cds", "dollars"])
    tables = tables_of(batch)
    orders = tables["orders"]
    assert batch.read == len(orders) == len(raw)
    assert batch.rejected.empty
    assert orders["customer_id"].nunique() == raw["id"].nunique() == 2357
    assert orders["total_gross"].sum() == pytest.approx(raw["dollars"].sum())
    assert tables["order_lines"]["quantity"].sum() == raw["cds"].sum()
    days = pd.to_datetime(raw["date"], format="%Y%m%d")
    local = orders["ordered_at"].dt.tz_convert("Europe/London").dt.tz_localize(None)
    assert local.value_counts().sort_index().tolist() == days.value_counts().sort_index().tolist()

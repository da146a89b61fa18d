"""Products, stock levels, customers and visits: one row of the file is one row of the table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.connectors.base import Note
from echannel.connectors.files import words
from echannel.connectors.files.cells import Cells
from echannel.connectors.files.durations import durations_in_days
from echannel.connectors.files.fields import FIELDS, REQUIRED
from echannel.connectors.files.foreign import money
from echannel.connectors.files.order_fields import countries

_NO_COUNTRY = "ZZ"


def read_products(cells: Cells, today: np.datetime64) -> dict[str, pd.DataFrame]:
    """Products; their stock too, as of ``today``, where the file has a stock column.

    A price with VAT loses it at the row's VAT rate, else at the standard rate of ``today``.
    Costs are without VAT; one with the sign of another currency, of which no rate is known, is left out.
    """
    durations_in_days(cells, "lead_time_days", "lead_time_sd_days", "shelf_life_days")
    refuse_incomplete(cells)
    rate = cells.number("vat_rate")
    standard = cells.firm.standard_vat(np.full(len(cells), today))
    rate = np.where(np.isnan(rate), standard, rate)
    basis = "gross" if cells.layout.amounts == "gross" else "net"
    sides = {side: cells.number(f"price_{side}") for side in ("net", "gross")}
    sides[basis] = np.where(np.isnan(sides[basis]), cells.number("price"), sides[basis])
    text = {name: filled(cells, name) for name in ("product_id", "sku", "name", "category", "supplier_id")}
    frame = pd.DataFrame(
        {
            **text,
            "sku": text["sku"].where(text["sku"].notna(), text["product_id"]),
            "unit_cost": money(cells, "unit_cost"),
            "price_net": np.where(np.isnan(sides["net"]), sides["gross"] / (1 + rate), sides["net"]),
            "lead_time_days": cells.number("lead_time_days"),
            "lead_time_sd_days": cells.number("lead_time_sd_days"),
            "order_quantity_min": cells.number("order_quantity_min"),
            "order_quantity_multiple": cells.number("order_quantity_multiple"),
            "shelf_life_days": cells.number("shelf_life_days"),
            "active": words.flags(cells.texts("active")),
            "created_at": cells.moment("created_at"),
            "hs_code": filled(cells, "hs_code"),
            "weight_kg": cells.number("weight_kg"),
            "origin_country": countries(cells, "origin_country"),
        }
    )
    stock = pd.DataFrame(
        {
            "product_id": text["product_id"],
            "location": "main",
            "as_of": today.astype("datetime64[us]"),
            "on_hand": cells.number("on_hand"),
        }
    )
    found = {"products": last_of_each(cells, frame, ["product_id"])}
    if cells.has("on_hand"):
        kept = stock[~cells.refused]
        found["stock_levels"] = kept[kept["on_hand"].notna()].reset_index(drop=True)
    return found


def read_stock(cells: Cells, today: np.datetime64) -> dict[str, pd.DataFrame]:
    """Stock levels; as of ``today`` where the file names no day."""
    refuse_incomplete(cells)
    day = cells.moment("as_of", required=True, local_day=True)
    frame = pd.DataFrame(
        {
            "product_id": filled(cells, "product_id"),
            "location": filled(cells, "location").fillna("main"),
            "as_of": np.where(np.isnat(day), today.astype("datetime64[us]"), day),
            "on_hand": cells.number("on_hand"),
            "reserved": cells.number("reserved"),
            "on_order": cells.number("on_order"),
        }
    )
    return {"stock_levels": last_of_each(cells, frame, ["product_id", "location", "as_of"])}


def read_customers(cells: Cells, today: np.datetime64) -> dict[str, pd.DataFrame]:
    """Customers by their pseudonym."""
    refuse_incomplete(cells)
    identity = cells.texts("customer")
    kind = words.kinds(cells.texts("kind"))
    named = (cells.texts("company") != "") | (cells.texts("vat_number") != "")
    kind = kind.where(kind.notna() | ~named, "b2b").fillna(cells.firm.default_kind)
    frame = pd.DataFrame(
        {
            "customer_id": cells.firm.pseudonym(identity.where(identity != "", None)).to_numpy(object),
            "kind": kind.to_numpy(object),
            "country": countries(cells),
            "region": filled(cells, "region"),
            "created_at": cells.moment("created_at"),
            "company_registered": words.flags(cells.texts("company_registered")),
        }
    )
    return {"customers": last_of_each(cells, frame, ["customer_id"])}


def read_visits(cells: Cells, today: np.datetime64) -> dict[str, pd.DataFrame]:
    """Visits by day, source, medium, country and device; rows of the same five are added up."""
    refuse_incomplete(cells)
    keys = {
        "date": cells.moment("date", required=True, local_day=True),
        "source": filled(cells, "source").fillna("(all)"),
        "medium": filled(cells, "medium").fillna("(all)"),
        "country": countries(cells).fillna(_NO_COUNTRY),
        "device": filled(cells, "device").fillna("(all)"),
    }
    counts = [name for name, kind in FIELDS["visits"].items() if kind == "number"]
    frame = pd.DataFrame({**keys, **{name: cells.number(name) for name in counts}})[~cells.refused]
    summed = frame.groupby(list(keys), sort=True)[counts].sum(min_count=1).reset_index()
    return {"visits": summed}


def refuse_incomplete(cells: Cells) -> None:
    """Refuse rows without what the table cannot do without, or with a number or a day that is none."""
    for name in REQUIRED[cells.layout.table]:
        cells.refuse((cells.texts(name) == "").to_numpy(bool), name, "reason.files.missing")
    for name in cells.fields:
        kind = FIELDS[cells.layout.table][name]
        if kind in ("number", "percent"):
            cells.number(name)
        if name in ("date", "as_of"):
            cells.moment(name, required=True)


def filled(cells: Cells, name: str) -> pd.Series:
    """A field's texts; None where empty."""
    texts = cells.texts(name)
    return texts.where(texts != "", None)


def last_of_each(cells: Cells, frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Each key once, as its last row has it; how many rows that leaves out is said."""
    kept = frame[~cells.refused]
    repeated = kept.duplicated(key, keep="last")
    if repeated.any():
        cells.notes.append(Note("files.note.repeated_keys", {"n": int(repeated.sum())}))
    return kept[~repeated].reset_index(drop=True)

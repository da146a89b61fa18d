"""What can be sold and what is on its way, per product and per location."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.inventory.panels import day_or_none, places_in, received_quantity
from echannel.metrics.result import INPUT_MISSING, OK

STALE_DAYS = 365  # an order this old that nobody received is an order nobody closed


def location_position(levels: pd.DataFrame, products: pd.Index) -> pd.DataFrame:
    """The last count of each product at each location.

    Returns
    -------
    One row per product and location: ``product_id``, ``location``, ``as_of`` (local day), ``on_hand`` (as
    counted, may be negative), ``reserved``, ``on_order`` (NaN where the count does not say), ``available``
    (on hand − reserved).
    """
    frame = pd.DataFrame(
        {
            "product_id": levels["product_id"].astype(str).to_numpy(dtype=object),
            "location": levels["location"].astype(str).to_numpy(dtype=object),
            "as_of": day_or_none(levels["as_of"]),
            "on_hand": levels["on_hand"].to_numpy(dtype="float64"),
            "reserved": levels["reserved"].to_numpy(dtype="float64"),
            "on_order": levels["on_order"].to_numpy(dtype="float64"),
        }
    )
    frame = frame[(places_in(products, levels["product_id"]) >= 0) & frame["on_hand"].notna().to_numpy()]
    frame = frame.sort_values(["product_id", "location", "as_of"], kind="stable")
    frame = frame.drop_duplicates(["product_id", "location"], keep="last").reset_index(drop=True)
    return frame.assign(available=_available(frame["on_hand"], frame["reserved"]))


def _available(on_hand: pd.Series, reserved: pd.Series) -> np.ndarray:
    """On hand − reserved. A negative count is units owed, and they may stand among the reserved too."""
    owed = np.maximum(-on_hand.to_numpy(), 0.0)
    held = np.nan_to_num(reserved.to_numpy())
    return np.maximum(on_hand.to_numpy(), 0.0) - np.maximum(owed, held)


def position(
    on_hand: pd.DataFrame,
    counted: pd.DataFrame,
    locations: pd.DataFrame,
    purchases: pd.DataFrame,
    today: int,
) -> pd.DataFrame:
    """Today's position of each product, over all locations.

    Returns
    -------
    Index ``product_id``: ``on_hand`` (the last count rolled on to today; never below 0, NaN without any
    count), ``reserved`` (0 where no count says: ``reserved_from`` "default"), ``owed`` (units by which the
    last count was below 0), ``on_order`` (open purchases, not older than a year; where no purchases are
    recorded, what the count says: ``on_order_from`` "purchases", "stock" or "default"), ``available`` (on
    hand − reserved, or − owed if that is more; negative = sold and not there), ``as_of`` (local day of the
    last count), ``estimated`` (stock was rolled on since), ``n`` (locations counted), ``status``, ``reason``.
    """
    index = on_hand.index
    row = places_in(index, locations["product_id"])
    size = len(index)
    raw = np.bincount(row, locations["on_hand"], size).astype("float64")
    places = np.bincount(row, minlength=size)
    now = on_hand.iloc[:, -1].to_numpy() if on_hand.shape[1] else np.full(size, np.nan)
    as_of = np.full(size, np.nan)
    np.fmax.at(as_of, row, locations["as_of"].to_numpy())
    # Only a count as fresh as the stock itself says that units are owed.
    owed = np.where((as_of >= today) & (raw < 0), -raw, 0.0)
    reserved, reserved_from = _stated(locations["reserved"], row, size)
    on_order, on_order_from = _stated(locations["on_order"], row, size)
    if len(purchases):
        on_order, on_order_from = (
            open_units(purchases, index, today),
            np.full(size, "purchases", dtype=object),
        )
    known = np.isfinite(now)
    return pd.DataFrame(
        {
            "on_hand": now,
            "reserved": reserved,
            "reserved_from": reserved_from,
            "owed": owed,
            "on_order": on_order,
            "on_order_from": on_order_from,
            "available": now - np.maximum(reserved, owed),
            "as_of": as_of,
            "estimated": known & ~(counted.iloc[:, -1].to_numpy() if counted.shape[1] else known),
            "n": places,
            "status": np.where(known, OK, INPUT_MISSING),
            "reason": np.where(known, "", "reason.stock_missing"),
        },
        index=index,
    )


def _stated(column: pd.Series, row: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Sums of what counts say, and whether any said it ("stock") or it is taken as 0 ("default")."""
    said = column.notna().to_numpy()
    sums = np.bincount(row[said], column.to_numpy()[said], size).astype("float64")
    source = np.where(np.bincount(row[said], minlength=size) > 0, "stock", "default").astype(object)
    return sums, source


def is_open(purchases: pd.DataFrame, today: int) -> np.ndarray:
    """Purchase lines that have not come, ordered within the last year."""
    waiting = purchases["received_on"].isna().to_numpy()
    due = day_or_none(purchases["ordered_on"].fillna(purchases["expected_on"]))
    fresh = np.where(np.isfinite(due), today - due <= STALE_DAYS, True)
    left = purchases["quantity"].to_numpy(dtype="float64") > received_quantity(purchases)
    return waiting & fresh & left


def open_units(purchases: pd.DataFrame, products: pd.Index, today: int) -> np.ndarray:
    """Units still to come of each product."""
    waits = is_open(purchases, today)
    left = purchases["quantity"].to_numpy(dtype="float64") - received_quantity(purchases)
    row = places_in(products, purchases["product_id"])
    keep = waits & (row >= 0) & np.isfinite(left)
    return np.bincount(row[keep], left[keep], len(products))

"""Stock, sales and products that cannot be right: what to put right before any advice rests on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from echannel.metrics.counting import divided
from echannel.metrics.inventory import Inventory
from echannel.metrics.inventory.grouping import told
from echannel.metrics.inventory.panels import day_or_none, places_in
from echannel.metrics.turnover import month_number

FAULTS = (
    "negative",
    "reserved_above",
    "unknown_product",
    "jump",
    "delivery_missing",
    "purchases_missing",
    "pack",
    "renamed",
    "duplicate",
)
JUMP_SHARE = 0.2  # of the stock there was: less is breakage, theft and miscounting
JUMP_UNITS = 5.0
FEWEST_LINES = 3  # on each side of a change of pack
NEAR_FACTOR = 0.08  # how far a price may be from a whole multiple
MUST_REST_DAYS = 28  # a product that still sells did not stop
TAKEN_UP_DAYS = 60  # from the last sale under one id to the first under the next
OVERLAP_DAYS = 14
FEWEST_SALE_DAYS = 3

_COLUMNS = ["fault", "key", "product_id", "other_id", "location", "day", "value", "n"]


def faults(inventory: Inventory) -> pd.DataFrame:
    """Every fault, in the order of ``FAULTS``, the largest first.

    - ``negative``: the last count at a location is below 0 (``value`` units);
    - ``reserved_above``: more units are reserved than are there (the excess);
    - ``unknown_product``: stock of a product that is not in the product list (units);
    - ``jump``: a count (or a delivery, against later counts) differs from what counts, sales and deliveries
      before it lead to by over 20 % and 5 units (units gone; negative: too many); the largest per
      product, ``n`` of them;
    - ``delivery_missing``: more was sold than was there, so a delivery was not recorded (units, ``n`` times);
    - ``purchases_missing``: the same for the shop as a whole, where no purchases are recorded at all (``n``
      products);
    - ``pack``: the price changed by a whole factor and the units sold by its inverse, or those bought (the
      factor: 6 = now by six, 1/6 = now one by one);
    - ``renamed``: a product stopped when ``other_id`` of the same name or SKU began (days between);
    - ``duplicate``: two products of the same name or SKU are sold at the same time (days of overlap).

    Returns
    -------
    ``fault``, ``key`` (of its words), ``product_id`` ("" the whole shop), ``other_id``, ``location``
    ("" all), ``day`` (NaN: no one day), ``value``, ``n``, ``status``, ``reason``.
    """
    if not len(inventory.units):
        parts = []
    else:
        parts = [
            *_of_counts(inventory),
            _unknown(inventory),
            _jumps(inventory),
            _missing_deliveries(inventory),
            _packs(inventory),
            *_same_names(inventory),
        ]
    parts = [part for part in parts if len(part)]
    if not parts:
        nothing = pd.DataFrame({name: pd.Series(dtype=object) for name in _COLUMNS})
        return told(nothing.astype({"day": float, "value": float, "n": "int64"}))
    every = pd.concat(parts, ignore_index=True)
    place = every["fault"].map(FAULTS.index)
    order = np.lexsort((-every["value"].abs().to_numpy(), place.to_numpy()))
    return told(every.iloc[order].reset_index(drop=True))


def _rows(
    fault: str,
    product_id: Any,
    value: Any,
    day: Any = np.nan,
    other_id: Any = "",
    location: Any = "",
    n: Any = 1,
) -> pd.DataFrame:
    ids = np.atleast_1d(np.asarray(product_id, dtype=object))
    columns = {
        "product_id": ids,
        "other_id": other_id,
        "location": location,
        "day": day,
        "value": value,
        "n": n,
    }
    frame = pd.DataFrame({name: np.broadcast_to(column, len(ids)) for name, column in columns.items()})
    frame = frame.astype({"day": "float64", "value": "float64", "n": "int64"})
    return frame.assign(fault=fault, key=f"stock_fault.{fault}")[_COLUMNS]


def _of_counts(inventory: Inventory) -> list[pd.DataFrame]:
    counted = inventory.locations
    below = counted[counted["on_hand"] < 0]
    above = counted[(counted["reserved"] > counted["on_hand"].clip(lower=0)) & (counted["on_hand"] >= 0)]
    return [
        _rows("negative", below["product_id"], below["on_hand"], below["as_of"], "", below["location"]),
        _rows(
            "reserved_above",
            above["product_id"],
            above["reserved"] - above["on_hand"],
            above["as_of"],
            "",
            above["location"],
        ),
    ]


def _unknown(inventory: Inventory) -> pd.DataFrame:
    unlisted = ~inventory.items["known"].to_numpy()
    stock = inventory.position["on_hand"].to_numpy()
    of = unlisted & np.isfinite(stock)
    return _rows("unknown_product", inventory.units.index[of], stock[of])


def _jumps(inventory: Inventory) -> pd.DataFrame:
    """The largest unexplained change of each product. Found units without purchases are deliveries."""
    lost = inventory.losses.to_numpy()
    if inventory.purchases.empty:
        lost = np.maximum(lost, 0.0)
    there = inventory.on_hand.to_numpy() + np.maximum(lost, 0.0)
    large = (np.abs(lost) >= JUMP_UNITS) & (np.abs(lost) > JUMP_SHARE * there)
    size = np.where(large, np.abs(lost), 0.0)
    of = np.flatnonzero(large.any(axis=1))
    at = size[of].argmax(axis=1) if len(of) else of
    index = inventory.units.index
    return _rows("jump", index[of], lost[of, at], inventory.first_day + at, n=large[of].sum(axis=1))


def _missing_deliveries(inventory: Inventory) -> pd.DataFrame:
    came = inventory.inferred.to_numpy()
    units, times = came.sum(axis=1), (came > 0).sum(axis=1)
    of = units > 0
    if inventory.purchases.empty:
        whole = np.array([""] if of.any() else [], dtype=object)
        return _rows("purchases_missing", whole, units.sum(), n=int(of.sum()))
    first = inventory.first_day + (came[of] > 0).argmax(axis=1) if of.any() else np.nan
    return _rows("delivery_missing", inventory.units.index[of], units[of], first, n=times[of])


def _packs(inventory: Inventory) -> pd.DataFrame:
    """Products sold, or bought, by another pack from some month on; a change seen in both is one."""
    lines, bought, index = inventory.lines, inventory.purchases, inventory.units.index
    ordered = day_or_none(bought["ordered_on"].fillna(bought["received_on"]))
    sold = (lines["entry"] == "sale").to_numpy()
    seen = [
        _moves(
            places_in(index, lines["product_id"]),
            np.where(sold, lines["day"].to_numpy(dtype="float64"), np.nan),
            lines["quantity"].to_numpy(dtype="float64"),
            lines["listed"].to_numpy(dtype="float64"),
        ),
        _moves(
            places_in(index, bought["product_id"]),
            ordered,
            bought["quantity"].to_numpy(dtype="float64"),
            (bought["quantity"] * bought["unit_cost"]).to_numpy(dtype="float64"),
        ),
    ]
    found = pd.concat([_pack_changes(moves, inventory.today) for moves in seen])
    found = found.sort_values("factor", ascending=False, kind="stable").drop_duplicates("row")
    return _rows("pack", index[found["row"]], found["value"], found["day"], n=found["n"])


def _moves(row: np.ndarray, day: np.ndarray, units: np.ndarray, money: np.ndarray) -> pd.DataFrame:
    """Lines of known products with their day, units and money, all positive."""
    keep = (row >= 0) & np.isfinite(day) & (units > 0) & (money > 0)
    columns = {"row": row[keep], "day": day[keep].astype("int64"), "units": units[keep], "money": money[keep]}
    frame = pd.DataFrame(columns)
    return frame.assign(month=month_number(frame["day"]), lines=1.0)


def _pack_changes(frame: pd.DataFrame, today: int) -> pd.DataFrame:
    """Where a price changed by a whole factor in some month while units a day changed by its inverse."""
    sums = frame.groupby(["row", "month"], as_index=False).agg(
        day=("day", "min"), units=("units", "sum"), money=("money", "sum"), lines=("lines", "sum")
    )
    grouped = sums.groupby("row")
    names = ["units", "money", "lines"]
    before = grouped[names].cumsum() - sums[names]
    after = grouped[names].transform("sum") - before
    price = divided(divided(after["money"], after["units"]), divided(before["money"], before["units"]))
    begun = grouped["day"].transform("min").to_numpy()
    rate = divided(
        divided(after["units"], today + 1 - sums["day"]),
        divided(before["units"], sums["day"].to_numpy() - begun),
    )
    factor = np.where(price >= 1, price, divided(1.0, price))
    whole = np.round(np.nan_to_num(factor))
    apart = np.where(price >= 1, rate, divided(1.0, rate)) * whole  # 1 where units changed by the inverse
    fits = (before["lines"] >= FEWEST_LINES) & (after["lines"] >= FEWEST_LINES) & (whole >= 2)
    # Nearer to the inverse than to no change at all: a price that doubled is no pack of two.
    near = np.minimum(2.0, np.sqrt(np.maximum(whole, 1.0)))
    fits &= (np.abs(factor / np.maximum(whole, 1) - 1) <= NEAR_FACTOR) & (apart > 1 / near) & (apart < near)
    value = np.where(price >= 1, whole, divided(1.0, whole))
    return sums.assign(value=value, factor=factor, n=after["lines"])[fits]


def _same_names(inventory: Inventory) -> list[pd.DataFrame]:
    items, basis = inventory.items, inventory.basis
    days = (inventory.units.to_numpy() > 0).sum(axis=1)
    facts = pd.DataFrame(
        {
            "product_id": inventory.units.index,
            "first": basis["first_sale"].to_numpy(),
            "last": basis["last_sale"].to_numpy(),
        }
    )[days >= FEWEST_SALE_DAYS]
    pairs = []
    for column in ("name", "sku"):
        words = items[column].astype(str).str.casefold().str.split().str.join(" ")
        keyed = facts.assign(key=words.reindex(facts["product_id"]).to_numpy())
        keyed = keyed[keyed["key"] != ""]
        keyed = keyed[keyed["key"].duplicated(keep=False)]
        # Each with the next to begin: a name borne by very many products tells no two of them apart.
        keyed = keyed.sort_values(["key", "first", "product_id"], kind="stable")
        following = keyed.groupby("key")[["product_id", "first", "last"]].shift(-1)
        pairs.append(keyed.join(following, rsuffix="_next").dropna(subset=["first_next"]))
    both = pd.concat(pairs).drop_duplicates(["product_id", "product_id_next"])
    between = both["first_next"] - both["last"]
    rests = both["last"] <= inventory.today - MUST_REST_DAYS
    taken_up = rests & between.between(-OVERLAP_DAYS, TAKEN_UP_DAYS)
    overlap = np.minimum(both["last"], both["last_next"]) - both["first_next"] + 1
    twice = ~taken_up & (overlap > OVERLAP_DAYS)
    renamed, double = both[taken_up], both[twice]
    return [
        _rows(
            "renamed",
            renamed["product_id"],
            between[taken_up],
            renamed["first_next"],
            renamed["product_id_next"],
        ),
        _rows(
            "duplicate", double["product_id"], overlap[twice], double["first_next"], double["product_id_next"]
        ),
    ]

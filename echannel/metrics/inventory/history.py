"""Stock day by day, rebuilt from counts, sales, returns and deliveries.

A count (a row of ``stock_levels``) is the stock at the end of its day. Between two counts the stock is
rolled on from the first, and what it then lacks or has too much at the second is a loss (negative:
found). Per product and day, and so in sum:

``stock = stock of the day before + received + inferred − units + returned − losses``

``inferred`` is what must have been delivered although no purchase says so: stock cannot be negative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.metrics.counting import codes_of
from echannel.metrics.inventory.panels import day_or_none, places_in, wide

TOGETHER_DAYS = 31  # counts of one product's locations so close to each other belong together
_NOISE = 1e-9  # of floating point


@dataclass(frozen=True)
class Counts:
    """Counted stock, summed over locations: ``levels`` (wide, NaN where none), ``real`` (wide bool: all
    locations were counted that day) and ``opening`` (a count just before the first day; else NaN)."""

    levels: pd.DataFrame
    real: pd.DataFrame
    opening: np.ndarray


@dataclass(frozen=True)
class History:
    """Stock at the end of each day, never below 0; NaN where nothing tells of it. All wide.

    ``opening`` is the stock before the first day known (a column of cells, per product), ``known_since`` the
    column at which it is known (−1: never).
    """

    on_hand: pd.DataFrame
    inferred: pd.DataFrame
    losses: pd.DataFrame
    opening: np.ndarray
    known_since: np.ndarray


def counts(levels: pd.DataFrame, products: pd.Index, first_day: int, last_day: int) -> Counts:
    """Counts per product and day, summed over locations.

    A day counts where every location of the product was counted that has counts within 31 days around
    it. Where there is no such day, the last counts of its locations are taken together on the last of
    them, and are no real count. A count after the last day stands on the last day, if it has none; one
    of the 31 days before the first day is the opening stock.
    """
    per_day = _over_locations(levels, products)
    width = max(last_day - first_day + 1, 0)
    cells, real = np.full((len(products), width), np.nan), np.zeros((len(products), width), dtype=bool)
    opening = np.full(len(products), np.nan)
    row, day, amount = (per_day[name].to_numpy() for name in ("row", "day", "on_hand"))
    before = (day < first_day) & (day >= first_day - TOGETHER_DAYS)
    opening[row[before]] = amount[before]  # sorted by day: the last one stays
    if width:
        later = day > last_day
        cells[row[later][::-1], -1] = amount[later][::-1]  # the first one after the last day stays
        within = (day >= first_day) & (day <= last_day)
        cells[row[within], day[within] - first_day] = amount[within]
        real[row[within], day[within] - first_day] = per_day["real"].to_numpy()[within]
    return Counts(wide(cells, products, first_day), wide(real, products, first_day), opening)


def _over_locations(levels: pd.DataFrame, products: pd.Index) -> pd.DataFrame:
    """``row``, ``day``, ``on_hand``, ``real``: one row per product and day whose counts are complete."""
    day = day_or_none(levels["as_of"])
    frame = pd.DataFrame(
        {
            "row": places_in(products, levels["product_id"]),
            "place": codes_of(levels["location"])[0],
            "day": np.nan_to_num(day, nan=-1).astype("int64"),
            "on_hand": levels["on_hand"].to_numpy(dtype="float64"),
        }
    )
    frame = frame[(frame["row"] >= 0).to_numpy() & np.isfinite(day) & frame["on_hand"].notna().to_numpy()]
    frame = frame.drop_duplicates(["row", "place", "day"], keep="last")
    sums = frame.groupby(["row", "day"], as_index=False).agg(on_hand=("on_hand", "sum"), at=("place", "size"))
    needed = _locations_needed(frame, sums)
    complete = sums[sums["at"].to_numpy() >= needed].assign(real=True)
    never = frame[~frame["row"].isin(complete["row"])]
    last = never.sort_values("day").drop_duplicates(["row", "place"], keep="last")
    newest = last.groupby("row")["day"].transform("max")
    last = last[last["day"] >= newest - TOGETHER_DAYS]
    guessed = last.groupby("row", as_index=False).agg(day=("day", "max"), on_hand=("on_hand", "sum"))
    every = pd.concat([complete[["row", "day", "on_hand", "real"]], guessed.assign(real=False)])
    return every.astype({"real": bool}).sort_values(["row", "day"], ignore_index=True)


def _locations_needed(frame: pd.DataFrame, sums: pd.DataFrame) -> np.ndarray:
    """How many of the product's locations have counts around each day: first − 31 ≤ day ≤ last + 31."""
    spans = frame.groupby(["row", "place"])["day"].agg(["min", "max"]).reset_index()
    base = 10**7  # more days than any calendar has here: rows do not meet
    row, day = sums["row"].to_numpy() * base, sums["day"].to_numpy()
    begun = np.sort(spans["row"].to_numpy() * base + spans["min"].to_numpy() - TOGETHER_DAYS)
    ended = np.sort(spans["row"].to_numpy() * base + spans["max"].to_numpy() + TOGETHER_DAYS)
    return np.searchsorted(begun, row + day, side="right") - np.searchsorted(ended, row + day, side="left")


def rebuild(flow: pd.DataFrame, counted: Counts, reaches_back: np.ndarray) -> History:
    """Stock at the end of every day from ``flow`` (received − units + returned, wide) and counts.

    Between two counts, and after the last, stock is rolled on from the count. Where it would fall
    below 0, a delivery must be missing: all that the next count has too much came on that day at the
    latest, or else just what was lacking. Before the first count it is rolled back, as far as column
    ``reaches_back`` of each product; where it would fall below 0 there, a delivery was not whole: a loss.
    """
    flows = np.ascontiguousarray(flow.to_numpy(dtype="float64").T)  # a row per day: days follow each other
    levels = np.maximum(np.ascontiguousarray(counted.levels.to_numpy(dtype="float64").T), 0.0)
    opening = np.maximum(counted.opening, 0.0)
    on_hand, inferred, losses = _roll_on(flows, levels, opening, _surplus(flows, levels, opening))
    since, opening = _roll_back(flows, levels, opening, on_hand, losses, reaches_back)
    first = int(flow.columns[0]) if flow.shape[1] else 0
    stock, came, lost = (wide(one.T, flow.index, first) for one in (on_hand, inferred, losses))
    return History(stock, came, lost, opening, since)


def _surplus(flows: np.ndarray, levels: np.ndarray, opening: np.ndarray) -> np.ndarray:
    """On the row of each count (row 0: the opening), what the next count has too much."""
    days, size = levels.shape
    surplus = np.zeros((days + 1, size))
    if not days:
        return surplus
    marks = np.vstack([opening, levels])
    running = np.vstack([np.zeros(size), np.cumsum(flows, axis=0)])
    day, product = np.nonzero(np.isfinite(marks))
    order = np.lexsort((day, product))
    day, product = day[order], product[order]
    same = product[1:] == product[:-1]
    start, end, who = day[:-1][same], day[1:][same], product[1:][same]
    rolled = marks[start, who] + running[end, who] - running[start, who]
    surplus[start, who] = np.maximum(marks[end, who] - rolled, 0.0)
    return surplus


def _roll_on(
    flows: np.ndarray, levels: np.ndarray, opening: np.ndarray, surplus: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    on_hand, inferred = np.full(levels.shape, np.nan), np.zeros(levels.shape)
    losses = np.zeros(levels.shape)
    stock, pending = opening.copy(), surplus[0].copy()
    for day, flow in enumerate(flows):
        stock = stock + flow
        lacking = stock < -_NOISE  # never where the stock is not known: NaN
        if lacking.any():
            came = np.where(lacking, np.maximum(pending, -stock), 0.0)
            inferred[day] = came
            stock = stock + came
            pending = np.where(lacking, 0.0, pending)
        stock = np.maximum(stock, 0.0)
        found = np.isfinite(levels[day])
        if found.any():
            known = found & np.isfinite(stock)
            losses[day, known] = stock[known] - levels[day, known]
            stock = np.where(found, levels[day], stock)
            pending = np.where(found, surplus[day + 1], pending)
        on_hand[day] = stock
    return on_hand, inferred, losses


def _roll_back(
    flows: np.ndarray,
    levels: np.ndarray,
    opening: np.ndarray,
    on_hand: np.ndarray,
    losses: np.ndarray,
    reaches_back: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Fill in what lies before each first count; the column known since, and the stock before it."""
    counted = np.isfinite(levels)
    first = (
        np.where(counted.any(axis=0), counted.argmax(axis=0), -1)
        if len(levels)
        else np.full(len(opening), -1)
    )
    first = np.where(np.isfinite(opening), 0, first)
    rolls = np.isnan(opening) & (first >= 0)
    since = np.where(rolls, np.minimum(first, np.clip(reaches_back, 0, None)), first)
    stock, before = np.full(len(opening), np.nan), opening.copy()
    for day in range(int(first.max(initial=-1)), -1, -1):
        stock = np.where(rolls & (first == day), on_hand[day], stock)
        earlier = stock - flows[day]
        short = earlier < 0
        losses[day] += np.where(short, -earlier, 0.0)
        stock = np.where(short, 0.0, earlier)
        ends = rolls & (since == day)
        before = np.where(ends, stock, before)
        stock = np.where(ends, np.nan, stock)
        if day:
            on_hand[day - 1] = np.where(np.isnan(stock), on_hand[day - 1], stock)
    return since, before

"""Inventory: what every metric of stock starts from, prepared once.

``prepare_inventory`` brings counted sales and the canonical tables of stock, purchases and suppliers to
panels by product and local day (see ``panels``, ``items``, ``history``). All money is in the reporting
currency, net of VAT. Sales are those of ``echannel.metrics.turnover``: confirmed and not cancelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from echannel.metrics.inventory.gaps import in_stock, unlikely_silences
from echannel.metrics.inventory.history import counts, rebuild
from echannel.metrics.inventory.items import InventorySettings, items
from echannel.metrics.inventory.panels import (
    daily_receipts,
    daily_returns,
    daily_units,
    day_or_none,
    product_index,
)
from echannel.metrics.inventory.position import location_position, position
from echannel.metrics.turnover import Sales
from echannel.tables import TABLES

__all__ = ["Inventory", "InventorySettings", "prepare_inventory", "with_settings"]


@dataclass(frozen=True)
class Inventory:
    """An SME's stock, ready for metrics. Panels are wide: ``product_id`` × local day, up to ``today``.

    Attributes
    ----------
    today : the last local day of the data.
    items : what ordering each product needs (``items.items``).
    units, returned, received : units sold, given back, delivered per day.
    inferred : units that must have been delivered although no purchase says so.
    losses : units lost (negative: found), as counts or whole deliveries show.
    on_hand : stock at the end of the day, never below 0; NaN where nothing tells of it.
    counted : whether all of the product's locations were counted that day; else ``on_hand`` is an estimate.
    in_stock : the share of the day on which the product could be bought, 0 … 1.
    basis : per product: ``basis`` ("counts": two or more, "one_count", "sales": no count, stock unknown),
        ``counts``, ``first_count``, ``last_count``, ``known_since`` (days; NaN none), ``opening`` (stock
        before that day), ``start`` (the first day with a sale, a delivery or stock; NaN never),
        ``first_sale``, ``last_sale`` (NaN none).
    position : per product today: see ``position.position``.
    locations : product × location, as last counted: see ``position.location_position``.
    lines : ``Sales.lines``: sold, refunded and unitemised lines.
    purchases, suppliers, prices, levels : the canonical tables.
    """

    today: int
    items: pd.DataFrame
    units: pd.DataFrame
    returned: pd.DataFrame
    received: pd.DataFrame
    inferred: pd.DataFrame
    losses: pd.DataFrame
    on_hand: pd.DataFrame
    counted: pd.DataFrame
    in_stock: pd.DataFrame
    basis: pd.DataFrame
    position: pd.DataFrame
    locations: pd.DataFrame
    lines: pd.DataFrame
    purchases: pd.DataFrame
    suppliers: pd.DataFrame
    prices: pd.DataFrame
    levels: pd.DataFrame
    settings: InventorySettings

    @property
    def first_day(self) -> int:
        """The first local day of the panels."""
        return self.today - self.units.shape[1] + 1

    @property
    def sales_known(self) -> bool:
        """Whether any order says which product was sold; else nothing is known of demand."""
        return bool((self.units.to_numpy() > 0).any())

    def columns(self, since: int, until: int | None = None) -> slice:
        """The panels' columns between two local days, both included."""
        end = self.today if until is None else until
        width = self.units.shape[1]
        start, stop = (int(np.clip(day - self.first_day, 0, width)) for day in (since, end + 1))
        return slice(start, stop)


def prepare_inventory(
    sales: Sales,
    tables: Mapping[str, pd.DataFrame],
    settings: InventorySettings | None = None,
    today: int | None = None,
) -> Inventory:
    """Panels, items and today's position from counted sales and the canonical tables.

    ``tables`` by name: ``stock_levels``, ``purchases``, ``suppliers``, ``supplier_prices``; what is left out
    is empty. Products are all that any table names. ``today`` is by default the last day of the sales, or,
    where there is no order, of the counts and deliveries; an earlier day gives the stock as it was known
    then: no sale, count, order or delivery after it.
    """
    chosen = settings or InventorySettings()
    levels, purchases, suppliers, prices = (
        tables[name] if name in tables else TABLES[name].empty()
        for name in ("stock_levels", "purchases", "suppliers", "supplier_prices")
    )
    products = sales.products
    lines = sales.lines
    named = (products, lines, levels, purchases, prices)
    index = product_index([frame["product_id"] for frame in named])
    first, last = _span(sales, levels, purchases)
    if today is not None and first <= today < last:
        lines, levels, purchases = _known_by(today, lines, levels, purchases)
    last = last if today is None or today < first else today
    units = daily_units(lines, first, last, index)
    returned = daily_returns(lines, first, last, index)
    received = daily_receipts(purchases, first, last, index)
    counted = counts(levels, index, first, last)
    flow = received - units + returned
    back = _reaches_back(counted.levels, counted.opening, purchases, first, chosen.roll_back_days)
    history = rebuild(flow, counted, back)
    facts = items(products, suppliers, purchases, chosen, prices, lines, index, last)
    start = _first_column(
        (units.to_numpy() > 0) | (received.to_numpy() > 0) | (history.on_hand.to_numpy() > 0)
    )
    counted_days = np.isfinite(counted.levels.to_numpy())
    share = in_stock(
        units,
        history.on_hand,
        np.where(history.known_since == 0, history.opening, np.nan),
        _unsure(counted_days, history.inferred.to_numpy(), history.on_hand, purchases.empty),
        _before_found(counted_days, history.losses.to_numpy(), purchases.empty),
        start,
        unlikely_silences(units, facts["category"].to_numpy()),
    )
    basis = _basis(counted.real, history.known_since, history.opening, start, units, first)
    locations = location_position(levels, index)
    return Inventory(
        today=last,
        items=facts,
        units=units,
        returned=returned,
        received=received,
        inferred=history.inferred,
        losses=history.losses,
        on_hand=history.on_hand,
        counted=counted.real,
        in_stock=share,
        basis=basis,
        position=position(history.on_hand, counted.real, locations, purchases, last),
        locations=locations,
        lines=lines,
        purchases=purchases,
        suppliers=suppliers,
        prices=prices,
        levels=levels,
        settings=chosen,
    )


def with_settings(inventory: Inventory, settings: InventorySettings, products: pd.DataFrame) -> Inventory:
    """The same stock under other settings, as ``prepare_inventory`` makes it, at a tenth of its time.

    Only what ordering needs is worked out anew. ``products``: ``Sales.products``. Raises ``ValueError`` for
    other ``roll_back_days``: they tell another history.
    """
    if settings == inventory.settings:
        return inventory
    if settings.roll_back_days != inventory.settings.roll_back_days:
        raise ValueError("other roll_back_days tell another history of the stock")
    facts = items(
        products,
        inventory.suppliers,
        inventory.purchases,
        settings,
        inventory.prices,
        inventory.lines,
        inventory.items.index,
        inventory.today,
    )
    return replace(inventory, items=facts, settings=settings)


def _span(sales: Sales, levels: pd.DataFrame, purchases: pd.DataFrame) -> tuple[int, int]:
    if sales.last_day >= sales.first_day:
        return sales.first_day, sales.last_day
    seen = np.concatenate([day_or_none(levels["as_of"]), day_or_none(purchases["received_on"])])
    seen = seen[np.isfinite(seen)]
    return (int(seen.min()), int(seen.max())) if len(seen) else (0, -1)


def _known_by(
    today: int, lines: pd.DataFrame, levels: pd.DataFrame, purchases: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Lines, counts and purchases as they were known at the end of a day; later deliveries are still open."""
    ordered, received = (day_or_none(purchases[f"{what}_on"]) for what in ("ordered", "received"))
    begun = np.where(np.isfinite(ordered), ordered, received)
    kept = purchases[~(begun > today)]
    open_yet = pd.Series(received > today, index=purchases.index)[kept.index]
    kept = kept.assign(
        received_on=kept["received_on"].mask(open_yet),
        received_quantity=kept["received_quantity"].mask(open_yet),
    )
    levels = levels[day_or_none(levels["as_of"]) <= today]
    return lines[(lines["day"] <= today).to_numpy()], levels, kept


def _reaches_back(
    levels: pd.DataFrame, opening: np.ndarray, purchases: pd.DataFrame, first: int, most: int
) -> np.ndarray:
    """The first column to which stock is rolled back: without the purchases of a time, not far into it."""
    first_count = _first_column(np.isfinite(levels.to_numpy()))
    ordered = day_or_none(purchases["ordered_on"].fillna(purchases["received_on"]))
    began = np.nanmin(ordered) - first if np.isfinite(ordered).any() else np.inf
    return np.maximum(np.minimum(first_count, began) - most, 0).astype("int64")


def _first_column(cells: np.ndarray) -> np.ndarray:
    """The first true column of each row; the number of columns where there is none."""
    if not cells.shape[1]:
        return np.zeros(len(cells), dtype="int64")
    return np.where(cells.any(axis=1), cells.argmax(axis=1), cells.shape[1])


def _unsure(
    counted: np.ndarray, inferred: np.ndarray, on_hand: pd.DataFrame, no_purchases: bool
) -> np.ndarray:
    """Days on which an empty shelf may be a delivery that nobody recorded.

    After an inferred delivery, up to the next count; and, where no purchases are recorded at all, any
    empty day after the last count.
    """
    column = np.arange(counted.shape[1], dtype="int32")
    if not len(column):
        return np.zeros(counted.shape, dtype=bool)
    last_count = np.maximum.accumulate(np.where(counted, column, -1), axis=1)
    last_inferred = np.maximum.accumulate(np.where(inferred > 0, column, -1), axis=1)
    unsure = last_inferred > last_count
    if no_purchases:
        after = column > last_count[:, -1:]
        unsure |= after & (on_hand.to_numpy() == 0)
    return unsure


def _before_found(counted: np.ndarray, losses: np.ndarray, no_purchases: bool) -> np.ndarray:
    """Days before a count that found more than was expected, since no deliveries are recorded."""
    width = counted.shape[1]
    if not no_purchases or not width:
        return np.zeros(counted.shape, dtype=bool)
    place = np.where(counted, np.arange(width, dtype="int32"), width)[:, ::-1]
    following = np.minimum.accumulate(place, axis=1)[:, ::-1]
    found = np.hstack([losses < 0, np.zeros((len(losses), 1), dtype=bool)])
    return np.take_along_axis(found, following, axis=1) & ~counted


def _basis(
    real: pd.DataFrame,
    known_since: np.ndarray,
    opening: np.ndarray,
    start: np.ndarray,
    units: pd.DataFrame,
    first: int,
) -> pd.DataFrame:
    width = real.shape[1]

    def as_day(column: np.ndarray) -> np.ndarray:
        return np.where((column >= 0) & (column < width), column + float(first), np.nan)

    def last_column(cells: np.ndarray) -> np.ndarray:
        return width - 1 - _first_column(cells[:, ::-1])

    counted, sold = real.to_numpy(), units.to_numpy() > 0
    times = counted.sum(axis=1)
    names = np.where(times >= 2, "counts", np.where(known_since >= 0, "one_count", "sales"))
    return pd.DataFrame(
        {
            "basis": names.astype(object),
            "counts": times,
            "first_count": as_day(_first_column(counted)),
            "last_count": as_day(last_column(counted)),
            "known_since": as_day(known_since),
            "opening": opening,
            "start": as_day(start),
            "first_sale": as_day(_first_column(sold)),
            "last_sale": as_day(last_column(sold)),
        },
        index=real.index,
    )

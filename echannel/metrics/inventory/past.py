"""The last 12 months as they were, and what could be known of demand on each day of them.

Nothing that came after a day goes into what is known on it: levels of demand rest on whole weeks that were
over, the calendar's effects on weeks before the first day replayed, lead times on deliveries before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from echannel.metrics.inventory.demand import FEWEST_SALES
from echannel.metrics.inventory.effects import calendar_effects
from echannel.metrics.inventory.items import FEWEST_DELIVERIES, delivery_days
from echannel.metrics.inventory.large_orders import stocked_units
from echannel.metrics.inventory.panels import WEEK, weekly_rates

if TYPE_CHECKING:
    from echannel.metrics.inventory import Inventory

YEAR = 365
REFIT_DAYS = 28
HALF_LIFE_WEEKS = 13.0
_FEWEST_WEEKS = 8
_DELIVERY = ["purchase_id", "supplier_id", "received_day"]
_AROUND_WEEKS = 8  # on both sides of an empty shelf, to tell what would have been sold


@dataclass(frozen=True)
class Past:
    """Arrays of products × days (``units`` …), or products × refits (``per_day``, ``sd_day``, ``sales``).

    Attributes
    ----------
    items : of the products replayed, with lead times as measured before the first day.
    first_day : local day of the first column. refit_days : columns on which demand is measured again.
    demand : units sold, and those estimated to have been asked for in vain (``lost``). special : of the
        units sold, what exceptional orders took (see ``large_orders``), by the orders before the first day.
    on_hand, in_stock, received : as observed; ``received`` with deliveries that must have come.
    change : returned − lost units, of either side. start : stock on the eve of the first day.
    abc : class by turnover of the year before. lead_record : days that deliveries took, per supplier.
    inferred_share : of the units received, those that no purchase records: their deliveries are put where
        the stock would have run out, so what happened looks better than it was.
    left_out : products that cannot be replayed (no stock history, too few sales before, no longer sold).
    """

    items: pd.DataFrame
    first_day: int
    refit_days: np.ndarray
    units: np.ndarray
    demand: np.ndarray
    lost: np.ndarray
    special: np.ndarray
    on_hand: np.ndarray
    in_stock: np.ndarray
    received: np.ndarray
    change: np.ndarray
    start: np.ndarray
    per_day: np.ndarray
    sd_day: np.ndarray
    sales: np.ndarray
    abc: np.ndarray
    lead_record: dict[str, np.ndarray]
    orders: float
    order_lines: float
    left_out: int
    inferred_share: float


def past_of(
    inventory: Inventory, events: pd.DataFrame | None = None, days: int = YEAR, seed: int = 20_240
) -> Past:
    """The last ``days`` days of an inventory, ready to be replayed.

    What was asked for in vain is drawn (Poisson, by ``seed``) from the rate of the weeks in stock around; it
    is an estimate. Products need a known stock on every day, a sale on four days and eight whole weeks in
    stock before the first day, and must still be sold.

    Parameters
    ----------
    events : sale periods and the like (see ``effects.calendar_events``); None: no calendar.
    """
    width = min(days, inventory.units.shape[1])
    first = inventory.today - width + 1
    ordinary = stocked_units(inventory, known_until=first - 1)
    rates = weekly_rates(ordinary, inventory.in_stock)
    index = _season(rates, inventory.items["category"], events, first, inventory.today)
    per_day, sd_day, weeks, sales, refits = _known_on(inventory, rates, index, first, width)
    window = inventory.columns(first)
    stock = inventory.on_hand.to_numpy()[:, window]
    before = inventory.on_hand.to_numpy()[:, : window.start][:, -1:]
    whole = np.isfinite(stock).all(axis=1) & (np.isfinite(before).all(axis=1) if before.size else False)
    enough = (weeks[:, 0] >= _FEWEST_WEEKS) & (sales[:, 0] >= FEWEST_SALES) if width else whole
    keep = whole & enough & inventory.items["active"].to_numpy(dtype=bool)
    rows = np.nonzero(keep)[0]

    def part(panel: pd.DataFrame) -> np.ndarray:
        return panel.to_numpy("float64")[rows][:, window]

    items = _before(inventory.items.iloc[rows], inventory.purchases, first)
    units, share, inferred = (part(one) for one in (inventory.units, inventory.in_stock, inventory.inferred))
    lost = _asked_in_vain(rates.iloc[rows], index[rows], share, first, seed)
    orders, lines = _orders(inventory.purchases, items.index, first, inventory.today)
    return Past(
        items=items,
        first_day=first,
        refit_days=refits,
        units=units,
        demand=units + lost,
        lost=lost,
        special=units - part(ordinary),
        on_hand=stock[rows],
        in_stock=share,
        received=part(inventory.received) + inferred,
        change=part(inventory.returned) - part(inventory.losses),
        start=before[rows, 0] if before.size else np.zeros(len(rows)),
        per_day=per_day[rows],
        sd_day=sd_day[rows],
        sales=sales[rows],
        abc=_classes(inventory, rows, first),
        lead_record=_record(inventory.purchases),
        orders=orders,
        order_lines=lines,
        left_out=len(inventory.items) - len(rows),
        inferred_share=float(inferred.sum() / max((part(inventory.received) + inferred).sum(), 1e-9)),
    )


def _season(
    rates: pd.DataFrame, categories: pd.Series, events: pd.DataFrame | None, first: int, today: int
) -> np.ndarray:
    """The calendar's index of every product and week, from weeks before ``first``; beyond today too."""
    weeks = rates.columns.to_numpy()
    ahead = 60
    span = np.r_[weeks, weeks[-1] + WEEK * np.arange(1, ahead + 1)] if len(weeks) else weeks
    earlier = rates.loc[:, weeks + WEEK - 1 < first]
    if events is None or earlier.shape[1] < 2:
        return np.ones((len(rates), len(span)))
    effects = calendar_effects(earlier, categories, events, horizon=len(span) - earlier.shape[1])
    return effects.of(categories, span)


def _known_on(
    inventory: Inventory, rates: pd.DataFrame, index: np.ndarray, first: int, width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Demand as known on each refit day: mean and deviation per day of the time until the delivery after
    the next, weeks and days with a sale that they rest on; weeks weigh half as much every 13 weeks."""
    refits = np.arange(0, max(width, 1), REFIT_DAYS)
    weeks = rates.columns.to_numpy()
    over = (weeks + WEEK - 1)[:, None] < (first + refits)[None, :]
    age = (first + refits)[None, :] - (weeks + WEEK)[:, None]
    weight = np.where(over, 0.5 ** (np.where(over, age, 0) / WEEK / HALF_LIFE_WEEKS), 0.0)
    level = rates.to_numpy() / index[:, : len(weeks)]
    seen = np.isfinite(level)
    filled = np.where(seen, level, 0.0)
    mass = np.maximum(seen @ weight, 1e-12)
    mean = filled @ weight / mass
    spread = np.maximum((filled**2) @ weight / mass - mean**2, 0.0)
    effective = mass**2 / np.maximum(seen @ weight**2, 1e-12)
    spread = spread * effective / np.maximum(effective - 1, 0.5) * (1 + 1 / np.maximum(effective, 1))
    count = seen @ over.astype("float64")
    reach = inventory.items["lead_time_days"] + inventory.items["review_days"]
    factor = _ahead(index, weeks, first + refits, np.ceil(reach.to_numpy("float64")))
    sold = np.cumsum(inventory.units.to_numpy() > 0, axis=1)
    at = np.maximum(first + refits - inventory.first_day - 1, 0)
    sales = np.zeros(mean.shape)
    if sold.shape[1]:
        sales = sold[:, at] * (first + refits > inventory.first_day)
    return mean * factor / WEEK, np.sqrt(spread / WEEK) * factor, count, sales, refits


def _ahead(index: np.ndarray, weeks: np.ndarray, from_days: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """The mean index of the ``reach`` days from each of ``from_days`` on (products × days)."""
    if not len(weeks):
        return np.ones((len(index), len(from_days)))
    daily = np.repeat(index, WEEK, axis=1)
    total = np.concatenate([np.zeros((len(index), 1)), np.cumsum(daily, axis=1)], axis=1)
    start = np.clip(from_days - weeks[0], 0, total.shape[1] - 2)
    end = np.clip(start[None, :] + np.maximum(reach, 1)[:, None].astype("int64"), 1, total.shape[1] - 1)
    rows = np.arange(len(index))[:, None]
    return (total[rows, end] - total[rows, start[None, :]]) / (end - start[None, :])


def _asked_in_vain(
    rates: pd.DataFrame, index: np.ndarray, share: np.ndarray, first: int, seed: int
) -> np.ndarray:
    """Units estimated to have been asked for while nothing was in stock (products × days)."""
    weeks = rates.columns.to_numpy()
    if not len(weeks) or not share.size:
        return np.zeros(share.shape)
    level = rates.to_numpy() / index[:, : len(weeks)]
    near = (np.abs(np.arange(len(weeks))[:, None] - np.arange(len(weeks))) <= _AROUND_WEEKS).astype("float64")
    seen = np.isfinite(level)
    filled = np.where(seen, level, 0.0)
    whole = filled.sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    count = seen @ near
    local = np.where(count > 0, filled @ near / np.maximum(count, 1), whole[:, None])
    at = np.clip((first + np.arange(share.shape[1]) - weeks[0]) // WEEK, 0, len(weeks) - 1)
    per_day = local[:, at] * index[:, at] / WEEK
    return np.random.default_rng(seed).poisson(np.clip(per_day * (1 - share), 0, 1e6)).astype("float64")


def _before(items: pd.DataFrame, purchases: pd.DataFrame, first: int) -> pd.DataFrame:
    """Items with lead times by the deliveries before ``first``, where the supplier made three or more."""
    past = delivery_days(purchases)
    past = past[past["received_day"] < first].drop_duplicates(_DELIVERY)
    seen = past.groupby("supplier_id")["days"].agg(["mean", "std", "count"])
    known = seen[seen["count"] >= FEWEST_DELIVERIES].reindex(items["supplier_id"].to_numpy())
    mean, sd = known["mean"].to_numpy("float64"), known["std"].to_numpy("float64")
    use = np.isfinite(mean) & np.isfinite(sd)
    return items.assign(
        lead_time_days=np.where(use, mean, items["lead_time_days"]),
        lead_time_sd_days=np.where(use, sd, items["lead_time_sd_days"]),
    )


def _record(purchases: pd.DataFrame) -> dict[str, np.ndarray]:
    """Days that each supplier's deliveries took, of those with three or more."""
    past = delivery_days(purchases).drop_duplicates(_DELIVERY)
    groups = past[past["supplier_id"] != ""].groupby("supplier_id")["days"]
    return {str(name): days.to_numpy("float64") for name, days in groups if len(days) >= FEWEST_DELIVERIES}


def _classes(inventory: Inventory, rows: np.ndarray, first: int) -> np.ndarray:
    """ABC by turnover of the year before ``first``, among the products replayed, at today's prices."""
    earlier = inventory.units.to_numpy()[rows][:, inventory.columns(first - YEAR, first - 1)].sum(axis=1)
    worth = earlier * np.nan_to_num(inventory.items["price_net"].to_numpy("float64")[rows])
    order = np.argsort(-worth, kind="stable")
    before = np.cumsum(worth[order]) - worth[order]
    cut_a, cut_b = (cut * worth.sum() for cut in inventory.settings.abc_cuts)
    letters = np.where(before < cut_a, "A", np.where(before < cut_b, "B", "C"))
    result = np.empty(len(rows), dtype=object)
    result[order] = letters
    return result


def _orders(purchases: pd.DataFrame, products: pd.Index, first: int, today: int) -> tuple[float, float]:
    """Orders to suppliers in the window for these products, and their lines; NaN without any record."""
    day = purchases["ordered_on"].to_numpy().astype("datetime64[D]")
    known = ~np.isnat(day)
    if not known.any():
        return np.nan, np.nan
    number = np.where(known, day.astype("int64"), -(10**9))
    mine = (
        (number >= first) & (number <= today) & purchases["product_id"].astype(str).isin(products).to_numpy()
    )
    frame = pd.DataFrame(
        {
            "supplier": purchases["supplier_id"].astype(object).where(purchases["supplier_id"].notna(), ""),
            "product": purchases["product_id"].astype(str),
            "day": number,
        }
    )[mine]
    return len(frame.drop_duplicates(["supplier", "day"])), len(frame.drop_duplicates())

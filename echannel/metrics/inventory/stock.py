"""What the stock is worth, how fast it turns, how long it lasts, what it earns, and when it was empty.

Money is in the reporting currency, net of VAT. Cost is the product's unit cost (``items.unit_cost``: its
own, else the mean of its last year's purchases, else its supplier's price); a product without one is in no
value at cost, and ``coverage`` says how much of the units the value speaks of.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from echannel.metrics.counting import divided
from echannel.metrics.inventory import Inventory
from echannel.metrics.inventory.grouping import YEAR, By, Groups, few, lacks, rests_on_sales, told
from echannel.metrics.inventory.panels import places_in

At = Literal["cost", "price"]
QUARTER = 91  # days
FEWEST_KNOWN_DAYS = 28  # of stock: an average of fewer is no year's
FEWEST_IN_STOCK_DAYS = 14


def stock_value(inventory: Inventory, by: By | Literal["location"] = None, at: At = "cost") -> pd.DataFrame:
    """Stock today × unit cost, or × selling price ex VAT.

    Returns
    -------
    One row per group (``by``): ``value`` (of the units with a known cost or price), ``units``, ``products``
    (in stock), ``coverage`` (share of units with a known cost or price), ``coverage_products`` (the same of
    products in stock), ``n`` (products with known stock), ``status``, ``reason``. By location the group ""
    holds what was sold and delivered since the counts: no source says where.
    """
    units, each = inventory.position["on_hand"].to_numpy(), unit_value(inventory, at)
    if by == "location":
        return _by_location(inventory, units, each, at)
    groups = Groups(inventory, by)
    return _valued(groups.frame(_parts(groups, units, each)), at)


def unit_value(inventory: Inventory, at: At) -> np.ndarray:
    """What a unit of each product is worth at cost or at its selling price ex VAT; NaN unknown."""
    return inventory.items["unit_cost" if at == "cost" else "price_net"].to_numpy()


def _parts(groups: Groups, units: np.ndarray, each: np.ndarray) -> dict[str, np.ndarray]:
    held, priced = units > 0, np.isfinite(each)
    return {
        "value": groups.sum(units * each),
        "units": groups.sum(units),
        "products": groups.count(held),
        "coverage": divided(groups.sum(np.where(priced, units, 0.0)), groups.sum(units)),
        "coverage_products": divided(groups.count(held & priced), groups.count(held)),
        "n": groups.count(np.isfinite(units)),
    }


def _valued(frame: pd.DataFrame, at: At) -> pd.DataFrame:
    unknown = (frame["n"] == 0).to_numpy()
    unpriced = (frame["coverage"] == 0).to_numpy()
    reason = "reason.cost_unknown" if at == "cost" else "reason.price_unknown"
    return told(frame, lacks(unknown, "reason.stock_missing"), lacks(unpriced, reason))


def _by_location(inventory: Inventory, units: np.ndarray, each: np.ndarray, at: At) -> pd.DataFrame:
    located = inventory.locations
    row = places_in(inventory.units.index, located["product_id"])
    there = np.maximum(located["on_hand"].to_numpy(), 0.0)
    moved = units - np.bincount(row, there, len(units))
    rest = np.flatnonzero(np.abs(np.nan_to_num(moved)) > 0)
    row, amount = np.r_[row, rest], np.r_[there, moved[rest]]
    codes, names = pd.factorize(np.r_[located["location"], np.full(len(rest), "", dtype=object)], sort=True)
    groups = Groups(inventory, None)
    groups.codes, groups.names = codes, np.asarray(names, dtype=object)
    frame = groups.frame({"location": groups.names, **_parts(groups, amount, each[row])})
    return _valued(frame, at)


def stock_over_time(inventory: Inventory, at: At = "cost") -> pd.DataFrame:
    """Stock value at the end of each week (Sunday) and today, at today's costs or prices.

    Returns
    -------
    ``day``, ``value``, ``counted`` (share of the value that was counted that day: the rest is rolled on or
    back, an estimate), ``n`` (products whose stock is known), ``status``, ``reason``.
    """
    days = inventory.units.columns.to_numpy()
    at_days = np.flatnonzero(((days + 3) % 7 == 6) | (days == inventory.today))
    each = unit_value(inventory, at)[:, None]
    units = inventory.on_hand.to_numpy()[:, at_days]
    worth = np.nan_to_num(units * each)
    real = inventory.counted.to_numpy()[:, at_days]
    value = worth.sum(axis=0)
    frame = pd.DataFrame(
        {
            "day": days[at_days],
            "value": value,
            "counted": divided(np.where(real, worth, 0.0).sum(axis=0), value),
            "n": (np.isfinite(units) & np.isfinite(each)).sum(axis=0),
        }
    )
    return told(frame, lacks((frame["n"] == 0).to_numpy(), "reason.stock_missing"))


class _Year:
    """Each product's stock and sales over its days with known stock within a period, per year."""

    def __init__(self, inventory: Inventory, days: int) -> None:
        within = inventory.columns(inventory.today - days + 1)
        stock = inventory.on_hand.to_numpy()[:, within]
        known = np.isfinite(stock)
        self.known_days = known.sum(axis=1)
        self.cost = unit_value(inventory, "cost")
        self.scale = divided(YEAR, self.known_days)  # of what happened on known days, to a year
        self.average = divided(np.nansum(stock, axis=1), self.known_days) * self.cost
        net = inventory.units.to_numpy()[:, within] - inventory.returned.to_numpy()[:, within]
        self.all_sold = inventory.units.to_numpy()[:, within].sum(axis=1)
        self.cogs = np.where(known, net, 0.0).sum(axis=1) * self.cost * self.scale
        self.since = inventory.today - self.known_days + 1  # known days are the last ones
        self.told = (self.known_days >= FEWEST_KNOWN_DAYS) & np.isfinite(self.cost)


@rests_on_sales
def turn(inventory: Inventory, by: By = None, days: int = YEAR) -> pd.DataFrame:
    """Stock turn per year: cost of goods sold (returns taken off) / average stock at cost, every day alike.

    Both over the days with known stock among the last ``days``, scaled to a year, both at today's unit
    cost; a product with under 28 such days is left out. DIO = 365 / turn.

    Returns
    -------
    One row per group: ``value`` (times a year), ``dio`` (days), ``numerator`` (COGS per year),
    ``denominator`` (average stock at cost), ``coverage`` (share of units sold that it speaks of),
    ``estimated`` (share of the average stock that rests on fewer than two counts), ``n`` (products),
    ``status``, ``reason``.
    """
    groups, year = Groups(inventory, by), _Year(inventory, days)
    frame = _against_stock(inventory, groups, year, np.where(year.told, year.cogs, 0.0))
    return frame.assign(dio=divided(YEAR, frame["value"]))


@rests_on_sales
def gmroi(inventory: Inventory, by: By = None, days: int = YEAR) -> pd.DataFrame:
    """Gross margin return on inventory: gross margin of a year / average stock at cost.

    Margin = net sales after discounts and refunds − cost of the units (of the order line, else today's);
    days, scaling and columns as in :func:`turn`, ``numerator`` = gross margin per year.
    """
    groups, year = Groups(inventory, by), _Year(inventory, days)
    return _against_stock(inventory, groups, year, _margin(inventory, year) * np.nan_to_num(year.scale))


def _margin(inventory: Inventory, year: _Year) -> np.ndarray:
    """Gross margin of each product over its known days."""
    lines = inventory.lines
    row = places_in(inventory.units.index, lines["product_id"])
    lines, row = lines[row >= 0], row[row >= 0]
    at_cost = lines["quantity"].to_numpy(dtype="float64") * year.cost[row]
    cost = lines["cost"].to_numpy(dtype="float64")
    cost = np.where(np.isfinite(cost), cost, at_cost)
    day = lines["day"].to_numpy()
    within = (day >= year.since[row]) & (day <= inventory.today) & year.told[row] & np.isfinite(cost)
    gained = lines["net"].to_numpy(dtype="float64") - cost
    return np.bincount(row[within], gained[within], len(year.cost)).astype("float64")


def _against_stock(inventory: Inventory, groups: Groups, year: _Year, numerator: np.ndarray) -> pd.DataFrame:
    average = np.where(year.told, year.average, 0.0)
    thin = (inventory.basis["basis"] != "counts").to_numpy()
    above, below = groups.sum(numerator), groups.sum(average)
    frame = groups.frame(
        {
            "value": divided(above, below),
            "numerator": above,
            "denominator": below,
            "coverage": divided(
                groups.sum(np.where(year.told, year.all_sold, 0.0)), groups.sum(year.all_sold)
            ),
            "estimated": divided(groups.sum(np.where(thin, average, 0.0)), below),
            "n": groups.count(year.told),
        }
    )
    none = (frame["n"] == 0).to_numpy()
    return told(
        frame,
        lacks(groups.count(year.known_days > 0) == 0, "reason.stock_missing"),
        lacks(none & (groups.count(np.isfinite(year.cost)) == 0), "reason.cost_unknown"),
        few(none, "reason.stock_days_few"),
        few(below <= 0, "reason.no_stock_held"),
    )


@rests_on_sales
def daily_rate(inventory: Inventory, days: int = QUARTER) -> pd.DataFrame:
    """Units sold per day in stock: Σ units / Σ in-stock share, over the last ``days`` since the start.

    Days without stock are no days without demand: they count neither above nor below.

    Returns
    -------
    Index ``product_id``: ``value`` (units a day), ``numerator`` (units), ``denominator`` (days in stock),
    ``n`` (whole days in stock), ``status``, ``reason``.
    """
    within = inventory.columns(inventory.today - days + 1)
    sold = inventory.units.to_numpy()[:, within].sum(axis=1)
    there = inventory.in_stock.to_numpy()[:, within].sum(axis=1)
    frame = pd.DataFrame(
        {
            "value": divided(sold, there),
            "numerator": sold,
            "denominator": there,
            "n": np.floor(there).astype("int64"),
        },
        index=inventory.units.index,
    )
    return told(frame, few((there < FEWEST_IN_STOCK_DAYS), "reason.in_stock_days_few"))


@rests_on_sales
def cover(inventory: Inventory, by: By = "product_id", days: int = QUARTER) -> pd.DataFrame:
    """Days of cover: available / mean daily units on in-stock days (see :func:`daily_rate`).

    By product in units; of a group at cost: Σ available × cost / Σ daily units × cost.

    Returns
    -------
    One row per group: ``value`` (days), ``numerator`` (available), ``denominator`` (per day), ``n`` (days in
    stock; of a group: products), ``status``, ``reason``.
    """
    groups, rate = Groups(inventory, by), daily_rate(inventory, days)
    available = np.maximum(inventory.position["available"].to_numpy(), 0.0)
    per_day = rate["value"].to_numpy()
    if by == "product_id":
        weight, cases = np.ones(len(per_day)), rate["n"].to_numpy()
    else:
        weight = unit_value(inventory, "cost")
        cases = groups.count(np.isfinite(available * per_day * weight))
    both = np.isfinite(available * per_day * weight)
    above = groups.sum(np.where(both, available * weight, 0.0))
    below = groups.sum(np.where(both, per_day * weight, 0.0))
    frame = groups.frame(
        {"value": divided(above, below), "numerator": above, "denominator": below, "n": cases}
    )
    return told(
        frame,
        lacks(groups.count(np.isfinite(available)) == 0, "reason.stock_missing"),
        lacks(groups.count(np.isfinite(weight)) == 0, "reason.cost_unknown"),
        few(groups.count(both) == 0, "reason.in_stock_days_few"),
        few(below <= 0, "reason.no_sale"),
    )


@rests_on_sales
def sell_through(inventory: Inventory, since: int, until: int, by: By = None) -> pd.DataFrame:
    """Sell-through between two local days: units sold less returned / (opening stock + units received).

    Received includes deliveries inferred and units found at a count. Products whose stock is known on
    all of the days.

    Returns
    -------
    One row per group: ``value``, ``numerator``, ``denominator`` (units), ``n`` (products), ``status``,
    ``reason``.
    """
    groups, within = Groups(inventory, by), inventory.columns(since, until)
    stock = inventory.on_hand.to_numpy()

    def total(panel: pd.DataFrame) -> np.ndarray:
        return panel.to_numpy()[:, within].sum(axis=1)

    if within.start:
        opening = stock[:, within.start - 1]
    else:
        at_start = (inventory.basis["known_since"] == inventory.first_day).to_numpy()
        opening = np.where(at_start, inventory.basis["opening"].to_numpy(), np.nan)
    known = np.isfinite(opening)
    found = np.maximum(-inventory.losses.to_numpy()[:, within], 0.0).sum(axis=1)
    came = total(inventory.received) + total(inventory.inferred) + found
    above = groups.sum(np.where(known, total(inventory.units) - total(inventory.returned), 0.0))
    below = groups.sum(np.where(known, opening + came, 0.0))
    frame = groups.frame(
        {
            "value": divided(above, below),
            "numerator": above,
            "denominator": below,
            "n": groups.count(known),
        }
    )
    none = (frame["n"] == 0).to_numpy()
    return told(frame, lacks(none, "reason.stock_missing"), few(below <= 0, "reason.no_stock_held"))


@rests_on_sales
def stock_outs(inventory: Inventory, since: int, until: int, by: By = "product_id") -> pd.DataFrame:
    """Days out of stock between two local days, of active products from their start on.

    A day counts by the share on which the product could not be bought. Estimates, but where stock was
    counted every day.

    Returns
    -------
    One row per group: ``value`` (share of days: the stock-out rate), ``numerator`` (days out of stock),
    ``denominator`` (days on offer), ``units_at_risk`` (days out × daily rate of the year),
    ``turnover_at_risk``, ``margin_at_risk`` (× price, × (price − cost); of products where these are known),
    ``n`` (products), ``status``, ``reason``.
    """
    groups, within = Groups(inventory, by), inventory.columns(since, until)
    days = inventory.units.columns.to_numpy()[within]
    started = inventory.basis["start"].to_numpy()
    offered = (days >= started[:, None]) & inventory.items["active"].to_numpy()[:, None]
    absent = np.where(offered, 1.0 - inventory.in_stock.to_numpy()[:, within], 0.0).sum(axis=1)
    on_offer = offered.sum(axis=1).astype("float64")
    lost = absent * daily_rate(inventory, YEAR)["value"].to_numpy()
    price, cost = unit_value(inventory, "price"), unit_value(inventory, "cost")
    below = groups.sum(on_offer)
    frame = groups.frame(
        {
            "value": divided(groups.sum(absent), below),
            "numerator": groups.sum(absent),
            "denominator": below,
            "units_at_risk": groups.sum(lost),
            "turnover_at_risk": groups.sum(lost * price),
            "margin_at_risk": groups.sum(lost * (price - cost)),
            "n": groups.count(on_offer > 0),
        }
    )
    return told(frame, few(below <= 0, "reason.not_on_offer"))

"""Wide panels: one row per product, one column per local day or week.

A wide frame is one float64 block with the index ``product_id`` (text, sorted, the same for every panel of
an SME) and integer columns: the local day (days since 1970-01-01), or the Monday of a week.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from echannel.metrics.counting import codes_of

WEEK = 7
LEAST_SHARE = 0.3  # of a week in stock: below, its sales say nothing about demand


def product_index(columns: Iterable[pd.Series]) -> pd.Index:
    """Every product that any of the columns names, sorted."""
    named: set[str] = set()
    for column in columns:
        codes, names = codes_of(column)
        named |= set(names.astype(str)[np.unique(codes[codes >= 0])])
    return pd.Index(sorted(named), dtype=object, name="product_id")


def places_in(products: pd.Index, product_ids: pd.Series) -> np.ndarray:
    """The row of each product in ``products``; -1 where it is not known."""
    codes, names = codes_of(product_ids)
    return np.r_[products.get_indexer(names.astype(str)), -1][codes].astype("int64")


def panel(
    product_ids: pd.Series,
    days: np.ndarray,
    amounts: np.ndarray,
    products: pd.Index,
    first_day: int,
    last_day: int,
) -> pd.DataFrame:
    """Sums of ``amounts`` by product and local day, both ends included; what lies outside is left out."""
    width = max(last_day - first_day + 1, 0)
    rows = places_in(products, product_ids)
    inside = (rows >= 0) & (days >= first_day) & (days <= last_day) & np.isfinite(amounts)
    cells = rows[inside] * width + (days[inside] - first_day).astype("int64")
    sums = np.bincount(cells, amounts[inside], len(products) * width)
    return wide(sums.reshape(len(products), width), products, first_day)


def wide(values: np.ndarray, products: pd.Index, first_day: int) -> pd.DataFrame:
    """A panel by day from its cells (products × days)."""
    days = pd.RangeIndex(first_day, first_day + values.shape[1], name="day")
    return pd.DataFrame(values, index=products, columns=days)


def daily_units(
    lines: pd.DataFrame, first_day: int, last_day: int, products: pd.Index | None = None
) -> pd.DataFrame:
    """Units ordered per product and local day: lines of counted orders, returns not taken off.

    ``lines`` as in ``Sales.lines``. A sold line with a negative quantity is a return, not a sale.
    """
    sold = lines[(lines["entry"] == "sale").to_numpy()]
    return _of_lines(sold, sold["quantity"].to_numpy(dtype="float64"), first_day, last_day, products)


def daily_returns(
    lines: pd.DataFrame, first_day: int, last_day: int, products: pd.Index | None = None
) -> pd.DataFrame:
    """Units given back per product and local day of the refund, and sold lines with a negative quantity.

    A refund that names no product, or no quantity, gives back money and no known unit.
    """
    back = lines[lines["entry"].isin(["sale", "refund"]).to_numpy()]
    return _of_lines(back, -back["quantity"].to_numpy(dtype="float64"), first_day, last_day, products)


def _of_lines(
    lines: pd.DataFrame, amounts: np.ndarray, first_day: int, last_day: int, products: pd.Index | None
) -> pd.DataFrame:
    index = product_index([lines["product_id"]]) if products is None else products
    positive = np.where(amounts > 0, amounts, 0.0)
    return panel(lines["product_id"], lines["day"].to_numpy(), positive, index, first_day, last_day)


def daily_receipts(
    purchases: pd.DataFrame, first_day: int, last_day: int, products: pd.Index | None = None
) -> pd.DataFrame:
    """Units received from suppliers per product and day; a delivery that names no quantity came whole."""
    index = product_index([purchases["product_id"]]) if products is None else products
    came = received_quantity(purchases)
    return panel(
        purchases["product_id"], day_or_none(purchases["received_on"]), came, index, first_day, last_day
    )


def received_quantity(purchases: pd.DataFrame) -> np.ndarray:
    """Units that came with each purchase line; 0 where nothing came yet."""
    stated = purchases["received_quantity"].to_numpy(dtype="float64")
    whole = purchases["quantity"].to_numpy(dtype="float64")
    came = purchases["received_on"].notna().to_numpy()
    return np.where(np.isfinite(stated), stated, np.where(came, whole, 0.0))


def day_or_none(dates: pd.Series) -> np.ndarray:
    """Days since 1970-01-01 of calendar dates or UTC times, as floats: NaN where there is none."""
    stamps = dates.dt.tz_convert(None) if dates.dt.tz is not None else dates
    days = stamps.to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(days), np.nan, days.astype("int64").astype("float64"))


def monday(days: np.ndarray | int) -> np.ndarray:
    """The Monday of each day's week (1970-01-01 was a Thursday)."""
    day = np.asarray(days)
    return day - (day + 3) % WEEK


def weekly(daily: pd.DataFrame, mean: bool = False, partial: bool = False) -> pd.DataFrame:
    """Sums (or means over the days at hand) by week, Monday to Sunday; columns are Mondays.

    Weeks cut off at either end are left out, unless ``partial``: their sums are no week's sums.
    """
    days = daily.columns.to_numpy()
    starts, first_at, size = np.unique(monday(days), return_index=True, return_counts=True)
    values = daily.to_numpy(dtype="float64")
    sums = np.add.reduceat(values, first_at, axis=1) if len(days) else values
    if mean:
        sums = sums / size
    keep = np.ones(len(starts), dtype=bool) if partial else size == WEEK
    columns = pd.Index(starts[keep].astype("int64"), name="week")
    return pd.DataFrame(sums[:, keep], index=daily.index, columns=columns)


def weekly_rates(
    units: pd.DataFrame, in_stock: pd.DataFrame, least_share: float = LEAST_SHARE
) -> pd.DataFrame:
    """Demand per whole week: units sold, over the share of the week in stock.

    NaN before the product's first sale, and where it was in stock for less than ``least_share`` of the
    week: what was not to be had says nothing about demand.
    """
    sold, share = weekly(units).to_numpy(), weekly(in_stock, mean=True).to_numpy()
    begun = np.maximum.accumulate(sold > 0, axis=1) if sold.size else sold > 0
    known = begun & (share >= least_share)
    rates = np.divide(sold, share, out=np.full(sold.shape, np.nan), where=known)
    columns = weekly(units.iloc[:0]).columns
    return pd.DataFrame(rates, index=units.index, columns=columns)

"""When a product could be bought: from its stock where that is known, else from the gaps in its sales."""

from __future__ import annotations

import numpy as np
import pandas as pd

UNLIKELY = 0.01  # in all of a product's history: a silence less likely than this is no chance
FEWEST_TOGETHER = 5  # products: fewer do not tell a category's season
FEWEST_SELLING_DAYS = 5  # of a product: fewer tell no rate
_SPAN = 28  # days over which a season is smoothed


def unlikely_silences(units: pd.DataFrame, category: np.ndarray) -> np.ndarray:
    """Days in silences too long for chance: m · P(no sale in k days) = m · exp(−d·k) < 1 %.

    ``d`` is the product's rate of selling days between its first sale and the last day, silences found
    to be unlikely taken out, times the season of its category (or of the shop, if the category has fewer
    than 5 products; none, if the shop has): where all its kind sells little, a silence means little.
    ``m`` is the number of the product's gaps (its selling days): at 1 % for each single gap, chance alone
    makes 6 in 100 days a stock-out, where true ones are 1 in 200 (``docs/decisions.md``). Estimates, always.

    Returns
    -------
    Boolean cells (products × days). A product with fewer than 5 selling days has none.
    """
    sold = units.to_numpy() > 0
    size, width = sold.shape
    silent = np.zeros((size, width + 1), dtype="int8")
    row, sale = np.nonzero(sold)
    if not len(row):
        return silent[:, :width].astype(bool)
    code, running = _seasons(sold, category)
    # A gap from each sale to the next, or to the last day; its length in days weighed by their season.
    ends_row = np.r_[row[1:] != row[:-1], True]
    following = np.where(ends_row, width, np.r_[sale[1:], width])
    length = running[code[row], following] - running[code[row], sale + 1]
    times = np.bincount(row, minlength=size)
    whole = running[code, width] - running[code, np.where(times > 0, sold.argmax(axis=1), width)]
    most = np.log(np.maximum(times, 1) / UNLIKELY)
    found = np.zeros(len(row), dtype=bool)
    for _ in range(3):  # a rate without the silences shows shorter ones
        days = whole - np.bincount(row[found], length[found], size)
        share = np.clip(times / np.where(days > 0, days, np.inf), 0, 0.99)
        rate = -np.log1p(-share)  # of a Poisson stream that leaves this share of days with a sale
        before, found = found, length * rate[row] > most[row]
        if (found == before).all():
            break
    found &= times[row] >= FEWEST_SELLING_DAYS
    silent[row[found], sale[found] + 1] = 1
    silent[row[found], following[found]] = -1
    return np.cumsum(silent, axis=1, dtype="int8")[:, :width].astype(bool)


def _seasons(sold: np.ndarray, category: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each product's curve, and for each curve the running sum over days of its selling (mean 1 a day).

    A curve is a category's selling, or the whole shop's where the category is small.
    """
    codes, names = pd.factorize(category)
    members = np.bincount(codes, minlength=len(names))
    active = np.maximum.accumulate(sold, axis=1)
    flat = np.ones(sold.shape[1])
    whole = _season(sold, active) if len(sold) >= FEWEST_TOGETHER else flat
    curves = np.tile(whole, (len(names), 1))
    for code in np.flatnonzero(members >= FEWEST_TOGETHER):
        of = codes == code
        curves[code] = _season(sold[of], active[of])
    return codes, np.hstack([np.zeros((len(names), 1)), np.cumsum(curves, axis=1)])


def _season(sold: np.ndarray, active: np.ndarray) -> np.ndarray:
    """Selling days per product on sale, smoothed over four weeks, with mean 1."""
    ones = np.ones(_SPAN)
    selling = np.convolve(sold.sum(axis=0), ones)[_SPAN // 2 :][: sold.shape[1]]
    on_sale = np.convolve(active.sum(axis=0), ones)[_SPAN // 2 :][: sold.shape[1]]
    curve = np.divide(selling, on_sale, out=np.zeros(len(selling)), where=on_sale > 0)
    mean = curve[on_sale > 0].mean() if (on_sale > 0).any() else 0.0
    return curve / mean if mean > 0 else np.ones(len(curve))


def in_stock(
    units: pd.DataFrame,
    on_hand: pd.DataFrame,
    opening: np.ndarray,
    unsure: np.ndarray,
    between: np.ndarray,
    start: np.ndarray,
    silent: np.ndarray,
) -> pd.DataFrame:
    """The share of each day on which a product could be bought, 0 … 1.

    From the stock where it is known and sure: 1 with stock at both ends of the day, 0 with none, half a
    day when it ran out or came in. Half too on empty days ``between`` a count and the next that found
    more, where nobody recorded the delivery: it came on any of them. Where stock is ``unsure`` or not
    known: 0 in an unlikely silence, else 1. A day with a sale is at least half a day; before the column
    ``start`` of a product it is 0.
    """
    stock = on_hand.to_numpy()
    before = np.hstack([opening[:, None], stock[:, :-1]]) if stock.shape[1] else stock
    share = ((stock > 0).astype("float64") + (before > 0)) / 2
    known = np.isfinite(stock) & np.isfinite(before) & ~unsure
    share = np.where(between & (share == 0), 0.5, share)
    share = np.where(known, share, np.where(silent, 0.0, 1.0))
    share = np.where(units.to_numpy() > 0, np.maximum(share, 0.5), share)
    started = np.arange(stock.shape[1]) >= start[:, None]
    return pd.DataFrame(np.where(started, share, 0.0), index=units.index, columns=units.columns)

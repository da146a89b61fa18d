"""What drove the change: who bought; sessions, conversion, order value; or customers, frequency, order value.

Frames and rounding as in ``echannel.metrics.change``; ``visits`` is the canonical table.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.counting import codes_of, counts, totals
from echannel.metrics.parts import decomposed, unavailable
from echannel.metrics.periods import Period
from echannel.metrics.turnover import day_number

CUSTOMER_PARTS = ("new", "reactivated", "more", "less", "lost", "earlier_refunds", "unknown")
TRAFFIC_PARTS = ("sessions", "conversion", "average_order", "refunds", "other_channels")
BUYER_PARTS = ("customers", "frequency", "average_order", "refunds", "unknown")
COVERED = 0.9  # of a period's days must have visits: else sessions seem to rise or fall with the counting

OWN_SHOP = "own_shop"


def by_customers(entries: pd.DataFrame, period: Period, before: Period) -> pd.DataFrame:
    """Change of turnover by who bought.

    new: ordered now, first order ever after the period before; reactivated: ordered now, not before, but
    earlier; more, less: ordered in both; lost: ordered before only; earlier_refunds: given back to customers
    who ordered in neither; unknown: orders without a customer.

    Returns
    -------
    One row per name in ``CUSTOMER_PARTS``, in that order; ``n``: customers (orders for ``unknown``).
    input_missing where no order has a customer.
    """
    codes, ids = codes_of(entries["customer_id"])
    if len(entries) and not (codes >= 0).any():
        return unavailable(decomposed([0.0] * 7, CUSTOMER_PARTS, 0.0, 0.0), "reason.customers_unknown")
    size = len(ids)
    sale = (entries["entry"] == "sale").to_numpy()
    net = entries["net_goods"].to_numpy()
    inside = [one.mask(entries["day"]) for one in (period, before)]
    now, then = (totals(codes[rows], net[rows], size) for rows in inside)
    buys, bought = (counts(codes[rows & sale], size) > 0 for rows in inside)
    first = sale & (entries["order_rank"].to_numpy() == 1) & (entries["day"].to_numpy() > before.until)
    is_new = counts(codes[first], size) > 0
    delta = now - then
    group = np.select(
        [buys & ~bought & is_new, buys & ~bought, buys & bought & (delta >= 0), buys & bought, bought],
        range(5),
        5,
    )
    values = np.bincount(group, delta, len(CUSTOMER_PARTS))
    unknown = [net[rows & (codes < 0)].sum() for rows in inside]
    values[6] = unknown[0] - unknown[1]
    whole = [float(net[rows].sum()) for rows in inside]
    frame = decomposed(list(values), CUSTOMER_PARTS, whole[1], whole[0])
    involved = buys | bought | (now != 0) | (then != 0)
    frame["n"] = np.bincount(group[involved], minlength=len(CUSTOMER_PARTS))
    frame.loc[6, "n"] = max(int((rows & sale & (codes < 0)).sum()) for rows in inside)
    return frame


def traffic_drivers(
    entries: pd.DataFrame, visits: pd.DataFrame, period: Period, before: Period
) -> pd.DataFrame:
    """Change of turnover = sessions × conversion × average order value, by logarithmic means (LMDI).

    Goods sold in the own shop (channel own_shop, before refunds) = sessions × orders/sessions ×
    goods/orders. Part of factor x: L(G1, G0) × ln(x1/x0) with L(a, b) = (a − b) / ln(a/b): exact, no
    residual (Ang 2005). Where a factor was or becomes 0, the whole change is that factor's (the limit).
    Refunds and other channels are parts of their own.

    Returns
    -------
    One row per name in ``TRAFFIC_PARTS``: also ``factor`` and ``factor_before`` (sessions, rate, currency).
    input_missing where either period has no visits. ``n``: orders of both periods.
    """
    days = visit_days(visits)
    if not all(_share_covered(days, one) >= COVERED for one in (period, before)):
        return _unavailable(TRAFFIC_PARTS, "reason.visits_missing")
    now, then = (
        traffic_by_block(entries, visits, one, _one_block(one)).sum(axis=0) for one in (period, before)
    )
    if min(now[0], then[0]) <= 0:  # visits that count no session cannot have led to orders
        return _unavailable(TRAFFIC_PARTS, "reason.visits_missing")
    return _driven(now, then, TRAFFIC_PARTS)


def buyer_drivers(entries: pd.DataFrame, period: Period, before: Period) -> pd.DataFrame:
    """Change of turnover = customers × orders per customer × average order value, by logarithmic means.

    As :func:`traffic_drivers`, over orders of known customers; orders without one are part ``unknown``.

    Returns
    -------
    One row per name in ``BUYER_PARTS``: also ``factor`` and ``factor_before``.
    input_missing where no order has a customer. ``n``: orders of both periods.
    """
    if len(entries) and not (codes_of(entries["customer_id"])[0] >= 0).any():
        return _unavailable(BUYER_PARTS, "reason.customers_unknown")
    return _driven(buyers_in(entries, period), buyers_in(entries, before), BUYER_PARTS)


def log_mean_parts(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Change of the product of factors (last axis), split by logarithmic means (LMDI-I additive; Ang 2005).

    L(G1, G0) × ln(x1/x0) for each factor x. Where a factor is not above 0 the logarithm has no value: the
    whole change goes to the first such factor, which is the limit for one factor going to 0.
    """
    whole_before, whole = before.prod(axis=-1), after.prod(axis=-1)
    regular = np.asarray(((before > 0) & (after > 0)).all(axis=-1))
    safe_before = np.where(regular[..., None], before, 1.0)
    logs = np.log(np.where(regular[..., None], after, 1.0) / safe_before)
    spread = logs.sum(axis=-1)
    mean = np.where(
        np.abs(spread) < 1e-12, whole, (whole - whole_before) / np.where(spread == 0, 1.0, spread)
    )
    absent = (before <= 0) | (after <= 0)
    first_absent = np.arange(before.shape[-1]) == absent.argmax(axis=-1)[..., None]
    limit = first_absent * (whole - whole_before)[..., None]
    return np.where(regular[..., None], mean[..., None] * logs, limit)


def traffic_by_block(
    entries: pd.DataFrame, visits: pd.DataFrame, period: Period, blocks: np.ndarray
) -> np.ndarray:
    """Sessions, own-shop orders, goods sold there, refunds, other channels' goods per block of days.

    ``blocks``: the block number of each day of the period.
    """
    size = int(blocks.max()) + 1
    days = visit_days(visits)
    seen = (days >= period.since) & (days <= period.until)
    sessions = np.bincount(blocks[days[seen] - period.since], visits["sessions"].to_numpy()[seen], size)
    inside = period.mask(entries["day"])
    block = blocks[entries["day"].to_numpy()[inside] - period.since]
    net = entries["net_goods"].to_numpy()[inside]
    sale = (entries["entry"] == "sale").to_numpy()[inside]
    own = sale & (entries["channel"] == OWN_SHOP).to_numpy()[inside]
    columns = [
        sessions,
        np.bincount(block[own], minlength=size),
        *(np.bincount(block[rows], net[rows], size) for rows in (own, ~sale, sale & ~own)),
    ]
    return np.stack(columns, axis=-1).astype("float64")


def buyers_in(entries: pd.DataFrame, period: Period) -> np.ndarray:
    """Customers, their orders, the goods they bought, their refunds; net goods of unknown customers."""
    known, unknown = buyers_by_customer(entries, period)
    return np.r_[known.sum(axis=0), unknown.sum()]


def buyers_by_customer(entries: pd.DataFrame, period: Period) -> tuple[np.ndarray, np.ndarray]:
    """Per known customer (1 if ordered, orders, goods, refunds); net goods of each other entry."""
    codes, ids = codes_of(entries["customer_id"])
    inside = period.mask(entries["day"])
    codes = codes[inside]
    net = entries["net_goods"].to_numpy()[inside]
    sale = (entries["entry"] == "sale").to_numpy()[inside]
    orders = counts(codes[sale], len(ids)).astype("float64")
    goods, back = (totals(codes[rows], net[rows], len(ids)) for rows in (sale, ~sale))
    rows = np.stack([orders > 0, orders, goods, back], axis=-1)
    return rows[(rows != 0).any(axis=-1)], net[codes < 0]


def driver_parts(now: np.ndarray, then: np.ndarray) -> np.ndarray:
    """Three factors' parts, then the two sums beside them; from rows of the functions above."""
    driven = log_mean_parts(_factors(then), _factors(now))
    return np.concatenate([driven, (now - then)[..., 3:]], axis=-1)


def visit_days(visits: pd.DataFrame) -> np.ndarray:
    """Local day of each row of visits."""
    return day_number(visits["date"])


def _share_covered(days: np.ndarray, period: Period) -> float:
    return len(np.unique(days[(days >= period.since) & (days <= period.until)])) / period.days


def _one_block(period: Period) -> np.ndarray:
    return np.zeros(period.days, dtype="int64")


def _chain(first: np.ndarray, second: np.ndarray, third: np.ndarray) -> np.ndarray:
    """first × second/first × third/second; 0 where there is nothing to divide by."""
    rate = np.divide(second, first, out=np.zeros(np.shape(first)), where=first > 0)
    amount = np.divide(third, second, out=np.zeros(np.shape(first)), where=second > 0)
    return np.stack([first, rate, amount], axis=-1)


def _factors(sums: np.ndarray) -> np.ndarray:
    return _chain(sums[..., 0], sums[..., 1], sums[..., 2])


def _driven(now: np.ndarray, then: np.ndarray, parts: tuple[str, ...]) -> pd.DataFrame:
    """The decomposition with its factors; ``now`` and ``then``: base, orders, goods and two sums beside."""
    frame = decomposed(list(driver_parts(now, then)), parts, then[2:].sum(), now[2:].sum())
    beside = [np.nan, np.nan]
    return frame.assign(
        factor=[*_factors(now), *beside], factor_before=[*_factors(then), *beside], n=int(now[1] + then[1])
    )


def _unavailable(parts: tuple[str, ...], reason: str) -> pd.DataFrame:
    nothing = decomposed([0.0] * len(parts), parts, 0.0, 0.0)
    return unavailable(nothing.assign(factor=np.nan, factor_before=np.nan), reason)

"""What is sold: best sellers, risers and fallers, pairs, discounts, margins, returns.

``lines`` and ``orders`` are frames of ``Sales`` (see ``echannel.metrics.turnover``). Money is net of VAT,
after line and order discounts, in the reporting currency; refunds count on the day the frame gives
them. Unit costs come from the order line, else from the product list.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.special import gammainc, ndtri

from echannel.metrics.counting import category_of, codes_of, counts, distinct, divided, totals
from echannel.metrics.margins import known_part, margin, margin_by, return_rate, with_base
from echannel.metrics.periods import Period, of
from echannel.metrics.result import INPUT_MISSING, TOO_FEW, judged, missing, ratio
from echannel.metrics.turnover import month_periods

__all__ = [
    "best_sellers",
    "bought_together",
    "discounts",
    "discounts_by_month",
    "margin",
    "margin_by",
    "movers",
    "return_rate",
]

FEWEST_PAIRS = 10  # orders with both products: fewer make lift a matter of chance
FEWEST_ORDERS = 10  # below, a rate moves by over ten points with one order
FEWEST_UNITS = 10
HALF_A_CENT = 0.005
SIGNIFICANCE = 0.05  # over all products or pairs looked at (Bonferroni)

# Choosing a period copies every column it is given.
_COLUMNS = ["day", "entry", "order_id", "product_id", "category", "quantity", "net", "cost"]
_DISCOUNT_COLUMNS = ["day", "month", "entry", "order_id", "listed", "discount"]
_ORDER_COLUMNS = ["day", "month", "goods", "discount", "quantity"]


def best_sellers(lines: pd.DataFrame, period: Period | None = None, count: int | None = 20) -> pd.DataFrame:
    """Products by turnover, refunds taken off.

    Returns
    -------
    One row per product, largest first: ``product_id``, ``category``, ``value`` (turnover), ``share``
    (of all turnover, unitemised included), ``cumulative_share``, ``units`` (sold less returned),
    ``orders``, ``price`` (turnover per unit), ``cost``, ``margin``, ``margin_rate`` (margin / turnover,
    taux de marque), ``cost_coverage`` (share of its turnover with known cost; margin is of that part),
    ``n`` (orders), ``status``, ``reason``.
    """
    part = of(lines[_COLUMNS], period)
    code, ids = codes_of(part["product_id"])
    size, sold = len(ids), (part["entry"] == "sale").to_numpy()
    net = part["net"].to_numpy()
    turnover, units = totals(code, net, size), totals(code, part["quantity"].to_numpy(), size)
    known_turnover, cost = known_part(part, code, size)
    gained = known_turnover - cost
    frame = pd.DataFrame(
        {
            "product_id": ids,
            "category": category_of(part["category"], code, size),
            "value": turnover,
            "share": divided(turnover, net.sum()),
            "units": units,
            "orders": distinct(code[sold], codes_of(part["order_id"])[0][sold], size),
            "price": divided(turnover, units),
            "cost": cost,
            "margin": gained,
            "margin_rate": divided(gained, known_turnover),
            "cost_coverage": divided(known_turnover, turnover),
        }
    )
    frame = frame[counts(code, size) > 0].sort_values("value", ascending=False, kind="stable")
    frame.insert(4, "cumulative_share", frame["share"].cumsum())
    frame = judged(frame.assign(n=frame["orders"]).reset_index(drop=True), 0, "")
    return frame if count is None else frame.head(count)


def movers(
    lines: pd.DataFrame, period: Period, before: Period, count: int = 10, minimum: int = FEWEST_UNITS
) -> pd.DataFrame:
    """Products whose turnover rose or fell most, of those with ``minimum`` units sold in either period.

    ``beyond_chance``: the number of orders with it changed by more than chance would (two Poisson counts,
    periods of their own lengths, 5 % over all products looked at).

    Returns
    -------
    At most ``count`` risers (largest rise first) and ``count`` fallers (largest fall first): ``direction``
    (riser, faller), ``product_id``, ``category``, ``value`` (change of turnover), ``turnover``,
    ``turnover_before``, ``change`` (fraction; NaN for new products), ``units``, ``units_before``, ``orders``,
    ``orders_before``, ``beyond_chance``, ``n`` (orders in both periods), ``status``, ``reason``.
    """
    now, then = (_sold_by_product(lines, one) for one in (period, before))
    codes, ids = codes_of(lines["product_id"])
    value = now["turnover"] - then["turnover"]
    pace = now["orders"] / period.days - then["orders"] / before.days
    spread = np.sqrt(now["orders"] / period.days**2 + then["orders"] / before.days**2)
    frame = pd.DataFrame(
        {
            "direction": np.where(value > 0, "riser", "faller"),
            "product_id": ids,
            "category": category_of(lines["category"], codes, len(ids)),
            "value": value,
            "turnover": now["turnover"],
            "turnover_before": then["turnover"],
            "change": divided(value, then["turnover"]),
            "units": now["units"],
            "units_before": then["units"],
            "orders": now["orders"],
            "orders_before": then["orders"],
            "beyond_chance": False,
            "n": now["orders"] + then["orders"],
        }
    )
    enough = np.maximum(now["units"], then["units"]) >= minimum
    tried = max(int(enough.sum()), 1)
    frame["beyond_chance"] = np.abs(pace) > ndtri(1 - SIGNIFICANCE / (2 * tried)) * spread
    frame = frame[enough & (value != 0)].sort_values("value", ascending=False, kind="stable")
    risers = frame[frame["value"] > 0].head(count)
    fallers = frame[frame["value"] < 0].iloc[::-1].head(count)
    return judged(pd.concat([risers, fallers], ignore_index=True), 0, "")


def bought_together(
    lines: pd.DataFrame, period: Period | None = None, count: int = 20, minimum: int = FEWEST_PAIRS
) -> pd.DataFrame:
    """Pairs of products in the same order more often than chance would have it (5 % over all pairs).

    support = n(AB)/N; confidence A→B = n(AB)/n(A); lift = n(AB) × N / (n(A) × n(B)); N = orders with lines.

    Returns
    -------
    At most ``count`` pairs with n(AB) ≥ ``minimum`` and lift above 1, highest lift first: ``product_a``
    (the rarer), ``product_b``, ``value`` (lift), ``support``, ``confidence_ab``, ``confidence_ba``,
    ``orders_a``, ``orders_b``, ``orders`` (N), ``n`` (orders with both), ``status``, ``reason``. One row with
    a reason and no products when no pair is frequent enough.
    """
    part = of(lines[["day", "entry", "product_id", "order_id"]], period)
    product, ids = codes_of(part["product_id"])
    order = codes_of(part["order_id"])[0]
    named = (part["entry"] == "sale").to_numpy() & (product >= 0)
    width = len(ids) or 1
    pairs = np.sort(pd.unique(order[named] * width + product[named]))
    order, product = pairs // width, pairs % width
    baskets = len(np.unique(order))
    with_product = np.bincount(product, minlength=width)
    frequent = with_product >= minimum
    first, second, both = pair_counts(order, product, frequent, minimum)
    expected = with_product[first] * with_product[second] / max(baskets, 1)
    # P(n or more by chance), Poisson; pairs by the thousand: judged against the number of pairs looked at.
    tried = frequent.sum() * (frequent.sum() - 1) / 2
    kept = gammainc(both, expected) * tried < SIGNIFICANCE
    kept = np.flatnonzero(kept)
    kept = kept[np.lexsort((-both[kept], -both[kept] / expected[kept]))][:count]
    first, second, both, expected = first[kept], second[kept], both[kept], expected[kept]
    rarer = with_product[first] <= with_product[second]
    a, b = np.where(rarer, first, second), np.where(rarer, second, first)
    if not len(a):
        return _no_pairs(baskets, "reason.no_pairs" if baskets >= minimum else "reason.few_orders")
    frame = pd.DataFrame(
        {
            "product_a": ids[a],
            "product_b": ids[b],
            "value": both / expected,
            "support": both / baskets,
            "confidence_ab": both / with_product[a],
            "confidence_ba": both / with_product[b],
            "orders_a": with_product[a],
            "orders_b": with_product[b],
            "orders": baskets,
            "n": both,
        }
    )
    return judged(frame, 0, "")


def discounts(lines: pd.DataFrame, orders: pd.DataFrame, period: Period | None = None) -> pd.DataFrame:
    """How much is given away in discounts, ex VAT.

    Returns
    -------
    Three rows: ``measure`` (discount_rate: discounts / goods at list price; discounted_orders: share of
    orders with a discount; discount_when_given: discounts / list price of the discounted orders),
    ``numerator``, ``denominator``, ``value``, ``n`` (orders), ``status``, ``reason``.
    """
    given = _Discounts.of(of(lines[_DISCOUNT_COLUMNS], period), of(orders[_ORDER_COLUMNS], period))
    some = given.discount > HALF_A_CENT
    frame = pd.DataFrame(
        {
            "measure": ["discount_rate", "discounted_orders", "discount_when_given"],
            "numerator": [given.discount.sum(), some.sum(), given.discount[some].sum()],
            "denominator": [given.listed.sum(), len(some), given.listed[some].sum()],
            "n": [len(some), len(some), some.sum()],
        }
    )
    return with_base(ratio(frame, FEWEST_ORDERS, "reason.few_orders"))


def discounts_by_month(lines: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Discount rate per month: ``month`` (period[M], without gaps), ``numerator`` (discounts ex VAT),
    ``denominator`` (goods at list price ex VAT), ``value``, ``n`` (orders), ``status``, ``reason``.
    """
    given = _Discounts.of(lines, orders)
    if not len(given.month):
        columns = ["month", "numerator", "denominator", "value", "n", "status", "reason"]
        return pd.DataFrame(columns=columns)
    start = int(given.month.min())
    at = given.month - start
    frame = pd.DataFrame(
        {
            "month": month_periods(np.arange(start, int(given.month.max()) + 1)),
            "numerator": np.bincount(at, given.discount),
            "denominator": np.bincount(at, given.listed),
            "n": np.bincount(at),
        }
    )
    return with_base(ratio(frame, FEWEST_ORDERS, "reason.few_orders"))


@dataclass(frozen=True)
class _Discounts:
    """Per counted order: month, goods at list price, discounts on lines and order, ex VAT.

    Orders without lines have their goods and order discount only.
    """

    month: np.ndarray
    listed: np.ndarray
    discount: np.ndarray

    @classmethod
    def of(cls, lines: pd.DataFrame, orders: pd.DataFrame) -> _Discounts:
        code, ids = codes_of(lines["order_id"])
        sale = (lines["entry"] == "sale").to_numpy()
        seen = np.zeros(len(ids), dtype=bool)
        seen[code[sale]] = True
        month = np.zeros(len(ids), dtype="int64")
        month[code[sale]] = lines["month"].to_numpy()[sale]
        listed, discount = (
            totals(code[sale], lines[name].to_numpy()[sale], len(ids)) for name in ("listed", "discount")
        )
        bare = orders["quantity"].isna().to_numpy()
        return cls(
            np.r_[month[seen], orders["month"].to_numpy()[bare]],
            np.r_[listed[seen], orders["goods"].to_numpy()[bare]],
            np.r_[discount[seen], orders["discount"].to_numpy()[bare]],
        )


def _sold_by_product(lines: pd.DataFrame, period: Period) -> dict[str, np.ndarray]:
    code, ids = codes_of(lines["product_id"])
    inside = period.mask(lines["day"]) & (code >= 0)
    code = code[inside]
    sold = (lines["entry"] == "sale").to_numpy()[inside]
    order = codes_of(lines["order_id"])[0][inside]
    return {
        "turnover": np.bincount(code, lines["net"].to_numpy()[inside], len(ids)),
        "units": np.bincount(code[sold], lines["quantity"].to_numpy()[inside][sold], len(ids)),
        "orders": distinct(code[sold], order[sold], len(ids)),
    }


def pair_counts(
    order: np.ndarray, product: np.ndarray, frequent: np.ndarray, minimum: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of frequent products (first < second) in ``minimum`` orders or more, and the number of these.

    Only orders with two of them make pairs, and a product in fewer orders than wanted has none.
    """
    kept = frequent[product]
    order, product = order[kept], product[kept]
    row = np.cumsum(np.r_[False, order[1:] != order[:-1]]) if len(order) else order
    several = np.bincount(row)[row] > 1 if len(row) else np.zeros(0, dtype=bool)
    row, product = row[several], product[several]
    column = np.cumsum(frequent) - 1
    shape = (int(row.max()) + 1 if len(row) else 0, int(frequent.sum()))
    baskets = csr_array((np.ones(len(row), dtype="int32"), (row, column[product])), shape=shape)
    together = (baskets.T @ baskets).tocoo()
    kept = (together.row < together.col) & (together.data >= minimum)
    of_column = np.flatnonzero(frequent)
    return of_column[together.row[kept]], of_column[together.col[kept]], together.data[kept]


def _no_pairs(baskets: int, reason: str) -> pd.DataFrame:
    columns = ["support", "confidence_ab", "confidence_ba", "orders_a", "orders_b"]
    row = missing(reason if baskets else "reason.products_unknown", product_a="", product_b="")
    row = row.assign(**dict.fromkeys(columns, np.nan), orders=baskets, n=0)
    order = ["product_a", "product_b", "value", *columns, "orders", "n", "status", "reason"]
    return row.assign(status=TOO_FEW if baskets else INPUT_MISSING)[order]

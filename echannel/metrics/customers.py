"""Who buys, and who comes back: new and returning customers, repeat rate, rhythm, cohorts.

Orders without a customer (order_rank 0) are a part of their own, never guessed into another.
Money is net goods (net of VAT, after discounts and refunds, shipping excluded) in the reporting
currency. A customer is new with their first order ever, in the whole history, not in the period;
in the first year of a history that begins in mid-life, old regulars look new too.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.periods import month_of
from echannel.metrics.result import INPUT_MISSING, OK, TOO_FEW, judged, ratio
from echannel.metrics.turnover import Sales, month_periods

GROUPS = ("new", "returning", "unknown")

FEWEST_CUSTOMERS = 10  # below, one customer more or less moves a rate by over ten points
FEWEST_INTERVALS = 10

_FEW = "reason.customers.few"
_FEW_CELL = "reason.customers.few_in_cell"
_FEW_INTERVALS = "reason.customers.few_intervals"
_UNKNOWN = "reason.customers.unknown"


def new_and_returning(sales: Sales) -> pd.DataFrame:
    """Net turnover and orders per month from first orders, later orders, and orders of unknown customers.

    A refund goes with its order: what a new customer sends back is taken off the new part.
    The three parts sum to the month's net turnover and to its orders.

    Returns
    -------
    One row per month without gaps and group: ``month`` (period[M]), ``group`` (new, returning, unknown),
    ``value`` (net turnover), ``orders``, ``customers`` (distinct; NaN for unknown), ``share`` (of the
    month's turnover; NaN where that is not above 0), ``complete`` (False: the data ends before the
    month does, or starts after it), ``n`` (orders), ``status``, ``reason``.
    """
    entries = sales.entries
    months = _months(sales)
    rank = entries["order_rank"].to_numpy()
    group = np.where(rank == 0, 2, np.where(rank == 1, 0, 1))
    at = (entries["month"].to_numpy() - months[0]) * len(GROUPS) + group if len(months) else group
    size = len(months) * len(GROUPS)
    is_sale = (entries["entry"] == "sale").to_numpy()
    turnover = np.bincount(at, entries["net_goods"].to_numpy(), size)
    orders = np.bincount(at[is_sale], minlength=size)
    codes = entries["customer_id"].cat.codes.to_numpy()
    seen = is_sale & (codes >= 0)
    customers = np.bincount(_distinct(at[seen], codes[seen]), minlength=size).astype("float64")
    customers[len(GROUPS) - 1 :: len(GROUPS)] = np.nan
    of_month = np.repeat(turnover.reshape(-1, len(GROUPS)).sum(axis=1), len(GROUPS))
    frame = pd.DataFrame(
        {
            "month": month_periods(np.repeat(months, len(GROUPS))),
            "group": np.tile(GROUPS, len(months)),
            "value": turnover,
            "orders": orders,
            "customers": customers,
            "share": np.divide(turnover, of_month, out=np.full(size, np.nan), where=of_month > 0),
            "complete": np.repeat(_complete(months, sales), len(GROUPS)),
            "n": orders,
        }
    )
    frame = judged(frame, 0, "")
    if not seen.any():
        known = (frame["group"] != "unknown").to_numpy()
        frame.loc[known, ["value", "orders", "customers", "share"]] = np.nan
        frame.loc[known, ["status", "reason"]] = [INPUT_MISSING, _UNKNOWN]
    return frame


def repeat_purchase_rate(sales: Sales, minimum_age: int = 180) -> pd.DataFrame:
    """Share of customers who bought more than once.

    ``window``: customers with at least two orders in these sales / customers with at least one.
    ``matured``: of the customers whose first order is in these sales and at least ``minimum_age``
    days old on the last day, those who ordered again since: newcomers had no time to, and are left out.

    Returns
    -------
    Two rows: ``view`` (window, matured), ``numerator``, ``denominator`` (customers), ``value`` (fraction),
    ``n``, ``status``, ``reason``.
    """
    orders = sales.orders
    codes = orders["customer_id"].cat.codes.to_numpy()
    known = codes >= 0
    count = np.bincount(codes[known])
    first = codes[
        (orders["order_rank"].to_numpy() == 1) & (sales.last_day - orders["day"].to_numpy() >= minimum_age)
    ]
    frame = pd.DataFrame(
        {
            "view": ["window", "matured"],
            "numerator": [(count >= 2).sum(), (count[first] >= 2).sum()],
            "denominator": [(count >= 1).sum(), len(first)],
        }
    )
    result = ratio(frame, FEWEST_CUSTOMERS, _FEW)
    return result if known.any() else result.assign(status=INPUT_MISSING, reason=_UNKNOWN)


def time_between_orders(sales: Sales, highest: int = 5) -> pd.DataFrame:
    """Days from one purchase to the customer's next one: median and quartiles.

    Several orders of a customer on one local day are one purchase. Only purchases that did follow
    count, so the true rhythm is somewhat slower: customers who will still come back are not in it.

    Returns
    -------
    One row for all (``order_number`` 0) and one per purchase number 2 … ``highest`` (2: from the first
    purchase to the second; the last row takes in all higher numbers): ``order_number``, ``value``
    (median days), ``q25``, ``q75``, ``n`` (intervals), ``status``, ``reason``.
    """
    orders = sales.orders
    codes, days = purchase_days(orders)
    same = codes[1:] == codes[:-1]
    gaps = np.diff(days)[same]
    starts = np.flatnonzero(np.r_[True, ~same]) if len(codes) else np.zeros(0, dtype=int)
    lengths = np.diff(np.r_[starts, len(codes)])
    number = np.arange(len(codes)) - np.repeat(starts, lengths) + 1
    number = np.minimum(number[1:][same], highest)
    rows = []
    for wanted in (0, *range(2, highest + 1)):
        part = gaps if wanted == 0 else gaps[number == wanted]
        low, middle, high = np.quantile(part, [0.25, 0.5, 0.75]) if len(part) else [np.nan] * 3
        rows.append((wanted, middle, low, high, len(part)))
    frame = pd.DataFrame(rows, columns=["order_number", "value", "q25", "q75", "n"])
    frame = judged(frame, FEWEST_INTERVALS, _FEW_INTERVALS)
    frame.loc[frame["value"].isna(), ["q25", "q75"]] = np.nan
    if len(orders) and not len(codes):
        frame = frame.assign(status=INPUT_MISSING, reason=_UNKNOWN)
    return frame


def cohort_retention(sales: Sales, minimum: int = 5) -> pd.DataFrame:
    """Customers by month of first order: how many come back, and what they bring, month by month.

    Only customers whose first order is in these sales. A cell with fewer than ``minimum`` active
    customers shows no figure (too few to mean anything); cumulative turnover per customer rests on
    the whole cohort and is hidden only when the cohort is smaller than ``minimum``.

    Returns
    -------
    One row per cohort and month since (without gaps, up to the last month): ``cohort`` (period[M]),
    ``age`` (months since, 0 …), ``month`` (period[M]), ``customers`` (active), ``numerator`` (active
    customers), ``denominator`` (cohort's customers), ``value`` (retention: their ratio), ``turnover``
    (net, in that month), ``turnover_share`` (of the cohort's turnover in its first month),
    ``cumulative_per_customer`` (net turnover since the first order / cohort's customers), ``complete``
    (False: the data ends before that month does), ``n`` (cohort's customers), ``status``, ``reason``.
    """
    grid = _cohorts(sales)
    few = (grid["customers"] < minimum).to_numpy()
    first = grid["turnover"].to_numpy()[(grid.index - grid["age"]).to_numpy()]
    size = grid["denominator"].to_numpy()
    frame = grid.assign(
        numerator=grid["customers"],
        value=grid["customers"] / grid["denominator"].replace(0, np.nan),
        turnover_share=np.divide(grid["turnover"], first, out=np.full(len(grid), np.nan), where=first > 0),
        cumulative_per_customer=np.divide(
            grid["cumulative"], size, out=np.full(len(grid), np.nan), where=size >= max(minimum, 1)
        ),
        n=grid["denominator"],
        status=np.where(few, TOO_FEW, OK),
        reason=np.where(few, _FEW_CELL, ""),
    )
    hidden = ["customers", "numerator", "value", "turnover", "turnover_share"]
    frame[hidden] = frame[hidden].astype("float64")
    frame.loc[few, hidden] = np.nan
    return frame[_COHORT_COLUMNS]


def retention_by_age(sales: Sales, minimum: int = 5) -> pd.DataFrame:
    """All cohorts together: the share of customers active so many months after their first order.

    Each age takes in the cohorts that have reached it in a complete month, so the denominator falls
    with age; readable for small shops whose single cohorts are not.

    Returns
    -------
    One row per age: ``age`` (months), ``numerator`` (active customers), ``denominator`` (customers
    of the cohorts), ``value``, ``cumulative_per_customer`` (net turnover up to that age per customer),
    ``n`` (customers), ``status``, ``reason``.
    """
    grid = _cohorts(sales)
    done = grid[grid["complete"]].groupby("age")[["customers", "denominator", "cumulative"]].sum()
    size = done["denominator"].to_numpy()
    frame = pd.DataFrame(
        {
            "age": done.index.to_numpy(),
            "numerator": done["customers"].to_numpy(),
            "denominator": size,
            "cumulative_per_customer": np.divide(
                done["cumulative"], size, out=np.full(len(done), np.nan), where=size >= max(minimum, 1)
            ),
        }
    )
    return ratio(frame, minimum, _FEW)


def customer_table(sales: Sales) -> pd.DataFrame:
    """One row per known customer in these sales: what segments, lifetime value and accounts start from.

    Returns
    -------
    ``customer_id``, ``kind`` (of the latest order), ``country`` (of the latest order), ``first_day``
    (first order ever), ``first_seen`` and ``last_seen`` (local days of the first and last order in
    these sales), ``orders``, ``purchases`` (distinct days with an order), ``turnover`` (net goods).
    """
    orders = sales.orders
    codes = orders["customer_id"].cat.codes.to_numpy()
    at = np.flatnonzero(codes >= 0)
    codes = codes[at]
    ids = orders["customer_id"].cat.categories
    last = np.zeros(len(ids), dtype="int64")
    first = np.zeros(len(ids), dtype="int64")
    last[codes] = at  # rows are in order of time: the latest stays
    first[codes[::-1]] = at[::-1]
    count = np.bincount(codes, minlength=len(ids))
    purchases = np.bincount(purchase_days(orders)[0], minlength=len(ids))
    some = np.flatnonzero(count)
    latest = orders.iloc[last[some]]
    return pd.DataFrame(
        {
            "customer_id": latest["customer_id"].to_numpy(),
            "kind": latest["kind"].to_numpy(),
            "country": latest["country"].to_numpy(),
            "first_day": latest["first_day"].to_numpy(),
            "first_seen": orders["day"].to_numpy()[first[some]],
            "last_seen": latest["day"].to_numpy(),
            "orders": count[some],
            "purchases": purchases[some],
            "turnover": turnover_of(sales, ids)[some],
        }
    )


_COHORT_COLUMNS = [
    *("cohort", "age", "month", "customers", "numerator", "denominator", "value", "turnover"),
    *("turnover_share", "cumulative_per_customer", "complete", "n", "status", "reason"),
]


def _cohorts(sales: Sales) -> pd.DataFrame:
    """Every cohort × age up to the last month, nothing hidden; see :func:`cohort_retention`."""
    entries = sales.entries
    is_sale = (entries["entry"] == "sale").to_numpy()
    first = is_sale & (entries["order_rank"].to_numpy() == 1)
    month = entries["month"].to_numpy()
    codes = entries["customer_id"].cat.codes.to_numpy()
    start = int(month[first].min()) if first.any() else 0
    width = month_of(sales.last_day) - start + 1 if first.any() else 0
    cohort_of = np.full(len(entries["customer_id"].cat.categories) + 1, -1)  # last place: unknown customers
    cohort_of[codes[first]] = month[first] - start
    cohort = cohort_of[codes]
    inside = (cohort >= 0) & (month - start < width) & (month - start >= cohort)
    at = cohort * width + (month - start - cohort)
    seen = inside & is_sale
    active = np.bincount(_distinct(at[seen], codes[seen]), minlength=width * width)
    turnover = np.bincount(at[inside], entries["net_goods"].to_numpy()[inside], width * width)
    cohorts, ages = np.divmod(np.arange(width * width), max(width, 1))
    reached = cohorts + ages < width
    months = (start + cohorts + ages)[reached]
    square = turnover.reshape(width, width)
    return pd.DataFrame(
        {
            "cohort": month_periods((start + cohorts)[reached]),
            "age": ages[reached],
            "month": month_periods(months),
            "customers": active[reached],
            "denominator": np.repeat(active.reshape(width, width)[:, :1], width)[reached],
            "turnover": turnover[reached],
            "cumulative": square.cumsum(axis=1).ravel()[reached],
            "complete": _ended(months, sales),
        }
    )


def _distinct(groups: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """``groups`` with one entry per distinct code in each."""
    width = int(codes.max()) + 1 if len(codes) else 1
    return pd.unique(groups.astype("int64") * width + codes) // width


def purchase_days(orders: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Customer codes and days of all purchases (one per customer and day), sorted by both."""
    codes = orders["customer_id"].cat.codes.to_numpy().astype("int64")
    days = orders["day"].to_numpy().astype("int64")
    known = codes >= 0
    if not known.any():
        return codes[:0], days[:0]
    earliest = int(days.min())
    width = int(days.max()) - earliest + 1
    both = np.sort(pd.unique(codes[known] * width + days[known] - earliest))
    return both // width, both % width + earliest


def turnover_of(sales: Sales, customers: pd.Index, up_to_rank: np.ndarray | None = None) -> np.ndarray:
    """Net goods of each of ``customers`` in these sales, refunds taken off with the order they give back.

    ``up_to_rank``: per customer, the last order (by rank) that is still taken in.
    """
    ids = sales.entries["customer_id"]
    codes = ids.cat.codes.to_numpy()
    at = np.append(customers.get_indexer(ids.cat.categories), -1)[codes]
    keep = at >= 0
    if up_to_rank is not None:
        keep &= sales.entries["order_rank"].to_numpy() <= np.append(up_to_rank, 0)[at]
    return np.bincount(at[keep], sales.entries["net_goods"].to_numpy()[keep], len(customers))


def _months(sales: Sales) -> np.ndarray:
    """All months of these sales; later refunds included."""
    if sales.last_day < sales.first_day:
        return np.zeros(0, dtype="int64")
    month = sales.entries["month"].to_numpy()
    first, last = month_of(sales.first_day), month_of(sales.last_day)
    if len(month):
        first, last = min(first, int(month.min())), max(last, int(month.max()))
    return np.arange(first, last + 1)


def _ended(months: np.ndarray, sales: Sales) -> np.ndarray:
    """Whether the data reaches the end of each month."""
    return (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype("int64") - 1 <= sales.last_day


def _complete(months: np.ndarray, sales: Sales) -> np.ndarray:
    """Whether the data covers all of each month."""
    start = months.astype("datetime64[M]").astype("datetime64[D]").astype("int64")
    return _ended(months, sales) & (start >= sales.first_day)

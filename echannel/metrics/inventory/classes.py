"""Which products deserve which care: ABC by weight, XYZ by steadiness, demand type, and who buys."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.counting import codes_of, distinct, divided
from echannel.metrics.inventory import Inventory
from echannel.metrics.inventory.grouping import YEAR, few, lacks, told
from echannel.metrics.inventory.items import AbcMeasure
from echannel.metrics.inventory.panels import places_in, weekly_rates

FEWEST_WEEKS = 8  # of known demand: fewer tell no variability
FEWEST_SALES = 3  # weeks with a sale: fewer tell no sizes
ADI_CUT = 1.32  # Syntetos, Boylan and Croston (2005), On the categorization of demand patterns
CV2_CUT = 0.49
ONE_BUYER = 0.5  # of the units: a product that one customer carries

FIELDS = tuple(f"{abc}{xyz}" for abc in "ABC" for xyz in "XYZ")


def classes(
    inventory: Inventory,
    by: AbcMeasure | None = None,
    weeks: pd.DataFrame | None = None,
    days: int = YEAR,
) -> pd.DataFrame:
    """ABC, XYZ, the field of the two, demand type and the policy for it, of every product.

    ABC: products by ``by`` over the last ``days`` (turnover = net sales after discounts and refunds; margin =
    turnover − cost; units = sold − returned), largest first; A until the ones before reach the first cut
    (80 %) of the positive total, B until the second (95 %), C the rest, all without sales among them.
    XYZ and demand type as in :func:`variability`.

    Parameters
    ----------
    weeks : weekly demand, NaN where unknown; by default units over in-stock share of the last 52 weeks.

    Returns
    -------
    Index ``product_id``: ``abc`` ("" where the cost for a margin is missing), ``xyz`` and ``demand_type``
    ("" where too little is known), ``field`` (abc + xyz, "" unless both), ``policy`` (catalogue key),
    ``value`` (by what ABC is cut), ``share``, ``cumulative_share`` (of the positive total), ``cv``,
    ``adi``, ``cv2``, ``n`` (weeks of known demand), ``status``, ``reason`` (of ABC's value),
    ``xyz_reason``.
    """
    measure = by or inventory.settings.abc_by
    weighed = abc(weights(inventory, measure, days), inventory.settings.abc_cuts)
    if weeks is None:
        weeks = weekly_rates(inventory.units, inventory.in_stock).iloc[:, -52:]
    shape = variability(weeks.reindex(inventory.units.index), inventory.settings.xyz_cuts)
    frame = weighed.assign(
        **{name: shape[name] for name in ("xyz", "demand_type", "cv", "adi", "cv2", "n")},
        xyz_reason=shape["reason"],
    )
    both = (frame["abc"] != "") & (frame["xyz"] != "")
    frame["field"] = np.where(both, frame["abc"] + frame["xyz"], "")
    frame["policy"] = [policy_key(field) for field in frame["field"]]
    return told(frame, lacks(frame["value"].isna().to_numpy(), "reason.cost_unknown"))


def policy_key(field: str) -> str:
    """The catalogue key of the policy that a field of the matrix gets."""
    return f"stock_policy.{field.lower() or 'undecided'}"


def matrix(found: pd.DataFrame) -> pd.DataFrame:
    """The nine fields, and "" for products without one, from :func:`classes`.

    Returns
    -------
    ``field``, ``policy``, ``value`` (sum of ABC's value), ``share``, ``n`` (products), ``status``,
    ``reason``.
    """
    of_field = found.groupby("field", observed=True)["value"].agg(["sum", "size"])
    of_field = of_field.reindex([*FIELDS, ""], fill_value=0.0)
    total = of_field["sum"].sum()
    frame = pd.DataFrame(
        {
            "field": of_field.index,
            "policy": [policy_key(field) for field in of_field.index],
            "value": of_field["sum"].to_numpy(),
            "share": divided(of_field["sum"].to_numpy(), total),
            "n": of_field["size"].to_numpy().astype("int64"),
        }
    )
    return told(frame)


def weights(inventory: Inventory, measure: AbcMeasure, days: int = YEAR) -> pd.Series:
    """Each product's turnover, margin or units over the last ``days``; NaN where a cost is missing."""
    lines = inventory.lines
    row = places_in(inventory.units.index, lines["product_id"])
    day = lines["day"].to_numpy()
    within = (row >= 0) & (day > inventory.today - days) & (day <= inventory.today)
    row, quantity = row[within], lines["quantity"].to_numpy(dtype="float64")[within]
    if measure == "units":
        amount = np.nan_to_num(quantity)
    else:
        amount = lines["net"].to_numpy(dtype="float64")[within]
        if measure == "margin":
            cost = lines["cost"].to_numpy(dtype="float64")[within]
            listed = quantity * inventory.items["unit_cost"].to_numpy()[row]
            amount = amount - np.where(np.isfinite(cost), cost, listed)
    sums = np.bincount(row, amount, len(inventory.units)).astype("float64")  # one NaN makes the sum NaN
    return pd.Series(sums, index=inventory.units.index)


def abc(values: pd.Series, cuts: tuple[float, float]) -> pd.DataFrame:
    """Classes by cumulative share of the positive total: A until ``cuts[0]``, B until ``cuts[1]``, then C.

    A product is in the class that the share of all larger ones has not yet filled: the largest is
    always A. Ties stand in the order of ``values``.
    """
    amount = values.to_numpy(dtype="float64")
    positive = np.where(amount > 0, amount, 0.0)
    order = np.argsort(-positive, kind="stable")
    total = positive.sum()
    share = positive / total if total > 0 else np.zeros(len(amount))
    running = np.cumsum(share[order])
    before, cumulative = np.empty(len(amount)), np.empty(len(amount))
    before[order], cumulative[order] = running - share[order], running
    near = 1e-12  # of floating point
    named = np.where(before < cuts[0] - near, "A", np.where(before < cuts[1] - near, "B", "C"))
    named = np.where(positive > 0, named, "C")
    named = np.where(np.isnan(amount), "", named).astype(object)
    return pd.DataFrame(
        {"abc": named, "value": amount, "share": share, "cumulative_share": cumulative}, index=values.index
    )


def variability(weeks: pd.DataFrame, cuts: tuple[float, float] = (0.5, 1.0)) -> pd.DataFrame:
    """Steadiness of weekly demand over its known weeks (NaN: out of stock, or not on offer).

    CV = standard deviation / mean of weekly demand: X below 0.5, Y below 1, else Z. ADI = known weeks /
    weeks with demand; CV² = (standard deviation / mean)² of the weeks with demand. Smooth: ADI < 1.32 and
    CV² < 0.49; erratic: only CV² is not; intermittent: only ADI is not; lumpy: neither. Standard
    deviations with n − 1.

    Returns
    -------
    Index as ``weeks``: ``xyz``, ``demand_type`` ("" where too little is known), ``value`` = ``cv``,
    ``adi``, ``cv2``, ``n`` (known weeks), ``status``, ``reason``.
    """
    demand = weeks.to_numpy(dtype="float64")
    known = np.isfinite(demand)
    n, selling = known.sum(axis=1), (known & (demand > 0)).sum(axis=1)
    cv = _cv(demand, known)
    cv2 = _cv(demand, known & (demand > 0)) ** 2
    adi = divided(n, selling)
    thin = (n < FEWEST_WEEKS) | (selling < FEWEST_SALES)
    letters = np.select([cv < cuts[0], cv < cuts[1]], ["X", "Y"], "Z")
    kind = np.select(
        [(adi < ADI_CUT) & (cv2 < CV2_CUT), adi < ADI_CUT, cv2 < CV2_CUT],
        ["smooth", "erratic", "intermittent"],
        "lumpy",
    )
    frame = pd.DataFrame(
        {
            "xyz": np.where(thin, "", letters).astype(object),
            "demand_type": np.where(thin, "", kind).astype(object),
            "value": cv,
            "cv": np.where(thin, np.nan, cv),
            "adi": np.where(thin, np.nan, adi),
            "cv2": np.where(thin, np.nan, cv2),
            "n": n,
        },
        index=weeks.index,
    )
    return told(
        frame,
        few(selling == 0, "reason.no_sale"),
        few(n < FEWEST_WEEKS, "reason.weeks_few"),
        few(thin, "reason.sales_few"),
    )


def _cv(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Coefficient of variation of each row over some of its cells; NaN for fewer than two."""
    count = among.sum(axis=1)
    mean = divided(np.where(among, values, 0.0).sum(axis=1), count)
    squares = np.where(among, (values - mean[:, None]) ** 2, 0.0).sum(axis=1)
    return divided(np.sqrt(divided(squares, count - 1)), mean)


def buyers(inventory: Inventory, days: int = YEAR) -> pd.DataFrame:
    """How few customers a product's demand comes from, over the last ``days``.

    Units sold to customers that are known; returns not taken off. A product that one customer buys more
    than half of is ``lumpy``: its demand is that customer's, and an order may wait for a promise.

    Returns
    -------
    Index ``product_id``: ``value`` (the top customer's share of units), ``numerator``, ``denominator``
    (units), ``top_customer`` ("" unknown), ``customers``, ``orders``, ``lumpy``, ``known_share`` (of units:
    customer known), ``n`` (orders of known customers), ``status``, ``reason``.
    """
    index, lines = inventory.units.index, inventory.lines
    row, (who, names) = places_in(index, lines["product_id"]), codes_of(lines["customer_id"])
    order, _ = codes_of(lines["order_id"])
    quantity = lines["quantity"].to_numpy(dtype="float64")
    day = lines["day"].to_numpy()
    sold = (row >= 0) & (lines["entry"] == "sale").to_numpy() & (quantity > 0)
    sold &= (day > inventory.today - days) & (day <= inventory.today)
    known = sold & (who >= 0)
    size, width = len(index), max(len(names), 1)
    pairs, place = np.unique(row[known] * width + who[known], return_inverse=True)
    units = np.bincount(place, quantity[known], len(pairs)).astype("float64")
    owner = pairs // width
    top = np.zeros(size)
    np.maximum.at(top, owner, units)
    first = np.full(size, "", dtype=object)
    if len(pairs):
        leading = units == top[owner]
        first[owner[leading]] = names.astype(str).to_numpy(dtype=object)[(pairs % width)[leading]]
    of_known = np.bincount(row[known], quantity[known], size).astype("float64")
    share = divided(top, of_known)
    orders = distinct(row[known], order[known], size)
    frame = pd.DataFrame(
        {
            "value": share,
            "numerator": top,
            "denominator": of_known,
            "top_customer": first,
            "customers": np.bincount(owner, minlength=size),
            "orders": orders,
            "lumpy": (share > ONE_BUYER) & (orders >= FEWEST_SALES),
            "known_share": divided(of_known, np.bincount(row[sold], quantity[sold], size)),
            "n": orders,
        },
        index=index,
    )
    unsold = np.bincount(row[sold], minlength=size) == 0
    return told(
        frame,
        few(unsold, "reason.no_sale"),
        lacks(of_known == 0, "reason.customers_unknown"),
        few(orders < FEWEST_SALES, "reason.sales_few"),
    )

"""What is earned on what is sold, and what comes back.

``lines`` is a frame of ``Sales`` (see ``echannel.metrics.turnover``), money net of VAT in the reporting
currency. Unit costs come from the order line, else from the product list; a cost of 0 is taken as
not known, since shop systems fill the field with 0.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from echannel.metrics.counting import codes_of, counts, distinct, divided, totals
from echannel.metrics.periods import Period, of
from echannel.metrics.result import INPUT_MISSING, OK, TOO_FEW, judged, ratio

FEWEST_ORDERS = 10  # below, a rate moves by over ten points with one order
FEWEST_UNITS = 10
SETTLED_DAYS = 30  # by then most returns have come back

Grouping = Literal["product_id", "category"]

# Choosing a period copies every column it is given.
_COLUMNS = ["day", "entry", "order_id", "product_id", "category", "quantity", "net", "cost"]
_RETURN_COLUMNS = [
    *("group", "numerator", "denominator", "value", "refunded", "sold", "value_rate"),
    *("n", "status", "reason"),
]


def margin(lines: pd.DataFrame, period: Period | None = None) -> pd.DataFrame:
    """Gross margin on the part of turnover whose cost is known, and how large that part is.

    Returns
    -------
    Four rows: ``measure`` (gross_margin: turnover − cost, currency; margin_rate: margin / turnover, taux de
    marque; markup_rate: margin / cost, taux de marge; cost_coverage: turnover with known cost / turnover),
    ``numerator``, ``denominator`` (NaN for gross_margin), ``value``, ``coverage`` (as cost_coverage, in each
    row), ``n`` (orders with known cost), ``status`` (input_missing: no cost is known), ``reason``.
    """
    part = of(lines[_COLUMNS], period)
    net, cost = part["net"].to_numpy(), part["cost"].to_numpy()
    known = cost_known(part)
    orders = codes_of(part["order_id"])[0]
    sale = (part["entry"] == "sale").to_numpy()
    sold, sold_known = net[sale].sum(), net[sale & known].sum()
    # Money given back for no product in particular: taken off by the share of sales with known cost.
    loose = ~known & (part["entry"] == "refund").to_numpy()
    loose &= codes_of(part["product_id"])[0] < 0
    turnover = net[known].sum() + (net[loose].sum() * sold_known / sold if sold > 0 else 0.0)
    goods_cost = cost[known].sum()
    gained = turnover - goods_cost
    n = len(np.unique(orders[sale & known]))
    frame = pd.DataFrame(
        {
            "measure": ["gross_margin", "margin_rate", "markup_rate", "cost_coverage"],
            "numerator": [gained, gained, gained, sold_known],
            "denominator": [np.nan, turnover, goods_cost, sold],
            "n": [n, n, n, len(np.unique(orders[sale]))],
        }
    )
    frame["value"] = np.where(
        frame["measure"] == "gross_margin",
        gained,
        divided(frame["numerator"], frame["denominator"].fillna(0)),
    )
    frame = judged(frame, FEWEST_ORDERS, "reason.few_orders").assign(
        coverage=float(divided(sold_known, sold)[()])
    )
    if len(part) and not sold_known:
        without = (frame["measure"] != "cost_coverage").to_numpy()
        frame.loc[without, ["value", "numerator"]] = np.nan
        frame.loc[without, ["status", "reason"]] = [INPUT_MISSING, "reason.costs_missing"]
    order = ["measure", "numerator", "denominator", "value", "coverage", "n", "status", "reason"]
    return with_base(frame[order])


def margin_by(
    lines: pd.DataFrame, grouping: Grouping = "category", period: Period | None = None
) -> pd.DataFrame:
    """Gross margin by product or category, on the part of turnover whose cost is known.

    Returns
    -------
    One row per group, largest turnover first: ``group`` (product id or category; "" = not known),
    ``turnover`` (all), ``known_turnover`` (with known cost), ``cost``, ``margin``, ``numerator`` (= margin),
    ``denominator`` (= known_turnover), ``value`` (margin rate, taux de marque), ``markup_rate`` (margin /
    cost, taux de marge), ``coverage`` (known_turnover / turnover), ``units``, ``n`` (orders), ``status``,
    ``reason``.
    """
    part = of(lines[_COLUMNS], period)
    code, names = _grouped(part, grouping)
    size = len(names)
    net = part["net"].to_numpy()
    sale = (part["entry"] == "sale").to_numpy()
    turnover = totals(code, net, size)
    known_turnover, cost = known_part(part, code, size)
    gained = known_turnover - cost
    frame = pd.DataFrame(
        {
            "group": names,
            "turnover": turnover,
            "known_turnover": known_turnover,
            "cost": cost,
            "margin": gained,
            "numerator": gained,
            "denominator": known_turnover,
            "value": divided(gained, known_turnover),
            "markup_rate": divided(gained, cost),
            "coverage": divided(known_turnover, turnover),
            "units": totals(code, part["quantity"].to_numpy(), size),
            "n": distinct(code[sale], codes_of(part["order_id"])[0][sale], size),
        }
    )
    frame = frame[counts(code, size) > 0].sort_values("turnover", ascending=False, kind="stable")
    frame = judged(frame.reset_index(drop=True), FEWEST_ORDERS, "reason.few_orders")
    unknown = (frame["status"] == OK) & frame["cost"].isna()
    frame.loc[unknown, ["status", "reason"]] = [INPUT_MISSING, "reason.costs_missing"]
    frame = with_base(frame)
    frame["markup_rate"] = frame["markup_rate"].where(frame["status"] == OK)
    return frame


def return_rate(
    lines: pd.DataFrame,
    last_day: int,
    grouping: Grouping = "product_id",
    period: Period | None = None,
    minimum: int = FEWEST_UNITS,
) -> pd.DataFrame:
    """Share of what was sold in the period that came back, whenever it did (by sale cohort).

    ``last_day``: last local day of the data; orders younger than ``SETTLED_DAYS`` are left out, since their
    returns have not all come yet. Where no refund says how many units came back, ``value`` is
    input_missing and ``value_rate`` is there all the same.

    Returns
    -------
    One row per group, highest turnover refunded first: ``group`` (product id or category; "" = refunds that
    name no product), ``numerator`` (units returned), ``denominator`` (units sold), ``value`` (their ratio),
    ``refunded`` and ``sold`` (goods ex VAT), ``value_rate`` (refunded / sold), ``n`` (units sold),
    ``status``, ``reason``.
    """
    settled = lines["day"].to_numpy() <= last_day - SETTLED_DAYS
    inside = settled if period is None else settled & period.mask(lines["day"])
    sale = inside & (lines["entry"] == "sale").to_numpy()
    orders, ids = codes_of(lines["order_id"])
    cohort = np.zeros(len(ids) + 1, dtype=bool)  # last place: refunds whose order is not known
    cohort[orders[sale]] = True
    back = (lines["entry"] == "refund").to_numpy() & cohort[orders]
    code, names = _grouped(lines, grouping)
    size = len(names)
    quantity, net = lines["quantity"].to_numpy(), lines["net"].to_numpy()
    sold = totals(code[sale], net[sale], size)
    refunded = -totals(code[back], net[back], size)
    frame = pd.DataFrame(
        {
            "group": names,
            "numerator": -totals(code[back], quantity[back], size),
            "denominator": totals(code[sale], quantity[sale], size),
            "refunded": refunded,
            "sold": sold,
            "value_rate": divided(refunded, sold),
        }
    )
    frame["unstated"] = bool(back.any()) and not quantity[back].any()
    seen = counts(code[sale | back], size) > 0
    frame = frame[seen].sort_values(["refunded", "sold"], ascending=False, kind="stable")
    frame = ratio(frame.reset_index(drop=True), minimum, "reason.few_units")
    frame.loc[frame["status"] != OK, "value_rate"] = np.nan
    unstated = (frame["unstated"] & (frame["status"] == OK)).to_numpy()
    frame.loc[unstated, ["numerator", "value"]] = np.nan
    frame.loc[unstated, ["status", "reason"]] = [INPUT_MISSING, "reason.returned_units_missing"]
    return with_base(frame[_RETURN_COLUMNS])


def with_base(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame, its rows with cases enough but nothing above 0 to divide by told so."""
    baseless = ((frame["status"] == OK) & frame["value"].isna()).to_numpy()
    frame.loc[baseless, ["status", "reason"]] = [TOO_FEW, "reason.nothing_to_divide"]
    return frame


def cost_known(lines: pd.DataFrame) -> np.ndarray:
    """Which lines have a known cost.

    A refund without goods costs none, and belongs to the known part when its product's cost is known.
    """
    cost = lines["cost"].to_numpy()
    moved = (lines["quantity"] != 0).to_numpy()
    known = moved & (cost != 0) & ~np.isnan(cost)
    code, ids = codes_of(lines["product_id"])
    priced = np.zeros(len(ids) + 1, dtype=bool)  # last place: no product named
    priced[code[known & (code >= 0)]] = True
    return known | (~moved & priced[code] & (lines["entry"] == "refund").to_numpy())


def known_part(lines: pd.DataFrame, code: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Per group: turnover of the lines whose cost is known, and that cost (NaN where there is none)."""
    known = cost_known(lines) & (code >= 0)
    turnover = np.bincount(code[known], lines["net"].to_numpy()[known], size)
    cost = np.bincount(code[known], lines["cost"].to_numpy()[known], size)
    return turnover, np.where(np.bincount(code[known], minlength=size) > 0, cost, np.nan)


def _grouped(lines: pd.DataFrame, grouping: Grouping) -> tuple[np.ndarray, np.ndarray]:
    """Group codes, the last one ("") for what is not known, and the groups' names."""
    code, names = codes_of(lines[grouping])
    return np.where(code < 0, len(names), code), np.array([*map(str, names), ""], dtype=object)

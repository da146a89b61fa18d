"""What makes the turnover: factors whose product it is, and how far each has moved before.

B2C: visits × conversion × repeat × basket (× other channels); B2B: accounts × frequency × order value. Where
visits were not counted: orders × basket. All from ``history.monthly`` of one kind of sales: turnover ex VAT,
goods and shipping less refunds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.metrics.counting import divided
from echannel.metrics.result import OK, TOO_FEW

YEAR = 12
FEWEST_ORDERS = 5
FEWEST_MONTHS_FOR_RANGE = 6
_YEARS_APART = 18  # months of history from which a year is compared with the year before
_TAILS = (0.1, 0.9)
_DEFAULT = 0.2
_NARROWEST = 0.05
_QUARTER = 3


@dataclass(frozen=True)
class Drivers:
    """The factors of the last complete year's turnover (or of all complete months, where there are fewer).

    Attributes
    ----------
    levers : one row per factor, whose values' product is ``turnover``: ``name``, ``value``, ``low``, ``high``
        (what history says is plausible within a year), ``range_from`` (history, or default: 20 % to each
        side), ``n`` (orders), ``status``, ``reason`` (also why a range or a factor is missing, when ok).
    turnover : of these months. first, last : the months, both included. kind : "b2c" or "b2b".
    """

    levers: pd.DataFrame
    turnover: float
    first: int
    last: int
    kind: str


def drivers(history: pd.DataFrame, kind: str) -> Drivers:
    """The factors of one kind of sales.

    - ``visits``: sessions of the period; ``conversion``: buyers per visit, orders in the own shop / visits /
      ``repeat``; ``repeat``: orders per known customer in the period; ``basket``: turnover per order;
      ``other_channels``: all orders over those of the own shop (only where there are others).
    - ``accounts``: known customers who ordered in the period; ``frequency``: orders per account;
      ``order_value``: turnover per order.
    - without visits (or with unknown customers): ``orders`` and ``basket``.

    The plausible range is that of the factor over three months against the same months of the year before
    (the middle eight tenths of all such changes); with less than a year and a half, against the whole.
    """
    complete = history[history["complete"].to_numpy()].reset_index(drop=True)
    period = complete.tail(YEAR)
    orders = int(period["orders"].sum())
    turnover = float(period["turnover"].sum())
    months = (int(period["month"].iloc[0]), int(period["month"].iloc[-1])) if len(period) else (0, -1)
    if orders < FEWEST_ORDERS or turnover <= 0:
        return Drivers(_unknown(orders), turnover, *months, kind)
    names, reason = _names(period, kind)
    value = _values(names, _sums(period), period["customers_year"].iloc[-1])
    rolled = _rolled(complete, names)
    rows = []
    for at, name in enumerate(names):
        low, high, known = _range(rolled[at], len(complete))
        rows.append(
            {
                "name": name,
                "value": value[at],
                "low": value[at] * low,
                "high": value[at] * high,
                "range_from": "history" if known else "default",
                "n": orders,
                "status": OK,
                "reason": reason if reason else "" if known else "reason.few_months_for_a_range",
            }
        )
    return Drivers(pd.DataFrame(rows), turnover, *months, kind)


def apply_levers(
    turnover: np.ndarray, made_of: Drivers, factors: Mapping[str, float | np.ndarray]
) -> np.ndarray:
    """Turnover with some factors multiplied: 1.1 on ``basket`` is baskets a tenth larger.

    ``factors`` may be numbers or arrays that broadcast with ``turnover``. Raises ``KeyError`` for a lever
    that these sales do not have.
    """
    known = set(made_of.levers["name"])
    changed = np.asarray(turnover, dtype="float64")
    for name, factor in factors.items():
        if name not in known:
            raise KeyError(name)
        changed = changed * factor
    return changed


def _names(period: pd.DataFrame, kind: str) -> tuple[tuple[str, ...], str]:
    """The factors that the data allow, and why not the usual ones."""
    customers = bool(period["customers_year"].iloc[-1]) and period["known_orders"].sum() > 0
    if kind == "b2b":
        return (
            (("accounts", "frequency", "order_value"), "")
            if customers
            else (("orders", "order_value"), "reason.customers_unknown")
        )
    if period["visits"].isna().any() or period["shop_orders"].sum() == 0:
        return ("orders", "basket"), "reason.visits_missing"
    others = ("other_channels",) if (period["orders"] > period["shop_orders"]).any() else ()
    if not customers:
        return ("visits", "conversion", "basket", *others), "reason.customers_unknown"
    return ("visits", "conversion", "repeat", "basket", *others), ""


_COLUMNS = ["turnover", "orders", "shop_orders", "known_orders", "visits"]


def _sums(months: pd.DataFrame) -> np.ndarray:
    return months[_COLUMNS].sum().to_numpy(dtype="float64")


def _values(names: tuple[str, ...], sums: np.ndarray, customers: float | np.ndarray) -> np.ndarray:
    """Factors from the sums of a stretch of months (first axis: ``_COLUMNS``) and its customers."""
    turnover, orders, shop, known, visits = sums
    customers = np.asarray(customers, dtype="float64")
    ordered = divided(known, customers)
    repeat = ordered if "repeat" in names else np.ones_like(np.asarray(orders))
    found = {
        "visits": visits,
        "conversion": divided(divided(shop, visits), repeat),
        "repeat": ordered,
        "basket": divided(turnover, orders),
        "other_channels": divided(orders, shop),
        # Orders without a known customer are taken to come from as busy ones.
        "accounts": divided(orders, ordered),
        "frequency": ordered,
        "order_value": divided(turnover, orders),
        "orders": orders,
    }
    return np.stack([np.asarray(found[name], dtype="float64") for name in names])


def _rolled(complete: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    """Factors of every three months in a row: factors × stretches; NaN where a month of it is unknown."""
    if len(complete) < _QUARTER:
        return np.full((len(names), 0), np.nan)
    values = complete[_COLUMNS].to_numpy(dtype="float64")
    windows = np.lib.stride_tricks.sliding_window_view(values, _QUARTER, axis=0).sum(axis=-1)
    return _values(names, windows.T, complete["customers_quarter"].to_numpy()[_QUARTER - 1 :])


def _range(rolled: np.ndarray, months: int) -> tuple[float, float, bool]:
    """Lowest and highest plausible factor, and whether history says so."""
    if months >= _YEARS_APART:
        ratio = divided(rolled[YEAR:], rolled[:-YEAR])
    else:
        ratio = divided(rolled, np.nanmean(rolled)) if np.isfinite(rolled).any() else rolled
    ratio = ratio[np.isfinite(ratio) & (ratio > 0)]
    if months < FEWEST_MONTHS_FOR_RANGE or len(ratio) < _QUARTER:
        return 1 - _DEFAULT, 1 + _DEFAULT, False
    low, high = np.quantile(ratio, _TAILS)
    return float(min(low, 1 - _NARROWEST)), float(max(high, 1 + _NARROWEST)), True


def _unknown(orders: int) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "name": name,
                "value": np.nan,
                "low": np.nan,
                "high": np.nan,
                "range_from": "",
                "n": orders,
                "status": TOO_FEW,
                "reason": "reason.few_orders",
            }
            for name in ("orders", "basket")
        ]
    )

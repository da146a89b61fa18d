"""Goods of one season: bought once, sold until it ends, the rest marked down.

``underage`` (Cu) is the margin lost with every unit too few, ``overage`` (Co) what every unit too many costs;
the best stock covers demand with the probability Cu/(Cu + Co), the critical ratio (Arrow, Harris and
Marschak 1951).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.inventory.distributions import LeadTimeDemand
from echannel.metrics.inventory.service import Numbers
from echannel.metrics.result import INPUT_MISSING, OK


def critical_ratio(underage: Numbers, overage: Numbers) -> np.ndarray:
    """Cu/(Cu + Co): the cycle service at which one unit more earns as much as it costs."""
    underage = np.asarray(underage, dtype="float64")
    with np.errstate(divide="ignore", invalid="ignore"):
        return underage / (underage + overage)


def newsvendor_quantity(demand: LeadTimeDemand, underage: Numbers, overage: Numbers) -> np.ndarray:
    """The stock of the least expected cost, units."""
    return demand.quantile(critical_ratio(underage, overage))


def newsvendor_cost(
    stock: Numbers, demand: LeadTimeDemand, underage: Numbers, overage: Numbers
) -> np.ndarray:
    """Co·E[(stock − demand)⁺] + Cu·E[(demand − stock)⁺]."""
    short = demand.loss(np.asarray(stock))
    return np.asarray(overage) * (np.asarray(stock) - demand.mean + short) + np.asarray(underage) * short


def observed_quantity(
    seen: np.ndarray, chances: np.ndarray, underage: Numbers, overage: Numbers
) -> np.ndarray:
    """The same for demand known as values (products × values) and their chances: no shape is assumed."""
    order = np.argsort(seen, axis=1)
    values = np.take_along_axis(seen, order, axis=1)
    reached = np.cumsum(np.take_along_axis(chances, order, axis=1), axis=1)
    ratio = critical_ratio(underage, overage).reshape(-1, 1)
    first = np.argmax(reached >= ratio - 1e-12, axis=1)
    return values[np.arange(len(values)), first]


def season_buy(goods: pd.DataFrame) -> pd.DataFrame:
    """How many to buy of goods that are bought once for a season.

    Parameters
    ----------
    goods : index ``product_id``; ``mean``, ``sd`` (units over the season), ``price_net``, ``unit_cost``,
        ``salvage`` (net price of what is left; reporting currency, ex VAT).

    Returns
    -------
    ``value`` (units), ``critical_ratio``, ``distribution``, ``fill_rate``, ``expected_left`` (units),
    ``expected_profit`` (reporting currency, before all but the goods' cost), ``n`` (products), ``status``,
    ``reason``.
    """
    price, cost, salvage = (goods[name].to_numpy("float64") for name in ("price_net", "unit_cost", "salvage"))
    mean, sd = (goods[name].to_numpy("float64") for name in ("mean", "sd"))
    known = np.isfinite(price + cost + salvage + mean + sd) & (price > cost) & (cost > salvage) & (mean > 0)
    demand = LeadTimeDemand.of(np.where(known, mean, 1.0), np.where(known, sd, 1.0))
    under, over = np.where(known, price - cost, 1.0), np.where(known, cost - salvage, 1.0)
    stock = newsvendor_quantity(demand, under, over)
    short = demand.loss(stock)
    profit = under * demand.mean - newsvendor_cost(stock, demand, under, over)
    columns = {
        "value": stock,
        "critical_ratio": critical_ratio(under, over),
        "fill_rate": 1 - short / demand.mean,
        "expected_left": stock - demand.mean + short,
        "expected_profit": profit,
    }
    frame = pd.DataFrame(
        {name: np.where(known, at, np.nan) for name, at in columns.items()}, index=goods.index
    )
    return frame.assign(
        distribution=np.where(known, demand.kind, ""),
        n=known.astype(int),
        status=np.where(known, OK, INPUT_MISSING),
        reason=np.where(known, "", "reason.season_prices_missing"),
    )

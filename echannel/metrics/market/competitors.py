"""Where own prices stand among competitors' in a market."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.result import INPUT_MISSING, OK

COLUMNS = [
    "product_id",
    "own",
    "lowest",
    "middle",
    "highest",
    "competitors",
    "index",
    "place",
    "n",
    "status",
    "reason",
]


def newest_prices(prices: pd.DataFrame) -> pd.DataFrame:
    """The newest price (by ``at``) of each ``competitor`` for each ``product_id``."""
    ordered = prices.sort_values("at", kind="stable")
    return ordered.drop_duplicates(["product_id", "competitor"], keep="last").reset_index(drop=True)


def price_positions(prices: pd.DataFrame, own: pd.Series) -> pd.DataFrame:
    """Own price of each product against the competitors' newest ones, in one currency and one VAT basis.

    ``prices`` as :func:`newest_prices` takes them (``price`` converted; NaN: it could not be); ``own`` price
    by product.

    Returns
    -------
    One row per product with a competitor's price: ``own``, ``lowest``, ``middle`` (median), ``highest``,
    ``competitors``, ``index`` = own / middle − 1, ``place`` (1: the cheapest of all, own included; ties share
    the better place), ``n``, ``status``, ``reason``.
    """
    known = newest_prices(prices)
    known = known[known["price"].notna()]
    if known.empty:
        return pd.DataFrame(columns=COLUMNS)
    by_product = known.groupby("product_id", sort=True)["price"]
    frame = by_product.agg(["min", "median", "max", "size"]).set_axis(
        ["lowest", "middle", "highest", "competitors"], axis=1
    )
    frame["own"] = own.reindex(frame.index)
    below = known["price"] < known["product_id"].map(frame["own"])
    frame["place"] = below.groupby(known["product_id"]).sum().reindex(frame.index) + 1.0
    frame["index"] = frame["own"] / frame["middle"] - 1
    there = frame["own"].notna()
    frame["place"] = frame["place"].where(there)
    frame["n"] = frame["competitors"]
    frame["status"] = np.where(there, OK, INPUT_MISSING)
    frame["reason"] = np.where(there, "", "reason.own_price_missing")
    return frame.reset_index()[COLUMNS]

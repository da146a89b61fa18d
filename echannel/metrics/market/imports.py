"""What markets buy abroad of goods like the firm's: the newest year, its growth, what one would expect."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.market.gravity import Gravity, fit_ppml, potential


def import_figures(trade: pd.DataFrame) -> pd.DataFrame:
    """Imports by market from yearly ones (``market``, ``year``, ``value`` in US dollars; NaN unknown).

    Returns
    -------
    By market: ``imports`` (of the newest year known), ``year``, ``imports_growth`` (per year, from the oldest
    to the newest known: (newest / oldest)^(1 / years) − 1; NaN with one year, or from nothing).
    """
    known = trade[trade["value"].notna()].sort_values(["market", "year"])
    by_market = known.groupby("market")
    first, last = by_market.first(), by_market.last()
    span = (last["year"] - first["year"]).astype("float64")
    ratio = last["value"] / first["value"].where(first["value"] > 0)
    with np.errstate(divide="ignore"):
        growth = ratio.where(span > 0) ** (1 / span.where(span > 0)) - 1
    return pd.DataFrame({"imports": last["value"], "imports_growth": growth, "year": last["year"]})


def import_potential(
    trade: pd.DataFrame, size: pd.Series, income: pd.Series, distance: pd.Series
) -> tuple[Gravity, pd.DataFrame]:
    """What each market would import of these goods by its size, income and distance, and what it does.

    The model (PPML, ``gravity``) is fitted on all markets and years known; the potential is of each market's
    newest year. Sizes, incomes and distances (by market) do not move over the years.
    """
    flows = trade.assign(
        size=trade["market"].map(np.log(size)),
        income=trade["market"].map(np.log(income)),
        distance=trade["market"].map(np.log(distance.where(distance > 0))),
    )
    model = fit_ppml(flows, ["size", "income", "distance"])
    newest = flows[flows["value"].notna()].sort_values("year").drop_duplicates("market", keep="last")
    found = potential(model, newest).assign(year=newest["year"]).set_index(newest["market"])
    return model, found.sort_values("unrealised", ascending=False, kind="stable")

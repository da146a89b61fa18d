"""Forecasts of a whole shop against a loop over products with statsmodels, and how they grow with products.

``python -m benchmarks.inventory [PRODUCTS]``: by default 5 000 products × 156 weeks, of which a fifth sell
nearly every week. The loop fits the same families as often as we do, on some of the same products: simple
exponential smoothing (by maximum likelihood) and Theta for products of steady demand; smoothing of sizes and
of intervals (Croston), of the probability (TSB) and of sums (ADIDA) for all. IMAPA, the seasonal naive, the
calendar, the choice and the bands are in our time only.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
import pandas as pd

from echannel.metrics.inventory.classes import ADI_CUT, variability
from echannel.metrics.inventory.demand import Demand
from echannel.metrics.inventory.effects import calendar_effects, calendar_events
from echannel.metrics.inventory.forecast import forecast

WEEKS, MONDAY, AHEAD, ORIGINS = 156, 19_660, 26, 4
SIZES = (500, 1_000, 2_000)
LOOP = 40


def shop(products: int, seed: int = 1) -> tuple[Demand, pd.DataFrame, pd.DataFrame]:
    """Products of all demand types with a season, in twelve categories."""
    rng = np.random.default_rng(seed)
    week = MONDAY + 7 * np.arange(WEEKS)
    season = np.exp(0.4 * np.cos(2 * np.pi * (week - 17) / 365.25))
    steady = np.arange(products) % 5 == 0
    rate = np.where(steady, rng.uniform(3, 30, products), rng.gamma(1.0, 0.6, products) + 0.05)
    orders = rng.poisson(rate[:, None] * season[None, :])
    units = np.where(orders > 0, rng.poisson(orders * rng.uniform(0.1, 3, products)[:, None]) + orders, 0)
    ids = pd.Index([f"p{number:05}" for number in range(products)], name="product_id")
    weeks = pd.DataFrame(units.astype("float64"), index=ids, columns=week)
    sale_days = pd.Series((units > 0).sum(axis=1), index=ids)
    items = pd.DataFrame({"category": [f"c{n % 12}" for n in range(products)], "active": True}, index=ids)
    events = calendar_events([], MONDAY, MONDAY + 7 * (WEEKS + AHEAD))
    return Demand(weeks, weeks * 0 + 1.0, sale_days), items, events


def ours(products: int) -> float:
    """Seconds for trials, choice, forecasts and bands."""
    made = shop(products)
    started = time.perf_counter()
    forecast(*made, horizon=AHEAD)
    return time.perf_counter() - started


def loop(products: int, sample: int = LOOP) -> float:
    """Seconds per product of the loop: every family at each origin, on demand as it was and without its
    calendar (whose estimation is not timed), and once on the whole series, as we do."""
    demand, items, events = shop(products)
    chosen = demand.weeks.iloc[:sample]  # a fifth of them steady, as of all
    steady = (variability(chosen)["adi"] < ADI_CUT).to_numpy()
    effects = calendar_effects(demand.weeks, items["category"], events, AHEAD)
    level = chosen.to_numpy() / effects.of(items["category"].iloc[:sample], chosen.columns.to_numpy())
    tried = [8 + 4 * n for n in range(ORIGINS)]
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for plain, adjusted, smooth in zip(chosen.to_numpy(), level, steady, strict=True):
            series = [(plain, back) for back in tried] + [(adjusted, back) for back in (*tried, 0)]
            for known in (values[: WEEKS - back] for values, back in series):
                _intermittent(known)
                if smooth:
                    _continuous(known)
    return (time.perf_counter() - started) / len(chosen)


def _intermittent(known: np.ndarray) -> None:
    from statsmodels.tsa.api import SimpleExpSmoothing

    at = np.flatnonzero(known)
    sold = known > 0
    for series in (known[at], np.diff(at, prepend=-1), sold.astype("float64")):
        if len(series) > 1:
            model = SimpleExpSmoothing(series, initialization_method="known", initial_level=series[0])
            model.fit(smoothing_level=0.1, optimized=False).forecast(AHEAD)
    level = max(round(len(known) / max(len(at), 1)), 1)
    sums = known[len(known) % level :].reshape(-1, level).sum(axis=1)
    SimpleExpSmoothing(sums, initialization_method="known", initial_level=sums[0]).fit().forecast(AHEAD)


def _continuous(known: np.ndarray) -> None:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel
    from statsmodels.tsa.forecasting.theta import ThetaModel

    ETSModel(known).fit(disp=False).forecast(AHEAD)
    ThetaModel(pd.Series(known), period=52, deseasonalize=False).fit().forecast(AHEAD)


def measure(products: int = 5_000) -> dict[str, float]:
    """Seconds by number of products, of one product in the loop, and the ratio of the two."""
    ours(50)  # imports
    found = {f"{size}": ours(size) for size in (*SIZES, products)}
    each = loop(products)
    return {**found, "loop_each": each, "ratio": each * products / found[f"{products}"]}


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    result = measure(number)
    for size in (*SIZES, number):
        seconds = result[f"{size}"]
        print(f"forecasts: {size} products in {seconds:.1f} s, {1000 * seconds / size:.1f} ms each")
    each = 1000 * result["loop_each"]
    print(f"statsmodels in a loop: {each:.0f} ms each; {result['ratio']:.1f} times as long")

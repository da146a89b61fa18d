"""What matters most: each driver moved by itself from bad to good, and what becomes of cash and profit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.inputs import PlanInputs
from echannel.metrics.planning.levers import LEVERS, moved
from echannel.metrics.planning.monte_carlo import SEED, Forecast, around_plan, unforeseen
from echannel.metrics.planning.rules import PlanRules
from echannel.metrics.planning.uncertainty import TURNOVER, Spread

_SCORE = 1.2816  # the normal score of 0.9: one future in ten is beyond, at each end
_PATHS = 2_000
OUTPUTS = ("lowest_cash", "cash_end", "profit_year")


def tornado(inputs: PlanInputs, rules: PlanRules, forecast: Forecast | None, spread: Spread) -> pd.DataFrame:
    """The plan with one driver at a time at its 10th and at its 90th percentile, the others as planned.

    Turnover goes to the tenth of the forecast's paths that sell least by each month, and most.

    Returns
    -------
    One row per output (``lowest_cash``: at a month's end; ``cash_end``: at the plan's; ``profit_year``: net
    profit of the first twelve months) and driver, largest swing first: ``output``, ``driver``, ``low``,
    ``high`` (the lever's values), ``at_low``, ``at_high``, ``base`` (money), ``value`` (swing: the distance
    of the two).
    """
    names, tried = _tried(inputs, forecast, spread)
    plan = build_plan(moved(unforeseen(inputs), tried), rules, keep=("cash", "net_profit"))
    cash, profit = plan.lines["cash"], plan.lines["net_profit"]
    outcomes = {
        "lowest_cash": cash.min(axis=1),
        "cash_end": cash[:, -1],
        "profit_year": profit[:, :12].sum(axis=1),
    }
    parts = []
    for output, values in outcomes.items():
        low, high = values[1::2], values[2::2]
        part = pd.DataFrame(
            {
                "output": output,
                "driver": names,
                "low": [_end(tried, name, 1 + 2 * at) for at, name in enumerate(names)],
                "high": [_end(tried, name, 2 + 2 * at) for at, name in enumerate(names)],
                "at_low": low,
                "at_high": high,
                "base": values[0],
                "value": np.abs(high - low),
            }
        )
        parts.append(part.iloc[np.argsort(-part["value"].to_numpy(), kind="stable")])
    return pd.concat(parts, ignore_index=True)


def _tried(
    inputs: PlanInputs, forecast: Forecast | None, spread: Spread
) -> tuple[list[str], dict[str, np.ndarray]]:
    """Every variant as a path: the plan itself, then each driver's low and high end."""
    names = [TURNOVER, *(one.name for one in spread.drivers)]
    rows = 1 + 2 * len(names)
    tried = {one.name: np.full((rows, 1), LEVERS[one.name].neutral) for one in spread.drivers}
    for at, one in enumerate(spread.drivers, start=1):
        ends = one.at(np.array([-_SCORE, _SCORE]))
        tried[one.name][[1 + 2 * at, 2 + 2 * at], 0] = ends
    volume = np.ones((rows, inputs.months))
    so_far = np.cumsum(around_plan(inputs, forecast, _PATHS, SEED) * inputs.turnover[:1], axis=1)
    ends = np.diff(np.quantile(so_far, [0.1, 0.9], axis=0), axis=1, prepend=0.0)
    volume[1:3] = np.divide(ends, inputs.turnover[:1], out=np.ones_like(ends), where=inputs.turnover[:1] > 0)
    return names, {"volume": np.maximum(volume, 0.0), **tried}


def _end(tried: dict[str, np.ndarray], name: str, row: int) -> float:
    """A driver's value in one variant; of turnover, its mean over the months."""
    return float(tried["volume" if name == TURNOVER else name][row].mean())

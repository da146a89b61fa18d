"""Ten thousand ways a plan may come: paths of the forecast and draws of the drivers through the engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd

from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.inputs import PlanInputs
from echannel.metrics.planning.levers import moved
from echannel.metrics.planning.rules import PlanRules
from echannel.metrics.planning.trading import trade
from echannel.metrics.planning.uncertainty import TURNOVER, Spread

PATHS = 10_000
SEED = 20261124
_BATCH = 1_000  # paths at a time: their arrays stay in the processor's cache
_NO_FORECAST_SD = 0.25  # of the logarithm of turnover, where nothing is known of it
LEVELS = (0.1, 0.5, 0.9)


class Forecast(Protocol):
    """What is asked of a turnover forecast (see ``turnover_forecast.TurnoverForecast``)."""

    @property
    def start(self) -> int:
        """Its first month."""

    @property
    def mean(self) -> np.ndarray:
        """The central forecast by month."""

    def paths(self, n: int, seed: int) -> np.ndarray:
        """Turnovers as they may come ``(n, months)``."""


@dataclass(frozen=True)
class Simulation:
    """What became of a plan on many paths.

    Attributes
    ----------
    cash : ``month``, ``p10``, ``p50``, ``p90``, ``mean`` of cash at each month's end.
    dry : ``month``, ``value`` (share of paths whose cash was below 0 in that month or before), ``here`` (in
        that month), ``main_driver`` and ``correlation`` (the driver whose rank goes most with that of the
        lowest cash so far; "" where cash never runs dry), ``n`` (paths).
    low_point : per path ``cash`` and ``month`` of the lowest cash.
    drivers : paths × drivers, as drawn; ``turnover`` is the path's total over the plan's.
    importance : ``driver``, ``value`` (Spearman's rank correlation with the lowest cash), largest first.
    """

    cash: pd.DataFrame
    dry: pd.DataFrame
    low_point: pd.DataFrame
    drivers: pd.DataFrame
    importance: pd.DataFrame

    @property
    def chance_of_running_dry(self) -> float:
        """Share of paths whose cash falls below 0 within the plan."""
        return float(self.dry["value"].iloc[-1])


def simulate(
    inputs: PlanInputs,
    rules: PlanRules,
    forecast: Forecast | None,
    spread: Spread,
    paths: int = PATHS,
    seed: int = SEED,
) -> Simulation:
    """The plan on ``paths`` paths: the same seed gives the same figures.

    Turnover moves as the forecast's paths do around its mean (without a forecast by a quarter, lognormal, the
    whole plan alike); the drivers by a Gaussian copula of their PERT distributions, the total of the path's
    turnover being one of them. Cash is as the engine computes it, VAT and tax on their dates.
    """
    draws = drawn(inputs, forecast, spread, paths, seed)
    cash = cash_of(inputs, rules, draws)
    return read(inputs, draws, cash)


@dataclass(frozen=True)
class Draws:
    """What was drawn: turnover over its plan ``(paths, months)``, and each driver ``(paths,)``."""

    turnover: np.ndarray
    drivers: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.turnover)

    def part(self, at: slice) -> dict[str, np.ndarray]:
        """Levers of some paths."""
        levers = {name: values[at, None] for name, values in self.drivers.items()}
        return {"volume": self.turnover[at], **levers}


def drawn(inputs: PlanInputs, forecast: Forecast | None, spread: Spread, paths: int, seed: int) -> Draws:
    """Paths of turnover and draws of the drivers that go with them."""
    rng = np.random.default_rng([seed, 1])
    turnover = around_plan(inputs, forecast, paths, seed)
    total = (turnover * inputs.turnover).sum(axis=1)
    names = [TURNOVER, *(one.name for one in spread.drivers)]
    scores = np.empty((paths, len(names)))
    scores[:, 0] = _normal_scores(total)
    scores[:, 1:] = rng.standard_normal((paths, len(names) - 1))
    scores = scores @ np.linalg.cholesky(spread.matrix(names)).T
    return Draws(turnover, {one.name: one.at(scores[:, at + 1]) for at, one in enumerate(spread.drivers)})


def around_plan(inputs: PlanInputs, forecast: Forecast | None, paths: int, seed: int) -> np.ndarray:
    """Turnover on each path over the plan's, by month; beyond the forecast's last month it stays."""
    if forecast is None or not len(forecast.mean):
        chance = np.random.default_rng(seed).standard_normal((paths, 1))
        return np.broadcast_to(np.exp(_NO_FORECAST_SD * chance), (paths, inputs.months))
    ratio = forecast.paths(paths, seed) / np.where(forecast.mean > 0, forecast.mean, 1.0)
    at = np.clip(inputs.calendar - forecast.start, 0, ratio.shape[1] - 1)
    return ratio[:, at]


def cash_of(inputs: PlanInputs, rules: PlanRules, draws: Draws) -> np.ndarray:
    """Cash at each month's end on each path ``(paths, months)``; goods are bought as ``unforeseen`` says."""
    cash = np.empty((len(draws), inputs.months))
    inputs = unforeseen(inputs)
    for first in range(0, len(draws), _BATCH):
        at = slice(first, min(first + _BATCH, len(draws)))
        plan = build_plan(moved(inputs, draws.part(at)), rules, keep=("cash",))
        cash[at] = plan.lines["cash"]
    return cash


def unforeseen(inputs: PlanInputs) -> PlanInputs:
    """The inputs of a firm that buys goods for its plan and by its last months, not for what only will be."""
    if inputs.stock.planned is not None or np.isnan(np.asarray(inputs.stock.cover_days, dtype=float)).all():
        return inputs
    registered = np.ones(inputs.months)
    costs = [trade(one, registered, False).cost_of_sales[0] for one in inputs.streams]
    return replace(inputs, stock=replace(inputs.stock, planned=np.sum(costs, axis=0)))


def read(inputs: PlanInputs, draws: Draws, cash: np.ndarray) -> Simulation:
    """What the paths say together."""
    months = inputs.calendar
    p10, p50, p90 = np.quantile(cash, LEVELS, axis=0)
    lowest = np.minimum.accumulate(cash, axis=1)
    low_at = cash.argmin(axis=1)
    planned = float(inputs.turnover.sum()) or 1.0
    total = (draws.turnover * inputs.turnover).sum(axis=1) / planned
    drivers = pd.DataFrame({TURNOVER: total, **draws.drivers})
    with_low = _rank_correlations(drivers.to_numpy(), lowest)
    main = np.abs(with_low).argmax(axis=0)
    share = (lowest < 0).mean(axis=0)
    names = drivers.columns.to_numpy(object)
    last = with_low[:, -1]
    order = np.argsort(-np.abs(last), kind="stable")
    return Simulation(
        cash=pd.DataFrame({"month": months, "p10": p10, "p50": p50, "p90": p90, "mean": cash.mean(axis=0)}),
        dry=pd.DataFrame(
            {
                "month": months,
                "value": share,
                "here": (cash < 0).mean(axis=0),
                "main_driver": np.where(share > 0, names[main], ""),
                "correlation": np.where(share > 0, with_low[main, np.arange(len(months))], np.nan),
                "n": len(cash),
            }
        ),
        low_point=pd.DataFrame({"cash": lowest[:, -1], "month": months[low_at]}),
        drivers=drivers,
        importance=pd.DataFrame({"driver": names[order], "value": last[order], "n": len(cash)}),
    )


def _normal_scores(values: np.ndarray) -> np.ndarray:
    from scipy.special import ndtri

    return np.asarray(ndtri((_ranks(values[:, None])[:, 0] + 0.5) / len(values)))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 0 in each column; of equals, the first comes first."""
    order = np.argsort(values, axis=0, kind="stable")
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, np.arange(len(values), dtype="float64")[:, None], axis=0)
    return ranks


def _rank_correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of each column of ``one`` with each of ``other``."""
    standard = []
    for values in (one, other):
        ranks = _ranks(values)
        ranks -= ranks.mean(axis=0)
        constant = (values == values[:1]).all(axis=0)
        standard.append(np.where(constant, 0.0, ranks / np.maximum(ranks.std(axis=0), 1e-12)))
    return np.asarray(standard[0].T @ standard[1] / len(one))

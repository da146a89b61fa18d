"""A thousand years of each policy: how good and how bad a year can be, not only what it is on average.

Simulated in whole weeks: deliveries on Monday, sales through the week (who finds nothing does not wait),
review on Sunday every R/7 weeks. Demand of a week and lead times are drawn from tables of 1,024 equally
likely values of their distributions (demand as in the policy; lead times gamma, in whole weeks), each year
is independent of the others and starts after a quarter of running in.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import gammainc, gammaincinv, ndtr, ndtri

from echannel.metrics.inventory.distributions import GAMMA, NORMAL, LeadTimeDemand
from echannel.metrics.inventory.panels import WEEK
from echannel.metrics.result import OK

YEARS = 1_000
WEEKS = 52
RUN_IN = 13
_TABLE = 1_024
_CHANCES = (np.arange(_TABLE) + 0.5) / _TABLE
_NODES = 129
_TOGETHER = 32  # products: their years stay in the processor's cache
_LONGEST = 52


@dataclass(frozen=True)
class _Inputs:
    """Tables of products × 1,024 (weekly demand, lead time in weeks), and the policy; float32."""

    demand: np.ndarray
    lead: np.ndarray
    point: np.ndarray
    quantity: np.ndarray
    every: np.ndarray

    def part(self, rows: slice) -> _Inputs:
        arrays = self.demand, self.lead, self.point, self.quantity, self.every
        return _Inputs(*(array[rows] for array in arrays))


@dataclass(frozen=True)
class SimulatedYears:
    """Products × years: units ``asked``, ``sold``, ``received``, at the ``start`` and ``end`` of the year,
    mean ``stock`` (of week ends), ``weeks_out`` (weeks in which somebody found nothing)."""

    asked: np.ndarray
    sold: np.ndarray
    received: np.ndarray
    start: np.ndarray
    end: np.ndarray
    stock: np.ndarray
    weeks_out: np.ndarray


def simulated_years(
    policies: pd.DataFrame, items: pd.DataFrame, years: int = YEARS, seed: int = 7, threads: int = 2
) -> pd.DataFrame:
    """What a year under each policy can be like.

    Returns
    -------
    Index as ``policies``: ``value`` (mean fill rate), ``fill_rate_bad`` (of the worst year in ten),
    ``weeks_out`` and ``weeks_out_bad``, ``mean_stock`` (units, at the ends of weeks), ``lost_units`` (per
    year), ``lost_margin`` and ``lost_margin_bad`` (reporting currency, ex VAT; NaN without cost and price),
    ``n`` (years), ``status``, ``reason``. Products without a policy have no number.
    """
    known = ((policies["status"] == OK) & (policies["per_day"] > 0)).to_numpy()
    found = simulate(policies[known], years, seed, threads)
    lost = (found.asked - found.sold).astype("float64")
    fill = 1 - lost / np.maximum(found.asked, 1e-9)
    margin = (items["price_net"] - policies["unit_cost"]).clip(lower=0).to_numpy("float64")[known]
    asked = found.asked.sum(axis=1, dtype="float64")
    columns = {
        "value": 1 - lost.sum(axis=1) / np.maximum(asked, 1e-9),
        "fill_rate_bad": np.quantile(fill, 0.1, axis=1),
        "weeks_out": found.weeks_out.mean(axis=1),
        "weeks_out_bad": np.quantile(found.weeks_out, 0.9, axis=1),
        "mean_stock": found.stock.mean(axis=1),
        "lost_units": lost.mean(axis=1),
        "lost_margin": lost.mean(axis=1) * margin,
        "lost_margin_bad": np.quantile(lost, 0.9, axis=1) * margin,
    }
    frame = pd.DataFrame(columns, index=policies.index[known]).astype("float64").reindex(policies.index)
    still = known | (policies["status"] != OK).to_numpy()
    return frame.assign(
        n=np.where(known, years, 0),
        status=np.where(still, policies["status"], "too_few"),
        reason=np.where(still, policies["reason"], "reason.few_sales"),
    )


def simulate(policies: pd.DataFrame, years: int, seed: int = 7, threads: int = 2) -> SimulatedYears:
    """The years themselves. Every product's draws depend on ``seed`` and its place, not on ``threads``."""
    if policies.empty:
        return SimulatedYears(*(np.zeros((0, years), dtype="float32") for _ in range(7)))
    inputs = _inputs(policies)
    starts = range(0, len(policies), _TOGETHER)

    def run(first: int) -> list[np.ndarray]:
        rng = np.random.Generator(np.random.SFC64([seed, first]))
        return _run(inputs.part(slice(first, first + _TOGETHER)), years, rng)

    with ThreadPoolExecutor(max_workers=threads) as pool:
        parts = list(pool.map(run, starts))
    return SimulatedYears(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def _inputs(policies: pd.DataFrame) -> _Inputs:
    per_day, sd_day, lead, lead_sd, review = (
        policies[name].to_numpy("float64")
        for name in ("per_day", "sd_day", "lead_time_days", "lead_time_sd_days", "review_days")
    )
    # The kind is that of the policy; a week itself may be too short for a normal without negatives.
    kind = policies["distribution"].to_numpy(dtype=object)
    kind = np.where(kind == NORMAL, GAMMA, kind)
    week = LeadTimeDemand.of(per_day * WEEK, sd_day * np.sqrt(WEEK), kind)
    demand = np.empty((len(policies), _TABLE))
    whole = week.whole
    for rows, values in ((whole, _whole_values), (~whole, _gamma_values)):
        if rows.any():
            demand[rows] = values(LeadTimeDemand(week.kind[rows], week.mean[rows], week.sd[rows]))
    weeks = _lead_weeks(np.maximum(lead, 0.1), np.maximum(lead_sd, 1e-3))
    return _Inputs(
        demand.astype("float32"),
        weeks.astype("int32"),
        policies["reorder_point"].to_numpy("float32"),
        policies["order_quantity"].to_numpy("float32"),
        np.maximum(np.round(review / WEEK), 1).astype("int64"),
    )


def _whole_values(demand: LeadTimeDemand) -> np.ndarray:
    """Equally likely values of whole-unit demand: the distribution function of 0, 1, 2 … turned round."""
    most = demand.quantile(1 - 0.5 / _TABLE).astype("int64") + 1
    first = np.cumsum(most) - most
    row = np.repeat(np.arange(len(most)), most)
    units = np.arange(len(row)) - first[row]
    reached = 1 - LeadTimeDemand(demand.kind[row], demand.mean[row], demand.sd[row]).tail(units)
    return _turned_round(row, reached) - first[:, None]


def _gamma_values(demand: LeadTimeDemand) -> np.ndarray:
    """Equally likely values of a gamma, interpolated between some exact ones."""
    score = np.linspace(ndtri(_CHANCES[0]), ndtri(_CHANCES[-1]), _NODES)
    shape = ((demand.mean / demand.sd) ** 2)[:, None]
    exact = gammaincinv(shape, ndtr(score)[None, :]) * (demand.sd**2 / demand.mean)[:, None]
    apart = 4 * (score[-1] - score[0])
    place = apart * np.arange(len(exact))[:, None]
    found = np.interp((place + ndtri(_CHANCES)).ravel(), (place + score).ravel(), exact.ravel())
    return found.reshape(len(exact), _TABLE)


def _lead_weeks(mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Equally likely lead times in whole weeks, one at least: gamma by mean and deviation in days."""
    shape = np.minimum((mean / sd) ** 2, 1e6)[:, None]
    bounds = (np.arange(1, _LONGEST) + 0.5) * WEEK
    reached = gammainc(shape, bounds[None, :] * shape / mean[:, None])
    reached = np.concatenate([reached, np.ones((len(mean), 1))], axis=1)
    row = np.repeat(np.arange(len(mean)), _LONGEST)
    return 1 + _turned_round(row, reached.ravel()) - _LONGEST * np.arange(len(mean))[:, None]


def _turned_round(row: np.ndarray, reached: np.ndarray) -> np.ndarray:
    """Where each product's distribution function first reaches each of the chances: places in ``reached``."""
    size = int(row[-1]) + 1
    wanted = np.arange(size)[:, None] * 2 + _CHANCES
    last = np.r_[row[1:] != row[:-1], True]
    rising = row * 2 + np.where(last, 1.0, np.minimum(reached, 1.0))
    return np.searchsorted(rising, wanted.ravel()).reshape(size, _TABLE)


def _run(inputs: _Inputs, years: int, rng: np.random.Generator) -> list[np.ndarray]:
    """A few products × ``years``, all in step; arrays are kept small and written in place."""
    shape = len(inputs.point), years
    cells = shape[0] * years
    offset = (np.arange(shape[0], dtype="int64") * _TABLE)[:, None]
    ring_size = int(inputs.lead.max()) + 1
    ring = np.zeros((ring_size, cells), dtype="float32")
    point, quantity = (np.repeat(one, years).reshape(shape) for one in (inputs.point, inputs.quantity))
    stock = point + quantity * rng.random(shape, dtype="float32")
    on_order, asked, sold, received, total, out = (np.zeros(shape, dtype="float32") for _ in range(6))
    start = stock.copy()
    for week in range(RUN_IN + WEEKS):
        if week == RUN_IN:
            start = stock.copy()
            for one in (asked, sold, received, total, out):
                one[:] = 0
        arrived = ring[week % ring_size].reshape(shape)
        stock += arrived
        on_order -= arrived
        received += arrived
        arrived[:] = 0
        draws = rng.integers(0, 1 << 16, shape, dtype="uint16") & (_TABLE - 1)
        wished = inputs.demand.ravel().take(draws + offset)
        served = np.minimum(stock, wished)
        stock -= served
        asked += wished
        sold += served
        out += wished > served
        total += stock
        position = stock + on_order
        due = position <= point
        due &= (week % inputs.every == 0)[:, None]
        at = np.flatnonzero(due)
        if len(at):
            step = quantity.ravel()[at]
            bought = (np.floor((point.ravel()[at] - position.ravel()[at]) / step) + 1) * step
            drawn = rng.integers(0, _TABLE, len(at))
            lead = inputs.lead.ravel()[at // years * _TABLE + drawn]
            ring[(week + lead) % ring_size, at] += bought
            on_order.ravel()[at] += bought
    return [asked, sold, received, start, stock, total / np.float32(WEEKS), out]

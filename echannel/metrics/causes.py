"""The main cause of a change, and how sure that is: one row for the sentence on top of a dashboard."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.counting import codes_of
from echannel.metrics.drivers import (
    buyer_drivers,
    buyers_by_customer,
    buyers_in,
    driver_parts,
    traffic_by_block,
    traffic_drivers,
)
from echannel.metrics.periods import Period
from echannel.metrics.price_volume_mix import PRODUCT_PARTS, part_sums, price_volume_mix
from echannel.metrics.result import INPUT_MISSING, OK, TOO_FEW

CLEAR, LIKELY = 0.9, 0.6  # share of draws that name the same cause
DRAWS = 200
FEWEST_BLOCKS = 8  # weeks, days or customers to draw from; fewer say nothing of chance

_SEED = 20_261_124


def main_cause(lines: pd.DataFrame, period: Period, before: Period) -> pd.DataFrame:
    """The largest part of ``price_volume_mix`` in the direction of the change, and how sure that is.

    Weeks (days in short periods) of both periods are drawn again with replacement, 200 times, seed
    fixed: ``certainty`` is the share of draws in which the same part is largest in the same
    direction; ``low`` and ``high`` hold the part in 8 draws of 10. It measures week-to-week chance,
    not what season or weather did.

    Returns
    -------
    One row: ``part``, ``value`` (currency), ``share`` (of the whole change), ``change`` (whole), ``low``,
    ``high``, ``certainty`` (0–1), ``verdict`` (clear, likely, unclear), ``n`` (blocks drawn from, the
    shorter period), ``status``, ``reason``.
    """
    units, net, rest = [], [], []
    sizes = []
    for one in (period, before):
        blocks = _blocks(one)
        weights = _draws(blocks)
        sizes.append(int(blocks.max()) + 1)
        in_units, in_net, beside = _sums_by_block(lines, one, blocks)
        units.append(weights @ in_units)
        net.append(weights @ in_net)
        rest.append(weights @ beside)
    drawn = part_sums(units[0], net[0], units[1], net[1])
    drawn["refunds"] = rest[0][:, 0] - rest[1][:, 0]
    drawn["unitemised"] += rest[0][:, 1] - rest[1][:, 1]
    found = price_volume_mix(lines, period, before)
    return _judged_cause(found, np.stack([drawn[name] for name in PRODUCT_PARTS], axis=-1), min(sizes))


def main_driver(entries: pd.DataFrame, visits: pd.DataFrame, period: Period, before: Period) -> pd.DataFrame:
    """The same for ``traffic_drivers``, or ``buyer_drivers`` where there are no visits.

    For the buyers' model customers are drawn again instead of weeks (Poisson weights, taken as normal).

    Returns
    -------
    One row as in :func:`main_cause`, and ``model`` (traffic, buyers).
    """
    found = traffic_drivers(entries, visits, period, before)
    if (found["status"] == OK).all():
        drawn = []
        for one in (period, before):
            blocks = _blocks(one)
            drawn.append(_draws(blocks) @ traffic_by_block(entries, visits, one, blocks))
        cases = min(int(_blocks(one).max()) + 1 for one in (period, before))
        return _judged_cause(found, driver_parts(*drawn), cases).assign(model="traffic")
    found = buyer_drivers(entries, period, before)
    drawn = [_drawn_customers(*buyers_by_customer(entries, one)) for one in (period, before)]
    cases = min(int(buyers_in(entries, one)[0]) for one in (period, before))
    return _judged_cause(found, driver_parts(*drawn), cases).assign(model="buyers")


def _judged_cause(found: pd.DataFrame, drawn: np.ndarray, cases: int) -> pd.DataFrame:
    """The largest part in the direction of the change, and in how many draws it is that again."""
    change = round(found["after"].iloc[0] - found["before"].iloc[0], 2)
    unknown = float("nan")
    row: dict[str, object] = {"part": "", "value": unknown, "share": unknown, "change": change}
    row |= {"low": unknown, "high": unknown, "certainty": unknown, "verdict": "", "n": cases}
    if not (found["status"] == OK).all():
        row |= {"change": np.nan, "status": INPUT_MISSING, "reason": found["reason"].iloc[0]}
    elif cases < FEWEST_BLOCKS:
        row |= {"status": TOO_FEW, "reason": "reason.short_period"}
    elif change == 0:
        row |= {"status": TOO_FEW, "reason": "reason.no_change"}
    else:
        direction = np.sign(change)
        at = int((found["value"] * direction).argmax())
        certainty = float(((drawn * direction).argmax(axis=-1) == at).mean())
        low, high = np.quantile(drawn[:, at], [0.1, 0.9])
        value = found["value"].iloc[at]
        row |= {
            "part": found["part"].iloc[at],
            "value": value,
            "share": value / change,
            "low": low,
            "high": high,
            "certainty": certainty,
            "verdict": "clear" if certainty >= CLEAR else "likely" if certainty >= LIKELY else "unclear",
            "status": OK,
            "reason": "",
        }
    return pd.DataFrame([row])


def _blocks(period: Period) -> np.ndarray:
    """The block of each day: weeks, the last one taking what is left over; days in short periods."""
    days = np.arange(period.days)
    weeks = period.days // 7
    return np.minimum(days // 7, weeks - 1) if weeks >= FEWEST_BLOCKS else days


def _draws(blocks: np.ndarray) -> np.ndarray:
    """How often each block is drawn, one row per draw."""
    size = int(blocks.max()) + 1
    rng = np.random.default_rng(_SEED + size)
    return rng.multinomial(size, np.full(size, 1 / size), DRAWS).astype("float64")


def _sums_by_block(
    lines: pd.DataFrame, period: Period, blocks: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Units and net goods per block and product; refunds and amounts without product per block."""
    codes, ids = codes_of(lines["product_id"])
    inside = period.mask(lines["day"])
    codes = codes[inside]
    block = blocks[lines["day"].to_numpy()[inside] - period.since]
    net = lines["net"].to_numpy()[inside]
    entry = lines["entry"]
    sale = (entry == "sale").to_numpy()[inside]
    refund = (entry == "refund").to_numpy()[inside]
    size = int(blocks.max()) + 1
    named = sale & (codes >= 0)
    at = block[named] * len(ids) + codes[named]
    amounts = (lines["quantity"].to_numpy()[inside][named], net[named])
    units, goods = (np.bincount(at, w, size * len(ids)).reshape(size, len(ids)) for w in amounts)
    loose = ~named & ~refund
    beside = [np.bincount(block[rows], net[rows], size) for rows in (refund, loose)]
    return units, goods, np.stack(beside, axis=-1)


def _drawn_customers(known: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Sums over customers drawn again.

    With Poisson weights a sum of x has mean Σx and covariance Σxxᵀ; the sums are drawn from the normal
    distribution with these moments, which needs no weight per customer.
    """
    rng = np.random.default_rng(_SEED)
    sums = rng.multivariate_normal(known.sum(axis=0), known.T @ known, DRAWS, method="eigh")
    rest = rng.normal(unknown.sum(), np.sqrt((unknown**2).sum()), DRAWS)
    return np.concatenate([np.maximum(sums[:, :3], 0.0), sums[:, 3:], rest[:, None]], axis=-1)

"""Goal seek: how far one lever must go for the plan to reach a target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.optimize import brentq

from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.inputs import PlanInputs
from echannel.metrics.planning.levers import LEVERS, Lever, moved, usable
from echannel.metrics.planning.rules import PlanRules
from echannel.metrics.result import INPUT_MISSING, OK

TARGETS = ("break_even", "cash_above", "profit")
_STEPS = 41
_YEAR = 12


@dataclass(frozen=True)
class Target:
    """What is to be reached.

    ``break_even``: the profits before tax from the plan's first month to month ``by`` sum to at least
    ``amount`` (0); ``cash_above``: cash never ends a month below ``amount`` up to ``by``; ``profit``: net
    profit of the twelve months that end with ``by`` is at least ``amount``. ``by``: a month number; -1: the
    plan's last.
    """

    name: str
    amount: float = 0.0
    by: int = -1


@dataclass(frozen=True)
class Solved:
    """The answer. ``value``: the lever's, NaN where nothing in its range reaches the target.

    ``reached_as_planned``: the plan meets the target by itself; ``value`` is then how far the lever may go
    before it no longer does (NaN: as far as its range goes). ``best``: the lever's value that comes nearest,
    ``outcome`` what the target's quantity is there, ``planned`` what it is as planned.
    """

    lever: str
    target: Target
    value: float
    reached_as_planned: bool
    planned: float
    best: float
    outcome: float
    status: str = OK
    reason: str = ""


def solve(
    inputs: PlanInputs,
    rules: PlanRules,
    lever: str,
    target: Target,
    low: float | None = None,
    high: float | None = None,
) -> Solved:
    """The smallest move of a lever that reaches the target, within its range (or ``low`` to ``high``).

    The range is tried at 41 points at once; where the outcome crosses the target next to the plan, the
    crossing is found by Brent's method. Amounts are rounded to the cent as in every plan, so the outcome is
    met to the cent, not the decimal.
    """
    known = LEVERS[lever]
    known = replace(known, low=known.low if low is None else low, high=known.high if high is None else high)
    nothing = float("nan")
    if lever not in usable(inputs):
        return Solved(lever, target, nothing, False, nothing, nothing, nothing, INPUT_MISSING, _UNUSED)
    points = _points(known)
    if lever == "loan":
        gaps = np.array([_gap(inputs, rules, lever, target, point) for point in points])
    else:
        gaps = _outcomes(inputs, rules, lever, target, points[:, None]) - target.amount
    at = int(np.argmin(np.abs(points - known.neutral)))
    planned = round(float(gaps[at] + target.amount), 2)
    met = bool(gaps[at] >= 0)
    nearest = int(np.argmax(gaps))
    found = _nearest_crossing(points, gaps, at)
    if found is None:
        out = round(float(gaps[nearest] + target.amount), 2)
        reason = "" if met else "reason.planning.goal_out_of_reach"
        return Solved(lever, target, nothing, met, planned, float(points[nearest]), out, OK, reason)
    gap = partial(_gap, inputs, rules, lever, target)
    value = float(brentq(gap, points[found], points[found + 1], xtol=1e-7, rtol=1e-10))
    value = _just_met(gap, value, float(points[found]), float(points[found + 1]))
    return Solved(lever, target, value, met, planned, value, float(gap(value) + target.amount))


_UNUSED = "reason.planning.lever_moves_nothing"


def _points(lever: Lever) -> np.ndarray:
    """The lever's range in steps, with its place in the plan among them."""
    return np.unique(np.append(np.linspace(lever.low, lever.high, _STEPS), lever.neutral))


def _nearest_crossing(points: np.ndarray, gaps: np.ndarray, at: int) -> int | None:
    """The step nearest to the plan over which the target begins (or ceases) to be met."""
    met = gaps >= 0
    crossings = np.flatnonzero(met[:-1] != met[1:])
    if not len(crossings):
        return None
    away = np.where(crossings >= at, crossings - at, at - crossings - 1)
    return int(crossings[np.argmin(away)])


def _just_met(gap: partial[float], value: float, low: float, high: float) -> float:
    """The root on the side that meets the target: Brent's may lie a rounding short of it."""
    if gap(value) >= 0:
        return value
    towards = high if gap(high) >= 0 else low
    for step in (1e-7, 1e-6, 1e-5, 1e-4, 1e-3):
        tried = value + (towards - value) * step
        if gap(tried) >= 0:
            return tried
    return towards


def _gap(inputs: PlanInputs, rules: PlanRules, lever: str, target: Target, value: float) -> float:
    return float(_outcomes(inputs, rules, lever, target, float(value))[0] - target.amount)


def _outcomes(
    inputs: PlanInputs, rules: PlanRules, lever: str, target: Target, values: float | np.ndarray
) -> np.ndarray:
    """The target's quantity on each path."""
    plan = build_plan(moved(inputs, {lever: values}), rules, keep=("cash", "net_profit", "profit_before_tax"))
    last = inputs.months if target.by < 0 else min(max(target.by - inputs.start + 1, 1), inputs.months)
    if target.name == "cash_above":
        found = plan.lines["cash"][:, :last].min(axis=1)
    elif target.name == "break_even":
        found = plan.lines["profit_before_tax"][:, :last].sum(axis=1)
    elif target.name == "profit":
        found = plan.lines["net_profit"][:, max(0, last - _YEAR) : last].sum(axis=1)
    else:
        raise KeyError(target.name)
    return np.asarray(np.round(found, 2))

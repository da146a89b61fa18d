"""Goal seek: how far one lever must go for the plan to reach a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize.elementwise import find_root

from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.inputs import PlanInputs
from echannel.metrics.planning.levers import LEVERS, Lever, moved, usable
from echannel.metrics.planning.rules import PlanRules
from echannel.metrics.result import INPUT_MISSING, OK

TARGETS = ("break_even", "cash_above", "profit")
_STEPS = 41
_YEAR = 12
_LINES = {"break_even": "profit_before_tax", "cash_above": "cash", "profit": "net_profit"}
_NEAR = 2e-8  # of a lever's range: a cent of a loan, a millionth of a day
_UNUSED = "reason.planning.lever_moves_nothing"


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


def solve(inputs: PlanInputs, rules: PlanRules, lever: str, target: Target) -> Solved:
    """The smallest move of a lever that reaches the target, within its range: see :func:`solve_all`."""
    return solve_all(inputs, rules, [(lever, target)])[0]


def solve_all(inputs: PlanInputs, rules: PlanRules, wanted: Sequence[tuple[str, Target]]) -> list[Solved]:
    """For each lever and target the smallest move of that lever alone that reaches the target.

    The ranges of all levers are tried at 41 points each in one plan, a path to a point; where an outcome
    crosses its target next to the plan, the crossings are found together by Chandrupatla's method, a path
    to a crossing. Amounts are rounded to the cent as in every plan, so the outcome is met to the cent, not
    the decimal: of the last two values tried the one that meets the target is given.
    """
    there = usable(inputs)
    names = [name for name in dict.fromkeys(name for name, _ in wanted) if name in there]
    points = {name: _points(LEVERS[name]) for name in names}
    sweep = _Swept(inputs, rules, points)
    found = [
        _Step(name, target, points[name], sweep.outcomes(name, target) - target.amount)
        for name, target in wanted
        if name in there
    ]
    answers = iter(_narrowed(inputs, rules, found))
    return [next(answers) if name in there else _unused(name, target) for name, target in wanted]


def _points(lever: Lever) -> np.ndarray:
    """The lever's range in steps, with its place in the plan among them."""
    return np.unique(np.append(np.linspace(lever.low, lever.high, _STEPS), lever.neutral))


class _Swept:
    """What becomes of the plan along each lever's range."""

    def __init__(self, inputs: PlanInputs, rules: PlanRules, points: dict[str, np.ndarray]) -> None:
        sizes = [len(one) for one in points.values()]
        names = np.repeat(np.array(list(points), dtype=object), sizes)
        values = np.concatenate([*points.values(), np.zeros(0)])
        self._inputs = inputs
        self._rows = {name: names == name for name in points}
        self._lines = _lines(inputs, rules, names, values) if points else {}

    def outcomes(self, name: str, target: Target) -> np.ndarray:
        """The target's quantity at each point of a lever."""
        return _outcome(self._inputs, self._lines[_LINES[target.name]][self._rows[name]], target)


class _Step:
    """A target along one lever, and the step nearest to the plan over which it begins (or ceases) to be met.

    ``gaps``: what the outcome at each of the ``points`` is above the target's amount. ``at``: the step's
    first point; None where the whole range meets the target, or nothing in it does.
    """

    def __init__(self, lever: str, target: Target, points: np.ndarray, gaps: np.ndarray) -> None:
        self.lever, self.target, self.points, self.gaps = lever, target, points, gaps
        self.planned = int(np.argmin(np.abs(points - LEVERS[lever].neutral)))
        met = gaps >= 0
        crossings = np.flatnonzero(met[:-1] != met[1:])
        away = np.where(crossings >= self.planned, crossings - self.planned, self.planned - crossings - 1)
        self.at = int(crossings[np.argmin(away)]) if len(crossings) else None

    def answer(self, value: float, gap: float) -> Solved:
        """What is said of the lever, with the crossing and the gap there (NaN: none)."""
        met = bool(self.gaps[self.planned] >= 0)
        planned = round(float(self.gaps[self.planned] + self.target.amount), 2)
        if np.isfinite(value):
            out = round(gap + self.target.amount, 2)
            return Solved(self.lever, self.target, value, met, planned, value, out)
        best = int(np.argmax(self.gaps))
        out = round(float(self.gaps[best] + self.target.amount), 2)
        reason = "" if met else "reason.planning.goal_out_of_reach"
        return Solved(self.lever, self.target, value, met, planned, float(self.points[best]), out, OK, reason)


def _narrowed(inputs: PlanInputs, rules: PlanRules, steps: Sequence[_Step]) -> list[Solved]:
    """The answers, each crossing found within its step: as shares of the levers' ranges, to be as near."""
    nothing = float("nan")
    crossed = [(place, one, one.at) for place, one in enumerate(steps) if one.at is not None]
    answers = [one.answer(nothing, nothing) for one in steps]
    if not crossed:
        return answers
    names = np.array([one.lever for _, one, _ in crossed], dtype=object)
    low = np.array([LEVERS[name].low for name in names])
    width = np.array([LEVERS[name].high for name in names]) - low

    def gaps(shares: np.ndarray, which: np.ndarray) -> np.ndarray:
        lines = _lines(inputs, rules, names[which], low[which] + shares * width[which])
        out = np.empty(len(shares))
        for row, index in enumerate(which):
            target = crossed[index][1].target
            line = lines[_LINES[target.name]][row : row + 1]
            out[row] = _outcome(inputs, line, target)[0] - target.amount
        return out

    ends = [np.array([one.points[at + end] for _, one, at in crossed]) for end in (0, 1)]
    bracket = ((ends[0] - low) / width, (ends[1] - low) / width)
    tolerances = {"xatol": _NEAR, "xrtol": 0.0}
    seek: Any = find_root  # whose types know of no arguments beside the value
    root = seek(gaps, bracket, args=(np.arange(len(crossed)),), tolerances=tolerances)
    for row, (place, one, _) in enumerate(crossed):
        ends_tried = zip((root.x, *root.bracket), (root.f_x, *root.f_bracket), strict=True)
        share, gap = next((x[row], gap[row]) for x, gap in ends_tried if gap[row] >= 0)
        answers[place] = one.answer(float(low[row] + share * width[row]), float(gap))
    return answers


def _lines(
    inputs: PlanInputs, rules: PlanRules, names: np.ndarray, values: np.ndarray
) -> dict[str, np.ndarray]:
    """The lines that targets look at, with one lever moved on each path and the others as planned."""
    tried = {
        name: np.where(names == name, values, LEVERS[name].neutral)[:, None] for name in dict.fromkeys(names)
    }
    return dict(build_plan(moved(inputs, tried), rules, keep=tuple(_LINES.values())).lines)


def _outcome(inputs: PlanInputs, line: np.ndarray, target: Target) -> np.ndarray:
    """The target's quantity on each path of the line that it looks at."""
    last = inputs.months if target.by < 0 else min(max(target.by - inputs.start + 1, 1), inputs.months)
    if target.name == "cash_above":
        found = line[:, :last].min(axis=1)
    elif target.name == "break_even":
        found = line[:, :last].sum(axis=1)
    else:
        found = line[:, max(0, last - _YEAR) : last].sum(axis=1)
    return np.asarray(np.round(found, 2))


def _unused(lever: str, target: Target) -> Solved:
    nothing = float("nan")
    return Solved(lever, target, nothing, False, nothing, nothing, nothing, INPUT_MISSING, _UNUSED)

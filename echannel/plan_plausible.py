"""Inputs that can hardly be meant: a zero too many, a year for a month. The plan is computed with them all
the same, and its page says which to look at."""

from __future__ import annotations

import numpy as np

from echannel.metrics.planning.inputs import PlanInputs
from echannel.plan_known import Known

_COSTS = 3.0  # fixed costs of so many times turnover
_CASH = 3.0  # a balance, above or below zero, of so many years' turnover
_TURNOVER = 5.0  # times, or a fifth of, what was usual
_FEWEST_MONTHS = 6  # that show what is usual
_STOCK_DAYS, _PAYMENT_DAYS = 365.0, 180.0
_MARGIN = 0.9
_YEAR = 12


def implausible(known: Known, inputs: PlanInputs) -> list[str]:
    """Catalogue keys of what is far out of any range that firms have."""
    odd = {
        "costs_implausible": _costs(inputs),
        "turnover_implausible": _turnover(known, inputs),
        "cash_implausible": abs(inputs.opening.cash) > _CASH * _first_year(inputs) > 0,
        "stock_days_implausible": _any_above(inputs.stock.cover_days, _STOCK_DAYS),
        "payment_days_implausible": any(
            _any_above(terms.days, _PAYMENT_DAYS)
            for terms in (inputs.purchase_terms, *(one.terms for one in inputs.streams))
        ),
        "margin_implausible": any(
            1 - float(np.mean(one.cost_share)) > _MARGIN and bool(np.any(one.cost_share))
            for one in inputs.streams
        ),
    }
    return [f"reason.planning.{name}" for name, found in odd.items() if found]


def _first_year(inputs: PlanInputs) -> float:
    return float(inputs.turnover[0, :_YEAR].sum())


def _costs(inputs: PlanInputs) -> bool:
    months, turnover = inputs.months, _first_year(inputs)
    fixed = sum(float(np.sum(np.broadcast_to(one.amount, months)[:_YEAR])) for one in inputs.costs)
    fixed += sum(_YEAR * float(np.max(one.gross)) for one in inputs.staff)
    return fixed > _COSTS * turnover > 0


def _turnover(known: Known, inputs: PlanInputs) -> bool:
    """Whether a turnover that was entered is far from what the firm has sold."""
    whole = (known.past["complete"] & ~known.past["gap"]).to_numpy(bool)
    usual = known.past["turnover"].to_numpy(float)[whole][-_YEAR:]
    if known.told.turnover is None or len(usual) < _FEWEST_MONTHS or not usual.sum() > 0:
        return False
    times = _first_year(inputs) / (float(usual.mean()) * _YEAR)
    return not 1 / _TURNOVER <= times <= _TURNOVER


def _any_above(values: object, most: float) -> bool:
    return bool((np.nan_to_num(np.asarray(values, dtype=float)) > most).any())

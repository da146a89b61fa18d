"""What trade between two countries ought to be, from their size, distance and ties (gravity, by PPML).

``value = exp(constant + Σ coefficient × covariate)``, estimated by Poisson pseudo-maximum likelihood with
robust standard errors (HC1): zeros stay in, and no logarithm of the dependent variable biases the result
(Santos Silva and Tenreyro 2006). Potential is what the model expects; unrealised, how far actual trade is
below it.

Where no trade data is there, :func:`published_pull` gives an index from published coefficients. They rest on
trade of **1990**: an order of markets at best, never an amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.metrics.result import INPUT_MISSING, OK, TOO_FEW

FEWEST_FLOWS_PER_COVARIATE = 10
# Santos Silva and Tenreyro 2006, PPML on 18,360 pairs of 1990: importer's GDP and distance.
PUBLISHED_YEAR = 1990
PUBLISHED_SIZE = 0.7411
PUBLISHED_DISTANCE = -0.7838


@dataclass(frozen=True)
class Gravity:
    """A fitted model. ``coefficients`` by covariate (``constant`` first): ``value``, ``error`` (robust
    standard error), ``low``, ``high`` (95 %); ``n`` flows; without a fit ``status``, ``reason`` say why."""

    coefficients: pd.DataFrame
    n: int
    status: str
    reason: str


def fit_ppml(flows: pd.DataFrame, covariates: Sequence[str], value: str = "value") -> Gravity:
    """The gravity model of ``flows``, one row per pair of countries (and year).

    ``value`` is trade in any one currency (0 where there was none), ``covariates`` numeric columns, those of
    size and distance in logarithms. Rows with an unknown figure are left out. Too few flows, or covariates
    that do not vary apart from each other, give no model.
    """
    rows = flows[[value, *covariates]].astype("float64").replace([np.inf, -np.inf], np.nan).dropna()
    if (rows[value] < 0).any():
        raise ValueError("a flow is below 0")
    if not len(rows):
        return _none(0, INPUT_MISSING, "reason.trade_data_missing")
    design = np.column_stack([np.ones(len(rows)), rows[list(covariates)].to_numpy()])
    enough = len(rows) >= FEWEST_FLOWS_PER_COVARIATE * (len(covariates) + 1)
    if not enough or rows[value].sum() <= 0 or np.linalg.matrix_rank(design) < design.shape[1]:
        return _none(len(rows), TOO_FEW, "reason.few_trade_flows")
    import statsmodels.api as sm  # takes a second: only where a model is fitted

    # Scaled to a mean of 1, so that amounts in single dollars or in billions converge alike.
    level = rows[value].mean()
    fitted = sm.GLM(rows[value].to_numpy() / level, design, family=sm.families.Poisson()).fit(cov_type="HC1")
    values, errors = fitted.params.copy(), fitted.bse
    values[0] += np.log(level)
    frame = pd.DataFrame(
        {"value": values, "error": errors, "low": values - 1.96 * errors, "high": values + 1.96 * errors},
        pd.Index(["constant", *covariates], name="covariate"),
    )
    return Gravity(frame, len(rows), OK, "")


def potential(model: Gravity, flows: pd.DataFrame, value: str = "value") -> pd.DataFrame:
    """What the model expects of each flow: ``expected``, ``actual``, ``unrealised`` (expected − actual, 0 at
    least), ``n`` (flows behind the model), ``status``, ``reason``. NaN without a model or with a gap."""
    actual = flows[value].astype("float64") if value in flows else pd.Series(np.nan, flows.index)
    expected = pd.Series(np.nan, flows.index)
    if model.status == OK:
        names = list(model.coefficients.index[1:])
        power = flows[names].astype("float64").to_numpy() @ model.coefficients["value"].to_numpy()[1:]
        expected = pd.Series(np.exp(power + model.coefficients["value"].iloc[0]), flows.index)
    known = expected.notna()
    reason = model.reason or "reason.trade_data_missing"
    return pd.DataFrame(
        {
            "expected": expected,
            "actual": actual,
            "unrealised": (expected - actual).clip(lower=0),
            "n": model.n,
            "status": np.where(known, OK, model.status if model.status != OK else INPUT_MISSING),
            "reason": np.where(known, "", reason),
        }
    )


def published_pull(size: pd.Series, distance: pd.Series) -> pd.Series:
    """How much a market pulls by size and distance, the strongest = 1, with coefficients of 1990 data.

    size^0.7411 × distance^−0.7838; an order of markets, not an amount of trade.
    """
    pull = size.where(size > 0) ** PUBLISHED_SIZE * distance.where(distance > 0) ** PUBLISHED_DISTANCE
    return pull / pull.max()


def _none(n: int, status: str, reason: str) -> Gravity:
    empty = pd.DataFrame(columns=["value", "error", "low", "high"], dtype="float64")
    return Gravity(empty, n, status, reason)

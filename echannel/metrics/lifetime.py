"""Customer lifetime value: BG/NBD for how often, Gamma-Gamma for how much, both by maximum likelihood.

Sources: Fader, Hardie and Lee (2005), "Counting your customers the easy way", Marketing Science 24(2);
Fader and Hardie (2013), "The Gamma-Gamma model of monetary value". Time is in weeks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import digamma, gammaln, hyp2f1, roots_jacobi

from echannel.metrics.customers import customer_table, purchase_days, turnover_of
from echannel.metrics.result import OK, TOO_FEW
from echannel.metrics.turnover import Sales

DAYS_PER_WEEK = 7
WEEKS_PER_MONTH = 365.25 / DAYS_PER_WEEK / 12
CORRELATION_LIMIT = 0.3

# Log-likelihood by which a model in which customers leave must beat one in which none does (likelihood
# ratio test at 5 %): below, its a and b describe nothing that is in the data.
_IDENTIFIED = 1.92


@dataclass(frozen=True)
class BgNbd:
    """A fitted BG/NBD model.

    ``r``, ``alpha``: gamma distribution of purchase rates per week; ``a``, ``b``: beta distribution of
    the chance to leave after a purchase. Where the data show nobody leaving (a → 0) ``b`` cannot be
    told and is None. ``customers``: how many it was fitted on.
    """

    r: float
    alpha: float
    a: float
    b: float | None
    log_likelihood: float
    customers: int


@dataclass(frozen=True)
class GammaGamma:
    """A fitted Gamma-Gamma model of the value of a purchase: shape ``p``, and ``q``, ``v`` of its spread."""

    p: float
    q: float
    v: float
    log_likelihood: float
    customers: int


@dataclass(frozen=True)
class LifetimeValue:
    """What :func:`lifetime_value` returns.

    Attributes
    ----------
    summary : one row per horizon: ``months`` (12, 24, 36), ``value`` (mean discounted value per customer),
        ``total`` (of all customers), ``n`` (customers), ``status``, ``reason``.
    customers : one row per customer: ``customer_id``, ``kind``, ``x`` (repeat purchases), ``t_x``,
        ``T`` (weeks), ``monetary``, ``alive`` (probability of being still a customer),
        ``expected_purchases`` (next 12 months), ``expected_value`` (per purchase), ``clv_12``, ``clv_24``,
        ``clv_36``, ``historic`` (contribution so far). Without a model the forecast columns are NaN.
    model : ``bg_nbd``, or ``historic`` where too few customers came back (then see ``historic``).
    basis : ``net_goods``, or ``contribution`` when a margin was given.
    bgnbd, gamma_gamma : the fitted models, or None.
    correlation : of frequency and value per purchase among repeat customers (the model takes them as
        independent; beyond ±0.3 its values are to be read with care); NaN without a model.
    independent : whether that correlation is small enough.
    """

    summary: pd.DataFrame
    customers: pd.DataFrame
    model: str
    basis: str
    bgnbd: BgNbd | None
    gamma_gamma: GammaGamma | None
    correlation: float
    independent: bool


def lifetime_value(
    sales: Sales,
    margin: float | None = None,
    horizons: tuple[int, ...] = (12, 24, 36),
    yearly_discount: float = 0.10,
    minimum_repeaters: int = 200,
) -> LifetimeValue:
    """What each known customer is expected to bring over the next months, discounted to today.

    Sum over months of expected purchases × expected value per purchase × ``margin``, each month
    discounted at ``yearly_discount``. Value is net goods, or the contribution where ``margin`` (a
    fraction of net goods) is given. With fewer than ``minimum_repeaters`` customers who came back:
    status too_few, and the historic contribution per customer instead of a forecast.
    """
    history = purchase_history(sales)
    kinds = customer_table(sales)[["customer_id", "kind"]]
    customers = history.merge(kinds, on="customer_id").drop(columns="purchases")
    customers["historic"] = customers.pop("turnover") * (1.0 if margin is None else margin)
    basis = "net_goods" if margin is None else "contribution"
    repeating = customers["x"].to_numpy() > 0
    paying = repeating & (customers["monetary"].to_numpy() > 0)
    if paying.sum() < minimum_repeaters:
        return _historic(customers, horizons, basis)
    x, t_x, T = (customers[name].to_numpy(dtype="float64") for name in ("x", "t_x", "T"))
    monetary = customers["monetary"].to_numpy()
    model = fit_bgnbd(x, t_x, T)
    money = fit_gamma_gamma(x[paying], monetary[paying])
    value = expected_value(money, np.where(paying, x, 0), np.where(paying, monetary, 0))
    value = value * (1.0 if margin is None else margin)
    months = max(horizons)
    growth = _monthly_purchases(model, max(months, 12), x, t_x, T)
    discount = (1 + yearly_discount) ** (-(np.arange(months) + 0.5) / 12)
    customers["alive"] = probability_alive(model, x, t_x, T)
    customers["expected_purchases"] = growth[:12].sum(axis=0)
    customers["expected_value"] = value
    for horizon in horizons:
        customers[f"clv_{horizon}"] = discount[:horizon] @ growth[:horizon] * value
    correlation = float(np.corrcoef(x[paying], monetary[paying])[0, 1])
    return LifetimeValue(
        summary=_summary(customers, horizons, OK),
        customers=customers,
        model="bg_nbd",
        basis=basis,
        bgnbd=model,
        gamma_gamma=money,
        correlation=correlation,
        independent=abs(correlation) < CORRELATION_LIMIT,
    )


def purchase_history(sales: Sales, until: int | None = None) -> pd.DataFrame:
    """Recency and frequency of every known customer up to a local day (default: the last day).

    Orders of one day are one purchase. ``x``: purchases after the first; ``t_x``: weeks from the first
    purchase to the last; ``T``: weeks from the first purchase to ``until``; ``monetary``: mean net goods
    per repeat purchase (NaN where x = 0).

    Returns
    -------
    One row per customer: ``customer_id``, ``x``, ``t_x``, ``T``, ``monetary``, ``purchases``, ``turnover``.
    """
    last = sales.last_day if until is None else until
    part = sales if until is None else sales.select(until=until)
    codes, days = purchase_days(part.orders)
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]]) if len(codes) else np.zeros(0, dtype=int)
    ends = np.r_[starts[1:], len(codes)].astype(int) - 1
    count = ends[: len(starts)] - starts + 1
    first = days[starts]
    ids = part.orders["customer_id"].cat.categories
    turnover = turnover_of(part, ids)[codes[starts]]
    of_first_day = turnover_of(part, ids, _last_rank_of_first_day(part.orders, codes[starts], first))
    x = count - 1
    repeated = np.divide(turnover - of_first_day[codes[starts]], x, out=np.full(len(x), np.nan), where=x > 0)
    return pd.DataFrame(
        {
            "customer_id": ids[codes[starts]],
            "x": x,
            "t_x": (days[ends[: len(starts)]] - first) / DAYS_PER_WEEK,
            "T": (last - first) / DAYS_PER_WEEK,
            "monetary": repeated,
            "purchases": count,
            "turnover": turnover,
        }
    )


def fit_bgnbd(x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> BgNbd:
    """The BG/NBD model that makes these purchase histories most likely."""
    groups = pd.DataFrame({"x": x, "t_x": t_x, "T": T}, dtype="float64").groupby(["x", "t_x", "T"]).size()
    rows = groups.index.to_frame().to_numpy().T
    weights = groups.to_numpy(dtype="float64")
    total = weights.sum()

    def staying(log: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = _nbd_likelihood(np.exp(log), rows, weights)
        return -value / total, -slope * np.exp(log) / total

    def leaving(log: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = _bgnbd_likelihood(np.exp(log), rows, weights)
        return -value / total, -slope * np.exp(log) / total

    start = np.log([0.5, np.clip(np.mean(T) / 4, 0.1, 1e4)])
    without = _best(staying, [start], 2)
    best = _best(leaving, [np.r_[without.x, 0, 1], np.r_[start, -1, 2]], 4)
    if (without.fun - best.fun) * total < _IDENTIFIED:
        r, alpha = np.exp(without.x)
        return BgNbd(float(r), float(alpha), 0.0, None, float(-without.fun * total), int(total))
    r, alpha, a, b = (float(value) for value in np.exp(best.x))
    return BgNbd(r, alpha, a, b, float(-best.fun * total), int(total))


def fit_gamma_gamma(x: np.ndarray, monetary: np.ndarray) -> GammaGamma:
    """The Gamma-Gamma model that makes these mean values most likely (only customers with x > 0 count)."""
    use = (np.asarray(x) > 0) & (np.asarray(monetary) > 0)
    counts, means = np.asarray(x, dtype="float64")[use], np.asarray(monetary, dtype="float64")[use]
    scale = means.mean()
    n = len(counts)

    def loss(log: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = _gamma_gamma_likelihood(np.exp(log), counts, means / scale)
        return -value / n, -slope * np.exp(log) / n

    # A mean over all customers exists only for q > 1.
    best = minimize(  # type: ignore[call-overload]
        loss, np.log([2.0, 3.0, 2.0]), jac=True, method="SLSQP", options=_TIGHT,
        bounds=[(-7, 12), (np.log(1.001), 12), (-12, 12)],
    )  # fmt: skip
    p, q, v = np.exp(best.x)
    log_likelihood = -best.fun * n - n * np.log(scale)
    return GammaGamma(float(p), float(q), float(v * scale), float(log_likelihood), n)


def probability_alive(model: BgNbd, x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> np.ndarray:
    """Probability that a customer with this history will buy again; 1 where x = 0 (by the model's making)."""
    if model.b is None:
        return np.ones(len(x))
    x, t_x, T = (np.asarray(values, dtype="float64") for values in (x, t_x, T))
    return np.where(x > 0, 1 / (1 + _odds_left(model, x, t_x, T)), 1.0)


def expected_purchases(
    model: BgNbd, weeks: float, x: np.ndarray, t_x: np.ndarray, T: np.ndarray
) -> np.ndarray:
    """Purchases expected in the next ``weeks`` of a customer with this history (FHL 2005, equation 10)."""
    return _expected(model, np.array([weeks]), x, t_x, T)[0]


def _expected(model: BgNbd, weeks: np.ndarray, x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> np.ndarray:
    """Expected purchases within each of ``weeks`` (rows) of each customer (columns)."""
    x, t_x, T = (np.asarray(values, dtype="float64") for values in (x, t_x, T))
    if model.b is None:
        return np.outer(weeks, (model.r + x) / (model.alpha + T))
    # What somebody who is still there will buy depends on x and T alone, which many customers share.
    pairs = pd.DataFrame({"x": x, "T": T})
    first = ~pairs.duplicated().to_numpy()
    place = pairs.groupby(["x", "T"], sort=False).ngroup().to_numpy()
    return _growth(model, weeks, x[first], T[first])[:, place] * probability_alive(model, x, t_x, T)


def _growth(model: BgNbd, weeks: np.ndarray, x: np.ndarray, T: np.ndarray) -> np.ndarray:
    """Expected purchases within each of ``weeks`` (rows) of customers who are still there (columns)."""
    assert model.b is not None
    a = model.a if abs(model.a - 1) > _NEAR_ONE else 1 + _NEAR_ONE
    c = a + model.b + x - 1
    c = np.where(np.abs(c) > _NEAR_ONE, c, _NEAR_ONE)
    rest = (model.alpha + T) / (model.alpha + T + weeks[:, np.newaxis])
    # Euler's transformation of equation 10: its own 2F1 overflows for frequent customers.
    series = hyp2f1(a + model.b - 1 - model.r, a - 1, c, 1 - rest)
    growth = c / (a - 1) * (1 - rest ** (a - 1) * series)
    known = np.isfinite(growth)
    unknown = ~known.all(axis=0)
    for count in np.unique(x[unknown]):
        at = unknown & (x == count)
        growth[:, at] = np.where(
            known[:, at], growth[:, at], _growth_by_quadrature(model, weeks, count, T[at])
        )
    return growth


def _growth_by_quadrature(model: BgNbd, weeks: np.ndarray, x: float, T: np.ndarray) -> np.ndarray:
    """Purchases expected of customers who are alive, as the mean over their chance ``p`` of leaving.

    ``p`` is Beta(a, b + x); given it, (1 − ((α + T) / (α + T + p·t))^(r + x)) / p purchases are expected.
    For extreme parameters SciPy's 2F1 overflows where this integral is tame.
    """
    assert model.b is not None
    nodes, weights = roots_jacobi(64, model.b + x - 1, model.a - 1)  # the same for all who bought as often
    p = (1 + nodes) / 2
    time = weeks[:, np.newaxis, np.newaxis] / (model.alpha + T[:, np.newaxis])
    purchases = -np.expm1(-(model.r + x) * np.log1p(p * time)) / p
    return np.average(purchases, weights=weights, axis=-1)


def expected_value(model: GammaGamma, x: np.ndarray, monetary: np.ndarray) -> np.ndarray:
    """Expected value per purchase, each customer's own mean drawn towards that of all."""
    x, monetary = np.asarray(x, dtype="float64"), np.asarray(monetary, dtype="float64")
    return model.p * (model.v + x * np.where(x > 0, monetary, 0)) / (model.p * x + model.q - 1)


# SLSQP rather than L-BFGS-B: as exact here, at a sixth of its time, whose linear algebra starts threads.
_TIGHT = {"ftol": 1e-14, "maxiter": 1000}
_NEAR_ONE = 1e-6


def _best(loss: Callable[[np.ndarray], tuple[float, np.ndarray]], starts: list[np.ndarray], size: int) -> Any:
    """The lowest minimum reached from several starts, in logarithms of the parameters."""
    runs = [
        minimize(  # type: ignore[call-overload]
            loss, start, jac=True, method="SLSQP", bounds=[(-12, 12)] * size, options=_TIGHT
        )
        for start in starts
    ]
    return min(runs, key=lambda run: run.fun)


def _nbd_likelihood(params: np.ndarray, rows: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """Log-likelihood and gradient when nobody ever leaves: the limit of BG/NBD for a → 0."""
    r, alpha = params
    x, _, T = rows
    value = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + T)
    slope_r = digamma(r + x) - digamma(r) + np.log(alpha) - np.log(alpha + T)
    slope_alpha = r / alpha - (r + x) / (alpha + T)
    return weights @ value, np.array([weights @ slope_r, weights @ slope_alpha])


def _bgnbd_likelihood(params: np.ndarray, rows: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """Log-likelihood (FHL 2005, equation 6, in logarithms throughout) and its gradient in r, alpha, a, b."""
    r, alpha, a, b = params
    x, t_x, T = rows
    counts, place = np.unique(x, return_inverse=True)
    log_T, log_t = np.log(alpha + T), np.log(alpha + t_x)
    common = (
        gammaln(r + counts) - gammaln(r) + r * np.log(alpha)
        + gammaln(a + b) + gammaln(b + counts) - gammaln(b) - gammaln(a + b + counts)
    )[place]  # fmt: skip
    stayed = -(r + x) * log_T
    again = np.maximum(b + x - 1, 1e-300)
    left = np.where(x > 0, np.log(a) - np.log(again) - (r + x) * log_t, -np.inf)
    both = np.logaddexp(stayed, left)
    gone = np.exp(left - both)
    slope_r = (digamma(r + counts) - digamma(r))[place] + np.log(alpha) - (1 - gone) * log_T - gone * log_t
    slope_alpha = r / alpha - (r + x) * ((1 - gone) / (alpha + T) + gone / (alpha + t_x))
    of_both = digamma(a + b) - digamma(a + b + counts)
    slope_a = of_both[place] + gone / a
    slope_b = (of_both + digamma(b + counts) - digamma(b))[place] - np.where(x > 0, gone / again, 0)
    slopes = np.array([weights @ slope for slope in (slope_r, slope_alpha, slope_a, slope_b)])
    return weights @ (common + both), slopes


def _gamma_gamma_likelihood(params: np.ndarray, x: np.ndarray, means: np.ndarray) -> tuple[float, np.ndarray]:
    """Log-likelihood and gradient in p, q, v (Fader and Hardie 2013, equation 1a)."""
    p, q, v = params
    total = x * means + v
    log_m, log_x, log_total = np.log(means), np.log(x), np.log(total)
    value = (
        gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
        + (p * x - 1) * log_m + p * x * log_x - (p * x + q) * log_total
    )  # fmt: skip
    both = digamma(p * x + q)
    slope_p = x * (both - digamma(p * x) + log_m + log_x - log_total)
    slope_q = both - digamma(q) + np.log(v) - log_total
    slope_v = q / v - (p * x + q) / total
    return value.sum(), np.array([slope_p.sum(), slope_q.sum(), slope_v.sum()])


def _odds_left(model: BgNbd, x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> np.ndarray:
    """Odds that a customer left after the last purchase (x > 0)."""
    assert model.b is not None
    again = np.where(x > 0, model.b + x - 1, 1.0)
    log_odds = np.log(model.a / again) + (model.r + x) * np.log((model.alpha + T) / (model.alpha + t_x))
    return np.exp(np.minimum(log_odds, 700))


def _monthly_purchases(
    model: BgNbd, months: int, x: np.ndarray, t_x: np.ndarray, T: np.ndarray
) -> np.ndarray:
    """Expected purchases of each customer (columns) in each coming month (rows)."""
    until = _expected(model, np.arange(1, months + 1) * WEEKS_PER_MONTH, x, t_x, T)
    return np.ascontiguousarray(np.diff(until, axis=0, prepend=0.0))


def _last_rank_of_first_day(orders: pd.DataFrame, customers: np.ndarray, first: np.ndarray) -> np.ndarray:
    """By customer code: the rank of the last order of the first purchase day."""
    size = len(orders["customer_id"].cat.categories)
    day_of = np.full(size + 1, -1)
    day_of[customers] = first
    codes = orders["customer_id"].cat.codes.to_numpy()
    on_first = (codes >= 0) & (orders["day"].to_numpy() == day_of[codes])
    rank = np.zeros(size, dtype="int64")
    np.maximum.at(rank, codes[on_first], orders["order_rank"].to_numpy()[on_first])
    return rank


def _historic(customers: pd.DataFrame, horizons: tuple[int, ...], basis: str) -> LifetimeValue:
    names = ["alive", "expected_purchases", "expected_value", *(f"clv_{months}" for months in horizons)]
    customers = customers.assign(**dict.fromkeys(names, np.nan))
    return LifetimeValue(
        summary=_summary(customers, horizons, TOO_FEW),
        customers=customers,
        model="historic",
        basis=basis,
        bgnbd=None,
        gamma_gamma=None,
        correlation=np.nan,
        independent=False,
    )


def _summary(customers: pd.DataFrame, horizons: tuple[int, ...], status: str) -> pd.DataFrame:
    totals = [customers[f"clv_{months}"].sum(min_count=1) for months in horizons]
    n = len(customers)
    return pd.DataFrame(
        {
            "months": horizons,
            "value": [total / n if n else np.nan for total in totals],
            "total": np.array(totals, dtype="float64"),
            "n": n,
            "status": status,
            "reason": "" if status == OK else "reason.customers.few_repeaters",
        }
    )

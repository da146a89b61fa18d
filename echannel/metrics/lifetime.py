"""Customer lifetime value: BG/NBD for how often, Gamma-Gamma for how much, both by maximum likelihood.

Sources: Fader, Hardie and Lee (2005), "Counting your customers the easy way", Marketing Science 24(2);
Fader and Hardie (2013), "The Gamma-Gamma model of monetary value". Time is in weeks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.metrics.turnover import Sales

DAYS_PER_WEEK = 7


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
    customers : one row per customer: ``customer_id``, ``kind``, ``x`` (repeat purchases), ``t_x``, ``T`` (weeks),
        ``monetary``, ``alive`` (probability of being still a customer), ``expected_purchases`` (next 12
        months), ``expected_value`` (per purchase), ``clv_12``, ``clv_24``, ``clv_36``, ``historic``
        (contribution so far). Without a model the forecast columns are NaN.
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
    raise NotImplementedError


def purchase_history(sales: Sales, until: int | None = None) -> pd.DataFrame:
    """Recency and frequency of every known customer up to a local day (default: the last day).

    Orders of one day are one purchase. ``x``: purchases after the first; ``t_x``: weeks from the first
    purchase to the last; ``T``: weeks from the first purchase to ``until``; ``monetary``: mean net goods
    per repeat purchase (NaN where x = 0).

    Returns
    -------
    One row per customer: ``customer_id``, ``x``, ``t_x``, ``T``, ``monetary``, ``purchases``, ``turnover``.
    """
    raise NotImplementedError


def fit_bgnbd(x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> BgNbd:
    """The BG/NBD model that makes these purchase histories most likely."""
    raise NotImplementedError


def fit_gamma_gamma(x: np.ndarray, monetary: np.ndarray) -> GammaGamma:
    """The Gamma-Gamma model that makes these mean values most likely (only customers with x > 0 count)."""
    raise NotImplementedError


def probability_alive(model: BgNbd, x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> np.ndarray:
    """Probability that a customer with this history will buy again; 1 where x = 0 (by the model's making)."""
    raise NotImplementedError


def expected_purchases(
    model: BgNbd, weeks: float, x: np.ndarray, t_x: np.ndarray, T: np.ndarray
) -> np.ndarray:
    """Purchases expected in the next ``weeks`` of a customer with this history (FHL 2005, equation 10)."""
    raise NotImplementedError


def expected_purchases_of_new(model: BgNbd, weeks: np.ndarray) -> np.ndarray:
    """Repeat purchases expected of a new customer within ``weeks`` (FHL 2005, equation 9)."""
    raise NotImplementedError


def expected_value(model: GammaGamma, x: np.ndarray, monetary: np.ndarray) -> np.ndarray:
    """Expected value per purchase, each customer's own mean drawn towards that of all."""
    raise NotImplementedError

"""Demand over a lead time as a distribution: tails, quantiles and expected shortages, for arrays of products.

The normal alone is wrong where demand is lumpy: it puts weight below zero and too little in the tail. Which
one is taken is told by :func:`demand_kind`. All four have closed forms (Zipkin 2000, appendix C): from
x·f(x; parameters) = mean · f(x − 1; shifted parameters) every partial moment is a tail of the same family.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, gammainc, gammaincc, gammaincinv, ndtr, ndtri

NORMAL, GAMMA, POISSON, NEGATIVE_BINOMIAL = "normal", "gamma", "poisson", "negative_binomial"

FEW_UNITS = 30.0  # below so many over the lead time, whole units matter
STEADY = 0.25  # coefficient of variation up to which a normal has no weight below zero (z = −4)
_LIKE_POISSON = 0.05  # how far variance / mean may lie from 1
_TINY = 1e-9


def demand_kind(mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Which distribution demand over a lead time follows, by its mean and standard deviation.

    "poisson" or "negative_binomial" for few units (variance equal to, or above, the mean), else "normal"
    where demand is steady (coefficient of variation up to 0.25) and "gamma" where it is not.
    """
    mean, sd = np.broadcast_arrays(np.asarray(mean, dtype="float64"), np.asarray(sd, dtype="float64"))
    ratio = sd**2 / np.maximum(mean, _TINY)
    few = mean < FEW_UNITS
    return np.select(
        [few & (ratio > 1 + _LIKE_POISSON), few & (ratio >= 1 - _LIKE_POISSON), sd <= STEADY * mean],
        [NEGATIVE_BINOMIAL, POISSON, NORMAL],
        GAMMA,
    )


@dataclass(frozen=True)
class LeadTimeDemand:
    """Demand over some days, one entry per product: ``kind``, ``mean`` and ``sd`` in units."""

    kind: np.ndarray
    mean: np.ndarray
    sd: np.ndarray

    @classmethod
    def of(cls, mean: np.ndarray, sd: np.ndarray, kind: np.ndarray | None = None) -> LeadTimeDemand:
        """By mean and standard deviation; ``kind`` by :func:`demand_kind` unless it is given."""
        mean = np.asarray(mean, dtype="float64")
        mean, sd = np.broadcast_arrays(mean, np.asarray(sd, dtype="float64"))
        chosen = demand_kind(mean, sd) if kind is None else np.broadcast_to(kind, mean.shape)
        low = np.maximum(mean, _TINY)
        spread = np.maximum(sd, _TINY * np.maximum(low, 1.0))
        over = np.sqrt(low * (1 + 1e-6))  # a negative binomial varies more than a Poisson
        spread = np.where(chosen == NEGATIVE_BINOMIAL, np.maximum(spread, over), spread)
        return cls(np.asarray(chosen), low, np.where(chosen == POISSON, np.sqrt(low), spread))

    @property
    def whole(self) -> np.ndarray:
        """Where only whole units are asked for."""
        return (self.kind == POISSON) | (self.kind == NEGATIVE_BINOMIAL)

    def tail(self, at: np.ndarray) -> np.ndarray:
        """P(demand > at)."""
        return self._moments(at, 0)[0]

    def excess(self, at: np.ndarray, power: int) -> np.ndarray:
        """E[(demand − at)^power; demand > at], for a power of 1, 2 or 3."""
        return self._excesses(at, power)[power]

    def loss(self, at: np.ndarray) -> np.ndarray:
        """Expected shortage of a stock of ``at``: E[(demand − at)⁺], units."""
        return self.excess(at, 1)

    def second_loss(self, at: np.ndarray) -> np.ndarray:
        """The loss summed over all stocks above ``at``: ∫ E[(demand − y)⁺] dy, or the sum over whole y."""
        moments = self._excesses(at, 2)
        return np.where(self.whole, (moments[2] - moments[1]) / 2, moments[2] / 2)

    def third_loss(self, at: np.ndarray) -> np.ndarray:
        """The squared shortage summed over all stocks above ``at``: ∫ E[((demand − y)⁺)²] dy."""
        first, second, third = self._excesses(at, 3)[1:]
        return np.where(self.whole, (2 * third - 3 * second + first) / 6, third / 3)

    def quantile(self, share: np.ndarray | float) -> np.ndarray:
        """The least stock that demand exceeds with a probability of at most 1 − ``share``."""
        share = np.broadcast_to(np.asarray(share, dtype="float64"), self.mean.shape)
        result = self.mean + ndtri(share) * self.sd
        gamma = self.kind == GAMMA
        if gamma.any():
            shape, scale = _gamma(self.mean[gamma], self.sd[gamma])
            result[gamma] = gammaincinv(shape, share[gamma]) * scale
        if self.whole.any():
            result[self.whole] = self._taken(self.whole)._whole_quantile(share[self.whole])
        return result

    def _whole_quantile(self, share: np.ndarray) -> np.ndarray:
        low = np.full(len(share), -1.0)
        high = np.ceil(self.mean + self.sd * np.sqrt(share / np.maximum(1 - share, 1e-12)))  # Cantelli
        while (high - low > 1).any():
            middle = np.floor((low + high) / 2)
            enough = self.tail(middle) <= 1 - share + 1e-12
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        return high

    def _taken(self, rows: np.ndarray) -> LeadTimeDemand:
        return LeadTimeDemand(self.kind[rows], self.mean[rows], self.sd[rows])

    def _excesses(self, at: np.ndarray, most: int) -> list[np.ndarray]:
        at = np.broadcast_to(np.asarray(at, dtype="float64"), self.mean.shape)
        raw = self._moments(at, most)
        one = [raw[0]]
        for power in range(1, most + 1):
            terms = (_BINOMIAL[power][i] * (-at) ** (power - i) * raw[i] for i in range(power + 1))
            one.append(np.maximum(np.sum(list(terms), axis=0), 0.0))
        normal = self.kind == NORMAL
        if normal.any():
            for power, exact in enumerate(
                _normal_excess(at[normal], self.mean[normal], self.sd[normal], most)
            ):
                one[power][normal] = exact
        return one

    def _moments(self, at: np.ndarray, most: int) -> list[np.ndarray]:
        """E[demand^j; demand > at] for j up to ``most`` (the normal's only for j = 0)."""
        at = np.broadcast_to(np.asarray(at, dtype="float64"), self.mean.shape)
        result = [np.zeros(self.mean.shape) for _ in range(most + 1)]
        for kind, moments in _MOMENTS.items():
            rows = self.kind == kind
            if rows.any():
                for power, found in enumerate(moments(at[rows], self.mean[rows], self.sd[rows], most)):
                    result[power][rows] = found
        return result


_BINOMIAL = ((1,), (1, 1), (1, 2, 1), (1, 3, 3, 1))


def _gamma(mean: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (mean / sd) ** 2, sd**2 / mean


def _normal_excess(at: np.ndarray, mean: np.ndarray, sd: np.ndarray, most: int) -> list[np.ndarray]:
    z = (at - mean) / sd
    density, above = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi), ndtr(-z)
    found = [
        above,
        density - z * above,
        (z**2 + 1) * above - z * density,
        (z**2 + 2) * density - (z**3 + 3 * z) * above,
    ]
    return [np.maximum(found[power], 0.0) * sd**power for power in range(most + 1)]


def _normal_moments(at: np.ndarray, mean: np.ndarray, sd: np.ndarray, most: int) -> list[np.ndarray]:
    return [ndtr(-(at - mean) / sd)]


def _gamma_moments(at: np.ndarray, mean: np.ndarray, sd: np.ndarray, most: int) -> list[np.ndarray]:
    shape, scale = _gamma(mean, sd)
    scaled = np.maximum(at, 0.0) / scale
    found, factor = [], np.ones(len(mean))
    for power in range(most + 1):
        found.append(factor * gammaincc(shape + power, scaled))
        factor = factor * scale * (shape + power)
    return found


def _poisson_moments(at: np.ndarray, mean: np.ndarray, sd: np.ndarray, most: int) -> list[np.ndarray]:
    least = np.floor(at)

    def above(count: np.ndarray) -> np.ndarray:
        return np.where(count < 0, 1.0, gammainc(np.maximum(count, 0) + 1, mean))

    return _raw([mean**power * above(least - power) for power in range(most + 1)])


def _binomial_moments(at: np.ndarray, mean: np.ndarray, sd: np.ndarray, most: int) -> list[np.ndarray]:
    least, variance = np.floor(at), sd**2
    size, again = mean**2 / (variance - mean), (variance - mean) / variance
    factorial, factor = [], np.ones(len(mean))
    for power in range(most + 1):
        count = least - power
        above = np.where(count < 0, 1.0, betainc(np.maximum(count, 0) + 1, size + power, again))
        factorial.append(factor * above)
        factor = factor * (size + power) * again / (1 - again)
    return _raw(factorial)


def _raw(factorial: list[np.ndarray]) -> list[np.ndarray]:
    """Moments of x from those of x, x(x − 1) and x(x − 1)(x − 2)."""
    found = factorial[:2]
    if len(factorial) > 2:
        found.append(factorial[2] + factorial[1])
    if len(factorial) > 3:
        found.append(factorial[3] + 3 * factorial[2] + factorial[1])
    return found


_MOMENTS = {
    NORMAL: _normal_moments,
    GAMMA: _gamma_moments,
    POISSON: _poisson_moments,
    NEGATIVE_BINOMIAL: _binomial_moments,
}

"""Service levels: cycle service and fill rate, each from the other, and what a policy really gives.

Cycle service is the share of replenishment cycles without a stock-out; fill rate the share of units served
from stock. They differ widely: a safety stock for 95 % of the one is no safety stock for 95 % of the other.
The formulas are those of a firm whose customers wait (backorders); where they go elsewhere instead, a little
more is served than they say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from echannel.metrics.inventory.distributions import GAMMA, NORMAL, LeadTimeDemand

Numbers = np.ndarray | float


def demand_sd(
    per_day: Numbers, sd_day: Numbers, lead_time: Numbers, lead_time_sd: Numbers, review: Numbers = 0.0
) -> np.ndarray:
    """Standard deviation of demand until the next delivery: √((L + R)·σd² + d²·σL²), units."""
    return np.sqrt(
        (np.asarray(lead_time) + review) * np.square(sd_day) + np.square(per_day) * np.square(lead_time_sd)
    )


def safety_factor(cycle_service: Numbers) -> np.ndarray:
    """z such that Φ(z) is the cycle service."""
    return ndtri(np.asarray(cycle_service, dtype="float64"))


def safety_stock(
    cycle_service: Numbers,
    per_day: Numbers,
    sd_day: Numbers,
    lead_time: Numbers,
    lead_time_sd: Numbers,
    review: Numbers = 0.0,
) -> np.ndarray:
    """z·√((L + R)·σd² + d²·σL²), units; R = 0 where the stock is watched all the time."""
    return safety_factor(cycle_service) * demand_sd(per_day, sd_day, lead_time, lead_time_sd, review)


def reorder_point(per_day: Numbers, lead_time: Numbers, safety: Numbers, review: Numbers = 0.0) -> np.ndarray:
    """d·(L + R) + safety stock, units; with R the order-up-to level of a periodic review."""
    return np.asarray(per_day) * (np.asarray(lead_time) + review) + safety


def unit_loss(z: Numbers) -> np.ndarray:
    """G(z) = φ(z) − z·(1 − Φ(z)): expected shortage in standard deviations."""
    z = np.asarray(z, dtype="float64")
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) - z * ndtr(-z)


def unit_loss_inverse(loss: Numbers) -> np.ndarray:
    """z such that G(z) is ``loss`` (positive), by Newton's method on ln G, which is concave."""
    wanted = np.maximum(np.asarray(loss, dtype="float64"), 1e-300)
    z = np.where(wanted > 0.4, -wanted, np.sqrt(np.maximum(-2 * np.log(wanted), 0.0)))
    for _ in range(60):
        found = np.maximum(unit_loss(z), 1e-300)
        step = np.clip((np.log(found) - np.log(wanted)) * found / np.maximum(ndtr(-z), 1e-300), -2, 2)
        z = z + step
        if np.all(np.abs(step) < 1e-12):
            break
    return z


def fill_rate(z: Numbers, sd: Numbers, quantity: Numbers) -> np.ndarray:
    """1 − σ_L·G(z)/Q: the share of units served from stock, normal demand over the lead time."""
    return 1 - np.asarray(sd) * unit_loss(z) / quantity


def safety_factor_for_fill_rate(fill: Numbers, sd: Numbers, quantity: Numbers) -> np.ndarray:
    """z such that 1 − σ_L·G(z)/Q is the fill rate; −∞ where no stock is needed for it."""
    return unit_loss_inverse((1 - np.asarray(fill)) * quantity / np.asarray(sd))


def fill_rate_of_cycle_service(cycle_service: Numbers, sd: Numbers, quantity: Numbers) -> np.ndarray:
    """The fill rate that a cycle service gives."""
    return fill_rate(safety_factor(cycle_service), sd, quantity)


def cycle_service_of_fill_rate(fill: Numbers, sd: Numbers, quantity: Numbers) -> np.ndarray:
    """The cycle service that a fill rate needs."""
    return ndtr(safety_factor_for_fill_rate(fill, sd, quantity))


@dataclass(frozen=True)
class Protection:
    """Demand that a stock must bear, per product, under review every R days (0: at all times).

    The policy is (R, s, nQ): at every review, where the position (on hand − reserved + on order) is at or
    below s, as many whole order quantities are ordered as lift it above s. With Q of one unit it is the
    periodic (R, S) policy with S = s + Q; with R = 0 the (s, Q) policy of the textbooks. At reviews the
    position is spread evenly over (s, s + Q] (Hadley and Whitin 1963), so all figures below are exact for
    steady lead times; a varying one comes in through the variance.

    Attributes
    ----------
    lead : demand over the lead time. cycle : over lead time and review. review : between two reviews.
    per_review : its mean, units; 0 for R = 0.
    """

    lead: LeadTimeDemand
    cycle: LeadTimeDemand
    review: LeadTimeDemand
    per_review: np.ndarray

    @classmethod
    def of(
        cls,
        per_day: np.ndarray,
        sd_day: np.ndarray,
        lead_time: np.ndarray,
        lead_time_sd: np.ndarray,
        review: np.ndarray,
    ) -> Protection:
        """From demand per day, lead time and days between reviews."""
        sd = demand_sd(per_day, sd_day, lead_time, lead_time_sd, review)
        cycle = LeadTimeDemand.of(per_day * (lead_time + review), sd)
        lead_sd = demand_sd(per_day, sd_day, lead_time, lead_time_sd)
        lead = LeadTimeDemand.of(per_day * lead_time, lead_sd, cycle.kind)
        between = np.where(cycle.kind == NORMAL, GAMMA, cycle.kind)  # no review sees a negative demand
        each = LeadTimeDemand.of(per_day * review, sd_day * np.sqrt(review), between)
        return cls(lead, cycle, each, per_day * review)

    def order_chance(self, quantity: np.ndarray) -> np.ndarray:
        """The chance that a review ends in an order; NaN without reviews."""
        with np.errstate(divide="ignore", invalid="ignore"):
            chance = (self.review.mean - self.review.loss(quantity)) / quantity
        return np.where(self.per_review > 0, np.clip(chance, 0, 1), np.nan)

    def until_delivery(self, quantity: np.ndarray) -> LeadTimeDemand:
        """What the reorder point must bear: demand of the lead time, and what a review finds below the point.

        The position at an order lies below s by what was sold since it passed it. Mean and variance are
        exact; the sum is taken to be of the same kind as its parts.
        """
        zero = np.zeros_like(self.lead.mean)
        at = self.review
        weight = at.loss(zero) - at.loss(quantity)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = (at.second_loss(zero) - at.second_loss(quantity)) / weight
            square = (at.third_loss(zero) - at.third_loss(quantity)) / weight
        reviewed = (self.per_review > 0) & (weight > 0)
        mean = np.where(reviewed, mean, 0.0)
        variance = np.where(reviewed, np.maximum(square - mean**2, 0.0), 0.0)
        return LeadTimeDemand.of(self.lead.mean + mean, np.sqrt(self.lead.sd**2 + variance), self.cycle.kind)

    def backorders(self, point: np.ndarray, quantity: np.ndarray, review: bool = False) -> np.ndarray:
        """Expected units owed a lead time after a review (``review``: and just before the next one's)."""
        demand = self.cycle if review else self.lead
        return (demand.second_loss(point) - demand.second_loss(point + quantity)) / quantity

    def fill_rate(self, point: np.ndarray, quantity: np.ndarray) -> np.ndarray:
        """The share of units that are served from stock."""
        return self._served(point, quantity, *self._owed(point, quantity))

    def reached(self, point: np.ndarray, quantity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The fill rate, and units on hand averaged over time; both rest on the units owed."""
        owed = self._owed(point, quantity)
        return self._served(point, quantity, *owed), self._held(point, quantity, *owed)

    def _owed(self, point: np.ndarray, quantity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.backorders(point, quantity), self.backorders(point, quantity, review=True)

    def _served(
        self, point: np.ndarray, quantity: np.ndarray, after: np.ndarray, before: np.ndarray
    ) -> np.ndarray:
        """``after``, ``before``: units owed a lead time after a review, and just before the next one's."""
        short, always = np.zeros(point.shape), ~(self.per_review > 0)
        np.divide(before - after, self.per_review, out=short, where=~always)
        if always.any():
            watched = (self.lead.loss(point) - self.lead.loss(point + quantity)) / quantity
            short = np.where(always, watched, short)
        return 1 - np.clip(short, 0, 1)

    def _held(
        self, point: np.ndarray, quantity: np.ndarray, after: np.ndarray, before: np.ndarray
    ) -> np.ndarray:
        step = np.where(self.lead.whole, 1.0, 0.0)
        position = point + (quantity + step) / 2
        owed = (after + before) / 2  # the mean between two reviews, to second order
        return np.maximum(position - self.lead.mean - self.per_review / 2 + owed, 0.0)

    def cycle_service(self, point: np.ndarray, quantity: np.ndarray) -> np.ndarray:
        """The share of deliveries that come before the stock is out."""
        return 1 - self.until_delivery(quantity).tail(point)

    def point_for_fill_rate(self, fill: np.ndarray, quantity: np.ndarray) -> np.ndarray:
        """The least reorder point that serves the wanted share of units, by bisection."""
        low = -quantity.astype("float64")
        high = self.cycle.mean + 8 * self.cycle.sd + 1
        for _ in range(48):
            middle = (low + high) / 2
            middle = np.where(self.lead.whole, np.floor(middle), middle)
            enough = self.fill_rate(middle, quantity) >= fill
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
            if np.all(high - low <= np.where(self.lead.whole, 1.0, 1e-9 * np.maximum(1.0, high))):
                break
        return high

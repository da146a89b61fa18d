"""What is left of a sale abroad: margin per parcel and market, the price that keeps it, break-even.

Money is in the seller's currency, ex VAT; landed steps are turned back at the route's rate. Per parcel:

``revenue`` = price after discount + what the customer pays for carriage, packaging, insurance (all ex VAT);
``margin`` = revenue − goods − outbound carriage and packaging − payment fee − the marketplace's commission −
exchange fee − what the seller bears of duties, fees and the VAT on them (DDP) − returns.

A marketplace takes its commission of all that its customer pays at the checkout, delivery and VAT included,
and asks no payment fee beside it; it is kept when goods come back.

``returns`` = return rate × (revenue given back + carriage back + handling − cost of what can be sold again):
what the customer paid for delivery is given back with the price, as the law of the EU and the UK asks; fees
and duties paid are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from echannel.metrics.market.crossing import Options, Route
from echannel.metrics.market.landed import CHARGED, cents, route_cost
from echannel.metrics.market.parcels import Parcels

PARTS = (
    "revenue",
    "goods_cost",
    "outbound",
    "payment_fee",
    "marketplace_fee",
    "exchange_fee",
    "seller_bears",
    "returns",
    "margin",
)
_CENT = 0.01


@dataclass(frozen=True)
class SellingCosts:
    """What a parcel costs the seller in one market, its own currency, ex VAT; NaN: not known.

    ``outbound``: carrier and packaging; ``fee_rate`` (of what is taken at the checkout, incl. VAT) and
    ``fee_fixed`` of the payment provider; ``exchange_fee_rate``: what a foreign currency costs, as a share of
    what is taken; ``return_rate``: share of parcels that come back, ``return_cost`` carriage back and
    handling of one, ``resaleable``: share of what comes back that is sold again;
    ``marketplace_rate``: a marketplace's commission as a share of what is taken, where the sale is made
    through one (``Options.marketplace``).
    """

    outbound: float = 0.0
    fee_rate: float = 0.0
    fee_fixed: float = 0.0
    exchange_fee_rate: float = 0.0
    return_rate: float = 0.0
    return_cost: float = 0.0
    resaleable: float = 1.0
    marketplace_rate: float = 0.0


@dataclass(frozen=True)
class Margins:
    """The parts of the margin by names in ``PARTS``: arrays ``(parcels, markets)``, seller's currency."""

    parts: dict[str, np.ndarray]

    def __getitem__(self, part: str) -> np.ndarray:
        return self.parts[part]

    @property
    def rate(self) -> np.ndarray:
        """Margin / revenue (taux de marque on the parcel); NaN without revenue."""
        revenue = self.parts["revenue"]
        safe = np.where(revenue > 0, revenue, np.nan)
        return self.parts["margin"] / safe


def margins(
    parcels: Parcels,
    cost: np.ndarray,
    routes: Sequence[Route],
    selling: Sequence[SellingCosts],
    options: Options | None = None,
) -> Margins:
    """The margin of every parcel on every route; ``cost``: the goods of each parcel, seller's currency."""
    chosen = options or Options()
    found = [
        _parts(parcels, cost, route, costs, chosen) for route, costs in zip(routes, selling, strict=True)
    ]
    return Margins({part: np.stack([one[part] for one in found], axis=1) for part in PARTS})


def price_keeping_margin(
    parcels: Parcels,
    cost: np.ndarray,
    target: np.ndarray,
    route: Route,
    selling: SellingCosts,
    options: Options | None = None,
    keep: Literal["rate", "money"] = "rate",
) -> np.ndarray:
    """The price of each parcel's goods (seller's currency, ex VAT, before discount) that keeps a margin.

    ``target`` by parcel: margin / revenue (``rate``), or the margin itself (``money``). Below and above the
    limit of the rules the margin is a straight line in the price, so each side has one solution in closed
    form; the cheaper one that lies on its own side holds. Where neither does (the limit itself jumps over the
    target), the price just above the limit is taken if it keeps the margin. Rounded up to the cent. NaN: no
    price does, or what it costs below the limit is not known (a lower price may do).
    """
    chosen = options or Options()
    goods = parcels.total(parcels.value)
    limit = _limit(route, chosen)
    nothing = np.zeros(len(goods))
    wanted = (target, nothing) if keep == "rate" else (nothing, target)
    answers, known_below = [], np.ones(len(goods), dtype=bool)
    for low in (True, False):
        one, two = (_gap(parcels, cost, wanted, route, selling, chosen, scale, low) for scale in (1.0, 2.0))
        slope = two - one
        known_below = np.isfinite(one) if low and np.isfinite(limit) else known_below
        with np.errstate(divide="ignore", invalid="ignore"):
            price = goods * np.where(slope > 0, 1 - one / slope, np.nan)
        value = price * (1 - chosen.discount) * route.currency_rate
        fits = value <= limit if low else value > limit
        answers.append(np.where(fits & (price > 0), price, np.nan))
    jump = limit / ((1 - chosen.discount) * route.currency_rate) + _CENT
    above = np.where(np.isfinite(jump), jump, np.nan)
    kept = _gap(parcels, cost, wanted, route, selling, chosen, above / goods, False) >= 0
    at_jump = np.where(kept, above, np.nan)
    best = np.where(np.isfinite(answers[0]), answers[0], answers[1])
    best = np.where(known_below, np.where(np.isfinite(best), best, at_jump), np.nan)
    return np.ceil(np.round(best * 100, 6)) / 100


def repriced(parcels: Parcels, price: np.ndarray) -> Parcels:
    """The same parcels, with their goods at another price in all."""
    goods = parcels.total(parcels.value)
    with np.errstate(divide="ignore", invalid="ignore"):
        return replace(parcels, value=parcels.value * (price / goods)[parcels.parcel])


def break_even_orders(fixed: float, margin_per_order: float) -> float:
    """Orders that pay a fixed cost: ⌈fixed / margin per order⌉; inf where an order leaves nothing."""
    if not (np.isfinite(fixed) and np.isfinite(margin_per_order)):
        return float("nan")
    if fixed <= 0:
        return 0.0
    if margin_per_order <= 0:
        return float("inf")
    return float(np.ceil(np.round(fixed / margin_per_order, 9)))


def at_other_rates(
    parcels: Parcels,
    cost: np.ndarray,
    route: Route,
    selling: SellingCosts,
    rates: Sequence[float],
    options: Options | None = None,
) -> np.ndarray:
    """The margin ``(parcels, rates)`` when the rate moves and prices abroad stay as they are.

    Prices, and what is charged for delivery, are fixed in the market's currency at the route's own rate;
    costs at home stay. So a stronger home currency (a higher rate) takes margin away.
    """
    chosen = options or Options()
    found = []
    for rate in rates:
        factor = route.currency_rate / rate
        moved = replace(
            route,
            currency_rate=rate,
            carriage=route.carriage * factor,
            packaging=route.packaging * factor,
            clearance_fee=None if route.clearance_fee is None else route.clearance_fee * factor,
        )
        repriced_here = replace(parcels, value=parcels.value * factor)
        found.append(_parts(repriced_here, cost, moved, selling, chosen)["margin"])
    return np.stack(found, axis=1)


def _parts(
    parcels: Parcels,
    cost: np.ndarray,
    route: Route,
    selling: SellingCosts,
    options: Options,
    scale: np.ndarray | float = 1.0,
    low: bool | None = None,
    rounded: bool = True,
) -> dict[str, np.ndarray]:
    money = cents if rounded else np.asarray
    steps = route_cost(parcels, route, options, scale, low, rounded)
    back = 1 / route.currency_rate
    charged = np.sum([steps[name] for name in CHARGED], axis=0)
    taken = steps["at_checkout"] * back
    payment = money(taken * selling.fee_rate + selling.fee_fixed)
    commission = money(taken * selling.marketplace_rate)
    parts = {
        "revenue": money(charged * back),
        "goods_cost": money(np.asarray(cost, dtype="float64")),
        "outbound": np.full(len(cost), selling.outbound),
        "payment_fee": np.zeros(len(cost)) if options.marketplace else payment,
        "marketplace_fee": commission if options.marketplace else np.zeros(len(cost)),
        "exchange_fee": money(taken * selling.exchange_fee_rate),
        "seller_bears": money(steps["seller_bears"] * back),
    }
    given_back = parts["revenue"] + selling.return_cost - parts["goods_cost"] * selling.resaleable
    parts["returns"] = money(selling.return_rate * given_back)
    taken_away = sum(parts[name] for name in PARTS[1:-1])
    parts["margin"] = np.round(parts["revenue"] - taken_away, 6)
    return parts


def _gap(
    parcels: Parcels,
    cost: np.ndarray,
    wanted: tuple[np.ndarray, np.ndarray],
    route: Route,
    selling: SellingCosts,
    options: Options,
    scale: np.ndarray | float,
    low: bool,
) -> np.ndarray:
    """Margin − rate × revenue − amount at prices times ``scale``, on one side of the limits: a line."""
    parts = _parts(parcels, cost, route, selling, options, scale, low, rounded=False)
    rate, amount = wanted
    return parts["margin"] - rate * parts["revenue"] - amount


def _limit(route: Route, options: Options) -> float:
    """The intrinsic value (rules' currency) at which the way over the border changes; inf without one."""
    limits = [rule.up_to for rule in route.rules.rules if rule.up_to and options.kind in rule.kinds]
    return min(limits, default=np.inf)

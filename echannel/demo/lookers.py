"""Who looks in from abroad: a part of the organic visits, from countries that buy and some that do not."""

from __future__ import annotations

import numpy as np

from echannel.demo.trade import Trade

# Countries that look and do not buy, as a share of the visits that come by a search on a phone.
_ONLY_LOOK = {"GB": {"ES": 0.035, "AU": 0.015}, "FR": {"IT": 0.035, "CA": 0.02}}
_LOOKS_PER_ORDER = 4.5  # a country's share of those visits against its share of orders: many look, fewer buy
_MOST = 0.6


def visits_from_abroad(trade: Trade, shops: list[int], figures: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """What of a row of visits (sessions, views, carts, checkouts, orders, by day) came from abroad.

    Returns day, country and the five figures, one entry per day and country with a visit. Drawn apart from
    everything else, so that the firm's sales do not move with it.
    """
    firm = trade.firm
    rng = np.random.default_rng([*firm.id.encode()])
    shares = _shares(trade, shops)
    left = 1.0
    found: list[tuple[np.ndarray, ...]] = []
    rest = [figure.copy() for figure in figures]
    for code, share in shares.items():
        came = rng.binomial(rest[0], min(share / left, 1.0))
        left -= share
        part = np.divide(came, rest[0], out=np.zeros(len(came)), where=rest[0] > 0)
        bought = np.minimum(rng.binomial(rest[4], part), came) * (code not in _ONLY_LOOK[firm.country])
        paying = bought + rng.binomial(rest[3] - rest[4], part)
        carted = paying + rng.binomial(rest[2] - rest[3], part)
        drawn = (came, rng.binomial(rest[1], part), carted, paying, bought)
        rest = [have - taken for have, taken in zip(rest, drawn, strict=True)]
        days = np.flatnonzero(came)
        found.append((days, np.full(len(days), code), *(figure[days] for figure in drawn)))
    if not found:
        none = np.zeros(0, dtype=int)
        return none, none.astype(str), *([none] * len(figures))
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))


def _shares(trade: Trade, shops: list[int]) -> dict[str, float]:
    """Each country's share of the visits: by its orders in the firm's own shops, and those who only look."""
    firm, orders = trade.firm, trade.orders
    own = orders["outlet"].isin(shops).to_numpy()
    countries = trade.customers["country"].to_numpy()[orders["customer"]][own]
    codes, counts = np.unique(countries[countries != firm.country], return_counts=True)
    if not len(codes):
        return {}
    shares = dict(zip(map(str, codes), (_LOOKS_PER_ORDER * counts / len(countries)).tolist(), strict=True))
    shares |= _ONLY_LOOK[firm.country]
    whole = sum(shares.values())
    return {code: share * min(1.0, _MOST / whole) for code, share in shares.items()}

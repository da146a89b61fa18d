"""Who orders what, when and for how much: one firm's trade, drawn from a seed.

Customers order at rates that differ between them (gamma) and drop out after some orders (beta), as in the
BG/NBD model; a clock that runs faster on lively days turns their even rhythm into seasons and sales. A firm's
orders come at a steadier beat. Demand for what is sold out is lost, or goes to another product.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from echannel.demo.amounts import TILLS, priced
from echannel.demo.catalogue import catalogue, life, out_of_stock, words
from echannel.demo.demand import days_of, liveliness, trend
from echannel.demo.firms import Firm
from echannel.demo.people import people

BEFORE = 1100  # days that are played before the window, so that it opens on customers of long standing
_UNITS = {"food": 1.1, "wine": 2.6, "garden": 0.8, "parts": 0.7, "toys": 0.25, "books": 0.2, "gifts": 0.45}


@dataclass(frozen=True)
class Trade:
    """All that one firm sold: ``orders`` and ``lines`` (joined by ``order``, a number), ``customers``,
    ``products`` by number. Days are counted from the window's first."""

    firm: Firm
    first: date
    last: date
    orders: pd.DataFrame
    lines: pd.DataFrame
    customers: pd.DataFrame
    products: pd.DataFrame


def simulate(firm: Firm, first: date, last: date, rng: np.random.Generator) -> Trade:
    """The firm's trade from ``first`` to ``last``."""
    opening = max(first, firm.starts or first)
    products = catalogue(firm, (last - first).days + 1, rng)
    parts: list[pd.DataFrame] = []
    persons: list[pd.DataFrame] = []
    for kind in sorted({outlet.kind for outlet in firm.outlets}):
        share = sum(outlet.share for outlet in firm.outlets if outlet.kind == kind)
        customer, day = _occasions(firm, kind, round(firm.orders * share), first, opening, last, rng)
        number, customer = np.unique(customer, return_inverse=True)
        who = people(firm, kind, len(number), rng)
        who["outlet"] = _outlets(firm, kind, len(number), rng)
        till = np.array([outlet.format in TILLS for outlet in firm.outlets])[who["outlet"]]
        who["country"] = who["country"].where(~till, firm.country)
        offset = sum(len(other) for other in persons)
        parts.append(pd.DataFrame({"customer": customer + offset, "day": day, "kind": kind}))
        persons.append(who.assign(kind=kind))
    customers = pd.concat(persons, ignore_index=True)
    orders = pd.concat(parts, ignore_index=True)
    orders["second"] = _time_of_day(len(orders), rng)
    orders = orders.sort_values(["day", "second", "customer"], ignore_index=True)
    orders["outlet"] = customers["outlet"].to_numpy()[orders["customer"]]
    lines = _baskets(firm, orders, customers, products, first, rng)
    kept = np.unique(lines["order"])  # an order whose every line was sold out was never placed
    lines["order"] = np.searchsorted(kept, lines["order"])
    orders = orders.iloc[kept].reset_index(drop=True)
    orders, lines = priced(firm, orders, lines, customers, products, first, last, rng)
    return Trade(firm, first, last, orders, lines, customers, products)


def _occasions(
    firm: Firm, kind: str, wanted: int, first: date, opening: date, last: date, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Customer number and day of about ``wanted`` orders in the window."""
    start = opening if firm.starts else first - timedelta(days=BEFORE)
    days = days_of(start, last)
    lively = liveliness(firm, days, words()["seasons"][firm.sector], kind)
    lively = lively / lively.mean()
    clock = np.cumsum(lively)
    pool = int(wanted * 1.7) + 60
    arrival = rng.choice(len(days), pool, p=_normalised(lively * trend(firm, days, first)))
    if kind == "b2b":  # most accounts are old ones
        arrival = np.where(rng.random(pool) < 0.65, rng.integers(0, max(1, BEFORE // 3), pool), arrival)
    rate, leaves = _temper(firm, kind, pool, rng)
    who, when = _repeats(clock, arrival, rate, leaves, firm.regularity if kind == "b2b" else 1.0, rng)
    day = when + (start - first).days
    inside = day >= 0
    who, day = who[inside], day[inside]
    order = np.lexsort((day, who))
    return who[order][:wanted], day[order][:wanted]


def _temper(firm: Firm, kind: str, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Orders per day of the clock, and the chance to leave after each order, by customer."""
    if kind == "b2b":
        per_year = max(6.0, firm.repeat / 1.9)
        return rng.gamma(3.0, per_year / 3.0 / 365, n), rng.beta(0.6, 30.0, n)
    per_year = 0.7 + 1.1 * min(firm.repeat, 3.0)
    return rng.gamma(0.9, per_year / 0.9 / 365, n), rng.beta(0.9, 1.2 + 1.1 * min(firm.repeat, 3.0), n)


def _repeats(
    clock: np.ndarray,
    arrival: np.ndarray,
    rate: np.ndarray,
    leaves: np.ndarray,
    regularity: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    active = np.arange(len(arrival))
    moment = clock[arrival] - rng.random(len(arrival)) * np.diff(clock, prepend=0.0)[arrival]
    who, when = [active], [arrival]
    while len(active):
        moment = moment + rng.gamma(regularity, 1 / regularity, len(active)) / rate[active]
        stays = (rng.random(len(active)) >= leaves[active]) & (moment < clock[-1])
        active, moment = active[stays], moment[stays]
        who.append(active)
        when.append(np.searchsorted(clock, moment))
    return np.concatenate(who), np.concatenate(when)


def _outlets(firm: Firm, kind: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """The outlet that each customer buys from."""
    numbers = [number for number, outlet in enumerate(firm.outlets) if outlet.kind == kind]
    shares = np.array([firm.outlets[number].share for number in numbers])
    return rng.choice(numbers, n, p=shares / shares.sum())


def _time_of_day(n: int, rng: np.random.Generator) -> np.ndarray:
    evening = rng.random(n) < 0.45
    hour = np.where(evening, rng.normal(20.3, 1.4, n), rng.normal(13.0, 2.8, n))
    return (np.clip(hour, 6.5, 23.8) * 3600).astype(int)


def _baskets(
    firm: Firm,
    orders: pd.DataFrame,
    customers: pd.DataFrame,
    products: pd.DataFrame,
    first: date,
    rng: np.random.Generator,
) -> pd.DataFrame:
    size = customers["size"].to_numpy()[orders["customer"]]
    count = 1 + np.minimum(rng.poisson(firm.basket * np.sqrt(size)), 14)
    order = np.repeat(np.arange(len(orders)), count)
    day = orders["day"].to_numpy()[order]
    month = (np.datetime64(first) + day).astype("datetime64[M]").astype(int) % 12 + 1
    product = _chosen(products, day, month, rng)
    partner = products["partner"].to_numpy()[product]
    joined = (partner >= 0) & (rng.random(len(order)) < 0.35)
    joined &= (life(products, partner, day, month) > 0.3) & ~out_of_stock(products, partner, day)
    lines = pd.DataFrame(
        {
            "order": np.concatenate([order, order[joined]]),
            "product": np.concatenate([product, partner[joined]]),
        }
    )
    lines = lines[lines["product"] >= 0].drop_duplicates().sort_values(["order", "product"])
    lines = lines.reset_index(drop=True)
    lines["quantity"] = _quantities(firm, orders, lines, products, size, rng)
    return lines


def _chosen(
    products: pd.DataFrame, day: np.ndarray, month: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """One product per wish: drawn by popularity, again while it is not to be had; -1 when it stays lost."""
    weight = _normalised(products["popularity"].to_numpy())
    choice = np.full(len(day), -1)
    open_wishes = np.arange(len(day))
    for _ in range(25):
        drawn = rng.choice(len(weight), len(open_wishes), p=weight)
        at, when = day[open_wishes], month[open_wishes]
        offered = rng.random(len(drawn)) < life(products, drawn, at, when)
        gone = offered & out_of_stock(products, drawn, at)
        choice[open_wishes[offered & ~gone]] = drawn[offered & ~gone]
        walked_away = gone & (rng.random(len(drawn)) < 0.6)
        open_wishes = open_wishes[~(offered & ~gone) & ~walked_away]
        if not len(open_wishes):
            break
    return choice


def _quantities(
    firm: Firm,
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    products: pd.DataFrame,
    size: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    of_firm = (orders["kind"] == "b2b").to_numpy()[lines["order"]]
    cheap = np.clip(30 / products["net"].to_numpy()[lines["product"]], 0.15, 4.0)
    private = 1 + rng.poisson(_UNITS.get(firm.sector, 0.12) * np.minimum(cheap, 1.5))
    trade = np.ceil(rng.lognormal(0.9, 0.7, len(lines)) * cheap * size[lines["order"]])
    lot = products["lot"].to_numpy()[lines["product"]]
    return np.where(of_firm, np.maximum(1, trade) * np.where(lot > 1, lot, 1), private).astype(int)


def _normalised(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum()

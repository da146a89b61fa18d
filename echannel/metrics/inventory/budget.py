"""Which orders first when cash is short: whole packs, by the lost margin that each avoids per money.

Every further pack of a product avoids less than the one before (expected shortage is convex in stock), so
taking packs in the order of lost margin avoided per money, and leaving out what does not fit, never spends
more than the budget, and a larger budget never avoids less: where a larger budget first changes the choice,
it is spent whole on packs worth more per money than those they displace.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from echannel.metrics.inventory.distributions import LeadTimeDemand
from echannel.metrics.inventory.quantities import rounded

STEPS = 40  # packs are tied together where a wanted quantity holds more


@dataclass(frozen=True)
class Packs:
    """Steps in which wanted quantities can be bought; those of one product follow each other.

    ``row`` (the product), ``units``, ``cost`` and ``avoided`` (expected lost margin) of each step.
    """

    row: np.ndarray
    units: np.ndarray
    cost: np.ndarray
    avoided: np.ndarray


def packs_of(
    wanted: np.ndarray,
    least: np.ndarray,
    pack: np.ndarray,
    position: np.ndarray,
    demand: LeadTimeDemand,
    margin: np.ndarray,
    unit_cost: np.ndarray,
) -> Packs:
    """The steps of each wanted quantity: first the supplier's minimum, then pack by pack.

    ``avoided`` = margin × what the step takes off E[(demand − stock)⁺] until the delivery after the next.
    A product without a known cost or margin has no steps.
    """
    first = np.minimum(rounded(0.0, least, pack), wanted)
    size = pack * np.maximum(np.ceil((wanted - first) / pack / (STEPS - 1)), 1)
    more = np.ceil((wanted - first) / size - 1e-9)
    priced = (wanted > 0) & np.isfinite(unit_cost) & np.isfinite(margin)
    count = np.where(priced, 1 + more, 0).astype("int64")
    row = np.repeat(np.arange(len(wanted)), count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    upper = np.minimum(first[row] + number * size[row], wanted[row])
    lower = np.where(number == 0, 0.0, first[row] + (number - 1) * size[row])
    each = LeadTimeDemand(demand.kind[row], demand.mean[row], demand.sd[row])
    avoided = each.loss(position[row] + lower) - each.loss(position[row] + upper)
    units = upper - lower
    return Packs(row, units, units * unit_cost[row], np.maximum(avoided, 0) * np.maximum(margin[row], 0.0))


def within_budget(packs: Packs, budget: float) -> np.ndarray:
    """Which steps to buy (boolean): the best per money first, leaving out what does not fit.

    A product whose next step does not fit gets no later one either.
    """
    size = int(packs.row.max()) + 1 if len(packs.row) else 0
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = np.where(packs.cost > 0, packs.avoided / packs.cost, np.inf)
    first = np.arange(len(packs.row))
    order = np.lexsort((first, -_falling(worth, packs.row)))
    taken = np.zeros(len(order), dtype=bool)
    left = float(budget)
    while len(order):
        spent = np.cumsum(packs.cost[order])
        fits = int(np.searchsorted(spent, left + 1e-9, side="right"))
        taken[order[:fits]] = True
        if fits == len(order):
            break
        left -= float(spent[fits - 1]) if fits else 0.0
        rest = order[fits:]
        dear = packs.cost[rest] > left + 1e-9
        reached = np.full(size, len(rest))
        np.minimum.at(reached, packs.row[rest[dear]], np.nonzero(dear)[0])
        order = rest[np.arange(len(rest)) < reached[packs.row[rest]]]
    return taken


def _falling(worth: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Each product's worth per money, never above that of its own earlier step (beyond rounding)."""
    table = worth.copy()
    starts = np.nonzero(np.r_[True, row[1:] != row[:-1]])[0] if len(row) else np.array([], dtype="int64")
    number = np.arange(len(row)) - np.repeat(starts, np.diff(np.r_[starts, len(row)]))
    for step in range(1, int(number.max()) + 1 if len(row) else 0):
        at = np.nonzero(number == step)[0]
        table[at] = np.minimum(table[at], table[at - 1])
    return table

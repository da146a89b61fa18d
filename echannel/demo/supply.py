"""Where a firm's stock comes from: a ledger per product and day, and the purchases that fill it.

For each product: ``stock = opening + Σ (received − sold + returned − lost)``, never below 0, and 0 in its
stock-out window. Sales are given; deliveries are placed so that they suffice: large rare orders, as
small firms buy. Some products are bought far too much, some too little, some until after they died.

What customers send back goes on the shelf again, except food, wine and cosmetics, and products that run
out once: those are written off on the day (``returned`` and ``lost`` both). A gesture gives back no goods.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pandas as pd

from echannel.demo.suppliers import BREAKS, lead_times, suppliers
from echannel.demo.trade import Trade

_NOT_RESOLD = {"food", "wine", "cosmetics"}
_SHELF_LIVES = {"food": (45, 60, 90, 180, 365, 540), "cosmetics": (540, 720, 1080)}
_BEYOND = 150  # days after the window in which deliveries are still planned: what is on order today
_RECENT = 90
# By how a product is bought (little, usual, too much): days of sales kept over when a delivery comes, what
# is kept for a month like the best one, and days of sales left at the end. Who does not know what will be
# sold, and is seldom out of stock, keeps much.
_KEPT = np.array([[3, 14], [30, 80], [120, 240]])
_PEAK = np.array([0.15, 0.6, 1.2])
_LEFT = np.array([[0, 9], [15, 60], [150, 420]])


@dataclass(frozen=True)
class Supply:
    """One firm's stock. ``opening`` by product; ``sold``, ``returned``, ``lost``, ``received`` are products ×
    days. ``products``: ``pack``, ``shelf_life`` (0: none), ``arrives`` (the first day in stock), ``lead``.
    ``purchases``: one row per product and delivery (``received`` -1: to come); days from the window's first.
    """

    suppliers: pd.DataFrame
    products: pd.DataFrame
    purchases: pd.DataFrame
    opening: np.ndarray
    sold: np.ndarray
    returned: np.ndarray
    lost: np.ndarray
    received: np.ndarray
    waiting: np.ndarray  # units of recent orders that nobody has paid yet, products × days

    @property
    def stock(self) -> np.ndarray:
        """Units at the end of each day, products × days."""
        flow = self.received - self.sold + self.returned - self.lost
        return self.opening[:, None] + np.cumsum(flow, axis=1)

    @property
    def on_order(self) -> np.ndarray:
        """Units ordered and not yet received at the end of each day, products × days."""
        known, shape = self.purchases, self.sold.shape
        moves = np.zeros((shape[0], shape[1] + 1))
        ordered = np.maximum(known["ordered"].to_numpy(), 0)
        came = np.where(known["received"] >= 0, known["received"], shape[1])
        np.add.at(moves, (known["product"].to_numpy(), ordered), known["quantity"].to_numpy())
        np.add.at(moves, (known["product"].to_numpy(), came), -known["quantity"].to_numpy())
        return np.cumsum(moves, axis=1)[:, :-1].astype(int)


def supply(trade: Trade, seed: int) -> Supply:
    """The firm's suppliers, purchases and stock, with a generator of their own: sales keep their draws."""
    rng = np.random.default_rng([seed, crc32(trade.firm.id.encode()), 2])
    known = suppliers(trade.firm, rng)
    days = (trade.last - trade.first).days + 1
    sold, returned, waiting = _sold(trade, days)
    products = _products(trade, known, days, rng)
    lost = _lost(trade, products, sold, returned, rng)
    need = np.cumsum(sold + lost - returned, axis=1)
    plan = _plan(trade, products, known, need, rng)
    plan = _filled(plan, products, need)
    inside = plan[(plan["day"] < days) & (plan["came"] > 0)]
    bought = inside[~inside["opening"]]
    received = np.zeros(sold.shape, dtype=int)
    np.add.at(received, (bought["product"].to_numpy(), bought["day"].to_numpy()), bought["came"].to_numpy())
    first = inside[inside["opening"]]
    opening = np.bincount(first["product"], first["came"], len(products)).astype(int)
    coming = _coming(plan, products, known, sold, days, rng)
    purchases = _purchases(pd.concat([bought, coming]), trade, products, known, days, rng)
    return Supply(known, products, purchases, opening, sold, returned, lost, received, waiting)


def _per_day(trade: Trade, lines: pd.DataFrame, day: np.ndarray, days: int) -> np.ndarray:
    cells = lines["product"].to_numpy() * days + day
    shape = (len(trade.products), days)
    return np.bincount(cells, lines["quantity"], np.prod(shape)).reshape(shape).astype(int)


def _sold(trade: Trade, days: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Units sold, sent back and held for orders not yet paid; who cancelled or never paid got nothing."""
    orders, lines = trade.orders, trade.lines
    at = lines["order"].to_numpy()
    day, status = orders["day"].to_numpy()[at], orders["status"].to_numpy()[at]
    sent = ~np.isin(status, ["cancelled", "pending"])
    back = _sent_back(orders, lines)
    held = status == "pending"
    waiting = _per_day(trade, lines[held], day[held], days)
    ages = [np.pad(waiting, ((0, 0), (age, 0)))[:, :days] for age in range(5)]
    return (
        _per_day(trade, lines[sent], day[sent], days),
        _per_day(trade, lines[back], orders["refunded_on"].to_numpy()[at][back], days),
        np.sum(ages, axis=0),
    )


def _sent_back(orders: pd.DataFrame, lines: pd.DataFrame) -> np.ndarray:
    """The lines whose goods came back: all that were paid back, or the first one alone."""
    goods = (orders["goods_gross"] - orders["discount_gross"]).to_numpy()
    refunded = orders["refunded"].to_numpy()
    whole = (refunded > 0) & (refunded >= goods - 0.005)
    first = ~lines.duplicated("order").to_numpy()
    share = np.divide(goods, orders["goods_gross"], out=np.zeros(len(goods)), where=orders["goods_gross"] > 0)
    at = lines["order"].to_numpy()
    price = np.round(lines["gross"].to_numpy() * share[at], 2)
    lone = first & (np.abs(refunded[at] - price) < 0.011) & (refunded[at] > 0)
    return np.asarray(whole[at] | lone)


def _products(trade: Trade, known: pd.DataFrame, days: int, rng: np.random.Generator) -> pd.DataFrame:
    """How each product is bought: pack, shelf life, day of arrival, window of stock-out, habit."""
    listed = trade.products
    n = len(listed)
    number = listed["supplier"].str[1:].astype(int).to_numpy() - 1
    minimum = listed["order_minimum"].to_numpy()
    born, dies = listed["born"].to_numpy(), listed["dies"].to_numpy()
    arrives = np.where(born < 0, 0, np.maximum(born - rng.integers(1, 12, n), 0))
    out_from, out_to = (np.minimum(listed[name].to_numpy(), days) for name in ("out_from", "out_to"))
    out_from = np.maximum(out_from, arrives)
    runs_out = (out_from < days) & (out_to > out_from)
    lives = np.asarray(_SHELF_LIVES.get(trade.firm.sector, (0,)))
    return pd.DataFrame(
        {
            "number": number,  # of its supplier
            "minimum": minimum,
            "pack": np.where((minimum % 6 == 0) & (rng.random(n) < 0.7), 6, np.where(minimum == 10, 5, 1)),
            "shelf_life": rng.choice(lives, n),
            "arrives": arrives,
            "dies": dies,
            "old": born < 0,
            "out_from": np.where(runs_out, out_from, days),
            "out_to": np.where(runs_out, out_to, days),
            "habit": rng.choice(3, n, p=[0.25, 0.55, 0.2]),
            "every": rng.choice([1, 2, 3], n, p=[0.5, 0.3, 0.2]),  # so many of the supplier's orders
            "lead": known["lead"].to_numpy()[number],
        }
    )


def _lost(
    trade: Trade, products: pd.DataFrame, sold: np.ndarray, returned: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Breakage and theft, and what came back and is not sold again."""
    spoilt = rng.binomial(sold, 0.004)
    windows = (products["out_from"] < sold.shape[1]).to_numpy()[:, None]
    written_off = windows | (trade.firm.sector in _NOT_RESOLD)
    return np.asarray(spoilt + np.where(written_off, returned, 0))


def _plan(
    trade: Trade, products: pd.DataFrame, known: pd.DataFrame, need: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """The deliveries that each product may have, and how much must have come by each: ``target``, what goes
    out until the next one and what is kept over."""
    days = need.shape[1]
    plan = _chances(trade, products, known, days, rng)
    following = plan.groupby("product")["day"].shift(-1).fillna(days + _BEYOND).astype(int)
    until = np.minimum(following, days) - 1
    most = np.maximum.accumulate(need, axis=1)
    row, habit = plan["product"].to_numpy(), plan["habit"].to_numpy()
    lasts = (following >= days).to_numpy()
    rate = need[:, -1] / np.maximum(np.minimum(products["dies"], days) - products["arrives"], 30)
    recent = (need[:, -1] - need[:, -_RECENT]) / _RECENT
    recent = np.where(products["dies"] < days, rate, recent)
    month = np.pad(need, ((0, 0), (30, 0)))
    best = np.max(month[:, 30:] - month[:, :-30], axis=1)
    low, high = np.where(lasts[:, None], _LEFT[habit], _KEPT[habit]).T
    over = np.where(lasts, recent[row], rate[row]) * (low + rng.random(len(plan)) * (high - low))
    over = np.ceil(np.where(lasts, over, np.maximum(over, best[row] * _PEAK[habit])))
    return plan.assign(target=most[row, until] + np.where(lasts & (habit == 0), over // 2, over))


def _chances(
    trade: Trade, products: pd.DataFrame, known: pd.DataFrame, days: int, rng: np.random.Generator
) -> pd.DataFrame:
    """When each product may come, in order of product and day: as its supplier delivers, on its first day
    and after its stock-out (``part`` 0 before that, 1 after)."""
    visits = [_round(trade, int(each), days, rng) for each in known["rhythm"]]
    rounds = pd.DataFrame(
        {
            "number": np.repeat(np.arange(len(visits)), [len(each) for each in visits]),
            "turn": np.concatenate([np.arange(len(each)) for each in visits]),
            "day": np.concatenate(visits),
        }
    )
    own = products.assign(product=np.arange(len(products)))
    regular = own.merge(rounds, on="number")
    regular = regular[(regular["turn"] + regular["product"]) % regular["every"] == 0]
    regular = regular[(regular["day"] > regular["arrives"] + 4) & (regular["day"] <= regular["dies"] - 45)]
    regular = regular[(regular["day"] < regular["out_from"]) | (regular["day"] > regular["out_to"] + 4)]
    begins = own[own["arrives"] < own["out_from"]].assign(day=lambda it: it["arrives"], opening=own["old"])
    again = own[own["out_to"] < days].assign(day=lambda it: it["out_to"])
    plan = pd.concat([regular, begins, again]).sort_values(["product", "day"], ignore_index=True)
    plan["opening"] = plan["opening"].eq(True)
    part = (plan["day"] >= plan["out_to"]).astype(int)
    return plan.assign(part=part)


def _round(trade: Trade, rhythm: int, days: int, rng: np.random.Generator) -> np.ndarray:
    """The working days on which one supplier delivers, one about every ``rhythm`` days."""
    n = (days + _BEYOND) // rhythm
    day = rng.integers(1, rhythm) + rhythm * np.arange(n) + np.rint(rng.normal(0, rhythm / 8, n)).astype(int)
    weekday = (trade.first.weekday() + day) % 7
    return np.unique(np.maximum(day + np.where(weekday > 4, 7 - weekday, 0), 1))


def _filled(plan: pd.DataFrame, products: pd.DataFrame, need: np.ndarray) -> pd.DataFrame:
    """``came``: units delivered; ``quantity``: units ordered, in whole packs and no less than the minimum.

    Before a stock-out too much was ordered only on paper: what is over at its beginning never came.
    """
    days = need.shape[1]
    total = np.zeros(len(products))
    came = np.zeros(len(plan))
    rank = plan.groupby("product").cumcount().to_numpy()
    product, target = plan["product"].to_numpy(), plan["target"].to_numpy()
    for part in (0, 1):
        within = ((plan["part"] == part) & (plan["day"] < days)).to_numpy()
        for turn in range(rank[within].max(initial=-1) + 1):
            rows = np.flatnonzero(within & (rank == turn))
            lacking = target[rows] - total[product[rows]]
            came[rows] = np.where(
                plan["opening"].to_numpy()[rows], lacking, _ordered(plan.iloc[rows], lacking)
            )
            came[rows] = np.where(lacking > 0, came[rows], 0)
            total[product[rows]] += came[rows]
        if part == 0:
            runs_out = (products["out_from"] < days).to_numpy()
            at = np.where(runs_out, products["out_from"] - 1, 0)
            sold = np.where(runs_out & (at >= 0), need[np.arange(len(need)), np.maximum(at, 0)], 0)
            excess = np.where(runs_out, total - sold, 0)
            came[within] = _cut(came[within], product[within], excess)
            total = np.where(runs_out, sold, total)
    return plan.assign(came=came.astype(int), quantity=_ordered(plan, came))


def _ordered(rows: pd.DataFrame, wanted: np.ndarray) -> np.ndarray:
    pack, minimum = rows["pack"].to_numpy(), rows["minimum"].to_numpy()
    return np.maximum(np.ceil(wanted / pack) * pack, minimum).astype(int)


def _cut(came: np.ndarray, product: np.ndarray, excess: np.ndarray) -> np.ndarray:
    """Take each product's excess off its last deliveries."""
    sums = pd.Series(came[::-1]).groupby(product[::-1]).cumsum().to_numpy()[::-1]  # of this and later ones
    return np.asarray(came - np.clip(excess[product] - (sums - came), 0, came))


def _coming(
    plan: pd.DataFrame,
    products: pd.DataFrame,
    known: pd.DataFrame,
    sold: np.ndarray,
    days: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """What will come after the last day, as the firm orders it: by what it sold of late."""
    coming = plan[plan["day"] >= days].drop_duplicates("product")
    recent = sold[coming["product"], -_RECENT:].sum(axis=1) / _RECENT
    weeks = known["rhythm"].to_numpy()[coming["number"]] * coming["every"].to_numpy()
    wanted = recent * weeks * rng.uniform(0.8, 1.5, len(coming))
    skipped = (coming["habit"] == 2) & (rng.random(len(coming)) < 0.6)
    coming = coming.assign(came=0, quantity=_ordered(coming, wanted))
    return coming[(wanted > 0) & ~skipped]


def _purchases(
    lines: pd.DataFrame,
    trade: Trade,
    products: pd.DataFrame,
    known: pd.DataFrame,
    days: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Orders to suppliers with their days; two suppliers keep the firm waiting for what is overdue."""
    each = lines[["number", "day"]].drop_duplicates().sort_values(["day", "number"], ignore_index=True)
    lead = lead_times(known, each["number"].to_numpy(), rng)
    agreed = known["lead"].to_numpy()[each["number"]]
    ordered = each["day"].to_numpy() - lead
    after = (each["day"] >= days).to_numpy()
    late = rng.permutation(each["number"][after].unique())[:2]
    forgotten = after & each["number"].isin(late).to_numpy() & ~each["number"].where(after).duplicated()
    ordered = np.where(forgotten, days - 1 - agreed - rng.integers(3, 18, len(each)), ordered)
    weekday = (trade.first.weekday() + ordered) % 7
    ordered = ordered - np.where(weekday > 4, weekday - 4, 0)
    each = each.assign(ordered=ordered, expected=ordered + agreed)
    each = each[each["ordered"] < days].sort_values(["ordered", "number"], ignore_index=True)
    each["purchase"] = np.arange(1, len(each) + 1)
    lines = lines.merge(each, on=["number", "day"]).sort_values(["purchase", "product"], ignore_index=True)
    lines["received"] = np.where(lines["day"] < days, lines["day"], -1)
    columns = ["purchase", "number", "product", "ordered", "expected", "received", "quantity", "came"]
    return lines[columns].assign(cost=_costs(lines, trade, products, known, days))


def _costs(
    lines: pd.DataFrame, trade: Trade, products: pd.DataFrame, known: pd.DataFrame, days: int
) -> np.ndarray:
    """Unit costs of the day; half of those that the product list lacks stand on no invoice either."""
    product, number = lines["product"].to_numpy(), lines["number"].to_numpy()
    years = (days - lines["ordered"].to_numpy()) / 365
    cost = trade.products["cost"].to_numpy()[product] / (1 + known["drift"].to_numpy()[number]) ** years
    times = lines["quantity"].to_numpy() / products["minimum"].to_numpy()[product]
    at = np.searchsorted([first for first, _ in BREAKS], times, side="right") - 1
    off = np.array([off for _, off in BREAKS])[at] * known["breaks"].to_numpy()[number]
    unknown = ~trade.products["cost_known"].to_numpy()[product] & (product % 2 == 0)
    return np.where(unknown, np.nan, np.round(cost * (1 - off), 2))

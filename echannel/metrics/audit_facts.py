"""What the audit's checks look at: the canonical tables, joined once, with what each order and line weighs.

Weights are net goods of counted orders in the reporting currency, so that a gap is judged by the
turnover it touches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd

from echannel.metrics.inventory import Inventory, InventorySettings, prepare_inventory
from echannel.metrics.inventory.faults import faults
from echannel.metrics.turnover import COUNTED_STATUSES, Sales, prepare
from echannel.tables import TABLES

CENT = 0.01
ROUNDING = 1e-6  # of binary fractions
NO_ORDERS = "reason.audit.no_orders"
NO_LINES = "reason.audit.no_lines"
NOTHING_TO_CHECK = "reason.audit.nothing_to_check"

_WEEKS_AROUND = 4


class Rate(Protocol):
    """A VAT rate and the days on which it is in force: a country pack's ``VatRate`` is one."""

    @property
    def rate(self) -> float: ...
    @property
    def since(self) -> date: ...
    @property
    def until(self) -> date | None: ...


@dataclass(frozen=True)
class Audited:
    """What is audited: canonical tables by name, and what is known about the SME beside them.

    ``today``: the local day of the audit; ``rejected``: rows in quarantine by table (or file). ``sales`` and
    ``inventory`` are what the caller has made of the very same tables already, the stock with nothing said in
    a profile; they are made here where they are not given.
    """

    tables: Mapping[str, pd.DataFrame]
    country: str
    vat_rates: Sequence[Rate]
    today: int
    rejected: Mapping[str, int] = field(default_factory=dict)
    vat_registered: bool = True
    sales: Sales | None = None
    inventory: Inventory | None = None

    def table(self, name: str) -> pd.DataFrame:
        """A canonical table; empty, with its columns, when it is not there."""
        found = self.tables.get(name)
        return TABLES[name].empty() if found is None else found


class Facts:
    """The tables of one audit with the joins that several checks need."""

    def __init__(self, audited: Audited) -> None:
        self.audited = audited
        self.orders = audited.table("orders")
        self.lines = audited.table("order_lines")
        self.refunds = audited.table("refunds")
        self.products = audited.table("products")

    @cached_property
    def day(self) -> np.ndarray:
        """Local day of each order."""
        return self.orders["local_day"].to_numpy().astype("int64")

    @cached_property
    def counted(self) -> np.ndarray:
        """Which orders count as turnover."""
        return self.orders["status"].isin(COUNTED_STATUSES).to_numpy()

    @cached_property
    def b2b(self) -> np.ndarray:
        """Which orders are counted B2B orders."""
        return self.counted & (self.orders["kind"] == "b2b").to_numpy()

    @cached_property
    def invoiced(self) -> np.ndarray:
        """Total of each order net of VAT, in its own currency."""
        return (self.orders["total_gross"] - self.orders["vat_amount"]).to_numpy()

    @cached_property
    def weight(self) -> np.ndarray:
        """Net goods of each counted order (reporting currency), 0 for the others."""
        net = (self.invoiced - self.orders["shipping_net"].to_numpy()) * self.orders["fx_rate"].to_numpy()
        return np.where(self.counted, np.abs(net), 0.0)

    def share(self, orders: np.ndarray, among: np.ndarray | None = None) -> float:
        """Share of turnover in the marked orders (of that in ``among``)."""
        weight = self.weight if among is None else self.weight * among
        total = weight.sum()
        return float(weight[orders].sum() / total) if total else np.nan

    @cached_property
    def order_of_line(self) -> np.ndarray:
        """Position of each line's order; -1 when there is no such order."""
        return positions(self.lines["order_id"], self.orders["order_id"])

    @cached_property
    def lines_of_order(self) -> np.ndarray:
        """How many lines each order has."""
        at = self.order_of_line
        return np.bincount(at[at >= 0], minlength=len(self.orders))

    @cached_property
    def line_weight(self) -> np.ndarray:
        """Net amount of each line of a counted order (reporting currency), 0 for the others."""
        at = self.order_of_line
        if not len(self.orders):
            return np.zeros(len(at))
        rate = np.where(self.counted, self.orders["fx_rate"].to_numpy(), 0.0)
        return np.where(at >= 0, np.abs(self.lines["net_amount"].to_numpy()) * rate[at], 0.0)

    @cached_property
    def sold(self) -> np.ndarray:
        """Which lines are part of a counted order."""
        at = self.order_of_line
        return (at >= 0) & self.counted[at] if len(self.orders) else np.zeros(len(at), dtype=bool)

    @cached_property
    def product_of_line(self) -> np.ndarray:
        """Position of each line's product; -1 when it is not in the products table."""
        return positions(self.lines["product_id"], self.products["product_id"])

    def of_product(self, values: np.ndarray) -> np.ndarray:
        """A product's property (True or False) for each line; False for unlisted products."""
        return np.append(values, False)[self.product_of_line]

    @cached_property
    def inventory(self) -> Inventory:
        """The shop as the inventory tool sees it, with nothing said in a profile."""
        if self.audited.inventory is not None:
            return self.audited.inventory
        customers, visits = self.audited.table("customers"), self.audited.table("visits")
        sales = self.audited.sales
        if sales is None:
            sales = prepare(self.orders, self.lines, self.refunds, self.products, customers, visits, "")
        settings = InventorySettings(country=self.audited.country)
        today = min(sales.last_day, self.audited.today)  # an order of the year 2062 is a slip of the pen
        return prepare_inventory(sales, self.audited.tables, settings, today)

    @cached_property
    def stock_faults(self) -> pd.DataFrame:
        """What cannot be right in its stock and products (see ``metrics.inventory.faults``)."""
        return faults(self.inventory)

    @cached_property
    def daily(self) -> np.ndarray:
        """Orders per local day from the first to the last day, future days left out."""
        days = self.day[self.day <= self.audited.today]
        return np.bincount(days - days.min()) if len(days) else np.zeros(0, dtype="int64")


def positions(keys: pd.Series, among: pd.Series) -> np.ndarray:
    """Position in ``among`` of each key; -1 where it is not there."""
    coded = keys.astype("category").cat
    place = pd.Index(among.astype(object)).get_indexer(pd.Index(coded.categories.astype(object)))
    return np.append(place, -1)[coded.codes.to_numpy()]


def expected_orders(daily: np.ndarray, first_day: int, start: int, end: int) -> float:
    """Orders to expect on the days ``start`` … ``end`` (positions in ``daily``, both included).

    From the means by weekday of the four weeks before and the four after.
    """
    reach = 7 * _WEEKS_AROUND
    around = np.r_[max(start - reach, 0) : min(start, len(daily)), end + 1 : min(end + 1 + reach, len(daily))]
    if not len(around):
        return 0.0
    weekday = (first_day + around) % 7
    days = np.bincount(weekday, minlength=7)
    orders = np.bincount(weekday, daily[around], 7)
    rate = np.divide(orders, days, out=np.full(7, daily[around].mean()), where=days > 0)
    return float(rate[(first_day + np.arange(start, end + 1)) % 7].sum())


class Found(NamedTuple):
    """What a check found: ``affected`` of ``total``, and the share of turnover touched (NaN: not in money).

    ``reason``: why it could not be checked ("" when it was).
    """

    affected: float
    total: float
    turnover_share: float = np.nan
    reason: str = ""


def not_checked(reason: str) -> Found:
    """Why a check could not be made."""
    return Found(np.nan, 0, np.nan, reason)


def among_orders(facts: Facts, hit: np.ndarray, among: np.ndarray | None = None) -> Found:
    """Orders marked in ``hit``, of those in ``among`` (default: all), with their share of turnover."""
    if not len(facts.orders):
        return not_checked(NO_ORDERS)
    total = len(hit) if among is None else int(among.sum())
    if not total:
        return not_checked(NOTHING_TO_CHECK)
    hit = hit if among is None else hit & among
    return Found(int(hit.sum()), total, facts.share(hit, among))


def of_products(facts: Facts, known: np.ndarray, among: np.ndarray | None = None) -> Found:
    """Sold products of which something is not ``known`` on a line, and the share of sales in those lines."""
    if not len(facts.lines):
        return not_checked(NO_LINES)
    codes = facts.lines["product_id"].cat.codes.to_numpy()
    sold = facts.sold & (codes >= 0)
    sold = sold if among is None else sold & among
    if not sold.any():
        return not_checked(NOTHING_TO_CHECK)
    size = len(facts.lines["product_id"].cat.categories)
    lines = np.bincount(codes[sold], minlength=size)
    gaps = np.bincount(codes[sold & ~known], minlength=size)
    weight = facts.line_weight[sold]
    share = weight[~known[sold]].sum() / weight.sum() if weight.sum() else np.nan
    return Found(int((gaps > 0).sum()), int((lines > 0).sum()), float(share))

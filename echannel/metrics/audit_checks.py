"""The audit's checks, one function each: how many cases are affected, of how many, and how much turnover.

Each function takes :class:`echannel.metrics.audit_facts.Facts` and returns a :class:`Found`. ``CHECKS``
lists them with the table they look at, the tools that wait for them and the shares from which a finding
is serious or blocking. Texts are catalogue keys: ``audit.check.<code>.title``, ``.why``, ``.fix``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from echannel.metrics.audit_facts import Facts, expected_orders, positions

CENT = 0.01
_ROUNDING = 1e-6  # of binary fractions
_YEAR = 365
_TWO_YEARS = 730  # two seasons: the least that shows what is season and what is growth
_REFUNDS_EXPECTED_FROM = 200
_CHANCE = 0.01

_NO_ORDERS = "reason.audit.no_orders"
_NO_LINES = "reason.audit.no_lines"
NOTHING_TO_CHECK = "reason.audit.nothing_to_check"


class Found(NamedTuple):
    """What a check found: ``affected`` of ``total``, and the share of turnover touched (NaN: not in money).

    ``reason``: why it could not be checked ("" when it was).
    """

    affected: float
    total: float
    turnover_share: float = np.nan
    reason: str = ""


class Check(NamedTuple):
    """A check: code, table, the tools that need it, and the shares that make it serious or blocking."""

    code: str
    table: str
    unlocks: tuple[str, ...]
    serious: float
    blocking: float
    measure: Callable[[Facts], Found]


def _not_checked(reason: str) -> Found:
    return Found(np.nan, 0, np.nan, reason)


def _among(facts: Facts, hit: np.ndarray, among: np.ndarray | None = None) -> Found:
    """Orders marked in ``hit``, of those in ``among`` (default: all), with their share of turnover."""
    if not len(facts.orders):
        return _not_checked(_NO_ORDERS)
    total = len(hit) if among is None else int(among.sum())
    if not total:
        return _not_checked(NOTHING_TO_CHECK)
    hit = hit if among is None else hit & among
    return Found(int(hit.sum()), total, facts.share(hit, among))


def no_orders(facts: Facts) -> Found:
    """There is no order at all."""
    return Found(int(not len(facts.orders)), 1)


def short_history(facts: Facts) -> Found:
    """Days that are missing to two full years of orders."""
    if not len(facts.daily):
        return _not_checked(_NO_ORDERS)
    return Found(max(0, _TWO_YEARS - len(facts.daily)), _TWO_YEARS)


def stale(facts: Facts) -> Found:
    """Days of silence since the last order, if at its usual rate chance would hardly leave so many."""
    daily = facts.daily
    if not len(daily):
        return _not_checked(_NO_ORDERS)
    first = int(facts.day.min())
    # The day of the audit has just begun: it does not count as silent.
    silent = max(facts.audited.today - first - len(daily), 0)
    expected = expected_orders(daily, first, len(daily), len(daily) + silent - 1)
    return Found(silent if np.exp(-expected) < _CHANCE else 0, len(daily) + silent)


def hole_runs(facts: Facts) -> list[tuple[int, int, float]]:
    """Runs of days without order that chance would hardly leave: first and last day, expected orders.

    A run counts when (number of such gaps) × exp(−expected orders) < 1 %: in a shop with many small gaps
    some long ones are no wonder.
    """
    daily = facts.daily
    if not len(daily):
        return []
    first = int(facts.day.min())
    edges = np.flatnonzero(np.diff(np.r_[0, daily == 0, 0]))
    gaps = edges.reshape(-1, 2)
    judged = [(int(a), int(b) - 1, expected_orders(daily, first, int(a), int(b) - 1)) for a, b in gaps]
    return [(first + a, first + b, n) for a, b, n in judged if len(gaps) * np.exp(-n) < _CHANCE]


def holes(facts: Facts) -> Found:
    """Days without any order where some were to be expected."""
    if not len(facts.daily):
        return _not_checked(_NO_ORDERS)
    return Found(sum(last - first + 1 for first, last, _ in hole_runs(facts)), len(facts.daily))


def future_dates(facts: Facts) -> Found:
    """Orders dated after the day of the audit."""
    return _among(facts, facts.day > facts.audited.today)


def duplicates(facts: Facts) -> Found:
    """Orders like another one: same customer, same amount, same minute (the first is not counted)."""
    orders = facts.orders
    keys = pd.DataFrame(
        {
            "customer": orders["customer_id"].cat.codes,
            "minute": orders["ordered_at"]
            .dt.tz_convert(None)
            .to_numpy()
            .astype("datetime64[m]")
            .astype("int64"),
            "cents": (orders["total_gross"] * 100).round().to_numpy(),
        }
    )
    known = (keys["customer"] >= 0).to_numpy() & facts.counted
    twin = np.zeros(len(orders), dtype=bool)
    twin[known] = keys[known].duplicated().to_numpy()
    return _among(facts, twin, known)


def parts_do_not_add_up(facts: Facts) -> Found:
    """Orders whose goods, discount, shipping, wrapping and VAT are not the total, by more than a cent."""
    part = {name: facts.orders[name].to_numpy() for name in ("goods_net", "discount_net", "shipping_net")}
    made = part["goods_net"] - part["discount_net"] + part["shipping_net"]
    made = made + facts.orders["wrapping_net"].to_numpy() + facts.orders["vat_amount"].to_numpy()
    return _among(facts, np.abs(made - facts.orders["total_gross"].to_numpy()) > CENT + _ROUNDING)


def lines_do_not_sum(facts: Facts) -> Found:
    """Orders whose lines are not their goods, by more than a cent (half a cent a line, if that is more)."""
    at = facts.order_of_line
    total = np.bincount(at[at >= 0], facts.lines["net_amount"].to_numpy()[at >= 0], len(facts.orders))
    allowed = np.maximum(CENT, 0.005 * facts.lines_of_order) + _ROUNDING
    return _among(
        facts, np.abs(total - facts.orders["goods_net"].to_numpy()) > allowed, facts.lines_of_order > 0
    )


def orders_without_lines(facts: Facts) -> Found:
    """Counted orders of which no line is known."""
    return _among(facts, facts.lines_of_order == 0, facts.counted)


def orders_without_customer(facts: Facts) -> Found:
    """Counted orders without a customer."""
    return _among(facts, facts.orders["customer_id"].isna().to_numpy(), facts.counted)


def orders_without_country(facts: Facts) -> Found:
    """Counted orders without a country."""
    return _among(facts, facts.orders["country"].isna().to_numpy(), facts.counted)


def customers_without_country(facts: Facts) -> Found:
    """Customers without a country."""
    customers = facts.audited.table("customers")
    if not len(customers):
        return _not_checked("reason.audit.no_customers")
    return Found(int(customers["country"].isna().sum()), len(customers))


def negative_prices(facts: Facts) -> Found:
    """Sold lines with a price below zero (refunds and discounts have their own place)."""
    if not len(facts.lines):
        return _not_checked(_NO_LINES)
    below = (facts.lines["unit_price_net"] < 0).to_numpy()
    total = facts.line_weight.sum()
    return Found(
        int(below.sum()), len(below), float(facts.line_weight[below].sum() / total) if total else np.nan
    )


def vat_assumed(facts: Facts) -> Found:
    """Counted orders whose VAT the source does not state: it was worked out at the standard rate."""
    return _among(facts, ~facts.orders["vat_stated"].to_numpy(), facts.counted)


def parts_assumed(facts: Facts) -> Found:
    """Counted orders with a lone total, taken as goods."""
    return _among(facts, ~facts.orders["parts_stated"].to_numpy(), facts.counted)


def odd_vat_rates(facts: Facts) -> Found:
    """Domestic orders with VAT at a rate that was not in force in the country on that day.

    Lines that state their rate decide; else the rate implied by goods, or by the whole order. Where an
    order has several lines without rates, any mixture of the rates in force is possible and accepted.
    """
    domestic = _domestic(facts) & (facts.orders["vat_amount"] > CENT).to_numpy()
    fits = _implied_rate_fits(facts)
    at, rate = facts.order_of_line, facts.lines["vat_rate"].to_numpy(dtype="float64")
    stated = (at >= 0) & ~np.isnan(rate)
    if stated.any():
        size = len(facts.orders)
        slack = np.maximum(_slack(facts.lines["net_amount"].to_numpy()[stated]), 0.0006)
        wrong = ~_in_force(facts, facts.day[at[stated]], rate[stated], slack)
        has_rate = np.bincount(at[stated], minlength=size) > 0
        fits = np.where(has_rate, np.bincount(at[stated][wrong], minlength=size) == 0, fits)
    return _among(facts, ~fits, domestic)


def zero_vat_domestic(facts: Facts) -> Found:
    """Domestic consumer orders without any VAT, by a firm registered for it.

    Where the country has a zero rate such orders may be right, so they count only when all are so.
    """
    consumers = _domestic(facts) & ~facts.b2b & (facts.orders["total_gross"] > 0).to_numpy()
    without = consumers & (facts.orders["vat_amount"].abs() < CENT).to_numpy()
    if any(rate.rate == 0 for rate in facts.audited.vat_rates) and not without[consumers].all():
        without = np.zeros(len(without), dtype=bool)
    return _among(facts, without, consumers)


def _domestic(facts: Facts) -> np.ndarray:
    """Counted orders to the firm's own country whose VAT is stated; none if it is not registered."""
    at_home = (facts.orders["country"] == facts.audited.country).to_numpy()
    return at_home & facts.counted & facts.orders["vat_stated"].to_numpy() & facts.audited.vat_registered


def _implied_rate_fits(facts: Facts) -> np.ndarray:
    goods, vat = facts.orders["goods_net"].to_numpy(), facts.orders["vat_amount"].to_numpy()
    fits = np.zeros(len(goods), dtype=bool)
    for net, tax in ((goods, facts.orders["goods_gross"].to_numpy() - goods), (facts.invoiced, vat)):
        rate = np.divide(tax, net, out=np.full(len(net), np.nan), where=net > CENT)
        slack = _slack(net)
        fits |= _in_force(facts, facts.day, rate, slack)
        several = facts.lines_of_order > 1
        rates = [rate.rate for rate in facts.audited.vat_rates]
        fits |= several & (rate >= min(rates, default=0) - slack) & (rate <= max(rates, default=0) + slack)
    return fits


def _slack(net: np.ndarray) -> np.ndarray:
    """What two cents of rounding can do to a rate worked out from amounts."""
    return np.divide(0.02, net, out=np.ones(len(net)), where=net > CENT)


def _in_force(facts: Facts, day: np.ndarray, rate: np.ndarray, slack: np.ndarray) -> np.ndarray:
    """Whether each rate is one of the country's on its day."""
    fits = np.zeros(len(rate), dtype=bool)
    for known in facts.audited.vat_rates:
        since = int(np.datetime64(known.since, "D").astype("int64"))
        until = int(np.datetime64(known.until, "D").astype("int64")) if known.until else np.iinfo("int64").max
        fits |= (day >= since) & (day <= until) & (np.abs(rate - known.rate) <= slack)
    return fits


def missing_costs(facts: Facts) -> Found:
    """Sold products without a cost above 0 on every line, nor in the product list; share of their sales."""
    stated = (facts.lines["unit_cost"] > 0).to_numpy()
    listed = (facts.products["unit_cost"] > 0).to_numpy(dtype=bool)
    return _products(facts, stated | facts.of_product(listed))


def missing_lead_times(facts: Facts) -> Found:
    """Sold products without a lead time."""
    return _listed(facts, "lead_time_days")


def missing_hs_codes(facts: Facts) -> Found:
    """Sold products without a customs code."""
    return _listed(facts, "hs_code")


def missing_origins(facts: Facts) -> Found:
    """Sold products without a country of origin."""
    return _listed(facts, "origin_country")


def missing_categories(facts: Facts) -> Found:
    """Sold products without a category."""
    return _listed(facts, "category")


def products_without_stock(facts: Facts) -> Found:
    """Products sold in the last year without any stock figure."""
    stock = facts.audited.table("stock_levels")["product_id"]
    in_stock = positions(facts.lines["product_id"], pd.Series(stock.unique())) >= 0
    at = facts.order_of_line
    recent = np.append(facts.day, 0)[at] > facts.audited.today - _YEAR
    return _products(facts, in_stock, recent)


def _listed(facts: Facts, column: str) -> Found:
    return _products(facts, facts.of_product(facts.products[column].notna().to_numpy(dtype=bool)))


def _products(facts: Facts, known: np.ndarray, among: np.ndarray | None = None) -> Found:
    """Sold products of which something is not ``known`` on a line, and the share of sales in those lines."""
    if not len(facts.lines):
        return _not_checked(_NO_LINES)
    codes = facts.lines["product_id"].cat.codes.to_numpy()
    sold = facts.sold & (codes >= 0)
    sold = sold if among is None else sold & among
    if not sold.any():
        return _not_checked(NOTHING_TO_CHECK)
    size = len(facts.lines["product_id"].cat.categories)
    lines = np.bincount(codes[sold], minlength=size)
    gaps = np.bincount(codes[sold & ~known], minlength=size)
    weight = facts.line_weight[sold]
    share = weight[~known[sold]].sum() / weight.sum() if weight.sum() else np.nan
    return Found(int((gaps > 0).sum()), int((lines > 0).sum()), float(share))


def lines_without_product(facts: Facts) -> Found:
    """Sold lines that name no product."""
    if not len(facts.lines):
        return _not_checked(_NO_LINES)
    unnamed = facts.sold & facts.lines["product_id"].isna().to_numpy()
    total = facts.line_weight.sum()
    share = float(facts.line_weight[unnamed].sum() / total) if total else np.nan
    return Found(int(unnamed.sum()), int(facts.sold.sum()), share)


def refunds_above_order(facts: Facts) -> Found:
    """Orders of which more was given back than was invoiced."""
    at = positions(facts.refunds["order_id"], facts.orders["order_id"])
    back = np.bincount(at[at >= 0], facts.refunds["net_amount"].to_numpy()[at >= 0], len(facts.orders))
    refunded = np.bincount(at[at >= 0], minlength=len(facts.orders)) > 0
    return _among(facts, back > facts.invoiced + CENT + _ROUNDING, refunded)


def refunds_undated(facts: Facts) -> Found:
    """Refunds without a date of their own: they were put on the day of the order."""
    return _refunds(facts, ~facts.refunds["date_stated"].to_numpy())


def refunds_of_unknown_orders(facts: Facts) -> Found:
    """Refunds whose order is not there."""
    return _refunds(facts, positions(facts.refunds["order_id"], facts.orders["order_id"]) < 0)


def no_refunds(facts: Facts) -> Found:
    """Hundreds of orders and not one refund: more likely not exported than not happened."""
    if facts.counted.sum() < _REFUNDS_EXPECTED_FROM:
        return _not_checked(NOTHING_TO_CHECK if len(facts.orders) else _NO_ORDERS)
    return Found(int(not len(facts.refunds)), 1)


def _refunds(facts: Facts, hit: np.ndarray) -> Found:
    if not len(facts.refunds):
        return _not_checked(NOTHING_TO_CHECK)
    return Found(int(hit.sum()), len(hit))


def missing_due_dates(facts: Facts) -> Found:
    """B2B orders without a due date."""
    return _among(facts, facts.orders["due_at"].isna().to_numpy(), facts.b2b)


def missing_paid_dates(facts: Facts) -> Found:
    """B2B orders that are said to be paid, or of which none is ever, without a date of payment."""
    undated = facts.orders["paid_at"].isna().to_numpy()
    paid = (facts.orders["status"] == "paid").to_numpy()
    none_dated = bool((undated | ~facts.b2b).all())
    return _among(facts, undated & (paid | none_dated), facts.b2b)


def rejected_rows(facts: Facts) -> Found:
    """Rows in quarantine, of all rows read."""
    rejected = sum(facts.audited.rejected.values())
    read = rejected + sum(len(table) for table in facts.audited.tables.values())
    return Found(rejected, read) if read else _not_checked(NOTHING_TO_CHECK)


def no_visits(facts: Facts) -> Found:
    """There are no visits."""
    return Found(int(not len(facts.audited.table("visits"))), 1)


def no_ledger(facts: Facts) -> Found:
    """There are no accounts."""
    return Found(int(not len(facts.audited.table("ledger"))), 1)


_G, _I, _P, _M = "growth", "inventory", "planning", "market"
_NEVER = np.inf

CHECKS = (
    Check("no_orders", "orders", (_G, _I, _P, _M), 0, 0, no_orders),
    Check("short_history", "orders", (_G, _I, _P), 0.25, 0.75, short_history),
    Check("stale", "orders", (_G, _I, _P, _M), 0.01, 0.25, stale),
    Check("holes", "orders", (_G, _I), 0.02, 0.2, holes),
    Check("future_dates", "orders", (_G, _I, _P), 0, 0.01, future_dates),
    Check("duplicates", "orders", (_G, _I, _P), 0.005, 0.05, duplicates),
    Check("parts_do_not_add_up", "orders", (_G, _P), 0.01, 0.2, parts_do_not_add_up),
    Check("lines_do_not_sum", "order_lines", (_G, _I), 0.02, 0.3, lines_do_not_sum),
    Check("orders_without_lines", "order_lines", (_G, _I), 0.05, 0.5, orders_without_lines),
    Check("lines_without_product", "order_lines", (_G, _I), 0.05, 0.5, lines_without_product),
    Check("negative_prices", "order_lines", (_G,), 0, 0.01, negative_prices),
    Check("orders_without_customer", "orders", (_G,), 0.05, 0.5, orders_without_customer),
    Check("orders_without_country", "orders", (_M,), 0.05, 0.5, orders_without_country),
    Check("customers_without_country", "customers", (_M,), 0.05, 0.5, customers_without_country),
    Check("vat_assumed", "orders", (_G, _P), 0.05, 0.5, vat_assumed),
    Check("parts_assumed", "orders", (_G,), 0.05, 0.5, parts_assumed),
    Check("odd_vat_rates", "orders", (_P,), 0.01, 0.1, odd_vat_rates),
    Check("zero_vat_domestic", "orders", (_P,), 0.01, 0.1, zero_vat_domestic),
    Check("missing_costs", "products", (_G, _I, _P), 0.05, 0.3, missing_costs),
    Check("missing_categories", "products", (_G,), 0.2, _NEVER, missing_categories),
    Check("missing_lead_times", "products", (_I,), 0.05, 0.8, missing_lead_times),
    Check("missing_hs_codes", "products", (_M,), 0.05, _NEVER, missing_hs_codes),
    Check("missing_origins", "products", (_M,), 0.05, _NEVER, missing_origins),
    Check("products_without_stock", "stock_levels", (_I,), 0.05, 0.3, products_without_stock),
    Check("no_refunds", "refunds", (_G, _P), 0, _NEVER, no_refunds),
    Check("refunds_above_order", "refunds", (_G, _P), 0.01, 0.1, refunds_above_order),
    Check("refunds_undated", "refunds", (_G, _P), 0.1, _NEVER, refunds_undated),
    Check("refunds_of_unknown_orders", "refunds", (_G,), 0.05, _NEVER, refunds_of_unknown_orders),
    Check("missing_due_dates", "orders", (_P,), 0.05, 0.5, missing_due_dates),
    Check("missing_paid_dates", "orders", (_P,), 0.05, 0.5, missing_paid_dates),
    Check("rejected_rows", "orders", (_G, _I), 0.01, 0.2, rejected_rows),
    Check("no_visits", "visits", (_G, _M), 0, _NEVER, no_visits),
    Check("no_ledger", "ledger", (_P,), 0, _NEVER, no_ledger),
)

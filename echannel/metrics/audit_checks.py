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

from echannel.metrics.audit_facts import (
    CENT,
    NO_LINES,
    NO_ORDERS,
    NOTHING_TO_CHECK,
    ROUNDING,
    Facts,
    Found,
    among_orders,
    expected_orders,
    not_checked,
    of_products,
    positions,
)
from echannel.metrics.audit_stock import (
    missing_lead_times,
    missing_suppliers,
    negative_stock,
    packs_changed,
    products_renamed,
    purchases_undated,
)
from echannel.metrics.audit_vat import odd_vat_rates, vat_assumed, zero_vat_domestic

_YEAR = 365
_TWO_YEARS = 730  # two seasons: the least that shows what is season and what is growth
_REFUNDS_EXPECTED_FROM = 200
_CHANCE = 0.01


class Check(NamedTuple):
    """A check: code, table, the tools that need it, and the shares that make it serious or blocking."""

    code: str
    table: str
    unlocks: tuple[str, ...]
    serious: float
    blocking: float
    measure: Callable[[Facts], Found]


def no_orders(facts: Facts) -> Found:
    """There is no order at all."""
    return Found(int(not len(facts.orders)), 1)


def short_history(facts: Facts) -> Found:
    """Days that are missing to two full years of orders."""
    if not len(facts.daily):
        return not_checked(NO_ORDERS)
    return Found(max(0, _TWO_YEARS - len(facts.daily)), _TWO_YEARS)


def stale(facts: Facts) -> Found:
    """Days of silence since the last order, if at its usual rate chance would hardly leave so many."""
    daily = facts.daily
    if not len(daily):
        return not_checked(NO_ORDERS)
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
        return not_checked(NO_ORDERS)
    return Found(sum(last - first + 1 for first, last, _ in hole_runs(facts)), len(facts.daily))


def future_dates(facts: Facts) -> Found:
    """Orders dated after the day of the audit."""
    return among_orders(facts, facts.day > facts.audited.today)


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
    return among_orders(facts, twin, known)


def parts_do_not_add_up(facts: Facts) -> Found:
    """Orders whose goods, discount, shipping, wrapping and VAT are not the total, by more than a cent."""
    part = {name: facts.orders[name].to_numpy() for name in ("goods_net", "discount_net", "shipping_net")}
    made = part["goods_net"] - part["discount_net"] + part["shipping_net"]
    made = made + facts.orders["wrapping_net"].to_numpy() + facts.orders["vat_amount"].to_numpy()
    return among_orders(facts, np.abs(made - facts.orders["total_gross"].to_numpy()) > CENT + ROUNDING)


def lines_do_not_sum(facts: Facts) -> Found:
    """Orders whose lines are not their goods, by more than a cent (half a cent a line, if that is more)."""
    at = facts.order_of_line
    total = np.bincount(at[at >= 0], facts.lines["net_amount"].to_numpy()[at >= 0], len(facts.orders))
    allowed = np.maximum(CENT, 0.005 * facts.lines_of_order) + ROUNDING
    return among_orders(
        facts, np.abs(total - facts.orders["goods_net"].to_numpy()) > allowed, facts.lines_of_order > 0
    )


def orders_without_lines(facts: Facts) -> Found:
    """Counted orders of which no line is known."""
    return among_orders(facts, facts.lines_of_order == 0, facts.counted)


def orders_without_customer(facts: Facts) -> Found:
    """Counted orders without a customer."""
    return among_orders(facts, facts.orders["customer_id"].isna().to_numpy(), facts.counted)


def orders_without_country(facts: Facts) -> Found:
    """Counted orders without a country."""
    return among_orders(facts, facts.orders["country"].isna().to_numpy(), facts.counted)


def customers_without_country(facts: Facts) -> Found:
    """Customers without a country."""
    customers = facts.audited.table("customers")
    if not len(customers):
        return not_checked("reason.audit.no_customers")
    return Found(int(customers["country"].isna().sum()), len(customers))


def negative_prices(facts: Facts) -> Found:
    """Sold lines with a price below zero (refunds and discounts have their own place)."""
    if not len(facts.lines):
        return not_checked(NO_LINES)
    below = (facts.lines["unit_price_net"] < 0).to_numpy()
    total = facts.line_weight.sum()
    return Found(
        int(below.sum()), len(below), float(facts.line_weight[below].sum() / total) if total else np.nan
    )


def parts_assumed(facts: Facts) -> Found:
    """Counted orders with a lone total, taken as goods."""
    return among_orders(facts, ~facts.orders["parts_stated"].to_numpy(), facts.counted)


def missing_costs(facts: Facts) -> Found:
    """Sold products without a cost above 0 on every line, nor in the product list; share of their sales."""
    stated = (facts.lines["unit_cost"] > 0).to_numpy()
    listed = (facts.products["unit_cost"] > 0).to_numpy(dtype=bool)
    return of_products(facts, stated | facts.of_product(listed))


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
    return of_products(facts, in_stock, recent)


def _listed(facts: Facts, column: str) -> Found:
    return of_products(facts, facts.of_product(facts.products[column].notna().to_numpy(dtype=bool)))


def lines_without_product(facts: Facts) -> Found:
    """Sold lines that name no product."""
    if not len(facts.lines):
        return not_checked(NO_LINES)
    unnamed = facts.sold & facts.lines["product_id"].isna().to_numpy()
    total = facts.line_weight.sum()
    share = float(facts.line_weight[unnamed].sum() / total) if total else np.nan
    return Found(int(unnamed.sum()), int(facts.sold.sum()), share)


def refunds_above_order(facts: Facts) -> Found:
    """Orders of which more was given back than was invoiced."""
    at = positions(facts.refunds["order_id"], facts.orders["order_id"])
    back = np.bincount(at[at >= 0], facts.refunds["net_amount"].to_numpy()[at >= 0], len(facts.orders))
    refunded = np.bincount(at[at >= 0], minlength=len(facts.orders)) > 0
    return among_orders(facts, back > facts.invoiced + CENT + ROUNDING, refunded)


def refunds_undated(facts: Facts) -> Found:
    """Refunds without a date of their own: they were put on the day of the order."""
    return _refunds(facts, ~facts.refunds["date_stated"].to_numpy())


def refunds_of_unknown_orders(facts: Facts) -> Found:
    """Refunds whose order is not there."""
    return _refunds(facts, positions(facts.refunds["order_id"], facts.orders["order_id"]) < 0)


def no_refunds(facts: Facts) -> Found:
    """Hundreds of orders and not one refund: more likely not exported than not happened."""
    if facts.counted.sum() < _REFUNDS_EXPECTED_FROM:
        return not_checked(NOTHING_TO_CHECK if len(facts.orders) else NO_ORDERS)
    return Found(int(not len(facts.refunds)), 1)


def _refunds(facts: Facts, hit: np.ndarray) -> Found:
    if not len(facts.refunds):
        return not_checked(NOTHING_TO_CHECK)
    return Found(int(hit.sum()), len(hit))


def missing_due_dates(facts: Facts) -> Found:
    """B2B orders without a due date."""
    return among_orders(facts, facts.orders["due_at"].isna().to_numpy(), facts.b2b)


def missing_paid_dates(facts: Facts) -> Found:
    """B2B orders that are said to be paid, or of which none is ever, without a date of payment."""
    undated = facts.orders["paid_at"].isna().to_numpy()
    paid = (facts.orders["status"] == "paid").to_numpy()
    none_dated = bool((undated | ~facts.b2b).all())
    return among_orders(facts, undated & (paid | none_dated), facts.b2b)


def rejected_rows(facts: Facts) -> Found:
    """Rows in quarantine, of all rows read."""
    rejected = sum(facts.audited.rejected.values())
    read = rejected + sum(len(table) for table in facts.audited.tables.values())
    return Found(rejected, read) if read else not_checked(NOTHING_TO_CHECK)


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
    Check("missing_suppliers", "products", (_I,), 0.05, 0.8, missing_suppliers),
    Check("packs_changed", "products", (_I,), 0.02, 0.3, packs_changed),
    Check("products_renamed", "products", (_G, _I), 0.02, 0.3, products_renamed),
    Check("missing_hs_codes", "products", (_M,), 0.05, _NEVER, missing_hs_codes),
    Check("missing_origins", "products", (_M,), 0.05, _NEVER, missing_origins),
    Check("products_without_stock", "stock_levels", (_I,), 0.05, 0.3, products_without_stock),
    Check("negative_stock", "stock_levels", (_I,), 0.01, 0.2, negative_stock),
    Check("purchases_undated", "purchases", (_I,), 0.05, 0.5, purchases_undated),
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

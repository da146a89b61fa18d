"""The audit's checks of VAT: stated at all, at a rate that exists, and there where it should be."""

from __future__ import annotations

import numpy as np

from echannel.metrics.audit_facts import CENT, Facts, Found, among_orders


def vat_assumed(facts: Facts) -> Found:
    """Counted orders whose VAT the source does not state: it was worked out at the standard rate."""
    return among_orders(facts, ~facts.orders["vat_stated"].to_numpy(), facts.counted)


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
    return among_orders(facts, ~fits, domestic)


def zero_vat_domestic(facts: Facts) -> Found:
    """Domestic consumer orders without any VAT, by a firm registered for it.

    Where the country has a zero rate such orders may be right, so they count only when all are so.
    """
    consumers = _domestic(facts) & ~facts.b2b & (facts.orders["total_gross"] > 0).to_numpy()
    without = consumers & (facts.orders["vat_amount"].abs() < CENT).to_numpy()
    if any(rate.rate == 0 for rate in facts.audited.vat_rates) and not without[consumers].all():
        without = np.zeros(len(without), dtype=bool)
    return among_orders(facts, without, consumers)


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

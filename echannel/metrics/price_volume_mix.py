"""The change of turnover between two periods by product: price, volume, mix, new and lost items.

Frames and rounding as in ``echannel.metrics.change``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.counting import category_of, codes_of, counts, totals
from echannel.metrics.parts import decomposed, unavailable
from echannel.metrics.periods import Period
from echannel.metrics.result import judged

PRODUCT_PARTS = ("price", "volume", "mix", "new_items", "lost_items", "refunds", "unitemised")


def price_volume_mix(lines: pd.DataFrame, period: Period, before: Period) -> pd.DataFrame:
    """Change of turnover by product: price, volume, mix, new and lost items.

    Over products sold in both periods, Q units, P = net goods after discounts per unit, 0 before, 1 after:
    price = Σ Q1 (P1 − P0); volume = (ΣQ1 − ΣQ0) × ΣQ0P0 / ΣQ0; mix = Σ (Q1 − Q0 ΣQ1/ΣQ0) P0.
    New and lost items: sold in one of the two periods only. ``refunds``: change of what was given back;
    ``unitemised``: change of what no product line explains.

    Returns
    -------
    One row per name in ``PRODUCT_PARTS``, in that order; ``n``: products in the part (orders for the last
    two). input_missing where no line names a product.
    """
    products = _by_product(lines, period), _by_product(lines, before)
    parts = {name: float(part) for name, part in part_sums(*products[0], *products[1]).items()}
    rest = [_without_product(lines, one) for one in (period, before)]
    whole = [float(lines["net"].to_numpy()[one.mask(lines["day"])].sum()) for one in (period, before)]
    parts["refunds"] = rest[0]["refunds"] - rest[1]["refunds"]
    parts["unitemised"] += rest[0]["unitemised"] - rest[1]["unitemised"]
    frame = decomposed([parts[name] for name in PRODUCT_PARTS], PRODUCT_PARTS, whole[1], whole[0])
    both, new, lost = (int(seen.sum()) for seen in _groups(products[0][0], products[1][0]))
    others = [max(rest[0][name], rest[1][name]) for name in ("refund_rows", "unitemised_rows")]
    frame["n"] = [both, both, both, new, lost, *others]
    unnamed = both + new + lost == 0 and rest[0]["unitemised_rows"] + rest[1]["unitemised_rows"] > 0
    return unavailable(frame, "reason.products_unknown") if unnamed else frame


def price_volume_mix_by_product(lines: pd.DataFrame, period: Period, before: Period) -> pd.DataFrame:
    """The same by product, unrounded; columns sum to the parts of :func:`price_volume_mix`.

    Returns
    -------
    One row per product sold in either period, largest absolute change first: ``product_id``,
    ``category``, ``price``, ``volume``, ``mix``, ``new_items``, ``lost_items``, ``value`` (their sum: the
    change of goods sold before refunds), ``units``, ``units_before``,
    ``n`` (order lines), ``status``, ``reason``.
    """
    (units, net), (units_before, net_before) = _by_product(lines, period), _by_product(lines, before)
    codes, ids = codes_of(lines["product_id"])
    parts = product_parts(units, net, units_before, net_before)
    loose = parts.pop("unitemised")
    inside = (period.mask(lines["day"]) | before.mask(lines["day"])) & (lines["entry"] == "sale").to_numpy()
    frame = pd.DataFrame(
        {"product_id": ids, "category": category_of(lines["category"], codes, len(ids)), **parts}
    )
    frame = frame.assign(
        value=sum(parts.values()),
        units=units,
        units_before=units_before,
        n=counts(codes[inside], len(ids)),
    )
    frame = frame[(frame["n"] > 0).to_numpy() & ((loose == 0) | (frame["value"] != 0).to_numpy())]
    order = np.argsort(-frame["value"].abs().to_numpy(), kind="stable")
    return judged(frame.iloc[order].reset_index(drop=True), 0, "")


def product_parts(
    units: np.ndarray, net: np.ndarray, units_before: np.ndarray, net_before: np.ndarray
) -> dict[str, np.ndarray]:
    """The parts of :func:`price_volume_mix` per product, over the last axis; earlier axes are variants.

    A product is sold in a period when its units there are above 0; amounts without units are unitemised.
    """
    both, new, lost = _groups(units, units_before)
    price_now = np.divide(net, units, out=np.zeros(net.shape), where=both)
    price_then = np.divide(net_before, units_before, out=np.zeros(net.shape), where=both)
    q1, q0 = units * both, units_before * both
    whole, whole_before = q1.sum(axis=-1, keepdims=True), q0.sum(axis=-1, keepdims=True)
    growth = np.divide(whole, whole_before, out=np.ones(whole.shape), where=whole_before > 0)
    no_units = net * (units <= 0) - net_before * (units_before <= 0)
    return {
        "price": q1 * (price_now - price_then),
        "volume": q0 * (growth - 1) * price_then,
        "mix": (q1 - q0 * growth) * price_then,
        "new_items": net * new,
        "lost_items": -net_before * lost,
        "unitemised": no_units,
    }


def part_sums(
    units: np.ndarray, net: np.ndarray, units_before: np.ndarray, net_before: np.ndarray
) -> dict[str, np.ndarray]:
    """Sums of :func:`product_parts` over all products (last axis), in fewer passes."""
    both, new, lost = _groups(units, units_before)
    price_then = np.divide(net_before, units_before, out=np.zeros(net.shape), where=both)
    at_old_prices = np.einsum("...p,...p->...", units, price_then)
    q1, n1, q0, n0 = (
        np.einsum("...p,...p->...", amounts, both) for amounts in (units, net, units_before, net_before)
    )
    old_price = np.divide(n0, q0, out=np.zeros(np.shape(q0)), where=q0 > 0)
    new_items = np.einsum("...p,...p->...", net, new)
    lost_items = np.einsum("...p,...p->...", net_before, lost)
    return {
        "price": n1 - at_old_prices,
        "volume": (q1 - q0) * old_price,
        "mix": at_old_prices - q1 * old_price,
        "new_items": new_items,
        "lost_items": -lost_items,
        "unitemised": (net.sum(axis=-1) - n1 - new_items) - (net_before.sum(axis=-1) - n0 - lost_items),
    }


def _groups(units: np.ndarray, units_before: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Products sold in both periods, only now, only before."""
    now, then = units > 0, units_before > 0
    return now & then, now & ~then, then & ~now


def _by_product(lines: pd.DataFrame, period: Period) -> tuple[np.ndarray, np.ndarray]:
    """Units and net goods sold per product, before refunds."""
    codes, ids = codes_of(lines["product_id"])
    sold = period.mask(lines["day"]) & (lines["entry"] == "sale").to_numpy()
    units, net = (
        totals(codes[sold], lines[column].to_numpy()[sold], len(ids)) for column in ("quantity", "net")
    )
    return units, net


def _without_product(lines: pd.DataFrame, period: Period) -> dict[str, float]:
    """Refunds, and what no product line explains: remainders and lines that name no product."""
    inside = period.mask(lines["day"])
    entry = lines["entry"]
    net = lines["net"].to_numpy()
    refund = inside & (entry == "refund").to_numpy()
    sale = inside & (entry == "sale").to_numpy()
    loose = inside & ~refund & ~(sale & (codes_of(lines["product_id"])[0] >= 0))
    return {
        "refunds": net[refund].sum(),
        "refund_rows": int(refund.sum()),
        "unitemised": net[loose].sum(),
        "unitemised_rows": int(loose.sum()),
    }

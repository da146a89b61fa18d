"""The audit's checks of stock and purchases: what the inventory tool needs, and what cannot be right there.

They look at the shop as that tool does (see ``echannel.metrics.inventory``): what it would have to assume
is missing here, and what it finds impossible is found here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.audit_facts import NOTHING_TO_CHECK, Facts, Found, not_checked, of_products, positions
from echannel.metrics.inventory.panels import received_quantity

_STATED = ("product", "supplier", "measured")  # by the lists, or by three deliveries
_LATELY = 365


def missing_lead_times(facts: Facts) -> Found:
    """Sold products whose lead time neither a list states nor three deliveries show."""
    return _of_items(facts, facts.inventory.items["lead_time_days_from"].isin(_STATED))


def missing_suppliers(facts: Facts) -> Found:
    """Sold products whose supplier no list of products, prices or purchases names."""
    return _of_items(facts, facts.inventory.items["supplier_id"] != "")


def purchases_undated(facts: Facts) -> Found:
    """Lines of purchases that do not say when they were ordered, or came without saying when."""
    purchases = facts.audited.table("purchases")
    if not len(purchases):
        return not_checked(NOTHING_TO_CHECK)
    came = received_quantity(purchases) > 0
    undated = purchases["ordered_on"].isna() | (came & purchases["received_on"].isna())
    return Found(int(undated.sum()), len(purchases))


def negative_stock(facts: Facts) -> Found:
    """Products and places of which the last count is below 0, of those counted in the last year."""
    counted = facts.inventory.locations
    lately = counted["as_of"] > facts.audited.today - _LATELY
    if not lately.any():
        return not_checked(NOTHING_TO_CHECK)
    return Found(int((lately & (counted["on_hand"] < 0)).sum()), int(lately.sum()))


def packs_changed(facts: Facts) -> Found:
    """Sold products whose price and units moved as if a pack had become single units, or the reverse."""
    return _of_faults(facts, "pack")


def products_renamed(facts: Facts) -> Found:
    """Sold products that seem to go on, or to be sold twice, under another number."""
    return _of_faults(facts, "renamed", "duplicate")


def _of_faults(facts: Facts, *names: str) -> Found:
    found = facts.stock_faults
    hit = found.loc[found["fault"].isin(names), "product_id"]
    return _of_items(facts, pd.Series(~facts.inventory.items.index.isin(hit), facts.inventory.items.index))


def _of_items(facts: Facts, known: pd.Series) -> Found:
    """Sold products that are not ``known`` (by product), with the share of sales in them."""
    place = positions(facts.lines["product_id"], pd.Series(known.index, dtype=object))
    return of_products(facts, np.append(known.to_numpy(dtype=bool), True)[place])

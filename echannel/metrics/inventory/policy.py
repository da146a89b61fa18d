"""How each product is to be stocked: when to order, how many, and what service that gives at what cost.

The policy is (R, s, nQ), see :class:`echannel.metrics.inventory.service.Protection`: looked at every
``review_days``, and where on hand − reserved + on order is at or below the reorder point, as many whole
order quantities are ordered as lift it above the point.

The reorder point covers the lead time and what a review finds the stock below the point. Where an order is
due at every review that is the textbooks' d·(L + R) + z·√((L + R)·σd² + d²·σL²); where the stock is watched
all the time, d·L + z·√(L·σd² + d²·σL²); between the two, an order quantity that lasts for several reviews
needs less than the first. Sources: Silver, Pyke and Thomas 2017, chapters 6 and 7; Hadley and Whitin 1963.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from echannel.metrics.inventory.demand import FEWEST_SALES
from echannel.metrics.inventory.distributions import LeadTimeDemand
from echannel.metrics.inventory.items import InventorySettings
from echannel.metrics.inventory.newsvendor import critical_ratio
from echannel.metrics.inventory.ordering import YEAR, Order, order_of, within_shelf_life
from echannel.metrics.inventory.service import Protection, safety_factor
from echannel.metrics.result import OK, TOO_FEW

SERVICE = {"A": 0.98, "B": 0.95, "C": 0.90}  # cycle service, where the SME has not said
CURVE = (0.90, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
_BY_MARGIN = (0.50, 0.999)  # limits of a target that is derived
_INPUTS = (
    *("unit_cost", "price_net", "lead_time_days", "lead_time_sd_days", "order_cost", "holding_rate"),
    *("review_days", "order_quantity_min", "order_quantity_multiple"),
)
_ALWAYS_SAID = {"order_quantity_min", "order_quantity_multiple"}  # one piece is no assumption


@dataclass(frozen=True)
class WhatIf:
    """What a reader tries out. ``service``: one cycle service for all (None: by class); ``by_margin``: taken
    from margin and holding cost; ``fill``: the target is a fill rate; ``longer``: days on every lead time;
    ``cash``: the most that one order of one product may cost."""

    service: float | None = None
    by_margin: bool = False
    fill: bool = False
    longer: float = 0.0
    cash: float | None = None


def policies(
    items: pd.DataFrame,
    demand_facts: pd.DataFrame,
    classes: pd.Series | pd.DataFrame,
    settings: InventorySettings,
    prices: pd.DataFrame | None = None,
    what_if: WhatIf | None = None,
) -> pd.DataFrame:
    """The policy of every product, units; money in the reporting currency, ex VAT, per year.

    Parameters
    ----------
    items : see ``items.items``.
    demand_facts : index ``product_id``; ``per_day``, ``sd_day`` (units), ``n`` (days with a sale),
        ``status``, ``reason``.
    classes : the ABC class of each product ("A", "B", "C"; others are treated as C), or a frame with ``abc``.
    prices : the canonical supplier prices, for quantity discounts.

    Returns
    -------
    Index as ``items``: ``service_target`` and ``service_from`` ("profile", "default", "margin", "chosen"),
    ``z`` (of the target, normal), ``distribution`` (of demand until the next delivery), ``per_day``,
    ``sd_day``, ``lead_time_days``, ``lead_time_sd_days``, ``review_days``, ``safety_stock`` (reorder
    point less what is expected to be asked for until the delivery), ``reorder_point`` (= ``value``),
    ``order_quantity`` (whole packs), ``order_up_to`` (the most that is ever on hand and on order), ``eoq``
    (before rounding), ``order_limit`` (what sets the quantity: "economic", "discount", "year", "review",
    "minimum", "shelf_life", "cash"), ``unit_cost`` (at that quantity), ``cycle_service`` and ``fill_rate``
    (both as reached), ``mean_stock`` (units), ``stock_value``, ``holding_cost``, ``orders_per_year``,
    ``lost_units`` and ``lost_margin`` (short of stock), ``active`` (still sold), ``assumed`` (inputs
    nobody stated, joined by commas), ``n``, ``status``, ``reason``. No number without demand.
    """
    tried = what_if or WhatIf()
    return _worked_out(
        items, _aimed(_rests_on(items, demand_facts, prices, tried), items, classes, settings, tried)
    )


def _worked_out(items: pd.DataFrame, made: _Decision) -> pd.DataFrame:
    """What is decided of each product as :func:`policies` gives it."""
    known = made.known
    status, reason = _told(made)
    return _figures(items, made).assign(
        service_from=made.target_from,
        distribution=np.where(known, made.protection.cycle.kind, ""),
        order_limit=np.where(known, made.order.limit, ""),
        lead_time_days=made.lead_time,
        lead_time_sd_days=items["lead_time_sd_days"],
        review_days=made.review,
        active=items["active"].to_numpy(dtype=bool),
        assumed=_assumed(items),
        n=made.facts["n"].fillna(0).to_numpy("float64"),
        status=status,
        reason=reason,
    )


def _told(made: _Basis) -> tuple[np.ndarray, np.ndarray]:
    """Whether there is a policy for each product, and why not."""
    known = made.known
    status = made.facts["status"].fillna(TOO_FEW).astype(str).to_numpy()
    reason = made.facts["reason"].fillna("").astype(str).to_numpy()
    few = ~known & (status == OK)
    said = np.where(~known & (few | (reason == "")), "reason.few_sales", np.where(known, "", reason))
    return np.where(few, TOO_FEW, status), said


def decisions(
    items: pd.DataFrame,
    demand_facts: pd.DataFrame,
    classes: pd.Series | pd.DataFrame,
    settings: InventorySettings,
    what_if: WhatIf | None = None,
) -> pd.DataFrame:
    """Only what :func:`policies` decides, for what runs it many times: ``reorder_point`` (= ``value``),
    ``order_quantity``, ``per_day``; NaN without demand. Without quantity discounts."""
    tried = what_if or WhatIf()
    made = _aimed(_rests_on(items, demand_facts, None, tried), items, classes, settings, tried)
    numbers = {"reorder_point": made.point, "order_quantity": made.order.quantity, "per_day": made.per_day}
    return pd.DataFrame(numbers, index=items.index).where(pd.Series(made.known, items.index), np.nan)


def service_curve(
    items: pd.DataFrame,
    demand_facts: pd.DataFrame,
    classes: pd.Series | pd.DataFrame,
    settings: InventorySettings,
    levels: Sequence[float] = CURVE,
    prices: pd.DataFrame | None = None,
    longer: float = 0.0,
) -> pd.DataFrame:
    """What service costs: every product at the same cycle service target, one row per level.

    Returns
    -------
    ``level``, ``cycle_service`` (as reached, weighted by orders), ``fill_rate`` (weighted by units),
    ``safety_stock_value``, ``stock_value`` (mean), ``holding_cost`` and ``lost_margin`` (per year),
    ``value`` (= stock_value), ``n`` (products with a policy and a cost), ``status``, ``reason``.
    """
    # No level moves these.
    rests_on = _rests_on(items, demand_facts, prices, WhatIf(longer=longer))
    same = {"active": items["active"].to_numpy(dtype=bool), "status": _told(rests_on)[0]}
    rows = []
    for level in levels:
        made = _aimed(rests_on, items, classes, settings, WhatIf(service=level, longer=longer))
        rows.append({"level": level, **curve_point(_figures(items, made).assign(**same))})
    return pd.DataFrame(rows)


def curve_point(found: pd.DataFrame) -> dict[str, object]:
    """The sums of a set of policies (see :func:`service_curve`): of products still sold and with a cost."""
    counted = found[
        found["active"] & (found["status"] == OK) & found["stock_value"].notna() & (found["per_day"] > 0)
    ]
    if counted.empty:
        nothing = dict.fromkeys(
            (
                "cycle_service",
                "fill_rate",
                "safety_stock_value",
                "stock_value",
                "holding_cost",
                "lost_margin",
                "value",
            ),
            np.nan,
        )
        return {**nothing, "n": 0, "status": TOO_FEW, "reason": "reason.few_sales"}
    orders, units = counted["orders_per_year"], counted["per_day"]
    return {
        "cycle_service": float(np.average(counted["cycle_service"], weights=np.maximum(orders, 1e-9))),
        "fill_rate": float(np.average(counted["fill_rate"], weights=units)),
        "safety_stock_value": float((counted["safety_stock"].clip(lower=0) * counted["unit_cost"]).sum()),
        "stock_value": float(counted["stock_value"].sum()),
        "holding_cost": float(counted["holding_cost"].sum()),
        "lost_margin": float(counted["lost_margin"].sum()),
        "value": float(counted["stock_value"].sum()),
        "n": len(counted),
        "status": OK,
        "reason": "",
    }


@dataclass(frozen=True)
class _Basis:
    """What a decision rests on, whatever service is aimed at: demand, days, and the order's size."""

    facts: pd.DataFrame
    known: np.ndarray
    per_day: np.ndarray
    sd_day: np.ndarray
    lead_time: np.ndarray
    review: np.ndarray
    protection: Protection
    order: Order
    need: LeadTimeDemand  # what the reorder point must bear


@dataclass(frozen=True)
class _Decision(_Basis):
    """What is decided of each product: the service aimed at, who says so, and when to order."""

    target: np.ndarray
    target_from: np.ndarray
    point: np.ndarray


def _rests_on(
    items: pd.DataFrame, demand_facts: pd.DataFrame, prices: pd.DataFrame | None, tried: WhatIf
) -> _Basis:
    facts = demand_facts.reindex(items.index)
    known = _known(facts)
    lead, lead_sd, review = (
        items[name].to_numpy("float64") for name in ("lead_time_days", "lead_time_sd_days", "review_days")
    )
    per_day, sd_day = (
        np.where(known, facts[name].to_numpy("float64"), 1.0) for name in ("per_day", "sd_day")
    )
    lead = np.maximum(lead + tried.longer, 0.0)
    protection = Protection.of(per_day, sd_day, lead, lead_sd, review)
    order = order_of(items, per_day, review, prices, tried.cash, known)
    need = protection.until_delivery(order.quantity)
    return _Basis(facts, known, per_day, sd_day, lead, review, protection, order, need)


def _aimed(
    basis: _Basis,
    items: pd.DataFrame,
    classes: pd.Series | pd.DataFrame,
    settings: InventorySettings,
    tried: WhatIf,
) -> _Decision:
    per_day = basis.per_day
    target, target_from = _targets(items, classes, settings, tried, basis.order, per_day)
    point = _point(basis, target, tried.fill)
    order, shelf = within_shelf_life(items, basis.order, per_day, point - basis.protection.lead.mean)
    if shelf.any():
        basis = replace(basis, order=order, need=basis.protection.until_delivery(order.quantity))
        target, target_from = _targets(items, classes, settings, tried, order, per_day)
        point = _point(basis, target, tried.fill)
    parts = {one.name: getattr(basis, one.name) for one in fields(basis)}
    return _Decision(**parts, target=target, target_from=target_from, point=point)


def _known(facts: pd.DataFrame) -> np.ndarray:
    enough = (facts["status"] == OK) & (facts["n"] >= FEWEST_SALES)
    return np.asarray(enough & (facts["per_day"] >= 0) & facts["sd_day"].notna())


def _targets(
    items: pd.DataFrame,
    classes: pd.Series | pd.DataFrame,
    settings: InventorySettings,
    tried: WhatIf,
    order: Order,
    per_day: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The service wanted of each product, and who says so.

    By margin: Cu/(Cu + Co) with the unit's margin against the cost of holding it from one order to the next.
    """
    size = len(items)
    if tried.service is not None:
        return np.full(size, tried.service), np.full(size, "chosen", dtype=object)
    abc = classes["abc"] if isinstance(classes, pd.DataFrame) else classes
    named = abc.reindex(items.index).astype(object)
    letter = named.where(named.isin(list(SERVICE)), "C")
    targets: Mapping[str, float] = {**SERVICE, **settings.service}
    value = letter.map(targets).to_numpy("float64")
    source = np.where(letter.isin(list(settings.service)), "profile", "default").astype(object)
    if not tried.by_margin:
        return value, source
    years = order.quantity / np.maximum(np.maximum(per_day, 1e-9) * YEAR, 1e-9)
    years = np.maximum(years, items["review_days"].to_numpy("float64") / YEAR)
    margin = items["price_net"].to_numpy("float64") - order.unit_cost
    ratio = critical_ratio(margin, items["holding_rate"].to_numpy("float64") * order.unit_cost * years)
    priced = np.isfinite(ratio) & (margin > 0)
    return np.where(priced, np.clip(ratio, *_BY_MARGIN), value), np.where(priced, "margin", source)


def _point(basis: _Basis, target: np.ndarray, fill: bool) -> np.ndarray:
    if fill:
        return basis.protection.point_for_fill_rate(target, basis.order.quantity)
    return basis.need.quantile(target)


def _figures(items: pd.DataFrame, made: _Decision) -> pd.DataFrame:
    """The numbers of :func:`policies`; NaN where nothing is known of demand."""
    order, point, quantity, review = made.order, made.point, made.order.quantity, made.review
    reviews = YEAR / np.where(review > 0, review, 1.0)
    orders = np.where(
        review > 0,
        np.nan_to_num(made.protection.order_chance(quantity)) * reviews,
        made.per_day * YEAR / quantity,
    )
    fill_rate, mean_stock = made.protection.reached(point, quantity)
    margin = np.maximum(items["price_net"].to_numpy("float64") - order.unit_cost, 0.0)
    lost = (1 - fill_rate) * made.per_day * YEAR
    numbers = {
        "value": point,
        "safety_stock": point - made.need.mean,
        "reorder_point": point,
        "order_quantity": quantity,
        "order_up_to": point + quantity,
        "cycle_service": 1 - made.need.tail(point),
        "fill_rate": fill_rate,
        "mean_stock": mean_stock,
        "orders_per_year": orders,
        "eoq": order.economic,
        "stock_value": mean_stock * order.unit_cost,
        "holding_cost": mean_stock * order.unit_cost * items["holding_rate"].to_numpy("float64"),
        "lost_units": lost,
        "lost_margin": lost * margin,
        "service_target": made.target,
        "z": safety_factor(made.target),
        "per_day": made.per_day,
        "sd_day": made.sd_day,
    }
    unknown = np.where(made.known, 0.0, np.nan)
    return pd.DataFrame(
        {**{name: values + unknown for name, values in numbers.items()}, "unit_cost": order.unit_cost},
        index=items.index,
    )


def _assumed(items: pd.DataFrame) -> np.ndarray:
    """The inputs that rest on nobody's word, joined by commas."""
    result = np.full(len(items), "", dtype=object)
    for name in _INPUTS:
        if f"{name}_from" in items and name not in _ALWAYS_SAID:
            guessed = (items[f"{name}_from"] == "default").to_numpy()
            result = np.where(guessed, np.where(result == "", name, result + "," + name), result)
    return result

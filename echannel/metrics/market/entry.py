"""Entering a market, as the planning tool takes it: orders, what each brings and costs, what entry costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from echannel.metrics.market.crossing import Options, Route
from echannel.metrics.market.margin import Margins
from echannel.metrics.planning.inputs import Assumption, MadeBy, MarketEntry

CHANGES = ("stock", "returns", "service", "vat", "cash", "papers")
"""What entering a market changes in a small firm; firms underestimate exactly these."""


def mean_order(margins: Margins, at: int = 0) -> dict[str, float]:
    """The mean of each part over the parcels whose margin is known in market ``at``; ``n``: how many."""
    known = np.isfinite(margins["margin"][:, at])
    n = int(known.sum())
    means = {
        part: float(values[known, at].mean()) if n else float("nan") for part, values in margins.parts.items()
    }
    return {**means, "n": float(n), "share": n / len(known) if len(known) else float("nan")}


def market_entry(
    route: Route,
    options: Options,
    order: Mapping[str, float],
    first_month: int,
    orders_per_month: np.ndarray,
    setup_cost: float = float("nan"),
    cost_per_month: float = float("nan"),
    cover_days: float = 30.0,
    payout_delay_days: float = 7.0,
    orders_by: MadeBy = "owner",
) -> MarketEntry:
    """The case for a market, handed to the planning tool.

    ``order``: the parts of a mean order's margin (``mean_order``), seller's currency, ex VAT. Price: revenue
    per order; variable cost: revenue − margin, so that the plan earns the same margin. ``extra_stock``:
    ``cover_days`` of the goods of the first year's busiest month, at cost.

    ``setup_cost`` and ``cost_per_month``: NaN where nobody has entered them. The plan then counts nothing for
    them, and says so: every entry carries its assumptions, with who made them.
    """
    orders = np.asarray(orders_per_month, dtype="float64")
    busiest = float(orders[:12].max(initial=0.0))
    scheme = vat_scheme(route, options)
    return MarketEntry(
        country=route.market,
        name_key="market.scenario.enter",
        first_month=first_month,
        orders_per_month=orders,
        price_net=round(order["revenue"], 2),
        variable_cost_per_order=round(order["revenue"] - order["margin"], 2),
        setup_cost=float(np.nan_to_num(setup_cost)),
        cost_per_month=float(np.nan_to_num(cost_per_month)),
        extra_stock=round(busiest * order["goods_cost"] * cover_days / 30, 2),
        vat_rate=route.vat_rate
        if scheme in ("oss", "ioss", "local") and np.isfinite(route.vat_rate)
        else 0.0,
        vat_scheme=scheme,
        payout_delay_days=payout_delay_days,
        goods_cost_per_order=round(order["goods_cost"], 2),
        assumptions=(
            Assumption(
                "entry_orders",
                float(orders[:12].mean()) if len(orders) else 0.0,
                "number",
                orders_by,
                _ORDERS_FROM[orders_by],
                route.market,
            ),
            _cost("entry_setup", setup_cost, route.market),
            _cost("entry_running", cost_per_month, route.market),
        ),
    )


_ORDERS_FROM: dict[str, str] = {
    "owner": "reason.planning.entered",
    "history": "reason.planning.from_orders",
    "default": "reason.market_orders_by_size",
}


def _cost(name: str, amount: float, market: str) -> Assumption:
    """What entering costs, as the owner has it; a default of nothing where nobody has entered it."""
    if np.isfinite(amount):
        return Assumption(name, float(amount), "money", "owner", "reason.planning.entered", market)
    return Assumption(name, 0.0, "money", "default", "reason.market_entry_cost_missing", market)


def vat_scheme(route: Route, options: Options) -> Any:
    """Through which scheme the seller hands over the market's VAT; ``none`` where the customer does."""
    if route.rules.route == "domestic":
        return "domestic"
    if options.kind == "b2b":
        return "none"
    if options.marketplace and route.rules.rule("deemed_supplier", options.kind) is not None:
        return "none"
    if route.rules.route == "union":
        return "domestic" if options.scheme == "home" else "oss"
    sale = route.rules.rule("vat_at_sale", options.kind)
    if sale is None or (sale.optional and options.scheme not in ("", sale.scheme)):
        return "none"
    return "ioss" if sale.scheme == "ioss" else "local"


def to_plain(entry: MarketEntry) -> dict[str, Any]:
    """The entry as plain JSON, for the register."""
    fields = {name: getattr(entry, name) for name in _PLAIN}
    return {
        **fields,
        "orders_per_month": [float(n) for n in entry.orders_per_month],
        "goods_cost_per_order": None if np.isnan(entry.goods_cost_per_order) else entry.goods_cost_per_order,
        "assumptions": [
            {"name": one.name, "value": one.value, "unit": one.unit, "made_by": one.made_by,
             "reason": one.reason, "about": one.about, "note": one.note}
            for one in entry.assumptions
        ],
    }  # fmt: skip


def from_plain(content: Mapping[str, Any]) -> MarketEntry:
    """The entry that ``to_plain`` wrote."""
    goods = content["goods_cost_per_order"]
    return MarketEntry(
        **{name: content[name] for name in _PLAIN},
        orders_per_month=np.array(content["orders_per_month"], dtype="float64"),
        goods_cost_per_order=float("nan") if goods is None else goods,
        assumptions=tuple(Assumption(**one) for one in content["assumptions"]),
    )


_PLAIN = (
    "country",
    "name_key",
    "first_month",
    "price_net",
    "variable_cost_per_order",
    "setup_cost",
    "cost_per_month",
    "extra_stock",
    "vat_rate",
    "vat_scheme",
    "payout_delay_days",
)

"""Landed cost: what goods cost once they stand at the customer's door, step by step, and who pays which step.

All amounts of a route are in its ``currency`` (the one in which the destination's customs area states its
limits; the seller's own where no limits are kept). Every step is rounded to the cent where it arises (half
away from zero); duty and VAT are rounded once per parcel, as they are declared; sums are sums of rounded
steps. Prices are ex VAT (HT); ``vat`` is the only step that is VAT.

1. goods − discount = intrinsic value, held against the limits of the rules;
2. customs value = intrinsic value + carriage + packaging + insurance (CIF);
3. duty: none below a relief, none for goods whose origin is proven under an agreement (dispatch is not
   origin); else the flat duty per tariff item, where one holds; else customs value × rate;
4. VAT: at the sale on the price charged with its delivery (IOSS, UK VAT, OSS, home VAT), or at the border on
   customs value + duties;
5. what the carrier asks for clearing the parcel; total = all of it; net total = total − deductible VAT.

Delivered at place (``dap``): the customer pays all of it. Delivered duty paid (``ddp``): the customer pays
the price with its VAT and nothing else; the seller bears duties, fees and the VAT on them.

What is not known (HS code, origin, rate, what delivery is charged at) leaves the steps that need it NaN, with
a reason; ``at_least`` is the total without what is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.metrics.market.crossing import Crossing, Options, Route
from echannel.metrics.market.parcels import Parcels

MONEY_STEPS = (
    "goods",
    "discount",
    "intrinsic_value",
    "carriage",
    "packaging",
    "insurance",
    "customs_value",
    "duty",
    "flat_duty",
    "parcel_tax",
    "handling_fee",
    "vat_base",
    "vat",
    "clearance_fee",
    "total",
    "deductible_vat",
    "net_total",
    "seller_bears",
    "customer_pays",
    "at_checkout",
    "at_least",
)
CHARGED = ("intrinsic_value", "carriage", "packaging", "insurance")
"""What the customer is charged for goods and delivery, ex VAT."""
ADDED = (
    *CHARGED,
    "duty",
    "flat_duty",
    "parcel_tax",
    "handling_fee",
    "vat",
    "clearance_fee",
)
"""The steps whose sum is the total."""
DUTIES = ("duty", "flat_duty", "parcel_tax", "handling_fee")

NO_HS = "reason.market_hs_missing"
NO_RATE = "reason.market_duty_rate_missing"
NO_VAT = "reason.market_vat_rate_missing"
NO_PRICE = "reason.market_price_missing"
NO_DELIVERY = "reason.market_delivery_missing"


def cents(amount: np.ndarray) -> np.ndarray:
    """Amounts rounded to the cent, half away from zero, as a spreadsheet's ROUND."""
    hundredths = np.round(np.abs(amount) * 100, 6)
    return np.copysign(np.floor(hundredths + 0.5), amount) / 100


@dataclass(frozen=True)
class Landed:
    """The steps of every parcel in every market: arrays ``(parcels, markets)``.

    ``regime``: by name how the parcel crosses (``domestic``, ``union``, ``relief``, ``flat``, ``tariff``);
    ``collected``: who hands the VAT over (``crossing.COLLECTED``); ``at_sale``: VAT is charged at the sale;
    ``full_declaration``: origin is claimed; ``reason``: why a step is unknown ("" where none is);
    ``fee_unknown``: the carrier's fee is left out, since it is not known.
    """

    keys: np.ndarray
    markets: tuple[str, ...]
    currencies: tuple[str | None, ...]
    steps: Mapping[str, np.ndarray]
    regime: np.ndarray
    collected: np.ndarray
    reason: np.ndarray
    at_sale: np.ndarray
    full_declaration: np.ndarray
    fee_unknown: np.ndarray

    def __getitem__(self, step: str) -> np.ndarray:
        return self.steps[step]

    def frame(self) -> pd.DataFrame:
        """One row per parcel × market × step, with its ``value``, ``status`` and ``reason``.

        Wide arrays become long: for a page's few parcels, not for a whole catalogue.
        """
        shape = (len(self.keys), len(self.markets), len(MONEY_STEPS))
        value = np.stack([self.steps[step] for step in MONEY_STEPS], axis=-1)
        reason = np.broadcast_to(self.reason[:, :, None], shape)
        known = np.isfinite(value)
        parcel, market, step = (axis.ravel() for axis in np.indices(shape))
        return pd.DataFrame(
            {
                "parcel": self.keys[parcel],
                "market": np.array(self.markets, dtype=object)[market],
                "step": np.array(MONEY_STEPS, dtype=object)[step],
                "value": value.ravel(),
                "status": np.where(known, "ok", "input_missing").ravel(),
                "reason": np.where(known, "", reason).ravel(),
            }
        )


def landed_cost(parcels: Parcels, routes: Sequence[Route], options: Options | None = None) -> Landed:
    """The landed cost of every parcel on every route (the module's head states steps, basis and rounding)."""
    chosen = options or Options()
    found = [route_cost(parcels, route, chosen) for route in routes]

    def side_by_side(name: str) -> np.ndarray:
        return np.stack([one[name] for one in found], axis=1)

    return Landed(
        keys=parcels.keys,
        markets=tuple(route.market for route in routes),
        currencies=tuple(route.rules.currency for route in routes),
        steps={step: side_by_side(step) for step in MONEY_STEPS},
        regime=side_by_side("regime"),
        collected=side_by_side("collected"),
        reason=side_by_side("reason"),
        at_sale=side_by_side("at_sale"),
        full_declaration=side_by_side("full_declaration"),
        fee_unknown=side_by_side("fee_unknown"),
    )


def route_cost(
    parcels: Parcels,
    route: Route,
    options: Options,
    scale: np.ndarray | float = 1.0,
    low: bool | None = None,
    rounded: bool = True,
) -> dict[str, np.ndarray]:
    """All steps of all parcels on one route.

    ``scale`` multiplies the prices; ``low`` takes parcels as below (True) or above the limits whatever their
    value, and ``rounded=False`` leaves fractions of a cent: so each regime is a straight line in the price.
    """
    money = cents if rounded else np.asarray
    of_line = np.broadcast_to(np.asarray(scale, dtype="float64"), (len(parcels.keys),))[parcels.parcel]
    value = money(parcels.value * of_line * route.currency_rate)
    steps: dict[str, np.ndarray] = {"goods": parcels.total(value)}
    n = len(parcels.keys)
    steps["discount"] = money(steps["goods"] * options.discount)
    intrinsic = steps["goods"] - steps["discount"]
    steps["intrinsic_value"] = money(intrinsic)
    for name in ("carriage", "packaging"):
        steps[name] = np.full(n, money(np.asarray(getattr(route, name) * route.currency_rate)))
    steps["insurance"] = money(intrinsic * route.insurance)
    charged = intrinsic + steps["carriage"] + steps["packaging"] + steps["insurance"]
    crossing = Crossing(parcels, route, options, steps["intrinsic_value"], low)
    steps["customs_value"] = money(charged if route.rules.route == "import" else np.zeros(n))
    spread = np.divide(charged, steps["goods"], out=np.ones(n), where=steps["goods"] != 0)
    lines = value * spread[parcels.parcel]  # each line with its part of discount, carriage, insurance
    items, duties = crossing.items, crossing.tariff_lines
    rates = np.where(duties, parcels.rates(route.duty_rates), 0.0)
    steps["duty"] = money(parcels.total(np.where(duties, lines * rates, 0.0)))
    per_item = {"flat_duty": crossing.flat, "parcel_tax": crossing.taxed, "handling_fee": crossing.handled}
    for name, where in per_item.items():
        rule = route.rules.rule(name)
        amount = rule.amount if rule and rule.amount else 0.0
        count = items if name == "flat_duty" else crossing.all_items
        steps[name] = money(np.where(where, count * amount, 0.0))
    vat_rates = crossing.vat_rates()
    duty_sum = sum((steps[name] for name in DUTIES), np.zeros(n))
    in_base = np.where(crossing.charges_in_base, duty_sum, 0.0)
    steps["vat_base"] = money(charged + in_base)
    on_price = money(_weighted(parcels, lines, vat_rates, charged))
    steps["vat"] = money(_weighted(parcels, lines, vat_rates, charged + in_base))
    known = sum((np.nan_to_num(steps[name]) for name in DUTIES), np.zeros(n))
    surely = np.where(np.isnan(charged), intrinsic, charged)
    floor = money(_weighted(parcels, value, vat_rates, surely + crossing.charges_in_base * known))
    fee_due = crossing.at_border & (options.kind == "b2c")
    fee = money(np.asarray((route.clearance_fee or 0.0) * route.currency_rate))
    steps["clearance_fee"] = np.where(fee_due, fee, 0.0)
    steps["at_least"] = surely + known + np.nan_to_num(floor) + steps["clearance_fee"]
    _totals(steps, on_price, options, crossing)
    reason = _reasons(parcels, steps, vat_rates)
    return {
        **steps,
        "regime": crossing.regime,
        "collected": crossing.collected,
        "reason": reason,
        "at_sale": crossing.at_sale,
        "full_declaration": crossing.claims,
        "fee_unknown": fee_due & (route.clearance_fee is None),
    }


def _weighted(parcels: Parcels, lines: np.ndarray, rates: np.ndarray, base: np.ndarray) -> np.ndarray:
    """VAT on ``base``, spread over a parcel's lines by their value, each at its own rate."""
    whole = parcels.total(lines)
    share = np.divide(base, whole, out=np.ones_like(base), where=whole != 0)
    return parcels.total(lines * rates) * share


def _totals(steps: dict[str, np.ndarray], on_price: np.ndarray, options: Options, crossing: Crossing) -> None:
    """Adds who pays what to the steps. VAT that a firm may deduct is not borne by anyone."""
    b2b = options.kind == "b2b"
    charged = np.sum([steps[name] for name in CHARGED], axis=0)
    extras = sum((steps[name] for name in (*DUTIES, "clearance_fee")), np.zeros(len(on_price)))
    steps["total"] = sum((steps[name] for name in ADDED), np.zeros(len(on_price)))
    steps["deductible_vat"] = steps["vat"] if b2b else np.zeros_like(on_price)
    steps["net_total"] = steps["total"] - steps["deductible_vat"]
    if options.terms == "ddp":
        beyond = np.zeros_like(on_price) if b2b else steps["vat"] - on_price
        steps["seller_bears"] = extras + beyond
    else:
        steps["seller_bears"] = np.zeros_like(on_price)
    steps["customer_pays"] = steps["total"] - steps["seller_bears"]
    # At the checkout: the price, its VAT where it is charged at the sale, and duties added there.
    added = np.where(crossing.at_sale, steps["customer_pays"] - charged, 0.0)
    prepaid = (options.terms == "ddp") & (not b2b) & crossing.at_border
    steps["at_checkout"] = charged + np.where(prepaid, on_price, added)
    for name in ("total", "net_total", "customer_pays", "seller_bears", "at_checkout", "at_least"):
        steps[name] = np.round(steps[name], 6)


def _reasons(parcels: Parcels, steps: dict[str, np.ndarray], vat_rates: np.ndarray) -> np.ndarray:
    """Why a parcel's total is unknown: the first input that is missing."""
    return np.select(
        [
            np.isnan(steps["goods"]),
            np.isnan(steps["carriage"]) | np.isnan(steps["packaging"]) | np.isnan(steps["insurance"]),
            np.isnan(parcels.total(vat_rates)),
            np.isnan(steps["flat_duty"]) | np.isnan(steps["parcel_tax"]) | np.isnan(steps["handling_fee"]),
            np.isnan(steps["duty"]) & parcels.has_no_code,
            np.isnan(steps["duty"]),
        ],
        [NO_PRICE, NO_DELIVERY, NO_VAT, NO_HS, NO_HS, NO_RATE],
        "",
    ).astype(object)

"""How parcels cross a border: the way to a market, the seller's options, and what follows of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from echannel.countries.trade import TradeRules
from echannel.metrics.market.parcels import Parcels

COLLECTED = ("seller", "marketplace", "customer_at_border", "seller_at_border", "customer_on_return")
"""Who hands the VAT over: the seller, the marketplace, whoever clears the parcel, or the firm that buys, on
its own VAT return (reverse charge, postponed accounting, autoliquidation)."""


@dataclass(frozen=True)
class Route:
    """One market: its rules on a day, and what the seller charges there.

    ``currency_rate``: units of the rules' currency for one of the seller's (1 without rules). Per parcel, in
    the seller's currency, ex VAT: ``carriage`` and ``packaging`` as charged to the customer;
    ``clearance_fee`` what the carrier asks for a parcel whose VAT is paid at the border (None: not known,
    left out of the total). ``insurance``: a fraction of the intrinsic value. ``vat_rate`` the destination's
    standard rate (NaN: unknown), ``vat_rates`` other rates by the parcels' VAT class; ``duty_rates`` by the
    first digits of the HS code (the longest that fits; "" fits all).
    """

    rules: TradeRules
    vat_rate: float
    home_vat_rate: float = np.nan
    currency_rate: float = 1.0
    carriage: float = 0.0
    packaging: float = 0.0
    insurance: float = 0.0
    clearance_fee: float | None = None
    vat_rates: Mapping[str, float] = field(default_factory=dict)
    duty_rates: Mapping[str, float] = field(default_factory=dict)

    @property
    def market(self) -> str:
        """The destination's code."""
        return self.rules.destination


@dataclass(frozen=True)
class Options:
    """How goods are sold: to whom, under which delivery terms, VAT scheme and readings of disputed rules.

    ``scheme``: ``ioss`` or ``border`` for consumers in the EU, ``oss`` or ``home`` between two of its
    members; "" for the usual one (``ioss``, ``oss``). ``marketplace``: the sale is made through one, which
    then is the deemed supplier where the rules say so. ``discount``: a fraction of the price.
    """

    kind: Literal["b2c", "b2b"] = "b2c"
    terms: Literal["dap", "ddp"] = "dap"
    scheme: str = ""
    marketplace: bool = False
    discount: float = 0.0
    readings: Mapping[str, str] = field(default_factory=dict)


class Crossing:
    """How parcels cross the border: which relief, which duty, where VAT is charged, who hands it over."""

    def __init__(
        self, parcels: Parcels, route: Route, options: Options, intrinsic: np.ndarray, low: bool | None
    ) -> None:
        self._parcels, self._route, self._options = parcels, route, options
        self._intrinsic, self._low = intrinsic, low
        rules = route.rules
        n = len(parcels.keys)
        imported = np.full(n, rules.route == "import")
        b2b = options.kind == "b2b"
        scheme = options.scheme or "ioss"
        sale = rules.rule("vat_at_sale", options.kind)
        at_sale = self._below("vat_at_sale")
        if sale is not None and sale.optional and scheme != sale.scheme and not options.marketplace:
            at_sale = np.zeros(n, dtype=bool)
        self.at_sale = (at_sale | ~imported) & (not b2b)
        self.at_border = imported & ~self.at_sale
        relieved = self._below("duty_relief")
        proven = parcels.originating(rules.partners if rules.agreement else frozenset())
        flat_holds = self._below("flat_duty")
        if rules.reading("flat_duty_scope", options.readings) == "ioss_only":
            flat_holds = flat_holds & self.at_sale
        origin_counts = rules.reading("preference", options.readings) != "none"
        escapes = proven & (~self.at_sale & origin_counts)[parcels.parcel]
        flat_line = flat_holds[parcels.parcel] & ~escapes
        self.items = parcels.distinct(flat_line)
        self.all_items = parcels.distinct(np.ones(len(parcels.value), dtype=bool))
        self.flat = flat_holds & (parcels.total(flat_line.astype("float64")) > 0)
        by_tariff = imported & ~relieved & ~flat_holds
        self.tariff_lines = by_tariff[parcels.parcel] & ~proven
        claimed = escapes & flat_holds[parcels.parcel] | proven & by_tariff[parcels.parcel]
        self.claims = parcels.total(claimed.astype("float64")) > 0
        short_form = self.at_sale | relieved | flat_holds
        charged = rules.reading("parcel_tax", options.readings) == "charged"
        self.taxed = self._below("parcel_tax") & short_form & ~(self.claims & ~self.at_sale) & charged
        asked = rules.reading("handling_fee", options.readings) == "charged"
        self.handled = self._below("handling_fee") & asked
        outside = rules.reading("charges_in_vat_base", options.readings) == "outside"
        self.charges_in_base = ~(self.at_sale & outside)
        self.regime = np.select(
            [~imported & (rules.route == "domestic"), ~imported, relieved, flat_holds],
            ["domestic", "union", "relief", "flat"],
            "tariff",
        ).astype(object)
        self.collected = self._collected(b2b)

    def _below(self, name: str) -> np.ndarray:
        """Where a rule with a limit holds, for this kind of customer."""
        rule = self._route.rules.rule(name, self._options.kind)
        if rule is None or rule.up_to is None:
            return np.zeros(len(self._intrinsic), dtype=bool)
        if self._low is not None:
            return np.full(len(self._intrinsic), self._low)
        with np.errstate(invalid="ignore"):
            return self._intrinsic <= rule.up_to + 1e-9

    def _collected(self, b2b: bool) -> np.ndarray:
        rules, options = self._route.rules, self._options
        if b2b:
            on_return = rules.route == "union" or rules.rule("import_vat_on_return") is not None
            if rules.route == "domestic":
                return np.full(len(self._intrinsic), "seller", dtype=object)
            own = np.full(len(self._intrinsic), on_return) | self._below("reverse_charge")
            return np.where(own, "customer_on_return", "customer_at_border").astype(object)
        deemed = self._below("deemed_supplier") & options.marketplace
        border = "seller_at_border" if options.terms == "ddp" else "customer_at_border"
        return np.select([deemed, self.at_sale], ["marketplace", "seller"], border).astype(object)

    def vat_rates(self) -> np.ndarray:
        """The VAT rate of every line: the destination's, but the seller's own where home VAT is charged."""
        route, options = self._route, self._options
        if route.rules.route == "union" and options.kind == "b2c" and options.scheme == "home":
            return np.full(len(self._parcels.value), route.home_vat_rate)
        return self._parcels.vat_rates(route.vat_rates, route.vat_rate)

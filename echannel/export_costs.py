"""What selling in one market costs: as entered, as the shop shows it, or a usual value that is named.

What the profile's ``exports:`` says wins; then what its ``planning:`` says of fees; then what the shop itself
shows of the market; then of home; then a usual value. What neither the profile nor the shop says of delivery
is unknown (NaN), not free.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from echannel.export_profile import for_market
from echannel.metrics.margins import FEWEST_ORDERS
from echannel.metrics.market.margin import SellingCosts
from echannel.metrics.market.traction import last_year
from echannel.plan_streams import DEFAULTS

if TYPE_CHECKING:
    from echannel.planning_profile import Told
    from echannel.profiles import SmeProfile
    from echannel.sme import Sme

EXCHANGE_FEE_RATE = 0.02
RESALEABLE = 0.9
USUAL = {
    "payment_fee_rate": DEFAULTS["payment_fee_rate"],
    "payment_fee_fixed": DEFAULTS["payment_fee_fixed"],
    "marketplace_fee_rate": DEFAULTS["marketplace_fee_rate"],
    "exchange_fee_rate": EXCHANGE_FEE_RATE,
    "resaleable": RESALEABLE,
}
"""What is taken where nobody has entered it and no data tell it; each is named on the page."""

MARKETPLACE = "marketplace"


class CostInputs:
    """What selling in one market costs: as entered, as the shop shows it, or a default that is named."""

    def __init__(self, profile: SmeProfile, own: pd.DataFrame, market: str, kind: str) -> None:
        self._entered, self._planning, self._home = profile.exports, profile.planning, profile.country
        self._own, self._market, self._kind = own, market, kind
        self.assumed: list[str] = []

    def shown(self, country: str, column: str) -> float:
        """A figure of own traction; NaN where the shop shows none."""
        return float(self._own[column].get(country, np.nan)) if column in self._own else np.nan

    def charged(self) -> float:
        """What customers pay for delivery: there, else on average abroad, else at home; NaN: nobody says."""
        return self._taken(
            "carriage_charged",
            for_market(self._entered.carriage_charged, self._market),
            self.shown(self._market, "carriage_paid"),
            self._abroad("carriage_paid"),
            self.shown(self._home, "carriage_paid"),
        )

    def charged_at_home(self) -> float:
        """What customers at home pay for delivery; NaN: nobody says."""
        entered = for_market(self._entered.carriage_charged, self._home)
        return first_known(entered, self.shown(self._home, "carriage_paid"))

    def selling(self, charged: float, foreign: bool) -> SellingCosts:
        """The costs of a sale in the market; ``foreign``: it is paid in another currency."""
        entered, planning, market = self._entered, self._planning, self._market
        rate, fixed = self._payment_fees()
        carriage = self._taken(
            "carriage_cost",
            for_market(entered.carriage_cost, market),
            self.shown(market, "carriage_cost"),
            self._abroad("carriage_cost"),
            charged,
        )
        exchange = (
            self._taken("exchange_fee_rate", entered.exchange_fee_rate, EXCHANGE_FEE_RATE) if foreign else 0.0
        )
        return SellingCosts(
            outbound=carriage + (entered.packaging_cost or 0.0),
            fee_rate=rate,
            fee_fixed=fixed,
            exchange_fee_rate=exchange,
            return_rate=self._taken(
                "return_rate",
                None,
                self.shown(market, "return_rate"),
                self.shown(self._home, "return_rate"),
                0.0,
            ),
            return_cost=self._taken("return_cost", for_market(entered.return_cost, market), carriage),
            resaleable=self._taken("resaleable", entered.resaleable, RESALEABLE),
            marketplace_rate=self._taken(
                "marketplace_fee_rate",
                _told(for_market(entered.marketplace_fee_rate, market), planning.marketplace_fee_rate),
                USUAL["marketplace_fee_rate"],
            ),
        )

    def _payment_fees(self) -> tuple[float, float]:
        """The payment provider's rate and fixed fee; what the plan was told has the fixed one in it.

        Firms pay invoices by transfer: no fee of theirs is taken unless one is entered for selling abroad.
        """
        entered, planning = self._entered, self._planning
        if self._kind == "b2b":
            if entered.payment_fee_rate is None:
                self.assumed.append("payment_by_transfer")
            return entered.payment_fee_rate or 0.0, entered.payment_fee_fixed or 0.0
        rate = self._taken(
            "payment_fee_rate",
            _told(entered.payment_fee_rate, planning.payment_fee_rate),
            USUAL["payment_fee_rate"],
        )
        fixed = _told(entered.payment_fee_fixed, planning.payment_fee_fixed)
        if fixed is None and entered.payment_fee_rate is None and planning.payment_fee_rate is not None:
            fixed = 0.0
        return rate, self._taken("payment_fee_fixed", fixed, USUAL["payment_fee_fixed"])

    def selling_at_home(self, there: SellingCosts, charged: float) -> SellingCosts:
        """The costs of the same sale at home, paid in the firm's own currency."""
        entered, home = self._entered, self._home
        carriage = first_known(
            for_market(entered.carriage_cost, home), self.shown(home, "carriage_cost"), charged
        )
        return replace(
            there,
            outbound=carriage + (entered.packaging_cost or 0.0),
            exchange_fee_rate=0.0,
            return_rate=first_known(None, self.shown(home, "return_rate"), 0.0),
            return_cost=first_known(for_market(entered.return_cost, home), carriage),
        )

    def _taken(self, name: str, given: float | None, *others: float) -> float:
        value = first_known(given, *others)
        if given is None and np.isfinite(value):
            self.assumed.append(name)
        return value

    def _abroad(self, column: str) -> float:
        """The mean of a figure over the markets abroad that show one, by their orders."""
        if column not in self._own:
            return np.nan
        seen = self._own[[column, "orders"]].drop(index=self._home, errors="ignore").dropna()
        orders = seen["orders"].sum()
        return float((seen[column] * seen["orders"]).sum() / orders) if orders else np.nan


def usually_through_marketplace(sme: Sme, market: str, kind: str) -> bool:
    """Whether the firm sells to a market through a marketplace: as entered, else as most of its orders there.

    Of the last twelve months; below ``FEWEST_ORDERS`` orders they do not say what is usual.
    """
    entered = for_market(sme.profile.exports.marketplace, market)
    if entered is not None:
        return entered
    orders = sme.sales.select(*last_year(sme.sales), kinds=[kind], countries=[market]).orders
    through = (orders["channel"] == MARKETPLACE).sum()
    return bool(len(orders) >= FEWEST_ORDERS and through > len(orders) / 2)


def _told(entered: float | None, planned: Told[float] | None) -> float | None:
    """What is entered under ``exports:``, else under ``planning:``; None where nobody has entered it."""
    return planned.value if entered is None and planned is not None else entered


def first_known(given: float | None, *others: float) -> float:
    """The first figure that is known; NaN where none is."""
    if given is not None:
        return float(given)
    return next((float(other) for other in others if np.isfinite(other)), np.nan)

"""What a firm enters about selling abroad (``exports:`` in its profile); what is empty is said to be unknown.

Money is in the reporting currency, ex VAT; rates are fractions. Keys of markets are country codes; ``"*"``
stands for every market that is not named, ``EU`` for the members of the European Union.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict

from echannel.countries.trade import customs_area


def _written(pattern: str, code: str) -> BeforeValidator:
    """Text of a form; without quotation marks YAML reads NO as “no” and 0402 as a number of another base."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(code)
        return value

    return BeforeValidator(check)


def _number(most: float, code: str) -> BeforeValidator:
    def check(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            raise ValueError(code)
        return float(value)

    return BeforeValidator(check)


def _products(value: Any) -> Any:
    if value != "all" and not isinstance(value, list | tuple):
        raise ValueError("products_or_all")
    return tuple(str(one) for one in value) if value != "all" else value


Place = Annotated[str, _written(r"[A-Z]{2}|\*", "market_place")]
HsStart = Annotated[str, _written(r"[0-9]{0,10}", "hs_start")]
Rate = Annotated[float, _number(5, "rate_fraction")]
Share = Annotated[float, _number(1, "share_fraction")]
Amount = Annotated[float, _number(100_000_000, "amount")]

Found = TypeVar("Found")


class ExportProfile(BaseModel):
    """How the SME sells abroad.

    ``duty_rates``: by market, then by the first digits of the HS code ("" for all); ``vat_rates``: by
    market, then by the shop's category ("*": the standard rate of a market of which none is known);
    ``proof_of_origin``: products for which the firm holds proof of where they were made, or ``all``;
    ``carriage_charged`` and ``carriage_cost`` per parcel; ``clearance_fee``: what
    the carrier asks the customer for clearing one; ``return_cost``: carriage back and handling of one;
    ``marketplace``: whether sales there are made through one, ``marketplace_fee_rate``: its commission on
    what customers pay, ``discount_rate``: off the price there;
    ``setup_cost`` once and ``cost_per_month``: of entering a market; ``orders_per_month``: hoped for there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    ioss: bool | None = None
    proof_of_origin: Annotated[Literal["all"] | tuple[str, ...], BeforeValidator(_products)] = ()
    duty_rates: dict[Place, dict[HsStart, Rate]] = {}
    vat_rates: dict[Place, dict[str, Share]] = {}
    carriage_charged: dict[Place, Amount] = {}
    carriage_cost: dict[Place, Amount] = {}
    clearance_fee: dict[Place, Amount] = {}
    return_cost: dict[Place, Amount] = {}
    packaging_cost: Amount | None = None
    insurance_rate: Share = 0.0
    payment_fee_rate: Share | None = None
    payment_fee_fixed: Amount | None = None
    exchange_fee_rate: Share | None = None
    resaleable: Share | None = None
    marketplace: dict[Place, bool] = {}
    marketplace_fee_rate: dict[Place, Share] = {}
    discount_rate: dict[Place, Annotated[float, _number(0.9, "discount_fraction")]] = {}
    setup_cost: dict[Place, Amount] = {}
    cost_per_month: dict[Place, Amount] = {}
    orders_per_month: dict[Place, Amount] = {}


def for_market(by_place: Mapping[str, Found], market: str) -> Found | None:
    """What is entered for a market: its own entry, else its customs area's, else that of every market."""
    for place in (market, customs_area(market), "*"):
        if place is not None and place in by_place:
            return by_place[place]
    return None

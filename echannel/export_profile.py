"""What a firm enters about selling abroad (``exports:`` in its profile); what is empty is said to be unknown.

Money is in the reporting currency, ex VAT; rates are fractions. Keys of markets are country codes; ``"*"``
stands for every market that is not named, ``EU`` for the members of the European Union.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from echannel.countries.trade import customs_area


def _place(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}|\*", value):
        raise ValueError("market_place")
    return value


def _hs_start(value: str) -> str:
    if not re.fullmatch(r"[0-9]{0,10}", value):
        raise ValueError("hs_start")
    return value


Place = Annotated[str, AfterValidator(_place)]
HsStart = Annotated[str, AfterValidator(_hs_start)]
Rate = Annotated[float, Field(ge=0, le=5)]
Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0)]

Found = TypeVar("Found")


class ExportProfile(BaseModel):
    """How the SME sells abroad.

    ``duty_rates``: by market, then by the first digits of the HS code ("" for all); ``vat_rates``: by
    market, then by the shop's category; ``proof_of_origin``: products for which the firm holds proof of where
    they were made, or ``all``; ``carriage_charged`` and ``carriage_cost`` per parcel; ``clearance_fee``: what
    the carrier asks the customer for clearing one; ``return_cost``: carriage back and handling of one;
    ``setup_cost`` once and ``cost_per_month``: of entering a market; ``orders_per_month``: hoped for there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    ioss: bool | None = None
    proof_of_origin: Literal["all"] | tuple[str, ...] = ()
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
    setup_cost: dict[Place, Amount] = {}
    cost_per_month: dict[Place, Amount] = {}
    orders_per_month: dict[Place, Amount] = {}


def for_market(by_place: Mapping[str, Found], market: str) -> Found | None:
    """What is entered for a market: its own entry, else its customs area's, else that of every market."""
    for place in (market, customs_area(market), "*"):
        if place is not None and place in by_place:
            return by_place[place]
    return None

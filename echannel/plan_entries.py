"""What a profile lists for a plan, one by one: people, loans, things bought, grants, the owner's money."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from echannel.metrics.planning.assumed import Assumptions
from echannel.metrics.planning.inputs import (
    Asset,
    Assumption,
    Grant,
    Loan,
    MarketEntry,
    OneOff,
    OwnersMoney,
    PlanInputs,
    StaffMember,
    in_month,
)
from echannel.planning_profile import MarketEntryProfile, MoneyEntry, PlanningProfile, month_number

_ENTERED = "reason.planning.entered"
LONG_AGO = -(12 * 1970)


def entered(inputs: PlanInputs, told: PlanningProfile, notes: Assumptions, vat_rate: float) -> PlanInputs:
    """The plan with everything that the profile lists; each entry is noted. ``vat_rate``: on purchases."""
    listed = (
        *((f"staff {one.name}", "staff", one.gross * one.count, one) for one in told.staff),
        *((f"loan {one.name}", "loan", one.amount, one) for one in told.loans),
        *((f"asset {one.name}", "asset", one.amount, one) for one in told.assets),
        *((f"grant {one.name}", "grant", one.amount, one) for one in told.grants),
        *((f"one_off {one.name}", "one_off", one.amount, one) for one in told.one_offs),
        *((f"dividend {one.name}", "dividend", one.amount, one) for one in told.dividends),
        *((f"capital {one.name}", "capital_in", one.amount, one) for one in told.capital_in),
    )
    for _, name, amount, one in listed:
        notes.note(name, float(amount), "money", one.by, _ENTERED, one.name, one.note)
    drawings = notes.take("drawings", "money", told.drawings) if told.drawings is not None else 0.0
    return replace(
        inputs,
        staff=tuple(
            StaffMember(
                one.name,
                one.gross * one.count,
                LONG_AGO if one.since is None else month_number(one.since),
                None if one.until is None else month_number(one.until),
                float("nan") if one.employer_rate is None else one.employer_rate,
            )
            for one in told.staff
        ),
        loans=tuple(
            Loan(
                amount=one.amount,
                month=inputs.start if one.month is None else month_number(one.month),
                rate=one.rate,
                months=one.months,
                deferred=one.deferred,
                kind=one.kind,
                capitalised=one.capitalised,
                outstanding=one.month is None,
                name=one.name,
            )
            for one in told.loans
        ),
        assets=tuple(
            Asset(one.amount, month_number(one.month), one.life_years, vat_rate, one.name)
            for one in told.assets
        ),
        grants=tuple(
            Grant(one.amount, month_number(one.month), one.release_months, one.name) for one in told.grants
        ),
        one_offs=tuple(
            OneOff(one.name, month_number(one.month), one.amount, vat_rate) for one in told.one_offs
        ),
        owner=OwnersMoney(
            capital_in=_by_month(told.capital_in, inputs),
            dividends=_by_month(told.dividends, inputs),
            drawings=drawings,
        ),
    )


def market_entries(told: PlanningProfile) -> tuple[MarketEntry, ...]:
    """The markets that the profile enters itself, for a scenario each."""
    return tuple(_market(one) for one in told.market_entries)


def _market(one: MarketEntryProfile) -> MarketEntry:
    orders = np.array(one.orders_per_month, dtype=float)
    goods = one.goods_cost_per_order
    return MarketEntry(
        country=one.country,
        name_key="",
        first_month=month_number(one.first_month),
        orders_per_month=orders,
        price_net=one.price,
        variable_cost_per_order=one.cost_per_order,
        setup_cost=one.setup_cost,
        cost_per_month=one.cost_per_month,
        extra_stock=one.extra_stock,
        vat_rate=one.vat_rate,
        vat_scheme=one.vat_scheme,
        payout_delay_days=one.payout_days,
        goods_cost_per_order=float("nan") if goods is None else goods,
        assumptions=(
            Assumption(
                "market_orders", float(orders.mean()), "number", one.by, _ENTERED, one.country, one.note
            ),
        ),
    )


def _by_month(entries: tuple[MoneyEntry, ...], inputs: PlanInputs) -> np.ndarray:
    listed = [(month_number(one.month), one.amount) for one in entries]
    return in_month(listed, inputs.start, inputs.months)[0]

"""Levers: what may turn out otherwise in a plan, or be decided otherwise, each by one number.

A lever is a factor (1: as planned) or a shift (0: as planned). It may be a number or an array ``(paths, 1)``
or ``(paths, months)``: a slider and ten thousand paths move a plan by the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from echannel.metrics.planning.inputs import Amounts, Cost, Loan, PaymentTerms, PlanInputs, Stream

DRIVERS = {
    **dict.fromkeys(("visits", "conversion", "repeat"), "b2c"),
    **dict.fromkeys(("accounts", "frequency"), "b2b"),
}
"""Drivers of turnover that bring more or fewer orders (see ``drivers.drivers``), and whose orders."""
BASKETS = {"basket": "b2c", "order_value": "b2b"}
"""Drivers that make orders larger: turnover moves, the number of orders does not."""


@dataclass(frozen=True)
class Lever:
    """A lever: where it stands as planned, how far it may go, and whether more of it is better for cash."""

    name: str
    neutral: float
    low: float
    high: float
    more_is_better: bool
    unit: str  # factor, points (a share that is added), days, money


LEVERS: dict[str, Lever] = {
    one.name: one
    for one in (
        Lever("volume", 1.0, 0.3, 3.0, True, "factor"),
        *(Lever(name, 1.0, 0.3, 3.0, True, "factor") for name in DRIVERS),
        *(Lever(name, 1.0, 0.5, 2.0, True, "factor") for name in BASKETS),
        Lever("price", 1.0, 0.7, 1.5, True, "factor"),
        Lever("margin", 0.0, -0.3, 0.3, True, "points"),
        Lever("purchase_cost", 1.0, 0.6, 1.6, False, "factor"),
        Lever("days_to_pay", 0.0, -60.0, 120.0, False, "days"),
        Lever("supplier_days", 0.0, -60.0, 60.0, True, "days"),
        Lever("stock_cover", 0.0, -90.0, 120.0, False, "days"),
        Lever("carriage", 1.0, 0.3, 3.0, False, "factor"),
        Lever("payment_fees", 1.0, 0.0, 3.0, False, "factor"),
        Lever("returns", 1.0, 0.0, 4.0, False, "factor"),
        Lever("marketing", 1.0, 0.0, 3.0, False, "factor"),
        Lever("overheads", 1.0, 0.0, 2.0, False, "factor"),
        Lever("staff", 1.0, 0.0, 2.0, False, "factor"),
        Lever("loan", 0.0, 0.0, 1_000_000.0, True, "money"),
    )
}


def moved(inputs: PlanInputs, levers: Mapping[str, Amounts]) -> PlanInputs:
    """The inputs with levers moved, each from where it stands in ``inputs``.

    ``volume``: turnover × factor; so do drivers of orders, each of its kind of customer. ``basket`` and
    ``order_value``: turnover × factor with as many orders. ``price``: turnover and price index × factor (as
    many goods, at another price). ``margin``: points on the gross margin rate. ``purchase_cost``: cost of
    goods × factor. ``days_to_pay``: days on what business customers take to pay (on payouts, where there are
    none); ``supplier_days``: on what goods are paid after; ``stock_cover``: days on the stock's cover.
    ``carriage``, ``payment_fees`` (and commissions), ``returns``, ``marketing``, ``overheads`` (rent,
    platform and others), ``staff``: × factor. ``loan``: a five-year annuity loan drawn in the first month at
    the rate of the plan's own loans (5 % without one).

    Raises
    ------
    KeyError
        A lever that does not exist.
    """
    for name, value in levers.items():
        lever = LEVERS[name]
        if np.ndim(value) or value != lever.neutral:
            inputs = _moved_by(lever.name, inputs, value)
    return inputs


def _moved_by(name: str, inputs: PlanInputs, value: Amounts) -> PlanInputs:
    if name in DRIVERS:
        return _streams(inputs, lambda one: _busier(one, value) if one.kind == DRIVERS[name] else one)
    if name in BASKETS:
        return _streams(inputs, lambda one: _larger(one, value) if one.kind == BASKETS[name] else one)
    if name in _STREAM:
        return _streams(inputs, lambda one: _STREAM[name](one, value))
    if name == "days_to_pay":
        return _slower(inputs, value)
    return _WHOLE[name](inputs, value)


def _streams(inputs: PlanInputs, change: Callable[[Stream], Stream]) -> PlanInputs:
    return replace(inputs, streams=tuple(map(change, inputs.streams)))


def _busier(stream: Stream, factor: Amounts) -> Stream:
    return replace(stream, turnover=stream.turnover * factor)


def _larger(stream: Stream, factor: Amounts) -> Stream:
    return replace(
        stream,
        turnover=stream.turnover * factor,
        fee_fixed=np.asarray(stream.fee_fixed) / factor,
        carriage_rate=np.asarray(stream.carriage_rate) / factor,
    )


_STREAM: dict[str, Callable[[Stream, Amounts], Stream]] = {
    "volume": _busier,
    "price": lambda one, value: replace(
        one, turnover=one.turnover * value, price_index=np.asarray(one.price_index) * value
    ),
    "margin": lambda one, value: replace(
        one, cost_share=np.maximum(np.asarray(one.cost_share) - value * np.asarray(one.price_index), 0.0)
    ),
    "purchase_cost": lambda one, value: replace(one, cost_share=np.asarray(one.cost_share) * value),
    "carriage": lambda one, value: replace(one, carriage_rate=np.asarray(one.carriage_rate) * value),
    "payment_fees": lambda one, value: replace(
        one,
        fee_rate=np.asarray(one.fee_rate) * value,
        fee_fixed=np.asarray(one.fee_fixed) * value,
        commission_rate=np.asarray(one.commission_rate) * value,
    ),
    "returns": lambda one, value: _returned(one, value),
}


def _returned(stream: Stream, factor: Amounts) -> Stream:
    """More or fewer returns of the same sales: turnover is what is left of them."""
    before = np.asarray(stream.return_rate, dtype=float)
    after = np.minimum(before * factor, 0.95)
    return replace(stream, return_rate=after, turnover=stream.turnover * ((1 - after) / (1 - before)))


def _slower(inputs: PlanInputs, days: Amounts) -> PlanInputs:
    firms = any(one.kind == "b2b" for one in inputs.streams)
    return _streams(
        inputs,
        lambda one: replace(one, terms=_later(one.terms, days)) if one.kind == "b2b" or not firms else one,
    )


def _later(terms: PaymentTerms, days: Amounts) -> PaymentTerms:
    return replace(terms, days=np.maximum(np.asarray(terms.days) + days, 0.0))


def _costs(inputs: PlanInputs, lines: tuple[str, ...], factor: Amounts) -> PlanInputs:
    def change(cost: Cost) -> Cost:
        if cost.line not in lines:
            return cost
        return replace(
            cost, amount=np.asarray(cost.amount) * factor, of_turnover=np.asarray(cost.of_turnover) * factor
        )

    return replace(inputs, costs=tuple(map(change, inputs.costs)))


def _staff(inputs: PlanInputs, factor: Amounts) -> PlanInputs:
    people = tuple(replace(one, gross=np.asarray(one.gross) * factor) for one in inputs.staff)
    return replace(inputs, staff=people)


def _loan(inputs: PlanInputs, amount: Amounts) -> PlanInputs:
    rate = inputs.loans[0].rate if inputs.loans else 0.05
    return replace(inputs, loans=(*inputs.loans, Loan(amount, inputs.start, rate, 60, name="lever")))


_WHOLE: dict[str, Callable[[PlanInputs, Amounts], PlanInputs]] = {
    "supplier_days": lambda one, value: replace(one, purchase_terms=_later(one.purchase_terms, value)),
    "stock_cover": lambda one, value: replace(
        one, stock=replace(one.stock, cover_days=np.maximum(np.asarray(one.stock.cover_days) + value, 0.0))
    ),
    "marketing": lambda one, value: _costs(one, ("marketing",), value),
    "overheads": lambda one, value: _costs(one, ("rent", "platform", "other_overheads"), value),
    "staff": _staff,
    "loan": _loan,
}


def usable(inputs: PlanInputs) -> tuple[str, ...]:
    """The levers that move something in these inputs."""
    streams = inputs.streams
    lines = {cost.line for cost in inputs.costs}
    there = {
        "carriage": any(np.any(one.carriage_rate) for one in streams),
        "payment_fees": any(
            np.any(one.fee_rate) or np.any(one.fee_fixed) or np.any(one.commission_rate) for one in streams
        ),
        "returns": any(np.any(one.return_rate) for one in streams),
        **{name: any(one.kind == kind for one in streams) for name, kind in (DRIVERS | BASKETS).items()},
        "margin": any(np.any(one.cost_share) for one in streams),
        "purchase_cost": any(np.any(one.cost_share) for one in streams),
        "stock_cover": not np.isnan(np.asarray(inputs.stock.cover_days, dtype=float)).all(),
        "marketing": "marketing" in lines,
        "overheads": bool(lines & {"rent", "platform", "other_overheads"}),
        "staff": bool(inputs.staff),
    }
    return tuple(name for name in LEVERS if there.get(name, True))

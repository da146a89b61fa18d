"""What a plan's cash owes to each thing it assumes: which assumption to check first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, cast

import numpy as np

from echannel.metrics.planning.assumed import SOURCES
from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.inputs import Assumption, PaymentTerms, PlanInputs, Stream
from echannel.metrics.planning.rules import PlanRules

WORSE = 0.1
"""How much worse each value is taken: a tenth of it."""

_YEAR = 12

Change = Callable[[PlanInputs, str], PlanInputs]


def with_effects(
    assumptions: Sequence[Assumption], inputs: PlanInputs, rules: PlanRules
) -> tuple[Assumption, ...]:
    """The assumptions with ``effect``: how the cash after a year moves when the value is a tenth worse.

    Worse for cash: less turnover, dearer costs, later customers, earlier suppliers. NaN where nothing can be
    said: a cost that nobody entered may be anything.
    """
    worse = {
        place: _CHANGES[one.name](inputs, one.about)
        for place, one in enumerate(assumptions)
        if one.name in _CHANGES and one.value
    }
    # One plan of many paths costs little more than one of a single path.
    beside = [place for place in worse if assumptions[place].name in _BESIDE]
    planned, *there = _cash(side_by_side([inputs, *(worse[place] for place in beside)]), rules)
    cash = dict(zip(beside, there, strict=True))
    cash |= {place: _cash(made, rules)[0] for place, made in worse.items() if place not in cash}
    return tuple(
        replace(one, effect=round(cash[place] - planned, 2) + 0.0) if place in cash else one
        for place, one in enumerate(assumptions)
    )


def side_by_side(versions: Sequence[PlanInputs]) -> PlanInputs:
    """One plan's inputs with a path for each version of them.

    They may differ in what may differ between paths: ``Amounts`` and turnover, each of one path.
    """
    return cast(PlanInputs, _stacked(versions))


def _stacked(values: Sequence[Any]) -> Any:
    first = values[0]
    if all(one is first for one in values):
        return first
    if isinstance(first, tuple):
        return tuple(map(_stacked, zip(*values, strict=True)))
    if is_dataclass(first) and not isinstance(first, type):
        parts = {one.name: _stacked([getattr(value, one.name) for value in values]) for one in fields(first)}
        return replace(first, **parts)
    rows = [np.atleast_2d(np.asarray(value, dtype=float)) for value in values]
    width = max(row.shape[1] for row in rows)
    return np.concatenate([np.broadcast_to(row, (1, width)) for row in rows])


def to_check(assumptions: Sequence[Assumption]) -> list[Assumption]:
    """In the order in which to check them: defaults first, then the larger effect on cash.

    Of defaults without a measured effect those that were taken as nothing (a cost not entered) come first.
    """

    def order(one: Assumption) -> tuple[bool, bool, float, int]:
        unknown = np.isnan(one.effect)
        size = 0.0 if unknown else abs(one.effect)
        nothing = one.made_by == "default" and not one.value
        return (one.made_by != "default", not nothing, -size, -SOURCES.index(one.made_by))

    return sorted(assumptions, key=order)


def _cash(inputs: PlanInputs, rules: PlanRules) -> list[float]:
    """Cash at the end of the plan's first year, by path."""
    held = build_plan(inputs, rules, keep={"cash"}).lines["cash"]
    return [float(one) for one in held[:, min(_YEAR, inputs.months) - 1]]


def _streams(**factors: float) -> Change:
    """Fields of the streams (of the one named, where one is) times a factor."""

    def moved(one: Stream) -> Stream:
        fields: dict[str, Any] = {name: np.asarray(getattr(one, name)) * by for name, by in factors.items()}
        return replace(one, **fields)

    def change(inputs: PlanInputs, about: str) -> PlanInputs:
        streams = tuple(moved(one) if about in ("", one.name) else one for one in inputs.streams)
        return replace(inputs, streams=streams)

    return change


def _thinner(inputs: PlanInputs, about: str) -> PlanInputs:
    """A margin rate a tenth lower."""
    streams = tuple(
        replace(one, cost_share=1 - np.asarray(one.margin_rate) * (1 - WORSE))
        if about in ("", one.name)
        else one
        for one in inputs.streams
    )
    return replace(inputs, streams=streams)


def _later(inputs: PlanInputs, about: str) -> PlanInputs:
    def terms(one: PaymentTerms) -> PaymentTerms:
        return replace(one, days=np.asarray(one.days) * (1 + WORSE))

    streams = tuple(
        replace(one, terms=terms(one.terms)) if (about or "b2b") in (one.name, one.kind) else one
        for one in inputs.streams
    )
    return replace(inputs, streams=streams)


def _earlier(inputs: PlanInputs, about: str) -> PlanInputs:
    terms = inputs.purchase_terms
    return replace(inputs, purchase_terms=replace(terms, days=np.asarray(terms.days) * (1 - WORSE)))


def _cost(line: str) -> Change:
    def change(inputs: PlanInputs, about: str) -> PlanInputs:
        costs = tuple(
            replace(one, amount=np.asarray(one.amount) * (1 + WORSE)) if one.line == line else one
            for one in inputs.costs
        )
        return replace(inputs, costs=costs)

    return change


def _staff(inputs: PlanInputs, about: str) -> PlanInputs:
    staff = tuple(
        replace(one, gross=np.asarray(one.gross) * (1 + WORSE)) if one.name == about else one
        for one in inputs.staff
    )
    return replace(inputs, staff=staff)


def _cover(inputs: PlanInputs, about: str) -> PlanInputs:
    days = np.asarray(inputs.stock.cover_days) * (1 + WORSE)
    return replace(inputs, stock=replace(inputs.stock, cover_days=days))


def _opening(name: str, factor: float) -> Change:
    def change(inputs: PlanInputs, about: str) -> PlanInputs:
        moved: dict[str, Any] = {name: getattr(inputs.opening, name) * factor}
        return replace(inputs, opening=replace(inputs.opening, **moved))

    return change


def _owed(name: str) -> Change:
    """More VAT or corporation tax owed at the start, where it is known."""

    def change(inputs: PlanInputs, about: str) -> PlanInputs:
        setting = getattr(inputs, name)
        if setting.opening is None:
            return inputs
        moved: dict[str, Any] = {name: replace(setting, opening=setting.opening * (1 + WORSE))}
        return replace(inputs, **moved)

    return change


def _profit_so_far(inputs: PlanInputs, about: str) -> PlanInputs:
    """More profit before the plan is more tax in it."""
    so_far = inputs.tax.profit_so_far
    return replace(inputs, tax=replace(inputs.tax, profit_so_far=so_far + WORSE * abs(so_far)))


def _listed(name: str, factor: float) -> Change:
    """Larger or smaller amounts of what the profile lists (of the one named, where one is)."""

    def change(inputs: PlanInputs, about: str) -> PlanInputs:
        items = tuple(
            replace(one, amount=one.amount * factor) if about in ("", "–", one.name) else one
            for one in getattr(inputs, name)
        )
        return replace(inputs, **{name: items})  # type: ignore[arg-type]

    return change


def _loan(inputs: PlanInputs, about: str) -> PlanInputs:
    """More owed of a loan that runs, less lent of one to come."""
    loans = tuple(
        replace(one, amount=one.amount * (1 + WORSE if one.outstanding else 1 - WORSE))
        if about in ("", "–", one.name)
        else one
        for one in inputs.loans
    )
    return replace(inputs, loans=loans)


def _overdraft(inputs: PlanInputs, about: str) -> PlanInputs:
    return replace(inputs, overdraft_rate=inputs.overdraft_rate * (1 + WORSE))


def _drawings(inputs: PlanInputs, about: str) -> PlanInputs:
    drawings = np.asarray(inputs.owner.drawings) * (1 + WORSE)
    return replace(inputs, owner=replace(inputs.owner, drawings=drawings))


_COSTS = (
    "marketing",
    "rent",
    "platform",
    "e_invoicing",
    "other_overheads",
    "local_taxes",
    "owner_charges",
)
_CHANGES: dict[str, Change] = {
    "turnover": _streams(turnover=1 - WORSE),
    "margin_rate": _thinner,
    "carriage_rate": _streams(carriage_rate=1 + WORSE),
    "payment_fee_rate": _streams(fee_rate=1 + WORSE),
    "payment_fee_fixed": _streams(fee_fixed=1 + WORSE),
    "marketplace_fee_rate": _streams(commission_rate=1 + WORSE),
    "return_rate": _streams(return_rate=1 + WORSE),
    "return_loss": _streams(return_loss=1 + WORSE),
    "customer_days": _later,
    "payout_days": _later,
    "supplier_days": _earlier,
    "stock_cover_days": _cover,
    **{line: _cost(line) for line in _COSTS},
    "staff": _staff,
    "drawings": _drawings,
    "opening_cash": _opening("cash", 1 - WORSE),
    "opening_stock": _opening("stock", 1 - WORSE),
    "opening_receivables": _opening("receivables", 1 - WORSE),
    "opening_payables": _opening("payables", 1 + WORSE),
    "opening_social": _opening("social_payable", 1 + WORSE),
    "opening_vat": _owed("vat"),
    "opening_tax": _owed("tax"),
    "profit_so_far": _profit_so_far,
    "loan": _loan,
    "asset": _listed("assets", 1 + WORSE),
    "one_off": _listed("one_offs", 1 + WORSE),
    "grant": _listed("grants", 1 - WORSE),
    "overdraft_rate": _overdraft,
}

_BESIDE = frozenset(
    {
        *_COSTS,
        "turnover",
        "margin_rate",
        "carriage_rate",
        "payment_fee_rate",
        "payment_fee_fixed",
        "marketplace_fee_rate",
        "return_rate",
        "return_loss",
        "customer_days",
        "payout_days",
        "supplier_days",
        "staff",
        "drawings",
    }
)
"""What may differ between the paths of one plan. Of how the books open, and of what is listed, may not; how
far a buyer looks back hangs on the longest cover of all paths."""

"""From an SME's profile, books and history to the inputs of its plan, each value with who made it.

What is entered in the profile wins over the books, the books over the history, and that over a default. A
default is a round number of ours, marked as one: the plan stays open with what is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from echannel.countries.plan_rules import TaxFacts, plan_rules
from echannel.countries.vat_calendar import first_day, registration_month
from echannel.metrics.planning.assumed import Found
from echannel.metrics.planning.engine import Plan, build_plan
from echannel.metrics.planning.inputs import MONTHS, Assumption, MarketEntry, PlanInputs
from echannel.metrics.planning.rules import PlanRules
from echannel.metrics.result import OK
from echannel.plan_carried import MOST_MONTHS, Carried, carried, sold_or_foreseen
from echannel.plan_costs import costs_of, supplier_terms, with_loans_in_books, with_staff_in_books
from echannel.plan_entries import entered, market_entries
from echannel.plan_known import Known, known_of
from echannel.plan_opening import opening_of, stock_policy, stock_seen, tax_setting, vat_setting
from echannel.plan_plausible import implausible
from echannel.plan_streams import streams_of
from echannel.planning_profile import month_number

if TYPE_CHECKING:
    from echannel.metrics.planning.turnover_forecast import TurnoverForecast
    from echannel.sme import Sme

_GAPS = 5  # of books that do not balance, so many are named


@dataclass(frozen=True)
class PlanBasis:
    """What an SME's plan is computed from. ``reasons``: catalogue keys of what stands in its way."""

    inputs: PlanInputs
    rules: PlanRules
    assumptions: tuple[Assumption, ...]
    reasons: tuple[str, ...]
    entries: tuple[MarketEntry, ...]


def plan_of(sme: Sme, forecast: TurnoverForecast | None = None) -> Plan:
    """The SME's plan as its data and its profile have it."""
    basis = basis_of(sme, forecast)
    return build_plan(basis.inputs, basis.rules)


def basis_of(sme: Sme, forecast: TurnoverForecast | None = None) -> PlanBasis:
    """Inputs, the country's rules for them, assumptions, and what is missing or odd."""
    known = known_of(sme, sme.turnover_forecast if forecast is None else forecast)
    turnover = _turnover(known)
    known.registered_from = _registered_from(known, turnover)
    known.carried = _months_between(known, turnover)
    return _assembled(known, turnover)


def _registered_from(known: Known, turnover: np.ndarray) -> int | None:
    """From when a firm outside VAT charges it: as it says, or as the law makes it."""
    month = registration_month(known.sme.pack, _facts(known, turnover), known.start, MONTHS)
    if month is not None and known.told.registered_from is None:
        reason = "reason.planning.vat_limit_passed"
        known.notes.note("vat_registered_from", month, "month", "default", reason)
        known.reasons.append(reason)
    return month


def _months_between(known: Known, turnover: np.ndarray) -> Carried | None:
    """The months between the books' end, or without books the accounting year's start, and the plan's."""
    books = known.books
    if books.end >= 0:
        months = known.start - books.end - 1
        if months > MOST_MONTHS:
            known.books = replace(books, balances={}, profits={}, end=-1)
            known.reasons.append("reason.planning.books_too_old")
        else:
            stock = known.told.opening.stock
            seen = stock_seen(known)[0] if stock is None else float(stock.value)
            return carried(known, books.end + 1, turnover, _assembled, seen) if months else None
    since = known.start - (known.start - int(known.sme.profile.fiscal_year_start[:2]) + 1) % 12
    return carried(known, since, turnover, _assembled) if since < known.start else None


def _assembled(known: Known, turnover: np.ndarray) -> PlanBasis:
    rules = _rules(known, turnover)
    standard = float(np.nan_to_num(rules.vat_rates.get("standard", np.zeros(1))[0]))
    streams = streams_of(known, turnover, standard, rules.vat.registered)
    goods_vat = max((float(one.vat_rate) for one in streams), default=standard)
    inputs = PlanInputs(
        country=known.sme.profile.country,
        currency=known.sme.profile.currency,
        start=known.start,
        streams=streams,
        fiscal_year_start_month=int(known.sme.profile.fiscal_year_start[:2]),
        legal_form=known.told.legal_form,
        departement=known.told.departement or "",
        siren=known.sme.profile.identifiers.get("siren", ""),
        purchase_terms=supplier_terms(known),
        purchase_vat_rate=goods_vat if bool(rules.vat.registered.any()) else standard,
        carriage_vat_rate=standard,
        overdraft_rate=_overdraft(known, rules),
    )
    inputs = replace(inputs, costs=costs_of(known, rules, standard))
    inputs = entered(inputs, known.told, known.notes, standard)
    inputs = with_loans_in_books(known, with_staff_in_books(known, inputs))
    inputs = replace(inputs, opening=opening_of(known, inputs, rules), stock=stock_policy(known, inputs))
    inputs = replace(inputs, vat=vat_setting(known, inputs, rules), tax=tax_setting(known, rules))
    _judge(known, inputs, rules)
    reasons = tuple(dict.fromkeys(known.reasons))
    return PlanBasis(inputs, rules, tuple(known.notes.made), reasons, market_entries(known.told))


def _turnover(known: Known) -> np.ndarray:
    """Turnover of each month ``(T,)``: the forecast, at the level that the profile tells, if it does."""
    whole = (known.past["complete"] & ~known.past["gap"]).to_numpy(bool)
    usual = known.past["turnover"].to_numpy(float)[whole]
    told, seen = known.told.turnover, sold_or_foreseen(known)
    coming = [seen.get(known.start + at, np.nan) for at in range(MONTHS)]
    if known.forecast.status == OK and np.isfinite(coming).all():
        made = np.maximum(coming, 0.0)
        made_by = "history"
    else:
        known.reasons.append(known.forecast.reason or "reason.planning.no_forecast")
        made = np.full(MONTHS, float(np.mean(usual)) if len(usual) else 0.0)
        made_by = "default"
    if told is not None:
        year = made[:12].sum()
        made = made * (told.value * 12 / year) if year > 0 else np.full(MONTHS, told.value)
        known.notes.note("turnover", told.value, "money", told.by, "reason.planning.entered", note=told.note)
    else:
        reason = "reason.planning.forecast" if made_by == "history" else "reason.planning.flat_turnover"
        known.notes.note("turnover", float(made[:12].mean()), "money", made_by, reason)  # type: ignore[arg-type]
    if len(known.past) and bool(known.past["gap"].any()):
        known.reasons.append("reason.planning.months_missing")
    return made


def _overdraft(known: Known, rules: PlanRules) -> float:
    return known.notes.take(
        "overdraft_rate",
        "percent",
        known.told.overdraft_rate,
        Found(rules.overdraft_rate, "default", "reason.planning.overdraft_usual"),
        Found(0.0, "default", "reason.planning.overdraft_unknown"),
    )


def _facts(known: Known, turnover: np.ndarray) -> TaxFacts:
    profile, told = known.sme.profile, known.told
    seen = known.past[known.past["turnover"].notna()] if len(known.past) else known.past
    months = dict(zip(seen["month"].astype(int), seen["turnover"].astype(float), strict=True))
    months |= {known.start + at: float(value) for at, value in enumerate(turnover)}
    own = None if told.registered_from is None else month_number(told.registered_from)
    return TaxFacts(
        regime=profile.vat.regime,
        filing=told.vat_filing,
        stagger=told.vat_stagger,
        legal_form=told.legal_form,
        departement=told.departement,
        siren=profile.identifiers.get("siren"),
        initial=told.owner_initial,
        fiscal_year_start_month=int(profile.fiscal_year_start[:2]),
        turnover=months,
        registered_from=own if known.registered_from is None else known.registered_from,
        flat_rate_trade=told.flat_rate_trade,
        claims_credits=told.vat_credits_claimed,
        staff=int(sum(one.count for one in told.staff)),
        quarterly_payroll=told.quarterly_payroll,
        small_company=told.small_company,
    )


def _rules(known: Known, turnover: np.ndarray) -> PlanRules:
    return plan_rules(known.sme.pack, _facts(known, turnover), known.start, MONTHS)


def _judge(known: Known, inputs: PlanInputs, rules: PlanRules) -> None:
    """What looks odd as a whole."""
    currencies = set(known.sme.table("orders")["currency"].dropna().astype(str))
    if currencies - {inputs.currency}:
        known.reasons.append("reason.planning.currencies_mixed")
    known.reasons += implausible(known, inputs)
    if known.sme.profile.vat.regime == "flat_rate" and np.isnan(rules.vat.flat_rate).all():
        known.reasons.append("reason.planning.flat_rate_unknown")
    if known.books.reason:
        known.reasons.append(known.books.reason)
    for gap in known.books.gaps.head(_GAPS).to_dict("records"):
        parts = (f"{first_day(int(gap['month'])):%Y-%m}", gap["journal"], gap["entry"])
        where = " · ".join(filter(None, parts))
        amount = float(gap["gap"])
        known.notes.note("ledger_gap", amount, "cents", "ledger", "reason.planning.ledger_gap", where)

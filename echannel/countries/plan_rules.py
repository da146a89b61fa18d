"""A country's rules, laid out on the calendar of one plan: the bridge from a pack to ``metrics.planning``."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from echannel.countries.dated import in_force_on
from echannel.countries.due_dates import due_date
from echannel.countries.pack import CountryPack
from echannel.countries.taxes import CorporationTax, DueRule, PayrollCharges, Taxes
from echannel.countries.vat_calendar import (
    TaxFacts,
    day_number,
    first_day,
    instalments_of,
    last_day,
    one_stop_calendar,
    threshold_watches,
    vat_calendar,
)
from echannel.metrics.planning.rules import (
    Deadline,
    KnownCost,
    PayrollRules,
    PlanRules,
    TaxBand,
    TaxYear,
)

__all__ = ["TaxFacts", "plan_rules"]


def plan_rules(pack: CountryPack, facts: TaxFacts, start: int, months: int) -> PlanRules:
    """The rules of ``pack`` for a plan of ``months`` months from ``start`` (months since 1970-01)."""
    taxes = pack.taxes or Taxes()
    span = range(start, start + months)
    return PlanRules(
        country=pack.code,
        start=start,
        months=months,
        vat=vat_calendar(pack, facts, start, months),
        vat_rates=_rates(pack, span),
        one_stop={
            one.regime: one_stop_calendar(pack, one, start, months)
            for one in in_force_on(taxes.one_stop, first_day(start))
        },
        tax_years=_tax_years(pack, taxes, facts, start, months),
        payroll=_payroll(pack, taxes, facts, span),
        watches=threshold_watches(pack, facts, start + months - 1),  # of the regime that stays
        known_costs=_known_costs(taxes, start, months),
        overdraft_rate=next(
            (one.rate for one in in_force_on(taxes.overdraft_rates, first_day(start))), float("nan")
        ),
        deadlines=_deadlines(pack, taxes, facts, start, months),
    )


def _rates(pack: CountryPack, span: range) -> dict[str, np.ndarray]:
    """Each VAT rate by month, as on its first day; NaN where it is not in force."""
    by_month = [pack.vat_rates_on(first_day(month)) for month in span]
    names = sorted({name for rates in by_month for name in rates})
    return {name: np.array([rates.get(name, np.nan) for rates in by_month]) for name in names}


def _tax_years(
    pack: CountryPack, taxes: Taxes, facts: TaxFacts, start: int, months: int
) -> tuple[TaxYear, ...]:
    """The accounting years from three before the plan to its end; none for a sole trader."""
    if facts.legal_form == "sole_trader" or not taxes.corporation_tax:
        return ()
    since = start - (start - (facts.fiscal_year_start_month - 1)) % 12 - 36
    years = []
    for first in range(since, start + months, 12):
        last = first + 11
        rules = in_force_on(taxes.corporation_tax, last_day(last))
        rule = rules[0] if rules else taxes.corporation_tax[0]
        years.append(_tax_year(pack, rule, facts, first, last))
    return tuple(years)


def _tax_year(pack: CountryPack, rule: CorporationTax, facts: TaxFacts, first: int, last: int) -> TaxYear:
    turnover = [facts.turnover.get(month) for month in range(first, last + 1)]
    known = [amount for amount in turnover if amount is not None]
    yearly = sum(known) / len(known) * 12 if known else 0.0
    reduced = rule.small_turnover is None or (facts.small_company and yearly <= rule.small_turnover)
    bands = rule.bands if reduced else rule.bands[-1:]
    relief = rule.relief
    return TaxYear(
        first=first,
        last=last,
        due_day=day_number(due_date(rule.due, last_day(last), pack)),
        bands=tuple(TaxBand(np.inf if b.up_to is None else b.up_to, b.rate) for b in bands),
        relief=relief.fraction if relief else 0.0,
        lower=relief.lower if relief else 0.0,
        upper=relief.upper if relief else 0.0,
        small_rate=relief.small_rate if relief else 0.0,
        instalments=instalments_of(pack, rule.instalments, facts.filer, first, first, last + 2),
        minimum=rule.no_instalments_up_to,
        loss_free=np.inf if rule.losses_free_up_to is None else rule.losses_free_up_to,
        loss_share=rule.losses_share,
    )


def _payroll(pack: CountryPack, taxes: Taxes, facts: TaxFacts, span: range) -> PayrollRules:
    """The employer's charges by month, each under the rule of its last day (UK years begin on 6 April)."""
    by_month: list[PayrollCharges] = []
    for month in span:
        rules = in_force_on(taxes.payroll, last_day(month))
        by_month.extend(rules[:1] or taxes.payroll[:1])
    if not by_month:
        nothing = np.zeros(len(span))
        return PayrollRules(nothing, nothing, nothing, is_default=True)
    now = by_month[0]
    may_quarter = now.quarterly_below is not None and facts.staff < now.quarterly_below
    own = facts.payroll_rate
    return PayrollRules(
        rate=np.array([one.rate if own is None else own for one in by_month]),
        threshold=np.array([one.threshold / 12 if own is None else 0.0 for one in by_month]),
        allowance=np.array([one.allowance if own is None else 0.0 for one in by_month]),
        year_starts=now.year_starts,
        paid_after=now.due.months,
        every=3 if facts.quarterly_payroll and may_quarter else 1,
        due_days=np.array(
            [_charges_due(pack, one.due, month) for one, month in zip(by_month, span, strict=True)]
        ),
        withheld=now.withheld,
        is_default=now.is_default and own is None,
    )


def _charges_due(pack: CountryPack, rule: DueRule, month: int) -> int:
    """The day in ``month`` on which charges that fall due in it are paid."""
    return day_number(due_date(rule, last_day(month - rule.months), pack))


def _known_costs(taxes: Taxes, start: int, months: int) -> tuple[KnownCost, ...]:
    found = []
    for duty in taxes.coming:
        first = (duty.since.year - 1970) * 12 + duty.since.month - 1
        if first < start + months:
            found.append(KnownCost(duty.name, max(first, start), duty.monthly_cost, duty.is_default))
    return tuple(found)


def _deadlines(
    pack: CountryPack, taxes: Taxes, facts: TaxFacts, start: int, months: int
) -> tuple[Deadline, ...]:
    """What must be filed in the plan after each accounting year, with nothing to pay."""
    until = first_day(start + months) - timedelta(days=1)
    ends = range(start - (start - (facts.fiscal_year_start_month - 1)) % 12 - 13, start + months, 12)
    found = []
    for one in in_force_on(taxes.deadlines, first_day(start)):
        for last in ends:
            due = due_date(one.due, last_day(last), pack)
            if facts.legal_form in one.forms and first_day(start) <= due <= until:
                found.append(Deadline(one.name, day_number(due)))
    return tuple(sorted(found, key=lambda one: one.day))

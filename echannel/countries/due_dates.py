"""Days on which something is due, counted as a country's rules count them."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from echannel.countries.dated import in_force_on
from echannel.countries.pack import CountryPack
from echannel.countries.taxes import DueRule, FilingDay


@dataclass(frozen=True)
class Filer:
    """What a firm's own filing days depend on: its form, where it is, its number, its owner's name.

    ``initial`` is the first letter of a sole trader's family name; an unknown part takes the earliest day
    that the known ones leave open, so that nothing is planned too late.
    """

    legal_form: str = "company"
    departement: str | None = None
    siren: str | None = None
    initial: str | None = None


def filing_day(days: Iterable[FilingDay], filer: Filer, on: date) -> int | None:
    """The day of the month on which ``filer`` files VAT (France: CGI annexe IV art. 39); None without a rule.

    >>> from echannel.countries import country_pack
    >>> days = country_pack("FR").taxes.filing_days
    >>> filing_day(days, Filer("company", departement="56"), date(2026, 11, 24))
    21
    """
    form = [day for day in in_force_on(days, on) if filer.legal_form in day.forms]
    named = {place for day in form for place in day.departements}
    if filer.departement is not None:
        here = filer.departement in named
        form = [
            day for day in form if (filer.departement in day.departements if here else not day.departements)
        ]
    key = filer.initial if filer.legal_form == "sole_trader" else filer.siren
    if key:
        form = [day for day in form if _covers(day, key.upper())]
    return min((day.day for day in form), default=None)


def due_date(rule: DueRule, period_end: date, pack: CountryPack, filer: Filer | None = None) -> date:
    """The day that ``rule`` counts from the end of a period (the last day of a month).

    >>> from echannel.countries import country_pack
    >>> due_date(DueRule(months=1, days=7), date(2026, 12, 31), country_pack("GB")).isoformat()
    '2027-02-07'
    """
    off = day_off(pack)
    december = period_end.month == 12
    if december and rule.working_day_of_may is not None:
        return nth_working_day_after(date(period_end.year + 1, 5, 1), rule.working_day_of_may, off)
    months = rule.december_months if december and rule.december_months is not None else rule.months
    last = end_of_month(period_end, months)
    wanted = rule.day
    if rule.by_form and pack.taxes is not None:
        wanted = filing_day(pack.taxes.filing_days, filer or Filer(), last)
    due = last + timedelta(days=rule.days) if wanted is None else last.replace(day=min(wanted, last.day))
    return next_working_day(due, off) if rule.next_working_day else due


def end_of_month(day: date, months: int = 0) -> date:
    """The last day of the month that comes ``months`` after that of ``day``."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, monthrange(year, month + 1)[1])


def day_off(pack: CountryPack) -> Callable[[date], bool]:
    """Whether nobody works on a day: a Saturday, a Sunday or a public holiday of the country."""

    @cache
    def holidays(year: int) -> frozenset[date]:
        return frozenset(pack.public_holidays([year], "en"))

    return lambda day: day.weekday() >= 5 or day in holidays(day.year)


def next_working_day(day: date, off: Callable[[date], bool]) -> date:
    """``day`` itself, or the first day at work after it."""
    while off(day):
        day += timedelta(days=1)
    return day


def nth_working_day_after(day: date, n: int, off: Callable[[date], bool]) -> date:
    """The ``n``-th day at work after ``day``."""
    for _ in range(n):
        day = next_working_day(day + timedelta(days=1), off)
    return day


def _covers(day: FilingDay, key: str) -> bool:
    if day.first is None or day.last is None:
        return True
    return day.first <= key[: len(day.first)] <= day.last

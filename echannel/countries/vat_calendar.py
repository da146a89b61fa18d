"""VAT on the calendar of one plan: which return covers which months, and when each is paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from echannel.countries.dated import in_force_on
from echannel.countries.due_dates import Filer, day_off, due_date, end_of_month, filing_day, next_working_day
from echannel.countries.pack import CountryPack
from echannel.countries.taxes import Frequency, Taxes, VatFiling
from echannel.countries.taxes import Instalment as PackInstalment
from echannel.metrics.planning.rules import NEVER, Instalment, ThresholdWatch, VatCalendar, VatPeriod
from echannel.metrics.planning.vat import takes_effect, threshold_crossing

_EARLIER = 36  # months before the plan for which returns are laid out too
_YEAR = 12
_MONTHS = {"monthly": 1, "quarterly": 3, "yearly": 12}


@dataclass(frozen=True)
class TaxFacts:
    """What the rules depend on in the firm itself; money in its country's currency.

    ``filing``: how often it files VAT, where it chose; ``stagger``: in which month of the calendar quarter (1
    to 3) its UK VAT quarters end (3: March, June …); ``turnover``: ex VAT by month number, known and
    expected, for the limits that depend on it; ``vat_due_a_year``: for those that depend on VAT;
    ``registered_from``: month from which a firm outside VAT will charge it; ``flat_rate_trade``: its trade
    under the flat rate; ``staff``: how many are employed; ``payroll_rate``: the firm's own overall rate;
    ``claims_credits``: it has VAT credits repaid instead of carrying them, where it may;
    ``small_company``: fulfils what the law asks for the reduced rate of corporation tax beside turnover
    (France: capital paid up, 75 % held by people).
    """

    regime: str
    filing: Frequency | None = None
    stagger: int = 3
    legal_form: str = "company"
    departement: str | None = None
    siren: str | None = None
    initial: str | None = None
    fiscal_year_start_month: int = 1
    turnover: Mapping[int, float] = field(default_factory=dict)
    vat_due_a_year: float | None = None
    registered_from: int | None = None
    flat_rate_trade: str | None = None
    claims_credits: bool = False
    staff: int = 0
    quarterly_payroll: bool = False
    payroll_rate: float | None = None
    small_company: bool = True

    @property
    def filer(self) -> Filer:
        """What the firm's own filing days depend on."""
        return Filer(self.legal_form, self.departement, self.siren, self.initial)


def vat_calendar(pack: CountryPack, facts: TaxFacts, start: int, months: int) -> VatCalendar:
    """The firm's VAT returns around the plan, regime by regime, and how each month stands."""
    taxes = pack.taxes or Taxes()
    span = range(start, start + months)
    regimes = [_regime_in(pack, taxes, facts, month) for month in span]
    periods: list[VatPeriod] = []
    month = start - _EARLIER
    while month < start + months:
        regime = _regime_in(pack, taxes, facts, month)
        filing = _filing(taxes, regime, facts, month)
        if filing is None:
            month += 1
            continue
        last = _period_end(pack, taxes, filing, facts, month, regime)
        periods.append(_vat_period(pack, filing, facts, month, last))
        month = last + 1
    registered = [pack.vat_regime(name).registered for name in regimes]
    filings = [one for one in taxes.vat_filings if one.regime in regimes]
    claims = [one for one in filings if one.claim_from is not None] if facts.claims_credits else []
    return VatCalendar(
        periods=tuple(periods),
        registered=np.array(registered, dtype=bool),
        on_receipts=np.array([name == "cash_accounting" for name in regimes]),
        flat_rate=np.array([_flat_rate(taxes, facts, regimes[at], m) for at, m in enumerate(span)]),
        regimes=tuple(regimes),
        credits="repaid" if any(one.credits == "repaid" for one in filings) else "carried",
        claimed_from=max((one.claim_from or 0.0 for one in claims), default=float("inf")),
        claim_months=max((one.claim_months for one in claims), default=1),
    )


def threshold_watches(pack: CountryPack, facts: TaxFacts, month: int) -> tuple[ThresholdWatch, ...]:
    """The limits of turnover of the firm's regime in a month, and when passing them takes effect."""
    taxes = pack.taxes or Taxes()
    regime = _regime_in(pack, taxes, facts, month)
    found = []
    for watch in taxes.watches:
        amount = pack.vat_regime(watch.regime).thresholds_on(first_day(month)).get(watch.threshold)
        if watch.regime == regime and amount is not None:
            found.append(ThresholdWatch(watch.threshold, amount, watch.rolling, watch.delay, watch.next_year))
    return tuple(found)


def registration_month(pack: CountryPack, facts: TaxFacts, start: int, months: int) -> int | None:
    """The month from which a firm outside VAT must charge it; None where it need not within the plan.

    Its own (``registered_from``) where it says so; else the first at which turnover, known and expected, has
    passed a limit as the law counts it: France, 1 January after a year above the limit, or at once above the
    increased one (CGI art. 293 B; here from the first of that month); United Kingdom, twelve months above the
    limit, from the first day of the second month after (VAT Act 1994 sch. 1 para. 5). Not before ``start``: a
    limit passed earlier is one that the firm has not acted on yet.
    """
    if facts.registered_from is not None or pack.vat_regime(facts.regime).registered:
        return facts.registered_from
    since = start - _YEAR
    sold = np.array([[facts.turnover.get(month, 0.0) for month in range(since, start + months)]])
    before = np.array([facts.turnover.get(month, 0.0) for month in range(since - _YEAR, since)])
    effects = [
        int(takes_effect(threshold_crossing(sold, watch, since, before), watch)[0])
        for watch in threshold_watches(pack, facts, start)
    ]
    found = [month for month in effects if NEVER < month < start + months]
    return max(min(found), start) if found else None


def first_day(month: int) -> date:
    """The first day of a month number."""
    return date(1970 + month // 12, month % 12 + 1, 1)


def last_day(month: int) -> date:
    """The last day of a month number."""
    return end_of_month(first_day(month))


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def _regime_in(pack: CountryPack, taxes: Taxes, facts: TaxFacts, month: int) -> str:
    """The firm's regime in a month: its own, or what follows once the law has ended that."""
    name = facts.regime
    if facts.registered_from is not None and month >= facts.registered_from:
        follows = [watch.then for watch in taxes.watches if watch.regime == name]
        name = follows[0] if follows else name
    until = pack.vat_regime(name).until
    if until is not None and until < first_day(month):
        name = next((one.then for one in taxes.succession if one.regime == name), name)
    return name


def _filing(taxes: Taxes, regime: str, facts: TaxFacts, month: int) -> VatFiling | None:
    """How the regime files in a month: as the firm chose where it may, else the first whose limits hold."""
    offered = [one for one in in_force_on(taxes.vat_filings, first_day(month)) if one.regime == regime]
    allowed = [one for one in offered if _within(one, facts, month)]
    chosen = [one for one in allowed if one.every == facts.filing and regime == facts.regime]
    return next(iter(chosen or allowed or offered), None)


def _within(filing: VatFiling, facts: TaxFacts, month: int) -> bool:
    """Whether the firm's figures allow this filing; where they are not known, whether it says it files so."""
    said = filing.every == facts.filing
    if filing.vat_due_up_to is not None:
        return said if facts.vat_due_a_year is None else facts.vat_due_a_year <= filing.vat_due_up_to
    if filing.turnover_up_to is None:
        return True
    january = month - month % 12
    year_before = [facts.turnover.get(m) for m in range(january - 12, january)]
    known = [amount for amount in year_before if amount is not None]
    if not known:
        return said
    so_far = sum(facts.turnover.get(m, 0.0) for m in range(january, month + 1))
    tolerated = filing.turnover_tolerated
    in_year = tolerated is None or so_far <= tolerated
    return in_year and sum(known) / len(known) * 12 <= filing.turnover_up_to


def _period_end(
    pack: CountryPack, taxes: Taxes, filing: VatFiling, facts: TaxFacts, month: int, regime: str
) -> int:
    """The last month of the return that begins in ``month``."""
    if filing.every == "monthly":
        return month
    if filing.every == "quarterly":
        ends = facts.stagger % 3 if pack.code == "GB" else 0
        last = month + (ends - (month + 1)) % 3
    else:
        first_of_year = facts.fiscal_year_start_month if filing.fiscal_year else 1
        last = month + (first_of_year - 1 - (month + 1)) % 12
    while last > month and not (
        _regime_in(pack, taxes, facts, last) == regime and _filing(taxes, regime, facts, last) == filing
    ):
        last -= 1
    return last


def _vat_period(pack: CountryPack, filing: VatFiling, facts: TaxFacts, first: int, last: int) -> VatPeriod:
    due = due_date(filing.due, last_day(last), pack, facts.filer)
    year = last - 11  # of a year cut short, payments on account keep their days
    return VatPeriod(
        first=first,
        last=last,
        due_day=day_number(due),
        regime=filing.regime,
        instalments=instalments_of(pack, filing.instalments, facts.filer, year, first, last),
        no_instalments_below=filing.no_instalments_below,
    )


def instalments_of(
    pack: CountryPack,
    instalments: tuple[PackInstalment, ...],
    filer: Filer,
    year: int,
    first: int,
    last: int,
) -> tuple[Instalment, ...]:
    """Payments on account of the year of twelve months from ``year``, from month ``first`` to ``last``."""
    off = day_off(pack)
    found = []
    for one in instalments:
        month = one.month_in(year)
        if not first <= month <= last:
            continue
        day = one.day
        if day is None and one.month is not None and pack.taxes is not None:
            day = filing_day(pack.taxes.filing_days, filer, first_day(month))
        end = last_day(month)
        due = end if day is None else next_working_day(end.replace(day=min(day, end.day)), off)
        back = one.years_back if month - year < one.filed_after else 1
        found.append(Instalment(day_number(due), one.share, back))
    return tuple(sorted(found, key=lambda one: one.day))


def one_stop_calendar(pack: CountryPack, filing: VatFiling, start: int, months: int) -> VatCalendar:
    """The returns of a one-stop shop: calendar quarters or months."""
    length = _MONTHS[filing.every]
    since = start - start % length
    ends = range(since + length - 1, start + months + length - 1, length)
    periods = tuple(
        VatPeriod(
            last - length + 1, last, day_number(due_date(filing.due, last_day(last), pack)), filing.regime
        )
        for last in ends
    )
    return VatCalendar(
        periods,
        registered=np.ones(months, dtype=bool),
        on_receipts=np.zeros(months, dtype=bool),
        flat_rate=np.full(months, np.nan),
        regimes=(filing.regime,) * months,
    )


def _flat_rate(taxes: Taxes, facts: TaxFacts, regime: str, month: int) -> float:
    if regime != "flat_rate":
        return float("nan")
    trade = facts.flat_rate_trade or taxes.limited_cost_trade
    rates = [one.rate for one in in_force_on(taxes.flat_rates, first_day(month)) if one.trade == trade]
    return rates[0] if rates else float("nan")

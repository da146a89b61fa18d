"""Taxes and charges that take an SME's cash: who files when, at which rate, in dated data."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from echannel.countries.dated import Dated, Strict

Frequency = Literal["monthly", "quarterly", "yearly"]
LegalForm = Literal["company", "sa", "sole_trader", "other"]


class DueRule(Strict):
    """A day counted from the end of a period.

    The end of the month ``months`` after the period's last one, plus ``days``; or day ``day`` of that month;
    or with ``by_form`` the firm's own day in it (:class:`FilingDay`). ``december_months`` and
    ``working_day_of_may`` (the nth working day after 1 May) hold where the period ends on 31 December.
    ``next_working_day``: a day off moves it to the next day at work.
    """

    months: int = Field(default=1, ge=0)
    days: int = 0
    day: int | None = Field(default=None, ge=1, le=31)
    by_form: bool = False
    december_months: int | None = None
    working_day_of_may: int | None = None
    next_working_day: bool = False


class FilingDay(Dated):
    """The day of the month on which firms of a kind file VAT.

    ``departements``: where (empty: everywhere else); ``first`` to ``last``: first digits of the SIREN, or
    first letters of a sole trader's name, both included (None: any).
    """

    forms: tuple[LegalForm, ...]
    departements: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None
    day: int = Field(ge=1, le=31)


class Instalment(Strict):
    """A payment on account: ``share`` of an earlier year's tax, on ``day`` (or the firm's own, or the last).

    When: in ``month`` of the calendar year; or in the tax year's month ``months_in``; or at ``quarter``: the
    nth of March, June, September and December from the tax year's second month on. ``years_back``: of which
    year's tax, as long as a later one need not be filed yet (``filed_after`` months into the year).
    """

    share: float = Field(gt=0, le=1)
    month: int | None = Field(default=None, ge=1, le=12)
    months_in: int | None = Field(default=None, ge=1, le=24)
    quarter: int | None = Field(default=None, ge=1, le=4)
    day: int | None = Field(default=None, ge=1, le=31)
    years_back: int = Field(default=1, ge=1, le=2)
    filed_after: int = 3

    @model_validator(mode="after")
    def _one_way_to_count(self) -> Instalment:
        if sum(one is not None for one in (self.month, self.months_in, self.quarter)) != 1:
            raise ValueError("instalment_month")
        return self

    def month_in(self, year: int) -> int:
        """The month number on which it falls, of the twelve months from month number ``year``."""
        if self.months_in is not None:
            return year + self.months_in - 1
        if self.month is not None:
            return year + (self.month - 1 - year) % 12
        second = year + 1
        return second + (2 - second) % 3 + 3 * ((self.quarter or 1) - 1)


class VatFiling(Dated):
    """How often a regime files and when it pays.

    Where a regime knows several, the first whose limits hold is taken: turnover of the year before up to
    ``turnover_up_to`` and of the running one up to ``turnover_tolerated``; VAT due in a year up to
    ``vat_due_up_to``. ``fiscal_year``: a yearly return follows the accounting year. ``credits``: whether a
    credit is carried to the next return or repaid; a carried one of at least ``claim_from`` may be claimed,
    and is taken to come ``claim_months`` after the return.
    """

    regime: str
    every: Frequency
    due: DueRule
    turnover_up_to: float | None = None
    turnover_tolerated: float | None = None
    vat_due_up_to: float | None = None
    fiscal_year: bool = False
    instalments: tuple[Instalment, ...] = ()
    no_instalments_below: float = 0.0
    credits: Literal["carried", "repaid"] = "carried"
    claim_from: float | None = None
    claim_months: int = 1


class Succession(Strict):
    """The regime that follows one that the law ends."""

    regime: str
    then: str
    source: str


class TurnoverWatch(Strict):
    """A limit to watch: threshold ``threshold`` of regime ``regime``, how it counts, and when it bites.

    ``rolling``: the last twelve months, else the calendar year so far. It takes effect ``delay`` months after
    the month in which it is passed, or with ``next_year`` on the following 1 January; then ``then`` holds.
    """

    regime: str
    threshold: str
    rolling: bool = False
    delay: int = Field(default=0, ge=0)
    next_year: bool = False
    then: str
    source: str


class FlatRate(Dated):
    """The share of turnover including VAT that a trade pays under a flat rate."""

    trade: str
    rate: float = Field(gt=0, lt=1)


class ProfitBand(Strict):
    """Profit up to ``up_to`` (None: without end) is taxed at ``rate``."""

    up_to: float | None = None
    rate: float


class MarginalRelief(Strict):
    """The UK's: ``small_rate`` up to ``lower``, then main rate less ``fraction`` × (``upper`` − it)."""

    small_rate: float
    lower: float
    upper: float
    fraction: float


class CorporationTax(Dated):
    """Tax on a company's profit, for accounting years that end under it.

    ``losses_free_up_to``: earlier losses are set without limit up to this profit, above it against
    ``losses_share`` of the rest. ``small_turnover``: the first band is for firms below this turnover only.
    """

    bands: tuple[ProfitBand, ...] = Field(min_length=1)
    relief: MarginalRelief | None = None
    small_turnover: float | None = None
    due: DueRule
    instalments: tuple[Instalment, ...] = ()
    no_instalments_up_to: float = 0.0
    losses_free_up_to: float | None = None
    losses_share: float = 1.0


class PayrollCharges(Dated):
    """The employer's charges: ``rate`` on each month's pay above ``threshold`` (a year's, per employee).

    ``allowance``: a year's sum taken off; years begin in month ``year_starts``. ``is_default``: an overall
    rate of ours, to be replaced by the firm's own. ``quarterly_below``: firms with fewer staff may pay by
    quarter. ``withheld``: share of gross pay that the firm pays on for its staff, by default.
    """

    rate: float = Field(ge=0, lt=1)
    threshold: float = 0.0
    allowance: float = 0.0
    year_starts: int = Field(default=1, ge=1, le=12)
    due: DueRule
    quarterly_below: int | None = None
    withheld: float = 0.0
    is_default: bool = False


class ComingDuty(Dated):
    """A duty that begins on ``since``; ``monthly_cost`` (ex VAT): our guess at what a small firm pays."""

    name: str
    monthly_cost: float = Field(ge=0)
    is_default: bool = True


class AccountsDeadline(Dated):
    """Something to file after each accounting year, with nothing to pay."""

    name: str
    forms: tuple[LegalForm, ...]
    due: DueRule


class ReferenceRate(Dated):
    """A central bank's rate, as the law on late payment fixes it for half a year."""

    name: str
    rate: float


class OverdraftRate(Dated):
    """What small firms pay on an overdraft, nominal per year: our default until the firm enters its own."""

    rate: float = Field(gt=0, lt=1)


class Taxes(Strict):
    """Everything of a country that takes cash on a day of its own."""

    vat_filings: tuple[VatFiling, ...] = ()
    filing_days: tuple[FilingDay, ...] = ()
    succession: tuple[Succession, ...] = ()
    watches: tuple[TurnoverWatch, ...] = ()
    flat_rates: tuple[FlatRate, ...] = ()
    limited_cost_trade: str | None = None
    one_stop: tuple[VatFiling, ...] = ()
    corporation_tax: tuple[CorporationTax, ...] = ()
    payroll: tuple[PayrollCharges, ...] = ()
    coming: tuple[ComingDuty, ...] = ()
    deadlines: tuple[AccountsDeadline, ...] = ()
    reference_rates: tuple[ReferenceRate, ...] = ()
    overdraft_rates: tuple[OverdraftRate, ...] = ()

    @property
    def named(self) -> dict[str, set[str]]:
        """Names that only the pack can put into words, by family of keys."""
        return {
            "flat_rate": {one.trade for one in self.flat_rates},
            "coming": {one.name for one in self.coming},
            "deadline": {one.name for one in self.deadlines},
            "reference_rate": {one.name for one in self.reference_rates},
        }

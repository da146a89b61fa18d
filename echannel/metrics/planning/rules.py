"""What a plan needs of its country: dates, rates and shares, as plain numbers on the plan's own calendar.

Nothing here knows a law: ``echannel.countries.plan_rules`` reads the country pack and writes these. Months
are numbers (months since 1970-01), days too (days since 1970-01-01).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

NEVER = -1  # in place of a month: it does not happen within the plan


def cents(values: np.ndarray) -> np.ndarray:
    """Amounts rounded to the cent, half away from zero, as a spreadsheet's ROUND does."""
    # A plan asks this two hundred times of a few months each: the fewest steps over them.
    return np.trunc(values * 100 + np.copysign(0.5 + 1e-7, values)) / 100


@dataclass(frozen=True)
class Instalment:
    """A payment on account, due on ``day``: ``share`` of the tax of ``years_back`` tax years before.

    A later instalment with another base brings the earlier ones up to its own base.
    """

    day: int
    share: float
    years_back: int = 1


@dataclass(frozen=True)
class VatPeriod:
    """One VAT return: months ``first`` to ``last``, its tax paid (or its credit repaid) on ``due_day``.

    ``instalments`` are paid before, and taken off what is due on ``due_day``; a period whose last year's
    tax is below ``no_instalments_below`` (reporting currency) has none.
    """

    first: int
    last: int
    due_day: int
    regime: str
    instalments: tuple[Instalment, ...] = ()
    no_instalments_below: float = 0.0


@dataclass(frozen=True)
class VatCalendar:
    """The returns that touch the plan, in order, and how VAT stands in each of its months ``(T,)``.

    ``registered``: VAT is charged and deducted; ``on_receipts``: it is due when money moves (UK cash
    accounting), not when invoiced; ``flat_rate``: share of the turnover including VAT that is due under a
    flat rate, NaN elsewhere. ``credits``: what happens to a return that shows a credit, ``carried`` to the
    next one or ``repaid`` on its due day; a carried one that has grown to ``claimed_from`` is claimed, and
    comes ``claim_months`` after the return.
    """

    periods: tuple[VatPeriod, ...]
    registered: np.ndarray
    on_receipts: np.ndarray
    flat_rate: np.ndarray
    regimes: tuple[str, ...]
    credits: str = "carried"
    claimed_from: float = float("inf")
    claim_months: int = 1


@dataclass(frozen=True)
class VatSetting:
    """What is known of the SME's own VAT when the plan starts (reporting currency).

    ``before``: VAT collected less deductible of the months just before the start, newest last: it makes the
    returns that straddle the start whole. ``opening``: VAT owed at the start (negative: a credit), where the
    books say so; without it, what ``before`` leaves unpaid. ``tax_last_year``: VAT of the last closed tax
    year, the base of payments on account (NaN: unknown, then the months of ``before`` or none).
    """

    before: tuple[float, ...] = ()
    opening: float | None = None
    tax_last_year: float = float("nan")


@dataclass(frozen=True)
class TaxSetting:
    """What is known of the SME's corporation tax when the plan starts (reporting currency).

    ``losses``: of earlier years, still to be set against profit; ``profit_so_far``: of the running accounting
    year before the start; ``tax_last_year``, ``tax_two_years_ago``: charge of the two last closed years (NaN:
    unknown, taken as none; the older one as the newer). ``opening``: tax owed at the start where the books
    say so; without it, what these leave unpaid.
    """

    losses: float = 0.0
    profit_so_far: float = 0.0
    tax_last_year: float = float("nan")
    tax_two_years_ago: float = float("nan")
    opening: float | None = None


@dataclass(frozen=True)
class TaxBand:
    """Profit of a twelve-month year above the band before and up to ``up_to`` is taxed at ``rate``."""

    up_to: float
    rate: float


@dataclass(frozen=True)
class TaxYear:
    """One accounting year, months ``first`` to ``last``, with its corporation tax.

    ``bands``: rates by slice of profit (France). With ``relief`` > 0 (UK) the whole profit is taxed at
    ``small_rate`` up to ``lower``, at the last band's rate above ``upper``, and in between at that rate less
    ``relief`` × (``upper`` − profit). Limits are for twelve months and shrink with a shorter year.
    ``instalments`` are shares of the tax of the year before, none where that tax is below ``minimum``;
    the rest is paid on ``due_day``.
    """

    first: int
    last: int
    due_day: int
    bands: tuple[TaxBand, ...]
    relief: float = 0.0
    lower: float = 0.0
    upper: float = 0.0
    small_rate: float = 0.0
    instalments: tuple[Instalment, ...] = ()
    minimum: float = 0.0
    loss_free: float = float("inf")  # losses are set without limit up to this profit, then to ``loss_share``
    loss_share: float = 1.0


@dataclass(frozen=True)
class PayrollRules:
    """The employer's charges on gross pay, by month of the plan ``(T,)``.

    Charge of a month = ``rate`` × Σ over staff of max(0, gross − ``threshold``), less what is left of the
    year's ``allowance`` (years begin in month ``year_starts``). ``paid_after``: months from pay to the
    payment of charges; with ``every`` = 3 they are paid by calendar quarter, in the month after it.
    ``due_days``: the day in each month on which charges due in it are paid ``(T,)``.
    ``withheld``: default share of gross pay that is not paid to staff but with the charges (their own tax
    and contributions), so that net pay and charges leave on their own days. ``is_default``: the rate is an
    overall one of ours, to be replaced by the firm's own.
    """

    rate: np.ndarray
    threshold: np.ndarray
    allowance: np.ndarray
    year_starts: int = 1
    paid_after: int = 1
    every: int = 1
    due_days: np.ndarray | None = None
    withheld: float = 0.0
    is_default: bool = False


@dataclass(frozen=True)
class ThresholdWatch:
    """A limit of turnover (ex VAT) and when passing it takes effect.

    ``rolling``: the last twelve months count, else the calendar year so far. Passing it in month m takes
    effect ``delay`` months later, or with ``next_year`` on the following 1 January.
    """

    name: str
    amount: float
    rolling: bool
    delay: int = 0
    next_year: bool = False


@dataclass(frozen=True)
class KnownCost:
    """A cost that a coming rule brings: ``amount`` a month (reporting currency, ex VAT) from ``first`` on."""

    name: str
    first: int
    amount: float
    is_default: bool = True


@dataclass(frozen=True)
class Deadline:
    """A day on which something must be filed, with nothing to pay: ``name`` is a catalogue name."""

    name: str
    day: int


@dataclass(frozen=True)
class LateLaw:
    """What the law grants on an invoice between firms that is paid late (reporting currency).

    ``interest_rate`` a year, simple, on the sum including VAT from the day after it was due; ``fees``: fixed
    sum per late invoice by size, ``(amount, below)`` in order of ``below`` (infinity: any); ``max_days``:
    the longest term a contract may set, None where the law sets none; ``bill_days``: the longest under a
    bill that is **not in force**, shown as such and never owed.
    """

    interest_rate: float
    fees: tuple[tuple[float, float], ...] = ()
    max_days: int | None = None
    bill_days: int | None = None

    def fee(self, invoice: float) -> float:
        """The fixed sum for one late invoice of that size including VAT."""
        return next((amount for amount, below in self.fees if invoice < below), 0.0)


@dataclass(frozen=True)
class PlanRules:
    """Everything a plan of ``months`` months from ``start`` needs of its country.

    ``vat_rates``: rate by name and month ``(T,)``; ``one_stop``: the calendars of ``oss`` and ``ioss``;
    ``overdraft_rate``: what small firms usually pay, per year (NaN: not known).
    """

    country: str
    start: int
    months: int
    vat: VatCalendar
    vat_rates: Mapping[str, np.ndarray]
    one_stop: Mapping[str, VatCalendar]
    tax_years: tuple[TaxYear, ...]
    payroll: PayrollRules
    watches: tuple[ThresholdWatch, ...] = ()
    known_costs: tuple[KnownCost, ...] = ()
    overdraft_rate: float = float("nan")
    deadlines: tuple[Deadline, ...] = ()

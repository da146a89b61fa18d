"""What a plan is made from: streams of turnover, costs, people, money borrowed and spent, and how it opens.

Money is in the SME's reporting currency and net of VAT unless a name says otherwise. Months are numbers
(months since 1970-01). ``Amounts`` are a number or an array that numpy spreads over ``(paths, months)``:
``(months,)``, ``(paths, 1)`` or ``(paths, months)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from echannel.metrics.planning.rules import TaxSetting, VatSetting, cents

Amounts = Any  # float or np.ndarray, see above
Kind = Literal["b2c", "b2b"]
LegalForm = Literal["company", "sa", "sole_trader"]
VatScheme = Literal["domestic", "oss", "ioss", "local", "none"]
LoanKind = Literal["annuity", "linear", "bullet"]
MadeBy = Literal["owner", "consultant", "ledger", "history", "default"]
CostLine = Literal[
    "marketing",
    "rent",
    "platform",
    "e_invoicing",
    "other_overheads",
    "one_offs",
    "local_taxes",
    "owner_charges",
]

MONTHS = 36
DAYS_OF_MONTH = 30  # payment terms and stock cover are counted in months of thirty days


@dataclass(frozen=True)
class PaymentTerms:
    """When invoices of a month are paid: ``days`` after the invoice, or after the end of its month."""

    days: Amounts = 30.0
    end_of_month: bool = False


AT_ONCE = PaymentTerms(0.0)


@dataclass(frozen=True)
class Stream:
    """One stream of turnover.

    ``turnover``: net of VAT, discounts and returns, with the shipping that customers pay, ``(P, T)``.
    ``cost_share``: cost of the goods / turnover at prices of index 1 (so 1 − margin rate, taux de marque).
    ``price_index``: selling prices relative to those; costs per unit do not follow them.
    ``return_rate``: share of what is invoiced that comes back; ``return_loss``: share of the returned
    goods' cost that cannot be sold again. ``fee_rate`` (payment provider) and ``commission_rate``
    (marketplace) are shares of the money taken including VAT, before returns; ``fee_fixed`` is per order of
    ``basket`` (net, at prices of index 1). ``carriage_rate``: cost of carriage / sales at prices of index 1.
    ``terms``: days until customers pay, or until the provider or marketplace pays out.
    """

    name: str
    kind: Kind
    turnover: np.ndarray
    cost_share: Amounts
    vat_rate: Amounts = 0.0
    vat_scheme: VatScheme = "domestic"
    terms: PaymentTerms = AT_ONCE
    price_index: Amounts = 1.0
    fee_rate: Amounts = 0.0
    fee_fixed: Amounts = 0.0
    commission_rate: Amounts = 0.0
    basket: float = float("nan")
    carriage_rate: Amounts = 0.0
    return_rate: Amounts = 0.0
    return_loss: Amounts = 0.0

    @property
    def margin_rate(self) -> Amounts:
        """Gross margin / turnover (taux de marque) at the stream's prices."""
        return 1 - np.asarray(self.cost_share) / np.asarray(self.price_index)

    @property
    def volume(self) -> np.ndarray:
        """Turnover at prices of index 1."""
        return self.turnover / np.asarray(self.price_index)


@dataclass(frozen=True)
class Cost:
    """An overhead: ``amount`` a month, and ``of_turnover`` (a share of all turnover: a variable cost)."""

    name: str
    line: CostLine
    amount: Amounts = 0.0
    of_turnover: Amounts = 0.0
    vat_rate: Amounts = 0.0
    terms: PaymentTerms = PaymentTerms()


@dataclass(frozen=True)
class StaffMember:
    """Somebody on the payroll from month ``first`` to ``last`` (None: stays); ``gross`` pay a month.

    ``employer_rate``: the employer's charges / gross pay; NaN takes the country's overall rate.
    """

    name: str
    gross: Amounts
    first: int
    last: int | None = None
    employer_rate: float = float("nan")


@dataclass(frozen=True)
class Loan:
    """A loan of ``amount`` paid out in ``month``, repaid in ``months`` instalments from the next month on.

    ``rate``: nominal, per year. During the first ``deferred`` months interest alone is paid, or nothing, and
    the interest is added to the debt (``capitalised``). ``outstanding``: the money came before the plan, and
    ``amount`` is what is still owed at its start, repaid from the first month on. Of a loan paid out in the
    plan it may differ between paths ``(P, 1)``.
    """

    amount: Amounts
    month: int
    rate: float
    months: int
    deferred: int = 0
    kind: LoanKind = "annuity"
    capitalised: bool = False
    outstanding: bool = False
    name: str = ""


@dataclass(frozen=True)
class Asset:
    """Capital spending of ``amount`` (net of VAT) in ``month``, written off in a straight line."""

    amount: float
    month: int
    life_years: float
    vat_rate: float = 0.0
    name: str = ""


@dataclass(frozen=True)
class Grant:
    """Public money received in ``month``: income of that month, or over ``release_months`` (investment)."""

    amount: float
    month: int
    release_months: int = 1
    name: str = ""


@dataclass(frozen=True)
class OneOff:
    """A single cost (negative: an income) of ``month``, paid in it."""

    name: str
    month: int
    amount: float
    vat_rate: float = 0.0


@dataclass(frozen=True)
class OwnersMoney:
    """What the owner puts in and takes out; each amount a month ``(T,)`` or a number."""

    capital_in: Amounts = 0.0
    dividends: Amounts = 0.0
    drawings: Amounts = 0.0


@dataclass(frozen=True)
class StockPolicy:
    """Stock held for ``cover_days`` of the coming cost of sales; NaN: purchases follow sales.

    ``extra``: more stock on top, by month ``(T,)`` (a market entered). ``planned``: the cost of sales that
    the firm counts on ``(T,)``, where months may come otherwise: it then buys for that, scaled by how its
    last months went, because nobody knows the coming ones. Without it, it knows them.
    """

    cover_days: Amounts = float("nan")
    extra: Amounts = 0.0
    planned: np.ndarray | None = None


@dataclass(frozen=True)
class OpeningBalance:
    """What the firm owns and owes when the plan starts; equity is what is left.

    ``receivables`` and ``payables`` include VAT. ``fixed_assets``: net book value, written off over
    ``fixed_assets_months``. Loans stand in ``PlanInputs.loans`` as ``outstanding``; VAT and corporation tax
    owed in ``vat`` and ``tax``.
    """

    cash: float = 0.0
    stock: float = 0.0
    receivables: float = 0.0
    payables: float = 0.0
    social_payable: float = 0.0
    fixed_assets: float = 0.0
    fixed_assets_months: int = 36


@dataclass(frozen=True)
class PlanInputs:
    """Everything a plan is computed from, beside the country's rules (``PlanRules``).

    ``overdraft_rate``: nominal, per year, on cash below nothing at the month before's end.
    """

    country: str
    currency: str
    start: int
    streams: tuple[Stream, ...]
    months: int = MONTHS
    fiscal_year_start_month: int = 1
    legal_form: LegalForm = "company"
    departement: str = ""
    siren: str = ""
    costs: tuple[Cost, ...] = ()
    staff: tuple[StaffMember, ...] = ()
    loans: tuple[Loan, ...] = ()
    assets: tuple[Asset, ...] = ()
    grants: tuple[Grant, ...] = ()
    one_offs: tuple[OneOff, ...] = ()
    owner: OwnersMoney = OwnersMoney()
    opening: OpeningBalance = OpeningBalance()
    vat: VatSetting = field(default_factory=VatSetting)
    tax: TaxSetting = field(default_factory=TaxSetting)
    stock: StockPolicy = StockPolicy()
    purchase_terms: PaymentTerms = PaymentTerms()
    purchase_vat_rate: Amounts = 0.0
    carriage_terms: PaymentTerms = PaymentTerms()
    carriage_vat_rate: Amounts = 0.0
    overdraft_rate: float = 0.0

    @property
    def calendar(self) -> np.ndarray:
        """The months of the plan ``(T,)``."""
        return np.arange(self.start, self.start + self.months)

    @property
    def turnover(self) -> np.ndarray:
        """Turnover of all streams ``(P, T)``."""
        total = np.zeros((1, self.months))
        for stream in self.streams:
            total = total + stream.turnover
        return total


@dataclass(frozen=True)
class Assumption:
    """One value that a plan takes: who made it and what it rests on.

    ``name``: catalogue name under ``planning.assumption.<name>``; ``unit``: money, percent, days, number,
    month or text; ``about``: what it is said of, where several share a name; ``reason``: a catalogue key of
    why this value was taken; ``note``: the words of whoever made it; ``day``: the local day that it is of,
    where that matters. ``effect`` on the cash after a year is filled in by ``doubts.with_effects``.
    """

    name: str
    value: Any
    unit: str
    made_by: MadeBy
    reason: str = ""
    about: str = ""
    note: str = ""
    effect: float = float("nan")
    day: int | None = None


@dataclass(frozen=True)
class MarketEntry:
    """Entering another country, as the market assessment hands it over.

    ``orders_per_month`` ``(T,)`` from ``first_month`` on (shorter: the last stays); ``price_net`` per order;
    ``variable_cost_per_order`` of which ``goods_cost_per_order`` are goods (NaN: all of it);
    ``setup_cost`` once, ``cost_per_month`` afterwards; ``extra_stock`` at cost from the month before.
    """

    country: str
    name_key: str
    first_month: int
    orders_per_month: np.ndarray
    price_net: float
    variable_cost_per_order: float
    setup_cost: float = 0.0
    cost_per_month: float = 0.0
    extra_stock: float = 0.0
    vat_rate: float = 0.0
    vat_scheme: VatScheme = "none"
    payout_delay_days: float = 7.0
    goods_cost_per_order: float = float("nan")
    assumptions: tuple[Assumption, ...] = field(default=())


def with_market_entry(inputs: PlanInputs, entry: MarketEntry) -> PlanInputs:
    """The plan with another market: one more stream, its set-up, running cost and stock."""
    months = inputs.calendar
    orders = np.asarray(entry.orders_per_month, dtype=float)
    since = months - entry.first_month
    sold = np.where(since >= 0, orders[np.clip(since, 0, len(orders) - 1)], 0.0)
    all_cost, goods = entry.variable_cost_per_order, entry.goods_cost_per_order
    goods = all_cost if np.isnan(goods) else goods
    stream = Stream(
        name=f"entry_{entry.country.lower()}",
        kind="b2c",
        turnover=cents(sold * entry.price_net)[None, :],
        cost_share=goods / entry.price_net,
        vat_rate=entry.vat_rate,
        vat_scheme=entry.vat_scheme,
        terms=PaymentTerms(entry.payout_delay_days),
        basket=entry.price_net,
        carriage_rate=(all_cost - goods) / entry.price_net,
    )
    running = Cost(stream.name, "other_overheads", np.where(since >= 0, entry.cost_per_month, 0.0))
    setup = OneOff(stream.name, max(entry.first_month - 1, inputs.start), entry.setup_cost)
    extra = np.where(since >= -1, entry.extra_stock, 0.0)
    return replace(
        inputs,
        streams=(*inputs.streams, stream),
        costs=(*inputs.costs, running),
        one_offs=(*inputs.one_offs, setup),
        stock=replace(inputs.stock, extra=np.asarray(inputs.stock.extra) + extra),
    )


def cent(value: float) -> float:
    """One amount rounded to the cent, half away from zero."""
    return float(cents(np.array(value, dtype=float)))


def in_month(items: Sequence[tuple[int, float]], start: int, months: int) -> np.ndarray:
    """Amounts of single months on the plan's calendar ``(1, T)``; those outside it are left out."""
    out = np.zeros((1, months))
    for month, amount in items:
        if 0 <= month - start < months:
            out[0, month - start] += cent(amount)
    return out

"""What a firm, or its consultant, enters for its plan (``planning:`` in its profile).

Each value stands plain, or as ``{value: 1200, by: consultant, note: "lease signed in May"}``: the page lists
who made which assumption. What is left out comes from the books, the shop's history, or a marked default.
Money is in the reporting currency, ex VAT, per month where no month is named; rates are fractions; months are
written ``"2027-03"``.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

By = Literal["owner", "consultant"]
T = TypeVar("T")

_EPOCH = 1970


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Told(_Strict, Generic[T]):
    """One value, who told it, and what they say about it."""

    value: T
    by: By = "owner"
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, given: Any) -> Any:
        return given if isinstance(given, dict | BaseModel) else {"value": given}


def _between(low: float, high: float) -> AfterValidator:
    def check(value: float) -> float:
        if not low <= value <= high:  # NaN is refused too
            raise ValueError(f"between {low:.10g} – {high:.10g}")
        return value

    return AfterValidator(check)


def _written(pattern: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError("see_documentation")
        return value

    return AfterValidator(check)


def _month(value: str) -> str:
    if not re.fullmatch(r"(?:19|20|21)\d\d-(?:0[1-9]|1[0-2])", value):
        raise ValueError("not_month")
    return value


Amount = Annotated[float, _between(0, 100_000_000)]
Signed = Annotated[float, _between(-100_000_000, 100_000_000)]
Share = Annotated[float, _between(0, 1)]
Fee = Annotated[float, _between(0, 0.5)]
CostShare = Annotated[float, _between(-1, 0.99)]
Days = Annotated[float, _between(0, 365)]
Month = Annotated[str, AfterValidator(_month)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=80)]


class _Entered(_Strict):
    """An entry of a list: who made it, and what they say about it."""

    name: Name = "–"
    by: By = "owner"
    note: str = ""


class StaffEntry(_Entered):
    """Somebody, or several alike, on the payroll; ``gross`` pay a month, of one of them."""

    gross: Amount
    count: Annotated[float, _between(0, 500)] = 1
    since: Month | None = None
    until: Month | None = None
    employer_rate: Annotated[float, _between(0, 1.5)] | None = None


class LoanEntry(_Entered):
    """A loan; one without ``month`` runs already, and ``amount`` is what is still owed."""

    amount: Amount
    rate: Annotated[float, _between(0, 0.4)]
    months: Annotated[int, _between(1, 480)]
    month: Month | None = None
    deferred: Annotated[int, _between(0, 60)] = 0
    kind: Literal["annuity", "linear", "bullet"] = "annuity"
    capitalised: bool = False

    @model_validator(mode="after")
    def _repaid_at_last(self) -> LoanEntry:
        if self.deferred >= self.months:
            raise ValueError("deferred_too_long")
        return self


class AssetEntry(_Entered):
    """Something bought that lasts ``life_years``."""

    amount: Amount
    month: Month
    life_years: Annotated[float, _between(0.5, 50)] = 5


class GrantEntry(_Entered):
    """Public money received; spread over ``release_months`` where it pays for something that lasts."""

    amount: Amount
    month: Month
    release_months: Annotated[int, _between(1, 240)] = 1


class MoneyEntry(_Entered):
    """Money of one month: a single cost, a dividend, capital paid in."""

    amount: Signed
    month: Month


class ScenarioEntry(_Entered):
    """A future of the firm's own: ``levers`` moved (see the planning page), where the forecast comes out."""

    levers: dict[str, Annotated[float, _between(-1_000_000, 1_000_000)]] = {}
    turnover_at: Annotated[float, _between(0.01, 0.99)] = 0.5
    since: Annotated[int, _between(0, 36)] = 0


class MarketEntryProfile(_Entered):
    """Another country to sell to, for a plan without the market page."""

    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    first_month: Month
    orders_per_month: tuple[Amount, ...] = Field(min_length=1)
    price: Annotated[float, _between(0.01, 1_000_000)]
    cost_per_order: Amount
    goods_cost_per_order: Amount | None = None
    setup_cost: Amount = 0
    cost_per_month: Amount = 0
    extra_stock: Amount = 0
    vat_rate: Share = 0
    vat_scheme: Literal["domestic", "oss", "ioss", "local", "none"] = "none"
    payout_days: Days = 7


class OpeningProfile(_Strict):
    """What the firm owns and owes at the plan's start; receivables and payables incl. VAT."""

    cash: Told[Signed] | None = None
    stock: Told[Amount] | None = None
    receivables: Told[Amount] | None = None
    payables: Told[Amount] | None = None
    social: Told[Amount] | None = None
    vat: Told[Signed] | None = None
    corporation_tax: Told[Signed] | None = None
    tax_last_year: Told[Amount] | None = None
    losses: Told[Amount] | None = None
    fixed_assets: Told[Amount] | None = None
    fixed_assets_months: Told[Annotated[int, _between(1, 600)]] | None = None


class PlanningProfile(_Strict):
    """What is known of the firm's plan beside its data; every line is optional."""

    start: Month | None = None
    legal_form: Literal["company", "sa", "sole_trader"] = "company"
    departement: Annotated[str, _written(r"\d{2,3}|2[AB]")] | None = None
    owner_initial: Annotated[str, _written(r"[A-Za-z]")] | None = None
    vat_filing: Literal["monthly", "quarterly", "yearly"] | None = None
    vat_stagger: Annotated[int, _between(1, 3)] = 3
    flat_rate_trade: str | None = None
    registered_from: Month | None = None
    vat_credits_claimed: bool = False  # has credits repaid instead of carrying them (France)
    small_company: bool = True
    quarterly_payroll: bool = False

    turnover: Told[Amount] | None = None
    margin_rate: Told[CostShare] | None = None
    margin_rate_b2b: Told[CostShare] | None = None
    vat_rate: Told[Share] | None = None
    carriage_rate: Told[Fee] | None = None
    return_rate: Told[Annotated[float, _between(0, 0.8)]] | None = None
    return_loss: Told[Share] | None = None
    payment_fee_rate: Told[Fee] | None = None
    payment_fee_fixed: Told[Annotated[float, _between(0, 20)]] | None = None
    marketplace_fee_rate: Told[Fee] | None = None
    payout_days: Told[Days] | None = None
    marketplace_payout_days: Told[Days] | None = None
    customer_days: Told[Days] | None = None
    supplier_days: Told[Days] | None = None
    supplier_end_of_month: bool = False
    stock_cover_days: Told[Annotated[float, _between(0, 730)]] | None = None

    marketing: Told[Amount] | None = None
    marketing_rate: Told[Share] | None = None
    rent: Told[Amount] | None = None
    platform: Told[Amount] | None = None
    e_invoicing: Told[Amount] | None = None
    other_overheads: Told[Amount] | None = None
    local_taxes: Told[Amount] | None = None
    owner_charges: Told[Amount] | None = None
    drawings: Told[Amount] | None = None
    overdraft_rate: Told[Fee] | None = None

    staff: tuple[StaffEntry, ...] = ()
    loans: tuple[LoanEntry, ...] = ()
    assets: tuple[AssetEntry, ...] = ()
    grants: tuple[GrantEntry, ...] = ()
    one_offs: tuple[MoneyEntry, ...] = ()
    dividends: tuple[MoneyEntry, ...] = ()
    capital_in: tuple[MoneyEntry, ...] = ()
    opening: OpeningProfile = OpeningProfile()
    scenarios: tuple[ScenarioEntry, ...] = ()
    market_entries: tuple[MarketEntryProfile, ...] = ()


def month_number(month: str) -> int:
    """Months since 1970-01 of a month written as in a profile."""
    year, number = month.split("-")
    return (int(year) - _EPOCH) * 12 + int(number) - 1


_LISTED = {
    "loan": "loans",
    "asset": "assets",
    "grant": "grants",
    "one_off": "one_offs",
    "dividend": "dividends",
    "vat_registered_from": "registered_from",
}
_OF_OPENING = {
    "opening_tax": "corporation_tax",
    "profit_so_far": "corporation_tax",
    "tax_last_year": "tax_last_year",
    "losses": "losses",
}


def entered_as(assumption: str, about: str = "") -> tuple[str, ...]:
    """Where in ``planning:`` of a profile a value is entered, from the outside in; () where nowhere: it comes
    of the data alone."""
    if assumption in _OF_OPENING or assumption.startswith("opening_"):
        return "opening", _OF_OPENING.get(assumption, assumption.removeprefix("opening_"))
    if assumption == "margin_rate" and about == "b2b":
        return ("margin_rate_b2b",)
    market = assumption.startswith("market_")
    name = "market_entries" if market else _LISTED.get(assumption, assumption)
    return (name,) if name in PlanningProfile.model_fields else ()

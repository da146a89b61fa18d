"""The country pack: everything that follows from where an SME is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Literal

from pydantic import model_validator

from echannel.countries.accounts import ChartOfAccounts
from echannel.countries.calendars import Calendar, SalePeriod, SaleRule
from echannel.countries.dated import Strict, in_force_on, never_two_at_once
from echannel.countries.identifiers import Identifier
from echannel.countries.payment import PaymentBill, PaymentLaw
from echannel.countries.taxes import Taxes
from echannel.countries.vat import VatRate, VatRegime
from echannel.errors import UserError

Language = Literal["en", "fr"]
PriceBasis = Literal["gross", "net"]


class PriceDisplay(Strict):
    """Whether prices are shown with VAT (``gross``) or without (``net``), by kind of customer."""

    b2c: PriceBasis
    b2b: PriceBasis
    source: str


class CountryPack(Strict):
    """The rules, calendar and terms of one country, in dated data.

    ``terms`` gives, per language, this country's own words: for a key of the catalogues it takes
    their place, and for every name in the pack it is the word (``vat_rate.<name>``,
    ``vat_regime.<name>``, ``sale_period.<name>``, ``payment_bill.<name>``, ``identifier.<name>``,
    and the families of ``Taxes.named``).
    """

    code: str
    reviewed: date  # when the rules were last read through as a whole: reports name it
    currency: str
    timezone: str
    fiscal_year_start: str
    vat_rates: tuple[VatRate, ...]
    vat_regimes: tuple[VatRegime, ...]
    payment_laws: tuple[PaymentLaw, ...] = ()
    payment_bills: tuple[PaymentBill, ...] = ()
    price_display: PriceDisplay
    calendar: Calendar | None = None
    sale_rules: tuple[SaleRule, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    accounts: ChartOfAccounts | None = None
    taxes: Taxes | None = None
    terms: dict[Language, dict[str, str]]

    @model_validator(mode="after")
    def _one_rate_at_a_time(self) -> CountryPack:
        by_name = defaultdict(list)
        for rate in self.vat_rates:
            by_name[rate.name].append(rate)
        if not all(map(never_two_at_once, by_name.values())) or not never_two_at_once(self.payment_laws):
            raise ValueError("two_rules_at_once")
        return self

    @model_validator(mode="after")
    def _every_name_has_a_word(self) -> CountryPack:
        for language in ("en", "fr"):
            missing = self.own_keys - self.terms.get(language, {}).keys()
            if missing:
                raise ValueError(f"no_word_for {', '.join(sorted(missing))} ({language})")
        return self

    @property
    def own_keys(self) -> set[str]:
        """The keys of the names in this pack, which only the pack can put into words."""
        named: dict[str, Iterable[VatRate | VatRegime | PaymentBill | SaleRule | Identifier]] = {
            "vat_rate": self.vat_rates,
            "vat_regime": self.vat_regimes,
            "payment_bill": self.payment_bills,
            "sale_period": self.sale_rules,
            "identifier": self.identifiers,
        }
        keys = {f"{family}.{one.name}" for family, names in named.items() for one in names}
        if self.taxes is not None:
            keys |= {f"{family}.{name}" for family, names in self.taxes.named.items() for name in names}
        return keys

    def term(self, key: str, language: str) -> str | None:
        """This country's own word for a key, where it has one."""
        return self.terms.get(language, {}).get(key)  # type: ignore[call-overload]

    def vat_rates_on(self, day: date) -> dict[str, float]:
        """The VAT rates (fractions) in force on ``day``, by name."""
        return {rate.name: rate.rate for rate in in_force_on(self.vat_rates, day)}

    def vat_rate(self, name: str, day: date) -> float:
        """The rate called ``name`` (``standard``, ``reduced`` …) in force on ``day``."""
        try:
            return self.vat_rates_on(day)[name]
        except KeyError:
            raise UserError("error.no_vat_rate", country=self.code, name=name, day=day) from None

    def vat_regime(self, name: str) -> VatRegime:
        """The VAT regime called ``name``; raises ``UserError`` with the known names."""
        for regime in self.vat_regimes:
            if regime.name == name:
                return regime
        known = ", ".join(regime.name for regime in self.vat_regimes)
        raise UserError("error.unknown_vat_regime", country=self.code, value=name, known=known)

    def payment_law_on(self, day: date) -> PaymentLaw | None:
        """The law on payment terms in force on ``day``; None before the first one known."""
        return next(iter(in_force_on(self.payment_laws, day)), None)

    def latest_payment(self, invoiced: date) -> dict[str, date]:
        """The last lawful day to pay an invoice of that day, by way of counting (``PaymentLaw.latest_due``).

        Where the law caps no agreed term, ``default``: the day that holds when nothing was agreed.
        Empty where no law is known.
        """
        law = self.payment_law_on(invoiced)
        if law is None:
            return {}
        return law.latest_due(invoiced) or {"default": law.default_due(invoiced)}

    def price_basis(self, kind: str) -> PriceBasis:
        """Whether prices for ``kind`` (``b2b`` or ``b2c``) are shown ``gross`` or ``net`` of VAT."""
        return self.price_display.b2b if kind == "b2b" else self.price_display.b2c

    def public_holidays(
        self, years: Iterable[int], language: str, subdivision: str | None = None
    ) -> dict[date, str]:
        """The public holidays of ``years`` by day, named in ``language``, in order.

        ``subdivision`` (``ENG``, ``SCT`` …: an SME's profile may name its own) defaults to the
        pack's; a pack without a calendar knows none.
        """
        if self.calendar is None:
            return {}
        return self.calendar.public_holidays(years, language, subdivision)

    def sale_periods(self, year: int) -> tuple[SalePeriod, ...]:
        """The sale periods that start in ``year``, in order of their first day."""
        periods = (rule.in_year(year) for rule in self.sale_rules)
        return tuple(sorted((one for one in periods if one), key=lambda one: one.first))

    def sale_periods_between(self, first: date, last: date) -> tuple[SalePeriod, ...]:
        """The sale periods with a day from ``first`` to ``last``, in order."""
        years = range(first.year - 1, last.year + 1)
        periods = (one for year in years for one in self.sale_periods(year))
        return tuple(one for one in periods if one.first <= last and one.last >= first)

    def identifier(self, name: str) -> Identifier:
        """The kind of number called ``name`` (``vat_number``, ``siren`` …)."""
        for one in self.identifiers:
            if one.name == name:
                return one
        raise KeyError(name)

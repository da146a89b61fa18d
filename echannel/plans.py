"""From an SME's profile, books and history to the inputs of its plan, each value with who made it.

What is entered in the profile wins over the books, the books over the history, and that over a default. A
default is a round number of ours, marked as one: the plan stays open with what is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from echannel.countries.plan_rules import TaxFacts, plan_rules
from echannel.countries.trade import customs_area
from echannel.metrics.inventory.stock import stock_value
from echannel.metrics.periods import month_of
from echannel.metrics.planning import history, observed
from echannel.metrics.planning.assumed import Assumptions, Found
from echannel.metrics.planning.engine import Plan, build_plan
from echannel.metrics.planning.inputs import (
    AT_ONCE,
    MONTHS,
    Assumption,
    Cost,
    MarketEntry,
    OpeningBalance,
    PaymentTerms,
    PlanInputs,
    StaffMember,
    StockPolicy,
    Stream,
)
from echannel.metrics.planning.rules import PlanRules, TaxSetting, VatSetting
from echannel.metrics.planning.vat import open_since
from echannel.metrics.result import OK
from echannel.plan_entries import LONG_AGO, entered, market_entries
from echannel.plan_ledger import LedgerFacts, ledger_facts
from echannel.planning_profile import PlanningProfile, month_number

if TYPE_CHECKING:
    from echannel.metrics.periods import Period
    from echannel.metrics.planning.turnover_forecast import TurnoverForecast
    from echannel.sme import Sme

DEFAULTS: Mapping[str, float] = {
    "margin_rate": 0.40,
    "carriage_rate_b2c": 0.08,
    "carriage_rate_b2b": 0.03,
    "payment_fee_rate": 0.014,
    "payment_fee_fixed": 0.25,
    "marketplace_fee_rate": 0.13,
    "payout_days": 3.0,
    "marketplace_payout_days": 14.0,
    "supplier_days": 30.0,
    "return_loss": 0.25,
}
"""Round numbers where nobody knows better; each is shown as a default, to be replaced by the firm's own."""
_ONE_STOP_FROM = (
    10_000.0  # Directive 2006/112/EC art. 59c: a year's sales to consumers in other member states
)
_COST_LINES = ("marketing", "rent", "platform", "other_overheads", "local_taxes", "owner_charges")
_WITH_VAT = {"marketing", "rent", "platform", "other_overheads", "e_invoicing"}
_MONTHS_BEFORE = 3  # of VAT that no return has settled yet
_IMPLAUSIBLE = 3.0  # fixed costs of so many times turnover


@dataclass(frozen=True)
class PlanBasis:
    """What an SME's plan is computed from. ``reasons``: catalogue keys of what stands in its way."""

    inputs: PlanInputs
    rules: PlanRules
    assumptions: tuple[Assumption, ...]
    reasons: tuple[str, ...]
    entries: tuple[MarketEntry, ...]


def inputs_of(
    sme: Sme, forecast: TurnoverForecast | None = None
) -> tuple[PlanInputs, tuple[Assumption, ...]]:
    """The inputs of an SME's plan, and what they assume."""
    basis = basis_of(sme, forecast)
    return basis.inputs, basis.assumptions


def plan_of(sme: Sme, forecast: TurnoverForecast | None = None) -> Plan:
    """The SME's plan as its data and its profile have it."""
    basis = basis_of(sme, forecast)
    return build_plan(basis.inputs, basis.rules)


def basis_of(sme: Sme, forecast: TurnoverForecast | None = None) -> PlanBasis:
    """Inputs, the country's rules for them, assumptions, and what is missing or odd."""
    return _Maker(sme, sme.turnover_forecast if forecast is None else forecast).basis()


class _Maker:
    """Puts one SME's plan together, part by part, in the order in which a reader checks it."""

    def __init__(self, sme: Sme, forecast: TurnoverForecast) -> None:
        self.sme, self.forecast = sme, forecast
        self.told: PlanningProfile = sme.profile.planning
        self.notes = Assumptions()
        self.reasons: list[str] = []
        self.period: Period | None = observed.last_year(sme.sales)
        self.books: LedgerFacts = ledger_facts(sme.table("ledger"), sme.profile.country)
        self.start = self._start()
        self.past = history.monthly(sme.sales)
        self.streams = self._observed_streams()

    def basis(self) -> PlanBasis:
        turnover = self._turnover()
        rules = self._rules(turnover)
        standard = float(np.nan_to_num(rules.vat_rates.get("standard", np.zeros(1))[0]))
        streams = self._streams(turnover, standard)
        goods_vat = max((float(one.vat_rate) for one in streams), default=standard)
        inputs = PlanInputs(
            country=self.sme.profile.country,
            currency=self.sme.profile.currency,
            start=self.start,
            streams=streams,
            fiscal_year_start_month=int(self.sme.profile.fiscal_year_start[:2]),
            legal_form=self.told.legal_form,
            departement=self.told.departement or "",
            siren=self.sme.profile.identifiers.get("siren", ""),
            purchase_terms=self._supplier_terms(),
            purchase_vat_rate=goods_vat if self._registered(rules) else standard,
            carriage_vat_rate=standard,
        )
        inputs = replace(inputs, costs=self._costs(rules, standard))
        inputs = entered(inputs, self.told, self.notes, standard)
        inputs = self._staff_in_books(inputs)
        inputs = replace(inputs, opening=self._opening(inputs, rules), stock=self._stock(inputs))
        inputs = replace(inputs, vat=self._vat(inputs, rules), tax=self._tax())
        self._judge(inputs)
        reasons = tuple(dict.fromkeys(self.reasons))
        return PlanBasis(inputs, rules, tuple(self.notes.made), reasons, market_entries(self.told))

    def _start(self) -> int:
        if self.told.start is not None:
            return month_number(self.told.start)
        return month_of(self.sme.sales.last_day) + 1

    def _observed_streams(self) -> dict[str, observed.StreamFacts]:
        if self.period is None:
            return {}
        sales, home = self.sme.sales, self.sme.profile.country
        seen = {str(one) for one in sales.entries["country"].dropna().unique()}
        union = {one for one in seen if one != home and customs_area(one) == "EU"}
        if customs_area(home) != "EU":
            union = set()
        orders = self.sme.table("orders")
        found = observed.streams_of(sales, orders, self.period, union)
        if "abroad" in found and found["abroad"].turnover <= _ONE_STOP_FROM:
            found = observed.streams_of(sales, orders, self.period)
        return found

    def _turnover(self) -> np.ndarray:
        """Turnover of each month ``(T,)``: the forecast, at the level that the profile tells, if it does."""
        rows = self.forecast.since(self.start, MONTHS)
        whole = (self.past["complete"] & ~self.past["gap"]).to_numpy(bool)
        known = self.past["turnover"].to_numpy(float)[whole]
        told = self.told.turnover
        if self.forecast.status == OK and len(rows.months) == MONTHS:
            made = np.maximum(rows.mean, 0.0)
            made_by = "history"
        else:
            self.reasons.append(self.forecast.reason or "reason.planning.no_forecast")
            made = np.full(MONTHS, float(np.mean(known)) if len(known) else 0.0)
            made_by = "default"
        if told is not None:
            year = made[:12].sum()
            made = made * (told.value * 12 / year) if year > 0 else np.full(MONTHS, told.value)
            self.notes.note(
                "turnover", told.value, "money", told.by, "reason.planning.entered", note=told.note
            )
        else:
            reason = "reason.planning.forecast" if made_by == "history" else "reason.planning.flat_turnover"
            self.notes.note("turnover", float(made[:12].mean()), "money", made_by, reason)  # type: ignore[arg-type]
        if len(self.past) and bool(self.past["gap"].any()):
            self.reasons.append("reason.planning.months_missing")
        return made

    def _rules(self, turnover: np.ndarray) -> PlanRules:
        profile, told = self.sme.profile, self.told
        known = self.past[self.past["turnover"].notna()] if len(self.past) else self.past
        months = dict(zip(known["month"].astype(int), known["turnover"].astype(float), strict=True))
        months |= {self.start + at: float(value) for at, value in enumerate(turnover)}
        facts = TaxFacts(
            regime=profile.vat.regime,
            filing=told.vat_filing,
            stagger=told.vat_stagger,
            legal_form=told.legal_form,
            departement=told.departement,
            siren=profile.identifiers.get("siren"),
            initial=told.owner_initial,
            fiscal_year_start_month=int(profile.fiscal_year_start[:2]),
            turnover=months,
            registered_from=None if told.registered_from is None else month_number(told.registered_from),
            flat_rate_trade=told.flat_rate_trade,
            staff=int(sum(one.count for one in told.staff)),
            quarterly_payroll=told.quarterly_payroll,
            small_company=told.small_company,
        )
        return plan_rules(self.sme.pack, facts, self.start, MONTHS)

    def _registered(self, rules: PlanRules) -> bool:
        return bool(rules.vat.registered.any())

    def _streams(self, turnover: np.ndarray, standard: float) -> tuple[Stream, ...]:
        alone = "b2b" if self.sme.profile.orientation == "b2b" else "b2c"
        facts: Mapping[str, observed.StreamFacts | None] = self.streams or {alone: None}
        return tuple(self._stream(name, one, turnover, standard) for name, one in facts.items())

    def _stream(
        self, name: str, facts: observed.StreamFacts | None, turnover: np.ndarray, standard: float
    ) -> Stream:
        kind, told, take = ("b2b" if name == "b2b" else "b2c"), self.told, self.notes.take
        nan = float("nan")
        share = facts.share if facts else 1.0
        if len(self.streams) > 1:
            self.notes.note("share", share, "percent", "history", "reason.planning.from_orders", name)
        vat = take(
            "vat_rate",
            "percent",
            told.vat_rate,
            Found(facts.vat_rate if facts else nan, "history", "reason.planning.from_orders"),
            Found(standard if self.sme.profile.vat.registered else 0.0, "default", "reason.planning.usual"),
            about=name,
        )
        returned = take(
            "return_rate",
            "percent",
            told.return_rate,
            Found(facts.return_rate if facts else nan, "history", "reason.planning.from_orders"),
            Found(0.0, "default", "reason.planning.usual"),
            about=name,
        )
        carriage = take(
            "carriage_rate",
            "percent",
            told.carriage_rate,
            Found(self.books.carriage_rate, "ledger", "reason.planning.from_books"),
            Found(facts.carriage_rate if facts else nan, "history", "reason.planning.from_orders"),
            Found(DEFAULTS[f"carriage_rate_{kind}"], "default", "reason.planning.usual"),
            about=name,
        )
        loss = take(
            "return_loss",
            "percent",
            told.return_loss,
            Found(DEFAULTS["return_loss"] if returned else 0.0, "default", "reason.planning.usual"),
            about=name,
            quiet=True,
        )
        margin = self._margin(name, facts)
        return Stream(
            name=name,
            kind=kind,  # type: ignore[arg-type]
            turnover=(turnover * share)[None, :],
            cost_share=1 - margin,
            vat_rate=vat,
            vat_scheme="oss" if name == "abroad" else "domestic",
            basket=facts.basket if facts else nan,
            carriage_rate=carriage,
            return_rate=returned,
            return_loss=loss,
            **self._money_terms(name),  # type: ignore[arg-type]
        )

    def _margin(self, name: str, facts: observed.StreamFacts | None) -> float:
        told = (self.told.margin_rate_b2b if name == "b2b" else None) or self.told.margin_rate
        missing = "reason.costs_missing" if facts is None else facts.margin_reason
        seen = facts.margin_rate if facts else float("nan")
        partly = facts is not None and facts.coverage < observed.WELL_KNOWN
        margin = self.notes.take(
            "margin_rate",
            "percent",
            told,
            Found(self.books.margin_rate, "ledger", "reason.planning.from_books"),
            Found(seen, "history", f"reason.planning.{'costs_partly' if partly else 'from_costs'}", missing),
            Found(DEFAULTS["margin_rate"], "default", "reason.planning.usual"),
            about=name,
        )
        if told is None and np.isnan(seen) and np.isnan(self.books.margin_rate):
            self.reasons.append("reason.planning.margin_unknown")
        if margin < 0:
            self.reasons.append("reason.planning.margin_negative")
        return margin

    def _money_terms(self, name: str) -> dict[str, object]:
        told, take = self.told, self.notes.take
        if name == "b2b":
            return {"terms": PaymentTerms(self._customer_days())}
        rate = take(
            "payment_fee_rate",
            "percent",
            told.payment_fee_rate,
            Found(self.books.fee_rate, "ledger", "reason.planning.from_books"),
            Found(DEFAULTS["payment_fee_rate"], "default", "reason.planning.usual"),
            about=name,
        )
        # What the books or the owner give as a rate has the fixed part in it.
        all_in = told.payment_fee_rate is not None or not np.isnan(self.books.fee_rate)
        fixed = take(
            "payment_fee_fixed",
            "cents",
            told.payment_fee_fixed,
            Found(0.0 if all_in else DEFAULTS["payment_fee_fixed"], "default", "reason.planning.usual"),
            about=name,
            quiet=True,
        )
        if name != "marketplace":
            days = take(
                "payout_days",
                "days",
                told.payout_days,
                Found(DEFAULTS["payout_days"], "default", "reason.planning.usual"),
                about=name,
            )
            return {"terms": PaymentTerms(days), "fee_rate": rate, "fee_fixed": fixed}
        commission = take(
            "marketplace_fee_rate",
            "percent",
            told.marketplace_fee_rate,
            Found(DEFAULTS["marketplace_fee_rate"], "default", "reason.planning.usual"),
        )
        days = take(
            "marketplace_payout_days",
            "days",
            told.marketplace_payout_days,
            Found(DEFAULTS["marketplace_payout_days"], "default", "reason.planning.usual"),
        )
        return {"terms": PaymentTerms(days), "commission_rate": commission}

    def _customer_days(self) -> float:
        period = self.period
        seen = observed.mean_days_to_pay(self.sme.sales, period)[0] if period else float("nan")
        law = self.sme.pack.payment_laws[-1] if self.sme.pack.payment_laws else None
        return self.notes.take(
            "customer_days",
            "days",
            self.told.customer_days,
            Found(seen, "history", "reason.planning.from_payments"),
            Found(self.books.dso, "ledger", "reason.planning.from_books"),
            Found(float(law.default_days) if law else 30.0, "default", "reason.planning.law_default"),
        )

    def _supplier_terms(self) -> PaymentTerms:
        days = self.sme.table("suppliers")["payment_days"].dropna()
        seen = float(days.mean()) if len(days) else float("nan")
        taken = self.notes.take(
            "supplier_days",
            "days",
            self.told.supplier_days,
            Found(seen, "history", "reason.planning.from_suppliers"),
            Found(self.books.dpo, "ledger", "reason.planning.from_books"),
            Found(DEFAULTS["supplier_days"], "default", "reason.planning.usual"),
        )
        return PaymentTerms(taken, self.told.supplier_end_of_month)

    def _costs(self, rules: PlanRules, standard: float) -> tuple[Cost, ...]:
        told = self.told
        costs = []
        spent = observed.advertising(self.sme.sales, self.period) if self.period else float("nan")
        for line in _COST_LINES:
            seen = spent if line == "marketing" else float("nan")
            amount = self.notes.take(
                line,
                "money",
                getattr(told, line),
                Found(self.books.costs.get(line, float("nan")), "ledger", "reason.planning.from_books"),
                Found(seen, "history", "reason.planning.from_visits"),
                Found(0.0, "default", "reason.planning.not_entered"),
                quiet=line == "owner_charges" and told.legal_form != "sole_trader",
            )
            follows = 0.0
            if line == "marketing" and told.marketing_rate is not None:
                follows = self.notes.take("marketing_rate", "percent", told.marketing_rate)
            rate = standard if line in _WITH_VAT else 0.0
            costs.append(Cost(line, line, amount, follows, rate, PaymentTerms() if rate else AT_ONCE))  # type: ignore[arg-type]
        months = np.arange(self.start, self.start + MONTHS)
        for known in rules.known_costs:
            usual = Found(known.amount, "default", "reason.planning.coming_rule")
            entered_cost = told.e_invoicing if known.amount else None
            amount = self.notes.take("e_invoicing", "money", entered_cost, usual, quiet=True)
            costs.append(
                Cost(known.name, "e_invoicing", np.where(months >= known.first, amount, 0.0), 0.0, standard)
            )
        if not any(getattr(told, line) for line in _COST_LINES) and not self.books.costs:
            self.reasons.append("reason.planning.no_fixed_costs")
        return tuple(costs)

    def _staff_in_books(self, inputs: PlanInputs) -> PlanInputs:
        """Where the profile names nobody, the pay that the books show goes on."""
        gross, rate = self.books.staff_gross, self.books.employer_rate
        if inputs.staff or np.isnan(gross):
            return inputs
        self.notes.note("staff", round(gross, 2), "money", "ledger", "reason.planning.from_books")
        return replace(inputs, staff=(StaffMember("", gross, LONG_AGO, None, rate),))

    def _opening(self, inputs: PlanInputs, rules: PlanRules) -> OpeningBalance:
        """What is there at the start. The stock and open invoices are those of the data's last day."""
        told, held = self.told.opening, self.books.balances
        take, nan = self.notes.take, float("nan")

        def booked(name: str) -> Found:
            return Found(held.get(name, nan), "ledger", "reason.planning.from_books")

        if told.cash is None and np.isnan(held.get("cash", nan)):
            self.reasons.append("reason.planning.cash_unknown")
        value, stock_reason = self._stock_seen()
        gross = {one.name: float(one.turnover[0, 0]) * (1 + float(one.vat_rate)) for one in inputs.streams}
        waiting = sum(
            amount / 30 * float(one.terms.days)
            for one, amount in zip(inputs.streams, gross.values(), strict=True)
            if one.kind == "b2c"
        )
        bought = sum(float(one.turnover[0, 0]) * float(one.cost_share) for one in inputs.streams)
        open_now = observed.open_invoices(self.sme.sales) if "b2b" in gross else 0.0
        owed = bought * (1 + float(inputs.purchase_vat_rate)) / 30 * float(inputs.purchase_terms.days)
        pay = sum(
            float(one.gross)
            for one in inputs.staff
            if one.first < self.start and (one.last or self.start) >= self.start
        )
        charges = (
            pay * (float(rules.payroll.rate[0]) + rules.payroll.withheld) if len(rules.payroll.rate) else 0.0
        )
        usual = "reason.planning.follows_from_terms"
        return OpeningBalance(
            cash=take(
                "opening_cash",
                "money",
                told.cash,
                booked("cash"),
                Found(0.0, "default", "reason.planning.cash_unknown"),
            ),
            stock=take(
                "opening_stock",
                "money",
                told.stock,
                Found(value, "history", "reason.planning.from_stock", stock_reason),
                booked("stock"),
                Found(0.0, "default", "reason.planning.stock_unknown"),
            ),
            receivables=take(
                "opening_receivables",
                "money",
                told.receivables,
                Found(open_now + waiting, "history", "reason.planning.from_payments"),
                booked("receivables"),
                Found(0.0, "default", usual),
            ),
            payables=take(
                "opening_payables", "money", told.payables, booked("payables"), Found(owed, "default", usual)
            ),
            social_payable=take(
                "opening_social",
                "money",
                told.social,
                booked("staff_and_social"),
                Found(charges, "default", usual),
                quiet=True,
            ),
            fixed_assets=take(
                "opening_fixed_assets",
                "money",
                told.fixed_assets,
                booked("fixed_assets"),
                Found(0.0, "default", "reason.planning.not_entered"),
                quiet=True,
            ),
            fixed_assets_months=int(told.fixed_assets_months.value) if told.fixed_assets_months else 36,
        )

    def _stock_seen(self) -> tuple[float, str]:
        row = stock_value(self.sme.inventory).iloc[0]
        return float(row["value"]) if row["status"] == OK else float("nan"), str(row["reason"])

    def _stock(self, inputs: PlanInputs) -> StockPolicy:
        """Days of the coming cost of sales that the stock lasts today, kept up."""
        stock = next((one.value for one in self.notes.made if one.name == "opening_stock"), 0.0)
        coming = sum(np.asarray(one.turnover)[0, :12].sum() * float(one.cost_share) for one in inputs.streams)
        days = stock / (coming / 365) if stock > 0 and coming > 0 else float("nan")
        days = min(days, 730.0) if np.isfinite(days) else days
        taken = self.notes.take(
            "stock_cover_days",
            "days",
            self.told.stock_cover_days,
            Found(days, "history", "reason.planning.from_stock"),
        )
        if np.isnan(taken):
            self.reasons.append("reason.planning.stock_unknown")
        return StockPolicy(taken)

    def _vat(self, inputs: PlanInputs, rules: PlanRules) -> VatSetting:
        """VAT of the last months, for returns that straddle the start; and what the books owe."""
        told = self.told.opening.vat
        opening = None
        if told is not None or not np.isnan(self.books.balances.get("vat", float("nan"))):
            opening = self.notes.take(
                "opening_vat",
                "money",
                told,
                Found(self.books.balances.get("vat", float("nan")), "ledger", "reason.planning.from_books"),
            )
        if not self.sme.profile.vat.registered or not inputs.streams:
            return VatSetting(opening=opening)
        turnover = inputs.turnover[0]
        total = max(float(turnover[:12].sum()), 1e-9)
        charged = sum(
            float(one.turnover[0, :12].sum()) * float(one.vat_rate)
            for one in inputs.streams
            if one.vat_scheme == "domestic"
        )
        bought = sum(float(one.turnover[0, :12].sum()) * float(one.cost_share) for one in inputs.streams)
        net = (charged - bought * float(inputs.purchase_vat_rate)) / total
        known = dict(zip(self.past["month"], self.past["turnover"].where(self.past["complete"]), strict=True))
        usual = total / 12
        since = open_since(rules.vat, self.start)

        def vat_of(month: int) -> float:
            sold = known.get(month, np.nan)
            return round((usual if np.isnan(sold) else float(sold)) * net, 2)

        # Of a yearly return, the year before sets the payments on account.
        yearly = any(one.instalments and one.last >= since for one in rules.vat.periods)
        return VatSetting(
            before=tuple(map(vat_of, range(min(since, self.start - _MONTHS_BEFORE), self.start))),
            opening=opening,
            tax_last_year=sum(map(vat_of, range(since - 12, since))) if yearly else float("nan"),
        )

    def _tax(self) -> TaxSetting:
        told = self.told.opening
        if self.told.legal_form == "sole_trader":
            return TaxSetting()
        opening = told.corporation_tax
        for name, one in (
            ("tax_last_year", told.tax_last_year),
            ("losses", told.losses),
            ("opening_tax", opening),
        ):
            if one is not None:
                self.notes.note(name, one.value, "money", one.by, "reason.planning.entered", note=one.note)
        return TaxSetting(
            losses=told.losses.value if told.losses else 0.0,
            tax_last_year=told.tax_last_year.value if told.tax_last_year else float("nan"),
            opening=opening.value if opening else None,
        )

    def _judge(self, inputs: PlanInputs) -> None:
        """What looks odd as a whole."""
        currencies = self.sme.table("orders")["currency"].dropna().astype(str)
        if (currencies != inputs.currency).mean() > 0 if len(currencies) else False:
            self.reasons.append("reason.planning.currencies_mixed")
        turnover = float(inputs.turnover[0, :12].sum())
        fixed = sum(float(np.sum(np.broadcast_to(one.amount, MONTHS)[:12])) for one in inputs.costs)
        fixed += sum(12 * float(np.max(one.gross)) for one in inputs.staff)
        if turnover > 0 and fixed > _IMPLAUSIBLE * turnover:
            self.reasons.append("reason.planning.costs_implausible")
        if self.books.reason:
            self.reasons.append(self.books.reason)

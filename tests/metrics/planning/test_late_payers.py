"""A late payer: the same money, later; what the law grants; and the days on which taxes take cash."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.countries import country_pack
from echannel.countries.late_payment import late_law
from echannel.countries.plan_rules import TaxFacts, plan_rules
from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.inputs import (
    Cost,
    OpeningBalance,
    PaymentTerms,
    PlanInputs,
    StaffMember,
    Stream,
)
from echannel.metrics.planning.late_payers import (
    by_days,
    days_gained,
    gross_a_year,
    late_payment,
    statutory_interest,
    usual_days_of,
    with_late_payer,
)
from echannel.metrics.planning.rules import NEVER
from echannel.metrics.planning.tax_calendar import by_month, tax_calendar

START = (2026 - 1970) * 12 + 11
T = 36
RULES = plan_rules(country_pack("GB"), TaxFacts("standard", fiscal_year_start_month=4), START, T)
LAW = late_law(country_pack("GB"), date(2026, 11, 24))


def inputs_with(cash: float = 20_000.0, b2b: float = 40_000.0, b2c: float = 0.0) -> PlanInputs:
    """A firm that sells to firms at 30 days and makes a small profit."""

    def stream(name, kind, amount, days):
        return Stream(
            name, kind, np.full((1, T), amount), cost_share=0.7, vat_rate=0.2, terms=PaymentTerms(days)
        )

    streams = [stream("firms", "b2b", b2b, 30.0)]
    if b2c:
        streams.append(stream("people", "b2c", b2c, 7.0))
    return PlanInputs(
        country="GB",
        currency="GBP",
        start=START,
        streams=tuple(streams),
        months=T,
        fiscal_year_start_month=4,
        costs=(Cost("rent", "rent", 4_000.0),),
        staff=(StaffMember("anyone", 3_000.0, START),),
        opening=OpeningBalance(cash=cash, receivables=b2b * 1.2, payables=b2b * 0.7),
        purchase_vat_rate=0.2,
    )


@pytest.fixture(scope="module")
def effect():
    return late_payment(inputs_with(), RULES, 75.0, 1.0, LAW)


def test_the_story_of_a_customer_who_goes_from_30_to_75_days(effect):
    assert effect.usual_days == 30
    assert effect.first_negative_before[0] == NEVER
    assert effect.first_negative[0] == START + 1  # nothing of December's invoices comes in before February
    assert effect.lowest < 0 < effect.lowest_before
    # A month and a half of invoices including VAT is held back.
    assert effect.held_back == pytest.approx(1.5 * 48_000)
    assert effect.a_day == pytest.approx(12 * 48_000 / 365)
    assert 30 <= effect.most_days < 75


def test_the_longest_delay_that_cash_bears_is_found_by_trying_them_all(effect):
    tried = [
        days
        for days in range(30, 76)
        if build_plan(with_late_payer(inputs_with(), 1.0, days), RULES).line("cash").min() >= 0
    ]
    assert effect.most_days == max(tried)


def test_a_year_of_late_invoices_in_the_words_of_the_law(effect):
    owed = 12 * 48_000
    assert effect.interest == pytest.approx(owed * 0.1175 * 45 / 365, abs=0.01)
    assert effect.fees == 12 * 100  # invoices of 48,000
    many = late_payment(inputs_with(), RULES, 75.0, 0.1, LAW, invoices_a_year=100)
    assert many.fees == 100 * 40  # invoices of 576
    # The law counts from the agreed day, not from the usual one.
    agreed = late_payment(inputs_with(), RULES, 75.0, 1.0, LAW, agreed_days=20.0)
    assert agreed.interest == pytest.approx(owed * 0.1175 * 55 / 365, abs=0.01)
    on_time = late_payment(inputs_with(), RULES, 30.0, 1.0, LAW)
    assert (on_time.interest, on_time.fees, on_time.held_back) == (0, 0, 0)


def test_an_invoice_a_year_late():
    # gov.uk, Late commercial payments: £1,000 at 8 % + 0.5 % is £85 a year, 23p a day, £11.64 after 50 days.
    assert statutory_interest(1_000, 365, 0.085) == 85.0
    assert statutory_interest(1_000, 50, 0.085) == pytest.approx(11.64, abs=0.01)
    assert statutory_interest(1_000, -5, 0.085) == 0


@settings(max_examples=8, deadline=None)
@given(
    st.floats(0.05, 1.0),
    st.integers(30, 120),
    st.sampled_from([0.0, 15_000.0]),
    st.integers(0, 2**32),
)
def test_a_delay_moves_money_and_loses_none(share, days, b2c, seed):
    inputs = inputs_with(b2c=b2c)
    firms = replace(
        inputs.streams[0], turnover=np.round(np.random.default_rng(seed).uniform(5e3, 9e4, (1, T)), 2)
    )
    inputs = replace(inputs, streams=(firms, *inputs.streams[1:]))
    usual, late = build_plan(inputs, RULES), build_plan(with_late_payer(inputs, share, days), RULES)
    # What is sold, taxed and owed to others does not change (but for cents of VAT on two parts instead of
    # one); only when money comes does.
    for name in ("turnover", "net_profit", "vat_paid", "suppliers_paid", "equity"):
        assert late.line(name) == pytest.approx(usual.line(name), abs=1)
    for plan in (usual, late):
        both = plan.line("cash") + plan.line("receivables")
        assert both == pytest.approx(usual.line("cash") + usual.line("receivables"), abs=1)
        assets, debts = plan.line("total_assets"), plan.line("total_liabilities_and_equity")
        assert assets == pytest.approx(debts, abs=1e-6)
    assert (late.line("cash") <= usual.line("cash") + 1).all()


def test_rows_by_delay_fall_as_it_grows():
    rows = by_days(inputs_with(), RULES, 1.0, (30.0, 45.0, 60.0, 75.0))
    assert rows["lowest"].is_monotonic_decreasing
    assert rows["first_negative"].iloc[0] == NEVER and rows["first_negative"].iloc[-1] == START + 1


def test_who_pays_when_and_how_much_a_year():
    inputs = inputs_with(b2c=15_000.0)
    assert usual_days_of(inputs) == 30
    assert gross_a_year(inputs, RULES) == pytest.approx(12 * 48_000)
    nobody = replace(inputs, streams=inputs.streams[1:])
    assert np.isnan(usual_days_of(nobody)) and gross_a_year(nobody, RULES) == 0


def test_days_gained_by_paying_on_the_agreed_day():
    assert days_gained(41.0, 30.0, 365_000) == (11.0, 11_000.0)
    assert days_gained(25.0, 30.0, 365_000) == (0.0, 0.0)


# --- The calendar of taxes -------------------------------------------------------------------------


def test_the_calendar_holds_every_payment_to_the_state_on_its_day():
    plan = build_plan(inputs_with(b2c=15_000.0), RULES)
    calendar = tax_calendar(plan, RULES, T)
    wide = by_month(calendar, START, T)
    assert wide["vat"].to_numpy() == pytest.approx(plan.line("vat_paid"), abs=0.01)
    assert wide["payroll"].to_numpy() == pytest.approx(plan.line("social_paid"), abs=0.01)
    assert wide["corporation_tax"].to_numpy() == pytest.approx(plan.line("tax_paid"), abs=0.01)
    assert calendar["day"].is_monotonic_increasing

    def day(text):
        return (date.fromisoformat(text) - date(1970, 1, 1)).days

    vat = calendar[calendar["tax"] == "vat"]["day"].tolist()
    assert vat[:2] == [day("2027-02-07"), day("2027-05-07")]
    tax = calendar[calendar["tax"] == "corporation_tax"]["day"].tolist()
    assert tax[0] == day("2028-01-01")
    filings = calendar[calendar["kind"] == "filing"]
    assert filings["amount"].isna().all() and day("2026-12-31") in filings["day"].tolist()


def test_charges_paid_by_quarter_name_their_quarter():
    facts = TaxFacts("reel_normal", departement="56", staff=1, quarterly_payroll=True)
    rules = plan_rules(country_pack("FR"), facts, START, T)
    plan = build_plan(replace(inputs_with(), country="FR"), rules)
    calendar = tax_calendar(plan, rules, 12)
    charges = calendar[calendar["tax"] == "payroll"]
    spans = list(zip(charges["period_first"] - START, charges["period_last"] - START, strict=True))
    assert spans == [(-2, 0), (1, 3), (4, 6), (7, 9)]  # October to December, paid in January …


def test_vat_of_other_countries_has_its_own_rows():
    inputs = inputs_with()
    abroad = Stream("abroad", "b2c", np.full((1, T), 5_000.0), 0.5, vat_rate=0.2, vat_scheme="oss")
    plan = build_plan(replace(inputs, streams=(*inputs.streams, abroad)), RULES)
    calendar = tax_calendar(plan, RULES, 8)
    there = calendar[calendar["tax"] == "one_stop"]
    assert there["amount"].tolist() == [1_000.0, 3_000.0, 3_000.0]  # December; two whole quarters
    both = by_month(calendar, START, 8)[["vat", "one_stop"]].sum(axis=1)
    assert both.to_numpy() == pytest.approx(plan.line("vat_paid")[:8], abs=0.01)

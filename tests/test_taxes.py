"""Tax rules by date: who files when, what is due when, and what changes inside a plan."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.countries import country_pack
from echannel.countries.due_dates import Filer, day_off, due_date, end_of_month, filing_day
from echannel.countries.late_payment import late_law, reference_rate
from echannel.countries.plan_rules import TaxFacts, plan_rules
from echannel.countries.taxes import DueRule, Instalment
from echannel.locale import LANGUAGES, Speaker

FRANCE, BRITAIN = country_pack("FR"), country_pack("GB")
PARIS = "75"


def month(text: str) -> int:
    year, number = map(int, text.split("-"))
    return (year - 1970) * 12 + number - 1


def day(number: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=number)).isoformat()


def text(number: int) -> str:
    return f"{1970 + number // 12}-{number % 12 + 1:02d}"


def returns(rules, regime=None):
    return [
        (text(one.first), text(one.last), day(one.due_day))
        for one in rules.vat.periods
        if one.last >= rules.start and (regime is None or one.regime == regime)
    ]


# --- Days ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "departement", "siren", "initial", "expected"),
    [
        ("company", "56", "123456789", None, 21),  # Breizh épicerie
        ("company", "2A", None, None, 21),
        ("sa", "35", None, None, 24),
        ("sole_trader", "35", None, "H", 16),
        ("sole_trader", "35", None, "i", 19),
        ("sole_trader", PARIS, None, "A", 15),
        ("sole_trader", "94", None, "Z", 17),
        ("company", PARIS, "000000000", None, 19),
        ("company", "92", "689999999", None, 19),
        ("company", "92", "690000000", None, 20),
        ("company", "93", "789999999", None, 20),
        ("company", "93", "790000000", None, 21),
        ("sa", "94", "749999999", None, 23),
        ("sa", "94", "750000000", None, 24),
        # What is not known must not make a payment look later than it is.
        ("company", PARIS, None, None, 19),
        ("company", None, None, None, 19),
        ("sole_trader", "35", None, None, 16),
    ],
)
def test_the_day_of_a_french_vat_return(form, departement, siren, initial, expected):
    filer = Filer(form, departement, siren, initial)
    assert filing_day(FRANCE.taxes.filing_days, filer, date(2026, 11, 24)) == expected


def test_british_vat_is_due_one_month_and_seven_days_after_the_quarter():
    rule = next(one.due for one in BRITAIN.taxes.vat_filings if one.regime == "standard")
    ends = [date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30), date(2026, 12, 31)]
    due = [due_date(rule, end, BRITAIN) for end in ends]
    assert due == [date(2026, 5, 7), date(2026, 8, 7), date(2026, 11, 7), date(2027, 2, 7)]


def test_a_day_off_moves_a_french_payment_to_the_next_day_at_work():
    rule = DueRule(by_form=True, next_working_day=True)
    company = Filer("company", "56")
    assert due_date(rule, date(2026, 10, 31), FRANCE, company) == date(2026, 11, 23)  # the 21st is a Saturday
    sole = Filer("sole_trader", "56", None, "B")
    assert due_date(DueRule(months=1, day=1, next_working_day=True), date(2026, 4, 30), FRANCE) == date(
        2026, 5, 4
    )
    assert due_date(rule, date(2026, 11, 30), FRANCE, sole) == date(2026, 12, 16)


@pytest.mark.parametrize(("year", "due"), [(2016, "2017-05-03"), (2025, "2026-05-05"), (2026, "2027-05-04")])
def test_the_second_working_day_after_the_first_of_may(year, due):
    rule = DueRule(months=3, working_day_of_may=2)
    assert due_date(rule, date(year, 12, 31), FRANCE).isoformat() == due
    assert due_date(rule, date(year, 6, 30), FRANCE) == date(year, 9, 30)


@settings(max_examples=60, deadline=None)
@given(st.dates(date(2024, 1, 1), date(2031, 12, 31)), st.integers(0, 12), st.integers(1, 31))
def test_no_french_payment_falls_on_a_day_off_nor_before_its_day(end, months, wanted):
    end = end_of_month(end)
    due = due_date(DueRule(months=months, day=wanted, next_working_day=True), end, FRANCE)
    off = day_off(FRANCE)
    asked = end_of_month(end, months)
    asked = asked.replace(day=min(wanted, asked.day))
    assert due >= asked and not off(due)
    assert all(off(asked + timedelta(days=n)) for n in range((due - asked).days))


# The table of an adviser's site for payments of corporation tax, by the day on which the year ends.
PAYMENTS = {
    1: ("03-15", "06-15", "09-15", "12-15", "05-15"),
    2: ("06-15", "09-15", "12-15", "03-15", "06-15"),
    3: ("06-15", "09-15", "12-15", "03-15", "07-15"),
    4: ("06-15", "09-15", "12-15", "03-15", "08-15"),
    5: ("09-15", "12-15", "03-15", "06-15", "09-15"),
    6: ("09-15", "12-15", "03-15", "06-15", "10-15"),
    7: ("09-15", "12-15", "03-15", "06-15", "11-15"),
    8: ("12-15", "03-15", "06-15", "09-15", "12-15"),
    9: ("12-15", "03-15", "06-15", "09-15", "01-15"),
    10: ("12-15", "03-15", "06-15", "09-15", "02-15"),
    11: ("03-15", "06-15", "09-15", "12-15", "03-15"),
    12: ("03-15", "06-15", "09-15", "12-15", "05-15"),
}


@pytest.mark.parametrize("closing", PAYMENTS)
def test_french_corporation_tax_is_paid_on_the_published_days(closing):
    facts = TaxFacts("reel_normal", fiscal_year_start_month=closing % 12 + 1)
    rules = plan_rules(FRANCE, facts, month("2027-01"), 36)
    year = next(one for one in rules.tax_years if one.first >= month("2027-01"))
    dates = [*(one.day for one in year.instalments), year.due_day]
    off = day_off(FRANCE)
    for number, wanted in zip(dates, PAYMENTS[closing], strict=True):
        found = date.fromisoformat(day(number))
        asked = date.fromisoformat(f"{found.year}-{wanted}")
        assert asked <= found <= asked + timedelta(days=4)
        assert found == asked or off(asked)
    assert year.minimum == 3_000


def test_british_corporation_tax_is_due_nine_months_and_a_day_after_the_year():
    rules = plan_rules(BRITAIN, TaxFacts("standard", fiscal_year_start_month=4), month("2026-12"), 36)
    due = {text(one.last): day(one.due_day) for one in rules.tax_years}
    assert due["2026-03"] == "2027-01-01"
    assert due["2027-03"] == "2028-01-01"
    assert all(not one.instalments for one in rules.tax_years)
    deadlines = {(one.name, day(one.day)) for one in rules.deadlines}
    assert {("accounts_filed", "2026-12-31"), ("tax_return", "2027-03-31")} <= deadlines


# --- VAT regimes ---------------------------------------------------------------------------------


def test_the_simplified_regime_ends_on_1_january_2027_inside_a_plan():
    turnover = dict.fromkeys(range(month("2025-01"), month("2029-12")), 30000.0)
    facts = TaxFacts("reel_simplifie", departement="56", turnover=turnover)
    rules = plan_rules(FRANCE, facts, month("2026-12"), 36)
    assert rules.vat.regimes[0] == "reel_simplifie"
    assert set(rules.vat.regimes[1:]) == {"reel_normal"}
    found = returns(rules)
    assert found[:3] == [
        ("2026-01", "2026-12", "2027-05-04"),
        ("2027-01", "2027-03", "2027-04-21"),
        ("2027-04", "2027-06", "2027-07-21"),
    ]
    last = next(
        one for one in rules.vat.periods if one.regime == "reel_simplifie" and one.last >= rules.start
    )
    assert [(day(one.day), one.share) for one in last.instalments] == [
        ("2026-07-21", 0.55),
        ("2026-12-21", 0.4),
    ]


@pytest.mark.parametrize(
    ("a_month", "in_2028", "frequency"),
    [
        (83_333, 83_333, 3),  # 1 M€ at most the year before: by quarter
        (83_400, 83_400, 1),  # above: by month
        (80_000, 95_000, "falls"),  # above 1.1 M€ within the year: by month from there
    ],
)
def test_french_returns_are_quarterly_up_to_a_million_from_2027(a_month, in_2028, frequency):
    turnover = {m: float(a_month) for m in range(month("2025-01"), month("2028-01"))}
    turnover |= {m: float(in_2028) for m in range(month("2028-01"), month("2029-01"))}
    chosen = TaxFacts("reel_normal", filing="monthly", turnover=turnover)
    assert len(returns(plan_rules(FRANCE, chosen, month("2028-01"), 12))) == 12
    rules = plan_rules(FRANCE, TaxFacts("reel_normal", turnover=turnover), month("2028-01"), 12)
    lengths = [one.last - one.first + 1 for one in rules.vat.periods if one.first >= month("2028-01")]
    if frequency == "falls":
        assert lengths == [3, 3, 3, 2, 1]  # 11 × 95 000 = 1 045 000, and 1 140 000 in December
    else:
        assert set(lengths) == {frequency}


def test_before_2027_french_returns_are_quarterly_only_where_little_vat_is_due():
    start = month("2025-01")
    small = plan_rules(FRANCE, TaxFacts("reel_normal", vat_due_a_year=3_900.0), start, 12)
    large = plan_rules(FRANCE, TaxFacts("reel_normal", vat_due_a_year=4_100.0), start, 12)
    unknown = plan_rules(FRANCE, TaxFacts("reel_normal"), start, 12)
    told = plan_rules(FRANCE, TaxFacts("reel_normal", filing="quarterly"), start, 12)
    assert [len(returns(one)) for one in (small, large, unknown, told)] == [4, 12, 12, 4]


@pytest.mark.parametrize(("stagger", "ends"), [(1, {1, 4, 7, 10}), (2, {2, 5, 8, 11}), (3, {3, 6, 9, 12})])
def test_british_quarters_end_by_stagger_group(stagger, ends):
    rules = plan_rules(BRITAIN, TaxFacts("standard", stagger=stagger), month("2026-12"), 24)
    found = [one for one in rules.vat.periods if one.first > rules.start - 24]
    assert {one.last % 12 + 1 for one in found if one.last < rules.start + 20} == ends
    assert rules.vat.credits == "repaid"


def test_british_monthly_annual_and_flat_rate():
    start = month("2026-12")
    monthly = plan_rules(BRITAIN, TaxFacts("standard", filing="monthly"), start, 12)
    assert returns(monthly)[0] == ("2026-12", "2026-12", "2027-02-07")
    annual = plan_rules(BRITAIN, TaxFacts("annual", fiscal_year_start_month=4), start, 24)
    (first, *_rest) = [one for one in annual.vat.periods if one.first == month("2027-04")]
    assert day(first.due_day) == "2028-05-31"
    assert [one.share for one in first.instalments] == [0.1] * 9
    assert day(first.instalments[0].day) == "2027-07-31"
    flat = plan_rules(BRITAIN, TaxFacts("flat_rate", flat_rate_trade="retail_other"), start, 12)
    assert (flat.vat.flat_rate == 0.075).all()
    limited = plan_rules(BRITAIN, TaxFacts("flat_rate"), start, 12)
    assert (limited.vat.flat_rate == 0.165).all()
    assert plan_rules(BRITAIN, TaxFacts("cash_accounting"), start, 12).vat.on_receipts.all()


@pytest.mark.parametrize(
    ("country", "regime", "then"), [("GB", "unregistered", "standard"), ("FR", "franchise", "reel_normal")]
)
def test_a_firm_outside_vat_may_register_inside_the_plan(country, regime, then):
    start = month("2026-12")
    out = plan_rules(country_pack(country), TaxFacts(regime), start, 12)
    assert not out.vat.registered.any() and not returns(out)
    joins = plan_rules(country_pack(country), TaxFacts(regime, registered_from=start + 4), start, 12)
    assert joins.vat.registered.tolist() == [False] * 4 + [True] * 8
    assert {one.regime for one in joins.vat.periods} == {then}
    assert min(one.first for one in joins.vat.periods) == start + 4


def test_watched_limits_by_regime():
    britain = plan_rules(BRITAIN, TaxFacts("unregistered"), month("2026-12"), 12).watches
    assert [(one.amount, one.rolling, one.delay) for one in britain] == [(90_000, True, 2)]
    france = plan_rules(FRANCE, TaxFacts("franchise"), month("2026-12"), 12).watches
    assert [(one.amount, one.next_year) for one in france] == [(85_000, True), (93_500, False)]
    # Of a regime that ends inside the plan, the limits of the one that follows.
    ends = plan_rules(FRANCE, TaxFacts("reel_simplifie"), month("2026-12"), 12).watches
    assert [one.amount for one in ends] == [1_000_000, 1_100_000]


def test_one_stop_returns_are_due_at_the_end_of_the_following_month():
    rules = plan_rules(FRANCE, TaxFacts("reel_normal"), month("2026-12"), 12)
    oss, ioss = rules.one_stop["oss"].periods, rules.one_stop["ioss"].periods
    assert (text(oss[0].first), text(oss[0].last), day(oss[0].due_day)) == (
        "2026-10",
        "2026-12",
        "2027-01-31",
    )
    assert (text(ioss[0].first), day(ioss[0].due_day)) == ("2026-12", "2027-01-31")


# --- Charges, duties to come, reference rates ------------------------------------------------------


def test_employers_charges_by_date():
    rules = plan_rules(BRITAIN, TaxFacts("standard"), month("2025-03"), 3).payroll
    assert rules.rate.tolist() == [0.138, 0.15, 0.15]
    assert rules.threshold[1] == pytest.approx(5_000 / 12)
    assert (rules.allowance[0], rules.allowance[1], rules.year_starts) == (5_000, 10_500, 4)
    assert (rules.paid_after, rules.is_default) == (1, False)
    assert [day(int(one)) for one in rules.due_days] == ["2025-03-22", "2025-04-22", "2025-05-22"]
    france = plan_rules(FRANCE, TaxFacts("reel_normal", staff=3, quarterly_payroll=True), month("2027-01"), 3)
    assert france.payroll.is_default and france.payroll.every == 3
    assert [day(int(one)) for one in france.payroll.due_days] == ["2027-01-15", "2027-02-15", "2027-03-15"]
    many = plan_rules(FRANCE, TaxFacts("reel_normal", staff=11, quarterly_payroll=True), month("2027-01"), 3)
    assert many.payroll.every == 1
    own = plan_rules(FRANCE, TaxFacts("reel_normal", payroll_rate=0.41), month("2027-01"), 3).payroll
    assert not own.is_default and own.rate.tolist() == [0.41] * 3


def test_e_invoicing_is_a_cost_from_1_september_2027():
    rules = plan_rules(FRANCE, TaxFacts("reel_normal"), month("2026-12"), 36)
    first = {one.name: (text(one.first), one.amount > 0, one.is_default) for one in rules.known_costs}
    assert first["e_invoicing_issue"] == ("2027-09", True, True)
    assert plan_rules(FRANCE, TaxFacts("reel_normal"), month("2026-12"), 9).known_costs[-1].amount == 0
    assert not plan_rules(BRITAIN, TaxFacts("standard"), month("2026-12"), 36).known_costs
    # What has begun before the plan counts from its first month.
    later = plan_rules(FRANCE, TaxFacts("reel_normal"), month("2028-01"), 12).known_costs
    assert [text(one.first) for one in later] == ["2028-01", "2028-01"]


def test_vat_rates_lie_on_the_plans_months():
    rules = plan_rules(FRANCE, TaxFacts("reel_normal"), month("2013-11"), 4)
    assert rules.vat_rates["standard"].tolist() == [0.196, 0.196, 0.2, 0.2]
    hospitality = plan_rules(BRITAIN, TaxFacts("standard"), month("2022-02"), 3).vat_rates["hospitality"]
    assert hospitality[:2].tolist() == [0.125, 0.125] and np.isnan(hospitality[2])


def test_the_reduced_rate_of_corporation_tax_needs_its_conditions():
    start = month("2027-01")
    small = plan_rules(FRANCE, TaxFacts("reel_normal"), start, 12).tax_years[-1]
    assert [(one.up_to, one.rate) for one in small.bands] == [(42_500, 0.15), (np.inf, 0.25)]
    held = plan_rules(FRANCE, TaxFacts("reel_normal", small_company=False), start, 12).tax_years[-1]
    assert [one.rate for one in held.bands] == [0.25]
    large = TaxFacts("reel_normal", turnover=dict.fromkeys(range(start, start + 12), 900000.0))
    assert [one.rate for one in plan_rules(FRANCE, large, start, 12).tax_years[-1].bands] == [0.25]
    assert plan_rules(FRANCE, TaxFacts("reel_normal", legal_form="sole_trader"), start, 12).tax_years == ()


def test_every_tax_figure_has_a_source_and_every_name_its_words():
    for pack in (FRANCE, BRITAIN):
        taxes = pack.taxes
        rules = (
            *taxes.vat_filings,
            *taxes.filing_days,
            *taxes.flat_rates,
            *taxes.corporation_tax,
            *taxes.payroll,
            *taxes.coming,
            *taxes.deadlines,
            *taxes.reference_rates,
        )
        assert all(len(one.source) > 8 for one in rules)
        for language in LANGUAGES:
            say = Speaker(language, pack.code)
            for family, names in taxes.named.items():
                assert all(say(f"{family}.{name}") != f"{family}.{name}" for name in names)


def test_an_instalment_counts_in_one_way_only():
    with pytest.raises(ValueError, match="instalment_month"):
        Instalment(share=0.5)
    with pytest.raises(ValueError, match="instalment_month"):
        Instalment(share=0.5, month=7, quarter=1)


# --- Late payment ----------------------------------------------------------------------------------


def test_what_the_law_grants_on_late_invoices_by_date():
    britain = late_law(BRITAIN, date(2026, 11, 24))
    assert britain.interest_rate == pytest.approx(0.1175)  # 8 % and a base rate of 3.75 %
    assert [britain.fee(sum_) for sum_ in (999.99, 1_000, 9_999.99, 10_000)] == [40, 70, 70, 100]
    assert (britain.max_days, britain.bill_days) == (None, 60)
    assert late_law(BRITAIN, date(2024, 3, 1)).interest_rate == pytest.approx(0.1325)
    france = late_law(FRANCE, date(2024, 8, 1))
    assert france.interest_rate == pytest.approx(0.1425)  # ECB 4.25 % on 1 July 2024, and 10 points
    assert [france.fee(sum_) for sum_ in (1, 1e6)] == [40, 40]
    assert (france.max_days, france.bill_days) == (60, None)
    assert late_law(BRITAIN, date(2001, 1, 1)) is None
    assert reference_rate(FRANCE, date(2024, 8, 1)).name == "ecb_main_refinancing_rate"


def test_every_half_year_since_2023_has_a_reference_rate():
    for pack in (FRANCE, BRITAIN):
        for year in range(2023, 2030):
            assert all(reference_rate(pack, date(year, month_, 1)) for month_ in (1, 7))

"""The parts that plans are made of: terms of payment, loans, depreciation, payroll, amounts to the cent."""

from __future__ import annotations

import numpy as np
import numpy_financial as npf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans_help import START

from echannel.metrics.planning.assets import depreciation, grant_income, straight_line
from echannel.metrics.planning.inputs import Asset, Grant, Loan, PaymentTerms, StaffMember, cent
from echannel.metrics.planning.loans import loan_flows, schedule
from echannel.metrics.planning.payroll import payroll
from echannel.metrics.planning.rules import PayrollRules, cents
from echannel.metrics.planning.terms import run_off, settled

quick = settings(max_examples=60, deadline=None)


def once(amount: float = 900.0, months: int = 8) -> np.ndarray:
    """One month's invoices, then nothing."""
    return np.concatenate([[amount], np.zeros(months - 1)])[None, :]


@pytest.mark.parametrize(
    ("days", "end_of_month", "paid"),
    [
        (0, False, [900, 0, 0, 0]),
        (15, False, [450, 450, 0, 0]),
        (30, False, [0, 900, 0, 0]),
        (45, False, [0, 450, 450, 0]),
        (60, False, [0, 0, 900, 0]),
        (75, False, [0, 0, 450, 450]),
        (0, True, [900, 0, 0, 0]),
        (30, True, [0, 900, 0, 0]),
        (45, True, [0, 0, 900, 0]),
    ],
)
def test_terms_of_payment_counted_both_ways(days, end_of_month, paid):
    assert list(settled(once(), PaymentTerms(float(days), end_of_month))[0, :4]) == paid


def test_forty_five_days_as_a_year_of_single_invoices_pays_them():
    """An invoice a day, paid 45 days later, in months of thirty days: the same sums month by month."""
    paid = np.zeros(6)
    for day in range(30):
        paid[(day + 45) // 30] += 30.0
    assert list(settled(once(900.0, 6), PaymentTerms(45.0))[0]) == list(paid)


@quick
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_all_that_is_invoiced_is_paid_once_and_by_path(seed, end_of_month):
    rng = np.random.default_rng(seed)
    amount = cents(np.pad(rng.normal(1_000, 700, (4, 6)), ((0, 0), (0, 8))))
    days = rng.uniform(0, 200, (4, 14))
    paid = settled(amount, PaymentTerms(days, end_of_month))
    assert np.abs(paid.sum(axis=1) - amount.sum(axis=1)).max() < 0.005
    per_path = rng.uniform(0, 200, (4, 1))
    together = settled(amount, PaymentTerms(per_path, end_of_month))
    for path in range(4):
        alone = settled(amount[path : path + 1], PaymentTerms(float(per_path[path, 0]), end_of_month))
        assert np.abs(together[path] - alone[0]).max() < 1e-9


@quick
@given(st.floats(0, 1e6), st.floats(0, 170), st.booleans())
def test_what_is_open_at_the_start_runs_off_whole(balance, days, end_of_month):
    paid = run_off(balance, PaymentTerms(days, end_of_month), 12)
    assert paid.sum() == pytest.approx(cent(balance), abs=0.005)
    assert (paid >= -1e-9).all()


def test_what_is_open_continues_what_was_invoiced_before():
    """Steady sales and 45 days: what was open before pays what the plan's own sales do not yet."""
    sold = np.full((1, 6), 900.0)
    terms = PaymentTerms(45.0)
    own, before = settled(sold, terms), run_off(900.0 * 1.5, terms, 6)
    assert list((own + before)[0]) == [900.0] * 6


@quick
@given(
    st.floats(500, 500_000),
    st.floats(0.001, 0.15),
    st.integers(2, 120),
    st.integers(0, 12),
    st.sampled_from(["annuity", "linear", "bullet"]),
    st.booleans(),
)
def test_a_loan_is_repaid_to_the_cent(amount, rate, months, deferred, kind, capitalised):
    loan = Loan(amount, START, rate, months + deferred, deferred, kind, capitalised)
    interest, paid, principal = schedule(loan).T
    assert principal.sum() == pytest.approx(cent(amount) + (interest - paid).sum(), abs=0.005)
    assert (principal[deferred:-1] >= 0).all()
    assert not principal[:deferred].any()
    assert capitalised or np.array_equal(interest, paid)


@quick
@given(st.floats(1_000, 300_000), st.floats(0.005, 0.12), st.integers(6, 120))
def test_an_annuity_is_numpy_financials(amount, rate, months):
    interest, _, principal = schedule(Loan(amount, START, rate, months)).T
    at = np.arange(1, months + 1)
    instalment = -npf.pmt(rate / 12, months, amount)
    assert np.abs((interest + principal)[:-1] - instalment).max() < 0.011
    # Each rounding of the instalment is carried on in the debt.
    drift = 0.01 * months
    assert np.abs(interest + npf.ipmt(rate / 12, at, months, amount)).max() < drift
    assert np.abs(principal[:-1] + npf.ppmt(rate / 12, at, months, amount)[:-1]).max() < drift


def test_deferred_instalments_are_those_of_a_shorter_loan():
    deferred = schedule(Loan(20_000.0, START, 0.048, 48, 6))
    shorter = schedule(Loan(20_000.0, START, 0.048, 42))
    assert np.array_equal(deferred[6:], shorter)
    assert list(deferred[0]) == [80.0, 80.0, 0.0]


@pytest.mark.parametrize("kind", ["annuity", "linear", "bullet"])
@pytest.mark.parametrize(("deferred", "capitalised"), [(0, False), (5, False), (5, True)])
def test_loans_of_several_paths_are_each_paths_own(kind, deferred, capitalised):
    amounts = [0.0, 1_234.56, 30_000.0, 999_999.99]

    def loan(amount):
        return loan_flows(Loan(amount, START + 1, 0.043, 30, deferred, kind, capitalised), START, 24)

    together = loan(np.array(amounts)[:, None])
    for path, amount in enumerate(amounts):
        alone = loan(amount)
        for name in ("drawn", "interest", "interest_paid", "principal", "balance"):
            assert np.array_equal(getattr(together, name)[path], getattr(alone, name))


def test_a_loan_on_the_plans_calendar():
    coming = loan_flows(Loan(12_000.0, START + 2, 0.06, 12, kind="linear"), START, 36)
    assert list(coming.drawn[:4]) == [0.0, 0.0, 12_000.0, 0.0]
    assert list(coming.interest[:5]) == [0.0, 0.0, 0.0, 60.0, 55.0]
    assert coming.balance[14] == 0.0
    running = loan_flows(Loan(12_000.0, START, 0.06, 12, kind="linear", outstanding=True), START, 36)
    assert running.opening == 12_000.0
    assert running.balance[0] == 11_000.0
    older = loan_flows(Loan(12_000.0, START - 4, 0.06, 12, kind="linear"), START, 36)
    assert older.opening == 9_000.0
    assert older.balance[0] == 8_000.0
    later = loan_flows(Loan(12_000.0, START + 90, 0.06, 12), START, 36)
    assert not later.drawn.any()
    assert not later.balance.any()


def test_a_loan_without_interest_is_repaid_in_equal_parts():
    assert list(schedule(Loan(1_200.0, START, 0.0, 12))[:, 2]) == [100.0] * 12


@quick
@given(st.floats(0, 1e6), st.integers(1, 60))
def test_straight_line_writes_off_all_and_evenly(amount, life):
    spread = straight_line(cent(amount), 2, life, life + 5)
    assert spread.sum() == pytest.approx(cent(amount), abs=0.005)
    assert np.abs(spread[2 : life + 2] - amount / life).max() < 0.0101
    assert not spread[:2].any()
    assert np.abs(spread[life + 2 :]).max() < 1e-9


def test_depreciation_and_grants_begin_in_their_month():
    assert list(depreciation([Asset(3_600.0, START + 1, 3)], START, 4)) == [0.0, 100.0, 100.0, 100.0]
    assert list(grant_income([Grant(500.0, START + 1), Grant(1_200.0, START, 12)], START, 3)) == [
        100,
        600,
        100,
    ]


def charges_of(gross: list[float], **rules: object):
    months = len(gross)
    usual = {
        "rate": np.full(months, 0.15),
        "threshold": np.full(months, 400.0),
        "allowance": np.zeros(months),
    }
    staff = [StaffMember("a", np.array(gross), START)]
    return payroll(staff, PayrollRules(**(usual | rules)), START, months)  # type: ignore[arg-type]


def test_employers_charges_on_what_exceeds_the_threshold():
    assert list(charges_of([1_400.0, 300.0]).charges[0]) == [150.0, 0.0]


def test_the_years_allowance_is_used_up_first():
    # The tax year begins in April: from December, four of its twelve months are to come.
    made = charges_of([2_400.0] * 8, allowance=np.full(8, 1_500.0), year_starts=4)
    assert list(made.charges[0]) == [0.0, 100.0, 300.0, 300.0, 0.0, 0.0, 0.0, 0.0]
    longer = charges_of([2_400.0] * 12, allowance=np.full(12, 1_500.0), year_starts=4)
    assert longer.charges[0, 4:].sum() == pytest.approx(8 * 300 - 1_500)


def test_charges_by_quarter_leave_after_it():
    made = charges_of([1_400.0] * 6, every=3, withheld=0.2)
    # December closes its quarter alone; January to March are paid in April.
    assert list(made.social_paid[0]) == [0.0, 430.0, 0.0, 0.0, 1_290.0, 0.0]
    assert list(made.net_paid[0]) == [1_120.0] * 6


@pytest.mark.parametrize(
    ("value", "rounded"), [(1.005, 1.01), (-1.005, -1.01), (2.675, 2.68), (0.1 + 0.2, 0.3), (1.0049, 1.0)]
)
def test_amounts_round_half_away_from_zero_as_a_spreadsheet_does(value, rounded):
    assert cent(value) == rounded

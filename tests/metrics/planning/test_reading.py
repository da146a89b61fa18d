"""Reading a plan, against published vectors and against the plan's own lines."""

from __future__ import annotations

import importlib.util
import io
import os
import re
from contextlib import redirect_stdout
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from plans_help import START, plain, plans, rules_of

from echannel.metrics.periods import month_start
from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.inputs import Cost, Grant, Loan, OpeningBalance, PaymentTerms, Stream
from echannel.metrics.planning.reading import (
    break_even,
    break_even_point,
    cash_cycle,
    cash_reading,
    days_of,
    debt_service,
    net_cash,
    requirement,
    runway,
    self_financing,
    working_capital,
)
from echannel.metrics.planning.statements import FORMS, SIG, STATUTORY, by_month, statement

CENT = 0.005
YEARS = [slice(0, 12), slice(12, 24), slice(24, 36)]
some = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def france():
    return rules_of("FR", "reel_normal")


def test_v5_break_even():
    amount, day = break_even_point(96_000, 0.40, 300_000)
    assert amount == pytest.approx(240_000)
    assert round(day) == 292


def test_v6_working_capital_requirement():
    need = requirement(45_000, 36_000, 28_000, 9_000)
    assert need == 44_000
    assert days_of(need, 300_000) == pytest.approx(53.5, abs=0.05)


def test_days_take_vat_on_both_sides():
    assert days_of(36_000, 300_000 * 1.2) == pytest.approx(36.5)
    assert days_of(28_000, 190_000 * 1.2) == pytest.approx(44.8, abs=0.05)
    assert cash_cycle(36.5, 44.8, 80.0) == pytest.approx(71.7)


def test_the_shared_vectors_say_the_same():
    path = Path(os.environ.get("ECHANNEL_SHARED", "../shared")) / "domain" / "vectors.py"
    if not path.is_file():
        pytest.skip("the shared vectors are not here")
    said = io.StringIO()
    spec = importlib.util.spec_from_file_location("vectors", path)
    with redirect_stdout(said):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))  # type: ignore[union-attr]
    numbers = {line.split()[0]: re.findall(r"-?\d+(?:\.\d+)?", line) for line in said.getvalue().splitlines()}
    assert [float(one) for one in numbers["SR"]] == [
        pytest.approx(one, abs=0.05) for one in break_even_point(96_000, 0.40, 300_000)
    ]
    assert [float(one) for one in numbers["DSO"]] == [
        pytest.approx(days_of(36_000, 360_000), abs=0.05),
        pytest.approx(days_of(28_000, 228_000), abs=0.05),
    ]


def test_break_even_of_even_sales(france):
    # Cost share 0.4 leaves 60 % of 10,000; 3,600 of fixed costs are 60 % of a month's contribution.
    plan = build_plan(plain(costs=(Cost("rent", "rent", 3_600.0),)), france)
    found = break_even(plan)
    assert found.fixed == 43_200
    assert found.rate == pytest.approx(0.6)
    assert found.amount == pytest.approx(72_000)
    assert found.days == pytest.approx(0.6 * 365)
    assert found.safety == pytest.approx(0.4)
    # Seven months cover 42,000; the rest of 1,200 takes a fifth of July's 31 days.
    assert date.fromordinal(date(1970, 1, 1).toordinal() + found.day) == date(2027, 7, 7)


def test_a_season_moves_the_day_not_the_amount(france):
    late = np.tile(np.r_[np.full(6, 5_000.0), np.full(6, 15_000.0)], 3)[None, :]
    costs = (Cost("rent", "rent", 3_600.0),)
    even = break_even(build_plan(plain(costs=costs), france))
    seasonal = break_even(
        build_plan(plain(streams=(Stream("b2c", "b2c", late, 0.4, 0.2),), costs=costs), france)
    )
    assert seasonal.amount == pytest.approx(even.amount)
    assert seasonal.day > even.day


def test_the_day_is_the_first_on_which_the_contribution_covers_the_year(france):
    rng = np.random.default_rng(5)
    stream = Stream("b2c", "b2c", rng.lognormal(9, 0.5, (1, 36)), 0.4, 0.2)
    plan = build_plan(plain(streams=(stream,), costs=(Cost("rent", "rent", 2_500.0),)), france)
    found, total, day = break_even(plan, since=5), 0.0, None
    for month in range(5, 17):
        first, after = month_start(START + month), month_start(START + month + 1)
        for one in range(first, after):
            total += plan.line("contribution")[month] / (after - first)
            if day is None and total >= found.fixed - CENT:
                day = one
    assert found.day == day


def test_a_loss_on_every_sale_breaks_even_nowhere(france):
    plan = build_plan(plain(streams=(Stream("b2c", "b2c", np.full((1, 36), 900.0), 1.1),)), france)
    found = break_even(plan)
    assert np.isnan(found.amount)
    assert (found.day, found.reason) == (-1, "reason.planning.contribution_negative") or found.fixed == 0
    nothing = break_even(build_plan(plain(turnover=0.0), france))
    assert nothing.reason == "reason.planning.nothing_sold"


@some
@given(plans())
def test_contribution_less_fixed_costs_is_the_profit_before_tax(made):
    lines = build_plan(*made).lines
    gap = lines["contribution"] - lines["fixed_costs"] - lines["profit_before_tax"]
    assert np.abs(gap).max() < CENT
    assert np.abs(lines["turnover"] - lines["variable_costs"] - lines["contribution"]).max() < CENT


@some
@given(plans())
def test_frng_less_bfr_is_the_cash(made):
    plan = build_plan(*made)
    assert np.abs(net_cash(plan)["cash"].to_numpy() - plan.line("cash")).max() < CENT


@some
@given(plans())
def test_each_countrys_statement_ends_in_the_plans_net_profit(made):
    plan = build_plan(*made)
    for form in FORMS.values():
        frame = statement(plan, YEARS, form).set_index("line")
        for place, year in enumerate(YEARS):
            assert frame.loc["net_result", place] == pytest.approx(
                plan.line("net_profit")[year].sum(), abs=CENT
            )
        items = frame[~frame["subtotal"]]
        assert items[0].sum() == pytest.approx(frame.loc["net_result", 0], abs=0.01)


def test_sig_by_hand(france):
    grants = (Grant(2_400.0, START, 24), Grant(500.0, START))
    costs = (
        Cost("rent", "rent", 1_000.0),
        Cost("cfe", "local_taxes", 50.0),
        Cost("o", "owner_charges", 300.0),
    )
    plan = build_plan(plain(costs=costs, grants=grants), france)
    lines = {name: values[0] for name, values in by_month(plan, SIG).items()}
    assert lines["commercial_margin"] == 6_000
    assert lines["value_added"] == 5_000
    assert lines["ebe"] == 5_000 + 500 - 50 - 300
    assert lines["operating_result"] == lines["ebe"] + 100
    uk = {name: values[0] for name, values in by_month(plan, STATUTORY).items()}
    assert uk["gross_profit"] == 6_000
    assert uk["administrative_expenses"] == -1_350
    assert uk["operating_result"] == lines["operating_result"]


def test_steady_terms_show_as_days(france):
    stream = Stream("b2b", "b2b", np.full((1, 36), 10_000.0), 0.4, 0.2, terms=PaymentTerms(45.0))
    opening = OpeningBalance(receivables=18_000.0)
    plan = build_plan(plain(streams=(stream,), opening=opening, purchase_terms=PaymentTerms(60.0)), france)
    last = working_capital(plan).iloc[-1]
    # Months of thirty days in the terms, of 365 / 12 in the calendar.
    assert last["dso"] == pytest.approx(45 * 365 / 360, abs=0.2)
    assert last["dpo"] == pytest.approx(60 * 365 / 360, abs=0.2)
    assert last["cash_cycle"] == pytest.approx(last["dio"] + last["dso"] - last["dpo"])
    assert last["bfr"] == pytest.approx(
        plan.line("stock")[-1]
        + plan.line("receivables")[-1]
        - plan.line("payables")[-1]
        - plan.line("vat_position")[-1]
        - plan.line("social_payable")[-1]
    )


def test_low_point_first_negative_month_and_runway(france):
    costs = (Cost("rent", "rent", np.where(np.arange(36) < 6, 9_000.0, 0.0)),)
    plan = build_plan(plain(costs=costs, opening=OpeningBalance(cash=5_000.0)), france)
    found, cash = cash_reading(plan), plan.line("cash")
    assert found.lowest == cash.min()
    assert found.lowest_month == START + int(cash.argmin())
    below = [month for month, held in enumerate(cash) if held < 0]
    assert found.first_negative == START + below[0]
    assert runway(6_000.0, np.array([-1_000.0, -2_000.0, -3_000.0])) == 3.0
    assert runway(6_000.0, np.array([1_000.0, 0.0, 0.0])) == np.inf
    assert runway(-10.0, np.array([-1.0])) == 0.0


def test_debt_service_by_hand(france):
    loan = Loan(12_000.0, START - 1, 0.06, 24, kind="linear")
    plan = build_plan(plain(loans=(loan,)), france)
    frame = debt_service(plan, YEARS)
    first = frame.iloc[0]
    assert first["service"] == pytest.approx(6_000 + sum(0.005 * (12_000 - 500 * n) for n in range(12)))
    available = plan.line("ebitda")[:12].sum() - plan.line("corporation_tax")[:12].sum()
    assert first["dscr"] == pytest.approx(available / first["service"])
    assert first["debt_years"] == pytest.approx(6_000 / self_financing(plan)[:12].sum())
    assert np.isnan(frame.iloc[2]["dscr"])
    assert np.isnan(frame.iloc[2]["debt_years"])

"""The plan's identities, on random plans, and its parts against sums done by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from plans_help import START, entry, plain, plans, rules_of

from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.inputs import (
    Cost,
    OpeningBalance,
    PaymentTerms,
    StaffMember,
    StockPolicy,
    Stream,
    with_market_entry,
)
from echannel.metrics.planning.layouts import MEMO_LINES, STATEMENTS
from echannel.metrics.planning.loans import loan_flows
from echannel.metrics.planning.rules import cents

CENT = 0.005
many = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def france():
    return rules_of("FR", "reel_normal")


@many
@given(plans())
def test_both_sides_of_the_balance_sheet_agree_to_the_cent_in_every_month(made):
    plan = build_plan(*made)
    gap = plan.lines["total_assets"] - plan.lines["total_liabilities_and_equity"]
    assert np.abs(gap).max() < CENT
    assert plan.opening["total_assets"] == pytest.approx(
        plan.opening["total_liabilities"] + plan.opening["equity"], abs=CENT
    )


@many
@given(plans())
def test_cash_moves_by_the_cash_flow_and_equity_by_the_profit(made):
    plan = build_plan(*made)
    lines = plan.lines

    def change(name):
        return np.diff(lines[name], axis=1, prepend=plan.opening[name])

    assert np.abs(change("cash") - lines["cash_change"]).max() < CENT
    taken = lines["dividends"] + lines["drawings"] - lines["capital_in"]
    assert np.abs(change("equity") - (lines["net_profit"] - taken)).max() < CENT
    assert np.abs(change("receivables") - (lines["turnover_gross"] - lines["receipts"])).max() < CENT
    assert np.abs(change("stock") - (lines["purchases"] - lines["cost_of_sales"])).max() < CENT
    loans = lines["loans_drawn"] - lines["loans_repaid"] + lines["interest"] - lines["interest_paid"]
    assert np.abs(change("loans") - loans).max() < CENT


@many
@given(plans())
def test_an_overdraft_costs_its_rate_on_the_month_before(made):
    plan = build_plan(*made)
    held = np.insert(plan.lines["cash"][:, :-1], 0, plan.opening["cash"], axis=1)
    owed = cents(np.maximum(-held, 0.0) * (made[0].overdraft_rate / 12))
    assert np.abs(plan.lines["overdraft_interest"] - owed).max() < CENT
    loans = sum(loan_flows(one, plan.start, plan.months).interest for one in made[0].loans)
    assert np.abs(plan.lines["interest"] - loans - owed).max() < CENT


@many
@given(plans())
def test_vat_owed_is_what_was_charged_less_deducted_less_paid(made):
    plan = build_plan(*made)
    lines = plan.lines
    moved = lines["vat_collected"] - lines["vat_deductible"] + lines["irrecoverable_vat"] - lines["vat_paid"]
    owed = plan.opening["vat_position"] + np.cumsum(moved, axis=1)
    assert np.abs(owed - lines["vat_position"]).max() < CENT


@many
@given(plans())
def test_every_value_is_a_whole_cent_and_known(made):
    plan = build_plan(*made)
    for name, values in plan.lines.items():
        assert np.isfinite(values).all(), name
        assert np.abs(values - np.round(values, 2)).max() < 1e-9, name


@many
@given(plans())
def test_sums_are_the_sums_of_their_parts(made):
    plan = build_plan(*made)
    for layout in STATEMENTS.values():
        for line in layout:
            if line.is_sum:
                parts = sum(plan.lines[name] for name in line.plus)
                parts = parts - sum(plan.lines[name] for name in line.minus)
                assert np.abs(plan.lines[line.name] - parts).max() < CENT, line.name


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(plans())
def test_a_path_among_many_is_the_plan_of_that_path_alone(made):
    inputs, rules = made
    whole = build_plan(inputs, rules)

    def of(value):
        return value[-1:] if np.ndim(value) == 2 else value

    def terms(one):
        return replace(one, days=of(one.days))

    alone = replace(
        inputs,
        streams=tuple(replace(s, turnover=of(s.turnover), terms=terms(s.terms)) for s in inputs.streams),
        costs=tuple(replace(c, amount=of(c.amount), terms=terms(c.terms)) for c in inputs.costs),
        stock=replace(inputs.stock, cover_days=of(inputs.stock.cover_days)),
        purchase_terms=terms(inputs.purchase_terms),
    )
    single = build_plan(alone, rules)
    for name in ("cash", "equity", "stock", "receivables", "payables", "vat_position"):
        assert np.abs(whole.lines[name][-1] - single.lines[name][0]).max() < CENT, name


def test_vat_declared_sums_to_what_was_charged_less_deducted(france):
    inputs = plain(months=36, costs=(Cost("rent", "rent", 500.0, vat_rate=0.2),))
    lines = build_plan(inputs, france).lines
    # Each monthly return of the plan is closed in it.
    assert lines["vat_declared"].sum() == pytest.approx(
        (lines["vat_collected"] - lines["vat_deductible"]).sum()
    )
    assert lines["vat_collected"][0, 0] == 2_000.0
    assert lines["vat_deductible"][0, 0] == 800.0 + 100.0


def test_paid_and_bought_at_once_profit_before_tax_is_what_the_business_brings_in(france):
    at_once = PaymentTerms(0.0)
    inputs = plain(purchase_terms=at_once, costs=(Cost("rent", "rent", 1_000.0, terms=at_once),))
    lines = build_plan(inputs, france).lines
    before_taxes = lines["operating_cash_flow"] + lines["vat_paid"] + lines["tax_paid"]
    vat = lines["vat_collected"] - lines["vat_deductible"]
    assert np.abs(before_taxes - vat - lines["profit_before_tax"]).max() < CENT
    assert lines["profit_before_tax"][0, 0] == 5_000.0


def test_a_months_sale_by_hand(france):
    stream = Stream(
        "b2c",
        "b2c",
        np.full((1, 36), 950.0),
        cost_share=0.5,
        vat_rate=0.2,
        terms=PaymentTerms(15.0),
        price_index=1.25,
        fee_rate=0.02,
        fee_fixed=0.3,
        commission_rate=0.1,
        basket=50.0,
        carriage_rate=0.06,
        return_rate=0.05,
        return_loss=0.2,
    )
    lines = build_plan(plain(streams=(stream,)), france).lines

    def first(name):
        return lines[name][0, 0]

    assert (first("sales"), first("returns"), first("turnover")) == (1_000.0, 50.0, 950.0)
    # (950 + 0.2 × 50 lost) at cost 0.5 of the price before it rose by a quarter.
    assert first("cost_of_sales") == 384.0
    assert first("carriage") == 48.0
    # 2 % of 1,200 including VAT; 0.30 for each of 1,000 / 62.50 orders.
    assert first("payment_fees") == 24.0 + 4.8
    assert first("marketplace_fees") == 120.0
    assert first("receipts") == 570.0  # half of 1,140 within the month


def test_without_registration_vat_on_costs_is_a_cost_and_none_is_charged():
    inputs = plain(costs=(Cost("rent", "rent", 1_000.0, vat_rate=0.2),))
    lines = build_plan(inputs, rules_of("FR", "franchise")).lines
    assert not lines["vat_collected"].any()
    assert not lines["vat_paid"].any()
    assert lines["irrecoverable_vat"][0, 0] == 800.0 + 200.0
    assert lines["receipts"][0, 0] == 10_000.0


def test_a_flat_rate_leaves_its_difference_in_the_profit():
    inputs = plain(country="GB", currency="GBP", stock=StockPolicy())
    rules = rules_of("GB", "flat_rate")
    lines = build_plan(inputs, rules).lines
    share = rules.vat.flat_rate[0]
    assert share == 0.075
    # 2,000 charged; the flat share of 12,000 is due; VAT on the purchases of 4,000 cannot be deducted.
    assert lines["irrecoverable_vat"][0, 0] == pytest.approx(12_000 * share - 2_000 + 800)


def test_cash_accounting_owes_vat_when_customers_pay():
    stream = Stream("b2b", "b2b", np.full((1, 36), 10_000.0), 0.4, 0.2, terms=PaymentTerms(90.0))
    made = {
        regime: build_plan(plain(country="GB", streams=(stream,)), rules_of("GB", regime)).lines
        for regime in ("standard", "cash_accounting")
    }
    paid = {regime: np.cumsum(lines["vat_paid"][0]) for regime, lines in made.items()}
    assert (paid["cash_accounting"] <= paid["standard"] + CENT).all()
    assert paid["cash_accounting"][-1] < paid["standard"][-1] - 1_000
    assert (
        np.abs(made["standard"]["profit_before_tax"] - made["cash_accounting"]["profit_before_tax"]).max()
        < CENT
    )


def test_a_sole_trader_pays_no_corporation_tax():
    lines = build_plan(plain(legal_form="sole_trader"), rules_of("FR", "reel_normal", "sole_trader")).lines
    assert not lines["corporation_tax"].any()
    assert (lines["net_profit"] == lines["profit_before_tax"]).all()


def test_stock_covers_the_coming_cost_of_sales(france):
    cover = StockPolicy(45.0)
    sold = np.tile(np.array([10.0, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]) * 100, 3)[None, :]
    stream = Stream("b2c", "b2c", sold, 0.5)
    lines = build_plan(plain(streams=(stream,), stock=cover), france).lines
    cost = sold[0] * 0.5
    for month in range(30):
        wanted = cost[month + 1] + 0.5 * cost[month + 2]
        if wanted >= lines["stock"][0, month - 1] - cost[month] and month:
            assert lines["stock"][0, month] == pytest.approx(wanted, abs=0.01)
    assert (lines["purchases"] >= 0).all()


def test_too_much_stock_is_sold_before_anything_is_bought(france):
    inputs = plain(opening=OpeningBalance(stock=18_000.0), stock=StockPolicy(30.0))
    lines = build_plan(inputs, france).lines
    assert list(lines["purchases"][0, :4]) == [0.0, 0.0, 0.0, 2_000.0]
    assert list(lines["stock"][0, :5]) == [14_000.0, 10_000.0, 6_000.0, 4_000.0, 4_000.0]


def test_what_stood_open_at_the_start_is_paid_in_full(france):
    opening = OpeningBalance(receivables=9_000.0, payables=6_000.0, social_payable=700.0)
    terms = PaymentTerms(45.0)
    nothing = Stream("b2b", "b2b", np.zeros((1, 36)), 0.4, terms=terms)
    lines = build_plan(plain(streams=(nothing,), opening=opening, purchase_terms=terms), france).lines
    assert list(lines["receipts"][0, :3]) == [6_000.0, 3_000.0, 0.0]
    assert list(lines["suppliers_paid"][0, :3]) == [4_000.0, 2_000.0, 0.0]
    assert lines["social_paid"][0, 0] == 700.0
    for name in ("receivables", "payables", "social_payable"):
        assert not lines[name][0, 2:].any()


def test_pay_leaves_in_its_month_and_charges_after_it(france):
    staff = (StaffMember("a", 2_000.0, START, None, 0.45),)
    lines = build_plan(plain(staff=staff), france).lines
    withheld = france.payroll.withheld * 2_000
    assert lines["employer_charges"][0, 0] == 900.0
    assert lines["staff_paid"][0, 0] == pytest.approx(2_000 - withheld)
    assert lines["social_paid"][0, 0] == 0.0
    assert lines["social_paid"][0, 1] == pytest.approx(900 + withheld)


def test_entering_a_market_adds_its_orders_costs_and_stock(france):
    before, after = (build_plan(one, france) for one in (plain(), with_market_entry(plain(), entry())))
    added = {name: after.lines[name][0] - before.lines[name][0] for name in before.lines}
    assert list(added["turnover"][:7]) == [0.0, 0.0, 0.0, 500.0, 1_000.0, 1_500.0, 1_500.0]
    assert list(added["cost_of_sales"][3:6]) == [200.0, 400.0, 600.0]
    assert list(added["carriage"][3:6]) == [150.0, 300.0, 450.0]
    assert list(added["one_offs"][:4]) == [0.0, 0.0, 2_000.0, 0.0]
    assert list(added["other_overheads"][:5]) == [0.0, 0.0, 0.0, 100.0, 100.0]
    assert list(added["stock"][:4]) == [0.0, 0.0, 1_500.0, 1_500.0]


def test_keep_holds_on_to_what_is_asked_for(france):
    plan = build_plan(plain(), france, keep={"cash", "turnover"})
    assert set(plan.lines) == {"cash", "turnover"}
    assert set(plan.frame()["line"]) == {"cash", "turnover"}


def test_the_long_frame_has_every_line_of_every_statement(france):
    plan = build_plan(plain(), france)
    frame = plan.frame()
    named = [line.name for layout in STATEMENTS.values() for line in layout]
    assert list(dict.fromkeys(frame["line"])) == list(dict.fromkeys(named))
    assert len(frame) == 36 * len(named)
    assert set(MEMO_LINES) <= set(plan.lines)
    cash = frame[(frame["line"] == "cash").to_numpy()]["value"]
    assert np.array_equal(cash, plan.line("cash"))


def test_vat_of_other_countries_leaves_through_the_one_stop_shop(france):
    stream = Stream("abroad", "b2c", np.full((1, 36), 1_000.0), 0.4, 0.21, "oss")
    lines = build_plan(plain(streams=(stream,), purchase_vat_rate=0.0), france).lines
    # From December: the quarter's return of one month in January, then a quarter's in April.
    assert list(lines["vat_paid"][0, :5]) == [0.0, 210.0, 0.0, 0.0, 630.0]
    without = build_plan(plain(streams=(stream,), purchase_vat_rate=0.0), replace(france, one_stop={})).lines
    assert without["vat_collected"].sum() == lines["vat_collected"].sum()
    assert np.abs(without["total_assets"] - without["total_liabilities_and_equity"]).max() < CENT

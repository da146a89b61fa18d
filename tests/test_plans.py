"""From an SME's profile, books and history to its plan: who made each value, and what is missing."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from handmade import canonical
from stock_shop import MadeUp, stocked
from views_shop import shop_tables

from echannel.metrics.planning import doubts
from echannel.metrics.planning.doubts import to_check, with_effects
from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.inputs import Assumption
from echannel.metrics.turnover import as_date
from echannel.plan_ledger import ledger_facts
from echannel.planning_profile import PlanningProfile
from echannel.plans import basis_of

KNOWN = {
    "start": "2026-12",
    "departement": "29",
    "rent": {"value": 400, "by": "consultant", "note": "new lease"},
    "staff": [{"name": "packing", "gross": 1_500}],
    "loans": [{"name": "bank", "amount": 6_000, "rate": 0.05, "months": 24}],
    "opening": {"cash": 9_000},
}

PAID = ("suppliers_paid", "rent_paid", "overheads_paid")


@lru_cache
def made_up() -> MadeUp:
    return stocked("both", orders=900)


def firm(told: dict | None = None, **tables: pd.DataFrame):
    """The made-up shop, with what it enters for its plan and some tables replaced."""
    made = made_up()
    profile = made.profile.model_copy(update={"planning": PlanningProfile.model_validate(told or {})})
    return MadeUp(profile, made.tables | tables)


@pytest.fixture(scope="module")
def told():
    return basis_of(firm(KNOWN), made_up().turnover_forecast)


@pytest.fixture(scope="module")
def bare():
    return basis_of(made_up())


def made_by(basis, name: str, about: str = "") -> Assumption:
    return next(one for one in basis.assumptions if one.name == name and about in ("", one.about))


def test_what_is_entered_wins_and_says_who_entered_it(told):
    rent = made_by(told, "rent")
    assert (rent.value, rent.made_by, rent.note) == (400.0, "consultant", "new lease")
    assert next(one for one in told.inputs.costs if one.line == "rent").amount == 400.0
    assert made_by(told, "staff").made_by == "owner"
    assert told.inputs.opening.cash == 9_000
    assert told.inputs.loans[0].outstanding
    assert told.inputs.departement == "29"


def test_every_assumption_says_where_it_comes_from(told, bare):
    for basis in (told, bare):
        assert all(one.reason.startswith("reason.") for one in basis.assumptions)
        assert {one.made_by for one in basis.assumptions} <= {"owner", "consultant", "history", "default"}


def test_history_fills_what_nobody_entered(bare):
    year = bare.inputs.streams
    assert {one.name for one in year} >= {"b2c", "b2b"}
    assert made_by(bare, "margin_rate", "b2c").made_by == "history"
    assert made_by(bare, "customer_days").made_by == "history"
    assert made_by(bare, "supplier_days").value == 45.0
    assert sum(one.turnover[0, 0] for one in year) == pytest.approx(bare.inputs.turnover[0, 0])


def test_what_nobody_knows_is_said(bare, told):
    assert {"reason.planning.cash_unknown", "reason.planning.no_fixed_costs"} <= set(bare.reasons)
    assert not {"reason.planning.cash_unknown", "reason.planning.no_fixed_costs"} & set(told.reasons)
    assert made_by(bare, "rent").reason == "reason.planning.not_entered"


def test_the_plan_of_a_real_basis_balances(told, bare):
    for basis in (told, bare):
        lines = build_plan(basis.inputs, basis.rules).lines
        assert np.abs(lines["total_assets"] - lines["total_liabilities_and_equity"]).max() < 0.005


def test_the_history_s_days_and_shares_are_the_orders_own(bare):
    """Turnover by kind over the last twelve complete months, counted here from the orders."""
    sales = made_up().sales
    entries = sales.entries
    first, last = bare.inputs.start - 13, bare.inputs.start - 2
    inside = entries[entries["month"].between(first, last).to_numpy()]
    b2b = inside.loc[(inside["kind"] == "b2b").to_numpy(), "net_invoiced"].sum()
    assert as_date(sales.last_day).month == 11
    assert made_by(bare, "share", "b2b").value == pytest.approx(b2b / inside["net_invoiced"].sum())


def test_no_costs_no_stock_and_the_plan_stays_open():
    tables = shop_tables("b2c", 400, "FR", 3)
    products = tables["products"].assign(unit_cost=np.nan)
    basis = basis_of(
        firm(
            orders=tables["orders"],
            order_lines=tables["order_lines"].assign(unit_cost=np.nan),
            refunds=tables["refunds"],
            products=products,
            customers=tables["customers"],
            stock_levels=canonical("stock_levels", []),
            purchases=canonical("purchases", []),
            supplier_prices=canonical("supplier_prices", []),
        )
    )
    assert {"reason.planning.margin_unknown", "reason.planning.stock_unknown"} <= set(basis.reasons)
    margin = made_by(basis, "margin_rate")
    assert (margin.made_by, margin.reason) == ("default", "reason.costs_missing")
    assert np.isfinite(build_plan(basis.inputs, basis.rules).line("cash")).all()


def test_selling_below_cost_and_costs_without_measure_are_said():
    odd = {"margin_rate": -0.2, "rent": 90_000}
    assert {"reason.planning.margin_negative", "reason.planning.costs_implausible"} <= set(
        basis_of(firm(odd), made_up().turnover_forecast).reasons
    )


def test_a_firm_that_never_sold_plans_what_it_enters():
    empty = {
        name: canonical(name, [])
        for name in ("orders", "order_lines", "refunds", "customers", "visits", "stock_levels", "purchases")
    }
    basis = basis_of(firm({"turnover": 3_000, "margin_rate": 0.5}, **empty))
    assert basis.inputs.turnover[0].tolist() == [3_000.0] * 36
    lines = build_plan(basis.inputs, basis.rules).lines
    assert lines["gross_margin"][0, 0] == pytest.approx(lines["turnover"][0, 0] / 2)


def test_orders_in_other_currencies_are_said():
    tables = shop_tables("b2c", 300, "FR", 3)
    orders = tables["orders"]
    pounds = orders["currency"].astype(object).where(np.arange(len(orders)) > 0, "GBP").astype("category")
    basis = basis_of(firm(orders=orders.assign(currency=pounds)), made_up().turnover_forecast)
    assert "reason.planning.currencies_mixed" in basis.reasons


def books(months: int = 12, last: str = "2026-10") -> pd.DataFrame:
    """A French ledger of one line a month for each account: sales of 10,000, the rest below."""
    amounts = {
        "707000": -10_000.0,
        "607000": 6_000.0,
        "613200": 800.0,
        "623100": 250.0,
        "624200": 500.0,
        "627800": 140.0,
        "641100": 1_500.0,
        "645000": 600.0,
        "635110": 50.0,
        "616000": 100.0,
        "512000": 60.0,
    }
    days = pd.date_range(end=pd.Timestamp(last) + pd.offsets.MonthEnd(), periods=months, freq="ME")
    rows = [
        {
            "entry_id": f"{day:%Y%m}-{account}",
            "journal": "OD",
            "date": day,
            "account": account,
            "account_class": account[0],
            "label": account,
            "debit": max(amount, 0.0),
            "credit": max(-amount, 0.0),
        }
        for day in days
        for account, amount in amounts.items()
    ]
    return canonical("ledger", rows)


def test_the_books_tell_costs_a_month_rates_and_balances():
    facts = ledger_facts(books(), "FR")
    assert facts.margin_rate == pytest.approx(0.4)
    assert facts.carriage_rate == pytest.approx(0.05)
    assert facts.fee_rate == pytest.approx(0.014)
    assert (facts.staff_gross, facts.employer_rate) == (1_500.0, 0.4)
    assert facts.costs == {"rent": 800.0, "marketing": 250.0, "local_taxes": 50.0, "other_overheads": 100.0}
    assert facts.balances["cash"] == 720.0


def test_the_books_win_over_the_history_and_lose_against_what_is_entered():
    basis = basis_of(firm({"rent": 999}, ledger=books()), made_up().turnover_forecast)
    assert made_by(basis, "margin_rate", "b2c").made_by == "ledger"
    assert made_by(basis, "rent").made_by == "owner"
    assert made_by(basis, "local_taxes").made_by == "ledger"
    assert made_by(basis, "opening_cash").made_by == "ledger"
    assert basis.inputs.staff[0].employer_rate == pytest.approx(0.4)


def test_what_to_check_first_is_a_default_that_moves_cash(told):
    checked = to_check(with_effects(told.assumptions, told.inputs, told.rules))
    kinds = [one.made_by == "default" for one in checked]
    assert kinds == sorted(kinds, reverse=True)
    rent = made_by(told, "rent")
    measured = next(one for one in checked if one.name == "rent")
    assert np.isnan(rent.effect)
    assert measured.effect < 0


def test_each_effect_is_the_plan_s_own_answer(told):
    base = build_plan(told.inputs, told.rules).line("cash")[11]
    costs = tuple(
        replace(one, amount=one.amount * 1.1) if one.line == "rent" else one for one in told.inputs.costs
    )
    worse = build_plan(replace(told.inputs, costs=costs), told.rules).line("cash")[11]
    found = with_effects(told.assumptions, told.inputs, told.rules)
    assert next(one.effect for one in found if one.name == "rent") == pytest.approx(worse - base, abs=0.01)


def test_an_effect_is_the_same_whether_plans_are_made_together_or_each_alone(told, monkeypatch):
    together = with_effects(told.assumptions, told.inputs, told.rules)
    monkeypatch.setattr(doubts, "_BESIDE", frozenset())
    alone = with_effects(told.assumptions, told.inputs, told.rules)
    assert [one.effect for one in together] == pytest.approx(
        [one.effect for one in alone], abs=0, nan_ok=True
    )
    assert sum(np.isfinite(one.effect) and one.effect != 0 for one in together) > 8


def test_profit_of_the_year_under_way_is_taxed_in_the_plan():
    """Books from December 2025 to November 2026 make 60 a month."""
    basis = basis_of(
        firm({"start": "2026-12", "turnover": 30_000}, ledger=books(last="2026-11")),
        made_up().turnover_forecast,
    )
    assert made_by(basis, "profit_so_far").value == pytest.approx(60.0 * 11)
    tax = basis.inputs.tax
    assert tax.profit_so_far == pytest.approx(660.0)
    assert tax.opening == pytest.approx(0.15 * 660.0)  # the reduced rate; the books owe none yet
    plan = build_plan(basis.inputs, basis.rules)
    year = plan.tax.payments[plan.tax.payments["year_last"] == basis.inputs.start]
    whole = 660.0 + plan.lines["profit_before_tax"][0, 0]
    assert 0 < whole < 42_500
    assert year["amount"].sum() == pytest.approx(0.15 * whole, abs=0.01)


def test_tax_booked_in_the_year_is_not_owed_twice():
    line = books().iloc[[-1]]
    taxed = line.assign(account="695000", label="IS", debit=99.0, credit=0.0)
    owed = line.assign(account="444000", account_class="4", label="Etat, IS", debit=0.0, credit=99.0)
    facts = ledger_facts(pd.concat([books(), taxed, owed], ignore_index=True), "FR")
    assert np.isnan(facts.profit_between(*np.array([0, 10_000])))


def test_bills_of_the_month_before_are_paid_when_the_plan_begins():
    """No cash is spared because a plan begins: what the month before left unpaid is owed, and paid."""
    forecast = made_up().turnover_forecast
    without = basis_of(firm(), forecast)
    having = basis_of(firm({"rent": 500, "other_overheads": 250}), forecast)
    rate = float(having.rules.vat_rates["standard"][0])
    bills = 750 * (1 + rate)
    more = having.inputs.opening.payables - without.inputs.opening.payables
    assert more == pytest.approx(bills)
    paid = [_paid_within(build_plan(one.inputs, one.rules), 2) for one in (without, having)]
    assert paid[1] - paid[0] == pytest.approx(2 * bills, abs=0.05)  # the month before's, and the first's


def _paid_within(plan, months: int) -> float:
    return float(sum(plan.lines[name][0, :months].sum() for name in PAID))

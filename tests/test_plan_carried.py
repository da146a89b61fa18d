"""From the books' last month end to the day before the plan; and books that do not balance."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from handmade import canonical
from stock_shop import MadeUp, stocked

from echannel.metrics.periods import month_start
from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.inputs import Loan
from echannel.metrics.planning.ledger_gaps import ledger_gaps
from echannel.metrics.planning.loans import schedule
from echannel.plan_carried import owed_before
from echannel.plan_ledger import booked_lines, ledger_facts
from echannel.planning_profile import LoanEntry, PlanningProfile
from echannel.plans import basis_of
from echannel.views.context import View
from echannel.views.planning_opening import planning

UNKNOWN = "reason.planning.cash_unknown"
OPENING = {
    "512000": 20_000.0,
    "370000": 5_000.0,
    "411000": 3_000.0,
    "401000": -4_000.0,
    "445710": -2_500.0,
    "164000": -3_600.0,
    "101300": -17_900.0,
}
MONTH = {"707000": -6_000.0, "607000": 3_000.0, "613200": 500.0, "641100": 1_000.0, "512000": 1_500.0}


@lru_cache
def made_up() -> MadeUp:
    return stocked("both", orders=900)


def firm(told: dict | None = None, **tables: pd.DataFrame) -> MadeUp:
    made = made_up()
    profile = made.profile.model_copy(update={"planning": PlanningProfile.model_validate(told or {})})
    return MadeUp(profile, made.tables | tables)


def basis(told: dict | None = None, ledger: pd.DataFrame | None = None):
    tables = {} if ledger is None else {"ledger": ledger}
    return basis_of(firm(told, **tables), made_up().turnover_forecast)


def books(last: str, months: int = 9, opening: dict[str, float] | None = None) -> pd.DataFrame:
    """A French ledger whose last month is ``last``: what was there at first, then a month like the other."""
    ends = pd.date_range(end=pd.Timestamp(last) + pd.offsets.MonthEnd(), periods=months, freq="ME")
    entries = [("AN", ends[0].replace(day=1), opening or OPENING), *(("OD", day, MONTH) for day in ends)]
    rows = [
        {
            "entry_id": f"{journal}-{day:%Y%m}-{account}",
            "entry_group": f"{journal}-{day:%Y%m}",
            "journal": "opening" if journal == "AN" else journal,
            "date": day,
            "account": account,
            "account_class": account[0],
            "label": account,
            "debit": max(amount, 0.0),
            "credit": max(-amount, 0.0),
        }
        for journal, day, amounts in entries
        for account, amount in amounts.items()
    ]
    return canonical("ledger", rows)


def with_error(ledger: pd.DataFrame, month: str, amount: float) -> pd.DataFrame:
    """One line of the month's entry of ``month`` too high by ``amount``."""
    wrong = ((ledger["date"].dt.strftime("%Y-%m") == month) & (ledger["account"] == "613200")).to_numpy()
    return ledger.assign(debit=ledger["debit"] + np.where(wrong, amount, 0.0))


def noted(made, name: str):
    return next(one for one in made.assumptions if one.name == name)


def test_all_balances_are_of_the_day_before_the_plan():
    made = basis(ledger=books("2026-09"))
    day = month_start(made.inputs.start) - 1
    for name in ("opening_cash", "opening_receivables", "opening_payables", "opening_vat", "opening_tax"):
        assert (noted(made, name).day, noted(made, name).reason) == (day, "reason.planning.rolled_forward")
    opening = build_plan(made.inputs, made.rules).opening
    assert opening["total_assets"] == pytest.approx(opening["total_liabilities_and_equity"], abs=0.005)


def test_tax_that_fell_due_between_was_paid_from_cash():
    """The books' last VAT was due in the month after: it is no longer owed, and the money is gone."""
    with_tax, without = (
        basis(ledger=books("2026-09", opening={**OPENING, "445710": -vat, "512000": 17_500.0 + vat}))
        for vat in (2_500.0, 0.0)
    )
    assert with_tax.inputs.vat.opening == pytest.approx(without.inputs.vat.opening, abs=0.01)
    # As much as the bank held more, to pay it: the same is left.
    assert with_tax.inputs.opening.cash == pytest.approx(without.inputs.opening.cash, abs=0.01)


def test_what_is_carried_is_the_plan_from_the_books_end_with_what_was_sold():
    """A plan that starts when the books end has after a month what one starts with that starts then."""
    told = {"stock_cover_days": 45, "opening": {"stock": 5_000}}
    early = basis({**told, "start": "2026-10"}, ledger=books("2026-09"))
    late = basis({**told, "start": "2026-11"}, ledger=books("2026-09"))
    first = build_plan(early.inputs, early.rules)
    assert early.inputs.turnover[0, 1:6] == pytest.approx(late.inputs.turnover[0, :5])
    others = ("receivables", "fixed_assets", "loans", "social_payable")
    held = build_plan(late.inputs, late.rules).opening
    for name in others:
        assert held[name] == pytest.approx(first.line(name)[0], abs=0.02), name
    # Stock was told for both days: goods for it were bought otherwise, in cash, bills and VAT alone.
    net = [one["cash"] - one["payables"] - one["vat_payable"] + one["vat_receivable"] for one in (
        held, {name: first.line(name)[0] for name in ("cash", "payables", "vat_payable", "vat_receivable")}
    )]  # fmt: skip
    assert net[0] - net[1] == pytest.approx(first.line("stock")[0] - 5_000, abs=0.05)


def test_without_a_month_between_the_books_are_taken_as_they_are():
    made = basis(ledger=books("2026-11", months=11))
    assert made.inputs.start == 683
    cash = noted(made, "opening_cash")
    assert (cash.value, cash.reason) == (20_000 + 11 * 1_500, "reason.planning.booked_balance")
    assert cash.day == month_start(683) - 1


def test_books_too_old_are_not_carried_on():
    made = basis(ledger=books("2026-04"))
    assert {"reason.planning.books_too_old", UNKNOWN} <= set(made.reasons)
    assert noted(made, "opening_cash").made_by == "default"


def test_a_running_loan_was_larger_before():
    loan = LoanEntry(amount=10_000, rate=0.06, months=20)
    before = owed_before(loan, 4)
    paid = schedule(Loan(before, 0, 0.06, 24))[:4, 2].sum()
    assert before - paid == pytest.approx(10_000, abs=0.05)
    assert owed_before(loan.model_copy(update={"kind": "linear"}), 5) == 12_500
    assert owed_before(loan.model_copy(update={"kind": "bullet"}), 5) == 10_000


def test_the_year_so_far_is_reckoned_where_there_are_no_books():
    """Sales known × margin − costs entered, of the accounting year's months before the plan."""
    free = dict.fromkeys(
        ("carriage_rate", "payment_fee_rate", "payment_fee_fixed", "marketplace_fee_rate", "marketing"), 0
    )
    made = basis({"margin_rate": 0.5, "rent": 100, "return_rate": 0, "return_loss": 0, **free})
    start = made.inputs.start
    past = made_up().sales.entries
    sold = past[past["month"].between(start - 11, start - 2).to_numpy()]["net_invoiced"].sum()
    november = made_up().turnover_forecast.months.set_index("month")["mean"][start - 1]
    # Nothing else costs: no staff, no loan; twelve months less December, which is the plan's first.
    expected = 0.5 * (sold + november) - 11 * 100
    note = noted(made, "profit_so_far")
    assert (note.made_by, note.reason) == ("default", "reason.planning.year_reckoned")
    assert note.value == pytest.approx(expected, abs=1.0)
    assert made.inputs.tax.opening is None
    plan = build_plan(made.inputs, made.rules)
    assert plan.opening["tax_position"] == pytest.approx(0.15 * min(max(expected, 0), 42_500), abs=1.0)


def test_an_entry_that_does_not_balance_is_named():
    gaps = ledger_gaps(with_error(books("2026-10"), "2026-08", 70.0))
    assert len(gaps) == 1
    one = gaps.iloc[0]
    assert (one["month"], one["journal"], one["entry"]) == (679, "OD", "OD-202608") or one["entry"] == ""
    assert one["gap"] == pytest.approx(70.0)
    assert ledger_gaps(books("2026-10")).empty


def test_among_many_entries_the_wrong_one_is_told_apart():
    ledger = books("2026-10")
    more = ledger[ledger["date"].dt.month.eq(8)].assign(entry_group="OD-other")
    wrong = pd.concat([with_error(ledger, "2026-08", 70.0), more], ignore_index=True)
    assert ledger_gaps(wrong)[["journal", "entry"]].to_numpy().tolist() == [["OD", "OD-202608"]]


def test_transactions_of_accounts_do_not_accuse_each_account():
    ledger = books("2026-10")
    by_account = ledger.assign(entry_group=ledger["account"], journal=ledger["account"])
    assert ledger_gaps(by_account).empty
    gaps = ledger_gaps(with_error(by_account, "2026-08", 70.0))
    assert gaps[["journal", "entry"]].to_numpy().tolist() == [["", ""]]


def test_a_month_that_does_not_balance_tells_nothing():
    plain, wrong = books("2026-10"), with_error(books("2026-10"), "2026-08", 9_000.0)
    facts = ledger_facts(wrong, "FR")
    assert facts.costs["rent"] == ledger_facts(plain, "FR").costs["rent"] == 500.0
    assert facts.reason == "reason.planning.ledger_unbalanced"
    assert facts.end == 678  # July: the last month end before the wrong entry
    assert facts.balances["cash"] == 20_000 + 6 * 1_500


def test_balances_brought_forward_anew_are_trusted_again():
    ledger = with_error(books("2026-08"), "2026-05", 40.0)
    again = books("2026-10", months=2)
    facts = ledger_facts(pd.concat([ledger[ledger["date"] < "2026-09-01"], again], ignore_index=True), "FR")
    assert (facts.end, facts.balances["cash"]) == (681, 23_000.0)


def test_no_plan_takes_its_cash_from_books_that_never_balance():
    first = {**OPENING, "101300": -17_000.0}
    made = basis(ledger=books("2026-11", opening=first))
    assert {UNKNOWN, "reason.planning.ledger_unbalanced"} <= set(made.reasons)
    assert noted(made, "opening_cash").made_by == "default"
    gap = noted(made, "ledger_gap")
    assert (gap.value, gap.about.split(" · ")[0]) == (pytest.approx(900.0), "2026-03")
    lines = build_plan(made.inputs, made.rules).lines
    assert np.abs(lines["total_assets"] - lines["total_liabilities_and_equity"]).max() < 0.005


def test_nothing_reassuring_is_said_of_books_that_do_not_balance():
    ledger = with_error(books("2026-11"), "2026-10", 9)
    made = firm(ledger=ledger)
    view = View(made, made.speaker("en"))
    following = planning(view)[2]
    assert UNKNOWN not in made.plan_basis.reasons
    assert view.say("reason.planning.ledger_unbalanced") in following
    assert noted(made.plan_basis, "ledger_gap").about.startswith("2026-10")


def test_the_books_months_are_the_plan_s_lines_and_sum_to_their_result():
    ledger = books("2026-10")
    extra = ledger.iloc[[-1, -1]].assign(account=["671000", "512000"], debit=[30.0, 0.0], credit=[0.0, 30.0])
    lines = booked_lines(pd.concat([ledger, extra], ignore_index=True), "FR")
    last = lines[lines["month"] == 681].set_index("line")["value"]
    assert last[["turnover", "cost_of_sales", "rent", "staff_gross"]].tolist() == [6_000, 3_000, 500, 1_000]
    assert last["unplaced"] == pytest.approx(30.0)
    assert last["cash"] == 20_000 + 9 * 1_500 - 30
    wrong = booked_lines(with_error(ledger, "2026-08", 5.0), "FR")
    assert 679 not in set(wrong["month"]) and 681 in set(wrong["month"])
    assert set(wrong.loc[wrong["line"] == "cash", "month"]) == set(range(673, 679))

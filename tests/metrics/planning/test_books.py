"""The past from the books: sums by account class, the forms of both countries, balances that close."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.countries.statements import statements_of
from echannel.metrics.planning.books import balances, by_class, profit_and_loss, read_books, working_capital
from echannel.metrics.result import INPUT_MISSING, OK, TOO_FEW

PCG = (
    *("101300", "110000", "164000", "218300", "281830", "370000", "401000", "411:ab12", "421000", "431000"),
    *("444000", "445510", "445710", "455000", "471000", "512000", "530000", "603100", "603700", "601000"),
    *("607000", "609700", "606100", "613200", "626000", "635110", "641100", "645000", "654000", "655000"),
    *("661160", "671000", "675000", "681120", "686000", "687000", "691000", "695000", "699000", "701000"),
    *("706000", "707000", "708500", "709700", "713000", "722000", "741000", "747000", "755000", "757000"),
    *("761000", "771000", "775000", "781000", "786000", "787000", "791000", "796000", "797000", "730000"),
)
SAGE = {
    "bank": "Bank", "receivables": "Debtors", "stock": "Stock", "current_assets": "VAT on purchases",
    "fixed_assets": "Vans", "payables": "Creditors", "current_liabilities": "Corporation Tax",
    "long_term_liabilities": "Loan", "equity": "Capital", "sales": "Sales", "other_income": "Rent received",
    "cost_of_sales": "Purchases", "expenses": "Rates", "depreciation": "Depreciation",
}  # fmt: skip


def ledger(rows: list[tuple[str, str, str, float]], classes: dict[str, str] | None = None) -> pd.DataFrame:
    """Lines of (date, journal, account, debits less credits)."""
    frame = pd.DataFrame(rows, columns=["date", "journal", "account", "amount"])
    known = frame["account"].str[0] if classes is None else frame["account"].map(classes)
    return pd.DataFrame(
        {
            "date": pd.to_datetime(frame["date"]).astype("datetime64[us]"),
            "journal": frame["journal"],
            "account": frame["account"],
            "account_class": known,
            "label": frame["account"],
            "debit": frame["amount"].clip(lower=0),
            "credit": (-frame["amount"]).clip(lower=0),
        }
    )


def french(rows) -> pd.DataFrame:
    return ledger(rows)


@st.composite
def french_ledgers(draw) -> pd.DataFrame:
    pairs = draw(
        st.lists(
            st.tuples(st.integers(0, 700), st.sampled_from(PCG), st.sampled_from(PCG), st.integers(1, 10**6)),
            min_size=1, max_size=40,
        )
    )  # fmt: skip
    rows = []
    for day, debit, credit, amount in pairs:
        on = str((pd.Timestamp("2024-01-01") + pd.Timedelta(days=day)).date())
        rows += [(on, "OD", debit, amount / 100), (on, "OD", credit, -amount / 100)]
    return french(rows)


@settings(max_examples=40, deadline=None)
@given(french_ledgers(), st.integers(1, 12))
def test_the_result_is_class_7_less_class_6_in_every_period(lines, first_month):
    books = read_books(lines, statements_of("FR"))
    for by in ("month", "year"):
        found = profit_and_loss(books, by, first_month)
        net = found[found["line"] == "net_result"].set_index("period")["value"]
        for period, value in net.items():
            months = lines["date"].dt.year * 12 + lines["date"].dt.month - 1 - 1970 * 12
            inside = lines[(months >= period) & (months < period + (1 if by == "month" else 12))]
            six, seven = (
                (inside["credit"] - inside["debit"])[inside["account"].str.startswith(one)].sum()
                for one in "67"
            )
            assert value == pytest.approx(seven + six, abs=1e-6)
        leaves = found[~found["is_sum"]].groupby("period")["value"].sum()
        assert np.allclose(leaves, net)


@settings(max_examples=40, deadline=None)
@given(french_ledgers())
def test_assets_are_debts_equity_and_result_at_every_month_end(lines):
    found = balances(read_books(lines, statements_of("FR")))
    signed = found["value"] * np.where(found["side"] == "debit", 1, -1)
    assert signed.groupby(found["month"]).sum().abs().max() < 1e-6


def test_by_class_equals_a_sum_line_by_line():
    lines = french([("2024-02-03", "VE", "707000", -100.0), ("2024-02-03", "VE", "411000", 120.0),
                    ("2024-02-03", "VE", "445710", -20.0), ("2025-02-03", "AC", "607000", 40.0),
                    ("2025-02-03", "AC", "401000", -40.0)])  # fmt: skip
    found = by_class(read_books(lines, statements_of("FR"))).set_index(["period", "account_class"])["value"]
    brute = {}
    for row in lines.itertuples():
        key = ((row.date.year - 1970) * 12, row.account[0])
        brute[key] = brute.get(key, 0.0) + row.credit - row.debit
    assert {key: value for key, value in found.items() if value} == pytest.approx(brute)


# Figures of a worked example: each account once, so that each balance is told by hand.
SIG = [
    ("707000", -1000), ("709700", 10), ("607000", 400), ("603700", 20), ("609700", -5),
    ("706000", -200), ("713000", -30), ("722000", -15), ("601000", 60), ("606100", 40), ("613200", 90),
    ("626000", 25), ("741000", -12), ("635110", 18), ("641100", 200), ("645000", 80),
    ("781000", -7), ("791000", -4), ("758000", -3), ("681120", 55), ("654000", 9),
    ("755000", -6), ("655000", 2), ("768000", -1), ("661160", 14), ("686000", 3),
    ("771000", -8), ("675000", 5), ("687000", 4), ("691000", 11), ("695000", 50),
]  # fmt: skip


def test_the_balances_of_the_sig_by_hand():
    rows = [("2024-05-05", "OD", account, float(amount)) for account, amount in SIG]
    rows.append(("2024-05-05", "OD", "512000", -float(sum(amount for _, amount in SIG))))
    found = profit_and_loss(read_books(french(rows), statements_of("FR")), "year")
    value = found.set_index("line")["value"]
    assert value["commercial_margin"] == 1000 - 10 - 400 - 20 + 5
    assert value["production"] == 200 + 30 + 15
    assert value["third_party_consumption"] == -(60 + 40 + 90 + 25)
    assert value["value_added"] == 575 + 245 - 215
    assert value["ebe"] == 605 + 12 - 18 - 280
    assert value["operating_result"] == 319 + 7 + 4 + 3 - 55 - 9
    assert value["current_result"] == 269 + 6 - 2 + 1 - 14 - 3
    assert value["exceptional_result"] == 8 - 5 - 4
    assert value["net_result"] == 257 - 1 - 11 - 50


def test_balances_brought_forward_count_once():
    rows = [
        ("2024-01-01", "opening", "512000", 100.0), ("2024-01-01", "opening", "101300", -100.0),
        ("2024-03-10", "VE", "512000", 50.0), ("2024-03-10", "VE", "707000", -50.0),
        ("2025-01-01", "opening", "512000", 150.0), ("2025-01-01", "opening", "101300", -100.0),
        ("2025-01-01", "opening", "120000", -50.0),
        ("2025-02-10", "AC", "607000", 30.0), ("2025-02-10", "AC", "512000", -30.0),
    ]  # fmt: skip
    books = read_books(french(rows), statements_of("FR"))
    found = balances(books).set_index(["month", "line"])["value"]
    month = (2024 - 1970) * 12
    assert [found[month + at, "cash"] for at in (0, 2, 11, 12, 13)] == [100, 150, 150, 150, 120]
    assert [found[month + at, "equity"] for at in (0, 11, 12)] == [100, 100, 150]
    assert [found[month + at, "result"] for at in (2, 11, 12, 13)] == [50, 50, 0, -30]
    once = read_books(french([row for row in rows if row[:2] != ("2025-01-01", "opening")]), books.statements)
    assert np.array_equal(once.held.sum(axis=0), books.held.sum(axis=0))
    year = profit_and_loss(books, "year").set_index(["period", "line"])["value"]
    assert year[month, "net_result"] == 50 and year[month + 12, "net_result"] == -30


def test_books_that_miss_a_year_go_on_from_what_was_brought_forward():
    rows = [
        ("2023-01-01", "opening", "512000", 100.0), ("2023-01-01", "opening", "101300", -100.0),
        ("2025-01-01", "opening", "512000", 900.0), ("2025-01-01", "opening", "101300", -900.0),
    ]  # fmt: skip
    found = balances(read_books(french(rows), statements_of("FR")))
    cash = found[found["line"] == "cash"].set_index("month")["value"]
    assert cash.iloc[0] == cash.iloc[23] == 100 and cash.iloc[24] == 900


def test_books_that_do_not_balance_are_shown_with_the_difference():
    rows = [("2024-05-05", "VE", "707000", -100.0), ("2024-05-05", "VE", "411000", 119.5)]
    books = read_books(french(rows), statements_of("FR"))
    assert books.gap == 19.5
    assert (books.status, books.reason) == (INPUT_MISSING, "reason.planning.ledger_unbalanced")
    found = profit_and_loss(books).set_index("line")
    assert found.loc["net_result", "value"] == 100 and found.loc["net_result", "status"] == INPUT_MISSING


def test_accounts_of_no_class_are_named():
    rows = [("2024-05-05", "x", "200", -100.0), ("2024-05-05", "x", "999", 100.0)]
    books = read_books(ledger(rows, {"200": "sales"}), statements_of("GB"))
    assert books.loose == 100.0 and books.reason == "reason.planning.accounts_without_class"


def test_no_ledger_and_no_form_are_nothing():
    assert read_books(french([]), statements_of("FR")) is None
    assert statements_of("DE") is None and statements_of("../x") is None
    assert read_books(french([("2024-05-05", "VE", "707000", -1.0)]), None) is None


def test_the_british_form_goes_by_class_and_name():
    amounts = {"sales": -1000, "cost_of_sales": 400, "expenses": 300, "depreciation": 40, "other_income": -10}
    classes = {SAGE[name]: name for name in SAGE} | {
        "Interest paid": "expenses",
        "Corporation tax": "expenses",
    }
    rows = [("2024-05-05", "x", SAGE[name], float(amount)) for name, amount in amounts.items()]
    rows += [("2024-05-05", "x", "Interest paid", 20.0), ("2024-05-05", "x", "Corporation tax", 47.5)]
    rows += [("2024-05-05", "x", "Bank", 250.0), ("2024-05-05", "x", "Corporation Tax", -47.5)]
    books = read_books(ledger(rows, classes), statements_of("GB"))
    value = profit_and_loss(books, "year", 4).set_index("line")["value"]
    assert value["gross_profit"] == 600 and value["operating_result"] == 600 - 300 - 40 + 10
    assert value["profit_before_tax"] == 250 and value["net_result"] == 202.5
    held = balances(books).set_index("line")["value"]
    assert held["cash"] == 250 and held["other_tax"] == 47.5 and held["result"] == 202.5


def test_working_capital_is_that_of_vector_v6():
    """V6: stock 45,000 + receivables 36,000 − payables 28,000 − VAT and social 9,000 = 44,000, 53.5 days."""
    rows = [
        ("2024-01-01", "opening", account, float(amount))
        for account, amount in (
            ("370000", 45_000),
            ("411000", 36_000),
            ("401000", -28_000),
            ("445510", -9_000),
            ("101300", -44_000),
        )
    ]
    for month in range(1, 13):  # 300,000 ex VAT a year, paid at once
        day = f"2024-{month:02d}-15"
        moves = {
            "411000": (30_000, -30_000), "707000": (-25_000,), "445710": (-5_000, 5_000),
            "607000": (10_000,), "401000": (-12_000, 12_000), "445660": (2_000, -2_000),
            "512000": (25_000, -12_000, 2_000),
        }  # fmt: skip
        rows += [(day, "OD", account, float(one)) for account, all_ in moves.items() for one in all_]
    found = working_capital(read_books(french(rows), statements_of("FR"))).set_index(["month", "measure"])
    last = found.loc[(2024 - 1970) * 12 + 11]
    days = 366
    assert last.loc["bfr", "value"] == 44_000
    assert last.loc["bfr_days", "value"] == pytest.approx(53.5 * days / 365, abs=0.05)
    assert last.loc["dso", "value"] == pytest.approx(36_000 / 360_000 * days)
    assert last.loc["dpo", "value"] == pytest.approx(28_000 / 144_000 * days)
    assert last.loc["dio", "value"] == pytest.approx(45_000 / 120_000 * days)
    first = found.loc[(2024 - 1970) * 12]
    assert first.loc["dso", "status"] == TOO_FEW and first.loc["bfr", "status"] == OK

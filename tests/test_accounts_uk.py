"""Ledgers and trial balances of British software: headings, totals, signs, days, classes, differences."""

from __future__ import annotations

import json

import pytest
from books_help import by_account, cents, connect, fec, ledger, notes, read_books, sale
from hypothesis import given, settings
from hypothesis import strategies as st

XERO = """Account Transactions
Canary Instruments Ltd
For the period 1 September 2026 to 30 September 2026

Date,Source,Description,Reference,Debit,Credit,Running Balance,Gross,VAT
Business Bank Account,,,,,,,,
Opening Balance,,,,"50,000.00",,"50,000.00",,
02 Sep 2026,Payable Payment,Canary Components,ASH-6100,,"1,960.17",48039.83,,
05 Sep 2026,Receivable Payment,Canary Smith,INV-1,"2,400.00",,50439.83,,
Total Business Bank Account,,,,"2,400.00","1,960.17",,,
Closing Balance,,,,"50,439.83",,,,
Accounts Payable,,,,,,,,
02 Sep 2026,Payable Payment,Canary Components,ASH-6100,"1,960.17",,,,
Total Accounts Payable,,,,"1,960.17",,,,
Sales (200),,,,,,,,
05 Sep 2026,Receivable Invoice,Canary Smith,INV-1,,"2,500.00",,,
05 Sep 2026,Receivable Credit Note,Canary Smith,CN-1,,(100.00),,,
Total Sales (200),,,,,"2,400.00",,,
Total,,,,"4,360.17","4,360.17",,,
"""
QUICKBOOKS = """Canary Plumbing Ltd,,,,,,,,
General Ledger,,,,,,,,
"January 1 - December 31, 2025",,,,,,,,
,,,,,,,,
,Date,Transaction Type,Num,Name,Memo/Description,Split,Amount,Balance
1010 Current account,,,,,,,,
,Beginning Balance,,,,,,,"1,000.00"
,26/03/2025,Payment,,Canary Smith,Paid,Debtors,120.00,"1,120.00"
,27/03/2025,Expense,7,Canary Ltd,Fuel,Motor,(20.00),"1,100.00"
Total for 1010 Current account,,,,,,,100.00,
Sales,,,,,,,,
Services,,,,,,,,
,26/03/2025,Invoice,1,Canary Smith,Work,Debtors,120.00,120.00
Total for Services,,,,,,,120.00,
,28/03/2025,Invoice,2,Canary Smith,Goods,Debtors,5.00,125.00
Total for Sales with sub-accounts,,,,,,,125.00,
Motor expenses,,,,,,,,
,27/03/2025,Expense,7,Canary Ltd,Fuel,Current,20.00,20.00
Total for Motor expenses,,,,,,,20.00,
Debtors,,,,,,,,
,28/03/2025,Invoice,2,Canary Smith,Goods,Sales,5.00,5.00
Total for Debtors,,,,,,,5.00,
TOTAL,,,,,,,,
,,,,,,,,
"Accrual Basis Monday, 24 November 2026 10:21 AM GMTZ",,,,,,,,
"""
ACCOUNT_LIST = """Account name,Type,Detail type,Balance
Current account,Bank,Current,5.00
Sales,Income,Sales of Product Income,1.00
Sales:Services,Income,Service Income,1.00
Motor expenses,Expenses,Motor,1.00
Debtors,Accounts receivable (A/R),Accounts Receivable,0.00
"""
JOURNAL = """Date,Transaction Type,Num,Name,Memo/Description,Account,Debit,Credit
26/03/2025,Invoice,1001,Canary Corp,Design,Debtors,"1,250.00",
,,,,Design,Sales,,"1,250.00"
,,,,,,"1,250.00","1,250.00"
27/03/2025,Expense,,Canary Ltd,Fuel,Motor expenses,20.00,
,,,,Fuel,Current account,,19.00
"""


def balance_file(day: str, amounts: dict[str, float]) -> str:
    """A Xero trial balance; accounts are "code,name,type"."""
    rows = [
        f"{account},{value if value > 0 else ''},{-value if value < 0 else ''},1"
        for account, value in amounts.items()
    ]
    total = sum(value for value in amounts.values() if value > 0)
    head = f"Trial Balance\nCanary Ltd\nAs at {day}\n\n"
    head += "Account Code,Account,Account Type,Debit - Year to date,Credit - Year to date,31 Mar 2024\n"
    return head + "\n".join(rows) + f"\nTotal,,,{total},{total},\n"


BANK, SALES, RESERVES = "090,Bank,Bank", "200,Sales,Revenue", "960,Retained Earnings,Equity"


def test_xero_s_transactions_stand_under_their_accounts_without_totals_and_opening_balances(tmp_path):
    batches = read_books(
        tmp_path, {"ledger.csv": XERO}, classes={"200": "sales", "Business Bank Account": "bank"}
    )
    lines = ledger(batches)
    assert by_account(lines) == {"Business Bank Account": 43983, "Accounts Payable": 196017, "200": -240000}
    assert cents(lines["debit"]).sum() == cents(lines["credit"]).sum() == 436017
    assert lines["account_class"].astype(object).fillna("").tolist() == ["bank", "bank", "", "sales", "sales"]
    assert lines["date"].dt.day.tolist() == [2, 5, 2, 5, 5]
    assert notes(batches)["accounts.note.balances_left_out"]["n"] == 2
    assert "accounts.note.not_whole" not in notes(batches)
    assert "canary" not in (lines.to_csv() + str(notes(batches))).lower()


def test_an_export_of_some_accounts_only_is_said_to_be_in_part(tmp_path):
    part = XERO.partition("Sales (200)")[0]
    assert notes(read_books(tmp_path, {"ledger.csv": part}))["accounts.note.not_whole"]["gap"] == 2400.0


def test_one_signed_amount_takes_its_side_from_the_account_s_type(tmp_path):
    batches = read_books(tmp_path, {"ledger.csv": QUICKBOOKS, "accounts.csv": ACCOUNT_LIST})
    lines = ledger(batches)
    assert by_account(lines) == {
        "1010": 10000, "Sales:Services": -12000, "Sales": -500, "Motor expenses": 2000, "Debtors": 500,
    }  # fmt: skip
    assert cents(lines["debit"]).sum() == cents(lines["credit"]).sum()
    assert set(lines["account_class"]) == {"bank", "sales", "expenses", "receivables"}


def test_without_the_type_a_signed_amount_is_refused_and_says_what_to_do(tmp_path):
    (batch,) = read_books(
        tmp_path, {"ledger.csv": QUICKBOOKS}, classes={"Sales": "sales", "Sales:Services": "sales"}
    )
    assert set(batch.rejected["reason"]) == {"reason.accounts.side_needs_class"}
    assert batch.rejected["row"].tolist() == [8, 9, 18, 21]
    assert "canary" not in batch.rejected.to_csv().lower()


def test_a_new_list_of_accounts_has_the_ledger_read_again(tmp_path):
    (first,) = read_books(tmp_path, {"ledger.csv": QUICKBOOKS})
    (tmp_path / "accounts.csv").write_text(ACCOUNT_LIST)
    again = list(connect(tmp_path).fetch(first.cursor))
    assert [len(batch.rejected) for batch in again] == [0, 0] and len(ledger(again)) == 6


def test_quickbooks_journal_names_each_entry_on_its_first_line_only(tmp_path):
    batches = read_books(tmp_path, {"journal.csv": JOURNAL})
    lines = ledger(batches)
    assert lines["entry_group"].tolist() == ["Invoice|1001|2025-03-26"] * 2 + ["Expense||2025-03-27"] * 2
    assert notes(batches)["accounts.note.unbalanced"]["gap"] == 1.0


def test_sage_s_numbers_tell_the_class_and_brackets_are_negative(tmp_path):
    text = (
        "N/C,Name,Debit,Credit\n1200,Bank Current Account,500.00,\n4000,Sales Type A,,(20.00)\n"
        "4900,Other,,520.00\n9998,Suspense,,\nTotal,,500.00,500.00\n"
    )
    lines = ledger(read_books(tmp_path, {"tb 2026-03.csv": text}))
    assert by_account(lines) == {"1200": 50000, "4000": 2000, "4900": -52000}
    assert lines["account_class"].astype(object).tolist() == ["bank", "sales", "other_income"]
    assert lines["date"].dt.strftime("%Y-%m-%d").unique().tolist() == ["2026-03-31"]


def test_a_sage_nominal_ledger_is_read_by_its_headers(tmp_path):
    text = (
        "Tran No,Type,N/C,Name,Date,Ref,Details,Debit,Credit\n"
        "1,SI,1100,Debtors Control Account,03/04/2026,INV1,Canary,120.00,0.00\n"
        "1,SI,4000,Sales,03/04/2026,INV1,Canary,0.00,100.00\n"
        "1,SI,2200,Sales Tax Control Account,03/04/2026,INV1,Canary,0.00,20.00\n"
        "2,JD,7100,Rent,30/04/2026,J1,Canary,500.00,0.00\n"
        "2,JC,2109,Accruals,30/04/2026,J1,Canary,0.00,500.00\n"
    )
    lines = ledger(read_books(tmp_path, {"nominal.csv": text}))
    assert lines["account_class"].tolist() == [
        "receivables",
        "sales",
        "current_liabilities",
        "expenses",
        "payables",
    ]
    assert lines["date"].dt.strftime("%m-%d").tolist() == ["04-03"] * 3 + ["04-30"] * 2
    assert by_account(lines)["1100"] == 12000 and "Canary" not in lines.to_csv()


def test_quickbooks_trial_balance_has_accounts_in_a_column_without_a_name(tmp_path):
    text = (
        'Canary Ltd,,\nTrial Balance,,\n"As of March 31, 2026",,\n,,\n,Debit,Credit\n'
        'Current account,"1,000.00",\nSales,,"1,000.00"\nTOTAL,"1,000.00","1,000.00"\n'
    )
    lines = ledger(read_books(tmp_path, {"tb.csv": text, "list.csv": ACCOUNT_LIST}))
    assert by_account(lines) == {"Current account": 100000, "Sales": -100000}
    assert lines["account_class"].tolist() == ["bank", "sales"]
    assert lines["date"].iloc[0].strftime("%Y-%m-%d") == "2026-03-31"


def test_a_trial_balance_counts_by_what_changed_since_the_one_before(tmp_path):
    files = {
        "c.csv": balance_file("30 April 2025", {BANK: 160, SALES: -10, RESERVES: -150}),
        "a.csv": balance_file("31 January 2025", {BANK: 100, SALES: -60, RESERVES: -40}),
        "b.csv": balance_file("31 March 2025", {BANK: 150, SALES: -110, RESERVES: -40}),
    }
    lines = ledger(read_books(tmp_path, files))
    days = {str(day.date()): by_account(part) for day, part in lines.groupby("date")}
    assert days == {
        "2025-01-31": {"090": 10000, "200": -6000, "960": -4000},
        "2025-03-31": {"090": 5000, "200": -5000},
        # A new financial year: sales start from nothing, last year's result is no movement of equity.
        "2025-04-30": {"090": 1000, "200": -1000, "960": -11000, "carried_forward": 11000},
    }
    assert lines.loc[lines["journal"] == "opening", "account"].tolist() == ["090", "960"]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-10**6, 10**6), st.integers(-10**6, 10**6), st.integers(-10**6, 10**6)),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_movements_balance_and_add_up_to_the_balances_they_came_from(tmp_path_factory, months):
    """Brute force: books kept month by month over two years, their balances written and read back."""
    folder = tmp_path_factory.mktemp("tb")
    bank, debts, sales, reserves = 0, 0, 0, 0
    files, turnover = {}, {}
    for at, (income, borrowed, cost) in enumerate(months):
        if at % 4 == 1:  # of January, April, July, October
            reserves, sales = reserves + sales, 0
        bank, debts, sales = bank + income + borrowed - cost, debts - borrowed, sales - income + cost
        day = (
            f"{30 if at % 4 == 1 else 31} {['January', 'April', 'July', 'October'][at % 4]} {2024 + at // 4}"
        )
        amounts = {BANK: bank, "800,Loan,Non-current Liability": debts, SALES: sales, RESERVES: reserves}
        files[f"{at}.csv"] = balance_file(day, {name: value / 100 for name, value in amounts.items()})
        turnover[at] = cost - income
    lines = ledger(read_books(folder, files))
    gaps = (lines["debit"] - lines["credit"]).groupby(lines["date"]).sum()
    assert (gaps.abs() < 0.005).all()
    sums = by_account(lines)
    assert sums.get("090", 0) == bank and sums.get("800", 0) == debts
    assert sums.get("960", 0) == reserves
    assert sums.get("200", 0) == sum(turnover.values())


def test_at_a_change_of_year_an_account_without_a_class_is_refused(tmp_path):
    plain = {
        "a 2025-03-31.csv": "N/C,Name,Debit,Credit\n1200,Bank,5,\nX1,Odd,,5\n",
        "b 2025-04-30.csv": "N/C,Name,Debit,Credit\n1200,Bank,7,\nX1,Odd,,7\n",
    }
    (batch,) = read_books(tmp_path, plain)
    (refused,) = batch.rejected.to_dict("records")
    assert (refused["file"], refused["row"], refused["reason"]) == (
        "b 2025-04-30.csv",
        3,
        "reason.accounts.year_needs_class",
    )


def test_a_trial_balance_needs_its_day_and_one_that_goes_takes_its_lines_along(tmp_path):
    text = "N/C,Name,Debit,Credit\n1200,Bank,5,\n4000,Sales,,5\n"
    (batch,) = read_books(tmp_path, {"tb.csv": text})
    assert batch.rejected["reason"].tolist() == ["error.accounts.no_day"]
    (batch,) = read_books(tmp_path, {"tb.csv": text}, files=[{"match": "*", "as_of": "2026-01-31"}])
    assert len(batch.tables["ledger"]) == 2
    (tmp_path / "tb.csv").rename(tmp_path / "tb 2026-01-31.csv")
    source = connect(tmp_path)
    (first,) = source.fetch({})
    assert list(source.fetch(first.cursor)) == []
    (tmp_path / "tb 2026-01-31.csv").unlink()
    (tmp_path / "tb 2026-02.csv").write_text(text)
    (after,) = source.fetch(first.cursor)
    assert after.notes[0].key == "accounts.note.balance_gone" and after.gone == ("tb 2026-01-31.csv",)
    assert after.emptied == {"ledger": {"trial_balance|2026-01-31"}}
    assert set(after.tables["ledger"]["entry_group"]) == {"trial_balance|2026-02-28"}


def test_names_of_directors_and_partners_are_not_kept(tmp_path):
    text = "N/C,Name,Debit,Credit\n2301,Director's Loan Account - J Canary,,5\n1200,Bank,5,\n"
    lines = ledger(read_books(tmp_path, {"tb 2026-01.csv": text}))
    assert by_account(lines) == {"2301": -500, "1200": 500} and "Canary" not in lines.to_csv()
    named = "Account,Debit,Credit\nDirector's Loan Account - J Canary,,5\nBank,5,\n"
    lines = ledger(read_books(tmp_path, {"tb 2026-01.csv": named}))
    assert "Canary" not in lines.to_csv() and len(by_account(lines)) == 2


PIECES = [
    "|",
    ",",
    "\n",
    '"',
    "\t",
    "é",
    "\x00",
    "Total",
    "(",
    "1e999",
    "20240231",
    "CompteNum",
    "\ufeff",
    "=1+1",
]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_mangled_books_end_in_refusals_too(tmp_path_factory, data):
    sales = [sale(at, f"2024010{at}", 100 * at, 20 * at) for at in range(1, 5)]
    trial = balance_file("31 March 2025", {BANK: 5, SALES: -5})
    text = data.draw(st.sampled_from([fec(sales), XERO, QUICKBOOKS, JOURNAL, ACCOUNT_LIST, trial]))
    for _ in range(data.draw(st.integers(1, 6))):
        start, length = data.draw(st.integers(0, len(text))), data.draw(st.sampled_from([0, 1, 3, 30, 200]))
        text = text[:start] + data.draw(st.sampled_from(PIECES)) + text[start + length :]
    folder = tmp_path_factory.mktemp("odd")
    for batch in read_books(folder, {"x 2025-01-31.txt": text}, data.draw(st.sampled_from(["FR", "GB"]))):
        if "ledger" in batch.tables:
            ledger([batch])
    assert list(connect(folder).check())


@pytest.mark.parametrize(
    "text",
    ["Debit,Credit\n", "N/C,Name,Debit,Credit\n,,,\n", "\n\n\n", "Date,Source,Debit,Credit\nx,y,z,w\n"],
)
def test_odd_files_end_in_refusals_never_in_a_traceback(tmp_path, text):
    for batch in read_books(tmp_path, {"odd 2026-01.csv": text}):
        assert len(batch.rejected) and json.loads(batch.rejected["reason_values"].iloc[0]) is not None


def test_trial_balances_beside_entries_are_left_out_and_said_so(tmp_path):
    tb = balance_file("31 March 2025", {BANK: 100, SALES: -100})
    batches = read_books(tmp_path, {"journal.csv": JOURNAL, "tb.csv": tb})
    assert len(ledger(batches)) == 4 and notes(batches)["accounts.note.balances_beside_ledger"] == {"n": 1}
    state = {name: value for batch in batches for name, value in batch.cursor.items()}
    assert list(connect(tmp_path).fetch(state)) == []
    (tmp_path / "journal.csv").unlink()
    alone = list(connect(tmp_path).fetch(state))
    assert len(ledger(alone)) == 2
    # Entries come: what the balances had made goes.
    (tmp_path / "journal.csv").write_text(JOURNAL)
    state = {name: value for batch in alone for name, value in batch.cursor.items()}
    gone = [batch.emptied for batch in connect(tmp_path).fetch(state) if batch.emptied]
    assert gone == [{"ledger": {"trial_balance|2025-03-31"}}]

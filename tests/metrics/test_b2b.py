"""Concentration, accounts gone quiet, and payment."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from customer_shops import random_shops, shop
from handmade import order
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.countries import country_pack
from echannel.metrics import b2b

JAN_1 = date(2025, 1, 1)


def plain_60(invoiced):
    return {"days": invoiced + timedelta(days=60)}


def number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def invoice(name, ordered, goods, paid=None, due=None, customer="a", **more):
    """A B2B order of ``goods`` ex VAT at 20 %; days are counted from 1 January 2025."""

    def moment(day):
        return None if day is None else str(JAN_1 + timedelta(days=day))

    return order(
        name, moment(ordered), goods, kind="b2b", customer_id=customer, status=more.pop("status", "shipped"),
        paid_at=moment(paid), due_at=moment(due), **more,
    )  # fmt: skip


def by(frame, column):
    return frame.set_index(column)


def accounts_of(*amounts):
    return shop([invoice(f"o{i}", i, goods, customer=f"c{i}") for i, goods in enumerate(amounts)])


def test_concentration_of_known_amounts():
    got = by(b2b.concentration(accounts_of(50, 20, 10, 10, 5, 5)), "measure")["value"]
    assert got["top_1"] == pytest.approx(0.5)
    assert got["top_5"] == pytest.approx(0.95)
    assert got["top_10"] == pytest.approx(1)
    assert got["hhi"] == pytest.approx(0.25 + 0.04 + 2 * 0.01 + 2 * 0.0025)


def test_equal_accounts_have_the_least_concentration():
    got = by(b2b.concentration(accounts_of(*[7.0] * 25)), "measure")
    assert got.loc["hhi", "value"] == pytest.approx(1 / 25)
    assert got.loc["top_5", ["numerator", "denominator", "n"]].tolist() == pytest.approx([35, 175, 25])


def test_consumer_orders_do_not_count():
    sales = shop(
        [invoice("o1", 0, 10), order("o2", "2025-01-02", 1000, customer_id="z", kind="b2c", status="paid")]
    )
    got = b2b.concentration(sales)
    assert got["n"].tolist() == [1] * 4 and set(got["status"]) == {"too_few"}
    only_b2c = shop([order("o2", "2025-01-02", 1000, customer_id="z", kind="b2c", status="paid")])
    for frame in (
        b2b.concentration(only_b2c),
        b2b.days_sales_outstanding(only_b2c),
        b2b.payment_delays(only_b2c),
        b2b.receivables_by_age(only_b2c),
        b2b.beyond_legal_term(only_b2c, plain_60),
    ):
        assert set(frame["status"]) == {"input_missing"} and frame["value"].isna().all()
        assert set(frame["reason"]) == {"reason.b2b.no_orders"}
    assert set(b2b.accounts_at_risk(only_b2c)["reason"]) == {"reason.b2b.no_orders"}


@settings(max_examples=20)
@given(random_shops(kind="b2b"))
def test_shares_grow_with_the_number_of_accounts(sales):
    got = b2b.concentration(sales)
    if got["n"].iloc[0] < 2 or not got["denominator"].iloc[0]:
        return
    top = by(got, "measure")["value"]
    assert 0 < top["top_1"] <= top["top_5"] <= top["top_10"] <= 1 + 1e-9
    assert top["top_1"] ** 2 <= top["hhi"] <= top["top_1"] + 1e-9
    ranked = b2b.top_accounts(sales, count=3)
    assert ranked["share"].iloc[0] == pytest.approx(top["top_1"])
    assert ranked["value"].is_monotonic_decreasing


def regular(customer, every, times, goods=100.0, start=0):
    return [invoice(f"{customer}{i}", start + i * every, goods, customer=customer) for i in range(times)]


def test_accounts_are_judged_by_their_own_rhythm():
    orders = [
        *regular("weekly", 7, 10),  # last on day 63
        *regular("quarterly", 90, 4, goods=900.0),  # last on day 270
        *regular("young", 10, 3, start=0),
        *regular("fine", 20, 15),  # last on day 280
    ]
    got = b2b.accounts_at_risk(shop(orders), as_of=number(JAN_1) + 300)
    assert got["customer_id"].tolist() == ["weekly"]
    row = got.iloc[0]
    assert (row["rhythm"], row["days_since"], row["n"]) == (7, 237, 9)
    assert row["value"] == pytest.approx(237 / 7)
    assert row["turnover"] == pytest.approx(1000)
    later = b2b.accounts_at_risk(shop(orders), as_of=number(JAN_1) + 500)
    # More than a year after its last order, a weekly account is lost, not at risk.
    assert later["customer_id"].tolist() == ["quarterly", "fine"]


def test_without_four_purchases_no_rhythm_is_claimed():
    got = b2b.accounts_at_risk(shop(regular("young", 10, 3)))
    assert got["status"].tolist() == ["too_few"] and got["value"].isna().all()
    nobody = b2b.accounts_at_risk(shop(regular("fine", 10, 8)))
    assert nobody.empty


def test_what_is_open_on_a_day_and_how_late():
    sales = shop(
        [
            invoice("paid", 0, 100, paid=20, due=30),
            invoice("paid-later", 0, 200, paid=100, due=30),
            invoice("not-due", 80, 300, due=110),
            invoice("late", 0, 400, due=30),
            invoice("after", 95, 999, due=125),
        ],
        refunds=[
            {"refund_id": "r", "order_id": "late", "net_amount": 100.0, "vat_amount": 20.0,
             "refunded_at": str(JAN_1 + timedelta(days=50))}
        ],
    )  # fmt: skip
    got = by(b2b.receivables(sales, as_of=number(JAN_1) + 90), "order_id")
    assert got["open"].to_dict() == pytest.approx({"paid-later": 240, "not-due": 360, "late": 360})
    assert got["days_late"].to_dict() == {"paid-later": 60, "not-due": -20, "late": 60}
    ages = by(b2b.receivables_by_age(sales, as_of=number(JAN_1) + 90), "bucket")["value"]
    assert ages.to_dict() == pytest.approx(
        {"not_due": 360, "days_1_30": 0, "days_31_60": 600, "days_61_90": 0, "days_over_90": 0}
    )


@pytest.mark.parametrize(
    ("late", "bucket"),
    [(-5, "not_due"), (0, "not_due"), (1, "days_1_30"), (30, "days_1_30"), (31, "days_31_60"),
     (60, "days_31_60"), (61, "days_61_90"), (90, "days_61_90"), (91, "days_over_90")],
)  # fmt: skip
def test_age_buckets_begin_and_end_where_they_say(late, bucket):
    sales = shop([invoice("x", 0, 10, due=30), invoice("y", 0, 10, paid=5)])
    ages = b2b.receivables_by_age(sales, as_of=number(JAN_1) + 30 + late)
    assert ages.loc[ages["value"] > 0, "bucket"].tolist() == [bucket]


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.integers(1, 1000), st.none() | st.integers(0, 120), st.booleans()),
        min_size=1,
        max_size=25,
    ),
    st.integers(0, 300),
)
def test_ages_sum_to_what_is_open(rows, day):
    orders = [
        invoice(f"o{i}", at, goods, paid=None if wait is None else at + wait, due=at + 30 if due else None)
        for i, (at, goods, wait, due) in enumerate(rows)
    ]
    sales, today = shop(orders), number(JAN_1) + day
    open_now = sum(
        goods * 1.2 for at, goods, wait, _ in rows if at <= day and (wait is None or at + wait > day)
    )
    assert b2b.receivables(sales, today)["open"].sum() == pytest.approx(open_now)
    if any(wait is not None for _, _, wait, _ in rows):
        ages = b2b.receivables_by_age(sales, today)
        assert ages["value"].sum() == pytest.approx(open_now)
        assert ages["n"].sum() == len(b2b.receivables(sales, today))


def test_dso_of_even_sales_paid_after_forty_days_is_forty():
    sales = shop([invoice(f"o{day:03}", day, 100, paid=day + 40) for day in range(200)])
    got = by(b2b.days_sales_outstanding(sales, as_of=number(JAN_1) + 199), "method")
    assert got.loc["ratio", "value"] == pytest.approx(40)
    assert got.loc["count_back", "value"] == pytest.approx(40)
    assert got.loc["ratio", ["numerator", "denominator"]].tolist() == pytest.approx([40 * 120, 90 * 120])


def test_count_back_is_not_misled_by_a_strong_last_month():
    orders = [invoice(f"o{day:03}", day, 1000 if day >= 170 else 100, paid=day + 30) for day in range(200)]
    got = by(b2b.days_sales_outstanding(shop(orders), as_of=number(JAN_1) + 199), "method")["value"]
    assert got["count_back"] == pytest.approx(30)
    assert got["ratio"] > 60


def test_delays_of_known_payments():
    orders = [
        invoice("o0", 0, 100, paid=30, due=30),
        invoice("o1", 0, 100, paid=40, due=30),
        invoice("o2", 0, 100, paid=20, due=30),
        invoice("o3", 0, 700, paid=50, due=30),
        invoice("o4", 0, 100, paid=30),
        invoice("o5", 0, 100),
    ]
    got = by(b2b.payment_delays(shop(orders), terms=30), "measure")
    assert got.loc["days_to_pay", ["value", "n"]].tolist() == [34, 5]
    assert got.loc["days_late", "value"] == pytest.approx((0 + 10 - 10 + 20 + 0) / 5)
    assert got.loc["days_late_weighted", "value"] == pytest.approx(20 * 700 / 1100)
    assert got.loc["late_share", ["numerator", "denominator", "value"]].tolist() == [2, 5, 0.4]


def test_legal_term_counts_what_is_paid_late_or_still_open_beyond_it():
    orders = [
        invoice("in-time", 0, 100, paid=60),
        invoice("late", 0, 100, paid=61),
        invoice("open-beyond", 0, 300),
        invoice("open-within", 50, 500),
        invoice("quick", 90, 100, paid=95),
        invoice("quick2", 91, 100, paid=95),
    ]
    frame = b2b.beyond_legal_term(shop(orders), plain_60, as_of=number(JAN_1) + 100)
    assert frame["counting"].tolist() == ["days"] * 2 + ["every"] * 2
    got = by(frame[frame["counting"] == "days"], "measure")
    assert got.loc["orders", ["numerator", "denominator", "value"]].tolist() == [2, 5, 0.4]
    assert got.loc["amount", "value"] == pytest.approx(400 / 700)


@pytest.mark.parametrize(
    ("country", "last_days"),
    [
        (
            "FR",
            {"days": "2026-06-05", "end_of_month_then_days": "2026-06-14"}
            | {"days_then_end_of_month": "2026-05-31", "every": "2026-06-14"},
        ),
        ("GB", {"default": "2026-05-06", "every": "2026-05-06"}),
    ],
)
def test_each_firm_is_judged_by_its_own_law_in_each_lawful_counting(country, last_days):
    """Vector V7: an invoice of 6 April 2026, paid on the last lawful day or the day after."""
    for counting, last in last_days.items():
        for late in (0, 1):
            paid = pd.Timestamp(last) + pd.Timedelta(days=late)
            orders = [
                order(
                    f"o{n}", "2026-04-06T10:00", 100, kind="b2b", customer_id="a", status="paid", paid_at=paid
                )
                for n in range(5)
            ]
            found = b2b.beyond_legal_term(
                shop(orders), country_pack(country).latest_payment, as_of=number(date(2026, 12, 31))
            )
            assert set(found["counting"]) == set(last_days)
            row = found[(found["counting"] == counting) & (found["measure"] == "orders")].iloc[0]
            assert (row["value"], row["n"], row["status"]) == (late, 5, "ok")


def test_without_a_law_no_term_is_judged():
    orders = [invoice(f"o{n}", n, 100, paid=n + 90) for n in range(6)]
    found = b2b.beyond_legal_term(shop(orders), lambda _: {})
    assert set(found["reason"]) == {"reason.b2b.no_payment_law"} and found["value"].isna().all()


def test_missing_dates_are_said_not_taken_as_unpaid():
    no_payment = shop([invoice(f"o{i}", i, 100, due=i + 30) for i in range(10)])
    for frame in (b2b.days_sales_outstanding(no_payment), b2b.payment_delays(no_payment)):
        assert set(frame["reason"]) == {"reason.b2b.no_paid_dates"} and frame["value"].isna().all()
    no_due = shop([invoice(f"o{i}", i, 100, paid=i + 5) for i in range(10)])
    delays = by(b2b.payment_delays(no_due), "measure")
    assert delays.loc["days_to_pay", "value"] == 5
    assert delays.loc["days_late", "reason"] == "reason.b2b.no_due_dates"
    assert np.isnan(delays.loc["late_share", "value"])


def test_paid_without_a_date_is_neither_open_nor_timed():
    sales = shop([invoice("o0", 0, 100, status="paid"), invoice("o1", 0, 100, paid=3), invoice("o2", 0, 50)])
    got = b2b.receivables(sales, as_of=number(JAN_1) + 50)
    assert got["order_id"].tolist() == ["o2"]
    assert by(b2b.payment_delays(sales), "measure").loc["days_to_pay", "n"] == 1

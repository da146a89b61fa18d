"""One turnover, reconciled."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from handmade import canonical, order
from hypothesis import given
from hypothesis import strategies as st

from echannel.metrics.turnover import BRIDGE_STEPS, COUNTED_STATUSES, as_date, bridge, prepare
from echannel.tables import STATUSES


def sales(orders, lines=(), refunds=(), products=(), by="refund_date"):
    return prepare(
        canonical("orders", orders),
        canonical("order_lines", lines),
        canonical("refunds", refunds),
        canonical("products", products),
        canonical("customers", []),
        canonical("visits", []),
        "EUR",
        by,
    )


HALF_BACK = {
    "refund_id": "r",
    "order_id": "a",
    "net_amount": 50 / 1.2,
    "vat_amount": 50 - 50 / 1.2,
    "refunded_at": "2025-02-10",
}


def test_half_refund_of_100_leaves_41_67_net():
    one = sales([order("a", "2025-01-31", 100 / 1.2)], refunds=[HALF_BACK])
    steps = bridge(one.entries).set_index("step")["value"]
    assert steps["total_gross"] == pytest.approx(100)
    assert round(steps["net_goods"], 2) == 41.67
    assert round(one.lines["net"].sum(), 2) == 41.67


def test_a_refund_counts_on_its_own_day_or_on_its_order_s():
    for by, days in (("refund_date", ["2025-01-31", "2025-02-10"]), ("order_date", ["2025-01-31"] * 2)):
        one = sales([order("a", "2025-01-31", 100 / 1.2)], refunds=[HALF_BACK], by=by)
        assert [as_date(day) for day in one.entries["day"]] == [pd.Timestamp(day) for day in days]


def test_a_credit_note_without_its_order_is_still_its_customers():
    whose = {"customer_id": "x", "kind": "b2b", "channel": "other", "country": "FR"}
    note = {**HALF_BACK, "order_id": None, **whose}
    one = sales([order("a", "2025-01-31", 80, customer_id="y")], refunds=[note])
    back = one.entries[one.entries["entry"] == "refund"].iloc[0]
    assert back[list(whose)].to_dict() == whose
    assert back["order_rank"] == 0
    assert one.select(countries=["FR"]).entries["net_goods"].sum() == pytest.approx(-50 / 1.2)
    linked = sales([order("a", "2025-01-31", 80, customer_id="y")], refunds=[{**note, "order_id": "a"}])
    assert linked.entries["customer_id"].tolist() == ["y", "y"]  # the order knows better


def test_every_step_of_the_bridge_follows_from_the_ones_before():
    one = sales(
        [order("a", "2025-01-31", 80, discount=8, shipping=5), order("b", "2025-02-01", 40, vat=0.055)],
        refunds=[{**HALF_BACK, "net_amount": 20.0, "shipping_net": 5.0}],
    )
    s = bridge(one.entries).set_index("step")["value"]
    assert tuple(s.index) == BRIDGE_STEPS
    paid = s["goods_gross"] + s["shipping_gross"] + s["wrapping_gross"] - s["discount_gross"]
    assert paid == pytest.approx(s["total_gross"])
    assert s["total_gross"] - s["vat"] == pytest.approx(s["invoiced"])
    assert s["invoiced"] - s["refunded"] == pytest.approx(s["net_invoiced"])
    assert s["net_invoiced"] - s["shipping"] == pytest.approx(s["net_goods"])
    assert s["net_goods"] == pytest.approx(80 - 8 + 40 - 15)


def test_cancelled_and_pending_orders_do_not_count_nor_do_their_refunds():
    one = sales(
        [order("a", "2025-01-31", 80, status="cancelled"), order("b", "2025-01-31", 10, status="pending")],
        refunds=[HALF_BACK],
    )
    assert one.entries.empty
    assert one.last_day >= one.first_day > 0


def test_lines_carry_order_discounts_and_sum_to_net_goods():
    lines = [
        {
            "order_id": "a",
            "line_no": 1,
            "product_id": "p",
            "quantity": 2,
            "unit_price_net": 30,
            "net_amount": 60,
        },
        {
            "order_id": "a",
            "line_no": 2,
            "product_id": "q",
            "quantity": 1,
            "unit_price_net": 20,
            "net_amount": 20,
        },
    ]
    one = sales(
        [order("a", "2025-01-31", 80, discount=8), order("b", "2025-01-31", 15)],
        lines,
        products=[{"product_id": "p", "unit_cost": 12.0, "category": "Candles"}],
    )
    net = one.lines.set_index("product_id")["net"]
    assert net["p"] == pytest.approx(54)
    assert net["q"] == pytest.approx(18)
    assert one.lines["net"].sum() == pytest.approx(one.entries["net_goods"].sum())
    assert one.lines.loc[one.lines["product_id"] == "p", "cost"].item() == 24
    assert one.lines.loc[one.lines["product_id"] == "q", "cost"].isna().all()
    assert one.lines.loc[one.lines["entry"] == "unitemised", "net"].item() == pytest.approx(15)


def test_money_is_in_the_reporting_currency():
    one = sales(
        [order("a", "2025-01-31", 100, currency="USD", fx_rate=0.8)],
        [
            {
                "order_id": "a",
                "line_no": 1,
                "product_id": "p",
                "quantity": 1,
                "unit_price_net": 100,
                "net_amount": 100,
            }
        ],
    )
    assert one.entries["net_goods"].sum() == pytest.approx(80)
    assert one.lines["net"].sum() == pytest.approx(80)


def test_selecting_a_period_keeps_the_rank_of_regulars():
    one = sales(
        [order("a", "2024-01-31", 10, customer_id="x"), order("b", "2025-01-31", 10, customer_id="x")]
    )
    later = one.select(since=int(one.orders["day"].max()))
    assert later.orders["order_rank"].tolist() == [2]
    assert later.first_day == later.last_day == one.last_day


MONEY = st.floats(0, 500, allow_nan=False).map(lambda amount: round(amount, 2))
ORDER = st.fixed_dictionaries(
    {
        "day": st.dates(date(2025, 1, 1), date(2025, 12, 31)),
        "goods": MONEY,
        "shipping": MONEY,
        "discount": MONEY,
        "vat": st.sampled_from([0.0, 0.055, 0.2]),
        "status": st.sampled_from(STATUSES),
        "customer": st.sampled_from([None, "x", "y"]),
        "lines": st.lists(st.tuples(st.sampled_from("pqr"), st.integers(1, 5), MONEY), max_size=3),
        "refund": st.one_of(st.none(), MONEY),
    }
)


def random_sales(drawn, by="refund_date"):
    orders, lines, refunds = [], [], []
    for number, one in enumerate(drawn):
        key = f"o{number}"
        orders.append(
            order(
                key,
                str(one["day"]),
                one["goods"],
                one["vat"],
                one["discount"],
                one["shipping"],
                status=one["status"],
                customer_id=one["customer"],
            )
        )
        for line_no, (product, quantity, price) in enumerate(one["lines"]):
            lines.append(
                {
                    "order_id": key,
                    "line_no": line_no,
                    "product_id": product,
                    "quantity": quantity,
                    "unit_price_net": price,
                    "net_amount": quantity * price,
                }
            )
        if one["refund"] is not None:
            refunds.append(
                {
                    "refund_id": f"r{number}",
                    "order_id": key,
                    "product_id": "p",
                    "net_amount": one["refund"],
                    "refunded_at": f"{one['day'] + timedelta(days=40)}",
                }
            )
    return sales(orders, lines, refunds, by=by)


@given(st.lists(ORDER, max_size=12))
def test_lines_and_entries_always_tell_the_same_turnover(drawn):
    one = random_sales(drawn)
    assert one.lines["net"].sum() == pytest.approx(one.entries["net_goods"].sum(), abs=1e-6)
    kept = one.lines["listed"] - one.lines["discount"] - one.lines["net"]
    assert (kept[one.lines["entry"] != "refund"].abs() < 1e-9).all()


@given(
    st.lists(st.tuples(st.integers(1, 4), st.floats(-0.05, 0.05), st.sampled_from([1.0, 0.8])), max_size=9)
)
def test_rounding_is_spread_over_the_lines_and_more_stands_apart(drawn):
    orders, lines = [], []
    for number, (count, slip, rate) in enumerate(drawn):
        goods = 10.0 * count + slip
        orders.append(order(f"o{number}", "2025-01-31", goods, fx_rate=rate))
        lines += [
            {"order_id": f"o{number}", "line_no": n, "product_id": "p", "quantity": 1}
            | {"unit_price_net": 10.0, "net_amount": 10.0}
            for n in range(count)
        ]
    one = sales(orders, lines)
    assert one.lines["net"].sum() == pytest.approx(one.entries["net_goods"].sum(), abs=1e-6)
    assert (one.lines["discount"].abs() < 1e-9).all()  # a cent of rounding is no discount
    apart = set(one.lines.loc[one.lines["entry"] == "unitemised", "order_id"])
    for number, (count, slip, _) in enumerate(drawn):
        if abs(abs(slip) - 0.01 * (count + 1)) > 1e-6:
            assert (f"o{number}" in apart) == (abs(slip) > 0.01 * (count + 1))


@given(st.lists(ORDER, max_size=12))
def test_turnover_is_what_counted_orders_invoiced_less_what_was_given_back(drawn):
    counted = [o for o in drawn if o["status"] in COUNTED_STATUSES]
    by_hand = sum(o["goods"] - o["discount"] - (o["refund"] or 0) for o in counted)
    for by in ("refund_date", "order_date"):
        assert random_sales(drawn, by).entries["net_goods"].sum() == pytest.approx(by_hand, abs=1e-6)


@given(st.lists(ORDER, max_size=12), st.dates(date(2025, 1, 1), date(2026, 3, 1)))
def test_two_halves_of_a_period_add_up_to_the_whole(drawn, cut):
    one = random_sales(drawn)
    day = (cut - date(1970, 1, 1)).days
    halves = [one.select(until=day), one.select(since=day + 1)]
    for frame in ("entries", "lines", "orders"):
        assert sum(len(getattr(half, frame)) for half in halves) == len(getattr(one, frame))
    total = sum(half.entries["net_goods"].sum() for half in halves)
    assert total == pytest.approx(one.entries["net_goods"].sum())


def test_a_refund_that_names_no_product_is_taken_off_each_of_its_order_s():
    lines = [
        {"order_id": "a", "line_no": 1, "product_id": "p", "quantity": 1, "unit_price_net": 60},
        {"order_id": "a", "line_no": 2, "product_id": "q", "quantity": 2, "unit_price_net": 10},
        {"order_id": "b", "line_no": 1, "product_id": "p", "quantity": 1, "unit_price_net": 60},
    ]
    lines = [{**line, "net_amount": line["quantity"] * line["unit_price_net"]} for line in lines]
    paid = {"order_id": "a", "refunded_at": "2025-02-10", "shipping_net": 0.0}
    back = [
        {**paid, "refund_id": "r", "net_amount": 45.0, "shipping_net": 5.0},
        {**paid, "refund_id": "s", "net_amount": 3.0, "order_id": "c"},
        {**paid, "refund_id": "t", "net_amount": 1.0, "product_id": "q"},
    ]
    orders = [
        order("a", "2025-01-31", 80, shipping=5),
        order("b", "2025-01-31", 60),
        order("c", "2025-01-31", 9),
    ]
    one = sales(orders, lines, back)
    refunds = one.lines[one.lines["entry"] == "refund"]
    by_product = refunds.groupby(refunds["product_id"].astype(object), dropna=False)["net"].sum()
    assert by_product["p"] == pytest.approx(-30) and by_product["q"] == pytest.approx(-10 - 1)
    assert by_product[by_product.index.isna()].item() == pytest.approx(-3)  # its order has no lines
    assert one.lines["net"].sum() == pytest.approx(one.entries["net_goods"].sum())

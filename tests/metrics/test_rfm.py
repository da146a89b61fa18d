"""RFM scores and segments."""

from __future__ import annotations

import numpy as np
import pytest
from customer_shops import START, bought, random_shops, shop, uci_online_retail
from hypothesis import given, settings

from echannel.metrics import rfm
from echannel.metrics.customers import customer_table


def customers_with(count: int, orders_of=lambda i: 1):
    """``count`` customers; number i last buys on day i, for i + 1 pounds an order."""
    days = np.datetime64(START) + np.arange(count)
    return bought(*((f"c{i:04}", days[i], float(i + 1)) for i in range(count) for _ in range(orders_of(i))))


def test_quintiles_hold_a_fifth_each_where_nobody_ties():
    scores = rfm.rfm_scores(customers_with(200))
    for letter in ("r", "m"):
        assert scores[letter].value_counts().to_dict() == dict.fromkeys(range(1, 6), 40)
    assert set(scores["f"]) == {1}  # all ordered once: nobody stands above another


def test_small_bases_are_cut_in_three_on_the_same_scale():
    scores = rfm.rfm_scores(customers_with(30))
    assert scores["r"].value_counts().to_dict() == {1: 10, 3: 10, 5: 10}


def test_scores_do_not_depend_on_the_order_of_customers():
    names = [f"c{i}" for i in range(12)]
    days = ["2024-01-01", "2024-02-01", "2024-03-01"] * 4
    one = bought(*zip(names, days, [10.0] * 12, strict=True))
    other = bought(*zip(names[::-1], days[::-1], [10.0] * 12, strict=True))
    scores = [
        rfm.rfm_scores(sales).set_index("customer_id")[["r", "f", "m", "segment"]].sort_index()
        for sales in (one, other)
    ]
    assert (scores[0].to_numpy() == scores[1].to_numpy()).all()
    assert rfm.rfm_scores(one).groupby("recency")["r"].nunique().eq(1).all()


def test_a_better_customer_never_scores_lower():
    scores = rfm.rfm_scores(customers_with(211, orders_of=lambda i: 1 + i % 4))
    for letter, measure, sign in (("r", "recency", -1), ("f", "frequency", 1), ("m", "monetary", 1)):
        ordered = scores.assign(key=sign * scores[measure]).sort_values("key")[letter]
        assert ordered.is_monotonic_increasing


@settings(max_examples=20)
@given(random_shops())
def test_segments_partition_the_customers_and_their_turnover(sales):
    table = customer_table(sales)
    scores = rfm.rfm_scores(sales)
    assert sorted(scores["customer_id"]) == sorted(table["customer_id"])
    assert set(scores["segment"]) <= set(rfm.SEGMENTS)
    segments = rfm.rfm_segments(sales)
    assert segments["segment"].tolist() == list(rfm.SEGMENTS)
    assert segments["n"].sum() == len(table)
    assert segments["orders"].sum() == table["orders"].sum()


def test_every_segment_can_be_reached():
    cells = {rfm._GRID[row, column] for row in range(5) for column in range(4)}
    assert cells == set(rfm.SEGMENTS)


def test_the_best_are_champions_and_the_long_gone_are_lost():
    days = ("2024-05-01", "2024-06-10", "2024-06-20", "2024-06-30")
    best = [(f"b{i}", day, 500.0) for i in range(20) for day in days]
    gone = [(f"g{i}", "2023-01-10", 5.0) for i in range(20)]
    former = [(f"f{i}", day, 600.0) for i in range(20) for day in ("2022-11-01", "2022-12-20")]
    scores = rfm.rfm_scores(bought(*best, *gone, *former)).set_index("customer_id")["segment"]
    assert scores["b3"] == "champions"
    assert scores["f3"] in ("cannot_lose", "at_risk")
    assert scores["g3"] in ("about_to_sleep", "hibernating", "lost")


def test_few_customers_get_no_segment_figures():
    segments = rfm.rfm_segments(customers_with(20))
    assert segments["value"].isna().all() and set(segments["status"]) == {"too_few"}
    assert rfm.rfm_segments(shop([]))["n"].sum() == 0


def test_online_retail_segments_hold_all_turnover():
    segments = rfm.rfm_segments(uci_online_retail())
    assert segments["value"].sum() == pytest.approx(8_911_407.904, abs=0.01)
    assert segments["n"].sum() == 4_338
    assert segments["turnover_share"].sum() == pytest.approx(1)
    shares = segments.set_index("segment")["turnover_share"]
    assert shares["champions"] > 0.5  # a wholesaler lives on its regulars

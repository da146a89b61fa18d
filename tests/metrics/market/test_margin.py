"""Margins abroad: parts that add up, the price that keeps the margin put back, break-even, other rates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.countries.trade import trade_rules
from echannel.metrics.market.crossing import Options, Route
from echannel.metrics.market.margin import (
    PARTS,
    SellingCosts,
    at_other_rates,
    break_even_orders,
    margins,
    price_keeping_margin,
    repriced,
)
from echannel.metrics.market.parcels import parcels_of

TODAY = date(2026, 11, 24)
PLAIN = {"parcel_tax": "not_charged"}


def parcels(prices, **line):
    rows = {"parcel": range(len(prices)), "quantity": 1.0, "unit_price": prices, "hs_code": "691200", **line}
    return parcels_of(pd.DataFrame(rows))


def route(origin="GB", destination="FR", **more):
    return Route(trade_rules(origin, destination, TODAY), 0.2, 0.2, **{"carriage": 8.0, **more})


def test_a_margin_worked_by_hand():
    """Price 100 + 8 for delivery, IOSS; €3 borne by the seller (DDP) with 20 % VAT on it; one currency."""
    costs = SellingCosts(
        outbound=9.0, fee_rate=0.02, fee_fixed=0.25, return_rate=0.1, return_cost=6.0, resaleable=0.5
    )
    found = margins(
        parcels([100.0]), np.array([40.0]), [route()], [costs], Options(terms="ddp", readings=PLAIN)
    )
    assert found["revenue"][0, 0] == 108.0
    assert found["seller_bears"][0, 0] == 3.6
    assert found["payment_fee"][0, 0] == 2.84, "2 % of the 129.60 taken at the checkout, and 0.25"
    assert found["returns"][0, 0] == 9.4, "a tenth of 108 given back + 6 − half of the goods"
    assert found["margin"][0, 0] == pytest.approx(108 - 40 - 9 - 2.84 - 3.6 - 9.4)
    assert found.rate[0, 0] == pytest.approx(43.16 / 108)


def test_parts_add_up_in_the_sellers_currency():
    costs = SellingCosts(7.0, 0.015, 0.3, 0.01, 0.05, 4.0, 0.9)
    abroad = route(currency_rate=1.17, duty_rates={"": 0.07})
    found = margins(parcels([20.0, 300.0]), np.array([9.0, 120.0]), [abroad], [costs], Options(terms="ddp"))
    away = sum(found[part] for part in PARTS[1:-1])
    np.testing.assert_allclose(found["margin"], found["revenue"] - away, atol=1e-6)
    assert found["revenue"][0, 0] == pytest.approx(28.0, abs=0.01)


@settings(max_examples=40)
@given(
    st.floats(3, 400), st.floats(0.2, 0.8), st.floats(0.05, 0.6), st.sampled_from(["dap", "ddp"]),
    st.sampled_from(["GB-FR", "FR-GB", "GB-US", "FR-DE"]), st.floats(0, 0.2), st.sampled_from(["b2c", "b2b"]),
)  # fmt: skip
def test_the_price_put_back_keeps_the_margin(price, share, target, terms, way, duty, kind):
    origin, destination = way.split("-")
    rate = {"GB-FR": 1.17, "FR-GB": 0.85}.get(way, 1.0)
    there = route(origin, destination, currency_rate=rate, duty_rates={"": duty}, clearance_fee=5.0)
    costs = SellingCosts(8.5, 0.015, 0.25, 0.01, 0.04, 5.0, 0.8)
    goods, cost = parcels([round(price, 2)]), np.array([round(price * share, 2)])
    chosen = Options(kind, terms)
    asked = price_keeping_margin(goods, cost, np.array([target]), there, costs, chosen)
    if not np.isfinite(asked[0]):
        return
    back = margins(repriced(goods, asked), cost, [there], [costs], chosen)
    # Each of the steps is rounded to the cent; a cent of price moves all of them.
    assert back["margin"][0, 0] - target * back["revenue"][0, 0] >= -0.06
    limit = {"GB-FR": 150 / 1.17, "FR-GB": 135 / 0.85}.get(way, np.inf)
    cheaper = margins(repriced(goods, asked - 0.1), cost, [there], [costs], chosen)
    if asked[0] - 0.1 > 0 and abs(asked[0] - limit) > 0.2:
        assert cheaper["margin"][0, 0] - target * cheaper["revenue"][0, 0] < 0.06


def test_a_price_that_keeps_the_money_of_a_sale():
    there, costs = route(currency_rate=1.17), SellingCosts(9.0, 0.015, 0.25, 0.02, 0.05, 6.0, 0.9)
    goods, cost, wanted = parcels([25.0, 60.0]), np.array([10.0, 21.0]), np.array([9.5, 30.0])
    asked = price_keeping_margin(goods, cost, wanted, there, costs, Options(terms="ddp"), "money")
    back = margins(repriced(goods, asked), cost, [there], [costs], Options(terms="ddp"))
    assert back["margin"][:, 0] == pytest.approx(wanted, abs=0.04)


def test_a_price_above_the_limit_is_found_on_its_own_side():
    there = route("FR", "GB", duty_rates={"": 0.12}, carriage=0.0)
    goods, cost, target = parcels([100.0]), np.array([120.0]), np.array([0.4])
    asked = price_keeping_margin(goods, cost, target, there, SellingCosts(), Options(terms="ddp"))
    # p − 120 − 0.12 p − 0.2 × 0.12 p = 0.4 p
    assert asked[0] == pytest.approx(np.ceil(120 / (1 - 0.144 - 0.4) * 100) / 100)


def test_where_the_cost_below_the_limit_is_unknown_no_price_above_it_is_offered():
    """Two products without a customs code: how many tariff items they are is open."""
    lines = pd.DataFrame({"parcel": 0, "quantity": 1.0, "unit_price": [10.0, 12.0]})
    there = route(duty_rates={"": 0.0})
    asked = price_keeping_margin(
        parcels_of(lines),
        np.array([8.0]),
        np.array([9.0]),
        there,
        SellingCosts(),
        Options(terms="ddp"),
        "money",
    )
    assert np.isnan(asked[0])


def test_a_marketplace_keeps_its_share_of_all_that_its_customer_pays():
    """Price 100 + 8 of delivery, 3 of flat duty and the VAT on them: 15 % of 133.20, and no payment fee."""
    costs = SellingCosts(outbound=9.0, fee_rate=0.02, fee_fixed=0.25, marketplace_rate=0.15)
    goods, cost = parcels([100.0]), np.array([40.0])
    through = Options(marketplace=True, readings=PLAIN)
    found = margins(goods, cost, [route()], [costs], through)
    assert found["payment_fee"][0, 0] == 0.0 and found["marketplace_fee"][0, 0] == 19.98
    assert found["margin"][0, 0] == pytest.approx(108 - 40 - 9 - 19.98)
    asked = price_keeping_margin(goods, cost, np.array([50.0]), route(), costs, through, "money")
    back = margins(repriced(goods, asked), cost, [route()], [costs], through)
    assert back["margin"][0, 0] == pytest.approx(50.0, abs=0.02) and asked[0] > 100


def test_no_price_keeps_a_margin_that_the_fees_eat():
    asked = price_keeping_margin(
        parcels([10.0]), np.array([5.0]), np.array([0.99]), route(), SellingCosts(fee_rate=0.02), Options()
    )
    assert np.isnan(asked[0])


def test_the_home_margin_is_kept_at_home_by_the_price_at_home():
    home = Route(trade_rules("GB", "GB", TODAY), 0.2, 0.2, carriage=4.0)
    costs = SellingCosts(5.0, 0.015, 0.2)
    goods, cost = parcels([24.5, 80.0]), np.array([11.0, 30.0])
    rate = margins(goods, cost, [home], [costs]).rate[:, 0]
    assert price_keeping_margin(goods, cost, rate, home, costs) == pytest.approx([24.5, 80.0], abs=0.011)


def test_break_even_is_fixed_over_what_an_order_leaves():
    assert break_even_orders(1200.0, 8.0) == 150.0
    assert break_even_orders(1201.0, 8.0) == 151.0
    assert break_even_orders(0.0, 8.0) == 0.0
    assert np.isinf(break_even_orders(10.0, -1.0))
    assert np.isnan(break_even_orders(np.nan, 8.0))


def test_a_stronger_home_currency_takes_margin_away():
    there = route(currency_rate=1.15)
    costs = SellingCosts(9.0, 0.015, 0.25)
    goods, cost = parcels([100.0]), np.array([40.0])
    found = at_other_rates(goods, cost, there, costs, [1.05, 1.15, 1.25])[0]
    assert found[0] > found[1] > found[2]
    assert found[1] == pytest.approx(margins(goods, cost, [there], [costs])["margin"][0, 0])
    # Abroad nothing moves, so what is taken at home is what is taken there over the rate.
    taken = 108 * 1.15 / 1.25
    fee = round(0.015 * (taken + (taken + 3 * 1 / 1.25 + 2 / 1.25) * 0.2 + 5 / 1.25), 2) + 0.25
    assert found[2] == pytest.approx(taken - 40 - 9 - fee, abs=0.02)


def test_unknown_duty_leaves_the_dap_margin_and_takes_the_ddp_one():
    """Delivered at place, duty is the customer's: the seller's margin is known all the same."""
    there = route(destination="US")
    goods, cost = parcels([100.0]), np.array([40.0])
    dap, ddp = (
        margins(goods, cost, [there], [SellingCosts(9.0)], Options(terms=terms))["margin"][0, 0]
        for terms in ("dap", "ddp")
    )
    assert dap == 59.0 and np.isnan(ddp)
    assert np.isnan(margins(goods, np.array([np.nan]), [there], [SellingCosts()])["margin"][0, 0])
    dearer = replace(there, duty_rates={"": 0.1})
    assert np.isfinite(
        margins(goods, cost, [dearer], [SellingCosts(9.0)], Options(terms="ddp"))["margin"][0, 0]
    )

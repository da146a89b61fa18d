"""Landed cost to the cent: worked examples, limits by a cent, disputed readings, days, and bad input."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.countries.trade import trade_rules
from echannel.errors import UserError
from echannel.metrics.market.crossing import Options, Route
from echannel.metrics.market.landed import ADDED, cents, landed_cost, route_cost
from echannel.metrics.market.parcels import parcels_of

TODAY = date(2026, 11, 24)
PLAIN = {"parcel_tax": "not_charged"}  # the worked examples leave the French tax out
OUTSIDE = {**PLAIN, "charges_in_vat_base": "outside"}


def sent(goods, ship, origin="GB", destination="FR", on=TODAY, options=None, duty=None, fee=0.0, **line):
    """One parcel of one line, in the destination's currency: its steps as plain numbers."""
    goods = goods if isinstance(goods, list) else [goods]
    rows = [{"parcel": "p", "quantity": 1.0, "unit_price": one, "hs_code": f"3406{n:02d}", **line}
            for n, one in enumerate(goods)]  # fmt: skip
    rates = {} if duty is None else {"": duty}
    route = Route(
        trade_rules(origin, destination, on), 0.2, 0.2, carriage=ship, clearance_fee=fee, duty_rates=rates
    )
    landed = landed_cost(parcels_of(pd.DataFrame(rows)), [route], options or Options(readings=PLAIN))
    found = {step: float(values[0, 0]) for step, values in landed.steps.items()}
    return {**found, "regime": landed.regime[0, 0], "collected": landed.collected[0, 0],
            "reason": landed.reason[0, 0], "claims": bool(landed.full_declaration[0, 0])}  # fmt: skip


BRITISH = {"origin_country": "GB", "proven": True}
FRENCH = {"origin_country": "FR", "proven": True}
BORDER = Options(scheme="border", readings=PLAIN)
EXAMPLES = {
    "A1": ((120.0, 8.0), {"options": Options(readings=OUTSIDE)},
           {"flat_duty": 3.0, "vat": 25.6, "total": 156.6}),
    "A2": ((120.0, 8.0), {}, {"flat_duty": 3.0, "vat": 26.2, "total": 157.2}),
    "A3": ((120.0, 8.0), {"options": BORDER, **BRITISH},
           {"customs_value": 128.0, "duty": 0.0, "flat_duty": 0.0, "vat_base": 128.0, "vat": 25.6,
            "total": 153.6}),
    "B": ((90.0, 6.0), {"origin": "FR", "destination": "GB"}, {"duty": 0.0, "vat": 19.2, "total": 115.2}),
    "C1": ((200.0, 10.0), {"origin": "FR", "destination": "GB", **FRENCH},
           {"customs_value": 210.0, "duty": 0.0, "vat_base": 210.0, "vat": 42.0, "total": 252.0}),
    "C2": ((200.0, 10.0), {"origin": "FR", "destination": "GB", "origin_country": "CN", "duty": 0.12},
           {"customs_value": 210.0, "duty": 25.2, "vat_base": 235.2, "vat": 47.04, "total": 282.24}),
    "D1": ((1000.0, 40.0), {"options": Options("b2b", readings=PLAIN), **BRITISH},
           {"customs_value": 1040.0, "duty": 0.0, "vat": 208.0, "total": 1248.0, "net_total": 1040.0}),
    "D2": ((1000.0, 40.0), {"options": Options("b2b", readings=PLAIN), "origin_country": "CN", "duty": 0.12},
           {"duty": 124.8, "vat_base": 1164.8, "vat": 232.96, "total": 1397.76, "net_total": 1164.8}),
    "V9, one tariff item": ((60.0, 8.0), {}, {"flat_duty": 3.0, "vat": 14.2, "total": 85.2}),
    "V9, two tariff items": (([35.0, 25.0], 8.0), {}, {"flat_duty": 6.0, "vat": 14.8, "total": 88.8}),
    "V9, on the last day of the relief": ((60.0, 8.0), {"on": date(2026, 6, 30)},
                                          {"flat_duty": 0.0, "vat": 13.6, "total": 81.6}),
    "V10, origin not proven": ((200.0, 15.0), {"origin": "FR", "destination": "GB", "origin_country": "FR",
                                               "duty": 0.12}, {"duty": 25.8, "vat": 48.16, "total": 288.96}),
    "V10, origin proven": ((200.0, 15.0), {"origin": "FR", "destination": "GB", "duty": 0.12, **FRENCH},
                           {"duty": 0.0, "total": 258.0}),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_worked_examples_to_the_cent(name):
    (goods, ship), more, expected = EXAMPLES[name]
    found = sent(goods, ship, **more)
    assert {step: found[step] for step in expected} == pytest.approx(expected, abs=1e-9)
    assert found["reason"] == ""


def test_the_examples_are_those_of_the_research():
    shared = os.environ.get("ECHANNEL_SHARED")
    path = Path(shared or "") / "market/landed_cost_examples.json"
    if not shared or not path.is_file():
        pytest.skip("the research is not beside the project")
    theirs = json.loads(path.read_text(encoding="utf-8"))
    for name, (_, _, expected) in EXAMPLES.items():
        found = [case for title, case in theirs.items() if title.split()[0] == name]
        for case in found:
            named = {"net_total": "net_cost_after_deduction"}
            both = {step: case[named.get(step, step)] for step in expected if named.get(step, step) in case}
            assert both and both == pytest.approx({step: expected[step] for step in both})


@pytest.mark.parametrize(
    ("origin", "destination", "limit", "below", "above"),
    [("GB", "FR", 150.0, "flat", "tariff"), ("FR", "GB", 135.0, "relief", "tariff")],
)
def test_a_cent_moves_a_parcel_over_the_limit(origin, destination, limit, below, above):
    how = {"origin": origin, "destination": destination, "duty": 0.12, "origin_country": "CN"}
    at, over = sent(limit, 9.0, **how), sent(limit + 0.01, 9.0, **how)
    assert (at["regime"], over["regime"]) == (below, above)
    assert at["duty"] == 0.0 and over["duty"] == round((limit + 9.01) * 0.12 + 1e-9, 2)
    assert (at["collected"], over["collected"]) == ("seller", "customer_at_border")


def test_the_limit_is_held_against_goods_after_discount_without_carriage():
    half = Options(discount=0.5, readings=PLAIN)
    assert sent(299.99, 80.0, options=half, duty=0.12)["regime"] == "flat"
    assert sent(300.04, 0.0, options=half, duty=0.12)["regime"] == "tariff"


def test_limits_are_held_against_the_converted_value():
    """€150 = £125.07 and £135 = €161.91 at 0.8338 pounds for a euro."""
    lines = pd.DataFrame({"parcel": ["under", "over"], "quantity": 1.0, "unit_price": [125.07, 125.08],
                          "hs_code": "340600"})  # fmt: skip
    to_france = Route(trade_rules("GB", "FR", TODAY), 0.2, currency_rate=1 / 0.8338)
    assert landed_cost(parcels_of(lines), [to_france]).regime[:, 0].tolist() == ["flat", "tariff"]
    lines["unit_price"] = [161.91, 161.92]
    to_britain = Route(trade_rules("FR", "GB", TODAY), 0.2, currency_rate=0.8338)
    assert landed_cost(parcels_of(lines), [to_britain]).regime[:, 0].tolist() == ["relief", "tariff"]


def test_disputed_scope_without_ioss():
    made_elsewhere = {"origin_country": "CN", "duty": 0.12}
    wide = sent(100.0, 10.0, options=BORDER, **made_elsewhere)
    narrow = Options(scheme="border", readings={**PLAIN, "flat_duty_scope": "ioss_only"})
    by_tariff = sent(100.0, 10.0, options=narrow, **made_elsewhere)
    assert (wide["flat_duty"], wide["duty"]) == (3.0, 0.0)
    assert (by_tariff["flat_duty"], by_tariff["duty"]) == (0.0, 13.2)
    both = Options(readings={**PLAIN, "flat_duty_scope": "ioss_only"})
    assert sent(100.0, 10.0, options=both)["flat_duty"] == 3.0, "through IOSS it is due on either reading"


def test_origin_helps_only_outside_ioss_and_only_on_one_reading():
    assert sent(100.0, 0.0, **BRITISH)["flat_duty"] == 3.0
    assert sent(100.0, 0.0, options=BORDER, **BRITISH)["flat_duty"] == 0.0
    assert sent(100.0, 0.0, options=BORDER, **BRITISH)["claims"]
    nowhere = Options(scheme="border", readings={**PLAIN, "preference": "none"})
    assert sent(100.0, 0.0, options=nowhere, **BRITISH)["flat_duty"] == 3.0


def test_dispatch_is_not_origin_and_origin_without_proof_is_none():
    for line in ({"origin_country": "CN", "proven": True}, {"origin_country": "GB"}, {}):
        assert sent(400.0, 0.0, duty=0.1, **line)["duty"] == 40.0
    assert sent(400.0, 0.0, duty=0.1, **BRITISH)["duty"] == 0.0
    assert sent(400.0, 0.0, duty=0.1, origin_country="FR", proven=True)["duty"] == 40.0, "goods coming back"


def test_french_tax_and_handling_fee_are_charged_only_where_and_when_they_hold():
    charged = Options(readings={"parcel_tax": "charged"})
    assert sent(60.0, 8.0, options=charged)["parcel_tax"] == 2.0
    assert sent([30.0, 30.0], 8.0, options=charged)["parcel_tax"] == 4.0
    assert sent(60.0, 8.0, options=charged, on=date(2026, 2, 28))["parcel_tax"] == 0.0
    assert sent(60.0, 8.0, options=charged, destination="DE")["parcel_tax"] == 0.0
    assert sent(150.01, 8.0, options=charged, duty=0.0)["parcel_tax"] == 0.0
    full = Options(scheme="border", readings={"parcel_tax": "charged"})
    assert sent(60.0, 8.0, options=full, **BRITISH)["parcel_tax"] == 0.0, "a full declaration is no H7"
    assert sent(60.0, 8.0)["handling_fee"] == 0.0
    announced = Options(readings={**PLAIN, "handling_fee": "charged"})
    assert sent(60.0, 8.0, options=announced)["handling_fee"] == 2.0


def test_who_hands_the_vat_over():
    b2b = Options("b2b", readings=PLAIN)
    assert sent(60.0, 8.0, options=b2b, duty=0.0)["collected"] == "customer_on_return"
    assert sent(60.0, 8.0, options=b2b, duty=0.0, destination="DE")["collected"] == "customer_at_border"
    assert sent(60.0, 8.0, "FR", "GB", options=b2b)["collected"] == "customer_on_return"
    through = Options(marketplace=True, scheme="border", readings=PLAIN)
    assert sent(60.0, 8.0, options=through)["collected"] == "marketplace"
    assert sent(160.0, 8.0, options=through, duty=0.0)["collected"] == "customer_at_border"


def test_inside_the_union_the_rate_follows_the_scheme():
    lines = parcels_of(pd.DataFrame({"parcel": ["p"], "quantity": [1.0], "unit_price": [100.0]}))
    route = Route(trade_rules("FR", "HU", TODAY), 0.27, 0.2)
    oss, home = (landed_cost(lines, [route], Options(scheme=name)) for name in ("oss", "home"))
    firm = landed_cost(lines, [route], Options("b2b"))
    assert (oss["total"][0, 0], home["total"][0, 0], firm["net_total"][0, 0]) == (127.0, 120.0, 100.0)
    assert firm.collected[0, 0] == "customer_on_return" and oss["duty"][0, 0] == 0.0


def test_dap_and_ddp_share_the_same_total():
    how = {"origin": "FR", "destination": "GB", "duty": 0.12, "origin_country": "CN", "fee": 12.0}
    dap = sent(200.0, 10.0, options=Options(), **how)
    ddp = sent(200.0, 10.0, options=Options(terms="ddp"), **how)
    assert dap["total"] == ddp["total"] == 294.24
    assert (dap["seller_bears"], dap["customer_pays"], dap["at_checkout"]) == (0.0, 294.24, 210.0)
    # The customer sees 210 + VAT on it; duty 25.20, VAT on it 5.04 and the carrier's 12 are the seller's.
    assert (ddp["seller_bears"], ddp["customer_pays"], ddp["at_checkout"]) == (42.24, 252.0, 252.0)


def test_rest_of_the_world_invents_nothing():
    unknown = sent(100.0, 10.0, destination="US")
    assert np.isnan(unknown["duty"]) and np.isnan(unknown["total"])
    assert unknown["reason"] == "reason.market_duty_rate_missing"
    assert unknown["at_least"] == 132.0, "110 and VAT of 20 % on it, before duty"
    entered = sent(100.0, 10.0, destination="US", duty=0.05)
    assert entered["total"] == 138.6


def test_missing_code_leaves_what_it_does_not_touch():
    """One line is one tariff item whatever its code; of two lines nobody knows."""
    assert sent(60.0, 8.0, hs_code=None)["total"] == 85.2
    two = sent([30.0, 30.0], 8.0, hs_code="12")
    assert np.isnan(two["flat_duty"]) and two["reason"] == "reason.market_hs_missing"
    assert two["at_least"] == 81.6
    dear = sent(200.0, 8.0, hs_code=None)
    assert dear["reason"] == "reason.market_hs_missing" and np.isnan(dear["vat"])
    assert sent(np.nan, 8.0)["reason"] == "reason.market_price_missing"


def test_one_vat_class_takes_its_own_rate():
    lines = pd.DataFrame({"parcel": "p", "quantity": 1.0, "unit_price": [50.0, 50.0],
                          "vat_class": ["food", ""], "hs_code": "190531"})  # fmt: skip
    route = Route(trade_rules("FR", "GB", TODAY), 0.2, carriage=10.0, vat_rates={"food": 0.0})
    assert landed_cost(parcels_of(lines), [route])["vat"][0, 0] == 11.0  # half of the carriage follows food


def test_days_before_the_rules_are_refused():
    with pytest.raises(UserError) as refused:
        trade_rules("GB", "FR", date(2021, 6, 30))
    assert refused.value.key == "error.no_trade_rules"
    with pytest.raises(UserError):
        trade_rules("GB", "FR", TODAY).reading("flat_duty_scope", {"flat_duty_scope": "guess"})


amounts = st.decimals(0, 400, places=2).map(float)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), amounts, st.sampled_from(["340600", "691110", "482010", ""]),
                       st.sampled_from(["GB", "CN", "FR", ""]), st.booleans()), min_size=1, max_size=8),
    st.sampled_from(["GB-FR", "FR-GB", "GB-DE", "FR-DE", "GB-US", "FR-FR"]),
    st.sampled_from(["b2c", "b2b"]), st.sampled_from(["dap", "ddp"]), st.sampled_from(["", "border"]),
)  # fmt: skip
def test_steps_add_up_and_nobody_pays_twice(lines, way, kind, terms, scheme):
    frame = pd.DataFrame(lines, columns=["parcel", "unit_price", "hs_code", "origin_country", "proven"])
    frame["quantity"] = 1.0
    origin, destination = way.split("-")
    rules = trade_rules(origin, destination, TODAY)
    route = Route(rules, 0.2, 0.2, 1.1, 7.5, duty_rates={"3406": 0.0, "6911": 0.12})
    landed = landed_cost(parcels_of(frame), [route], Options(kind, terms, scheme))
    total = landed["total"]
    known = np.isfinite(total)
    assert known.tolist() == (landed.reason == "").tolist()
    np.testing.assert_allclose(total, sum(landed[step] for step in ADDED), atol=1e-6)
    np.testing.assert_allclose(
        (landed["customer_pays"] + landed["seller_bears"])[known], total[known], atol=1e-6
    )
    assert landed["at_least"][known] == pytest.approx(total[known], abs=0.02)
    cent = np.stack([landed[step] for step in ADDED])
    np.testing.assert_allclose(np.nan_to_num(cent), np.round(np.nan_to_num(cent), 2), atol=1e-9)
    assert (landed["at_checkout"][known] <= landed["customer_pays"][known] + 1e-6).all()


def test_parcels_of_many_lines_are_the_sum_of_a_plain_loop():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"parcel": rng.integers(0, 40, 120),
                          "quantity": rng.integers(1, 4, 120).astype(float),
                          "unit_price": rng.uniform(2, 60, 120).round(2),
                          "hs_code": rng.choice(["340600", "691110", "482010"], 120),
                          "origin_country": rng.choice(["GB", "CN"], 120), "proven": True})  # fmt: skip
    rates = {"34": 0.0, "69": 0.12, "6911": 0.07, "48": 0.02}
    route = Route(trade_rules("GB", "FR", TODAY), 0.2, carriage=5.0, duty_rates=rates)
    whole = landed_cost(parcels_of(frame), [route], BORDER)
    for key, lines in frame.groupby("parcel"):
        at = list(whole.keys).index(key)
        one = (lines["quantity"] * lines["unit_price"]).round(2)
        goods = round(one.sum(), 2)
        foreign = lines["origin_country"] == "CN"
        if goods <= 150:
            duty, flat = 0.0, 3.0 * lines.loc[foreign, "hs_code"].nunique()
        else:
            by_line = {"340600": 0.0, "691110": 0.07, "482010": 0.02}
            part = (one * (goods + 5) / goods * lines["hs_code"].map(by_line))[foreign]
            duty, flat = float(cents(np.array(part.sum()))), 0.0
        vat = float(cents(np.array((goods + 5 + duty + flat) * 0.2)))
        assert whole["total"][at, 0] == pytest.approx(goods + 5 + duty + flat + vat, abs=1e-6)


def test_unrounded_steps_are_straight_lines_in_the_price():
    lines = parcels_of(
        pd.DataFrame({"parcel": ["p"], "quantity": [1.0], "unit_price": [33.33], "hs_code": "691110"})
    )
    route = Route(trade_rules("GB", "FR", TODAY), 0.2, carriage=5.0, duty_rates={"": 0.07})
    for low in (True, False):
        one, two, three = (
            route_cost(lines, route, BORDER, scale, low, False)["total"][0] for scale in (1, 2, 3)
        )
        assert two - one == pytest.approx(three - two, rel=1e-12)


def test_the_long_frame_tells_every_step_with_its_reason():
    lines = parcels_of(pd.DataFrame({"parcel": ["a", "b"], "quantity": 1.0, "unit_price": [10.0, 900.0]}))
    frame = landed_cost(lines, [Route(trade_rules("GB", "FR", TODAY), 0.2)]).frame()
    missing = frame[(frame["parcel"] == "b") & (frame["step"] == "duty")].iloc[0]
    assert missing["status"] == "input_missing" and missing["reason"] == "reason.market_hs_missing"
    assert (frame.loc[frame["parcel"] == "a", "status"] == "ok").all()


def test_cents_round_half_away_from_zero():
    assert cents(np.array([0.005, 1.005, 2.675, -0.005, 0.0049])).tolist() == [0.01, 1.01, 2.68, -0.01, 0.0]


@pytest.mark.parametrize(
    ("way", "kind"), [("GB-FR", "b2c"), ("FR-GB", "b2b"), ("FR-DE", "b2c"), ("GB-US", "b2c")]
)
def test_unknown_delivery_leaves_the_goods_and_the_vat_on_them_as_what_is_sure(way, kind):
    origin, destination = way.split("-")
    lines = pd.DataFrame({"parcel": [0], "quantity": 1.0, "unit_price": 50.0, "hs_code": "691200"})
    there = Route(trade_rules(origin, destination, TODAY), 0.2, 0.2, carriage=float("nan"))
    found = landed_cost(parcels_of(lines), [there], Options(kind))
    assert np.isnan(found["total"][0, 0]) and np.isnan(found["carriage"][0, 0])
    assert found.reason[0, 0] == "reason.market_delivery_missing"
    free = landed_cost(parcels_of(lines), [replace(there, carriage=0.0)], Options(kind))
    assert 50.0 < found["at_least"][0, 0] <= free["at_least"][0, 0]

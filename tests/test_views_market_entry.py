"""Cards on margin, ways to send and entering a market: what is unknown is said, what is advised is safe."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from views_shop import shop

from echannel.export_costs import USUAL
from echannel.locale import Speaker
from echannel.views import (
    address,
    market_controls,
    market_entry_cards,
    market_landed_cards,
    market_margin_cards,
    market_rules_cards,
    market_traction_cards,
    market_ways_cards,
)
from echannel.views.context import Choice, View
from echannel.views.market_choice import MarketChoice
from echannel.views.market_landed_facts import case, keeping_prices, landed, mean_there, options, year_case

TODAY = date(2026, 11, 24)


def view_of(firm, market, language="en", **chosen):
    choice = Choice(market=MarketChoice(market=market, **{"rules_on": TODAY, **chosen}))
    return View(firm, firm.speaker(language), choice)


def entered(firm, **exports):
    """The same firm with more entered under ``exports:``."""
    changed = type(firm)(**vars(firm))
    profile = firm.profile.exports.model_copy(update=exports)
    changed.profile = firm.profile.model_copy(update={"exports": profile})
    return changed


def costed(firm):
    """The same firm, with a cost of every product and codes for customs."""
    lines = firm.sales.lines
    changed = type(firm)(**vars(firm))
    changed.sales = replace(firm.sales, lines=lines.assign(cost=lines["net"] * 0.4))
    products = firm.table("products").assign(hs_code="340600")
    changed.table = lambda name: products if name == "products" else firm.table(name)
    return changed


@pytest.fixture(scope="module")
def british():
    return costed(shop("b2c", 500, "GB"))


@pytest.fixture(scope="module")
def french():
    return costed(shop("both", 800, "FR"))


def silent(firm):
    """The same firm, from a source that has no column for delivery."""
    changed = type(firm)(**vars(firm))
    changed.sales = replace(firm.sales, orders=firm.sales.orders.assign(shipping=0.0))
    return changed


def test_delivery_that_no_source_tells_is_unknown_and_asked_for(british):
    firm = silent(british)
    view = view_of(firm, "FR")
    assert np.isnan(case(view).route.carriage) and "carriage_charged" not in case(view).assumed
    price = market_landed_cards.landed_price(view)
    assert price.missing == ("reason.market_delivery_missing",)
    table = price.table.frame
    assert table["total"].isna().all() and (table["at_least"] > table["goods"]).all()
    for card in (market_ways_cards.ways, market_margin_cards.keep_margin, market_entry_cards.break_even):
        assert "reason.market_delivery_missing" in card(view).missing
    changes = market_entry_cards.what_changes(view).table.frame.set_index("what")["words"]
    assert "carriage_cost" in changes["cash"] and "not known" in changes["returns"]
    assert market_entry_cards.entry_of(view) is None
    for language in ("en", "fr"):
        said = Speaker(language)("reason.market_delivery_missing")
        assert "carriage_charged" in said and "exports" in said
    against_home = market_traction_cards.abroad_against_home
    assert "reason.market_delivery_not_told" in against_home(view).missing
    told = view_of(entered(firm, carriage_charged={"FR": 0.0}, carriage_cost={"FR": 9.0}), "FR")
    assert against_home(told).missing == ("reason.delivery_days_missing",)
    assert case(told).route.carriage == 0.0 and np.isfinite(mean_there(told)["margin"])


def test_a_basket_holds_as_many_pieces_as_an_order_usually_does(french):
    view = view_of(french, "GB", kind="b2b")
    lines = case(view).lines
    sold = french.sales.lines
    since = french.sales.last_day - 364
    bought = sold[(sold["kind"] == "b2b") & (sold["entry"] == "sale") & (sold["day"] >= since)]
    bought = bought[bought["product_id"].notna() & (bought["quantity"] > 0)]
    for _, row in lines.iterrows():
        orders = bought[bought["product_id"].astype(str) == row["product_id"]]
        pieces = orders.groupby("order_id", observed=True)["quantity"].sum().sort_values().to_numpy()
        assert row["quantity"] == pieces[(len(pieces) - 1) // 2]
    assert (lines["quantity"] > 1).any()
    goods = case(view).parcels.total(case(view).parcels.value)
    by_hand = (lines["unit_price"] * lines["quantity"]).groupby(lines["parcel"]).sum()
    assert goods == pytest.approx(by_hand.to_numpy())
    names = market_landed_cards.landed_price(view).table.frame["basket"]
    assert any(" × " in name for name in names)


def test_the_way_that_is_advised_to_consumers_asks_nothing_at_the_door(british):
    view = view_of(british, "FR")
    card = market_ways_cards.ways(view)
    frame = card.table.frame.set_index(["scheme", "terms"])
    assert frame["margin"].idxmax() == ("border", "dap"), "it leaves most …"
    assert frame.loc[("border", "dap"), "at_door"] > 0
    advised, warned = card.sentence.split("Choose “")[1].split("”: ")[0], card.sentence.split("Choose “")[1]
    assert "IOSS" in advised and "DAP" in advised and "border" not in advised, "… and is not advised"
    assert "“VAT paid at the border”" in warned and "refuse the parcel" in warned
    assert view.say.money(frame.loc[("border", "dap"), "margin"]) in warned


def test_firms_are_advised_apart_and_pay_no_vat_at_the_door_that_they_declare(french):
    view = view_of(entered(french, duty_rates={"GB": {"": 0.1}}), "GB", kind="b2b")
    card = market_ways_cards.ways(view)
    frame = card.table.frame.set_index("terms")
    assert "Choose DAP" in card.sentence and "VAT registration" in card.sentence
    found = landed(view)
    assert found.collected[0, 0] == "customer_on_return"
    duties = sum(found[name][0, 0] for name in ("duty", "flat_duty", "clearance_fee"))
    assert frame.loc["dap", "at_door"] == pytest.approx(duties, abs=0.01)


def test_above_the_yearly_limit_the_vat_of_home_is_no_choice(french):
    small = view_of(french, "DE", kind="b2c")
    assert not market_ways_cards.over_oss_limit(small)
    lines = french.sales.lines
    large = type(french)(**vars(french))
    entries = french.sales.entries.assign(net_goods=french.sales.entries["net_goods"] * 1000)
    large.sales = replace(french.sales, entries=entries, lines=lines)
    view = view_of(large, "DE", kind="b2c")
    assert market_ways_cards.over_oss_limit(view)
    sentence = market_ways_cards.ways(view).sentence
    assert "€10,000" in sentence and "OSS" in sentence.split("Choose “")[1]


def test_costs_that_nobody_entered_are_said_and_go_to_the_plan_as_defaults(british):
    for language, without in (("en", "Without set-up costs"), ("fr", "Hors coûts d’installation")):
        card = market_entry_cards.break_even(view_of(british, "FR", language))
        assert without in card.sentence
        assert "setup_cost" in card.note and "cost_per_month" in card.note
        assert card.table.frame["running"].isna().all()
    entry = market_entry_cards.entry_of(view_of(british, "FR"))
    made = {one.name: (one.made_by, one.value) for one in entry.assumptions}
    assert made["entry_setup"] == made["entry_running"] == ("default", 0.0)
    assert made["entry_orders"][0] in ("history", "default")
    told = entered(
        british, setup_cost={"FR": 900.0}, cost_per_month={"*": 20.0}, orders_per_month={"FR": 4.0}
    )
    card = market_entry_cards.break_even(view_of(told, "FR"))
    assert "£1,140" in card.sentence and "not entered" not in card.note
    made = {
        one.name: (one.made_by, one.value)
        for one in market_entry_cards.entry_of(view_of(told, "FR")).assumptions
    }
    assert made == {
        "entry_orders": ("owner", 4.0),
        "entry_setup": ("owner", 900.0),
        "entry_running": ("owner", 20.0),
    }


def test_the_worse_exchange_rate_is_the_one_that_leaves_less(british):
    assert market_margin_cards.worse_rate([12.0, 10.0, 8.0]) == 2
    assert market_margin_cards.worse_rate([8.0, 10.0, 12.0]) == 0
    assert market_margin_cards.worse_rate([10.0, 10.0, 10.0]) is None
    card = market_margin_cards.exchange_band(view_of(british, "FR"))
    frame = card.table.frame.set_index("case")
    assert frame["margin"].idxmin() == "high" and "worse case for you is the high rate" in card.sentence
    # A firm whose costs there outweigh what it earns there: every price in £ is lost twice in duties.
    dear = entered(british, duty_rates={"*": {"": 5.0}})
    view = view_of(dear, "FR", terms="ddp", rules_on=date(2028, 12, 1))
    card = market_margin_cards.exchange_band(view)
    frame = card.table.frame.set_index("case")
    assert frame["margin"].idxmin() == "low" and "would lose" in card.sentence
    assert view.say.number(frame.loc["low", "rate"], 4) in card.sentence.split("worse case")[1]


def test_a_marketplace_takes_its_commission_and_charges_the_vat(british):
    own, through = view_of(british, "FR"), view_of(british, "FR", channel="marketplace")
    assert options(through).marketplace and not options(own).marketplace
    assert set(landed(through).collected[:, 0]) == {"marketplace"}
    assert [row["scheme"] for row in market_ways_cards.ways(through).table.frame.to_dict("records")] == [
        "ioss"
    ] * 2
    mean = mean_there(through)
    assert mean["payment_fee"] == 0.0 < mean["marketplace_fee"] and mean["margin"] < mean_there(own)["margin"]
    assert (keeping_prices(through, "money") > keeping_prices(own, "money")).all()
    note = market_margin_cards.keep_margin(through).note
    assert f"{USUAL['marketplace_fee_rate']:.0%}" in note and "marketplace" in note
    usual = entered(british, marketplace={"EU": True}, marketplace_fee_rate={"FR": 0.08})
    assert options(view_of(usual, "FR")).marketplace and not options(view_of(usual, "US")).marketplace
    assert not options(view_of(usual, "FR", channel="own_shop")).marketplace
    assert case(view_of(usual, "FR")).selling.marketplace_rate == 0.08


def test_a_firm_that_mostly_sells_there_through_a_marketplace_is_taken_at_that(british):
    orders = british.sales.orders
    sold_there = (orders["country"] == "FR").to_numpy()
    assert sold_there.sum() >= 10
    firm = type(british)(**vars(british))
    channel = orders["channel"].astype(object).where(~sold_there, "marketplace")
    firm.sales = replace(british.sales, orders=orders.assign(channel=channel))
    assert options(view_of(firm, "FR")).marketplace and not options(view_of(firm, "DE")).marketplace


def test_a_discount_comes_off_the_price_and_off_the_value_held_against_limits(british):
    full, off = view_of(british, "FR"), view_of(british, "FR", discount=0.2)
    assert landed(off)["discount"] == pytest.approx(landed(full)["goods"] * 0.2, abs=0.0051)
    assert mean_there(off)["margin"] < mean_there(full)["margin"]
    assert "20%" in market_landed_cards.landed_price(off).note
    assert options(view_of(entered(british, discount_rate={"FR": 0.1}), "FR")).discount == 0.1
    assert options(view_of(british, "FR", discount=7.0)).discount <= 0.9, "an address may say anything"


def test_firms_see_no_dispute_over_rules_for_consumers(british):
    frame = market_rules_cards.disputed(view_of(british, "FR", kind="b2b")).table.frame
    assert set(frame["rule"]) == {"parcel_tax"}


def test_sources_of_rules_are_cited_in_the_language_of_the_page(british):
    for language, wanted, other in (
        ("en", "Council Regulation", "Règlement"),
        ("fr", "Règlement", "Regulation"),
    ):
        card = market_rules_cards.coming(view_of(british, "FR", language))
        told = " ".join(card.table.frame["source"])
        assert wanted in told and other not in told


def test_an_order_abroad_is_worth_what_it_was_with_how_many(french):
    sentence = market_traction_cards.abroad_against_home(view_of(french, "GB", kind="b2c")).sentence
    few = shop("b2c", 120, "GB")
    told = market_traction_cards.abroad_against_home(view_of(few, "FR")).sentence
    assert "orders)" in sentence and "on average" in sentence
    assert "too few" in told and "10" in told


def test_where_nothing_is_known_of_the_border_no_way_is_said_to_ask_nothing(british):
    view = view_of(british, "US")
    sentence = market_ways_cards.ways(view).sentence
    assert "Choose" not in sentence and "how much is not known" in sentence
    assert "in the United States" in market_margin_cards.keep_margin(view).sentence
    told = view_of(entered(british, vat_rates={"US": {"*": 0.0}}, duty_rates={"US": {"": 0.1}}), "US")
    price = market_landed_cards.landed_price(told).table.frame
    assert price["total"].notna().all() and price["vat"].eq(0).all()
    assert "with “DDP" in market_ways_cards.ways(told).sentence


def test_inside_the_union_there_is_no_border_to_choose_for(french):
    card = market_ways_cards.ways(view_of(french, "DE", "fr", kind="b2c"))
    assert set(card.table.frame["terms"]) == {"union"} and "pas de frontière" in card.sentence
    firms = market_ways_cards.ways(view_of(french, "DE", kind="b2b"))
    assert "without VAT" in firms.sentence and len(firms.table.frame) == 1


def test_what_is_announced_concerns_whom_it_concerns(british):
    announced = {
        kind: set(market_rules_cards.coming(view_of(british, "FR", kind=kind)).table.frame["rule"])
        for kind in ("b2c", "b2b")
    }
    assert "flat_duty_ends" in announced["b2c"] and not announced["b2b"] & {"flat_duty_ends", "handling_fee"}


def test_a_weight_in_grams_is_asked_about(british):
    products = british.table("products")
    weights = np.where(np.arange(len(products)) % 2, 0.3, 250.0)
    firm = type(british)(**vars(british))
    heavy = products.assign(weight_kg=weights)
    firm.table = lambda name: heavy if name == "products" else british.table(name)
    for language, unit in (("en", "kilograms"), ("fr", "kilogrammes")):
        note = market_rules_cards.origin(view_of(firm, "FR", language)).note
        assert unit in note and "250" in note
    assert "kilograms" not in market_rules_cards.origin(view_of(british, "FR")).note


def test_baskets_of_the_other_customers_bring_what_those_pay_for_delivery():
    firms_only = costed(shop("b2b", 400, "FR"))
    b2b, b2c = (case(view_of(firms_only, "GB", kind=kind)) for kind in ("b2b", "b2c"))
    assert np.isfinite(b2c.route.carriage) and b2c.route.carriage == b2b.route.carriage


@pytest.mark.parametrize(
    ("day", "way"),
    [
        ("2026-06-30", "relief"), ("2026-07-01", "flat"), ("2028-07-01", "flat"), ("2028-07-02", "tariff"),
    ],
)  # fmt: skip
def test_small_parcels_into_the_eu_cross_by_the_rules_of_the_day(british, day, way):
    view = view_of(british, "DE", rules_on=date.fromisoformat(day))
    below = landed(view)["intrinsic_value"][:, 0] <= 150
    assert below.any() and set(landed(view).regime[below, 0]) == {way}


@pytest.mark.parametrize(("day", "way"), [("2029-03-31", "relief"), ("2029-04-01", "tariff")])
def test_small_parcels_into_the_uk_are_relieved_until_march_2029(french, day, way):
    for kind in ("b2c", "b2b"):
        view = view_of(french, "GB", kind=kind, rules_on=date.fromisoformat(day))
        below = landed(view)["intrinsic_value"][:, 0] <= 135
        assert not below.any() or set(landed(view).regime[below, 0]) == {way}
    assert market_landed_cards.landed_price(view) is not None


def test_channel_and_discount_have_their_controls_and_start_from_what_is_entered(british):
    firm = entered(british, discount_rate={"FR": 0.1})
    asked = []
    bar = market_controls._Bar(view_of(firm, "FR"), asked.append)
    assert bar.lists["discount"].value == 10 and bar.lists["channel"].value == ""
    bar.lists["channel"].value = "marketplace"
    assert len(asked) == 1 and asked[-1].market.channel == "marketplace" and asked[-1].market.discount is None
    bar.lists["market"].value = "DE"
    assert len(asked) == 2 and bar.lists["discount"].value == 0, "nothing is entered for Germany"
    bar.lists["discount"].value = 25
    assert asked[-1].market.discount == 0.25
    bar.lists["market"].value = "FR"
    assert bar.lists["discount"].value == 25, "what the reader moved stays"
    assert all(box.description for box in bar.lists.values())
    assert address.read(address.written(asked[-1], "market"), "market").market == asked[-1].market
    assert bar.lists["rules_on"].min == date(2021, 7, 1)


def test_a_mean_over_part_of_the_orders_says_over_how_many(british):
    products = british.table("products").assign(hs_code="not a code")
    firm = type(british)(**vars(british))
    firm.table = lambda name: products if name == "products" else british.table(name)
    view = view_of(firm, "FR")
    known, of = int(mean_there(view)["n"]), landed(view, year_case(view))["total"].shape[0]
    assert 0 < known < of
    for card in (market_margin_cards.keep_margin, market_entry_cards.break_even):
        assert f"{known} of {of} orders" in card(view).note
    assert "customs code" in market_rules_cards.origin(view).note, "letters are no customs code"

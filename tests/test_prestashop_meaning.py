"""What the shop's records mean: money, states, dates, people, products, stock; and what they sum to."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from fakes.prestashop_shop import CANARIES, PrestaShop
from fakes.prestashop_trade import (
    CANCELLED,
    delete_line,
    lines_of,
    refund,
    sell,
    set_state,
    total,
    trading_shop,
    truth,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from prestashop_help import Tables, connector, server, synced

from echannel.connectors.base import Note
from echannel.errors import UserError
from echannel.metrics.audit_checks import parts_do_not_add_up
from echannel.metrics.audit_facts import Audited, Facts


def net_invoiced(tables: Tables) -> float:
    return float(tables.sales().entries["net_invoiced"].sum())


def true_net(shop: PrestaShop) -> float:
    return truth(shop)["invoiced"] - truth(shop)["refunded"]


@pytest.fixture
def shop() -> PrestaShop:
    return PrestaShop(3)


def test_the_bridge_from_what_customers_paid_to_net_is_the_shops_own():
    shop = trading_shop(120, seed=2)
    tables = synced(shop)
    entries, true = tables.sales().entries, truth(shop)
    for step in ("invoiced", "refunded", "vat"):
        assert entries[step].sum() == pytest.approx(true[step], abs=0.01)
    o = tables["orders"]
    parts = o["goods_net"] - o["discount_net"] + o["shipping_net"] + o["wrapping_net"] + o["vat_amount"]
    assert (parts - o["total_gross"]).abs().max() <= 0.01
    lines = tables["order_lines"]
    assert np.allclose(
        lines["quantity"] * lines["unit_price_net"] - lines["discount_net"], lines["net_amount"]
    )


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 10**6))
def test_after_any_refunds_cancellations_and_deleted_lines_the_next_sync_is_right_again(seed):
    shop = trading_shop(12, seed=seed, products=5, customers=4)
    rand, tables = shop.random, Tables()
    with server(shop) as served:
        tables.sync(connector(served))
        for _ in range(2):
            for _ in range(6):
                shop.pass_time(rand.randint(1, 900))
                number = rand.choice(list(shop.tables["orders"]))
                what = rand.choice(("refund", "cancel", "line", "sell", "state", "customer"))
                if what == "refund":
                    refund(shop, number, rand.choice((0.4, 1.0)), rand.random() < 0.5)
                elif what == "cancel":
                    set_state(shop, number, CANCELLED)
                elif what == "line":
                    delete_line(shop, number)
                elif what == "state":
                    set_state(shop, number, rand.choice((2, 4, 5, 12)))
                elif what == "customer":
                    sell(shop, shop.add_customer(guest=True))
                else:
                    sell(shop)
            shop.pass_time(1)
            tables.sync(connector(served))
        whole = Tables().sync(connector(served))
    assert net_invoiced(tables) == pytest.approx(true_net(shop), abs=0.01)
    for name in ("orders", "order_lines", "refunds", "customers", "products", "carts"):
        assert tables[name].equals(whole[name]), name


def test_a_refund_that_leaves_its_order_untouched_is_found_by_its_own_date(shop):
    number = sell(shop, state=5, currency=1)
    tables = synced(shop)
    shop.pass_time(3 * 24 * 60)
    before = shop.tables["orders"][number]["date_upd"]
    refund(shop, number, share=0.4)
    shop.pass_time(1)
    assert shop.tables["orders"][number]["date_upd"] == before
    synced(shop, tables)
    assert tables.order(number)["status"] == "partly_refunded"
    assert net_invoiced(tables) == pytest.approx(true_net(shop), abs=0.005)


def test_a_slip_of_goods_and_carriage_is_a_row_each(shop):
    number = sell(shop, state=5, currency=2, lines=2)
    shop.tables["orders"][number]["_shipping"] = 7.0
    total(shop, number)
    refund(shop, number, share=1.0, shipping=True)
    tables = synced(shop)
    back = tables["refunds"]
    assert len(back) == 3 and back["shipping_net"].sum() == pytest.approx(7.0)
    carriage = back[back["shipping_net"] > 0].iloc[0]
    assert carriage["net_amount"] == carriage["shipping_net"] and pd.isna(carriage["product_id"])
    sold = tables["order_lines"]
    assert back["net_amount"].sum() == pytest.approx(sold["net_amount"].sum() + 7.0)
    assert back["vat_amount"].sum() == pytest.approx(tables.order(number)["vat_amount"], abs=0.01)
    assert set(back["product_id"].dropna()) == set(sold["product_id"])
    assert tables.order(number)["status"] == "refunded"
    assert (back["currency"] == "GBP").all() and back["fx_rate"].iloc[0] == pytest.approx(1 / 0.86)


def _slip(shop: PrestaShop, order: int, **changes) -> None:
    number = refund(shop, order, share=1.0)
    shop.touch("order_slip", number, **changes)


def test_a_voucher_that_the_shop_deducts_from_one_side_only_is_taken_off_both(shop):
    number = sell(shop, state=5, currency=1, lines=1)
    line = lines_of(shop, number)[0]
    net, gross = float(line["total_price_tax_excl"]), float(line["total_price_tax_incl"])
    # As the platform does it: 2.00 with tax, taken off the total without.
    _slip(shop, number, order_slip_type=1, total_products_tax_excl=f"{net - 2:.6f}")
    back = synced(shop)["refunds"]
    assert back["net_amount"].sum() + back["vat_amount"].sum() == pytest.approx(gross - 2)
    assert back["net_amount"].sum() == pytest.approx((gross - 2) * net / gross)


def test_an_amount_chosen_by_hand_is_what_was_given_back_and_is_said(shop):
    number = sell(shop, state=5, currency=1, lines=1)
    _slip(shop, number, order_slip_type=2, amount="3.000000")
    tables = synced(shop)
    back = tables["refunds"]
    assert back["net_amount"].sum() + back["vat_amount"].sum() == pytest.approx(3.0)
    assert Note("prestashop.note.chosen_amounts", {"n": 1}) in tables.notes


def test_slips_of_1_6_without_totals_are_their_details(shop):
    number = sell(shop, state=5, currency=1, lines=2)
    refund(shop, number, share=1.0)
    for slip in shop.tables["order_slip"].values():
        for name in [name for name in slip if name.startswith(("total_", "order_slip_type"))]:
            del slip[name]
    tables = synced(shop)
    assert tables["refunds"]["net_amount"].sum() == pytest.approx(tables["order_lines"]["net_amount"].sum())


def test_lines_are_replaced_and_an_order_may_end_with_none(shop):
    number = sell(shop, state=2, lines=2)
    tables = synced(shop)
    shop.pass_time(600)
    delete_line(shop, number)
    synced(shop, tables)
    assert len(tables["order_lines"]) == 1
    shop.pass_time(600)
    delete_line(shop, number)
    synced(shop, tables)
    assert len(tables["order_lines"]) == 0 and tables.order(number)["goods_net"] == 0


@pytest.mark.parametrize(
    ("state", "status"),
    [(1, "pending"), (2, "paid"), (4, "shipped"), (5, "delivered"), (6, "cancelled"), (7, "cancelled"),
     (8, "cancelled"), (9, "paid"), (12, "paid"), (15, "paid")],
)  # fmt: skip
def test_states_go_by_their_flags_whatever_they_are_called(shop, state, status):
    number = sell(shop)
    set_state(shop, number, state)
    for row in shop.tables["order_states"].values():
        row["name"] = {"1": "Refunded", "2": "Cancelled"}
    assert synced(shop).order(number)["status"] == status


def test_the_profile_may_say_what_a_state_of_the_shops_own_means(shop):
    number = sell(shop, state=1)
    assert synced(shop, states={"1": "cancelled"}).order(number)["status"] == "cancelled"
    with pytest.raises(UserError, match="state"):
        synced(shop, states={"1": "gone"})


def test_a_state_of_refunded_counts_only_with_slips_for_the_whole(shop):
    whole, part = sell(shop, state=5), sell(shop, state=5)
    refund(shop, whole, 1.0, shipping=True)
    refund(shop, part, 0.2)
    for number in (whole, part):
        set_state(shop, number, 7)
    tables = synced(shop)
    assert (tables.order(whole)["status"], tables.order(part)["status"]) == ("refunded", "cancelled")
    assert net_invoiced(tables) == pytest.approx(0, abs=0.01)


def test_without_the_states_the_orders_own_flag_decides(shop):
    counted, waiting = sell(shop, state=5), sell(shop, state=1)
    shop.rights.discard("order_states")
    tables = synced(shop)
    assert (tables.order(counted)["status"], tables.order(waiting)["status"]) == ("delivered", "pending")


def test_amounts_are_in_the_orders_currency_and_costs_in_the_shops(shop):
    number = sell(shop, currency=3, rate=1.25)  # a deleted currency, at the rate of its day
    tables = synced(shop)
    order = tables.order(number)
    assert (order["currency"], order["fx_rate"]) == ("USD", 0.8)
    line, source = tables["order_lines"].iloc[0], lines_of(shop, number)[0]
    assert line["unit_cost"] == pytest.approx(float(source["original_wholesale_price"]))
    assert line["net_amount"] == pytest.approx(float(source["total_price_tax_excl"]))


def test_a_shop_of_another_currency_than_the_profiles_goes_by_its_rate_of_today(shop):
    number = sell(shop, currency=1)
    with server(shop) as served:
        tables = Tables().sync(connector(served, sme={"currency": "GBP"}))
        with pytest.raises(UserError, match="no_rate"):
            Tables().sync(connector(served, sme={"currency": "CHF"}))
    assert tables.order(number)["fx_rate"] == pytest.approx(0.86)
    wholesale = float(lines_of(shop, number)[0]["original_wholesale_price"])
    assert tables["order_lines"].iloc[0]["unit_cost"] == pytest.approx(0.86 * wholesale)
    assert "prestashop.note.currency" in [note.key for note in tables.notes]


def test_the_cost_is_the_suppliers_price_else_the_wholesale_price_and_0_is_unknown(shop):
    number = sell(shop, currency=1, lines=3)
    paid, listed, none = lines_of(shop, number)
    paid["purchase_supplier_price"] = "1.500000"
    listed["original_wholesale_price"], none["original_wholesale_price"] = "2.000000", "0.000000"
    assert synced(shop)["order_lines"]["unit_cost"].tolist()[:2] == [1.5, 2.0]
    assert synced(shop)["order_lines"]["unit_cost"].isna().tolist() == [False, False, True]


def test_vat_rates_are_the_taxes_that_the_shop_names_deleted_ones_too(shop):
    number = sell(shop, currency=1, lines=3)
    two, none, odd = lines_of(shop, number)
    two["associations"] = {"taxes": [{"id": 1}, {"id": 2}]}
    none.update(associations={}, total_price_tax_excl="10.000000", total_price_tax_incl="12.010000")
    odd.update(associations={}, total_price_tax_excl="0.000000", total_price_tax_incl="0.000000")
    rates = synced(shop)["order_lines"]["vat_rate"]
    assert rates.tolist()[:2] == pytest.approx([0.255, 0.2]) and np.isnan(rates.iloc[2])


def test_a_price_before_reductions_makes_the_difference_a_discount(shop):
    number = sell(shop, currency=1, lines=1)
    lines_of(shop, number)[0].update(
        product_quantity=3, original_product_price="10.000000", unit_price_tax_excl="8.000000",
        total_price_tax_excl="24.000000",
    )  # fmt: skip
    line = synced(shop)["order_lines"].iloc[0]
    assert (line["unit_price_net"], line["discount_net"], line["net_amount"]) == (10.0, 6.0, 24.0)


def test_totals_that_do_not_add_up_are_kept_and_the_audit_says_so(shop):
    good, bad = sell(shop, currency=1), sell(shop, currency=1)
    shop.touch("orders", bad, total_paid="61.800000")
    tables = synced(shop)
    assert tables.order(bad)["total_gross"] == 61.8

    found = parts_do_not_add_up(Facts(Audited(tables.frames, "FR", [], 20600)))
    assert (found.affected, found.total, good != bad) == (1, 2, True)


def test_zero_dates_are_no_dates_and_the_invoice_is_not_the_order(shop):
    buyer = shop.add_customer(siret="12345678900011", max_payment_days=30)
    invoiced, not_yet = sell(shop, buyer, state=12), sell(shop, buyer, state=1)
    shop.touch("orders", invoiced, invoice_date="2026-03-05 10:00:00")
    tables = synced(shop)
    assert tables.order(invoiced)["due_at"] == pd.Timestamp(
        "2026-04-04 08:00", tz="UTC"
    )  # summer time by then
    assert pd.isna(tables.order(not_yet)["due_at"]) and pd.isna(tables.order(not_yet)["paid_at"])
    assert tables.order(invoiced)["ordered_at"] == pd.Timestamp("2026-03-02 08:00", tz="UTC")


def test_the_hour_that_comes_twice_is_told_by_the_order_of_ids_and_no_change_in_it_is_missed():
    shop = PrestaShop(4)
    shop.now = datetime(2025, 10, 26, 2, 40)
    first = sell(shop)
    tables = Tables()
    with server(shop) as served:
        tables.sync(connector(served))
        shop.now = datetime(2025, 10, 26, 2, 15, fold=1)  # the clock went back: 35 minutes later
        second = sell(shop)
        shop.now = datetime(2025, 10, 26, 2, 20, fold=1)
        tables.sync(connector(served))
        whole = Tables().sync(connector(served))
    assert tables["orders"]["order_id"].tolist() != [] and len(tables["orders"]) == 2
    assert whole.order(first)["ordered_at"] == pd.Timestamp("2025-10-26 00:40", tz="UTC")
    assert whole.order(second)["ordered_at"] == pd.Timestamp("2025-10-26 01:15", tz="UTC")


def test_without_the_shops_time_zone_the_profiles_is_taken_and_said(shop):
    shop.rights.discard("configurations")
    number = sell(shop)
    with server(shop) as served:
        tables = Tables().sync(connector(served, sme={"timezone": "Europe/London"}))
    assert tables.order(number)["ordered_at"] == pd.Timestamp("2026-03-02 09:00", tz="UTC")
    assert Note("prestashop.note.time_zone", {"zone": "Europe/London"}) in tables.notes


def test_a_first_sync_that_broke_off_goes_on_where_it_was(monkeypatch):
    monkeypatch.setattr("echannel.connectors.prestashop.service.PAGE", 10)
    monkeypatch.setattr("echannel.connectors.prestashop.reading.ORDERS_AT_ONCE", 2)
    shop = trading_shop(70, seed=8)
    with server(shop) as served:
        whole = Tables().sync(connector(served))
        broken = Tables().sync(connector(served), batches=4)  # lists, customers, two batches of orders
        assert len(broken["orders"]) == 40 and broken.cursor["done"] == "40"
        served.calls.clear()
        broken.sync(connector(served))
        again = [p for call in served.calls if call.path.endswith("order_details") for p in [call.params]]
    assert broken.cursor == whole.cursor and "done" not in broken.cursor
    assert all(
        int(p["filter[id_order]"].strip("[]").split(",")[0]) > 40 for p in again if "filter[id_order]" in p
    )
    for name, frame in whole.frames.items():
        assert frame.equals(broken[name]), name


def test_nothing_personal_is_asked_for_kept_or_said():
    shop = trading_shop(20, seed=9)
    shop.add_customer(company="Canary Secret Firm", siret="98765432100012")
    with server(shop) as served:
        tables = Tables().sync(connector(served))
        shop.pass_time(600)
        refund(shop, 3)
        tables.sync(connector(served))
        asked = " ".join(f"{call.path} {call.params}" for call in served.calls)
        served.fail("invalid utf-8", times=None, path="customers")
        with pytest.raises(UserError) as failure:
            Tables().sync(connector(served))
    kept = " ".join(frame.to_csv() for frame in (*tables.frames.values(), *tables.refused))
    kept += repr(tables.cursor) + repr(tables.notes) + repr(failure.value) + repr(failure.value.values)
    for field, canary in {**CANARIES, "company": "Canary Secret Firm", "siret": "98765432100012"}.items():
        assert canary not in kept, field
        assert canary not in asked, field
    for name in ("firstname", "lastname", "passwd", "secure_key", "phone", "address1", "postcode", "city"):
        assert name not in asked
    assert "full" not in {call.params.get("display") for call in served.calls}

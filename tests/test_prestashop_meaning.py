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
from prestashop_help import Tables, connector, server

from echannel.connectors.base import Note
from echannel.errors import UserError
from echannel.metrics.audit_checks import parts_do_not_add_up
from echannel.metrics.audit_facts import Audited, Facts


def synced(fake: PrestaShop, tables: Tables | None = None, **options) -> Tables:
    with server(fake) as served:
        return (tables or Tables()).sync(connector(served, **options))


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


def test_guests_who_come_back_are_one_customer_and_forgotten_people_are_none(shop):
    first, again = (shop.add_customer(email=mail, guest=True) for mail in ("a@example.com", "A@Example.com "))
    forgotten = shop.add_customer(email="anonymous@psgdpr.com", deleted=1)
    orders = [sell(shop, one) for one in (first, again, forgotten)]
    tables = synced(shop)
    one, two, none = (tables.order(number)["customer_id"] for number in orders)
    assert one == two and pd.isna(none)
    customers = tables["customers"].set_index("customer_id")
    assert one in customers.index and pd.isna(customers.loc[one, "created_at"])


def test_a_deleted_customer_still_has_bought(shop):
    buyer = shop.add_customer(deleted=1)
    number = sell(shop, buyer)
    assert pd.notna(synced(shop).order(number)["customer_id"])


def test_firms_are_b2b_and_several_customers_may_buy_for_one(shop):
    by_siret = shop.add_customer(company="Atelier Dupont", siret="123 456 789 00011")
    by_vat = shop.add_customer(vat_number="FR 40 123456789", address_company="Dupont SARL")
    by_name = shop.add_customer(address_company="Other Ltd")
    person = shop.add_customer()
    orders = [sell(shop, one) for one in (by_siret, by_vat, by_name, person)]
    tables = synced(shop)
    assert [tables.order(number)["kind"] for number in orders] == ["b2b", "b2b", "b2b", "b2c"]
    customers = tables["customers"].set_index("customer_id")
    firm = [customers.loc[tables.order(number)["customer_id"], "company_id"] for number in orders]
    assert firm[0] == firm[1] != firm[2] and pd.isna(firm[3])
    registered = [customers.loc[tables.order(n)["customer_id"], "company_registered"] for n in orders[:3]]
    assert registered == [True, True, False]
    with server(shop) as served:
        only_people = Tables().sync(connector(served, sme={"orientation": "b2c"}))
    kinds = [only_people.order(number)["kind"] for number in orders]
    assert kinds == ["b2b", "b2b", "b2c", "b2c"]  # a firm's name alone: a parcel sent to work


def test_orders_that_share_a_reference_are_paid_together(shop):
    first, second = sell(shop, currency=1, state=1, reference="TWIN"), sell(shop, currency=1, state=1)
    shop.touch("orders", second, reference="TWIN")
    sums = [float(shop.tables["orders"][number]["total_paid"]) for number in (first, second)]
    shop.add("order_payments", order_reference="TWIN", amount=f"{sums[0]:.6f}", date_add=shop.stamp())
    tables = synced(shop)
    assert pd.isna(tables.order(first)["paid_at"])
    shop.pass_time(600)
    shop.add("order_payments", order_reference="TWIN", amount=f"{sums[1]:.6f}", date_add=shop.stamp())
    shop.touch("orders", second, total_paid_real=f"{sums[1]:.6f}")
    paid_at = shop.utc()
    shop.pass_time(1)
    synced(shop, tables)
    for number in (first, second):  # only the second one's date changed
        assert tables.order(number)["paid_at"].timestamp() == paid_at


def test_marketplaces_are_told_by_the_module_that_brings_their_orders(shop):
    amazon, own = sell(shop, module="amazon"), sell(shop)
    tables = synced(shop, channels={"ps_wirepayment": "phone"})
    assert (tables.order(amazon)["channel"], tables.order(own)["channel"]) == ("marketplace", "phone")


def test_combinations_are_products_and_their_sum_is_not_added_to_them():
    shop = PrestaShop(5, products=0)
    plain, varied = shop.add_product(combinations=0), shop.add_product(combinations=2, cost=0.0)
    tables = synced(shop)
    products = tables["products"].set_index("product_id")
    ids = [f"{varied}-{c}" for c in shop.tables["combinations"]]
    assert set(products.index) == {str(plain), *ids}
    assert products.loc[ids[0], "name"] == f"Cushion {varied} – S, White"
    price = float(shop.tables["products"][varied]["price"])
    assert products.loc[ids[1], "price_net"] == pytest.approx(price + 1)
    assert np.isnan(products.loc[ids[0], "unit_cost"])  # a wholesale price of 0 is unknown
    stock = tables["stock_levels"]
    true = sum(
        row["quantity"] for row in shop.tables["stock_availables"].values() if not row["id_product_attribute"]
    )
    assert set(stock["product_id"]) == set(products.index) and stock["on_hand"].sum() == true
    assert set(stock["location"]) == {"shop-1"} and str(stock["as_of"].iloc[0].date()) == "2026-03-02"


def test_stock_in_warehouses_counts_there_and_what_cannot_be_used_is_reserved():
    shop = PrestaShop(6, products=2)
    product = 1
    for row in shop.tables["stock_availables"].values():
        if row["id_product"] == product:
            row["depends_on_stock"] = 1
    combination = next((c["id"] for c in shop.tables["combinations"].values() if c["id_product"] == 1), 0)
    for physical, usable in ((10, 8), (5, 5)):
        shop.add(
            "stocks", id_warehouse=3, id_product=product, id_product_attribute=combination,
            physical_quantity=physical, usable_quantity=usable,
        )  # fmt: skip
    stock = synced(shop)["stock_levels"]
    inside = stock[stock["location"] == "warehouse-3"].iloc[0]
    assert (inside["on_hand"], inside["reserved"]) == (15, 2)
    assert stock["product_id"].value_counts()[inside["product_id"]] == 1


def test_shops_of_one_installation_are_places_and_must_not_differ_in_clock_or_currency(shop):
    row = shop.tables["stock_availables"][max(shop.tables["stock_availables"])]
    shop.add("stock_availables", **{**row, "id": 900, "id_shop": 0, "id_shop_group": 4, "quantity": 2})
    assert "group-4" in set(synced(shop)["stock_levels"]["location"])
    shop.add("configurations", name="PS_TIMEZONE", value="Europe/London", id_shop_group="", id_shop="2")
    with pytest.raises(UserError, match="shops_differ"):
        synced(shop)
    shop.shops.add("2")
    number = sell(shop)
    shop.touch("orders", number, id_shop=2)
    assert synced(shop, shop=2).order(number)["ordered_at"] == pd.Timestamp("2026-03-02 09:00", tz="UTC")


def test_orders_and_carts_of_another_shop_of_the_installation_are_left_out(shop):
    shop.shops.add("2")
    mine, other = sell(shop), sell(shop)
    for table, number in (("orders", other), ("carts", shop.tables["orders"][other]["id_cart"])):
        shop.touch(table, number, id_shop=2)
    tables = synced(shop, shop=1)
    shop.pass_time(900)
    for number in (mine, other):
        shop.touch("orders", number)
    synced(shop, tables, shop=1)
    assert tables["orders"]["order_id"].tolist() == [str(mine)] == tables["carts"]["order_id"].tolist()
    assert set(tables["order_lines"]["order_id"]) == {str(mine)}


def test_a_prefix_keeps_the_numbers_of_two_installations_apart():
    shop = trading_shop(10, seed=4)
    plain, apart = synced(shop), synced(shop, prefix="pro-")
    assert set(apart["orders"]["order_id"]) == {f"pro-{number}" for number in plain["orders"]["order_id"]}
    assert set(apart["order_lines"]["product_id"]) <= set(apart["products"]["product_id"])
    assert net_invoiced(apart) == pytest.approx(true_net(shop), abs=0.01)


def test_a_product_that_is_gone_keeps_the_name_its_orders_give_it(shop):
    number = sell(shop, currency=1, lines=1)
    line = lines_of(shop, number)[0]
    line.update(product_id=999, product_attribute_id=7, product_name="Old lamp")
    products = synced(shop)["products"].set_index("product_id")
    assert products.loc["999-7", "name"] == "Old lamp" and not products.loc["999-7", "active"]


def test_suppliers_their_country_and_their_prices_in_the_reporting_currency():
    shop = PrestaShop(7, products=0)
    varied = shop.add_product(combinations=2)
    tables = synced(shop)
    assert tables["suppliers"][["supplier_id", "name", "country"]].to_numpy().tolist() == [
        ["1", "Filature du Nord", "FR"]
    ]
    prices = tables["supplier_prices"]
    pounds = float(shop.tables["product_suppliers"][1]["product_supplier_price_te"])
    assert prices["product_id"].tolist() == sorted(f"{varied}-{c}" for c in shop.tables["combinations"])
    assert prices["unit_cost"].tolist() == pytest.approx([pounds / 0.86] * 2)


def test_supply_orders_are_purchases_one_line_a_delivery(shop):
    states = {1: (1, 0, 0, 0), 2: (0, 0, 1, 0), 4: (0, 1, 1, 0), 5: (0, 1, 0, 1), 6: (0, 0, 0, 1)}
    for number, (editable, receipt, pending, enclosed) in states.items():
        shop.add(
            "supply_order_states", id=number, editable=editable, receipt_state=receipt,
            pending_receipt=pending, enclosed=enclosed,
        )  # fmt: skip
    for state in (4, 1, 6):  # partly received, still being written, cancelled
        order = shop.add(
            "supply_orders", id_supplier=1, id_warehouse=3, id_supply_order_state=state, id_currency=2,
            is_template=0, date_add="2026-01-10 10:00:00", date_delivery_expected="2026-02-01 00:00:00",
        )  # fmt: skip
        shop.add(
            "supply_order_details", id_supply_order=order, id_product=1, id_product_attribute=0,
            quantity_expected=10, quantity_received=6 if state == 4 else 0,
            price_with_order_discount_te="86.000000",
        )  # fmt: skip
    for quantity, day in ((4, "20"), (2, "25")):
        date_add = f"2026-01-{day} 09:00:00"
        shop.add(
            "supply_order_receipt_histories", id_supply_order_detail=1, quantity=quantity, date_add=date_add
        )
    bought = synced(shop)["purchases"]
    assert bought["purchase_id"].unique().tolist() == ["1"]
    assert bought["quantity"].tolist() == [4, 2, 4]
    assert bought["received_on"].dt.day.tolist()[:2] == [20, 25] and pd.isna(bought["received_on"].iloc[2])
    assert bought["unit_cost"].tolist() == pytest.approx([10.0] * 3)


def test_carts_know_their_order_also_when_only_one_of_them_changed(shop):
    number = sell(shop, currency=1)
    given_up = shop.add(
        "carts", id_shop=1, id_currency=2, id_customer=1, secure_key="",
        date_add=shop.stamp(), date_upd=shop.stamp(),
        associations={"cart_rows": [{"id_product": 1, "id_product_attribute": 0, "quantity": 3}]},
    )  # fmt: skip
    tables = synced(shop)
    shop.pass_time(900)
    cart = shop.tables["orders"][number]["id_cart"]
    shop.touch("carts", cart)
    shop.touch("carts", given_up)
    synced(shop, tables)
    carts = tables["carts"].set_index("cart_id")
    assert carts.loc[str(cart), "order_id"] == str(number)
    assert carts.loc[str(cart), "goods_net"] == tables.order(number)["goods_net"]
    left = carts.loc[str(given_up)]
    assert (left["units"], left["currency"]) == (3, "GBP") and pd.isna(left["order_id"])
    assert np.isnan(left["goods_net"])  # carts hold no prices


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

"""People, products, stock, supplies and carts of a made-up shop: what its records become."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fakes.prestashop_shop import PrestaShop
from fakes.prestashop_trade import lines_of, sell, trading_shop, truth
from prestashop_help import Tables, connector, server, synced

from echannel.errors import UserError


@pytest.fixture
def shop() -> PrestaShop:
    return PrestaShop(3)


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
    assert apart.sales().entries["net_invoiced"].sum() == pytest.approx(
        truth(shop)["invoiced"] - truth(shop)["refunded"], abs=0.01
    )


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

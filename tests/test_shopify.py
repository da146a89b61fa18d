"""Shopify: what is read is what the shop's own books say, in bulk first and by page after every change."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.shopify import CANARIES, CLIENT, HIDDEN, TOKEN, ShopifyShop
from rest_help import Synced, adds_up, made

from echannel.connectors.conformance import ConnectorSuite, Subject
from echannel.connectors.failures import SourceError
from echannel.connectors.shopify import queries
from echannel.connectors.shopify.connector import SCOPES
from echannel.errors import UserError
from echannel.locale import Speaker


def source(server, sme: dict | None = None, secrets: dict | None = None, **options):
    options = {"address": server.url, **server.options, **options}
    return made("shopify", options, {"token": TOKEN} if secrets is None else secrets, sme)


@pytest.mark.parametrize("included", [True, False])
def test_turnover_is_that_of_the_shops_books_first_and_after_changes(included):
    shop = ShopifyShop(30, seed=3, included=included)
    paid = [n for n, order in shop.orders.items() if order["displayFinancialStatus"] == "PAID"]
    shop.refund(paid[0])
    shop.refund(paid[1], extra=500)
    shop.sell("PAID", gift_card=True)
    shop.pass_time(30)
    got = Synced()
    with shop.served() as server:
        got.sync(source(server))
        assert len(got["orders"]) == len(shop.orders)
        assert got.net() == pytest.approx(shop.truth(), abs=0.02)
        assert adds_up(got["orders"])
        assert [note.key for note in got.notes] == ["shopify.note.gift_cards"]
        bulk = len(shop.operations)
        shop.pass_time(600)
        shop.refund(paid[2])
        shop.change(paid[3], displayFinancialStatus="VOIDED", cancelledAt="2026-03-09T10:00:00Z")
        waiting = next(n for n, one in shop.orders.items() if one["displayFinancialStatus"] == "PENDING")
        shop.change(waiting, displayFinancialStatus="PAID")
        long = shop.sell("PAID", lines=70)
        for _ in range(12):
            shop.sell("PAID")
        shop.pass_time(30)
        got.sync(source(server))
    assert got.net() == pytest.approx(shop.truth(), abs=0.02)
    assert (got["order_lines"]["order_id"] == str(long)).sum() == 70
    assert got.order(paid[3])["status"] == "cancelled" and got.order(paid[2])["status"] == "partly_refunded"
    assert adds_up(got["orders"])
    assert len(shop.operations) == bulk + 1  # of the products only


@pytest.mark.parametrize("on_items", [True, False])
def test_variants_stock_and_customers_mean_what_the_shop_means(on_items):
    shop = ShopifyShop(12, seed=2)
    shop.stock_hangs_on_items = on_items
    with shop.served() as server:
        got = Synced().sync(source(server))
    products = got["products"].set_index("product_id")
    assert products.loc["41", "unit_cost"] == 4.5 and products["unit_cost"].notna().sum() == 1
    assert products["price_net"].isna().all()  # they include VAT, at a rate that nobody says
    assert products.loc["42", "name"] == "Thing 42 – Red" and products.loc["41", "name"] == "Thing 41"
    assert set(products["hs_code"]) == {"940540"} and set(products["weight_kg"]) == {0.25}
    assert not products.loc["45", "active"]
    stock = got["stock_levels"]
    assert set(stock["product_id"]) == {"41", "42", "43", "45"} and set(stock["location"]) == {"1", "2"}
    first = stock[stock["product_id"] == "41"].iloc[0]
    assert (first["on_hand"], first["reserved"], first["on_order"]) == (41, 2, 5)
    people = got["customers"].set_index("customer_id")
    assert len(people) == 5 and set(got["orders"]["customer_id"]) <= set(people.index)
    assert people["kind"].to_list().count("b2b") == 1 and people["company_id"].notna().sum() == 1
    assert set(got["order_lines"]["product_id"]) <= set(products.index)
    assert set(got["order_lines"]["vat_rate"].round(6)) == {0.2}


def test_prices_without_vat_are_list_prices_in_the_reporting_currency():
    shop = ShopifyShop(3, included=False, currency="EUR")
    with shop.served() as server:
        with pytest.raises(UserError) as caught:
            Synced().sync(source(server))
        assert caught.value.key == "rest.reason.no_rate"
        got = Synced().sync(source(server, rates={"EUR": 0.5}))
    assert set(got["products"]["price_net"]) == {6.0}
    assert set(got["orders"]["currency"]) == {"EUR"} and set(got["orders"]["fx_rate"]) == {0.5}
    assert got.net() == pytest.approx(shop.truth() / 2, abs=0.01)


def test_orders_made_to_try_the_shop_out_are_none():
    shop = ShopifyShop(4)
    shop.change(1000, test=True)
    shop.pass_time(5)
    with shop.served() as server:
        got = Synced().sync(source(server))
    assert "1000" not in set(got["orders"]["order_id"]) and len(got["orders"]) == 3


def test_an_app_exchanges_its_secret_for_a_token():
    shop = ShopifyShop(3)
    with shop.served() as server:
        got = Synced().sync(source(server, secrets={"client_id": CLIENT, "client_secret": HIDDEN}))
        assert len(got["orders"]) == 3
        (asked,) = [call for call in server.calls if call.path.endswith("access_token")]
        assert HIDDEN not in str(asked.params)
        with pytest.raises(SourceError) as caught:
            Synced().sync(source(server, secrets={"client_id": CLIENT, "client_secret": "wrong"}))
        assert caught.value.key == "shopify.error.client"
        with pytest.raises(UserError) as missing:
            Synced().sync(source(server, secrets={}))
        assert missing.value.key == "rest.error.no_secret"


def test_an_empty_bucket_is_waited_for():
    shop = ShopifyShop(25, seed=6)
    shop.most = shop.available = 1000.0
    got = Synced()
    with shop.served() as server:
        got.sync(source(server))
        shop.pass_time(300)
        for number in list(shop.orders)[:25]:
            shop.change(number)
        shop.available, shop.fills = 5.0, 200
        got.sync(source(server))
    assert shop.throttled > 0
    assert got.net() == pytest.approx(shop.truth(), abs=0.02)


def test_a_page_that_costs_too_much_is_halved():
    shop = ShopifyShop(8, seed=6)
    got = Synced()
    with shop.served() as server:
        got.sync(source(server))
        shop.pass_time(300)
        for number in list(shop.orders):
            shop.change(number, displayFinancialStatus="PAID", cancelledAt=None)
        shop.dearest, shop.polls = 900, 2
        got.sync(source(server))
    assert shop.refused_for_cost > 1
    assert got.net() == pytest.approx(shop.truth(), abs=0.02)


def test_a_bulk_operation_of_somebody_else_is_waited_for():
    shop = ShopifyShop(3)
    other = {
        "id": "other",
        "status": "RUNNING",
        "errorCode": None,
        "objectCount": "0",
        "url": None,
        "polls": 0,
    }
    shop.operations["other"] = other
    with shop.served() as server:
        asked = []

        def finishes(call):
            asked.append(call)
            if len(asked) == 6:
                other["status"] = "COMPLETED"
            return shop(call)

        server.app = finishes
        got = Synced().sync(source(server))
    assert len(got["orders"]) == 3


def test_a_first_sync_that_broke_off_goes_on_in_the_same_file_or_starts_again(monkeypatch):
    monkeypatch.setattr("echannel.connectors.shopify.connector.CHUNK", 5)
    shop = ShopifyShop(22, seed=4)
    with shop.served() as server:
        got = Synced().sync(source(server), batches=4)
        assert len(got["orders"]) == 10 and got.cursor["done"] == "10"
        before = len(shop.operations)
        got.sync(source(server))
        assert len(shop.operations) == before + 2  # products and customers: the file of orders is still there
        assert got.net() == pytest.approx(shop.truth(), abs=0.02)
        again = Synced().sync(source(server), batches=4)
        shop.operations[again.cursor["bulk"]] |= {"status": "EXPIRED", "polls": -9}
        again.sync(source(server))
    assert again.net() == pytest.approx(shop.truth(), abs=0.02)
    assert set(got.cursor) == {"shape", "since"}


def test_missing_scopes_are_named_and_done_without_but_for_orders():
    shop = ShopifyShop(4)
    shop.scopes -= {"read_inventory", "read_all_orders", "read_customers"}
    with shop.served() as server:
        got = Synced().sync(source(server))
        lacks = {one.said.values["resource"] for one in source(server).check() if one.state == "lacks"}
        assert lacks == {"read_all_orders", "read_inventory", "read_customers"}
        assert got["customers"].empty and got["stock_levels"].empty and len(got["products"]) == 5
        assert got["orders"]["customer_id"].isna().all()
        shop.scopes.clear()
        with pytest.raises(SourceError) as caught:
            Synced().sync(source(server))
        assert caught.value.key == "shopify.error.scope"


def test_protected_customers_are_done_without():
    shop = ShopifyShop(4)
    shop.shows_people = False
    with shop.served() as server:
        got = Synced().sync(source(server))
        keys = [one.said.key for one in source(server).check() if one.state == "lacks"]
    assert keys == ["shopify.check.protected"] and "shopify.check.protected" in [
        note.key for note in got.notes
    ]
    assert got.net() == pytest.approx(shop.truth(), abs=0.02)


def test_a_wrong_token_and_a_shop_that_is_closed_are_sentences():
    shop = ShopifyShop(2)
    with shop.served() as server:
        with pytest.raises(SourceError) as wrong:
            Synced().sync(source(server, secrets={"token": "shpat_wrong"}))
        shop.closed = True
        with pytest.raises(SourceError) as closed:
            Synced().sync(source(server))
        (finding,) = source(server).check()
    assert (wrong.value.key, closed.value.key) == ("shopify.error.token", "shopify.error.closed")
    assert finding.state == "blocks"
    for language in ("en", "fr"):
        said = Speaker(language).error(wrong.value)
        assert "shpat_wrong" not in said and "shopify." not in said


def test_nothing_personal_is_asked_for_but_the_e_mail_and_the_firm():
    asked = " ".join(
        (queries.bulk_orders(True), queries.changed_orders(True), queries.REFUNDS, queries.BULK_CUSTOMERS)
    )
    for field in (
        "firstName",
        "lastName",
        "displayName",
        "address1",
        "phone",
        "note",
        "customAttributes",
        "zip",
    ):
        assert field not in asked
    assert "email" not in queries.bulk_orders(False) and "customer" not in queries.changed_orders(False)


class TestShopifyConforms(ConnectorSuite):
    @pytest.fixture
    def subject(self, tmp_path, monkeypatch):
        monkeypatch.setenv("SHOPIFY_TOKEN", TOKEN)
        monkeypatch.setattr("echannel.connectors.shopify.connector.CHUNK", 8)
        shop = ShopifyShop(20, seed=8)
        paid = next(n for n, order in shop.orders.items() if order["displayFinancialStatus"] == "PAID")
        shop.refund(paid)
        shop.pass_time(30)
        with shop.served() as server:
            yield Subject(
                "shopify",
                {"address": server.url, **server.options},
                tmp_path,
                secrets={"token": "env:SHOPIFY_TOKEN"},
                canaries=(*CANARIES.values(), "canaria surname ltd"),
                breaking=shop.out_of_order,
                sme={"orientation": "both"},
            )


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_guide_names_every_scope_and_option(language):
    guide = (Path(__file__).parents[1] / "docs" / "connect" / f"shopify.{language}.md").read_text("utf-8")
    for word in (*SCOPES, "rates:", "version:", "client_id", "client_secret", "token"):
        assert word in guide


def test_fields_that_are_null_cost_no_more_than_themselves():
    shop = ShopifyShop()
    kept = ("id", "createdAt", "updatedAt", "lineItems", "shippingLines")
    for name in [name for name in shop.orders[shop.sell("PAID")] if name not in kept]:
        shop.orders[shop.sell("PAID")][name] = None
    for part in ("originalTotalSet", "variant", "product", "taxLines", "discountAllocations", "quantity"):
        shop.orders[shop.sell("PAID")]["lineItems"][0][part] = None
    for name in [name for name in shop.variants[0] if name != "id"]:
        shop.variants.append({**shop.variants[1], "id": f"gid://shopify/ProductVariant/{900 + len(name)}"})
        shop.variants[-1][name] = None
    shop.pass_time(5)
    got = Synced()
    with shop.served() as server:
        got.sync(source(server))
        shop.pass_time(5)
        for number in list(shop.orders):
            shop.change(number)
        got.sync(source(server))
    assert len(got["orders"]) == len(shop.orders)
    assert len(got["products"]) == len({one["id"] for one in shop.variants})

"""WooCommerce: what is read is what the shop's own books say, first and after every change."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from fakes.server import FakeServer, tls_context
from fakes.woocommerce import CANARIES, KEY, SECRET, WooShop, served
from rest_help import Synced, adds_up, made

from echannel.connectors.conformance import ConnectorSuite, Subject
from echannel.connectors.failures import SourceError
from echannel.connectors.oauth import base_string, signature
from echannel.errors import UserError
from echannel.locale import Speaker

SECRETS = {"key": KEY, "secret": SECRET}


def source(server: FakeServer, sme: dict | None = None, secrets: dict | None = None, **options):
    options = {"address": server.url, **server.options, **options}
    return made("woocommerce", options, SECRETS if secrets is None else secrets, sme)


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr("echannel.connectors.woocommerce.service.PAGE", 10)
    monkeypatch.setattr("echannel.connectors.woocommerce.connector.PAGES", 2)


def test_the_signature_is_that_of_the_specification():
    # OAuth Core 1.0, appendix A.5: the request for a photo, and its signature there.
    params = {
        "oauth_consumer_key": "dpf43f3p2l4k3l03",
        "oauth_token": "nnch734d00sl2jdk",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "1191242096",
        "oauth_nonce": "kllo9940pd9333jh",
        "oauth_version": "1.0",
        "file": "vacation.jpg",
        "size": "original",
    }
    base = base_string("GET", "http://photos.example.net/photos", params)
    signed = signature(base, "kd94hf93k423kf44", "HMAC-SHA1", "pfkkdhi9sl3r4s00")
    assert signed == "tR3+Ty81lMeYAr/Fid0kMTYa/WM="


def test_the_base_string_leaves_out_default_ports_and_encodes_what_must_be():
    base = base_string(
        "get", "HTTP://Example.com:80/r%20v/X", {"b5": "=%3D", "a3": "a", "c@": "", "a2": "r b"}
    )
    # RFC 5849, 3.4.1, without the parameter that comes twice.
    assert base == (
        "GET&http%3A%2F%2Fexample.com%2Fr%2520v%2FX&a2%3Dr%2520b%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D"
    )


@pytest.mark.parametrize("version", [8, 9])
def test_turnover_is_that_of_the_shops_books_first_and_after_changes(small_pages, version):
    shop = WooShop(45, seed=3)
    shop.version = version
    numbers = [n for n, order in shop.orders.items() if order["status"] == "completed"]
    shop.refund(numbers[0])
    shop.refund(numbers[1], whole=True)
    shop.refund(numbers[2], lump=500)
    shop.pass_time(30)
    got = Synced()
    with served(shop) as server:
        got.sync(source(server))
        assert set(got["orders"]["order_id"]) == shop.real()
        assert got.net() == pytest.approx(shop.truth()["net"], abs=0.02)
        assert adds_up(got["orders"]) and not got.refusals
        single = [call for call in server.calls if "/orders/" in call.path]
        assert len(single) == (3 if version < 9 else 0)
        status = [got.order(n)["status"] for n in numbers[:4]]
        assert status == ["partly_refunded", "refunded", "partly_refunded", "shipped"]
        calls = len(server.calls)
        shop.pass_time(600)
        shop.refund(numbers[3])
        shop.change(numbers[4], status="trash")
        waiting = next(n for n, order in shop.orders.items() if order["status"] == "pending")
        shop.change(waiting, status="processing", date_paid_gmt="2026-03-10T10:00:00")
        shop.sell("completed")
        shop.pass_time(30)
        got.sync(source(server))
        assert got.net() == pytest.approx(shop.truth()["net"], abs=0.02)
        assert got.order(numbers[4])["status"] == "cancelled"
        asked = [call for call in server.calls[calls:] if "_fields" in call.params]
        full = [call for call in asked if call.path.endswith("/orders") and "page" in call.params]
        assert full and all("modified_after" in call.params for call in full)


def test_what_coupons_take_off_a_line_is_taken_off_once():
    with served(WooShop(40)) as server:
        synced = Synced().sync(source(server))
    sales = synced.sales()
    lines, orders = sales.lines, synced["orders"]
    orders = orders[orders["order_id"].isin(set(sales.orders["order_id"]))]
    fees = float((orders["wrapping_net"] * orders["fx_rate"]).sum())  # which no line explains
    assert lines["discount"].sum() > 0
    assert lines.loc[lines["entry"] == "unitemised", "net"].sum() == pytest.approx(fees, abs=0.05)


def test_lines_refunds_products_and_stock_mean_what_the_shop_means():
    shop = WooShop()
    number = shop.sell("completed", fee_lines=[])
    shop.refund(number)
    shop.pass_time(5)
    with served(shop) as server:
        got = Synced().sync(source(server))
    lines = got["order_lines"].sort_values("line_no")
    first = shop.books[number]["lines"][0]
    assert lines["net_amount"].sum() == pytest.approx(
        sum(one["net"] for one in shop.books[number]["lines"]) / 100
    )
    assert (lines["quantity"] * lines["unit_price_net"] - lines["discount_net"]).to_list() == pytest.approx(
        lines["net_amount"].to_list()
    )
    assert lines["vat_rate"].to_list() == [0.2] * len(lines)
    assert lines["unit_cost"].iloc[0] == pytest.approx(first["record"]["price"] * 0.4)
    (back,) = got["refunds"].to_dict("records")
    assert back["net_amount"] == first["net"] / 100 and back["vat_amount"] == first["vat"] / 100
    assert back["product_id"] == lines["product_id"].iloc[0]
    products = got["products"].set_index("product_id")
    assert set(products.index) == {"11", "12", "13", "14", "15", "16-161", "16-162"}
    assert products.loc["11", "price_net"] == 10 and products.loc["11", "unit_cost"] == 4.5
    assert products.loc["16-161", "price_net"] == 20 and products.loc["16-161", "name"] == "Product 16 – Red"
    assert products.loc["16-162", "weight_kg"] == 0.25 and products.loc["16-162", "category"] == "Lamps"
    assert not products.loc["15", "active"]
    stock = got["stock_levels"].set_index("product_id")["on_hand"]
    assert stock.to_dict() == {"11": 11.0, "12": 12.0, "13": 13.0, "15": 15.0, "16-161": 7.0}
    assert [note.key for note in got.notes] == ["woocommerce.note.shared_stock"]


def test_customers_are_accounts_and_guests_once_each():
    shop = WooShop(40, seed=5)
    with served(shop) as server:
        got = Synced().sync(source(server))
    people = got["customers"].set_index("customer_id")
    buyers = set(got["orders"]["customer_id"].dropna())
    assert (
        buyers - set(people.index) == set() or len(buyers - set(people.index)) <= 2
    )  # never paid, not customers
    assert people["kind"].isin(["b2b", "b2c"]).all()
    assert people["company_registered"].fillna(False).sum() == 1
    firms = people.loc[people["kind"] == "b2b", "company_id"]
    assert firms.notna().all()


def test_other_currencies_are_worth_what_the_order_or_the_profile_says():
    shop = WooShop()
    plain = shop.sell("completed", currency="EUR")
    kept = [
        {"key": "_wcpay_multi_currency_order_exchange_rate", "value": "1.25"},
        {"key": "_wcpay_multi_currency_order_default_currency", "value": "GBP"},
    ]
    converted = shop.sell("completed", currency="USD", meta_data=kept)
    shop.pass_time(5)
    got = Synced()
    with served(shop) as server:
        got.sync(source(server))
        assert got.refusals == ["rest.reason.no_rate"]
        assert set(got["orders"]["order_id"]) == {str(converted)}
        assert got.order(converted)["fx_rate"] == 0.8
        got.sync(source(server, rates={"EUR": 0.85}))  # an order from before the last sync
    assert got.order(plain)["fx_rate"] == 0.85
    expected = shop.books[plain]["net"] * 0.85 + shop.books[converted]["net"] * 0.8
    assert got.net() == pytest.approx(expected / 100, abs=0.01)


def test_statuses_of_plugins_go_by_the_date_of_payment_or_the_profile():
    shop = WooShop()
    boxed, waiting = shop.sell("wc-boxed"), shop.sell("wc-quoted")
    shop.pass_time(5)
    with served(shop) as server:
        got = Synced().sync(source(server))
        told = Synced().sync(source(server, states={"quoted": "paid", "boxed": "delivered"}))
    assert (got.order(boxed)["status"], got.order(waiting)["status"]) == ("paid", "pending")
    assert [n.values["states"] for n in got.notes if n.key.endswith("states")] == ["boxed, quoted"]
    assert (told.order(boxed)["status"], told.order(waiting)["status"]) == ("delivered", "paid")


def test_over_tls_the_keys_go_as_they_are(tmp_path):
    shop = WooShop(3)
    shop.secure = True
    context, authority = tls_context(tmp_path)
    with served(shop, tls=context) as server:
        got = Synced().sync(source(server, ca_file=str(authority)))
        assert all(call.basic == (KEY, SECRET) for call in server.calls)
    assert set(got["orders"]["order_id"]) == shop.real()


def test_what_the_keys_may_not_read_is_named_and_does_without_but_for_orders():
    shop = WooShop(5)
    shop.rights -= {"customers", "settings", "taxes"}
    with served(shop) as server:
        got = Synced().sync(source(server))
        lacks = [one for one in source(server).check() if one.state == "lacks"]
        assert {one.said.values["resource"] for one in lacks} == {"customers", "settings/general", "taxes"}
        assert got.notes[0].values == {"rights": "customers, settings/general, taxes"}
        shop.rights -= {"orders"}
        with pytest.raises(SourceError) as caught:
            Synced().sync(source(server))
        assert "orders" in Speaker("en").error(caught.value)
        assert [one for one in source(server).check() if one.state == "blocks"]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"plain_permalinks": True}, "woocommerce.error.no_api"),
        ({"drops_authorization": True}, "woocommerce.error.key_lost"),
    ],
)
def test_what_blocks_is_told_apart_and_has_its_remedy(change, key):
    shop = WooShop(2)
    vars(shop).update(change)
    with served(shop) as server:
        with pytest.raises(SourceError) as caught:
            Synced().sync(source(server))
        (finding,) = source(server).check()
    assert caught.value.key == key and (finding.state, finding.said.key) == ("blocks", key) and finding.fix
    for language in ("en", "fr"):
        said = Speaker(language).error(caught.value)
        assert KEY not in said and SECRET not in said and "woocommerce." not in said


def test_wrong_keys_and_unknown_options_are_sentences():
    shop = WooShop(2)
    with served(shop) as server:
        with pytest.raises(SourceError) as caught:
            Synced().sync(source(server, secrets={"key": KEY, "secret": "cs_wrong"}))
        assert caught.value.key == "woocommerce.error.key"
        with pytest.raises(UserError) as unknown:
            source(server, shop=2)
        assert unknown.value.key == "rest.error.option"
        with pytest.raises(UserError) as missing:
            source(server, secrets={"key": KEY})
        assert missing.value.key == "rest.error.no_secret"


@pytest.mark.parametrize("seed", range(2))
def test_a_shop_that_goes_on_selling_while_it_is_read_loses_and_doubles_nothing(small_pages, seed):
    shop, dice = WooShop(50, seed=seed), random.Random(seed)

    def busy(call):
        if dice.random() < 0.3:
            shop.pass_time(1)
            happened = dice.choice(("sell", "change", "trash", "refund"))
            number = dice.choice(list(shop.orders))
            if happened == "sell":
                shop.sell()
            elif happened == "refund" and shop.orders[number]["status"] == "completed":
                shop.refund(number, lump=100)
            elif happened == "trash" and shop.orders[number]["status"] == "pending":
                shop.change(number, status="trash")
            else:
                shop.change(number)
        return shop(call)

    got = Synced()
    with FakeServer(busy, clock=shop.utc) as server:
        got.sync(source(server))
        server.app = shop
        shop.pass_time(1)
        got.sync(source(server))
    trash = {str(n) for n, order in shop.orders.items() if order["status"] == "trash"}
    stored = set(got["orders"]["order_id"])
    assert shop.real() - trash <= stored <= shop.real()
    assert got.net() == pytest.approx(shop.truth()["net"], abs=0.02)


def test_faults_on_the_way_cost_a_retry_and_nothing_else():
    shop = WooShop(12, seed=4)
    with served(shop) as server:
        for fault in ("502 html", "reset", "503 maintenance", "429"):
            server.fail(fault, path="/orders")
        got = Synced().sync(source(server))
    assert got.net() == pytest.approx(shop.truth()["net"], abs=0.02)


def test_nothing_personal_is_asked_for():
    shop = WooShop(4)
    with served(shop) as server:
        Synced().sync(source(server))
        asked = {field for call in server.calls for field in call.params.get("_fields", "").split(",")}
    assert "billing.email" in asked and "billing" not in asked
    assert not [one for one in asked if "name" in one.split(".")[1:] or "address" in one or "phone" in one]


class TestWooCommerceConforms(ConnectorSuite):
    @pytest.fixture
    def subject(self, tmp_path, monkeypatch, small_pages):
        monkeypatch.setenv("WOO_KEY", KEY)
        monkeypatch.setenv("WOO_SECRET", SECRET)
        shop = WooShop(25, seed=8)
        shop.refund(next(n for n, order in shop.orders.items() if order["status"] == "completed"))
        shop.pass_time(30)
        with served(shop) as server:
            yield Subject(
                "woocommerce",
                {"address": server.url, **server.options},
                tmp_path,
                secrets={"key": "env:WOO_KEY", "secret": "env:WOO_SECRET"},
                canaries=(*CANARIES.values(), "canaria surname ltd"),
                breaking=shop.out_of_order,
            )


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_guide_names_every_option(language):
    guide = (Path(__file__).parents[1] / "docs" / "connect" / f"woocommerce.{language}.md").read_text("utf-8")
    for word in ("rates:", "states:", "channels:", "key_in_address: true", "ck_", "cs_"):
        assert word in guide


def test_keys_in_the_address_are_for_servers_that_drop_them_and_a_note_warns(tmp_path):
    shop = WooShop(3)
    shop.secure = shop.drops_authorization = True
    context, authority = tls_context(tmp_path)
    with served(shop, tls=context) as server:
        got = Synced().sync(source(server, ca_file=str(authority), key_in_address=True))
    assert set(got["orders"]["order_id"]) == shop.real()
    assert "woocommerce.note.key_in_address" in [note.key for note in got.notes]


@pytest.mark.parametrize("gone", [True, False])
def test_fields_that_are_null_or_not_there_cost_no_more_than_themselves(gone):
    shop = WooShop()
    fields = [name for name in shop.orders.get(shop.sell("completed"), {}) if name not in ("id", "currency")]
    needed = ("date_created_gmt",)  # an order without a moment is refused by the sync
    for name in fields:
        order = shop.orders[shop.sell("completed")]
        if name in needed:
            continue
        order[name] = None
        if gone:
            del order[name]
        order.setdefault("status", "completed")
        order["status"] = order["status"] or "completed"
        order["date_modified_gmt"] = order.get("date_modified_gmt") or "2026-03-02T10:00:00"
    for name in list(shop.products[0]):
        if name not in ("id",):
            shop.products.append({**shop.products[0], "id": 2000 + len(shop.products)})
            shop.products[-1][name] = None
    shop.pass_time(5)
    with served(shop) as server:
        got = Synced().sync(source(server))
    assert len(got["orders"]) == len(shop.orders)
    assert len(got["products"]) == len(shop.products) + 1  # one product is two variations

"""Magento's connector against a shop that does its own sums and a server that behaves like Magento's."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from fakes.magento import KEY, KEY_SECRET, RIGHTS, TOKEN, TOKEN_SECRET, RestApi
from fakes.magento_shop import CANARIES, MagentoShop, trading_shop
from fakes.server import FakeServer, Reply
from rest_help import Synced, adds_up, made

from echannel.connectors.conformance import ConnectorSuite, Subject
from echannel.connectors.http import SourceError
from echannel.connectors.magento import service
from echannel.errors import UserError
from echannel.locale import Speaker

SECRETS = {"token": TOKEN}
OAUTH = {**SECRETS, "consumer_key": KEY, "consumer_secret": KEY_SECRET, "token_secret": TOKEN_SECRET}


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    monkeypatch.setattr(service, "PAGE", 16)


class Trade:
    """A shop on a server, and what its syncs have stored."""

    def __init__(self, shop: MagentoShop, server: FakeServer) -> None:
        self.shop, self.server, self.synced = shop, server, Synced()

    def connector(self, secrets: dict[str, str] = SECRETS, sme: dict | None = None, **options):
        return made("magento", {"address": self.server.url, **self.server.options, **options}, secrets, sme)

    def sync(self, batches: int | None = None, **options) -> Synced:
        self.shop.now += pd.Timedelta(minutes=30).to_pytimedelta()
        return self.synced.sync(self.connector(**options), batches)


@contextmanager
def trade(shop: MagentoShop):
    with FakeServer(RestApi(shop), clock=shop.clock) as server:
        yield Trade(shop, server)


def units(synced: Synced) -> dict[str, float]:
    lines = synced.sales().lines
    sold = lines[lines["entry"] == "sale"]
    found = sold.groupby(sold["product_id"].astype(str))["quantity"].sum()
    return {product: quantity for product, quantity in found.items() if quantity}


def real(counted: dict[str, float]) -> dict[str, float]:
    return {product: quantity for product, quantity in counted.items() if quantity}


@pytest.mark.parametrize(("seed", "hold_vat"), [(1, True), (2, False)])
def test_turnover_and_units_are_the_shops_own_first_and_after_changes(seed, hold_vat):
    with trade(trading_shop(40, seed, discounts_hold_vat=hold_vat)) as t:
        synced = t.sync()
        assert synced.net() == pytest.approx(t.shop.truth(), abs=0.02)
        assert units(synced) == real(t.shop.units)
        assert adds_up(synced["orders"])
        assert len(synced["orders"]) == 40
        shop = t.shop
        complete = [o["entity_id"] for o in shop.tables["orders"] if o["state"] == "complete"]
        shop.refund(complete[-1])
        shop.set_state(complete[-2], "canceled")
        shop.sell(guest="canary-new@shop.example")
        asked = len(t.server.calls)
        t.sync()
        assert synced.net() == pytest.approx(shop.truth(), abs=0.02)
        assert units(synced) == real(shop.units)
        assert adds_up(synced["orders"])
        bodies = [call for call in t.server.calls[asked:] if call.path.endswith("orders")]
        assert any("updated_at" in call.params.values() for call in bodies)
        assert len(bodies) < 6  # not the whole list again


def test_what_no_line_explains_is_nothing(monkeypatch):
    with trade(trading_shop(30, 3)) as t:
        synced = t.sync()
        lines = synced.sales().lines
        assert not (lines["entry"] == "unitemised").any()
        goods = synced["order_lines"].groupby("order_id", observed=True)["net_amount"].sum()
        orders = synced["orders"].set_index("order_id")
        apart = (goods - orders["goods_net"].reindex(goods.index)).abs()
        assert apart.max() < 1e-6 and orders["discount_net"].abs().max() < 0.02


@pytest.mark.parametrize("kind", ["simple", "configurable", "dynamic", "fixed"])
def test_each_thing_sold_is_one_line_with_its_money(kind):
    shop = MagentoShop(4)
    number = shop.sell(kinds=(kind,), currency="GBP", discount=0.1)
    shop.now += pd.Timedelta(hours=1).to_pytimedelta()
    with trade(shop) as t:
        synced = t.sync()
        lines, order = synced["order_lines"], shop.find("orders", number)
        shelved = {str(p["id"]) for p in shop.tables["products"] if p["type_id"] == "simple"}
        assert set(lines["product_id"]) <= shelved
        assert len(lines) == (2 if kind in ("dynamic", "fixed") else 1)
        assert dict(zip(lines["product_id"], lines["quantity"], strict=True)) == real(shop.units)
        assert lines["unit_cost"].notna().all()
        net = order["subtotal"] + order["discount_amount"] + order["discount_tax_compensation_amount"]
        net += order["shipping_discount_amount"] - order["shipping_discount_tax_compensation_amount"]
        assert lines["net_amount"].sum() == pytest.approx(net, abs=0.011)
        assert (lines["net_amount"] > 0).all()
        assert (lines["discount_net"].sum()) == pytest.approx(order["subtotal"] * 0.1, abs=0.02)


@pytest.mark.parametrize("kind", ["configurable", "dynamic", "fixed"])
def test_what_is_given_back_is_what_was_sold(kind):
    shop = MagentoShop(4)
    shop.refund(shop.sell(kinds=(kind,), currency="GBP", discount=0.1), shipping=False)
    with trade(shop) as t:
        synced = t.sync()
        sold = synced["order_lines"].set_index("product_id")[["quantity", "net_amount"]].astype(float)
        back = synced["refunds"].set_index("product_id")[["quantity", "net_amount"]].astype(float)
        pd.testing.assert_frame_equal(sold.sort_index(), back.sort_index(), atol=0.011)


def test_part_of_an_order_that_was_cancelled_is_left_out():
    shop = MagentoShop(5)
    numbers = [shop.sell(kinds=("simple", "simple"), discount=0.1) for _ in range(4)]
    for number in numbers:
        if shop.find("orders", number)["items"][0]["qty_ordered"] > 1:
            shop.cancel_rest(number)
    with trade(shop) as t:
        synced = t.sync()
        assert any("total_canceled" in order for order in shop.tables["orders"])
        assert synced.net() == pytest.approx(shop.truth(), abs=0.02)
        assert units(synced) == real(shop.units)
        assert adds_up(synced["orders"])


def test_carriage_given_away_takes_nothing_off_the_goods():
    shop = MagentoShop(6)
    for _ in range(6):
        shop.sell(discount=0.0, shipping_discount=1.0)
    with trade(shop) as t:
        orders = t.sync()["orders"]
        assert orders["shipping_net"].abs().max() < 1e-9 and orders["discount_net"].abs().max() < 0.011
        assert adds_up(orders)


STATES = [
    ("new", 0, 0, "pending"),
    ("new", 1, 0, "paid"),
    ("payment_review", 0, 0, "pending"),
    ("holded", 0, 0, "pending"),
    ("holded", 1, 0, "paid"),
    ("processing", 1, 0, "paid"),
    ("processing", 1, 0.5, "partly_refunded"),
    ("complete", 1, 0, "shipped"),
    ("complete", 1, 0.4, "partly_refunded"),
    ("complete", 1, 1, "refunded"),
    ("closed", 1, 1, "refunded"),
    ("closed", 0, 0, "cancelled"),
    ("canceled", 0, 0, "cancelled"),
]


def test_what_a_state_means():
    shop, meant = MagentoShop(7), {}
    for state, paid, back, status in STATES:
        order = shop.find("orders", shop.sell(state))
        order |= {"total_paid": paid * order["grand_total"], "total_refunded": back * order["grand_total"]}
        meant[str(order["entity_id"])] = status
    with trade(shop) as t:
        orders = t.sync()["orders"]
        assert dict(zip(orders["order_id"], orders["status"], strict=True)) == meant


def test_the_profile_may_say_what_a_status_means():
    shop = MagentoShop(7)
    number = shop.sell("new")
    with trade(shop) as t:
        assert t.sync(statuses={"our_new": "paid"}).order(number)["status"] == "paid"


def test_amounts_by_hand_and_cancelled_memos():
    shop = MagentoShop(8)
    less, more, undone = (shop.sell(kinds=("simple",), currency="GBP", discount=0.0) for _ in range(3))
    shop.refund(less, fee=1.0, shipping=False)
    shop.refund(more, extra=2.0)
    memo = shop.refund(undone)
    with trade(shop) as t:
        synced = t.sync()
        assert synced.net() == pytest.approx(shop.truth(), abs=0.02)
        refunds = synced["refunds"]
        gross = (
            (refunds["net_amount"] + refunds["vat_amount"]).groupby(refunds["order_id"], observed=True).sum()
        )
        for one in shop.tables["creditmemos"]:
            assert gross[str(one["order_id"])] == pytest.approx(one["grand_total"], abs=0.011)
        assert (refunds["refund_id"].str.endswith("-adjustment")).sum() == 1
        record = shop.find("creditmemos", memo)
        shop.now += pd.Timedelta(minutes=5).to_pytimedelta()
        record |= {"state": 3, "updated_at": shop.stamp}
        t.sync()
        assert synced.net() == pytest.approx(shop.truth(), abs=0.02)


def test_each_amount_is_worth_what_the_order_says():
    shop = MagentoShop(9, base="EUR")  # the shop counts in euros, the firm in pounds
    number = shop.sell(kinds=("simple",), currency="GBP")
    euros = shop.sell(kinds=("simple",), currency="EUR")
    with trade(shop) as t:
        synced = t.sync()
        assert synced.order(number)["fx_rate"] == 1.0
        assert str(euros) not in set(synced["orders"]["order_id"])
        assert synced.refusals == ["rest.reason.no_rate"]
    with trade(shop) as t:
        synced = t.sync(rates={"EUR": 0.8})
        assert synced.order(euros)["fx_rate"] == pytest.approx(0.8) and not synced.refusals
        costs = synced["order_lines"].set_index("order_id")["unit_cost"]
        item = shop.find("orders", euros)["items"][0]
        assert costs[str(euros)] == pytest.approx(item["base_cost"] * 0.8)


def test_an_order_in_another_currency_is_turned_at_its_own_rate():
    shop = MagentoShop(10)
    number = shop.sell(currency="EUR")
    with trade(shop) as t:
        row = t.sync().order(number)
        base = shop.find("orders", number)["base_grand_total"]
        assert row["currency"] == "EUR" and row["total_gross"] * row["fx_rate"] == pytest.approx(
            base, abs=0.01
        )


def test_products_stock_and_people():
    shop = MagentoShop(11)
    shop.add_customer(50, company="Canary Holdings")
    guest = shop.sell(guest="Canary-Guest@shop.example")
    shop.sell(guest="canary-guest@SHOP.example")
    with trade(shop) as t:
        synced = t.sync(prices_include_vat=False)
        products = synced["products"].set_index("product_id")
        assert set(products.index) == {
            str(p["id"]) for p in shop.tables["products"] if p["type_id"] == "simple"
        }
        first = shop.tables["products"][0]
        row = products.loc[str(first["id"])]
        assert (row["sku"], row["category"], row["origin_country"]) == (first["sku"], "Things", "FR")
        assert row["unit_cost"] == pytest.approx(first["price"] * 0.4)
        assert (row["price_net"], row["weight_kg"]) == (first["price"], 0.5)
        numbers = {p["sku"]: str(p["id"]) for p in shop.tables["products"]}
        listed = {
            (numbers[one["sku"]], one["source_code"]): one["quantity"]
            for one in shop.tables["inventory/source-items"]
        }
        stock = synced["stock_levels"]
        assert {(r.product_id, r.location): r.on_hand for r in stock.itertuples()} == listed
        customers = synced["customers"].set_index("customer_id")
        assert len(customers) == 7 + 1  # one guest, however the e-mail is written
        who = synced.order(guest)["customer_id"]
        assert pd.isna(customers.loc[who, "created_at"])
        assert (customers["kind"] == "b2b").sum() == 1 and customers["company_id"].notna().sum() == 1
        assert synced.order(guest)["country"] == "FR"


def test_list_prices_are_not_guessed():
    with trade(MagentoShop(11)) as t:
        assert t.sync()["products"]["price_net"].isna().all()


def test_a_product_that_is_gone_keeps_its_name():
    shop = MagentoShop(12)
    shop.sell(kinds=("simple",))
    gone = shop.tables["orders"][0]["items"][0]["product_id"]
    name = shop.find("products", gone)["name"]
    shop.tables["products"] = [one for one in shop.tables["products"] if one["id"] != gone]
    with trade(shop) as t:
        row = t.sync()["products"].set_index("product_id").loc[str(gone)]
        assert row["name"] == name and not row["active"]


def test_a_shop_that_goes_on_selling_while_it_is_read_loses_and_doubles_nothing():
    shop = trading_shop(24, 13)
    app, random = RestApi(shop), shop.random

    def busy(call):
        if random.random() < 0.3:
            shop.sell(guest=f"canary-{random.random()}@shop.example")
            if random.random() < 0.3:
                shop.refund(shop.sell(kinds=("simple",)))
        return app(call)

    with FakeServer(app, clock=shop.clock) as server:
        t = Trade(shop, server)
        server.app = busy
        t.sync(batches=4)
        t.sync()
        t.sync()
        server.app = app
        t.sync()
        assert sorted(t.synced["orders"]["order_id"].astype(int)) == sorted(
            order["entity_id"] for order in shop.tables["orders"]
        )
        assert t.synced.net() == pytest.approx(shop.truth(), abs=0.02)
        assert units(t.synced) == real(shop.units)


@pytest.mark.parametrize("step", [1, 3])
def test_a_sync_that_broke_off_goes_on_after_the_last_range(monkeypatch, step):
    monkeypatch.setattr(service, "PAGE", 5)
    with trade(trading_shop(18, 22, step=step)) as t:
        t.sync(batches=2)
        before, kept = len(t.server.calls), set(t.synced["orders"]["order_id"])
        assert 0 < len(kept) < 18
        t.sync()
        assert sorted(t.synced["orders"]["order_id"].astype(int)) == [step * n for n in range(1, 19)]
        lowest = [
            int(call.params["searchCriteria[filterGroups][0][filters][0][value]"])
            for call in t.server.calls[before:]
            if call.path.endswith("/orders") and "gteq" in call.params.values()
        ]
        assert min(lowest) > max(map(int, kept))


def test_nobody_is_asked_for_by_name_and_no_page_past_the_last(monkeypatch):
    monkeypatch.setattr(service, "PAGE", 5)
    with trade(trading_shop(6, 14)) as t:
        t.sync()
        for call in t.server.calls:
            said = " ".join(call.params.values())
            assert not re.search(
                r"name\b(?<!,name)|telephone|street|remote_ip|@", said.replace("[name", ",name")
            )
            page = int(call.params.get("searchCriteria[currentPage]", 1))
            assert page == 1 or call.path.endswith("source-items")
        pages = [
            int(c.params["searchCriteria[currentPage]"]) for c in t.server.calls if "source-it" in c.path
        ]
        assert max(pages) == -(-len(t.shop.tables["inventory/source-items"]) // 5)


def test_a_token_that_may_not_stand_alone_signs_with_all_four_keys():
    with trade(trading_shop(10, 15)) as t:
        t.server.app.bearer = False
        (finding,) = t.connector().check()
        assert finding.about == "credentials" and finding.fix.key == "magento.fix.token"
        t.synced.sync(t.connector(OAUTH))
        assert t.synced.net() == pytest.approx(t.shop.truth(), abs=0.02)
        with pytest.raises(SourceError, match=r"magento\.error\.token"):
            t.synced.sync(t.connector({**OAUTH, "token_secret": "wrong"}))


@pytest.mark.parametrize("path", list(RIGHTS))
def test_each_missing_right_is_named_and_the_rest_is_read(path):
    with trade(trading_shop(6, 16)) as t:
        t.server.app.rights.discard(RIGHTS[path])
        (finding,) = [one for one in t.connector().check() if one.state != "works"]
        assert finding.said.values == {"right": RIGHTS[path]} and finding.turn == "sme"  # noqa: PD011
        for language in ("en", "fr"):
            assert RIGHTS[path] in Speaker(language)(finding.fix.key, **finding.fix.values)
        if path == "orders":
            with pytest.raises(SourceError, match=r"magento\.error\.right"):
                t.sync()
            return
        synced = t.sync()
        assert len(synced["orders"]) == 6
        assert [note.key for note in synced.notes] == ["magento.note.rights_missing"]


def test_a_shop_without_sources_of_stock_is_read_without():
    with trade(trading_shop(8, 17)) as t:
        t.server.app.multi_source = False
        assert t.sync()["stock_levels"].empty and len(t.synced["orders"]) == 8


def test_a_wrong_token_and_a_wrong_address_are_told_apart():
    with trade(MagentoShop(18)) as t:
        for t.server.app.open_to_all in (False, True):
            (finding,) = t.connector({"token": "wrong-secret"}).check()
            assert (finding.about, finding.said.key) == ("credentials", "magento.error.token")
        t.server.app, app = (
            (lambda call: Reply({"message": "Request does not match any route."}, 404)),
            t.server.app,
        )
        (finding,) = t.connector().check()
        t.server.app = app
        assert finding.said.key == "magento.error.no_api"
        with pytest.raises(SourceError) as refused:
            t.synced.sync(t.connector({"token": "wrong-secret"}))
        for language in ("en", "fr"):
            said = Speaker(language).error(refused.value)
            assert "127.0.0.1" in said and "wrong-secret" not in said
        with pytest.raises(UserError, match=r"rest\.error\.option"):
            t.connector(prefix="x")


@pytest.mark.parametrize("fault", ["cut", "502 html"])
def test_passing_faults_are_got_over(fault):
    with trade(trading_shop(10, 19)) as t:
        t.server.fail(fault, times=2, path="orders")
        assert t.sync().net() == pytest.approx(t.shop.truth(), abs=0.02)


@pytest.mark.parametrize("body", ["html", "wrong type"])
def test_an_answer_that_is_no_list_is_an_error_not_nothing(body):
    with trade(trading_shop(10, 20)) as t:
        t.sync()
        before = len(t.synced["orders"])
        t.server.fail(body, times=None, path="orders")
        with pytest.raises(SourceError):
            t.sync()
        assert len(t.synced["orders"]) == before


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_guide_names_every_right(language):
    guide = (Path(__file__).parents[1] / "docs/connect" / f"magento.{language}.md").read_text("utf-8")
    rows = "\n".join(line for line in guide.splitlines() if line.startswith("|"))
    assert all(resource.right in rows for resource in service.RESOURCES)
    assert {resource.right for resource in service.RESOURCES} == set(RIGHTS.values())


class TestMagento(ConnectorSuite):
    @pytest.fixture
    def subject(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MAGENTO_TOKEN", TOKEN)
        shop = trading_shop(16, 21)
        with FakeServer(RestApi(shop), clock=shop.clock) as server:

            @contextmanager
            def breaking():
                server.fail("401", times=None)
                yield
                server.faults.clear()

            yield Subject(
                "magento",
                {"address": server.url, **server.options},
                tmp_path,
                secrets={"token": "env:MAGENTO_TOKEN"},
                canaries=(*CANARIES.values(), TOKEN),
                breaking=breaking,
                sme={"orientation": "both"},
            )

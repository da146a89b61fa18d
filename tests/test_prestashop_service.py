"""What the webservice refuses, ignores and cuts short: noticed, said, and got round where it can be."""

from __future__ import annotations

import pytest
from fakes.prestashop import KEY
from fakes.prestashop_trade import trading_shop, truth
from prestashop_help import Tables, connector, server

from echannel.connectors.failures import SourceError
from echannel.connectors.prestashop import resources as of
from echannel.connectors.prestashop.parsing import UnreadableError, content_of, tree_of
from echannel.connectors.prestashop.service import Stretch
from echannel.errors import UserError


@pytest.fixture
def shop():
    return trading_shop(25, seed=5)


def asked(served, resource: str) -> list[dict[str, str]]:
    return [call.params for call in served.calls if call.path.endswith(f"/api/{resource}")]


def refused(fake, key: str = KEY, **options) -> SourceError:
    with server(fake) as served, pytest.raises(SourceError) as caught:
        Tables().sync(connector(served, key, **options))
    return caught.value


def test_the_wrong_host_is_a_wrong_address_and_no_redirect_is_followed(shop):
    shop.wrong_host = True
    with server(shop) as served, pytest.raises(SourceError) as caught:
        Tables().sync(connector(served))
    assert (caught.value.key, caught.value.status) == ("prestashop.error.wrong_address", 302)
    assert len(served.calls) == 1


def test_a_shop_number_that_there_is_not_says_the_same(shop):
    assert refused(shop, shop=2).key == "prestashop.error.wrong_address"


@pytest.mark.parametrize(
    ("key", "sentence"),
    [("short", "key_format"), ("X" * 32, "key_unknown"), (KEY, "key_without_rights")],
)
def test_keys_that_are_malformed_unknown_or_without_rights(shop, key, sentence):
    shop.rights = set() if key == KEY else shop.rights
    failure = refused(shop, key)
    assert (failure.kind, failure.key) == ("unauthorised", f"prestashop.error.{sentence}")


def test_a_header_dropped_on_the_way_is_told_from_a_wrong_key(shop):
    shop.drops_authorization = True
    assert refused(shop).key == "prestashop.error.key_lost"


def test_the_key_goes_into_the_address_only_when_the_profile_says_so_and_a_note_warns(shop):
    with server(shop) as served:
        Tables().sync(connector(served))
        assert not any("ws_key" in call.params for call in served.calls)
    shop.drops_authorization = True
    with server(shop) as served:
        tables = Tables().sync(connector(served, key_in_address=True))
        assert all(call.params["ws_key"] == KEY for call in served.calls)
        assert not any("Authorization" in call.headers for call in served.calls)
    assert "prestashop.note.key_in_address" in [note.key for note in tables.notes]


def test_a_webservice_that_is_off_is_not_taken_for_maintenance(shop):
    shop.switched_off = True
    with server(shop) as served, pytest.raises(SourceError) as caught:
        Tables().sync(connector(served))
    assert caught.value.key == "prestashop.error.switched_off"
    assert len(served.calls) == 1  # asking again would not help


def test_a_page_of_html_with_a_good_status_is_maintenance(shop):
    shop.maintenance_page = True
    assert refused(shop).key == "prestashop.error.page"


def test_rights_that_turnover_needs_are_named_together(shop):
    shop.rights -= {"order_slip", "order_details"}
    with server(shop) as served, pytest.raises(UserError) as caught:
        Tables().sync(connector(served))
    assert caught.value.values["rights"] == "order_details, order_slip"


def test_without_the_other_rights_the_rest_is_read_and_a_note_names_them(shop):
    shop.rights = {"orders", "order_details", "order_slip", "currencies"}
    with server(shop) as served:
        tables = Tables().sync(connector(served))
    assert len(tables["orders"]) == 25
    assert tables["orders"]["customer_id"].isna().all()
    note = next(note for note in tables.notes if note.key == "prestashop.note.rights_missing")
    assert "customers" in note.values["rights"] and "carts" in note.values["rights"]


def test_a_right_granted_later_has_everything_read_anew(shop):
    shop.rights.discard("customers")
    with server(shop) as served:
        tables = Tables().sync(connector(served))
        shop.rights.add("customers")
        tables.sync(connector(served))
    assert tables["orders"]["customer_id"].notna().all()


def test_an_empty_500_halves_the_page_until_it_passes(shop):
    shop.memory = 100
    for _ in range(150):
        shop.add_customer()
    with server(shop) as served:
        tables = Tables().sync(connector(served))
    limits = [int(params["limit"]) for params in asked(served, "customers")]
    assert limits[:3] == [500, 250, 125] and limits[-1] == 62
    assert tables["customers"]["customer_id"].nunique() == 160


def test_an_empty_500_that_no_halving_helps_is_said(shop):
    shop.memory = 2
    assert refused(shop).key == "prestashop.error.empty_500"


def test_every_listing_names_its_fields_its_format_and_its_order(shop):
    with server(shop) as served:
        tables = Tables().sync(connector(served))
        tables.sync(connector(served))
    for call in served.calls[1:]:
        if call.path.rstrip("/").endswith("/api"):
            assert "output_format" not in call.params  # as JSON it fails on PHP 8
            continue
        assert call.params["output_format"] == "JSON"
        assert call.params["display"].startswith("[") and call.params["sort"].endswith(("ASC]", "DESC]"))
        assert int(call.params["limit"]) <= 500


def test_pages_are_by_keyset_and_ranges_hold_both_ends(shop):
    with server(shop) as served:
        service = connector(served).service
        service._sizes["orders"] = 10
        found = service.stretch(of.ORDERS, Stretch(upto=23))
    assert [int(order["id"]) for order in found] == list(range(1, 24))
    assert [p["filter[id]"] for p in asked(served, "orders")] == ["[1,23]", "[11,23]", "[21,23]"]


def test_a_window_asks_for_dates_as_the_webservice_wants_them(shop):
    with server(shop) as served:
        tables = Tables().sync(connector(served))
        served.calls.clear()
        tables.sync(connector(served))
        windows = [p for p in asked(served, "orders") if "filter[date_upd]" in p]
    assert windows and all(p["date"] == "1" and "T" not in p["filter[date_upd]"] for p in windows)
    assert not any(
        "filter[date_upd]" in p for name in ("order_details", "stock_availables") for p in asked(served, name)
    )


@pytest.mark.parametrize("misdeed", ["ignores_filters", "ignores_sort"])
def test_a_shop_that_ignores_what_it_was_asked_is_not_believed(shop, misdeed):
    with server(shop) as served:
        tables = Tables().sync(connector(served))
        before = {name: frame.copy() for name, frame in tables.frames.items()}
        shop.pass_time(600)
        setattr(shop, misdeed, True)
        shop.altered()
        with pytest.raises(SourceError) as caught:
            tables.sync(connector(served))
    assert caught.value.key == "prestashop.error.disobeyed"
    traded = ("orders", "order_lines", "refunds", "customers", "carts")
    assert all(before[name].equals(tables[name]) for name in traded)


def test_an_empty_window_is_believed_only_when_the_newest_record_is_older(shop, monkeypatch):
    with server(shop) as served:
        service = connector(served).service
        window = (shop.tables["orders"][20]["date_upd"], "2099-01-01 00:00:00")
        assert service.changed(of.ORDERS, *window)
        assert service.changed(of.ORDERS, "2098-01-01 00:00:00", "2099-01-01 00:00:00") == []
        monkeypatch.setattr(service, "stretch", lambda *_: [])  # [] to a good question
        with pytest.raises(SourceError, match="disobeyed"):
            service.changed(of.ORDERS, *window)


def test_a_host_that_hands_out_fewer_rows_than_asked_for_loses_none(shop):
    shop.row_cap = 40
    for _ in range(140):
        shop.add_customer()
    with server(shop) as served:
        tables = Tables().sync(connector(served))
    assert len(tables["customers"]) == 150


def test_ids_with_wide_gaps_are_read_in_wide_stretches(shop):
    shop.add("orders", **{**shop.tables["orders"][25], "id": 4_000_000, "reference": "far"})
    with server(shop) as served:
        tables = Tables().sync(connector(served))
        pages = len(asked(served, "orders"))
    assert len(tables["orders"]) == 26 and pages < 10


def test_a_counter_set_on_by_millions_costs_few_requests(shop, monkeypatch):
    monkeypatch.setattr("echannel.connectors.prestashop.service.PAGE", 10)
    last = shop.tables["orders"][25]
    for number in range(9_000_000, 9_000_030):
        shop.add("orders", **{**last, "id": number, "reference": f"F{number}"})
    with server(shop) as served:
        tables = Tables().sync(connector(served))
        assert len(asked(served, "orders")) < 400
    assert set(tables["orders"]["order_id"].astype(int)) == set(shop.tables["orders"])


def test_a_body_cut_short_that_claims_to_be_whole_is_asked_for_again(shop):
    with server(shop) as served:
        served.fail("cut unsaid", path="customers")
        tables = Tables().sync(connector(served))
        assert len(asked(served, "customers")) == 2
    assert len(tables["customers"]) == 10


def test_a_body_of_broken_characters_is_said_and_nothing_is_made_of_it(shop):
    with server(shop) as served:
        served.fail("invalid utf-8", times=None, path="customers")
        with pytest.raises(SourceError) as caught:
            Tables().sync(connector(served))
        served.faults.clear()
        served.fail("empty", times=None, path="customers")
        with pytest.raises(SourceError) as empty:
            Tables().sync(connector(served))
    assert (caught.value.kind, empty.value.key) == ("not_json", "prestashop.error.empty")


def test_a_field_that_an_older_shop_lacks_is_done_without(shop):
    shop.lacks = {"original_wholesale_price", "max_payment_days", "taxes"}
    for table in ("order_details", "customers"):
        for row in shop.tables[table].values():
            row.pop("original_wholesale_price", None)
            row.pop("max_payment_days", None)
    with server(shop) as served:
        tables = Tables().sync(connector(served))
    rates = tables["order_lines"]["vat_rate"]
    assert set(rates.dropna()) <= {0.2, 0.055, 0.0}
    assert rates.notna().all()  # worked out from the amounts


def test_a_field_that_cannot_be_done_without_is_named(shop):
    for row in shop.tables["orders"].values():
        del row["total_paid"]
    failure = refused(shop)
    assert (failure.key, failure.values["field"]) == ("prestashop.error.no_field", "total_paid")


@pytest.mark.parametrize("habit", ["php_strings", "xml_only", "one language"])
def test_number_types_xml_and_languages_change_nothing(shop, habit):
    with server(shop) as served:
        plain = Tables().sync(connector(served))
    if habit == "one language":
        shop.languages = ["1"]
    else:
        setattr(shop, habit, True)
    shop.altered()
    with server(shop) as served:
        other = Tables().sync(connector(served))
    for name, frame in plain.frames.items():
        assert frame.equals(other[name]), name
    assert other.sales().entries["net_invoiced"].sum() == pytest.approx(
        truth(shop)["invoiced"] - truth(shop)["refunded"]
    )


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><prestashop><orders>&x;</orders></prestashop>',
        b"<!DOCTYPE html><html><body>Back soon</body></html>",
        b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><prestashop><a/></prestashop>',
        b'<?xml version="1.0"?><prestashop><orders>' + b"<a>" * 40 + b"</a>" * 40 + b"</orders></prestashop>",
        b'<?xml version="1.0"?><prestashop><orders></prestashop>',
        b'{"orders": [{"id": 1',
        b"",
        b'{"name": "caf\xe9"}',
    ],
)
def test_documents_with_entities_and_broken_bodies_are_refused(body):
    with pytest.raises(UnreadableError):
        content_of(body)


def test_entities_are_refused_before_they_grow():
    bomb = b'<!DOCTYPE l [<!ENTITY a "aa">%s]><l>&z;</l>' % b"".join(
        b'<!ENTITY b%d "&a;&a;">' % i for i in range(30)
    )
    with pytest.raises(UnreadableError):
        tree_of(bomb)


def test_an_option_that_is_none_and_a_missing_key_or_address_are_said(shop):
    with server(shop) as served:
        with pytest.raises(UserError, match="option"):
            connector(served, adress="x")
        with pytest.raises(UserError, match="no_key"):
            connector(served, key=None)
        with pytest.raises(UserError, match="no_address"):
            connector(served, address=" ")


def test_the_address_may_be_given_with_or_without_its_api(shop):
    with server(shop) as served:
        for ending in ("", "/", "/api", "/api/"):
            assert connector(served, address=served.url + ending).service.root()[0]["orders"]


def test_check_names_each_missing_right_and_where_to_grant_it(shop):
    shop.rights -= {"carts", "order_slip", "stocks", "supply_orders"}
    with server(shop) as served:
        findings = list(connector(served).check())
    state = {f.said.values.get("resource"): f.state for f in findings if f.about == "permission"}
    assert (state["carts"], state["order_slip"]) == ("lacks", "blocks")
    granted = next(f for f in findings if f.said.key == "prestashop.check.rights")
    assert "orders" in granted.said.values["rights"].split(", ") and "refunds" not in granted.tables
    lacking = next(f for f in findings if f.said.values.get("resource") == "carts")
    assert (
        lacking.fix.key == "prestashop.fix.right" and lacking.turn == "sme" and lacking.tables == ("carts",)
    )
    history = findings[-1]
    assert (history.about, str(history.since)) == ("history", shop.tables["orders"][1]["date_add"][:10])
    assert next(f for f in findings if f.about == "credentials").said.values["version"] == "8.0.3"


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"switched_off": True}, "setting"),
        ({"drops_authorization": True}, "credentials"),
        ({"wrong_host": True}, "address"),
    ],
)
def test_check_says_what_blocks_and_what_to_do(shop, change, about):
    for name, value in change.items():
        setattr(shop, name, value)
    with server(shop) as served:
        (finding,) = connector(served).check()
    assert (finding.about, finding.state) == (about, "blocks")
    assert finding.fix is not None

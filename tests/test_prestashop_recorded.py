"""The connector on recorded answers of real shops; skipped where they are not at hand."""

from __future__ import annotations

import pandas as pd
import pytest
from prestashop_help import Tables, connector, context, server
from prestashop_recordings import FIRST_LOOK, SHOP_803, body, recorded, records, shop_of
from urllib3 import HTTPHeaderDict

from echannel.connectors.http import Answer, Request
from echannel.connectors.prestashop import resources as of
from echannel.connectors.prestashop.parsing import content_of, ids, texts
from echannel.connectors.prestashop.refusals import explain
from echannel.connectors.prestashop.service import is_whole
from echannel.metrics.audit_checks import parts_do_not_add_up
from echannel.metrics.audit_facts import Audited, Facts

pytestmark = pytest.mark.skipif(not SHOP_803.is_dir(), reason="no recordings at hand")


def answer(name: str) -> Answer:
    exchange = recorded(SHOP_803, name)
    headers = HTTPHeaderDict(exchange["headers"])
    path = exchange["request"]["target"].partition("?")[0]
    url = f"https://shop.example{path}"
    return Answer(Request(path), url, exchange["status"], headers, body(SHOP_803, name))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("50_no_auth_json", "key_lost"), ("50_no_auth_xml", "key_lost"),
        ("51_wrong_key_json", "key_unknown"), ("51_wrong_key_xml", "key_unknown"),
        ("52_short_key_json", "key_format"), ("52_short_key_xml", "key_format"),
        ("53_disabled_key_json", "key_unknown"), ("54_no_permission_key_json", "key_without_rights"),
        ("60_forbidden_resource_json", "no_right"), ("61_forbidden_resource_xml", "no_right"),
        ("62_unknown_resource_json", "no_resource"), ("63_unknown_resource_xml", "no_resource"),
        ("64_post_forbidden_json", "no_right"), ("D8_webservice_off_json", "switched_off"),
        ("D8_webservice_off_xml", "switched_off"), ("40_limit_negative", "empty_500"),
        ("C7_date1_on_order_details", "empty_500"), ("32_bad_filter", "request"),
        ("34_bad_display", "no_field"), ("36_bad_sort_field", "request"),
    ],
)  # fmt: skip
def test_refusals_of_a_real_shop_are_understood(name, sentence):
    failure = explain(answer(name))
    assert failure.key == f"prestashop.error.{sentence}"
    if sentence == "no_field":
        assert "field='nope'" in str(failure)


def test_the_field_of_an_association_that_cannot_be_shown_is_named():
    assert "field='order_rows'" in str(explain(answer("C36_display_assoc_bad")))


def test_bodies_are_whole_by_their_checksum_and_a_changed_one_is_not():
    """Only of recordings in which nothing had to be blanked."""
    fine = answer("C27_sha")
    assert is_whole(fine)
    cut = Answer(fine.request, fine.url, fine.status, fine.headers, fine.content[:-1])
    assert not is_whole(cut)


@pytest.mark.parametrize(
    "resource", ["orders", "order_details", "order_slip", "customers", "addresses", "carts", "products",
                 "combinations", "currencies", "order_states", "stock_availables", "taxes", "categories"],
)  # fmt: skip
def test_xml_and_json_of_a_real_shop_read_alike(resource):
    if resource == "orders":
        from_json, from_xml = records(FIRST_LOOK, "03_orders_full"), records(FIRST_LOOK, "04_orders_full_xml")
    else:
        from_json, from_xml = records(SHOP_803, f"B_{resource}"), records(SHOP_803, f"B_{resource}_xml")
    assert from_xml
    by_id = {int(record["id"]): record for record in from_json}
    for record in from_xml:
        other = by_id[int(record["id"])]
        for name in set(record) & set(other) - {"associations"}:
            assert texts([record], name, "2").tolist() == texts([other], name, "2").tolist(), name
        rows = other.get("associations") or {}
        for name, inner in rows.items():
            if inner and "id" in inner[0]:
                assert ids(record["associations"][name]).tolist() == ids(inner).tolist()


def test_every_field_asked_for_is_one_that_the_real_shop_has():
    lists = {"orders": (FIRST_LOOK, "03_orders_full"), "taxes": (SHOP_803, "B_taxes")}
    missing = set()
    for resource in of.RESOURCES:
        if resource.name in of.ADVANCED_STOCK or resource.name == "states":
            continue
        folder, name = lists.get(resource.name, (SHOP_803, f"B_{resource.name}"))
        known = set().union(*(record.keys() for record in records(folder, name)))
        missing |= {f"{resource.name}.{field}" for field in set(resource.fields) - known}
    assert not missing


@pytest.fixture(scope="module")
def synced() -> Tables:
    shop = shop_of(SHOP_803)
    with server(shop) as served:
        return Tables().sync(connector(served))


def test_a_real_shops_records_come_through_and_add_up_where_the_shops_own_do(synced):
    orders, lines = synced["orders"], synced["order_lines"]
    assert len(orders) > 50 and len(lines) > 10 and len(synced["refunds"]) > 5
    assert not len(pd.concat(synced.refused))
    parts = orders["goods_net"] - orders["discount_net"] + orders["shipping_net"] + orders["wrapping_net"]
    off = (parts + orders["vat_amount"] - orders["total_gross"]).abs() > 0.0101
    own = {}
    for row in shop_of(SHOP_803).tables["orders"].values():
        own[str(row["id"])] = abs(float(row["total_paid"]) - float(row["total_paid_tax_incl"])) > 0.0101
    assert dict(zip(orders["order_id"], off, strict=True)) == own
    assert set(orders["currency"]) == {"EUR", "GBP", "USD"}
    assert (orders["fx_rate"] > 0).all()
    partly = orders.set_index("order_id")["status"]
    assert {"cancelled", "paid"} <= set(partly)


def test_lines_of_a_real_shop_are_quantity_times_price_less_discount(synced):
    lines = synced["order_lines"]
    made = lines["quantity"] * lines["unit_price_net"] - lines["discount_net"]
    assert (made - lines["net_amount"]).abs().max() < 1e-6
    # The five orders of the platform's demonstration are inconsistent in themselves.
    real = lines[lines["order_id"].astype(int) > 5]
    assert set(real["vat_rate"]) == {0.2}
    assert (lines["unit_cost"].dropna() > 0).all()


def test_php_8_0_and_8_1_write_the_same_orders(synced):
    shop = shop_of(SHOP_803)
    strings = {int(record["id"]): record for record in records(SHOP_803, "E_phpstrings_orders")}
    assert all(isinstance(record["current_state"], str) for record in strings.values())
    shop.tables["orders"].update(strings)
    shop.altered()
    with server(shop) as served:
        other = Tables().sync(connector(served))
    number = [str(one) for one in strings]
    assert other["orders"]["order_id"].isin(number).sum() == len(strings)
    for one in number:
        if one in set(synced["orders"]["order_id"]):
            pd.testing.assert_series_equal(other.order(one), synced.order(one))


def test_orders_of_a_real_shop_that_do_not_add_up_are_kept_and_the_audit_names_them():
    shop = shop_of(FIRST_LOOK)
    with server(shop) as served:
        tables = Tables().sync(connector(served))
    for number, total in (("1", 61.80), ("3", 14.90)):
        order = tables.order(number)
        assert order["total_gross"] == pytest.approx(total)
        assert order["total_gross"] != pytest.approx(
            order["goods_net"] - order["discount_net"] + order["shipping_net"] + order["vat_amount"]
        )
    found = parts_do_not_add_up(Facts(Audited(tables.frames, "FR", [], 20800)))
    assert found.affected >= 2


def test_no_name_or_address_of_the_recordings_is_in_the_tables(synced):
    kept = " ".join(frame.to_csv() for frame in synced.frames.values())
    for name in ("customers", "addresses"):
        for record in records(SHOP_803, f"B_{name}"):
            if record.get("id_supplier"):
                continue  # firms, and called so
            for field in ("email", "firstname", "lastname", "address1", "phone"):
                text = str(record.get(field) or "")
                assert len(set(text)) < 4 or text not in kept, field


def test_content_without_rows_is_no_record_and_context_is_made_up():
    assert [] == content_of(body(SHOP_803, "20_empty_full")) == content_of(body(SHOP_803, "22_empty_xml"))
    assert context().sme.id == "shop"

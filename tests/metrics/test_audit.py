"""The data audit: every check finds its own mistake and nothing else, and says what it blocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from handmade import canonical, order
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.countries import country_pack
from echannel.locale import Speaker
from echannel.metrics import audit
from echannel.metrics.audit_checks import CHECKS
from echannel.metrics.turnover import prepare
from echannel.tables import TABLES

FIRST = date(2023, 1, 2)
DAYS = 760


def number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def clean_rows() -> dict[str, list[dict]]:
    """A French shop with nothing to find: two years, an order a day, everything stated."""
    orders, lines = [], []
    sessions = {"source": "x", "medium": "y", "country": "FR", "device": "z", "sessions": 9.0}
    for i in range(DAYS):
        kind = "b2b" if i % 5 == 0 else "b2c"
        paid = str(FIRST + timedelta(days=i + 10))
        orders.append(
            order(
                f"o{i:03}", f"{FIRST + timedelta(days=i)} 10:{i % 60:02}", 100.0 + i, shipping=5.0, kind=kind,
                country="FR", currency="EUR", customer_id=f"c{i % 40}", paid_at=paid, due_at=paid,
            )
        )  # fmt: skip
        for line in (1, 2):
            lines.append(
                {"order_id": f"o{i:03}", "line_no": line, "product_id": f"p{(i + line) % 10}",
                 "quantity": 1.0, "unit_price_net": 50 + i / 2, "net_amount": 50 + i / 2, "vat_rate": 0.2}
            )  # fmt: skip
    products = [
        {"product_id": f"p{i}", "unit_cost": 20.0, "category": "x", "lead_time_days": 7.0,
         "hs_code": "420221", "origin_country": "FR", "supplier_id": "s1"}
        for i in range(10)
    ]  # fmt: skip
    return {
        "orders": orders,
        "order_lines": lines,
        "refunds": [
            {"refund_id": "r1", "order_id": "o010", "net_amount": 20.0, "vat_amount": 4.0,
             "refunded_at": str(FIRST + timedelta(days=30)), "currency": "EUR"}
        ],
        "products": products,
        "customers": [{"customer_id": f"c{i}", "country": "FR"} for i in range(40)],
        "stock_levels": [{"product_id": f"p{i}", "as_of": "2025-01-31", "on_hand": 5.0} for i in range(10)],
        "purchases": [
            {"purchase_id": f"b{i}", "line_no": 1, "supplier_id": "s1", "product_id": f"p{i % 10}",
             "ordered_on": f"2024-03-{i + 1:02}", "received_on": f"2024-04-{i + 1:02}", "quantity": 9.0}
            for i in range(20)
        ],
        "visits": [{"date": "2025-01-01", **sessions}],
        "ledger": [{"entry_id": "1", "date": "2025-01-01", "account": "707", "debit": 0.0, "credit": 1.0}],
    }  # fmt: skip


def audited(rows) -> audit.Audited:
    return audit.Audited(
        tables={name: canonical(name, rows.get(name, [])) for name in TABLES},
        country="FR",
        vat_rates=country_pack("FR").vat_rates,
        today=number(FIRST + timedelta(days=DAYS)),
    )


@pytest.fixture(scope="module")
def clean() -> audit.Audited:
    return audited(clean_rows())


def changed(clean: audit.Audited, **tables) -> audit.Audited:
    return replace(clean, tables={**clean.tables, **tables})


def found(subject: audit.Audited) -> dict[str, float]:
    """Affected cases by check, of the checks that found something."""
    frame = audit.checks(subject)
    return frame[frame["affected"] > 0].set_index("check")["affected"].to_dict()


def edited(frame: pd.DataFrame, rows, **values) -> pd.DataFrame:
    frame = frame.copy()
    for column, value in values.items():
        if isinstance(frame[column].dtype, pd.CategoricalDtype):
            frame[column] = frame[column].astype(object)
        frame.loc[frame.index[rows], column] = value
        if frame[column].dtype == object:
            frame[column] = frame[column].astype("category")
    return frame


def test_a_clean_shop_has_nothing_to_mend_and_every_tool_ready(clean):
    frame = audit.checks(clean)
    assert found(clean) == {}
    assert set(frame["check"]) == {check.code for check in CHECKS} and len(frame) == len(CHECKS)
    assert set(frame["severity"]) == {"ok"} and set(frame["status"]) == {"ok"}
    ready = audit.readiness(frame)
    assert ready["tool"].tolist() == list(audit.TOOLS)
    assert (
        set(ready["verdict"]) == {"ready"} and (ready["value"] == 1).all() and set(ready["blocking"]) == {""}
    )
    assert audit.fixes(frame).empty


ORDER_MISTAKES = {
    "orders_without_customer": {"customer_id": None},
    "orders_without_country": {"country": None},
    "parts_do_not_add_up": {"total_gross": 150.02, "vat_amount": 25.0},
    "vat_assumed": {"vat_stated": False},
    "parts_assumed": {"parts_stated": False},
    "future_dates": {"local_day": number(date(2030, 1, 1))},
}
LINE_MISTAKES = {"lines_without_product": {"product_id": None}}
PRODUCT_MISTAKES = {
    "missing_costs": {"unit_cost": np.nan},
    "missing_categories": {"category": None},
    "missing_hs_codes": {"hs_code": None},
    "missing_origins": {"origin_country": None},
}


@pytest.mark.parametrize("check", ORDER_MISTAKES)
def test_a_mistake_in_orders_is_found_and_only_that(clean, check):
    orders = edited(clean.tables["orders"], [1, 2, 4], **ORDER_MISTAKES[check])
    got = found(changed(clean, orders=orders))
    assert got.pop(check) == 3
    # A total that does not add up may also look like another VAT rate, a moved day like a hole: nothing else.
    assert set(got) <= {"odd_vat_rates", "holes"}


@pytest.mark.parametrize("check", PRODUCT_MISTAKES)
def test_a_gap_in_products_is_found_with_the_sales_it_touches(clean, check):
    products = edited(clean.tables["products"], [0, 1], **PRODUCT_MISTAKES[check])
    frame = audit.checks(changed(clean, products=products)).set_index("check")
    lines = clean.tables["order_lines"]
    touched = lines["product_id"].isin(["p0", "p1"])
    row = frame.loc[check]
    assert (row["affected"], row["total"], row["value"]) == (2, 10, 0.2)
    share = lines.loc[touched, "net_amount"].sum() / lines["net_amount"].sum()
    assert row["turnover_share"] == pytest.approx(share)


def test_a_cost_of_zero_is_missing_and_a_line_s_own_cost_will_do(clean):
    zero = edited(clean.tables["products"], slice(None), unit_cost=0.0)
    assert found(changed(clean, products=zero)) == {"missing_costs": 10}
    lines = edited(clean.tables["order_lines"], slice(None), unit_cost=3.0)
    assert found(changed(clean, products=zero, order_lines=lines)) == {}


def test_a_lead_time_is_stated_or_measured(clean):
    bare = edited(clean.tables["products"], slice(0, 4), lead_time_days=np.nan)
    bought = clean.tables["purchases"]
    assert found(changed(clean, products=bare)) == {}, "twenty deliveries of the supplier measure it"
    twice = changed(clean, products=bare, purchases=bought.iloc[:2])
    assert found(twice) == {"missing_lead_times": 4}
    agreed = canonical("suppliers", [{"supplier_id": "s1", "lead_time_days": 12.0}])
    assert found(changed(twice, suppliers=agreed)) == {}


def test_a_supplier_is_named_by_any_list(clean):
    bare = edited(clean.tables["products"], slice(0, 3), supplier_id=None)
    assert found(changed(clean, products=bare)) == {}, "the purchases name it"
    unnamed = clean.tables["purchases"].assign(supplier_id=pd.Categorical([None] * 20))
    alone = changed(clean, products=bare, purchases=unnamed)
    frame = audit.checks(alone).set_index("check")
    assert frame.loc["missing_suppliers", ["affected", "total"]].tolist() == [3, 10]
    assert frame.loc["missing_suppliers", "turnover_share"] == pytest.approx(0.3, abs=0.02)
    price = canonical("supplier_prices", [{"supplier_id": "s2", "product_id": "p0", "unit_cost": 2.0}])
    assert found(changed(alone, supplier_prices=price))["missing_suppliers"] == 2


def test_purchases_say_when_they_were_ordered_and_came(clean):
    bought = clean.tables["purchases"]
    assert found(changed(clean, purchases=edited(bought, [0, 1], ordered_on=pd.NaT))) == {
        "purchases_undated": 2
    }
    waits = edited(bought, [0, 1], received_on=pd.NaT)
    assert found(changed(clean, purchases=waits)) == {}, "still to come"
    came = edited(waits, [0], received_quantity=9.0)
    assert found(changed(clean, purchases=came)) == {"purchases_undated": 1}
    frame = audit.checks(changed(clean, purchases=bought.iloc[:0]))
    assert frame.set_index("check").loc["purchases_undated", "reason"] == "reason.audit.nothing_to_check"
    assert audit.readiness(frame).set_index("tool").loc["inventory", "verdict"] == "ready"


def test_stock_below_zero_at_the_last_count(clean):
    stock = clean.tables["stock_levels"]
    below = edited(stock, [0, 3], on_hand=-4.0)
    assert found(changed(clean, stock_levels=below)) == {"negative_stock": 2}
    later = stock.iloc[[0]].assign(as_of=stock["as_of"].iloc[0] + pd.Timedelta(days=1))
    corrected = pd.concat([below, later], ignore_index=True)
    assert found(changed(clean, stock_levels=corrected)) == {"negative_stock": 1}


def test_a_pack_that_changed_and_a_product_renamed(clean):
    lines = clean.tables["order_lines"]
    one = (lines["product_id"] == "p3").to_numpy()
    late = one & (np.arange(len(lines)) > len(lines) // 2)
    packs = lines.assign(
        quantity=np.where(late, 6.0, 1.0), unit_price_net=np.where(one, np.where(late, 10.0, 60.0), 50.0)
    )
    packs = packs.assign(net_amount=packs["quantity"] * packs["unit_price_net"])
    assert found(changed(clean, order_lines=packs))["packs_changed"] == 1
    number = lines["product_id"].astype(object).where(~late, "p3-new").astype("category")
    products = clean.tables["products"]
    again = edited(products[products["product_id"] == "p3"], [0], product_id="p3-new")
    listed = pd.concat([products, again], ignore_index=True)
    listed = listed.assign(name=["one", *"abc", "d", *"efghi"[:5], "x"])
    listed.loc[listed["product_id"].isin(["p3", "p3-new"]), "name"] = "Blue jug"
    stock = pd.concat(
        [clean.tables["stock_levels"], clean.tables["stock_levels"].iloc[[0]].assign(product_id="p3-new")]
    )
    steady = lines.assign(product_id=number, unit_price_net=50.0, net_amount=50.0)
    got = found(changed(clean, order_lines=steady, products=listed, stock_levels=stock))
    assert got == {"products_renamed": 1, "lines_do_not_sum": DAYS - 1}


def test_duplicates_are_same_customer_amount_and_minute(clean):
    orders = clean.tables["orders"]
    twin = edited(orders.iloc[[3, 4]], slice(None), order_id=["x", "y"])
    twin = edited(twin, [0], ordered_at=twin["ordered_at"].iloc[0] + pd.Timedelta(seconds=20))
    later = edited(orders.iloc[[5]], [0], order_id="z")
    later["ordered_at"] = later["ordered_at"] + pd.Timedelta(minutes=2)
    both = pd.concat([orders, twin, later], ignore_index=True).astype(
        {"order_id": "category", "customer_id": "category"}
    )
    got = found(changed(clean, orders=both))
    assert got["duplicates"] == 2
    assert got["orders_without_lines"] == 3


def test_lines_that_do_not_sum_but_not_a_cent_of_rounding(clean):
    lines = clean.tables["order_lines"]
    off = edited(lines, [0], net_amount=lines["net_amount"].iloc[0] + 0.02)
    assert found(changed(clean, order_lines=off)) == {"lines_do_not_sum": 1}
    cent = edited(lines, [0], net_amount=lines["net_amount"].iloc[0] + 0.01)
    assert found(changed(clean, order_lines=cent)) == {}


def test_unknown_product_and_negative_price_on_a_line(clean):
    lines = edited(clean.tables["order_lines"], [0, 5], product_id=None)
    got = found(changed(clean, order_lines=lines))
    assert got == {"lines_without_product": 2}
    below = edited(clean.tables["order_lines"], [7], unit_price_net=-1.0)
    assert found(changed(clean, order_lines=below)) == {"negative_prices": 1}


def test_vat_rates_are_those_of_the_country_on_that_day(clean):
    lines = clean.tables["order_lines"]
    odd = edited(lines, [0, 1, 2], vat_rate=0.196)  # the French rate until 2013
    assert found(changed(clean, order_lines=odd)) == {"odd_vat_rates": 2}
    from_cents = edited(lines, [0, 1, 2], vat_rate=0.2003)  # worked out from rounded amounts
    assert found(changed(clean, order_lines=from_cents)) == {}
    reduced = edited(lines, [0, 1, 2], vat_rate=0.055)
    assert found(changed(clean, order_lines=reduced)) == {}
    abroad = edited(clean.tables["orders"], slice(None), country="GB")
    assert "odd_vat_rates" not in found(changed(clean, orders=abroad, order_lines=odd))


def test_an_implied_rate_decides_where_lines_state_none(clean):
    lines = clean.tables["order_lines"].assign(vat_rate=np.nan)
    orders = clean.tables["orders"]
    plain = changed(clean, order_lines=lines)
    assert found(plain) == {}
    strange = {"goods_gross": 123.0, "vat_amount": 24.15, "total_gross": 129.15}  # 23 %: no rate, no mixture
    got = found(changed(plain, orders=edited(orders, [0], **strange)))
    assert got == {"odd_vat_rates": 1}
    mixed = {"goods_gross": 113.0, "vat_amount": 13.65, "total_gross": 118.65}  # 13 %: two lines may mix
    assert found(changed(plain, orders=edited(orders, [0], **mixed))) == {}
    single = lines.drop_duplicates("order_id").assign(
        net_amount=orders["goods_net"].to_numpy(), unit_price_net=orders["goods_net"].to_numpy()
    )
    got = found(changed(plain, orders=edited(orders, [0], **mixed), order_lines=single))
    assert got == {"odd_vat_rates": 1}


def test_no_vat_at_home_is_odd_for_a_registered_firm_only(clean):
    bare = edited(
        clean.tables["orders"], [1], vat_amount=0.0, goods_gross=101.0, shipping_gross=5.0, total_gross=106.0
    )
    subject = changed(clean, orders=bare)
    assert found(subject) == {"zero_vat_domestic": 1}
    assert found(replace(subject, vat_registered=False)) == {}
    uk = replace(subject, country="GB", vat_rates=country_pack("GB").vat_rates)
    at_home = replace(uk, tables={**uk.tables, "orders": edited(bare, slice(None), country="GB")})
    assert "zero_vat_domestic" not in found(at_home)  # food and books are zero-rated in the UK


def test_refund_checks(clean):
    refunds = clean.tables["refunds"]
    assert found(changed(clean, refunds=edited(refunds, [0], net_amount=999.0))) == {"refunds_above_order": 1}
    assert found(changed(clean, refunds=edited(refunds, [0], date_stated=False))) == {"refunds_undated": 1}
    stray = edited(refunds, [0], order_id="nowhere")
    assert found(changed(clean, refunds=stray)) == {"refunds_of_unknown_orders": 1}
    assert found(changed(clean, refunds=refunds.iloc[:0])) == {"no_refunds": 1}


def test_payment_dates_matter_for_firms_only(clean):
    orders = clean.tables["orders"]
    firms = int((orders["kind"] == "b2b").sum())
    never = pd.Series(pd.NaT, index=orders.index, dtype=orders["due_at"].dtype)
    bare = orders.assign(due_at=never, paid_at=never)
    got = found(changed(clean, orders=bare))
    assert got == {"missing_due_dates": firms, "missing_paid_dates": firms}
    consumers = edited(bare, slice(None), kind="b2c")
    frame = audit.checks(changed(clean, orders=consumers)).set_index("check")
    assert frame.loc["missing_due_dates", "reason"] == "reason.audit.nothing_to_check"
    # What does not arise is not held against the tool that would need it.
    assert set(audit.readiness(frame.reset_index())["verdict"]) == {"ready"}


def test_stock_stale_data_short_history_and_rejected_rows(clean):
    assert found(changed(clean, stock_levels=clean.tables["stock_levels"].iloc[2:])) == {
        "products_without_stock": 2
    }
    assert found(replace(clean, today=clean.today + 20)) == {"stale": 20}
    assert found(replace(clean, today=clean.today + 2)) == {}
    assert found(replace(clean, rejected={"orders": 37})) == {"rejected_rows": 37}
    orders = clean.tables["orders"].iloc[-400:]
    lines = clean.tables["order_lines"]
    lines = lines[lines["order_id"].isin(orders["order_id"].astype(str))]
    got = found(changed(clean, orders=orders, order_lines=lines, refunds=clean.tables["refunds"].iloc[:0]))
    assert got["short_history"] == 730 - 400


def daily_orders(counts) -> pd.DataFrame:
    rows = [
        order(f"o{day:04}-{i}", str(FIRST + timedelta(days=day)), 10.0)
        for day, count in enumerate(counts)
        for i in range(count)
    ]
    return canonical("orders", rows)


def test_a_week_without_orders_is_a_hole_and_weekends_off_are_none():
    office = [0 if (FIRST + timedelta(days=day)).weekday() >= 5 else 4 for day in range(120)]
    assert audit.holes(daily_orders(office)).empty
    office[50:64] = [0] * 14
    got = audit.holes(daily_orders(office))
    # 2 January 2023 is a Monday; the fortnight from day 50 (a Tuesday) begins and ends within the week.
    assert got[["first", "last", "days"]].to_numpy().tolist() == [
        [pd.Timestamp(FIRST + timedelta(days=50)), pd.Timestamp(FIRST + timedelta(days=63)), 14]
    ]
    assert got["value"].iloc[0] == pytest.approx(40)


def test_a_quiet_shop_s_ordinary_gaps_are_no_holes():
    random = np.random.default_rng(5)
    flagged = [len(audit.holes(daily_orders(random.poisson(0.8, 300)))) for _ in range(10)]
    assert sum(flagged) <= 1  # by design one shop in a hundred has one


def test_costs_missing_for_38_percent_of_sales_keep_inventory_waiting(clean):
    lines = clean.tables["order_lines"]
    by_product = lines.groupby("product_id", observed=True)["net_amount"].sum() / lines["net_amount"].sum()
    products = edited(clean.tables["products"], slice(0, 4), unit_cost=np.nan)
    frame = audit.checks(changed(clean, products=products))
    ready = audit.readiness(frame).set_index("tool")
    assert ready.loc["inventory", ["verdict", "blocking"]].tolist() == ["not_yet", "missing_costs"]
    assert ready.loc["inventory", "blocking_value"] == pytest.approx(by_product.iloc[:4].sum())
    assert ready.loc["growth", "verdict"] != "not_yet"
    assert ready.loc["market", "verdict"] == "ready"


def test_fixes_come_in_the_order_of_what_they_unlock(clean):
    products = edited(
        clean.tables["products"], slice(0, 2), unit_cost=np.nan
    )  # a fifth of sales, three tools
    products = edited(products, slice(0, 3), hs_code=None)  # three tenths of sales, one tool
    findings = audit.checks(changed(clean, products=products))
    frame = audit.fixes(findings)
    assert frame["check"].tolist() == ["missing_costs", "missing_hs_codes"]
    assert frame["tools"].tolist() == [3, 1]
    # Gain: three tools are ready again once costs are there; the rest is what the scores rise by.
    products = edited(products, slice(0, 2), unit_cost=20.0)
    before, after = (
        audit.readiness(findings),
        audit.readiness(audit.checks(changed(clean, products=products))),
    )
    rises = (after["value"] - before["value"]).sum()
    steps = (before["verdict"].iloc[:3] == "partly").sum()
    assert frame["gain"].iloc[0] == pytest.approx(steps + rises)


def test_what_waits_for_exports_counts_by_what_is_sold_abroad(clean):
    """No customs code at all, half the lead times missing: who sells at home asks for lead times first."""
    products = edited(clean.tables["products"], slice(0, 5), lead_time_days=np.nan)
    products = edited(products, slice(0, 10), hs_code=None)
    findings = audit.checks(changed(clean, products=products, purchases=clean.tables["purchases"].iloc[:0]))
    at_home, exporter = audit.fixes(findings, 0.02), audit.fixes(findings, 1.0)
    assert at_home["check"].tolist() == ["missing_lead_times", "missing_hs_codes"]
    assert exporter["check"].tolist() == ["missing_hs_codes", "missing_lead_times"]
    assert at_home["gain"].iloc[1] == pytest.approx(0.02 * exporter["gain"].iloc[0])
    assert at_home["gain"].iloc[0] == exporter["gain"].iloc[1]


def test_sold_abroad_is_the_turnover_delivered_elsewhere(clean):
    orders = clean.tables["orders"]
    country = orders["country"].astype(object)
    country[:190], country[190:200] = "GB", None
    elsewhere = changed(clean, orders=orders.assign(country=country))
    net = orders["total_gross"] - orders["vat_amount"] - orders["shipping_net"]
    assert audit.sold_abroad(elsewhere) == pytest.approx(net[:190].sum() / net.sum())
    assert audit.sold_abroad(audited({})) == 0


def test_with_nothing_at_all_no_tool_is_ready_and_nothing_breaks():
    nothing = audited({})
    frame = audit.checks(nothing)
    assert frame["check"].iloc[0] == "no_orders" and frame["severity"].iloc[0] == "blocking"
    assert set(audit.readiness(frame)["verdict"]) == {"not_yet"}
    assert set(audit.readiness(frame)["blocking"]) == {"no_orders"}
    assert audit.fixes(frame)["check"].iloc[0] == "no_orders"
    assert set(audit.coverage(nothing)["status"]) == {"input_missing"}
    assert audit.holes(nothing.tables["orders"]).empty
    unchecked = frame[frame["status"] == "input_missing"]
    assert unchecked["value"].isna().all() and (unchecked["reason"] != "").all()


def test_coverage_says_rows_and_periods(clean):
    got = audit.coverage(replace(clean, rejected={"orders": 37})).set_index("table")
    assert got.loc["orders", "n"] == DAYS and got.loc["orders", "rejected"] == 37
    assert got.loc["orders", ["first", "last"]].tolist() == [
        pd.Timestamp(FIRST),
        pd.Timestamp(FIRST + timedelta(days=DAYS - 1)),
    ]
    by_file = audit.coverage(replace(clean, rejected={"shop/orders.csv": 37}))
    assert by_file["rejected"].isna().all()  # which table they were meant for is not known
    assert got.loc["purchases", "first"] == pd.Timestamp("2024-03-01")
    undated = clean.tables["purchases"].assign(ordered_on=pd.NaT)
    span = audit.coverage(changed(clean, purchases=undated)).set_index("table").loc["purchases"]
    assert pd.isna(span["first"]) and span["n"] == 20
    assert pd.isna(got.loc["products", "first"]) and got.loc["learning", "status"] == "input_missing"


@settings(max_examples=10)
@given(st.lists(st.sampled_from(sorted(TABLES)), unique=True), st.integers(0, 60))
def test_whatever_is_there_shares_lie_between_nought_and_one(some, count):
    rows = {name: rows[:count] for name, rows in clean_rows().items() if name in some}
    frame = audit.checks(audited(rows))
    for column in ("value", "turnover_share"):
        assert frame[column].dropna().between(0, 1 + 1e-9).all()
    assert (frame["affected"].dropna() <= frame.loc[frame["affected"].notna(), "total"]).all()
    assert audit.readiness(frame)["value"].between(0, 1).all()


def test_reconciliation_from_shop_to_payments_to_accounts(clean):
    tables = clean.tables
    names = ("orders", "order_lines", "refunds", "products", "customers", "visits")
    sales = prepare(*(tables[name] for name in names), "EUR")
    net = float(sales.entries["net_invoiced"].sum())
    ledger = canonical(
        "ledger",
        [
            {"entry_id": "1", "date": "2023-01-02", "account": "707000", "debit": 0.0, "credit": net - 500},
            {"entry_id": "2", "date": "2025-01-31", "account": "709000", "debit": 100.0, "credit": 0.0},
            {"entry_id": "3", "date": "2024-01-02", "account": "445710", "debit": 0.0, "credit": 777.0},
        ],
    )
    got = audit.reconciliation(sales, ledger).set_index("step")
    value = got["value"]
    assert value["shop_total_gross"] - value["vat"] - value["refunded"] == pytest.approx(
        value["net_invoiced"]
    )
    assert value["net_invoiced"] - value["shipping"] == pytest.approx(value["net_goods"])
    assert value["payments"] + value["unpaid"] == pytest.approx(value["shop_total_gross"])
    assert value["accounts"] == pytest.approx(net - 600)
    assert value["accounts_gap"] == pytest.approx(600)
    bare = audit.reconciliation(sales, ledger.iloc[:0]).set_index("step")
    assert bare.loc["accounts", "reason"] == "reason.audit.no_ledger"
    assert np.isnan(bare.loc["accounts_gap", "value"])


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_check_has_its_words(language):
    say = Speaker(language, "FR", "EUR")
    for check in CHECKS:
        for part in ("title", "why", "fix"):
            assert say(f"audit.check.{check.code}.{part}")

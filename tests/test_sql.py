"""A real database as a source: what comes out is what stands in it, nothing is written, no secret told."""

from __future__ import annotations

import json
import sqlite3

import numpy as np
import pandas as pd
import pytest
from files_help import PSEUDONYM, firm, with_days
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from echannel.connectors.base import SourceContext
from echannel.connectors.sql import SqlConnector
from echannel.connectors.sql.queries import only_reads
from echannel.errors import UserError
from echannel.locale import Speaker

ORDERS = """
SELECT number AS order_id, placed AS ordered_at, mail AS customer_id, 'b2c' AS kind, 'own_shop' AS channel,
       country, 'GBP' AS currency, 1 AS fx_rate, state AS status, net AS goods_net, 0 AS discount_net,
       0 AS shipping_net, 0 AS wrapping_net, net * 1.2 AS goods_gross, 0 AS discount_gross,
       0 AS shipping_gross, 0 AS wrapping_gross, net * 0.2 AS vat_amount, net * 1.2 AS total_gross,
       1 AS vat_stated, 'yes' AS parts_stated, changed AS updated_at
FROM sales"""
LINES = """
SELECT sale AS order_id, position AS line_no, item AS product_id, pieces AS quantity, price AS unit_price_net,
       0 AS discount_net, pieces * price AS net_amount
FROM sale_lines"""


@pytest.fixture
def shop(tmp_path):
    """A small ERP's database of 25 sales with two lines each."""
    with sqlite3.connect(tmp_path / "erp.db") as database:
        database.execute(
            "CREATE TABLE sales (number, placed TEXT, mail TEXT, country TEXT, state TEXT, net REAL, changed)"
        )
        database.execute(
            "CREATE TABLE sale_lines (sale, position INTEGER, item TEXT, pieces REAL, price REAL)"
        )
        for at in range(25):
            day = f"2026-{1 + at // 5:02d}-{1 + at % 28:02d} 12:00:00"
            row = (1000 + at, day, f"canary{at % 5}@example.com", "gb", "Paid", 10.0 + at, day)
            database.execute("INSERT INTO sales VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            lines = [(1000 + at, n, f"P{n}", 1.0, (10.0 + at) / 2) for n in (1, 2)]
            database.executemany("INSERT INTO sale_lines VALUES (?, ?, ?, ?, ?)", lines)
    return tmp_path


def source(
    folder, tables: dict, url: str = "sqlite:///erp.db", country: str = "GB", **options
) -> SqlConnector:
    secrets = {"url": SecretStr(url)} if url else {}
    context = SourceContext(firm(country), "erp", folder, PSEUDONYM, lambda what, done, total: None, secrets)
    queries = {name: query if isinstance(query, dict) else {"query": query} for name, query in tables.items()}
    return SqlConnector({"tables": queries, **options}, context)


def change(folder, statement: str) -> None:
    with sqlite3.connect(folder / "erp.db") as database:
        database.execute(statement)


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_the_tables_hold_what_the_database_holds_in_chunks_of_any_size(shop, chunk):
    (batch,) = source(shop, {"order_lines": LINES, "orders": ORDERS}, chunk=chunk).fetch({})
    orders, lines = (with_days(name, batch.tables[name]) for name in ("orders", "order_lines"))
    assert batch.read == 75 and len(orders) == 25 and len(lines) == 50 and batch.rejected.empty
    assert orders["goods_net"].sum() == pytest.approx(sum(10 + at for at in range(25)))
    assert lines.groupby("order_id", observed=True)["net_amount"].sum().sum() == orders["goods_net"].sum()
    assert orders["order_id"].astype(str).tolist() == [str(1000 + at) for at in range(25)]
    assert (
        set(orders["source"]) == {"erp"}
        and set(orders["country"]) == {"GB"}
        and set(orders["status"]) == {"paid"}
    )
    assert orders["vat_stated"].all() and orders["parts_stated"].all()


def test_customers_are_hashed_whatever_the_query_calls_them_and_nobody_is_named(shop):
    query = "SELECT mail AS customer_id, 'b2b' AS kind, country, mail AS region FROM sales GROUP BY mail"
    tables = {"orders": ORDERS, "customers": {"query": query, "pseudonymise": ["region"]}}
    batches = list(source(shop, tables).fetch({}))
    expected = set(PSEUDONYM(pd.Series([f"canary{at}@example.com" for at in range(5)])))
    assert set(batches[0].tables["orders"]["customer_id"]) == expected
    assert set(batches[1].tables["customers"]["region"]) == expected
    told = "".join(frame.to_csv() for batch in batches for frame in batch.tables.values())
    assert "canary" not in told + str([batch.cursor for batch in batches])


def test_only_new_and_changed_rows_are_read_again(shop):
    query = {"query": f"{ORDERS} WHERE changed >= {{since}}", "cursor": "updated_at"}
    reader = source(shop, {"orders": query})
    (first,) = reader.fetch({})
    assert first.read == 25 and first.cursor["orders.since"] == '["plain", "2026-05-25 12:00:00"]'
    (same,) = reader.fetch(first.cursor)
    assert same.read == 1  # the last one is looked at again: another may have come in the same second
    change(shop, "UPDATE sales SET net = 500, changed = '2026-06-01 08:00:00' WHERE number = 1003")
    (changed,) = reader.fetch(first.cursor)
    orders = changed.tables["orders"]
    assert orders["order_id"].astype(str).tolist() == ["1024", "1003"] or changed.read == 2
    assert orders.set_index("order_id").loc["1003", "goods_net"] == 500
    overlapping = source(shop, {"orders": {**query, "overlap_minutes": 60 * 24 * 8}})
    (more,) = overlapping.fetch(changed.cursor)
    assert more.read == 3  # from 24 May: sales of 24 and 25 May, and the changed one


def test_a_cursor_that_is_a_number_goes_on_from_the_greatest(shop):
    columns = "number AS cart_id, placed AS created_at, 'GBP' AS currency, 1 AS fx_rate, 1 AS units"
    query = f"SELECT {columns}, number AS seq FROM sales WHERE number > {{since}}"
    tables = {"carts": {"query": query, "cursor": "seq", "start": 0}}
    (first,) = source(shop, tables).fetch({})
    assert len(first.tables["carts"]) == 25 and "seq" not in first.tables["carts"]
    (second,) = source(shop, tables).fetch(first.cursor)
    assert second.read == 0 and not second.tables and second.cursor == first.cursor


def test_a_query_without_since_says_by_its_cursor_whether_anything_changed(shop):
    reader = source(shop, {"orders": ORDERS})
    (first,), (again,) = reader.fetch({}), reader.fetch({})
    assert first.cursor == again.cursor
    change(shop, "UPDATE sales SET net = 1 WHERE number = 1000")
    (other,) = reader.fetch({})
    assert other.cursor != first.cursor


def test_a_row_that_cannot_be_read_is_refused_with_its_key_and_takes_its_lines_along(shop):
    change(shop, "UPDATE sales SET placed = 'canary@example.com on monday' WHERE number = 1001")
    change(shop, "UPDATE sales SET net = 'much' WHERE number = 1002")
    (batch,) = source(
        shop, {"orders": ORDERS.replace("net * 1.2 AS total", "12 AS total"), "order_lines": LINES}
    ).fetch({})
    refused = batch.rejected.set_index("field")
    assert json.loads(refused.loc["ordered_at", "record"]) == {"order_id": "1001"}
    assert refused.loc["ordered_at", "reason"] == "reason.files.not_a_date"
    assert (
        refused.loc["goods_net", "reason"] == "reason.files.not_a_number"
        and "canary" not in batch.rejected.to_csv()
    )
    assert len(batch.tables["orders"]) == 23 and len(batch.tables["order_lines"]) == 46
    assert not set(batch.tables["order_lines"]["order_id"]) & {"1001", "1002"}


@pytest.mark.parametrize(
    ("timezone", "wall", "utc"),
    [
        ("Europe/Paris", "2026-07-01 12:00:00", "2026-07-01 10:00:00"),
        ("Europe/Paris", "2026-10-25 02:30:00", "2026-10-25 00:30:00"),  # comes twice: the first
        ("Europe/Paris", "2026-03-29 02:30:00", "2026-03-29 01:00:00"),  # never comes: when clocks go forward
        ("UTC", "2026-07-01 12:00:00", "2026-07-01 12:00:00"),
        ("Europe/Paris", "2026-07-01T12:00:00+05:30", "2026-07-01 06:30:00"),
        ("Europe/Paris", "2026-07-01T12:00:00.250Z", "2026-07-01 12:00:00"),
    ],
)
def test_times_without_a_zone_are_those_of_the_source_s_time_zone(shop, timezone, wall, utc):
    change(shop, f"UPDATE sales SET placed = '{wall}'")
    (batch,) = source(shop, {"orders": ORDERS}, timezone=timezone).fetch({})
    assert set(batch.tables["orders"]["ordered_at"].dt.strftime("%Y-%m-%d %H:%M:%S")) == {utc}


def test_days_stay_days_in_any_time_zone(shop):
    columns = "item AS product_id, 'main' AS location, '2026-10-25' AS as_of, 3 AS on_hand"
    query = f"SELECT {columns} FROM sale_lines GROUP BY item"
    (batch,) = source(shop, {"stock_levels": query}, timezone="Pacific/Auckland").fetch({})
    assert batch.tables["stock_levels"]["as_of"].dt.strftime("%Y-%m-%d").unique().tolist() == ["2026-10-25"]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM sales",
        "SELECT 1; DROP TABLE sales",
        "WITH gone AS (DELETE FROM sales RETURNING *) SELECT * FROM gone",
        "SELECT * INTO copy FROM sales",
        "SELECT 1 /* ; */ ; UPDATE sales SET net = 0",
        "SELECT 'it''s' -- '\n; DELETE FROM sales",
        "SELECT * FROM sales FOR UPDATE",
        "SELECT 1 EXEC purge",
        "PRAGMA user_version = 3",
        "",
    ],
)
def test_anything_but_a_single_reading_query_is_refused(shop, query):
    assert not only_reads(query)
    with pytest.raises(UserError):
        source(shop, {"orders": query})


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 'insert; delete' AS name, \"update\" FROM t -- drop;",
        "with a as (select 1) select * from a ;",
        "SELECT updated_at, created, inserted_by, offset_days, setting FROM deleted_items -- it's",
        "SELECT '10:30' || x::text FROM t WHERE y = 'a;b'",
    ],
)
def test_words_inside_texts_names_and_comments_do_no_harm(query):
    assert only_reads(query)


def test_the_database_itself_refuses_to_be_written(shop, monkeypatch):
    """Even a statement that slips through, here past the rule itself."""
    monkeypatch.setattr("echannel.connectors.sql.queries.only_reads", lambda query: True)
    reader = source(shop, {"orders": "DELETE FROM sales"})
    with pytest.raises(UserError, match=r"error\.sql\.query"):
        list(reader.fetch({}))
    with sqlite3.connect(shop / "erp.db") as database:
        assert database.execute("SELECT COUNT(*) FROM sales").fetchone() == (25,)


@pytest.mark.parametrize(
    ("query", "key", "named"),
    [
        (ORDERS.replace("AS goods_net", "AS value"), "error.sql.unknown_columns", "value"),
        (ORDERS.replace("country,", "country, mail AS email,"), "error.sql.unknown_columns", "email"),
        (ORDERS.replace("country,", "country, 7 AS local_day,"), "error.sql.unknown_columns", "local_day"),
        (ORDERS.replace("net AS goods_net, ", ""), "error.sql.missing_columns", "goods_net"),
        (ORDERS.replace("country,", "country, country,"), "error.sql.twice", "country"),
        ("SELECT * FROM nowhere", "error.sql.query", "nowhere"),
    ],
)
def test_columns_that_do_not_fit_are_named(shop, query, key, named):
    reader = source(shop, {"orders": query})
    with pytest.raises(UserError) as raised:
        list(reader.fetch({}))
    assert raised.value.key == key and named in str(raised.value.values)
    states = [(one.state, one.said.key) for one in reader.check()]
    assert states == [("works", "sql.check.connected"), ("lacks", "sql.check.refused")]
    for language in ("en", "fr"):
        assert named in Speaker(language).error(raised.value)


def test_since_and_its_column_go_together(shop):
    for query in ({"query": "SELECT {since}"}, {"query": "SELECT 1", "cursor": "x"}):
        with pytest.raises(UserError, match="since_and_cursor"):
            source(shop, {"orders": query})
    reader = source(shop, {"orders": {"query": f"{ORDERS} WHERE changed > {{since}}", "cursor": "stamp"}})
    with pytest.raises(UserError, match="no_cursor"):
        list(reader.fetch({}))


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("sqlite:///none.db", "error.sql.no_file"),
        ("not an address", "error.sql.url"),
        ("odd+thing://ann:S3cretCanary@host/db", "error.sql.kind"),
        ("postgresql://ann:S3cretCanary@127.0.0.1:1/db", "error.sql."),
        ("mysql+pymysql://ann:S3cretCanary@127.0.0.1:1/db", "error.sql."),
        ("", "error.sql.no_url"),
    ],
)
def test_an_address_that_does_not_work_is_said_without_its_password(shop, url, key):
    reader = source(shop, {"orders": ORDERS}, url=url)
    with pytest.raises(UserError) as raised:
        list(reader.fetch({}))
    assert raised.value.key.startswith(key)
    (finding,) = reader.check()
    told = (
        str(raised.value) + str(finding) + "".join(Speaker(one).error(raised.value) for one in ("en", "fr"))
    )
    assert finding.state == "blocks" and "S3cretCanary" not in told and "ann:" not in told
    assert raised.value.__cause__ is None
    assert not (shop / "none.db").exists()


def test_check_says_which_columns_stay_empty(shop):
    connected, table = source(shop, {"orders": ORDERS}).check()
    assert connected.said.values == {"where": "erp.db"} and table.state == "works"  # noqa: PD011
    assert "paid_at" in table.fields and "goods_net" not in table.fields


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.integers(-10**9, 10**9), st.floats(-1e9, 1e9), st.none(), st.just("")),
            st.one_of(st.booleans(), st.sampled_from(["yes", "non", "1", "0", None])),
            st.one_of(st.text(max_size=8), st.integers(0, 99), st.none()),
        ),
        min_size=1, max_size=12,
    )
)  # fmt: skip
def test_whatever_a_column_holds_rows_are_kept_or_refused(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("db")
    with sqlite3.connect(folder / "erp.db") as database:
        database.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, cost, live, title)")
        for row in rows:
            database.execute("INSERT INTO items (cost, live, title) VALUES (?, ?, ?)", row)
    query = "SELECT id AS product_id, cost AS unit_cost, live AS active, title AS name FROM items ORDER BY id"
    (batch,) = source(folder, {"products": query}).fetch({})
    products = batch.tables["products"]
    assert len(products) == len(rows) and batch.rejected.empty
    expected = [np.nan if cost in (None, "") else float(cost) for cost, _, _ in rows]
    assert np.allclose(products["unit_cost"].to_numpy(), expected, equal_nan=True)
    flags = {True: True, False: False, "yes": True, "non": False, "1": True, "0": False, None: None}
    assert products["active"].astype(object).where(products["active"].notna(), None).tolist() == [
        flags[live] for _, live, _ in rows
    ]


def test_a_source_gives_the_tables_that_it_has_queries_for():
    query = {"query": f"{ORDERS} WHERE changed >= {{since}}", "cursor": "updated_at"}
    given_here = SqlConnector.given({"tables": {"order_lines": {"query": LINES}, "orders": query}})
    assert {name: table.whole for name, table in given_here.items()} == {"orders": False, "order_lines": True}

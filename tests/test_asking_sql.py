"""The SQL box reads an SME's tables and nothing else, for as long and as much as it may."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from echannel.asking.known_tables import in_arrow
from echannel.asking.sql import ask_in_sql
from echannel.errors import UserError

SALES = pd.DataFrame({"day": [20_000, 20_001, 20_001], "product": ["a", "b", "b"], "net": [1.5, 2.0, 4.0]})
TABLES = {"sales": lambda: in_arrow(SALES)}


def test_a_select_finds_what_pandas_finds_and_days_are_dates() -> None:
    found = ask_in_sql(
        "SELECT product, sum(net) AS net, max(day) AS day FROM sales GROUP BY 1 ORDER BY 1;", TABLES
    )
    assert list(found.frame["net"]) == list(SALES.groupby("product")["net"].sum())
    assert list(found.frame["day"]) == list(pd.to_datetime([20_000, 20_001], unit="D"))
    assert not found.cut


def test_rows_are_bounded_and_it_is_said() -> None:
    found = ask_in_sql("FROM sales -- all of them", TABLES, rows=2)
    assert len(found.frame) == 2
    assert found.cut


def test_a_table_is_made_only_when_it_is_named() -> None:
    def never() -> pa.Table:
        raise AssertionError

    assert len(ask_in_sql("SELECT 1", {"sales": never}).frame) == 1


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1; SELECT 2",
        "DROP TABLE sales",
        "CREATE TABLE t AS SELECT 1",
        "INSERT INTO sales VALUES (1, 'c', 2)",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "EXPORT DATABASE '{folder}/out'",
        "ATTACH '{folder}/out.db' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "PRAGMA database_list",
        "CALL pragma_version()",
    ],
)
def test_nothing_but_one_select_is_run(text: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        ask_in_sql(text.replace("{folder}", str(tmp_path)), TABLES)
    assert refused.value.key == "ask.error.only_select"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM read_blob('{file}')",
        "SELECT * FROM read_parquet('{file}')",
        "SELECT * FROM '{file}'",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM sniff_csv('{file}')",
        "SELECT * FROM query('SELECT * FROM read_text(''{file}'')')",
        "SELECT * FROM delta_scan('{folder}')",
        "SELECT * FROM read_csv('https://example.org/x.csv')",
        "SELECT * FROM secret_frame",
        "SELECT * FROM SALES_OF_OTHERS",
        "SELECT getenv('HOME')",
    ],
)
def test_neither_files_nor_addresses_nor_own_variables_are_read(text: str, tmp_path: Path) -> None:
    secret_frame = pd.DataFrame({"secret": ["canary"]})
    file = tmp_path / "other.csv"
    secret_frame.to_csv(file)
    with pytest.raises(UserError) as refused:
        ask_in_sql(text.replace("{file}", str(file)).replace("{folder}", str(tmp_path)), TABLES)
    assert "canary" not in str(refused.value.values)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "ask.error.empty"),
        ("SELECT " + "1 + " * 5_000 + "1", "ask.error.too_long"),
        ("SELEKT 1", "ask.error.not_understood"),
        ("SELECT nothing FROM sales", "ask.error.not_understood"),
        ("SELECT * FROM sales) UNION SELECT * FROM (SELECT 1", "ask.error.not_understood"),
        ("SELECT * FROM elsewhere", "ask.error.not_there"),
        ("SELECT list(i) FROM range(1000000000) t(i)", "ask.error.too_much"),
    ],
)
def test_what_cannot_be_asked_is_said_by_its_kind(text: str, key: str) -> None:
    with pytest.raises(UserError) as refused:
        ask_in_sql(text, TABLES)
    assert refused.value.key == key


def test_a_query_without_end_is_stopped() -> None:
    started = time.monotonic()
    with pytest.raises(UserError) as refused:
        ask_in_sql("SELECT count(*) FROM range(1000000000000)", TABLES, seconds=0.3)
    assert refused.value.key == "ask.error.too_slow"
    assert time.monotonic() - started < 60

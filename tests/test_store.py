"""The store: upserts against a plain model, versions that belong together, nothing half done."""

from __future__ import annotations

import json
import os
import threading
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from deltalake import DeltaTable, write_deltalake
from handmade import canonical, order
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.errors import UserError
from echannel.store import REJECTED, SmeStore
from echannel.tables import TABLES
from echannel.upsert import changed_rows, merged, normalised, upserted


def line(order_id: str, line_no: int, amount: float = 10.0, product: str | None = "P1") -> dict:
    return {
        "order_id": order_id,
        "line_no": line_no,
        "product_id": product,
        "quantity": 1.0,
        "unit_price_net": amount,
        "net_amount": amount,
    }


def refused(*rows: tuple[str, int, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "source": "shop",
                "file": file,
                "row": row,
                "field": "ordered_at",
                "value": value,
                "reason": "sync.reason.value",
                "reason_values": "{}",
                "record": json.dumps({"order": value}),
            }
            for file, row, value in rows
        ]
    )


def two_orders() -> dict[str, pd.DataFrame]:
    return {
        "orders": canonical("orders", [order("A", "2025-01-01", 100.0), order("B", "2025-01-02", 50.0)]),
        "order_lines": canonical("order_lines", [line("A", 1), line("A", 2), line("B", 1, 50.0)]),
    }


@pytest.fixture
def store(tmp_path) -> SmeStore:
    return SmeStore(tmp_path / "kent-gifts")


def test_a_store_that_never_saw_a_sync_says_so(store):
    with pytest.raises(UserError) as never:
        store.manifest()
    assert never.value.key == "error.never_synced"


def test_what_goes_in_comes_out_in_canonical_dtypes(store):
    frames = two_orders()
    store.commit(frames)
    for name, frame in frames.items():
        read = store.read(name)
        assert dict(read.dtypes.astype(str)) == dict(TABLES[name].empty().dtypes.astype(str))
        assert normalised(TABLES[name], frame).equals(normalised(TABLES[name], read))
        TABLES[name].schema.validate(read)


def test_every_table_keeps_its_dtypes(store):
    """All tables, with nulls in every nullable column."""
    frames = {}
    for name, table in TABLES.items():
        plain = {"category": "x", "string": "t", "float64": 1.0, "int32": 1, "bool": True, "boolean": True}
        row = {
            column: (pd.Timestamp("2025-01-01") if spec.dtype.startswith("datetime") else plain[spec.dtype])
            for column, spec in table.columns.items()
        }
        empty = {c: (None if spec.nullable else row[c]) for c, spec in table.columns.items()}
        empty[table.key[0]] = pd.Timestamp("2025-01-02") if name == "visits" else "y"
        frame = pd.DataFrame([row, empty])
        for column, spec in table.columns.items():
            if spec.dtype.startswith("datetime64"):
                frame[column] = pd.to_datetime(frame[column], utc="UTC" in spec.dtype)
            frame[column] = frame[column].astype(spec.dtype)
        frames[name] = frame
    store.commit(frames)
    for name, frame in frames.items():
        assert normalised(TABLES[name], store.read(name)).equals(normalised(TABLES[name], frame)), name
        read, expected = store.read(name), TABLES[name].empty()
        assert dict(read.dtypes.astype(str)) == dict(expected.dtypes.astype(str)), name


def test_a_table_without_rows_is_empty_with_its_columns(store):
    store.commit(two_orders())
    visits = store.read("visits")
    assert visits.empty
    assert list(visits.columns) == list(TABLES["visits"].columns)


def test_columns_are_read_in_the_order_asked_for(store):
    store.commit(two_orders())
    assert list(store.read("orders", ["total_gross", "order_id"]).columns) == ["total_gross", "order_id"]


def test_the_same_input_twice_makes_no_version_and_no_manifest(store):
    first = store.commit(two_orders(), cursors={"shop": {"orders.csv": "1"}})
    shuffled = {name: frame.sample(frac=1, random_state=1) for name, frame in two_orders().items()}
    second = store.commit(shuffled, cursors={"shop": {"orders.csv": "1"}})
    assert second == first
    assert DeltaTable(str(store.path / "orders")).version() == 0


def test_only_the_table_that_changed_gets_a_version(store):
    first = store.commit(two_orders())
    changed = two_orders()
    changed["orders"].loc[0, "goods_net"] = 90.0
    second = store.commit(changed)
    assert second.versions["orders"] > first.versions["orders"]
    assert second.versions["order_lines"] == first.versions["order_lines"]
    assert second.changed == {"orders": 1}


def test_a_line_that_vanished_from_an_order_vanishes_here(store):
    store.commit(two_orders())
    store.commit({"order_lines": canonical("order_lines", [line("A", 2, 12.0)])})
    lines = store.read("order_lines")
    assert list(zip(lines["order_id"], lines["line_no"], lines["net_amount"], strict=True)) == [
        ("A", 2, 12.0),
        ("B", 1, 50.0),
    ]


def test_an_old_manifest_still_reads_its_own_rows(store):
    first = store.commit(two_orders())
    store.commit({"orders": canonical("orders", [order("C", "2025-02-01", 7.0)])})
    assert len(store.read("orders")) == 3
    assert len(store.read("orders", manifest=first)) == 2
    assert store.manifest(first.number) == first
    assert len(store.read("orders", manifest=store.manifest(first.number))) == 2
    with pytest.raises(UserError, match=r"sync.error.unknown_manifest"):
        store.manifest(99)


def test_delta_readers_find_the_version_that_the_manifest_names(store):
    store.commit(two_orders())
    manifest = store.commit({"orders": canonical("orders", [order("C", "2025-02-01", 7.0)])})
    outside = DeltaTable(str(store.path / "orders"), version=manifest.versions["orders"]).to_pandas()
    assert sorted(outside["order_id"]) == ["A", "B", "C"]
    assert [p.name for p in (store.path / "orders").glob("*.parquet") if p.name in manifest.files["orders"]]


def test_what_a_killed_writer_left_is_neither_seen_nor_built_upon(store):
    """A Delta version that no manifest names: the next commit starts from the manifest's."""
    store.commit(two_orders())
    orphan = canonical("orders", [order("X", "2030-01-01", 1.0)])
    write_deltalake(str(store.path / "orders"), normalised(TABLES["orders"], orphan), mode="append")
    assert sorted(store.read("orders")["order_id"]) == ["A", "B"]
    store.commit({"orders": canonical("orders", [order("C", "2025-02-01", 7.0)])})
    assert sorted(store.read("orders")["order_id"]) == ["A", "B", "C"]


def test_a_commit_that_fails_half_way_changes_nothing(store, monkeypatch):
    store.commit(two_orders())
    write = store._write

    def breaks(name, frame):
        if name == "order_lines":
            raise OSError("disk full")
        return write(name, frame)

    monkeypatch.setattr(store, "_write", breaks)
    more = {
        "orders": canonical("orders", [order("C", "2025-02-01", 7.0)]),
        "order_lines": canonical("order_lines", [line("C", 1)]),
    }
    with pytest.raises(OSError, match="disk full"):
        store.commit(more)
    assert sorted(store.read("orders")["order_id"]) == ["A", "B"]
    monkeypatch.undo()
    store.commit(more)
    assert set(store.read("orders")["order_id"]) == set(store.read("order_lines")["order_id"])


def test_refused_rows_leave_when_their_file_comes_again_without_them(store):
    first = store.commit({}, rejected=refused(("a.csv", 2, "?"), ("a.csv", 3, "!"), ("b.csv", 2, "?")))
    assert first.rejected == {"shop/a.csv": 2, "shop/b.csv": 1}
    second = store.commit({}, rejected=refused(("a.csv", 3, "!")), read_files={"shop": {"a.csv"}})
    assert second.rejected == {"shop/a.csv": 1, "shop/b.csv": 1}
    assert len(store.read(REJECTED.name, manifest=first)) == 3


def test_a_forked_process_reads_what_its_parent_wrote(store):
    """Reports are made in forked processes, where the runtime of deltalake cannot work."""
    store.commit(two_orders())
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, str(len(store.read("orders"))).encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    assert os.read(reader, 10) == b"2"


def test_two_writers_at_once_lose_no_row(store):
    def write(start: int) -> None:
        mine = SmeStore(store.path)
        for number in range(start, start + 5):
            mine.commit({"orders": canonical("orders", [order(str(number), "2025-01-01", 1.0)])})

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.read("orders")) == 10
    assert store.manifest().number == 10


def test_cleaning_keeps_what_a_kept_manifest_names(store, monkeypatch):
    monkeypatch.setattr("echannel.store._CLEAN_EVERY", 10**9)
    manifests = [
        store.commit({"orders": canonical("orders", [order(str(n), "2025-01-01", 1.0)])}) for n in range(5)
    ]
    store.clean()
    for n, manifest in enumerate(manifests):
        assert len(store.read("orders", manifest=manifest)) == n + 1
    store.clean(now=manifests[-1].synced + timedelta(days=500))
    assert len(store.read("orders")) == 5
    with pytest.raises(UserError):
        store.manifest(manifests[0].number)
    store.commit({"orders": canonical("orders", [order("last", "2025-01-01", 1.0)])})
    assert len(store.read("orders")) == 6


def test_a_damaged_store_is_a_sentence_not_a_traceback(store):
    manifest = store.commit(two_orders())
    (store.path / "orders" / manifest.files["orders"][0]).unlink()
    with pytest.raises(UserError) as damaged:
        store.read("orders")
    assert damaged.value.key == "sync.error.store_damaged"


def test_a_new_nullable_column_is_empty_in_rows_stored_before_it(store):
    manifest = store.commit(two_orders())
    path = store.path / "orders" / manifest.files["orders"][0]
    pd.read_parquet(path).drop(columns=["payment_method"]).to_parquet(path)
    orders = store.read("orders")
    assert orders["payment_method"].isna().all()
    assert str(orders["payment_method"].dtype) == "category"
    pd.read_parquet(path).drop(columns=["vat_stated"]).to_parquet(path)
    with pytest.raises(UserError, match=r"sync.error.store_outdated"):
        store.read("orders")


lines = st.lists(
    st.tuples(
        st.sampled_from("ABCD"), st.integers(1, 3), st.integers(0, 3), st.sampled_from(["P", "Q", None])
    ),
    max_size=8,
    unique_by=lambda row: row[:2],
)


@given(st.lists(lines, max_size=5))
def test_groups_replaced_like_in_a_plain_dictionary(batches):
    table = TABLES["order_lines"]
    stored, model = normalised(table, table.empty()), {}
    for batch in batches:
        frame = canonical("order_lines", [line(o, n, float(a), p) for o, n, a, p in batch])
        merged = upserted(table, stored, frame)
        old = dict(model)
        groups = {o for o, *_ in batch}
        model = {key: value for key, value in model.items() if key[0] not in groups}
        model |= {(o, n): (float(a), p) for o, n, a, p in batch}
        expected = sum(old.get(key) != model.get(key) for key in old.keys() | model.keys())
        assert changed_rows(table, stored, merged) == expected
        assert merged.equals(stored) == (expected == 0)
        stored = merged
        assert _as_dictionary(stored) == model


def _as_dictionary(frame: pd.DataFrame) -> dict:
    return {
        (row.order_id, row.line_no): (row.net_amount, None if pd.isna(row.product_id) else row.product_id)
        for row in frame.itertuples()
    }


levels = st.lists(
    st.tuples(
        st.sampled_from("AB"),
        st.sampled_from("XY"),
        st.integers(1, 2),
        st.one_of(st.none(), st.integers(0, 2)),
    ),
    max_size=6,
)


@settings(max_examples=15)
@given(batches=st.lists(levels, min_size=1, max_size=4))
def test_rows_upserted_by_key_through_the_store(tmp_path_factory, batches):
    """Keys of several columns, duplicates within a batch: the last one wins; the store says the same."""
    store = SmeStore(tmp_path_factory.mktemp("store"))
    model: dict = {}
    for batch in batches:
        rows = [
            {"product_id": p, "location": w, "as_of": f"2025-01-0{d}", "on_hand": 1.0, "reserved": q}
            for p, w, d, q in batch
        ]
        frame = pd.DataFrame(rows, columns=["product_id", "location", "as_of", "on_hand", "reserved"])
        frame["as_of"] = pd.to_datetime(frame["as_of"]).astype("datetime64[us]")
        before = store.current()
        known = dict(model)
        model |= {(p, w, d): float(q) if q is not None else None for p, w, d, q in batch}
        manifest = store.commit({"stock_levels": frame})
        if before:
            assert (manifest.number > before.number) == (model != known)
    found = {
        (row.product_id, row.location, row.as_of.day): None if np.isnan(row.reserved) else row.reserved
        for row in store.read("stock_levels").itertuples()
    }
    assert found == model


@pytest.mark.parametrize("seed", range(6))
def test_pieces_merged_at_once_are_what_they_are_one_after_the_other(seed):
    rng = np.random.default_rng(seed)
    table, pieces, emptied = TABLES["order_lines"], [], {}
    whole = table.empty()
    for turn in range(8):
        for gone in rng.choice(10, rng.integers(0, 2), replace=False):
            emptied[f"O{gone}"] = turn
            whole = whole[whole["order_id"] != f"O{gone}"]
        ids = [f"O{n}" for n in rng.choice(10, rng.integers(1, 4), replace=False)]
        rows = [
            {
                "order_id": one,
                "line_no": n,
                "quantity": 1.0,
                "net_amount": float(turn),
                "product_id": f"P{turn}",
            }
            for one in ids
            for n in range(rng.integers(1, 4))
        ]
        pieces.append(canonical("order_lines", rows))
        whole = upserted(table, normalised(table, whole), pieces[-1])
    pd.testing.assert_frame_equal(merged(table, pieces, emptied), normalised(table, whole))

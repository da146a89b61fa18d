"""What is kept is what was computed; what is torn, foreign or old is never trusted."""

from __future__ import annotations

import os
import stat
import threading

import numpy as np
import pandas as pd
import pytest

from echannel.kept import is_kept, kept
from echannel.keys import key_of


class Work:
    """Counts how often it is done."""

    def __init__(self, value: float = 1.0) -> None:
        self.done = 0
        self.value = value

    def __call__(self) -> dict[str, pd.DataFrame]:
        self.done += 1
        wide = pd.DataFrame(
            [[self.value, np.nan]], index=pd.Index(["é"], name="product_id"), columns=[20000, 20007]
        )
        long = pd.DataFrame({"a": [1, 2], "b": pd.Categorical(["x", "y"]), "c": ["", None]})
        return {"wide": wide, "long": long}


def test_the_second_time_it_is_read_as_it_was(tmp_path):
    work = Work()
    first = kept(tmp_path, "forecasts", "k1", work)
    second = kept(tmp_path, "forecasts", "k1", work)
    assert work.done == 1 and is_kept(tmp_path, "forecasts", "k1")
    for name in first:
        pd.testing.assert_frame_equal(first[name], second[name])


def test_another_key_is_computed_and_the_old_file_goes(tmp_path):
    kept(tmp_path, "forecasts", "k1", Work())
    again = kept(tmp_path, "forecasts", "k2", Work(2.0))
    assert again["wide"].iloc[0, 0] == 2.0
    assert [path.name for path in tmp_path.glob("*.zip")] == ["forecasts-k2.zip"]


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "foreign", "swapped"])
def test_a_damaged_or_foreign_file_is_made_anew(tmp_path, damage):
    kept(tmp_path, "forecasts", "k1", Work())
    path = tmp_path / "forecasts-k1.zip"
    content = path.read_bytes()
    if damage == "swapped":
        kept(tmp_path / "other", "forecasts", "k2", Work(9.0))
        path.write_bytes((tmp_path / "other" / "forecasts-k2.zip").read_bytes())
    else:
        bad = {
            "cut": content[: len(content) // 2],
            "empty": b"",
            "text": b"{}",
            "foreign": b"PK\x05\x06" + b"\0" * 18,
        }
        path.write_bytes(bad[damage])
    work = Work(3.0)
    assert kept(tmp_path, "forecasts", "k1", work)["wide"].iloc[0, 0] == 3.0
    assert work.done == 1
    assert kept(tmp_path, "forecasts", "k1", work)["wide"].iloc[0, 0] == 3.0
    assert work.done == 1


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="who may write is asked of the system")
def test_a_folder_that_cannot_be_written_keeps_nothing_and_answers(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert kept(tmp_path / "below", "forecasts", "k1", Work())["wide"].iloc[0, 0] == 1.0
    finally:
        tmp_path.chmod(stat.S_IRWXU)


def test_where_a_file_stands_for_the_folder_it_still_answers(tmp_path):
    (tmp_path / "file").write_text("x")
    assert kept(tmp_path / "file", "forecasts", "k1", Work())["wide"].iloc[0, 0] == 1.0


def test_two_at_once_compute_once(tmp_path):
    work = Work()
    threads = [threading.Thread(target=kept, args=(tmp_path, "forecasts", "k1", work)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert work.done == 1


def test_a_failure_leaves_nothing_behind(tmp_path):
    def fails() -> dict[str, pd.DataFrame]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        kept(tmp_path, "forecasts", "k1", fails)
    assert not list(tmp_path.glob("*.zip"))
    assert kept(tmp_path, "forecasts", "k1", Work())["wide"].iloc[0, 0] == 1.0


def test_keys_differ_where_anything_differs():
    keys = {key_of({"a": 1}), key_of({"a": 2}), key_of({"a": 1}, 1), key_of({"b": 1}), key_of([1], "1")}
    assert len(keys) == 5
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})

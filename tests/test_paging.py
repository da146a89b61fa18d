"""Lists that change while they are read: nothing lost, nothing doubled; windows and wall clocks."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from fakes.server import FakeServer
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.connectors.paging import by_key, by_number
from echannel.connectors.windows import OVERLAP, Window, utc_of_wall, window

SIZE = 5


class Shop:
    """Rows by id with the moment of their last change, on a clock that only moves when something happens."""

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.clock = rng, 1000
        self.rows = dict.fromkeys(range(1, rng.randint(2, 80)), 0)
        self.last = len(self.rows)
        self.deleted: set[int] = set()

    def happen(self) -> None:
        for _ in range(self.rng.choice((0, 0, 1, 1, 2, 5))):
            self.clock += 1
            what = self.rng.random()
            if what < 0.35 or not self.rows:
                self.last += 1
                self.rows[self.last] = self.clock
            elif what < 0.65:
                self.rows[self.rng.choice(sorted(self.rows))] = self.clock
            else:
                gone = self.rng.choice(sorted(self.rows))
                del self.rows[gone]
                self.deleted.add(gone)

    def listed(self, since: int, until: int) -> list[tuple[int, int]]:
        return [(n, self.rows[n]) for n in sorted(self.rows) if since <= self.rows[n] <= until]


def synced(shop: Shop, way: str, since: int, held: dict[int, int]) -> int:
    """One sync by one way of paging into ``held``; returns the end of its window."""
    until = shop.clock

    def read(number: int) -> list[tuple[int, int]]:
        rows = shop.listed(since, until)[(number - 1) * SIZE : number * SIZE]
        shop.happen()
        return rows

    def read_after(last: int | None) -> list[tuple[int, int]]:
        rows = [row for row in shop.listed(since, until) if row[0] > (last or 0)][:SIZE]
        shop.happen()
        return rows

    def together(function, items):
        items = list(items)
        answers = {item: function(item) for item in shop.rng.sample(items, len(items))}
        return iter([answers[item] for item in items])

    if way == "key":
        pages = by_key(read_after, lambda row: row[0], SIZE)
    else:
        count = -(-len(shop.listed(since, until)) // SIZE)
        pages = by_number(read, lambda row: row[0], count, together, group=4)
    for rows in pages:
        held.update(rows)
    return until


@pytest.mark.parametrize("way", ["key", "number"])
def test_a_thousand_interleavings_lose_no_row_and_double_none(way):
    for seed in range(1000):
        shop, held = Shop(random.Random(seed)), {}
        until = synced(shop, way, 0, held)
        for _ in range(2):
            until = synced(shop, way, until, held)
        held.update(shop.listed(until, shop.clock))  # the following sync, with nobody at work in the shop
        assert {n: at for n, at in held.items() if n not in shop.deleted} == shop.rows, seed


def test_from_the_first_page_on_rows_would_be_lost():
    """What ``by_number`` is for: the plain way fails the same test."""
    lost = 0
    for seed in range(100):
        shop, held = Shop(random.Random(seed)), {}
        until, number = shop.clock, 1
        while rows := shop.listed(0, until)[(number - 1) * SIZE : number * SIZE]:
            held.update(rows)
            shop.happen()
            number += 1
        held.update(shop.listed(until, shop.clock))
        lost += bool(set(shop.rows) - set(held))
    assert lost > 10


def test_by_key_reads_each_row_once():
    rows = list(range(1, 23))
    pages = list(by_key(lambda last: [r for r in rows if r > (last or 0)][:5], lambda row: row, 5))
    assert [row for page in pages for row in page] == rows
    assert list(by_key(lambda last: [r for r in rows if r > (last or 0)][:5], lambda row: row, 5, 20)) == [
        [21, 22]
    ]


def test_windows_follow_the_servers_clock_and_overlap(tmp_path):
    from types import SimpleNamespace

    from echannel.connectors.http import Api

    clock = datetime(2030, 5, 1, 12, 0, tzinfo=UTC).timestamp()  # years ahead of ours
    with FakeServer(lambda call: {}, clock=lambda: clock) as server:
        now = Api(server.url, SimpleNamespace(root=tmp_path), options=server.options).get("x").server_time
    first = window(None, now)
    assert first == Window(None, datetime(2030, 5, 1, 12, 0, tzinfo=UTC))
    later = now + timedelta(hours=1)
    second = window(first.mark, later)
    assert (second.since, second.until) == (now - OVERLAP, later)
    back = window(second.mark, now)  # the server's clock was put back
    assert back.until == later


PARIS = ZoneInfo("Europe/Paris")
AUTUMN = datetime(2025, 10, 26, 1, 0, tzinfo=UTC)  # 03:00 becomes 02:00


@settings(max_examples=60, deadline=None)
@given(
    begin=st.integers(-240, 240),
    length=st.integers(0, 300),
    moment=st.integers(-600, 600),
    change=st.sampled_from([AUTUMN, datetime(2025, 3, 30, 1, 0, tzinfo=UTC)]),
)
def test_wall_bounds_hold_every_moment_of_the_window(begin, length, moment, change):
    since = change + timedelta(minutes=begin)
    at = change + timedelta(minutes=moment)
    until = since + timedelta(minutes=length)
    low, high = Window(since, until).wall("Europe/Paris")
    if since <= at <= until:
        assert low <= at.astimezone(PARIS).replace(tzinfo=None) <= high


def test_wall_bounds_are_plain_away_from_the_change():
    since, until = datetime(2025, 6, 1, 10, 0, 5, tzinfo=UTC), datetime(2025, 6, 1, 11, tzinfo=UTC)
    assert Window(since, until).wall("Europe/Paris") == (
        datetime(2025, 6, 1, 12, 0, 5),
        datetime(2025, 6, 1, 13),
    )
    assert Window(None, until).wall("Europe/Paris")[0] is None


def test_the_hour_that_comes_twice_is_told_apart_by_the_ids():
    moments = pd.date_range("2025-10-25 23:00", periods=24, freq="10min", tz="UTC")
    wall = pd.Series(moments.tz_convert(PARIS).tz_localize(None))
    ids = pd.Series(range(24))
    shuffled = wall.sample(frac=1, random_state=3)
    read = utc_of_wall(shuffled, "Europe/Paris", ids.loc[shuffled.index]).sort_index()
    assert (read.dt.tz_convert("UTC") == pd.Series(moments)).all()
    without = utc_of_wall(wall, "Europe/Paris")
    assert without.max() == moments.max() and (without <= read).all()


def test_a_time_that_never_was_and_none_at_all():
    times = pd.Series(pd.to_datetime(["2025-03-30 02:30", None]))
    read = utc_of_wall(times, "Europe/Paris")
    assert read.iloc[0] == pd.Timestamp("2025-03-30 01:00", tz="UTC")
    assert pd.isna(read.iloc[1])

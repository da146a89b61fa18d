"""kill −9 in the middle of a sync, 50 times: readers always see one whole state, and nothing is lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from handmade import order
from shop_connector import write_profile, write_shop

from echannel.errors import UserError
from echannel.store import SmeStore

SME = "killed-shop"
ORDERS = 3000
KILLS = 50

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL"),
]


class Killer:
    """The process that starts syncs and kills them."""

    def __init__(self, root: Path) -> None:
        here = Path(__file__).parent
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
        self.process = subprocess.Popen(
            [sys.executable, str(here / "sync_killer.py"), str(root), SME],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self.process.stdout.readline() == "ready\n"

    def order(self, text: str) -> tuple[str, float]:
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        how, _, seconds = self.process.stdout.readline().rpartition(" ")
        return how, float(seconds)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=30)


@pytest.fixture
def killer(tmp_path):
    write_profile(tmp_path, SME)
    running = Killer(tmp_path)
    yield running
    running.close()


def write_generation(root: Path, generation: int) -> None:
    """Every order, and each of its two lines, says which generation of the file it is of."""
    amount = float(generation)
    orders = [order(f"{number:05d}", "2025-01-01T10:00:00", amount) for number in range(ORDERS)]
    lines = [
        {
            "order_id": f"{number:05d}",
            "line_no": line,
            "quantity": 1.0,
            "net_amount": amount,
        }
        for number in range(ORDERS)
        for line in (1, 2)
    ]
    write_shop(root / "data" / "inbox" / SME / "orders.json", {"orders": orders, "order_lines": lines})


def seen(store: SmeStore) -> int | None:
    """The generation that a reader sees; fails when what it sees is not one whole state."""
    try:
        manifest = store.manifest()
    except UserError as never:
        assert never.key == "error.never_synced"
        return None
    orders, lines = store.read("orders", manifest=manifest), store.read("order_lines", manifest=manifest)
    assert (len(orders), len(lines)) == (ORDERS, 2 * ORDERS)
    assert manifest.counts == {"orders": ORDERS, "order_lines": 2 * ORDERS}
    assert lines["order_id"].isin(orders["order_id"]).all()
    amounts = set(orders["goods_net"]) | set(lines["net_amount"])
    assert len(amounts) == 1, amounts
    return int(amounts.pop())


class Reader(threading.Thread):
    """Reads all the time while syncs are killed; generations never go back."""

    def __init__(self, store: SmeStore) -> None:
        super().__init__(daemon=True)
        self.store, self.stop = store, threading.Event()
        self.generations: list[int] = []
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.stop.wait(0.05):
                generation = seen(self.store)
                if generation is not None:
                    self.generations.append(generation)
        except BaseException as failure:
            self.failure = failure


def test_killed_fifty_times_no_reader_sees_half_a_sync(tmp_path, killer):
    rng = random.Random(11)
    store = SmeStore(tmp_path / "data" / "store" / SME)
    reader = Reader(store)
    reader.start()
    write_generation(tmp_path, 1)
    assert killer.order("run")[0] == "ended 0"
    write_generation(tmp_path, 2)
    how, seconds = killer.order("run")  # as long as a sync that changes everything takes
    assert (how, seen(store)) == ("ended 0", 2)
    endings = []
    for generation in range(3, 3 + KILLS):
        before = seen(store)
        write_generation(tmp_path, generation)
        how, took = killer.order(f"kill {rng.uniform(0.02, 1.0) * seconds:.4f}")
        endings.append(how)
        if how != "killed":  # the machine is less busy than it was: aim earlier
            seconds = min(seconds, took)
        assert seen(store) in (before, generation)
        if generation % 10 == 0:
            assert killer.order("run")[0] == "ended 0"
            assert seen(store) == generation
    assert killer.order("run")[0] == "ended 0"
    assert seen(store) == 2 + KILLS
    reader.stop.set()
    reader.join()
    assert reader.failure is None
    assert reader.generations == sorted(reader.generations)
    assert endings.count("killed") >= KILLS // 2, endings


def test_killed_during_the_very_first_sync(tmp_path, killer):
    store = SmeStore(tmp_path / "data" / "store" / SME)
    write_generation(tmp_path, 1)
    for delay in (0.05, 0.15, 0.25, 0.35):
        killer.order(f"kill {delay}")
        assert seen(store) in (None, 1)
    assert killer.order("run")[0] == "ended 0"
    assert seen(store) == 1

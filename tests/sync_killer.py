"""Starts syncs in forked processes and kills them, for ``test_sync_kill``.

A process of its own: forks are cheap here because everything is imported already, and safe
because ``deltalake`` has not been used yet.

Usage: ``python sync_killer.py ROOT SME``; then lines on standard input, one answer each:
``run`` (sync to the end), ``kill SECONDS`` (sync, and SIGKILL after so long).
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import deltalake  # noqa: F401
import pandera.pandas  # noqa: F401
import pyarrow.parquet  # noqa: F401
import shop_connector

from echannel import connectors
from echannel.sync import sync_sme
from echannel.workspace import Workspace


def start(root: Path, sme: str) -> int:
    child = os.fork()
    if child:
        return child
    try:
        sync_sme(Workspace(root), sme)
    except BaseException as failure:
        print(f"failed: {failure!r}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def main(root: Path, sme: str) -> None:
    connectors._BUILT_IN[shop_connector.NAME] = shop_connector.REFERENCE
    print("ready", flush=True)
    for order in sys.stdin:
        began = time.perf_counter()
        child = start(root, sme)
        if order.startswith("kill"):
            time.sleep(float(order.split()[1]))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        how = "killed" if os.WIFSIGNALED(status) else f"ended {os.WEXITSTATUS(status)}"
        print(f"{how} {time.perf_counter() - began:.3f}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

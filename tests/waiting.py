"""What tests wait for when they start a server of their own: a port that is free, an answer."""

from __future__ import annotations

import socket
import subprocess
import time

import requests


def free_port() -> int:
    """A port of loopback at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 90) -> None:
    """Returns once ``url`` answers well; fails when ``process`` ends first, or nothing has come in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise AssertionError(f"nothing at {url}")

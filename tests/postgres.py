"""A real PostgreSQL for tests, on loopback and in a folder of its own: any that is installed, or Debian's."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waiting import free_port


def find_postgres() -> Path | None:
    """The folder of its programs; installs Debian's where that can be done unasked; None when all fails."""
    return _installed() or _from_debian()


def _installed() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).resolve().parent if named else None


def _from_debian() -> Path | None:
    if shutil.which("apt-get") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "postgresql"]
    for command in (["apt-get", "update", "-qq"], install):
        subprocess.run(command, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, capture_output=True)
    return _installed()


@contextmanager
def running(programs: Path, folder: Path) -> Iterator[str]:
    """The address of a new, empty database, for SQLAlchemy; it ends with the block."""
    data = folder / "postgres"
    data.mkdir()
    as_whom: dict[str, object] = {}
    if os.geteuid() == 0:  # it refuses to run as root
        shutil.chown(data, "postgres")
        for parent in (data, *data.parents):
            if parent.stat().st_uid == 0 and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o011)
        as_whom = {"user": "postgres", "group": "postgres", "extra_groups": []}
    secret = folder / "postgres-password"
    secret.write_text("for-this-test-only", encoding="ascii")
    secret.chmod(0o644)
    port = free_port()
    first = [
        *(programs / "initdb", "-D", data, "-U", "echannel", "-A", "scram-sha-256"),
        *("--pwfile", secret, "-E", "UTF8", "--no-sync"),
    ]
    subprocess.run(list(map(str, first)), check=True, capture_output=True, cwd=data, **as_whom)
    options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories='' -c fsync=off"
    start = [programs / "pg_ctl", "-D", data, "-o", options, "-l", data / "log", "-w", "start"]
    subprocess.run(list(map(str, start)), check=True, capture_output=True, cwd=data, **as_whom)
    try:
        yield f"postgresql+psycopg://echannel:for-this-test-only@127.0.0.1:{port}/postgres"
    finally:
        stop = [programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"]
        subprocess.run(list(map(str, stop)), capture_output=True, cwd=data, **as_whom)

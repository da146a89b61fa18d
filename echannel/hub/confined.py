"""``python -m echannel.hub.confined``: JupyterHub's single-user server, shut into what the Hub named.

It reads the programs and the folders in ``ECHANNEL_READABLE``, and writes only the person's own folder.
Where the system cannot enforce that (no Landlock) it refuses to start, unless the administrator has set
``ECHANNEL_UNCONFINED=yes`` because every consultant may see every firm anyway.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from echannel.confine import confine, landlock_version
from echannel.locale import Speaker

HOME = "ECHANNEL_HOME"
READABLE = "ECHANNEL_READABLE"
UNCONFINED = "ECHANNEL_UNCONFINED"
_PROGRAMS = ("/usr", "/bin", "/lib", "/lib64")
_PARTS = ("bin", "lib", "share", "etc", "pyvenv.cfg")
_SYSTEM = (
    *("/etc/ld.so.cache", "/etc/passwd", "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/ssl"),
    *("/proc", "/sys/fs/cgroup"),
)
_DEVICES = ("/dev/null", "/dev/tty")


def shut_in(home: Path, readable: list[Path]) -> None:
    """Confine this process, and what it starts, to ``readable`` and to ``home``."""
    temporary = home / "tmp"
    temporary.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
    ours = [Path(prefix) / part for prefix in (sys.prefix, sys.base_prefix) for part in _PARTS]
    confine(
        read=[*readable, *map(Path, _SYSTEM)],
        write=[home, *map(Path, _DEVICES)],
        run=[*ours, *map(Path, _PROGRAMS)],
        connects=True,
    )


def main() -> None:
    """Shut in, then become the single-user server."""
    if landlock_version():
        shut_in(Path(os.environ[HOME]), [Path(place) for place in os.environ[READABLE].split(os.pathsep)])
    elif os.environ.get(UNCONFINED) != "yes":
        say = Speaker("en")
        sys.stderr.write(say("hub.error.no_landlock", name=UNCONFINED) + "\n")
        raise SystemExit(1)
    from jupyterhub.singleuser import main as serve

    serve(sys.argv[1:])


if __name__ == "__main__":
    main()

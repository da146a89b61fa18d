"""What of a workspace, of a machine and of the server's environment the kernel of one SME can reach."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path

import echannel
from echannel.errors import UserError
from echannel.peers import SEASON, season_text
from echannel.profiles import load_sme
from echannel.workspace import Workspace

SME = "ECHANNEL_SME"
# All that a kernel learns of the server's environment: no address, password or key is among it.
_KNOWN = (
    *(
        "PATH",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "PYTHONPATH",
        "PYTHONHASHSEED",
        "VIRTUAL_ENV",
        "JUPYTER_PATH",
    ),
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ECHANNEL_ROOT"),
    *("SCRIPT_NAME", "QUERY_STRING", "SERVER_SOFTWARE", "VOILA_BASE_URL", "VOILA_PREHEAT", "ECHANNEL_PAGE"),
)
_SYSTEM = (
    *("/usr", "/lib", "/lib64", "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat"),
    *("/sys/devices/system/cpu", "/sys/fs/cgroup", "/dev/zero", "/dev/random", "/dev/urandom"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/fonts", "/etc/mime.types"),
)
# What of a workspace every SME's pages read.
SHARED = (
    *("parameters/countries", "parameters/reference.yml"),
    "data/reference",
)


def environment(source: Mapping[str, str]) -> dict[str, str]:
    """What of an environment a kernel may know."""
    return {name: value for name, value in source.items() if name in _KNOWN}


def of_its_firm(workspace: Workspace, sme: str) -> dict[str, str]:
    """What a kernel is told of its SME: which it is, and the season that its cohort lends, if any.

    Cohorts' files stay shut: they name the other firms.
    """
    try:
        season = season_text(workspace, load_sme(workspace, sme))
    except UserError:
        season = ""  # the page says what is wrong with the profile
    return {SME: sme, SEASON: season}


def own_parts(sme: str) -> tuple[str, ...]:
    """What of a workspace belongs to one SME, besides its tables."""
    return f"parameters/smes/{sme}.yml", f"data/inbox/{sme}"


def link_parts(workspace: Workspace, parts: Iterable[str], root: Path) -> None:
    """Links below ``root`` to those of a workspace's ``parts`` that are there."""
    for part in parts:
        if (workspace.root / part).exists():
            (root / part).parent.mkdir(parents=True, exist_ok=True)
            (root / part).symlink_to(workspace.root / part)


def readable(workspace: Workspace, sme: str) -> tuple[str, ...]:
    """What a kernel may read: the programs, the shared reference data, and what belongs to its SME."""
    places = [
        *map(Path, _SYSTEM),
        *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        *(
            Path(prefix) / part
            for prefix in (sys.prefix, sys.base_prefix)
            for part in ("lib", "share", "etc")
        ),
        Path(sys.prefix) / "pyvenv.cfg",
        Path(echannel.__file__).parent,
        workspace.notebooks,
        *(workspace.root / part for part in (*SHARED, *own_parts(sme))),
    ]
    return tuple(dict.fromkeys(str(place) for place in places))


def root_of_links(workspace: Workspace, sme: str, root: Path) -> Path:
    """A workspace that holds one SME's parts only, where the system itself keeps nothing apart."""
    tables = () if workspace.store_url else (f"data/store/{sme}",)
    link_parts(workspace, (*SHARED, *own_parts(sme), *tables, "notebooks"), root)
    return root

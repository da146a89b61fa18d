"""A real spreadsheet program, without a window: LibreOffice recalculates a workbook's formulas.

Any LibreOffice that is installed, or Debian's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from openpyxl import Workbook, load_workbook

_COMMANDS = ("soffice", "libreoffice")
_MAC = "/Applications/LibreOffice.app/Contents/MacOS/soffice"
# Every formula anew when a file is opened, whatever results are stored beside it.
_SETTINGS = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item>
</oor:items>
"""


def find_spreadsheet_program() -> str | None:
    """The path of a LibreOffice; installs Debian’s where that can be done unasked; None when all fails."""
    return _installed() or _from_debian()


def _installed() -> str | None:
    found = next(filter(None, map(shutil.which, _COMMANDS)), None)
    return found or (_MAC if Path(_MAC).exists() else None)


def _from_debian() -> str | None:
    if shutil.which("apt-get") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    package = "libreoffice-calc-nogui"
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", package]):
        subprocess.run(command, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, capture_output=True)
    return _installed()


def recalculated(program: str, workbook: Path, folder: Path) -> Workbook:
    """The workbook with every formula's result as LibreOffice finds it (``data_only``)."""
    profile, out = folder / "profile", folder / "recalculated"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_SETTINGS, encoding="utf-8")
    subprocess.run(
        [
            program,
            f"-env:UserInstallation={profile.resolve().as_uri()}",
            "--headless",
            "--convert-to",
            "xlsx:Calc MS Excel 2007 XML",
            "--outdir",
            str(out),
            str(workbook),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    return load_workbook(out / workbook.name, data_only=True)

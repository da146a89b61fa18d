"""A small workspace with real tables: three firms of the demonstration cohort, synced.

For tests of whole pages. ``python tests/small_demo.py FOLDER`` makes one, unless it is there.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from echannel.demo.cohort import SEED, DemoSummary, write_firm
from echannel.demo.firms import FIRMS
from echannel.sync import sync_sme
from echannel.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
FIRM_IDS = ("kent-gifts", "breizh-epicerie", "sussex-parts")
COHORT = """\
id: small
name: {en: Small cohort, fr: Petite cohorte}
launch_pads: [kent, bretagne]
groups:
  - id: first
    name: {en: First group, fr: Premier groupe}
    smes: [kent-gifts, breizh-epicerie]
  - id: second
    name: {en: Second group, fr: Deuxième groupe}
    smes: [sussex-parts]
"""


def make_small_demo(folder: Path) -> Workspace:
    """Write, sync and return the workspace; one that was finished before is returned as it is."""
    workspace = Workspace(folder)
    finished = folder / "finished"
    if finished.exists():
        return workspace
    (workspace.parameters / "smes").mkdir(parents=True, exist_ok=True)
    (workspace.parameters / "cohorts").mkdir(exist_ok=True)
    (workspace.parameters / "cohorts" / "small.yml").write_text(COHORT, encoding="utf-8")
    shutil.copytree(ROOT / "notebooks", workspace.notebooks, dirs_exist_ok=True)
    for firm in FIRMS:
        if firm.id in FIRM_IDS:
            shutil.copy(ROOT / "parameters" / "smes" / f"{firm.id}.yml", workspace.parameters / "smes")
            write_firm(firm, workspace.inbox / firm.id, SEED, DemoSummary())
            sync_sme(workspace, firm.id)
    finished.touch()
    return workspace


if __name__ == "__main__":
    make_small_demo(Path(sys.argv[1]))

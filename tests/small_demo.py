"""A small workspace with real tables: three firms of the demonstration cohort, synced, and one
made by hand whose names are full of HTML and formulas. For tests of whole pages.

``python tests/small_demo.py FOLDER`` makes one, unless it is there.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pandas as pd
import papermill

from echannel.batch.plan import notebook_parameters
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
    smes: [sussex-parts, hostile-shop]
"""
HOSTILE = """\
id: hostile-shop
name: 'Hostile <img src=x onerror="window.pwned=1"> & Sons'
country: GB
languages: [en, fr]
orientation: both
currency: GBP
timezone: Europe/London
vat: {regime: standard}
fiscal_year_start: "04-01"
launch_pad: kent
sources:
  - id: shop
    connector: files
    options: {folder: data/inbox/hostile-shop, files: [{match: "*.csv", preset: generic_orders}]}
"""
HOSTILE_NAMES = (
    "<script>window.pwned=1</script>",
    '"><img src=x onerror="window.pwned=1">',
    "</script><script>window.pwned=1</script>",
    "'><svg onload=window.pwned=1>",
    '=HYPERLINK("https://evil.example/","x")',
    "<iframe src='javascript:parent.pwned=1'></iframe>",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+33+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
)


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
    _hostile_shop(workspace)
    _filled_notebooks(folder / "filled")
    finished.touch()
    return workspace


def _hostile_shop(workspace: Workspace) -> None:
    """Sells things whose names try to become part of the page."""
    (workspace.parameters / "smes" / "hostile-shop.yml").write_text(HOSTILE, encoding="utf-8")
    days = pd.date_range("2025-01-06", "2026-10-30", freq="36h").strftime("%Y-%m-%d")
    rows = [
        {
            "Order ID": number,
            "Order date": day,
            "Customer ID": f"<b onclick=window.pwned=1>{number * 7 % 40}</b>",
            "Country": "GB",
            "Currency": "GBP",
            "SKU": f"p{number % len(HOSTILE_NAMES)}",
            "Product name": HOSTILE_NAMES[number % len(HOSTILE_NAMES)],
            "Quantity": 1 + number % 3,
            "Unit price": 12.0 + number % 7 * 6,
            "VAT rate": "20%",
        }
        for number, day in enumerate(days)
    ]
    folder = workspace.inbox / "hostile-shop"
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / "orders.csv", index=False)
    sync_sme(workspace, "hostile-shop")


def _filled_notebooks(folder: Path) -> None:
    """Every notebook of the project with an SME and a language in its parameters, ready for nbval."""
    folder.mkdir(exist_ok=True)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        known = notebook_parameters(path)
        for sme, lang in (("kent-gifts", "en"), ("breizh-epicerie", "fr")):
            values = {name: value for name, value in {"sme": sme, "lang": lang}.items() if name in known}
            target = folder / f"{path.stem}-{lang}.ipynb"
            papermill.execute_notebook(str(path), str(target), values, prepare_only=True, progress_bar=False)


if __name__ == "__main__":
    make_small_demo(Path(sys.argv[1]))

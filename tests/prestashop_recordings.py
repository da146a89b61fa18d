"""Recorded answers of real PrestaShop shops, where they are at hand; nothing of them is kept here."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from fakes.prestashop_shop import PrestaShop

from echannel.connectors.prestashop.parsing import UnreadableError, content_of, errors_of, records_of

ROOT = (
    Path(os.environ.get("ECHANNEL_SHARED") or Path(__file__).resolve().parents[2] / "shared") / "recordings"
)
SHOP_803, FIRST_LOOK = ROOT / "prestashop-8.0.3", ROOT / "first-look"
_RESOURCE = {"order_slips": "order_slip"}


def recorded(folder: Path, name: str) -> dict[str, Any]:
    """One recorded exchange."""
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def body(folder: Path, name: str) -> bytes:
    """The body of one recorded answer, as it came."""
    return (recorded(folder, name).get("body") or "").encode()


def records(folder: Path, name: str) -> list[dict[str, Any]]:
    """The records of one recorded answer, JSON or XML."""
    return records_of(content_of(body(folder, name)))


def shop_of(folder: Path) -> PrestaShop:
    """A shop that holds every whole record that the recordings show, and no other."""
    shop = PrestaShop(products=0, customers=0)
    for table in shop.tables.values():
        table.clear()
    for path in sorted(folder.glob("*.json")):
        try:
            content = content_of(body(folder, path.stem))
            found = [] if errors_of(content) else records_of(content)
        except UnreadableError:
            continue
        name = next(iter(content)) if isinstance(content, dict) else ""
        name = _RESOURCE.get(name, name)
        for record in found:
            row = dict(record)
            if not str(row.get("id", "")).isdigit() or name not in shop.tables:
                continue
            row["id"] = int(row["id"])
            known = shop.tables[name].get(row["id"], {})
            if len(row) >= len(known):
                shop.tables[name][row["id"]] = row
    for name, table in shop.tables.items():
        fullest = max((len(set(row) - {"associations"}) for row in table.values()), default=0)
        whole = {n: row for n, row in table.items() if len(set(row) - {"associations"}) == fullest}
        shop.tables[name] = whole
    shop.altered()
    return shop

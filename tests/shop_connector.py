"""A made-up shop for the tests of the sync: JSON files of orders with their lines.

A file holds ``{"orders": [...], "order_lines": [...], "refused": [...], "tables": {...}}``;
the cursor holds each file's content hash, so that only files that changed are read again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from handmade import canonical

from echannel.connectors.base import REJECTED_COLUMNS, Batch, Note, SourceContext
from echannel.errors import UserError

NAME = "made-up-shop"
REFERENCE = "shop_connector:MadeUpShop"


class MadeUpShop:
    def __init__(self, options: dict[str, Any], context: SourceContext) -> None:
        self.folder = context.root / options["folder"]
        self.context = context

    def fetch(self, cursor: dict[str, str]) -> Iterator[Batch]:
        if not self.folder.is_dir():
            raise UserError("sync.error.system", sme=self.context.sme.id, file=self.folder.name, why="–")
        paths = sorted(self.folder.glob("*.json"))
        for done, path in enumerate(paths):
            content = path.read_bytes()
            mark = hashlib.sha256(content).hexdigest()[:16]
            if cursor.get(path.name) != mark:
                yield self._batch(path.name, json.loads(content), mark)
            self.context.progress(path.name, done + 1, len(paths))

    def _batch(self, name: str, content: dict[str, Any], mark: str) -> Batch:
        tables = {}
        for table in ("orders", "order_lines", "refunds"):
            if content.get(table):
                tables[table] = (
                    pd.DataFrame(content[table]) if content.get("raw") else _frame(table, content[table])
                )
        if "orders" in tables and "customer" in tables["orders"]:
            orders = tables["orders"]
            tables["orders"] = orders.assign(customer_id=self.context.pseudonym(orders["customer"]))
        refused = pd.DataFrame(
            [{"source": self.context.source_id, "file": name, **row} for row in content.get("refused", [])],
            columns=list(REJECTED_COLUMNS),
        )
        read = len(content.get("orders", [])) + len(refused)
        notes = tuple(Note(key) for key in content.get("notes", []))
        return Batch(tables, refused, {name: mark}, read, notes)


def _frame(table: str, rows: list[dict]) -> pd.DataFrame:
    frame = canonical(table, rows)
    more = pd.DataFrame(rows).filter(["customer"])
    return pd.concat([frame.drop(columns="local_day", errors="ignore"), more], axis=1)


def write_shop(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content), encoding="utf-8")
    partial.replace(path)


PROFILE = """\
id: {id}
name: Test shop
country: {country}
languages: [{language}]
orientation: b2c
currency: {currency}
timezone: {timezone}
vat: {{regime: {regime}}}
fiscal_year_start: "01-01"
launch_pad: Kent
sources:
  - id: shop
    connector: {connector}
    options: {{folder: data/inbox/{id}}}
"""


def write_profile(root: Path, sme: str, **changes: str) -> None:
    values = {
        "id": sme,
        "country": "GB",
        "language": "en",
        "currency": "GBP",
        "timezone": "Europe/London",
        "connector": NAME,
        "regime": "standard" if changes.get("country", "GB") == "GB" else "reel_normal",
        **changes,
    }
    folder = root / "parameters" / "smes"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{sme}.yml").write_text(PROFILE.format(**values), encoding="utf-8")

"""A made-up shop behind an API, for the tests of long syncs: orders page by page, customers with names.

``/orders?after=ID`` gives 50 orders with an id above ``after``, ascending; ``/changed?since=T&until=T``
those that changed between two moments of the server's clock, both included.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pandas as pd
from handmade import canonical, order

from echannel.checking import no_refusals
from echannel.connectors.base import Batch, Description, Finding, Given, Note, SourceContext
from echannel.connectors.http import Api, Limits
from echannel.connectors.paging import by_key
from echannel.connectors.windows import window

NAME = "paged-shop"
REFERENCE = "paged_shop:PagedShop"
SIZE = 50


class PagedShop:
    describes: ClassVar[Description] = Description(
        platform="Paged shop",
        gives={"orders": Given(), "order_lines": Given(), "customers": Given()},
        history="paged.history",
        tested=("fake",),
        guide="paged",
        secrets=("key",),
    )

    def __init__(self, options: dict[str, Any], context: SourceContext) -> None:
        key = context.secrets.get("key")
        limits = Limits(read=1, answer=2, attempts=3, backoff=0.01)
        query = {} if key is None else {"key": key}
        self.api = Api(options["address"], context, options=options, query=query, limits=limits)
        self.context = context

    def check(self) -> Iterator[Finding]:
        self.api.get("clock")
        yield Finding("address", "works", Note("paged.works"))

    def fetch(self, cursor: dict[str, str]) -> Iterator[Batch]:
        now = self.api.get("clock").server_time
        if "since" in cursor:
            changes = window(cursor["since"], now)
            params = {"since": changes.since.timestamp(), "until": changes.until.timestamp()}
            yield self._batch(self.api.get("changed", params).json(), {"since": changes.mark})
            return
        begun = cursor.get("begun", now.isoformat())
        after = int(cursor.get("done", 0))
        for rows in by_key(self._page, lambda row: row["id"], SIZE, after):
            yield self._batch(rows, {"begun": begun, "done": str(rows[-1]["id"])})
        yield Batch({}, no_refusals(), {"since": begun}, 0, (), ("begun", "done"))

    def _page(self, after: int) -> list[dict]:
        return self.api.get("orders", {"after": after, "limit": SIZE}).json()

    def _batch(self, rows: list[dict], cursor: dict[str, str]) -> Batch:
        if not rows:
            return Batch({}, no_refusals(), cursor, 0)
        rows = [{**row, "amount": float("nan") if row["amount"] is None else row["amount"]} for row in rows]
        people = self.context.pseudonym(pd.Series([row["email"] for row in rows]))
        orders = canonical(
            "orders",
            [
                order(str(row["id"]), "2025-01-01T10:00:00", row["amount"], customer_id=who)
                for row, who in zip(rows, people, strict=True)
            ],
        ).drop(columns="local_day")
        lines = canonical(
            "order_lines",
            [
                {"order_id": str(row["id"]), "line_no": n, "quantity": 1.0, "net_amount": row["amount"] / 2}
                for row in rows
                for n in (1, 2)
            ],
        )
        return Batch({"orders": orders, "order_lines": lines}, no_refusals(), cursor, len(rows))


def shop_app(rows: dict[int, dict]):
    """``rows`` by id: ``{"id", "email", "amount", "changed"}`` (seconds of the server's clock)."""

    def app(call):
        if call.path.endswith("clock"):
            return {}
        if call.path.endswith("orders"):
            after = int(call.params["after"])
            ids = [one for one in sorted(rows) if one > after][: int(call.params["limit"])]
            return [rows[one] for one in ids]
        first, last = float(call.params["since"]), float(call.params["until"])
        return [rows[one] for one in sorted(rows) if first <= rows[one]["changed"] <= last]

    return app


PROFILE = """\
id: {sme}
name: Paged shop
country: GB
languages: [en]
orientation: b2c
currency: GBP
timezone: Europe/London
vat: {{regime: standard}}
fiscal_year_start: "01-01"
launch_pad: Kent
sources:
  - id: shop
    connector: paged-shop
    options: {{address: "{address}", allow_http: true, allow_private: true}}
{secrets}"""


def write_paged_profile(root, sme: str, address: str, secret: str = "") -> None:
    folder = root / "parameters" / "smes"
    folder.mkdir(parents=True, exist_ok=True)
    secrets = f"    secrets: {{key: '{secret}'}}\n" if secret else ""
    (folder / f"{sme}.yml").write_text(PROFILE.format(sme=sme, address=address, secrets=secrets))

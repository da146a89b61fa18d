"""Sources × what each can and cannot give, and what that is worth to the four tools."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from echannel.connectors import connector, connector_names
from echannel.connectors.base import Description, Given
from echannel.locale import Speaker, messages
from echannel.tables import TABLES

FULL, PARTLY, NOT = "full", "partly", "not"


@dataclass(frozen=True)
class Need:
    """A column that a tool reads; ``vital``: nothing can be shown without it."""

    table: str
    column: str
    vital: bool = False

    @property
    def name(self) -> str:
        """As people write it: ``orders.country``."""
        return f"{self.table}.{self.column}"


NEEDS: dict[str, tuple[Need, ...]] = {
    "growth": (
        Need("orders", "order_id", True),
        Need("order_lines", "product_id"),
        Need("orders", "customer_id"),
        Need("refunds", "net_amount"),
        Need("order_lines", "unit_cost"),
        Need("products", "category"),
        Need("visits", "sessions"),
    ),
    "inventory": (
        Need("order_lines", "product_id", True),
        Need("stock_levels", "on_hand", True),
        Need("products", "unit_cost"),
        Need("products", "supplier_id"),
        Need("products", "order_quantity_multiple"),
        Need("suppliers", "lead_time_days"),
        Need("purchases", "received_on"),
    ),
    "planning": (
        Need("orders", "total_gross", True),
        Need("ledger", "account"),
        Need("orders", "paid_at"),
        Need("orders", "due_at"),
        Need("order_lines", "unit_cost"),
    ),
    "market": (
        Need("orders", "country", True),
        Need("products", "hs_code"),
        Need("products", "weight_kg"),
        Need("products", "origin_country"),
        Need("visits", "country"),
    ),
}
"""What each tool reads, by name; lead times may come from the suppliers or be measured from purchases."""


@dataclass(frozen=True)
class Served:
    """How far a tool is served: ``full``, ``partly`` or ``not``, and the columns that are missing."""

    tool: str
    state: str
    missing: tuple[str, ...]


def served(fields: Iterable[str]) -> tuple[Served, ...]:
    """How far each tool is served by columns (``table.column``)."""
    there = set(fields)
    if "purchases.received_on" in there:
        there.add("suppliers.lead_time_days")  # measured from the deliveries
    if "products.unit_cost" in there:
        there.add("order_lines.unit_cost")
    found = []
    for tool, needs in NEEDS.items():
        missing = [need for need in needs if need.name not in there]
        vital = any(need.vital for need in missing)
        state = NOT if vital else PARTLY if missing else FULL
        found.append(Served(tool, state, tuple(need.name for need in missing)))
    return tuple(found)


def fields_of(gives: Mapping[str, Given]) -> set[str]:
    """The columns (``table.column``) that tables given so may fill."""
    return {
        f"{name}.{column}"
        for name, given in gives.items()
        for column in TABLES[name].columns
        if column not in given.lacks
    }


def descriptions() -> dict[str, Description]:
    """What every connector says of itself, by its name; those that say nothing are left out."""
    found = {}
    for name in connector_names():
        describes = getattr(connector(name), "describes", None)
        if isinstance(describes, Description):
            found[name] = describes
    return found


def given_by(name: str, options: Mapping[str, Any]) -> Mapping[str, Given]:
    """The tables that a source with these options gives: the connector's ``given(options)``, else all."""
    made: Any = connector(name)
    if hasattr(made, "given"):
        return made.given(options)
    describes = getattr(made, "describes", None)
    return describes.gives if isinstance(describes, Description) else {}


def matrix(say: Speaker) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the matrix, in words: one row per connector."""
    head = [say(f"connect.matrix.{one}") for one in ("source", "tables", "lacks", "history", "tested")]
    head += [say(f"audit.tool.{tool}") for tool in NEEDS]
    return head, [_row(name, describes, say) for name, describes in descriptions().items()]


def _row(name: str, describes: Description, say: Speaker) -> list[str]:
    gives = describes.gives
    lacks = [
        f"{say(f'table.{table}')}: {', '.join(_column(one, say) for one in given.lacks)}"
        for table, given in gives.items()
        if given.lacks
    ]
    platform = f"{describes.platform} {describes.versions}".strip()
    return [
        f"{platform} (`{name}`)",
        ", ".join(say(f"table.{table}") for table in gives),
        "; ".join(lacks) or "–",
        say(describes.history) if describes.history in messages(say.language) else describes.history,
        ", ".join(say(f"connect.tested.{way}") for way in describes.tested),
        *(say(f"connect.served.{_helps(one)}") for one in served(fields_of(gives))),
    ]


def _helps(tool: Served) -> str:
    """What one source does for a tool beside others: books alone show no plan, but are part of one."""
    helps = len(tool.missing) < len(NEEDS[tool.tool])
    return PARTLY if tool.state == NOT and helps else tool.state


def field_words(field: str, say: Speaker) -> str:
    """``orders.country`` in words: Orders – country."""
    table, _, column = field.partition(".")
    return f"{say(f'table.{table}')} – {_column(column, say)}"


def _column(column: str, say: Speaker) -> str:
    key = f"sync.field.{column}"
    return say(key) if key in messages(say.language) else column

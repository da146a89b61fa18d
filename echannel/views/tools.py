"""The tools and how their pages differ: what opens one, and what a reader of its dashboard may turn.

A page's words are ``<tool>.card.<name>.…`` and ``<tool>.section.<name>.…`` in the catalogues.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from echannel.views import (
    ask_opening,
    inventory_opening,
    market_opening,
    opening,
    planning_controls,
    planning_opening,
)
from echannel.views.context import Choice, View
from echannel.views.filters import filter_bar
from echannel.views.inventory_controls import what_if_bar
from echannel.views.market_controls import market_bar

Redraw = Callable[[Choice], None]


@dataclass(frozen=True)
class Tool:
    """One tool's page: ``opening`` writes its three sentences, ``controls`` makes its dashboard's bar.

    ``by_period``: its reader chooses a period; else it looks at all days. ``waits`` says, before anything is
    computed, that the first time takes a while ("" where it does not). ``heads`` stand before the opening's
    sentences.
    """

    opening: Callable[[View], opening.Sentences]
    controls: Callable[[View, Redraw], Any] | None = None
    by_period: bool = False
    waits: Callable[[View], str] | None = None
    heads: tuple[str, str, str] = ("views.opening.what", "views.opening.why", "views.opening.next")


TOOLS = {
    "growth": Tool(opening.growth, filter_bar, by_period=True),
    "audit": Tool(opening.audit),
    "inventory": Tool(inventory_opening.inventory, what_if_bar, waits=inventory_opening.waits),
    "planning": Tool(
        planning_opening.planning,
        planning_controls.what_if_bar,
        waits=planning_opening.waits,
        heads=planning_opening.HEADS,
    ),
    "market": Tool(
        market_opening.market,
        market_bar,
        heads=("market.opening.where", "views.opening.why", "market.opening.first"),
    ),
    "ask": Tool(ask_opening.ask, heads=ask_opening.HEADS),
}


def tool_named(name: str) -> Tool:
    """The tool of this name."""
    return TOOLS[name]

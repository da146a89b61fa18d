"""Markets that an SME thinks of entering, kept in the register for its planning tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from echannel.metrics.market.entry import from_plain, to_plain
from echannel.metrics.planning.inputs import MarketEntry
from echannel.register import Register, open_register, save_scenario, saved_scenarios
from echannel.workspace import find_workspace

if TYPE_CHECKING:
    from echannel.sme import Sme

TOOL = "planning"
_KIND = "market_entry"


def save_entry(sme: Sme, entry: MarketEntry) -> str:
    """Keeps an entry as the planning tool's scenario; one for the same market is replaced. Its name."""
    name = f"market_{entry.country.lower()}"  # as the planning tool names its scenarios
    content = {"kind": _KIND, **to_plain(entry)}
    save_scenario(_register(sme), sme.profile.id, TOOL, name, content)
    return name


def entries_of(sme: Sme) -> dict[str, MarketEntry]:
    """The SME's saved entries by scenario name, in the order of their first saving."""
    saved = saved_scenarios(_register(sme), sme.profile.id, TOOL)
    return {
        name: from_plain({key: value for key, value in row.content.items() if key != "kind"})
        for name, row in saved.items()
        if row.content.get("kind") == _KIND
    }


def _register(sme: Sme) -> Register:
    return open_register(sme.workspace or find_workspace())

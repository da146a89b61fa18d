"""What people see: pages of cards, charts with a sentence and a table behind each.

A notebook says ``page = open_page("growth", sme, lang)`` and shows cards one by one.
"""

from __future__ import annotations

from typing import Any

__all__ = ["open_page"]


def __getattr__(name: str) -> Any:
    """Load the page when first asked for: a style sheet alone needs no notebook library."""
    if name == "open_page":
        from echannel.views.page import open_page

        return open_page
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

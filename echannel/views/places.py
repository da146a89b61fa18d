"""Where a dashboard's blocks stand: plain HTML in the page, or a widget where the page is not ours."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Protocol

from IPython.display import HTML, display

from echannel.views.channel import Channel

# Set by our own dashboard server, whose page has the script that takes blocks from the channel.
OURS = "ECHANNEL_PAGE"


class Place(Protocol):
    """A place on a page."""

    def put(self, html: str) -> None:
        """Shows ``html`` there from now on."""


class InWidget:
    """A widget of ipywidgets': in JupyterLab, in a plain Voilà, and for what stands among other widgets."""

    def __init__(self, html: str = "", number: int = 0) -> None:
        from ipywidgets import HTML as LiveHTML

        self.widget: Any = LiveHTML(value=html)
        self.widget.add_class("ec-live")
        if number:
            self.widget.add_class(f"ec-slot-{number}")
            display(self.widget)

    def put(self, html: str) -> None:
        """Shows ``html`` there from now on."""
        self.widget.value = html


class InPage:
    """Part of the page itself, readable as soon as it comes; drawn anew over the page's channel.

    A widget per block is three models to make in the kernel, to send and to make again in the browser.
    """

    def __init__(self, html: str, number: int, channel: Channel) -> None:
        self.number, self.channel, self.html = number, channel, html
        inside = f'<div class="ec-live ec-slot-{number}" data-slot="{number}">{html}</div>'
        display(HTML(f'<div class="ec-output">{inside}</div>'))

    def put(self, html: str) -> None:
        """Shows ``html`` there from now on."""
        put_together([(self, html)])


def put_together(drawn: Iterable[tuple[Place, str]]) -> None:
    """Shows several blocks at once: one message for all in the page itself that are not as they were."""
    told: dict[Channel, dict[str, str]] = {}
    for place, html in drawn:
        if not isinstance(place, InPage):
            place.put(html)
        elif place.html != html:
            place.html = html
            told.setdefault(place.channel, {})[str(place.number)] = html
    for channel, html_of in told.items():
        channel.tell("drawn", html=html_of)


def page_is_ours() -> bool:
    """Whether the page around this notebook is that of our own server."""
    return os.environ.get(OURS) == "1"

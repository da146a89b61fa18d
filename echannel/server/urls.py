"""Where the pages of the dashboard server are."""

from __future__ import annotations

from urllib.parse import urlencode

ASSETS = "/echannel/"
RENDER = "/voila/render/"


def dashboard_url(notebook: str, **query: str) -> str:
    """The address of a notebook's page: ``/voila/render/growth.ipynb?sme=…&lang=…``."""
    return f"{RENDER}{notebook}.ipynb?{urlencode(query)}"

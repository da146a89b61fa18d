"""The templates of the pages that have no notebook behind them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from echannel.batch.pages import TEMPLATES


@lru_cache
def templates() -> Environment:
    """The server's own, then those of reports; everything that is put into them is escaped."""
    folders = [Path(__file__).parent / "template", TEMPLATES]
    return Environment(loader=FileSystemLoader(folders), autoescape=True, trim_blocks=True)

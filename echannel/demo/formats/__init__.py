"""The platforms' export formats, by name."""

from __future__ import annotations

from echannel.demo.formats.base import Format, Raw, Sold, sold_by
from echannel.demo.formats.ledgers import LEDGERS
from echannel.demo.formats.marketplaces import MARKETPLACES
from echannel.demo.formats.shops import SHOPS

FORMATS: dict[str, Format] = {**SHOPS, **MARKETPLACES, **LEDGERS}

__all__ = ["FORMATS", "Format", "Raw", "Sold", "sold_by"]

"""An SME and its markets: what metrics need of the reference figures, put beside the SME's own sales."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from echannel.metrics.market.traction import traction
from echannel.reference import snapshot

if TYPE_CHECKING:
    from echannel.sme import Sme


def markets_of(sme: Sme) -> pd.DataFrame:
    """Facts and newest figures of every market, by ISO code; the SME's workspace may hold newer ones."""
    return snapshot.markets(sme.workspace)


def traction_of(sme: Sme, kind: str) -> pd.DataFrame:
    """Own traction by country (see ``metrics.market.traction``) for one kind of customer."""
    home = sme.profile.country
    distances = snapshot.distances(home)
    return traction(sme.sales, kind, markets_of(sme), distances, home, sme.table("orders"))

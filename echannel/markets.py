"""An SME and its markets: what metrics need of the reference figures, put beside the SME's own sales."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from echannel.countries.agreements import access
from echannel.metrics.market.criteria import Criteria, matrix
from echannel.metrics.market.imports import import_figures
from echannel.metrics.market.traction import traction
from echannel.reference import comtrade, snapshot
from echannel.reference.http import Live, SourceFailed
from echannel.reference.refresh import trade_years

if TYPE_CHECKING:
    from echannel.sme import Sme

MOST_CODES = 5  # of a firm's customs codes that are looked up


def markets_of(sme: Sme) -> pd.DataFrame:
    """Facts and newest figures of every market, by ISO code; the SME's workspace may hold newer ones."""
    return snapshot.markets(sme.workspace)


def traction_of(sme: Sme, kind: str) -> pd.DataFrame:
    """Own traction by country (see ``metrics.market.traction``) for one kind of customer."""
    home = sme.profile.country
    distances = snapshot.distances(home)
    return traction(sme.sales, kind, markets_of(sme), distances, home, sme.table("orders"))


def trade_of(sme: Sme, on: date) -> pd.DataFrame:
    """Imports of goods like the firm's by market and year: ``market``, ``year``, ``value``, ``hs_code``.

    Of the customs code that most of its products bear, among those whose figures the workspace has fetched
    (``echannel reference refresh``); nothing is asked of anyone here. Empty where there are none.
    """
    nothing = pd.DataFrame({"market": [], "year": [], "value": [], "hs_code": []})
    if sme.workspace is None:
        return nothing
    live = Live(sme.workspace, online=False)
    if not live.has_kept:
        return nothing
    codes = sme.table("products")["hs_code"].dropna().astype(str).map(comtrade.hs6)
    for code in codes[codes != ""].value_counts().index[:MOST_CODES]:
        try:
            found = comtrade.imports(live, str(code), trade_years(on))
        except SourceFailed:
            continue
        if found["value"].notna().any():
            return found[["market", "year", "value"]].assign(hs_code=str(code))
    return nothing


def criteria_of(sme: Sme, own: pd.DataFrame, on: date, trade: pd.DataFrame) -> Criteria:
    """What the SME's markets are compared on (see ``metrics.market.criteria``) under the rules of a day.

    It writes its profile's languages and those of its home; it prices in its reporting currency.
    """
    profile, markets = sme.profile, markets_of(sme)
    home = profile.country
    spoken: set[str] = set(profile.languages)
    if home in markets.index:
        spoken |= set(markets["languages"][home])
    return matrix(
        markets,
        home,
        sorted(spoken),
        profile.currency,
        snapshot.distances(home),
        {market: access(home, market, on) for market in markets.index},
        on.year,
        traction=own,
        imports=import_figures(trade) if len(trade) else None,
    )

"""What the cards of the market page share: home, customers, market, the day's rules, and the ranking."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd

from echannel.markets import criteria_of, traction_of, trade_of
from echannel.metrics.market import ranking as methods
from echannel.metrics.market.criteria import CRITERIA, Criteria, preset
from echannel.metrics.market.stability import Stability, rank_bands
from echannel.metrics.market.traction import last_year
from echannel.metrics.turnover import as_date
from echannel.views.cards import Rows
from echannel.views.context import View

_WITH_ARTICLE = ("AE", "GB", "NL", "US")
ACROSS = {"GB": "FR", "FR": "GB"}  # the first market of a firm of which nothing else is known


def home(view: View) -> str:
    """The country that the firm sells from."""
    return view.sme.profile.country


def kind_of(view: View) -> str:
    """Whom the firm would sell to abroad: ``b2c`` or ``b2b``; firms that do both start from consumers."""
    return view.choice.market.kind or view.sme.profile.default_kind


def rules_day(view: View) -> date:
    """The day whose rules hold: the reader's, else today where the firm is."""
    return view.choice.market.rules_on or pd.Timestamp.now(tz=view.sme.profile.timezone).date()


def own_traction(view: View) -> pd.DataFrame:
    """Own traction by country (see ``metrics.market.traction``)."""
    kind = kind_of(view)
    return view.once(f"market traction {kind}", lambda: traction_of(view.sme, kind))


def compared(view: View) -> Criteria:
    """What the markets are compared on (see ``metrics.market.criteria``)."""
    kind, day = kind_of(view), rules_day(view)
    return view.once(
        f"market criteria {kind} {day}",
        lambda: criteria_of(view.sme, own_traction(view), day, trade(view)),
    )


def trade(view: View) -> pd.DataFrame:
    """Imports of goods like the firm's, by market and year (see ``markets.trade_of``); empty where none."""
    day = rules_day(view)
    return view.once(f"market trade {day.year}", lambda: trade_of(view.sme, day))


def weights_of(view: View) -> dict[str, float]:
    """What each criterion weighs: the preset of the kind of customer, and what the reader moved."""
    return preset(kind_of(view)) | dict(view.choice.market.weights)


def ranking(view: View) -> pd.DataFrame:
    """Markets as ranked, best first, with their bands: ``score``, ``rank``, ``known``, ``status``, ``reason``
    and the columns of ``Stability.bands``. Markets too little known stand last, without a rank."""

    def compute() -> pd.DataFrame:
        found, how = compared(view), view.choice.market.method
        placed = methods.rank_by(
            how,  # type: ignore[arg-type]
            found.compared,
            weights_of(view),
            found.directions,
            found.bounds,
        )
        return placed.join(stability(view).bands).sort_values(["rank", "middle"], kind="stable")

    return view.kept("market ranking", compute)


def stability(view: View) -> Stability:
    """How the ranking holds when weights and figures move (see ``metrics.market.stability``)."""

    def compute() -> Stability:
        found = compared(view)
        return rank_bands(
            found.compared,
            weights_of(view),
            found.directions,
            found.spread,
            found.bounds,
            view.choice.market.method,  # type: ignore[arg-type]
        )

    return view.kept("market stability", compute)


def market_of(view: View) -> str:
    """The market looked at: the reader's, else the ranking's first, else the one across the Channel."""
    if view.choice.market.market:
        return view.choice.market.market
    ranked = ranking(view)
    return str(ranked.index[0]) if ranked["rank"].notna().any() else ACROSS.get(home(view), "FR")


def of_kind(view: View) -> object:
    """What own traction depends on: whom the firm sells to (see ``cards.moved_by``)."""
    return kind_of(view)


def of_market(view: View) -> object:
    """What the cards on one market depend on: all of the choice but the weights, which only choose it."""
    return replace(
        view.choice.market,
        market=market_of(view),
        kind=kind_of(view),
        rules_on=rules_day(view),
        weights=(),
        method="",
    )


def of_weights(view: View) -> object:
    """What the order of markets depends on, whichever of them is looked at."""
    choice = view.choice.market
    return kind_of(view), rules_day(view), choice.weights, choice.method


def used_weights(view: View) -> pd.Series:
    """Each criterion's share of the weight, largest first; those that tell no markets apart are left out."""

    def compute() -> pd.Series:
        found = compared(view)
        scaled = methods.scaled(found.compared, found.directions, found.bounds)
        told = [name for name in CRITERIA if scaled[name].notna().any()]
        shares = pd.Series(methods.checked_weights(weights_of(view), list(CRITERIA)), CRITERIA)[told]
        whole = shares.sum()
        return (shares / whole if whole > 0 else shares).sort_values(ascending=False, kind="stable")

    return view.kept("market weights", compute)


def year_rows(view: View, n: float, unit: str = "orders") -> Rows:
    """Which rows a card rests on, of the last twelve months."""
    period = last_year(view.sme.sales)
    return Rows(int(n), unit, as_date(period.since), as_date(period.until))


def named(view: View, code: object) -> str:
    """A country's name inside a sentence: with its article, where the language wants one."""
    if code in _WITH_ARTICLE:
        return view.say(f"market.named.{str(code).lower()}")
    return country(view, code)


def country(view: View, code: object) -> str:
    """A country's name; the code itself where no list of names knows it."""
    name = view.say.locale.territories.get(str(code))
    return str(name) if name else str(code)

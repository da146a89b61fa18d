"""Competitors' prices in the market, beside the firm's own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from echannel.competitors import Noted, noted_prices
from echannel.exports import lowest_vat, product_facts, standard_vat, vat_classes
from echannel.metrics.market.competitors import newest_prices, price_positions
from echannel.metrics.result import OK
from echannel.reference import fx, snapshot
from echannel.views import theme
from echannel.views.axes import label, lines_of, short_money, ticks
from echannel.views.cards import NO_FIGURES, Card, moved_by, reasons
from echannel.views.charts import Figure, plain_layout
from echannel.views.context import View
from echannel.views.market_facts import country, kind_of, market_of, of_market, rules_day
from echannel.views.tables import MOST_ROWS, Column, Table

SHOWN = 12


def _noted(view: View) -> Noted:
    return view.kept("competitors", lambda: noted_prices(view.sme))


def price_map(view: View) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Positions by product, every price behind them, and the currency of both (the market's)."""
    return view.kept("price map", lambda: _price_map(view))


def _price_map(view: View) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    market, own = market_of(view), view.sme.profile.currency
    facts = snapshot.markets(view.sme.workspace)
    there = str(facts.loc[market, "currency"]) if market in facts.index else own
    if not _rate(view, own, there).value > 0:
        there = own
    noted = _noted(view).prices
    here = noted[(noted["market"] == market).to_numpy()].copy()
    rates = {code: _rate(view, str(code), there).value for code in here["currency"].unique()}
    here["price"] = here["price"].astype("float64") * here["currency"].map(rates).astype("float64")
    return price_positions(here, _own_prices(view, market, facts, there)), newest_prices(here), there


def _own_prices(view: View, market: str, facts: pd.DataFrame, there: str) -> pd.Series:
    """The list price of each product in the market's currency; for consumers with its VAT there."""
    products = view.sme.table("products")
    rate = _rate(view, view.sme.profile.currency, there).value
    price = products["price_net"].astype("float64") * rate
    own = pd.Series(price.to_numpy(), index=products["product_id"].astype(str)).groupby(level=0).first()
    if kind_of(view) != "b2c" or not np.isfinite(_vat(view, facts)):
        return own
    return own * (1 + _vat_by_product(view)["vat"].reindex(own.index).fillna(_vat(view, facts)))


def _vat_by_product(view: View) -> pd.DataFrame:
    """Each product's VAT rate there (``vat``), and whether it may be lower (``unsettled``), as for its landed
    cost: the rate entered for its category, else the standard one; at home, the rate that it bears."""

    def compute() -> pd.DataFrame:
        sme, market, day = view.sme, market_of(view), rules_day(view)
        products = product_facts(sme)
        standard = _vat(view, snapshot.markets(sme.workspace))
        if market == sme.profile.country:
            found = products["home_vat"].astype("float64").fillna(standard).to_frame("vat")
            return found.assign(unsettled=False).groupby(level=0).first()
        classes, unsettled, rates = vat_classes(sme, market, day, products)
        vat = classes.map(rates).astype("float64").fillna(standard)
        return vat.to_frame("vat").assign(unsettled=unsettled).groupby(level=0).first()

    return view.kept("vat-by-product", compute)


def _vat(view: View, facts: pd.DataFrame) -> float:
    """The market's standard rate; NaN where no source gives one."""
    return standard_vat(view.sme, market_of(view), rules_day(view), facts)


def _rate(view: View, base: str, quote: str) -> fx.Rate:
    return fx.rate(base, quote, rules_day(view), view.sme.workspace)


@moved_by(of_market)
def competitors(view: View) -> Card:
    """Own list prices among those that the firm noted down of its competitors."""
    say, noted = view.say, _noted(view)
    frame, prices, there = price_map(view)
    name = country(view, market_of(view))
    known = frame[(frame["status"] == OK).to_numpy()]
    left_out = say("market.say.no_longer_listed", n=noted.unlisted) if noted.unlisted else ""
    note = f"{_refused_words(view, noted)} {left_out}".strip()
    if frame.empty:
        others = [country(view, one) for one in sorted(noted.prices["market"].unique())]
        elsewhere = say("market.say.prices_elsewhere", markets=others) if others else ""
        sentence = f"{say('market.say.no_competitors', market=name)} {elsewhere}".strip()
        return Card("market.competitors", sentence, note=note)
    figures = NO_FIGURES
    if len(known):
        widest = known.reindex(known["index"].abs().sort_values(ascending=False, kind="stable").index)
        figures = (_map(view, widest.head(SHOWN), prices, there),)
    table = Table(
        "competitors",
        frame.head(MOST_ROWS),
        (
            Column("product_id", "product", words=view.product),
            Column("own", "sheet_own_price", "cents"),
            Column("lowest", "sheet_lowest", "cents"),
            Column("middle", "sheet_middle", "cents"),
            Column("highest", "sheet_highest", "cents"),
            Column("index", "sheet_price_index", "change"),
            Column("place", "sheet_price_place", "number"),
            Column("competitors", "sheet_competitors", "number"),
        ),
        there,
    )
    basis = _basis_words(view, frame)
    return Card(
        "market.competitors",
        _sentence(view, known, name),
        None,
        figures,
        table,
        reasons(frame),
        note=f"{basis} {note}".strip(),
    )


def _sentence(view: View, known: pd.DataFrame, name: str) -> str:
    say = view.say
    if known.empty:
        return say("market.say.own_prices_missing", market=name)
    middle = float(known["index"].median())
    if abs(middle) < 0.005:
        return say("market.say.priced_alike", market=name, n=len(known))
    key = "market.say.priced_above" if middle > 0 else "market.say.priced_below"
    return say(key, market=name, n=len(known), share=say.percent(abs(middle), 0))


def _basis_words(view: View, frame: pd.DataFrame) -> str:
    """With which VAT own prices are shown, and how many of the products compared may bear less."""
    say = view.say
    if kind_of(view) != "b2c":
        return say("market.say.prices_net")
    vat = _vat(view, snapshot.markets(view.sme.workspace))
    if not np.isfinite(vat):
        return say("market.say.prices_without_vat")
    told = say("market.say.prices_gross", vat=say.percent(vat, 1))
    n = int(_vat_by_product(view)["unsettled"].reindex(frame["product_id"]).fillna(False).sum())
    if not n:
        return told
    low = lowest_vat(view.sme, market_of(view), rules_day(view))
    if not np.isfinite(low):
        return f"{told} {say('market.say.vat_may_be_lower_unknown', n=n)}"
    return f"{told} {say('market.say.vat_may_be_lower', n=n, low=say.percent(low, 0 if low == 0 else 1))}"


def _refused_words(view: View, noted: Noted) -> str:
    say = view.say
    if noted.problem is not None:
        return say.error(noted.problem)
    if noted.refused.empty:
        return ""
    rows = [
        say(
            "market.say.refused_row",
            row=str(row["row"]),
            why=say(f"market.refused.{row['why']}", value=row["value"]),
        )
        for _, row in noted.refused.head(3).iterrows()
    ]
    return say("market.say.refused_rows", n=len(noted.refused), rows=rows)


def _map(view: View, shown: pd.DataFrame, prices: pd.DataFrame, there: str) -> Figure:
    """A line of prices for each product: the competitors' as rings, the own one filled."""
    say, rows = view.say, list(range(len(shown)))
    names = [view.product(one) for one in shown["product_id"]]
    at = {one: row for row, one in enumerate(shown["product_id"])}
    theirs = prices[prices["product_id"].isin(at).to_numpy() & prices["price"].notna().to_numpy()]
    layout = plain_layout(max(160, 34 * len(rows) + 80), legend=True)
    layout["yaxis"] = {
        "tickmode": "array",
        "tickvals": rows,
        "ticktext": [lines_of(one) for one in names],
        "range": [len(rows) - 0.4, -0.6],
        "showgrid": True,
        "zeroline": False,
    }
    highest = max([*shown["own"], *theirs["price"]])
    layout["xaxis"] = {**ticks(0, float(highest) * 1.05, short_money(say, there)), "showgrid": True}
    return {
        "data": [
            _marks(
                say("market.say.their_prices"),
                [at[one] for one in theirs["product_id"]],
                theirs["price"].tolist(),
                [
                    _pointed(view, row["product_id"], row["competitor"], row["price"], there)
                    for _, row in theirs.iterrows()
                ],
                {"symbol": "circle-open", "size": 10, "color": theme.MAIN, "line": {"width": 2}},
            ),
            _marks(
                say("market.say.own_price"),
                rows,
                shown["own"].tolist(),
                [
                    _pointed(view, row["product_id"], say("market.say.own_price"), row["own"], there)
                    for _, row in shown.iterrows()
                ],
                {"symbol": "diamond", "size": 12, "color": theme.ALERT},
            ),
        ],
        "layout": layout,
        "narrow": {"yaxis": {"ticktext": [lines_of(one, 17) for one in names]}},
    }


def _marks(
    name: str, rows: Sequence[int], values: Sequence[float], said: Sequence[str], marker: dict[str, Any]
) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": escape(name),
        "x": list(values),
        "y": list(rows),
        "marker": marker,
        "hoverinfo": "text",
        "hovertext": list(said),
    }


def _pointed(view: View, product: str, who: str, price: float, there: str) -> str:
    name = label(view.product(product), 60)
    return f"<b>{name}</b><br>{escape(str(who))}: {escape(view.say.money(price, there))}"

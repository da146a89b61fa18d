"""How a market moved: every figure that is known for several years, imports, and the exchange rate."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pandas as pd

from echannel.locale import Speaker
from echannel.metrics.market.sheet import SHEET_FIGURES
from echannel.metrics.result import OK
from echannel.reference import fx, snapshot
from echannel.views import charts, theme
from echannel.views.cards import Card, moved_by
from echannel.views.context import View
from echannel.views.market_charts import by_year
from echannel.views.market_facts import market_of, of_market, rules_day, trade
from echannel.views.market_sheet_cards import figure_words, known_figures
from echannel.views.tables import Column, Table

# What else is known for several years stands in the table.
CHARTED = (
    "imports",
    "online_buyers",
    "gdp_per_head_ppp",
    "internet_users",
    "gdp_growth",
)
_RATE_YEARS = 3
_YEAR = timedelta(days=365)


@moved_by(of_market)
def over_time(view: View) -> Card:
    """How figures that are known for several years, and the exchange rate, moved; which are not known so."""
    say, market = view.say, market_of(view)
    table = known_figures(view)
    here = table[(table["market"] == market) & table["figure"].isin(SHEET_FIGURES)]
    here = pd.concat([here[["figure", "year", "value", "caveat"]], _imports(view)], ignore_index=True)
    here["year"] = here["year"].astype("int64")
    counted = here.groupby("figure")["year"].transform("size")
    several = here[(counted > 1).to_numpy()].sort_values(["figure", "year"])
    figures, parts = _rates(view)
    words = partial(_written, say)
    for name in [one for one in CHARTED if (several["figure"] == one).any()]:
        rows = several[several["figure"] == name]
        figures.append(by_year(_name(say, name), rows["year"], rows["value"], partial(words, name)))
        parts.append(_moved(say, name, rows))
    return Card(
        "market.trend",
        " ".join(parts) or say("market.say.no_trend"),
        None,
        tuple(figures),
        _trend_table(say, several),
        _rate_missing(view, bool(parts)),
        _note(view, here, several),
    )


def _imports(view: View) -> pd.DataFrame:
    """What the market imported of goods like the firm's, in the years that were fetched."""
    flows = trade(view)
    rows = flows[((flows["market"] == market_of(view)) & flows["value"].notna()).to_numpy()]
    return rows[["year", "value"]].assign(figure="imports", caveat="")


def _note(view: View, here: pd.DataFrame, several: pd.DataFrame) -> str:
    """Where a survey changed, and which figures could be followed if they were fetched."""
    say = view.say
    parts = []
    if several["caveat"].str.contains("possible_break").any():
        parts.append(say("market.caveat.possible_break"))
    once = sorted(set(here["figure"]) - set(several["figure"]) - {"vat_standard", "lpi", "lpi_2018"})
    if once:
        parts.append(say("market.say.one_year", figures=[_name(say, name) for name in once]))
    if not (here["figure"] == "imports").any():
        parts.append(say("market.say.no_imports", firm=view.sme.profile.id))
    return " ".join(parts)


def _name(say: Speaker, figure: str) -> str:
    return say("market.criterion.imports") if figure == "imports" else say(f"market.figure.{figure}")


def _written(say: Speaker, figure: str, value: float) -> str:
    if figure == "imports":
        return say("market.unit.millions", value=say.number(value / 1e6, 1))
    return figure_words(say, figure, value) or say("common.unknown")


def _moved(say: Speaker, figure: str, rows: pd.DataFrame) -> str:
    first, last = rows.iloc[0], rows.iloc[-1]
    return say(
        "market.say.from_to",
        figure=_name(say, figure),
        first=_written(say, figure, first["value"]),
        since=str(first["year"]),
        last=_written(say, figure, last["value"]),
        until=str(last["year"]),
    )


def _rates(view: View) -> tuple[list[charts.Figure], list[str]]:
    """The exchange rate's chart and what it says; nothing where both use one currency or none is quoted."""
    say, own, there = view.say, view.sme.profile.currency, _currency(view)
    band = fx.band(own, there, rules_day(view), workspace=view.sme.workspace) if own != there else None
    if band is None or band.status != OK:
        return [], []
    # The fraction is of what one of the own currency buys there: a fall makes the own price dearer.
    said = say(
        "market.say.rate_moved",
        own=own,
        rate=say.number(band.rate.value, 3),
        there=there,
        day=say.day(band.rate.day),
        low=say.percent(band.low, 0, signed=True),
        high=say.percent(band.high, 0, signed=True),
    )
    return [_rate_chart(view, own, there)], [said]


def _rate_chart(view: View, own: str, there: str) -> charts.Figure:
    say, day = view.say, rules_day(view)
    months = fx.history(own, there, day - _RATE_YEARS * _YEAR, day, view.sme.workspace)
    change = months / months.iloc[0] - 1
    name = say("market.say.rate_since", own=own, there=there, month=say.month(months.index[0]))
    line = charts.Series(name, change.tolist(), theme.MAIN)
    return charts.over_months(say, list(months.index), [], [line], partial(_change, say), height=260)


def _change(say: Speaker, value: float) -> str:
    return say.percent(value, 1, signed=True)


def _rate_missing(view: View, anything: bool) -> tuple[str, ...]:
    own, there = view.sme.profile.currency, _currency(view)
    if own == there or anything:
        return ()
    return (fx.band(own, there, rules_day(view), workspace=view.sme.workspace).reason,)


def _trend_table(say: Speaker, rows: pd.DataFrame) -> Table | None:
    if rows.empty:
        return None
    shown = rows.assign(
        words=[_written(say, row["figure"], row["value"]) for _, row in rows.iterrows()],
        years=rows["year"].astype(str),
    )
    columns = (
        Column("figure", "sheet_figure", words=partial(_name, say)),
        Column("years", "sheet_year"),
        Column("words", "sheet_value"),
    )
    return Table("market-trend", shown, columns)


def _currency(view: View) -> str:
    facts = snapshot.markets(view.sme.workspace)
    market = market_of(view)
    return str(facts.loc[market, "currency"]) if market in facts.index else view.sme.profile.currency

"""Cards on where next: the ranking with its bands, and why a market stands where it does."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from echannel.locale import Speaker
from echannel.metrics.market import ranking as methods
from echannel.metrics.market.criteria import CRITERIA
from echannel.metrics.result import OK
from echannel.views import charts, theme
from echannel.views.cards import NO_FIGURES, Card, Rows, reasons
from echannel.views.context import View
from echannel.views.market_charts import Place, rank_bands
from echannel.views.market_facts import (
    compared,
    country,
    market_of,
    ranking,
    stability,
    used_weights,
)
from echannel.views.market_words import band_words, figure_words, in_a_sentence
from echannel.views.tables import Column, Kind, Table

SHOWN = 15  # markets in the chart; the table has them all
_SCALES = {"size": 1e9, "imports": 1e6}
_KINDS: dict[str, Kind] = {
    "traction": "decimal",
    "size": "number",
    "income": "number",
    "growth": "change",
    "online_buyers": "percent",
    "internet_users": "percent",
    "imports": "number",
    "imports_growth": "change",
    "logistics": "decimal",
    "distance": "number",
}  # what is not here is put into words
CLEAR = 0.5  # points of 100 that set a market apart from the average


def where_next(view: View) -> Card:
    """The markets in order, each with the places that it may take."""
    say, frame = view.say, ranking(view)
    ranked = frame[frame["rank"].notna()]
    shown = ranked.head(SHOWN)
    chosen = market_of(view)
    if chosen in ranked.index and chosen not in shown.index:
        shown = pd.concat([shown, ranked.loc[[chosen]]])
    figures = NO_FIGURES
    if len(shown):
        places = [_place(view, str(market), row, chosen) for market, row in shown.iterrows()]
        figures = (rank_bands(places, len(ranked), say("market.axis.place")),)
    note = ""
    missing = [in_a_sentence(say(f"market.criterion.{name}")) for name in compared(view).absent]
    if missing:
        note = say("market.say.left_out", criteria=missing)
    return Card(
        "market.where_next",
        ranking_sentence(view),
        Rows(len(ranked), "markets"),
        figures,
        _ranking_table(view, frame),
        reasons(frame) if len(ranked) < len(frame) else (),
        note=note,
        sources=say("market.say.sources"),
    )


def ranking_sentence(view: View) -> str:
    """Which market is first, in how many of 10,000 draws it stays so, and what comes next."""
    say, frame, found = view.say, ranking(view), stability(view)
    ranked = frame[frame["rank"].notna()]
    if not len(ranked):
        return say("market.say.none_ranked")
    first = say(
        "market.say.first",
        market=country(view, found.winner),
        share=say.percent(found.stays, 0),
        draws=found.draws,
    )
    return " ".join([first, say(_sureness(found.stays)), _followers(view, ranked.iloc[1:3])]).strip()


def _sureness(stays: float) -> str:
    if stays >= 0.75:
        return "market.say.sure"
    return "market.say.likely" if stays >= 0.5 else "market.say.open"


def _followers(view: View, rows: pd.DataFrame) -> str:
    parts = [
        view.say("market.say.follower", market=country(view, name), band=band_words(view.say, row))
        for name, row in rows.iterrows()
    ]
    return view.say("market.say.then", parts=parts) if parts else ""


def _place(view: View, market: str, row: Any, chosen: str) -> Place:
    say = view.say
    note = say(
        "market.say.place_note",
        band=band_words(say, row),
        top=say.percent(row["top"], 0),
        known=say.percent(row["known"], 0),
    )
    return Place(country(view, market), row["rank"], row["low"], row["high"], note, market == chosen)


def _ranking_table(view: View, frame: pd.DataFrame) -> Table:
    say = view.say
    bands = [
        band_words(say, row) if np.isfinite(row["low"]) else say("common.unknown")
        for _, row in frame.iterrows()
    ]
    rows = frame.assign(market=frame.index, band=bands, score=frame["score"] * 100)
    found = compared(view).figures.reindex(frame.index)
    columns = [
        Column("market", "country", words=partial(country, view)),
        Column("band", "market_places"),
        Column("score", "market_score", "decimal"),
        Column("first", "market_first", "percent"),
        Column("top", "market_top", "percent"),
        Column("known", "market_known", "percent"),
    ]
    for name in CRITERIA:
        if found[name].notna().any():
            rows[name] = found[name] / _SCALES.get(name, 1.0)
            kind = _KINDS.get(name)
            words = None if kind else partial(figure_words, say, name)
            columns.append(Column(name, f"market_{name}", kind or "text", words=words))
    return Table("market-ranking", rows.reset_index(drop=True), tuple(columns))


def why(view: View) -> Card:
    """What speaks for the chosen market and what against it, against the average of all."""
    say, market = view.say, market_of(view)
    frame = _reasons_for(view, market)
    known = frame[frame["status"] == OK]
    figures = NO_FIGURES
    if len(known):
        figures = (
            charts.ranked(
                [say(f"market.criterion.{name}") for name in known["criterion"]],
                known["points"].tolist(),
                lambda value: say.number(value, 1, signed=True),
                colour=[theme.SECOND if points >= 0 else theme.ALERT for points in known["points"]],
                notes=[figure_words(say, row["criterion"], row["figure"]) for _, row in known.iterrows()],
            ),
        )
    table = Table(
        "market-reasons",
        frame.assign(about=frame["criterion"]),
        (
            Column("criterion", "market_criterion", words=lambda name: say(f"market.criterion.{name}")),
            Column("shown", "market_figure"),
            Column("average_shown", "market_middle"),
            Column("year", "market_year"),
            Column("weight", "market_weight", "percent"),
            Column("points", "market_points", "decimal"),
            Column(
                "about",
                "market_why_counts",
                words=lambda name: say(f"market.criterion_why.{name}"),
                long=True,
            ),
        ),
    )
    missing = [
        in_a_sentence(say(f"market.criterion.{name}"))
        for name in frame.loc[frame["status"] != OK, "criterion"]
    ]
    note = say("market.say.unknown_here", criteria=missing) if missing else ""
    sentence = f"{_standing(view, market)} {reasons_sentence(view)}".strip()
    return Card(
        "market.why",
        sentence,
        Rows(len(known), "criteria"),
        figures,
        table,
        note=note,
        sources=say("market.say.sources"),
    )


def reasons_sentence(view: View) -> str:
    """What most speaks for the chosen market, and what most against it; "" where nothing is known of it."""
    frame = _reasons_for(view, market_of(view))
    known = frame[frame["status"] == OK]
    if not len(known):
        return ""
    best, worst = known[known["points"] > CLEAR].head(2), known[known["points"] < -CLEAR].tail(2)[::-1]
    return _for_and_against(view, best, worst)


def _standing(view: View, market: str) -> str:
    say, place = view.say, ranking(view)
    row: Any = place.reindex([market]).iloc[0]
    if not np.isfinite(row["rank"]):
        return ""
    return say(
        "market.say.stands",
        market=country(view, market),
        rank=int(row["rank"]),
        all=int(place["rank"].notna().sum()),
        band=band_words(say, row),
    )


def _reasons_for(view: View, market: str) -> pd.DataFrame:
    """Per criterion: the market's points (of 100) less those that the average market has."""
    return view.kept(f"market reasons {market} {view.say.language}", lambda: _points(view, market))


def _points(view: View, market: str) -> pd.DataFrame:
    say, found, weights = view.say, compared(view), used_weights(view)
    values = methods.scaled(found.compared, found.directions, found.bounds)
    rows = []
    own_values, own_figures, own_years = (
        frame.reindex([market]).iloc[0] for frame in (values, found.figures, found.years)
    )
    for name in map(str, weights.index):
        weight, own, figure, year = (
            float(part[name]) for part in (weights, own_values, own_figures, own_years)
        )
        middle = found.figures[name].quantile(0.5, interpolation="lower")
        rows.append(
            {
                "criterion": name,
                "figure": figure,
                "shown": figure_words(say, name, figure),
                "average_shown": figure_words(say, name, middle),
                "year": _year_words(say, name, year),
                "weight": weight,
                "points": 100 * weight * (own - values[name].mean()),
                "status": OK if np.isfinite(own) else "input_missing",
            }
        )
    return pd.DataFrame(rows).sort_values("points", ascending=False, kind="stable", ignore_index=True)


def _year_words(say: Speaker, name: str, year: float) -> str:
    if np.isfinite(year):
        return str(int(year))
    return say("market.say.last_year") if name == "traction" else say("market.say.fact")


def _for_and_against(view: View, best: pd.DataFrame, worst: pd.DataFrame) -> str:
    say = view.say

    def names(rows: pd.DataFrame) -> list[str]:
        return [
            say(
                "market.say.criterion_figure",
                criterion=in_a_sentence(say(f"market.criterion.{row['criterion']}")),
                figure=figure_words(say, row["criterion"], row["figure"]),
            )
            for _, row in rows.iterrows()
        ]

    parts = []
    market = country(view, market_of(view))
    if len(best):
        parts.append(say("market.say.speaks_for", market=market, reasons=names(best)))
    if len(worst):
        parts.append(say("market.say.speaks_against", reasons=names(worst)))
    return " ".join(parts) or say("market.say.average")

"""The market's sheet: what it is like, and its calendar."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from echannel.countries import country_codes, country_pack
from echannel.countries.calendars import abroad_holidays
from echannel.errors import UserError
from echannel.locale import Speaker
from echannel.metrics.market.sheet import SHEET_FIGURES, position
from echannel.metrics.result import OK
from echannel.reference import snapshot
from echannel.views import charts
from echannel.views.axes import percents
from echannel.views.cards import NO_FIGURES, Card, moved_by, reasons
from echannel.views.context import View
from echannel.views.market_facts import country, home, market_of, of_market, rules_day
from echannel.views.tables import Column, Table

_SHARES = {"gdp_growth", "internet_users", "online_buyers", "vat_standard"}
_YEAR = timedelta(days=365)


def known_figures(view: View) -> pd.DataFrame:
    """Every figure of every market, shipped or fetched by the workspace."""
    return view.once("market figures", lambda: snapshot.figures(view.sme.workspace))


def positions(view: View) -> pd.DataFrame:
    """The market's figures beside home's and the others' (see ``metrics.market.sheet``)."""
    return view.kept("market position", lambda: position(known_figures(view), market_of(view), home(view)))


@moved_by(of_market)
def like_what(view: View) -> Card:
    """What the market is like: each figure with its source and year, beside home and the other markets."""
    say, frame, market = view.say, positions(view), market_of(view)
    known = frame[frame["status"] == OK]
    ahead = known[[SHEET_FIGURES[name] is not None for name in known["figure"]]]
    # The edition of 2018 stands in the table; the newer one is the one to compare by.
    ahead = ahead[(ahead["figure"] != "lpi_2018").to_numpy()]
    figures = NO_FIGURES
    if len(ahead):
        figures = (
            charts.ranked(
                [say(f"market.figure.{name}") for name in ahead["figure"]],
                ((ahead["n"] - ahead["rank"]) / (ahead["n"] - 1).clip(lower=1)).tolist(),
                percents(say),
                texts=[_place_words(say, row) for _, row in ahead.iterrows()],
                notes=[_beside(say, row) for _, row in ahead.iterrows()],
            ),
        )
    licences = snapshot.sources()["licence"]
    words: dict[str, list[str | None]] = {
        "words": [figure_words(say, row["figure"], row["value"]) for _, row in frame.iterrows()],
        "at_home": [figure_words(say, row["figure"], row["home"]) for _, row in frame.iterrows()],
        "usual": [figure_words(say, row["figure"], row["middle"]) for _, row in frame.iterrows()],
        "years": [str(year) if pd.notna(year) else None for year in frame["year"]],
        "where": [_source_words(say, source, licences) for source in frame["source"]],
        "remark": [_caveats(say, caveat) for caveat in frame["caveat"]],
    }
    shown = frame.assign(**{name: pd.Series(column, dtype=object) for name, column in words.items()})
    table = Table(
        "market-figures",
        shown,
        (
            Column("figure", "sheet_figure", words=lambda name: say(f"market.figure.{name}")),
            Column("words", "sheet_value"),
            Column("years", "sheet_year"),
            Column("at_home", "sheet_home"),
            Column("usual", "sheet_usual"),
            Column("rank", "sheet_place", "number"),
            Column("n", "sheet_markets", "number"),
            Column("where", "sheet_source", long=True),
            Column("remark", "sheet_remark", long=True),
        ),
    )
    return Card(
        "market.like",
        _like_sentence(view, known, country(view, market)),
        None,
        figures,
        table,
        reasons(frame),
        open_table=True,
    )


def _like_sentence(view: View, known: pd.DataFrame, name: str) -> str:
    say = view.say
    rows: Any = known.set_index("figure")
    parts = []
    if "population" in rows.index:
        row = rows.loc["population"]
        parts.append(
            say("market.say.people", market=name, people=_people(say, row["value"]), year=str(row["year"]))
        )
    beside_home = market_of(view) != home(view) and "gdp_per_head_ppp" in rows.index
    if beside_home and np.isfinite(rows.loc["gdp_per_head_ppp", "home"]):
        row = rows.loc["gdp_per_head_ppp"]
        share = float(row["value"] / row["home"] - 1)
        key = "market.say.richer" if share >= 0 else "market.say.poorer"
        parts.append(say(key, share=say.percent(abs(share), 0)))
    if "online_buyers" in rows.index:
        row = rows.loc["online_buyers"]
        parts.append(say("market.say.buy_online", share=say.percent(row["value"], 0), year=str(row["year"])))
    return " ".join(parts) or say("market.say.nothing_known", market=name)


def figure_words(say: Speaker, figure: str, value: Any) -> str | None:
    """A figure of the sheet with its unit; None where it is not known."""
    if value is None or not np.isfinite(value):
        return None
    if figure == "population":
        return _people(say, value)
    if figure == "gdp":
        return say("market.unit.billion_dollars", value=say.number(value / 1e9, 0))
    if figure == "gdp_per_head_ppp":
        return say("market.unit.dollars_a_head", value=say.number(round(value, -2), 0))
    if figure in _SHARES:
        return say.percent(value, 1, signed=figure == "gdp_growth")
    return say("market.unit.of_five", value=say.number(value, 1))


def _people(say: Speaker, value: float) -> str:
    return say("market.unit.million_people", value=say.number(value / 1e6, 1))


def _place_words(say: Speaker, row: Any) -> str:
    return say("market.say.nth_of", n=int(row["rank"]), of=int(row["n"]))


def _beside(say: Speaker, row: Any) -> str:
    values = {
        key: figure_words(say, row["figure"], row[key]) or say("common.unknown") for key in ("value", "home")
    }
    return say("market.say.beside_home", **values)


def _source_words(say: Speaker, source: str, licences: pd.Series) -> str:
    known = source in licences.index
    return f"{say(f'reference.source.{source}')} ({licences[source]})" if known else "–"


def _caveats(say: Speaker, caveat: str) -> str:
    return " ".join(say(f"market.caveat.{code}") for code in caveat.split()) or "–"


@moved_by(of_market)
def calendar(view: View) -> Card:
    """The market's public holidays and sale periods of the next twelve months."""
    say, market, first = view.say, market_of(view), rules_day(view)
    missing: tuple[str, ...] = ()
    try:
        days, foreign = _holidays(view, market, first)
    except UserError:
        days, foreign, missing = {}, False, ("reason.no_calendar_for_market",)
    rows: list[dict[str, Any]] = [
        {"first": day, "last": None, "name": name, "kind": "holiday"} for day, name in days.items()
    ]
    known = market in country_codes(view.sme.workspace)
    if known:
        pack = country_pack(market, view.sme.workspace)
        words = Speaker(say.language, market, say.currency, view.sme.workspace)
        rows += [
            {
                "first": max(one.first, first),
                "last": one.last,
                "name": words(f"sale_period.{one.name}"),
                "kind": "regulated" if one.regulated else "custom",
            }
            for one in pack.sale_periods_between(first, first + _YEAR)
        ]
    frame = pd.DataFrame(rows, columns=["first", "last", "name", "kind"]).sort_values("first", kind="stable")
    columns = (
        Column("first", "sheet_first_day", "day"),
        Column("last", "sheet_last_day", "day"),
        Column("name", "sheet_name", words=_plain),
        Column("kind", "sheet_kind", words=lambda kind: say(f"market.calendar.{kind}")),
    )
    shown = frame.assign(last=frame["last"].fillna(frame["first"]))
    notes = [] if known else [say("market.say.no_sale_periods", market=country(view, market))]
    if foreign:
        notes.append(say("market.say.names_in_english"))
    return Card(
        "market.calendar",
        _calendar_sentence(view, frame, market),
        None,
        NO_FIGURES,
        Table("market-calendar", shown, columns) if len(frame) else None,
        missing,
        note=" ".join(notes),
        open_table=True,
    )


def _plain(text: Any) -> str:
    return str(text)


def _holidays(view: View, market: str, first: date) -> tuple[dict[date, str], bool]:
    """The public holidays of the next twelve months, and whether some keep a name in another language."""
    last = first + _YEAR
    years, language = range(first.year, last.year + 1), view.say.language
    if market in country_codes(view.sme.workspace):
        # The pack names the part of the country: the UK's holidays differ between its nations.
        days, foreign = country_pack(market, view.sme.workspace).public_holidays(years, language), False
    else:
        days, foreign = abroad_holidays(market, years, language)
    return {day: name for day, name in days.items() if first <= day <= last}, foreign


def _calendar_sentence(view: View, frame: pd.DataFrame, market: str) -> str:
    say = view.say
    if frame.empty:
        return say("market.say.no_calendar", market=country(view, market))
    said = []
    days, sales = (frame[(frame["kind"] == "holiday").to_numpy() == wanted] for wanted in (True, False))
    if len(days):
        day: Any = days.iloc[0]
        said.append(
            say(
                "market.say.next_day",
                market=country(view, market),
                name=day["name"],
                day=say.day(day["first"]),
            )
        )
    if len(sales):
        one: Any = sales.iloc[0]
        said.append(say("market.say.next_sale", name=one["name"], days=say.period(one["first"], one["last"])))
    return " ".join(said)

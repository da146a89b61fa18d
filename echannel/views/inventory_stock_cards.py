"""Cards on the stock as it is: what it is worth, how it moved, how fast it turns."""

from __future__ import annotations

import pandas as pd

from echannel.metrics.inventory import stock as metrics
from echannel.metrics.result import OK
from echannel.metrics.turnover import as_date
from echannel.views import axes, charts, curves, theme
from echannel.views.cards import NO_FIGURES, Card, reasons, steady
from echannel.views.context import View
from echannel.views.frames import first_row, last_row
from echannel.views.inventory_facts import YEAR, category, known, measured, rows, stock, supplier, year_rows
from echannel.views.tables import Column, Table
from echannel.views.tiles import Tile, Tiles

_ESTIMATE = 0.5  # a share of estimated stock that is worth a word


@steady
def tiles(view: View) -> Tiles:
    """The headline figures of the stock."""
    say = view.say
    cost, price = (first_row(measured(view, metrics.stock_value, at=at)) for at in ("cost", "price"))
    turn, gmroi = first_row(measured(view, metrics.turn)), first_row(measured(view, metrics.gmroi))
    cover = first_row(measured(view, metrics.cover, by=None))
    outs = first_row(_stock_outs(view))
    days = say("inventory.days", n=round(turn["dio"])) if turn["status"] == OK else ""
    return Tiles(
        say("inventory.tile.label"),
        (
            _tile(view, "value_at_cost", cost, say.money(cost["value"], decimals=0), _priced(view, cost)),
            _tile(view, "value_at_price", price, say.money(price["value"], decimals=0), _priced(view, price)),
            _tile(
                view,
                "turn",
                turn,
                say.number(turn["value"], 1),
                say("inventory.tile.dio", days=days) if days else "",
            ),
            _tile(view, "cover", cover, _whole_days(view, cover["value"])),
            _tile(view, "gmroi", gmroi, say.number(gmroi["value"], 2)),
            _tile(view, "stock_outs", outs, say.percent(outs["value"]), say("inventory.tile.of_last_year")),
        ),
    )


def _tile(view: View, name: str, row: pd.Series, value: str, under: str = "") -> Tile:
    known_value = row["status"] == OK
    return Tile(
        view.say(f"inventory.tile.{name}"),
        value if known_value else view.say(row["reason"]),
        under if known_value else "",
        known=known_value,
        help=f"views.help.inventory.{name}",
    )


def _whole_days(view: View, days: float) -> str:
    return view.say("inventory.days", n=round(days)) if pd.notna(days) else ""


def _priced(view: View, row: pd.Series) -> str:
    if row["status"] != OK or row["coverage"] > 0.995:
        return ""
    return view.say("inventory.tile.coverage", share=view.say.percent(row["coverage"], 0))


def _stock_outs(view: View) -> pd.DataFrame:
    inventory = stock(view)
    return measured(
        view, metrics.stock_outs, since=inventory.today - YEAR + 1, until=inventory.today, by=None
    )


@steady
def value(view: View) -> Card:
    """What the stock is worth, and where it lies."""
    say, inventory = view.say, stock(view)
    whole = first_row(measured(view, metrics.stock_value))
    parts = {by: measured(view, metrics.stock_value, by=by) for by in ("category", "supplier_id", "location")}
    names = {
        "category": lambda name: category(view, name),
        "supplier_id": lambda name: supplier(view, name),
        "location": lambda name: str(name) if name else say("inventory.no_location"),
    }
    listed = pd.concat(
        [
            frame.assign(by=by, name=[names[by](one) for one in frame[by]]).sort_values(
                "value", ascending=False
            )
            for by, frame in parts.items()
        ],
        ignore_index=True,
    )
    listed = listed[(listed["units"] != 0).to_numpy()]
    sentence, figures = "", NO_FIGURES
    if whole["status"] == OK:
        at_price = first_row(measured(view, metrics.stock_value, at="price"))
        sentence = say(
            "inventory.say.value",
            money=say.money(whole["value"], decimals=0),
            n=int(whole["products"]),
            price=say.money(at_price["value"], decimals=0),
        )
        if whole["coverage"] < 0.995:
            sentence += " " + say("inventory.say.value_coverage", share=say.percent(whole["coverage"], 0))
        shown = known(parts["category"]).sort_values("value", ascending=False).head(10)
        figures = (
            charts.ranked(
                [category(view, name) for name in shown["category"]],
                shown["value"].tolist(),
                axes.whole_money(say),
            ),
        )
    estimated = int(inventory.position["estimated"].sum())
    table = Table(
        "stock-value",
        listed,
        (
            Column("by", "grouped_by", words=lambda by: say(f"inventory.by.{by}")),
            Column("name", "group"),
            Column("value", "value_at_cost", "money"),
            Column("units", "units_on_hand", "number"),
            Column("products", "products", "number"),
            Column("coverage", "coverage_units", "percent"),
        ),
        say.currency,
    )
    return Card(
        "inventory.value",
        sentence,
        rows(view, whole["n"], "stocked"),
        figures,
        table if len(listed) else None,
        () if whole["status"] == OK else (whole["reason"],),
        note=say("inventory.say.rolled_on", n=estimated) if estimated and whole["status"] == OK else "",
        term="stock_value",
    )


@steady
def over_time(view: View) -> Card:
    """How the stock has moved, week by week."""
    say = view.say
    frame = measured(view, metrics.stock_over_time)
    told = known(frame)
    sentence, figures, note = "", NO_FIGURES, ""
    if len(told) > 1:
        last, most = last_row(told), told.iloc[int(told["value"].to_numpy().argmax())]
        sentence = say(
            "inventory.say.over_time",
            money=say.money(last["value"], decimals=0),
            most=say.money(most["value"], decimals=0),
            day=say.day(as_date(int(most["day"]))),
        )
        days = [as_date(int(day)) for day in told["day"]]
        figures = (
            curves.over_scale(
                list(range(len(days))),
                [say.day(day) for day in days],
                [charts.Series(say("inventory.series.stock_value"), told["value"].tolist(), theme.MAIN)],
                axes.whole_money(say),
                curves.day_axis(say, days),
                axes.short_money(say),
                narrow_axis=curves.day_axis(say, days, most=4),
                height=300,
            ),
        )
        if float(told["counted"].mean()) < _ESTIMATE:
            note = say("inventory.say.estimated_history")
    table = Table(
        "stock-over-time",
        told.assign(date=[as_date(int(day)) for day in told["day"]]).iloc[::-1],
        (
            Column("date", "day", "day"),
            Column("value", "value_at_cost", "money"),
            Column("counted", "counted_share", "percent"),
            Column("n", "products", "number"),
        ),
        say.currency,
    )
    return Card(
        "inventory.over_time",
        sentence,
        rows(view, len(told), "stock_weeks"),
        figures,
        table if len(told) else None,
        () if len(told) else reasons(frame.head(1)),
        note=note,
    )


@steady
def turns(view: View) -> Card:
    """How fast the stock turns, and what it earns, by category."""
    say, inventory = view.say, stock(view)
    turn = measured(view, metrics.turn, by="category")
    whole = first_row(measured(view, metrics.turn))
    joined = turn.merge(
        measured(view, metrics.gmroi, by="category")[["category", "value"]].rename(columns={"value": "gmroi"})
    )
    joined = joined.merge(
        measured(view, metrics.cover, by="category")[["category", "value"]].rename(columns={"value": "cover"})
    )
    year = inventory.today - YEAR + 1
    through = measured(view, metrics.sell_through, since=year, until=inventory.today, by="category")
    joined = joined.merge(through[["category", "value"]].rename(columns={"value": "sold"}))
    shown = known(joined).sort_values("value", ascending=False)
    sentence, figures = "", NO_FIGURES
    if whole["status"] == OK:
        sentence = say(
            "inventory.say.turn",
            times=say.number(whole["value"], 1),
            days=_whole_days(view, whole["dio"]),
        )
        if len(shown) > 1:
            slow = last_row(shown)
            sentence += " " + say(
                "inventory.say.slowest",
                category=category(view, slow["category"]),
                times=say.number(slow["value"], 1),
            )
    if len(shown):
        figures = (
            charts.ranked(
                [category(view, name) for name in shown["category"].head(10)],
                shown["value"].head(10).tolist(),
                lambda times: say("inventory.say.times", times=say.number(times, 1)),
            ),
        )
    table = Table(
        "stock-turn",
        shown,
        (
            Column("category", "category", words=lambda name: category(view, name)),
            Column("value", "stock_turn", "decimal"),
            Column("dio", "dio", "number"),
            Column("cover", "days_of_cover", "number"),
            Column("gmroi", "gmroi", "decimal"),
            Column("sold", "sell_through", "percent"),
            Column("denominator", "average_stock", "money"),
            Column("estimated", "estimated_share", "percent"),
        ),
        say.currency,
    )
    estimated = whole["status"] == OK and whole["estimated"] > _ESTIMATE
    return Card(
        "inventory.turns",
        sentence,
        year_rows(view, whole["n"], "stocked"),
        figures,
        table if len(shown) else None,
        () if whole["status"] == OK else (whole["reason"],),
        note=say("inventory.say.estimated_history") if estimated else "",
        term="stock_turn",
    )

"""Cards on turnover: how much, whether it grows, from what customers paid to net goods, where and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from echannel.locale import Speaker
from echannel.metrics import growth, platforms
from echannel.metrics.result import OK
from echannel.metrics.turnover import BRIDGE_STEPS, Sales, as_date, bridge
from echannel.views import axes, charts, theme
from echannel.views.cards import NO_FIGURES, Card, Figures, reasons
from echannel.views.context import View
from echannel.views.frames import keyed, last_row
from echannel.views.tables import Column, Table
from echannel.views.tiles import Tile, Tiles

NEEDS_A_YEAR: tuple[str, ...] = ("growth.missing.no_year",)
_TOTAL_STEPS = ("total_gross", "invoiced", "net_invoiced", "net_goods")
_TAKEN_AWAY = ("discount_gross", "vat", "refunded", "shipping")


def headline(view: View) -> Any:
    """The period's main figures (see ``metrics.growth.headline``)."""
    whole = view.whole
    first_day = view.sme.sales.first_day
    frame = view.kept(
        "headline",
        lambda: growth.headline(whole.entries, whole.orders, whole.lines, view.period, first_day),
    )
    return keyed(frame, "kind", "measure")


def tiles(view: View) -> Tiles:
    """The headline figures. Baskets of consumers with VAT, of firms without; never one mixed basket."""
    say, frame = view.say, headline(view)
    kinds = [kind for kind in view.kinds if (kind, "turnover") in frame.index]
    whole = "all" if ("all", "turnover") in frame.index else kinds[0]
    shown = [
        _money_tile(say, "turnover", frame.loc[(whole, "turnover")]),
        _tile(say, "orders", frame.loc[(whole, "orders")], say.number),
        _tile(say, "customers", frame.loc[(whole, "customers")], say.number),
    ]
    for kind in kinds:
        net = frame.loc[(kind, "average_order_net")]
        if kind == "b2c" and (kind, "average_order_gross") in frame.index:
            gross = frame.loc[(kind, "average_order_gross")]
            under = (
                say("growth.tile.basket_net", money=say.money(net["value"])) if net["status"] == OK else ""
            )
            shown.append(_tile(say, "basket_b2c", gross, say.money, under))
        else:
            shown.append(_tile(say, "basket_b2b", net, say.money))
    shown.append(
        _tile(
            say,
            "units_per_order",
            frame.loc[(whole, "units_per_order")],
            lambda value: say.number(value, 2),
        )
    )
    rate = frame.loc[(whole, "refund_rate")]
    shown.append(
        Tile(
            say("growth.tile.refund_rate"),
            say.percent(rate["value"]) if rate["status"] == OK else say(rate["reason"]),
            _then(say, rate),
            known=rate["status"] == OK,
            help="views.help.growth.refund_rate",
        )
    )
    return Tiles(say("growth.tile.label"), tuple(shown))


def turnover_by_month(view: View) -> Card:
    """Turnover month by month against the year before, with the sale periods of the SME's country."""
    say, whole = view.say, view.whole
    frame = monthly(view)
    months = list(frame["month"])
    if not months:
        return Card("growth.turnover_by_month", "", view.rows(0), missing=("growth.missing.no_orders",))
    holidays = _holidays(view, months)
    figure = charts.over_months(
        say,
        months,
        [charts.Series(say("growth.series.turnover"), frame["value"].tolist(), theme.MAIN, notes=holidays)],
        [charts.Series(say("growth.series.year_before"), _year_before(frame), theme.ALERT, dash="dot")]
        if len(frame) > 12
        else [],
        axes.whole_money(say),
        axes.short_money(say),
        bands=sale_bands(view, months),
        bands_name=say("growth.series.sale_periods"),
        incomplete=[not done for done in frame["complete"]],
    )
    table = Table(
        "turnover-by-month",
        frame.assign(marks=holidays),
        (
            Column("month", "month", "month"),
            Column("value", "net_turnover", "money"),
            Column("change_month", "change_on_month", "change"),
            Column("change_year", "change_on_year", "change"),
            Column("rolling", "rolling_year", "money"),
            Column("gross", "turnover_gross", "money"),
            Column("orders", "orders", "number"),
            Column(
                "complete", "complete", words=lambda done: say("common.yes") if done else say("common.no")
            ),
            Column("marks", "holidays"),
        ),
        say.currency,
    )
    note = "" if frame["complete"].all() else say("growth.note.incomplete")
    return Card(
        "growth.turnover_by_month",
        _months_sentence(view, frame),
        view.rows(int(frame["orders"].sum()), "orders", whole),
        (figure,),
        table,
        note=note,
        term="net_turnover",
    )


def rolling_year(view: View) -> Card:
    """The last twelve months' turnover, month after month: growth without the seasons."""
    say = view.say
    frame = monthly(view)
    known = frame[frame["rolling"].notna()]
    sentence, figures, missing = "", NO_FIGURES, NEEDS_A_YEAR
    if len(known):
        missing = ()
        last = last_row(known)
        if pd.notna(last["rolling_change"]):
            sentence = say(
                "growth.say.rolling_change",
                money=say.money(last["rolling"], decimals=0),
                month=last["month"],
                change=say.percent(last["rolling_change"], signed=True),
            )
        else:
            sentence = say(
                "growth.say.rolling", money=say.money(last["rolling"], decimals=0), month=last["month"]
            )
        figures = (
            charts.over_months(
                say,
                list(known["month"]),
                [],
                [charts.Series(say("growth.series.rolling"), known["rolling"].tolist(), theme.MAIN)],
                axes.whole_money(say),
                axes.short_money(say),
                height=300,
            ),
        )
    start = int(view.sme.profile.fiscal_year_start[:2])
    whole = view.whole
    years = view.figures(
        growth.yearly, whole.entries, view.sme.sales.first_day, view.sme.sales.last_day, start
    )
    table = Table(
        "turnover-by-year",
        years.assign(
            name=[say.period(first, last) for first, last in zip(years["first"], years["last"], strict=True)]
        ),
        (
            Column("name", "fiscal_year"),
            Column("value", "net_turnover", "money"),
            Column("value_year_before", "year_before", "money"),
            Column("change", "change_on_year", "change"),
            Column("orders", "orders", "number"),
            Column("customers", "customers", "number"),
        ),
        say.currency,
    )
    return Card(
        "growth.rolling_year",
        sentence,
        view.rows(int(frame["orders"].sum()), "orders", whole),
        figures,
        table,
        missing,
    )


def turnover_bridge(view: View) -> Card:
    """From what customers paid to net goods, step by step."""
    say = view.say
    frame = bridge(view.sales.entries).set_index("step")
    values = frame["value"]
    steps = [
        step
        for step in BRIDGE_STEPS
        if step in _TOTAL_STEPS or step == "goods_gross" or abs(values[step]) >= 0.005
    ]
    totals = [step in _TOTAL_STEPS or step == "goods_gross" for step in steps]
    signed = [-values[step] if step in _TAKEN_AWAY else values[step] for step in steps]
    figure = charts.money_waterfall(say, [say(f"growth.step.{step}") for step in steps], signed, totals)
    sentence = say(
        "growth.say.bridge",
        paid=say.money(values["total_gross"], decimals=0),
        vat=say.money(values["vat"], decimals=0),
        refunded=say.money(values["refunded"], decimals=0),
        net=say.money(values["net_goods"], decimals=0),
    )
    table = Table(
        "turnover-bridge",
        pd.DataFrame({"step": steps, "value": signed}),
        (
            Column("step", "step", words=lambda step: say(f"growth.step.{step}")),
            Column("value", "amount", "cents"),
        ),
        say.currency,
    )
    return Card(
        "growth.turnover_bridge",
        sentence,
        view.rows(int(frame["n"].iloc[0])),
        (figure,),
        table,
        term="turnover_ex_vat",
    )


def _steps_beside(frame: pd.DataFrame) -> pd.DataFrame:
    """The way from each platform's number to net turnover, a row each."""
    wide = frame.pivot_table(index="figure", columns="step", values="value", aggfunc="sum", sort=False)
    return wide.reindex(columns=["platform", *platforms.STEPS, "net_goods"]).reset_index()


def platform_numbers(view: View) -> Card:
    """Why the shop's own screen shows another number."""
    say, whole = view.say, view.whole
    used = platforms_used(view)
    frame = pd.concat(
        [
            view.figures(
                platforms.platform_figures, platform, whole.entries, whole.orders, whole.lines, view.period
            )
            for platform in used or list(platforms.PLATFORM_FIGURES)
        ],
        ignore_index=True,
    )
    ours = frame[frame["step"] == "net_goods"].set_index("figure")["value"]
    theirs = frame[frame["step"] == "platform"].set_index("figure")["value"]
    first = theirs.index[0]
    sentence = say("growth.say.platforms", n=len(theirs), net=say.money(ours.iloc[0], decimals=0))
    figures: Figures = (
        charts.ranked(
            [say(f"growth.platform.{name}") for name in theirs.index] + [say("growth.step.net_goods")],
            [*theirs.tolist(), float(ours.iloc[0])],
            axes.whole_money(say),
            colour=[theme.MUTED] * len(theirs) + [theme.MAIN],
        ),
    )
    if used:
        sentence = say(
            "growth.say.platform",
            figure=say(f"growth.platform.{first}"),
            theirs=say.money(theirs[first], decimals=0),
            net=say.money(ours[first], decimals=0),
        )
        part = frame[frame["figure"] == first]
        figures = (
            charts.money_waterfall(
                say,
                [
                    say(f"growth.platform.{first}")
                    if step == "platform"
                    else say(f"growth.platform_step.{step}")
                    for step in part["step"]
                ],
                part["value"].tolist(),
                [step in ("platform", "net_goods") for step in part["step"]],
            ),
        )
    wide = view.kept("platform steps", lambda: _steps_beside(frame))
    table = Table(
        "platform-figures",
        wide,
        (
            Column("figure", "platform_figure", words=lambda figure: say(f"growth.platform.{figure}")),
            Column("platform", "platform_shows", "cents"),
            Column("vat", "step_vat", "cents"),
            Column("discounts", "step_discounts", "cents"),
            Column("wrapping", "step_wrapping", "cents"),
            Column("shipping", "step_shipping", "cents"),
            Column("refunds", "step_refunds", "cents"),
            Column("net_goods", "net_turnover", "cents"),
        ),
        say.currency,
    )
    return Card(
        "growth.platform_numbers",
        sentence,
        view.rows(int(frame["n"].iloc[0])),
        figures,
        table,
        reasons(frame),
    )


def monthly(view: View) -> pd.DataFrame:
    """Turnover per month over all days (see ``metrics.growth.monthly_turnover``)."""
    return view.of_all_days(_monthly, view.sme.sales.first_day, view.sme.sales.last_day)


def _monthly(sales: Sales, first: int, last: int) -> pd.DataFrame:
    return growth.monthly_turnover(sales.entries, first, last)


def platforms_used(view: View) -> list[str]:
    """The platforms that the profile's connectors and file presets name."""
    named = [source.connector for source in view.sme.profile.sources] + [
        str(rule.get("preset", "")) + " " + str(rule.get("platform", ""))
        for source in view.sme.profile.sources
        for rule in source.options.get("files", [])
    ]
    return [platform for platform in platforms.PLATFORM_FIGURES if any(platform in name for name in named)]


def turnover_sentence(view: View) -> str:
    """How much was turned over in the period, and against the year before."""
    say, frame = view.say, headline(view)
    kind = "all" if ("all", "turnover") in frame.index else frame.index[0][0]
    row = frame.loc[(kind, "turnover")]
    money, period = (
        say.money(row["value"], decimals=0),
        say.period(as_date(view.period.since), as_date(view.period.until)),
    )
    if row["status"] != OK:
        return ""
    if pd.isna(row["last_year_change"]):
        return say("growth.say.turnover", money=money, period=period)
    change = row["last_year_change"]
    amount = say.money(abs(row["value"] - row["last_year"]), decimals=0)
    if abs(change) < 0.01:
        return say("growth.say.turnover_flat", money=money, period=period)
    key_values = {"money": money, "period": period, "amount": amount, "change": say.percent(abs(change))}
    return (
        say("growth.say.turnover_up", **key_values)
        if change > 0
        else say("growth.say.turnover_down", **key_values)
    )


def _months_sentence(view: View, frame: pd.DataFrame) -> str:
    """The last complete month against the year before, and how many of the last twelve were above it."""
    say = view.say
    whole = frame[frame["complete"]]
    if not len(whole):
        return turnover_sentence(view)
    last = last_row(whole)
    money = say.money(last["value"], decimals=0)
    if pd.isna(last["change_year"]):
        return say("growth.say.month", month=last["month"], money=money)
    year = whole.tail(12)
    year = year[year["change_year"].notna()]
    return say(
        "growth.say.month_year",
        month=last["month"],
        money=money,
        change=say.percent(last["change_year"], signed=True),
        n=int((year["change_year"] > 0).sum()),
        all=len(year),
    )


def _money_tile(say: Speaker, name: str, row: pd.Series) -> Tile:
    return _tile(say, name, row, lambda value: say.money(value, decimals=0))


def _tile(say: Speaker, name: str, row: pd.Series, write: Callable[[float], str], under: str = "") -> Tile:
    label, meaning = say(f"growth.tile.{name}"), f"views.help.growth.{name}"
    if row["status"] != OK:
        return Tile(label, say("common.unknown"), say(row["reason"]), known=False, help=meaning)
    change = row["last_year_change"]
    return Tile(label, write(row["value"]), under, None if pd.isna(change) else float(change), help=meaning)


def _then(say: Speaker, row: pd.Series) -> str:
    return (
        ""
        if pd.isna(row["last_year"])
        else say("growth.tile.year_before", value=say.percent(row["last_year"]))
    )


def _year_before(frame: pd.DataFrame) -> list[float]:
    """The turnover of the same month a year earlier, whole months only."""
    return [np.nan] * 12 + frame["value"].where(frame["complete"]).tolist()[:-12]


def sale_bands(view: View, months: list[pd.Period]) -> list[charts.Band]:
    """The country's sale periods on an axis of these months."""
    first, last = months[0].start_time.date(), months[-1].end_time.date()
    return [
        charts.Band(
            _position(one.first, months),
            _position(one.last, months, end=True),
            view.say(f"sale_period.{one.name}"),
        )
        for one in view.sme.pack.sale_periods_between(first, last)
    ]


def _position(day: date, months: list[pd.Period], end: bool = False) -> float:
    """Where a day stands on an axis of months whose bars are centred on whole numbers."""
    month = pd.Period(day, "M")
    at = (month - months[0]).n - 0.5 + (day.day - (0 if end else 1)) / month.days_in_month
    return float(min(max(at, -0.5), len(months) - 0.5))


def _holidays(view: View, months: list[pd.Period]) -> list[str]:
    """Per month, its bank holidays in the SME's country, by name."""
    years = range(months[0].year, months[-1].year + 1)
    named: dict[pd.Period, list[str]] = {}
    part = view.sme.profile.subdivision
    for day, name in view.sme.pack.public_holidays(years, view.say.language, part).items():
        named.setdefault(pd.Period(day, "M"), []).append(name)
    return [
        view.say("growth.note.holidays", names=", ".join(named[month])) if month in named else ""
        for month in months
    ]

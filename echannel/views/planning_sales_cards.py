"""Turnover to come, how far it can be trusted, and what it is made of."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.foresight import history_of
from echannel.metrics.planning.drivers import Drivers, drivers
from echannel.metrics.planning.turnover_forecast import TurnoverForecast
from echannel.metrics.planning.turnover_models import NAIVE
from echannel.metrics.result import OK
from echannel.metrics.turnover import month_periods
from echannel.views import charts, curves, theme
from echannel.views.cards import Card, reasons, steady
from echannel.views.context import View, on_paper_too
from echannel.views.growth_cards import sale_bands
from echannel.views.planning_charts import Mark, money_ahead
from echannel.views.planning_facts import YEAR, period_of, rows
from echannel.views.tables import Column, Table

_PAST = 24  # months of the past beside three years to come
_AHEAD = 36
_PATHS, _SEED = 4_000, 1
_MARKED = 3  # breaks with words in the chart: more would cover it
_SEASONAL_MONTHS = 24
_HARDLY_BETTER = 0.95
_VISIBLE = 0.005  # effects that do not print as 0 %


@steady
@on_paper_too
def forecast(view: View) -> Card:
    """What will I sell: the past, the months to come with their bands, sale periods and breaks marked."""
    found = view.sme.turnover_forecast
    if found.status != OK:
        return Card("planning.forecast", "", missing=(found.reason,), term="forecast")
    coming = found.months.head(_AHEAD)
    table = Table(
        "turnover-forecast",
        coming.assign(month=_periods(coming)),
        (
            Column("month", "month", "month"),
            Column("mean", "planning_forecast", "money"),
            Column("low80", "planning_low80", "money"),
            Column("high80", "planning_high80", "money"),
            Column("low95", "planning_low95", "money"),
            Column("high95", "planning_high95", "money"),
        ),
        view.say.currency,
    )
    return Card(
        "planning.forecast",
        _outlook(view, found),
        rows(view),
        (_fan(view, found),),
        table,
        note=_rests_on(view, found),
        term="forecast",
    )


@steady
def forecast_record(view: View) -> Card:
    """How far can I trust it: every method against "the same month last year", on months it had not seen."""
    say, found = view.say, view.sme.turnover_forecast
    methods = found.methods
    judged = methods[methods["mase"].notna().to_numpy()] if len(methods) else methods
    if found.status != OK or judged.empty:
        missing = found.reason or "reason.few_months_to_judge"
        return Card("planning.forecast_record", "", missing=(missing,), term="forecast")
    shown = judged.sort_values("mase")
    sentence = _how_good(view, shown)
    told = [text for text in (_breaks(view, found), _effects(view, found)) if text]
    against = shown[shown["relative"].notna().to_numpy()]
    figures = (
        (
            charts.ranked(
                [say(f"planning.method.{name}") for name in against["method"]],
                against["relative"].tolist(),
                lambda value: say.percent(value, 0),
                colour=[theme.SECOND if chosen else theme.MAIN for chosen in against["chosen"]],
            ),
        )
        if len(against)
        else ()
    )
    table = Table(
        "forecast-methods",
        shown,
        (
            Column("method", "planning_method", words=lambda name: say(f"planning.method.{name}"), long=True),
            Column("relative", "planning_relative", "percent"),
            Column("mase", "mase", words=lambda value: say.number(value, 2)),
            Column("n", "planning_judged", "number"),
            Column(
                "chosen",
                "planning_chosen",
                words=lambda chosen: say("common.yes") if chosen else say("common.no"),
            ),
        ),
    )
    return Card(
        "planning.forecast_record",
        sentence,
        rows(view),
        figures,
        table,
        reasons(found.effects),
        " ".join(told),
        term="forecast",
    )


@steady
@on_paper_too
def sales_drivers(view: View) -> Card:
    """What makes my sales: the factors whose product is the turnover, and how far each may move in a year."""
    say = view.say
    every = view.once(
        f"drivers {view.kinds}", lambda: [drivers(history_of(view.sme, kind), kind) for kind in view.kinds]
    )
    made = [one for one in every if one.turnover > 0]
    known = [one for one in made if (one.levers["status"] == OK).all()]
    if not known:
        return Card("planning.drivers", "", missing=("reason.few_orders",))
    frame = pd.concat([_moves(one) for one in known], ignore_index=True)
    named = [_named(view, row, len(known) > 1) for _, row in frame.iterrows()]
    order = np.argsort(-frame["more"].to_numpy(), kind="stable")
    figure = charts.ranked(
        [named[at] for at in order],
        frame["more"].to_numpy()[order].tolist(),
        lambda value: say.money(value, decimals=0, signed=True),
        colour=theme.SECOND,
        notes=[_range_of(view, frame.iloc[at]) for at in order],
    )
    table = Table(
        "sales-drivers",
        frame.assign(
            named=named,
            now=[_written(view, row["name"], row["value"]) for _, row in frame.iterrows()],
            least=[_written(view, row["name"], row["low"]) for _, row in frame.iterrows()],
            most=[_written(view, row["name"], row["high"]) for _, row in frame.iterrows()],
        ),
        (
            Column("named", "planning_factor"),
            Column("now", "planning_factor_now"),
            Column("least", "planning_factor_low"),
            Column("most", "planning_factor_high"),
            Column("more", "planning_factor_more", "money"),
            Column("less", "planning_factor_less", "money"),
            Column("range_from", "planning_range_from", words=lambda one: say(f"planning.range.{one}")),
        ),
        say.currency,
    )
    sentences = [_product(view, one) for one in known]
    best = int(order[0])
    sentences.append(
        say(
            "planning.say.best_driver",
            factor=say(f"planning.factor.{frame['name'].iloc[best]}"),
            more=say.money(frame["more"].iloc[best], decimals=0, signed=True),
        )
    )
    told = dict.fromkeys(str(reason) for one in known for reason in one.levers["reason"] if reason)
    return Card("planning.drivers", " ".join(sentences), rows(view), (figure,), table, missing=tuple(told))


def _periods(frame: pd.DataFrame) -> pd.PeriodIndex:
    return month_periods(frame["month"].to_numpy())


def _outlook(view: View, found: TurnoverForecast) -> str:
    """The next twelve months in a sentence: the sum and its band, the best and the quietest month."""
    say, year = view.say, found.months.head(YEAR)
    sums = found.paths(_PATHS, _SEED)[:, : len(year)].sum(axis=1)
    low, high = np.quantile(sums, [0.1, 0.9])
    total = float(year["mean"].sum())
    told = say(
        "planning.say.forecast",
        first=say.month(period_of(year["month"].iloc[0])),
        last=say.month(period_of(year["month"].iloc[-1])),
        total=say.money(total, decimals=0),
        low=say.money(low, decimals=0),
        high=say.money(high, decimals=0),
    )
    before = found.past[found.past["complete"].to_numpy()].tail(YEAR)["turnover"]
    if len(before) == YEAR and before.notna().all() and before.sum() > 0:
        told += " " + say(
            "planning.say.forecast_change", change=say.percent(total / before.sum() - 1, 0, signed=True)
        )
    if found.season != "none":
        best, worst = int(year["mean"].argmax()), int(year["mean"].argmin())
        told += " " + say(
            "planning.say.forecast_months",
            best=say.month(period_of(year["month"].iloc[best])),
            worst=say.month(period_of(year["month"].iloc[worst])),
        )
    return told


def _rests_on(view: View, found: TurnoverForecast) -> str:
    """What the forecast rests on, and what that means for a reader with a short history."""
    say = view.say
    told = [say("planning.say.months_known", n=found.n)]
    if found.n < _SEASONAL_MONTHS:
        told.append(say(f"planning.say.season_{found.season}"))
    if found.past["complete"].to_numpy().sum() < len(found.past):
        told.append(say("planning.say.incomplete_left_out"))
    return " ".join(told)


def _fan(view: View, found: TurnoverForecast) -> charts.Figure:
    say = view.say
    past, coming = found.past.tail(_PAST), found.months.head(_AHEAD)
    months = [period_of(month) for month in [*past["month"], *coming["month"]]]
    gap, after = [np.nan] * len(past), [np.nan] * len(coming)
    spreads = [
        curves.Spread(
            say("planning.series.band", level=say.percent(level, 0)),
            [*gap, *coming[f"low{level * 100:.0f}"]],
            [*gap, *coming[f"high{level * 100:.0f}"]],
            f"rgba(40,161,151,{shade})",
        )
        for level, shade in ((0.95, 0.12), (0.8, 0.18), (0.5, 0.28))
    ]
    sold = past["turnover"].where(past["complete"]).tolist()
    figure = money_ahead(
        say,
        months,
        [
            charts.Series(say("planning.series.sold"), [*sold, *after], theme.MAIN),
            charts.Series(
                say("planning.series.forecast"), [*gap, *coming["mean"]], theme.SECOND, dash="dash"
            ),
        ],
        spreads,
        _marks(view, found, past),
    )
    bands = sale_bands(view, months)
    layout = figure["layout"]
    layout["shapes"] = [*charts.band_shapes(bands), *layout.get("shapes", [])]
    figure["data"] += charts.band_keys(
        bands, say("planning.series.sale_periods"), layout["yaxis"]["range"][1] * 0.97
    )
    return figure


def _marks(view: View, found: TurnoverForecast, past: pd.DataFrame) -> list[Mark]:
    """The largest breaks that the chart shows."""
    place = {int(month): at for at, month in enumerate(past["month"])}
    sold = past["turnover"].to_numpy()
    seen = found.breaks[found.breaks["month"].isin(list(place)) & found.breaks["factor"].notna()]
    size = np.abs(np.log(seen["factor"].to_numpy(dtype="float64")))
    largest = seen.iloc[np.argsort(-size, kind="stable")[:_MARKED]]
    return [
        Mark(place[int(month)], float(sold[place[int(month)]]), view.say(f"planning.break.{kind}"))
        for month, kind in zip(largest["month"], largest["kind"], strict=True)
        if np.isfinite(sold[place[int(month)]])
    ]


def _how_good(view: View, methods: pd.DataFrame) -> str:
    say = view.say
    chosen = methods[methods["chosen"].to_numpy()].iloc[0]
    method = say(f"planning.method.{chosen['method']}")
    if not np.isfinite(chosen["relative"]):
        return say("planning.say.record_alone", method=method, mase=say.number(chosen["mase"], 2))
    if chosen["method"] == NAIVE:
        return say("planning.say.record_naive", n=int(chosen["n"]))
    if chosen["relative"] >= _HARDLY_BETTER:
        return say("planning.say.record_no_better", method=method, n=int(chosen["n"]))
    return say(
        "planning.say.record_better",
        method=method,
        n=int(chosen["n"]),
        less=say.percent(1 - chosen["relative"], 0),
    )


def _breaks(view: View, found: TurnoverForecast) -> str:
    """Which months stood out, and how they were treated."""
    say = view.say
    parts = []
    for _, row in found.breaks.iterrows():
        change = "" if pd.isna(row["factor"]) else say.percent(float(row["factor"]) - 1, 0, signed=True)
        month = say.month(period_of(row["month"]))
        parts.append(say(f"planning.say.break_{row['kind']}", month=month, change=change))
    return say("planning.say.breaks", parts=parts) if parts else ""


def _effects(view: View, found: TurnoverForecast) -> str:
    """What each week of a sale period did to its month, beside the season."""
    say, known = view.say, found.effects[(found.effects["status"] == OK).to_numpy()]
    parts = []
    for name, value in zip(known["name"], known["value"], strict=True):
        change = say.percent(value - 1, 0, signed=True)
        if abs(value - 1) < _VISIBLE:
            continue
        if name == "easter":
            parts.append(say("planning.say.easter_effect", change=change))
        else:
            parts.append(say("planning.say.effect", name=say(f"sale_period.{name}"), change=change))
    return say("planning.say.effects", parts=parts) if parts else ""


def _moves(made: Drivers) -> pd.DataFrame:
    """What each factor's plausible range would bring and cost in a year."""
    frame = made.levers
    value = frame["value"].to_numpy()
    return frame.assign(
        kind=made.kind,
        more=made.turnover * (frame["high"].to_numpy() / value - 1),
        less=made.turnover * (frame["low"].to_numpy() / value - 1),
    )


def _named(view: View, row: pd.Series, both: bool) -> str:
    factor = view.say(f"planning.factor.{row['name']}")
    return (
        view.say("planning.factor_of", factor=factor, kind=view.say(f"kind.{row['kind']}"))
        if both
        else factor
    )


def _range_of(view: View, row: pd.Series) -> str:
    low, high = (_written(view, row["name"], row[side]) for side in ("low", "high"))
    return view.say("planning.say.range", low=low, high=high)


def _written(view: View, name: str, value: float) -> str:
    say = view.say
    if name in ("basket", "order_value"):
        return say.money(value)
    if name == "conversion":
        return say.percent(value, 2)
    return say.number(value, 0 if name in ("visits", "accounts", "orders") else 2)


def _product(view: View, made: Drivers) -> str:
    """The factors and their product, written out."""
    say = view.say
    parts = [
        say(f"planning.part.{row['name']}", value=_written(view, row["name"], row["value"]))
        for _, row in made.levers.iterrows()
    ]
    return say(
        f"planning.say.product_{made.kind}",
        parts=" × ".join(parts),
        turnover=say.money(made.turnover, decimals=0),
        since=say.month(period_of(made.first)),
        until=say.month(period_of(made.last)),
    )

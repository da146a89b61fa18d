"""What service costs: stock and lost margin at every level, as cycle service and as fill rate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from echannel.metrics.inventory.policy import CURVE, curve_point, service_curve
from echannel.metrics.result import OK
from echannel.views import axes, charts, curves, theme
from echannel.views.cards import NO_FIGURES, Card, moved_by, reasons
from echannel.views.context import View
from echannel.views.frames import first_row, last_row
from echannel.views.inventory_facts import assumed, known, rows, stock
from echannel.views.inventory_plan import facts, plan
from echannel.views.inventory_plan_effect import asked, held_today, in_words, lowest_cash
from echannel.views.tables import Column, Table

_ASSUMED = ("unit_cost", "lead_time_days", "lead_time_sd_days", "order_cost", "holding_rate", "review_days")


def curve(view: View) -> pd.DataFrame:
    """The cost of service, for the lead times that the reader tries, whatever the level."""
    longer = view.choice.stock.longer

    def compute() -> pd.DataFrame:
        inventory, made = stock(view), plan(view)
        return service_curve(
            inventory.items,
            facts(view),
            made.classes,
            inventory.settings,
            CURVE,
            inventory.prices,
            longer,
        )

    return view.once(f"service curve {longer}", compute)


@moved_by(lambda view: (view.choice, asked(view)))
def service(view: View) -> Card:
    """Stock against service: where you are, and what more would cost."""
    say, made = view.say, plan(view)
    frame = curve(view)
    told = known(frame)
    here: dict[str, Any] = curve_point(made.policies)
    sentence, figures = "", NO_FIGURES
    if len(told) and here["status"] == OK:
        low, high = first_row(told), last_row(told)
        sentence = say(
            "inventory.say.service_now",
            money=say.money(here["stock_value"], decimals=0),
            cycle=say.percent(here["cycle_service"]),
            fill=say.percent(here["fill_rate"]),
            lost=say.money(here["lost_margin"], decimals=0),
        )
        sentence += " " + say(
            "inventory.say.service_range",
            low=say.percent(low["level"], 0),
            high=say.percent(high["level"], 0),
            more=say.money(high["stock_value"] - low["stock_value"], decimals=0),
            saved=say.money(low["lost_margin"] - high["lost_margin"], decimals=0),
        )
        figures = (_chart(view, told, float(here["cycle_service"])),)
    listed = pd.concat([_here(here), frame], ignore_index=True)
    table = Table(
        "service",
        listed if len(told) else listed.iloc[:0],
        (
            Column("level", "service_target", "percent", absent="what"),
            Column("cycle_service", "cycle_service", "percent"),
            Column("fill_rate", "fill_rate", "percent"),
            Column("stock_value", "average_stock", "money"),
            Column("safety_stock_value", "safety_stock_value", "money"),
            Column("holding_cost", "holding_cost", "money"),
            Column("lost_margin", "lost_margin", "money"),
            *_with_plan(view, listed),
        ),
        say.currency,
    )
    table = replace(table, frame=table.frame.assign(what=say("inventory.your_policy")))
    return Card(
        "inventory.service",
        sentence,
        rows(view, here["n"], "planned"),
        figures,
        table if len(told) else None,
        () if len(told) else reasons(frame),
        note=" ".join(filter(None, (_cash(view, here), in_words(view) if asked(view) else "")))
        if len(told)
        else "",
        assumed=assumed(view, stock(view).items.loc[made.policies.index], _ASSUMED) if len(told) else "",
        term="cycle_service_level",
    )


def _with_plan(view: View, listed: pd.DataFrame) -> tuple[Column, ...]:
    """The plan's lowest cash at every level, once the reader has asked for the plan."""
    seen = lowest_cash(view, listed["stock_value"].to_numpy(float)) if asked(view) else None
    if seen is None:
        return ()
    listed["lowest_cash"] = seen["lowest"].to_numpy()
    return (Column("lowest_cash", "planning_lowest_cash", "money"),)


def _cash(view: View, here: dict[str, Any]) -> str:
    """What the policy's mean stock takes or frees against today's stock of the same products."""
    say, today = view.say, held_today(view)
    more = float(here["stock_value"]) - today
    if here["status"] != OK or not np.isfinite(today):
        return ""
    return say(
        "inventory.say.cash_takes" if more > 0 else "inventory.say.cash_frees",
        money=say.money(abs(more), decimals=0),
        today=say.money(today, decimals=0),
    )


def _here(here: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{"level": np.nan, **here}])


def _chart(view: View, told: pd.DataFrame, now: float) -> charts.Figure:
    say = view.say
    levels = told["level"].tolist()
    notes = [
        say("inventory.say.fill_note", fill=say.percent(fill), cycle=say.percent(cycle))
        for fill, cycle in zip(told["fill_rate"], told["cycle_service"], strict=True)
    ]
    return curves.over_scale(
        levels,
        [say.percent(level, 0) for level in levels],
        [
            charts.Series(
                say("inventory.series.mean_stock"), told["stock_value"].tolist(), theme.MAIN, notes=notes
            ),
            charts.Series(
                say("inventory.series.lost_margin"),
                told["lost_margin"].tolist(),
                theme.ALERT,
                dash="dot",
                notes=notes,
            ),
        ],
        axes.whole_money(say),
        curves.percent_axis(say, levels),
        axes.short_money(say),
        here=min(max(now, levels[0]), levels[-1]),
        here_name=say("inventory.your_policy"),
        x_title=say("inventory.axis.service"),
        narrow_axis=curves.percent_axis(say, levels, most=5),
    )

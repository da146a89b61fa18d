"""Would it have worked: the last twelve months again, as they were and with the policy."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from echannel.metrics.inventory.past import Past, past_of
from echannel.metrics.inventory.replay import PROPOSED, TODAY, Replay, replay
from echannel.metrics.result import OK
from echannel.metrics.turnover import as_date
from echannel.stock import events_of
from echannel.views import axes, charts, curves, theme
from echannel.views.cards import NO_FIGURES, Card, Rows
from echannel.views.context import View
from echannel.views.frames import keyed
from echannel.views.inventory_facts import assumed, stock
from echannel.views.inventory_plan import plan
from echannel.views.tables import Column, Table

_MANY_INFERRED = 0.1
_ASSUMED = ("unit_cost", "lead_time_days", "lead_time_sd_days", "order_cost", "holding_rate", "review_days")
_SHOWN = (
    ("value", "money"),
    ("stock_out_days", "number"),
    ("lost_units", "number"),
    ("lost_margin_low", "money"),
    ("lost_margin_high", "money"),
    ("units_sold", "number"),
    ("special_units", "number"),
    ("fill_rate", "percent"),
    ("orders", "number"),
    ("order_lines", "number"),
)


def past(view: View) -> Past:
    """The last twelve months, with what could be known on each of their days."""
    return view.once("inventory past", lambda: past_of(stock(view), events_of(view.sme)))


def replayed(view: View) -> Replay:
    """Both sides, for the service level, lead times and budget that the reader tries.

    The profile's budget is for the next orders and says nothing of a year's: it is not in it.
    """
    made, budget = plan(view), view.choice.stock.budget
    budget = None if budget is None or math.isinf(budget) else budget
    key = f"inventory replay {made.tried} {budget}"
    return view.once(key, lambda: replay(past(view), stock(view).settings, made.tried, budget))


def proof(view: View) -> Card:
    """What happened against what the policy would have done with the same demand."""
    say, found = view.say, replayed(view)
    sides = keyed(found.summary, "side")
    ok = (sides["status"] == OK).all()
    now, then = sides.loc[TODAY], sides.loc[PROPOSED]
    sentence, figures = "", NO_FIGURES
    if ok:
        sentence = say(
            "inventory.say.proof",
            before=say.money(now["value"], decimals=0),
            after=say.money(then["value"], decimals=0),
            out=say.number(round(now["stock_out_days"])),
            less=say.number(round(then["stock_out_days"])),
            fill=say.percent(then["fill_rate"]),
            was=say.percent(now["fill_rate"]),
        )
        sentence += " " + _verdict(view, now, then)
        figures = (_chart(view, found),)
    table = Table(
        "proof",
        _listed(view, now, then),
        (
            Column("measure", "measure", words=lambda name: say(f"inventory.proof.{name}")),
            Column("today", "as_it_was"),
            Column("proposed", "with_policy"),
        ),
        say.currency,
    )
    own = past(view)
    notes = []
    if ok and now["left_out"]:
        notes.append(say("inventory.say.left_out", n=int(now["left_out"])))
    if ok and now["unpriced"]:
        notes.append(say("inventory.say.unpriced", n=int(now["unpriced"])))
    if ok and now["inferred_share"] > _MANY_INFERRED:
        notes.append(say("reason.deliveries_inferred", share=say.percent(now["inferred_share"], 0)))
    if ok and now["special_units"]:
        notes.append(say("reason.bought_for", n=round(now["special_units"])))
    first = own.first_day if len(found.daily) else stock(view).today
    rows = Rows(int(now["n"]), "products", as_date(first), as_date(stock(view).today))
    return Card(
        "inventory.proof",
        sentence,
        rows,
        figures,
        table if ok else None,
        () if ok else (str(now["reason"]),),
        note=" ".join(notes),
        assumed=assumed(view, own.items, _ASSUMED) if ok else "",
        term="fill_rate",
    )


def _verdict(view: View, now: Any, then: Any) -> str:
    """What it would have brought, or that it would not have: the proof may speak against the proposal."""
    say = view.say
    saved = (
        now["lost_margin_low"] - then["lost_margin_low"],
        now["lost_margin_high"] - then["lost_margin_high"],
    )
    freed = now["value"] - then["value"]
    if saved[1] > 0:
        text = say(
            "inventory.say.would_save",
            low=say.money(saved[0], decimals=0),
            high=say.money(saved[1], decimals=0),
        )
    else:
        text = say("inventory.say.would_lose", money=say.money(-saved[1], decimals=0))
    key = "inventory.say.would_free" if freed >= 0 else "inventory.say.would_tie"
    return f"{text} {say(key, money=say.money(abs(freed), decimals=0))}"


def _listed(view: View, now: Any, then: Any) -> pd.DataFrame:
    """One row per measure, worded, since each has a unit of its own."""
    say = view.say

    def worded(value: float, kind: str) -> str:
        if kind == "money":
            return say.money(value, decimals=0)
        return say.percent(value) if kind == "percent" else say.number(round(value))

    rows = [
        {"measure": name, "today": worded(now[name], kind), "proposed": worded(then[name], kind)}
        for name, kind in _SHOWN
        if pd.notna(now[name]) and pd.notna(then[name])
    ]
    return pd.DataFrame(rows, columns=["measure", "today", "proposed"])


def _chart(view: View, found: Replay) -> charts.Figure:
    say, daily = view.say, found.daily
    days = [as_date(int(day)) for day in daily["day"]]
    return curves.over_scale(
        list(range(len(days))),
        [say.day(day) for day in days],
        [
            charts.Series(say("inventory.series.as_it_was"), daily[TODAY].round(2).tolist(), theme.MUTED),
            charts.Series(say("inventory.series.with_policy"), daily[PROPOSED].round(2).tolist(), theme.MAIN),
        ],
        axes.whole_money(say),
        curves.day_axis(say, days),
        axes.short_money(say),
        narrow_axis=curves.day_axis(say, days, most=4),
    )

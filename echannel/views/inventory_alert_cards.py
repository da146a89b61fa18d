"""Cards on what goes wrong unless something is done: the next 30 days, and stock that cannot be right."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.inventory.alerts import alerts
from echannel.metrics.inventory.faults import faults as found_faults
from echannel.metrics.result import OK
from echannel.metrics.turnover import as_date
from echannel.views import charts, theme
from echannel.views.cards import NO_FIGURES, Card, Figures, steady
from echannel.views.context import View
from echannel.views.frames import first_row
from echannel.views.inventory_facts import (
    all_reasons,
    as_days,
    assumed,
    line_words,
    rows,
    stock,
    supplier,
)
from echannel.views.inventory_plan import base_plan
from echannel.views.tables import MOST_ROWS, Column, Table

_COLOURS = {
    "run_out": theme.ALERT,
    "expire": theme.THIRD,
    "overstock": theme.SOFT,
    "supplier_late": theme.MAIN,
}


def next_days(view: View) -> pd.DataFrame:
    """All alerts of the next 30 days, as the profile has the policy."""

    def compute() -> pd.DataFrame:
        inventory = stock(view)
        return alerts(
            base_plan(view).policies,
            inventory.items,
            inventory.position,
            view.sme.inventory_forecasts.paths,
            inventory.purchases,
            inventory.received,
            inventory.today,
            over_cover_days=inventory.settings.over_cover_days,
        )

    return view.once("inventory alerts", compute)


def run_out_sentence(view: View) -> str:
    """How many products run out within 30 days, and which first; "" where nobody can know."""
    say, lines = view.say, base_plan(view).lines
    if not (lines["status"] == OK).any():
        return ""
    empty = next_days(view)
    empty = empty[(empty["kind"] == "run_out").to_numpy()]
    if empty.empty:
        return say("inventory.say.nothing_runs_out")
    today = stock(view).today
    gone = int((empty["day"] <= today).sum())
    coming = empty[(empty["day"] > today).to_numpy()].sort_values("day", kind="stable")
    parts = [say("inventory.say.is_out", n=gone)] if gone else []
    if len(coming):
        first = first_row(coming)
        parts.append(
            say(
                "inventory.say.runs_out_too" if gone else "inventory.say.runs_out",
                n=len(coming),
                product=view.product(first["product_id"]),
                day=say.day(as_date(int(first["day"]))),
            )
        )
    return " ".join(parts)


@steady
def coming(view: View) -> Card:
    """What runs out, expires, is too much or comes late in the next 30 days."""
    say, frame, made = view.say, next_days(view), base_plan(view)
    sentence = run_out_sentence(view)
    late = frame[(frame["kind"] == "supplier_late").to_numpy()]
    if len(late):
        first = first_row(late)
        sentence += " " + say(
            "inventory.say.supplier_late",
            n=len(late),
            supplier=supplier(view, first["supplier_id"]),
            days=say("inventory.days", n=int(first["days_late"])),
        )
    figures = _figures(view, frame)
    shown = frame.assign(
        date=as_days(frame["day"]),
        words=[line_words(say, row["why"], row) for row in frame.to_dict("records")],
    )
    table = Table(
        "next-30-days",
        shown.head(MOST_ROWS),
        (
            Column("product_id", "product", words=view.product),
            Column("kind", "alert", words=lambda kind: say(f"inventory.alert.{kind}")),
            Column("date", "alert_day", "day"),
            Column("value", "alert_units", "number"),
            Column("money", "at_stake", "money"),
            Column("supplier_id", "supplier", words=lambda one: supplier(view, one)),
            Column("words", "order_why", long=True),
        ),
        say.currency,
    )
    inputs = ("lead_time_days", "lead_time_sd_days", "review_days")
    return Card(
        "inventory.coming",
        sentence.strip(),
        rows(view, (made.lines["status"] == OK).sum(), "planned"),
        figures,
        table if len(frame) else None,
        all_reasons([made.lines]) if len(made.lines) else ("reason.stock_missing",),
        assumed=assumed(view, stock(view).items, inputs) if len(frame) else "",
        term="stockout",
    )


def _figures(view: View, frame: pd.DataFrame) -> Figures:
    """The products that run out first, with their day; without any, the alerts by kind."""
    say, today = view.say, stock(view).today
    empty = frame[(frame["kind"] == "run_out").to_numpy()].sort_values("day", kind="stable").head(10)
    if len(empty):
        left = (empty["day"] - today).tolist()
        texts = [
            say(
                "inventory.say.until",
                day=say.day(as_date(today + int(n))),
                days=say("inventory.days", n=int(n)),
            )
            for n in left
        ]
        names = [view.product(name) for name in empty["product_id"]]
        return (charts.ranked(names, left, say.number, colour=theme.ALERT, texts=texts),)
    kinds = [kind for kind in _COLOURS if (frame["kind"] == kind).any()]
    if not kinds:
        return NO_FIGURES
    return (
        charts.ranked(
            [say(f"inventory.alert.{kind}") for kind in kinds],
            [float((frame["kind"] == kind).sum()) for kind in kinds],
            say.number,
            colour=[_COLOURS[kind] for kind in kinds],
            texts=[_count_and_money(view, frame, kind) for kind in kinds],
        ),
    )


def _count_and_money(view: View, frame: pd.DataFrame, kind: str) -> str:
    of = frame[(frame["kind"] == kind).to_numpy()]
    count = view.say("views.rows.products", n=of["product_id"].nunique())
    money = of["money"].sum()
    return f"{count} · {view.say.money(money, decimals=0)}" if money > 0 else count


@steady
def faults(view: View) -> Card | None:
    """Stock, sales and products that cannot be right; nothing where all is well."""
    say = view.say
    frame = view.once("inventory faults", lambda: found_faults(stock(view)))
    if frame.empty:
        return None
    counts = frame["fault"].value_counts(sort=False)
    first = first_row(frame)
    sentence = say("inventory.say.faults", n=len(frame), fault=say(first["key"]))
    shown = frame.assign(date=as_days(frame["day"]))
    table = Table(
        "stock-faults",
        shown.head(MOST_ROWS),
        (
            Column("key", "stock_fault", words=lambda key: say(str(key)), long=True),
            Column("product_id", "product", words=lambda one: _whole_shop(view, one)),
            Column("other_id", "with_product", words=lambda one: view.product(one) if one else "–"),
            Column("date", "day", "day"),
            Column("value", "fault_size", "decimal"),
            Column("n", "cases", "number"),
        ),
    )
    figures = (
        charts.ranked(
            [say(f"stock_fault.{fault}") for fault in counts.index],
            [float(n) for n in counts],
            lambda n: say.number(n),
        ),
    )
    stocked = np.isfinite(stock(view).position["on_hand"]).sum()
    return Card("inventory.faults", sentence, rows(view, stocked, "stocked"), figures, table)


def _whole_shop(view: View, product_id: object) -> str:
    return view.product(product_id) if product_id else view.say("inventory.whole_shop")

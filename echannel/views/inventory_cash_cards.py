"""Cards on cash that does not move: dead, slow and too much stock, and how old it is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.inventory import ageing as metrics
from echannel.metrics.result import OK
from echannel.views import axes, charts, theme
from echannel.views.cards import NO_FIGURES, Card, reasons, steady
from echannel.views.context import View
from echannel.views.frames import first_row
from echannel.views.inventory_facts import assumed, known, measured, rows, stock
from echannel.views.inventory_plan import safety_days
from echannel.views.tables import MOST_ROWS, Column, Table

_IDLE = ("dead", "slow", "over")
_COLOURS = {"dead": theme.THIRD, "slow": theme.ALERT, "over": theme.SOFT}


@steady
def idle(view: View) -> Card:
    """Which stock ties up cash: dead, slow, too much."""
    say, inventory = view.say, stock(view)
    sums, each = _verdicts(view), _idle_stock(view)
    listed = each[(each["verdict"].isin(_IDLE) & ~(each["excess"] == 0)).to_numpy()]
    some = sums.loc[list(_IDLE)]
    told = some[(some["status"] == OK).to_numpy() & (some["n"] > 0).to_numpy()]
    sentence, figures = "", NO_FIGURES
    unknown = not np.isfinite(inventory.position["on_hand"]).any()
    if len(told):
        sentence = say("inventory.say.idle", money=say.money(told["value"].sum(), decimals=0))
        sentence += " " + say(
            "inventory.say.idle_parts",
            parts=say.enumeration(
                [
                    say(f"inventory.say.{name}", n=int(row["n"]), money=say.money(row["value"], decimals=0))
                    for name, row in told.iterrows()
                ]
            ),
        )
        top = known(listed).head(8)
        if len(top):
            figures = (
                charts.ranked(
                    [view.product(name) for name in top["product_id"]],
                    top["value"].tolist(),
                    axes.whole_money(say),
                    colour=[_COLOURS[verdict] for verdict in top["verdict"]],
                    texts=[
                        f"{say.money(money, decimals=0)} · {say(f'inventory.verdict.{verdict}')}"
                        for money, verdict in zip(top["value"], top["verdict"], strict=True)
                    ],
                ),
            )
    elif not unknown and inventory.sales_known:
        sentence = say("inventory.say.nothing_idle")
    table = Table(
        "idle-stock",
        listed.assign(cover=listed["cover"].replace(np.inf, np.nan)).head(MOST_ROWS),
        (
            Column("product_id", "product", words=view.product),
            Column("verdict", "stock_verdict", words=lambda name: say(f"inventory.verdict.{name}")),
            Column("value", "cash_tied_up", "money"),
            Column("excess", "units_too_many", "number"),
            Column("units", "units_on_hand", "number"),
            Column("cover", "days_of_cover", "number"),
            Column("days_since_sale", "days_since_sale", "number"),
        ),
        say.currency,
    )
    return Card(
        "inventory.idle",
        sentence,
        rows(view, np.isfinite(inventory.position["on_hand"]).sum(), "stocked"),
        figures,
        table if len(listed) else None,
        ("reason.stock_missing",) if unknown else reasons(some),
        assumed=assumed(view, inventory.items, ("lead_time_days", "review_days")) if len(listed) else "",
        term="dead_stock",
    )


@steady
def age(view: View) -> Card:
    """How old the stock is."""
    say = view.say
    frame = measured(view, metrics.ageing)
    there = frame[(frame["units"] > 0).to_numpy()]
    sentence, figures = "", NO_FIGURES
    if len(there):
        old = there[there["bucket"].isin(["181_365", "over_365"]).to_numpy()]
        sentence = say("inventory.say.age", share=say.percent(old["share"].sum(), 0))
        dark = there.loc[there["bucket"] == "unknown", "share"].sum()
        if dark > 0.005:
            sentence += " " + say("inventory.say.age_unknown", share=say.percent(dark, 0))
        figures = (
            charts.ranked(
                [say(f"inventory.age.b{bucket}") for bucket in there["bucket"]],
                there["share"].tolist(),
                axes.percents(say),
                colour=[theme.MUTED if b == "unknown" else theme.MAIN for b in there["bucket"]],
                texts=[_share_and_value(view, row) for _, row in there.iterrows()],
            ),
        )
    table = Table(
        "stock-age",
        there,
        (
            Column("bucket", "stock_age", words=lambda bucket: say(f"inventory.age.b{bucket}")),
            Column("value", "value_at_cost", "money"),
            Column("units", "units_on_hand", "number"),
            Column("share", "share", "percent"),
            Column("n", "products", "number"),
        ),
        say.currency,
    )
    stocked = np.isfinite(stock(view).position["on_hand"]).sum()
    return Card(
        "inventory.age",
        sentence,
        rows(view, stocked, "stocked"),
        figures,
        table if len(there) else None,
        () if len(there) else reasons(frame),
        term="stock_ageing",
    )


def _share_and_value(view: View, row: pd.Series) -> str:
    share = view.say.percent(row["share"], 0)
    return f"{share} · {view.say.money(row['value'], decimals=0)}" if row["status"] == OK else share


def tied_up(view: View) -> float:
    """The cash in dead, slow and too much stock; NaN where it is not known."""
    sums = _verdicts(view).loc[list(_IDLE)]
    told = sums[(sums["status"] == OK).to_numpy()]
    return float(told["value"].sum()) if len(told) else float("nan")


def _verdicts(view: View) -> pd.DataFrame:
    """Stock by verdict, for the opening and the card in every language."""
    return view.once(
        "tied cash",
        lambda: metrics.cash_tied_up(stock(view), safety_days(view)).set_index("verdict"),
    )


def _idle_stock(view: View) -> pd.DataFrame:
    """Every product's verdict, likewise."""
    return view.once("idle stock", lambda: metrics.idle_stock(stock(view), safety_days(view)))


def first_idle(view: View) -> pd.Series | None:
    """The product that ties up most cash; None where none does."""
    each = known(_idle_stock(view))
    each = each[(each["value"] > 0).to_numpy()]
    return first_row(each) if len(each) else None

"""Cards on what customers are worth and what to do for whom: segments, the quiet ones, lifetime value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from echannel.locale import Speaker
from echannel.metrics import lifetime, rfm
from echannel.metrics.result import OK
from echannel.views import axes, charts
from echannel.views.cards import NO_FIGURES, Card, reasons
from echannel.views.context import View
from echannel.views.customer_cards import all_days, own_customers
from echannel.views.frames import first_row
from echannel.views.tables import Column, Table

QUIET = ("at_risk", "cannot_lose")  # good customers who have not bought for long


def rfm_segments(view: View) -> Card:
    """Customers in eleven segments, with one thing to do for each."""
    say, part = view.say, own_customers(view)
    frame = part.of_all_days(rfm.rfm_segments)
    known = frame[(frame["status"] == OK) & (frame["n"] > 0)]
    sentence, figures = "", NO_FIGURES
    if len(known):
        best = known.sort_values("value", ascending=False).iloc[0]
        sentence = say(
            "growth.say.rfm_best",
            segment=_segment(say, best["segment"]),
            n=int(best["n"]),
            share=say.percent(best["turnover_share"], 0),
        )
        losing = known[known["segment"].isin(QUIET)]
        if len(losing) and losing["n"].sum():
            sentence += " " + say(
                "growth.say.rfm_losing",
                n=int(losing["n"].sum()),
                money=say.money(losing["value"].sum(), decimals=0),
            )
        figures = (
            charts.ranked(
                [_segment(say, code) for code in known["segment"]],
                known["value"].tolist(),
                axes.whole_money(say),
                texts=[
                    f"{say.money(value, decimals=0)} · {say('views.rows.customers', n=int(n))}"
                    for value, n in zip(known["value"], known["n"], strict=True)
                ],
                notes=[_action(say, code) for code in known["segment"]],
            ),
        )
    table = Table(
        "rfm",
        frame.assign(action=frame["segment"]),
        (
            Column("segment", "segment", words=lambda code: _segment(say, code)),
            Column("action", "action", words=lambda code: _action(say, code)),
            Column("n", "customers", "number"),
            Column("customer_share", "customer_share", "percent"),
            Column("value", "net_turnover", "money"),
            Column("turnover_share", "turnover_share", "percent"),
            Column("recency", "days_since_last", "number"),
            Column("average_order_value", "aov_net", "cents"),
        ),
        say.currency,
    )
    return Card(
        "growth.rfm_segments",
        sentence,
        all_days(part, int(frame["n"].sum())),
        figures,
        table,
        reasons(frame),
        term="rfm",
    )


def quiet_customers(view: View) -> Card | None:
    """Good customers gone quiet, each with the number of the last order, by which the shop finds them."""
    if "b2c" not in view.kinds:
        return None
    say, part = view.say, own_customers(view)
    scores = part.of_all_days(rfm.rfm_scores)
    quiet = scores[scores["segment"].isin(QUIET)].sort_values("monetary", ascending=False).head(200)
    quiet = quiet.assign(number=last_orders(part, quiet["customer_id"]))
    top = quiet.head(8)
    sentence, figures = say("growth.say.no_quiet_customers"), NO_FIGURES
    if len(quiet):
        number = int(scores["segment"].isin(QUIET).sum())
        sentence = say("growth.say.quiet_customers", n=number, days=say.number(quiet["recency"].median()))
        figures = (
            charts.ranked(
                [say("growth.customer", code=str(name)[:8]) for name in top["customer_id"]],
                top["monetary"].tolist(),
                axes.whole_money(say),
                notes=[say("growth.say.last_order_number", number=name) for name in top["number"]],
            ),
        )
    table = Table(
        "quiet-customers",
        quiet,
        (
            Column("number", "last_order_number"),
            Column("customer_id", "customer", words=lambda name: say("growth.customer", code=str(name)[:8])),
            Column("country", "country", "country"),
            Column("segment", "segment", words=lambda code: _segment(say, code)),
            Column("monetary", "net_turnover", "money"),
            Column("frequency", "orders", "number"),
            Column("recency", "days_since_last", "number"),
        ),
        say.currency,
    )
    return Card(
        "growth.quiet_customers",
        sentence,
        all_days(part, len(scores)),
        figures,
        table if len(quiet) else None,
        () if len(scores) else reasons(part.of_all_days(rfm.rfm_segments)),
    )


def last_orders(view: View, customers: pd.Series) -> list[str]:
    """The number of each customer's latest order: names are never stored, the shop finds them by it."""
    orders = view.whole.orders.dropna(subset=["customer_id"]).drop_duplicates("customer_id", keep="last")
    number = dict(zip(orders["customer_id"].astype(str), orders["order_id"].astype(str), strict=True))
    return [number.get(str(name), "") for name in customers]


def lifetime_value(view: View) -> Card:
    """What a customer is expected to bring over the next one, two and three years."""
    # A customer's worth is of no single channel or country: fitted once, whatever the reader picks there.
    part = own_customers(view.chosen(replace(view.choice, channel=None, country=None)))
    say, result = view.say, part.of_all_days(lifetime.lifetime_value)
    summary, people = result.summary, result.customers
    known = summary[summary["status"] == OK]
    sentence, figures, note = "", NO_FIGURES, ""
    if len(known) and result.model == "bg_nbd":
        year = first_row(known)
        value = people["clv_12"].to_numpy(dtype="float64")
        top = np.sort(value)[::-1][: max(1, len(value) // 5)].sum() / max(np.nansum(value), 1e-9)
        sentence = say(
            "growth.say.clv",
            money=say.money(year["value"]),
            total=say.money(year["total"], decimals=0),
            share=say.percent(top, 0),
        )
        figures = (
            charts.ranked(
                [say("growth.say.next_months", n=int(months)) for months in known["months"]],
                known["value"].tolist(),
                lambda amount: say.money(amount),
            ),
        )
        if not result.independent:
            note = say("growth.note.clv_dependent", correlation=say.number(result.correlation, 2))
    elif len(people):
        sentence = say("growth.say.clv_historic", money=say.money(people["historic"].mean()))
    table = Table(
        "customer-value",
        summary,
        (
            Column("months", "horizon", words=lambda months: say("growth.say.next_months", n=int(months))),
            Column("value", "value_per_customer", "cents"),
            Column("total", "value_of_all", "money"),
            Column("n", "customers", "number"),
        ),
        say.currency,
    )
    return Card(
        "growth.lifetime_value",
        sentence,
        all_days(part, len(people)),
        figures,
        table if len(known) else None,
        reasons(summary),
        note,
        term="clv",
    )


def _segment(say: Speaker, code: str) -> str:
    return say(f"rfm.segment.{code}.name")


def _action(say: Speaker, code: str) -> str:
    return say(f"rfm.segment.{code}.action")

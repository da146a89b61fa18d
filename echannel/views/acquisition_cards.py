"""Cards on visits: from visit to order, and what winning an order or a customer costs."""

from __future__ import annotations

import pandas as pd

from echannel.metrics import acquisition
from echannel.metrics.result import OK
from echannel.metrics.turnover import Sales
from echannel.views import axes, charts, theme
from echannel.views.cards import NO_FIGURES, Card, reasons
from echannel.views.context import View
from echannel.views.frames import keyed, largest, last_row
from echannel.views.tables import Column, Table


def funnel(view: View) -> Card:
    """How many visits end in an order, and where the others leave."""
    say, whole = view.say, view.whole
    frame = view.figures(acquisition.funnel, whole.visits, whole.entries, view.period)
    rate = view.figures(acquisition.conversion, whole.visits, whole.entries, view.period).iloc[0]
    known = frame[frame["status"] == OK]
    sentence, figures = "", NO_FIGURES
    if rate["status"] == OK:
        sentence = say(
            "growth.say.conversion",
            in_hundred=say.number(100 * rate["value"], 1),
            low=say.percent(rate["low"]),
            high=say.percent(rate["high"]),
        )
    later = known[known["from_previous"].notna()]
    if len(later) > 1:
        worst = largest(later, -later["from_previous"])
        sentence += " " + say(
            "growth.say.biggest_leak",
            step=say(f"growth.funnel.{worst['step']}"),
            share=say.percent(worst["from_previous"], 0),
        )
    if len(known):
        figures = (
            charts.ranked(
                [say(f"growth.funnel.{step}") for step in known["step"]],
                known["value"].tolist(),
                axes.counts(say),
                texts=[
                    say.number(value) + (f" · {say.percent(share, 1)}" if pd.notna(share) else "")
                    for value, share in zip(known["value"], known["from_sessions"], strict=True)
                ],
            ),
        )
    table = Table(
        "funnel",
        known,
        (
            Column("step", "step", words=lambda step: say(f"growth.funnel.{step}")),
            Column("value", "count", "number"),
            Column("from_previous", "from_previous", "percent"),
            Column("from_sessions", "from_sessions", "percent"),
        ),
    )
    missing = reasons(frame) if not len(known) else reasons(frame[frame["step"] != "orders"])
    return Card(
        "growth.funnel",
        sentence.strip(),
        view.rows(int(rate["n"]), "sessions"),
        figures,
        table if len(known) else None,
        missing,
    )


def conversion_by_month(view: View) -> Card | None:
    """The conversion rate month by month; nothing where there are no visits."""
    say = view.say
    frame = view.of_all_days(_monthly_conversion)
    if not frame["value"].notna().any():
        return None
    known = frame[frame["status"] == OK]
    last, mean = last_row(known), known["numerator"].sum() / known["denominator"].sum()
    sentence = say(
        "growth.say.conversion_month",
        month=last["month"],
        rate=say.percent(last["value"], 2),
        mean=say.percent(mean, 2),
    )
    figure = charts.over_months(
        say,
        list(frame["month"]),
        [],
        [charts.Series(say("growth.series.conversion"), frame["value"].tolist(), theme.MAIN)],
        axes.percents(say, 2),
        axes.percents(say, 1),
        height=300,
    )
    table = Table(
        "conversion",
        frame,
        (
            Column("month", "month", "month"),
            Column("numerator", "orders", "number"),
            Column("denominator", "sessions", "number"),
            Column("value", "conversion_rate", "percent"),
            Column("cost", "ad_spend", "money"),
        ),
        say.currency,
    )
    return Card(
        "growth.conversion_by_month",
        sentence,
        view.rows(int(frame["n"].sum()), "sessions", view.whole),
        (figure,),
        table,
        reasons(frame),
        term="conversion_rate",
    )


def advertising(view: View) -> Card:
    """What a new customer costs, and what a pound or euro of advertising goes with."""
    say, whole = view.say, view.whole
    frame = keyed(view.figures(acquisition.efficiency, whole.visits, whole.entries, view.period), "measure")
    sources = view.figures(acquisition.by_source, whole.visits, view.period, view.compared)
    paid = sources[(sources["status"] == OK) & (sources["cost"] > 0)]
    sentence, figures = "", NO_FIGURES
    if frame.loc["cac", "status"] == OK:
        sentence = say(
            "growth.say.cac",
            cost=say.money(frame.loc["cost", "value"], decimals=0),
            n=int(frame.loc["cac", "denominator"]),
            cac=say.money(frame.loc["cac", "value"]),
        )
    if frame.loc["mer", "status"] == OK:
        sentence += " " + say(
            "growth.say.mer", one=say.money(1, decimals=0), mer=say.money(frame.loc["mer", "value"])
        )
    costed = paid[paid["cost_per_order"].notna()].head(8)
    if len(costed):
        figures = (
            charts.ranked(
                [_source(view, row) for _, row in costed.iterrows()],
                costed["cost_per_order"].tolist(),
                lambda value: say.money(value),
                notes=[say("views.rows.sessions", n=int(n)) for n in costed["sessions"]],
            ),
        )
    table = Table(
        "sources",
        sources.assign(name=[_source(view, row) for _, row in sources.iterrows()]),
        (
            Column("name", "visit_source"),
            Column("sessions", "sessions", "number"),
            Column("share", "share", "percent"),
            Column("change", "change", "change"),
            Column("numerator", "tracked_orders", "number"),
            Column("value", "conversion_rate", "percent"),
            Column("cost", "ad_spend", "money"),
            Column("cost_per_order", "cost_per_order", "cents"),
        ),
        say.currency,
    )
    return Card(
        "growth.advertising",
        sentence.strip(),
        view.rows(int(sources["sessions"].sum()) if len(sources) else 0, "sessions"),
        figures,
        table if (sources["status"] == OK).any() else None,
        reasons(frame.reset_index()),
        term="cac",
    )


def _monthly_conversion(sales: Sales) -> pd.DataFrame:
    return acquisition.monthly_conversion(sales.visits, sales.entries)


def _source(view: View, row: pd.Series) -> str:
    """A source of visits: its medium in words where it is a usual one, and its own name."""
    medium = str(row["medium"])
    known = {"organic", "cpc", "email", "referral", "social", "direct", "none", "(none)"}
    word = view.say(f"growth.medium.{medium.strip('()')}") if medium in known else medium
    source = str(row["source"])
    return word if source in ("direct", "(direct)") else f"{source} · {word}"

"""Cards on customers: who is new, who comes back, when, what they are worth.

A firm that sells to consumers sees its consumers here, and its accounts under B2B; a pure B2B firm
sees its accounts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from echannel.locale import Speaker
from echannel.metrics import customers, lifetime, rfm
from echannel.metrics.result import OK
from echannel.metrics.turnover import as_date
from echannel.views import charts, theme
from echannel.views.cards import NO_FIGURES, Card, Rows, reasons
from echannel.views.context import View
from echannel.views.frames import first_row, keyed, last_row
from echannel.views.tables import Column, Table

_GROUP_COLOURS = {"new": theme.SECOND, "returning": theme.MAIN, "unknown": theme.MUTED}

QUIET = ("at_risk", "cannot_lose")  # good customers who have not bought for long


def own_customers(view: View) -> View:
    """The view of those whom this section is about: consumers where there are any, else accounts."""
    return view.of_kind("b2c" if "b2c" in view.kinds else "b2b")


def new_and_returning(view: View) -> Card:
    """Turnover of new and of returning customers, by month."""
    say, part = view.say, own_customers(view)
    frame = part.of_all_days(customers.new_and_returning)
    inside = frame[_months_in(frame["month"], view)]
    totals = inside.groupby("group", observed=True)[["value", "orders"]].sum()
    known: Any = totals.reindex(["new", "returning"]).fillna(0.0)
    turnover = float(known["value"].sum())
    if turnover > 0:
        sentence = say(
            "growth.say.returning_share",
            share=say.percent(known.loc["returning", "value"] / turnover, 0),
            returning=say.money(known.loc["returning", "value"], decimals=0),
            new=say.money(known.loc["new", "value"], decimals=0),
        )
    else:
        sentence = say("growth.say.no_known_customers")
    months = list(dict.fromkeys(frame["month"]))
    bars = [
        charts.Series(
            say(f"growth.group.{group}"),
            frame.loc[frame["group"] == group, "value"].tolist(),
            _GROUP_COLOURS[group],
        )
        for group in customers.GROUPS
        if totals["orders"].get(group, 0) or group != "unknown"
    ]
    complete = frame.loc[frame["group"] == "new", "complete"].tolist()
    figure = charts.over_months(
        say,
        months,
        bars,
        [],
        charts.whole_money(say),
        charts.short_money(say),
        stacked=True,
        incomplete=[not done for done in complete],
    )
    table = Table(
        "new-returning",
        frame,
        (
            Column("month", "month", "month"),
            Column("group", "customer_group", words=lambda group: say(f"growth.group.{group}")),
            Column("value", "net_turnover", "money"),
            Column("share", "share", "percent"),
            Column("orders", "orders", "number"),
            Column("customers", "customers", "number"),
        ),
        say.currency,
    )
    orders = int(totals["orders"].sum())
    return Card(
        "growth.new_and_returning",
        sentence,
        view.rows(orders),
        (figure,),
        table,
        reasons(frame),
    )


def repeat_rate(view: View) -> Card | None:
    """How many customers buy again."""
    if "b2c" not in view.kinds:
        return None
    say, part = view.say, own_customers(view)
    frame = customers.repeat_purchase_rate(part.sales)
    whole = part.of_all_days(customers.repeat_purchase_rate)
    matured = whole[whole["view"] == "matured"]
    shown = pd.concat([frame[frame["view"] == "window"], matured], ignore_index=True)
    row = first_row(matured)
    before = customers.repeat_purchase_rate(part.before) if part.before is not None else None
    sentence = ""
    if row["status"] == OK:
        sentence = say(
            "growth.say.repeat_rate",
            n=int(row["denominator"]),
            in_ten=say.number(10 * row["value"], 1),
            rate=say.percent(row["value"]),
        )
    now = first_row(frame[frame["view"] == "window"])
    then = first_row(before[before["view"] == "window"]) if before is not None else None
    if then is not None and now["status"] == OK and then["status"] == OK:
        sentence += " " + say(
            "growth.say.repeat_rate_before", now=say.percent(now["value"]), then=say.percent(then["value"])
        )
    known = shown[shown["status"] == OK]
    figures = NO_FIGURES
    if len(known):
        figures = (
            charts.ranked(
                [say(f"growth.repeat_view.{name}") for name in known["view"]],
                known["value"].tolist(),
                charts.percents(say, 1),
                notes=[say("views.rows.customers", n=int(n)) for n in known["denominator"]],
            ),
        )
    table = Table(
        "repeat-rate",
        shown,
        (
            Column("view", "view", words=lambda name: say(f"growth.repeat_view.{name}")),
            Column("numerator", "customers_back", "number"),
            Column("denominator", "customers", "number"),
            Column("value", "repeat_rate", "percent"),
        ),
    )
    return Card(
        "growth.repeat_rate",
        sentence.strip(),
        _all_days(part, int(row["denominator"])),
        figures,
        table,
        reasons(shown),
        term="repeat_purchase_rate",
    )


def time_between_orders(view: View) -> Card:
    """How many days pass from one purchase to the next."""
    say, part = view.say, own_customers(view)
    frame = part.of_all_days(customers.time_between_orders)
    overall = first_row(frame[frame["order_number"] == 0])
    steps = frame[(frame["order_number"] > 0) & (frame["status"] == OK)]
    sentence, figures = "", NO_FIGURES
    if overall["status"] == OK:
        sentence = say(
            "growth.say.time_between",
            days=say.number(overall["value"]),
            early=say.number(overall["q25"]),
            late=say.number(overall["q75"]),
        )
    if len(steps):
        last = int(frame["order_number"].max())
        figures = (
            charts.ranked(
                [_step_name(say, int(number), last) for number in steps["order_number"]],
                steps["value"].tolist(),
                lambda days: say("growth.days", n=round(days)),
                notes=[
                    say("growth.say.half_between", early=say.number(low), late=say.number(high))
                    for low, high in zip(steps["q25"], steps["q75"], strict=True)
                ],
            ),
        )
    last = int(frame["order_number"].max())
    table = Table(
        "time-between-orders",
        frame,
        (
            Column("order_number", "purchase", words=lambda number: _step_name(say, int(number), last)),
            Column("value", "median_days", "number"),
            Column("q25", "quarter_before", "number"),
            Column("q75", "quarter_after", "number"),
            Column("n", "intervals", "number"),
        ),
    )
    return Card(
        "growth.time_between_orders",
        sentence,
        _all_days(part, int(overall["n"]), "intervals"),
        figures,
        table,
        reasons(frame[frame["order_number"] == 0]),
    )


def cohort_retention(view: View) -> Card | None:
    """Customers by month of first order: how many are back, month by month."""
    if "b2c" not in view.kinds:
        return None
    say, part = view.say, own_customers(view)
    frame = part.of_all_days(customers.cohort_retention)
    curve = part.of_all_days(customers.retention_by_age)
    cohorts = list(dict.fromkeys(frame["cohort"]))[-18:]
    grid = frame[frame["cohort"].isin(cohorts) & frame["age"].between(1, 12) & frame["complete"]]
    matrix = grid.pivot_table(index="cohort", columns="age", values="value", dropna=False, observed=False)
    matrix = matrix.reindex(index=cohorts, columns=range(1, 13))
    cohorts = [cohort for cohort in cohorts if matrix.loc[cohort].notna().any()]
    matrix = matrix.reindex(index=cohorts)
    size = keyed(frame.drop_duplicates("cohort"), "cohort")["denominator"]
    known = curve[(curve["status"] == OK) & curve["age"].between(1, 12)]
    sentence = ""
    if len(known):
        first = first_row(known)
        later = last_row(known)
        sentence = say(
            "growth.say.retention",
            first=say.percent(first["value"]),
            age=int(later["age"]),
            n=int(later["age"]),
            later=say.percent(later["value"]),
        )
    figures, shaded = NO_FIGURES, bool(matrix.notna().to_numpy().any())
    if shaded:
        figures = (
            charts.heatmap(
                [f"{say.month(cohort)} ({say.number(size[cohort])})" for cohort in cohorts],
                [say.number(age) for age in range(1, 13)],
                matrix.to_numpy(dtype="float64"),
                charts.percents(say),
                "",
                say("growth.axis.months_since"),
            ),
        )
    elif len(known):
        figures = (
            charts.ranked(
                [say("growth.axis.month_number", number=int(age)) for age in known["age"]],
                known["value"].tolist(),
                charts.percents(say, 1),
                notes=[say("views.rows.customers", n=int(n)) for n in known["numerator"]],
            ),
        )
    table = Table(
        "cohorts",
        frame[frame["cohort"].isin(cohorts) & (frame["age"] <= 12)],
        (
            Column("cohort", "cohort", "month"),
            Column("age", "months_since", "number"),
            Column("denominator", "cohort_customers", "number"),
            Column("numerator", "active_customers", "number"),
            Column("value", "retention", "percent"),
            Column("turnover", "net_turnover", "money"),
            Column("cumulative_per_customer", "cumulative_per_customer", "cents"),
        ),
        say.currency,
    )
    missing = () if figures else reasons(frame)
    return Card(
        "growth.cohort_retention",
        sentence,
        _all_days(part, int(size.sum())),
        figures,
        table,
        missing,
        note=say("growth.note.cohort_cells") if shaded else "",
        term="customer_cohort",
    )


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
                charts.whole_money(say),
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
        _all_days(part, int(frame["n"].sum())),
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
                charts.whole_money(say),
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
        _all_days(part, len(scores)),
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
        _all_days(part, len(people)),
        figures,
        table if len(known) else None,
        reasons(summary),
        note,
        term="clv",
    )


def _months_in(months: pd.Series, view: View) -> pd.Series:
    since = as_date(view.period.since).to_period("M")
    until = as_date(view.period.until).to_period("M")
    return (months >= since) & (months <= until)


def _all_days(view: View, n: int, unit: str = "customers") -> Rows:
    return view.rows(n, unit, view.whole)


def _step_name(say: Speaker, number: int, last: int) -> str:
    if number == 0:
        return say("growth.step.all")
    if number == last:
        return say("growth.step.from", number=number - 1)
    return say("growth.step.between", earlier=number - 1, later=number)


def _segment(say: Speaker, code: str) -> str:
    return say(f"rfm.segment.{code}.name")


def _action(say: Speaker, code: str) -> str:
    return say(f"rfm.segment.{code}.action")

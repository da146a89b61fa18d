"""Cards on customers: who is new, who comes back, when, what they are worth.

A firm that sells to consumers sees its consumers here, and its accounts under B2B; a pure B2B firm
sees its accounts.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from echannel.locale import Speaker
from echannel.metrics import customers
from echannel.metrics.result import OK
from echannel.metrics.turnover import as_date
from echannel.views import axes, charts, theme
from echannel.views.cards import NO_FIGURES, Card, Rows, reasons
from echannel.views.context import View
from echannel.views.frames import first_row, keyed, last_row
from echannel.views.tables import Column, Table

_GROUP_COLOURS = {"new": theme.SECOND, "returning": theme.MAIN, "unknown": theme.MUTED}


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
        axes.whole_money(say),
        axes.short_money(say),
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
    frame = view.figures(customers.repeat_purchase_rate, part.sales)
    whole = part.of_all_days(customers.repeat_purchase_rate)
    matured = whole[whole["view"] == "matured"]
    shown = pd.concat([frame[frame["view"] == "window"], matured], ignore_index=True)
    row = first_row(matured)
    before = view.figures(customers.repeat_purchase_rate, part.before) if part.before is not None else None
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
                axes.percents(say, 1),
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
        all_days(part, int(row["denominator"])),
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
        all_days(part, int(overall["n"]), "intervals"),
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
                axes.percents(say),
                "",
                say("growth.axis.months_since"),
            ),
        )
    elif len(known):
        figures = (
            charts.ranked(
                [say("growth.axis.month_number", number=int(age)) for age in known["age"]],
                known["value"].tolist(),
                axes.percents(say, 1),
                notes=[say("views.rows.customers", n=int(n)) for n in known["numerator"]],
            ),
        )
    # Behind the bars of a few customers stand the bars' own figures: no cohort of theirs is large enough.
    behind = frame[frame["cohort"].isin(cohorts) & (frame["age"] <= 12)] if shaded else known
    by_cohort = (Column("cohort", "cohort", "month"),) if shaded else ()
    paid = (Column("turnover", "net_turnover", "money"),) if shaded else ()
    table = Table(
        "cohorts",
        behind,
        (
            *by_cohort,
            Column("age", "months_since", "number"),
            Column("denominator", "cohort_customers", "number"),
            Column("numerator", "active_customers", "number"),
            Column("value", "retention", "percent"),
            *paid,
            Column("cumulative_per_customer", "cumulative_per_customer", "cents"),
        ),
        say.currency,
    )
    missing = () if figures else reasons(frame)
    return Card(
        "growth.cohort_retention",
        sentence,
        all_days(part, int(size.sum())),
        figures,
        table,
        missing,
        note=say("growth.note.cohort_cells") if shaded else "",
        term="customer_cohort",
    )


def _months_in(months: pd.Series, view: View) -> pd.Series:
    since = as_date(view.period.since).to_period("M")
    until = as_date(view.period.until).to_period("M")
    return (months >= since) & (months <= until)


def all_days(view: View, n: int, unit: str = "customers") -> Rows:
    """Rows of all days in the data, not only of the chosen period."""
    return view.rows(n, unit, view.whole)


def _step_name(say: Speaker, number: int, last: int) -> str:
    if number == 0:
        return say("growth.step.all")
    if number == last:
        return say("growth.step.from", number=number - 1)
    return say("growth.step.between", earlier=number - 1, later=number)

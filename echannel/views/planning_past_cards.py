"""The past from the books, and plan against actual: what came otherwise, and why."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.locale import Speaker
from echannel.metrics.planning import books as metrics
from echannel.metrics.planning.actuals import PARTS, against_plan
from echannel.metrics.planning.books import Books
from echannel.metrics.planning.cost_variance import RESULT
from echannel.metrics.result import OK
from echannel.risks import books_of, costs_against_plan, planned_months
from echannel.views import axes, charts, theme
from echannel.views.cards import Card, Rows, moved_by, steady
from echannel.views.context import View, on_paper_too
from echannel.views.planning_facts import YEAR, first_day, period_of
from echannel.views.planning_facts import rows as plan_rows
from echannel.views.planning_keep import kept_plan
from echannel.views.tables import Column, Table

_LINES = 3  # of plan against the books, so many are named
_DAYS = ("dso", "dpo", "dio")


@steady
@on_paper_too
def past_years(view: View) -> Card:
    """What the books say of past years, in the country's own form."""
    made = _books(view)
    term = "sig" if view.sme.profile.country == "FR" else "pnl"
    if made is None:
        return Card("planning.past_years", "", missing=_no_books(view), term=term)
    say = view.say
    years = metrics.profit_and_loss(made, "year", _first_month(view))
    periods = [int(one) for one in years["period"].unique()]
    shown = periods[-4:]
    lines = [name for name in years["line"].unique() if _moves(years, name)]
    values = years.set_index(["period", "line"])["value"]
    frame = pd.DataFrame(
        {"line": [say(f"planning.past.{name}") for name in lines]}
        | {f"y{at}": [float(values[period, name]) for name in lines] for at, period in enumerate(shown)}
    )
    columns = (
        Column("line", "planning_line"),
        *(Column(f"y{at}", "month", "money") for at in range(len(shown))),
    )
    labels = (say("planning.past_unit"), *(_year_name(say, years, period) for period in shown))
    table = Table("past-years", frame, columns, say.currency, labels)
    return Card(
        "planning.past_years",
        _years_sentence(say, made, years),
        _rows(made),
        (_by_month(say, made),),
        table,
        note=_soundness(say, made),
        term=term,
    )


def _books(view: View) -> Books | None:
    return view.once("books", lambda: books_of(view.sme))


def _no_books(view: View) -> tuple[str, ...]:
    return ("reason.planning.no_ledger" if view.sme.table("ledger").empty else "reason.planning.no_form",)


def _first_month(view: View) -> int:
    return int(view.sme.profile.fiscal_year_start[:2])


def _rows(made: Books) -> Rows:
    since = first_day(int(made.months[0]))
    moved = int(((made.debits != 0) | (made.credits != 0)).any(axis=1).sum())
    return Rows(moved, "book_accounts", since, pd.Timestamp(0) + pd.Timedelta(days=made.last_day))


def _moves(years: pd.DataFrame, name: str) -> bool:
    return bool((years.loc[years["line"] == name, "n"] > 0).any())


def _year_name(say: Speaker, years: pd.DataFrame, period: int) -> str:
    row = years[years["period"] == period].iloc[0]
    last = period_of(period + YEAR - 1)
    name = str(last.year) if last.month == YEAR else say("planning.past_year_to", month=last)
    return name if row["complete"] else say("planning.past_part", year=name, n=int(row["months"]))


def _years_sentence(say: Speaker, made: Books, years: pd.DataFrame) -> str:
    """Turnover and result of the last whole year, against the year before."""
    whole = years[years["complete"]]
    if whole.empty:
        return say("planning.say.no_whole_year", n=len(made.months))
    period = int(whole["period"].max())
    sums = years.set_index(["period", "line"])["value"]
    turnover = {
        at: sum(sums.get((at, name), np.nan) for name in made.statements.turnover)
        for at in (period, period - YEAR)
    }
    result = float(sums[period, made.statements.net_result])
    key = "planning.say.past_profit" if result >= 0 else "planning.say.past_loss"
    said = say(
        key,
        year=_year_name(say, years, period),
        turnover=say.money(turnover[period], decimals=0),
        result=say.money(abs(result), decimals=0),
    )
    before = turnover[period - YEAR]
    if np.isfinite(before) and before > 0 and (whole["period"] == period - YEAR).any():
        change = say.percent(turnover[period] / before - 1, signed=True)
        said += " " + say("planning.say.past_change", change=change)
    return said


def _by_month(say: Speaker, made: Books) -> charts.Figure:
    """Turnover by month, and what was left of it after all costs over the last twelve months."""
    sold = metrics.flow(made, made.statements.turnover)
    lines = tuple(line.name for line in made.statements.lines if not line.sums)
    left = metrics.flow(made, lines)
    first = int(np.flatnonzero(sold != 0)[0]) if (sold != 0).any() else 0
    year = np.full(len(left), np.nan)
    if len(left) - first >= YEAR:
        total = np.cumsum(left[first:])
        year[first + YEAR - 1 :] = total[YEAR - 1 :] - np.concatenate([[0.0], total[:-YEAR]])
    return charts.over_months(
        say,
        [period_of(month) for month in made.months[first:]],
        [charts.Series(say("planning.series.past_turnover"), sold[first:].tolist(), theme.MAIN)],
        [charts.Series(say("planning.series.past_result"), year[first:].tolist(), theme.THIRD)],
        axes.whole_money(say),
        axes.short_money(say),
        incomplete=(~made.complete[first:]).tolist(),
    )


def _soundness(say: Speaker, made: Books) -> str:
    """What is wrong with the books; they are shown all the same."""
    if made.status == OK:
        return ""
    if made.reason == "reason.planning.ledger_unbalanced":
        return say("planning.say.unbalanced", money=say.money(made.gap))
    return say("planning.say.without_class", money=say.money(made.loose, decimals=0))


@steady
def past_days(view: View) -> Card:
    """How long customers took, the firm took, and goods lay: from the books."""
    made = _books(view)
    if made is None:
        return Card("planning.past_days", "", missing=_no_books(view), term="working_capital_req")
    say = view.say
    found = metrics.working_capital(made)
    wide = found.pivot_table("value", "month", "measure", dropna=False).reindex(made.months)
    over = np.flatnonzero(made.complete)
    last = wide.iloc[int(over[-1]) if len(over) else -1]
    months = [period_of(month) for month in wide.index]
    colours = dict(zip(_DAYS, (theme.MAIN, theme.SECOND, theme.THIRD), strict=True))
    figure = charts.over_months(
        say,
        months,
        [],
        [charts.Series(say(f"planning.days.{name}"), wide[name].tolist(), colours[name]) for name in _DAYS],
        axes.counts(say),
        height=300,
    )
    frame = wide.reset_index(drop=True).assign(month=pd.Series(months, dtype=object)).tail(24).iloc[::-1]
    columns = (
        Column("month", "month", "month"),
        *(Column(name, f"planning_{name}", "number") for name in _DAYS),
        Column("bfr", "planning_need", "money"),
        Column("bfr_days", "planning_need_days", "number"),
    )
    return Card(
        "planning.past_days",
        _days_sentence(say, last),
        _rows(made),
        (figure,) if wide[list(_DAYS)].notna().any(axis=None) else (),
        Table("past-days", frame, columns, say.currency),
        note=_soundness(say, made),
        term="working_capital_req",
    )


def _days_sentence(say: Speaker, last: pd.Series) -> str:
    parts = [
        say(f"planning.say.{name}", n=round(float(last[name])))
        for name in _DAYS
        if np.isfinite(last[name]) and last[name] >= 0.5
    ]
    need = say("planning.say.past_need", money=say.money(last["bfr"], decimals=0))
    return f"{say('planning.say.past_days', parts=say.enumeration(parts))} {need}" if parts else need


@moved_by(lambda view: (kept_plan(view),))
def plan_and_actual(view: View) -> Card:
    """What came otherwise than a plan made a year before, by volume, price, mix and cost."""
    say, planned = view.say, view.once("planned_months", lambda: planned_months(view.sme))
    if planned.empty:
        reason = "reason.planning.no_plan_of_last_year"
        return Card("planning.plan_and_actual", "", missing=(reason,), note=_to_come(view), term="pvm")
    found = view.once("plan_and_actual", lambda: _compared(view, planned))
    if found.empty:
        return Card("planning.plan_and_actual", "", missing=("reason.products_unknown",), term="pvm")
    months = found.drop_duplicates("month")
    before, after = float(months["planned_margin"].sum()), float(months["actual_margin"].sum())
    parts = found.groupby("part")["value"].sum().reindex(PARTS)
    names = [
        say("planning.part.planned"),
        *(say(f"planning.part.{name}") for name in PARTS),
        say("planning.part.actual"),
    ]
    figure = charts.money_waterfall(
        say, names, [before, *parts.tolist(), after], [True, *[False] * len(PARTS), True]
    )
    wide = found.pivot_table("value", "month", "part", dropna=False)
    frame = pd.DataFrame(
        {
            "month": [period_of(month) for month in months["month"]],
            "planned": months["planned"].to_numpy(),
            "actual": months["actual"].to_numpy(),
            "gap": (months["actual_margin"] - months["planned_margin"]).to_numpy(),
            **{name: wide[name].reindex(months["month"]).to_numpy() for name in PARTS},
        }
    )
    columns = (
        Column("month", "month", "month"),
        Column("planned", "planning_planned_turnover", "money"),
        Column("actual", "planning_actual_turnover", "money"),
        Column("gap", "planning_margin_gap", "money"),
        *(Column(name, f"planning_part_{name}", "money") for name in PARTS),
    )
    return Card(
        "planning.plan_and_actual",
        _gap_sentence(say, months, parts),
        plan_rows(view),
        (figure,),
        Table("plan-and-actual", frame, columns, say.currency),
        note=" ".join(filter(None, (_sources(say, planned, found), _costs(view), _to_come(view, planned)))),
        term="pvm",
    )


def _compared(view: View, planned: pd.DataFrame) -> pd.DataFrame:
    months = [int(month) for month in planned["month"]]
    return against_plan(view.sme.sales, planned, months, view.sme.table("purchases"))


def _gap_sentence(say: Speaker, months: pd.DataFrame, parts: pd.Series) -> str:
    planned, actual = float(months["planned"].sum()), float(months["actual"].sum())
    said = say(
        "planning.say.against_plan",
        n=len(months),
        actual=say.money(actual, decimals=0),
        planned=say.money(planned, decimals=0),
        change=say.percent(actual / planned - 1, signed=True),
    )
    most = str(parts.abs().idxmax())
    money = say.money(float(parts[most]), decimals=0, signed=True)
    return f"{said} " + say("planning.say.largest_part", part=say(f"planning.part.{most}"), money=money)


def _costs(view: View) -> str:
    """The result of the adopted plan's months against the books, and the lines that explain most of it."""
    say, found = view.say, view.once("costs_against_plan", lambda: costs_against_plan(view.sme))
    if found.empty:
        return ""
    by_line = found.groupby("line")["effect"].sum()
    whole, parts = float(by_line[RESULT]), by_line.drop(RESULT)
    most = parts[parts.abs().sort_values(ascending=False).index][:_LINES]
    named = [
        say(
            "planning.say.line_effect",
            line=say(f"planning.line.{name}"),
            money=say.money(float(value), decimals=0, signed=True),
        )
        for name, value in most.items()
        if value
    ]
    return say(
        "planning.say.costs_against_plan",
        n=found["month"].nunique(),
        money=say.money(whole, decimals=0, signed=True),
        parts=say.enumeration(named),
    )


def _to_come(view: View, planned: pd.DataFrame | None = None) -> str:
    """The plan that was kept, where none of its months has passed."""
    kept = kept_plan(view)
    if kept is None or (planned is not None and kept.start <= planned["month"].max()):
        return ""
    return view.say("planning.say.kept_to_come", n=kept.months, month=period_of(kept.start), day=kept.day)


def _sources(say: Speaker, planned: pd.DataFrame, found: pd.DataFrame) -> str:
    """Whose plan it is, month by month, and how much of what was sold has a known cost."""
    adopted = int((planned["source"] == "adopted").sum())
    told = []
    if adopted:
        told.append(say("planning.say.adopted_plan", n=adopted))
    if adopted < len(planned):
        key = "planning.say.rest_from_forecast" if adopted else "planning.say.plan_of_last_year"
        told.append(say(key))
    share = float(found.drop_duplicates("month")["costed"].mean())
    if np.isfinite(share) and share < 0.995:
        told.append(say("planning.say.costed", share=say.percent(share, 0)))
    return " ".join(told)

"""What has to be financed: working capital, the financing plan, what carries the loans, the balance sheet."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.planning.engine import Plan, build_plan
from echannel.metrics.planning.financing import NEEDS, RESOURCES, financing_plan
from echannel.metrics.planning.layouts import ASSETS, BALANCE_SHEET, LIABILITIES
from echannel.metrics.planning.levers import moved, usable
from echannel.metrics.planning.reading import debt_service, net_cash, working_capital
from echannel.views import axes, charts, theme
from echannel.views.cards import NO_FIGURES, Card
from echannel.views.context import View, on_paper_too
from echannel.views.planning_facts import (
    YEAR,
    at_year_ends,
    calendar,
    fiscal_years,
    line_in_words,
    period_of,
    rows,
    told_years,
    year_name,
    years_table,
)
from echannel.views.planning_plan import plan_rules_of, planned, why_not
from echannel.views.tables import Column, Table

_TOTALS = ("needs", "resources", "change", "closing")
_TIED = (
    ("stock", 1.0, theme.MAIN),
    ("receivables", 1.0, theme.SECOND),
    ("payables", -1.0, theme.SOFT),
    ("tax_and_social", -1.0, theme.ALERT),
)
_DAYS_LESS = 10.0
_DAYS = ("dio", "dso", "dpo", "cash_cycle")


@on_paper_too
def tied_up(view: View) -> Card:
    """How much money running the business ties up, and for how long."""
    say, made = view.say, planned(view)
    if made is None:
        return Card("planning.working_capital", "", missing=why_not(view), term="working_capital_req")
    frame = working_capital(made).assign(tax_and_social=lambda one: one["vat"] + one["social"])
    months = calendar(made.inputs)
    parts = charts.over_months(
        say,
        months,
        [
            charts.Series(say(f"planning.series.{name}"), (sign * frame[name]).tolist(), colour)
            for name, sign, colour in _TIED
            if frame[name].any()
        ],
        [charts.Series(say("planning.series.need"), frame["bfr"].tolist(), theme.NEUTRAL)],
        axes.whole_money(say),
        axes.short_money(say),
        stacked=True,
    )
    table = Table(
        "working-capital",
        frame.assign(month=pd.PeriodIndex(months)),
        (
            Column("month", "month", "month"),
            Column("stock", "planning_stock", "money"),
            Column("receivables", "planning_receivables", "money"),
            Column("payables", "planning_payables", "money"),
            Column("tax_and_social", "planning_tax_social", "money"),
            Column("bfr", "planning_need", "money"),
            Column("bfr_days", "planning_need_days", "number"),
            Column("dio", "planning_dio", "number"),
            Column("dso", "planning_dso", "number"),
            Column("dpo", "planning_dpo", "number"),
        ),
        say.currency,
    )
    return Card(
        "planning.working_capital",
        f"{_need(view, made, frame)} {_position(view, made)}",
        rows(view),
        (parts, *_days(view, frame)),
        table,
        note=_freed(view, made),
        term="working_capital_req",
    )


def _need(view: View, made: Plan, frame: pd.DataFrame) -> str:
    say, year = view.say, frame.head(YEAR)
    mean, most = float(year["bfr"].mean()), int(year["bfr"].to_numpy().argmax())
    if mean < 0:
        return say("planning.say.need_negative", money=say.money(-mean, decimals=0))
    days = year["bfr_days"].dropna()
    return say(
        "planning.say.need",
        money=say.money(mean, decimals=0),
        days=say.number(days.iloc[-1]) if len(days) else say("common.unknown"),
        month=period_of(made.start + most),
        most=say.money(year["bfr"].iloc[most], decimals=0),
    )


def _position(view: View, made: Plan) -> str:
    """FRNG and net cash in France; current assets less current liabilities in the United Kingdom."""
    say, at = view.say, min(YEAR, made.months) - 1
    month = period_of(made.start + at)
    if made.inputs.country == "FR":
        row = net_cash(made).iloc[at]
        return say(
            "planning.say.fr_funds",
            month=month,
            frng=say.money(row["frng"], decimals=0),
            bfr=say.money(row["bfr"] + row["bfr_other"], decimals=0),
            net=say.money(row["cash"], decimals=0),
        )
    current = sum(float(made.line(name)[at]) for name in ASSETS if name != "fixed_assets")
    owed = sum(float(made.line(name)[at]) for name in LIABILITIES if name not in ("loans", "deferred_income"))
    due = float(made.line("loans_repaid")[at + 1 : at + 1 + YEAR].sum())
    return say("planning.say.uk_capital", month=month, money=say.money(current - owed - due, decimals=0))


def _freed(view: View, made: Plan) -> str:
    """What ten days less of stock, or of waiting for customers' money, do to the lowest cash."""
    say, gains = view.say, view.kept("cash freed", lambda: _gains(view, made))
    return " ".join(
        say(f"planning.say.less_{name}", days=_DAYS_LESS, money=say.money(gained, decimals=0))
        for name, gained in gains.items()
        if gained >= 1
    )


def _gains(view: View, made: Plan) -> dict[str, float]:
    """How much higher the lowest cash is with fewer days, by what has fewer."""
    there, lowest = usable(made.inputs), float(made.line("cash").min())
    gains: dict[str, float] = {}
    for name in ("stock_cover", "days_to_pay"):
        if name not in there or (name == "days_to_pay" and "b2b" not in view.kinds):
            continue
        tried = build_plan(moved(made.inputs, {name: -_DAYS_LESS}), plan_rules_of(view), keep=("cash",))
        gains[name] = float(tried.line("cash").min()) - lowest
    return gains


def _days(view: View, frame: pd.DataFrame) -> tuple[charts.Figure, ...]:
    """Days of stock, customers and suppliers after a year, and the cash cycle that they make."""
    say, row = view.say, frame.iloc[min(YEAR, len(frame)) - 1]
    known = [name for name in _DAYS if np.isfinite(row[name])]
    if not known:
        return ()
    return (
        charts.ranked(
            [say(f"planning.days.{name}") for name in known],
            [float(row[name]) for name in known],
            lambda days: say("planning.days_count", n=abs(round(days)), days=say.number(days)),
            colour=[theme.NEUTRAL if name == "cash_cycle" else theme.MAIN for name in known],
        ),
    )


@on_paper_too
def debt(view: View) -> Card:
    """What carries the loans, year by year."""
    say, made = view.say, planned(view)
    if made is None:
        return Card("planning.debt", "", missing=why_not(view), term="self_financing")
    years = fiscal_years(made.inputs)
    frame = debt_service(made, [year.at for year in years])
    owing = frame[((frame["service"] > 0) | (frame["loans"] > 0)).to_numpy()]
    if owing.empty:
        return Card("planning.debt", say("planning.say.no_loans"), rows(view), term="self_financing")
    named = owing.assign(
        name=[year_name(say, years[at]) for at in owing["year"]],
        debt_years=owing["debt_years"].replace(np.inf, np.nan),
    )
    whole = named["year"].isin(told_years(years)).to_numpy()
    paid = named[(named["service"] > 0).to_numpy() & whole]
    sentence = " ".join(
        say("planning.say.cover", year=row["name"], times=say.number(row["dscr"], 1))
        for row in paid.to_dict("records")
    )
    columns = (
        Column("name", "planning_year"),
        Column("available", "planning_ebitda_after_tax", "money"),
        Column("service", "planning_debt_service", "money"),
        Column("dscr", "planning_cover", "decimal"),
        Column("caf", "planning_caf", "money"),
        Column("loans", "planning_loans", "money"),
        Column("debt_years", "planning_years_to_repay", "decimal"),
    )
    return Card(
        "planning.debt",
        sentence,
        rows(view),
        NO_FIGURES,
        Table("debt-service", named, columns, say.currency),
        open_table=True,
        term="self_financing",
    )


@on_paper_too
def financing(view: View) -> Card:
    """Needs and resources by year: the financing plan."""
    say, made = view.say, planned(view)
    if made is None:
        return Card("planning.financing", "", missing=why_not(view), term="financing_plan")
    years = fiscal_years(made.inputs)
    frame = financing_plan(made, [year.at for year in years])
    lines = [
        (say(f"planning.financing.{name}"), frame[name].tolist())
        for name in (*NEEDS, "needs", *RESOURCES, "resources", "change", "closing")
        if name in _TOTALS or frame[name].any()
    ]
    totals = [say(f"planning.financing.{name}") for name in _TOTALS]
    said = []
    for at in told_years(years):
        year, row = years[at], frame.iloc[at]
        key = "planning.say.financed" if row["change"] >= 0 else "planning.say.not_financed"
        said.append(
            say(
                key,
                year=year_name(say, year),
                needs=say.money(row["needs"], decimals=0),
                resources=say.money(row["resources"], decimals=0),
                left=say.money(abs(row["change"]), decimals=0),
            )
        )
    return Card(
        "planning.financing",
        " ".join(said),
        rows(view),
        NO_FIGURES,
        years_table(view, "financing-plan", lines, made, "planning.basis.money", totals),
        open_table=True,
        term="financing_plan",
    )


@on_paper_too
def balance(view: View) -> Card:
    """The balance sheet at year ends."""
    say, made = view.say, planned(view)
    if made is None:
        return Card("planning.balance", "", missing=why_not(view), term="balance_sheet")
    years = fiscal_years(made.inputs)
    lines = [
        (line_in_words(say, line.name), at_year_ends(made.line(line.name), years))
        for line in BALANCE_SHEET
        if line.is_sum or line.name in ("cash", "equity") or np.any(made.line(line.name))
    ]
    totals = [line_in_words(say, line.name) for line in BALANCE_SHEET if line.is_sum]
    last = years[-1].at.stop - 1
    equity = float(made.line("equity")[last])
    sentence = say(
        "planning.say.equity" if equity >= 0 else "planning.say.equity_negative",
        month=period_of(made.start + last),
        assets=say.money(made.line("total_assets")[last], decimals=0),
        owed=say.money(made.line("total_liabilities")[last], decimals=0),
        equity=say.money(abs(equity), decimals=0),
    )
    return Card(
        "planning.balance",
        sentence,
        rows(view),
        NO_FIGURES,
        years_table(view, "balance-sheet", lines, made, "planning.basis.money", totals),
        open_table=True,
        term="balance_sheet",
    )

"""Entering a market as an investment: what it costs, when it has paid for itself, what it returns."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.locale import Speaker
from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.investment import Appraisal, appraise
from echannel.metrics.planning.scenarios import Scenario, applied
from echannel.views import axes, charts, theme
from echannel.views.cards import Card, steady
from echannel.views.context import View, on_paper_too
from echannel.views.planning_facts import calendar, rows
from echannel.views.planning_plan import Basis, basis, why_not
from echannel.views.planning_words import scenario_name
from echannel.views.tables import Column, Table

RATE = 0.10
"""What money costs a small firm a year, where nobody has said it: between a bank loan and an owner's own."""
_COLOURS = (theme.MAIN, theme.SECOND, theme.THIRD, theme.ALERT)


@steady
@on_paper_too
def project(view: View) -> Card:
    """Does a new market (or another project of the profile) earn back what it ties up?"""
    made = basis(view)
    if made is None:
        return Card("planning.project", "", missing=why_not(view))
    say = view.say
    projects = [one for one in made.scenarios.values() if one.entry is not None]
    if not projects:
        return Card("planning.project", "", missing=("reason.planning.no_project",))
    found = [(one, _flows(made, one)) for one in projects]
    worth = [appraise(np.trim_zeros(flows, "f"), RATE) for _, flows in found]  # from its first payment on
    names = [scenario_name(say, one) for one, _ in found]
    figure = charts.over_months(
        say,
        calendar(made.inputs),
        [],
        [
            charts.Series(name, np.cumsum(flows).tolist(), colour)
            for name, (_, flows), colour in zip(names, found, _COLOURS, strict=False)
        ],
        axes.whole_money(say),
        axes.short_money(say),
    )
    frame = pd.DataFrame(
        {
            "project": names,
            "tied": [one.most_tied for one in worth],
            "payback": [_months(one.payback) for one in worth],
            "discounted": [_months(one.discounted_payback) for one in worth],
            "npv": [one.npv for one in worth],
            "irr": [one.irr for one in worth],
            "why": [_why(say, one) for one in worth],
        }
    )
    columns = (
        Column("project", "planning_project"),
        Column("tied", "planning_most_tied", "money"),
        Column("payback", "planning_payback", "number"),
        Column("discounted", "planning_payback_discounted", "number"),
        Column("npv", "planning_npv", "money"),
        Column("irr", "planning_irr", "percent", absent="why"),
    )
    return Card(
        "planning.project",
        " ".join(_sentence(say, name, one) for name, one in zip(names, worth, strict=True)),
        rows(view),
        (figure,),
        Table("project", frame, columns, say.currency),
        note=say("planning.say.project_rate", rate=say.percent(RATE, 0), n=made.inputs.months),
    )


def _flows(made: Basis, scenario: Scenario) -> np.ndarray:
    """What the project adds to cash in each month."""
    plans = [
        build_plan(inputs, made.rules, keep=("cash_change",))
        for inputs in (made.inputs, applied(made.inputs, scenario, None, made.forecast, made.spread))
    ]
    return np.asarray(plans[1].line("cash_change") - plans[0].line("cash_change"))


def _months(years: float) -> float:
    return float(np.ceil(12 * years - 1e-9)) if np.isfinite(years) else float("nan")


def _why(say: Speaker, worth: Appraisal) -> str:
    return say(worth.irr_reason) if worth.irr_reason else ""


def _sentence(say: Speaker, name: str, worth: Appraisal) -> str:
    money = say.money(worth.most_tied, decimals=0)
    npv = say.money(worth.npv, decimals=0)
    if np.isfinite(worth.payback):
        return say(
            "planning.say.project_pays", name=name, money=money, n=int(_months(worth.payback)), npv=npv
        )
    return say("planning.say.project_never", name=name, money=money, npv=npv)

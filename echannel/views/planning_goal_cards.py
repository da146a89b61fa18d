"""Goals: what a target would take, one lever at a time, from the plan as the reader has it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from echannel.locale import Speaker
from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.goal_seek import Solved, Target, solve_all
from echannel.metrics.planning.inputs import PlanInputs
from echannel.metrics.planning.levers import LEVERS, usable
from echannel.metrics.planning.rules import PlanRules
from echannel.views.cards import Card, later
from echannel.views.context import View, on_paper_too
from echannel.views.planning_facts import YEAR, period_of, rows
from echannel.views.planning_plan import (
    CASH_UNKNOWN,
    COSTS_UNKNOWN,
    basis,
    chosen_inputs,
    levers_of_history,
    unsaid,
    why_not,
)
from echannel.views.planning_risk_cards import shift_in_words
from echannel.views.planning_words import as_tried
from echannel.views.tables import Column, Table

_LEVERS = ("conversion", "basket", "accounts", "order_value", "price", "margin", "days_to_pay", "overheads")
_MONEY_LEVERS = ("basket", "order_value")
# Without which a target means nothing: costs that are not known are covered at once.
_NEEDS = {"break_even": COSTS_UNKNOWN, "cash_above": CASH_UNKNOWN}
_SAFE_MONTHS = 1  # of costs, that a firm should keep in the bank


@later
@on_paper_too
def goals(view: View) -> Card:
    """What a target would take: which conversion rate, price or margin reaches it by itself."""
    made = basis(view)
    if made is None:
        return Card("planning.goals", "", missing=why_not(view))
    say = view.say
    inputs = chosen_inputs(view)
    assert inputs is not None
    gaps = unsaid(view)
    aims = view.kept("plan targets", lambda: targets(inputs, made.rules))
    wanted = [one for one in aims if _NEEDS[one.name] not in gaps]
    if not wanted:
        return Card("planning.goals", "", rows(view), missing=gaps)
    answers = view.kept("goals", lambda: _answers(inputs, made.rules, wanted))
    frame = pd.DataFrame(
        {
            "target": [_target(say, one.target) for one in answers],
            "lever": [say(f"planning.lever.{one.lever}") for one in answers],
            "now": [_lever_now(view, one.lever) for one in answers],
            "needed": [_needed(view, one) for one in answers],
            "verdict": [_verdict(say, one) for one in answers],
        }
    )
    columns = (
        Column("target", "planning_target", long=True),
        Column("lever", "planning_lever"),
        Column("now", "planning_lever_now"),
        Column("needed", "planning_lever_needed"),
        Column("verdict", "planning_lever_verdict", long=True),
    )
    told = [_goal_sentence(view, one, [each for each in answers if each.target == one]) for one in wanted]
    return Card(
        "planning.goals",
        " ".join(told),
        rows(view),
        table=Table("goals", frame, columns, say.currency),
        missing=gaps,
        note=" ".join(filter(None, (say("planning.say.one_at_a_time"), as_tried(view)))),
        open_table=True,
    )


def targets(inputs: PlanInputs, rules: PlanRules) -> tuple[Target, ...]:
    """What the plan should reach: to earn its costs by June, and to keep a month's costs in the bank."""
    june = inputs.start + (5 - inputs.start) % YEAR
    by = june if june - inputs.start >= 3 else june + YEAR
    plan = build_plan(inputs, rules, keep=("receipts", "operating_cash_flow"))
    spent = float((plan.line("receipts") - plan.line("operating_cash_flow"))[:YEAR].mean())
    reserve = float(np.round(max(spent, 0.0) * _SAFE_MONTHS, -2))
    return Target("break_even", 0.0, by), Target("cash_above", reserve, inputs.start + inputs.months - 1)


def _answers(inputs: PlanInputs, rules: PlanRules, wanted: Sequence[Target]) -> list[Solved]:
    """What each lever would take; of a loan only where cash falls short."""
    there = [name for name in _LEVERS if name in usable(inputs)]
    asked = [(name, one) for one in wanted for name in there]
    asked += [("loan", one) for one in wanted if one.name == "cash_above"]
    found = solve_all(inputs, rules, asked)
    return [one for one in found if one.lever != "loan" or not one.reached_as_planned]


def _target(say: Speaker, target: Target) -> str:
    money = say.money(target.amount, decimals=0)
    return say(f"planning.target.{target.name}", money=money, month=period_of(target.by))


def _lever_now(view: View, name: str) -> str:
    value = _value_of(view, name)
    return _value_words(view.say, name, value) if np.isfinite(value) else view.say("planning.as_planned")


def _needed(view: View, answer: Solved) -> str:
    say = view.say
    if not np.isfinite(answer.value):
        return "–"
    return _lever_at(view, answer.lever, answer.value, say)


def _lever_at(view: View, name: str, value: float, say: Speaker) -> str:
    """Where a lever then stands: as the reader knows it, where that is known, and against the plan."""
    now = _value_of(view, name)
    shift = shift_in_words(say, name, value)
    if not np.isfinite(now):
        return shift
    return say("planning.value_and_shift", value=_value_words(say, name, now * value), shift=shift)


def _value_of(view: View, name: str) -> float:
    """Where a lever stands on the screen: as history has it, moved by the reader's slider."""
    known = levers_of_history(view)
    row = known[(known["name"] == name).to_numpy()]
    tried = dict(view.choice.plan.levers).get(name, 1.0)
    return float(row["value"].iloc[0]) * tried if len(row) else float("nan")


def _value_words(say: Speaker, name: str, value: float) -> str:
    if name == "conversion":
        return say.percent(value, 2)
    return say.money(value) if name in _MONEY_LEVERS else say.number(value, 0)


def _verdict(say: Speaker, answer: Solved) -> str:
    if answer.reached_as_planned:
        return say("planning.verdict.safe" if np.isfinite(answer.value) else "planning.verdict.always")
    if np.isfinite(answer.value):
        return say("planning.verdict.needed")
    return say("planning.verdict.out_of_reach", best=say.money(answer.outcome, decimals=0))


def _goal_sentence(view: View, target: Target, answers: list[Solved]) -> str:
    """What would reach a target, or which lever endangers it first."""
    say, words = view.say, _target(view.say, target)
    found = sorted((one for one in answers if np.isfinite(one.value)), key=_distance)
    if answers and answers[0].reached_as_planned:
        if not found:
            return say("planning.say.goal_safe", target=words)
        return say("planning.say.goal_slack", target=words, lever=_lever_and_value(view, found[0]))
    if not found:
        return say("planning.say.goal_none", target=words)
    parts = say.enumeration([_lever_and_value(view, one) for one in found[:3]])
    return say("planning.say.goal_needed", target=words, n=len(found[:3]), parts=parts)


def _lever_and_value(view: View, answer: Solved) -> str:
    value = _lever_at(view, answer.lever, answer.value, view.say)
    return view.say("planning.lever_and_value", lever=view.say(f"planning.lever.{answer.lever}"), value=value)


def _distance(answer: Solved) -> float:
    """How far a lever goes, as a share of how far it could."""
    lever = LEVERS[answer.lever]
    return abs(answer.value - lever.neutral) / (lever.high - lever.low)

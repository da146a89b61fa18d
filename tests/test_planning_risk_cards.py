"""Cards on risks and the past, of a demo firm with its books: what they say is what the figures are."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from echannel.adopted import adopted_turnover, keep
from echannel.cli import run
from echannel.countries.statements import statements_of
from echannel.demo.cohort import SEED, DemoSummary, write_firm
from echannel.demo.firms import FIRMS
from echannel.market_entries import save_entry
from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.inputs import MarketEntry
from echannel.metrics.planning.investment import appraise
from echannel.metrics.planning.levers import moved
from echannel.metrics.planning.monte_carlo import unforeseen
from echannel.metrics.planning.scenarios import applied
from echannel.plans import plan_of
from echannel.register import open_register, remove_scenario
from echannel.risks import books_of, costs_against_plan, plan_of_last_year, planned_months, spread_of
from echannel.sme import open_sme
from echannel.sync import sync_sme
from echannel.views import page as pages
from echannel.views import planning_goal_cards as goal_cards
from echannel.views import planning_keep
from echannel.views import planning_past_cards as past
from echannel.views import planning_project_cards as projects
from echannel.views import planning_risk_cards as risks
from echannel.views.cards import Card, later, to_page
from echannel.views.context import Choice, View
from echannel.views.plan_choice import PlanChoice
from echannel.views.planning_plan import basis, chosen_inputs, planned, simulation
from echannel.workspace import Workspace

FIRM = "sussex-parts"
CARDS = (
    *(risks.scenarios, risks.running_dry, risks.matters, goal_cards.goals),
    *(projects.project, past.past_years, past.past_days, past.plan_and_actual),
)


@pytest.fixture(scope="module")
def sme(tmp_path_factory):
    """The firm with its books, and a market that it thinks of entering."""
    workspace = Workspace(tmp_path_factory.mktemp("risks"))
    (workspace.parameters / "smes").mkdir(parents=True)
    profiles = Path(__file__).resolve().parents[1] / "parameters" / "smes"
    shutil.copy(profiles / f"{FIRM}.yml", workspace.parameters / "smes")
    firm = next(one for one in FIRMS if one.id == FIRM)
    write_firm(firm, workspace.inbox / FIRM, SEED, DemoSummary())
    sync_sme(workspace, FIRM)
    found = open_sme(FIRM, workspace)
    start = (2027 - 1970) * 12 + 2
    orders = np.array([5.0, 10, 20, 30, 40])
    entry = MarketEntry(
        "DE", "market.entry", start, orders, 60.0, 40.0, setup_cost=2_500.0, cost_per_month=90.0
    )
    save_entry(found, entry)
    return found


@pytest.fixture(scope="module")
def view(sme):
    return View(sme, sme.speaker("en"))


def money(view: View, value: float) -> str:
    return view.say.money(value, decimals=0)


def row(card: Card, **where: object) -> pd.Series:
    frame = card.table.frame
    return frame[np.all([frame[name] == value for name, value in where.items()], axis=0)].iloc[0]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_card_is_a_page_in_both_languages(sme, view, language):
    looked = View(sme, sme.speaker(language), memory=view._memory)
    for make in CARDS:
        card = make(looked)
        html = to_page(card, looked.say, "shop")
        assert card.sentence and card.table is not None and not card.missing, make.__name__
        assert "{" not in re.sub(r"data-figure='[^']*'", "", html) and "nan" not in card.sentence.lower()


def test_scenarios_are_what_their_plans_are(view):
    made, card = basis(view), risks.scenarios(view)
    for name in ("cautious", "expected", "ambitious", "market_de"):
        one = made.scenarios[name]
        plan = build_plan(applied(made.inputs, one, None, made.forecast, made.spread), made.rules)
        shown = row(card, name=risks.scenario_name(view.say, one))
        assert shown["lowest"] == plan.line("cash").min() and shown["end"] == plan.line("cash")[-1]
        assert shown["profit"] == pytest.approx(plan.line("net_profit")[:12].sum())
    assert money(view, planned(view).line("cash").min()) in card.sentence


def test_the_chance_is_that_of_the_versions(view):
    card, seen = risks.running_dry(view), simulation(view)
    assert np.array_equal(card.table.frame["by"], seen.dry["value"])
    assert view.say.number(10_000) in card.note


def test_drivers_are_told_with_where_their_range_comes_from(sme, view):
    spread = {one.name: one for one in spread_of(sme, basis(view).inputs).drivers}
    assert spread["margin"].made_by == "ledger" and spread["days_to_pay"].made_by == "history"
    assert spread["staff"].made_by == "default"
    card = risks.matters(view)
    told = card.table.frame.set_index("driver")["together"].dropna()
    assert (
        told.to_dict()
        == simulation(view).importance.set_index("driver")["value"].reindex(told.index).to_dict()
    )
    assert len(told) == len(card.table.frame)
    sources = set(card.table.frame["source"])
    assert {view.say(f"planning.range_from.{one}") for one in ("forecast", "ledger", "default")} <= sources


def test_a_goal_is_told_with_the_lever_that_reaches_it_or_endangers_it(view):
    card, made = goal_cards.goals(view), basis(view)
    assert len(card.table.frame) >= 8 and "ex VAT" in card.table.frame["lever"].to_string()
    for target in goal_cards.targets(made.inputs, made.rules):
        assert goal_cards._target(view.say, target) in card.sentence


def test_futures_sensitivities_and_goals_speak_of_the_plan_as_the_sliders_have_it(view):
    tried = view.chosen(Choice(plan=PlanChoice("expected", (("price", 0.93), ("order_value", 1.1)))))
    made, inputs = basis(view), chosen_inputs(tried)
    futures = risks.scenarios(tried)
    expected = row(futures, name=tried.say("planning.scenario.expected"))
    assert expected["lowest"] == planned(tried).line("cash").min() != planned(view).line("cash").min()
    bases = set(risks.matters(tried).table.frame["base"])
    assert bases == {build_plan(unforeseen(inputs), made.rules).line("cash").min()}
    wanted = goal_cards.targets(inputs, made.rules)
    found = [one for one in goal_cards._answers(inputs, made.rules, wanted) if np.isfinite(one.value)]
    met = [one for one in found if one.target.name == "break_even" and one.lever != "loan"]
    assert met
    for one in met:
        last = one.target.by - inputs.start + 1
        profit = build_plan(moved(inputs, {one.lever: one.value}), made.rules).line("profit_before_tax")
        assert profit[:last].sum() == pytest.approx(0.0, abs=5), "just met, from where the sliders stand"
    now = row(goal_cards.goals(tried), lever=tried.say("planning.lever.order_value"))["now"]
    assert now != row(goal_cards.goals(view), lever=view.say("planning.lever.order_value"))["now"]
    for card in (futures, risks.matters(tried), goal_cards.goals(tried)):
        assert tried.say("planning.say.with_sliders", n=2) in card.note


def test_what_takes_a_while_is_drawn_once_the_reader_rests(sme, monkeypatch):
    monkeypatch.setattr(pages, "display", lambda _: None)
    monkeypatch.setattr(pages, "_REST", 0.02)
    drawn: list[str] = []

    def quick(view: View) -> Card:
        drawn.append("quick")
        return Card("planning.cash", "")

    @later
    def slow(view: View) -> Card:
        drawn.append(view.choice.plan.scenario)
        return Card("planning.goals", "")

    page = pages.Page("planning", sme, sme.speaker("en"), "live")
    page.show(slow)
    page.show(quick)
    drawn.clear()

    async def turned() -> None:
        for scenario in ("cautious", "ambitious"):
            page.redraw(Choice(plan=PlanChoice(scenario)))
        assert drawn == ["quick", "quick"]
        await asyncio.sleep(0.1)

    asyncio.run(turned())
    assert drawn == ["quick", "quick", "ambitious"], "once, for the last choice"
    page.redraw(Choice())
    assert drawn[3:] == ["quick", "expected"], "at once where nothing runs that could wait"


def test_the_market_is_appraised_on_the_cash_that_it_adds(view):
    made, card = basis(view), projects.project(view)
    plans = [
        build_plan(one, made.rules).line("cash")
        for one in (made.inputs, applied(made.inputs, made.scenarios["market_de"], None, made.forecast))
    ]
    flows = np.trim_zeros(np.diff(plans[1] - plans[0], prepend=0.0).round(2), "f")
    worth, shown = appraise(flows, projects.RATE), card.table.frame.iloc[0]
    assert shown["npv"] == pytest.approx(worth.npv, abs=0.5) and shown["irr"] == pytest.approx(
        worth.irr, abs=1e-4
    )
    assert money(view, shown["npv"]) in card.sentence and f"{shown['payback']:.0f} months" in card.sentence


def test_past_years_are_the_sums_of_the_accounts(sme, view):
    card, ledger = past.past_years(view), sme.table("ledger")
    year = (ledger["date"] >= "2025-04-01") & (ledger["date"] < "2026-04-01")
    amounts = ledger[year].assign(amount=lambda it: it["credit"] - it["debit"])
    sold = amounts.loc[amounts["account_class"] == "sales", "amount"].sum()
    result = ["sales", "other_income", "cost_of_sales", "expenses", "depreciation"]
    profit = amounts.loc[amounts["account_class"].isin(result), "amount"].sum()
    assert money(view, sold) in card.sentence and money(view, profit) in card.sentence
    lines = card.table.frame.set_index("line")
    assert lines.loc[view.say("planning.past.turnover"), "y1"] == pytest.approx(sold, abs=0.01)
    assert lines.loc[view.say("planning.past.net_result"), "y1"] == pytest.approx(profit, abs=0.01)


def test_books_that_do_not_balance_are_shown_and_told(sme, view):
    books = replace(
        books_of(sme), gap=12.5, status="input_missing", reason="reason.planning.ledger_unbalanced"
    )
    looked = View(sme, view.say, memory={("books",): books})
    card = past.past_years(looked)
    assert view.say.money(12.5) in card.note and card.table is not None


@pytest.mark.parametrize(("country", "reason"), [("GB", "no_ledger"), ("DE", "no_form")])
def test_without_books_there_is_a_plain_reason(sme, country, reason, monkeypatch):
    lonely = open_sme(FIRM, sme.workspace)
    lonely.profile = lonely.profile.model_copy(update={"country": country})
    if reason == "no_ledger":
        lonely._tables["ledger"] = sme.table("ledger").iloc[:0]
    assert statements_of("DE") is None
    looked = View(lonely, sme.speaker("en"))
    for make in (past.past_years, past.past_days):
        card = make(looked)
        assert card.missing == (f"reason.planning.{reason}",) and card.table is None
        assert looked.say(card.missing[0]) in to_page(card, looked.say, "shop").replace("&#x27;", "'")


def test_an_adopted_plan_is_what_its_months_are_held_against(sme, monkeypatch, capsys):
    months = planned_months(sme)["month"].tolist()
    keep(sme, months[2], [50_000.0] * 4)
    keep(sme, months[4], [60_000.0] * 3)  # a later one holds from its first month on
    try:
        found = planned_months(sme).set_index("month")
        assert found["turnover"].loc[months[2:7]].tolist() == [50_000.0] * 2 + [60_000.0] * 3
        assert (found["source"] == "adopted").sum() == 5
        card = past.plan_and_actual(View(sme, sme.speaker("en")))
        assert sme.speaker("en")("planning.say.adopted_plan", n=5) in card.note
        assert np.allclose(card.table.frame["planned"], found["turnover"])
        keep(sme, months[2], [50_000.0] * 4, {"turnover": [50_000.0] * 4, "rent": [700.0] * 4})
        lines = costs_against_plan(sme)
        assert set(lines["month"]) == set(months[2:4])  # the later plan was kept without its lines
        rent = lines[(lines["line"] == "rent").to_numpy()]
        assert (rent["planned"] == 700.0).all()
        effects = lines.groupby("line")["effect"].sum()
        assert effects.drop("profit_before_tax").sum() == pytest.approx(effects["profit_before_tax"], abs=0.1)
        for language in ("en", "fr"):
            say = sme.speaker(language)
            note = past.plan_and_actual(View(sme, say)).note
            assert say.money(effects["profit_before_tax"], decimals=0, signed=True) in note
    finally:
        for month in (months[2], months[4]):
            remove_scenario(open_register(sme.workspace), FIRM, "planning", f"adopted_{month}")
    monkeypatch.setenv("ECHANNEL_ROOT", str(sme.workspace.root))
    assert run(["adopt", FIRM, "--lang", "en"], os.environ) == 0
    plan = plan_of(sme)
    assert adopted_turnover(sme)["turnover"].tolist() == plan.line("turnover").tolist()
    assert f"{FIRM}: the plan of 36 months" in capsys.readouterr().out


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_plan_on_the_screen_is_kept_and_the_card_says_since_when(sme, language, monkeypatch):
    monkeypatch.setattr(pages, "display", lambda _: None)
    page = pages.Page("planning", sme, sme.speaker(language), "live")
    page.show(past.plan_and_actual)
    shown = page._slots[0].place.widget
    button: list = []
    monkeypatch.setattr(pages, "display", button.append)
    page.act("keep", planning_keep.keep_plan)
    press, answer = button[0].children
    page.view = page.view.chosen(Choice(plan=PlanChoice("cautious", (("price", 1.05),))))
    try:
        press.click()
        made = planned(page.view)
        assert made.line("turnover").sum() != plan_of(sme).line("turnover").sum(), "as tried, not as planned"
        assert adopted_turnover(sme)["turnover"].tolist() == made.line("turnover").tolist()
        say, first = page.say, pd.Period(ordinal=made.start, freq="M")
        today = say.day(pd.Timestamp.now(tz="UTC"))
        for told in (answer.value, shown.value):
            assert say.month(first) in told and today in told and say.number(made.months) in told
        assert money(page.view, made.line("turnover")[:12].sum()) in answer.value
        assert say("planning.scenario.cautious") in answer.value
        page.redraw(Choice())
        assert answer.value == "" and today in shown.value
    finally:
        remove_scenario(open_register(sme.workspace), FIRM, "planning", f"adopted_{made.start}")


def test_plan_and_actual_rest_on_nothing_but_what_was_known_then(sme, view):
    found = plan_of_last_year(sme)
    entries = sme.sales.entries.groupby("month")["net_invoiced"].sum()
    assert len(found) == 12 and np.allclose(found["actual"], entries.reindex(found["month"].astype(int)))
    card = past.plan_and_actual(view)
    frame = card.table.frame
    assert np.allclose(frame["gap"], frame[["volume", "price", "mix", "cost", "other"]].sum(axis=1))
    assert np.allclose(frame["planned"], found["turnover"])
    assert (frame["cost"] != 0).any()
    assert money(view, float(frame["actual"].sum())) in card.sentence

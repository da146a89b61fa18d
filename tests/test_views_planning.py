"""The planning page: nothing made up or unsafe, bad input said in words, a slider moves what it must."""

from __future__ import annotations

import json
import re

import numpy as np
import pages as whole
import pytest
from stock_shop import SCRIPT, stocked
from test_views import _balanced

from echannel.metrics.planning.levers import LEVERS
from echannel.planning_profile import PlanningProfile
from echannel.store import STORED
from echannel.views import (
    page as pages,
)
from echannel.views import (
    planning_assumption_cards,
    planning_cash_cards,
    planning_controls,
    planning_earnings_cards,
    planning_needs_cards,
    planning_opening,
    planning_plan,
)
from echannel.views.blocks import block_html, opening_html
from echannel.views.context import Choice, View
from echannel.views.page import Page
from echannel.views.plan_choice import PlanChoice

TOLD = {
    "opening": {"cash": 3_000},
    "rent": {"value": 900, "by": "consultant", "note": "lease signed in May"},
    "other_overheads": 700,
    "departement": "29",
    "staff": [{"gross": 1_800}],
    "loans": [{"amount": 12_000, "rate": 0.045, "months": 48}],
    "assets": [{"amount": 4_000, "month": "2027-03", "life_years": 4}],
    "grants": [{"amount": 2_000, "month": "2027-02", "release_months": 24}],
    "scenarios": [{"name": "Our own <b>", "levers": {"price": 1.04}}],
}
MINE = [
    planning_opening.tiles,
    planning_cash_cards.cash,
    planning_cash_cards.cash_plan,
    planning_earnings_cards.earnings,
    planning_earnings_cards.months,
    planning_earnings_cards.break_even_point,
    planning_needs_cards.tied_up,
    planning_needs_cards.financing,
    planning_needs_cards.debt,
    planning_needs_cards.balance,
]
ODD = r"\bnan\b|NaN|NaT|None|\{\w+\}|\binf\b"


def firm(told: dict | None = None, **how):
    made = stocked(how.pop("orientation", "both"), orders=how.pop("orders", 900), **how)
    made.profile = made.profile.model_copy(update={"planning": PlanningProfile.model_validate(told or {})})
    return made


def months_of(made, months: int):
    """The same firm with so many last months of sales only."""
    since = made.sales.last_day - 30 * months
    orders = made.tables["orders"]
    made.tables["orders"] = orders[(orders["local_day"] > since).to_numpy()].reset_index(drop=True)
    kept = set(made.tables["orders"]["order_id"].astype(str))
    for name in ("order_lines", "refunds"):
        rows = made.tables[name]
        there = rows["order_id"].astype(str).isin(kept)
        made.tables[name] = rows[there.to_numpy()].reset_index(drop=True)
    fresh = type(made)(made.profile, made.tables)
    return fresh


@pytest.fixture(scope="module")
def made_up():
    return firm(TOLD)


@pytest.fixture(scope="module")
def view(made_up):
    return View(made_up, made_up.speaker("fr"))


def text(html: str) -> str:
    return re.sub(r"<[^>]*>", " ", re.sub(r'(href|data-figure)=(["\']).*?\2', "", html, flags=re.S))


def drawn(view: View) -> str:
    return opening_html("planning", view) + "".join(block_html(card(view), view) for card in MINE)


# --- the whole page ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def english(made_up):
    return whole.drawn("planning", made_up, "en")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_is_drawn_safely(made_up, english, language):
    html = english if language == "en" else whole.drawn("planning", made_up, language)
    assert SCRIPT not in html and "Our own <b>" not in html
    assert not re.search(ODD, text(html))
    _balanced(html)


def test_the_notebook_is_thin_and_clean():
    cells = json.loads((whole.ROOT / "notebooks/planning.ipynb").read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
    assert all(len(cell["source"]) == 1 for cell in code[2:])


def test_the_assumptions_stand_first_with_who_made_them(made_up, english):
    first = whole.parsed(english).select_one(".ec-card")
    assert "lease signed in May" in first.get_text()
    who = made_up.speaker("en")
    assert who("planning.made_by.consultant") in first.get_text()


# --- figures agree with one another -----------------------------------------------------------------


def test_the_lines_of_the_cash_plan_lead_from_the_opening_to_the_closing_cash(view):
    made = planning_plan.planned(view)
    table = planning_cash_cards.cash_plan(view).table
    say = view.say
    by_line = table.frame.set_index("line")
    before, after = (
        by_line.loc[say("planning.line.cash_before")],
        by_line.loc[say("planning.line.cash_after")],
    )
    change = by_line.loc[say("planning.line.cash_change")]
    assert np.allclose(before + change, after, atol=0.01)
    assert np.allclose(before.iloc[1:], after.iloc[:-1])
    assert after.iloc[-1] == made.line("cash")[-1]
    parts = table.frame[~table.frame.index.isin(table.totals)].drop(columns="line").sum()
    assert np.allclose(parts, change, atol=0.01), "payments carry their sign"


def test_years_sum_months_and_end_where_the_plan_ends(view):
    made, say = planning_plan.planned(view), view.say
    year = planning_earnings_cards.earnings(view).table.frame.set_index("line")
    profit = year.loc[say("planning.statement.net_result")]
    assert profit.sum() == pytest.approx(made.line("net_profit").sum(), abs=0.02)
    month = planning_earnings_cards.months(view).table.frame.set_index("line")
    assert month.loc[say("planning.line.net_profit")].sum() == pytest.approx(profit.sum(), abs=0.02)
    sheet = planning_needs_cards.balance(view).table.frame.set_index("line")
    assert np.allclose(
        sheet.loc[say("planning.line.total_assets")],
        sheet.loc[say("planning.line.total_liabilities_and_equity")],
    )
    plan = planning_needs_cards.financing(view).table.frame.set_index("line")
    assert plan.loc[say("planning.financing.closing")].iloc[-1] == made.line("cash")[-1]


def test_tiles_and_sentences_tell_the_same(view):
    tiles = planning_opening.tiles(view).tiles
    opening = opening_html("planning", view)
    made = planning_plan.planned(view)
    low = view.say.money(made.line("cash").min(), decimals=0)
    assert tiles[0].value == low and low in opening and low in planning_cash_cards.cash(view).sentence
    assert tiles[1].value == view.say.money(made.line("turnover")[:12].sum(), decimals=0)
    assert tiles[3].value in opening
    assert opening.count("<dd>") == 3


def test_the_band_holds_the_plan_s_middle_and_widens(view):
    ahead = planning_plan.outlook(view)
    assert (ahead.low <= ahead.middle).all() and (ahead.middle <= ahead.high).all()
    assert (ahead.high - ahead.low)[-1] > 3 * (ahead.high - ahead.low)[0]
    assert (np.diff(ahead.chance) >= 0).all()
    assert ahead.paths == planning_plan.PATHS


def test_break_even_is_where_the_margin_has_paid_the_fixed_costs(view):
    made = planning_plan.planned(view)
    frame = planning_earnings_cards.break_even_point(view).table.frame
    assert np.allclose(frame["amount"] * frame["rate"], frame["fixed"])
    assert np.allclose(frame["fixed"].sum(), made.line("fixed_costs").sum())


# --- bad input -----------------------------------------------------------------------------------


def test_without_costs_or_books_the_plan_stays_open_and_says_what_is_assumed():
    bare = firm(orders=700, costs=True, suppliers=True, purchases=True, stock=True)
    view = View(bare, bare.speaker("en"))
    html = drawn(view)
    assert not re.search(ODD, text(html))
    found = planning_plan.basis(view)
    assert {"reason.planning.margin_unknown", "reason.planning.cash_unknown"} <= set(found.reasons)
    assumed = sum(one.made_by == "default" for one in found.assumptions)
    assert str(assumed) in planning_opening.planning(view)[2]
    told = block_html(planning_assumption_cards.assumptions(view), view)
    for reason in found.reasons:
        assert view.say(reason)[:40] in told, reason


def test_goods_that_cost_more_than_they_sell_for_are_named():
    losing = firm({"margin_rate": -0.15, "opening": {"cash": 500}}, orders=700, orientation="b2c")
    view = View(losing, losing.speaker("fr"))
    assert re.search("coûtent plus .* −1[56]\u00a0%", planning_opening.planning(view)[1])
    card = planning_earnings_cards.break_even_point(view)
    assert view.say(card.missing[0]) in block_html(card, view)
    assert not re.search(ODD, text(drawn(view)))


ODD_INPUTS = {
    "costs_implausible": {"rent": 9_000_000},
    "turnover_implausible": {"turnover": 9_000_000},
    "cash_implausible": {"opening": {"cash": -90_000_000}},
    "stock_days_implausible": {"stock_cover_days": 700},
    "payment_days_implausible": {"customer_days": 365},
    "margin_implausible": {"margin_rate": 0.98},
}


def test_inputs_out_of_any_range_are_named_first_and_the_plan_stays_open(made_up):
    before = made_up.profile
    try:
        for reason, odd in ODD_INPUTS.items():
            told = PlanningProfile.model_validate(TOLD | odd)
            made_up.profile = before.model_copy(update={"planning": told})
            for language in ("en", "fr"):
                # Turned a little: a thousand versions will do.
                turned = Choice(plan=PlanChoice("expected", (("price", 1.001),)))
                view = View(made_up, made_up.speaker(language), turned)
                found = {one for one in planning_plan.basis(view).reasons if "implausible" in one}
                assert f"reason.planning.{reason}" in found, reason
                words = view.say(f"reason.planning.{reason}")
                assert words in planning_opening.planning(view)[2]
                assert planning_plan.planned(view).line("turnover").any()
            shown = opening_html("planning", view) + block_html(planning_opening.tiles(view), view)
            assert not re.search(ODD, text(shown)), reason
        assert not re.search(ODD, text(drawn(view))), "the whole page, of the last one"
    finally:
        made_up.profile = before
    told = planning_plan.basis(View(made_up, made_up.speaker("en")))
    odd = {one for one in told.reasons if "implausible" in one}
    assert odd == {"reason.planning.costs_implausible"}, "its rent and pay are three times its turnover"


def test_a_turnover_of_nothing_is_said_to_be_that(made_up):
    before = made_up.profile
    try:
        none = PlanningProfile.model_validate(TOLD | {"turnover": 0})
        made_up.profile = before.model_copy(update={"planning": none})
        view = View(made_up, made_up.speaker("en"))
        opening = planning_opening.planning(view)
        assert view.say("planning.open.why_zero") in opening and view.say("planning.turnover_zero") in opening
    finally:
        made_up.profile = before


def test_two_months_of_sales_make_a_flat_plan_and_say_so():
    young = months_of(firm({"opening": {"cash": 500}}, orders=900, orientation="b2c"), 2)
    view = View(young, young.speaker("en"))
    found = planning_plan.basis(view)
    assert found.forecast is None and young.turnover_forecast.reason in found.reasons
    low, high = planning_plan.turnover_range(view, 12)
    assert high > 1.5 * low, "nothing is known: the range is wide"
    assert not re.search(ODD, text(drawn(view)))


def test_without_a_sale_there_is_no_plan_and_the_page_says_what_to_do(monkeypatch):
    empty = firm(orders=300, orientation="b2c")
    for name in ("orders", "order_lines", "refunds", "visits"):
        empty.tables[name] = STORED[name].empty()
    view = View(empty, empty.speaker("en"))
    assert planning_plan.planned(view) is None
    html = drawn(view)
    assert view.say("planning.open.no_plan") in html and view.say("planning.nothing_sold") in html
    assert not re.search(r"(?<![\d,.])€0(?![\d,.])", text(html)), "unknown is not 0"
    shown: list = []
    monkeypatch.setattr(pages, "display", shown.append)
    monkeypatch.setattr(pages, "_show", shown.append)
    Page("planning", empty, empty.speaker("en"), "live").head()
    assert not any(one is None for one in shown)


# --- what the reader tries -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "tried",
    [
        PlanChoice("cautious"),
        PlanChoice("ambitious", (("price", 0.9),)),
        PlanChoice("border", (("days_to_pay", 45.0), ("stock_cover", -30.0))),
        PlanChoice("Our own <b>", (("basket", 1.2), ("margin", -0.05))),
        PlanChoice("gone since"),
    ],
)
def test_every_card_stands_every_choice(view, tried):
    chosen = view.chosen(Choice(plan=tried))
    assert not re.search(ODD, text(drawn(chosen)))


def test_choices_move_cash_as_they_should(view):
    def lowest(*choice) -> float:
        return planning_plan.planned(view.chosen(Choice(plan=PlanChoice(*choice)))).line("cash").min()

    planned = lowest()
    assert lowest("cautious") < planned < lowest("ambitious")
    assert lowest("expected", (("margin", 0.05),)) > planned
    assert lowest("expected", (("days_to_pay", 45.0),)) < planned
    assert lowest("customers_late") < planned


def test_the_sliders_choose_and_what_rests_on_the_past_is_not_made_again(made_up, monkeypatch):
    shown: list = []
    monkeypatch.setattr(pages, "display", shown.append)
    monkeypatch.setattr(pages, "_show", shown.append)
    page = Page("planning", made_up, made_up.speaker("fr"), "live")
    page.head()
    bar = next(one for one in shown if hasattr(one, "children"))
    for card in MINE:
        page.show(card)
    before = [slot.place.widget.value for slot in page._slots]
    monkeypatch.setattr("echannel.plans.basis_of", lambda *_: pytest.fail("read again"))
    monkeypatch.setattr("echannel.foresight.computed", lambda *_: pytest.fail("forecast again"))
    sliders = {box.description: box for box in bar.children}
    sliders[page.say("planning.filter.margin")].value = 0.05
    assert page.view.choice.plan == PlanChoice("expected", (("margin", 0.05),))
    after = [slot.place.widget.value for slot in page._slots]
    assert sum(one != other for one, other in zip(before, after, strict=True)) >= len(MINE) - 1
    sliders[page.say("planning.filter.margin")].value = 0.0
    assert page.view.choice.plan == PlanChoice()
    assert [slot.place.widget.value for slot in page._slots] == before
    bar.children[0].value = "cautious"
    assert page.view.choice.plan.scenario == "cautious"


def test_sliders_run_as_far_as_history_went_and_hold_what_is_planned(view):
    made = planning_plan.basis(view)
    past = planning_plan.levers_of_history(view).set_index(["kind", "name"])
    levers = planning_controls.levers_of(view, made)
    assert {name for name, _ in levers} <= set(LEVERS)
    for name, reach in levers:
        stops = [value for _, value in planning_controls.lever_options(view, name, reach)]
        words = [word for word, _ in planning_controls.lever_options(view, name, reach)]
        assert LEVERS[name].neutral in stops and stops == sorted(stops) and len(set(words)) == len(words)
        if reach is not None:
            kind = "b2b" if name in ("accounts", "frequency", "order_value") else "b2c"
            row = past.loc[(kind, reach.called)]
            # Two stops that read alike are one.
            assert 1 < stops[-1] <= max(row["high"] / row["value"], 1.02) + 1e-3
            assert 1 > stops[0] >= min(row["low"] / row["value"], 0.98) - 1e-3


def test_ten_thousand_versions_are_drawn_once_and_then_read(made_up, view, monkeypatch):
    first = planning_plan.simulation(view)
    monkeypatch.setattr(planning_plan, "simulate", lambda *_: pytest.fail("drawn again"))
    again = planning_plan.simulation(View(made_up, made_up.speaker("en")))
    assert np.array_equal(again.cash["p10"], first.cash["p10"])
    assert np.array_equal(again.low_point["cash"], first.low_point["cash"])

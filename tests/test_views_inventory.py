"""The inventory page: nothing made up or unsafe, what is assumed is marked, a slider moves what it must."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import numpy as np
import openpyxl
import pages as whole
import pytest
from stock_shop import FORMULA, SCRIPT, stocked
from test_views import _balanced

from echannel.profiles import InventoryProfile
from echannel.views import (
    inventory_alert_cards,
    inventory_care_cards,
    inventory_cash_cards,
    inventory_controls,
    inventory_forecast_cards,
    inventory_order_cards,
    inventory_partner_cards,
    inventory_place_cards,
    inventory_plan,
    inventory_proof_cards,
    inventory_service_cards,
    inventory_stock_cards,
)
from echannel.views import page as pages
from echannel.views.blocks import block_html, opening_html
from echannel.views.context import Choice, View, WhatIf
from echannel.views.page import Page

STEADY = [
    inventory_stock_cards.tiles,
    inventory_alert_cards.coming,
    inventory_cash_cards.idle,
    inventory_cash_cards.age,
    inventory_stock_cards.value,
    inventory_stock_cards.over_time,
    inventory_stock_cards.turns,
    inventory_alert_cards.faults,
    inventory_forecast_cards.quality,
    inventory_partner_cards.suppliers,
    inventory_place_cards.moves,
    inventory_partner_cards.buyers,
    inventory_place_cards.promises,
]
MOVING = [
    inventory_order_cards.order_now,
    inventory_order_cards.order_all,
    inventory_care_cards.classes,
    inventory_service_cards.service,
    inventory_proof_cards.proof,
]
CARDS = STEADY + MOVING
LACKS = [("costs",), ("suppliers",), ("purchases",), ("stock",), ("purchases", "stock", "suppliers", "costs")]


@pytest.fixture(scope="module")
def made_up():
    return {kind: stocked(kind, orders=1500) for kind in ("b2c", "b2b", "both")}


@pytest.fixture(scope="module")
def view(made_up):
    return View(made_up["both"], made_up["both"].speaker("fr"))


def text(html: str) -> str:
    return re.sub(r"<[^>]*>", " ", re.sub(r'(href|data-figure)=(["\']).*?\2', "", html, flags=re.S))


# --- cards ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", ["b2c", "b2b", "both"])
def test_every_card_is_drawn_safely(made_up, kind, language):
    view = View(made_up[kind], made_up[kind].speaker(language))
    for card in CARDS:
        html = block_html(card(view), view)
        assert "<script" not in html, card
        assert not re.search(r"\bnan\b|NaN|NaT|None|\{\w+\}|\binf\b", text(html)), card
        _balanced(html)


@pytest.mark.parametrize("lacks", LACKS, ids="+".join)
def test_what_is_missing_is_said_and_never_0(lacks):
    firm = stocked("both", orders=700, **dict.fromkeys(lacks, True))
    view = View(firm, firm.speaker("fr"))
    html = opening_html("inventory", view) + "".join(block_html(card(view), view) for card in CARDS)
    assert not re.search(r"\bnan\b|NaN|NaT|None|\{\w+\}|\binf\b", text(html))
    say = view.say
    if "stock" in lacks:
        assert say("inventory.open.no_stock") in html and say("reason.stock_missing") in html
        assert inventory_order_cards.due_lines(view).empty
        assert "ec-missing" in block_html(inventory_order_cards.order_now(view), view)
    if "costs" in lacks and "purchases" in lacks:
        assert not re.search(
            r"(?<![\d\u202f,])0\u00a0€", text(block_html(inventory_stock_cards.tiles(view), view))
        )


def test_a_single_week_of_history_says_what_it_cannot_say():
    firm = stocked("b2c", orders=900)
    last = firm.sales.last_day
    orders = firm.tables["orders"]
    week = orders[(orders["local_day"] > last - 7).to_numpy()].reset_index(drop=True)
    lines = firm.tables["order_lines"]
    firm.tables["orders"] = week
    firm.tables["order_lines"] = lines[lines["order_id"].isin(week["order_id"])].reset_index(drop=True)
    firm.tables["refunds"] = firm.tables["refunds"].iloc[:0]
    fresh = type(firm)(firm.profile, firm.tables)
    view = View(fresh, fresh.speaker("en"))
    html = opening_html("inventory", view) + "".join(block_html(card(view), view) for card in CARDS)
    assert not re.search(r"\bnan\b|NaN|NaT|None|\{\w+\}|\binf\b", text(html))
    assert inventory_order_cards.due_lines(view).empty
    assert view.say("inventory.say.cannot_propose") in html


def test_firms_see_promises_and_consumers_shops_do_not(made_up):
    shop, firm = (View(made_up[kind], made_up[kind].speaker("fr")) for kind in ("b2c", "b2b"))
    for card in (inventory_partner_cards.buyers, inventory_place_cards.promises):
        assert card(shop) is None and card(firm) is not None
    assert inventory_place_cards.moves(shop) is None, "one place only"


def test_reserved_goods_are_not_promised(made_up):
    view = View(made_up["b2b"], made_up["b2b"].speaker("fr"))
    frame = inventory_place_cards.promises(view).table.frame.set_index("product_id")
    position = made_up["b2b"].inventory.position.loc[frame.index]
    assert (position["reserved"] > 0).any()
    assert np.allclose(frame["value"], (position["on_hand"] - position["reserved"]).clip(lower=0))


def test_value_adds_up_over_every_grouping(view):
    table = inventory_stock_cards.value(view).table.frame
    sums = table.groupby("by")["value"].sum()
    assert len(sums) == 3
    assert np.allclose(sums, sums.iloc[0])


def test_the_parts_of_idle_stock_add_up_to_what_is_said(view):
    card = inventory_cash_cards.idle(view)
    assert view.say.money(card.table.frame["value"].sum(), decimals=0) in card.sentence
    assert view.say.money(inventory_cash_cards.tied_up(view), decimals=0) in card.sentence


# --- what is assumed -----------------------------------------------------------------------------


def test_what_nobody_stated_is_marked_and_leads_to_the_audit(view):
    html = block_html(inventory_order_cards.order_now(view), view)
    assert "ec-assumed" in html and 'href="audit.fr.html"' in html
    assert view.say("inventory.input.order_cost") in html


def test_what_the_profile_states_is_not_called_assumed():
    said = InventoryProfile(
        holding_rate=0.2, order_cost=9, review_days=7, lead_time_days=9, lead_time_sd_days=2
    )
    firm = stocked("b2c", orders=900)
    firm.profile = firm.profile.model_copy(update={"inventory": said})
    view = View(firm, firm.speaker("fr"))
    card = inventory_service_cards.service(view)
    assert card.assumed == ""


def test_measured_lead_times_are_not_called_assumed(made_up):
    view = View(made_up["b2c"], made_up["b2c"].speaker("fr"))
    assert view.say("inventory.input.lead_time_days") not in inventory_order_cards.order_now(view).assumed
    bare = stocked("b2c", orders=900, purchases=True, suppliers=True)
    view = View(bare, bare.speaker("fr"))
    assert "14" in inventory_alert_cards.coming(view).assumed or not len(
        inventory_alert_cards.next_days(view)
    )
    assert view.say("inventory.input.lead_time_days") in inventory_service_cards.service(view).assumed


# --- sliders -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tried",
    [
        WhatIf(service=0.8),
        WhatIf(service=0.95, aim="fill"),
        WhatIf(aim="margin"),
        WhatIf(longer=28),
        WhatIf(longer=-7),
        WhatIf(budget=50.0),
        WhatIf(abc_by="margin", cut_a=0.5, cut_b=0.99),
        WhatIf(abc_by="units"),
    ],
)
def test_every_card_stands_every_choice(view, tried):
    chosen = view.chosen(Choice(stock=tried))
    for card in MOVING:
        html = block_html(card(chosen), chosen)
        assert not re.search(r"\bnan\b|NaN|NaT|None|\{\w+\}", text(html)), card


def test_more_service_means_more_stock_and_less_margin_lost(view):
    low, high = (
        inventory_plan.plan(view.chosen(Choice(stock=WhatIf(service=s)))).policies for s in (0.85, 0.99)
    )
    known = low["status"] == "ok"
    assert (low.loc[known, "safety_stock"] <= high.loc[known, "safety_stock"] + 1e-9).all()
    assert low["lost_margin"].sum() > high["lost_margin"].sum()


def test_longer_lead_times_are_ordered_for_earlier(view):
    now, later = (
        inventory_plan.plan(view.chosen(Choice(stock=WhatIf(longer=days)))).lines for days in (0, 28)
    )
    assert later["due"].sum() >= now["due"].sum()
    assert later["reorder_point"].sum() > now["reorder_point"].sum()


def test_a_budget_is_kept(view):
    whole_cost = inventory_order_cards.due_lines(view)["cost"].sum()
    short = view.chosen(Choice(stock=WhatIf(budget=whole_cost / 2)))
    assert 0 < inventory_order_cards.due_lines(short)["cost"].sum() <= whole_cost / 2
    own = stocked("both", orders=1500)
    own.profile = own.profile.model_copy(update={"inventory": InventoryProfile(budget=whole_cost / 2)})
    there = View(own, own.speaker("fr"))
    assert inventory_order_cards.due_lines(there)["cost"].sum() <= whole_cost / 2
    free = there.chosen(Choice(stock=WhatIf(budget=float("inf"))))
    assert inventory_order_cards.due_lines(free)["cost"].sum() == pytest.approx(whole_cost)


def test_the_sliders_choose_and_only_what_moves_is_drawn_again(made_up, monkeypatch):
    shown: list = []
    monkeypatch.setattr(pages, "display", shown.append)
    monkeypatch.setattr(pages, "_show", shown.append)
    firm = stocked("both", orders=900)
    page = Page("inventory", firm, firm.speaker("fr"), "live")
    page.head()
    bar = next(one for one in shown if hasattr(one, "children"))
    for card in CARDS:
        page.show(card)
    drawn = [slot.place.widget for slot in page._slots]
    assert len(drawn) == 1 + len(MOVING)  # the head, and what moves
    before = [widget.value for widget in drawn]
    service = bar.children[0]
    service.value = 0.99
    assert page.view.choice.stock == WhatIf(service=0.99, budget=float("inf"))
    changed = [one.value != other for one, other in zip(drawn, before, strict=True)]
    assert sum(changed) >= 3
    assert [option for option, _ in service.options][1] == "80\u00a0%"


def test_the_first_time_says_that_it_takes_a_while(monkeypatch):
    shown: list = []
    monkeypatch.setattr(pages, "_show", shown.append)
    monkeypatch.setattr(pages, "display", lambda *_: None)
    firm = stocked("b2c", orders=700)
    Page("inventory", firm, firm.speaker("fr"), "live").head()
    assert "ec-computing" in shown[0] and "27 produits" in shown[0]
    shown.clear()
    again = type(firm)(firm.profile, firm.tables)
    again.store = firm.store
    Page("inventory", again, again.speaker("en"), "live").head()
    assert not any("ec-computing" in str(one) for one in shown)


def test_the_controls_know_every_measure_of_abc():
    assert set(inventory_controls.ABC_MEASURES) == {"turnover", "margin", "units"}
    assert WhatIf().cut_a in inventory_controls.CUTS_A and WhatIf().cut_b in inventory_controls.CUTS_B
    assert max(inventory_controls.CUTS_A) < min(inventory_controls.CUTS_B)
    assert WhatIf().longer in inventory_controls.LONGER


# --- files ---------------------------------------------------------------------------------------


def test_a_workbook_and_a_purchase_order_per_supplier(view):
    lines = inventory_order_cards.due_lines(view)
    book, *papers = inventory_order_cards.files(view)
    assert len(papers) == lines["supplier_id"].nunique() >= 2
    assert all(one.content.startswith(b"%PDF") and one.name.endswith(".pdf") for one in papers)
    sheets = openpyxl.load_workbook(io.BytesIO(book.content))
    assert len(sheets.sheetnames) == len(papers)
    rows = [row for sheet in sheets for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert len(rows) == len(lines)
    assert not [cell for sheet in sheets for row in sheet for cell in row if cell.data_type == "f"]
    assert sum(row[2] for row in rows) == lines["value"].sum()


def test_each_supplier_reads_its_own_language(view):
    lines = inventory_order_cards.due_lines(view)
    french = inventory_order_cards._language(view, "s0")
    british = inventory_order_cards._language(view.chosen(Choice()), "s1")
    assert (french, british) == ("fr", "en")
    assert inventory_order_cards._language(view, "s2") == "fr", "nobody knows: the reader's"
    order = inventory_order_cards.purchase_order(view, "s0", lines[lines["supplier_id"] == "s0"])
    assert order.supplier == "Dupont & Cie"
    assert order.total == pytest.approx(
        lines.loc[lines["supplier_id"] == "s0", "cost"].sum(), abs=0.02 * len(order.lines)
    )


def test_a_hostile_supplier_stays_a_name(view):
    html = whole.drawn("inventory", view.sme, "fr")
    assert SCRIPT not in html and "&lt;script&gt;" in html
    downloads = "\n".join(whole.csv_downloads(whole.parsed(html)))
    assert "'=cmd" in downloads and FORMULA.replace('"', '""') in downloads
    assert not re.search(r"(^|[;\n])\"?=", downloads)


def test_the_opening_says_what_the_cards_say(view):
    html = opening_html("inventory", view)
    assert html.count("<dd>") == 3
    sentence = inventory_order_cards.order_sentence(view)
    assert sentence.split(":")[0].split("&")[0][:40] in html
    other = View(view.sme, view.sme.speaker("en"))
    numbers = [whole.numbers(text(opening_html("inventory", one)), one.say.language) for one in (view, other)]
    assert numbers[0] == numbers[1]


def test_a_choice_of_growth_is_no_choice_of_stock():
    assert replace(Choice(), stock=WhatIf(longer=7)).period == Choice().period


def test_a_fill_rate_of_95_percent_needs_less_stock_than_a_cycle_service_of_95(view):
    made = {
        aim: inventory_plan.plan(view.chosen(Choice(stock=WhatIf(service=0.95, aim=aim)))).policies
        for aim in ("cycle", "fill", "margin")
    }
    assert made["fill"]["safety_stock"].sum() < made["cycle"]["safety_stock"].sum()
    assert not made["margin"]["service_target"].equals(made["cycle"]["service_target"])

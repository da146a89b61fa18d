"""Story 9, reorder Monday: at most ten lines by supplier, each with its reasons; none from three sales."""

from __future__ import annotations

import math

import numpy as np
import pages
import pytest
from stock_shop import FORMULA, PACK, RARE, SCRIPT, stocked

from echannel.metrics.inventory.service import safety_stock
from echannel.views import inventory_order_cards as cards
from echannel.views.context import View
from echannel.views.inventory_plan import plan

LANGUAGES = ("en", "fr")


@pytest.fixture(scope="module")
def firm():
    """A French firm that sells to firms; one of its three suppliers is British."""
    return stocked("b2b", country="FR")


@pytest.fixture(scope="module")
def drawn(firm):
    return {language: pages.parsed(pages.drawn("inventory", firm, language)) for language in LANGUAGES}


@pytest.fixture(params=LANGUAGES)
def view(firm, request):
    return View(firm, firm.speaker(request.param))


def rows_of(card) -> list[list[str]]:
    return [[cell.get_text(" ", strip=True) for cell in row(["th", "td"])] for row in card.select("tbody tr")]


def test_at_most_ten_lines_come_first_by_supplier(firm, view, drawn):
    due = cards.due_lines(view)
    listed = rows_of(pages.card(drawn[view.say.language], view.say("inventory.card.order_now.title")))
    assert 1 <= len(listed) == min(len(due), 10)
    suppliers = [row[0] for row in listed]
    assert suppliers == sorted(suppliers, key=suppliers.index), "lines of a supplier stand together"
    everything = rows_of(pages.card(drawn[view.say.language], view.say("inventory.card.order_all.title")))
    assert len(everything) >= len(due)


def test_each_line_has_quantity_days_amount_and_reason(view, drawn):
    say, first = view.say, cards.first_lines(view)
    listed = rows_of(pages.card(drawn[say.language], say("inventory.card.order_now.title")))
    for row, (_, line) in zip(listed, first.iterrows(), strict=True):
        assert row[1] == view.product(line["product_id"])
        assert row[2] == say.number(line["value"])
        assert row[3] == say.day(cards.as_date(int(line["order_by"])))
        assert row[4] == (say.money(line["cost"], decimals=0))
        assert row[5] == say.day(cards.as_date(int(line["cash_day"])))
        assert len(row[6]) > 30  # a sentence
        assert row[8] == say.number(line["z"], 1)


def test_quantities_are_whole_packs(firm, view):
    lines = cards.due_lines(view)
    pack = firm.inventory.items.loc[lines["product_id"], "order_quantity_multiple"].to_numpy()
    assert PACK in pack
    assert np.allclose(lines["value"].to_numpy() % pack, 0)


def test_money_leaves_after_the_delivery_by_the_supplier_s_terms(firm, view):
    lines = cards.due_lines(view).set_index("product_id")
    items, today = firm.inventory.items.loc[lines.index], firm.inventory.today
    arrives = today + np.ceil(items["lead_time_days"])
    assert (lines["cash_day"] == arrives + items["payment_days"]).all()
    assert set(items.loc[items["supplier_id"] == "s0", "payment_days"]) <= {45.0}


def test_three_sales_say_not_enough_data_and_no_number(view, drawn):
    line = plan(view).lines.loc[RARE]
    assert line["status"] == "too_few"
    assert math.isnan(line["value"]) and math.isnan(line["cost"])
    say = view.say
    listed = rows_of(pages.card(drawn[say.language], say("inventory.card.order_all.title")))
    rare = next(row for row in listed if row[1] == view.product(RARE))
    assert rare[2:6] == [say("inventory.few_data")] * 4
    assert not any(character.isdigit() for character in rare[2] + rare[4])
    assert say("inventory.few_data") == {"fr": "données insuffisantes", "en": "not enough data"}[say.language]


def test_a_british_supplier_s_time_is_measured_and_so_has_customs_in_it(firm, view, drawn):
    lines = plan(view).lines
    british = lines[lines["supplier_id"] == "s1"]
    bought = firm.table("purchases")
    bought = bought[(bought["supplier_id"] == "s1") & bought["received_on"].notna()]
    days = (bought["received_on"] - bought["ordered_on"]).dt.days
    assert not british["customs_unknown"].any()
    assert british["lead_time_days"].mean() == pytest.approx(days.mean(), abs=2.5)
    assert british["lead_time_days"].mean() > 18  # as agreed: 14, from depot to depot
    measured = british[british["lead_time_from"] == "measured"]
    page = drawn[view.say.language].get_text(" ")
    assert view.say("inventory.from.measured", n=int(measured["lead_time_n"].iloc[0])) in page


def test_without_a_measurement_the_line_says_that_customs_are_not_in_it():
    firm = stocked("b2b", country="FR", orders=1200, purchases=True)
    view = View(firm, firm.speaker("fr"))
    assert plan(view).lines.query("supplier_id == 's1'")["customs_unknown"].all()
    lines = cards.shown(view, plan(view).lines.reset_index())
    british = lines[lines["supplier_id"] == "s1"]
    assert british["lead"].str.contains(view.say("inventory.customs_unknown")).all()


def test_the_page_s_safety_stock_is_vector_1():
    """Demand 20 ± 8 a day, lead time 10 ± 2 days, 95 %: 77.85 units, and 277.85 to order at."""
    assert safety_stock(0.95, 20.0, 8.0, 10.0, 2.0) == pytest.approx(77.85, abs=0.01)


def test_both_languages_say_the_same_numbers(drawn):
    english, french = (pages.numbers(drawn[one].get_text(" "), one) for one in LANGUAGES)
    del english["1"], french["1"]
    assert english == french, (english - french, french - english)


def test_names_that_bite_stay_names(drawn):
    for page in drawn.values():
        assert SCRIPT in page.get_text(), "shown as it is written, not run"
    csv = "\n".join(pages.csv_downloads(drawn["fr"]))
    assert f"'{FORMULA[:5]}" in csv and "\n=" not in csv and ";=" not in csv

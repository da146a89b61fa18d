"""Story 8: why did sales move? Bridges that add up to the penny, and a main cause with its uncertainty."""

from __future__ import annotations

from datetime import date

import pages
import pytest

from echannel.metrics import change
from echannel.metrics.periods import of
from echannel.metrics.turnover import as_date
from echannel.sme import open_sme
from echannel.views import change_cards
from echannel.views.context import View

LANGUAGES = ("en", "fr")


@pytest.fixture(scope="module")
def kent(demo):
    return open_sme("kent-gifts", demo)


@pytest.fixture(scope="module")
def view(kent):
    return View(kent, kent.speaker("en"))


def day_of(one: date) -> int:
    return (one - date(1970, 1, 1)).days


def bridges(view):
    sales, now, before = view.whole, view.period, view.compared
    return {
        "products": change.price_volume_mix(sales.lines, now, before),
        "customers": change.by_customers(sales.entries, now, before),
        "traffic": change.traffic_drivers(sales.entries, sales.visits, now, before),
        "buyers": change.buyer_drivers(sales.entries, now, before),
    }


def test_every_bridge_is_the_change_of_turnover_to_the_penny(view):
    now, before = (of(view.whole.entries, one)["net_goods"].sum() for one in (view.period, view.compared))
    for name, parts in bridges(view).items():
        assert (parts["status"] == "ok").all(), name
        pence = round(parts["value"].sum() * 100)
        assert pence == round(round(now, 2) * 100) - round(round(before, 2) * 100), name


def test_sale_days_are_compared_with_sale_days(demo):
    """By hand: the soldes and Black Friday weeks of the firm's own country, per day, against last year's."""
    sme = open_sme("breizh-epicerie", demo)
    view = View(sme, sme.speaker("fr"))
    dates = [as_date(day).date() for day in (view.compared.since, view.period.until)]
    sold_off = {
        day
        for one in sme.pack.sale_periods_between(*dates)
        for day in range(day_of(one.first), day_of(one.last) + 1)
    }
    entries = view.whole.entries
    per_day = {}
    for name, one in (("value", view.period), ("value_before", view.compared)):
        days = sold_off & set(range(one.since, one.until + 1))
        per_day[name] = entries.loc[entries["day"].isin(days), "net_goods"].sum() / len(days)
    card = change_cards.calendar(view)
    row = card.table.frame.set_index("part").loc["sale"]
    for name, value in per_day.items():
        assert row[name] == pytest.approx(value)
    change_per_day = per_day["value"] / per_day["value_before"] - 1
    assert view.say.percent(change_per_day, signed=True) in card.sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_names_the_main_cause_and_how_sure_it_is(kent, view, language):
    say = kent.speaker(language)
    cause = change.main_cause(view.whole.lines, view.period, view.compared).iloc[0]
    card = pages.card(
        pages.parsed(pages.drawn("growth", kent, language)), say("growth.card.change_products.title")
    )
    text = card.get_text(" ")
    assert say(f"growth.certainty.{cause['verdict']}") in text
    for amount in ("value", "low", "high"):
        assert say.money(cause[amount], decimals=0, signed=True) in text

"""Ways of paying and free delivery of a firm's own orders; holidays and sources in the reader's language."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_views_market_sheet import seen
from views_shop import SCRIPT, shop

from echannel.countries.calendars import abroad_holidays
from echannel.locale import Speaker
from echannel.metrics.market.habits import free_delivery, payment_habits
from echannel.metrics.market.traction import last_year
from echannel.reference import snapshot
from echannel.views import market_habits_cards
from echannel.views.blocks import block_html

ORDER = st.tuples(
    st.sampled_from(["FR", "GB", "DE", None]),
    st.sampled_from(["Card", "PayPal", "Virement", None]),
    st.sampled_from([0.0, 4.9]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ORDER, max_size=60))
def test_shares_are_counted_and_sum_to_one_where_there_are_ten_orders(rows):
    orders = pd.DataFrame(rows, columns=["country", "payment_method", "shipping"])
    found = payment_habits(orders, "FR", "GB").set_index("method")
    there = [method for country, method, _ in rows if country == "FR" and method]
    assert found["orders"].sum() == len(there)
    for method in found.index:
        assert found.loc[method, "orders"] == there.count(method)
    if len(there) < 10:
        assert found["share"].isna().all()
    else:
        assert found["share"].sum() == pytest.approx(1)
        assert found["share"].iloc[0] == pytest.approx(there.count(found.index[0]) / len(there))
    paid = [shipping for country, _, shipping in rows if country == "FR"]
    free = free_delivery(orders, "FR")
    assert np.isnan(free) if len(paid) < 10 else free == pytest.approx(paid.count(0.0) / len(paid))


@pytest.fixture(scope="module")
def firm() -> SimpleNamespace:
    made = shop("b2c", orders=400, country="GB")
    orders = made.table("orders")
    paid = orders.assign(payment_method=np.where(np.arange(len(orders)) % 3 == 0, SCRIPT, "Card"))
    table = made.table
    made.table = lambda name: paid if name == "orders" else table(name)
    return made


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_card_counts_own_orders_and_says_that_nothing_published_is_known(firm, language):
    view = seen(firm, "FR", language)
    card = market_habits_cards.habits(view)
    orders = firm.sales.select(*last_year(firm.sales), kinds=["b2c"]).orders
    own = orders[orders["country"] == "FR"]
    frame = card.table.frame.set_index("method")
    methods = firm.table("orders").set_index("order_id")["payment_method"].reindex(own["order_id"])
    assert frame["orders"].to_dict() == methods.value_counts().to_dict()
    assert "reason.no_habits_source" in card.missing and str(len(own)) in card.sentence
    html = block_html(card, view)
    assert SCRIPT not in html
    nobody = market_habits_cards.habits(seen(firm, "NZ", language))
    assert nobody.table is None and "reason.no_habits_source" in nobody.missing and nobody.sentence


def test_holidays_of_markets_without_french_names_are_put_into_french():
    days, foreign = abroad_holidays("GR", [2027], "fr")
    assert "Lundi de Pâques" in days.values() and "Fête de l’Indépendance" in days.values() and foreign
    english, none = abroad_holidays("GR", [2027], "en")
    assert list(days) == list(english) and not none
    assert abroad_holidays("BE", [2027], "fr")[1] is False


def test_every_source_of_a_figure_has_its_words():
    for language in ("en", "fr"):
        say = Speaker(language)
        for source in snapshot.sources().query("source.str.match('wb_|eurostat_|eu_vat|sales_')").index:
            assert say(f"reference.source.{source}")
        assert set(snapshot.figures()["source"]) <= set(snapshot.sources().index)

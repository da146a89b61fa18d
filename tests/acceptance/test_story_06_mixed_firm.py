"""Story 6: one shop sells to consumers and to firms. Baskets never mix, and what is shown follows."""

from __future__ import annotations

from functools import cache

import pages
import pytest
from views_shop import shop

CONSUMERS = ("cohort_retention", "repeat_rate")
FIRMS = ("concentration", "accounts_at_risk", "receivables", "payment_delays")
LANGUAGES = ("en", "fr")


@cache
def page(orientation: str, language: str):
    return pages.parsed(pages.drawn("growth", shop(orientation, orders=1500), language))


def titles(orientation: str, language: str) -> set[str]:
    return {heading.get_text(" ", strip=True) for heading in page(orientation, language)(["h2", "h3"])}


@pytest.mark.parametrize("language", LANGUAGES)
def test_baskets_of_consumers_with_vat_and_of_firms_without(language):
    sme = shop("both", orders=1500)
    say = sme.speaker(language)
    tiles = {
        tile.find(class_="ec-label").get_text(): tile.get_text(" ")
        for tile in page("both", language)(class_="ec-tile")
    }
    consumers, firms = tiles[say("growth.tile.basket_b2c")], tiles[say("growth.tile.basket_b2b")]
    without_vat = say("growth.tile.basket_net", money="").strip()
    assert without_vat in consumers  # HT under TTC
    assert without_vat not in firms.replace(say("growth.tile.basket_b2b"), "")
    assert say("growth.tile.turnover") in tiles  # the total: ex VAT only
    baskets = [name for name in tiles if "basket" in name.lower() or "moyen" in name.lower()]
    assert len([*baskets, say("growth.tile.basket_b2b")]) >= 2
    assert not any("TTC" in name or "inc VAT" in name for name in tiles if name not in baskets)


@pytest.mark.parametrize("language", LANGUAGES)
def test_orientation_decides_what_is_asked(language):
    say = shop("both", orders=1500).speaker(language)
    named = {name: say(f"growth.card.{name}.title") for name in (*CONSUMERS, *FIRMS)}
    mixed, consumers, firms = (titles(one, language) for one in ("both", "b2c", "b2b"))
    assert {named[name] for name in FIRMS} <= mixed & firms
    assert not {named[name] for name in FIRMS} & consumers
    assert {named[name] for name in CONSUMERS} <= mixed & consumers

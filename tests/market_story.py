"""What the two market stories share: the page for a market on a day, its cards as people read them."""

from __future__ import annotations

from datetime import date

import pages
from bs4 import BeautifulSoup

from echannel.sme import Sme
from echannel.views.context import Choice, View
from echannel.views.market_choice import MarketChoice

TODAY = date(2026, 11, 24)
LANGUAGES = ("en", "fr")
OWN_CARDS = (
    "landed_price", "landed_ways", "landed_disputed", "landed_coming", "landed_origin", "landed_margin",
    "landed_volume", "landed_band", "landed_changes",
)  # fmt: skip


def chosen(market: str, on: date = TODAY) -> Choice:
    """A reader who looks at one market under the rules of a day."""
    return Choice(market=MarketChoice(market=market, rules_on=on))


def view_of(firm: Sme, language: str, choice: Choice) -> View:
    return View(firm, firm.speaker(language), choice)


def page_of(firm: Sme, language: str, choice: Choice) -> BeautifulSoup:
    return pages.parsed(pages.drawn("market", firm, language, choice))


def card(page: BeautifulSoup, name: str) -> BeautifulSoup | None:
    return page.find(id=f"market-{name.replace('_', '-')}")


def rows(page: BeautifulSoup, name: str) -> list[list[str]]:
    return [
        [cell.get_text(" ", strip=True) for cell in row(["th", "td"])]
        for row in card(page, name).select("tbody tr")
    ]


def amount(text: str) -> float:
    """An amount of either language as a number."""
    plain = text.replace("\u202f", "").replace("\u00a0", "").strip("£€ ").replace("−", "-")
    return float(
        plain.replace(",", ".") if plain.count(",") == 1 and "." not in plain else plain.replace(",", "")
    )


def same_numbers(pages_by_language: dict[str, BeautifulSoup]) -> None:
    """Each card tells the same numbers in both languages (rates in words of a list of defaults aside)."""
    english, french = (pages_by_language[language] for language in LANGUAGES)
    for name in OWN_CARDS:
        cards = [card(english, name), card(french, name)]
        assert (cards[0] is None) == (cards[1] is None), name
        if cards[0] is None or cards[1] is None:
            continue
        told = [
            pages.numbers(" ".join(cell.get_text(" ") for cell in one.select("td, .ec-sentence")), language)
            for one, language in zip(cards, LANGUAGES, strict=True)
        ]
        assert told[0] == told[1], name

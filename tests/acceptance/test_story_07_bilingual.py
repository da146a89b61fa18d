"""Story 7 on whole pages: one click on the language, the same chart, the same numbers."""

from __future__ import annotations

import re
from collections import Counter
from copy import copy
from functools import cache

import pages
import pytest
from bs4 import BeautifulSoup
from pages import plotted
from views_shop import shop

PAGES = [(tool, country) for tool in ("growth", "audit") for country in ("GB", "FR")]
NAMES = r"Galette n° \d+|<script>.*?</script>|=cmd\S+ \S+|Made up & Sons|boutique"
ENGLISH = re.compile(
    r"\b(the|and|with|your|from|of|orders?|turnover|customers?|sales|days|month|year|not)\b", re.I
)
FRENCH = re.compile(r"\b(le|les|des|une|est|avec|votre|dans|commandes?|jours|mois|sans|sur)\b", re.I)


@cache
def made_up(country: str):
    return shop("both", orders=1500, country=country)


@cache
def parsed(tool: str, country: str, language: str) -> BeautifulSoup:
    return pages.parsed(pages.drawn(tool, made_up(country), language))


@cache
def figures(tool: str, country: str, language: str) -> list[dict]:
    return pages.figures(parsed(tool, country, language))


@cache
def words(tool: str, country: str, language: str) -> str:
    """What is read: text, and attributes that are read out; not the shop’s own names nor a term’s twin."""
    soup = copy(parsed(tool, country, language))
    for twin in soup.select(f'.ec-also [lang]:not([lang="{language}"])'):
        twin.decompose()
    read_out = ("title", "aria-label", "alt", "download")
    tips = [node[name] for name in read_out for node in soup(attrs={name: True}) if node.name != "dfn"]
    return re.sub(NAMES, " ", " ".join([soup.get_text(" "), *tips]))


def numbers(tool: str, country: str, language: str) -> Counter:
    """Every number on the page, in one notation."""
    found = pages.numbers(words(tool, country, language), language)
    del found["1"]  # one case in 100 may well be « une fois sur 100 »
    return found


@pytest.mark.parametrize(("tool", "country"), PAGES)
def test_the_same_numbers_in_the_text(tool, country):
    english, french = (numbers(tool, country, one) for one in ("en", "fr"))
    assert english == french, (english - french, french - english)
    assert sum(english.values()) > 100


@pytest.mark.parametrize(("tool", "country"), PAGES)
def test_the_same_charts(tool, country):
    english, french = (figures(tool, country, one) for one in ("en", "fr"))
    assert [plotted(one) for one in english] == [plotted(one) for one in french]
    assert english or tool == "audit"


@pytest.mark.parametrize("tool", ["growth", "audit"])
@pytest.mark.parametrize("country", ["GB", "FR"])
@pytest.mark.parametrize(("language", "foreign"), [("fr", ENGLISH), ("en", FRENCH)])
def test_a_reader_never_meets_the_other_language(tool, country, language, foreign):
    drawn_words = (text for one in figures(tool, country, language) for text in figure_words(one))
    text = " ".join([words(tool, country, language), *drawn_words])
    own = {
        "fr": r"Boxing Day|Flat Rate Scheme",
        "en": r"\(soldes\)|Épicerie|Maison|Textile|Cadeaux|Mer",
    }[language]
    found = {match.group() for match in foreign.finditer(re.sub(own, " ", text))}
    around = [text[max(0, m.start() - 40) : m.end() + 40] for m in foreign.finditer(re.sub(own, " ", text))]
    assert not found, (found, around[:5])


def figure_words(figure: dict) -> list[str]:
    """The texts in a figure: axes, legends, hover texts, marks; not its settings."""
    found: list[str] = []

    def walk(node, key=""):
        if isinstance(node, dict):
            for name, value in node.items():
                walk(value, name)
        elif isinstance(node, list):
            for value in node:
                walk(value, key)
        elif isinstance(node, str) and key in {
            "text",
            "name",
            "ticktext",
            "hovertext",
            "customdata",
            "x",
            "y",
        }:
            found.append(re.sub(rf"<[^>]*>|%\{{[^}}]*\}}|{NAMES}", " ", node))

    walk(figure)
    return found


@pytest.mark.parametrize(("country", "sign"), [("GB", "£"), ("FR", "€")])
def test_money_is_the_sme_s_whatever_the_language(country, sign):
    other = {"£": "€", "€": "£"}[sign]
    english, french = (words("growth", country, one) for one in ("en", "fr"))
    assert re.search(rf"{sign}\d{{1,3}},\d{{3}}", english)
    assert re.search(rf"\d\u202f\d{{3}}(?:,\d\d)?\u00a0{sign}", french)
    assert other not in english and other not in french


@pytest.mark.parametrize(
    ("country", "own", "foreign"),
    [("GB", ("Vendredi saint", "Lundi de Pâques"), "Ascension"), ("FR", ("Ascension",), "Vendredi saint")],
)
def test_holidays_and_sales_are_those_of_the_sme_s_country(country, own, foreign):
    drawn_words = (text for one in figures("growth", country, "fr") for text in figure_words(one))
    page = " ".join([words("growth", country, "fr"), *drawn_words])
    assert all(name in page for name in own) and foreign not in page
    assert ("Soldes d’hiver" in page) == (country == "FR")


def test_a_term_shows_the_other_language_when_pointed_at():
    page = parsed("growth", "GB", "fr")
    french = {node["title"]: node.get_text() for node in page.select("dfn[title]")}
    tips = {node.select_one("[lang=en]").get_text(): node for node in page.select(".ec-also")}
    french |= {other: node.find_previous("dfn").get_text() for other, node in tips.items()}
    assert tips
    assert french.get("Net turnover") == "Chiffre d’affaires net"
    for other, mine in french.items():
        assert not ("marque" in mine and re.search(r"mark-?up", other, re.I))


@pytest.mark.parametrize(
    ("country", "language", "named"), [("GB", "fr", "Royaume-Uni"), ("FR", "en", "France")]
)
def test_a_page_says_which_rules_it_was_made_with(country, language, named):
    foot = parsed("growth", country, language).select_one("footer").get_text(" ")
    assert f"{named}, {made_up(country).speaker(language).day(made_up(country).pack.reviewed)}" in foot

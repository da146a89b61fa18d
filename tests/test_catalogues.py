"""Both languages are complete, used, idiomatic and typeset; no sentence stands outside them."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest
from catalogue_scan import (
    KEY,
    PACKAGE,
    ROOT,
    Scan,
    catalogue,
    entries,
    is_wording,
    placeholders,
    scan,
    scan_python,
    template_words,
)

from echannel.countries import country_codes, country_pack
from echannel.locale import LANGUAGES

# Words that are the same in both languages, or are not translated, and why.
SAME_IN_BOTH = {
    "language.en": "a language is named in itself",
    "language.fr": "a language is named in itself",
    "orientation.b2b": "an abbreviation of both languages",
    "orientation.b2c": "an abbreviation of both languages",
    "term.badge": "the same word",
    "growth.medium.email": "the same word",
    "sync.field.date": "the same word",
    "sync.field.source": "the same word",
    "sync.field.badge": "the same word",
    "wizard.mark.point": "the same word",
    "ask.how.sum": "the same word",
    "ask.control.sql": "the same word",
    "ask.sql.table": "the same word",
    "ask.field.day": "the same word",
    "ask.field.journal": "the same word",
    "inventory.filter.budget": "the same word",
    "views.foot.sources": "the same word",
    "views.column.lift": "a term of art in both languages",
    "views.column.score": "the same word",
    "views.column.segment": "the same word",
    "views.column.table": "the same word",
    "views.column.verdict": "the same word",
    "cli.options_metavar": "the same word",
    "cli.panel.options": "the same word",
    "cli.panel.arguments": "the same word",
}
# Texts in code that look like sentences and are not written for a reader of ours.
NOT_FOR_READERS = {
    "system-ui, ": "a list of fonts",
    "the worker process died": "technical detail in run.log",
    "a spare kernel does not answer": "technical detail in the server's log",
    "nom du client": "a header in other people's files",
    "SELECT product, sum(": "a query to start from",
}
DATA_MODULES = (
    "echannel/demo/",  # invented firms, products and files: data, in the firm's own language
    "echannel/connectors/shopify/queries.py",  # a query language
    "echannel/connectors/files/words.py",  # what stands in other people's files
)

ENGLISH = re.compile(r"\b(the|and|with|your|from|orders|turnover|customers?|missing|file|row|click)\b", re.I)
FRENCH = re.compile(r"\b(le|les|des|une|est|sont|pour|avec|votre|vos|dans|commandes?|fichier)\b", re.I)
QUOTED = re.compile(r"[«“][^»”]*[»”]|\([^)]*\)|[\w./-]+[./][\w./-]+")


def listed(problems) -> str:
    return "\n".join(str(problem) for problem in problems)


def known_keys() -> set[str]:
    packs = (country_pack(code) for code in country_codes())
    return catalogue("en").keys() | {key for pack in packs for key in pack.own_keys}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_stands_twice(language):
    twice = [key for key, times in Counter(one.key for one in entries(language)).items() if times > 1]
    assert not twice, listed(twice)


def test_both_languages_have_the_same_keys():
    english, french = ({(one.area, one.key) for one in entries(language)} for language in LANGUAGES)
    assert not english ^ french, listed(sorted(english ^ french))


@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_are_names_and_every_entry_has_its_words(language):
    wrong = [
        one
        for one in entries(language)
        if not KEY.fullmatch(one.key) or one.fuzzy or not all(form.strip() for form in one.forms)
    ]
    assert not wrong, listed(wrong)


def test_no_entry_is_left_untranslated():
    same = [
        key
        for key, message in catalogue("en").items()
        if key in catalogue("fr")
        and message.forms == catalogue("fr")[key].forms
        and re.search(r"[^\W\d_]{2,}", re.sub(r"\{[^}]*\}", "", message.text))
        and key not in SAME_IN_BOTH
    ]
    assert not same, listed(same)
    assert set(SAME_IN_BOTH) <= set(catalogue("en")), "an exception that is no longer needed"


def test_languages_fill_the_same_placeholders_and_plurals():
    wrong = [
        (key, message.placeholders, catalogue("fr")[key].placeholders)
        for key, message in catalogue("en").items()
        if key in catalogue("fr")
        and (
            message.placeholders != catalogue("fr")[key].placeholders
            or message.plural != catalogue("fr")[key].plural
        )
    ]
    assert not wrong, listed(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_have_two_forms_and_french_counts_its_singular(language):
    for one in entries(language):
        if one.plural:
            assert len(one.forms) == 2, one
            # In French 0 and 1.5 are singular: a singular without its number would call them "one".
            if language == "fr" and "n" in placeholders(one.forms[1]):
                assert "n" in placeholders(one.forms[0]), one


def test_every_key_is_used():
    unused = [key for key in sorted(catalogue("en")) if not scan().uses(key)]
    assert not unused, listed(unused)


def test_every_key_that_the_code_asks_for_exists():
    missing = [f"{place}: {key}" for key, place in scan().asked.items() if key not in known_keys()]
    missing += [
        f"{place}: nothing like {family}"
        for family, place in scan().asked_families.items()
        if not any(re.fullmatch(family, key) for key in known_keys())
    ]
    assert not missing, listed(sorted(missing))


def test_reasons_errors_and_cards_have_their_words():
    """Keys that travel through metrics and cards as plain strings, before anything asks for them."""
    keys = known_keys()
    for literal in scan().literals:
        if KEY.fullmatch(literal) and literal.startswith(("reason.", "error.", "allowed.")):
            assert literal in keys or any(key.startswith(literal) for key in keys if literal.endswith("_"))
        if re.fullmatch(r"(growth|audit|inventory)\.[a-z0-9_]+", literal) and not literal.endswith("_"):
            tool, name = literal.split(".")
            parts = (f"{tool}.card.{name}.{part}" for part in ("title", "what", "how", "compared", "next"))
            assert literal in keys or all(part in keys for part in parts), literal


def test_country_packs_reword_only_keys_that_exist():
    for code in country_codes():
        pack = country_pack(code)
        for language in LANGUAGES:
            stray = pack.terms[language].keys() - pack.own_keys - catalogue(language).keys()
            assert not stray, (code, language, stray)


def test_no_sentence_stands_outside_the_catalogues():
    stray = [
        (place, text)
        for place, text in scan().wordings
        if not place.startswith(DATA_MODULES) and not any(part in text for part in NOT_FOR_READERS)
    ]
    assert not stray, listed(stray)


def test_no_word_stands_in_a_template():
    for path in sorted(PACKAGE.rglob("*.j2")):
        assert template_words(path.read_text(encoding="utf-8")) == [], path


def test_no_word_stands_in_a_notebook():
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert {cell["cell_type"] for cell in cells} == {"code"}, path


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("a space that may break before a tall sign", r" [:;!?%»]|« "),
        (
            "no space before a tall sign",
            r"[^\s\u00a0\u202f][;!?»](?:\s|$)|[^\s\u00a0\u202f!?]:(?:\s|$)|[\d}]%",
        ),
        ("a typewriter's apostrophe", r"\w'|'\w"),
        ("a typewriter's quotation marks", r'"[^\W\d]'),
        ("three points for an ellipsis", r"\.\.\."),
        ("a character that nobody sees", r"[\x00-\x08\x0b-\x1f\x7f]"),
    ],
)
def test_french_is_typeset(name, mistake):
    wrong = [(one.key, one.forms) for one in entries("fr") if any(re.search(mistake, f) for f in one.forms)]
    assert not wrong, f"{name}:\n{listed(wrong)}"


def test_english_is_typeset():
    mistake = re.compile(r"[^\W\d_]'|'[^\W\d_]|\.\.\.|[ \u00a0][:;!?]")
    wrong = [(one.key, one.forms) for one in entries("en") if any(map(mistake.search, one.forms))]
    assert not wrong, listed(wrong)


@pytest.mark.parametrize(("language", "foreign"), [("fr", ENGLISH), ("en", FRENCH)])
def test_neither_language_speaks_the_other(language, foreign):
    found = [
        (one.key, match.group(), one.text)
        for one in entries(language)
        if not one.key.startswith(("language.", "term_note."))
        and (match := foreign.search(QUOTED.sub("", re.sub(r"\{[^}]*\}", "", one.text))))
    ]
    assert not found, listed(found)


def test_the_scan_finds_what_it_must():
    source = '''
def page(say, code):
    """A docstring may say what it wants."""
    say("a.literal", n=1); say(f"a.family.{code}.title"); say("b.x" if code else "b.y")
    raise UserError("error.thing", value="Bonjour à tous les amis")
    raise ValueError("this is for programmers only")
    Note("note.key"); missing(reason="reason.few"); say.term("aov")
'''
    found = scan_python("here.py", source)
    assert found.asked.keys() == {
        "a.literal",
        "b.x",
        "b.y",
        "error.thing",
        "note.key",
        "reason.few",
        "term.aov",
    }
    assert set(found.asked_families) == {r"a\.family\..+\.title"}
    assert [text for _, text in found.wordings] == ["Bonjour à tous les amis"]
    assert found.uses("a.family.x.title") and not found.uses("a.family.x.text")
    assert not is_wording("a.b.c") and is_wording("<b>Three plain words</b>")
    assert template_words('<p title="{{ x }}">{{ y }}</p><style>body {}</style>{% if z %}') == []
    assert template_words('<p title="Your shop">{{ y }} too</p>') == ["Your", "shop", "too"]
    assert isinstance(found, Scan) and PACKAGE.is_dir()

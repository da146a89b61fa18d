"""Writes ``en.md`` and ``fr.md`` from the catalogues: ``python docs/glossary/make.py``."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from echannel.locale import LANGUAGES, Speaker, messages

TITLES = {
    "en": (
        "Glossary",
        "One term for one thing, everywhere in E-Channel. Made from `echannel/locale`: change it there.",
        "| English | French | Mind |",
    ),
    "fr": (
        "Glossaire",
        "Un seul mot pour une seule chose, partout dans E-Channel. "
        "Tiré de `echannel/locale`\u00a0: c’est là qu’il se modifie.",
        "| Français | Anglais | À savoir |",
    ),
}


def page(language: str) -> str:
    """The glossary in one language: its terms in alphabetical order, beside those of the other."""
    title, about, header = TITLES[language]
    say = Speaker(language, "GB")
    names = [key.removeprefix("term.") for key in messages(language) if key.startswith("term.")]
    general, other = messages(language), messages(say.other.language)
    rows = sorted((str(general[f"term.{n}"]), str(other[f"term.{n}"]), say.term_note(n) or "") for n in names)
    rows.sort(key=lambda row: _alphabetical(row[0]))
    lines = [f"# {title}", "", about, "", header, "|---|---|---|"]
    lines += [f"| {mine} | {theirs} | {note} |" for mine, theirs, note in rows]
    return "\n".join(lines) + "\n"


def _alphabetical(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


if __name__ == "__main__":
    for language in LANGUAGES:
        Path(__file__).with_name(f"{language}.md").write_text(page(language), encoding="utf-8")

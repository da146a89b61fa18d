"""Durations as people write them, in days: "14 jours", "2 weeks", "30 days end of month", "on receipt"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import yaml

from echannel.connectors.files.cells import Cells
from echannel.connectors.files.headers import normal

_HALF_A_MONTH = 15  # what "end of month" adds on average


@dataclass(frozen=True)
class _Words:
    days: dict[str, float]  # by unit
    pattern: re.Pattern[str]
    at_once: frozenset[str]


@lru_cache
def _words() -> _Words:
    text = (files("echannel.connectors.files") / "durations.yml").read_text(encoding="utf-8")
    said = yaml.safe_load(text)
    days = {name: float(each) for each, names in said["units"].items() for name in names}

    def one_of(name: str) -> str:
        return "|".join(said[name])

    number = r"(\d+(?:\.\d+)?)"
    pattern = (
        rf"(?:(?:{one_of('before')}) )?{number}(?: ?(?:{one_of('between')}) ?{number})? ?"
        rf"({'|'.join(sorted(days, key=len, reverse=True))})"
        rf"( (?:{one_of('month_end')})| le \d+)?(?: (?:{one_of('after')}))?"
    )
    return _Words(days, re.compile(pattern), frozenset(said["at_once"]))


def in_days(text: str) -> str:
    """A duration in days as a plain number; any other text as it is.

    Of "2 to 3 weeks" the middle is taken; "end of month" adds half a month; "on receipt" is 0; working
    days are five in a week.

    >>> [in_days(text) for text in ("14 jours", "2-3 weeks", "30 j fin de mois", "à réception", "12")]
    ['14', '17.5', '45', '0', '12']
    """
    words = _words()
    ranged = re.sub("[-–]", " to ", text)
    parts = re.split(r"(?<=\d)[.,](?=\d)", ranged)
    plain = ".".join(normal(part) for part in parts)
    if plain in words.at_once:
        return "0"
    if terms := re.fullmatch(r"net (\d+)", plain):
        return terms[1]
    found = words.pattern.fullmatch(plain)
    if not found:
        return text
    first, last, unit, month_end = found.groups()
    amount = (float(first) + float(last)) / 2 if last else float(first)
    return f"{round(amount * words.days[unit] + (_HALF_A_MONTH if month_end else 0), 2):g}"


def durations_in_days(cells: Cells, *names: str) -> None:
    """Put days in the place of the durations that some fields hold; what is none stays, to be refused."""
    for name in names:
        texts = cells.texts(name)
        written = {text: in_days(text) for text in texts.unique() if re.search(r"[^\W\d_]", text)}
        if name in cells.fields and written:
            cells.replace_texts(name, texts.replace(written))

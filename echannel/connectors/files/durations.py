"""Durations as people write them, in days: "14 jours", "2 weeks", "30 days end of month", "on receipt"."""

from __future__ import annotations

import re

from echannel.connectors.files.cells import Cells
from echannel.connectors.files.headers import normal

_NUMBER = r"(\d+(?:[.,]\d+)?)"
_UNITS = {
    7 / 5: r"working days?|business days?|jours? ouvres?|jours? ouvrables?|j ouvres?|jo",
    1: r"d|days?|j|jrs?|jours?|calendar days?|jours? calendaires?|jours? nets?|days? net|net days?|net",
    7: r"w|wks?|weeks?|sem|semaines?",
    30: r"m|mths?|months?|mois",
    365: r"y|yrs?|years?|ans?|annees?",
    1 / 24: r"h|hrs?|hours?|heures?",
}
_DURATION = re.compile(
    rf"(?:net |a |sous |within |about |environ )?{_NUMBER}(?: ?(?:-|to|a|/) ?{_NUMBER})? ?"
    rf"({'|'.join(_UNITS.values())})"
    r"( fin de mois| fdm| end of month| eom| le \d+)?"
    r"(?: (?:nets?|date de facture|(?:from|of) invoice))?"
)
_AT_ONCE = (
    *("on receipt", "due on receipt", "upon receipt", "on delivery", "cash on delivery", "cod", "immediate"),
    *("a reception", "a reception de facture", "reception", "comptant", "immediat", "a la livraison"),
    *("prepaid", "prepayment", "in advance", "proforma", "pro forma", "a la commande", "d avance"),
)
_NET = re.compile(r"net (\d+)")
_HALF_A_MONTH = 15  # what "end of month" adds on average


def in_days(text: str) -> str:
    """A duration in days as a plain number; any other text as it is.

    Of "2 to 3 weeks" the middle is taken; "end of month" adds half a month; "on receipt" is 0; working
    days are five in a week.

    >>> [in_days(text) for text in ("14 jours", "2-3 weeks", "30 j fin de mois", "à réception", "12")]
    ['14', '17.5', '45', '0', '12']
    """
    plain = normal(
        text.replace("–", "-").replace("-", " to ").replace(",", " comma ").replace(".", " comma ")
    )
    plain = plain.replace(" comma ", ".").replace("comma", "").strip()
    if plain in _AT_ONCE:
        return "0"
    if terms := _NET.fullmatch(plain):
        return terms[1]
    found = _DURATION.fullmatch(plain)
    if not found:
        return text
    first, last, unit, month_end = found.groups()
    factor = next(days for days, names in _UNITS.items() if re.fullmatch(names, unit))
    amount = float(first.replace(",", "."))
    if last:
        amount = (amount + float(last.replace(",", "."))) / 2
    return f"{round(amount * factor + (_HALF_A_MONTH if month_end else 0), 2):g}"


def durations_in_days(cells: Cells, *names: str) -> None:
    """Put days in the place of the durations that some fields hold; what is none stays, to be refused."""
    for name in names:
        texts = cells.texts(name)
        written = {text: in_days(text) for text in texts.unique() if re.search(r"[^\W\d_]", text)}
        if name in cells.fields and written:
            cells.replace_texts(name, texts.replace(written))

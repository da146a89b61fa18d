"""Words, numbers, money and dates in the reader's language.

A reader's language and an SME's country are two things: a French consultant reads a UK
SME in French, with pounds and UK rules. ``Speaker`` holds both.

Catalogues are gettext files, ``<language>/LC_MESSAGES/<area>.po``, one per area of the
product; their keys are stable names (``growth.repeat_rate.title``), so neither language
is the source of the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from babel import Locale, dates, lists, numbers
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from echannel.countries import CountryPack, country_pack
from echannel.errors import UserError
from echannel.workspace import Workspace

if TYPE_CHECKING:  # a command that has no figures to say does not wait for it
    import pandas as pd

LANGUAGES = ("en", "fr")
_LOCALES = {"en": "en_GB", "fr": "fr_FR"}
UNKNOWN_KEY = "common.unknown"
MINUS = "\u2212"  # as wide as the plus sign and the digits; a hyphen is not


@lru_cache
def messages(language: str) -> Mapping[str, str | tuple[str, ...]]:
    """Every message of a language by key: a sentence, or its plural forms (one, other)."""
    merged: dict[str, str | tuple[str, ...]] = {}
    folder = files("echannel.locale") / language / "LC_MESSAGES"
    for path in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if path.name.endswith(".po"):
            with path.open("rb") as stream:
                merged.update(_by_key(read_po(stream, locale=language)))
    return merged


def _by_key(catalog: Catalog) -> dict[str, str | tuple[str, ...]]:
    found: dict[str, str | tuple[str, ...]] = {}
    for message in catalog:
        if message.id and not message.fuzzy:
            key = message.id[0] if isinstance(message.id, tuple | list) else message.id
            found[key] = tuple(message.string) if isinstance(message.string, tuple) else str(message.string)
    return found


@dataclass(frozen=True)
class Speaker:
    """Says things in ``language`` about an SME of ``country`` that reports in ``currency``.

    ``say("growth.turnover.title")`` looks the key up: first among the terms of the SME's
    country pack, then in the catalogue. Values fill ``{placeholders}``; plain numbers, days and
    months are formatted, lists become "a, b and c", ``UserError`` values are put into words, text
    is left as it is (escape it before it goes into HTML; hand a year over as text). ``n`` chooses
    the plural form.
    """

    language: str
    country: str = "GB"
    currency: str = "GBP"
    workspace: Workspace | None = None  # whose country packs hold; by default the one around us

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise UserError("error.unknown_language", value=self.language, known=", ".join(LANGUAGES))

    @cached_property
    def locale(self) -> Locale:
        """The Babel locale that formats numbers and dates."""
        return Locale.parse(_LOCALES[self.language])

    @cached_property
    def pack(self) -> CountryPack:
        """The rules and terms of the SME's country."""
        return country_pack(self.country, self.workspace)

    def __call__(self, key: str, /, **values: Any) -> str:
        message = self.pack.term(key, self.language) or messages(self.language).get(key)
        if message is None:
            raise KeyError(f"no message {key!r} in {self.language!r}")
        if isinstance(message, tuple):
            message = message[self._plural_form(values["n"])]
        return message.format(**{name: self._worded(value) for name, value in values.items()})

    def error(self, error: UserError) -> str:
        """A user error as a sentence."""
        return self(error.key, **error.values)

    @cached_property
    def other(self) -> Speaker:
        """The same SME in the other language."""
        return replace(self, language=next(one for one in LANGUAGES if one != self.language))

    def both(self, key: str, /, **values: Any) -> str:
        """A message in the reader's language, and in the other one in brackets, where they differ."""
        mine, other = self(key, **values), self.other(key, **values)
        return mine if mine == other else self("common.both_languages", mine=mine, other=other)

    def term(self, name: str) -> str:
        """A term of the glossary (``docs/glossary``): ``say.term("aov")``."""
        return self(f"term.{name}")

    def term_note(self, name: str) -> str | None:
        """What must not be mistaken about a term, where the glossary has a note."""
        key = f"term_note.{name}"
        return self(key) if key in messages(self.language) else None

    def money(
        self,
        amount: float | None,
        currency: str | None = None,
        decimals: int | None = None,
        signed: bool = False,
    ) -> str:
        """An amount of money; ``decimals`` is the currency's own unless given (0 for headlines)."""
        if _absent(amount):
            return self(UNKNOWN_KEY)
        code = currency or self.currency
        precision = _precision(code)
        if decimals is None:
            decimals = precision
        # The same sum added up in another order is the same whole amount too.
        amount = round(float(amount or 0), max(decimals, precision))
        shown, sign = _unsigned_zero(amount, decimals), _currency_sign(code, _LOCALES[self.language])
        before, after = ("", f"\u00a0{sign}") if self.language == "fr" else (sign, "")
        return _with_sign(f"{before}{self._digits(shown, decimals)}{after}", shown, signed)

    def number(self, value: float | None, decimals: int = 0, signed: bool = False) -> str:
        """A number with the reader's separators."""
        if _absent(value):
            return self(UNKNOWN_KEY)
        shown = _unsigned_zero(value, decimals)
        return _with_sign(self._digits(shown, decimals), shown, signed)

    def percent(self, fraction: float | None, decimals: int = 1, signed: bool = False) -> str:
        """A fraction as a percentage: 0.123 is 12.3 %."""
        if _absent(fraction):
            return self(UNKNOWN_KEY)
        shown = _unsigned_zero(fraction, decimals + 2)
        after = "\u00a0%" if self.language == "fr" else "%"
        return _with_sign(f"{self._digits(shown, decimals, hundredfold=True)}{after}", shown, signed)

    def day(self, value: date | datetime | pd.Timestamp | None) -> str:
        """A calendar day: 24 Nov 2026, 24 nov. 2026."""
        import pandas as pd

        if value is None or pd.isna(value):
            return self(UNKNOWN_KEY)
        return _day(value.year, value.month, value.day, _LOCALES[self.language])

    def month(self, value: pd.Period | date) -> str:
        """A month: Nov 2026, nov. 2026."""
        return _month(value.year, value.month, _LOCALES[self.language])

    def period(self, first: date | pd.Timestamp, last: date | pd.Timestamp) -> str:
        """A stretch of days, both included: "2025", "Jan – Mar 2025" or "7 Jan – 3 Feb 2026".

        Whole years and whole months are named as such.
        """
        import pandas as pd

        begin, end = pd.Timestamp(first), pd.Timestamp(last)
        whole_months = begin.is_month_start and end.is_month_end
        if whole_months and (begin.month, end.month) == (1, 12):
            return str(begin.year) if begin.year == end.year else f"{begin.year}–{end.year}"
        if whole_months and (begin.year, begin.month) == (end.year, end.month):
            return self.month(begin)
        skeleton = "yMMM" if whole_months else "yMMMd"
        if begin == end:
            return self.day(begin)
        return dates.format_interval(begin.date(), end.date(), skeleton, locale=self.locale)

    def month_name(self, month: int) -> str:
        """The short name of a month of the year, 1 to 12."""
        return dates.get_month_names("abbreviated", "stand-alone", self.locale)[month]

    def weekday(self, weekday: int) -> str:
        """The short name of a day of the week, 0 = Monday."""
        return dates.get_day_names("abbreviated", "stand-alone", self.locale)[weekday]

    def country_name(self, code: str | None) -> str:
        """A country's name; an unknown code is said to be unknown."""
        return (self.locale.territories.get(code) if code else None) or self(UNKNOWN_KEY)

    def enumeration(self, items: list[str]) -> str:
        """A list in a sentence: a, b and c."""
        return lists.format_list(items, locale=self.locale)

    def _digits(self, value: float, decimals: int, hundredfold: bool = False) -> str:
        """The value without its sign, in the reader's digits.

        As Babel writes ``#,##0.00``: the decimal number that the value prints as, half to even; at a tenth of
        the time, which tables of thousands of figures take.
        """
        return _english(value, decimals, hundredfold).translate(_separators(_LOCALES[self.language]))

    def _plural_form(self, n: float) -> int:
        return 0 if self.locale.plural_form(abs(n)) == "one" else 1

    def _worded(self, value: Any) -> str:
        if isinstance(value, UserError):
            return self.error(value)
        if isinstance(value, str | bool):
            return str(value)
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, list | tuple):
            return self.enumeration([self._worded(item) for item in value])
        if isinstance(value, int | float):
            return self.number(value, 0 if float(value).is_integer() or _absent(value) else 1)
        import pandas as pd

        return self.month(value) if isinstance(value, pd.Period) else str(value)


def _absent(value: float | None) -> bool:
    if value is None:
        return True
    if not isinstance(value, int | float):
        import pandas as pd

        if value is pd.NA:
            return True
    return not math.isfinite(value)


def _with_sign(text: str, value: float, signed: bool) -> str:
    if value < 0:
        return f"{MINUS}{text}"
    return f"+{text}" if signed and value > 0 else text


def _unsigned_zero(value: float | None, decimals: int) -> float:
    """The value, but 0 for what rounds to 0: nobody reads "−0.00" with profit."""
    assert value is not None
    return value if round(value, decimals) else 0.0


@lru_cache(maxsize=32_768)
def _english(value: float, decimals: int, hundredfold: bool) -> str:
    """The same figures stand in a page's sentence, chart and table, and in both languages."""
    exact = abs(Decimal(str(value)))
    return f"{exact.scaleb(2) if hundredfold else exact:,.{decimals}f}"


@lru_cache(maxsize=4096)
def _month(year: int, month: int, locale: str) -> str:
    """A plan's tables name the same months hundreds of times."""
    return dates.format_date(date(year, month, 1), "MMM y", locale=locale)


@lru_cache(maxsize=4096)
def _day(year: int, month: int, day: int, locale: str) -> str:
    return dates.format_date(date(year, month, day), "medium", locale=locale)


@lru_cache
def _precision(currency: str) -> int:
    return numbers.get_currency_precision(currency)


@lru_cache
def _currency_sign(code: str, locale: str) -> str:
    """A currency's sign. Babel writes pounds as "£GB" in French; people write "£"."""
    return numbers.get_currency_symbol(code, locale).replace("£GB", "£").replace("$US", "$")


@lru_cache
def _separators(locale: str) -> dict[int, str]:
    """What stands between thousands, and before the decimals, for what Python's own format puts there."""
    return str.maketrans({",": numbers.get_group_symbol(locale), ".": numbers.get_decimal_symbol(locale)})

"""A country's calendar: public holidays (by the ``holidays`` library) and sale periods (by rule)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

from pydantic import Field

from echannel.countries.dated import Strict
from echannel.errors import UserError
from echannel.yml import read_yaml

_MOVED = ("observed", "estimated", "substitute")  # what the library writes behind a day that moved
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Calendar(Strict):
    """Where the public holidays come from: the ``holidays`` library's country and subdivision.

    ``names`` gives, per language, the word for a name of the library that it lacks or that is not
    the country's own.
    """

    library: str
    subdivision: str | None = None
    names: dict[Literal["en", "fr"], dict[str, str]] = Field(default_factory=dict)

    def public_holidays(
        self, years: Iterable[int], language: str, subdivision: str | None = None
    ) -> dict[date, str]:
        """The public holidays of ``years`` by day, named in ``language``, in order."""
        part, found = subdivision or self.subdivision, dict[date, str]()
        for year in dict.fromkeys(years):
            try:
                found |= _of_year(self.library, part, year, self._library_language(language))
            except NotImplementedError:
                raise UserError("error.no_calendar", country=self.library, region=part or "–") from None
        own = self.names.get(language, {})  # type: ignore[call-overload]
        return {
            day: "; ".join(own.get(name, name) for name in names.split("; ")).replace("'", "\u2019")
            for day, names in sorted(found.items())
        }

    def subdivisions(self) -> tuple[str, ...]:
        """The parts of the country that have holidays of their own, by the library's codes."""
        import holidays

        return tuple(getattr(getattr(holidays, self.library, None), "subdivisions", ()))

    def _library_language(self, language: str) -> str | None:
        import holidays

        country = getattr(holidays, self.library, None)
        offered = getattr(country, "supported_languages", ())
        near = [name for name in offered if name.split("_")[0] == language]
        return f"{language}_GB" if f"{language}_GB" in near else next(iter(near), None)


def abroad_holidays(country: str, years: Iterable[int], language: str) -> tuple[dict[date, str], bool]:
    """Public holidays of a country without a pack, by day, and whether some keep their English name.

    Where the library has no names in ``language`` they are its English ones, with the common ones
    (``holiday_names.yml``) put into ``language``.

    Raises
    ------
    UserError
        The library does not know the country.
    """
    calendar = Calendar(library=country)
    if (calendar._library_language(language) or "").startswith(language) or language == "en":
        return calendar.public_holidays(years, language), False
    names = _common_names()[language]
    found = calendar.public_holidays(years, "en")
    parts = {day: [_in_words(one, names) for one in text.split("; ")] for day, text in found.items()}
    foreign = any(name is None for day in parts.values() for name, _ in day)
    return {day: "; ".join(name or own for name, own in both) for day, both in parts.items()}, foreign


def _in_words(name: str, names: Mapping[str, str]) -> tuple[str | None, str]:
    """A holiday's name in another language, None where it has none there; and its own name."""
    plain, bracket, rest = name.partition(" (")
    known = names.get(name) or (names.get(plain) if bracket and rest.startswith(_MOVED) else None)
    return known, name


@cache
def _common_names() -> dict[str, dict[str, str]]:
    text = files("echannel.countries").joinpath("holiday_names.yml").read_text(encoding="utf-8")
    return read_yaml(text)


class SaleStart(Strict):
    """The first day of a sale period: a fixed day, or the nth weekday of a month.

    ``nth`` counts from the month's start, or from its end when negative. A day after
    ``latest_day`` moves one week earlier; ``shift`` then moves it by some days.
    """

    month: int = Field(ge=1, le=12)
    day: int | None = Field(default=None, ge=1, le=31)
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None = (
        None
    )
    nth: int = Field(default=1, ge=-5, le=5)
    latest_day: int | None = None
    shift: int = 0

    def on(self, year: int) -> date:
        """The first day in ``year``."""
        first = date(year, self.month, self.day) if self.day else self._nth_weekday(year)
        if self.latest_day is not None and first.day > self.latest_day:
            first -= timedelta(weeks=1)
        return first + timedelta(days=self.shift)

    def _nth_weekday(self, year: int) -> date:
        weekday = _WEEKDAYS.index(self.weekday or "monday")
        if self.nth > 0:
            first = date(year, self.month, 1)
            return first + timedelta(days=(weekday - first.weekday()) % 7, weeks=self.nth - 1)
        last = date(year, self.month, monthrange(year, self.month)[1])
        return last - timedelta(days=(last.weekday() - weekday) % 7, weeks=-self.nth - 1)


class SaleException(Strict):
    """One year's period as it really was, where the authorities moved it."""

    first: date
    last: date
    source: str
    checked: date | None = None


class SaleRule(Strict):
    """A sale period that comes every year, for the years ``since`` to ``until``.

    ``regulated``: the law sets the dates and allows selling at a loss then; else it is a custom.
    """

    name: str
    regulated: bool
    start: SaleStart
    days: int = Field(ge=1)
    since: int
    until: int | None = None
    source: str
    checked: date | None = None
    exceptions: tuple[SaleException, ...] = ()

    def in_year(self, year: int) -> SalePeriod | None:
        """The period that starts in ``year``; None where the rule does not hold."""
        if year < self.since or (self.until is not None and year > self.until):
            return None
        for moved in self.exceptions:
            if moved.first.year == year:
                return SalePeriod(
                    name=self.name, first=moved.first, last=moved.last, regulated=self.regulated
                )
        first = self.start.on(year)
        last = first + timedelta(days=self.days - 1)
        return SalePeriod(name=self.name, first=first, last=last, regulated=self.regulated)


class SalePeriod(Strict):
    """One sale period, first and last day included. Its wording is the term ``sale_period.<name>``."""

    name: str
    first: date
    last: date
    regulated: bool


@lru_cache(maxsize=1_000)
def _of_year(library: str, subdivision: str | None, year: int, language: str | None) -> dict[date, str]:
    """A year's holidays as the library knows them: every date of payment asks for the same ones."""
    import holidays

    return dict(holidays.country_holidays(library, subdiv=subdivision, years=year, language=language))

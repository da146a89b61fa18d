"""Facts of law: in force for a time, and with a source."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, model_validator


class Strict(BaseModel):
    """A part of a country pack: nothing unknown is let in, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Source = str | dict[str, str]
"""Where a rule stands: one text for all languages, or one by language."""


def cited(source: Source, language: str) -> str:
    """A source as a page of ``language`` cites it."""
    if isinstance(source, str):
        return source
    return source.get(language) or next(iter(source.values()))


class Dated(Strict):
    """A rule, the days on which it is in force (both included), and where it stands.

    ``checked`` is the day on which a public page was read that gives the same figure; without
    it, the figure is from general knowledge and waits for a second look.
    """

    since: date
    until: date | None = None
    source: Source
    checked: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Dated:
        if self.until is not None and self.until < self.since:
            raise ValueError("ends_before_it_begins")
        return self

    def in_force(self, day: date) -> bool:
        """Whether the rule holds on ``day``."""
        return self.since <= day and (self.until is None or day <= self.until)


Rule = TypeVar("Rule", bound=Dated)


def in_force_on(rules: Iterable[Rule], day: date) -> tuple[Rule, ...]:
    """Those of ``rules`` that hold on ``day``."""
    return tuple(rule for rule in rules if rule.in_force(day))


def never_two_at_once(rules: Iterable[Rule]) -> bool:
    """Whether no day falls under two of ``rules``."""
    ordered = sorted(rules, key=lambda rule: rule.since)
    return all(before.until is not None and before.until < after.since for before, after in pairwise(ordered))

"""Asking a public register about one firm, in plain words: from the command line, and for a dashboard."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from echannel.errors import UserError
from echannel.locale import Speaker
from echannel.reference import companies, vies
from echannel.reference.companies import Company
from echannel.reference.http import Live
from echannel.reference.vies import VatNumber
from echannel.workspace import Workspace

if TYPE_CHECKING:
    from echannel.spoken import Talk

MOST_NUMBERS = 50  # in one go: each is a question to a member state
_STYLES = {"valid": "green", "invalid": "red", "unknown": "yellow"}


def tell_vat(workspace: Workspace, talk: Talk, numbers: Sequence[str]) -> bool:
    """Says of each VAT number whether VIES has it today; True when every number has an answer."""
    if len(numbers) > MOST_NUMBERS:
        raise UserError("reference.error.too_many_numbers", n=len(numbers), most=MOST_NUMBERS)
    live = Live(workspace, online=True)
    states = []
    for number in numbers:
        found = vies.check(live, number)
        states.append(found.state)
        talk.print(vat_words(talk.say, number, found), style=_STYLES[found.state])
    return "unknown" not in states


def tell_company(workspace: Workspace, talk: Talk, wanted: str, country: str) -> bool:
    """Says what the public register of a country has about a firm; True when it has one."""
    found = firms(Live(workspace, online=True), wanted, country)
    for words in firms_words(talk.say, wanted, found):
        talk.print(words, style="" if found else "yellow")
    return bool(found)


def vat_words(say: Speaker, number: str, found: VatNumber) -> str:
    """A number's answer as people read it, with the reason where there is none."""
    why = say(found.reason) if found.reason else ""
    return f"{say(f'reference.vat.{found.state}', number=number.strip())} {why}".strip()


def firms(live: Live, wanted: str, country: str) -> list[Company]:
    """The firms that a country's register (``FR`` or ``GB``) finds by a number or a name.

    Raises
    ------
    UserError
        Another country, or a register that gave no answer (``SourceFailed``).
    """
    match country.upper():
        case "FR":
            return _french(live, wanted)
        case "GB" | "UK":
            return _british(live, wanted)
    raise UserError("reference.error.company_country", country=country)


def firms_words(say: Speaker, wanted: str, found: Sequence[Company]) -> list[str]:
    """One line a firm, and whether there may be more; that there is none, where there is none."""
    if not found:
        return [say("reference.company.none", wanted=wanted)]
    lines = [_words(say, one) for one in found]
    if len(found) == companies.MOST_FOUND:
        lines.append(say("reference.company.first_only", n=len(found)))
    return lines


def _french(live: Live, wanted: str) -> list[Company]:
    digits = re.sub(r"[\s.]", "", wanted)
    if re.fullmatch(r"\d{9}|\d{14}", digits):
        found = companies.french_company(live, digits[:9])
        return [found] if found else []
    return companies.french_companies(live, wanted)


def _british(live: Live, wanted: str) -> list[Company]:
    number = re.sub(r"\s", "", wanted).upper()
    if re.fullmatch(r"\d{5,8}|[A-Z]{2}\d{6}", number):
        found = companies.british_company(live, number.rjust(8, "0"))
        return [found] if found else []
    return companies.british_companies(live, wanted)


def _words(say: Speaker, one: Company) -> str:
    name = one.name or say("reference.company.person")
    states = {True: say("reference.company.active"), False: say("reference.company.closed")}
    parts = [states.get(one.active, say("reference.company.state_unknown"))]  # type: ignore[arg-type]
    if one.founded is not None:
        parts.append(say("reference.company.since", day=pd.Timestamp(one.founded)))
    if one.activity:
        parts.append(say(f"reference.company.activity_{one.country.lower()}", code=one.activity))
    return say("reference.company.line", name=name, number=one.number, facts=", ".join(parts))

"""``echannel reference vat`` and ``company``: asking a public register about one firm, in plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from echannel.errors import UserError
from echannel.reference import companies, vies
from echannel.reference.companies import Company
from echannel.reference.http import Live
from echannel.workspace import Workspace

if TYPE_CHECKING:
    from echannel.spoken import Talk

MOST_NUMBERS = 50  # in one go: each is a question to a member state
_STYLES = {"valid": "green", "invalid": "red", "unknown": "yellow"}


def tell_vat(workspace: Workspace, talk: Talk, numbers: Sequence[str]) -> bool:
    """Says of each VAT number whether VIES has it today; True when every number has an answer."""
    if len(numbers) > MOST_NUMBERS:
        raise UserError("reference.error.too_many_numbers", n=len(numbers), most=MOST_NUMBERS)
    live, say = Live(workspace, online=True), talk.say
    states = []
    for number in numbers:
        found = vies.check(live, number)
        states.append(found.state)
        why = say(found.reason) if found.reason else ""
        said = say(f"reference.vat.{found.state}", number=number.strip())
        talk.print(f"{said} {why}".strip(), style=_STYLES[found.state])
    return "unknown" not in states


def tell_company(workspace: Workspace, talk: Talk, wanted: str, country: str) -> bool:
    """Says what the public register of a country has about a firm; True when it has one."""
    live, say = Live(workspace, online=True), talk.say
    match country.upper():
        case "FR":
            found = _french(live, wanted)
        case "GB" | "UK":
            found = _british(live, wanted)
        case _:
            raise UserError("reference.error.company_country", country=country)
    if not found:
        talk.print(say("reference.company.none", wanted=wanted), style="yellow")
        return False
    for one in found:
        _tell(talk, one)
    if len(found) == companies.MOST_FOUND:
        talk.print(say("reference.company.first_only", n=len(found)))
    return True


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


def _tell(talk: Talk, one: Company) -> None:
    say = talk.say
    name = one.name or say("reference.company.person")
    states = {True: say("reference.company.active"), False: say("reference.company.closed")}
    parts = [states.get(one.active, say("reference.company.state_unknown"))]  # type: ignore[arg-type]
    if one.founded is not None:
        parts.append(say("reference.company.since", day=pd.Timestamp(one.founded)))
    if one.activity:
        parts.append(say(f"reference.company.activity_{one.country.lower()}", code=one.activity))
    talk.print(say("reference.company.line", name=name, number=one.number, facts=", ".join(parts)))

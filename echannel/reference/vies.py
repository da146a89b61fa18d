"""Is a VAT number valid? The European Commission's VIES, with three answers: yes, no, "could not be asked".

A number is invalid only where VIES says INVALID: ``isValid`` false with any other code means that the member
state's own system was busy or away. Answers name people and addresses: they are never kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from echannel.reference.http import Answer, Live, Source, SourceFailed
from echannel.reference.snapshot import markets

SOURCE = Source("vies", "VIES", "https://ec.europa.eu/taxation_customs/vies/rest-api", kept=False)
_OWN_LETTERS = {"GR": "EL"}  # ISO code: VIES's
_NORTHERN_IRELAND = "XI"


@dataclass(frozen=True)
class VatNumber:
    """What is known of a number; ``reason`` says why it is unknown."""

    state: Literal["valid", "invalid", "unknown"]
    reason: str = ""


def check(live: Live, number: str) -> VatNumber:
    """Whether a VAT number with its country's letters is in VIES today (Great Britain's never are)."""
    plain = re.sub(r"[\s.\-]", "", number).upper()
    country, rest = _OWN_LETTERS.get(plain[:2], plain[:2]), plain[2:]
    table = markets()
    members = {_OWN_LETTERS.get(code, code) for code in table.index[table["eu_member"]]}
    if country not in members | {_NORTHERN_IRELAND}:
        return VatNumber("unknown", "reason.vies_other_country")
    if not re.fullmatch(r"[0-9A-Z+*]{2,12}", rest):
        return VatNumber("invalid")
    try:
        return _state(live.get(SOURCE, f"ms/{country}/vat/{rest}"))
    except SourceFailed as failed:
        offline = failed.kind == "offline"
        return VatNumber("unknown", "reason.vies_offline" if offline else "reason.vies_away")


def _state(answer: Answer) -> VatNumber:
    match answer.json():
        case {"isValid": True} | {"valid": True}:
            return VatNumber("valid")
        case {"isValid": False, "userError": "INVALID"} | {"valid": False, "userError": "INVALID"}:
            return VatNumber("invalid")
    return VatNumber("unknown", "reason.vies_away")

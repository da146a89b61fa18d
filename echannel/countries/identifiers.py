"""Company and VAT numbers: their shape, and the check digits that catch a slip of the pen."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from echannel.countries.dated import Strict

_LA_POSTE = "356000000"


class Identifier(Strict):
    """A kind of number that names a firm: a pattern for the whole of it, and how it is checked."""

    name: str
    pattern: str
    check: Literal["none", "luhn", "siret", "french_vat", "british_vat"] = "none"
    source: str

    def is_valid(self, value: str) -> bool:
        """Whether ``value`` (spaces, points and dashes aside) has the right shape and check digits.

        It does not say that the firm exists: only the register does.
        """
        compact = re.sub(r"[\s.\-]", "", value).upper()
        return bool(re.fullmatch(self.pattern, compact)) and _CHECKS[self.check](compact)


def luhn(digits: str) -> bool:
    """The Luhn check: from the right, every second digit doubled, digits summed: a multiple of 10."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def siret(digits: str) -> bool:
    """A SIRET: Luhn; La Poste's establishments instead have digits that sum to a multiple of 5."""
    if digits.startswith(_LA_POSTE) and sum(map(int, digits)) % 5 == 0:
        return True
    return luhn(digits[:9]) and luhn(digits)


def french_vat(number: str) -> bool:
    """``FR`` + key + SIREN, key = (12 + 3 × (SIREN mod 97)) mod 97; a key with letters is not checked."""
    key, siren = number[2:4], number[4:]
    if not key.isdigit():
        return True
    return luhn(siren) and int(key) == (12 + 3 * (int(siren) % 97)) % 97


def british_vat(number: str) -> bool:
    """``GB`` + 9 digits (12 for a branch): weights 8 to 2 on the first seven, plus the last two.

    The sum is a multiple of 97, or, in the series begun in 2009, of 97 once 55 is added.
    """
    digits = number[2:]
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(8, 1, -1), strict=False))
    total += int(digits[7:9])
    return total % 97 == 0 or (total + 55) % 97 == 0


_CHECKS: dict[str, Callable[[str], bool]] = {
    "none": lambda value: True,
    "luhn": luhn,
    "siret": siret,
    "french_vat": french_vat,
    "british_vat": british_vat,
}

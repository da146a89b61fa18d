"""Passwords: what is accepted, and how they are kept (argon2id, never in the clear)."""

from __future__ import annotations

import re
import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from echannel.errors import UserError

SHORTEST = 12
LONGEST = 256  # what is longer would only keep the server busy
_LEAST_LEFT = 5
# What people begin with when they have to make one up: a password made of such pieces is guessed first.
_COMMON = (
    *("password", "passwort", "motdepasse", "mot2passe", "secret", "azerty", "azertyuiop", "qwerty"),
    *("qwertyuiop", "qwertz", "asdfghjkl", "qsdfghjklm", "wxcvbn", "zxcvbnm", "welcome", "bienvenue"),
    *("letmein", "laissemoi", "iloveyou", "jetaime", "monamour", "princess", "princesse", "sunshine"),
    *("soleil", "football", "liverpool", "chelsea", "arsenal", "marseille", "dragon", "monkey", "doudou"),
    *("chocolat", "chouchou", "loulou", "superman", "batman", "pokemon", "starwars", "admin", "login"),
    *("administrator", "administrateur", "master", "bonjour", "hello", "coucou", "summer", "winter"),
    *("spring", "autumn", "printemps", "hiver", "abc", "abcd", "abcdef", "abcdefgh", "channel", "echannel"),
    *("dashboard", "boutique", "shop", "online", "london", "paris", "france", "england", "bretagne", "kent"),
)
_LOOKALIKES = str.maketrans("@4301!$5789", "aaeoiisstbg")


@lru_cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@lru_cache
def _nobodys() -> str:
    return _hasher().hash(secrets.token_hex())


def check_password(password: str, *own: str) -> None:
    """Refuses what is too short, too long or among the first to be guessed.

    ``own`` are words about the person (address, name): a password made of them is guessed early too.

    Raises
    ------
    UserError
        Says which rule is not met. There is none on capitals, digits or signs.
    """
    if len(password) < SHORTEST:
        raise UserError("login.error.too_short", n=SHORTEST)
    if len(password) > LONGEST:
        raise UserError("login.error.too_long", n=LONGEST)
    if _is_guessed(password, own):
        raise UserError("login.error.too_common")


def _is_guessed(password: str, own: tuple[str, ...]) -> bool:
    """Whether little is left once common pieces, own words, runs and repeats are taken out."""
    return len(_left_over(password.casefold(), own)) < _LEAST_LEFT


def _left_over(text: str, own: tuple[str, ...]) -> set[str]:
    pieces = {piece for word in own for piece in re.split(r"[^\w]+", word.casefold()) if len(piece) >= 3}
    words = sorted({*_COMMON, *pieces}, key=len, reverse=True)
    for spelled in (text, text.translate(_LOOKALIKES)):
        for word in words:
            spelled = spelled.replace(word, " ")
        left = set(re.sub(r"(.)\1+", r"\1", _without_runs(spelled))) - {" "}
        if len(left) < _LEAST_LEFT:
            return left
    return left


def _without_runs(text: str) -> str:
    """Without three or more signs that follow one another in order, up or down: 123, cba, and any year."""
    text = re.sub(r"(?:19|20)\d\d", " ", text)
    kept, at = [], 0
    while at < len(text):
        end = at + 1
        step = ord(text[end]) - ord(text[at]) if end < len(text) else 0
        while end < len(text) and step in (-1, 1) and ord(text[end]) - ord(text[end - 1]) == step:
            end += 1
        kept.append(" " if end - at >= 3 else text[at:end])
        at = end
    return "".join(kept)


def hash_password(password: str) -> str:
    """What is kept of a password."""
    return _hasher().hash(password)


def is_password(kept: str | None, password: str) -> bool:
    """Whether ``password`` is the one that ``kept`` was made from; as slow where there is none."""
    try:
        return _hasher().verify(kept or _nobodys(), password[: LONGEST + 1]) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether a password was kept with weaker settings than today's."""
    return _hasher().check_needs_rehash(kept)

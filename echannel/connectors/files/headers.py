"""What a header means: English and French names of every field, whatever their case, accents, punctuation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files

import yaml

from echannel.connectors.files.fields import REQUIRED

_TOTALS = {"total", "total_gross", "total_net"}
# Tables that name firms: who works there is nobody's business here.
_OF_FIRMS = ("suppliers", "supplier_prices", "purchases", "products", "stock_levels")
_PEOPLE = {
    *("contact", "contacts", "attn", "attention", "person", "interlocuteur", "interlocutrice", "responsable"),
    *("rep", "representative", "representant", "representante", "buyer", "acheteur", "email", "mail"),
    *("courriel", "mobile", "prenom"),
}
_SUPPLIER = {"supplier", "vendor", "fournisseur"}
TABLE_ORDER = (
    "orders", "products", "stock_levels", "purchases", "suppliers", "supplier_prices", "customers", "visits",
)  # fmt: skip


@dataclass(frozen=True)
class Match:
    """A header taken for a field: how sure (0 to 1), and the known name that it resembles."""

    field: str
    header: str
    score: float
    known_as: str


def normal(header: str) -> str:
    """A header without case, accents and punctuation: "N° commande *" and "n commande" are one."""
    decomposed = unicodedata.normalize("NFKD", str(header).replace("_", " "))
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).lower()
    return " ".join(re.sub(r"[^a-z0-9#%]+", " ", plain).split())


@lru_cache
def names() -> dict[str, dict[str, tuple[str, ...]]]:
    """Known names by table and field, normalised, the usual ones first."""
    text = (files("echannel.connectors.files") / "headers.yml").read_text(encoding="utf-8")
    return {
        table: {
            field: tuple(dict.fromkeys(normal(name) for name in known)) for field, known in fields.items()
        }
        for table, fields in yaml.safe_load(text).items()
    }


def recognise(headers: Sequence[str], table: str) -> list[Match]:
    """The best header for each field of a table, and the best field for each header.

    Exact names count 1; a name inside a longer header, or all its words in another order, less.
    """
    candidates: list[tuple[float, int, Match]] = []
    for header in headers:
        plain = normal(header)
        if table in _OF_FIRMS and _PEOPLE & set(plain.split()):
            continue
        for field, known in names()[table].items():
            score, name = _resemblance(plain, known)
            if score > 0:
                candidates.append((score, -len(candidates), Match(field, header, score, name)))
    found: dict[str, Match] = {}
    taken: set[str] = set()
    for _, _, match in sorted(candidates, key=lambda entry: entry[:2], reverse=True):
        if match.field not in found and match.header not in taken:
            found[match.field] = match
            taken.add(match.header)
    if table == "suppliers" and "supplier_id" not in found:
        lone = found.get("name")
        if lone and _SUPPLIER & set(lone.known_as.split()):  # a list by name alone: the name tells them apart
            found["supplier_id"] = replace(found.pop("name"), field="supplier_id")
    return list(found.values())


def _resemblance(header: str, known: tuple[str, ...]) -> tuple[float, str]:
    best = (0.0, "")
    words = set(header.split())
    for rank, name in enumerate(known):
        if header == name:
            return 1.0 - rank / 1000, name
        parts = set(name.split())
        if len(parts) > 1 and parts <= words:
            best = max(best, (0.5 + 0.4 * len(parts) / len(words), name))
    return best


def likely_table(headers: Sequence[str]) -> tuple[str, list[Match]]:
    """Which table the headers are of: the one of which most is recognised, its required fields first."""
    scored = []
    for table in TABLE_ORDER:
        matches = recognise(headers, table)
        fields = {match.field for match in matches}
        score = sum(match.score for match in matches)
        whole = all(field in fields for field in REQUIRED[table])
        if table == "orders" and not whole and "ordered_at" in fields and fields & _TOTALS:
            whole, score = True, score - 0.5  # orders may do without a number, but less surely so
        scored.append((whole, score, table, matches))
    _, _, table, matches = max(scored, key=lambda entry: entry[:2])
    return table, matches

"""Firms in the public registers: recherche-entreprises (France, no key) and Companies House (UK, with a key).

Their answers name directors: they are never kept, and only what is about the firm itself is handed on.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from echannel.reference.http import Live, Source, SourceFailed

FRANCE = Source(
    "recherche_entreprises",
    "recherche-entreprises.api.gouv.fr",
    "https://recherche-entreprises.api.gouv.fr",
    pace=0.2,
    kept=False,
)
UNITED_KINGDOM = Source(
    "companies_house",
    "Companies House",
    "https://api.company-information.service.gov.uk",
    pace=0.5,
    kept=False,
)
MOST_FOUND = 5  # firms of one search by name


@dataclass(frozen=True)
class Company:
    """A firm as its register has it; None where the register does not say.

    ``name`` is empty where the firm's name is a person's.
    """

    country: str
    number: str
    name: str
    active: bool | None
    legal_form: str | None
    activity: str | None  # APE/NAF in France, SIC in the UK
    founded: date | None


def french_company(live: Live, siren: str) -> Company | None:
    """The firm with this SIREN; None when the register has none. Raises ``SourceFailed``."""
    found = _french_results(live, siren, 1)
    return next((_french(one) for one in found if one.get("siren") == siren), None)


def french_companies(live: Live, name: str) -> list[Company]:
    """The first firms that the register finds by a name, at most ``MOST_FOUND``. Raises ``SourceFailed``."""
    return [_french(one) for one in _french_results(live, name, MOST_FOUND)]


def british_company(live: Live, number: str) -> Company | None:
    """The firm with this company number; None when the register has none. Raises ``SourceFailed``."""
    try:
        said = _british_answer(live, f"company/{number}")
    except SourceFailed as failed:
        if failed.kind == "not_found":
            return None
        raise
    if "company_number" not in said:
        raise SourceFailed("answer", UNITED_KINGDOM.name)
    return _british(said, said.get("company_name"), said.get("type"))


def british_companies(live: Live, name: str) -> list[Company]:
    """The first firms that the register finds by a name, at most ``MOST_FOUND``. Raises ``SourceFailed``."""
    said = _british_answer(live, "search/companies", {"q": name, "items_per_page": MOST_FOUND})
    items = said.get("items")
    if not isinstance(items, list):
        raise SourceFailed("answer", UNITED_KINGDOM.name)
    firms = [one for one in items if isinstance(one, dict) and "company_number" in one]
    return [_british(one, one.get("title"), one.get("company_type")) for one in firms[:MOST_FOUND]]


def _french_results(live: Live, wanted: str, most: int) -> list[dict[str, Any]]:
    said = live.get(FRANCE, "search", {"q": wanted, "per_page": most, "page": 1}).json()
    results = said.get("results") if isinstance(said, dict) else None
    if not isinstance(results, list):
        raise SourceFailed("answer", FRANCE.name)
    return [one for one in results if isinstance(one, dict) and one.get("siren")][:MOST_FOUND]


def _french(found: dict[str, Any]) -> Company:
    form = _text(found.get("nature_juridique"))
    # A sole trader's firm bears the trader's own name, which is personal data.
    named = form is None or not form.startswith("1")
    return Company(
        country="FR",
        number=str(found["siren"]),
        name=str(found.get("nom_complet") or "") if named else "",
        active={"A": True, "C": False}.get(str(found.get("etat_administratif"))),
        legal_form=form,
        activity=_text(found.get("activite_principale")),
        founded=_day(found.get("date_creation")),
    )


def _british_answer(live: Live, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    key = live.key("companies_house")
    if key is None:
        raise SourceFailed("no_key", UNITED_KINGDOM.name)
    token = base64.b64encode(f"{key}:".encode()).decode()
    answer = live.get(UNITED_KINGDOM, path, params, {"Authorization": f"Basic {token}"})
    said = answer.json()
    if not isinstance(said, dict):
        raise SourceFailed("answer", UNITED_KINGDOM.name)
    return said


def _british(said: dict[str, Any], name: Any, form: Any) -> Company:
    codes = said.get("sic_codes") or []
    status = said.get("company_status")
    return Company(
        country="GB",
        number=str(said["company_number"]),
        name=str(name or ""),
        active=None if status is None else status == "active",
        legal_form=_text(form),
        activity=_text(codes[0] if codes else None),
        founded=_day(said.get("date_of_creation")),
    )


def _text(value: Any) -> str | None:
    return str(value) if value else None


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None

"""Firms in the public registers: recherche-entreprises (France, no key) and Companies House (UK, with a key).

Their answers name directors: they are never kept, and only what is about the firm itself is handed on.
"""

from __future__ import annotations

import base64
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


@dataclass(frozen=True)
class Company:
    """A firm as its register has it; None where the register does not say."""

    country: str
    number: str
    name: str
    active: bool | None
    legal_form: str | None
    activity: str | None  # APE/NAF in France, SIC in the UK
    founded: date | None


def french_company(live: Live, siren: str) -> Company | None:
    """The firm with this SIREN; None when the register has none. Raises ``SourceFailed``."""
    said = live.get(FRANCE, "search", {"q": siren, "per_page": 1, "page": 1}).json()
    results = said.get("results") if isinstance(said, dict) else None
    if not isinstance(results, list):
        raise SourceFailed("answer", FRANCE.name)
    found = next((one for one in results if isinstance(one, dict) and one.get("siren") == siren), None)
    if found is None:
        return None
    state = found.get("etat_administratif")
    return Company(
        country="FR",
        number=siren,
        name=str(found.get("nom_complet") or ""),
        active={"A": True, "C": False}.get(str(state)),
        legal_form=_text(found.get("nature_juridique")),
        activity=_text(found.get("activite_principale")),
        founded=_day(found.get("date_creation")),
    )


def british_company(live: Live, number: str) -> Company | None:
    """The firm with this company number; None when the register has none. Raises ``SourceFailed``."""
    key = live.key("companies_house")
    if key is None:
        raise SourceFailed("no_key", UNITED_KINGDOM.name)
    token = base64.b64encode(f"{key}:".encode()).decode()
    try:
        answer = live.get(UNITED_KINGDOM, f"company/{number}", headers={"Authorization": f"Basic {token}"})
    except SourceFailed as failed:
        if failed.kind == "not_found":
            return None
        raise
    said = answer.json()
    if not isinstance(said, dict) or "company_number" not in said:
        raise SourceFailed("answer", UNITED_KINGDOM.name)
    codes = said.get("sic_codes") or []
    status = said.get("company_status")
    return Company(
        country="GB",
        number=str(said["company_number"]),
        name=str(said.get("company_name") or ""),
        active=None if status is None else status == "active",
        legal_form=_text(said.get("type")),
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

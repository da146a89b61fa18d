"""Country packs: what follows from where an SME is, in dated data, never in code.

A pack is one YAML file, ``<code>.yml`` in lower case, here or in the workspace's
``parameters/countries/``: adding a country is adding a file.
"""

from __future__ import annotations

import contextlib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from echannel.errors import UserError
from echannel.workspace import find_workspace

Language = Literal["en", "fr"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VatRate(_Strict):
    """A VAT rate (a fraction) and the days on which it is in force."""

    name: str
    rate: float
    since: date
    until: date | None = None
    source: str


class CountryPack(_Strict):
    """The rules, calendar and terms of one country."""

    code: str
    currency: str
    vat_rates: tuple[VatRate, ...]
    terms: dict[Language, dict[str, str]] = {}

    def term(self, key: str, language: str) -> str | None:
        """This country's own word for a catalogue key, where it has one."""
        return self.terms.get(language, {}).get(key)  # type: ignore[call-overload]

    def vat_rate(self, name: str, day: date) -> float:
        """The rate called ``name`` (``standard``, ``reduced`` …) in force on ``day``."""
        for rate in self.vat_rates:
            if rate.name == name and rate.since <= day and (rate.until is None or day <= rate.until):
                return rate.rate
        raise UserError("error.no_vat_rate", country=self.code, name=name, day=str(day))


@lru_cache
def country_pack(code: str) -> CountryPack:
    """The pack of a country (ISO 3166 alpha-2); raises ``UserError`` when there is none."""
    name = f"{code.lower()}.yml"
    folders = [Path(__file__).parent]
    with contextlib.suppress(UserError):  # outside a workspace only the package's own packs are known
        folders.append(find_workspace().parameters / "countries")
    for folder in folders:
        if (folder / name).is_file():
            return CountryPack.model_validate(yaml.safe_load((folder / name).read_text(encoding="utf-8")))
    raise UserError("error.no_country_pack", country=code)

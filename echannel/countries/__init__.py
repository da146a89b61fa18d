"""Country packs: what follows from where an SME is, in dated data, never in code.

A pack is one YAML file, ``<code>.yml`` in lower case, here or in the workspace's
``parameters/countries/`` (which wins): adding a country is adding a file.

>>> country_pack("FR").sale_periods(2027)[0].first
datetime.date(2027, 1, 6)
"""

from __future__ import annotations

import contextlib
import re
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from echannel.countries.calendars import SalePeriod
from echannel.countries.pack import CountryPack
from echannel.countries.payment import PaymentLaw
from echannel.countries.vat import VatRate, VatRegime
from echannel.errors import UserError
from echannel.mistakes import broken_yaml, first_mistake
from echannel.workspace import Workspace, find_workspace
from echannel.yml import read_yaml

__all__ = [
    "CountryPack",
    "PaymentLaw",
    "SalePeriod",
    "VatRate",
    "VatRegime",
    "country_codes",
    "country_pack",
]

_OURS = Path(__file__).parent


def country_pack(code: str, workspace: Workspace | None = None) -> CountryPack:
    """The pack of a country (ISO 3166 alpha-2), from ``workspace`` (by default the one around us) or ours.

    Raises
    ------
    UserError
        No pack for this country (says which there are), or a pack with a mistake (says where).
    """
    name = f"{code.lower()}.yml"
    for folder in _folders(workspace):
        path = folder / name
        if re.fullmatch(r"[a-z]{2}\.yml", name) and path.is_file():
            return _read(path, path.stat().st_mtime_ns)
    raise UserError("error.no_country_pack", country=code, known=", ".join(country_codes(workspace)))


def country_codes(workspace: Workspace | None = None) -> tuple[str, ...]:
    """The countries that have a pack, sorted."""
    return tuple(
        sorted({path.stem.upper() for folder in _folders(workspace) for path in folder.glob("??.yml")})
    )


def _folders(workspace: Workspace | None) -> list[Path]:
    if workspace is None:
        with contextlib.suppress(UserError):  # outside a workspace only our own packs are known
            workspace = find_workspace()
    return [*([workspace.parameters / "countries"] if workspace else []), _OURS]


@lru_cache(maxsize=64)
def _read(path: Path, changed: int) -> CountryPack:
    """The pack in ``path`` as last ``changed``: a pack that is edited is read again."""
    try:
        return CountryPack.model_validate(read_yaml(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as broken:
        raise broken_yaml(path, broken) from broken
    except ValidationError as invalid:
        raise first_mistake(path, CountryPack, invalid) from invalid

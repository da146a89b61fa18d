"""Who an SME is: its profile, and the cohorts it belongs to, read from ``parameters/``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import available_timezones

import yaml
from babel import Locale
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from echannel.countries import country_pack
from echannel.errors import UserError
from echannel.export_profile import ExportProfile
from echannel.mistakes import broken_yaml, first_mistake
from echannel.planning_profile import PlanningProfile
from echannel.workspace import Workspace
from echannel.yml import read_yaml

# Windows refuses these as folder names, whatever their case or ending.
_RESERVED = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))}
_SAFE_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?")


def _safe_id(value: str) -> str:
    if not _SAFE_ID.fullmatch(value) or value in _RESERVED:
        raise ValueError("unsafe_id")
    return value


@lru_cache
def _timezones() -> frozenset[str]:
    """All time zones; to list them walks through the system's folder."""
    return frozenset(available_timezones())


def _known_timezone(value: str) -> str:
    if value not in _timezones():
        raise ValueError("unknown_timezone")
    return value


def _known_currency(value: str) -> str:
    if value not in Locale("en").currencies:
        raise ValueError("unknown_currency")
    return value


def _month_day(value: str) -> str:
    try:
        date.fromisoformat(f"2024-{value}")
    except ValueError:
        raise ValueError("not_month_day") from None
    return value


def _secret_reference(value: str) -> str:
    if not re.fullmatch(
        r"env:[A-Za-z_][A-Za-z0-9_]*|keyring:[\w.-]+/[\w.-]+|file:(?:~|/|[A-Za-z]:)[^\n]+", value
    ):
        raise ValueError("not_a_secret_reference")
    return value


SafeId = Annotated[str, AfterValidator(_safe_id)]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
CurrencyCode = Annotated[str, AfterValidator(_known_currency)]
SecretReference = Annotated[str, AfterValidator(_secret_reference)]
Language = Literal["en", "fr"]


class _Strict(BaseModel):
    # What stands in the wrong place may be a secret: it is not repeated in tracebacks.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class VatProfile(_Strict):
    """How the SME stands with VAT. ``regime`` is a name of the country pack's regimes."""

    regime: str
    registered: bool = True


class Source(_Strict):
    """One place data comes from: a connector's name, its options, and references to its secrets."""

    id: SafeId
    connector: str = Field(min_length=1)
    options: dict[str, Any] = {}
    secrets: dict[str, SecretReference] = {}


class InventoryProfile(_Strict):
    """How the SME keeps stock. What is empty takes the tool's default, marked as one on the page."""

    holding_rate: float | None = Field(default=None, gt=0, le=2)  # of a unit's cost, per year
    order_cost: float | None = Field(default=None, ge=0)  # of one order to a supplier; reporting currency
    lead_time_days: float | None = Field(default=None, ge=0, le=730)  # where no other is known
    lead_time_sd_days: float | None = Field(default=None, ge=0, le=365)
    review_days: float | None = Field(default=None, gt=0, le=365)  # days between two looks at the stock
    service: dict[Literal["A", "B", "C"], Annotated[float, Field(gt=0.5, lt=1)]] = {}  # cycle service
    budget: float | None = Field(default=None, ge=0)  # for the next orders; reporting currency
    dead_after_days: int | None = Field(default=None, gt=0)  # without a sale


class SmeProfile(_Strict):
    """One SME: where it is, what it speaks, whom it sells to, and where its data comes from."""

    id: SafeId
    name: str = Field(min_length=1)
    country: CountryCode
    languages: tuple[Language, ...] = Field(min_length=1)
    orientation: Literal["b2b", "b2c", "both"]
    currency: CurrencyCode
    timezone: Annotated[str, AfterValidator(_known_timezone)]
    vat: VatProfile
    fiscal_year_start: Annotated[str, AfterValidator(_month_day)]
    launch_pad: str = Field(min_length=1)
    sector: str | None = None
    subdivision: str | None = None  # SCT, NIR …: where its public holidays differ from the country's
    identifiers: dict[str, str] = {}  # by the names of the country pack: company_number, siren …
    sources: tuple[Source, ...] = ()
    inventory: InventoryProfile = InventoryProfile()
    planning: PlanningProfile = PlanningProfile()
    exports: ExportProfile = ExportProfile()

    @property
    def default_kind(self) -> str:
        """What an order is when its source does not say: ``b2b`` only for a pure B2B firm."""
        return "b2b" if self.orientation == "b2b" else "b2c"


class Group(_Strict):
    """Some SMEs of a cohort that go through the programme together (eight, as a rule)."""

    id: SafeId
    name: dict[Language, str]
    smes: tuple[SafeId, ...] = Field(min_length=1)


class CohortProfile(_Strict):
    """A cohort: groups of SMEs that one or two launch pads coach together."""

    id: SafeId
    name: dict[Language, str]
    launch_pads: tuple[str, ...] = Field(min_length=1)
    groups: tuple[Group, ...] = Field(min_length=1)

    @property
    def smes(self) -> tuple[str, ...]:
        """Every SME of the cohort, in the order of its groups."""
        return tuple(sme for group in self.groups for sme in group.smes)


Model = TypeVar("Model", SmeProfile, CohortProfile)


def load_sme(workspace: Workspace, sme_id: str) -> SmeProfile:
    """The profile of one SME, from ``parameters/smes/<id>.yml``.

    Raises
    ------
    UserError
        Unknown or unsafe id, or a profile with a mistake: names file, key, value and what is allowed.
    """
    profile = _load(workspace, "smes", sme_id, SmeProfile, missing="error.unknown_sme")
    check_against_country(workspace, profile)
    return profile


def load_cohort(workspace: Workspace, cohort_id: str) -> CohortProfile:
    """The profile of one cohort, from ``parameters/cohorts/<id>.yml``; errors as in :func:`load_sme`."""
    return _load(workspace, "cohorts", cohort_id, CohortProfile, missing="error.unknown_cohort")


def sme_ids(workspace: Workspace) -> list[str]:
    """The ids of all SMEs that have a profile, sorted."""
    return sorted(path.stem for path in (workspace.parameters / "smes").glob("*.yml"))


def cohort_ids(workspace: Workspace) -> list[str]:
    """The ids of all cohorts that have a profile, sorted."""
    return sorted(path.stem for path in (workspace.parameters / "cohorts").glob("*.yml"))


def resolve_smes(workspace: Workspace, name: str) -> tuple[str, ...]:
    """The SMEs that a name on the command line means: a cohort's, a group's, or one SME."""
    if name in cohort_ids(workspace):
        return load_cohort(workspace, name).smes
    return (load_sme(workspace, name).id,)


def read_profile(path: Path, model: type[Model]) -> Model:
    """A profile from one YAML file; a mistake is named by file, key, value and what is allowed."""
    try:
        content = read_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as broken:
        raise broken_yaml(path, broken) from broken
    try:
        return model.model_validate(content if content is not None else {})
    except ValidationError as invalid:
        raise first_mistake(path, model, invalid) from invalid


def check_against_country(workspace: Workspace, profile: SmeProfile) -> None:
    """A country without a pack, or what its pack does not allow, is a mistake in the profile."""
    pack = country_pack(profile.country, workspace)
    regimes = {regime.name: regime for regime in pack.vat_regimes}
    chosen = profile.vat.regime
    if chosen not in regimes:
        raise _mistake(profile, "vat.regime", chosen, _one_of(regimes))
    if profile.vat.registered != regimes[chosen].registered:
        given, due = (str(one).lower() for one in (profile.vat.registered, regimes[chosen].registered))
        raise _mistake(profile, "vat.registered", given, _one_of([f"{due} ({chosen})"]))
    parts = pack.calendar.subdivisions() if pack.calendar else ()
    if profile.subdivision is not None and profile.subdivision not in parts:
        raise _mistake(profile, "subdivision", profile.subdivision, _one_of(parts))
    known = {one.name: one for one in pack.identifiers}
    for name, number in profile.identifiers.items():
        if name not in known:
            raise _mistake(profile, "identifiers", name, _one_of(known))
        if not known[name].is_valid(number):
            raise _mistake(profile, f"identifiers.{name}", number, UserError("allowed.identifier", name=name))


def _mistake(profile: SmeProfile, field: str, value: str, allowed: UserError) -> UserError:
    file = f"{profile.id}.yml"
    return UserError("error.profile_value", file=file, field=field, value=value, allowed=allowed)


def _one_of(choices: Iterable[str]) -> UserError:
    return UserError("allowed.one_of", choices=", ".join(choices) or "–")


def _load(workspace: Workspace, folder: str, name: str, model: type[Model], missing: str) -> Model:
    try:
        _safe_id(name)
    except ValueError:
        raise UserError("error.unsafe_id", value=name) from None
    path = workspace.parameters / folder / f"{name}.yml"
    if not path.is_file():
        known = ", ".join(sorted(other.stem for other in path.parent.glob("*.yml"))) or "–"
        raise UserError(missing, value=name, known=known)
    profile = read_profile(path, model)
    if profile.id != name:
        raise UserError("error.profile_id", file=path.name, value=profile.id, expected=name)
    return profile

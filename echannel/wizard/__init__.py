"""From an SME's files to its profile: what the guided command line and the notebook both do.

The steps: who the SME is (``suggested``), where its files are (``files_in``, ``placed``), what
they seem to be (``looked_at``, ``answered``), and the profile that comes of it (``write_profile``).
"""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from babel.languages import get_official_languages
from pydantic import TypeAdapter, ValidationError

from echannel.connectors.files import Hints, Proposal, Question, propose
from echannel.countries import country_codes, country_pack
from echannel.errors import UserError
from echannel.locale import LANGUAGES
from echannel.profiles import (
    CurrencyCode,
    SafeId,
    SmeProfile,
    check_against_country,
    load_sme,
    read_profile,
    sme_ids,
)
from echannel.workspace import Workspace

SOURCE_ID = "files"
SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".parquet")
IDENTITY = (
    "name",
    "country",
    "languages",
    "orientation",
    "currency",
    "timezone",
    "vat_regime",
    "fiscal_year_start",
    "launch_pad",
)
"""What is asked about an SME, in this order; the country comes early as the rest follows from it."""

Answers = dict[str, dict[str, Any]]
"""Options that the user has settled, by file name (see ``echannel.connectors.files.propose``)."""


def suggested(workspace: Workspace, sme_id: str, country: str = "", language: str = "") -> dict[str, Any]:
    """Likely answers: from the profile where there is one, else from the country's pack.

    Without a country: the one whose first language the reader speaks.
    """
    if sme_id in sme_ids(workspace):
        known = load_sme(workspace, sme_id).model_dump(mode="json")
        known["vat_regime"] = known.pop("vat")["regime"]
        if country in ("", known["country"]):
            return {name: known[name] for name in IDENTITY}
    code = country or _country_speaking(language, workspace)
    pack = country_pack(code, workspace)
    in_force = [regime for regime in pack.vat_regimes if not regime.until or regime.until >= date.today()]
    return {
        "name": sme_id.replace("-", " ").capitalize(),
        "country": code,
        "languages": _languages_of(code),
        "orientation": "b2c",
        "currency": pack.currency,
        "timezone": pack.timezone,
        "vat_regime": in_force[0].name,
        "fiscal_year_start": pack.fiscal_year_start,
        "launch_pad": _usual_launch_pad(workspace, code),
    }


def _languages_of(country: str) -> list[str]:
    """The languages of a country that we speak too, the most usual one; English where there is none."""
    spoken = [one for one in get_official_languages(country, de_facto=True) if one in LANGUAGES]
    return spoken[:1] or ["en"]


def _country_speaking(language: str, workspace: Workspace) -> str:
    codes = country_codes(workspace)
    return next((code for code in codes if language in _languages_of(code)), codes[-1])


def _usual_launch_pad(workspace: Workspace, country: str) -> str:
    """The launch pad of the other SMEs of that country, the most frequent first."""
    pads = []
    for other in sme_ids(workspace):
        try:
            profile = load_sme(workspace, other)
        except UserError:
            continue
        if profile.country == country:
            pads.append(profile.launch_pad)
    return max(sorted(set(pads)), key=pads.count, default="")


def id_from_name(name: str) -> str:
    """An identifier that a name suggests: "Breizh Épicerie" is ``breizh-epicerie``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-")


def files_in(paths: Sequence[Path]) -> list[Path]:
    """The files that are meant: those named, and the readable ones of folders named.

    Raises
    ------
    UserError
        When a path is not there, or nothing readable was found.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(one for one in path.iterdir() if _readable(one))
        elif path.is_file():
            found.append(path)
        else:
            raise UserError("wizard.error.no_path", path=str(path))
    if not found:
        where = ", ".join(str(path) for path in paths) or "–"
        raise UserError("wizard.error.no_files", folder=where, suffixes=", ".join(SUFFIXES))
    return list(dict.fromkeys(found))


def passed_over(paths: Sequence[Path]) -> list[Path]:
    """The files of folders named that are of no kind that can be read (archives, documents, pictures)."""
    inside = [one for path in paths if path.is_dir() for one in sorted(path.iterdir())]
    return [one for one in inside if one.is_file() and not _hidden(one) and not _readable(one)]


def _readable(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in SUFFIXES and not _hidden(path)


def _hidden(path: Path) -> bool:
    """Files that no person put there: hidden ones, and the locks of a spreadsheet that is open."""
    return path.name.startswith((".", "~$"))


def placed(
    workspace: Workspace, sme_id: str, files: Sequence[Path], copy: bool = False
) -> tuple[str, list[Path]]:
    """The folder that the profile will name, and the files in it.

    Files of one folder stay there, so that the next export lands in the right place; files from
    several folders, or any with ``copy``, are copied into ``data/inbox/<sme>/``.
    """
    folders = {path.resolve().parent for path in files}
    if copy or len(folders) > 1:
        inbox = workspace.inbox / sme_id
        files = [_copied(path, inbox) for path in files]
        folders = {inbox}
    folder = folders.pop().resolve()
    root = workspace.root.resolve()
    shown = folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)
    return shown, [folder / path.name for path in files]


def _copied(path: Path, folder: Path) -> Path:
    target = folder / path.name
    folder.mkdir(parents=True, exist_ok=True)
    if target.exists() and target.samefile(path):
        return target
    if target.exists() and target.read_bytes() != path.read_bytes():
        raise UserError("wizard.error.file_exists", file=str(target))
    shutil.copyfile(path, target)
    return target


def looked_at(
    workspace: Workspace, identity: Mapping[str, Any], files: Sequence[Path], answers: Answers
) -> Proposal:
    """What the files seem to be, given who the SME is and what the user has settled."""
    regimes = {r.name: r for r in country_pack(identity["country"], workspace).vat_regimes}
    regime = regimes.get(identity["vat_regime"])
    hints = Hints(
        identity["country"],
        identity["currency"],
        identity["timezone"],
        identity["orientation"],
        regime.registered if regime else True,
    )
    return propose(list(files), hints, answers, workspace)


def answered(answers: Answers, file: str, option: str, value: Any) -> Answers:
    """The answers with one more: ``option`` as in a question (``amounts``, ``mapping.quantity``)."""
    name, _, inner = option.partition(".")
    mine = dict(answers.get(file, {}))
    mine[name] = {**mine.get(name, {}), inner: value} if inner else value
    return {**answers, file: mine}


def profile_path(workspace: Workspace, sme_id: str) -> Path:
    """Where an SME's profile is; an identifier that is not safe as a file name is refused."""
    try:
        TypeAdapter(SafeId).validate_python(sme_id)
    except ValidationError:
        raise UserError("error.unsafe_id", value=sme_id) from None
    return workspace.parameters / "smes" / f"{sme_id}.yml"


def as_option(asked: Question, answer: str) -> str | float:
    """An answer as it stands in a profile: a currency as its code, a rate as a number.

    Raises
    ------
    UserError
        When it is no currency.
    """
    if asked.option.endswith("vat_rate"):
        return float(answer)
    if asked.option != "constants.currency":
        return answer
    try:
        return TypeAdapter(CurrencyCode).validate_python(answer.strip().upper())
    except ValidationError:
        raise UserError("wizard.error.no_currency", value=answer) from None


def check_identity(workspace: Workspace, sme_id: str, identity: Mapping[str, Any]) -> None:
    """Raise what is wrong with the answers on who the SME is, before any file is looked at."""
    profile_path(workspace, sme_id)
    _checked(workspace, sme_id, _as_yaml(_profile(workspace, sme_id, identity, {}, {})))


def write_profile(
    workspace: Workspace,
    sme_id: str,
    identity: Mapping[str, Any],
    options: Mapping[str, Any],
    replace: bool = False,
) -> Path:
    """Write ``parameters/smes/<id>.yml``, checked, in one step; returns its path.

    Of a profile that is there already, other sources and keys stay; that needs ``replace``.

    Raises
    ------
    UserError
        When a value is not allowed (nothing is written then), or a profile is there already.
    """
    path = profile_path(workspace, sme_id)
    before: dict[str, Any] = {}
    if path.is_file():
        if not replace:
            raise UserError("wizard.error.profile_exists", file=str(path))
        before = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    text = _as_yaml(_profile(workspace, sme_id, identity, options, before))
    _checked(workspace, sme_id, text)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return path


def _profile(
    workspace: Workspace,
    sme_id: str,
    identity: Mapping[str, Any],
    options: Mapping[str, Any],
    before: Mapping[str, Any],
) -> dict[str, Any]:
    pack = country_pack(identity["country"], workspace)
    registered = {regime.name: regime.registered for regime in pack.vat_regimes}
    chosen = identity["vat_regime"]
    source = {"id": SOURCE_ID, "connector": "files", "options": dict(options)}
    others = [one for one in before.get("sources", []) if one["id"] != SOURCE_ID]
    return {
        **before,
        "id": sme_id,
        **{name: identity[name] for name in IDENTITY if name != "vat_regime"},
        "vat": {"regime": chosen, "registered": registered.get(chosen, True)},
        "sources": [*others, source],
    }


def _as_yaml(profile: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(profile), sort_keys=False, allow_unicode=True, width=100)


def _checked(workspace: Workspace, sme_id: str, text: str) -> None:
    """Read the profile as it would be read from its place, before it is put there."""
    with TemporaryDirectory() as folder:
        trial = Path(folder) / f"{sme_id}.yml"
        trial.write_text(text, encoding="utf-8")
        check_against_country(workspace, read_profile(trial, SmeProfile))

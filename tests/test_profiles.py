"""Profiles: every mistake is named by file, key, value and what is allowed, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.profiles import (
    CohortProfile,
    SmeProfile,
    cohort_ids,
    load_cohort,
    load_sme,
    read_profile,
    resolve_smes,
    sme_ids,
)
from echannel.workspace import Workspace, find_workspace

GOOD = {
    "id": "kent-gifts",
    "name": "Kent Gifts",
    "country": "GB",
    "languages": ["en", "fr"],
    "orientation": "b2c",
    "currency": "GBP",
    "timezone": "Europe/London",
    "vat": {"regime": "standard"},
    "fiscal_year_start": "04-01",
    "launch_pad": "Kent",
    "sources": [{"id": "shop", "connector": "files", "options": {"folder": "data/inbox/kent-gifts"}}],
}
COHORT = {
    "id": "spring",
    "name": {"en": "Spring", "fr": "Printemps"},
    "launch_pads": ["Kent"],
    "groups": [{"id": "one", "name": {"en": "One", "fr": "Un"}, "smes": ["kent-gifts"]}],
}


def write(root: Path, folder: str, name: str, content: object) -> Path:
    path = root / "parameters" / folder / f"{name}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = (
        content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    )
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def workspace(tmp_path):
    write(tmp_path, "smes", "kent-gifts", GOOD)
    write(tmp_path, "cohorts", "spring", COHORT)
    return Workspace(tmp_path)


def sentences(load) -> dict[str, str]:
    with pytest.raises(UserError) as refused:
        load()
    return {language: Speaker(language).error(refused.value) for language in LANGUAGES}


def test_a_good_profile_is_read(workspace):
    more = {"identifiers": {"vat_number": "GB 337 4400 71"}, "subdivision": "SCT"}
    write(workspace.root, "smes", "kent-gifts", {**GOOD, **more})
    profile = load_sme(workspace, "kent-gifts")
    assert profile.identifiers == {"vat_number": "GB 337 4400 71"}
    assert (profile.name, profile.default_kind, profile.sources[0].connector) == (
        "Kent Gifts",
        "b2c",
        "files",
    )
    assert load_cohort(workspace, "spring").smes == ("kent-gifts",)
    assert sme_ids(workspace) == ["kent-gifts"] and cohort_ids(workspace) == ["spring"]
    assert resolve_smes(workspace, "spring") == resolve_smes(workspace, "kent-gifts") == ("kent-gifts",)


# What is changed; the key, the value and a word of what is allowed that the error must name.
MISTAKES = [
    ({"country": "uk"}, "country", "uk", "GB"),
    ({"languages": ["en", "de"]}, "languages.1", "de", "fr"),
    ({"languages": []}, "languages", "", ""),
    ({"orientation": "retail"}, "orientation", "retail", "b2b"),
    ({"currency": "pounds"}, "currency", "pounds", "GBP"),
    ({"timezone": "Europe/Kent"}, "timezone", "Europe/Kent", "Europe/London"),
    ({"vat": {"regime": "franchise"}}, "vat.regime", "franchise", "flat_rate"),
    ({"vat": {"regime": "standard", "registered": False}}, "vat.registered", "false", "true"),
    ({"vat": {"regime": "standard", "registered": "maybe"}}, "vat.registered", "maybe", "true"),
    ({"vat": "standard"}, "vat", "standard", ""),
    ({"fiscal_year_start": "31-12"}, "fiscal_year_start", "31-12", "04-01"),
    ({"fiscal_year_start": "02-30"}, "fiscal_year_start", "02-30", "04-01"),
    ({"name": ""}, "name", "", ""),
    ({"name": 12}, "name", "12", ""),
    ({"sources": [{"id": "My Shop", "connector": "files"}]}, "sources.0.id", "My Shop", "48"),
    (
        {"sources": [{"id": "s", "connector": "files", "secrets": {"key": "hunter2"}}]},
        "sources.0.secrets.key",
        "",
        "env:",
    ),
    ({"identifiers": {"company_number": "1234"}}, "identifiers.company_number", "1234", "company_number"),
    ({"identifiers": {"siren": "732829320"}}, "identifiers", "siren", "vat_number"),
    ({"identifiers": {"vat_number": 123}}, "identifiers.vat_number", "123", ""),
    ({"subdivision": "Kent"}, "subdivision", "Kent", "SCT"),
    ({"owner": "Ann"}, "owner", "", "launch_pad"),
    ({"vat": {"regime": "standard", "rate": 20}}, "vat.rate", "", "registered"),
    ({"sources": [{"id": "s", "connectr": "files"}]}, "sources.0.connector", "", ""),
]


@pytest.mark.parametrize(("change", "key", "value", "allowed"), MISTAKES, ids=lambda part: str(part)[:40])
def test_a_mistake_names_file_key_value_and_what_is_allowed(workspace, change, key, value, allowed):
    write(workspace.root, "smes", "kent-gifts", {**GOOD, **change})
    said = sentences(lambda: load_sme(workspace, "kent-gifts"))
    assert said["en"] != said["fr"]
    for sentence in said.values():
        for part in ("kent-gifts.yml", key, value, allowed):
            assert part in sentence, (part, sentence)


@pytest.mark.parametrize("key", [key for key in GOOD if key != "sources"])
def test_a_missing_key_is_named(workspace, key):
    write(workspace.root, "smes", "kent-gifts", {name: value for name, value in GOOD.items() if name != key})
    for sentence in sentences(lambda: load_sme(workspace, "kent-gifts")).values():
        assert "kent-gifts.yml" in sentence and key in sentence


@pytest.mark.parametrize(
    ("change", "key", "allowed"),
    [
        ({"groups": []}, "groups", ""),
        ({"name": {"en": "Spring", "de": "Frühling"}}, "name", "de"),
        ({"groups": [{"id": "one", "name": {"en": "One"}, "smes": ["Kent Gifts"]}]}, "groups.0.smes.0", "48"),
        ({"members": ["kent-gifts"]}, "members", "launch_pads"),
    ],
)
def test_a_cohort_s_mistake_is_named_too(workspace, change, key, allowed):
    write(workspace.root, "cohorts", "spring", {**COHORT, **change})
    for sentence in sentences(lambda: load_cohort(workspace, "spring")).values():
        assert "spring.yml" in sentence and key in sentence and allowed in sentence


@pytest.mark.parametrize(
    ("content", "line"), [("id: kent-gifts\nname: [Kent\n", "3"), ("id: kent-gifts\n\tname: Kent\n", "2")]
)
def test_broken_yaml_is_named_by_line(workspace, content, line):
    write(workspace.root, "smes", "kent-gifts", content)
    for sentence in sentences(lambda: load_sme(workspace, "kent-gifts")).values():
        assert "kent-gifts.yml" in sentence and re.search(rf"(line|ligne) {line}\b", sentence)


@pytest.mark.parametrize("content", ["", "just text", "- a\n- b\n", "12"])
def test_a_file_that_is_no_profile_at_all_is_refused_in_words(workspace, content):
    write(workspace.root, "smes", "kent-gifts", content)
    for sentence in sentences(lambda: load_sme(workspace, "kent-gifts")).values():
        assert "kent-gifts.yml" in sentence


def test_a_file_under_another_name_is_refused(workspace):
    write(workspace.root, "smes", "kent", GOOD)
    for sentence in sentences(lambda: load_sme(workspace, "kent")).values():
        assert "kent.yml" in sentence and "kent-gifts" in sentence


def test_unknown_names_come_with_the_known_ones(workspace):
    for load, known in ((load_sme, "kent-gifts"), (load_cohort, "spring"), (resolve_smes, "kent-gifts")):
        for sentence in sentences(lambda load=load: load(workspace, "nobody")).values():
            assert "nobody" in sentence and known in sentence


def test_a_folder_without_parameters_is_said_with_what_to_do(tmp_path):
    said = sentences(lambda: find_workspace(tmp_path))
    assert all(str(tmp_path) in sentence and "ECHANNEL_ROOT" in sentence for sentence in said.values())


SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40).map("s3cret".__add__)


@given(SECRETS)
def test_a_secret_in_a_profile_is_refused_and_not_repeated(secret):
    content = {**GOOD, "sources": [{"id": "s", "connector": "files", "secrets": {"key": secret}}]}
    with pytest.raises(UserError) as refused:
        _read(content)
    for language in LANGUAGES:
        assert secret not in Speaker(language).error(refused.value)
    assert secret not in f"{refused.value} {refused.value.__cause__}"


@pytest.mark.parametrize("reference", ["env:SHOP_KEY", "keyring:prestashop/kent-gifts"])
def test_a_secret_s_reference_is_kept(reference):
    content = {**GOOD, "sources": [{"id": "s", "connector": "files", "secrets": {"key": reference}}]}
    assert _read(content).sources[0].secrets == {"key": reference}


def _read(content: dict) -> BaseModel:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kent-gifts.yml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        return read_profile(path, SmeProfile)


WINDOWS_FORBIDS = re.compile(r'[<>:"/\\|?*\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.I)


@given(st.one_of(st.text(max_size=60), st.from_regex(r"[a-z0-9.\- ]{1,50}", fullmatch=True)))
def test_an_id_is_safe_as_a_folder_s_name_or_refused(name):
    try:
        accepted = SmeProfile.model_validate({**GOOD, "id": name}).id
    except ValueError:
        for sentence in sentences(lambda: load_sme(Workspace(Path("/nowhere")), name)).values():
            assert sentence
    else:
        assert accepted == name
        assert not WINDOWS_FORBIDS.search(name) and name not in {".", ".."}
        assert Path("base", name).resolve().parent == Path("base").resolve()
        assert name == name.lower() and name.isascii() and 1 <= len(name) <= 48


@pytest.mark.parametrize(
    "name", ["con", "nul", "com1", "lpt9", "-a", "a-", "a.b", "a b", "A", "é", "", "a" * 49, "../x"]
)
def test_ids_that_a_file_system_would_not_take_are_refused(workspace, name):
    for sentence in sentences(lambda: load_sme(workspace, name)).values():
        assert "48" in sentence


def test_every_profile_of_this_repository_is_sound():
    workspace = Workspace(Path(__file__).parents[1])
    for name in cohort_ids(workspace):
        cohort = load_cohort(workspace, name)
        assert len(set(cohort.smes)) == len(cohort.smes)
        for sme in cohort.smes:
            load_sme(workspace, sme)
    assert all(isinstance(load_sme(workspace, name), SmeProfile) for name in sme_ids(workspace))
    assert all(isinstance(load_cohort(workspace, name), CohortProfile) for name in cohort_ids(workspace))

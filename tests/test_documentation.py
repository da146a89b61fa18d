"""The documents: both languages in step, their examples true, their links leading somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

from echannel.countries import country_codes, country_pack
from echannel.locale import LANGUAGES
from echannel.profiles import SmeProfile

ROOT = Path(__file__).parents[1]
TWINS = [
    ("README.md", "LISEZMOI.md"),
    ("docs/guide.en.md", "docs/guide.fr.md"),
    ("docs/market-data.md", "docs/market-data.fr.md"),
    ("docs/scale.md", "docs/scale.fr.md"),
    ("docs/serve.md", "docs/serve.fr.md"),
]
DOCUMENTS = [*(path for pair in TWINS for path in pair), "CONTRIBUTING.md", "docs/decisions.md"]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str) -> list[str]:
    return re.findall(r"```\w*\n(.*?)```", text(name), flags=re.S)


def commands(name: str) -> list[str]:
    """What is to be typed, without the remarks and the name of the firm."""
    lines = [line.split("#")[0].strip() for block in blocks(name) for line in block.splitlines()]
    return [re.sub(r"\bm[ya]-\w+", "SHOP", line) for line in lines if line.startswith(("make", ".venv"))]


def shape(name: str) -> list[str]:
    """Headings by level, list entries, tables' rows and pictures, in order."""
    kinds = {"#": "heading", "-": "entry", "|": "row", "!": "picture"}
    found = []
    for line in re.sub(r"```.*?```", "", text(name), flags=re.S).splitlines():
        mark = re.match(r"#+|- |\d+\.|\||!\[", line)
        if mark:
            found.append(kinds.get(mark.group()[0], "step") + str(len(mark.group().strip())))
    return found


@pytest.mark.parametrize(("english", "french"), TWINS)
def test_twins_have_the_same_shape_and_commands(english, french):
    assert shape(english) == shape(french)
    assert commands(english) == commands(french)
    assert len(blocks(english)) == len(blocks(french))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_to_files(name):
    here = (ROOT / name).parent
    for target in re.findall(r"\]\(([^)#]+)", text(name)):
        if not target.startswith("http") and "/images/" not in target:
            assert (here / target).exists(), target


@pytest.mark.parametrize("name", DOCUMENTS)
def test_places_that_are_named_exist(name):
    made_later = ("data/", "reports/", "parameters/countries", "parameters/smes/", "parameters/reference.yml")
    for place in re.findall(r"`((?:echannel|notebooks|tests|docs|parameters)/[\w./-]*)`", text(name)):
        if not place.startswith(made_later):
            assert (ROOT / place).exists(), place


@pytest.mark.parametrize("name", ["README.md", "LISEZMOI.md"])
def test_the_table_of_sources_names_every_preset(name):
    presets = {path.stem for path in (ROOT / "echannel/connectors/files/presets").glob("*.yml")}
    table = re.findall(r"^\|.*\|$", text(name), flags=re.M)
    named = {word for row in table for word in re.findall(r"`([a-z]+_[a-z_]+)`", row)}
    assert named == presets


@pytest.mark.parametrize("name", ["docs/guide.en.md", "docs/guide.fr.md"])
def test_the_guide_s_profile_is_a_valid_one_with_a_known_preset(name):
    (example,) = (block for block in blocks(name) if block.startswith("id:"))
    profile = SmeProfile.model_validate(yaml.safe_load(example))
    pack = country_pack(profile.country)
    assert pack.vat_regime(profile.vat.regime).registered == profile.vat.registered
    assert all(pack.identifier(kind).is_valid(number) for kind, number in profile.identifiers.items())
    (file,) = profile.sources[0].options["files"]
    assert (ROOT / f"echannel/connectors/files/presets/{file['preset']}.yml").is_file()


@pytest.mark.parametrize("name", ["docs/guide.en.md", "docs/guide.fr.md"])
def test_the_guide_names_every_vat_regime(name):
    for code in country_codes():
        for regime in country_pack(code).vat_regimes:
            assert regime.name in text(name), regime.name


def test_the_makefile_knows_every_command_of_the_documents():
    targets = set(re.findall(r"^(\w+):", text("Makefile"), flags=re.M))
    targets |= set(re.search(r"^\.PHONY:(.*)$", text("Makefile"), flags=re.M).group(1).split())
    for name in DOCUMENTS:
        for target in re.findall(r"(?:^|`)make (\w+)", text(name), flags=re.M):
            assert target in targets, (name, target)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_glossary_says_what_the_catalogues_say(language):
    spec = importlib.util.spec_from_file_location("glossary", ROOT / "docs/glossary/make.py")
    glossary = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(glossary)
    assert text(f"docs/glossary/{language}.md") == glossary.page(language), "run docs/glossary/make.py"


@pytest.mark.parametrize(
    "name", ["LISEZMOI.md", "docs/guide.fr.md", "docs/scale.fr.md", "docs/serve.fr.md", "docs/glossary/fr.md"]
)
def test_french_documents_are_typeset(name):
    prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", text(name), flags=re.S)
    wrong = re.findall(r".{0,20}(?: [:;!?%»]|« |\w'\w).{0,20}", prose)
    assert not wrong, wrong

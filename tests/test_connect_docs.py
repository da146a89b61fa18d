"""The documents about sources: made from the connectors, both languages in step, links leading somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from echannel.connectors.catalogue import descriptions
from echannel.locale import LANGUAGES

FOLDER = Path(__file__).parents[1] / "docs/connect"


@pytest.fixture(scope="module")
def made():
    spec = importlib.util.spec_from_file_location("connect_docs", FOLDER / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_matrix_is_what_the_connectors_say(made, language):
    written = (FOLDER / made.FILES[language]).read_text(encoding="utf-8")
    assert written == made.page(language), "run docs/connect/make.py"


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_lead_to_files_and_every_source_has_its_page(made, language):
    text = (FOLDER / made.FILES[language]).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    assert all((FOLDER / target).is_file() for target in targets)
    assert {f"{one.guide}.{language}.md" for one in descriptions().values()} <= set(targets)


def test_french_is_typeset(made):
    prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", made.page("fr"), flags=re.S)
    assert not re.findall(r".{0,20}(?: [:;!?%»]|« |\w'\w).{0,20}", prose)

"""The guides on sources: both languages in step, and every example a valid one."""

from __future__ import annotations

import re

import pytest
import yaml
from test_documentation import ROOT, blocks, shape

from echannel.connectors import connector
from echannel.connectors.accounts.options import read_options as book_options
from echannel.connectors.files import PRESETS
from echannel.connectors.files.options import read_options as file_options
from echannel.connectors.sql.queries import read_options as sql_options

GUIDES = ("accounts", "files", "sql")
PLATFORMS = ("magento", "moodle", "prestashop", "woocommerce")
CHECKS = {"accounts": book_options, "files": file_options, "sql": sql_options}


def examples(guide: str, language: str) -> list[dict]:
    """The options in each example: of a whole source, of its options, or of some files."""
    found = [yaml.safe_load(block) for block in blocks(f"docs/connect/{guide}.{language}.md")]
    wholes = [one if isinstance(one, dict) else {"options": {"folder": ".", "files": one}} for one in found]
    return [one["sources"][0]["options"] if "sources" in one else one["options"] for one in wholes]


@pytest.mark.parametrize("guide", (*GUIDES, *PLATFORMS))
def test_both_languages_have_the_same_shape(guide):
    english, french = (f"docs/connect/{guide}.{language}.md" for language in ("en", "fr"))
    assert shape(english) == shape(french) and len(blocks(english)) == len(blocks(french))


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("guide", GUIDES)
def test_examples_are_valid(guide, language):
    for options in examples(guide, language):
        assert CHECKS[guide](options)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("guide", PLATFORMS)
def test_examples_of_platforms_name_the_secrets_that_the_connector_takes(guide, language):
    (source,) = yaml.safe_load(blocks(f"docs/connect/{guide}.{language}.md")[0])["sources"]
    describes = connector(source["connector"]).describes
    assert describes.guide == guide and "address" in source["options"]
    assert set(describes.secrets) <= set(source["secrets"]) <= {*describes.secrets, *describes.optional}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_guide_on_files_names_every_preset(language):
    text = (ROOT / f"docs/connect/files.{language}.md").read_text(encoding="utf-8")
    rows = "\n".join(re.findall(r"^\|.*\|$", text, flags=re.M))
    assert set(re.findall(r"`(\w+_\w+)`", rows)) == set(PRESETS)


@pytest.mark.parametrize("guide", (*GUIDES, *PLATFORMS))
def test_french_guides_are_typeset(guide):
    text = (ROOT / f"docs/connect/{guide}.fr.md").read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", text, flags=re.S)
    assert not re.findall(r".{0,20}(?: [:;!?%»]|« |\w'\w).{0,20}", prose)

"""The guides on platforms with a JSON API: both languages in step, and every example a valid one."""

from __future__ import annotations

import re

import pytest
import yaml
from rest_help import made
from test_documentation import ROOT, blocks, shape

GUIDES = ("woocommerce", "shopify", "matomo")


@pytest.mark.parametrize("guide", GUIDES)
def test_both_languages_have_the_same_shape(guide):
    english, french = (f"docs/connect/{guide}.{language}.md" for language in ("en", "fr"))
    assert shape(english) == shape(french) and len(blocks(english)) == len(blocks(french))


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("guide", GUIDES)
def test_examples_are_valid(guide, language):
    for block in blocks(f"docs/connect/{guide}.{language}.md"):
        for source in yaml.safe_load(block)["sources"]:
            assert source["connector"] == guide
            secrets = dict.fromkeys(source["secrets"], "secret")
            assert made(guide, source["options"], secrets)


@pytest.mark.parametrize("guide", GUIDES)
def test_french_guides_are_typeset(guide):
    text = (ROOT / f"docs/connect/{guide}.fr.md").read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", text, flags=re.S)
    assert not re.findall(r".{0,20}(?: [:;!?%»]|« |\w'\w).{0,20}", prose)
